/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the logs below the dashboard. */
#include "tui/app_priv.h"

bool app_log_key(struct app *app, int32_t key)
{
	switch (key) {
	case 'k':
	case TUI_KEY_UP:
		loglist_scroll(&app->log, -1);
		return true;
	case 'j':
	case TUI_KEY_DOWN:
		loglist_scroll(&app->log, 1);
		return true;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		loglist_scroll(&app->log, -10);
		return true;
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		loglist_scroll(&app->log, 10);
		return true;
	case 'g':
	case TUI_KEY_HOME:
		loglist_scroll(&app->log, -(int)LOGLIST_LINES);
		return true;
	case 'G':
	case TUI_KEY_END:
		loglist_follow(&app->log);
		return true;
	case 'Z':
		if (app->log.frozen)
			loglist_follow(&app->log);
		else
			loglist_scroll(&app->log, -1);
		return true;
	case 'b':
		loglist_bookmark(&app->log);
		return true;
	case '\\':
	case TUI_KEY_FILTER:
		app_ask(app, APP_ASK_FILTER, app->log.filter);
		return true;
	case 'E':
		app_ask(app, APP_ASK_EXPORT, "otabench-control.log");
		return true;
	default:
		return false;
	}
}
