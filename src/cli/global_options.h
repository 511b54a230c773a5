/* SPDX-License-Identifier: Apache-2.0 */
/* The options that every command has: what they are called, and what each does to struct cli. */
#ifndef OTABENCH_CLI_GLOBAL_OPTIONS_H
#define OTABENCH_CLI_GLOBAL_OPTIONS_H

#include "cli/cli.h"

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

struct global_option {
	const char *name;
	char letter; /* or 0 */
	int has_argument;
	const char *left; /* as --help shows it */
	const char *help;
};

extern const struct global_option global_options[OPTION_IDS];

/* argument is NULL where none was given.  CLI_OK, or CLI_USAGE after saying why. */
int global_option_take(struct cli *cli, enum option_id id, const char *argument);

#endif
