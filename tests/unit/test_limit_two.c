/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict where one cause decides and another one is beside it: it names the first, and what is
 * advised makes what is predicted.  Run as a user runs them.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programlib.h"

#define WITHIN 0.15 /* of the predicted rate */

static char folder[] = "/tmp/test_limit_two.XXXXXX";

struct row {
	const char *chip, *sim, *set, *image, *limit;
	bool change; /* something is advised */
};

static struct program_ran flash(const struct row *row, const char *change)
{
	return program_run("--json --sim=devices=1,chip=%s,seed=7,rssi=-50,%s %s %s %s flash "
			   "esp-sim-01 '%s/%s-%s'",
			   row->chip, row->sim, row->set, change ? "-s" : "", change ? change : "",
			   folder, row->chip, row->image);
}

static double number(const struct program_ran *r, const char *key)
{
	return json_number_value(json_object_get(r->last, key));
}

static bool is_right(const struct row *row)
{
	struct program_ran before = flash(row, NULL), after;
	const char *change = json_string_value(json_object_get(before.last, "change"));
	const double predicted = number(&before, "predicted");
	bool right = strcmp(program_text(&before, "limit"), row->limit) == 0;
	double made = number(&before, "goodput");

	program_expect(&before, 0, "confirmed");
	if (change) {
		after = flash(row, change);
		program_expect(&after, 0, "confirmed");
		made = number(&after, "goodput");
		program_done(&after);
	}
	right &= (change != NULL) == row->change;
	right &= predicted <= made * (1 + WITHIN) && predicted >= made * (1 - WITHIN);
	if (!right)
		print_error("%s,%s %s: %s; %s makes %.0f, not %.0f\n", row->chip, row->sim,
			    row->set, program_text(&before, "limit"), change ? change : "nothing",
			    made, predicted);
	program_done(&before);
	return right;
}

static void test_rows(const struct row rows[], size_t count)
{
	unsigned int wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += is_right(&rows[i]) ? 0u : 1u;
	assert_int_equal(wrong, 0);
}

#define TEST_ROWS(rows) test_rows(rows, sizeof(rows) / sizeof((rows)[0]))

/* A short data length beside few buffers: of these each holds several packets then. */
static void test_link(void **state)
{
	static const struct row rows[] = {
		{"esp32", "flash_mode=auto-suspend,buffers=4x251/event", "-s data_length=32",
		 "long.bin", "data-length", true},
		{"esp32c3", "flash_mode=psram,buffers=3x251/event", "-s data_length=40", "long.bin",
		 "data-length", true},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* Of a short transfer START is a large part, and grows with the interval. */
static void test_start(void **state)
{
	static const struct row rows[] = {
		{"esp32c3", "flash_mode=psram", "-s connection_interval_ms=100", "short.bin",
		 "interval", true},
		{"esp32c3", "flash_mode=auto-suspend", "-s connection_interval_ms=200", "long.bin",
		 "interval", true},
		{"esp32c6", "flash_mode=usual", "-s connection_interval_ms=50", "least.bin",
		 "interval", true},
		{"esp32c3", "flash_mode=psram,flash=ideal", "-s window=513", "short.bin", "window",
		 true},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* A busy computer is to blame for the waits that an event ended, and for no others. */
static void test_host(void **state)
{
	static const struct row rows[] = {
		{"esp32", "flash_mode=auto-suspend,host_delay=98,fault=slow-erase:8", "",
		 "long.bin", "erase", false},
		{"esp32", "flash_mode=usual,host_delay=114,task_delay=109", "", "long.bin",
		 "device-task", false},
		{"esp32c3", "flash_mode=psram,host_delay=96", "-s pacing_us=58000", "long.bin",
		 "pacing", true},
		{"esp32c3", "flash_mode=psram,host_delay=516", "", "short.bin", "host", false},
		{"esp32c3", "flash_mode=usual,host_delay=401,buffers=23x27", "", "short.bin",
		 "host", false},
		{"esp32c3", "flash_mode=auto-suspend,host_delay=190,mtu=64,interval=200", "",
		 "long.bin", "interval", false},
		{"esp32c3", "flash_mode=usual,host_delay=150", "-s window=8192", "long.bin", "host",
		 false},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* A stack that takes its time for each value takes it with other settings, too. */
static void test_stack(void **state)
{
	static const struct row rows[] = {
		{"esp32", "flash_mode=usual,stack_delay=22689", "-s write_mode=request", "long.bin",
		 "stack", false},
		{"esp32c3", "flash_mode=psram,stack_delay=7858", "-s write_mode=request",
		 "long.bin", "write-mode", true},
		{"esp32", "flash_mode=psram,stack_delay=14352", "-s mtu_max=64", "short.bin",
		 "stack", true},
		{"esp32", "flash_mode=usual,stack_delay=10358", "-s mtu_max=64", "long.bin", "mtu",
		 true},
		{"esp32", "flash_mode=auto-suspend,stack_delay=7480,flash=slow", "", "long.bin",
		 "erase", false},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* Beside a large ring, or packets as short as they can be, all waits for the task at the end. */
static void test_task(void **state)
{
	static const struct row rows[] = {
		{"esp32", "flash_mode=usual,task_delay=19,ring=1024", "", "long.bin", "device-task",
		 false},
		{"esp32c3", "flash_mode=psram,task_delay=60,ring=512,data_length=60", "",
		 "long.bin", "device-task", false},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* Commands with a window that was set are acknowledged as often as it needs. */
static void test_request(void **state)
{
	static const struct row rows[] = {
		{"esp32", "flash_mode=psram", "-s write_mode=request -s window=1207", "long.bin",
		 "write-mode", true},
		{"esp32", "flash_mode=auto-suspend,loss=4", "-s write_mode=request", "long.bin",
		 "write-mode", true},
		{"esp32", "flash_mode=psram,loss=10", "-s write_mode=request", "long.bin",
		 "write-mode", true},
		{"esp32", "flash_mode=auto-suspend,buffers=2x251/event", "-s write_mode=request",
		 "long.bin", "write-mode", true},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* No window is advised that the profile refuses beside its interval between acknowledgements. */
static void test_gaps(void **state)
{
	static const struct row rows[] = {
		{"esp32c3", "flash_mode=usual,fault=drop-data%8",
		 "-s ack_interval=12649 -s window=19583", "long.bin", "gaps", false},
	};

	(void)state;
	TEST_ROWS(rows);
}

/* Values stay as short as they were set with buffers that hold more. */
static void test_fragments(void **state)
{
	static const struct row rows[] = {
		{"esp32c3", "flash_mode=usual,buffers=15x27", "-s chunk=20", "long.bin", "chunk",
		 true},
	};

	(void)state;
	TEST_ROWS(rows);
}

static int set_up(void **state)
{
	static const char *const chips[] = {"esp32", "esp32c3", "esp32c6"};
	char name[32];

	(void)state;
	if (program_folder_make(folder) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s-long.bin", chips[i]);
		program_sample(folder, name, "--chip=%s", chips[i]);
		(void)snprintf(name, sizeof(name), "%s-short.bin", chips[i]);
		program_sample(folder, name, "--chip=%s --size=120000", chips[i]);
		(void)snprintf(name, sizeof(name), "%s-least.bin", chips[i]);
		program_sample(folder, name, "--chip=%s --size=60000", chips[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return program_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link), cmocka_unit_test(test_start),
		cmocka_unit_test(test_host), cmocka_unit_test(test_stack),
		cmocka_unit_test(test_task), cmocka_unit_test(test_request),
		cmocka_unit_test(test_gaps), cmocka_unit_test(test_fragments),
	};

	return cmocka_run_group_tests_name("limit_two", tests, set_up, tear_down);
}
