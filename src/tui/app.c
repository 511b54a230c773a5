/* SPDX-License-Identifier: Apache-2.0 */
/* See app.h and app_core.h: the workbench's life, and what its parts ask of it. */
#include "tui/app_priv.h"

#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"
#include "tui/app_recover.h"
#include "tui/app_replay.h"
#include "tui/app_scan.h"
#include "view/layout.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_ROW(upper, lower, name, tab) &lower##_view,
const struct view_ops *const app_views[VIEWS] = {VIEW_EACH(VIEW_ROW)};

const struct modal_ops *const app_modals[PART_SERVICES] = {
	[PART_PANEL] = &panel_modal,	 [PART_MENU] = &menu_modal,	[PART_HELP] = &help_modal,
	[PART_CONFIRM] = &confirm_modal, [PART_PROMPT] = &prompt_modal,
};

static const struct app_part_ops *const services[] = {
	[PART_COMMAND - PART_SERVICES] = &command_part,
	[PART_LOG - PART_SERVICES] = &log_part,
	[PART_DEVICE - PART_SERVICES] = &device_part,
	[PART_PROFILE - PART_SERVICES] = &profile_part,
	[PART_IMAGE - PART_SERVICES] = &image_part,
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

/* --- what parts ask for */

void *app_part(const struct app *app, size_t part)
{
	return app->parts[part];
}

const struct app_config *app_config(const struct app *app)
{
	return &app->config;
}

struct transport *app_transport(const struct app *app)
{
	return app->transport;
}

void app_use_transport(struct app *app, struct transport *transport)
{
	app->transport = transport;
}

void app_say(struct app *app, enum cells_style style, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(app->message, sizeof(app->message), format, ap);
	va_end(ap);
	app->message_style = style;
	app->changed = true;
}

void app_hush(struct app *app)
{
	app->message[0] = '\0';
}

void app_touch(struct app *app)
{
	app->changed = true;
}

void app_show(struct app *app, enum view view)
{
	app->view = view;
}

enum view app_view(const struct app *app)
{
	return app->view;
}

int app_width(const struct app *app)
{
	return app->width;
}

struct area app_body(const struct app *app)
{
	return layout_frame((struct area){0, 0, app->width, app->height}).body;
}

void app_copy(struct app *app, const char *text)
{
	(void)snprintf(app->copy, sizeof(app->copy), "%s", text);
	app->copy_wanted = app->copy[0] != '\0';
	app_say(app, CELLS_TITLE, "copied: %s", text);
}

void app_edit(struct app *app, const char *path, unsigned int line)
{
	(void)snprintf(app->edit_path, sizeof(app->edit_path), "%s", path);
	app->edit_line = line;
	app->edit_wanted = true;
}

bool app_may_change(struct app *app)
{
	if (app->config.readonly)
		app_say(app, CELLS_WARNING, "not with --readonly: this changes a device");
	return !app->config.readonly;
}

/* --- what is open over a view */

void app_modal_open(struct app *app, size_t part)
{
	app->open[part] = true;
}

void app_modal_close(struct app *app, size_t part)
{
	app->open[part] = false;
}

bool app_modal_is_open(const struct app *app, size_t part)
{
	return app->open[part];
}

size_t app_modal_top(const struct app *app)
{
	for (size_t part = PART_SERVICES; part-- > PART_MODALS;) {
		if (app->open[part])
			return part;
	}
	return 0;
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
		app->parts[i] = calloc(1, part_ops(i)->size + 1); /* never NULL for none */
		if (!app->parts[i]) {
			app_destroy(app);
			return -OTA_ENOMEM;
		}
	}
	for (size_t i = 0; i < APP_PARTS; i++) {
		if (part_ops(i)->begin)
			part_ops(i)->begin(app);
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
		app_image_open(app, config->image);
	*ret = app;
	return 0;
}

void app_destroy(struct app *app)
{
	if (!app)
		return;
	for (size_t i = APP_PARTS; i-- > 0;) {
		if (app->parts[i] && part_ops(i)->finish)
			part_ops(i)->finish(app);
	}
	for (size_t i = 0; i < APP_PARTS; i++)
		free(app->parts[i]);
	free(app);
}

/* A job that ended makes room; scanning goes on. */
void app_settle(struct app *app)
{
	if (!app_device_settle(app) || app_replay_is(app))
		return;
	app_menu_tell_foreign(app);
	if (app->quitting) {
		app->ended = true;
		return;
	}
	app_scan_begin(app);
	app_menu_settled(app);
	app_image_settled(app);
	app_device_look_settled(app);
}

void app_tick(struct app *app)
{
	app_settle(app);
	if (app_device_sample(app))
		app->changed = true;
}

uint64_t app_now(const struct app *app)
{
	return app->transport->ops->now_us(app->transport);
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

void app_quit(struct app *app)
{
	if (!app_device_runs(app) || app_replay_is(app)) {
		app->ended = true;
		return;
	}
	app->status = APP_STATUS_CANCELLED;
	if (app->quitting) { /* asked for twice: at once */
		app->ended = true;
		return;
	}
	app->quitting = true;
	app_say(app, CELLS_WARNING, "cancelling, then ending; once more ends at once");
	app_device_cancel(app);
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
	app_say(app, CELLS_WARNING, "this terminal takes no copies: %s", app->copy);
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
	app->changed = true;
	app_profile_edited(app, ok);
}

bool app_wants_mouse(const struct app *app)
{
	return !app->mouse_off;
}
