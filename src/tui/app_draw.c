/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: a view, what is open over it, and the lines around both. */
#include "tui/app_priv.h"

#include "host/job_blocked.h"
#include "tui/app_device.h"
#include "tui/app_replay.h"
#include "view/layout.h"

/* Without a message, the line shows the state of the update under way. */
static const char *message_of(const struct app *app, char *buf, size_t size)
{
	const struct job_snapshot *s = &app_device(app)->snapshot;
	char wait[JOB_TEXT_MAX];

	if (app->message[0] == '\0' && app_is_replay(app))
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

	if (app_is_replay(app)) {
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
	app->text = app_draw_text;
}

void app_draw_text(struct app *app, FILE *out)
{
	struct cells cells;

	if (app->width <= 0 || cells_init(&cells, app->width, app->height, false) < 0)
		return;
	app_draw(app, &cells);
	app->changed = true; /* that was not the terminal */
	cells_dump(&cells, out);
	cells_finish(&cells);
}
