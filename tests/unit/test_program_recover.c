/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself: recover, and command lines that it offers, which do what they say. */
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

static char dir[] = "/tmp/otabench-recover-XXXXXX";

/* A device of its own for each test, which keeps a part of the image. */
static void leave_part(const char *name)
{
	struct program_ran r = program_run("--sim=state=%s/%s,fault=terminate@120000 --json "
					   "--set=retries=0 flash esp-sim-01 %s/new.bin",
					   dir, name, dir);

	program_expect(&r, 75, "link-lost");
	program_done(&r);
}

static void expect_status(const char *name, const char *state)
{
	struct program_ran r = program_run("--sim=state=%s/%s --json status esp-sim-01", dir, name);

	assert_int_equal(r.exit, 0);
	assert_string_equal(program_text(&r, "state"), state);
	program_done(&r);
}

/* Without the image nothing is done, and what is offered tells what is missing. */
static void test_listed(void **state)
{
	char *said;
	int code;

	(void)state;
	leave_part("listed");
	said = program_words(&code, "--sim=state=%s/listed recover esp-sim-01 --yes", dir);
	assert_int_equal(code, 75);
	assert_non_null(strstr(said, "choose its image to resume it, or abort it"));
	assert_non_null(strstr(said, "listed cancel esp-sim-01"));
	assert_null(strstr(said, "Confirm the running image")); /* nothing is on trial */
	free(said);
	expect_status("listed", "suspended");
}

/* With it, --yes does what loses nothing, to the end; and then nothing is left. */
static void test_yes(void **state)
{
	struct program_ran r;

	(void)state;
	leave_part("yes");
	for (int again = 0; again < 2; again++) {
		r = program_run("--sim=state=%s/yes --json recover esp-sim-01 %s/new.bin --yes",
				dir, dir);
		program_expect(&r, 0, "ok");
		program_done(&r);
		expect_status("yes", "idle");
	}
	/* Recover does not try for ever with --readonly, nor on a device that cannot be asked. */
	r = program_run("--sim=state=%s/yes --readonly --json recover esp-sim-01 %s/new.bin --yes",
			dir, dir);
	program_expect(&r, 0, "ok");
	program_done(&r);
	r = program_run("--sim --json recover esp-none --device-timeout=2 --yes");
	assert_int_equal(r.exit, 68);
	program_done(&r);
}

/* A dialect that can neither be asked nor resumed is offered what it has. */
static void test_basic(void **state)
{
	char *said;
	int code;

	(void)state;
	said = program_words(&code, "--sim=dialect=basic recover esp-sim-01 %s/new.bin", dir);
	assert_int_equal(code, 0);
	assert_non_null(strstr(said, "Reconnect, restart from 0"));
	assert_null(strstr(said, "Reconnect, resume"));
	assert_null(strstr(said, "Roll back"));
	free(said);
}

/* The command line of an advice is typed as it stands, by somebody who copies it. */
static void test_copied(void **state)
{
	struct program_ran r;
	const char *advice, *end;
	char line[1024];

	(void)state;
	r = program_run("--sim=state=%s/copied,fault=terminate@120000 --json --set=retries=0 "
			"flash esp-sim-01 %s/new.bin",
			dir, dir);
	program_expect(&r, 75, "link-lost");
	advice = strstr(program_text(&r, "advice"), "'otabench ");
	assert_non_null(advice);
	advice += strlen("'otabench ");
	end = strstr(advice, "' resumes the update");
	assert_non_null(end);
	(void)snprintf(line, sizeof(line), "%.*s", (int)(end - advice), advice);
	program_done(&r);
	r = program_run("--json %s", line);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
}

/* A user who lists devices or asks one is told what was interrupted, with the line that goes on. */
static void test_mentioned(void **state)
{
	static const char *const asks[] = {"scan --time=2", "info esp-sim-01"};
	char path[128], before[256], line[256], told[320];
	struct program_ran r;
	json_int_t received, size;
	json_t *journal;
	char *said;
	int code;

	(void)state;
	(void)snprintf(before, sizeof(before), "%s", getenv("XDG_STATE_HOME"));
	(void)snprintf(path, sizeof(path), "%s/journals", dir);
	assert_int_equal(setenv("XDG_STATE_HOME", path, 1), 0);
	leave_part("mentioned");
	(void)snprintf(line, sizeof(line), "--sim=state=%s/mentioned resume 24:6F:28:AA:10:01",
		       dir);
	r = program_run("--sim=state=%s/mentioned --json info esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	journal = json_object_get(r.last, "journal");
	received = json_integer_value(json_object_get(journal, "received"));
	size = json_integer_value(json_object_get(journal, "size"));
	assert_string_equal(json_string_value(json_object_get(journal, "image")), "new.bin");
	assert_string_equal(
		json_string_value(json_object_get(journal, "command")) + strlen("otabench "), line);
	assert_true(received > 0 && received < size);
	(void)snprintf(told, sizeof(told), "an update of new.bin stopped at %u %%: otabench %s",
		       (unsigned int)(received * 100 / size), line);
	program_done(&r);
	for (size_t i = 0; i < 2; i++) {
		said = program_words(&code, "--sim=state=%s/mentioned %s", dir, asks[i]);
		assert_int_equal(code, 0);
		assert_non_null(strstr(said, told));
		free(said);
		/* Another device of the same address. */
		said = program_words(&code, "--sim=devices=1 %s", asks[i]);
		assert_int_equal(code, 0);
		assert_null(strstr(said, "an update of"));
		free(said);
	}
	r = program_run("--json %s", line);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	r = program_run("--sim=state=%s/mentioned --json info esp-sim-01", dir);
	assert_null(json_object_get(r.last, "journal"));
	program_done(&r);
	assert_int_equal(setenv("XDG_STATE_HOME", before, 1), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	program_sample(dir, "new.bin", "--chip=esp32 --size=200000");
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
		cmocka_unit_test(test_listed),	  cmocka_unit_test(test_yes),
		cmocka_unit_test(test_basic),	  cmocka_unit_test(test_copied),
		cmocka_unit_test(test_mentioned),
	};

	return cmocka_run_group_tests_name("program_recover", tests, setup, teardown);
}
