/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on recorded runs: export, run again, delete. */
#include "tui/app_history.h"

#include "base/output.h"
#include "history/history_compare.h"
#include "history/history_export.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_profile.h"
#include "tui/app_upload.h"

#include <inttypes.h>
#include <string.h>

static const struct history_shown *mine(const struct app *app)
{
	return app_part(app, VIEW_HISTORY);
}

/* --- export */

/* The marked runs where there are two, else the selected one. */
static void export(struct app *app, const char *path)
{
	const struct history_run *run = app_history_selected(app);
	const char *dot = strrchr(path, '.');
	enum history_format format = HISTORY_CSV_SERIES;
	const struct history_shown *h = mine(app);
	char why[VIEW_TEXT];
	int64_t ids[2];
	size_t count = 1;

	if (!run)
		return;
	if (!dot || history_format_by_name(dot + 1, &format) < 0) {
		app_say(app, CELLS_WARNING, "expected a name that ends in .csv or .ndjson");
		return;
	}
	ids[0] = run->id;
	if (h->marked[0] != 0 && h->marked[1] != 0 && !h->showing) {
		memcpy(ids, h->marked, sizeof(ids));
		count = 2;
	}
	if (history_export_file(h->store, ids, count, format, path, false, why, sizeof(why)) < 0)
		app_refuse(app, CELLS_BAD, "%s", why);
	else
		app_say(app, CELLS_GOOD, "%zu run%s written to %s", count, count == 1 ? "" : "s",
			path);
}

static void ask_export(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	const struct history_shown *h = mine(app);
	const struct prompt prompt = {.label = "write the runs to: ",
				      .done = export,
				      .complete = app_prompt_complete_path,
				      .filled = true};
	char name[96];

	if (!run)
		return;
	if (h->marked[0] != 0 && h->marked[1] != 0 && !h->showing)
		(void)snprintf(name, sizeof(name), "otabench-runs-%" PRId64 "-%" PRId64 ".csv",
			       h->marked[0], h->marked[1]);
	else
		(void)snprintf(name, sizeof(name), "otabench-run-%" PRId64 ".csv", run->id);
	app_prompt_open(app, &prompt, name);
}

/* --- again, and away */

/* The image as it was then; a file that has changed is another one. */
static bool open_image(struct app *app, const struct history_run *run)
{
	if (!app_image_open(app, run->image))
		return false; /* said why */
	if (memcmp(app_image(app)->image.sha256, run->sha256, sizeof(run->sha256)) == 0)
		return true;
	app_say(app, CELLS_BAD, "%s is not the image of that run: u uploads it", run->image);
	return false;
}

/* On top of the profile of that name, where there is one, so that writing it goes to its file;
 * what was edited until then can be had back by undo. */
static void take_profile(struct app *app, const struct profile *profile)
{
	struct profile_source source;

	if (strcmp(app_profile(app)->now.name, profile->name) != 0 &&
	    profile_find(profile->name, &source) == 0)
		app_profile_load_now(app, profile->name);
	app_profile_take(app, profile);
}

static void rerun(struct app *app, const struct history_detail *d)
{
	struct job_config config = app_device_config(app, SESSION_MEASURE);
	struct setting_errors errors;
	char line[VIEW_TEXT * 2];
	struct profile profile;

	if (history_profile(d, &profile, &errors) < 0) {
		app_say(app, CELLS_BAD, "%s", setting_error_format(&errors, 0, line, sizeof(line)));
		return;
	}
	if (d->run.goal == SESSION_UPDATE && !open_image(app, &d->run))
		return;
	if (!app_device_choose(app, d->run.address, d->run.device))
		return;
	take_profile(app, &profile);
	if (d->run.goal == SESSION_UPDATE) {
		/* After a run that succeeded it is what runs. */
		app_upload_now(app, d->run.restart, false, true);
		return;
	}
	config.bytes = d->run.size;
	config.pattern = d->run.pattern;
	if (app_device_start(app, &config, NULL) == 0)
		app_show(app, VIEW_DEVICE);
}

static void rerun_selected(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct history_detail detail;

	if (!run || !app_history_open_run(app, run->id, &detail))
		return;
	rerun(app, &detail);
	history_detail_finish(&detail);
}

static void delete_selected(struct app *app)
{
	const struct history_run *run = app_history_selected(app);

	if (run)
		app_history_remove(app, run->id);
}

#define AGAIN "Once more"

/* The run that is repeated, and how it went. */
static void add_facts(struct app *app, const struct history_run *run)
{
	char size[OUTPUT_FIGURE_MAX], time[24], rate[OUTPUT_FIGURE_MAX];

	app_confirm_fact(app, AGAIN, "Device", "%s %s", run->device, run->address);
	if (run->goal == SESSION_UPDATE)
		app_confirm_fact(app, AGAIN, "Image", "%.60s %.40s from %.120s", run->project,
				 run->version, run->image);
	app_confirm_fact(app, AGAIN, "Size", "%s", output_bytes(run->size, size, sizeof(size)));
	if (run->result.seconds_us > 0 && run->result.goodput > 0)
		app_confirm_fact(app, AGAIN, "Time", "%s then, at %s",
				 view_duration(run->result.seconds_us, time, sizeof(time)),
				 output_rate(run->result.goodput, rate, sizeof(rate)));
	app_confirm_fact(app, AGAIN, "Profile", "%s, with the values of that run", run->profile);
	app_confirm_fact(app, AGAIN, "Then", "%s", history_outcome(run));
}

static void ask_rerun(struct app *app)
{
	const struct history_run *run = app_history_selected(app);

	if (!run)
		return;
	if (!app_may_change(app))
		return;
	if (app_device(app)->job)
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	else if (run->address[0] == '\0')
		app_say(app, CELLS_WARNING, "its device was never found");
	else if (run->goal == SESSION_UPDATE && run->image[0] == '\0')
		app_say(app, CELLS_WARNING, "its image file is unknown");
	else if (run->result.virtual_clock != app_transport(app)->virtual_clock)
		app_say(app, CELLS_WARNING, "it was %s: otabench history rerun %" PRId64,
			run->result.virtual_clock ? "simulated" : "on a real device", run->id);
	else if (run->pattern)
		app_confirm_open(app, rerun_selected,
				 "Measure the flash of %s again? The image in its other slot is "
				 "lost. y/n ",
				 run->device);
	else if (run->goal == SESSION_MEASURE)
		app_confirm_open(app, rerun_selected, "Measure %s again, profile %s? y/n ",
				 run->device, run->profile);
	else
		app_confirm_open(app, rerun_selected, "Upload %s %s to %s again, profile %s? y/n ",
				 run->project, run->version, run->device, run->profile);
	if (app_confirm_asks(app, rerun_selected))
		add_facts(app, run);
}

static void ask_delete(struct app *app)
{
	const struct history_run *run = app_history_selected(app);

	if (run && run->state == HISTORY_RUNNING)
		app_say(app, CELLS_WARNING, "it still runs");
	else if (run)
		app_confirm_open(app, delete_selected,
				 "Delete run %" PRId64 " and its series? y/n ", run->id);
}

bool app_history_act(struct app *app, enum action action)
{
	if (action == ACTION_RERUN)
		ask_rerun(app);
	else if (action == ACTION_EXPORT)
		ask_export(app);
	else if (action == ACTION_DELETE)
		ask_delete(app);
	else
		return false;
	return true;
}
