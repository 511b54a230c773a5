/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image to upload: a file is read, compared with the device, and read again
 * when a build replaces it while the workbench is open.
 */
#include "tui/app_image.h"

#include "base/sha256.h"
#include "host/image_compare.h"
#include "host/recent_images.h"
#include "tui/app_device.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

static struct app_image *mine(const struct app *app)
{
	return app_part(app, PART_IMAGE);
}

const struct app_image *app_image(const struct app *app)
{
	return mine(app);
}

static void close_image(struct app_image *i)
{
	if (i->have)
		image_file_finish(&i->file);
	i->have = false;
}

static void compare_device(struct app *app)
{
	struct app_image *i = mine(app);
	const struct job_snapshot *s = &app_device(app)->snapshot;
	const struct lint_device device = image_compare_device(s);

	if (!i->have)
		return;
	i->shown = i->report;
	if (!app_device(app)->have_snapshot || s->dialect == DIALECT_UNKNOWN)
		return;
	lint_device(&i->image, &device, &i->shown);
}

bool app_image_is_same(const struct app *app)
{
	const struct app_image *i = mine(app);

	for (size_t at = 0; i->have && at < i->shown.count; at++) {
		if (i->shown.findings[at].check == LINT_SAME)
			return true;
	}
	return false;
}

bool app_image_is_refused(const struct app *app)
{
	const struct app_image *i = mine(app);

	return !i->have || lint_refused(&i->shown, app_config(app)->force);
}

static bool sends(const struct app *app)
{
	return app_device(app)->job && app_device(app)->goal == SESSION_UPDATE;
}

/* The file at image_path, in memory of its own: a build cannot change it under an update. */
static bool read_image(struct app *app, const char *path)
{
	struct app_image *i = mine(app);
	struct image_file file;
	struct stat before;
	char error[sizeof(i->error)] = "";
	const bool known = stat(path, &before) == 0;
	const int r = image_file_init_regular(&file, path, error, sizeof(error));

	/* The open image stays when another file cannot be read. */
	if (r < 0 && i->have && strcmp(path, i->path) != 0) {
		app_refuse(app, CELLS_BAD, "%s", error);
		return false;
	}
	close_image(i);
	(void)snprintf(i->path, sizeof(i->path), "%s", path);
	(void)snprintf(i->error, sizeof(i->error), "%s", error);
	i->stat = known ? before : (struct stat){.st_size = 0};
	i->reads++;
	if (r < 0) {
		app_refuse(app, CELLS_BAD, "%s", i->error);
		return false;
	}
	i->file = file;
	i->have = true;
	(void)image_read(file.data, file.size, sha256_buffer, &i->image, &i->report);
	compare_device(app);
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

/* --- the file: its folder is watched, since most tools replace it */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int on_change(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	const struct app_image *i = app_image(userdata);
	struct app *app = userdata;

	(void)source;
	if (event->len == 0 || strcmp(event->name, base_of(i->path)) != 0)
		return 0;
	if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		app_image_reread(app);
	else
		app_say(app, CELLS_WARNING, "the image's file is gone; what was read is kept");
	return 0;
}

static void unwatch(struct app *app)
{
	struct app_image *i = mine(app);

	i->watch = sd_event_source_disable_unref(i->watch);
}

static void watch(struct app *app)
{
	struct app_image *i = mine(app);
	const size_t folder_len = (size_t)(base_of(i->path) - i->path);
	char folder[APP_PATH_MAX];

	unwatch(app);
	(void)snprintf(folder, sizeof(folder), "%.*s", folder_len > 0 ? (int)folder_len : 1,
		       folder_len > 0 ? i->path : ".");
	/* Without it app_image_is_outdated() still sees a change before anything is sent. */
	if (sd_event_add_inotify(app_config(app)->event, &i->watch, folder,
				 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE,
				 on_change, app) < 0)
		i->watch = NULL;
}

bool app_image_open(struct app *app, const char *typed)
{
	struct app_image *i = mine(app);
	char path[APP_PATH_MAX];
	struct stat st;
	bool read;

	if (sends(app)) {
		app_say(app, CELLS_WARNING, "not while an image is being sent");
		return false;
	}
	expand(typed, path, sizeof(path));
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return app_image_open_folder(app, path);
	read = read_image(app, path);
	if (strcmp(path, i->path) == 0)
		watch(app); /* also of a file that is still to come */
	if (!read)
		return false;
	(void)recent_images_add(path);
	if (app_image_is_refused(app))
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	else
		app_say(app, CELLS_GOOD, "image read; u uploads it");
	return true;
}

void app_image_take(struct app *app, const char *path)
{
	(void)app_image_open(app, path);
}

void app_image_reread(struct app *app)
{
	struct app_image *i = mine(app);
	uint8_t before[OTA_SHA256_SIZE];
	char path[APP_PATH_MAX];
	const bool had = i->have;

	if (sends(app)) {
		i->stale = true;
		app_say(app, CELLS_WARNING,
			"the file changed on the disk: this update sends what was read before");
		return;
	}
	i->stale = false;
	memcpy(before, i->image.sha256, sizeof(before));
	memcpy(path, i->path, sizeof(path));
	if (!read_image(app, path))
		return;
	app_touch(app);
	if (had && memcmp(before, i->image.sha256, sizeof(before)) == 0)
		return;
	app_tell(app, APP_IMAGE_CHANGED);
	app_say(app, app_image_is_refused(app) ? CELLS_BAD : CELLS_WARNING,
		"changed on disk, read again: %s %s%s", i->image.project, i->image.version,
		app_image_is_refused(app) ? ", refused: see the checks" : "");
}

bool app_image_is_outdated(const struct app *app)
{
	const struct app_image *i = mine(app);
	const struct stat *before = &i->stat;
	struct stat now;

	/* A file that is gone, or a pipe, has nothing newer. */
	if (stat(i->path, &now) < 0 || !S_ISREG(now.st_mode))
		return false;
	return now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

void app_image_settled(struct app *app)
{
	if (app_image(app)->stale)
		app_image_reread(app);
}

static void image_finish(struct app *app)
{
	unwatch(app);
	close_image(mine(app));
}

static void image_on(struct app *app, enum app_event event)
{
	if (event == APP_DEVICE_CHANGED)
		compare_device(app);
}

const struct app_part_ops image_part = {
	.size = sizeof(struct app_image), .finish = image_finish, .on = image_on};
