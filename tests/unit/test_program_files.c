/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the files that the program writes, and those that it must not overwrite. */
#include "config.h" /* system extensions: mkdtemp(), symlink(), memmem() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "programlib.h"
#include "replay/archive.h"
#include "testlib.h"

static char dir[] = "/tmp/otabench-files-XXXXXX";

static void read_file(const char *name, char *buf, size_t size)
{
	char path[256];
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "r");
	assert_non_null(in);
	buf[fread(buf, 1, size - 1, in)] = '\0';
	(void)fclose(in);
}

static mode_t mode_of(const char *name)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

/* A file that is there is not written over without --force; the image is not even with it. */
static void test_overwriting(void **state)
{
	static const char image[] = "\xe9";
	char text[4096];
	struct program_ran r;

	(void)state;
	program_sample(dir, "mine.bin", "--size=30000");
	r = program_run("--json sample-image %s/mine.bin --size=20000", dir);
	program_expect(&r, 74, "file");
	program_done(&r);
	r = program_run("--json --sim=chip=esp32 --trace=%s/mine.bin flash esp-sim-01 %s/mine.bin",
			dir, dir);
	program_expect(&r, 64, "usage");
	program_done(&r);
	r = program_run(
		"--json --force --sim=chip=esp32 --trace=%s/mine.bin flash esp-sim-01 %s/mine.bin",
		dir, dir);
	program_expect(&r, 64, "usage");
	program_done(&r);
	r = program_run("--json --sim --trace=%s/mine.bin info esp-sim-01", dir);
	program_expect(&r, 74, "file");
	program_done(&r);
	read_file("mine.bin", text, sizeof(text));
	assert_memory_equal(text, image, 1);
	r = program_run("--json --sim --trace=%s/its.trace info esp-sim-01 --bundle=%s/its.bundle",
			dir, dir);
	program_expect(&r, 0, "answered");
	program_done(&r);
	assert_int_equal(mode_of("its.trace"), 0600);
	assert_int_equal(mode_of("its.bundle"), 0700);
	assert_int_equal(mode_of("its.bundle/run.trace"), 0600);
	/* Both logs are in it, though nothing of them was shown. */
	read_file("its.bundle/control.log", text, sizeof(text));
	assert_non_null(strstr(text, " < INFO "));
	read_file("its.bundle/calls.log", text, sizeof(text));
	assert_non_null(strstr(text, "connect"));
	r = program_run("--json --sim --force --trace=%s/mine.bin info esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	program_done(&r);
	read_file("mine.bin", text, sizeof(text));
	assert_memory_equal(text, "otabench-trace 1", 16);
}

/* Fails if those bytes stand in a file of the bundle, as they are or in hexadecimal. */
static void expect_without(const char *bundle, const char *name, const uint8_t *bytes, size_t len)
{
	char path[256], why[300], hex[65], *text = NULL;
	size_t size = 0;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, bundle);
	in = fopen(path, "re");
	assert_non_null(in);
	if (archive_take(in, name, &text, &size, why, sizeof(why)) < 0)
		fail_msg("%s: %s", name, why);
	(void)fclose(in);
	if (memmem(text, size, bytes, len) ||
	    memmem(text, size, hex_encode(bytes, len, hex), 2 * len))
		fail_msg("%s holds what it must not", name);
	free(text);
}

/* One file, which holds the run for a replay: no byte of the image, no passkey. */
static void test_bundle_file(void **state)
{
	static const char *const files[] = {"README.txt",  "summary.txt", "profile.yaml",
					    "control.log", "calls.log",	  "run.trace"};
	static const char *const dialects[] = {"full", "basic"};
	struct program_ran r;
	char path[256];
	uint8_t *image;
	size_t size;

	(void)state;
	program_sample(dir, "sent.bin", "--size=40000");
	(void)snprintf(path, sizeof(path), "%s/sent.bin", dir);
	image = test_load_file(path, &size);
	assert_non_null(image);
	for (size_t d = 0; d < 2; d++) {
		r = program_run("--json -vv --sim=devices=1,flash=ideal,dialect=%s,"
				"security=passkey,passkey=864209 --passkey=864209 --force flash "
				"esp-sim-01 %s/sent.bin --bundle=%s/sent.zip --anonymous",
				dialects[d], dir, dir);
		assert_int_equal(r.exit, 0);
		program_done(&r);
		assert_int_equal(mode_of("sent.zip"), 0600);
		for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
			expect_without("sent.zip", files[f], (const uint8_t *)"864209", 6);
			expect_without("sent.zip", files[f], (const uint8_t *)"esp-sim-01", 10);
			/* Behind the header, whose parts stand in the log by right. */
			for (size_t at = 512; at + 16 < size; at += 1999)
				expect_without("sent.zip", files[f], image + at, 8);
		}
		r = program_run("--json replay %s/sent.zip", dir);
		assert_int_equal(r.exit, 0);
		program_done(&r);
	}
	free(image);
}

/* A recording that broke off is told in the result, not only by the exit status. */
static void test_full_recording(void **state)
{
	char loop[256];
	struct program_ran r;

	(void)state;
	if (access("/dev/full", W_OK) != 0) {
		print_message("no /dev/full here\n");
		skip();
	}
	r = program_run("--json --sim=chip=esp32 --trace=/dev/full flash esp-sim-01 %s/new.bin",
			dir);
	program_expect(&r, 74, "confirmed");
	program_done(&r);
	r = program_run("--json --sim --trace=/dev/full scan --time=1");
	program_expect(&r, 74, "file");
	program_done(&r);
	/* A loop of links is the user's. */
	(void)snprintf(loop, sizeof(loop), "%s/loop", dir);
	assert_int_equal(symlink("loop", loop), 0);
	r = program_run("--json --sim --trace=/dev/null flash esp-sim-01 %s", loop);
	program_expect(&r, 74, "file");
	program_done(&r);
}

/* A board's flash that is not what it was, is told, by its name. */
static void test_damaged_state(void **state)
{
	char path[256];
	struct program_ran r =
		program_run("--json --sim=state=%s/s,devices=1 info esp-sim-01", dir);

	(void)state;
	program_expect(&r, 0, "answered");
	program_done(&r);
	(void)snprintf(path, sizeof(path), "%s/s/esp-sim-01.flash", dir);
	/* Another chip's. */
	r = program_run("--json --sim=state=%s/s,devices=1,chip=esp32c3 info esp-sim-01", dir);
	program_expect(&r, 65, "refused");
	assert_non_null(strstr(program_text(&r, "error"), path));
	program_done(&r);
	assert_int_equal(truncate(path, 12345), 0);
	r = program_run("--json --sim=state=%s/s,devices=1 info esp-sim-01", dir);
	program_expect(&r, 65, "refused");
	assert_non_null(strstr(program_text(&r, "error"), path));
	program_done(&r);
}

/* A terminal that goes away is no wish to cancel; and what is said without a standard error goes
 * nowhere, not into the file that got its number. */
static void test_hangup(void **state)
{
	char sim[128], image[128], line[4096], last[sizeof(line)] = "";
	char *const argv[] = {(char *)(uintptr_t) "otabench",
			      (char *)(uintptr_t) "--json",
			      sim,
			      (char *)(uintptr_t) "flash",
			      (char *)(uintptr_t) "esp-sim-01",
			      image,
			      NULL};
	int out[2], status, moved = 0;
	struct program_ran r;
	pid_t child;
	FILE *in;

	(void)state;
	(void)snprintf(sim, sizeof(sim), "--sim=state=%s/h,devices=1,speed=8", dir);
	(void)snprintf(image, sizeof(image), "%s/big.bin", dir);
	program_sample(dir, "big.bin", "--chip=esp32 --size=900000");
	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)close(out[0]);
		(void)close(STDERR_FILENO);
		(void)execv(program_path(), argv);
		_exit(127);
	}
	(void)close(out[1]);
	in = fdopen(out[0], "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		memcpy(last, line, sizeof(line));
		moved += strstr(line, "\"event\":\"progress\"") && strstr(line, "\"sending\"");
		if (moved == 8)
			assert_int_equal(kill(child, SIGHUP), 0);
	}
	(void)fclose(in);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 75);
	assert_non_null(strstr(last, " resume esp-sim-01 "));
	r = program_run("--json --sim=state=%s/h,devices=1 resume esp-sim-01 %s", dir, image);
	program_expect(&r, 0, "confirmed");
	assert_true(program_number(&r, "resumed_from") > 0);
	program_done(&r);
}

/* The command between the advice's quotes does what it says, in another run of the program. */
static void test_advice(void **state)
{
	char line[1024], expected[1024], *end;
	struct program_ran r;
	const char *advice;

	(void)state;
	r = program_run("--json --sim=state=%s/a,devices=1,chip=esp32,fault=disconnect@100000 "
			"-s retries=0 -s pacing_us=50 flash esp-sim-01 %s/new.bin",
			dir, dir);
	program_expect(&r, 75, "link-lost");
	advice = program_text(&r, "advice");
	assert_non_null(advice);
	(void)snprintf(expected, sizeof(expected),
		       "'otabench --sim=devices=1,chip=esp32,state=%s/a -s retries=0 -s "
		       "pacing_us=50 resume esp-sim-01 %s/new.bin' resumes the update.",
		       dir, dir);
	assert_string_equal(advice, expected);
	(void)snprintf(line, sizeof(line), "%s", advice + strlen("'otabench "));
	end = strchr(line, '\'');
	assert_non_null(end);
	*end = '\0';
	program_done(&r);
	r = program_run("--json %s", line);
	program_expect(&r, 0, "confirmed");
	assert_true(program_number(&r, "resumed_from") > 0);
	program_done(&r);
}

/* A hash that a result tells of the patch's image or base. */
static const char *patch_hash(const struct program_ran *r, const char *side)
{
	return json_string_value(json_object_get(json_object_get(r->last, side), "sha256"));
}

/* The file that 'delta' writes names both images, and holds little of them. */
static void test_delta(void **state)
{
	struct program_ran made, seen, old, new;

	(void)state;
	program_sample(dir, "newer.bin", "--like=%s/new.bin --edit=1", dir);
	made = program_run("--json delta %s/new.bin %s/newer.bin -o %s/a.delta", dir, dir, dir);
	assert_int_equal(made.exit, 0);
	seen = program_run("--json inspect %s/a.delta", dir);
	assert_int_equal(seen.exit, 0);
	old = program_run("--json inspect %s/new.bin", dir);
	new = program_run("--json inspect %s/newer.bin", dir);
	assert_string_equal(program_text(&seen, "kind"), "patch");
	assert_string_equal(patch_hash(&seen, "image"), program_text(&new, "sha256"));
	assert_string_equal(patch_hash(&seen, "base"), program_text(&old, "sha256"));
	assert_string_equal(patch_hash(&made, "image"), patch_hash(&seen, "image"));
	assert_int_equal(program_number(&seen, "size"), program_number(&made, "size"));
	/* 1 % is new, and one word in 64 refers to what has moved. */
	assert_true(program_number(&seen, "size") < 200000 / 20);
	program_done(&made);
	program_done(&seen);
	program_done(&old);
	program_done(&new);
}

static void test_delta_refused(void **state)
{
	static const struct {
		int code;
		const char *words;
	} rows[] = {
		{64, "delta %s/new.bin %s/new.bin"}, /* no -o */
		{64, "delta -o %s/new.bin %s/new.bin %s/new.bin"},
		{66, "delta -o %s/b.delta %s/new.bin %s/none"},
		{65, "delta -o %s/b.delta %s/junk %s/new.bin"},
		{65, "delta -o %s/b.delta %s/new.bin %s/junk"},
		{74, "delta -o %s/junk %s/new.bin %s/new.bin"},
		{64, "scan -o %s/b.delta"},
		{65, "inspect %s/bad.delta"},
	};
	struct program_ran r;
	char path[256];
	FILE *out;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, i == 0 ? "junk" : "bad.delta");
		out = fopen(path, "we");
		assert_non_null(out);
		(void)fputs("OBDELTA\001 and then nothing that it should have", out);
		(void)fclose(out);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[1024];

		(void)snprintf(line, sizeof(line), rows[i].words, dir, dir, dir);
		r = program_run("--json %s", line);
		if (r.exit != rows[i].code)
			fail_msg("%s: exit %d, not %d", line, r.exit, rows[i].code);
		program_done(&r);
	}
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	program_sample(dir, "new.bin", "--chip=esp32 --size=200000");
	return 0;
}

static int cleanup(void **state)
{
	(void)state;
	return program_folder_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle_file),    cmocka_unit_test(test_overwriting),
		cmocka_unit_test(test_full_recording), cmocka_unit_test(test_damaged_state),
		cmocka_unit_test(test_hangup),	       cmocka_unit_test(test_advice),
		cmocka_unit_test(test_delta),	       cmocka_unit_test(test_delta_refused),
	};

	return cmocka_run_group_tests_name("program_files", tests, setup, cleanup);
}
