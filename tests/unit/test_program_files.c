/* SPDX-License-Identifier: Apache-2.0 */
/* What the program writes, and what it must not write over. */
#include "config.h" /* system extensions: mkdtemp(), symlink() */

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

#include "programlib.h"

static char dir[] = "/tmp/otabench-files-XXXXXX";

static void sample(const char *name, const char *options)
{
	struct program_ran r = program_run("sample-image %s %s/%s", options, dir, name);

	assert_int_equal(r.exit, 0);
	program_done(&r);
}

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

/* Nothing that is there is written over without --force; the image is not, with it. */
static void test_overwriting(void **state)
{
	static const char image[] = "\xe9";
	char text[64];
	struct program_ran r;

	(void)state;
	sample("mine.bin", "--size=30000");
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
	r = program_run("--json --sim --force --trace=%s/mine.bin info esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	program_done(&r);
	read_file("mine.bin", text, sizeof(text));
	assert_memory_equal(text, "otabench-trace 1", 16);
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

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	sample("new.bin", "--chip=esp32 --size=200000");
	return 0;
}

static int cleanup(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command); /* NOLINT(cert-env33-c): a test's own folder */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overwriting),
		cmocka_unit_test(test_full_recording),
	};

	return cmocka_run_group_tests_name("program_files", tests, setup, cleanup);
}
