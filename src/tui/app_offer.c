/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See app_offer.h.  The journal only says whom to ask: after R the device is asked for its
 * state, and its answer decides what the user is asked - to resume, to confirm an image on
 * trial, or to send it from the start where next to nothing had arrived.
 */
#include "tui/app_offer.h"

#include "host/journal.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_recover.h"
#include "tui/app_upload.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

struct offer_state {
	bool stands; /* R takes it */
	bool asked; /* the device is: what it answers is waited for */
	struct journal journal;
};

static struct offer_state *mine(const struct app *app)
{
	return app_part(app, PART_OFFER);
}

static void offer_say(struct app *app, size_t more)
{
	const struct journal *j = &mine(app)->journal;
	const struct journal_image *i = &j->images[0];
	char name[VIEW_TEXT / 2], at[64], age[64], others[32] = "";

	if (more > 0)
		(void)snprintf(others, sizeof(others), " (%zu more)", more);
	/* The age is told where it is odd: a clock that was set back makes no journal untrue. */
	(void)journal_age(j, (int64_t)time(NULL), age, sizeof(age));
	app_say(app, CELLS_WARNING,
		"your update of %.100s to %.60s stopped at %s: resume? (R)%s%s%s",
		journal_image_name(i, name, sizeof(name)),
		j->name[0] != '\0' ? j->name : j->address, journal_stopped_at(i, at, sizeof(at)),
		others, (int64_t)time(NULL) < j->at ? "; " : "",
		(int64_t)time(NULL) < j->at ? age : "");
}

void app_offer_begin(struct app *app)
{
	const char *place = app_config(app)->place;
	struct offer_state *m = mine(app);
	struct journal_list list;
	size_t count = 0;

	if (!place || app_config(app)->readonly || journal_list(place, &list) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		/* Another program is at it: nothing has stopped. */
		if (journal_is_claimed(place, list.items[i].address))
			continue;
		if (count++ == 0)
			m->journal = list.items[i];
	}
	m->stands = count > 0;
	if (m->stands)
		offer_say(app, count - 1);
	else if (list.bad[0] != '\0')
		app_say(app, CELLS_WARNING, "an update may have been interrupted: %.300s",
			list.bad);
	journal_list_finish(&list);
}

void app_offer_decline(struct app *app)
{
	mine(app)->stands = false;
}

/* --- R */

static void ask_device(struct app *app)
{
	struct offer_state *m = mine(app);

	app_show(app, VIEW_DEVICE);
	app_device_look(app);
	m->asked = app_device(app)->job != NULL;
}

static bool is_meant(const struct app *app)
{
	const struct app_image *i = app_image(app);

	return i->have && memcmp(i->image.sha256, mine(app)->journal.images[0].sha256,
				 sizeof(i->image.sha256)) == 0;
}

static void offer_open(struct app *app, const char *path)
{
	if (!app_image_open(app, path))
		return;
	if (is_meant(app))
		ask_device(app);
	else
		app_refuse(app, CELLS_BAD,
			   "this is not the image that was sent: its SHA-256 differs");
}

bool app_offer_take(struct app *app)
{
	struct offer_state *m = mine(app);
	char path[PATH_MAX];

	if (!m->stands)
		return false;
	m->stands = false;
	if (!app_device_choose(app, m->journal.address, m->journal.name))
		return true;
	if (is_meant(app)) {
		ask_device(app);
	} else if (journal_find_image(&m->journal.images[0], path)) {
		offer_open(app, path);
	} else {
		app_image_ask(app, offer_open);
		app_say(app, CELLS_WARNING, "the image has changed or is gone: where is it now?");
	}
	return true;
}

/* --- what the device answered */

static bool told(const struct app *app, uint8_t flag)
{
	const struct device_told *t = &app_device(app)->told;

	return (t->flags_known & t->flags & flag) != 0;
}

static void decide(struct app *app)
{
	const struct app_device *d = app_device(app);
	const struct journal_image *i = &mine(app)->journal.images[0];
	const bool holds = d->told.status_known && d->told.status.state != OTA_STATE_IDLE;

	if (told(app, OTA_INFO_PENDING_VERIFY))
		app_menu_run(app, RECOVER_CONFIRM);
	else if (app_image_is_same(app))
		app_say(app, CELLS_GOOD, "%s runs this image already: the update is complete",
			app_device_title(app));
	else if (holds || told(app, OTA_INFO_RESUMABLE))
		app_menu_run(app, RECOVER_RESUME);
	else if (journal_expects_part(i))
		app_say(app, CELLS_WARNING,
			"%s holds nothing of this update any more; u sends it from the start",
			app_device_title(app));
	else
		app_upload(app);
}

void app_offer_settled(struct app *app)
{
	struct offer_state *m = mine(app);
	const struct app_device *d = app_device(app);

	if (!m->asked)
		return;
	m->asked = false;
	if (strcmp(d->address, m->journal.address) != 0)
		return;
	if (d->result.outcome == SESSION_ANSWERED && is_meant(app))
		decide(app);
	else
		m->stands = true; /* it was not reached: R tries again */
}

const struct app_part_ops offer_part = {.size = sizeof(struct offer_state)};
