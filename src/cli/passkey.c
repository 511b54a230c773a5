/* SPDX-License-Identifier: Apache-2.0 */
/* See passkey.h. */
#include "config.h" /* system extensions: O_CLOEXEC */

#include "cli/passkey.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void passkey_init(struct passkey *p, struct cli *cli, sd_event *event)
{
	*p = (struct passkey){.cli = cli, .event = event, .fd = -1, .shown = -1};
}

bool passkey_asking(const struct passkey *p)
{
	return p->job && p->fd >= 0 && p->terminal;
}

void passkey_forget(struct passkey *p)
{
	sd_event_source_disable_unref(p->source);
	p->source = NULL;
	if (!p->job)
		return;
	p->job = NULL;
	if (p->fd < 0)
		return;
	if (p->terminal)
		(void)dprintf(p->fd, "\n");
	(void)close(p->fd);
	p->fd = -1;
}

/* --- without a question */

static int on_answer(sd_event_source *source, void *userdata)
{
	struct passkey *p = userdata;
	struct job *job = p->job;
	const int32_t answer = p->answer;

	(void)source;
	passkey_forget(p);
	if (job)
		(void)job_passkey(job, answer);
	return 0;
}

/* Not from within the job's question, which may not be answered there. */
static void answer_later(struct passkey *p, int32_t answer)
{
	sd_event_source_disable_unref(p->source);
	p->source = NULL;
	p->answer = answer;
	if (sd_event_add_defer(p->event, &p->source, on_answer, p) < 0)
		log_write(&p->cli->log, LOG_LEVEL_ERROR, "no event loop: out of memory");
}

/* --- from a file, a pipe or standard input */

static void answer_line(struct passkey *p)
{
	int32_t passkey = -1;

	p->line[p->len] = '\0';
	p->line[strcspn(p->line, "\r\n")] = '\0';
	if (text_parse_passkey(p->line, &passkey) < 0)
		log_write(&p->cli->log, LOG_LEVEL_ERROR, "--passkey-file: expected six digits");
	sd_event_source_disable_unref(p->source);
	p->source = NULL;
	(void)close(p->fd);
	p->fd = -1;
	answer_later(p, passkey);
}

/* Byte by byte: the next line is for the next question.  False: there is more to come. */
static bool read_byte(struct passkey *p)
{
	const ssize_t n = read(p->fd, p->line + p->len, 1);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		log_write(&p->cli->log, LOG_LEVEL_ERROR, "--passkey-file: %s", strerror(errno));
	if (n <= 0)
		return true;
	p->len++;
	return p->line[p->len - 1] == '\n' || p->len == sizeof(p->line) - 1;
}

static int on_file(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct passkey *p = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	if (read_byte(p))
		answer_line(p);
	return 0;
}

static void ask_file(struct passkey *p)
{
	int rc;

	/* A FIFO may have no writer yet, and the link has to be served meanwhile. */
	p->fd = strcmp(p->cli->passkey_file, "-") == 0
			? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			: open(p->cli->passkey_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	p->terminal = false;
	rc = p->fd < 0 ? -errno : sd_event_add_io(p->event, &p->source, p->fd, EPOLLIN, on_file, p);
	if (rc == -EPERM) { /* a plain file, which never has anything to wait for */
		while (!read_byte(p))
			;
		answer_line(p);
	} else if (rc < 0) {
		log_write(&p->cli->log, LOG_LEVEL_ERROR, "--passkey-file: %s", strerror(-rc));
		answer_later(p, -1);
	}
}

/* --- at the terminal */

static void prompt(const struct passkey *p)
{
	(void)dprintf(p->fd, "Passkey that %s shows", p->device);
	if (p->shown >= 0)
		(void)dprintf(p->fd, " (its simulated display reads %06d)", (int)p->shown);
	(void)dprintf(p->fd, ": ");
}

/* A whole line; an empty one is no. */
static void typed(struct passkey *p)
{
	struct job *job = p->job;
	int32_t passkey = -1;

	p->line[p->len] = '\0';
	p->len = 0;
	p->line[strcspn(p->line, "\r\n")] = '\0';
	if (p->line[0] != '\0' && text_parse_passkey(p->line, &passkey) < 0) {
		(void)dprintf(p->fd, "A passkey has six digits; an empty line cancels.\n");
		prompt(p);
		return;
	}
	(void)close(p->fd); /* the cursor is on a new line already */
	p->fd = -1;
	passkey_forget(p);
	(void)job_passkey(job, passkey);
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct passkey *p = userdata;
	ssize_t n = read(fd, p->line + p->len, sizeof(p->line) - 1 - p->len);

	(void)source;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || revents & (EPOLLHUP | EPOLLERR)) {
		p->len = 0;
		typed(p); /* Ctrl-D, or the terminal is gone */
		return 0;
	}
	p->len += (size_t)n;
	if (memchr(p->line, '\n', p->len) || p->len == sizeof(p->line) - 1)
		typed(p);
	return 0;
}

/* Standard input and output may be redirected while somebody sits at the terminal. */
static bool open_terminal(struct passkey *p)
{
	p->terminal = true;
	p->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (p->fd < 0 && isatty(STDIN_FILENO))
		p->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (p->fd < 0)
		return false;
	if (sd_event_add_io(p->event, &p->source, p->fd, EPOLLIN, on_input, p) >= 0)
		return true;
	(void)close(p->fd);
	p->fd = -1;
	return false;
}

void passkey_ask(struct passkey *p, struct job *job, const char *device, int32_t shown)
{
	passkey_forget(p);
	p->job = job;
	p->shown = shown;
	p->len = 0;
	(void)snprintf(p->device, sizeof(p->device), "%s", device);
	if (p->cli->passkey >= 0)
		answer_later(p, p->cli->passkey);
	else if (p->cli->passkey_file)
		ask_file(p);
	else if (p->cli->json || !open_terminal(p))
		answer_later(p, -1);
	else
		prompt(p);
}
