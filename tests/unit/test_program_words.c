/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself: the words and the advice of runs that fail, and how quiet it can be. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "programlib.h"

static char dir[] = "/tmp/otabench-words-XXXXXX";

/* A device that only erases slowly is given more time, not a shorter way. */
static void test_not_ready(void **state)
{
	struct program_ran r = program_run(
		"--sim=dialect=basic,flash=slow,fault=slow-erase:5 --json --set=retries=0 "
		"--set=basic_ready_timeout_ms=3000 flash esp-sim-01 %s/new.bin",
		dir);

	(void)state;
	program_expect(&r, 75, "stalled");
	assert_non_null(strstr(program_text(&r, "text"), "did not become ready"));
	assert_non_null(strstr(program_text(&r, "advice"),
			       " basic_ready_timeout_ms of the profile, now 3000"));
	program_done(&r);
}

/* The advice says what helps, where being nearer to the device would not. */
static void test_advice(void **state)
{
	static const struct {
		const char *sim, *says, *helps;
	} rows[] = {
		{"dialect=basic,flash=slow,fault=slow-erase:100", "did not become ready",
		 "basic_ready_timeout_ms"},
		{"interval=4000", "interval of 4000 ms is too long", "connect_timeout_ms"},
		{"interval=4000,supervision=420",
		 "No link stands with a supervision timeout of 420 ms", "longer timeout"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_ran r = program_run("--sim=%s --json flash esp-sim-01 %s/new.bin",
						   rows[i].sim, dir);

		assert_int_equal(r.exit, 75);
		assert_non_null(strstr(program_text(&r, "text"), rows[i].says));
		assert_non_null(strstr(program_text(&r, "advice"), rows[i].helps));
		assert_null(strstr(program_text(&r, "advice"), "closer"));
		program_done(&r);
	}
}

/* A timing that no link can have is told as what it is. */
static void test_impossible_timing(void **state)
{
	int code;
	char *said = program_words(
		&code, "--sim=interval=4000,supervision=420 flash esp-sim-01 %s/new.bin", dir);

	(void)state;
	assert_int_equal(code, 75);
	assert_non_null(strstr(said,
			       "supervision timeout of 420 ms cannot work with an interval of "
			       "4000 ms"));
	assert_null(strstr(said, "closer"));
	free(said);
}

/* Quiet says nothing of an update that ended well; a command's own output is shown all the same. */
static void test_quiet(void **state)
{
	int code;
	char *said = program_words(&code, "--quiet --sim flash esp-sim-01 %s/new.bin", dir);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(said, "");
	free(said);
	said = program_words(&code, "--quiet --sim info esp-sim-01");
	assert_int_equal(code, 0);
	assert_non_null(strstr(said, "esp-sim-01"));
	free(said);
}

static int setup(void **state)
{
	struct program_ran r;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	r = program_run("sample-image --chip=esp32 --size=200000 %s/new.bin", dir);
	program_done(&r);
	return r.exit;
}

static int teardown(void **state)
{
	char path[sizeof(dir) + 16];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/new.bin", dir);
	(void)unlink(path);
	return rmdir(dir);
}

/* The stack's table is compared with the device's own, even if it is in the way. */
static void test_stale_cache(void **state)
{
	static const struct {
		const char *command, *says;
		int code;
	} rows[] = {
		{"--sim=devices=1 doctor esp-sim-01", "fits: all 14", 0},
		{"--sim=devices=1,fault=stale-cache doctor esp-sim-01",
		 "stale: at 0x000a the stack remembers 180a and the device has 2b2a; 11", 76},
		{"--sim=security=just-works,fault=stale-cache doctor esp-sim-01", "stale: at", 76},
		{"--sim=devices=1,fault=stale-cache info esp-sim-01",
		 "'otabench --sim=devices=1 doctor esp-sim-01' says how to keep the bond", 75},
		{"--sim=devices=1,fault=stale-cache info esp-sim-01",
		 "cause: bluetoothd remembers other services", 75},
		{"--sim=devices=1 doctor nobody", "error: No device nobody was heard", 68},
		{"--sim=devices=1 doctor esp-sim-01 esp-sim-02", "found more", 64},
		{"--sim flash esp-sim-01", "expected DEV IMAGE, found only esp-sim-01", 64},
	};
	char *words;
	int code, other;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		words = program_words(&code, "%s", rows[i].command);
		if (!strstr(words, rows[i].says) || code != rows[i].code)
			print_error("%s: %d %s\n", rows[i].command, code, words);
		assert_non_null(strstr(words, rows[i].says));
		assert_int_equal(code, rows[i].code);
		free(words);
	}
	/* Without a device it is about this computer, whatever is simulated. */
	free(program_words(&code, "doctor"));
	free(program_words(&other, "--sim doctor"));
	assert_int_equal(code, other);
}

/* A recording has no digits, and its replay ends with the same words all the same. */
static void test_recorded_passkey(void **state)
{
	static const char *const passkeys[] = {"--passkey=123456", ""};
	char path[sizeof(dir) + 16], *recording;
	struct program_ran live, again;
	int code;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/p.trace", dir);
	for (size_t i = 0; i < 2; i++) {
		live = program_run("--sim=security=passkey,passkey=654321 %s --trace=%s --json "
				   "flash esp-sim-01 %s/new.bin",
				   passkeys[i], path, dir);
		program_expect(&live, 77, "not-paired");
		again = program_run("--json replay %s", path);
		program_expect(&again, 77, "not-paired");
		assert_string_equal(program_text(&again, "text"), program_text(&live, "text"));
		assert_string_equal(program_text(&again, "advice"), program_text(&live, "advice"));
		program_done(&live);
		program_done(&again);
		recording = program_words(&code, "replay %s", path);
		assert_null(strstr(recording, "123456"));
		free(recording);
	}
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_cache),	  cmocka_unit_test(test_recorded_passkey),
		cmocka_unit_test(test_not_ready),	  cmocka_unit_test(test_advice),
		cmocka_unit_test(test_impossible_timing), cmocka_unit_test(test_quiet),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
