/* SPDX-License-Identifier: Apache-2.0 */
/* The image that is to be uploaded, and its file. */
#ifndef OTABENCH_TUI_APP_IMAGE_H
#define OTABENCH_TUI_APP_IMAGE_H

#include "host/image_file.h"
#include "tui/app_core.h"

#include <sys/stat.h>

struct app_image {
	char path[APP_PATH_MAX], error[VIEW_TEXT];
	bool have;
	struct image_file file;
	struct image image;
	struct lint_report report; /* of the file alone */
	struct lint_report shown; /* ... and against the device, where it is known */
	struct stat stat; /* of the file as it was read */
	sd_event_source *watch; /* of the folder that it is in */
	bool stale; /* it changed while an update sends the bytes read before */
	unsigned int reads; /* how often a file was read */
};
const struct app_image *app_image(const struct app *app);

/* --- app_image.c */
/* Returns true if the file was read, whatever its checks say.  Otherwise the open image stays. */
bool app_image_open(struct app *app, const char *typed);
void app_image_take(struct app *app, const char *path); /* the same, for prompts and lists */
/* The file is another one now: it is read again, or after the update that sends the old one. */
void app_image_reread(struct app *app);
void app_image_settled(struct app *app); /* that update has ended */
bool app_image_is_refused(const struct app *app);
/* The device runs this very image already, as far as it was asked. */
bool app_image_is_same(const struct app *app);
/* Returns true if the file changed since it was read, where no event tells. */
bool app_image_is_outdated(const struct app *app);

/* --- app_image_list.c */
/* Asks for a path, with the recent ones and those built here in sight; done() gets it. */
void app_image_ask(struct app *app, void (*done)(struct app *app, const char *path));
/* The images in a folder to choose from; opens it where there is one. */
bool app_image_open_folder(struct app *app, const char *folder);

/* --- app_image_view.c: ":image", which asks for a file where there is none */
void app_image_show(struct app *app, const char *path);

#endif
