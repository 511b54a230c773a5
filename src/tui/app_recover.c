/* SPDX-License-Identifier: Apache-2.0 */
/* Recover: what happened, what stands, and the actions that fit. */
#include "tui/app_priv.h"

#include "host/output.h"

#include <string.h>

static void add(struct app *app, enum app_action action, const char *title, const char *effect,
		bool possible, const char *verb, bool image)
{
	struct app_menu *m = &app->menu;
	char *command;

	if (m->count == APP_CHOICES_MAX)
		return;
	command = m->commands[m->count];
	(void)snprintf(command, sizeof(m->commands[0]), "otabench %s%s %s%s%s", app->config.options,
		       verb, app->address, image ? " " : "", image ? app->image_path : "");
	m->actions[m->count] = action;
	m->choices[m->count++] = (struct view_choice){title, effect, command, possible};
}

static void state_facts(struct app *app)
{
	struct app_menu *m = &app->menu;
	const struct job_snapshot *s = &app->snapshot;
	char received[OUTPUT_FIGURE_MAX], total[OUTPUT_FIGURE_MAX];

	memset(m->facts, 0, sizeof(m->facts));
	if (app_runs(app))
		(void)snprintf(m->facts[0], VIEW_TEXT, "Under way: %s", job_state_name(s));
	else if (app->have_update)
		(void)snprintf(m->facts[0], VIEW_TEXT, "The last update: %s: %.200s",
			       session_outcome_name(app->last_update.outcome),
			       app->last_update.what);
	else
		(void)snprintf(m->facts[0], VIEW_TEXT, "No update was tried from here yet");
	if (app->have_update)
		(void)snprintf(m->facts[1], VIEW_TEXT, "the device had received %s of %s",
			       output_bytes(app->last_received, received, sizeof(received)),
			       output_bytes(app->last_total, total, sizeof(total)));
	if (app->have_snapshot && s->have_info)
		(void)snprintf(m->facts[app->have_update ? 2 : 1], VIEW_TEXT,
			       "when it was last asked: %s%s%s",
			       s->info.flags & OTA_INFO_RESUMABLE ? "an update can be resumed"
								  : "nothing to resume",
			       s->info.flags & OTA_INFO_PENDING_VERIFY ? ", image on trial" : "",
			       s->info.flags & OTA_INFO_CAN_ROLLBACK ? ", can roll back" : "");
}

/* What Info told when it was read; an update since then has moved on from it. */
static bool told(const struct app *app, uint8_t flag)
{
	const struct job_snapshot *s = &app->snapshot;
	const bool updated = app->have_update && app->goal == SESSION_UPDATE;

	if (!app->have_snapshot || !s->have_info)
		return true; /* not known: the device may be asked */
	if (updated && flag == OTA_INFO_RESUMABLE)
		return app->last_update.outcome != SESSION_CONFIRMED;
	if (updated && flag == OTA_INFO_PENDING_VERIFY)
		return app->last_update.outcome == SESSION_UNCONFIRMED;
	return updated || s->info.flags & flag;
}

static void idle_choices(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;
	const bool known = app->have_snapshot && s->dialect_known;
	const bool full = !known || !s->basic;
	const bool rights = !app->config.readonly;
	const bool image = app->have_image && !app_image_refused(app) && rights;
	const bool trial = full && told(app, OTA_INFO_PENDING_VERIFY);
	const bool other = full && told(app, OTA_INFO_CAN_ROLLBACK);
	const bool stopped = full && told(app, OTA_INFO_RESUMABLE);

	add(app, APP_RESUME, "Reconnect, resume",
	    !image    ? "no image chosen (4, then o)"
	    : !full   ? "this device speaks basic: cannot"
	    : stopped ? "goes on where the device stopped"
		      : "nothing to resume",
	    image && stopped, "resume", true);
	add(app, APP_RESTART, "Reconnect, upload again",
	    image ? "asks; resumes if the device can" : "no image chosen (4, then o)", image,
	    "flash", true);
	add(app, APP_ABORT, "Abort, wait for idle", "drops what was received", rights, "cancel",
	    false);
	add(app, APP_STATUS, "Ask for its status", "changes nothing", full, "status", false);
	add(app, APP_CONFIRM_IMAGE, "Confirm the running image",
	    trial ? "ends its trial" : "it is not on trial", rights && trial, "confirm", false);
	add(app, APP_ROLLBACK, "Roll back",
	    other ? "boots the image before this one" : "no other image to boot", rights && other,
	    "rollback", false);
	add(app, APP_REBOOT, "Reboot", "the device starts anew", rights && full, "reboot", false);
}

void app_recover_open(struct app *app)
{
	struct app_menu *m = &app->menu;

	if (app->address[0] == '\0') {
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
		return;
	}
	app_refresh(app);
	m->count = 0;
	state_facts(app);
	if (app_runs(app)) {
		add(app, APP_PAUSE, app->snapshot.hold ? "Go on" : "Pause",
		    "the link stays, nothing is lost", true, "#", false);
		add(app, APP_CANCEL, "Cancel", "brings the device to idle; its firmware stays",
		    true, "cancel", false);
	} else {
		idle_choices(app);
	}
	m->selected = 0;
	while (m->selected + 1 < m->count && !m->choices[m->selected].possible)
		m->selected++;
	m->open = true;
}

void app_recover_run(struct app *app)
{
	const enum app_action action = app->menu.actions[app->menu.selected];

	app->menu.open = false;
	app->view = VIEW_DEVICE;
	app_note(app, app->menu.commands[app->menu.selected]);
	switch (action) {
	case APP_RESUME:
		app_upload_now(app, false, true);
		break;
	case APP_RESTART:
		app_upload_now(app, false, false);
		break;
	case APP_ABORT:
		app_command_device(app, OTA_CMD_ABORT);
		break;
	case APP_STATUS:
		app_command_device(app, OTA_CMD_STATUS);
		break;
	case APP_CONFIRM_IMAGE:
		app_command_device(app, OTA_CMD_CONFIRM);
		break;
	case APP_ROLLBACK:
		app_command_device(app, OTA_CMD_ROLLBACK);
		break;
	case APP_REBOOT:
		app_command_device(app, OTA_CMD_REBOOT);
		break;
	case APP_PAUSE:
		app_pause(app);
		break;
	case APP_CANCEL:
		if (app_runs(app))
			job_cancel(app->job);
		break;
	}
}

/* What only asks is done at once; what changes something asks first. */
static void choose(struct app *app)
{
	const enum app_action action = app->menu.actions[app->menu.selected];

	if (!app->menu.choices[app->menu.selected].possible)
		app_say(app, CELLS_WARNING, "not possible: %s",
			app->menu.choices[app->menu.selected].effect);
	else if (action == APP_STATUS || action == APP_PAUSE || action == APP_RESUME)
		app_recover_run(app);
	else
		app_confirm(app, APP_CONFIRM_CHOICE);
}

void app_recover_key(struct app *app, int32_t key)
{
	struct app_menu *m = &app->menu;

	if (key == 'q' || key == TUI_KEY_ESCAPE) {
		m->open = false;
	} else if ((key == 'j' || key == TUI_KEY_DOWN) && m->selected + 1 < m->count) {
		m->selected++;
	} else if ((key == 'k' || key == TUI_KEY_UP) && m->selected > 0) {
		m->selected--;
	} else if (key == 'y' && m->count > 0) {
		app_copy(app, m->commands[m->selected]);
	} else if (key == TUI_KEY_ENTER) {
		choose(app);
	} else if (key >= '1' && key < '1' + (int32_t)m->count) {
		m->selected = (size_t)(key - '1');
		choose(app);
	}
}
