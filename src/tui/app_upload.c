/* SPDX-License-Identifier: Apache-2.0 */
/* See app_upload.h. */
#include "tui/app_upload.h"

#include "base/command.h"
#include "base/output.h"
#include "host/image_compare.h"
#include "tui/app_device.h"
#include "tui/app_estimate.h"
#include "tui/app_image.h"
#include "tui/app_journal.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"

#include <string.h>

struct upload_state {
	bool wanted; /* when the look that runs has ended */
};

/* Says so, as the command line does. */
static void take_swept(struct app *app)
{
	const struct app_profile *p = app_profile(app);
	char name[PROFILE_NAME_MAX], text[VIEW_TEXT];

	memcpy(name, p->now.name, sizeof(name));
	app_profile_take_swept(app, app_device(app)->address);
	if (strcmp(name, p->now.name) == 0)
		return;
	(void)snprintf(text, sizeof(text), "profile %s%s", p->now.name,
		       p->swept ? ", which a sweep found for this device" : "");
	app_log_note(app, text);
}

/* An update that is resumed ends as it was meant to, whichever program began it. */
static void take_journal(const struct app *app, struct job_config *config)
{
	const struct journal *j = app_journal(app);
	const struct journal_image *i =
		config->resume_only && j ? journal_image_of(j, config->image->sha256) : NULL;

	if (!i)
		return;
	config->no_confirm = i->no_confirm;
	config->forced |= i->forced;
}

void app_upload_now(struct app *app, bool restart, bool resume_only, bool same)
{
	struct job_config config = app_device_config(app, SESSION_UPDATE);

	if (!app_may_change(app))
		return;
	take_swept(app);
	config.image = &app_image(app)->image;
	config.report = &app_image(app)->report;
	config.image_name = app_image(app)->path;
	config.restart = restart;
	config.resume_only = resume_only;
	take_journal(app, &config);
	if (same) /* the operator was asked, and answered */
		config.forced |= 1u << LINT_SAME;
	if (app_device_start(app, &config, app_image(app)->path) == 0)
		app_show(app, VIEW_DEVICE);
}

/* The device told that it holds a part of this image: it is sent from there on. */
static bool upload_part_is_there(const struct app *app)
{
	const struct device_told *told = &app_device(app)->told;

	return told->status_known && told->status.state == OTA_STATE_SUSPENDED &&
	       memcmp(told->status.hash, app_image(app)->image.sha256, OTA_HASH_PREFIX) == 0;
}

static void upload_upload(struct app *app)
{
	app_upload_now(app, false, false, app_image_is_same(app));
}

#define TITLE "Upload"

/* "1.4.2 -> 1.5.0: upgrade" */
static void add_versions(struct app *app)
{
	const struct job_snapshot *s = &app_device(app)->snapshot;
	const struct image *image = &app_image(app)->image;
	const struct lint_device device = image_compare_device(s);
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	enum lint_severity severity;
	const char *word;

	(void)image_compare(image, &device, rows, &word, &severity);
	app_confirm_fact(app, TITLE, "Version", "%.60s -> %.60s%s%s",
			 s->version[0] != '\0' ? s->version : "unknown", image->version,
			 word[0] != '\0' ? ": " : "", word);
}

static void add_size(struct app *app)
{
	const struct image *image = &app_image(app)->image;
	const struct app_device *d = app_device(app);
	char size[OUTPUT_FIGURE_MAX], there[OUTPUT_FIGURE_MAX];

	(void)output_bytes(image->size, size, sizeof(size));
	if (upload_part_is_there(app))
		app_confirm_fact(app, TITLE, "Size", "%s, of which the device has %s", size,
				 output_bytes(d->told.status.flushed, there, sizeof(there)));
	else
		app_confirm_fact(app, TITLE, "Size", "%s", size);
}

static void add_time(struct app *app)
{
	const uint32_t size = (uint32_t)app_image(app)->image.size;
	const uint32_t there = upload_part_is_there(app) ? app_device(app)->told.status.flushed : 0;
	char past[VIEW_TEXT], least[VIEW_TEXT];

	(void)app_estimate_past(app, past, sizeof(past));
	(void)app_estimate_least(app, size > there ? size - there : 0, least, sizeof(least));
	app_confirm_fact(app, TITLE, "Time", "%s%s%s", past,
			 past[0] != '\0' && least[0] != '\0' ? "; " : "",
			 past[0] == '\0' && least[0] == '\0' ? "unknown" : least);
}

/* The profile, and what of it differs from its file. */
static void add_profile(struct app *app)
{
	const struct app_profile *p = app_profile(app);
	const char *found = p->swept ? ", which a sweep found for this device" : "";
	char value[SETTING_TEXT_MAX], changes[VIEW_TEXT] = "";
	size_t len = 0, count = 0;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&p->now, &p->saved, (enum profile_key)key))
			continue;
		count++;
		if (len < sizeof(changes))
			len += (size_t)snprintf(
				changes + len, sizeof(changes) - len, " %s=%s",
				profile_settings()[key].name,
				profile_get(&p->now, (enum profile_key)key, value, sizeof(value)));
	}
	if (count == 0)
		app_confirm_fact(app, TITLE, "Profile", "%s%s", p->now.name, found);
	else
		app_confirm_fact(app, TITLE, "Profile", "%.60s%s with %zu change%s:%s", p->now.name,
				 found, count, count == 1 ? "" : "s", changes);
}

static void ask_upload(struct app *app)
{
	const struct image *image = &app_image(app)->image;

	if (app_image_is_same(app))
		app_confirm_open(app, upload_upload, "%s runs this very image: send it again? y/n ",
				 app_device_title(app));
	else
		app_confirm_open(app, upload_upload, "Upload %s %s to %s? y/n ", image->project,
				 image->version, app_device_title(app));
	app_confirm_fact(app, TITLE, "Device", "%s %s", app_device(app)->name,
			 app_device(app)->address);
	app_confirm_fact(app, TITLE, "Image", "%.60s from %.150s", image->project,
			 app_image(app)->path);
	add_versions(app);
	add_size(app);
	add_time(app);
	add_profile(app);
}

static void open_and_upload(struct app *app, const char *path)
{
	if (app_image_open(app, path))
		app_upload(app);
}

void app_upload(struct app *app)
{
	const struct app_device *d = app_device(app);
	struct upload_state *u = app_part(app, PART_UPLOAD);

	if (!app_may_change(app) || !app_device_is_chosen(app))
		return;
	if (d->job) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	} else if (!app_image(app)->have) {
		app_image_ask(app, open_and_upload);
	} else if (app_image_is_outdated(app)) {
		app_show(app, VIEW_IMAGE);
		app_image_reread(app);
	} else if (app_image_is_refused(app)) {
		app_show(app, VIEW_IMAGE);
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	} else if (!d->have_snapshot) { /* against what it runs, too */
		app_show(app, VIEW_DEVICE);
		app_device_look(app);
		u->wanted = d->job != NULL;
	} else {
		take_swept(app);
		ask_upload(app);
	}
}

void app_upload_settled(struct app *app)
{
	struct upload_state *u = app_part(app, PART_UPLOAD);
	const bool wanted = u->wanted;

	u->wanted = false;
	if (wanted && app_device(app)->result.outcome == SESSION_ANSWERED)
		app_upload(app);
}

static void put_forced(const struct app *app, struct command *c)
{
	uint32_t force = app_config(app)->force;
	char option[64];

	if (app_image_is_same(app))
		force |= 1u << LINT_SAME;
	for (int check = 0; check < LINT_CHECKS; check++) {
		if (!(force & 1u << check))
			continue;
		(void)snprintf(option, sizeof(option), "--force=%s",
			       lint_check_name((enum lint_check)check));
		command_word(c, option);
	}
}

char *app_upload_options(const struct app *app, char *buf, size_t size)
{
	const struct app_profile *p = app_profile(app);
	char value[SETTING_TEXT_MAX], assignment[SETTING_TEXT_MAX + 64];
	struct command c;

	command_begin_part(&c, buf, size);
	put_forced(app, &c);
	if (p->source.origin == PROFILE_PATH) {
		command_add(&c, "-p");
		command_word(&c, p->source.path);
	} else if (strcmp(p->now.name, "default") != 0) {
		command_add(&c, "-p");
		command_word(&c, p->now.name);
	}
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (key == PROFILE_KEY_DESCRIPTION ||
		    !profile_differs(&p->now, &p->saved, (enum profile_key)key))
			continue;
		(void)snprintf(assignment, sizeof(assignment), "%s=%s",
			       profile_settings()[key].name,
			       profile_get(&p->now, (enum profile_key)key, value, sizeof(value)));
		command_add(&c, "-s");
		command_word(&c, assignment);
	}
	(void)command_end(&c);
	return buf;
}

static void upload_on(struct app *app, enum app_event event)
{
	if (event == APP_IMAGE_CHANGED) /* the question was about another one */
		app_confirm_drop(app, upload_upload);
}

const struct app_part_ops upload_part = {.size = sizeof(struct upload_state), .on = upload_on};
