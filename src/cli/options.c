/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the command line.  Global ones may stand before and after the
 * command, mixed with its own, because people add --json at the end of a line
 * that they have just typed.
 */
#include "config.h" /* system extensions: getopt_long() */

#include "cli/global_options.h"

#include "image/lint.h"
#include "base/text.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

/* getopt_long()'s values: above any character. */
#define GLOBAL_BASE 0x1000
#define COMMAND_BASE 0x2000

struct parser {
	struct cli *cli;
	const struct cli_command *commands;
	struct option table[OPTION_IDS + CLI_OPTIONS_MAX + 1];
	size_t table_size; /* without the end */
	bool file_named; /* where a command is expected: its name is left out */
};

static void add_to_table(struct parser *parser, const char *name, int has_argument, int value)
{
	parser->table[parser->table_size++] =
		(struct option){.name = name, .has_arg = has_argument, .val = value};
}

/* A file is opened by the command that runs when none is named: "otabench app.bin". */
static bool names_file(const char *word)
{
	struct stat st;

	return stat(word, &st) == 0 && S_ISREG(st.st_mode);
}

static int unknown_command(struct parser *parser, const char *word)
{
	struct text_nearest nearest = {.word = word};

	for (const struct cli_command *c = parser->commands; c->name; c++)
		text_nearest_offer(&nearest, c->name);
	/* --sim takes its argument after '=' only, as it may stand alone. */
	if (parser->cli->sim_given && strchr(word, '='))
		return cli_fail(parser->cli, CLI_USAGE,
				"unknown command %s (did you mean --sim=%s?)", word, word);
	if (nearest.best)
		return cli_fail(parser->cli, CLI_USAGE, "unknown command %s (did you mean %s?)",
				word, nearest.best);
	if (strpbrk(word, "./"))
		return cli_fail(parser->cli, CLI_USAGE, "%s is neither a command nor an image file",
				word);
	return cli_fail(parser->cli, CLI_USAGE, "unknown command %s; 'otabench --help' lists them",
			word);
}

/* The first word that is no option names the command, whose options count from here on. */
static int choose_command(struct parser *parser, const char *word)
{
	for (const struct cli_command *c = parser->commands; c->name; c++) {
		if (strcmp(c->name, word) != 0)
			continue;
		parser->cli->command = c;
		for (size_t i = 0; c->options && c->options[i].name && i < CLI_OPTIONS_MAX; i++)
			add_to_table(parser, c->options[i].name,
				     c->options[i].argument ? required_argument : no_argument,
				     COMMAND_BASE + (int)i);
		return CLI_OK;
	}
	for (const struct cli_command *c = parser->commands; c->name; c++)
		if (c->standard && names_file(word)) {
			parser->cli->command = c;
			parser->file_named = true;
			return CLI_OK;
		}
	return unknown_command(parser, word);
}

/* The first command that has this option of its own, "time" without the dashes; or NULL. */
static const struct cli_command *command_with(const struct parser *parser, const char *option)
{
	for (const struct cli_command *c = parser->commands; c->name; c++)
		for (size_t i = 0; c->options && c->options[i].name; i++)
			if (strcmp(c->options[i].name, option) == 0)
				return c;
	return NULL;
}

/* option is what was typed: "--jsn=5" or "-x". */
static int unknown_option(struct parser *parser, const char *option)
{
	const struct cli_command *owner;
	struct text_nearest nearest;
	char word[TEXT_WORD_MAX + 1];

	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(option, "="), option);
	owner = parser->cli->command ? NULL : command_with(parser, word + strspn(word, "-"));
	if (owner)
		return cli_fail(parser->cli, CLI_USAGE,
				"%s is an option of a command and stands after it: 'otabench %s "
				"%s'",
				word, owner->name, word);
	nearest = (struct text_nearest){.word = word + strspn(word, "-")};
	for (size_t i = 0; i < parser->table_size; i++)
		text_nearest_offer(&nearest, parser->table[i].name);
	if (nearest.best)
		return cli_fail(parser->cli, CLI_USAGE, "unknown option %s (did you mean --%s?)",
				word, nearest.best);
	return cli_fail(parser->cli, CLI_USAGE,
			"unknown option %s; 'otabench%s%s --help' lists them", word,
			parser->cli->command ? " " : "",
			parser->cli->command ? parser->cli->command->name : "");
}

static bool names_checks(const char *text)
{
	do {
		const size_t len = strcspn(text, ",");
		char word[TEXT_WORD_MAX + 1];

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (lint_check_by_name(word) < 0)
			return false;
		text += len + (text[len] == ',');
	} while (*text != '\0');
	return true;
}

/* -o FILE, as compilers have it, where a command has --output=FILE. */
static int take_output(struct parser *parser, const char *argument)
{
	const struct cli_command *command = parser->cli->command;

	for (size_t i = 0; command && command->options && command->options[i].name; i++)
		if (strcmp(command->options[i].name, "output") == 0) {
			parser->cli->values[i] = argument;
			return CLI_OK;
		}
	return cli_fail(parser->cli, CLI_USAGE,
			command ? "-o: this command writes no file"
				: "-o is an option of a command and stands after it");
}

/* True where a name or a number stands; a text may have no letter. */
static bool may_be_empty(const struct parser *parser, int value)
{
	const struct cli_option *o;

	if (value < COMMAND_BASE)
		return value == GLOBAL_BASE + OPTION_SIM || value == GLOBAL_BASE + OPTION_FORCE;
	o = &parser->cli->command->options[value - COMMAND_BASE];
	return strcmp(o->argument, "TEXT") == 0;
}

/* "--btsnoop=$FILE" with a variable that is not set. */
static int empty_argument(struct parser *parser, const char *option)
{
	return cli_fail(parser->cli, CLI_USAGE, "%.*s: expected an argument, found an empty one",
			(int)strcspn(option, "="), option);
}

static int take_option(struct parser *parser, int value, const char *argument)
{
	if (value == 'o')
		return take_output(parser, argument);
	if (value >= COMMAND_BASE) {
		parser->cli->values[value - COMMAND_BASE] = argument ? argument : "";
		return CLI_OK;
	}
	if (value >= GLOBAL_BASE)
		return global_option_take(parser->cli, (enum option_id)(value - GLOBAL_BASE),
					  argument);
	for (int i = 0; i < OPTION_IDS; i++) {
		if (global_options[i].letter == value)
			return global_option_take(parser->cli, (enum option_id)i, argument);
	}
	return cli_fail(parser->cli, CLI_DEFECT, "option %d has no handler", value);
}

/* "-:" - return every word in its place, whatever POSIXLY_CORRECT says, and tell a missing
 * argument from an unknown option - and the letters. */
static void make_letters(char *letters, size_t size)
{
	(void)snprintf(letters, size, "-:o:");
	for (int i = 0; i < OPTION_IDS; i++) {
		size_t len = strlen(letters);

		if (global_options[i].letter)
			(void)snprintf(letters + len, size - len, "%c%s", global_options[i].letter,
				       global_options[i].has_argument == required_argument ? ":"
											   : "");
	}
}

/* --json decides how a mistake in another option is told, so it is looked for first. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static int take(struct parser *parser, int value, char **argv, char **words, int *count)
{
	char letter[3] = {'-', (char)optopt, '\0'};

	/* "help" and "help COMMAND", as git and others have them. */
	if (value == 1 && *count == 0 && strcmp(optarg, "help") == 0) {
		parser->cli->help = true;
		return CLI_OK;
	}
	if (value == 1) {
		words[(*count)++] = optarg;
		return *count == 1 ? choose_command(parser, optarg) : CLI_OK;
	}
	/* --force may stand alone; the next word is its argument where it names checks. */
	if (value == GLOBAL_BASE + OPTION_FORCE && !optarg && argv[optind] &&
	    names_checks(argv[optind]))
		optarg = argv[optind++];
	if (value == '?' && optopt >= GLOBAL_BASE)
		return cli_fail(parser->cli, CLI_USAGE, "%s: expected no argument",
				argv[optind - 1]);
	if (value == '?')
		return unknown_option(
			parser, optopt > 0 && optopt < GLOBAL_BASE ? letter : argv[optind - 1]);
	if (value == ':')
		return cli_fail(parser->cli, CLI_USAGE, "%s: expected an argument",
				argv[optind - 1]);
	if (optarg && *optarg == '\0' && !may_be_empty(parser, value))
		return empty_argument(parser, argv[optind - (*argv[optind - 1] == '\0' ? 2 : 1)]);
	return take_option(parser, value, optarg);
}

/* "-1", a run's number counted from the newest: no option begins with a digit. */
static bool is_number(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	       word[1 + strspn(word + 1, "0123456789")] == '\0';
}

int cli_parse(struct cli *cli, int argc, char **argv, const struct cli_command *commands,
	      char **words, int *ret_count)
{
	struct parser parser = {.cli = cli, .commands = commands};
	char letters[OPTION_IDS * 2 + 6];
	int value, r = CLI_OK, count = 0;

	cli->json = wants_json(argc, argv);
	make_letters(letters, sizeof(letters));
	for (int i = 0; i < OPTION_IDS; i++)
		add_to_table(&parser, global_options[i].name, global_options[i].has_argument,
			     GLOBAL_BASE + i);
	opterr = 0;
	optind = 0; /* GNU: start afresh, also a second time */
	while (r == CLI_OK &&
	       (value = getopt_long(argc, argv, letters, parser.table, NULL)) != -1) {
		r = take(&parser, value, argv, words, &count);
		/* The first word is the command's name, and so nothing is taken before it. */
		while (r == CLI_OK && count > 0 && optind < argc && is_number(argv[optind]))
			words[count++] = argv[optind++];
	}
	/* After "--" everything is a word. */
	while (r == CLI_OK && optind < argc) {
		words[count++] = argv[optind++];
		if (count == 1)
			r = choose_command(&parser, words[0]);
	}
	if (r == CLI_OK && parser.file_named) {
		memmove(words + 1, words, (size_t)count * sizeof(words[0]));
		words[0] = argv[0];
		count++;
	}
	if (r == CLI_OK)
		*ret_count = count;
	return r;
}
