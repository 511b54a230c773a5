/* SPDX-License-Identifier: Apache-2.0 */
/* A key goes to the modal on top, else to the view, else to the shared actions. */
#include "tui/app_priv.h"

#include "tui/app_bench.h"
#include "tui/app_device.h"
#include "tui/app_doctor.h"
#include "tui/app_history.h"
#include "tui/app_image.h"
#include "tui/app_log.h"
#include "tui/app_offer.h"
#include "tui/app_profile.h"
#include "tui/app_recover.h"
#include "tui/app_replay.h"
#include "tui/app_scan.h"
#include "tui/app_sweep.h"
#include "tui/app_upload.h"
#include "view/layout.h"

#include <limits.h>
#include <string.h>

/* --- ending */

static void key_end(struct app *app)
{
	app->ended = true;
}

static bool device_busy(const struct app *app)
{
	return app_device_runs(app) && !app_is_replay(app);
}

static void key_quit(struct app *app)
{
	if (device_busy(app))
		app_confirm_open(app, app_quit,
				 "%s is busy. y: cancel and end, n: continue, Ctrl-C: end at once ",
				 app_device_title(app));
	else if (app_profile_is_unsaved(app))
		app_confirm_open(app, key_end, "Changes of the profile are not written. End? y/n ");
	else
		app->ended = true;
}

static void interrupt(struct app *app)
{
	if (app_confirm_asks(app, app_quit) || app->quitting) {
		app_modal_close(app, PART_CONFIRM);
		app->quitting = true;
		app->status = APP_STATUS_CANCELLED;
		app->ended = true; /* the second one: at once */
	} else if (device_busy(app)) {
		key_quit(app);
	} else {
		app->ended = true;
	}
}

static bool closed(struct app *app)
{
	const enum view home = app_is_replay(app) ? VIEW_DEVICE : VIEW_SCAN;

	if (app_views[app->view]->back && app_views[app->view]->back(app))
		return true;
	if (app->view == home)
		return false;
	app->view = home;
	return true;
}

static void key_back(struct app *app)
{
	if (!closed(app))
		app_say(app, CELLS_DIM, "q ends the program");
}

static void leave(struct app *app)
{
	if (!closed(app))
		key_quit(app);
}

/* --- views, and what is about the screen */

static void next_view(struct app *app, int direction)
{
	if (app_is_replay(app))
		app->view = app->view == VIEW_DEVICE ? VIEW_PROFILE : VIEW_DEVICE;
	else
		app->view = (enum view)(((int)app->view + VIEWS + direction) % VIEWS);
}

static void to_next(struct app *app)
{
	next_view(app, 1);
}

static void to_previous(struct app *app)
{
	next_view(app, -1);
}

static void show_scan(struct app *app)
{
	app->view = VIEW_SCAN;
}

static void show_device(struct app *app)
{
	app->view = VIEW_DEVICE;
}

static void command(struct app *app)
{
	app_command(app, app_act);
}

static void help(struct app *app)
{
	app_modal_open(app, PART_HELP);
}

static void commands(struct app *app)
{
	const struct panel panel = {.title = "Commands"};
	const struct keys_row *rows[KEYS_COMMANDS_MAX];
	const size_t count = keys_commands(rows);
	char text[VIEW_TEXT];

	app_panel_open(app, &panel);
	for (size_t i = 0; i < count; i++) {
		const char *argument = rows[i]->argument;

		(void)snprintf(text, sizeof(text), "%s%s%s", argument ? argument : "",
			       argument ? "  " : "", rows[i]->words);
		app_panel_add_text(app, CELLS_NORMAL, 13, rows[i]->command, text);
	}
}

static void redraw(struct app *app)
{
	app->redraw = true;
}

static void suspend(struct app *app)
{
	app->suspend = true;
}

static void mouse(struct app *app)
{
	app->mouse_off = !app->mouse_off;
	app_say(app, CELLS_NORMAL,
		app->mouse_off ? "the mouse selects text in the terminal"
			       : "the mouse clicks and scrolls here");
}

static void graph(struct app *app)
{
	app->config.tier = (enum plot_tier)((app->config.tier + 1) % PLOT_TIERS);
}

/* --- devices and their updates */

static void key_look(struct app *app)
{
	app->view = VIEW_DEVICE;
	app_device_look(app);
}

static void key_connect(struct app *app, const char *argument)
{
	if (argument[0] == '\0' || app_scan_choose(app, argument))
		key_look(app);
}

static void key_upload(struct app *app, const char *argument)
{
	if (argument[0] == '\0' || app_image_open(app, argument))
		app_upload(app);
}

static void key_status(struct app *app)
{
	app->view = VIEW_DEVICE;
	app_device_command(app, OTA_CMD_STATUS);
}

static void recover(struct app *app)
{
	app->view = VIEW_DEVICE;
	app_menu_open(app);
}

/* Those that change something open the menu at their entry, which asks. */
#define ENTRY(name, action)                                                                        \
	static void name(struct app *app)                                                          \
	{                                                                                          \
		app_menu_run(app, action);                                                         \
	}
ENTRY(entry_resume, RECOVER_RESUME)
ENTRY(entry_abort, RECOVER_ABORT)
ENTRY(entry_confirm, RECOVER_CONFIRM)
ENTRY(entry_rollback, RECOVER_ROLLBACK)
ENTRY(entry_reboot, RECOVER_REBOOT)
ENTRY(entry_prepare, RECOVER_PREPARE)
ENTRY(entry_disconnect, RECOVER_DISCONNECT)
ENTRY(entry_forget, RECOVER_FORGET)
ENTRY(entry_power_cycle, RECOVER_POWER_CYCLE)

/* Shared actions: each is called if the open view does not handle it. */
static void (*const acts[ACTIONS])(struct app *app) = {
	[ACTION_NEXT_VIEW] = to_next,
	[ACTION_PREVIOUS_VIEW] = to_previous,
	[ACTION_BACK] = key_back,
	[ACTION_LEAVE] = leave,
	[ACTION_QUIT] = key_quit,
	[ACTION_COMMAND] = command,
	[ACTION_HELP] = help,
	[ACTION_COMMANDS] = commands,
	[ACTION_INTERRUPT] = interrupt,
	[ACTION_REDRAW] = redraw,
	[ACTION_SUSPEND] = suspend,
	[ACTION_MOUSE] = mouse,
	[ACTION_GRAPH] = graph,
	[ACTION_SHOW_SCAN] = show_scan,
	[ACTION_SHOW_DEVICE] = show_device,
	[ACTION_PAUSE] = app_device_pause,
	[ACTION_CANCEL] = app_device_ask_cancel,
	[ACTION_RECOVER] = recover,
	[ACTION_LOOK] = key_look,
	[ACTION_STATUS] = key_status,
	[ACTION_RESUME] = entry_resume,
	[ACTION_ABORT] = entry_abort,
	[ACTION_CONFIRM] = entry_confirm,
	[ACTION_ROLLBACK] = entry_rollback,
	[ACTION_REBOOT] = entry_reboot,
	[ACTION_PREPARE] = entry_prepare,
	[ACTION_DISCONNECT] = entry_disconnect,
	[ACTION_FORGET] = entry_forget,
	[ACTION_POWER_CYCLE] = entry_power_cycle,
	[ACTION_BUNDLE] = app_menu_bundle,
	[ACTION_DOCTOR] = app_doctor,
	[ACTION_BENCH] = app_bench,
	[ACTION_SWEEP] = app_sweep,
};
/* The same for those that take what follows the command; "" with a key. */
static void (*const acts_on[ACTIONS])(struct app *app, const char *argument) = {
	[ACTION_CONNECT] = key_connect,	    [ACTION_UPLOAD] = key_upload,
	[ACTION_EXPORT] = app_log_export,   [ACTION_PROFILE] = app_profile_show,
	[ACTION_SET] = app_tune_command,    [ACTION_WRITE] = app_profile_write,
	[ACTION_OPEN] = app_image_show,	    [ACTION_HISTORY] = app_history_show,
	[ACTION_TREND] = app_history_trend,
};

void app_act(struct app *app, enum action action, const char *argument)
{
	if (acts[action])
		acts[action](app);
	else if (acts_on[action])
		acts_on[action](app, argument);
}

/* --- keys */

static bool key_move(struct app *app, enum action action, void (*by)(struct app *app, long by))
{
	static const long rows[] = {
		[ACTION_DOWN] = 1,	  [ACTION_UP] = -1,	   [ACTION_FIRST] = LONG_MIN,
		[ACTION_LAST] = LONG_MAX, [ACTION_PAGE_DOWN] = 10, [ACTION_PAGE_UP] = -10};

	if (action < ACTION_DOWN || action > ACTION_PAGE_UP || !by)
		return false;
	by(app, rows[action]);
	return true;
}

static void view_key(struct app *app, int32_t key)
{
	const struct view_ops *view = app_views[app->view];
	const enum action action = app_is_replay(app)
					   ? keys_replay_action(app->view, key)
					   : keys_action((enum keys_place)app->view, key);

	app->message[0] = '\0';
	if (app_is_replay(app) && app_replay_act(app, action, key))
		return;
	if (action == ACTION_RECOVER && app_offer_take(app))
		return;
	app_offer_decline(app);
	if (action == ACTION_VIEW)
		app->view = (enum view)(key - '1');
	else if (!key_move(app, action, view->move) && !view->act(app, action))
		app_act(app, action, "");
}

void app_key(struct app *app, int32_t key)
{
	const size_t top = app_modal_top(app);

	app_touch(app);
	if (top != 0) {
		const struct modal_ops *modal = app_modals[top];
		const enum action action = keys_action(modal->place, key);

		if (key == KEY_CTRL('l') || key == KEY_CTRL('z') || action == ACTION_INTERRUPT ||
		    action == ACTION_HELP)
			app_act(app, keys_action(PLACE_COMMON, key), "");
		else if (!key_move(app, action, modal->move))
			modal->key(app, action, key);
	} else {
		view_key(app, key);
	}
	app_settle(app);
}

unsigned int app_now_keys(const struct app *app, enum keys_place *ret_place)
{
	const struct app_device *d = app_device(app);
	const size_t top = app_modal_top(app);
	unsigned int now = KEYS_IN(app->view);

	if (top != 0) {
		*ret_place = app_modals[top]->place;
		return app_modals[top]->now ? app_modals[top]->now(app) : 0;
	}
	*ret_place = app_is_replay(app) ? PLACE_REPLAY : (enum keys_place)app->view;
	if (app_is_replay(app))
		return now | (app->view == VIEW_PROFILE ? KEYS_ROWS : 0);
	if (!app_device_runs(app))
		now |= KEYS_IDLE;
	else
		now |= KEYS_RUNS | (d->snapshot.hold ? KEYS_HELD : 0);
	if (app_image(app)->have)
		now |= KEYS_IMAGE;
	return app_views[app->view]->now ? now | app_views[app->view]->now(app) : now;
}
