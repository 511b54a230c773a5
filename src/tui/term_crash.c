/* SPDX-License-Identifier: Apache-2.0 */
/* See term_crash.h. */
#include "config.h" /* system extensions: sigaction() */

#define NCURSES_WIDECHAR 1

#include "tui/term_crash.h"

#include <curses.h>
#include <signal.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* Data for the crash handler, which may call hardly any function. */
static struct {
	struct termios before;
	char restore[256];
	size_t restore_len;
	volatile sig_atomic_t active;
} crash;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
#define CRASH_SIGNALS (sizeof(crash_signals) / sizeof(crash_signals[0]))

static void on_crash(int number)
{
	if (crash.active) {
		ssize_t n = write(STDOUT_FILENO, crash.restore, crash.restore_len);

		(void)n;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &crash.before);
	}
	/* SA_RESETHAND: this time it takes its course, core file and status included. */
	(void)raise(number);
}

const char *term_capability(const char *name)
{
	/* The name is const in the manual, not in every header. */
	char copy[16];
	const char *text;

	(void)snprintf(copy, sizeof(copy), "%s", name);
	text = tigetstr(copy);
	return text && (intptr_t)text != -1 ? text : "";
}

static void append_restoring(const char *text)
{
	const size_t len = strlen(text);

	if (crash.restore_len + len > sizeof(crash.restore))
		return;
	memcpy(crash.restore + crash.restore_len, text, len);
	crash.restore_len += len;
}

/* The extended capability "XM" switches mouse events on (1) and off (0); where a terminal has
 * only the key, ncurses uses xterm's own. */
static void append_mouse_off(void)
{
	const char *mode = term_capability("XM");
	const char *off = mode[0] != '\0' ? tiparm(mode, 0) : NULL;

	if (term_capability("kmous")[0] == '\0')
		return;
	append_restoring(off ? off : "\033[?1000l");
}

int term_crash_remember(void)
{
	return tcgetattr(STDIN_FILENO, &crash.before);
}

void term_crash_prepare(void)
{
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};

	crash.restore_len = 0;
	append_mouse_off();
	append_restoring(term_capability("sgr0"));
	append_restoring(term_capability("rmcup"));
	append_restoring(term_capability("cnorm")); /* behind it: see leave_screen() of term.c */
	append_restoring(term_capability("rmkx"));
	crash.active = 1;
	for (size_t i = 0; i < CRASH_SIGNALS; i++) {
		struct sigaction old;

		/* A sanitizer's own report is worth more than a tidy screen. */
		if (sigaction(crash_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			(void)sigaction(crash_signals[i], &action, NULL);
	}
}

void term_crash_forget(void)
{
	crash.active = 0;
	for (size_t i = 0; i < CRASH_SIGNALS; i++) {
		struct sigaction old;

		if (sigaction(crash_signals[i], NULL, &old) == 0 && old.sa_handler == on_crash)
			(void)signal(crash_signals[i], SIG_DFL);
	}
}
