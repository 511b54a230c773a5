/* SPDX-License-Identifier: Apache-2.0 */
/* See complete.h. */
#include "cli/complete.h"

#include "base/output.h"
#include "base/text.h"
#include "image/image.h"
#include "image/lint.h"
#include "sweep/sweep.h"

#include <ctype.h>
#include <string.h>

struct complete {
	struct cli *cli;
	const struct cli_command *commands;
	const struct cli_command *command; /* NULL: none was typed */
	const char *second; /* the command's first argument, "show" of "history show"; or NULL */
	int arguments; /* of the command, before the word that is typed */
	const char *kept; /* what of the word stands already and is repeated: "--sim=mtu=" ... */
	size_t kept_len;
	const char *typed; /* ... and what candidates must begin with */
};

/* --- candidates */

/* The length of the first sentence. */
static size_t sentence(const char *text)
{
	const char *end = strstr(text, ".  ");

	return end ? (size_t)(end - text) : strcspn(text, "\n");
}

static void offer_with(const struct complete *c, const char *word, const char *suffix,
		       const char *description)
{
	char text[LOG_LINE_MAX];

	if (strncmp(word, c->typed, strlen(c->typed)) != 0)
		return;
	/* Names of devices come from the air. */
	(void)output_safe_text(word, strlen(word), text, sizeof(text));
	(void)fprintf(c->cli->out, "%.*s%s%s\t", (int)c->kept_len, c->kept, text, suffix);
	(void)output_safe_text(description, sentence(description), text, sizeof(text));
	(void)fprintf(c->cli->out, "%s\n", text);
}

static void offer(void *userdata, const char *word, const char *description)
{
	offer_with(userdata, word, "", description);
}

static void offer_files(const struct complete *c)
{
	(void)fputs("\tfiles\n", c->cli->out);
}

/* Moves len bytes of what was typed into what is kept. */
static void keep(struct complete *c, size_t len)
{
	c->kept_len += len;
	c->typed += len;
}

/* Only what stands behind the last comma is being typed. */
static void keep_list(struct complete *c)
{
	const char *comma = strrchr(c->typed, ',');

	if (comma)
		keep(c, (size_t)(comma - c->typed) + 1u);
}

/* --- values of options */

/* "KEY=" of a table, or behind "KEY=" its words. */
static void offer_setting(struct complete *c, const struct setting *table, size_t count)
{
	const size_t len = strcspn(c->typed, "=");
	char expected[SETTING_TEXT_MAX], name[SETTING_TEXT_MAX];
	int at;

	if (c->typed[len] == '\0') {
		for (size_t i = 0; i < count; i++)
			offer_with(c, table[i].name, "=", table[i].help);
		return;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, c->typed);
	at = setting_find(table, count, name);
	if (at < 0)
		return;
	keep(c, len + 1);
	if (table[at].kind == SETTING_TEXT && strstr(table[at].help, "irectory"))
		offer_files(c);
	(void)setting_expected(&table[at], expected, sizeof(expected));
	for (const struct setting_word *w = table[at].words; w && w->word; w++)
		offer(c, w->word, expected);
}

static void offer_sim(struct complete *c)
{
	const char *chip = "chip=";

	keep_list(c);
	if (strncmp(c->typed, chip, strlen(chip)) != 0) {
		offer_setting(c, simopts_settings(), SIM_OPTIONS);
		return;
	}
	keep(c, strlen(chip));
	for (size_t i = 0, count = 0; i == 0 || i < count; i++) {
		const struct image_chip *chips = image_chips(&count);

		if (chips[i].bluetooth_le && !chips[i].hosted)
			offer(c, chips[i].name, chips[i].title);
	}
}

static void offer_chips(struct complete *c)
{
	size_t count;
	const struct image_chip *chips = image_chips(&count);

	for (size_t i = 0; i < count; i++)
		offer(c, chips[i].name, chips[i].title);
}

static void offer_checks(struct complete *c)
{
	keep_list(c);
	for (int i = 0; i < LINT_CHECKS; i++)
		offer(c, lint_check_name((enum lint_check)i), "check of the image");
}

static void offer_objectives(struct complete *c)
{
	for (int i = 0; i < SWEEP_OBJECTIVES; i++)
		offer(c, sweep_objective_name((enum sweep_objective)i), "objective");
}

/* argument is the placeholder of the help, "FILE". */
static void offer_value(struct complete *c, const char *option, const char *argument)
{
	if (strcmp(option, "profile") == 0)
		complete_profiles(offer, c);
	if (strcmp(option, "set") == 0)
		offer_setting(c, profile_settings(), PROFILE_KEYS);
	else if (strcmp(option, "sim") == 0)
		offer_sim(c);
	else if (strcmp(option, "adapter") == 0)
		complete_adapters(offer, c);
	else if (strcmp(option, "force") == 0)
		offer_checks(c);
	else if (strcmp(option, "chip") == 0)
		offer_chips(c);
	else if (strcmp(option, "objective") == 0)
		offer_objectives(c);
	else if (strstr(argument, "FILE") || strcmp(argument, "IMAGE") == 0)
		offer_files(c);
}

/* --- options */

static void offer_options(const struct complete *c)
{
	const struct cli_option *own = c->command ? c->command->options : NULL;
	struct cli_global global;
	char name[64];

	for (size_t i = 0; own && own[i].name; i++) {
		(void)snprintf(name, sizeof(name), "--%s", own[i].name);
		offer_with(c, name, own[i].argument ? "=" : "", own[i].help);
	}
	for (size_t i = 0; cli_global_option(i, &global); i++) {
		(void)snprintf(name, sizeof(name), "--%s", global.name);
		offer_with(c, name, global.required ? "=" : "", global.help);
		/* An option with an optional value is offered both alone and with '='. */
		if (global.optional && c->typed[0] != '\0')
			offer_with(c, name, "=", global.help);
	}
}

/*
 * The kind of value that an option takes, after '=' or as the next word; NULL: not an option with a
 * value.
 */
static const char *argument_of(const struct complete *c, const char *name, size_t len,
			       const char **ret_name)
{
	const struct cli_option *own = c->command ? c->command->options : NULL;
	struct cli_global global;

	for (size_t i = 0; own && own[i].name; i++) {
		*ret_name = own[i].name;
		if (strlen(own[i].name) == len && strncmp(own[i].name, name, len) == 0)
			return own[i].argument;
	}
	for (size_t i = 0; cli_global_option(i, &global); i++) {
		*ret_name = global.name;
		if (strlen(global.name) == len && strncmp(global.name, name, len) == 0)
			return global.required || global.optional ? global.left : NULL;
	}
	return NULL;
}

/* The option, "profile", whose value is the word behind this one: "-p" or "--profile". */
static const char *waits_for_value(const struct complete *c, const char *word,
				   const char **ret_argument)
{
	const char *name = NULL;
	struct cli_global global;

	if (word[0] != '-' || strchr(word, '='))
		return NULL;
	if (word[1] == '-') {
		*ret_argument = argument_of(c, word + 2, strlen(word + 2), &name);
		for (size_t i = 0; name && cli_global_option(i, &global); i++) {
			if (strcmp(global.name, name) == 0 && !global.required)
				return NULL;
		}
		return *ret_argument ? name : NULL;
	}
	for (size_t i = 0; cli_global_option(i, &global); i++) {
		if (global.letter != 0 && word[strlen(word) - 1] == global.letter &&
		    global.required) {
			*ret_argument = global.left;
			return global.name;
		}
	}
	return NULL;
}

/* --- arguments, by the usage: "list | show [NAME] | set NAME KEY=VALUE..." */

static void offer_argument(struct complete *c, const char *word, size_t len)
{
	char text[32];

	while (len > 0 && strchr("[]. ", word[len - 1]))
		len--;
	while (len > 0 && word[0] == '[') {
		word++;
		len--;
	}
	if (len == 0 || len >= sizeof(text))
		return;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, word);
	if (islower((unsigned char)text[0]))
		offer(c, text, c->command->summary);
	else if (strcmp(text, "DEV") == 0)
		complete_devices(c->cli, offer, c);
	else if (strcmp(text, "KEY=VALUE") == 0)
		offer_setting(c, profile_settings(), PROFILE_KEYS);
	else if (strcmp(c->command->name, "history") == 0)
		complete_runs(offer, c);
	else if (strcmp(c->command->name, "profile") == 0 && strcmp(text, "FILE") != 0)
		complete_profiles(offer, c);
	else
		offer_files(c);
}

/* The word of one alternative of a usage, without the '|', at a place counted from 0; the last
 * one goes on where it ends in "...". */
static void offer_place(struct complete *c, const char *usage, size_t len, int place)
{
	const char *end = usage + len;
	const char *word = usage, *last = NULL;
	size_t last_len = 0;

	for (int at = 0; word < end; at++) {
		const size_t space = strspn(word, " ");
		size_t n;

		word += space < (size_t)(end - word) ? space : (size_t)(end - word);
		n = strcspn(word, " ");
		if (n > (size_t)(end - word))
			n = (size_t)(end - word);
		if (n == 0)
			break;
		last = word;
		last_len = n;
		if (at == place) {
			offer_argument(c, word, n);
			return;
		}
		word += n;
	}
	if (last && last_len > 3 && strncmp(last + last_len - 3, "...", 3) == 0)
		offer_argument(c, last, last_len);
}

/* Returns true if an alternative begins with the argument that was typed first. */
static bool is_chosen(const struct complete *c, const char *usage)
{
	const size_t len = c->second ? strlen(c->second) : 0;

	usage += strspn(usage, " [");
	if (!islower((unsigned char)usage[0]))
		return true;
	return len > 0 && strncmp(usage, c->second, len) == 0 &&
	       !islower((unsigned char)usage[len]);
}

static void offer_arguments(struct complete *c)
{
	const struct complete before = *c;

	for (const char *usage = c->command->usage; *usage != '\0';) {
		const size_t len = strcspn(usage, "|");

		if (c->arguments == 0 || is_chosen(c, usage))
			offer_place(c, usage, len, c->arguments);
		*c = before;
		usage += len + (usage[len] == '|');
	}
}

static void offer_commands(const struct complete *c)
{
	for (const struct cli_command *command = c->commands; command->name; command++)
		offer_with(c, command->name, "", command->summary);
	offer_files(c); /* otabench IMAGE */
}

/* --- the words before */

static void take_word(struct complete *c, const char *word)
{
	if (strncmp(word, "--sim", 5) == 0 && (word[5] == '\0' || word[5] == '=')) {
		struct setting_errors errors;

		c->cli->sim_given = true;
		if (word[5] == '=')
			(void)simopts_parse(&c->cli->sim, word + 6, &errors);
	}
	if (word[0] == '-')
		return;
	if (c->command) {
		if (c->arguments++ == 0)
			c->second = word;
		return;
	}
	for (const struct cli_command *command = c->commands; command->name; command++) {
		if (strcmp(command->name, word) == 0)
			c->command = command;
	}
}

void complete_words(struct cli *cli, const struct cli_command *commands, int count,
		    char *const *words)
{
	struct complete c = {.cli = cli, .commands = commands};
	const char *option = NULL, *argument = NULL;

	for (int i = 1; i + 1 < count; i++) {
		if (!option)
			take_word(&c, words[i]);
		option = option ? NULL : waits_for_value(&c, words[i], &argument);
	}
	c.kept = c.typed = count > 1 ? words[count - 1] : "";
	if (option) {
		offer_value(&c, option, argument);
	} else if (strncmp(c.typed, "--", 2) == 0 && strchr(c.typed, '=')) {
		const size_t len = strcspn(c.typed + 2, "=");

		argument = argument_of(&c, c.typed + 2, len, &option);
		keep(&c, len + 3);
		if (argument)
			offer_value(&c, option, argument);
	} else if (c.typed[0] == '-') {
		offer_options(&c);
	} else if (c.command) {
		offer_arguments(&c);
	} else {
		offer_commands(&c);
	}
}
