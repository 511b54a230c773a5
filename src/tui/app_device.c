/* SPDX-License-Identifier: Apache-2.0 */
/* See app_device.h: which device, its job from start to end, and what is learned from it. */
#include "tui/app_device.h"

#include "base/text.h"
#include "history/recorder.h"
#include "host/image_store.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"
#include "view/view_history.h"

#include <string.h>

const struct app_device *app_device(const struct app *app)
{
	return app_part(app, PART_DEVICE);
}

static void device_finish(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (!app_is_replay(app))
		job_destroy(d->job);
	recorder_finish(d->recorder);
}

const struct app_part_ops device_part = {.size = sizeof(struct app_device),
					 .finish = device_finish};

const char *app_device_title(const struct app *app)
{
	const struct app_device *d = app_device(app);

	return d->name[0] != '\0' ? d->name : d->address;
}

static void take_cause(struct app_device *d, const struct diagnosis *cause)
{
	d->cause = cause ? *cause : (struct diagnosis){.cause = DIAGNOSIS_NONE};
	d->cure_line[0] = '\0';
	if (cause && d->job)
		(void)job_cure_line(d->job, cause, d->cure_line);
}

bool app_device_is_chosen(struct app *app)
{
	if (app_device(app)->address[0] == '\0')
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
	return app_device(app)->address[0] != '\0';
}

bool app_device_choose(struct app *app, const char *address, const char *name)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (strcmp(address, d->address) == 0)
		return true;
	if (d->job) {
		app_say(app, CELLS_WARNING, "%s is busy: one device at a time",
			app_device_title(app));
		return false;
	}
	(void)snprintf(d->address, sizeof(d->address), "%s", address);
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->have_snapshot = d->have_result = d->have_update = false;
	memset(&d->told, 0, sizeof(d->told));
	take_cause(d, NULL);
	d->rssi_count = 0;
	d->heard_us = 0;
	app_tell(app, APP_DEVICE_CHANGED);
	return true;
}

bool app_device_runs(const struct app *app)
{
	return app_device(app)->job && !app_device(app)->job_finished;
}

void app_device_heard(struct app *app, const char *address)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (strcmp(address, d->address) == 0)
		d->heard_us = app_now(app);
}

bool app_device_is_unheard(const struct app *app)
{
	const struct app_device *d = app_device(app);

	return !d->job && d->have_result && d->heard_us <= d->ended_us &&
	       (d->result.outcome == SESSION_NOT_FOUND || d->result.outcome == SESSION_NOT_BACK);
}

/* --- what is known of devices */

static struct view_known *known_of(struct app_device *d, const char *address)
{
	struct view_known *known;

	if (address[0] == '\0')
		return NULL;
	for (size_t i = 0; i < d->known_count; i++) {
		if (strcmp(d->known[i].address, address) == 0)
			return &d->known[i];
	}
	if (d->known_count == DEVICE_KNOWN_MAX) {
		memmove(d->known, d->known + 1, (DEVICE_KNOWN_MAX - 1) * sizeof(d->known[0]));
		d->known_count--;
	}
	known = &d->known[d->known_count++];
	memset(known, 0, sizeof(*known));
	(void)snprintf(known->address, sizeof(known->address), "%s", address);
	return known;
}

const struct view_known *app_device_known(struct app *app, const char *address)
{
	return known_of(app_part(app, PART_DEVICE), address);
}

static uint32_t percent_of(uint32_t part, uint32_t total)
{
	return total > 0 ? (uint32_t)((uint64_t)part * 100u / total) : 0;
}

static void remember(struct app_device *d)
{
	const struct job_snapshot *s = &d->snapshot;
	struct view_known *known = known_of(d, d->address);

	if (!known)
		return;
	if (s->dialect != DIALECT_UNKNOWN)
		known->dialect = s->dialect;
	known->no_service =
		d->result.outcome == SESSION_NO_SERVICE ||
		(s->dialect != DIALECT_UNKNOWN && !dialect_is_driven(dialect_get(s->dialect)));
	if (d->result.running_known && d->result.running_version[0] != '\0')
		(void)snprintf(known->version, sizeof(known->version), "%.*s",
			       (int)sizeof(known->version) - 1, d->result.running_version);
	else if (s->version[0] != '\0')
		(void)snprintf(known->version, sizeof(known->version), "%.*s",
			       (int)sizeof(known->version) - 1, s->version);
	if (d->goal != SESSION_UPDATE)
		return;
	known->outcome = d->result.outcome;
	known->percent = percent_of(s->stats.received, s->size);
	d->last_update = d->result;
	d->have_update = true;
	d->last_received = s->stats.received;
	d->last_flushed = s->stats.flushed;
	d->last_total = s->size;
}

/* --- the passkey that a device shows */

static void device_give_passkey(struct app *app, const char *text);

static void cancel_passkey(struct app *app)
{
	device_give_passkey(app, "");
}

static void ask_passkey(struct app *app)
{
	const struct prompt prompt = {.label = app_device(app)->passkey_label,
				      .done = device_give_passkey,
				      .cancelled = cancel_passkey};

	app_prompt_open(app, &prompt, "");
}

static void device_give_passkey(struct app *app, const char *text)
{
	int32_t passkey = -1;

	if (text[0] != '\0' && text_parse_passkey(text, &passkey) < 0) {
		ask_passkey(app);
		app_say(app, CELLS_WARNING, "a passkey is six digits; Esc gives up");
	} else if (app_device(app)->job) {
		(void)job_passkey(app_device(app)->job, passkey);
	}
}

static void on_passkey(void *userdata, int32_t shown)
{
	struct app *app = userdata;
	struct app_device *d = app_part(app, PART_DEVICE);
	const size_t size = sizeof(d->passkey_label);

	d->snapshot.passkey_wanted = true;
	(void)snprintf(d->passkey_label, size, "passkey that %.60s shows: ", app_device_title(app));
	if (shown >= 0)
		(void)snprintf(d->passkey_label, size,
			       "passkey that %.60s shows (%06d, as it is simulated): ",
			       app_device_title(app), (int)shown);
	/* The passkey cannot wait for a line that is being typed: a device gives it 30 s. */
	app_modal_close(app, PART_CONFIRM);
	ask_passkey(app);
	app_touch(app);
}

/* --- the job's listener */

static void on_state(void *userdata, enum session_state from, enum session_state to)
{
	struct app_device *d = app_part(userdata, PART_DEVICE);
	char text[LOGLIST_TEXT];

	/* Keeps the stage for a run that fails, is cancelled or waits for a retry. */
	if (from <= SESSION_CONFIRMING)
		d->stage = from;
	d->seen |= 1u << to;
	(void)snprintf(text, sizeof(text), "%s -> %s", session_state_name(from),
		       session_state_name(to));
	app_log_add(userdata, app_now(userdata), LOGLIST_STATE, CELLS_TITLE, text, NULL, 0);
}

static void on_progress(void *userdata)
{
	app_touch(userdata);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct app_device *d = app_part(userdata, PART_DEVICE);

	d->result = *result;
	d->have_result = d->job_finished = true;
	d->ended_us = app_now(userdata);
	app_touch(userdata);
}

static void on_warned(void *userdata, const char *text)
{
	app_say(userdata, CELLS_WARNING, "%s", text);
	app_log_note(userdata, text);
}

struct job_listener app_device_listener(struct app *app)
{
	return (struct job_listener){
		.userdata = app,
		.state = on_state,
		.log = app_device_on_log,
		.passkey = on_passkey,
		.warned = on_warned,
		.diagnosed = app_device_on_diagnosed,
		.progress = on_progress,
		.finished = on_finished,
	};
}

/* --- figures */

/* The link after the reboot proves the update; it says nothing about the transfer. */
static bool after_reboot(const struct app_device *d)
{
	const enum session_state state = d->snapshot.state;

	return d->goal == SESSION_UPDATE &&
	       (state == SESSION_REBOOTING || state == SESSION_RECONNECTING ||
		state == SESSION_CONFIRMING || state == SESSION_DONE);
}

void app_device_refresh(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	const struct job_snapshot *s = &d->snapshot;
	struct diagnosis cause;

	if (!d->job)
		return;
	job_snapshot(d->job, &d->snapshot);
	if (!d->job_finished)
		take_cause(d, job_cause(d->job, &cause) ? &cause : NULL);
	/* The question goes when nobody waits for the answer any more. */
	if (!s->passkey_wanted)
		app_prompt_drop(app, device_give_passkey);
	if (s->link.mtu_source == TRANSPORT_SOURCE_NONE &&
	    s->link.link_source == TRANSPORT_SOURCE_NONE) {
		d->linked_since = 0;
		return;
	}
	d->linked_since = d->linked_since > 0 ? d->linked_since : s->now_us;
	if (after_reboot(d) && d->last_mtu > 0)
		return;
	d->last_link = s->link;
	d->last_mtu = s->mtu;
}

bool app_device_last_run(const struct app *app, struct job_snapshot *ret)
{
	const struct app_device *d = app_device(app);

	if (!d->have_snapshot || (d->last_mtu == 0 && d->snapshot.mtu == 0))
		return false;
	*ret = d->snapshot;
	ret->link = d->last_link;
	if (d->last_mtu > 0)
		ret->mtu = d->last_mtu;
	return true;
}

char *app_device_progress(const struct app *app, char *buf, size_t size)
{
	const struct job_snapshot *s = &app_device(app)->snapshot;

	if (s->size > 0 && s->stats.received > 0)
		(void)snprintf(buf, size, "%s %u%%", job_state_name(s),
			       percent_of(s->stats.received, s->size));
	else
		(void)snprintf(buf, size, "%s", job_state_name(s));
	return buf;
}

bool app_device_sample(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	const uint64_t now = app_now(app);
	int8_t rssi;

	if (!d->job || now - d->sampled_us < DEVICE_SAMPLE_US)
		return false;
	d->sampled_us = now;
	app_device_refresh(app);
	rssi = d->snapshot.link.rssi;
	if (d->rssi_count == DEVICE_RSSI_MAX) {
		memmove(d->rssi, d->rssi + 1, (DEVICE_RSSI_MAX - 1) * sizeof(d->rssi[0]));
		d->rssi_count--;
	}
	d->rssi[d->rssi_count++] = rssi == 127 || rssi == 0 ? PLOT_NONE : rssi;
	return true;
}

/* --- from start to end */

static void device_begin(struct app *app, const struct job_config *config)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	app_hush(app); /* of what was done before */
	d->config = *config;
	d->goal = config->goal;
	d->command = config->command;
	d->stage = SESSION_IDLE;
	d->seen = 0;
	d->job_finished = d->have_result = false;
	take_cause(d, NULL);
	d->linked_since = 0;
}

static int device_start(struct app *app, const struct job_config *config, const char *image_path,
			bool recorded)
{
	struct app_device *d = app_part(app, PART_DEVICE);
	const struct job_listener listener = app_device_listener(app);
	struct recorder_config record = {
		.off = !recorded || app_config(app)->no_history,
		.options = app_config(app)->reach,
		.image_path = image_path,
		.saved = &app_profile(app)->saved,
		.warn = on_warned,
		.userdata = app,
	};
	int r;

	if (!app_device_is_chosen(app))
		return -OTA_EINVAL;
	if (d->job) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): %s",
			job_state_name(&d->snapshot));
		return -OTA_EBUSY;
	}
	if (d->maintenance) {
		app_say(app, CELLS_WARNING, "wait: the adapter is busy");
		return -OTA_EBUSY;
	}
	app_tell(app, APP_JOB_STARTS);
	r = recorder_job_create(&record, app_transport(app), config, &listener, &d->job,
				&d->recorder);
	if (r < 0) {
		d->job = NULL;
		app_say(app, CELLS_BAD, "cannot start: %s", strerror(-r));
		app_tell(app, APP_TRANSPORT_FREE);
		return r;
	}
	device_begin(app, config);
	if (config->image) {
		image_store_keep(config->image, NULL);
		(void)snprintf(d->sent_path, sizeof(d->sent_path), "%s", image_path);
		memcpy(d->sent_sha256, config->image->sha256, sizeof(d->sent_sha256));
	}
	app_tell(app, APP_JOB_RUNS);
	job_start(d->job);
	app_device_refresh(app);
	d->have_snapshot = true;
	app_touch(app);
	return 0;
}

int app_device_start(struct app *app, const struct job_config *config, const char *image_path)
{
	return device_start(app, config, image_path, true);
}

int app_device_start_unrecorded(struct app *app, const struct job_config *config)
{
	return device_start(app, config, NULL, false);
}

/* Says how the run ended, and what to do if both fit: the dashboard and Recover have the rest. */
static void say_end(struct app *app)
{
	const struct job_result *r = &app_device(app)->result;
	const enum cells_style style = view_outcome_style(r->outcome);
	const char *name = session_outcome_name(r->outcome);
	const size_t len = strlen(name) + strlen(r->what) + strlen(r->advice) + 3;

	if (r->advice[0] == '\0' || style == CELLS_GOOD || app_is_replay(app) ||
	    (app_width(app) > 0 && len <= (size_t)app_width(app))) {
		app_say(app, style, "%s: %s%s%s", name, r->what, r->advice[0] != '\0' ? " " : "",
			r->advice);
		return;
	}
	app_say(app, style, "%s: %s -> R", name, r->what);
	app_log_add(app, app_now(app), LOGLIST_EVENT, style, r->advice, NULL, 0);
}

bool app_device_settle(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (!d->job || !d->job_finished)
		return false;
	job_snapshot(d->job, &d->snapshot);
	take_cause(d, d->result.diagnosis_count > 0 ? &d->result.diagnoses[0] : NULL);
	remember(d);
	if (!app_is_replay(app))
		job_destroy(d->job);
	recorder_finish(d->recorder);
	d->job = NULL;
	d->recorder = NULL;
	app_prompt_drop(app, device_give_passkey);
	d->linked_since = 0;
	app_tell(app, APP_DEVICE_CHANGED);
	say_end(app);
	told_ended(&d->told, d->goal, d->command, &d->snapshot, &d->result);
	return true;
}

/* --- a run of a recording */

void app_device_replay_end(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	d->job = NULL;
}

void app_device_replay_begin(struct app *app, struct job *job, const struct job_config *config)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	d->job = job;
	device_begin(app, config);
	d->sampled_us = 0;
	d->rssi_count = 0;
	app_device_refresh(app);
	/* The typed name or address is shown until the device is found. */
	(void)snprintf(d->address, sizeof(d->address), "%.*s", (int)sizeof(d->address) - 1,
		       d->snapshot.device);
	(void)snprintf(d->name, sizeof(d->name), "%s", d->snapshot.device);
	d->have_snapshot = true;
}

void app_device_replay_found(struct app *app)
{
	struct app_device *d = app_part(app, PART_DEVICE);

	if (d->snapshot.address[0] == '\0')
		return;
	(void)snprintf(d->address, sizeof(d->address), "%s", d->snapshot.address);
	(void)snprintf(d->name, sizeof(d->name), "%s", d->snapshot.device);
}
