/* SPDX-License-Identifier: Apache-2.0 */
/* The mouse: what is clicked does what its key does; the wheel scrolls. */
#include "tui/app_priv.h"

#include "view/layout.h"

#include <string.h>

#define WHEEL_LINES 3

static bool inside(struct area area, int x, int y)
{
	return x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h;
}

static void press(struct app *app, int32_t key, int times)
{
	while (times-- > 0)
		app_key(app, key);
}

static void wheel(struct app *app, bool up)
{
	const bool list = app->view == VIEW_SCAN || app->menu.open;

	/* In lists one step is one row, or the wheel would jump over what is meant. */
	press(app, up ? TUI_KEY_UP : TUI_KEY_DOWN, list ? 1 : WHEEL_LINES);
}

/* Once selects, on what is selected already it is Enter. */
static void click_scan(struct app *app, struct area body, int y)
{
	const size_t row = app_scan_row(app);
	const size_t hit = view_scan_row_at(body, app->order_count, row, y - body.y);

	if (hit >= app->order_count)
		return;
	if (hit == row)
		app_key(app, TUI_KEY_ENTER);
	else
		app_scan_select(app, hit);
}

static void click_menu(struct app *app, struct area body, int x, int y)
{
	struct view_menu menu;
	char title[VIEW_TEXT];
	size_t hit;

	app_menu_view(app, &menu, title, sizeof(title));
	hit = view_menu_at(&menu, body, x, y);
	if (hit >= menu.count)
		return;
	if (hit == app->menu.selected)
		app_key(app, TUI_KEY_ENTER);
	else
		app->menu.selected = hit;
}

static void click(struct app *app, int x, int y)
{
	const struct layout l = layout_frame((struct area){0, 0, app->width, app->height});
	enum view view;
	int32_t key;

	if (inside(l.keys, x, y)) {
		key = view_frame_key_at(app_keys(app), app->width, x - l.keys.x);
		if (key != TUI_KEY_NONE)
			app_key(app, key);
	} else if (app->ask != APP_ASK_NOTHING || app->confirm != APP_CONFIRM_NOTHING) {
		return; /* a question wants its answer */
	} else if (app->menu.open) {
		click_menu(app, l.body, x, y);
	} else if (inside(l.tabs, x, y)) {
		view = view_frame_tab_at(app->view, app->width, x - l.tabs.x);
		if (view < VIEWS)
			app_key(app, '1' + (int32_t)view);
	} else if (app->view == VIEW_SCAN && !app->help && app->panel.kind == APP_PANEL_NONE &&
		   inside(l.body, x, y)) {
		click_scan(app, l.body, y);
	}
}

void app_mouse(struct app *app, enum tui_mouse what, int x, int y)
{
	app->changed = true;
	switch (what) {
	case TUI_MOUSE_CLICK:
		click(app, x, y);
		break;
	case TUI_MOUSE_UP:
	case TUI_MOUSE_DOWN:
		if (app->ask == APP_ASK_NOTHING && app->confirm == APP_CONFIRM_NOTHING)
			wheel(app, what == TUI_MOUSE_UP);
		break;
	}
}

bool app_wants_mouse(const struct app *app)
{
	return !app->mouse_off;
}
