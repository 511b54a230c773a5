/* SPDX-License-Identifier: Apache-2.0 */
/* A recording is played again as JSON: what it prints is what the run printed. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programlib.h"

static char dir[] = "/tmp/otabench-replay-XXXXXX";

static void expect_exit(int expected, const char *options, const char *name)
{
	struct program_ran r = program_run("%s %s/%s", options, dir, name);

	assert_int_equal(r.exit, expected);
	program_done(&r);
}

/* The way to the device is no part of a recording, so commands for it differ. */
static void without_commands(char *text)
{
	static const char key[] = "\"command\":\"";

	for (char *at = strstr(text, key); at; at = strstr(at, key)) {
		at += sizeof(key) - 1;
		memmove(at, strchr(at, '"'), strlen(strchr(at, '"')) + 1);
	}
}

static void without_lines(char *text, const char *word)
{
	for (char *at = strstr(text, word); at; at = strstr(text, word)) {
		while (at > text && at[-1] != '\n')
			at--;
		memmove(at, strchr(at, '\n') + 1, strlen(strchr(at, '\n') + 1) + 1);
	}
}

/* A recording says all that the run said, in the same words, and ends with the same status. */
static void test_replay(void **state)
{
	static const char schema[] = ",\"schema\":1";
	static const char *const runs[] = {
		"--sim=devices=1 flash esp-sim-01 %s/a.bin",
		"--sim=devices=1,fault=disconnect@100000 flash esp-sim-01 %s/a.bin",
		"--sim=devices=1,dialect=basic flash esp-sim-01 %s/a.bin",
		"--sim=devices=1,fault=no-boot flash esp-sim-01 %s/a.bin",
		"--sim=devices=1,chip=esp32c3 flash esp-sim-01 %s/a.bin",
		"--sim=devices=1 bench esp-sim-01 --bytes=100000 --bundle=%s/bundle",
		"--sim=devices=1 info esp-sim-01 --bundle=%s/bundle2",
		"--sim=devices=1 info nobody --device-timeout=2 --bundle=%s/bundle3",
	};

	(void)state;
	expect_exit(0, "sample-image --quiet", "a.bin");
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		char arguments[512], *live, *again, *at;
		int exit = -1, same = -1;

		snprintf(arguments, sizeof(arguments), runs[i], dir);
		live = program_lines(0, &exit, "--json -vv --no-history --trace=%s/t %s", dir,
				     arguments);
		again = program_lines(1, &same, "--json -vv replay %s/t", dir);
		assert_int_equal(exit, same);
		/* The bundle's folder is no part of the run, and a replay compresses nothing. */
		without_lines(live, "\"event\":\"bundle\"");
		without_lines(live, "\"phase\":\"compressing\"");
		/* Each first object has it; that of the replay tells of the recording. */
		assert_non_null(at = strstr(live, schema));
		memmove(at, at + strlen(schema), strlen(at + strlen(schema)) + 1);
		without_commands(live);
		without_commands(again);
		if (strcmp(live, again) != 0)
			fail_msg("%s: not the same", runs[i]);
		assert_non_null(strstr(live, "\"event\":\"call\""));
		free(live);
		free(again);
	}
	/* Not a recording, and one that ends too early. */
	expect_exit(65, "--json replay", "a.bin");
	expect_exit(66, "--json replay", "nothing");
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int cleanup(void **state)
{
	(void)state;
	return program_folder_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_replay)};

	return cmocka_run_group_tests_name("program_replay", tests, setup, cleanup);
}
