/* SPDX-License-Identifier: Apache-2.0 */
/* See app_effect.h. */
#include "tui/app_effect.h"

#include "host/metrics.h"
#include "host/what_if.h"
#include "tui/app_device.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"

#include <string.h>

#define KILO 1000.0

uint32_t app_effect_predict(const struct app *app, const struct profile *profile, bool under_way,
			    uint32_t *ret_now)
{
	const struct app_effect *e = app_part(app, PART_EFFECT);

	*ret_now = e->known ? e->rate : 0;
	return e->known ? what_if(&e->given, profile, &e->run, e->rate, under_way) : 0;
}

/* --- a change */

static void tell(struct app *app, const char *text)
{
	app_log_note(app, text);
	app_say(app, CELLS_TITLE, "%s", text);
}

static void tell_measured(struct app *app, struct app_effect *e, uint32_t before, uint32_t after)
{
	char text[SETTING_TEXT_MAX + 64];

	if (before > 0)
		(void)snprintf(text, sizeof(text), "%s: %.1f -> %.1f kB/s", e->what, before / KILO,
			       after / KILO);
	else
		(void)snprintf(text, sizeof(text), "%s: %.1f kB/s now", e->what, after / KILO);
	e->what[0] = '\0';
	tell(app, text);
}

/* The transfer was over before it could be measured. */
static void tell_predicted(struct app *app, struct app_effect *e)
{
	char text[SETTING_TEXT_MAX + 96];

	if (e->from > 0 && e->predicted > 0) {
		(void)snprintf(text, sizeof(text),
			       "%s: %.1f -> about %.1f kB/s (predicted: too short to measure)",
			       e->what, e->from / KILO, e->predicted / KILO);
		app_log_note(app, text);
	}
	e->what[0] = '\0';
}

void app_effect_begin(struct app *app, const char *assignment)
{
	struct app_effect *e = app_part(app, PART_EFFECT);
	const struct app_device *d = app_device(app);
	char *equals;

	if (d->snapshot.state != SESSION_SENDING)
		return;
	(void)snprintf(e->what, sizeof(e->what), "%s", assignment);
	equals = strchr(e->what, '=');
	if (equals)
		*equals = ' ';
	e->predicted = app_effect_predict(app, &app_profile(app)->now, true, &e->from);
	rate_change_make(&e->change, d->snapshot.stats.queued);
}

/* --- time */

static void effect_see(struct app *app, struct app_effect *e)
{
	const struct app_device *d = app_device(app);
	const struct job_snapshot *s = &d->snapshot;
	uint32_t before, after;

	if (s->state != SESSION_SENDING) {
		rate_change_break(&e->change);
		return;
	}
	if (s->moved_us > 0)
		rate_change_see(&e->change, s->moved_us, s->stats.received);
	if (rate_change_take(&e->change, false, &before, &after))
		tell_measured(app, e, before, after);
	if (s->play.value == 0)
		return;
	/* The run as it is now is the base for the changes from now on. */
	e->known = true;
	e->run = *s;
	e->rate = metrics_rate_average(&s->metrics);
	e->given = app_profile(app)->running;
	memcpy(e->address, s->address, sizeof(e->address));
}

static void effect_end(struct app *app, struct app_effect *e)
{
	const struct app_device *d = app_device(app);
	uint32_t before, after;

	/* The device was done before its result is known here: the reboot is still to come. */
	if (e->known && d->snapshot.stats.done_us > 0)
		e->rate = metrics_rate_average(&d->snapshot.metrics);
	e->given = app_profile(app)->running;
	if (e->what[0] != '\0' && rate_change_take(&e->change, true, &before, &after))
		tell_measured(app, e, before, after);
	else if (e->what[0] != '\0')
		tell_predicted(app, e);
	memset(&e->change, 0, sizeof(e->change));
}

void app_effect_tick(struct app *app)
{
	struct app_effect *e = app_part(app, PART_EFFECT);
	const struct app_device *d = app_device(app);
	const bool sending = d->job && d->snapshot.play.value > 0 &&
			     d->snapshot.stats.done_us == 0 && !d->job_finished;

	if (app_is_replay(app))
		return;
	if (sending)
		effect_see(app, e);
	else if (e->was_running)
		effect_end(app, e);
	e->was_running = sending;
}

static void effect_on(struct app *app, enum app_event event)
{
	struct app_effect *e = app_part(app, PART_EFFECT);

	/* Another device is another link. */
	if (event == APP_DEVICE_CHANGED && strcmp(e->address, app_device(app)->address) != 0)
		e->known = false;
}

const struct app_part_ops effect_part = {.size = sizeof(struct app_effect), .on = effect_on};
