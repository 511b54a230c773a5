/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench and its terminal: types of terminals, the mouse, the command
 * line, suspending, crashes.  In a real pseudo-terminal.
 */
#include "config.h" /* system extensions: kill() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptylib.h"

static char program[4096];

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	return 0;
}

static void start(struct pty *pty, int width, int height, const char *option,
		  const char *const *env)
{
	const char *argv[] = {program, "--sim=devices=3,chip=esp32,seed=1", option, NULL};

	pty_start(pty, width, height, argv, env);
	pty_until(pty, height > 6 ? "esp-sim-02" : "esp-sim-01");
}

/* --- types of terminals */

struct type {
	const char *term;
	bool colour, other_screen, mouse, copies;
};

static void check_bytes(const struct type *type, const struct pty *pty)
{
	static const char *const colours[] = {"\033[31m", "\033[32m", "\033[33m", "\033[36m"};
	bool colour = false;

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		colour |= strstr(pty->raw, colours[i]) != NULL;
	colour |= strstr(pty->raw, "\033[38;") != NULL;
	if (colour != type->colour)
		fail_msg("%s: colours %d", type->term, colour);
	if ((strstr(pty->raw, "\033[?1049h") != NULL) != type->other_screen)
		fail_msg("%s: the other screen", type->term);
	if ((strstr(pty->raw, "\033[?1000h") || strstr(pty->raw, "1000h")) != type->mouse)
		fail_msg("%s: mouse", type->term);
	if ((strstr(pty->raw, "\033]52;") != NULL) != type->copies)
		fail_msg("%s: the clipboard", type->term);
	for (const char *s = pty->raw; !type->colour && *s != '\0'; s++)
		assert_true((unsigned char)*s < 0x80 || type->other_screen);
}

static void run_type(const struct type *type, bool no_color)
{
	char term[64];
	/* On a "linux" ncurses loads a library for the console's mouse, which leaks a little. */
	const char *env[] = {term, "NCURSES_GPM_TERMS=none", no_color ? "NO_COLOR=1" : NULL, NULL};
	struct pty pty;

	(void)snprintf(term, sizeof(term), "TERM=%s", type->term);
	start(&pty, 80, 24, NULL, env);
	/* Each of the views, and something that is copied. */
	pty_send(&pty, "234");
	pty_until(&pty, "no image chosen");
	pty_send(&pty, "1R");
	pty_until(&pty, "Ask for its state");
	pty_send(&pty, "y");
	pty_until(&pty, type->copies ? "copied:" : "cannot copy");
	pty_send(&pty, "q:quit\r");
	assert_int_equal(pty_end(&pty), 0);
	check_bytes(type, &pty);
	pty_finish(&pty);
}

static void test_types(void **state)
{
	static const struct type types[] = {
		{"xterm", true, true, true, true},
		{"xterm-256color", true, true, true, true},
		{"tmux-256color", true, true, true, true},
		{"screen", true, true, true, false},
		{"linux", true, false, true, false},
		{"vt100", false, false, false, false},
		{"vt220", false, false, false, false},
	};
	struct type mono = types[0];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		run_type(&types[i], false);
	mono.colour = false;
	run_type(&mono, true);
}

/* The open view's name is blue where the background is light, else cyan. */
static void test_light(void **state)
{
	static const struct {
		const char *env;
		bool light;
	} rows[] = {
		{"COLORFGBG=0;15", true},	 {"COLORFGBG=0;default;7", true},
		{"COLORFGBG=15;0", false},	 {"COLORFGBG=7;8", false},
		{"COLORFGBG=15;default", false}, {"COLORFGBG=", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *env[] = {"TERM=xterm", rows[i].env, NULL};
		struct pty pty;

		start(&pty, 80, 24, NULL, env);
		pty_send(&pty, "q");
		assert_int_equal(pty_end(&pty), 0);
		if ((strstr(pty.raw, "\033[34m") != NULL) != rows[i].light ||
		    (strstr(pty.raw, "\033[36m") != NULL) == rows[i].light)
			fail_msg("%s", rows[i].env);
		pty_finish(&pty);
	}
}

/* A terminal that cannot be drawn on gets a message. */
static void test_no_terminal(void **state)
{
	static const char *const terms[] = {"TERM=dumb", "TERM=no-such-terminal", "TERM="};
	const char *argv[] = {program, "--sim", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		const char *env[] = {terms[i], NULL};
		struct pty pty;

		pty_start(&pty, 80, 24, argv, env);
		pty_until_raw(&pty, "place its cursor");
		assert_int_equal(pty_end(&pty), 64);
		pty_finish(&pty);
	}
}

/* --- the mouse */

/* A click on text, where it is on the screen; every character before it is one column wide. */
static void click_on(struct pty *pty, int height, const char *text)
{
	char row[1024], bytes[64];

	for (int y = 0; y < height; y++) {
		const char *at = strstr(pty_row(pty, y, row, sizeof(row)), text);
		int x = 1;

		if (!at)
			continue;
		for (const char *s = row; s < at; s++)
			x += ((unsigned char)*s & 0xc0) != 0x80;
		(void)snprintf(bytes, sizeof(bytes), "\033[<0;%d;%dM\033[<0;%d;%dm", x, y + 1, x,
			       y + 1);
		pty_send(pty, bytes);
		return;
	}
	fail_msg("%s is not shown", text);
}

static void test_mouse(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 80, 24, NULL, NULL);
	pty_until(&pty, "esp-sim-01");
	pty_until(&pty, "esp-sim-03");
	pty_send(&pty, "ss");
	pty_until(&pty, "order: name");
	/* The head of a column sorts by it, once more the other way round. */
	click_on(&pty, 24, "RSSI");
	pty_until(&pty, "order: RSSI, frozen");
	click_on(&pty, 24, "RSSI");
	pty_until(&pty, "order: RSSI reversed, frozen");
	click_on(&pty, 24, "NAME");
	pty_until(&pty, "order: name, frozen");
	/* Coordinates count from 1: the tab, then back, a row, and that row again. */
	pty_send(&pty, "\033[<0;32;1M\033[<0;32;1m");
	pty_until(&pty, "no image chosen");
	/* Clicks that come at once count in their order. */
	pty_send(&pty, "\033[<0;3;1M\033[<0;3;1m\033[<0;10;5M\033[<0;10;5m");
	pty_until(&pty, ">esp-sim-02");
	pty_send(&pty, "\033[<64;10;10M"); /* the wheel, up */
	pty_until(&pty, ">esp-sim-01");
	pty_send(&pty, "\033[<65;10;10M");
	pty_until(&pty, ">esp-sim-02");
	pty_send(&pty, "\033[<0;10;5M\033[<0;10;5m");
	pty_until(&pty, "answered:");
	/* A key of the last line, and an entry of the menu. */
	pty_send(&pty, "R");
	pty_until(&pty, "Recover esp-sim-02");
	pty_send(&pty, "\033[<65;10;10M");
	pty_until(&pty, ">i ");
	/* The first click on an entry selects it and does nothing else; the second is Enter. */
	click_on(&pty, 24, "t Reboot");
	pty_until(&pty, ">t Reboot");
	click_on(&pty, 24, ">t Reboot");
	pty_until(&pty, "keeps what it has. y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "The device reboots");
	pty_until_gone(&pty, "Recover");
	/* Given back to the terminal. */
	pty_send(&pty, "M");
	pty_until(&pty, "selects text");
	pty_until_raw(&pty, "1000l");
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
	start(&pty, 80, 24, "--no-mouse", NULL);
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	assert_null(strstr(pty.raw, "1000h"));
	pty_finish(&pty);
}

/* --- the command line */

static void test_commands(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 80, 24, "--readonly", NULL);
	pty_until(&pty, "READ-ONLY");
	pty_send(&pty, ":conn\t");
	pty_until(&pty, ":connect");
	pty_send(&pty, " esp-sim-03\r");
	pty_until(&pty, "answered:");
	pty_send(&pty, ":forget\r");
	pty_until(&pty, "not possible: not with --readonly");
	pty_send(&pty, "q:help\r");
	pty_until(&pty, "drop the bytes that the device has received");
	pty_send(&pty, "G");
	/* To the last row, with as many before it as there is room for; what is wider than the
	 * panel takes another row. */
	pty_until_gone(&pty, "drop the bytes that the device has received");
	pty_until(&pty, "write the changed values");
	pty_until(&pty, "in force at once if ");
	pty_until(&pty, "              possible ");
	pty_send(&pty, "q:\033OA\033OA");
	pty_until(&pty, ":forget");
	pty_send(&pty, "\033OB");
	pty_until(&pty, ":help");
	pty_send(&pty, "\003:doctor\r");
	pty_until(&pty, "otabench doctor");
	pty_send(&pty, "q:scan\r");
	pty_until(&pty, "[1 Scan]");
	pty_send(&pty, ":connect nobody\r");
	pty_until(&pty, "not heard yet: nobody");
	pty_send(&pty, "\003\\ota rssi>x\r");
	pty_until(&pty, "expected a number of dBm");
	pty_send(&pty, "\025sim-02 ota\r");
	pty_until(&pty, "1 of 3 shown");
	pty_send(&pty, "q");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

/* --- suspended by Ctrl-Z under a shell, and back */

static void test_suspend(void **state)
{
	const char *argv[] = {"/bin/bash", "--norc", "--noprofile", "-i", NULL};
	const char *env[] = {"PS1=ready> ", NULL};
	char line[5000];
	struct pty pty;

	(void)state;
	pty_start(&pty, 80, 24, argv, env);
	pty_until(&pty, "ready>");
	(void)snprintf(line, sizeof(line), "'%s' --sim=devices=3,seed=1\r", program);
	pty_send(&pty, line);
	pty_until(&pty, "esp-sim-02");
	pty_send(&pty, "\032");
	pty_until(&pty, "Stopped");
	pty_until_gone(&pty, "[1 Scan]");
	pty_send(&pty, "fg\r");
	pty_until(&pty, "[1 Scan]");
	pty_until(&pty, "esp-sim-02");
	pty_send(&pty, "3");
	pty_until(&pty, "[3 Profile]");
	pty_send(&pty, "qq");
	pty_until_gone(&pty, "3 Profile");
	pty_send(&pty, "exit 7\r");
	assert_int_equal(pty_end(&pty), 7);
	pty_finish(&pty);
}

/* --- a crash gives the terminal back, and is still told as a crash */

static void test_crashes(void **state)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	struct pty pty;

	(void)state;
	if (getenv("OTABENCH_INSTRUMENTED")) {
		print_message("the sanitizer handles these signals itself\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start(&pty, 80, 24, NULL, NULL);
		(void)kill(pty.child, signals[i]);
		pty_until_raw(&pty, "\033[?1049l");
		pty_until_raw(&pty, "1000l");
		assert_int_equal(pty_end(&pty), -signals[i]);
		pty_finish(&pty);
	}
}

/* --- as small as it gets */

static void test_small(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 20, 5, NULL, NULL);
	pty_send(&pty, "\r");
	pty_until(&pty, "answered");
	pty_send(&pty, "R");
	pty_until(&pty, ">q ");
	pty_send(&pty, "q?");
	pty_until(&pty, "HELP");
	pty_send(&pty, "q:scan\r");
	pty_until(&pty, "esp-sim-01");
	pty_send(&pty, "q");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),	    cmocka_unit_test(test_light),
		cmocka_unit_test(test_no_terminal), cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_commands),    cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_crashes),	    cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
