/* SPDX-License-Identifier: Apache-2.0 */
/* See app.h: the workbench's life, and its parts put together. */
#include "tui/app_priv.h"

#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_log.h"
#include "tui/app_offer.h"
#include "tui/app_replay.h"
#include "tui/app_scan.h"

#include <stdlib.h>

#define VIEW_ROW(upper, lower, name, tab) &lower##_view,
const struct view_ops *const app_views[VIEWS] = {VIEW_EACH(VIEW_ROW)};

const struct modal_ops *const app_modals[PART_SERVICES] = {
	[PART_BENCH] = &bench_modal,   [PART_SWEEP] = &sweep_modal, [PART_PANEL] = &panel_modal,
	[PART_MENU] = &menu_modal,     [PART_HELP] = &help_modal,   [PART_CONFIRM] = &confirm_modal,
	[PART_PROMPT] = &prompt_modal,
};

static const struct app_part_ops *const services[] = {
	[PART_COMMAND - PART_SERVICES] = &command_part,
	[PART_LOG - PART_SERVICES] = &log_part,
	[PART_DEVICE - PART_SERVICES] = &device_part,
	[PART_PROFILE - PART_SERVICES] = &profile_part,
	[PART_IMAGE - PART_SERVICES] = &image_part,
	[PART_UPLOAD - PART_SERVICES] = &upload_part,
	[PART_TRUST - PART_SERVICES] = &trust_part,
	[PART_JOURNAL - PART_SERVICES] = &journal_part,
	[PART_LEFT - PART_SERVICES] = &left_part,
	[PART_OFFER - PART_SERVICES] = &offer_part,
	[PART_EFFECT - PART_SERVICES] = &effect_part,
	[PART_REPLAY - PART_SERVICES] = &replay_part,
};

static const struct app_part_ops *part_ops(size_t part)
{
	if (part < VIEWS)
		return &app_views[part]->part;
	if (part < PART_SERVICES)
		return &app_modals[part]->part;
	return services[part - PART_SERVICES];
}

/* --- life */

int app_create(const struct app_config *config, struct app **ret)
{
	struct app *app = calloc(1, sizeof(*app));

	if (!app)
		return -OTA_ENOMEM;
	app->config = *config;
	app->transport = config->transport;
	app->mouse_off = config->no_mouse;
	for (size_t i = 0; i < APP_PARTS; i++) {
		app->ops[i] = part_ops(i);
		app->parts[i] = calloc(1, app->ops[i]->size + 1); /* never NULL for none */
		if (!app->parts[i]) {
			app_destroy(app);
			return -OTA_ENOMEM;
		}
	}
	for (size_t i = 0; i < APP_PARTS; i++) {
		if (app->ops[i]->begin)
			app->ops[i]->begin(app);
	}
	if (config->replay) {
		const int r = app_replay_open(app);

		if (r < 0)
			app_destroy(app);
		else
			*ret = app;
		return r;
	}
	app_log_watch(app);
	app_scan_begin(app);
	if (config->image)
		(void)app_image_open(app, config->image);
	app_offer_begin(app);
	*ret = app;
	return 0;
}

void app_destroy(struct app *app)
{
	if (!app)
		return;
	for (size_t i = APP_PARTS; i-- > 0;) {
		if (app->parts[i] && app->ops[i]->finish)
			app->ops[i]->finish(app);
	}
	for (size_t i = 0; i < APP_PARTS; i++)
		free(app->parts[i]);
	free(app);
}

bool app_changed(const struct app *app)
{
	return app->changed;
}

bool app_ended(const struct app *app, int *ret_status)
{
	*ret_status = app->status;
	return app->ended;
}

/* --- what the caller takes */

static bool take(bool *wanted)
{
	const bool is = *wanted;

	*wanted = false;
	return is;
}

bool app_take_suspend(struct app *app)
{
	return take(&app->suspend);
}

bool app_take_redraw(struct app *app)
{
	return take(&app->redraw);
}

const char *app_take_copy(struct app *app)
{
	return take(&app->copy_wanted) ? app->copy : NULL;
}

void app_copy_failed(struct app *app)
{
	app_say(app, CELLS_WARNING, "this terminal cannot copy: %s", app->copy);
}

const char *app_take_edit(struct app *app, unsigned int *ret_line)
{
	if (!take(&app->edit_wanted))
		return NULL;
	*ret_line = app->edit_line;
	return app->edit_path;
}

void app_edited(struct app *app, bool ok)
{
	app_touch(app);
	app_tune_edited(app, ok);
}

bool app_wants_mouse(const struct app *app)
{
	return !app->mouse_off;
}
