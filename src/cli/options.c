/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the command line.  Global ones may stand before and after the
 * command, mixed with its own, because people add --json at the end of a line
 * that they have just typed.
 */
#include "config.h" /* system extensions: getopt_long() */

#include "cli/cli.h"

#include "image/lint.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum option_id {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_JSON,
	OPTION_PROFILE,
	OPTION_SET,
	OPTION_SIM,
	OPTION_ADAPTER,
	OPTION_PASSKEY,
	OPTION_PASSKEY_FILE,
	OPTION_FORCE,
	OPTION_TRUST_CHANGE,
	OPTION_TRACE,
	OPTION_BTSNOOP,
	OPTION_SCRIPT,
	OPTION_READONLY,
	OPTION_NO_MOUSE,
	OPTION_NO_HISTORY,
	OPTION_VERBOSE,
	OPTION_QUIET,
	OPTION_IDS
};

/* getopt_long()'s values: above any character. */
#define GLOBAL_BASE 0x1000
#define COMMAND_BASE 0x2000

static const struct global_option {
	const char *name;
	char letter; /* or 0 */
	int has_argument;
	const char *left; /* as --help shows it */
	const char *help;
} globals[OPTION_IDS] = {
	[OPTION_HELP] = {"help", 'h', no_argument, "-h, --help",
			 "Show this help, or the help of a command."},
	[OPTION_VERSION] = {"version", 'V', no_argument, "-V, --version", "Show the version."},
	[OPTION_JSON] = {"json", 0, no_argument, "--json",
			 "Print one JSON object a line, the result last; text goes to standard "
			 "error."},
	[OPTION_PROFILE] = {"profile", 'p', required_argument, "-p, --profile=NAME|FILE",
			    "Use this transfer profile: a name from 'otabench profile list', or a "
			    "YAML file."},
	[OPTION_SET] = {"set", 's', required_argument, "-s, --set=KEY=VALUE",
			"Change a key of the profile for this run; may be repeated."},
	[OPTION_SIM] = {"sim", 0, optional_argument, "--sim[=KEY=VALUE,...]",
			"Use virtual devices instead of an adapter; the keys are listed below."},
	[OPTION_ADAPTER] = {"adapter", 'a', required_argument, "-a, --adapter=HCI",
			    "Use this adapter, such as hci0; default: the first one."},
	[OPTION_PASSKEY] =
		{"passkey", 0, required_argument, "--passkey=NNNNNN",
		 "The passkey that the device shows, if it requires one; otherwise it is asked for "
		 "on the terminal.  Every user of this machine can read it in "
		 "the list of processes."},
	[OPTION_PASSKEY_FILE] = {"passkey-file", 0, required_argument, "--passkey-file=FILE",
				 "Read the passkey from a line of FILE when the device asks; - is "
				 "standard input."},
	[OPTION_FORCE] =
		{"force", 0, optional_argument, "--force[=CHECK,...]",
		 "Continue although these checks of the image failed; without a list: overwrite "
		 "existing files, but never a device, a FIFO or a file that the command reads."},
	[OPTION_TRUST_CHANGE] =
		{"trust-change", 0, no_argument, "--trust-change",
		 "Go on although the device is not what it was when it was met before, and take it "
		 "for what it is now; 'otabench known list' shows what is remembered."},
	[OPTION_TRACE] =
		{"trace", 0, required_argument, "--trace=FILE",
		 "Record all traffic of the link (mode 0600), for 'otabench replay'; an older "
		 "recording is replaced, another file only with --force."},
	[OPTION_BTSNOOP] =
		{"btsnoop", 0, required_argument, "--btsnoop=FILE",
		 "Record the packets of the link for btmon and Wireshark (mode 0600): those of the "
		 "adapter, with CAP_NET_RAW; else, and with --sim, the attribute protocol as "
		 "otabench sees it."},
	[OPTION_SCRIPT] = {"script", 0, required_argument, "--script=FILE",
			   "Play the keys in FILE into the workbench and print its screens."},
	[OPTION_READONLY] = {"readonly", 0, no_argument, "--readonly",
			     "Refuse every action that changes a device."},
	[OPTION_NO_HISTORY] = {"no-history", 0, no_argument, "--no-history",
			       "Do not record this run in the history."},
	[OPTION_NO_MOUSE] = {"no-mouse", 0, no_argument, "--no-mouse",
			     "Leave the mouse to the terminal, to select text; M switches it."},
	[OPTION_VERBOSE] = {"verbose", 'v', no_argument, "-v, --verbose",
			    "Print more; -vv prints every Control value and every call to BlueZ."},
	[OPTION_QUIET] = {"quiet", 'q', no_argument, "-q, --quiet",
			  "Print errors, and nothing but what a command is asked to show."},
};

void cli_print_options(FILE *out)
{
	for (int i = 0; i < OPTION_IDS; i++)
		cli_print_entry(out, globals[i].left, globals[i].help);
}

bool cli_global_option(size_t index, struct cli_global *ret)
{
	if (index >= OPTION_IDS)
		return false;
	*ret = (struct cli_global){
		.name = globals[index].name,
		.left = globals[index].left,
		.help = globals[index].help,
		.letter = globals[index].letter,
		.required = globals[index].has_argument == required_argument,
		.optional = globals[index].has_argument == optional_argument,
	};
	return true;
}

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

static int parse_force(struct cli *cli, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		char word[TEXT_WORD_MAX + 1];
		struct text_nearest nearest = {.word = word};
		int check;

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, text);
		check = lint_check_by_name(word);
		if (check < 0) {
			for (int i = 0; i < LINT_CHECKS; i++)
				text_nearest_offer(&nearest, lint_check_name((enum lint_check)i));
			return cli_fail(cli, CLI_USAGE,
					"--force: expected names of checks, as 'inspect' prints "
					"them, found \"%s\"%s%s%s",
					word, nearest.best ? " (did you mean " : "",
					nearest.best ? nearest.best : "", nearest.best ? "?)" : "");
		}
		cli->force |= 1u << check;
		text += len + (text[len] == ',');
	}
	return CLI_OK;
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

static int parse_sim(struct cli *cli, const char *text)
{
	struct setting_errors errors;
	int r;

	cli->sim_given = true;
	r = simopts_parse(&cli->sim, text, &errors);
	if (r == 0)
		return CLI_OK;
	cli_tell_errors(cli, &errors);
	return cli_fail(cli, cli_exit_of(r), "--sim: wrong keys or values");
}

static int add_set(struct cli *cli, const char *assignment)
{
	if (cli->set_count == CLI_SET_MAX)
		return cli_fail(cli, CLI_USAGE, "--set: expected at most %u, found more",
				CLI_SET_MAX);
	cli->set[cli->set_count++] = assignment;
	return CLI_OK;
}

/* The log's level: --quiet wins over --verbose, whatever their order. */
static void set_log_level(struct cli *cli)
{
	if (cli->quiet)
		cli->log.level = LOG_LEVEL_ERROR;
	else if (cli->verbose > 0)
		cli->log.level = cli->verbose > 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

/* A file may have its line only when the device shows it; that it can be read is seen now. */
static int take_passkey(struct cli *cli, enum option_id id, const char *argument)
{
	if (id == OPTION_PASSKEY && text_parse_passkey(argument, &cli->passkey) < 0)
		return cli_fail(cli, CLI_USAGE, "--passkey: expected six digits");
	if (id == OPTION_PASSKEY_FILE)
		cli->passkey_file = argument;
	if (cli->passkey >= 0 && cli->passkey_file)
		return cli_fail(cli, CLI_USAGE,
				"--passkey and --passkey-file: use only one of them");
	if (id == OPTION_PASSKEY_FILE && argument && strcmp(argument, "-") != 0 &&
	    access(argument, R_OK) < 0)
		return cli_fail(cli, CLI_NO_FILE, "--passkey-file: %s: %s", argument,
				strerror(errno));
	return CLI_OK;
}

/* An option that is there or is not. */
static bool take_switch(struct cli *cli, enum option_id id)
{
	bool *const switches[OPTION_IDS] = {
		[OPTION_HELP] = &cli->help,
		[OPTION_VERSION] = &cli->version,
		[OPTION_JSON] = &cli->json,
		[OPTION_TRUST_CHANGE] = &cli->trust_change,
		[OPTION_READONLY] = &cli->readonly,
		[OPTION_NO_MOUSE] = &cli->no_mouse,
		[OPTION_NO_HISTORY] = &cli->no_history,
		[OPTION_QUIET] = &cli->quiet,
	};

	if (id >= OPTION_IDS || !switches[id])
		return false;
	*switches[id] = true;
	return true;
}

static int take_global(struct cli *cli, enum option_id id, const char *argument)
{
	if (take_switch(cli, id)) {
		set_log_level(cli);
		return CLI_OK;
	}
	switch (id) {
	case OPTION_PROFILE:
		cli->profile = argument;
		break;
	case OPTION_SET:
		return add_set(cli, argument);
	case OPTION_SIM:
		return parse_sim(cli, argument);
	case OPTION_ADAPTER:
		cli->adapter = argument;
		break;
	case OPTION_PASSKEY:
	case OPTION_PASSKEY_FILE:
		return take_passkey(cli, id, argument);
	case OPTION_FORCE:
		if (argument)
			return parse_force(cli, argument);
		cli->overwrite = true;
		break;
	case OPTION_TRACE:
		cli->trace = argument;
		break;
	case OPTION_BTSNOOP:
		cli->btsnoop = argument;
		break;
	case OPTION_SCRIPT:
		cli->script = argument;
		break;
	case OPTION_VERBOSE:
		cli->verbose++;
		break;
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTION_JSON:
	case OPTION_TRUST_CHANGE:
	case OPTION_READONLY:
	case OPTION_NO_MOUSE:
	case OPTION_NO_HISTORY:
	case OPTION_QUIET:
	case OPTION_IDS:
		break;
	}
	set_log_level(cli);
	return CLI_OK;
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

static int take_option(struct parser *parser, int value, const char *argument)
{
	if (value == 'o')
		return take_output(parser, argument);
	if (value >= COMMAND_BASE) {
		parser->cli->values[value - COMMAND_BASE] = argument ? argument : "";
		return CLI_OK;
	}
	if (value >= GLOBAL_BASE)
		return take_global(parser->cli, (enum option_id)(value - GLOBAL_BASE), argument);
	for (int i = 0; i < OPTION_IDS; i++) {
		if (globals[i].letter == value)
			return take_global(parser->cli, (enum option_id)i, argument);
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

		if (globals[i].letter)
			(void)snprintf(letters + len, size - len, "%c%s", globals[i].letter,
				       globals[i].has_argument == required_argument ? ":" : "");
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
		add_to_table(&parser, globals[i].name, globals[i].has_argument, GLOBAL_BASE + i);
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
