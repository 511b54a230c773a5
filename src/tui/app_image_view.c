/* SPDX-License-Identifier: Apache-2.0 */
/* The Image view: its checks, what the device runs beside it, and how long an update will take. */
#include "tui/app_image.h"

#include "base/hex.h"
#include "host/image_compare.h"
#include "tui/app_device.h"
#include "tui/app_estimate.h"
#include "tui/app_profile.h"
#include "view/layout.h"

#include <string.h>

struct image_state {
	size_t scroll; /* lines of the checks to skip ... */
	unsigned int reads; /* ... of this image */
	char estimate[VIEW_TEXT]; /* from the history ... */
	char estimated[VIEW_TEXT]; /* ... of this image, profile and device */
};

static struct image_state *mine(const struct app *app)
{
	return app_part(app, VIEW_IMAGE);
}

static bool device_of(const struct app *app, struct lint_device *ret)
{
	const struct job_snapshot *s = &app_device(app)->snapshot;

	if (!app_image(app)->have || !app_device(app)->have_snapshot ||
	    s->dialect == DIALECT_UNKNOWN)
		return false;
	*ret = image_compare_device(s);
	return true;
}

/* "esp-gw-07 runs 1.4.2: upgrade" */
static enum cells_style device_line(const struct app *app, char *buf, size_t size)
{
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	enum lint_severity severity;
	struct lint_device device;
	const char *word;

	buf[0] = '\0';
	if (!device_of(app, &device))
		return CELLS_NORMAL;
	(void)image_compare(&app_image(app)->image, &device, rows, &word, &severity);
	(void)snprintf(buf, size, "%.60s runs %.60s%s%s", app_device_title(app),
		       device.version[0] != '\0' ? device.version : "an unknown version",
		       word[0] != '\0' ? ": " : "", word);
	return view_severity_style(severity);
}

/* The verdict stands first: a long version, or a narrow screen, cuts what comes last. */
static void add_compared(struct app *app, const struct image_compare_row *rows, size_t count)
{
	char right[VIEW_TEXT];
	int verdict_w = 0, image_w = 0;

	for (size_t i = 0; i < count; i++) {
		const int verdict = (int)strlen(rows[i].verdict),
			  image = (int)strlen(rows[i].image);

		verdict_w = verdict > verdict_w ? verdict : verdict_w;
		image_w = image > image_w ? image : image_w;
	}
	(void)snprintf(right, sizeof(right), "%*s  %-*s  DEVICE", verdict_w, "", image_w, "IMAGE");
	app_panel_add(app, CELLS_DIM, " ", right);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(right, sizeof(right), "%-*s  %-*s  %s", verdict_w, rows[i].verdict,
			       image_w, rows[i].image, rows[i].device);
		app_panel_add(app, view_severity_style(rows[i].severity), rows[i].name, right);
	}
}

static void show_compare(struct app *app)
{
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	char title[VIEW_TEXT];
	const struct panel panel = {.title = title};
	enum lint_severity severity;
	struct lint_device device;
	const char *word;
	size_t count;

	if (!device_of(app, &device))
		return;
	count = image_compare(&app_image(app)->image, &device, rows, &word, &severity);
	(void)snprintf(title, sizeof(title), "Image and %.60s%s%s", app_device_title(app),
		       word[0] != '\0' ? ": " : "", word);
	app_panel_open(app, &panel);
	add_compared(app, rows, count);
}

/* --- time */

/* Asked anew when image, profile or device is another, or a run has ended. */
static const char *from_history(struct app *app)
{
	char key[VIEW_TEXT];

	(void)snprintf(key, sizeof(key), "%u %zu %.60s %.30s %d", app_image(app)->reads,
		       app_image(app)->image.size, app_profile(app)->now.name,
		       app_device(app)->address, app_device(app)->job != NULL);
	if (strcmp(key, mine(app)->estimated) != 0) {
		memcpy(mine(app)->estimated, key, sizeof(key));
		(void)app_estimate_past(app, mine(app)->estimate, sizeof(mine(app)->estimate));
	}
	return mine(app)->estimate;
}

#define ESTIMATE_TEXT (VIEW_TEXT * 2 + 2)

static void estimate_line(struct app *app, char buf[ESTIMATE_TEXT])
{
	const char *past = from_history(app);
	char least[VIEW_TEXT];

	(void)app_estimate_least(app, (uint32_t)app_image(app)->image.size, least, sizeof(least));
	(void)snprintf(buf, ESTIMATE_TEXT, "%s%s%s", past,
		       past[0] != '\0' && least[0] != '\0' ? "; " : "", least);
}

static void image_view_draw(struct app *app, struct cells *cells, struct area area)
{
	char estimate[ESTIMATE_TEXT] = "", device[VIEW_TEXT];
	struct view_image v = {
		.path = app_image(app)->path,
		.error = app_image(app)->error,
		.image = &app_image(app)->image,
		.report = &app_image(app)->shown,
		.refused = app_image_is_refused(app),
		.estimate = estimate,
		.device = device,
		.scroll = mine(app)->scroll,
	};

	if (mine(app)->reads != app_image(app)->reads)
		v.scroll = mine(app)->scroll = 0;
	mine(app)->reads = app_image(app)->reads;
	v.device_style = device_line(app, device, sizeof(device));
	if (app_image(app)->have)
		estimate_line(app, estimate);
	view_image_draw(&v, cells, area);
}

/* --- keys */

static void copy_hash(struct app *app)
{
	char hex[OTA_SHA256_SIZE * 2 + 1];

	if (!app_image(app)->have) {
		app_say(app, CELLS_WARNING, "no image: o opens one");
		return;
	}
	hex_encode(app_image(app)->image.sha256, OTA_SHA256_SIZE, hex);
	app_copy(app, hex);
}

static void image_view_compare(struct app *app)
{
	const struct app_device *d = app_device(app);

	if (!app_image(app)->have)
		app_say(app, CELLS_WARNING, "no image: o opens one");
	else if (!app_device_is_chosen(app))
		return;
	else if (d->have_snapshot && d->snapshot.dialect != DIALECT_UNKNOWN)
		show_compare(app);
	else if (d->job)
		app_say(app, CELLS_WARNING, "wait: the device has not reported its firmware yet");
	else
		app_device_look(app);
}

static void image_view_move(struct app *app, long by)
{
	const struct app_image *i = app_image(app);

	mine(app)->scroll = layout_moved(mine(app)->scroll, by,
					 i->have && i->shown.count > 0 ? i->shown.count - 1 : 0);
}

void app_image_show(struct app *app, const char *path)
{
	app_show(app, VIEW_IMAGE);
	if (path[0] == '\0')
		app_image_ask(app, app_image_take);
	else
		(void)app_image_open(app, path);
}

static bool image_view_act(struct app *app, enum action action)
{
	if (action == ACTION_COMPARE)
		image_view_compare(app);
	else if (action == ACTION_COPY)
		copy_hash(app);
	else
		return false;
	return true;
}

static unsigned int image_view_now(const struct app *app)
{
	(void)app;
	return KEYS_TEXT;
}

const struct view_ops image_view = {
	.part = {.size = sizeof(struct image_state)},
	.draw = image_view_draw,
	.act = image_view_act,
	.move = image_view_move,
	.now = image_view_now,
};
