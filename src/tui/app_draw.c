/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: a view, what is open over it, and the lines around both. */
#include "tui/app_priv.h"

#include "host/job_blocked.h"
#include "tui/app_device.h"
#include "tui/app_replay.h"
#include "view/layout.h"

/* Where nothing was said, what an update under way comes to is worth the line. */
static const char *message_of(const struct app *app, char *buf, size_t size)
{
	const struct job_snapshot *s = &app_device(app)->snapshot;
	char wait[JOB_TEXT_MAX];

	if (app->message[0] == '\0' && app_replay_is(app))
		return app_replay_text(app, buf, size);
	if (app->message[0] != '\0' || !app_device_runs(app) || app->view == VIEW_DEVICE)
		return app->message;
	if (job_blocked_text(s, wait, sizeof(wait)) == JOB_BLOCKED_NONE)
		(void)app_device_progress(app, wait, sizeof(wait));
	(void)snprintf(buf, size, "%.60s: %.180s", app_device_title(app), wait);
	return buf;
}

static void draw_frame(struct app *app, struct cells *cells)
{
	char message[VIEW_TEXT], badge[64], source[VIEW_TEXT], keys[VIEW_TEXT];
	const size_t top = app_modal_top(app);
	enum keys_place place;
	const unsigned int now = app_now_keys(app, &place);
	struct view_frame frame = {
		.view = app->view,
		.source = app->config.source,
		.source_style = CELLS_DIM,
		.message = message_of(app, message, sizeof(message)),
		.message_style = app->message_style,
		.keys = keys_footer(place, now, keys, sizeof(keys)),
	};

	if (app_replay_is(app)) {
		frame.source = app_replay_badge(app, badge, sizeof(badge));
		frame.source_style = CELLS_WARNING;
	} else if (app->config.readonly) {
		(void)snprintf(source, sizeof(source), "READ-ONLY  %s", app->config.source);
		frame.source = source;
	}
	if (top != 0 && app_modals[top]->line)
		app_modals[top]->line(app, &frame);
	view_frame_draw(&frame, cells);
}

void app_draw(struct app *app, struct cells *cells)
{
	const struct area body = layout_frame(cells_area(cells)).body;

	app->width = cells->width;
	app->height = cells->height;
	cells_clear(cells);
	app_views[app->view]->draw(app, cells, body);
	for (size_t part = PART_MODALS; part < PART_SERVICES; part++) {
		if (app->open[part] && app_modals[part]->draw)
			app_modals[part]->draw(app, cells, body);
	}
	draw_frame(app, cells);
	app->changed = false;
}

/* --- help */

struct help_state {
	size_t scroll;
};

static void help_move(struct app *app, long by)
{
	const struct area body = app_body(app);
	struct help_state *h = app_part(app, PART_HELP);

	if (by == 10 || by == -10) /* a page is what is shown */
		by = by / 10 * (body.h > 2 ? body.h - 2 : 1);
	h->scroll = layout_moved(h->scroll, by, view_help_end(app->view, body));
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
	view_help_draw(app->view, ((struct help_state *)app_part(app, PART_HELP))->scroll, cells,
		       area);
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
