/* SPDX-License-Identifier: Apache-2.0 */
/* What follows ":" - the workbench's actions by name. */
#include "tui/app_history.h"
#include "tui/app_priv.h"

#include "base/text.h"

#include <string.h>

static void run_quit(struct app *app, const char *argument)
{
	(void)argument;
	if (app_runs(app))
		app_confirm(app, APP_CONFIRM_QUIT);
	else
		app->ended = true;
}

static void run_info(struct app *app, const char *argument)
{
	(void)argument;
	app->view = VIEW_DEVICE;
	app_look(app);
}

static void run_image(struct app *app, const char *argument)
{
	app->view = VIEW_IMAGE;
	if (argument[0] == '\0')
		app_image_ask(app, APP_ASK_IMAGE);
	else
		app_image_open(app, argument);
}

static void run_flash(struct app *app, const char *argument)
{
	if (argument[0] != '\0')
		app_image_open(app, argument);
	app_upload(app);
}

static void run_pause(struct app *app, const char *argument)
{
	(void)argument;
	app_pause(app);
}

static void run_cancel(struct app *app, const char *argument)
{
	(void)argument;
	app_ask_cancel(app);
}

static void run_recover(struct app *app, const char *argument)
{
	(void)argument;
	app->view = VIEW_DEVICE;
	app_recover_open(app);
}

static void run_set(struct app *app, const char *argument)
{
	if (strchr(argument, '='))
		app_set(app, argument);
	else
		app_say(app, CELLS_WARNING, ":set takes KEY=VALUE, as the profile view lists them");
}

static void run_profile(struct app *app, const char *argument)
{
	app->view = VIEW_PROFILE;
	if (argument[0] != '\0')
		app_profile_load(app, argument);
}

static void run_write(struct app *app, const char *argument)
{
	if (argument[0] != '\0')
		app_profile_write_as(app, argument);
	else
		app_profile_write(app);
}

static void run_export(struct app *app, const char *argument)
{
	if (argument[0] != '\0')
		app_export(app, argument);
	else
		app_ask(app, APP_ASK_EXPORT, "otabench-control.log");
}

static void run_status(struct app *app, const char *argument)
{
	(void)argument;
	app->view = VIEW_DEVICE;
	app_command_device(app, OTA_CMD_STATUS);
}

static void run_history(struct app *app, const char *argument)
{
	app->view = VIEW_HISTORY;
	app_history_open(app, argument);
}

/* Those that change something open the menu at their entry, which asks. */
static void run_entry(struct app *app, enum recover_action action)
{
	app_recover_open(app);
	if (app->menu.open)
		app_recover_choose(app, action);
}

static void run_abort(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_ABORT);
}

static void run_confirm(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_CONFIRM);
}

static void run_rollback(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_ROLLBACK);
}

static void run_reboot(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_REBOOT);
}

static void run_disconnect(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_DISCONNECT);
}

static void run_forget(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_FORGET);
}

static void run_power_cycle(struct app *app, const char *argument)
{
	(void)argument;
	run_entry(app, RECOVER_POWER_CYCLE);
}

static void run_bundle(struct app *app, const char *argument)
{
	(void)argument;
	app_bundle(app);
}

static void run_doctor(struct app *app, const char *argument)
{
	(void)argument;
	app_doctor(app);
}

static void run_scan(struct app *app, const char *argument)
{
	(void)argument;
	app->view = VIEW_SCAN;
}

static void run_device(struct app *app, const char *argument)
{
	(void)argument;
	app->view = VIEW_DEVICE;
}

static void run_connect(struct app *app, const char *argument)
{
	const struct scan_device *d;
	char text[VIEW_TEXT] = "";
	int r;

	if (argument[0] == '\0') {
		run_info(app, argument);
		return;
	}
	r = scan_find(&app->scan, argument, &d, text, sizeof(text));
	if (r == -OTA_EINVAL) {
		app_say(app, CELLS_WARNING, "several have that name: %s", text);
	} else if (r < 0) {
		app_say(app, CELLS_WARNING, "not heard yet: %s", argument);
	} else if (app_choose(app, d)) {
		app->view = VIEW_DEVICE;
		app_look(app);
	}
}

static void run_help(struct app *app, const char *argument);

static const struct command {
	const char *name;
	void (*run)(struct app *app, const char *argument);
	const char *help;
} commands[] = {
	{"abort", run_abort, "drop what the device has received (asks)"},
	{"bundle", run_bundle, "all that is known of the run, into a folder"},
	{"cancel", run_cancel, "bring the device to idle (asks)"},
	{"confirm", run_confirm, "keep the image that runs on trial (asks)"},
	{"connect", run_connect, "DEV  choose a device, connect and ask what it runs"},
	{"device", run_device, "the dashboard"},
	{"disconnect", run_disconnect, "end this host's link to the device"},
	{"doctor", run_doctor, "what this machine offers for Bluetooth"},
	{"export", run_export, "[FILE]  write the Control log"},
	{"flash", run_flash, "[IMAGE]  upload (asks)"},
	{"forget", run_forget, "drop what this host remembers of the device (bond too; asks)"},
	{"help", run_help, "this"},
	{"history", run_history, "[NUMBER]  what was recorded"},
	{"image", run_image, "[FILE]  open an image"},
	{"info", run_info, "connect and ask the device what it runs"},
	{"pause", run_pause, "pause, go on"},
	{"power-cycle", run_power_cycle, "the adapter, off and on (asks)"},
	{"profile", run_profile, "[NAME]  the profile view, or load one"},
	{"quit", run_quit, "leave"},
	{"reboot", run_reboot, "restart the device (asks)"},
	{"recover", run_recover, "what happened, and what fits"},
	{"rollback", run_rollback, "boot the image before this one (asks)"},
	{"scan", run_scan, "the list of devices"},
	{"set", run_set, "KEY=VALUE  of the profile; in force at once where that is possible"},
	{"status", run_status, "ask the device what its update is at"},
	{"write", run_write, "write the profile"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void run_help(struct app *app, const char *argument)
{
	(void)argument;
	app_panel_open(app, APP_PANEL_TEXT, "Commands", false);
	for (size_t i = 0; i < COMMANDS; i++)
		app_panel_add_text(app, CELLS_NORMAL, 13, commands[i].name, commands[i].help);
}

/* --- lines entered before */

static void remember_line(struct app *app, const char *line)
{
	struct app_entered *e = &app->entered;

	if (e->count > 0 && strcmp(e->lines[e->count - 1], line) == 0)
		return;
	if (e->count == APP_ENTERED_MAX)
		memmove(e->lines[0], e->lines[1], --e->count * sizeof(e->lines[0]));
	(void)snprintf(e->lines[e->count++], sizeof(e->lines[0]), "%s", line);
}

void app_command_recall(struct app *app, int direction)
{
	struct app_entered *e = &app->entered;

	if (direction < 0 && e->at > 0)
		e->at--;
	else if (direction > 0 && e->at < e->count)
		e->at++;
	input_set(&app->input, e->at < e->count ? e->lines[e->at] : "");
}

void app_command(struct app *app, const char *line)
{
	struct text_nearest nearest = {.word = NULL};
	char word[TEXT_WORD_MAX + 1];
	size_t len;

	line += strspn(line, " ");
	len = strcspn(line, " ");
	if (len == 0)
		return;
	remember_line(app, line);
	(void)snprintf(word, sizeof(word), "%.*s", (int)len, line);
	line += len + strspn(line + len, " ");
	if (strcmp(word, "q") == 0)
		(void)snprintf(word, sizeof(word), "quit");
	nearest.word = word;
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, word) == 0) {
			commands[i].run(app, line);
			return;
		}
		text_nearest_offer(&nearest, commands[i].name);
	}
	if (nearest.best)
		app_say(app, CELLS_WARNING, "no command %s (did you mean %s?)", word, nearest.best);
	else
		app_say(app, CELLS_WARNING, "no command %s; :help lists them", word);
}

static size_t complete_device(struct app *app, char *list, size_t size)
{
	const char *words[SCAN_DEVICES_MAX * 2 + 1];
	size_t count = 0;

	for (size_t i = 0; i < app->scan.count; i++) {
		if (app->scan.devices[i].name[0] != '\0')
			words[count++] = app->scan.devices[i].name;
		words[count++] = app->scan.devices[i].address;
	}
	words[count] = NULL;
	return input_complete_word(&app->input, 8, words, list, size);
}

void app_complete_value(struct app *app, const struct setting *setting, size_t start)
{
	const char *words[SETTING_WORDS_MAX + 1] = {NULL};
	char list[VIEW_TEXT] = "", expected[SETTING_TEXT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < SETTING_WORDS_MAX && setting->words && setting->words[i].word; i++)
		words[i] = setting->words[i].word;
	count = input_complete_word(&app->input, start, words, list, sizeof(list));
	if (count == 1)
		app_say(app, CELLS_DIM, "%s", "");
	else if (count > 1)
		app_say(app, CELLS_DIM, "%s", list);
	else
		app_say(app, CELLS_DIM, "%s takes %s", setting->name,
			setting_expected(setting, expected, sizeof(expected)));
}

static void complete_set(struct app *app)
{
	const char *keys[PROFILE_KEYS + 1] = {NULL}, *text = app->input.text + 4,
					*equals = strchr(text, '=');
	char list[VIEW_TEXT] = "", name[64];
	size_t count;
	int key;

	if (equals) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
		key = setting_find(profile_settings(), PROFILE_KEYS, name);
		if (key < 0)
			app_say(app, CELLS_DIM, "no key %s", name);
		else
			app_complete_value(app, &profile_settings()[key],
					   (size_t)(equals + 1 - app->input.text));
		return;
	}
	for (size_t i = 0; i < PROFILE_KEYS; i++)
		keys[i] = profile_settings()[i].name;
	count = input_complete_word(&app->input, 4, keys, list, sizeof(list));
	app_say(app, CELLS_DIM, "%s", count == 0 ? "nothing begins so" : count > 1 ? list : "");
}

void app_command_complete(struct app *app)
{
	const char *text = app->input.text, *blank = strchr(text, ' ');
	const char *words[COMMANDS + 1] = {NULL};
	char list[VIEW_TEXT] = "";
	size_t count = 0;

	if (!blank) {
		for (size_t i = 0; i < COMMANDS; i++)
			words[i] = commands[i].name;
		count = input_complete_word(&app->input, 0, words, list, sizeof(list));
	} else if (strncmp(text, "set ", 4) == 0) {
		complete_set(app);
		return;
	} else if (strncmp(text, "connect ", 8) == 0) {
		count = complete_device(app, list, sizeof(list));
	} else {
		count = input_complete_path(&app->input, (size_t)(blank + 1 - text), list,
					    sizeof(list));
	}
	app_say(app, CELLS_DIM, "%s", count == 0 ? "nothing begins so" : count > 1 ? list : "");
}
