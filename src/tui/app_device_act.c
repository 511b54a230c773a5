/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to the chosen device: look, upload, command, hold, cancel; and to the adapter. */
#include "tui/app_device.h"

#include "host/maintenance.h"
#include "tui/app_image.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"
#include "tui/app_scan.h"

#include <string.h>

struct job_config app_device_config(const struct app *app, enum session_goal goal)
{
	return (struct job_config){
		.goal = goal,
		.device = app_device(app)->address,
		.profile = &app_profile(app)->now,
		.forced = app_config(app)->force,
	};
}

void app_device_look(struct app *app)
{
	const struct job_config config = app_device_config(app, SESSION_LOOK);

	(void)app_device_start(app, &config);
}

void app_device_command(struct app *app, enum ota_command command)
{
	struct job_config config = app_device_config(app, SESSION_COMMAND);

	if (command != OTA_CMD_STATUS && !app_may_change(app))
		return;
	config.command = command;
	(void)app_device_start(app, &config);
}

/* --- an upload */

void app_device_upload_now(struct app *app, bool restart, bool resume_only, bool same)
{
	struct job_config config = app_device_config(app, SESSION_UPDATE);

	if (!app_may_change(app))
		return;
	config.image = &app_image(app)->image;
	config.report = &app_image(app)->report;
	config.restart = restart;
	config.resume_only = resume_only;
	if (same) /* the operator was asked, and answered */
		config.forced |= 1u << LINT_SAME;
	if (app_device_start(app, &config) == 0)
		app_show(app, VIEW_DEVICE);
}

static void upload(struct app *app)
{
	app_device_upload_now(app, false, false, app_image_is_same(app));
}

static void ask_upload(struct app *app)
{
	const struct image *image = &app_image(app)->image;

	if (app_image_is_same(app))
		app_confirm_open(app, upload, "%s runs this very image: send it again? y/n ",
				 app_device_title(app));
	else
		app_confirm_open(app, upload, "Upload %s %s to %s? y/n ", image->project,
				 image->version, app_device_title(app));
}

void app_device_drop_question(struct app *app)
{
	app_confirm_drop(app, upload);
}

void app_device_upload(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (!app_may_change(app) || !app_device_is_chosen(app))
		return;
	if (d->job) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	} else if (!app_image(app)->have) {
		app_image_ask(app, true);
	} else if (app_image_is_outdated(app)) {
		app_show(app, VIEW_IMAGE);
		app_image_reread(app);
	} else if (app_image_is_refused(app)) {
		app_show(app, VIEW_IMAGE);
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	} else if (!d->have_snapshot) { /* against what it runs, too */
		app_show(app, VIEW_DEVICE);
		app_device_look(app);
		d->upload_wanted = d->job != NULL;
	} else {
		ask_upload(app);
	}
}

void app_device_look_settled(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	const bool wanted = d->upload_wanted;

	d->upload_wanted = false;
	if (wanted && d->result.outcome == SESSION_ANSWERED)
		app_device_upload(app);
}

/* --- while a job runs */

void app_device_pause(struct app *app)
{
	const struct app_device *d = app_device(app);

	if (!app_device_runs(app)) {
		app_say(app, CELLS_WARNING, "nothing runs");
		return;
	}
	app_device_refresh(app);
	if (d->snapshot.hold) {
		job_resume(d->job);
		app_log_note(app, "go on");
	} else {
		job_pause(d->job);
		app_log_note(app, "pause");
	}
}

void app_device_cancel(struct app *app)
{
	/* It may have ended while a question stood. */
	if (app_device_runs(app))
		job_cancel(app_device(app)->job);
}

void app_device_ask_cancel(struct app *app)
{
	if (app_device_runs(app))
		app_confirm_open(app, app_device_cancel,
				 "Cancel? %s is brought to idle, its firmware stays. y/n ",
				 app_device_title(app));
	else
		app_say(app, CELLS_WARNING, "nothing runs that could be cancelled");
}

/* --- the adapter, and what it remembers of a device */

static const char *maintenance_device(const struct app *app, enum transport_maintenance what)
{
	return what == TRANSPORT_POWER_CYCLE ? NULL : app_device(app)->address;
}

void app_device_maintenance(struct app *app, enum transport_maintenance what)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	int r;

	if (d->job || d->maintenance) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the adapter is busy");
		return;
	}
	if (app_config(app)->readonly) {
		app_say(app, CELLS_WARNING, "not with --readonly: this ends links");
		return;
	}
	d->maintenance = true;
	d->maintenance_what = what;
	app_say(app, CELLS_NORMAL, "%s ...",
		what == TRANSPORT_POWER_CYCLE ? "power-cycling the adapter"
		: what == TRANSPORT_FORGET    ? "forgetting what is remembered of it"
					      : "hanging up");
	r = maintenance_start(app_transport(app), what, maintenance_device(app, what));
	if (r < 0)
		app_device_maintenance_done(app, r);
}

void app_device_maintenance_done(struct app *app, int status)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	const enum transport_maintenance what = d->maintenance_what;
	char text[VIEW_TEXT];

	if (!d->maintenance)
		return;
	d->maintenance = false;
	(void)maintenance_text(what, status, maintenance_device(app, what), text, sizeof(text));
	app_log_note(app, text);
	app_say(app, maintenance_succeeded(what, status) ? CELLS_GOOD : CELLS_BAD, "%s", text);
	if (status == 0)
		app_scan_resume(app);
}
