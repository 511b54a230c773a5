/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that are typed: what is wrong can be mended in place, and the search follows. */
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

#include "ptylib.h"

static char program[4096], folder[64];

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char command[8192];

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-prompts-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)snprintf(command, sizeof(command),
		       "'%s' sample-image --quiet --size=300000 image.bin >/dev/null", program);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void press(struct pty *pty, const char *keys, const char *shown)
{
	pty_send(pty, keys);
	pty_until(pty, shown);
}

static void start(struct pty *pty, const char *sim)
{
	const char *argv[] = {program, "--no-history", sim, NULL};

	pty_start(pty, 100, 30, argv, NULL);
	pty_until(pty, "esp-sim-01");
}

static void quit(struct pty *pty)
{
	pty_send(pty, "\003");
	assert_int_equal(pty_end(pty), 0);
	pty_finish(pty);
}

static void test_wrong_value(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,seed=1");
	press(&pty, ":set chunk=7", "chunk=7");
	press(&pty, "\r", "expected"); /* says so, and the text is still there */
	pty_until(&pty, ":set chunk=7");
	press(&pty, "\025set chunk=128\r", "chunk=128: with the next upload");
	press(&pty, ":scam\r", "did you mean scan?");
	pty_until(&pty, ":scam");
	press(&pty, "\033", "/ search"); /* Esc: the keys of the view again */
	press(&pty, "\\rssi>x\r", "show only: rssi>x");
	pty_send(&pty, "\033");
	quit(&pty);
}

static void test_failed_open(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,seed=1,chip=esp32");
	press(&pty, ":image image.bin\r", "may be sent");
	press(&pty, "o", "image file:");
	press(&pty, "\025missing.bin\r", "No such file");
	pty_until(&pty, "image file: missing.bin");
	press(&pty, "\033", "may be sent");
	/* A file that cannot be read is no reason to send the one that is open. */
	press(&pty, ":flash missing.bin\r", "No such file");
	assert_false(pty_shows(&pty, "y/n"));
	pty_send(&pty, "\033");
	quit(&pty);
}

static void test_search_as_typed(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=3,seed=1");
	pty_until(&pty, "esp-sim-02");
	pty_until(&pty, "esp-sim-03");
	press(&pty, "/sim-02", ">esp-sim-02");
	press(&pty, "x", "not found: sim-02x");
	press(&pty, "\177", ">esp-sim-02");
	press(&pty, "\033", ">esp-sim-01"); /* given up: back where it began */
	press(&pty, "/03\r", ">esp-sim-03");
	press(&pty, "/", "Esc cancel");
	assert_false(pty_shows(&pty, "/03"));
	pty_send(&pty, "\033");
	quit(&pty);
}

static void test_command_completes(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,seed=1");
	press(&pty, ":re", "reboot  recover");
	pty_send(&pty, "\025");
	press(&pty, "conn\tesp-sim-0\t", ":connect esp-sim-01");
	pty_send(&pty, "\025");
	press(&pty, "se\t", "KEY=VALUE");
	press(&pty, "pacing\t", ":set pacing_us");
	pty_send(&pty, "\033");
	quit(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_value),
		cmocka_unit_test(test_failed_open),
		cmocka_unit_test(test_search_as_typed),
		cmocka_unit_test(test_command_completes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
