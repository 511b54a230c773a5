/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A passkey that the device shows, asked for on a real terminal: by the command
 * line and in the workbench.  The simulator's clock stands still meanwhile.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptylib.h"

#define SIM "--sim=devices=1,security=passkey,passkey=012345"
#define QUESTION "Passkey that esp-sim-01 shows (its simulated display reads 012345):"
#define LABEL "passkey that esp-sim-01 shows (012345, as it is simulated):"

static char program[4096];
static char folder[] = "/tmp/otabench-passkey-XXXXXX";
static char passkey_path[60], passkey_option[80];

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(passkey_path, sizeof(passkey_path), "%s/passkey", folder);
	(void)snprintf(passkey_option, sizeof(passkey_option), "--passkey-file=%s", passkey_path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void start_info(struct pty *pty, const char *option)
{
	const char *argv[] = {program, SIM, "info", "esp-sim-01", option, NULL};

	pty_start(pty, 100, 40, argv, NULL);
}

static void test_typed(void **state)
{
	struct pty pty;

	(void)state;
	start_info(&pty, NULL);
	pty_until(&pty, QUESTION);
	pty_send(&pty, "12345\r");
	pty_until(&pty, "A passkey has six digits; an empty line cancels.");
	pty_send(&pty, "12345x\r");
	pty_send(&pty, "012345\r");
	assert_int_equal(pty_end(&pty), 0);
	assert_true(pty_shows(&pty, "Encrypted     yes"));
	pty_finish(&pty);
}

static void test_wrong(void **state)
{
	struct pty pty;

	(void)state;
	start_info(&pty, NULL);
	pty_until(&pty, QUESTION);
	pty_send(&pty, "012344\r");
	assert_int_equal(pty_end(&pty), 77);
	assert_true(pty_shows(&pty, "the passkey is not the one that the device shows"));
	pty_finish(&pty);
}

static void test_given_up(void **state)
{
	static const char *const keys[] = {"\r", "\004"}; /* an empty line, Ctrl-D */
	struct pty pty;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start_info(&pty, NULL);
		pty_until(&pty, QUESTION);
		pty_send(&pty, keys[i]);
		assert_int_equal(pty_end(&pty), 77);
		assert_true(pty_shows(&pty, "none was entered"));
		pty_finish(&pty);
	}
}

static void test_interrupted(void **state)
{
	struct pty pty;

	(void)state;
	start_info(&pty, NULL);
	pty_until(&pty, QUESTION);
	pty_send(&pty, "01\003");
	assert_int_equal(pty_end(&pty), 130);
	assert_true(pty_shows(&pty, "Cancelled before anything was sent."));
	pty_finish(&pty);
}

/* With --passkey and with --json nobody is asked, terminal or not. */
static void test_not_asked(void **state)
{
	static const struct {
		const char *option;
		int status;
	} rows[] = {{"--passkey=012345", 0}, {"--passkey=012344", 77}, {"--json", 77}};
	struct pty pty;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start_info(&pty, rows[i].option);
		assert_int_equal(pty_end(&pty), rows[i].status);
		assert_false(pty_shows(&pty, "Passkey that"));
		pty_finish(&pty);
	}
}

/* --- from a file */

static const char *put_file(const char *text)
{
	FILE *file = fopen(passkey_path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return passkey_option;
}

static void test_file(void **state)
{
	static const struct {
		const char *text, *shown;
		int status;
	} rows[] = {
		{"012345\n", "answered", 0},
		{"012345", "answered", 0},
		{"012345\r\nand more\n", "answered", 0},
		{"012344\n", "is not the one", 77},
		{"", "expected six digits", 77},
		{"12345\n012345\n", "expected six digits", 77},
		{"0123450123450123450123450123450123450123450123450123450123450123456789",
		 "expected six digits", 77},
	};
	struct pty pty;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start_info(&pty, put_file(rows[i].text));
		assert_int_equal(pty_end(&pty), rows[i].status);
		if (rows[i].status != 0)
			assert_true(pty_shows(&pty, rows[i].shown));
		assert_false(pty_shows(&pty, "Passkey that"));
		pty_finish(&pty);
	}
	assert_int_equal(unlink(passkey_path), 0);
	start_info(&pty, passkey_option);
	assert_int_equal(pty_end(&pty), 66);
	assert_true(pty_shows(&pty, "No such file"));
	pty_finish(&pty);
}

/* Written when the device shows it, as a program does that reads its display; and the
 * process list never had it. */
static void test_fifo(void **state)
{
	const char *argv[] = {program, SIM, "--json", "info", "esp-sim-01", passkey_option, NULL};
	struct pty pty;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(passkey_path, 0600), 0);
	pty_start(&pty, 100, 40, argv, NULL);
	pty_until(&pty, "\"event\":\"passkey\"");
	fd = open(passkey_path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123", 4), 4);
	assert_int_equal(write(fd, "45\n", 3), 3);
	assert_int_equal(pty_end(&pty), 0);
	close(fd);
	pty_finish(&pty);
	assert_int_equal(unlink(passkey_path), 0);
}

static void test_standard_input(void **state)
{
	struct pty pty;

	(void)state;
	start_info(&pty, "--passkey-file=-");
	pty_send(&pty, "012345\r");
	assert_int_equal(pty_end(&pty), 0);
	assert_false(pty_shows(&pty, "Passkey that"));
	pty_finish(&pty);
}

static void test_both(void **state)
{
	const char *argv[] = {
		program, SIM, "info", "esp-sim-01", "--passkey=012345", "--passkey-file=-", NULL};
	struct pty pty;

	(void)state;
	pty_start(&pty, 100, 40, argv, NULL);
	assert_int_equal(pty_end(&pty), 64);
	pty_finish(&pty);
}

/* --- in the workbench */

static void start_workbench(struct pty *pty, int width, int height)
{
	const char *argv[] = {program, SIM, NULL};

	pty_start(pty, width, height, argv, NULL);
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "\r");
	pty_until(pty, "passkey that esp-sim-01");
}

static void leave(struct pty *pty)
{
	pty_send(pty, "1q");
	assert_int_equal(pty_end(pty), 0);
	pty_check_restored(pty);
	pty_finish(pty);
}

static void test_workbench(void **state)
{
	struct pty pty;

	(void)state;
	start_workbench(&pty, 100, 30);
	pty_until(&pty, LABEL);
	pty_send(&pty, "12\r");
	pty_until(&pty, "a passkey is six digits; Esc gives up");
	pty_send(&pty, "012345\r");
	pty_until(&pty, "answered: The device answered.");
	assert_false(pty_shows(&pty, "passkey that"));
	/* And again: the bond asks nothing. */
	pty_send(&pty, "c");
	pty_until_gone(&pty, "answered: The device answered.");
	pty_until(&pty, "answered: The device answered.");
	leave(&pty);
}

static void test_workbench_gives_up(void **state)
{
	static const char *const keys[] = {"\033", "\003", "012344\r"};
	struct pty pty;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start_workbench(&pty, 60, 16);
		pty_send(&pty, keys[i]);
		pty_until(&pty, "not-paired: "); /* the job has gone */
		assert_false(pty_shows(&pty, "passkey that esp"));
		leave(&pty);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_workbench),
		cmocka_unit_test(test_workbench_gives_up),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
