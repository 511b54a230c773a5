/* SPDX-License-Identifier: Apache-2.0 */
/* What follows ":" - the workbench's actions by name. */
#include "tui/app_history.h"
#include "tui/app_priv.h"

#include "core/text.h"

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

static void run_help(struct app *app, const char *argument);

static const struct command {
	const char *name;
	void (*run)(struct app *app, const char *argument);
} commands[] = {
	{"cancel", run_cancel}, {"export", run_export},	  {"flash", run_flash},
	{"help", run_help},	{"history", run_history}, {"image", run_image},
	{"info", run_info},	{"pause", run_pause},	  {"profile", run_profile},
	{"quit", run_quit},	{"recover", run_recover}, {"set", run_set},
	{"status", run_status}, {"write", run_write},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void run_help(struct app *app, const char *argument)
{
	char list[VIEW_TEXT] = "";
	size_t len = 0;

	(void)argument;
	for (size_t i = 0; i < COMMANDS && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? " " : "",
					commands[i].name);
	app_say(app, CELLS_NORMAL, "%s", list);
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

void app_command_complete(struct app *app)
{
	const char *text = app->input.text, *blank = strchr(text, ' ');
	const char *words[COMMANDS + 1] = {NULL}, *keys[PROFILE_KEYS + 1] = {NULL};
	char list[VIEW_TEXT] = "";
	size_t count = 0;

	if (!blank) {
		for (size_t i = 0; i < COMMANDS; i++)
			words[i] = commands[i].name;
		count = input_complete_word(&app->input, 0, words, list, sizeof(list));
	} else if (strncmp(text, "set ", 4) == 0) {
		for (size_t i = 0; i < PROFILE_KEYS; i++)
			keys[i] = profile_settings()[i].name;
		count = input_complete_word(&app->input, 4, keys, list, sizeof(list));
	} else {
		count = input_complete_path(&app->input, (size_t)(blank + 1 - text), list,
					    sizeof(list));
	}
	app_say(app, CELLS_DIM, "%s", count == 0 ? "nothing begins so" : count > 1 ? list : "");
}
