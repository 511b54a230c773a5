/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image's file on the disk: a build that ends while the workbench is open is
 * noticed.  The folder is watched, not the file, since most tools replace it.
 */
#include "tui/app_priv.h"

#include <string.h>
#include <sys/inotify.h>

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int on_change(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct app *app = userdata;

	(void)source;
	if (event->len == 0 || strcmp(event->name, base_of(app->image_path)) != 0)
		return 0;
	if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		app_image_reread(app);
	else
		app_say(app, CELLS_WARNING, "the image's file is gone; what was read is kept");
	return 0;
}

void app_image_unwatch(struct app *app)
{
	app->image_watch = sd_event_source_disable_unref(app->image_watch);
}

void app_image_watch(struct app *app)
{
	const size_t folder_len = (size_t)(base_of(app->image_path) - app->image_path);
	char folder[APP_PATH_MAX];

	app_image_unwatch(app);
	(void)snprintf(folder, sizeof(folder), "%.*s", folder_len > 0 ? (int)folder_len : 1,
		       folder_len > 0 ? app->image_path : ".");
	/* Without it app_image_outdated() still sees a change before anything is sent. */
	if (sd_event_add_inotify(app->config.event, &app->image_watch, folder,
				 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE,
				 on_change, app) < 0)
		app->image_watch = NULL;
}

bool app_image_outdated(const struct app *app)
{
	const struct stat *before = &app->image_stat;
	struct stat now;

	/* A file that is gone, or a pipe, has nothing newer. */
	if (stat(app->image_path, &now) < 0 || !S_ISREG(now.st_mode))
		return false;
	return now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}
