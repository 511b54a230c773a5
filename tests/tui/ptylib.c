/* SPDX-License-Identifier: Apache-2.0 */
/* See ptylib.h. */
#include "config.h" /* system extensions: openpty(), login_tty() */

#include "ptylib.h"

#include "picturelib.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cmocka.h>

#define PATIENCE_MS 120000

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct pty *pty = user;

	if (property == VTERM_PROP_ALTSCREEN)
		pty->alternate = value->boolean;
	else if (property == VTERM_PROP_CURSORVISIBLE)
		pty->cursor = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

/* A child whose terminal is the other side of pty->fd; its modes are known before it runs. */
static void fork_into(struct pty *pty, const struct winsize *size)
{
	int other;

	assert_int_equal(openpty(&pty->fd, &other, NULL, NULL, size), 0);
	assert_int_equal(tcgetattr(other, &pty->before), 0);
	pty->child = fork();
	assert_true(pty->child >= 0);
	if (pty->child == 0) {
		(void)close(pty->fd);
		if (login_tty(other) < 0)
			_exit(126);
		return;
	}
	(void)close(other);
}

void pty_start(struct pty *pty, int width, int height, const char *const *argv,
	       const char *const *env)
{
	const struct winsize size = {
		.ws_col = (unsigned short)width,
		.ws_row = (unsigned short)height,
	};

	memset(pty, 0, sizeof(*pty));
	pty->width = width;
	pty->height = height;
	pty->vt = vterm_new(height, width);
	assert_non_null(pty->vt);
	vterm_set_utf8(pty->vt, 1);
	pty->screen = vterm_obtain_screen(pty->vt);
	pty->cursor = true;
	vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
	vterm_screen_enable_altscreen(pty->screen, 1);
	vterm_screen_reset(pty->screen, 1);
	fork_into(pty, &size);
	if (pty->child > 0)
		return;
	(void)setenv("TERM", "xterm-256color", 1);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	/* A test must not read the files that other runs left. */
	(void)setenv("XDG_STATE_HOME", "/dev/null/none", 1);
	(void)unsetenv("COLUMNS");
	(void)unsetenv("LINES");
	for (; env && *env; env++)
		(void)putenv(strdup(*env));
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void keep(struct pty *pty, const char *buf, size_t len)
{
	char *more = realloc(pty->raw, pty->raw_len + len + 1);

	assert_non_null(more);
	memcpy(more + pty->raw_len, buf, len);
	pty->raw = more;
	pty->raw_len += len;
	pty->raw[pty->raw_len] = '\0';
}

bool pty_feed(struct pty *pty, int ms)
{
	struct pollfd p = {.fd = pty->fd, .events = POLLIN};
	char buf[8192];
	ssize_t n;

	if (pty->ended || poll(&p, 1, ms) <= 0)
		return false;
	n = read(pty->fd, buf, sizeof(buf));
	if (n <= 0) { /* EIO: the other side is closed */
		pty->ended = true;
		return false;
	}
	keep(pty, buf, (size_t)n);
	(void)vterm_input_write(pty->vt, buf, (size_t)n);
	return true;
}

void pty_send(struct pty *pty, const char *bytes)
{
	const size_t len = strlen(bytes);

	assert_true(write(pty->fd, bytes, len) == (ssize_t)len);
}

static size_t append_utf8(uint32_t c, char *buf)
{
	if (c < 0x80) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	buf[0] = (char)(0xe0 | c >> 12);
	buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
	buf[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

char *pty_row(struct pty *pty, int y, char *buf, size_t size)
{
	size_t len = 0;

	for (int x = 0; x < pty->width && len + 4 < size; x++) {
		const VTermPos pos = {.row = y, .col = x};
		VTermScreenCell cell;

		if (!vterm_screen_get_cell(pty->screen, pos, &cell) ||
		    cell.chars[0] == (uint32_t)-1)
			continue;
		len += append_utf8(cell.chars[0] ? cell.chars[0] : ' ', buf + len);
		/* marks that combine with it */
		for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++)
			len += len + 4 < size ? append_utf8(cell.chars[i], buf + len) : 0;
	}
	while (len > 0 && buf[len - 1] == ' ')
		len--;
	buf[len] = '\0';
	return buf;
}

char *pty_text(struct pty *pty)
{
	const size_t row = (size_t)pty->width * 4 + 4;
	char *text = malloc(row * (size_t)pty->height + 1);
	size_t len = 0;

	assert_non_null(text);
	for (int y = 0; y < pty->height; y++) {
		len += strlen(pty_row(pty, y, text + len, row));
		text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}

bool pty_shows(struct pty *pty, const char *text)
{
	char *screen = pty_text(pty);
	const bool shows = strstr(screen, text) != NULL;

	free(screen);
	return shows;
}

static void wait_until(struct pty *pty, const char *text, bool there)
{
	for (int waited = 0; pty_shows(pty, text) != there;) {
		if (!pty_feed(pty, 100))
			waited += 100;
		if (waited > PATIENCE_MS || pty->ended) {
			char *screen = pty_text(pty);

			print_message("%s", screen);
			free(screen);
			fail_msg("%s: %s \"%s\"",
				 pty->ended ? "the program has ended" : "not within reason",
				 there ? "the screen above does not show"
				       : "the screen above still shows",
				 text);
		}
	}
}

void pty_until(struct pty *pty, const char *text)
{
	wait_until(pty, text, true);
}

void pty_until_gone(struct pty *pty, const char *text)
{
	wait_until(pty, text, false);
}

void pty_until_raw(struct pty *pty, const char *bytes)
{
	for (int waited = 0; !pty->raw || !strstr(pty->raw, bytes);) {
		if (!pty_feed(pty, 100))
			waited += 100;
		if (waited > PATIENCE_MS || pty->ended)
			fail_msg("the bytes \"%s\" do not come", bytes + (bytes[0] == '\033'));
	}
}

void pty_until_screen(struct pty *pty, const char *text, const char *name)
{
	for (int waited = 0;;) {
		char *screen = pty_text(pty);
		const bool same = strcmp(screen, text) == 0;

		if (!same && (waited > PATIENCE_MS || pty->ended))
			picture_compare(name, screen, text);
		free(screen);
		if (same)
			return;
		if (!pty_feed(pty, 100))
			waited += 100;
	}
}

void pty_drain(struct pty *pty, int ms)
{
	while (pty_feed(pty, ms))
		;
}

void pty_resize(struct pty *pty, int width, int height)
{
	const struct winsize size = {
		.ws_col = (unsigned short)width,
		.ws_row = (unsigned short)height,
	};

	pty_drain(pty, 0);
	vterm_set_size(pty->vt, height, width);
	pty->width = width;
	pty->height = height;
	assert_int_equal(ioctl(pty->fd, TIOCSWINSZ, &size), 0);
}

int pty_end(struct pty *pty)
{
	int waited = 0;

	while (!pty->ended && waited < PATIENCE_MS)
		waited += pty_feed(pty, 100) ? 0 : 100;
	if (!pty->ended) {
		char *screen = pty_text(pty);

		print_message("%s(it does not end)\n", screen);
		free(screen);
		(void)kill(pty->child, SIGKILL);
	}
	(void)waitpid(pty->child, &pty->status, 0);
	pty->child = 0;
	if (WIFSIGNALED(pty->status))
		return -WTERMSIG(pty->status);
	return WEXITSTATUS(pty->status);
}

void pty_check_restored(struct pty *pty)
{
	struct termios after;

	assert_int_equal(tcgetattr(pty->fd, &after), 0);
	assert_int_equal(after.c_iflag, pty->before.c_iflag);
	assert_int_equal(after.c_oflag, pty->before.c_oflag);
	assert_int_equal(after.c_cflag, pty->before.c_cflag);
	assert_int_equal(after.c_lflag, pty->before.c_lflag);
	assert_memory_equal(after.c_cc, pty->before.c_cc, sizeof(after.c_cc));
	assert_false(pty->alternate);
	assert_true(pty->cursor);
}

void pty_finish(struct pty *pty)
{
	if (pty->child > 0) {
		(void)kill(pty->child, SIGKILL);
		(void)waitpid(pty->child, &pty->status, 0);
	}
	(void)close(pty->fd);
	vterm_free(pty->vt);
	free(pty->raw);
}
