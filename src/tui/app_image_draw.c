/* SPDX-License-Identifier: Apache-2.0 */
/* From the workbench's state to the Image view: what the device runs beside it, and how long an
 * update will take. */
#include "tui/app_priv.h"

#include "history/history.h"
#include "host/image_compare.h"
#include "base/output.h"

#include <string.h>

static enum cells_style style_of(enum lint_severity severity)
{
	switch (severity) {
	case LINT_OK:
		return CELLS_GOOD;
	case LINT_NOTE:
		return CELLS_NORMAL;
	case LINT_WARNING:
		return CELLS_WARNING;
	case LINT_ERROR:
		return CELLS_BAD;
	}
	return CELLS_NORMAL;
}

static bool device_of(const struct app *app, struct lint_device *ret)
{
	const struct job_snapshot *s = &app->snapshot;

	if (!app->have_image || !app->have_snapshot || !s->dialect_known)
		return false;
	*ret = (struct lint_device){.info = s->have_info ? &s->info : NULL, .version = s->version};
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
	(void)image_compare(&app->image, &device, rows, &word, &severity);
	(void)snprintf(
		buf, size, "%.60s runs %.60s%s%s", app->name[0] != '\0' ? app->name : app->address,
		device.version[0] != '\0' ? device.version : "a version that it does not tell",
		word[0] != '\0' ? ": " : "", word);
	return style_of(severity);
}

void app_image_show_compare(struct app *app)
{
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	char right[VIEW_TEXT], title[VIEW_TEXT];
	enum lint_severity severity;
	struct lint_device device;
	const char *word;
	size_t count;

	if (!device_of(app, &device))
		return;
	count = image_compare(&app->image, &device, rows, &word, &severity);
	(void)snprintf(title, sizeof(title), "Image and %.60s%s%s",
		       app->name[0] != '\0' ? app->name : app->address, word[0] != '\0' ? ": " : "",
		       word);
	app_panel_open(app, APP_PANEL_COMPARE, title, false);
	(void)snprintf(right, sizeof(right), "%-18s %-20s", "IMAGE", "DEVICE");
	app_panel_add(app, CELLS_DIM, " ", right);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(right, sizeof(right), "%-18s %-20s %s", rows[i].image,
			       rows[i].device, rows[i].verdict);
		app_panel_add(app, style_of(rows[i].severity), rows[i].name, right);
	}
}

/* --- time */

static void ask_history(const struct app *app, char *buf, size_t size)
{
	const struct history_question question = {
		.size = (uint32_t)app->image.size,
		.address = app->address[0] != '\0' ? app->address : NULL,
		.profile = app->profile.name,
		.virtual_clock = app->transport->virtual_clock,
	};
	struct history_estimate estimate = {.runs = 0};
	struct history *history = NULL;
	char why[VIEW_TEXT], time[24];

	buf[0] = '\0';
	if (history_open(NULL, &history, why, sizeof(why)) < 0)
		return;
	if (history_estimate(history, &question, &estimate) == 0 && estimate.runs > 0)
		(void)snprintf(buf, size, "%s with %.30s (%u run%s%s)",
			       view_duration(estimate.us, time, sizeof(time)), app->profile.name,
			       estimate.runs, estimate.runs == 1 ? "" : "s",
			       question.virtual_clock ? ", simulated" : "");
	history_close(history);
}

/* Asked anew when image, profile or device is another, or a run has ended. */
static const char *from_history(struct app *app)
{
	char key[VIEW_TEXT];

	(void)snprintf(key, sizeof(key), "%zu %.60s %.30s %d", app->image.size, app->profile.name,
		       app->address, app->job != NULL);
	if (strcmp(key, app->image_estimated) != 0) {
		memcpy(app->image_estimated, key, sizeof(key));
		ask_history(app, app->image_estimate, sizeof(app->image_estimate));
	}
	return app->image_estimate;
}

static void estimate_line(struct app *app, char *buf, size_t size)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	char text[VIEW_TEXT], rate[OUTPUT_FIGURE_MAX], time[24];
	const char *past = from_history(app);
	const bool known = app_profile_run(app, &run);
	const uint32_t ceiling =
		effective_ceiling(&app->profile, known ? &run : NULL, text, sizeof(text));

	(void)snprintf(buf, size, "%s", past);
	if (ceiling == 0)
		return;
	(void)snprintf(
		buf + strlen(buf), size - strlen(buf), "%sat least %s (%s%s)",
		past[0] != '\0' ? "; " : "",
		view_duration((uint64_t)app->image.size * 1000000u / ceiling, time, sizeof(time)),
		output_rate(ceiling, rate, sizeof(rate)), known ? "" : ", assumed");
}

void app_image_draw(struct app *app, struct cells *cells, struct area area)
{
	char estimate[VIEW_TEXT * 2] = "", device[VIEW_TEXT];
	struct view_image v = {
		.path = app->image_path,
		.error = app->image_error,
		.image = &app->image,
		.report = &app->shown,
		.refused = app_image_refused(app),
		.estimate = estimate,
		.device = device,
		.scroll = app->image_scroll,
	};

	v.device_style = device_line(app, device, sizeof(device));
	if (app->have_image)
		estimate_line(app, estimate, sizeof(estimate));
	view_image_draw(&v, cells, area);
}
