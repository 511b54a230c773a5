/* SPDX-License-Identifier: Apache-2.0 */
/* The line that follows ":": the commands of the table of keys, by name. */
#include "tui/app_priv.h"

#include "base/text.h"
#include "tui/app_device.h"
#include "tui/app_scan.h"

#include <string.h>

#define ENTERED_MAX 32u

/* The prompt's part holds only the line; those entered before stay here. */
struct command_state {
	char lines[ENTERED_MAX][VIEW_TEXT]; /* newest last */
	size_t count, at; /* the one shown; count: none */
	void (*act)(struct app *app, enum action action, const char *argument);
};

const struct app_part_ops command_part = {.size = sizeof(struct command_state)};

static void remember_line(struct app *app, const char *line)
{
	struct command_state *e = app_part(app, PART_COMMAND);

	if (e->count > 0 && strcmp(e->lines[e->count - 1], line) == 0)
		return;
	if (e->count == ENTERED_MAX)
		memmove(e->lines[0], e->lines[1], --e->count * sizeof(e->lines[0]));
	(void)snprintf(e->lines[e->count++], sizeof(e->lines[0]), "%s", line);
}

static void recall(struct app *app, struct input *input, int direction)
{
	struct command_state *e = app_part(app, PART_COMMAND);

	if (direction < 0)
		e->at -= e->at > 0;
	else
		e->at += e->at < e->count;
	input_set(input, e->at < e->count ? e->lines[e->at] : "");
}

static void app_command_run(struct app *app, const char *line)
{
	struct text_nearest nearest = {.word = NULL};
	const struct keys_row *row, *rows[KEYS_COMMANDS_MAX];
	char word[TEXT_WORD_MAX + 1];
	size_t len;

	line += strspn(line, " ");
	len = strcspn(line, " ");
	if (len == 0)
		return;
	remember_line(app, line);
	(void)snprintf(word, sizeof(word), "%.*s", (int)len, line);
	row = keys_command(strcmp(word, "q") == 0 ? "quit" : word);
	if (row) {
		((struct command_state *)app_part(app, PART_COMMAND))
			->act(app, row->actions[0], line + len + strspn(line + len, " "));
		return;
	}
	nearest.word = word;
	for (size_t i = 0, count = keys_commands(rows); i < count; i++)
		text_nearest_offer(&nearest, rows[i]->command);
	if (nearest.best)
		app_refuse(app, CELLS_WARNING, "no command %s (did you mean %s?)", word,
			   nearest.best);
	else
		app_refuse(app, CELLS_WARNING, "no command %s; :help lists them", word);
}

/* A whole command that takes something is followed by a blank, so that Tab goes on there. */
static size_t complete_command(struct input *input, const char *const *words, char *list,
			       size_t size)
{
	const size_t count = input_complete_word(input, 0, words, list, size);
	const struct keys_row *row = count == 1 ? keys_command(input->text) : NULL;
	char whole[TEXT_WORD_MAX + 2];

	if (row && row->argument) {
		(void)snprintf(whole, sizeof(whole), "%s ", row->command);
		input_set(input, whole);
	}
	return count;
}

static size_t app_command_complete(struct app *app, struct input *input, char *list, size_t size)
{
	const char *text = input->text, *blank = strchr(text, ' ');
	const char *words[KEYS_COMMANDS_MAX + 1] = {NULL};
	const struct keys_row *rows[KEYS_COMMANDS_MAX];

	if (blank && strncmp(text, "set ", 4) == 0)
		return app_tune_complete(app, input, 4, list, size);
	if (blank && strncmp(text, "connect ", 8) == 0)
		return app_scan_complete(app, input, 8, list, size);
	if (blank && strncmp(text, "history ", 8) == 0)
		return 0; /* a number */
	if (blank)
		return input_complete_path(input, (size_t)(blank + 1 - text), list, size);
	for (size_t count = keys_commands(rows), i = 0; i < count; i++)
		words[i] = rows[i]->command;
	return complete_command(input, words, list, size);
}

/* The commands that begin as the line does; of a whole one, how it goes on and what it does. */
static void command_typing(struct app *app, const char *text)
{
	const size_t len = strcspn(text, " ");
	const struct keys_row *rows[KEYS_COMMANDS_MAX], *only = NULL;
	char list[VIEW_TEXT] = "";
	size_t used = 0, fit = 0;

	for (size_t i = 0, count = keys_commands(rows); i < count && len > 0; i++) {
		const char *name = rows[i]->command;

		if (strncmp(name, text, len) != 0 || (text[len] == ' ' && name[len] != '\0'))
			continue;
		only = rows[i];
		if (fit++ == 0 || used < sizeof(list) - 1)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used > 0 ? "  " : "", name);
		if (used >= sizeof(list))
			used = sizeof(list) - 1;
	}
	if (fit == 1)
		app_say(app, CELLS_DIM, "%s%s%s: %s", only->command, only->argument ? " " : "",
			only->argument ? only->argument : "", only->words);
	else if (fit > 1)
		app_say(app, CELLS_DIM, "%s", list);
}

void app_command(struct app *app,
		 void (*act)(struct app *app, enum action action, const char *argument))
{
	const struct prompt prompt = {.label = ":",
				      .done = app_command_run,
				      .complete = app_command_complete,
				      .typing = command_typing,
				      .recall = recall};
	struct command_state *e = app_part(app, PART_COMMAND);

	e->at = e->count;
	e->act = act;
	app_prompt_open(app, &prompt, "");
}
