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

static char folder[64], path[128];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-history-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/history.db", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

static struct history *open_history(void)
{
	struct history *history = NULL;
	char why[512] = "";

	if (history_open(path, &history, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	return history;
}

static void sql(const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* How many runs there are, and the newest of them. */
static size_t count_runs(struct history_run *ret_newest)
{
	struct history *h = open_history();
	struct history_run *runs;
	size_t count;

	memset(ret_newest, 0, sizeof(*ret_newest));
	assert_int_equal(history_list(h, 1000, &runs, &count), 0);
	if (count > 0)
		*ret_newest = runs[0];
	free(runs);
	history_close(h);
	return count;
}

/* A file from when there were two dialects tells them as it did, and takes new runs. */
static void test_older(void **state)
{
	struct play play = {.path = path};
	struct history_run run;

	(void)state;
	play_run(&play);
	historyold_make(path, 1);
	assert_int_equal(count_runs(&run), 1);
	assert_int_equal(run.result.dialect, DIALECT_FULL);
	sql("UPDATE runs SET basic = 1");
	assert_int_equal(count_runs(&run), 1);
	assert_int_equal(run.result.dialect, DIALECT_BASIC);
	sql("UPDATE runs SET dialect_known = 0, basic = 0");
	assert_int_equal(count_runs(&run), 1);
	assert_int_equal(run.result.dialect, DIALECT_UNKNOWN);
	sql("UPDATE runs SET dialect_known = 1, basic = 1");
	play_run(&play);
	assert_int_equal(count_runs(&run), 2);
	assert_int_equal(run.result.dialect, DIALECT_FULL);
	sql("DELETE FROM runs WHERE id = 2");
	assert_int_equal(count_runs(&run), 1);
	assert_int_equal(run.result.dialect, DIALECT_BASIC);
}

/* Of runs that were recorded without their circumstances nothing is made up. */
static void test_no_circumstances(void **state)
{
	struct play play = {.path = path, .set = "window=4096", .version = "2.0.0"};
	struct history_run run;

	(void)state;
	play_run(&play);
	assert_int_equal(count_runs(&run), 1);
	assert_string_equal(run.version, "2.0.0");
	assert_true(run.kernel[0] != '\0' && run.result.limit.possible > 0);
	assert_string_equal(run.chip, "ESP32");
	assert_string_equal(run.device_version, "1.0.0"); /* what received it */
	assert_true(run.profile_changed);
	assert_int_equal(run.result.limit.cause, play.result.limit.cause);
	historyold_make(path, 2);
	assert_int_equal(count_runs(&run), 1);
	assert_string_equal(run.kernel, "");
	assert_string_equal(run.chip, "");
	assert_string_equal(run.device_version, "");
	assert_false(run.profile_changed);
	assert_int_equal(run.result.limit.cause, LIMIT_NONE);
	assert_int_equal(run.result.limit.possible, 0);
	assert_int_equal(run.result.goodput, play.result.goodput);
}

/* Where the file may not be written, nothing is taken along, and it is read as it is. */
static void test_older_readonly(void **state)
{
	struct play play = {.path = path};
	struct history_run run;

	(void)state;
	play_run(&play);
	for (int version = 1; version < 4; version++) {
		historyold_make(path, version);
		assert_int_equal(chmod(path, 0400), 0);
		assert_int_equal(count_runs(&run), 1);
		assert_int_equal(run.result.goodput, play.result.goodput);
		assert_int_equal(chmod(path, 0600), 0);
		if (version < 3)
			play_run(&play); /* to today's tables again */
		sql("DELETE FROM runs WHERE id > 1");
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
