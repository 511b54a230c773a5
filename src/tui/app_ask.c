/* SPDX-License-Identifier: Apache-2.0 */
/* The line at the bottom: text being asked for, and yes or no. */
#include "tui/app_history.h"
#include "tui/app_priv.h"

#include "base/text.h"

#include <string.h>

/* The list of images belongs to the line for a path, and to no other. */
static void drop_list(struct app *app)
{
	if (app->panel.kind == APP_PANEL_IMAGES)
		app_panel_close(app);
}

void app_ask(struct app *app, enum app_ask ask, const char *text)
{
	if (ask != APP_ASK_IMAGE && ask != APP_ASK_IMAGE_UPLOAD)
		drop_list(app);
	app->ask = ask;
	app->entered.at = app->entered.count;
	app->message[0] = '\0';
	input_set(&app->input, text);
}

const char *app_ask_label(const struct app *app)
{
	switch (app->ask) {
	case APP_ASK_COMMAND:
		return ":";
	case APP_ASK_IMAGE:
	case APP_ASK_IMAGE_UPLOAD:
		return "image file: ";
	case APP_ASK_SEARCH:
		return "/";
	case APP_ASK_FILTER:
		return "show only: ";
	case APP_ASK_VALUE:
		return "value: ";
	case APP_ASK_PROFILE:
		return "profile, or a .yaml file: ";
	case APP_ASK_SAVE_AS:
		return "write as NAME, or FILE.yaml: ";
	case APP_ASK_EXPORT:
		return app->view == VIEW_HISTORY ? "write the runs to: " : "write the log to: ";
	case APP_ASK_PASSKEY:
		return app->passkey_label;
	case APP_ASK_NOTHING:
		break;
	}
	return NULL;
}

static void set_filter(struct app *app, const char *text)
{
	const char *wrong = view_scan_filter_error(text);

	if (app->view == VIEW_SCAN && wrong) {
		app_say(app, CELLS_BAD, "%s", wrong);
	} else if (app->view == VIEW_SCAN) {
		(void)snprintf(app->filter, sizeof(app->filter), "%.63s", text);
		app->order_count = 0;
	} else {
		app_log_filter(app, text);
	}
}

static void set_value(struct app *app, const char *text)
{
	char assignment[INPUT_MAX + 64];

	(void)snprintf(assignment, sizeof(assignment), "%s=%s",
		       profile_settings()[app->edit.selected].name, text);
	app_set(app, assignment);
}

void app_ask_passkey(struct app *app, int32_t shown)
{
	const char *name = app->name[0] != '\0' ? app->name : app->address;

	(void)snprintf(app->passkey_label, sizeof(app->passkey_label),
		       "passkey that %.60s shows: ", name);
	if (shown >= 0)
		(void)snprintf(app->passkey_label, sizeof(app->passkey_label),
			       "passkey that %.60s shows (%06d, as it is simulated): ", name,
			       (int)shown);
	/* It cannot wait for a line that is being typed: a device gives it 30 s. */
	app->confirm = APP_CONFIRM_NOTHING;
	app_ask(app, APP_ASK_PASSKEY, "");
}

void app_ask_settle(struct app *app)
{
	if (app->ask == APP_ASK_PASSKEY && (!app->job || !app->snapshot.passkey_wanted))
		app->ask = APP_ASK_NOTHING;
}

static void give_passkey(struct app *app, const char *text)
{
	int32_t passkey = -1;

	if (text[0] != '\0' && text_parse_passkey(text, &passkey) < 0) {
		app_ask(app, APP_ASK_PASSKEY, "");
		app_say(app, CELLS_WARNING, "a passkey is six digits; Esc gives up");
	} else if (app->job) {
		(void)job_passkey(app->job, passkey);
	}
}

static void done(struct app *app)
{
	const enum app_ask ask = app->ask;
	char text[INPUT_MAX];

	/* What is done may ask again. */
	memcpy(text, app->input.text, sizeof(text));
	app->ask = APP_ASK_NOTHING;
	switch (ask) {
	case APP_ASK_COMMAND:
		app_command(app, text);
		break;
	case APP_ASK_IMAGE:
	case APP_ASK_IMAGE_UPLOAD:
		if (text[0] == '\0')
			break;
		app_image_open(app, text);
		if (ask == APP_ASK_IMAGE_UPLOAD && app->have_image)
			app_upload(app);
		break;
	case APP_ASK_SEARCH:
		if (app->view == VIEW_HISTORY) {
			app_history_search(app, text);
			break;
		}
		if (app->view == VIEW_DEVICE) {
			app_log_search(app, text);
			break;
		}
		(void)snprintf(app->search, sizeof(app->search), "%.63s", text);
		if (text[0] != '\0')
			app_scan_search(app, 1);
		break;
	case APP_ASK_FILTER:
		set_filter(app, text);
		break;
	case APP_ASK_VALUE:
		set_value(app, text);
		break;
	case APP_ASK_PROFILE:
		if (text[0] != '\0')
			app_profile_load(app, text);
		break;
	case APP_ASK_SAVE_AS:
		if (text[0] != '\0')
			app_profile_write_as(app, text);
		break;
	case APP_ASK_EXPORT:
		if (text[0] != '\0' && app->view == VIEW_HISTORY)
			app_history_export(app, text);
		else if (text[0] != '\0')
			app_export(app, text);
		break;
	case APP_ASK_PASSKEY:
		give_passkey(app, text);
		break;
	case APP_ASK_NOTHING:
		break;
	}
}

static void complete(struct app *app)
{
	char list[VIEW_TEXT] = "";
	size_t count = 0;

	switch (app->ask) {
	case APP_ASK_COMMAND:
		app_command_complete(app);
		return;
	case APP_ASK_IMAGE:
	case APP_ASK_IMAGE_UPLOAD:
	case APP_ASK_PROFILE:
	case APP_ASK_SAVE_AS:
	case APP_ASK_EXPORT:
		count = input_complete_path(&app->input, 0, list, sizeof(list));
		break;
	case APP_ASK_VALUE:
		app_complete_value(app, &profile_settings()[app->edit.selected], 0);
		return;
	case APP_ASK_NOTHING:
	case APP_ASK_SEARCH:
	case APP_ASK_FILTER:
	case APP_ASK_PASSKEY:
		return;
	}
	app_say(app, CELLS_DIM, "%s", count == 0 ? "no such file" : count > 1 ? list : "");
}

/* A row of the list above goes into the line, to be taken or changed. */
static bool list_key(struct app *app, int32_t key)
{
	struct app_panel *p = &app->panel;

	if (p->kind != APP_PANEL_IMAGES || p->count == 0 ||
	    (key != TUI_KEY_UP && key != TUI_KEY_DOWN))
		return false;
	if (key == TUI_KEY_UP)
		p->selected -= p->selected > 0;
	else if (p->choose)
		p->selected += p->selected + 1 < p->count;
	p->choose = true;
	input_set(&app->input, p->rows[p->selected].left);
	return true;
}

void app_ask_key(struct app *app, int32_t key)
{
	if (list_key(app, key))
		return;
	if (app->ask == APP_ASK_COMMAND && (key == TUI_KEY_UP || key == TUI_KEY_DOWN)) {
		app_command_recall(app, key == TUI_KEY_UP ? -1 : 1);
		return;
	}
	switch (input_key(&app->input, key)) {
	case INPUT_EDITED:
		app->message[0] = '\0';
		break;
	case INPUT_DONE:
		drop_list(app);
		app->message[0] = '\0';
		done(app);
		break;
	case INPUT_CANCELLED:
		drop_list(app);
		app->message[0] = '\0';
		if (app->ask == APP_ASK_PASSKEY)
			give_passkey(app, "");
		app->ask = APP_ASK_NOTHING;
		break;
	case INPUT_COMPLETE:
		complete(app);
		break;
	}
}

/* --- yes or no */

void app_confirm(struct app *app, enum app_confirm confirm)
{
	app->confirm = confirm;
}

void app_confirm_text(const struct app *app, char *buf, size_t size)
{
	const char *name = app->name[0] != '\0' ? app->name : app->address;

	buf[0] = '\0';
	switch (app->confirm) {
	case APP_CONFIRM_UPLOAD:
		if (app_image_same(app))
			(void)snprintf(buf, size, "%s runs this very image: send it again? y/n ",
				       name);
		else
			(void)snprintf(buf, size, "Upload %s %s to %s? y/n ", app->image.project,
				       app->image.version, name);
		break;
	case APP_CONFIRM_CANCEL:
		(void)snprintf(buf, size, "Cancel? %s is brought to idle, its firmware stays. y/n ",
			       name);
		break;
	case APP_CONFIRM_QUIT:
		(void)snprintf(buf, size,
			       "%s is busy. y: cancel and end, n: go on, Ctrl-C: end at once ",
			       name);
		break;
	case APP_CONFIRM_CHOICE:
		(void)snprintf(buf, size, "%s: %s. y/n ",
			       app->menu.is.choices[app->menu.selected].title,
			       app->menu.is.choices[app->menu.selected].effect);
		break;
	case APP_CONFIRM_LOAD:
		(void)snprintf(buf, size, "Changes are not written. Load %.100s instead? y/n ",
			       app->edit.target);
		break;
	case APP_CONFIRM_OVERWRITE:
		(void)snprintf(buf, size, "%.200s exists. Replace it? y/n ", app->edit.target);
		break;
	case APP_CONFIRM_EDIT:
		(void)snprintf(buf, size, "%s y/n ",
			       app->edit.source.text
				       ? "It is built in. Write a file of your own and edit that?"
				       : "Changes are not written. Write them, and edit the file?");
		break;
	case APP_CONFIRM_RERUN:
	case APP_CONFIRM_DELETE:
		app_history_confirm_text(app, buf, size);
		break;
	case APP_CONFIRM_NOTHING:
		break;
	}
}

static void confirmed(struct app *app, enum app_confirm confirm)
{
	switch (confirm) {
	case APP_CONFIRM_UPLOAD:
		app->send_same = app_image_same(app);
		app_upload_now(app, false, false);
		break;
	case APP_CONFIRM_CANCEL:
		/* It may have ended while the question stood. */
		if (app_runs(app))
			job_cancel(app->job);
		break;
	case APP_CONFIRM_QUIT:
		app_quit(app);
		break;
	case APP_CONFIRM_CHOICE:
		app_recover_run(app);
		break;
	case APP_CONFIRM_LOAD:
		app_profile_load_now(app, app->edit.target);
		break;
	case APP_CONFIRM_OVERWRITE:
		app_profile_overwrite(app);
		break;
	case APP_CONFIRM_EDIT:
		app_editor_open_now(app);
		break;
	case APP_CONFIRM_RERUN:
		app_history_rerun(app);
		break;
	case APP_CONFIRM_DELETE:
		app_history_delete(app);
		break;
	case APP_CONFIRM_NOTHING:
		break;
	}
}

void app_confirm_key(struct app *app, int32_t key)
{
	const enum app_confirm confirm = app->confirm;

	if (key == 'y' || key == 'Y') {
		app->confirm = APP_CONFIRM_NOTHING;
		confirmed(app, confirm);
	} else if (key == 'n' || key == 'N' || key == 'q' || key == TUI_KEY_ESCAPE) {
		app->confirm = APP_CONFIRM_NOTHING;
	}
}
