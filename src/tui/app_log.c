/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the logs below the dashboard: Control's, and the calls to the stack. */
#include "tui/app_priv.h"

#include "host/stack_log_lines.h"
#include "base/output.h"

#include <string.h>

struct loglist *app_log(struct app *app)
{
	return app->calls_shown ? &app->calls : &app->log;
}

static void on_call(void *userdata, const struct transport_call *call)
{
	static const enum loglist_kind kinds[] = {
		[TRANSPORT_CALL] = LOGLIST_SENT,
		[TRANSPORT_REPLY] = LOGLIST_RECEIVED,
		[TRANSPORT_ERROR] = LOGLIST_EVENT,
		[TRANSPORT_SIGNAL] = LOGLIST_STATE,
	};
	struct app *app = userdata;
	char text[STACK_LOG_TEXT];

	loglist_add(&app->calls, app_log_time(app, call->at_us), kinds[call->kind],
		    call->kind == TRANSPORT_ERROR    ? CELLS_BAD
		    : call->kind == TRANSPORT_SIGNAL ? CELLS_TITLE
						     : CELLS_NORMAL,
		    stack_log_lines_text(call, text, sizeof(text)), NULL, 0);
	app->changed |= app->calls_shown;
}

void app_log_watch(struct app *app)
{
	transport_watch(app->transport, on_call, app);
}

/* --- finding */

void app_log_filter(struct app *app, const char *text)
{
	struct loglist *log = app_log(app);

	(void)snprintf(log->filter, sizeof(log->filter), "%.63s", text);
	loglist_follow(log);
}

static void find(struct app *app, int direction)
{
	struct loglist *log = app_log(app);

	if (log->search[0] == '\0')
		app_ask(app, APP_ASK_SEARCH, "");
	else if (!loglist_find(log, direction))
		app_say(app, CELLS_WARNING, "no %s line holds %s",
			direction < 0 ? "older" : "newer", log->search);
}

/* Newest first, as one looks from the end of a log. */
void app_log_search(struct app *app, const char *text)
{
	struct loglist *log = app_log(app);
	const struct loglist_line *line = loglist_selected(log);

	(void)snprintf(log->search, sizeof(log->search), "%.63s", text);
	if (text[0] == '\0')
		return;
	if (line && loglist_contains(line->text, text))
		loglist_scroll(log, 0); /* it is there already */
	else
		find(app, -1);
}

static void find_bookmark(struct app *app, int direction)
{
	if (!loglist_find_bookmark(app_log(app), direction) &&
	    !loglist_find_bookmark(app_log(app), -direction))
		app_say(app, CELLS_WARNING, "no other line has a bookmark; b sets one");
}

/* --- what a line is good for elsewhere */

static void copy(struct app *app)
{
	char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64], safe[sizeof(text) * 4];
	const struct loglist_line *line = loglist_selected(app_log(app));

	if (!line) {
		app_say(app, CELLS_WARNING, "no line to copy");
		return;
	}
	(void)loglist_format(line, text, sizeof(text));
	(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
	app_copy(app, safe);
}

static void toggle_calls(struct app *app)
{
	app->calls_shown = !app->calls_shown;
	if (app->calls_shown && app->calls.count == 0)
		app_say(app, CELLS_DIM, "nothing was asked of the stack yet");
}

/* --- keys */

static bool scroll_key(struct app *app, int32_t key)
{
	struct loglist *log = app_log(app);

	switch (key) {
	case 'k':
	case TUI_KEY_UP:
		loglist_scroll(log, -1);
		return true;
	case 'j':
	case TUI_KEY_DOWN:
		loglist_scroll(log, 1);
		return true;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		loglist_scroll(log, -10);
		return true;
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		loglist_scroll(log, 10);
		return true;
	case 'g':
	case TUI_KEY_HOME:
		loglist_scroll(log, -(int)LOGLIST_LINES);
		return true;
	case 'G':
	case TUI_KEY_END:
		loglist_follow(log);
		return true;
	case 'Z':
		if (log->frozen)
			loglist_follow(log);
		else
			loglist_scroll(log, -1);
		return true;
	default:
		return false;
	}
}

bool app_log_key(struct app *app, int32_t key)
{
	if (scroll_key(app, key))
		return true;
	switch (key) {
	case '@':
		toggle_calls(app);
		return true;
	case 'b':
		loglist_bookmark(app_log(app));
		return true;
	case '\'':
	case '"':
		find_bookmark(app, key == '"' ? 1 : -1);
		return true;
	case '/':
		app_ask(app, APP_ASK_SEARCH, app_log(app)->search);
		return true;
	case 'n':
	case 'N':
		find(app, key == 'N' ? 1 : -1);
		return true;
	case '\\':
	case TUI_KEY_FILTER:
		app_ask(app, APP_ASK_FILTER, app_log(app)->filter);
		return true;
	case 'y':
		copy(app);
		return true;
	case 'E':
		app_ask(app, APP_ASK_EXPORT, "otabench.log");
		return true;
	default:
		return false;
	}
}
