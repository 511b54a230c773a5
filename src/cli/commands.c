/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands, in the order in which --help lists them. */
#include "cli/cli.h"

static const struct cli_option sample_options[] = {
	{"chip", "CHIP", "esp32, esp32c3 ... (esp32)"},
	{"size", "BYTES", "of the file (600000)"},
	{"version-text", "TEXT", "version in the application descriptor (2.0.0)"},
	{"project", "TEXT", "project in the application descriptor (otabench-sim)"},
	{NULL, NULL, NULL},
};

const struct cli_command cli_commands[] = {
	{
		.name = "inspect",
		.usage = "IMAGE",
		.summary = "Show what an image is, and all that speaks against it",
		.help = "Exit status 0: an application image; 65: damaged, or something else.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_inspect,
	},
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
	{
		.name = "sample-image",
		.usage = "FILE",
		.summary = "Write a valid image to try things with",
		.help = "It passes every check of the boot loader; its code is random and runs "
			"nowhere.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = sample_options,
		.run = cmd_sample_image,
	},
	{.name = NULL},
};
