/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See app_left.h: kept device by device, so that the end of the program can tell what is
 * where, and with which command line it goes on.
 */
#include "tui/app_left.h"

#include "base/command.h"
#include "base/hex.h"
#include "base/output.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_journal.h"
#include "tui/app_upload.h"

#include <string.h>

enum left_kind {
	LEFT_UNKNOWN, /* nothing new is known */
	LEFT_NOTHING,
	LEFT_PART, /* of the image that was sent from here, or is chosen */
	LEFT_FOREIGN, /* of another one */
	LEFT_TRIAL,
	LEFT_UNPROVED, /* the whole image was sent, and nobody knows what runs */
};

struct left {
	enum left_kind kind;
	char address[SCAN_ADDRESS_SIZE], name[SCAN_NAME_SIZE];
	uint32_t bytes, total;
	uint8_t hash[OTA_HASH_PREFIX]; /* of the image, as STATUS has it */
	char image[APP_PATH_MAX]; /* its file */
	char version[SESSION_TEXT]; /* that is on trial */
};

struct left_state {
	struct left items[DEVICE_KNOWN_MAX];
	size_t count;
};

static bool sends(const struct app_device *d)
{
	return d->goal == SESSION_UPDATE;
}

static bool is_on_trial(const struct app_device *d)
{
	return (d->told.flags_known & d->told.flags & OTA_INFO_PENDING_VERIFY) != 0;
}

static bool resumes(const struct app_device *d)
{
	return d->snapshot.stats.received > 0 && dialect_get(d->snapshot.dialect)->can_resume;
}

static enum left_kind kind_of_update(const struct app_device *d)
{
	const struct job_result *r = &d->result;

	if (is_on_trial(d))
		return LEFT_TRIAL;
	switch (job_rest(r)) {
	case JOB_REST_SETTLED:
	case JOB_REST_NOTHING:
		return LEFT_NOTHING;
	case JOB_REST_RUNS:
	case JOB_REST_AS_BEFORE: /* ... this run's last try; what an earlier one sent is there */
		if (!r->begun)
			return LEFT_UNKNOWN;
		break;
	case JOB_REST_UNKNOWN:
		break;
	}
	if (r->ended)
		return LEFT_UNPROVED;
	return r->begun && resumes(d) ? LEFT_PART : LEFT_UNKNOWN;
}

/* The kind of update left behind, as the device itself told it. */
static enum left_kind kind_told(const struct app *app, const struct left *item)
{
	const struct app_device *d = app_device(app);
	const struct ota_status *s = &d->told.status;
	const struct app_image *i = app_image(app);

	if (d->result.outcome != SESSION_ANSWERED)
		return LEFT_UNKNOWN;
	if (is_on_trial(d))
		return LEFT_TRIAL;
	if (!d->told.status_known)
		return d->told.flags_known ? LEFT_NOTHING : LEFT_UNKNOWN;
	if (s->state == OTA_STATE_IDLE)
		return LEFT_NOTHING;
	if (item->kind == LEFT_PART && memcmp(s->hash, item->hash, sizeof(s->hash)) == 0)
		return LEFT_PART;
	if (app_journal(app) && journal_image_of(app_journal(app), s->hash))
		return LEFT_PART;
	return i->have && memcmp(s->hash, i->image.sha256, sizeof(s->hash)) == 0 ? LEFT_PART
										 : LEFT_FOREIGN;
}

static struct left *item_of(struct app *app)
{
	struct left_state *l = app_part(app, PART_LEFT);
	const struct app_device *d = app_device(app);
	struct left *item = NULL;

	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i].address, d->address) == 0)
			item = &l->items[i];
	}
	if (!item && l->count == DEVICE_KNOWN_MAX) {
		memmove(l->items, l->items + 1, (DEVICE_KNOWN_MAX - 1) * sizeof(l->items[0]));
		l->count--;
	}
	if (!item) {
		item = &l->items[l->count++];
		*item = (struct left){.kind = LEFT_NOTHING};
	}
	(void)snprintf(item->address, sizeof(item->address), "%s", d->address);
	(void)snprintf(item->name, sizeof(item->name), "%s", d->name);
	return item;
}

/* Takes the part of the image sent by the job, or of the chosen one that the device told of. */
static void take_part(const struct app *app, struct left *item)
{
	const struct app_device *d = app_device(app);
	const struct app_image *i = app_image(app);
	const struct ota_status *s = &d->told.status;
	const struct journal_image *own =
		app_journal(app) ? journal_image_of(app_journal(app), s->hash) : NULL;

	if (sends(d)) {
		item->bytes = d->snapshot.stats.received;
		item->total = d->snapshot.size;
		memcpy(item->hash, d->sent_sha256, sizeof(item->hash));
		(void)snprintf(item->image, sizeof(item->image), "%s", d->sent_path);
		return;
	}
	item->bytes = s->flushed;
	if (memcmp(item->hash, s->hash, sizeof(s->hash)) == 0 && item->image[0] != '\0')
		return;
	memcpy(item->hash, s->hash, sizeof(s->hash));
	if (own && strlen(own->path) < sizeof(item->image)) {
		item->total = own->size;
		memcpy(item->image, own->path, strlen(own->path) + 1);
	}
	if (!i->have || memcmp(s->hash, i->image.sha256, sizeof(s->hash)) != 0)
		return;
	item->total = (uint32_t)i->image.size;
	(void)snprintf(item->image, sizeof(item->image), "%s", i->path);
}

static void note(struct app *app, enum left_kind kind)
{
	struct left *item = item_of(app);

	if (kind == LEFT_UNKNOWN)
		return;
	if (kind == LEFT_PART || kind == LEFT_FOREIGN)
		take_part(app, item);
	item->kind = kind;
	(void)snprintf(item->version, sizeof(item->version), "%.*s", (int)sizeof(item->version) - 1,
		       app_device(app)->snapshot.version);
}

void app_left_settled(struct app *app)
{
	const struct app_device *d = app_device(app);

	if (d->address[0] != '\0' && !app_is_replay(app))
		note(app, sends(d) ? kind_of_update(d) : kind_told(app, item_of(app)));
}

/* The program ends over a run. */
static void note_running(struct app *app)
{
	const struct app_device *d = app_device(app);
	const struct job_snapshot *s = &d->snapshot;

	if (!app_device_runs(app) || app_is_replay(app) || !sends(d))
		return;
	app_device_refresh(app);
	if (s->state >= SESSION_VERIFYING && s->state <= SESSION_CONFIRMING)
		note(app, LEFT_UNPROVED);
	else if (resumes(d))
		note(app, LEFT_PART);
}

/* --- in words */

static void put_what(const struct left *item, char *buf, size_t size)
{
	char bytes[OUTPUT_FIGURE_MAX], total[OUTPUT_FIGURE_MAX], hash[2 * OTA_HASH_PREFIX + 1];

	(void)output_bytes(item->bytes, bytes, sizeof(bytes));
	(void)output_bytes(item->total, total, sizeof(total));
	(void)hex_encode(item->hash, sizeof(item->hash), hash);
	switch (item->kind) {
	case LEFT_PART:
		(void)snprintf(buf, size, "the update is suspended at %u %% (%s of %s)",
			       item->total > 0
				       ? (unsigned int)((uint64_t)item->bytes * 100u / item->total)
				       : 0,
			       bytes, total);
		break;
	case LEFT_FOREIGN:
		(void)snprintf(buf, size,
			       "an update of image %s, which is none of this program's, is "
			       "suspended at %s",
			       hash, bytes);
		break;
	case LEFT_TRIAL:
		(void)snprintf(buf, size, "image %s is on trial, and a reset rolls back",
			       item->version[0] != '\0' ? item->version : "of unknown version");
		break;
	case LEFT_UNPROVED:
		(void)snprintf(buf, size,
			       "the whole image was sent, and it is not known what runs");
		break;
	case LEFT_UNKNOWN:
	case LEFT_NOTHING:
		buf[0] = '\0';
		break;
	}
}

static const struct {
	const char *verb, *does;
} commands[] = {
	[LEFT_PART] = {"resume", "resumes it"},
	[LEFT_FOREIGN] = {"status", "shows it"},
	[LEFT_TRIAL] = {"confirm", "keeps it"},
	[LEFT_UNPROVED] = {"info", "shows it"},
};

static void put_command(const struct app *app, const struct left *item, char *buf, size_t size)
{
	char sending[APP_PATH_MAX];
	struct command c;

	command_begin(&c, buf, size);
	command_add(&c, app_config(app)->options);
	if (item->kind == LEFT_PART)
		command_add(&c, app_upload_options(app, sending, sizeof(sending)));
	command_add(&c, commands[item->kind].verb);
	command_word(&c, item->address);
	if (item->kind == LEFT_PART)
		command_file(&c, item->image);
	(void)command_end(&c);
}

void app_tell_left(struct app *app, FILE *out)
{
	const struct left_state *l = app_part(app, PART_LEFT);
	char what[VIEW_TEXT], command[4 * APP_PATH_MAX], name[4 * SCAN_NAME_SIZE];
	bool any = false;

	note_running(app);
	for (size_t i = 0; i < l->count; i++) {
		const struct left *item = &l->items[i];

		put_what(item, what, sizeof(what));
		if (what[0] == '\0')
			continue;
		any = true;
		(void)output_safe_text(item->name, strlen(item->name), name, sizeof(name));
		(void)fprintf(out, "%s%s%s: %s", name, name[0] != '\0' ? " " : "", item->address,
			      what);
		put_command(app, item, command, sizeof(command));
		if (app_config(app)->vain)
			(void)fprintf(out, "\n");
		else
			(void)fprintf(out, "; this %s:\n  %s\n", commands[item->kind].does,
				      command);
	}
	if (any && app_config(app)->vain)
		(void)fprintf(out, "Simulated devices end with this program, and what they hold "
				   "with them; --sim=state=DIR keeps both.\n");
}

const struct app_part_ops left_part = {.size = sizeof(struct left_state)};
