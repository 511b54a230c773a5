/* SPDX-License-Identifier: Apache-2.0 */
/* The Image view's keys: choosing a file, reading it, comparing it with the device. */
#include "tui/app_priv.h"

#include "host/hash.h"

#include <string.h>

void app_image_close(struct app *app)
{
	if (app->have_image)
		image_file_finish(&app->file);
	app->have_image = false;
}

void app_image_compare(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;
	struct lint_device device = {.version = s->version};

	if (!app->have_image)
		return;
	app->shown = app->report;
	if (!app->have_snapshot || !s->dialect_known)
		return;
	device.info = s->have_info ? &s->info : NULL;
	lint_device(&app->image, &device, &app->shown);
}

bool app_image_refused(const struct app *app)
{
	return !app->have_image || lint_refused(&app->shown, app->config.force);
}

void app_image_open(struct app *app, const char *path)
{
	struct image_file file;
	int r;

	if (app->job && app->goal == SESSION_UPDATE) {
		app_say(app, CELLS_WARNING, "not while an image is being sent");
		return;
	}
	r = image_file_init(&file, path, app->image_error, sizeof(app->image_error));
	app_image_close(app);
	(void)snprintf(app->image_path, sizeof(app->image_path), "%s", path);
	app->image_scroll = 0;
	if (r < 0) {
		app_say(app, CELLS_BAD, "%s", app->image_error);
		return;
	}
	app->image_error[0] = '\0';
	app->file = file;
	app->have_image = true;
	(void)image_read(file.data, file.size, hash_sha256, &app->image, &app->report);
	app_image_compare(app);
	if (app_image_refused(app))
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	else
		app_say(app, CELLS_GOOD, "image read; u uploads it");
}

void app_image_key(struct app *app, int32_t key)
{
	switch (key) {
	case 'o':
		app_ask(app, APP_ASK_IMAGE, app->image_path);
		break;
	case 'u':
		app_upload(app);
		break;
	case 'j':
	case TUI_KEY_DOWN:
	case TUI_KEY_PAGE_DOWN:
		if (app->have_image && app->image_scroll + 1 < app->shown.count)
			app->image_scroll++;
		break;
	case 'k':
	case TUI_KEY_UP:
	case TUI_KEY_PAGE_UP:
		if (app->image_scroll > 0)
			app->image_scroll--;
		break;
	default: /* means nothing here */
		break;
	}
}
