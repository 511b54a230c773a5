/* SPDX-License-Identifier: Apache-2.0 */
/* The mouse: what is clicked does what its key does; the wheel scrolls. */
#include "tui/app_priv.h"

#include "view/layout.h"

#define WHEEL_LINES 3

static bool inside(struct area area, int x, int y)
{
	return x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h;
}

static void wheel(struct app *app, int32_t key)
{
	const size_t top = app_modal_top(app);
	const int own = top != 0 ? app_modals[top]->wheel : app_views[app->view]->wheel;

	if (top != 0 && app_modals[top]->line)
		return; /* a question wants its answer */
	for (int i = own > 0 ? own : WHEEL_LINES; i > 0; i--)
		app_key(app, key);
}

static void mouse_click(struct app *app, int x, int y)
{
	const struct layout l = layout_frame((struct area){0, 0, app->width, app->height});
	const size_t top = app_modal_top(app);
	char keys[VIEW_TEXT];
	enum keys_place place;
	enum view view;
	int32_t key;

	if (inside(l.keys, x, y)) {
		const unsigned int now = app_now_keys(app, &place);

		key = view_frame_key_at(keys_footer(place, now, keys, sizeof(keys)), app->width,
					x - l.keys.x);
		if (key != TUI_KEY_NONE)
			app_key(app, key);
	} else if (top != 0) {
		if (app_modals[top]->click)
			app_modals[top]->click(app, l.body, x, y);
	} else if (inside(l.tabs, x, y)) {
		view = view_frame_tab_at(app->view, app->width, x - l.tabs.x);
		if (view < VIEWS)
			app_key(app, '1' + (int32_t)view);
	} else if (inside(l.body, x, y) && app_views[app->view]->click) {
		app_views[app->view]->click(app, l.body, x, y);
	}
}

void app_mouse(struct app *app, enum tui_mouse what, int x, int y)
{
	app_touch(app);
	switch (what) {
	case TUI_MOUSE_CLICK:
		mouse_click(app, x, y);
		break;
	case TUI_MOUSE_UP:
		wheel(app, TUI_KEY_UP);
		break;
	case TUI_MOUSE_DOWN:
		wheel(app, TUI_KEY_DOWN);
		break;
	}
}
