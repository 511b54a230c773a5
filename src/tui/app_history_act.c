/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with recorded runs from the screen: export, again, away. */
#include "config.h" /* system extensions: access() */

#include "tui/app_history_priv.h"

#include "history/history_export.h"
#include "tui/app_priv.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* --- export */

void app_history_ask_export(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	const struct app_history *h = app->history;
	char name[96];

	if (!run)
		return;
	if (h->marked[0] != 0 && h->marked[1] != 0 && !h->showing)
		(void)snprintf(name, sizeof(name), "otabench-runs-%" PRId64 "-%" PRId64 ".csv",
			       h->marked[0], h->marked[1]);
	else
		(void)snprintf(name, sizeof(name), "otabench-run-%" PRId64 ".csv", run->id);
	app_ask(app, APP_ASK_EXPORT, name);
}

/* The marked runs where there are two, else the selected one. */
void app_history_export(struct app *app, const char *path)
{
	const struct history_run *run = app_history_selected(app);
	const char *dot = strrchr(path, '.');
	enum history_format format = HISTORY_CSV_SERIES;
	struct app_history *h = app->history;
	char why[VIEW_TEXT];
	int64_t ids[2];
	size_t count = 1;

	if (!run)
		return;
	if (!dot || history_format_by_name(dot + 1, &format) < 0) {
		app_say(app, CELLS_WARNING, "the name's end says what is written: .csv or .ndjson");
		return;
	}
	if (access(path, F_OK) == 0) {
		app_say(app, CELLS_BAD, "%s: there is such a file", path);
		return;
	}
	ids[0] = run->id;
	if (h->marked[0] != 0 && h->marked[1] != 0 && !h->showing) {
		memcpy(ids, h->marked, sizeof(ids));
		count = 2;
	}
	if (history_export_file(h->store, ids, count, format, path, why, sizeof(why)) < 0)
		app_say(app, CELLS_BAD, "%s", why);
	else
		app_say(app, CELLS_GOOD, "%zu run%s written to %s", count, count == 1 ? "" : "s",
			path);
}

/* --- again, and away */

void app_history_ask_rerun(struct app *app)
{
	const struct history_run *run = app_history_selected(app);

	if (!run)
		return;
	if (app->replay.is)
		app_say(app, CELLS_WARNING, "not in a replay");
	else if (app->config.readonly)
		app_say(app, CELLS_WARNING, "not with --readonly: this changes a device");
	else if (app->job)
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	else if (run->address[0] == '\0')
		app_say(app, CELLS_WARNING, "its device was never found");
	else if (run->goal == SESSION_UPDATE && run->image[0] == '\0')
		app_say(app, CELLS_WARNING, "its image's file is not known");
	else if (run->result.virtual_clock != app->transport->virtual_clock)
		app_say(app, CELLS_WARNING, "it was %s: otabench history rerun %" PRId64,
			run->result.virtual_clock ? "simulated" : "on a real device", run->id);
	else
		app_confirm(app, APP_CONFIRM_RERUN);
}

void app_history_ask_delete(struct app *app)
{
	const struct history_run *run = app_history_selected(app);

	if (run && run->state == HISTORY_RUNNING)
		app_say(app, CELLS_WARNING, "it still runs");
	else if (run)
		app_confirm(app, APP_CONFIRM_DELETE);
}

void app_history_confirm_text(const struct app *app, char *buf, size_t size)
{
	const struct app_history *h = app->history;
	const struct history_run *run;

	if (!h || (!h->showing && h->count == 0))
		return;
	run = h->showing ? &h->shown.run : &h->runs[app_history_row(h, h->selected)];
	if (app->confirm == APP_CONFIRM_DELETE)
		(void)snprintf(buf, size, "Delete run %" PRId64 " and its series? y/n ", run->id);
	else if (run->goal == SESSION_MEASURE)
		(void)snprintf(buf, size, "Measure %s again, profile %s? y/n ", run->device,
			       run->profile);
	else
		(void)snprintf(buf, size, "Upload %s %s to %s again, profile %s? y/n ",
			       run->project, run->version, run->device, run->profile);
}

/* The image as it was then; a file that has changed is another one. */
static bool open_image(struct app *app, const struct history_run *run)
{
	app_image_open(app, run->image);
	if (!app->have_image)
		return false; /* said why */
	if (memcmp(app->image.sha256, run->sha256, sizeof(run->sha256)) == 0)
		return true;
	app_say(app, CELLS_BAD, "%s is another image than then: u uploads it", run->image);
	return false;
}

/* On top of the profile of that name, where there is one, so that writing it goes to its file;
 * what was edited until then can be had back by undo. */
static void take_profile(struct app *app, const struct profile *profile)
{
	struct profile_source source;

	if (strcmp(app->profile.name, profile->name) != 0 &&
	    profile_find(profile->name, &source) == 0)
		app_profile_load_now(app, profile->name);
	app_profile_remember(app);
	app->profile = *profile;
}

static void rerun(struct app *app, const struct history_detail *d)
{
	struct job_config config = {.goal = SESSION_MEASURE, .bytes = d->run.size};
	struct setting_errors errors;
	char line[VIEW_TEXT * 2];
	struct profile profile;

	if (history_profile(d, &profile, &errors) < 0) {
		app_say(app, CELLS_BAD, "%s", setting_error_format(&errors, 0, line, sizeof(line)));
		return;
	}
	if (d->run.goal == SESSION_UPDATE && !open_image(app, &d->run))
		return;
	(void)snprintf(app->name, sizeof(app->name), "%s", d->run.device);
	(void)snprintf(app->address, sizeof(app->address), "%s", d->run.address);
	take_profile(app, &profile);
	if (d->run.goal == SESSION_UPDATE) {
		app->send_same = true; /* after a run that succeeded it is what runs */
		app_upload_now(app, d->run.restart, false);
		return;
	}
	config.device = app->address;
	config.profile = &app->profile;
	if (app_start(app, &config) == 0)
		app->view = VIEW_DEVICE;
}

void app_history_rerun(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct history_detail detail;

	if (!run || !app_history_load(app, run->id, &detail))
		return;
	rerun(app, &detail);
	history_detail_finish(&detail);
}

void app_history_delete(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct app_history *h = app->history;
	size_t row;
	int64_t id;

	if (!run)
		return;
	id = run->id;
	row = app_history_row(h, id);
	if (history_delete(h->store, id) < 0) {
		app_say(app, CELLS_BAD, "%s", history_error(h->store));
		return;
	}
	app_history_close_run(h);
	app_history_close_compare(h);
	app_history_reload(h);
	/* The selection stays where it is on the screen. */
	h->selected = h->count == 0 ? 0 : h->runs[row < h->count ? row : h->count - 1].id;
	app_say(app, CELLS_GOOD, "run %" PRId64 " deleted", id);
}
