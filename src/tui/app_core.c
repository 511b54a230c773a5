/* SPDX-License-Identifier: Apache-2.0 */
/* See app_core.h: what every part may ask for. */
#include "tui/app_priv.h"

#include "view/layout.h"

#include <stdarg.h>

/* --- what parts ask for */

void *app_part(const struct app *app, size_t part)
{
	return app->parts[part];
}

void app_screen(struct app *app, FILE *out)
{
	if (app->text)
		app->text(app, out);
}

const struct app_config *app_config(const struct app *app)
{
	return &app->config;
}

void app_tell(struct app *app, enum app_event event)
{
	for (size_t i = 0; i < APP_PARTS; i++) {
		if (app->ops[i]->on)
			app->ops[i]->on(app, event);
	}
}

bool app_is_replay(const struct app *app)
{
	return app->config.replay != NULL;
}

const char *app_simulation(const struct app *app)
{
	return app->transport && app->transport->virtual_clock ? app->config.reach : NULL;
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

uint64_t app_now(const struct app *app)
{
	return app->transport->ops->now_us(app->transport);
}
