/* SPDX-License-Identifier: Apache-2.0 */
/* See app_trust.h. */
#include "tui/app_trust.h"

#include "tui/app_device.h"

#define TITLE "Another device?"

struct trust_state {
	struct job_config config; /* of the job that was refused */
};

/*
 * An update or a command is repeated.  A bench or a sweep has runs of its own, so that its user
 * begins it again: here the change is only taken over, by a look at the device.
 */
static void go_on(struct app *app)
{
	struct trust_state *t = app_part(app, PART_TRUST);
	const bool again = t->config.goal == SESSION_UPDATE || t->config.goal == SESSION_COMMAND;
	struct job_config config = app_device_config(app, SESSION_LOOK);

	if (again)
		config = t->config;
	config.trust_change = true;
	if (app_device_start(app, &config, config.image_name) < 0 || again)
		return;
	app_say(app, CELLS_GOOD, "%s is taken for what it is now: begin again",
		app_device_title(app));
}

void app_trust_settled(struct app *app)
{
	const struct app_device *d = app_device(app);
	struct trust_state *t = app_part(app, PART_TRUST);

	if (d->result.outcome != SESSION_DEVICE_CHANGED || app_config(app)->readonly)
		return;
	t->config = d->config;
	app_confirm_open(app, go_on, "%s is not as it was when it was met: trust it? y/n ",
			 app_device_title(app));
	app_confirm_fact(app, TITLE, "Device", "%s %s", d->name, d->address);
	app_confirm_fact(app, TITLE, "Met on", "%s", d->result.known_text);
	app_confirm_fact(app, TITLE, "So",
			 "Another device may answer in its place.  Say yes only "
			 "if you know of the change.");
}

static void trust_on(struct app *app, enum app_event event)
{
	if (event == APP_IMAGE_CHANGED || event == APP_JOB_STARTS || event == APP_DEVICE_CHANGED)
		app_confirm_drop(app, go_on); /* it was about something else */
}

const struct app_part_ops trust_part = {.size = sizeof(struct trust_state), .on = trust_on};
