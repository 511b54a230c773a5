/* SPDX-License-Identifier: Apache-2.0 */
/* Recover: the menu over a view, and what its entries do.  recover.c reasons. */
#include "tui/app_priv.h"

#include "replay/bundle.h"
#include "base/output.h"
#include "host/maintenance.h"
#include "transport/trace.h"

#include <string.h>

/* --- what is known */

static void learn_answer(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;
	struct app_told *told = &app->told;

	if (s->stats.status_known) {
		told->status = s->stats.status;
		told->status_known = told->flags_known = true;
		told->status_us = app_now(app);
		told->flags = s->stats.status.flags;
	} else if (s->have_info) {
		told->flags = s->info.flags;
		told->flags_known = true;
	}
	if (app->goal != SESSION_COMMAND || app->result.outcome != SESSION_ANSWERED)
		return;
	if (app->command == OTA_CMD_CONFIRM)
		told->flags &= (uint8_t)~OTA_INFO_PENDING_VERIFY;
	else if (app->command == OTA_CMD_ABORT)
		told->flags &= (uint8_t)~OTA_INFO_RESUMABLE;
	if (app->command == OTA_CMD_REBOOT || app->command == OTA_CMD_ROLLBACK)
		told->flags_known = false;
	if (app->command != OTA_CMD_STATUS)
		told->status_known = false;
}

/* What an update makes of what the device had told before it. */
static void learn_update(struct app *app)
{
	struct app_told *told = &app->told;

	told->status_known = false;
	switch (app->result.outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
		told->flags = OTA_INFO_CAN_ROLLBACK;
		if (app->result.outcome == SESSION_UNCONFIRMED)
			told->flags |= OTA_INFO_PENDING_VERIFY;
		told->flags_known = true;
		break;
	case SESSION_CANCELLED:
		told->flags &= (uint8_t)~OTA_INFO_RESUMABLE;
		told->flags_known = app->result.status == 0;
		break;
	case SESSION_REFUSED:
	case SESSION_IN_USE:
	case SESSION_NOT_PAIRED:
	case SESSION_ALREADY_RUNNING:
		break;
	case SESSION_NO_OUTCOME:
	case SESSION_DELIVERED:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
	case SESSION_DEVICE_ERROR:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NOT_BACK:
	case SESSION_ROLLED_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_NO_ADAPTER:
	case SESSION_PROTOCOL:
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
	case SESSION_OUTCOMES:
		told->flags_known = false;
		break;
	}
}

static void collect(const struct app *app, struct recover_known *k)
{
	const struct job_snapshot *s = &app->snapshot;
	const struct app_told *told = &app->told;

	*k = (struct recover_known){
		.address = app->address,
		.options = app->config.options,
		.image = app->have_image ? app->image_path : "",
		.image_refused = app_image_refused(app),
		.image_sha256 = app->have_image ? app->image.sha256 : NULL,
		.readonly = app->config.readonly,
		.running = app_runs(app) ? job_state_name(s) : NULL,
		.hold = s->hold,
		.stack_keeps = app->transport->ops->maintenance != NULL,
		.have_update = app->have_update,
		.outcome = app->last_update.outcome,
		.what = app->last_update.what,
		.received = app->last_received,
		.flushed = app->last_flushed,
		.total = app->last_total,
		.rssi = app->rssi,
		.rssi_count = app->rssi_count,
		.rssi_ms = APP_SAMPLE_US / 1000u,
		.basic = app->have_snapshot && s->dialect_known && s->basic,
		.flags_known = told->flags_known,
		.flags = told->flags,
		.status_known = told->status_known,
		.status = told->status,
		.status_age_us = app_now(app) - told->status_us,
	};
	if (k->running && (app->goal == SESSION_UPDATE || app->goal == SESSION_MEASURE)) {
		k->have_update = true;
		k->outcome = SESSION_NO_OUTCOME;
		k->received = s->stats.received;
		k->flushed = s->stats.flushed;
		k->total = s->size;
	}
}

/* Where another device was chosen meanwhile, only how it ended is still known. */
static void collect_older(struct app *app, struct recover_known *k, char *what, size_t size)
{
	const struct view_known *known = app_known(app, app->address);

	k->no_service = known && known->no_service;
	if (k->have_update || !known || known->outcome == SESSION_NO_OUTCOME)
		return;
	k->have_update = true;
	k->outcome = known->outcome;
	k->what = what;
	(void)snprintf(what, size, "at %u %%, earlier in this session", known->percent);
}

void app_recover_learn(struct app *app)
{
	struct recover_known known;
	char hash[16];

	if (app->goal == SESSION_UPDATE)
		learn_update(app);
	else
		learn_answer(app);
	collect(app, &known);
	known.running = NULL;
	if (!recover_foreign(&known))
		return;
	(void)snprintf(hash, sizeof(hash), "%02x%02x%02x%02x", known.status.hash[0],
		       known.status.hash[1], known.status.hash[2], known.status.hash[3]);
	app_say(app, CELLS_WARNING, "it holds an update of image %s that is not from here: R",
		hash);
}

/* --- the menu */

static bool saved_differs(const struct app *app, enum profile_key key)
{
	return profile_differs(&app->profile, &app->edit.saved, key);
}

/* What makes the command line send as this program would: the profile, and what differs. */
static void put_sending(const struct app *app, char *buf, size_t size)
{
	char value[SETTING_TEXT_MAX];
	size_t len = 0;

	buf[0] = '\0';
	if (app_image_same(app))
		(void)snprintf(buf, size, "--force=same ");
	len = strlen(buf);
	if (strcmp(app->profile.name, "default") != 0)
		(void)snprintf(buf + len, size - len, "-p %s ", app->profile.name);
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (key == PROFILE_KEY_DESCRIPTION || !saved_differs(app, (enum profile_key)key))
			continue;
		len = strlen(buf);
		(void)snprintf(
			buf + len, size - len, "-s %s=%s ", profile_settings()[key].name,
			profile_get(&app->profile, (enum profile_key)key, value, sizeof(value)));
	}
}

static void fill(struct app *app)
{
	struct app_menu *m = &app->menu;
	struct recover_known known;
	char what[VIEW_TEXT], sending[1024];

	collect(app, &known);
	put_sending(app, sending, sizeof(sending));
	known.sending = sending;
	collect_older(app, &known, what, sizeof(what));
	recover_fill(&known, &m->is);
	m->selected = 0;
	while (m->selected + 1 < m->is.count && !m->is.choices[m->selected].possible)
		m->selected++;
	/* Of a device that nothing is known of, or that needs nothing, asking comes first. */
	for (size_t i = 0; i < m->is.count; i++) {
		if (m->is.actions[i] == RECOVER_LOOK &&
		    (known.have_update ? known.outcome == SESSION_CONFIRMED : !known.status_known))
			m->selected = i;
	}
}

void app_recover_open(struct app *app)
{
	if (app->address[0] == '\0') {
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
		return;
	}
	app_refresh(app);
	fill(app);
	app->menu.open = true;
}

void app_recover_settled(struct app *app)
{
	struct app_menu *m = &app->menu;

	if (app->confirm == APP_CONFIRM_CHOICE)
		app->confirm = APP_CONFIRM_NOTHING; /* what was asked fits no more */
	if (m->open || m->again)
		app_recover_open(app);
	m->again = false;
}

/* --- what entries do */

static void control_log(void *userdata, FILE *out)
{
	(void)app_log_write(userdata, out);
}

static void calls_log(void *userdata, FILE *out)
{
	(void)app_calls_write(userdata, out);
}

void app_bundle(struct app *app)
{
	const struct bundle bundle = {
		.source = app->config.source,
		.profile = &app->profile,
		.now = app->have_snapshot ? &app->snapshot : NULL,
		.result = app->have_update   ? &app->last_update
			  : app->have_result ? &app->result
					     : NULL,
		.report = app->have_image ? &app->report : NULL,
		.control_log = control_log,
		.calls_log = calls_log,
		.trace = app->config.trace,
		.userdata = app,
	};
	char path[APP_PATH_MAX] = "", why[VIEW_TEXT] = "";

	app_refresh(app);
	(void)trace_error(app->transport); /* flushes what is being recorded */
	if (bundle_write(&bundle, path, sizeof(path), why, sizeof(why)) < 0)
		app_say(app, CELLS_BAD, "the bundle is incomplete: %s", why);
	else
		app_say(app, CELLS_GOOD, "bundle written to %s", path);
}

static const char *maintenance_device(const struct app *app, enum transport_maintenance what)
{
	return what == TRANSPORT_POWER_CYCLE ? NULL : app->address;
}

void app_maintenance(struct app *app, enum transport_maintenance what)
{
	int r;

	if (app->job || app->maintenance) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the adapter is busy");
		return;
	}
	if (app->config.readonly) {
		app_say(app, CELLS_WARNING, "not with --readonly: this ends links");
		return;
	}
	app->maintenance = true;
	app->maintenance_what = what;
	app_say(app, CELLS_NORMAL, "%s ...",
		what == TRANSPORT_POWER_CYCLE ? "power-cycling the adapter"
		: what == TRANSPORT_FORGET    ? "forgetting what is remembered of it"
					      : "hanging up");
	r = maintenance_start(app->transport, what, maintenance_device(app, what));
	if (r < 0)
		app_maintenance_done(app, r);
}

void app_maintenance_done(struct app *app, int status)
{
	const enum transport_maintenance what = app->maintenance_what;
	char text[VIEW_TEXT];

	if (!app->maintenance)
		return;
	app->maintenance = false;
	(void)maintenance_text(what, status, maintenance_device(app, what), text, sizeof(text));
	app_note(app, text);
	app_say(app, maintenance_succeeded(what, status) ? CELLS_GOOD : CELLS_BAD, "%s", text);
	if (!app->scanning && status == 0)
		app_scan_begin(app);
}

void app_recover_run(struct app *app)
{
	struct app_menu *m = &app->menu;

	m->open = false;
	app_note(app, m->is.commands[m->selected]);
	if (app->view == VIEW_SCAN && m->is.actions[m->selected] < RECOVER_DISCONNECT)
		app->view = VIEW_DEVICE;
	switch (m->is.actions[m->selected]) {
	case RECOVER_RESUME:
		app_upload_now(app, false, true);
		break;
	case RECOVER_RESTART:
		app->send_same = app_image_same(app);
		app_upload_now(app, true, false);
		break;
	case RECOVER_ABORT:
		app_command_device(app, OTA_CMD_ABORT);
		break;
	case RECOVER_LOOK:
		m->again = true;
		app_look(app);
		break;
	case RECOVER_CONFIRM:
		app_command_device(app, OTA_CMD_CONFIRM);
		break;
	case RECOVER_ROLLBACK:
		app_command_device(app, OTA_CMD_ROLLBACK);
		break;
	case RECOVER_REBOOT:
		app_command_device(app, OTA_CMD_REBOOT);
		break;
	case RECOVER_DISCONNECT:
		app_maintenance(app, TRANSPORT_HANG_UP);
		break;
	case RECOVER_FORGET:
		app_maintenance(app, TRANSPORT_FORGET);
		break;
	case RECOVER_POWER_CYCLE:
		app_maintenance(app, TRANSPORT_POWER_CYCLE);
		break;
	case RECOVER_BUNDLE:
		app_bundle(app);
		break;
	case RECOVER_PAUSE:
		app_pause(app);
		break;
	case RECOVER_CANCEL:
		if (app_runs(app))
			job_cancel(app->job);
		break;
	}
}

/* --- keys */

static void choose(struct app *app)
{
	const struct app_menu *m = &app->menu;
	const struct view_choice *choice = &m->is.choices[m->selected];

	if (!choice->possible)
		app_say(app, CELLS_WARNING, "not possible: %s", choice->effect);
	else if (recover_at_once(m->is.actions[m->selected]))
		app_recover_run(app);
	else
		app_confirm(app, APP_CONFIRM_CHOICE);
}

void app_recover_choose(struct app *app, enum recover_action action)
{
	struct app_menu *m = &app->menu;

	for (size_t i = 0; i < m->is.count; i++) {
		if (m->is.actions[i] != action)
			continue;
		m->selected = i;
		choose(app);
		return;
	}
	app_say(app, CELLS_WARNING, "not while a device is busy");
}

void app_recover_key(struct app *app, int32_t key)
{
	struct app_menu *m = &app->menu;
	const size_t pressed = view_choice_of(key);

	if (key == 'q' || key == TUI_KEY_ESCAPE) {
		m->open = false;
	} else if ((key == 'j' || key == TUI_KEY_DOWN) && m->selected + 1 < m->is.count) {
		m->selected++;
	} else if ((key == 'k' || key == TUI_KEY_UP) && m->selected > 0) {
		m->selected--;
	} else if (key == 'y' && m->is.count > 0) {
		app_copy(app, m->is.commands[m->selected]);
	} else if (key == TUI_KEY_ENTER) {
		choose(app);
	} else if (pressed < m->is.count) {
		m->selected = pressed;
		choose(app);
	}
}
