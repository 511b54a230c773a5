/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of an image: those built here and those opened last, above the line for a path. */
#include "config.h" /* system extensions: scandir(), realpath() */

#include "tui/app_image.h"

#include "base/file_read.h"
#include "base/sha256.h"
#include "base/output.h"
#include "host/recent_images.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PEEK_BYTES 4096u /* the header, the first segments, the application descriptor */

static bool ends_in_bin(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".bin") == 0;
}

static int is_bin(const struct dirent *entry)
{
	return ends_in_bin(entry);
}

/* Reads an image's description without reading all of it; false: no application. */
static bool peek(const char *path, char *buf, size_t size)
{
	static struct lint_report report;
	uint8_t start[PEEK_BYTES];
	char bytes[OUTPUT_FIGURE_MAX];
	const struct image_chip *chip;
	FILE *in = file_read_stream(path);
	struct image image;
	struct stat st;
	size_t len;

	if (!in)
		return false;
	len = fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode)
		      ? fread(start, 1, sizeof(start), in)
		      : 0;
	(void)fclose(in);
	if (len == 0)
		return false;
	(void)image_read(start, len, sha256_buffer, &image, &report);
	if (!image.has_descriptor)
		return false;
	chip = image_chip_by_id(image.chip_id);
	(void)snprintf(buf, size, "%s %s  %s  %s", image.project, image.version,
		       chip ? chip->title : "unknown chip",
		       output_bytes((uint64_t)st.st_size, bytes, sizeof(bytes)));
	return true;
}

static bool is_listed(const struct app *app, const char *path)
{
	char whole[PATH_MAX], other[PATH_MAX];

	if (!realpath(path, whole))
		return true;
	for (size_t i = 0; i < app_panel_count(app); i++) {
		if (realpath(app_panel_left(app, i), other) && strcmp(whole, other) == 0)
			return true;
	}
	return false;
}

/* The applications among the folder's *.bin files; ESP-IDF puts them into build/. */
static void add_folder(struct app *app, const char *folder)
{
	struct dirent **names = NULL;
	const bool here = strcmp(folder, ".") == 0;
	const int count = scandir(folder, &names, is_bin, alphasort);

	for (int i = 0; i < count; i++) {
		char path[APP_PATH_MAX], what[VIEW_TEXT];

		if (snprintf(path, sizeof(path), "%s%s%s", here ? "" : folder, here ? "" : "/",
			     names[i]->d_name) < (int)sizeof(path) &&
		    !is_listed(app, path) && peek(path, what, sizeof(what)))
			app_panel_add(app, CELLS_NORMAL, path, what);
		free(names[i]);
	}
	free(names);
}

static void add_recent(struct app *app)
{
	struct recent_images *recent = calloc(1, sizeof(*recent));

	if (!recent)
		return;
	recent_images_load(recent);
	for (size_t i = 0; i < recent->count; i++) {
		char what[VIEW_TEXT];

		/* A file that a build removed returns with the next build: keep it listed. */
		if (!is_listed(app, recent->paths[i]) && peek(recent->paths[i], what, sizeof(what)))
			app_panel_add(app, CELLS_NORMAL, recent->paths[i], what);
	}
	free(recent);
}

static void image_list_ask(struct app *app, void (*done)(struct app *app, const char *path),
			   const char *text)
{
	const struct prompt prompt = {.label = "image file: ",
				      .done = done,
				      .complete = app_prompt_complete_path,
				      .filled = true,
				      .list = app_panel_count(app) > 0};

	if (!prompt.list)
		app_modal_close(app, PART_PANEL);
	app_prompt_open(app, &prompt, text);
}

void app_image_ask(struct app *app, void (*done)(struct app *app, const char *path))
{
	const struct panel panel = {.title = "Built here, and opened last"};

	app_panel_open(app, &panel);
	add_folder(app, "build");
	add_folder(app, ".");
	add_recent(app);
	image_list_ask(app, done, app_image(app)->path);
}

bool app_image_open_folder(struct app *app, const char *folder)
{
	char build[APP_PATH_MAX + 8], text[APP_PATH_MAX], one[APP_PATH_MAX];
	const struct panel panel = {.title = folder};
	const size_t len = strlen(folder);

	(void)snprintf(text, sizeof(text), "%.*s",
		       (int)(len > 1 && folder[len - 1] == '/' ? len - 1 : len), folder);
	(void)snprintf(build, sizeof(build), "%s/build", text);
	app_panel_open(app, &panel);
	add_folder(app, text);
	add_folder(app, build);
	if (app_panel_count(app) == 1) {
		(void)snprintf(one, sizeof(one), "%s", app_panel_left(app, 0));
		app_modal_close(app, PART_PANEL);
		return app_image_open(app, one);
	}
	if (app_panel_count(app) == 0) {
		app_modal_close(app, PART_PANEL);
		app_refuse(app, CELLS_WARNING, "%.200s: no application image in it", folder);
		return false;
	}
	image_list_ask(app, app_image_take, folder);
	return false;
}
