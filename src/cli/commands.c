/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands, in the order in which --help lists them. */
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
	{
		.name = "profile",
		.usage = "list | show [NAME] | check FILE...",
		.summary = "List, show and check profiles: how an update is sent",
		.help = "list names the profiles that --profile finds.\n"
			"show prints one with the reason of every key, by default the one that "
			"--profile names; --set is applied.  The output is a profile itself.\n"
			"check tells all that is wrong with files, as file:line:column: key: what "
			"was expected, what was found.",
		.min_arguments = 1,
		.max_arguments = -1,
		.run = cmd_profile,
	},
	{.name = NULL},
};
