/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that are typed: what is wrong can be mended in place, and the search follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ptyfolder.h"

static void start(struct pty *pty, const char *sim)
{
	const char *argv[] = {pty_program, "--no-history", sim, NULL};

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
	pty_press(&pty, ":set chunk=7", "chunk=7");
	pty_press(&pty, "\r", "expected"); /* says so, and the text is still there */
	pty_until(&pty, ":set chunk=7");
	pty_press(&pty, "\025set chunk=128\r", "chunk=128: with the next upload");
	pty_press(&pty, ":scam\r", "did you mean scan?");
	pty_until(&pty, ":scam");
	pty_press(&pty, "\033", "/ search"); /* Esc: the keys of the view again */
	pty_press(&pty, "\\rssi>x\r", "show only: rssi>x");
	pty_send(&pty, "\033");
	quit(&pty);
}

static void test_failed_open(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,seed=1,chip=esp32");
	pty_press(&pty, ":image image.bin\r", "may be sent");
	pty_press(&pty, "o", "image file:");
	pty_press(&pty, "\025missing.bin\r", "No such file");
	pty_until(&pty, "image file: missing.bin");
	pty_press(&pty, "\033", "may be sent");
	/* A file that cannot be read is no reason to send the one that is open. */
	pty_press(&pty, ":flash missing.bin\r", "No such file");
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
	pty_press(&pty, "/sim-02", ">esp-sim-02");
	pty_press(&pty, "x", "not found: sim-02x");
	pty_press(&pty, "\177", ">esp-sim-02");
	pty_press(&pty, "\033", ">esp-sim-01"); /* given up: back where it began */
	pty_press(&pty, "/03\r", ">esp-sim-03");
	pty_press(&pty, "/", "Esc cancel");
	assert_false(pty_shows(&pty, "/03"));
	pty_send(&pty, "\033");
	quit(&pty);
}

static void test_search_help(void **state)
{
	const char *const words[] = {"--sim=devices=1,seed=1", "--no-history", NULL};
	struct pty pty;

	(void)state;
	pty_workbench(&pty, 60, 16, words);
	pty_press(&pty, "2?", "HELP  Device");
	assert_false(pty_shows(&pty, "redraw the screen"));
	pty_press(&pty, "/redr", "redraw the screen");
	pty_send(&pty, "\033");
	pty_until_gone(&pty, "redraw the screen");
	pty_press(&pty, "/redraw\r", "redraw the screen");
	pty_press(&pty, "gn", "redraw the screen"); /* from the top, round again */
	pty_press(&pty, "/no such\r", "not found: no such");
	pty_send(&pty, "q");
	quit(&pty);
}

static void test_command_completes(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,seed=1");
	pty_press(&pty, ":re", "reboot  recover");
	pty_send(&pty, "\025");
	pty_press(&pty, "conn\tesp-sim-0\t", ":connect esp-sim-01");
	pty_send(&pty, "\025");
	pty_press(&pty, "se\t", "KEY=VALUE");
	pty_press(&pty, "pacing\t", ":set pacing_us");
	pty_send(&pty, "\033");
	quit(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_value),	  cmocka_unit_test(test_failed_open),
		cmocka_unit_test(test_search_as_typed),	  cmocka_unit_test(test_search_help),
		cmocka_unit_test(test_command_completes),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
