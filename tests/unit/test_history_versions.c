/* SPDX-License-Identifier: Apache-2.0 */
/* Histories of older programs: what they tell, and that they are taken along. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "historylib.h"
#include "historyold.h"
#include "history/history_priv.h"

static struct history_place place;

static int setup(void **state)
{
	(void)state;
	return history_place_make(&place, "history.db");
}

static int teardown(void **state)
{
	(void)state;
	return history_place_remove(&place);
}

/* A file from when there were two dialects tells them as it did, and takes new runs. */
static void test_older(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;

	(void)state;
	play_run(&play);
	historyold_make(place.path, 1);
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_int_equal(run.result.dialect, DIALECT_FULL);
	history_place_sql(&place, "UPDATE runs SET basic = 1");
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_int_equal(run.result.dialect, DIALECT_BASIC);
	history_place_sql(&place, "UPDATE runs SET dialect_known = 0, basic = 0");
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_int_equal(run.result.dialect, DIALECT_UNKNOWN);
	history_place_sql(&place, "UPDATE runs SET dialect_known = 1, basic = 1");
	play_run(&play);
	assert_int_equal(history_place_runs(&place, &run), 2);
	assert_int_equal(run.result.dialect, DIALECT_FULL);
	history_place_sql(&place, "DELETE FROM runs WHERE id = 2");
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_int_equal(run.result.dialect, DIALECT_BASIC);
}

/* Of runs that were recorded without their circumstances nothing is made up. */
static void test_no_circumstances(void **state)
{
	struct play play = {.path = place.path, .set = "window=4096", .version = "2.0.0"};
	struct history_run run;

	(void)state;
	play_run(&play);
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_string_equal(run.version, "2.0.0");
	assert_true(run.kernel[0] != '\0' && run.result.limit.possible > 0);
	assert_string_equal(run.chip, "ESP32");
	assert_string_equal(run.device_version, "1.0.0"); /* what received it */
	assert_true(run.profile_changed);
	assert_int_equal(run.result.limit.cause, play.result.limit.cause);
	historyold_make(place.path, 2);
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_string_equal(run.kernel, "");
	assert_string_equal(run.chip, "");
	assert_string_equal(run.device_version, "");
	assert_false(run.profile_changed);
	assert_int_equal(run.result.limit.cause, LIMIT_NONE);
	assert_int_equal(run.result.limit.possible, 0);
	assert_int_equal(run.result.goodput, play.result.goodput);
}

/* A file that may not be written is read as it is; nothing is taken along. */
static void test_older_readonly(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;

	(void)state;
	play_run(&play);
	for (int version = 1; version < 4; version++) {
		historyold_make(place.path, version);
		assert_int_equal(chmod(place.path, 0400), 0);
		assert_int_equal(history_place_runs(&place, &run), 1);
		assert_int_equal(run.result.goodput, play.result.goodput);
		assert_int_equal(chmod(place.path, 0600), 0);
		if (version < 3)
			play_run(&play); /* to today's tables again */
		history_place_sql(&place, "DELETE FROM runs WHERE id > 1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_older, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_circumstances, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older_readonly, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
