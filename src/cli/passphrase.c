/* SPDX-License-Identifier: Apache-2.0 */
/* See passphrase.h. */
#include "config.h" /* system extensions: O_CLOEXEC, explicit_bzero() */

#include "cli/passphrase.h"

#include "base/file_read.h"
#include "base/os_error.h"
#include "sign/sign_key.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3

/* Up to the end of the line; the rest is another reader's.  0, or a negative errno. */
static int read_line(int fd, char *buf)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < SIGN_PASSPHRASE) {
		n = file_read_some(fd, buf + len, 1);
		if (n <= 0 || buf[len] == '\n')
			break;
		len++;
	}
	if (n < 0)
		return (int)n;
	if (len == SIGN_PASSPHRASE)
		return -E2BIG;
	buf[len] = '\0';
	if (len > 0 && buf[len - 1] == '\r')
		buf[len - 1] = '\0';
	return 0;
}

static int from_file(struct cli *cli, const char *path, char *buf)
{
	const bool input = strcmp(path, "-") == 0;
	const int fd = input ? STDIN_FILENO : file_read_open(path, true);
	const int r = fd < 0 ? fd : read_line(fd, buf);

	if (fd >= 0 && !input)
		(void)close(fd);
	if (r == 0)
		return 0;
	log_write(&cli->log, LOG_LEVEL_ERROR, "--passphrase-file: %s",
		  r == -E2BIG ? "the line is longer than 255 bytes" : file_read_why(-r));
	return os_error_code(-r);
}

/* A line that the terminal does not show.  Signals wait until it shows typing again. */
static int type_line(int fd, const char *question, const char *path, char *buf)
{
	struct termios before, hidden;
	sigset_t all, old;
	size_t len = 0;
	ssize_t n;

	if (tcgetattr(fd, &before) < 0)
		return -errno;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* Ctrl-C is a byte meanwhile that ends the line, and means no passphrase. */
	hidden.c_lflag &= ~(tcflag_t)ISIG;
	hidden.c_cc[VEOL] = CTRL_C;
	(void)tcsetattr(fd, TCSAFLUSH, &hidden);
	(void)dprintf(fd, "%s %s: ", question, path);
	do {
		n = read(fd, buf + len, SIGN_PASSPHRASE - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && buf[len - 1] != '\n' && buf[len - 1] != CTRL_C &&
		 len < SIGN_PASSPHRASE - 1);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)dprintf(fd, "\n");
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	buf[len] = '\0';
	if (n <= 0 || memchr(buf, CTRL_C, len))
		return -ECANCELED;
	buf[strcspn(buf, "\r\n")] = '\0';
	return 0;
}

static int from_terminal(struct cli *cli, const char *question, const char *path, char *buf)
{
	char shown[512];
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;

	if (cli->json || fd < 0) {
		if (fd >= 0)
			(void)close(fd);
		log_write(&cli->log, LOG_LEVEL_ERROR,
			  "%s: the passphrase cannot be asked for here; use --passphrase-file",
			  path);
		return -OTA_EPERM;
	}
	(void)output_safe_text(path, strlen(path), shown, sizeof(shown));
	r = type_line(fd, question, shown, buf);
	(void)close(fd);
	if (r == 0)
		return 0;
	log_write(&cli->log, LOG_LEVEL_ERROR, "%s: no passphrase was given", path);
	return -OTA_ECANCELED;
}

int passphrase_ask(void *ctx, const char *path, char *buf)
{
	struct cli *cli = ctx;
	const char *file = cli_value(cli, "passphrase-file");

	return file ? from_file(cli, file, buf) : from_terminal(cli, "Passphrase of", path, buf);
}

int passphrase_new(struct cli *cli, const char *path, char *buf)
{
	const char *file = cli_value(cli, "passphrase-file");
	char again[SIGN_PASSPHRASE];
	bool same;
	int r;

	if (file)
		return from_file(cli, file, buf);
	r = from_terminal(cli, "New passphrase (empty: none) of", path, buf);
	if (r < 0)
		return r;
	r = from_terminal(cli, "The same again, of", path, again);
	same = strcmp(buf, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (r == 0 && !same) {
		log_write(&cli->log, LOG_LEVEL_ERROR, "%s: the two passphrases differ", path);
		return -OTA_EINVAL;
	}
	return r;
}
