/* SPDX-License-Identifier: Apache-2.0 */
/* See screen.h. */
#include "config.h" /* system extensions: sigprocmask(), kill() */

#include "tui/screen.h"

#include "ota/error.h"
#include "tui/term.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define FRAME_US 100000u
#define IDLE_US 500000u /* durations go on even when nothing happens */

struct screen {
	const struct screen_ops *ops;
	void *ctx;
	sd_event *event;
	sd_event_source *timer, *keys, *resized, *stopped;
	struct terminal *term;
	struct cells cells;
	uint64_t drawn_us;
	bool lost;
};

static uint64_t screen_now(const struct screen *s)
{
	uint64_t now = 0;

	(void)sd_event_now(s->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void screen_draw(struct screen *s)
{
	int width, height;

	if (s->lost)
		return;
	term_size(s->term, &width, &height);
	if (width != s->cells.width || height != s->cells.height) {
		cells_finish(&s->cells);
		if (cells_init(&s->cells, width, height, term_is_ascii(s->term)) < 0)
			return;
	}
	cells_clear(&s->cells);
	s->ops->draw(s->ctx, &s->cells);
	term_show(s->term, &s->cells);
	s->drawn_us = screen_now(s);
}

static int screen_on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct screen *s = userdata;
	const uint64_t now = screen_now(s);

	(void)usec;
	if (s->ops->changed(s->ctx) || now - s->drawn_us >= IDLE_US)
		screen_draw(s);
	(void)sd_event_source_set_time(source, now + FRAME_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int screen_on_keys(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct screen *s = userdata;
	int32_t key;

	(void)fd;
	while ((key = term_key(s->term)) != TUI_KEY_NONE) {
		if (key == KEY_CTRL('l'))
			term_redraw(s->term);
		else if (key == KEY_CTRL('z'))
			term_suspend(s->term);
		else
			s->ops->key(s->ctx, key);
	}
	if (events & (EPOLLHUP | EPOLLERR)) {
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		s->lost = true;
		s->ops->lost(s->ctx);
	}
	screen_draw(s);
	return 0;
}

static int screen_on_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			    void *userdata)
{
	struct screen *s = userdata;

	(void)source;
	if (info->ssi_signo == SIGTSTP)
		term_suspend(s->term);
	screen_draw(s);
	return 0;
}

/* sd-event takes signals from a descriptor, for which they have to be blocked. */
static void block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	(void)sigaddset(&set, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int screen_add_sources(struct screen *s)
{
	int rc;

	rc = sd_event_add_io(s->event, &s->keys, STDIN_FILENO, EPOLLIN, screen_on_keys, s);
	if (rc >= 0)
		rc = sd_event_add_time(s->event, &s->timer, CLOCK_MONOTONIC, 0, 1000,
				       screen_on_timer, s);
	if (rc >= 0)
		rc = sd_event_source_set_priority(s->timer, SD_EVENT_PRIORITY_NORMAL + 10);
	if (rc >= 0)
		rc = sd_event_add_signal(s->event, &s->resized, SIGWINCH, screen_on_signal, s);
	if (rc >= 0)
		rc = sd_event_add_signal(s->event, &s->stopped, SIGTSTP, screen_on_signal, s);
	return rc;
}

int screen_create(sd_event *event, const struct screen_ops *ops, void *ctx, struct screen **ret,
		  char *ret_text, size_t size)
{
	struct screen *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -OTA_ENOMEM;
	*s = (struct screen){.ops = ops, .ctx = ctx, .event = event};
	block_signals();
	rc = term_create(&s->term, ret_text, size);
	if (rc >= 0)
		rc = screen_add_sources(s);
	if (rc < 0) {
		screen_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void screen_destroy(struct screen *screen)
{
	if (!screen)
		return;
	sd_event_source_disable_unref(screen->keys);
	sd_event_source_disable_unref(screen->timer);
	sd_event_source_disable_unref(screen->resized);
	sd_event_source_disable_unref(screen->stopped);
	term_destroy(screen->term);
	cells_finish(&screen->cells);
	free(screen);
}
