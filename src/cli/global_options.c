/* SPDX-License-Identifier: Apache-2.0 */
/* See global_options.h. */
#include "cli/global_options.h"

#include "base/text.h"
#include "image/lint.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

const struct global_option global_options[OPTION_IDS] = {
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
		cli_print_entry(out, global_options[i].left, global_options[i].help);
}

bool cli_global_option(size_t index, struct cli_global *ret)
{
	if (index >= OPTION_IDS)
		return false;
	*ret = (struct cli_global){
		.name = global_options[index].name,
		.left = global_options[index].left,
		.help = global_options[index].help,
		.letter = global_options[index].letter,
		.required = global_options[index].has_argument == required_argument,
		.optional = global_options[index].has_argument == optional_argument,
	};
	return true;
}

/* --- taking one */

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

int global_option_take(struct cli *cli, enum option_id id, const char *argument)
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
