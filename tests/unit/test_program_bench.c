/* SPDX-License-Identifier: Apache-2.0 */
/* otabench bench, run as a user runs it: each run, and what they say together. */
#include "config.h" /* system extensions: popen() */

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/spread.h"
#include "board/flash.h"
#include "programlib.h"

#define SIM "--sim=devices=1,chip=esp32,flash_mode=auto-suspend"

static char dir[] = "/tmp/otabench-bench-XXXXXX";

static const json_t *part(const struct program_ran *r, const char *name)
{
	return json_object_get(json_object_get(r->last, "parts"), name);
}

static uint32_t figure(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return (uint32_t)json_integer_value(value);
}

/* Median, spread and nearest are those of the goodputs that stand beside them. */
static void expect_spread(const json_t *object, size_t runs)
{
	const json_t *goodputs = json_object_get(object, "goodputs");
	uint32_t figures[SPREAD_MAX];
	struct spread s;

	assert_int_equal(json_array_size(goodputs), runs);
	for (size_t i = 0; i < runs; i++)
		figures[i] = (uint32_t)json_integer_value(json_array_get(goodputs, i));
	spread_of(figures, runs, &s);
	assert_int_equal(figure(object, "runs"), runs);
	assert_int_equal(figure(object, "median"), s.median);
	assert_int_equal(figure(object, "slowest"), s.lowest);
	assert_int_equal(figure(object, "fastest"), s.highest);
	assert_int_equal(figure(object, "nearest"), s.nearest + 1);
	assert_true(json_real_value(json_object_get(object, "spread")) * 1e6 - s.ppm < 0.5);
	assert_true(s.ppm - json_real_value(json_object_get(object, "spread")) * 1e6 < 0.5);
}

static void expect_verdict(const struct program_ran *r)
{
	static const char *const names[] = {"limit",	 "limit_share", "advice", "change",
					    "predicted", "possible",	"time"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(json_object_get(r->last, names[i]));
}

/* Within a hundredth: the device tells whole milliseconds. */
static void expect_near(json_int_t is, double wanted)
{
	assert_true((double)is > wanted * 0.99);
	assert_true((double)is < wanted * 1.01);
}

/* One run by itself is told as it always was, and its result says the same. */
static void test_one(void **state)
{
	struct program_ran r = program_run(SIM " --json bench esp-sim-01 --bytes=50000");
	char *words;
	int code;

	(void)state;
	program_expect(&r, 0, "measured");
	expect_spread(r.last, 1);
	expect_spread(part(&r, "link"), 1);
	expect_verdict(&r);
	assert_int_equal(program_number(&r, "bytes"), 50000);
	assert_int_equal(program_number(&r, "goodput"), program_number(&r, "median"));
	assert_null(part(&r, "update"));
	program_done(&r);
	words = program_words(&code, SIM " bench esp-sim-01 --bytes=50000");
	assert_int_equal(code, 0);
	assert_ptr_equal(strstr(words, "The link was measured"), words);
	assert_non_null(strstr(words, "  Time "));
	assert_null(strstr(words, "median"));
	free(words);
}

/* The lines "event":"run" of a command; each is freed by the caller. */
static size_t run_events(char *text, json_t *ret[], size_t most)
{
	size_t count = 0;
	char *at = NULL;

	for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		json_t *o = json_loads(line, 0, NULL);
		const char *event = json_string_value(json_object_get(o, "event"));

		if (event && strcmp(event, "run") == 0 && count < most)
			ret[count++] = o;
		else
			json_decref(o);
	}
	return count;
}

/* Two parts, a warm-up before each; every run is an event, and the last part is the main one. */
static void test_parts(void **state)
{
	static const struct {
		const char *part, *outcome;
		bool warm_up;
		unsigned int run;
	} rows[] = {
		{"link", "measured", true, 1},	   {"link", "measured", false, 1},
		{"link", "measured", false, 2},	   {"update", "confirmed", true, 1},
		{"update", "confirmed", false, 1}, {"update", "confirmed", false, 2},
	};
	static const char command[] =
		SIM " --json bench esp-sim-01 --image=%s/new.bin --runs=2 --warm-up=1 "
		    "--bytes=50000";
	struct program_ran r = program_run(command, dir);
	json_t *events[8] = {NULL};
	char *text;
	int code;

	(void)state;
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "part"), "update");
	assert_int_equal(program_number(&r, "bytes"), 100000);
	assert_int_equal(program_number(&r, "warm_up"), 1);
	expect_spread(r.last, 2);
	expect_spread(part(&r, "link"), 2);
	expect_spread(part(&r, "update"), 2);
	expect_verdict(&r);
	text = program_words(&code, command, dir);
	assert_int_equal(run_events(text, events, 8), sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(json_string_value(json_object_get(events[i], "part")),
				    rows[i].part);
		assert_string_equal(json_string_value(json_object_get(events[i], "outcome")),
				    rows[i].outcome);
		assert_int_equal(json_is_true(json_object_get(events[i], "warm_up")),
				 rows[i].warm_up);
		assert_int_equal(figure(events[i], "run"), rows[i].run);
	}
	for (size_t i = 0; i < 2; i++) {
		const json_t *goodputs = json_object_get(part(&r, "update"), "goodputs");

		assert_int_equal(json_integer_value(json_array_get(goodputs, i)),
				 figure(events[4 + i], "goodput"));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_decref(events[i]);
	free(text);
	program_done(&r);
}

/*
 * The flash by itself: what the device tells of it is what the model takes for a block and a
 * sector, all of the time is named, and there is no way back afterwards.
 */
static void test_flash(void **state)
{
	const struct flash typical = {
		.speed = FLASH_TYPICAL, .erase_factor = 1, .program_factor = 1};
	const uint64_t erase_us = flash_erase_us(&typical, 0, FLASH_BLOCK_SIZE);
	const uint64_t write_us = FLASH_BLOCK_SIZE / FLASH_SECTOR_SIZE *
				  flash_program_us(&typical, FLASH_SECTOR_SIZE);
	struct program_ran r = program_run(SIM ",flash=typical --json bench esp-sim-01 "
					       "--parts=flash --yes --flash-bytes=262144");
	json_t *time, *share;
	double sum = 0;
	const char *key;
	char *words;
	int code;

	(void)state;
	program_expect(&r, 0, "measured");
	expect_spread(r.last, 1);
	expect_verdict(&r);
	assert_int_equal(program_number(&r, "bytes"), 262144);
	assert_int_equal(program_number(&r, "sent_bytes"), 0);
	expect_near(program_number(&r, "erase_rate"), FLASH_BLOCK_SIZE * 1e6 / (double)erase_us);
	expect_near(program_number(&r, "write_rate"), FLASH_BLOCK_SIZE * 1e6 / (double)write_us);
	assert_string_equal(program_text(&r, "limit"), erase_us > write_us ? "erase" : "program");
	assert_true(program_number(&r, "possible") >= program_number(&r, "goodput"));
	time = json_object_get(r.last, "time");
	json_object_foreach(time, key, share) sum += json_real_value(share);
	assert_true(sum - json_number_value(json_object_get(r.last, "seconds")) < 1e-6);
	assert_true(json_number_value(json_object_get(r.last, "seconds")) - sum < 1e-6);
	assert_true(json_real_value(json_object_get(time, "erase")) > 0);
	assert_true(json_real_value(json_object_get(time, "program")) > 0);
	assert_true(json_real_value(json_object_get(time, "read")) > 0);
	program_done(&r);
	/* Without a terminal no one can agree. */
	words = program_words(&code, SIM " --json bench esp-sim-01 --parts=flash");
	assert_int_equal(code, 64);
	assert_non_null(strstr(words, "--yes agrees"));
	assert_null(strstr(words, "\"event\":\"state\""));
	free(words);
	words = program_words(&code, SIM ",dialect=basic bench esp-sim-01 --parts=flash --yes");
	assert_int_equal(code, 76);
	assert_non_null(strstr(words, "does not offer to measure its flash by itself (PATTERN)"));
	free(words);
}

/* The other slot's image is gone afterwards: the device has nothing to roll back to. */
static void test_no_way_back(void **state)
{
	static const char *const steps[] = {"flash esp-sim-01", "bench esp-sim-01 --parts=flash"};

	(void)state;
	for (size_t measures = 0; measures < 2; measures++) {
		struct program_ran r;

		for (size_t k = 0; k <= measures; k++) {
			r = program_run(SIM ",state=%s/%zu --json %s %s%s", dir, measures, steps[k],
					k == 0 ? dir : "", k == 0 ? "/new.bin" : "--yes");
			assert_int_equal(r.exit, 0);
			program_done(&r);
		}
		r = program_run(SIM ",state=%s/%zu --json info esp-sim-01", dir, measures);
		program_expect(&r, 0, "answered");
		assert_int_equal(json_is_true(json_object_get(r.last, "can_rollback")),
				 measures == 0);
		program_done(&r);
	}
}

static void test_words(void **state)
{
	int code;
	char *words = program_words(&code, SIM " bench esp-sim-01 --runs=2 --bytes=50000");

	(void)state;
	assert_int_equal(code, 0);
	assert_ptr_equal(strstr(words, "link    run 1 of 2 "), words);
	assert_non_null(strstr(words, " (simulated)\nlink    run 2 of 2 "));
	assert_non_null(strstr(words, "\nlink    median "));
	assert_non_null(strstr(words, "\n\nlink, run 1: The link was measured"));
	assert_non_null(strstr(words, "\n  Limited by "));
	free(words);
}

static void test_refused(void **state)
{
	static const struct {
		int exit;
		const char *arguments, *says;
	} rows[] = {
		{64, "--runs=0", "--runs: expected 1 to 50"},
		{64, "--runs=51", "--runs: expected 1 to 50"},
		{64, "--warm-up=11", "--warm-up: expected 0 to 10"},
		{64, "--bytes=999", "--bytes: expected 1000 to 100000000"},
		{64, "--parts=air", "--parts: expected link"},
		{64, "--parts=update", "--image=FILE is missing"},
		{64, "--parts=link --image=x", "--parts leaves the update out"},
		{64, "--readonly --image=x", "--readonly: only the link"},
		{66, "--image=/nonexistent", "/nonexistent"},
	};
	char *words;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		words = program_words(&code, SIM " bench esp-sim-01 %s", rows[i].arguments);
		assert_int_equal(code, rows[i].exit);
		assert_non_null(strstr(words, rows[i].says));
		free(words);
	}
	words = program_words(&code, SIM ",dialect=basic bench esp-sim-01");
	assert_int_equal(code, 76);
	assert_non_null(strstr(words, "does not offer to measure its link (SINK)"));
	free(words);
}

/* A run that fails ends the bench; what was measured before it is told all the same. */
static void test_failure(void **state)
{
	static const char command[] = SIM ",fault=no-boot bench esp-sim-01 --runs=2 "
					  "--bytes=50000 --image=%s/new.bin %s";
	struct program_ran r;
	char *words;
	int code;

	(void)state;
	words = program_words(&code, command, dir, "");
	assert_int_not_equal(code, 0);
	assert_non_null(strstr(words, "\nlink    median "));
	assert_null(strstr(words, "\nupdate  median "));
	assert_non_null(strstr(words, "error: "));
	free(words);
	r = program_run(command, dir, "--json");
	assert_int_equal(r.exit, code);
	assert_false(json_is_true(json_object_get(r.last, "ok")));
	expect_spread(part(&r, "link"), 2);
	program_done(&r);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	program_sample(dir, "new.bin", "--chip=esp32 --size=100000");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return program_folder_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),	    cmocka_unit_test(test_parts),
		cmocka_unit_test(test_words),	    cmocka_unit_test(test_flash),
		cmocka_unit_test(test_no_way_back), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
