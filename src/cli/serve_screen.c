/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_screen.h. */
#include "cli/serve_screen.h"

#include "base/file_save.h"
#include "base/text.h"
#include "tui/app_log.h"
#include "tui/screen.h"
#include "view/layout.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 10

struct serve_screen {
	struct serve_screen_config config;
	struct screen *screen;
	bool help;
	size_t help_scroll, help_end;
	bool asked; /* whether to end while a client is connected */
	char message[VIEW_TEXT];
	enum cells_style message_style;
};

static void serve_screen_say(struct serve_screen *s, enum cells_style style, const char *text)
{
	(void)snprintf(s->message, sizeof(s->message), "%s", text);
	s->message_style = style;
}

/* --- what befalls the device */

static const struct {
	enum action action;
	enum transport_fault_kind kind;
	uint64_t arg;
	const char *text; /* in the log */
} faults[] = {
	{ACTION_DROP_LINK, TRANSPORT_FAULT_LINK_LOSS, 0, "the link is dropped"},
	{ACTION_HANG_UP, TRANSPORT_FAULT_TERMINATE, 0, "the device ends the link"},
	{ACTION_RESET, TRANSPORT_FAULT_REBOOT, 0, "the device is reset"},
	{ACTION_POWER_CUT, TRANSPORT_FAULT_POWER_CUT, 1,
	 "the power goes in the next flash operation"},
	{ACTION_BLOCK, TRANSPORT_FAULT_BLOCK, 2000, "the Bluetooth task stands still for 2 s"},
	{ACTION_SLOW_ERASE, TRANSPORT_FAULT_ERASE_SLOW, 10, "erases take ten times as long"},
	{ACTION_NO_BOOT, TRANSPORT_FAULT_NO_BOOT, 0, "the next new image will not come up"},
};

/* The device is reached through its link, which is there once the client has read or written. */
static bool cause(struct serve_screen *s, enum action action)
{
	struct serve_watch *w = s->config.watch;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (faults[i].action != action)
			continue;
		if (!w->connected || !w->t->ops->inject ||
		    w->t->ops->inject(w->t, faults[i].kind, faults[i].arg) < 0) {
			serve_screen_say(s, CELLS_WARNING,
					 "not now: no client has a link to the device");
			return true;
		}
		serve_screen_say(s, CELLS_NORMAL, faults[i].text);
		serve_watch_note(w, LOGLIST_TUNING, CELLS_TITLE, faults[i].text);
		return true;
	}
	return false;
}

/* --- the log as a file */

#define FILES_MAX 99u

/* A new file each time: what was written before is not asked for again. */
static void export(struct serve_screen *s)
{
	char path[64] = "otabench-serve.log", text[VIEW_TEXT], lines[TEXT_COUNT_MAX];
	struct file_save save;
	uint64_t written;

	for (unsigned int i = 2; i <= FILES_MAX && access(path, F_OK) == 0; i++)
		(void)snprintf(path, sizeof(path), "otabench-serve-%u.log", i);
	if (file_save_begin(&save, path, 0, text, sizeof(text)) < 0) {
		serve_screen_say(s, CELLS_BAD, text);
		return;
	}
	(void)fprintf(save.out, "# > written or read, < notified, ! a rule broken or a link lost, "
				"* state, ~ caused by a key\n");
	written = app_log_write(&s->config.watch->log, save.out);
	if (file_save_end(&save, text, sizeof(text)) < 0) {
		serve_screen_say(s, CELLS_BAD, text);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s written to %s",
		       text_count(written, "line", lines, sizeof(lines)), path);
	serve_screen_say(s, CELLS_GOOD, text);
}

/* --- keys */

static bool move(struct serve_screen *s, enum action action)
{
	static const int by[] = {
		[ACTION_DOWN] = 1,	 [ACTION_UP] = -1,	    [ACTION_FIRST] = INT_MIN + 1,
		[ACTION_LAST] = INT_MAX, [ACTION_PAGE_DOWN] = PAGE, [ACTION_PAGE_UP] = -PAGE};

	if (action < ACTION_DOWN || action > ACTION_PAGE_UP)
		return false;
	if (s->help)
		s->help_scroll = layout_moved(s->help_scroll, by[action], s->help_end);
	else
		loglist_scroll(&s->config.watch->log, by[action]);
	return true;
}

static void leave(struct serve_screen *s)
{
	if (s->config.watch->connected && !s->asked) {
		s->asked = true;
		serve_screen_say(s, CELLS_WARNING,
				 "a client is connected and would lose its link; q again ends");
		return;
	}
	s->config.end(s->config.ctx);
}

static void on_key(void *ctx, int32_t key)
{
	struct serve_screen *s = ctx;
	const enum action action = keys_action(s->help ? PLACE_HELP : PLACE_SERVE, key);
	struct loglist *log = &s->config.watch->log;

	s->message[0] = '\0';
	if (action != ACTION_QUIT)
		s->asked = false;
	if (action == ACTION_LEAVE || action == ACTION_INTERRUPT)
		s->config.end(s->config.ctx);
	else if (action == ACTION_QUIT)
		leave(s);
	else if (action == ACTION_HELP || action == ACTION_CLOSE) {
		s->help = action == ACTION_HELP;
		s->help_scroll = 0;
	} else if (action == ACTION_FOLD)
		log->unfolded = !log->unfolded;
	else if (action == ACTION_EXPORT)
		export(s);
	else if (!move(s, action))
		(void)cause(s, action);
}

/* --- the screen */

static void on_draw(void *ctx, struct cells *cells)
{
	struct serve_screen *s = ctx;
	struct view_serve v;

	serve_watch_look(s->config.watch);
	serve_watch_view(s->config.watch, &v);
	s->help_end = view_serve_help_end(cells);
	if (s->help_scroll > s->help_end) /* the terminal may have grown */
		s->help_scroll = s->help_end;
	v.help = s->help;
	v.help_scroll = s->help_scroll;
	v.message = s->message;
	v.message_style = s->message_style;
	view_serve_draw(&v, cells);
	(void)serve_watch_take_changed(s->config.watch);
}

static bool on_changed(void *ctx)
{
	struct serve_screen *s = ctx;

	serve_watch_look(s->config.watch);
	return serve_watch_take_changed(s->config.watch);
}

static void on_lost(void *ctx)
{
	struct serve_screen *s = ctx;

	s->config.end(s->config.ctx);
}

int serve_screen_create(const struct serve_screen_config *config, struct serve_screen **ret,
			char *ret_text, size_t size)
{
	static const struct screen_ops ops = {
		.draw = on_draw, .key = on_key, .changed = on_changed, .lost = on_lost};
	struct serve_screen *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -OTA_ENOMEM;
	s->config = *config;
	rc = screen_create(config->event, &ops, s, &s->screen, ret_text, size);
	if (rc < 0) {
		free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void serve_screen_destroy(struct serve_screen *s)
{
	if (!s)
		return;
	screen_destroy(s->screen);
	free(s);
}
