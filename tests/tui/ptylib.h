/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in a pseudo-terminal, and an emulated terminal that shows what
 * a user would see: keys in, screen as text out.  Waiting is always for
 * something that must come to be on the screen, never for time to pass.
 */
#ifndef OTABENCH_PTYLIB_H
#define OTABENCH_PTYLIB_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

struct pty {
	pid_t child;
	int fd;
	VTerm *vt;
	VTermScreen *screen;
	int width, height;
	char *raw; /* all bytes that came, with a NUL after them */
	size_t raw_len;
	struct termios before; /* the terminal's modes, as the program found them */
	bool alternate, cursor; /* screen in use; cursor visible */
	bool ended;
	int status; /* as waitpid() tells, once ended */
};

/* Starts argv with TERM=xterm-256color in a UTF-8 locale; env: more "NAME=VALUE", ends with
 * NULL. */
void pty_start(struct pty *pty, int width, int height, const char *const *argv,
	       const char *const *env);
void pty_send(struct pty *pty, const char *bytes);
/* Fails the test after a generous time without it, with the screen as it is then. */
void pty_until(struct pty *pty, const char *text);
void pty_until_gone(struct pty *pty, const char *text);
/* Until the whole screen is this text; fails the test with the first line that differs. */
void pty_until_screen(struct pty *pty, const char *text, const char *name);
/* Takes in what comes within that many milliseconds, at once; false when nothing came. */
bool pty_feed(struct pty *pty, int ms);
/* Takes in what there is until the program is silent for that many milliseconds. */
void pty_drain(struct pty *pty, int ms);
void pty_resize(struct pty *pty, int width, int height);
/* A row of the screen as text without blanks at its end, into buf. */
char *pty_row(struct pty *pty, int y, char *buf, size_t size);
/* The screen as text, a line a row; to be freed. */
char *pty_text(struct pty *pty);
bool pty_shows(struct pty *pty, const char *text);
/* Takes in output until the bytes that came hold these: what the emulator does not show. */
void pty_until_raw(struct pty *pty, const char *bytes);
/* Waits for its end; returns the exit status, or -signal. */
int pty_end(struct pty *pty);
/* After the end: modes as before, the first screen shown, the cursor visible. */
void pty_check_restored(struct pty *pty);
void pty_finish(struct pty *pty);

#endif
