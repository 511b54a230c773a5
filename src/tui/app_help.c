/* SPDX-License-Identifier: Apache-2.0 */
/* Help over a view: its keys, then those of all views. */
#include "tui/app_core.h"

#include "view/layout.h"

struct help_state {
	size_t scroll;
};

static void help_move(struct app *app, long by)
{
	const struct area body = app_body(app);
	struct help_state *h = app_part(app, PART_HELP);

	if (by == 10 || by == -10) /* a page is what is shown */
		by = by / 10 * (body.h > 2 ? body.h - 2 : 1);
	h->scroll = layout_moved(h->scroll, by, view_help_end(app_view(app), body));
}

static void help_key(struct app *app, enum action action, int32_t key)
{
	struct help_state *h = app_part(app, PART_HELP);

	(void)key;
	if (action != ACTION_CLOSE)
		return;
	h->scroll = 0;
	app_modal_close(app, PART_HELP);
}

static void help_draw(struct app *app, struct cells *cells, struct area area)
{
	help_move(app, 0); /* the terminal may have grown */
	view_help_draw(app_view(app), ((struct help_state *)app_part(app, PART_HELP))->scroll,
		       cells, area);
}

static unsigned int help_now(const struct app *app)
{
	(void)app;
	return KEYS_TEXT;
}

const struct modal_ops help_modal = {
	.part = {.size = sizeof(struct help_state)},
	.place = PLACE_HELP,
	.draw = help_draw,
	.key = help_key,
	.move = help_move,
	.now = help_now,
};
