/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the logs below the dashboard: Control's, and the calls to the stack. */
#include "config.h" /* system extensions: clock_gettime(), localtime_r() */

#include "tui/app_log.h"

#include "host/stack_log_lines.h"
#include "base/output.h"

#include <limits.h>
#include <string.h>
#include <time.h>

const struct app_log *app_log(const struct app *app)
{
	return app_part(app, PART_LOG);
}

static struct loglist *log_shown(struct app *app)
{
	struct app_log *l = app_part(app, PART_LOG);

	return l->calls_shown ? &l->calls : &l->control;
}

const struct loglist *app_log_shown(const struct app *app)
{
	return app_log(app)->calls_shown ? &app_log(app)->calls : &app_log(app)->control;
}

/* A modelled clock starts at 0 and stays so; a real one is shown as the time of day. */
static int64_t clock_offset(const struct app *app)
{
	struct timespec now = {0};
	struct tm local;

	if (app_transport(app)->virtual_clock)
		return 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &local))
		return 0;
	return ((local.tm_hour * 60 + local.tm_min) * 60 + local.tm_sec) * INT64_C(1000000) +
	       now.tv_nsec / 1000 - (int64_t)app_now(app);
}

static void log_begin(struct app *app)
{
	struct app_log *l = app_part(app, PART_LOG);

	loglist_init(&l->control);
	loglist_init(&l->calls);
	if (app_transport(app))
		l->offset_us = clock_offset(app);
}

static void log_finish(struct app *app)
{
	if (app_transport(app) && !app_config(app)->replay)
		transport_watch(app_transport(app), NULL, NULL);
}

const struct app_part_ops log_part = {
	.size = sizeof(struct app_log), .begin = log_begin, .finish = log_finish};

/* --- lines */

static uint64_t time_of(const struct app_log *l, uint64_t at_us)
{
	return (uint64_t)((int64_t)at_us + l->offset_us);
}

void app_log_add(struct app *app, uint64_t at_us, enum loglist_kind kind, enum cells_style style,
		 const char *text, const uint8_t *raw, size_t len)
{
	struct app_log *l = app_part(app, PART_LOG);

	loglist_add(&l->control, time_of(l, at_us), kind, style, text, raw, len);
	app_touch(app);
}

void app_log_note(struct app *app, const char *text)
{
	app_log_add(app, app_now(app), LOGLIST_TUNING, CELLS_TITLE, text, NULL, 0);
}

static void on_call(void *userdata, const struct transport_call *call)
{
	static const enum loglist_kind kinds[] = {
		[TRANSPORT_CALL] = LOGLIST_SENT,
		[TRANSPORT_REPLY] = LOGLIST_RECEIVED,
		[TRANSPORT_ERROR] = LOGLIST_EVENT,
		[TRANSPORT_SIGNAL] = LOGLIST_STATE,
	};
	struct app_log *l = app_part(userdata, PART_LOG);
	char text[STACK_LOG_TEXT];

	loglist_add(&l->calls, time_of(l, call->at_us), kinds[call->kind],
		    call->kind == TRANSPORT_ERROR    ? CELLS_BAD
		    : call->kind == TRANSPORT_SIGNAL ? CELLS_TITLE
						     : CELLS_NORMAL,
		    stack_log_lines_text(call, text, sizeof(text)), NULL, 0);
	if (l->calls_shown)
		app_touch(userdata);
}

void app_log_watch(struct app *app)
{
	transport_watch(app_transport(app), on_call, app);
}

void app_log_clear(struct app *app)
{
	struct app_log *l = app_part(app, PART_LOG);

	l->control.count = l->calls.count = 0;
	l->control.routine = l->calls.routine = 0;
	loglist_follow(&l->control);
	loglist_follow(&l->calls);
}

void app_log_set_offset(struct app *app, int64_t offset_us)
{
	struct app_log *l = app_part(app, PART_LOG);

	l->offset_us = offset_us;
}

/* --- finding */

static void log_filter(struct app *app, const char *text)
{
	struct loglist *log = log_shown(app);

	(void)snprintf(log->filter, sizeof(log->filter), "%.63s", text);
	loglist_follow(log);
}

static void log_search(struct app *app, const char *text);

static void log_search_from(struct app *app)
{
	const struct app_log *l = app_log(app);
	struct loglist *log = log_shown(app);

	log->anchor = l->before.anchor;
	log->frozen = l->before.frozen;
}

/* While it is typed: always from the line where it began. */
static void log_typing(struct app *app, const char *text)
{
	log_search_from(app);
	log_search(app, text);
}

static void log_search_end(struct app *app)
{
	struct loglist *log = log_shown(app);

	log_search_from(app);
	memcpy(log->search, app_log(app)->before.search, sizeof(log->search));
}

static void ask_search(struct app *app)
{
	const struct prompt prompt = {.label = "/",
				      .done = log_typing,
				      .typing = log_typing,
				      .cancelled = log_search_end};
	struct app_log *l = app_part(app, PART_LOG);
	const struct loglist *log = log_shown(app);

	l->before.anchor = log->anchor;
	l->before.frozen = log->frozen;
	memcpy(l->before.search, log->search, sizeof(log->search));
	app_prompt_open(app, &prompt, "");
}

static void log_find(struct app *app, int direction)
{
	struct loglist *log = log_shown(app);

	if (log->search[0] == '\0')
		ask_search(app);
	else if (!loglist_find(log, direction))
		app_say(app, CELLS_WARNING, "no %s line holds %s",
			direction < 0 ? "older" : "newer", log->search);
}

/* Newest first, as one looks from the end of a log. */
static void log_search(struct app *app, const char *text)
{
	struct loglist *log = log_shown(app);
	const struct loglist_line *line = loglist_selected(log);

	(void)snprintf(log->search, sizeof(log->search), "%.63s", text);
	if (text[0] == '\0')
		return;
	if (line && loglist_contains(line->text, text))
		loglist_scroll(log, 0); /* it is there already */
	else
		log_find(app, -1);
}

static void find_bookmark(struct app *app, int direction)
{
	if (!loglist_find_bookmark(log_shown(app), direction) &&
	    !loglist_find_bookmark(log_shown(app), -direction))
		app_say(app, CELLS_WARNING, "no other line has a bookmark; b sets one");
}

/* --- what keys do */

static void log_copy(struct app *app)
{
	char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64], safe[sizeof(text) * 4];
	const struct loglist_line *line = loglist_selected(log_shown(app));

	if (!line) {
		app_say(app, CELLS_WARNING, "no line to copy");
		return;
	}
	(void)loglist_format(line, text, sizeof(text));
	(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
	app_copy(app, safe);
}

static void toggle_fold(struct app *app)
{
	struct app_log *l = app_part(app, PART_LOG);

	l->control.unfolded = !l->control.unfolded;
	app_say(app, CELLS_DIM, "%s",
		l->control.unfolded ? "each ACK, PROGRESS, TELEMETRY and TIMES has a line"
				    : "ACK, PROGRESS, TELEMETRY and TIMES share one line");
}

static void toggle_calls(struct app *app)
{
	struct app_log *l = app_part(app, PART_LOG);

	l->calls_shown = !l->calls_shown;
	if (l->calls_shown && l->calls.count == 0)
		app_say(app, CELLS_DIM, "no calls to the stack yet");
}

void app_log_move(struct app *app, long by)
{
	if (by == LONG_MAX)
		loglist_follow(log_shown(app));
	else
		loglist_scroll(log_shown(app), by == LONG_MIN ? -(int)LOGLIST_LINES : (int)by);
}

bool app_log_act(struct app *app, enum action action)
{
	const struct prompt ask_filter = {.label = "show only: ", .done = log_filter};
	struct loglist *log = log_shown(app);

	if (action == ACTION_FREEZE && log->frozen)
		loglist_follow(log);
	else if (action == ACTION_FREEZE)
		loglist_scroll(log, -1);
	else if (action == ACTION_FOLD)
		toggle_fold(app);
	else if (action == ACTION_CALLS)
		toggle_calls(app);
	else if (action == ACTION_BOOKMARK)
		loglist_bookmark(log);
	else if (action == ACTION_BOOKMARK_BEFORE || action == ACTION_BOOKMARK_AFTER)
		find_bookmark(app, action == ACTION_BOOKMARK_AFTER ? 1 : -1);
	else if (action == ACTION_SEARCH)
		ask_search(app);
	else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS)
		log_find(app, action == ACTION_SEARCH_PREVIOUS ? 1 : -1);
	else if (action == ACTION_FILTER)
		app_prompt_open(app, &ask_filter, log->filter);
	else if (action == ACTION_COPY)
		log_copy(app);
	else
		return false;
	return true;
}
