/* SPDX-License-Identifier: Apache-2.0 */
/* The Image view's keys: a file is read, and compared with the device. */
#include "tui/app_priv.h"

#include "base/sha256.h"
#include "base/hex.h"
#include "host/recent_images.h"

#include <stdlib.h>
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

bool app_image_same(const struct app *app)
{
	for (size_t i = 0; app->have_image && i < app->shown.count; i++) {
		if (app->shown.findings[i].check == LINT_SAME)
			return true;
	}
	return false;
}

bool app_image_refused(const struct app *app)
{
	return !app->have_image || lint_refused(&app->shown, app->config.force);
}

static bool sends(const struct app *app)
{
	return app->job && app->goal == SESSION_UPDATE;
}

/* The file at image_path, in memory of its own: a build cannot change it under an update. */
static bool read_image(struct app *app)
{
	struct image_file file;
	struct stat before;
	const bool known = stat(app->image_path, &before) == 0;
	const int r =
		image_file_init(&file, app->image_path, app->image_error, sizeof(app->image_error));

	app_image_close(app);
	app->image_stat = known ? before : (struct stat){.st_size = 0};
	app->image_estimated[0] = '\0';
	if (r < 0) {
		app_say(app, CELLS_BAD, "%s", app->image_error);
		return false;
	}
	app->image_error[0] = '\0';
	app->file = file;
	app->have_image = true;
	(void)image_read(file.data, file.size, sha256_buffer, &app->image, &app->report);
	app_image_compare(app);
	return true;
}

/* "~/" is the home directory, also where Tab was not asked. */
static void expand(const char *path, char *buf, size_t size)
{
	const char *home = getenv("HOME");

	if (strncmp(path, "~/", 2) == 0 && home)
		(void)snprintf(buf, size, "%s%s", home, path + 1);
	else
		(void)snprintf(buf, size, "%s", path);
}

void app_image_open(struct app *app, const char *typed)
{
	char path[APP_PATH_MAX];
	struct stat st;

	if (sends(app)) {
		app_say(app, CELLS_WARNING, "not while an image is being sent");
		return;
	}
	expand(typed, path, sizeof(path));
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		app_image_open_folder(app, path);
		return;
	}
	memcpy(app->image_path, path, sizeof(app->image_path));
	app->image_scroll = 0;
	app_image_watch(app);
	if (!read_image(app))
		return;
	(void)recent_images_add(path);
	if (app_image_refused(app))
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	else
		app_say(app, CELLS_GOOD, "image read; u uploads it");
}

void app_image_reread(struct app *app)
{
	uint8_t before[OTA_SHA256_SIZE];
	const bool had = app->have_image;

	if (sends(app)) {
		app->image_stale = true;
		app_say(app, CELLS_WARNING,
			"the file changed on the disk: this update sends what was read before");
		return;
	}
	app->image_stale = false;
	memcpy(before, app->image.sha256, sizeof(before));
	if (!read_image(app))
		return;
	app->changed = true;
	if (had && memcmp(before, app->image.sha256, sizeof(before)) == 0)
		return;
	if (app->confirm == APP_CONFIRM_UPLOAD) /* it asked about another image */
		app->confirm = APP_CONFIRM_NOTHING;
	app_say(app, app_image_refused(app) ? CELLS_BAD : CELLS_WARNING,
		"changed on disk, read again: %s %s%s", app->image.project, app->image.version,
		app_image_refused(app) ? ", refused: see the checks" : "");
}

static void copy_hash(struct app *app)
{
	char hex[OTA_SHA256_SIZE * 2 + 1];

	if (!app->have_image) {
		app_say(app, CELLS_WARNING, "no image: o opens one");
		return;
	}
	hex_encode(app->image.sha256, OTA_SHA256_SIZE, hex);
	app_copy(app, hex);
}

static void compare(struct app *app)
{
	if (!app->have_image)
		app_say(app, CELLS_WARNING, "no image: o opens one");
	else if (app->address[0] == '\0')
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
	else if (app->have_snapshot && app->snapshot.dialect_known)
		app_image_show_compare(app);
	else if (app->job)
		app_say(app, CELLS_WARNING, "wait: the device has not told yet what it runs");
	else
		app_look(app);
}

void app_image_key(struct app *app, int32_t key)
{
	switch (key) {
	case 'o':
		app_image_ask(app, APP_ASK_IMAGE);
		break;
	case 'u':
		app_upload(app);
		break;
	case 'c':
		compare(app);
		break;
	case 'y':
		copy_hash(app);
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
