/* SPDX-License-Identifier: Apache-2.0 */
/* See app.h: the workbench's life, and its jobs. */
#include "config.h" /* system extensions: clock_gettime(), localtime_r() */

#include "tui/app_history.h"
#include "tui/app_priv.h"

#include "history/recorder.h"
#include "view/view_history.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void app_say(struct app *app, enum cells_style style, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(app->message, sizeof(app->message), format, ap);
	va_end(ap);
	app->message_style = style;
	app->changed = true;
}

uint64_t app_now(const struct app *app)
{
	return app->transport->ops->now_us(app->transport);
}

bool app_runs(const struct app *app)
{
	return app->job && !app->job_finished;
}

/* --- the log */

uint64_t app_log_time(const struct app *app, uint64_t at_us)
{
	return (uint64_t)((int64_t)at_us + app->log_offset_us);
}

void app_note(struct app *app, const char *text)
{
	loglist_add(&app->log, app_log_time(app, app_now(app)), LOGLIST_TUNING, CELLS_TITLE, text,
		    NULL, 0);
	app->changed = true;
}

/* A modelled clock starts at 0 and stays so; a real one is shown as the time of day. */
static int64_t clock_offset(const struct app *app)
{
	struct timespec now = {0};
	struct tm local;

	if (app->transport->virtual_clock)
		return 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &local))
		return 0;
	return ((local.tm_hour * 60 + local.tm_min) * 60 + local.tm_sec) * INT64_C(1000000) +
	       now.tv_nsec / 1000 - (int64_t)app_now(app);
}

/* --- the job's listener */

static void on_state(void *userdata, enum session_state from, enum session_state to)
{
	struct app *app = userdata;
	char text[LOGLIST_TEXT];

	/* What was under way, for when the run fails, is cancelled or waits to try again. */
	if (from <= SESSION_CONFIRMING)
		app->stage = from;
	(void)snprintf(text, sizeof(text), "%s -> %s", session_state_name(from),
		       session_state_name(to));
	loglist_add(&app->log, app_log_time(app, app_now(app)), LOGLIST_STATE, CELLS_TITLE, text,
		    NULL, 0);
	app->changed = true;
}

static void on_log(void *userdata, const struct job_log_entry *entry)
{
	struct app *app = userdata;
	static const enum loglist_kind kinds[] = {[JOB_OUT] = LOGLIST_SENT,
						  [JOB_IN] = LOGLIST_RECEIVED,
						  [JOB_STATE] = LOGLIST_STATE,
						  [JOB_NOTE] = LOGLIST_EVENT};
	const bool note = entry->direction == JOB_NOTE;
	const size_t len = entry->len < JOB_BYTES_MAX ? entry->len : JOB_BYTES_MAX;

	if (entry->direction == JOB_STATE)
		return; /* on_state() says more */
	loglist_add(&app->log, app_log_time(app, entry->at_us), kinds[entry->direction],
		    note ? CELLS_WARNING : CELLS_NORMAL, entry->text, entry->bytes, note ? 0 : len);
	app->changed = true;
}

static void on_progress(void *userdata)
{
	((struct app *)userdata)->changed = true;
}

static void on_passkey(void *userdata, int32_t shown)
{
	struct app *app = userdata;

	app->snapshot.passkey_wanted = app->changed = true;
	app_ask_passkey(app, shown);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct app *app = userdata;

	app->result = *result;
	app->have_result = app->job_finished = app->changed = true;
}

/* The link after the reboot proves the update; it says nothing about the transfer. */
static bool after_reboot(const struct app *app)
{
	const enum session_state state = app->snapshot.state;

	return app->goal == SESSION_UPDATE &&
	       (state == SESSION_REBOOTING || state == SESSION_RECONNECTING ||
		state == SESSION_CONFIRMING || state == SESSION_DONE);
}

void app_refresh(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;

	if (!app->job)
		return;
	job_snapshot(app->job, &app->snapshot);
	app_ask_settle(app);
	if (s->link.mtu_source == TRANSPORT_SOURCE_NONE &&
	    s->link.link_source == TRANSPORT_SOURCE_NONE) {
		app->linked_since = 0;
		return;
	}
	app->linked_since = app->linked_since > 0 ? app->linked_since : s->now_us;
	if (after_reboot(app) && app->last_mtu > 0)
		return;
	app->last_link = s->link;
	app->last_mtu = s->mtu;
}

static void on_unrecorded(void *userdata, const char *text)
{
	struct app *app = userdata;

	app_say(app, CELLS_WARNING, "%s", text);
	app_note(app, text);
}

struct job_listener app_listener(struct app *app)
{
	return (struct job_listener){
		.userdata = app,
		.state = on_state,
		.log = on_log,
		.passkey = on_passkey,
		.progress = on_progress,
		.finished = on_finished,
	};
}

int app_start(struct app *app, const struct job_config *config)
{
	const struct job_listener listener = app_listener(app);
	struct recorder_config record = {
		.off = app->config.no_history,
		.options = app->config.reach,
		.warn = on_unrecorded,
		.userdata = app,
	};
	int r;

	if (app->address[0] == '\0') {
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
		return -OTA_EINVAL;
	}
	if (app->job) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): %s",
			job_state_name(&app->snapshot));
		return -OTA_EBUSY;
	}
	if (app->maintenance) {
		app_say(app, CELLS_WARNING, "wait: the adapter is being seen to");
		return -OTA_EBUSY;
	}
	app_scan_stop(app);
	record.image_path = config->goal == SESSION_UPDATE ? app->image_path : NULL;
	r = recorder_job_create(&record, app->transport, config, &listener, &app->job,
				&app->recorder);
	if (r < 0) {
		app->job = NULL;
		app_say(app, CELLS_BAD, "cannot start: %s", strerror(-r));
		app_scan_begin(app);
		return r;
	}
	app->message[0] = '\0'; /* of what was done before */
	app->goal = config->goal;
	app->command = config->command;
	app->edit.running = app->profile;
	app->job_finished = app->have_result = false;
	app->message[0] = '\0'; /* of what was before */
	job_start(app->job);
	app->linked_since = 0;
	app_refresh(app);
	app->have_snapshot = app->changed = true;
	return 0;
}

static uint32_t percent_of(uint32_t part, uint32_t total)
{
	return total > 0 ? (uint32_t)((uint64_t)part * 100u / total) : 0;
}

static void remember(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;
	struct view_known *known = app_known(app, app->address);

	if (!known)
		return;
	if (s->dialect_known) {
		known->asked = true;
		known->full = !s->basic;
	}
	known->no_service = app->result.outcome == SESSION_NO_SERVICE;
	if (app->result.running_known && app->result.running_version[0] != '\0')
		(void)snprintf(known->version, sizeof(known->version), "%.*s",
			       (int)sizeof(known->version) - 1, app->result.running_version);
	else if (s->version[0] != '\0')
		(void)snprintf(known->version, sizeof(known->version), "%.*s",
			       (int)sizeof(known->version) - 1, s->version);
	if (app->goal != SESSION_UPDATE)
		return;
	known->outcome = app->result.outcome;
	known->percent = percent_of(s->stats.received, s->size);
	app->last_update = app->result;
	app->have_update = true;
	app->last_received = s->stats.received;
	app->last_flushed = s->stats.flushed;
	app->last_total = s->size;
}

/* How it ended, and what to do where both fit: the dashboard and Recover have the rest. */
static void say_end(struct app *app)
{
	const struct job_result *r = &app->result;
	const enum cells_style style = view_outcome_style(r->outcome);
	const char *name = session_outcome_name(r->outcome);
	const size_t len = strlen(name) + strlen(r->what) + strlen(r->advice) + 3;

	if (r->advice[0] == '\0' || style == CELLS_GOOD || app->replay.is ||
	    (app->width > 0 && len <= (size_t)app->width))
		app_say(app, style, "%s: %s%s%s", name, r->what, r->advice[0] != '\0' ? " " : "",
			r->advice);
	else {
		app_say(app, style, "%s: %s -> R", name, r->what);
		loglist_add(&app->log, app_log_time(app, app_now(app)), LOGLIST_EVENT, style,
			    r->advice, NULL, 0);
	}
}

void app_settle(struct app *app)
{
	if (!app->job || !app->job_finished)
		return;
	job_snapshot(app->job, &app->snapshot);
	remember(app);
	if (!app->replay.is)
		job_destroy(app->job);
	recorder_finish(app->recorder);
	app->job = NULL;
	app->recorder = NULL;
	app_ask_settle(app);
	app->linked_since = 0;
	app_image_compare(app);
	say_end(app);
	if (app->replay.is)
		return;
	app_recover_learn(app);
	if (app->quitting) {
		app->ended = true;
		return;
	}
	app_scan_begin(app);
	app_recover_settled(app);
	if (app->image_stale)
		app_image_reread(app);
}

/* --- life */

int app_create(const struct app_config *config, struct app **ret)
{
	struct app *app = calloc(1, sizeof(*app));

	if (!app)
		return -OTA_ENOMEM;
	app->config = *config;
	app->transport = config->transport;
	app_profile_begin(app);
	scan_init(&app->scan);
	app->frozen = true;
	app->mouse_off = config->no_mouse;
	loglist_init(&app->log);
	loglist_init(&app->calls);
	if (config->replay) {
		const int r = app_replay_open(app);

		if (r < 0)
			app_destroy(app);
		else
			*ret = app;
		return r;
	}
	app->log_offset_us = clock_offset(app);
	app_log_watch(app);
	app_scan_begin(app);
	if (config->image)
		app_image_open(app, config->image);
	*ret = app;
	return 0;
}

void app_destroy(struct app *app)
{
	if (!app)
		return;
	if (!app->replay.is) {
		job_destroy(app->job);
		app_scan_stop(app);
		transport_watch(app->transport, NULL, NULL);
		app->transport->handler = NULL;
		app_image_unwatch(app);
		app_image_close(app);
	}
	recorder_finish(app->recorder);
	app_history_destroy(app);
	app_panel_close(app);
	app_profile_finish(app);
	free(app);
}

bool app_changed(const struct app *app)
{
	return app->changed;
}

bool app_ended(const struct app *app, int *ret_status)
{
	*ret_status = app->status;
	return app->ended;
}

bool app_take_suspend(struct app *app)
{
	const bool is = app->suspend;

	app->suspend = false;
	return is;
}

bool app_take_redraw(struct app *app)
{
	const bool is = app->redraw;

	app->redraw = false;
	return is;
}

void app_quit(struct app *app)
{
	if (!app_runs(app) || app->replay.is) {
		app->ended = true;
		return;
	}
	if (app->quitting) { /* asked for twice: at once */
		app->status = APP_STATUS_CANCELLED;
		app->ended = true;
		return;
	}
	app->quitting = true;
	app->status = APP_STATUS_CANCELLED;
	app_say(app, CELLS_WARNING, "cancelling, then ending; once more ends at once");
	job_cancel(app->job);
}

void app_tick(struct app *app)
{
	const uint64_t now = app_now(app);
	int8_t rssi = 127;

	app_settle(app);
	if (!app->job || now - app->sampled_us < APP_SAMPLE_US)
		return;
	app->sampled_us = now;
	app_refresh(app);
	rssi = app->snapshot.link.rssi;
	if (app->rssi_count == APP_RSSI_MAX) {
		memmove(app->rssi, app->rssi + 1, (APP_RSSI_MAX - 1) * sizeof(app->rssi[0]));
		app->rssi_count--;
	}
	app->rssi[app->rssi_count++] = rssi == 127 || rssi == 0 ? PLOT_NONE : rssi;
	app->changed = true;
}
