/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A working day by keys alone: find the device, connect, choose the image,
 * upload, change pacing and window in mid transfer, pause, go on, cancel; upload
 * again, lose the link, recover by resuming, confirmed; compare the runs in the
 * history, and export them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picturelib.h"
#include "ptyfolder.h"

#define SIM "--sim=devices=3,chip=esp32,seed=1,speed=8,fault=terminate@450000"

static int setup(void **state)
{
	return pty_folder_setup(state) == 0
		       ? pty_run("sample-image --force --size=600000 image.bin")
		       : -1;
}

static void press(struct pty *pty, const char *keys, const char *shown)
{
	pty_send(pty, keys);
	pty_until(pty, shown);
}

static void find_and_choose(struct pty *pty)
{
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "/sim-01\r");
	press(pty, "\r", "answered:");
	press(pty, "4", "no image chosen");
	press(pty, "o", "image file:");
	press(pty, "im\t", "image.bin");
	press(pty, "\r", "may be sent");
}

static void upload_and_cancel(struct pty *pty)
{
	press(pty, "u", "y/n");
	press(pty, "y", "[DATA]");
	press(pty, "]", "pacing_us=100: in force now");
	press(pty, "}", "window=");
	press(pty, "R", "STATUS just now: receiving"); /* it is asked beside the transfer */
	pty_until(pty, "Under way: sending");
	pty_send(pty, "q");
	pty_until_gone(pty, "Recover");
	press(pty, "p", "paused 0");
	pty_send(pty, "p");
	pty_until_gone(pty, "paused 0");
	press(pty, "x", "y/n");
	press(pty, "y", "cancelled:");
}

static void lose_and_resume(struct pty *pty)
{
	press(pty, ":set retries=0\r", "retries=0");
	press(pty, "u", "y/n");
	press(pty, "y", "[DATA]");
	pty_until(pty, "link-lost:");
	press(pty, "R", " -s window="); /* as it was tuned */
	pty_until(pty, "-s retries=0 ");
	press(pty, "r", "y/n");
	press(pty, "y", "confirmed:");
}

/* Three runs: newest first. */
static void compare_and_export(struct pty *pty)
{
	char *csv;

	press(pty, "5", "3 runs");
	pty_until(pty, "cancel");
	pty_send(pty, "  "); /* marks, and goes down */
	press(pty, "c", "compare 3 vs 2");
	pty_until(pty, "of the ceiling");
	press(pty, "c", "3 runs");
	press(pty, "E", "write the runs to:");
	press(pty, "\025runs.csv\r", "2 runs written to runs.csv");
	press(pty, "1", "updated");
	csv = picture_read("runs.csv");
	/* The course of both: the one that was lost, and how the last one went on. */
	assert_non_null(strstr(csv, "run,t,queued,received,flushed,"));
	assert_non_null(strstr(csv, "\n2,"));
	assert_non_null(strstr(csv, "\n3,"));
	assert_non_null(strstr(csv, "link-lost"));
	assert_non_null(strstr(csv, "\"confirming\""));
	free(csv);
}

static void test_day(void **state)
{
	const char *argv[] = {pty_program, SIM, NULL};
	struct pty pty;

	(void)state;
	pty_start(&pty, 100, 30, argv, NULL);
	find_and_choose(&pty);
	upload_and_cancel(&pty);
	lose_and_resume(&pty);
	compare_and_export(&pty);
	pty_send(&pty, "q");
	pty_until(&pty, "not written");
	pty_send(&pty, "y");
	assert_int_equal(pty_end(&pty), 0);
	pty_check_restored(&pty);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day),
	};

	return cmocka_run_group_tests(tests, setup, pty_folder_teardown);
}
