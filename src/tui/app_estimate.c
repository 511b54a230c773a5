/* SPDX-License-Identifier: Apache-2.0 */
/* See app_estimate.h. */
#include "tui/app_estimate.h"

#include "base/output.h"
#include "history/history.h"
#include "host/effective.h"
#include "image/image.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_profile.h"

#include <inttypes.h>

/* Runs like the upload to come, as far as the device, its chip and the adapter are known. */
static struct history_question question_of(const struct app *app)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	const bool known = app_device_last_run(app, &run);
	const struct image_chip *chip =
		known && run.have_info ? image_chip_by_id(run.info.chip_id) : NULL;
	const bool modelled = app_transport(app)->virtual_clock;

	return (struct history_question){
		.size = (uint32_t)app_image(app)->image.size,
		.address = app_device(app)->address[0] != '\0' ? app_device(app)->address : NULL,
		.chip = chip ? chip->title : NULL,
		.profile = &app_profile(app)->now,
		.link = known ? &run.link : NULL,
		.options = modelled ? app_config(app)->reach : NULL,
		.virtual_clock = modelled,
	};
}

char *app_estimate_past(const struct app *app, char *buf, size_t size)
{
	const struct history_question question = question_of(app);
	struct history_estimate estimate = {.runs = 0};
	struct history *history = NULL;
	char why[VIEW_TEXT], time[24];

	buf[0] = '\0';
	if (history_open(NULL, &history, why, sizeof(why)) < 0)
		return buf;
	if (history_estimate(history, &question, &estimate) == 0 && estimate.runs > 0)
		(void)snprintf(buf, size, "%s with %.30s (%u run%s%s%s)",
			       view_duration(estimate.us, time, sizeof(time)),
			       app_profile_is_modified(app) ? "these values"
							    : app_profile(app)->now.name,
			       estimate.runs, estimate.runs == 1 ? "" : "s",
			       estimate.other_device ? " of this chip" : "",
			       question.virtual_clock ? ", simulated" : "");
	history_close(history);
	return buf;
}

char *app_estimate_best(const struct app *app, char *buf, size_t size)
{
	const struct history_question question = question_of(app);
	struct history *history = NULL;
	struct history_best best;
	char why[VIEW_TEXT];

	buf[0] = '\0';
	if (history_open(NULL, &history, why, sizeof(why)) < 0)
		return buf;
	if (history_best(history, &question, &best) == 0 && best.id != 0)
		(void)snprintf(buf, size, "best known%s %.1f kB/s: run %" PRId64 ", %.30s%s",
			       best.other_device ? " of this chip" : "", best.goodput / 1000.0,
			       best.id, best.profile, best.profile_changed ? "+" : "");
	history_close(history);
	return buf;
}

char *app_estimate_least(const struct app *app, uint32_t bytes, char *buf, size_t size)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	char text[VIEW_TEXT], rate[OUTPUT_FIGURE_MAX], time[24];
	const bool known = app_device_last_run(app, &run);
	uint32_t ceiling =
		effective_ceiling(&app_profile(app)->now, known ? &run : NULL, text, sizeof(text));

	if (known && run.flash > 0 && run.flash < ceiling)
		ceiling = run.flash; /* whatever the link carries */
	buf[0] = '\0';
	if (ceiling > 0)
		(void)snprintf(
			buf, size, "at least %s (%s%s)",
			view_duration((uint64_t)bytes * 1000000u / ceiling, time, sizeof(time)),
			output_rate(ceiling, rate, sizeof(rate)), known ? "" : ", assumed");
	return buf;
}
