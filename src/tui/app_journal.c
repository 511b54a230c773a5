/* SPDX-License-Identifier: Apache-2.0 */
/* See app_journal.h. */
#include "tui/app_journal.h"

#include "tui/app_device.h"

#include <inttypes.h>
#include <string.h>

struct journal_state {
	bool have;
	struct journal journal;
	char own[VIEW_TEXT];
};

static struct journal_state *mine(const struct app *app)
{
	return app_part(app, PART_JOURNAL);
}

const struct journal *app_journal(const struct app *app)
{
	return mine(app)->have ? &mine(app)->journal : NULL;
}

/* While this program's own run has the claim, it is this program that tells of it. */
static void say_own(struct journal_state *m, const struct journal_image *image, bool claimed)
{
	char name[VIEW_TEXT / 2], at[64];

	if (claimed)
		(void)snprintf(m->own, sizeof(m->own),
			       "Another otabench on this computer (process %" PRId64
			       ") is updating it",
			       m->journal.process);
	else
		(void)snprintf(m->own, sizeof(m->own), "Your update of %.100s stopped at %s",
			       journal_image_name(image, name, sizeof(name)),
			       journal_stopped_at(image, at, sizeof(at)));
}

const char *app_journal_own(const struct app *app, const uint8_t prefix[OTA_HASH_PREFIX])
{
	struct journal_state *m = mine(app);
	const struct journal_image *image = m->have ? journal_image_of(&m->journal, prefix) : NULL;

	if (!image)
		return NULL;
	say_own(m, image,
		!app_device_runs(app) && journal_is_claimed(m->journal.place, m->journal.address));
	return m->own;
}

static void journal_on(struct app *app, enum app_event event)
{
	const struct app_config *config = app_config(app);
	struct journal_state *m = mine(app);
	char error[JOURNAL_TEXT_MAX];

	if (event != APP_DEVICE_CHANGED)
		return;
	m->have = config->place && !config->replay &&
		  journal_load(config->place, app_device(app)->address, &m->journal, error,
			       sizeof(error)) == 0;
}

const struct app_part_ops journal_part = {.size = sizeof(struct journal_state), .on = journal_on};
