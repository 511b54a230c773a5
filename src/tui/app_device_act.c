/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on the chosen device (look, command, hold, cancel) and on the adapter. */
#include "tui/app_device.h"

#include "host/known.h"
#include "host/maintenance.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"

#include <string.h>

struct job_config app_device_config(const struct app *app, enum session_goal goal)
{
	return (struct job_config){
		.goal = goal,
		.device = app_device(app)->address,
		.profile = &app_profile(app)->now,
		.forced = app_config(app)->force,
		.on_screen = true,
		.place = app_config(app)->place,
	};
}

void app_device_look(struct app *app)
{
	const struct job_config config = app_device_config(app, SESSION_LOOK);

	(void)app_device_start(app, &config, NULL);
}

void app_device_command(struct app *app, enum ota_command command)
{
	struct job_config config = app_device_config(app, SESSION_COMMAND);

	if (command != OTA_CMD_STATUS && !app_may_change(app))
		return;
	config.command = command;
	(void)app_device_start(app, &config, NULL);
}

/* --- while a job runs */

void app_device_pause(struct app *app)
{
	const struct app_device *d = app_device(app);

	if (!app_device_runs(app)) {
		app_say(app, CELLS_WARNING, "no run is in progress");
		return;
	}
	app_device_refresh(app);
	if (d->snapshot.hold) {
		job_resume(d->job);
		app_log_note(app, "continue");
	} else {
		job_pause(d->job);
		app_log_note(app, "pause");
	}
}

void app_device_cancel(struct app *app)
{
	/* The run may have ended while a question stood. */
	if (app_device_runs(app))
		job_cancel(app_device(app)->job);
}

void app_device_ask_cancel(struct app *app)
{
	if (app_device_runs(app))
		app_confirm_open(app, app_device_cancel,
				 "Cancel? %s becomes idle, its firmware stays. y/n ",
				 app_device_title(app));
	else
		app_say(app, CELLS_WARNING, "no run to cancel");
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
		: what == TRANSPORT_FORGET    ? "deleting its cached services and bond"
					      : "disconnecting");
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
	d->maintenance_ok = maintenance_succeeded(what, status);
	(void)maintenance_text(what, status, maintenance_device(app, what), text, sizeof(text));
	app_log_note(app, text);
	if (what == TRANSPORT_FORGET && status == 0 && app_config(app)->place)
		known_unbound(app_config(app)->place, d->address);
	app_say(app, d->maintenance_ok ? CELLS_GOOD : CELLS_BAD, "%s", text);
	app_tell(app, APP_MAINTENANCE_ENDED);
	if (status == 0)
		app_tell(app, APP_TRANSPORT_FREE);
}
