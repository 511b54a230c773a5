/* SPDX-License-Identifier: Apache-2.0 */
/* Where a key goes: to what is open over a view first, then to what all views share, then to
 * the view. */
#include "tui/app_history.h"
#include "tui/app_priv.h"

#include "view/layout.h"

static void interrupt(struct app *app)
{
	if (app->confirm == APP_CONFIRM_QUIT || app->quitting) {
		app->confirm = APP_CONFIRM_NOTHING;
		app->quitting = true;
		app->status = APP_STATUS_CANCELLED;
		app->ended = true; /* the second one: at once */
	} else if (app_runs(app) && !app->replay.is) {
		app_confirm(app, APP_CONFIRM_QUIT);
	} else {
		app->ended = true;
	}
}

static void back(struct app *app)
{
	if (app->view == VIEW_HISTORY && app_history_back(app))
		return;
	if (app->view != VIEW_SCAN)
		app->view = VIEW_SCAN;
	else if (app_runs(app))
		app_confirm(app, APP_CONFIRM_QUIT);
	else
		app->ended = true;
}

static bool common_key(struct app *app, int32_t key)
{
	if (key >= '1' && key < '1' + VIEWS) {
		app->view = (enum view)(key - '1');
		return true;
	}
	switch (key) {
	case TUI_KEY_TAB:
		app->view = (enum view)((app->view + 1) % VIEWS);
		return true;
	case TUI_KEY_BACK_TAB:
		app->view = (enum view)((app->view + VIEWS - 1) % VIEWS);
		return true;
	case '?':
	case TUI_KEY_HELP:
		app->help = true;
		app->help_scroll = 0;
		return true;
	case ':':
		app_ask(app, APP_ASK_COMMAND, "");
		return true;
	case 'M':
		app->mouse_off = !app->mouse_off;
		app_say(app, CELLS_NORMAL,
			app->mouse_off ? "the mouse selects text in the terminal"
				       : "the mouse clicks and scrolls here");
		return true;
	case 'q':
	case TUI_KEY_ESCAPE:
		back(app);
		return true;
	default: /* the view's */
		return false;
	}
}

static void help_key(struct app *app, int32_t key)
{
	const struct area body = layout_frame((struct area){0, 0, app->width, app->height}).body;
	const size_t end = view_help_end(app->view, body);
	const size_t page = body.h > 2 ? (size_t)body.h - 2 : 1;
	size_t *at = &app->help_scroll;

	if (key == 'j' || key == TUI_KEY_DOWN)
		++*at;
	else if (key == TUI_KEY_PAGE_DOWN || key == ' ')
		*at += page;
	else if (key == 'G' || key == TUI_KEY_END)
		*at = end;
	else if (key == 'k' || key == TUI_KEY_UP)
		*at -= *at > 0;
	else if (key == TUI_KEY_PAGE_UP)
		*at -= *at > page ? page : *at;
	else if (key == 'g' || key == TUI_KEY_HOME)
		*at = 0;
	else if (key == 'q' || key == TUI_KEY_ESCAPE || key == '?' || key == TUI_KEY_HELP)
		app->help = false;
	*at = *at < end ? *at : end;
}

static void view_key(struct app *app, int32_t key)
{
	switch (app->view) {
	case VIEW_SCAN:
		app_scan_key(app, key);
		break;
	case VIEW_DEVICE:
		app_device_key(app, key);
		break;
	case VIEW_PROFILE:
		app_profile_key(app, key);
		break;
	case VIEW_IMAGE:
		app_image_key(app, key);
		break;
	case VIEW_HISTORY:
		app_history_key(app, key);
		break;
	case VIEWS:
		break;
	}
}

void app_key(struct app *app, int32_t key)
{
	app->changed = true;
	if (key == KEY_CTRL('l')) {
		app->redraw = true;
	} else if (key == KEY_CTRL('z')) {
		app->suspend = true;
	} else if (app->ask != APP_ASK_NOTHING) {
		app_ask_key(app, key);
	} else if (key == KEY_CTRL('c')) {
		interrupt(app);
	} else if (app->confirm != APP_CONFIRM_NOTHING) {
		app_confirm_key(app, key);
	} else if (app->help) {
		help_key(app, key);
	} else if (app->menu.open) {
		app_recover_key(app, key);
	} else if (app->panel.kind != APP_PANEL_NONE) {
		app_panel_key(app, key);
	} else {
		app->message[0] = '\0';
		if (app->replay.is)
			app_replay_key(app, key);
		else if (!common_key(app, key))
			view_key(app, key);
	}
	app_settle(app);
}
