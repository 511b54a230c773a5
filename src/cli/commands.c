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

static const struct cli_option scan_options[] = {
	{"time", "SECONDS", "to listen (5)"},
	{NULL, NULL, NULL},
};

#define DEVICE_TIMEOUT                                                                             \
	{                                                                                          \
		"device-timeout", "SECONDS", "to look for the device (15)"                         \
	}

#define TIMEOUT                                                                                    \
	{                                                                                          \
		"timeout", "SECONDS", "for the whole run; what the device has can be resumed"      \
	}

#define BUNDLE                                                                                     \
	{                                                                                          \
		"bundle", "DIR", "write a folder with logs, profile, link and result at the end"   \
	}

static const struct cli_option device_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{NULL, NULL, NULL},
};

static const struct cli_option flash_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{"restart", NULL, "from the first byte, whatever the device has kept"},
	{"no-confirm", NULL, "leave the new image on trial: somebody else confirms it"},
	{NULL, NULL, NULL},
};

static const struct cli_option resume_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{"no-confirm", NULL, "leave the new image on trial: somebody else confirms it"},
	{NULL, NULL, NULL},
};

static const struct cli_option profile_options[] = {
	{"as", "NAME|FILE", "set: leave NAME and write it here"},
	{"dry-run", NULL, "set: show what would change in the file, and write nothing"},
	{NULL, NULL, NULL},
};

static const struct cli_option bench_options[] = {
	DEVICE_TIMEOUT, TIMEOUT, BUNDLE, {"bytes", "N", "to send (1000000)"}, {NULL, NULL, NULL},
};

static const struct cli_option replay_options[] = {
	{"run", "N", "which run of the recording, from 1 (the last update)"},
	{NULL, NULL, NULL},
};

static const struct cli_option history_options[] = {
	{"last", "N", "list: at most so many runs (50)"},
	{"format", "FORMAT", "export: csv (series), csv-runs (a line a run) or ndjson (all)"},
	{"output", "FILE", "export: into this file instead of standard output"},
	DEVICE_TIMEOUT,
	TIMEOUT,
	{NULL, NULL, NULL},
};

#define DEVICE_COMMAND(n, fn, s, h)                                                                \
	{                                                                                          \
		.name = (n), .usage = "DEV", .summary = (s), .help = (h), .min_arguments = 1,      \
		.max_arguments = 1, .options = device_options, .run = (fn)                         \
	}

const struct cli_command cli_commands[] = {
	{
		.name = "scan",
		.usage = "",
		.summary = "List the devices in the air",
		.options = scan_options,
		.run = cmd_scan,
	},
	DEVICE_COMMAND("info", cmd_info, "Show what a device is, runs and can do",
		       "DEV is a name or an address, here and everywhere."),
	{
		.name = "doctor",
		.usage = "",
		.summary = "Say what this machine offers for Bluetooth, and what to do",
		.help = "Kernel, rfkill, D-Bus, bluetoothd with what its release cannot do, "
			"adapters, and what of a link will be visible.  Exit status 0: an adapter "
			"is "
			"ready; 69: none is; 77: this user may not use it.",
		.min_arguments = 0,
		.max_arguments = 0,
		.run = cmd_doctor,
	},
	{
		.name = "inspect",
		.usage = "IMAGE [DEV]",
		.summary = "Show what an image is, and all that speaks against it",
		.help = "With DEV also what an update would change there: upgrade, downgrade, "
			"another project or chip.\n"
			"Exit status 0: an application image; 65: damaged, or something else.",
		.min_arguments = 1,
		.max_arguments = 2,
		.options = device_options,
		.run = cmd_inspect,
	},
	{
		.name = "flash",
		.usage = "DEV IMAGE",
		.summary = "Update a device and prove it",
		.help = "Done means: rebooted, came back, runs the image that was sent by its own "
			"SHA-256, and confirmed it.  An update that broke off goes on where the "
			"device says.  A device of the basic dialect tells a version and no hash: "
			"where that is the image's and was another before, the update counts as "
			"delivered.  Ctrl-C cancels on the device; again leaves at once.\n"
			"Exit status 65: the image was refused, and nothing was sent; --force "
			"names the checks to override.  75: the link, the device or the "
			"adapter was lost on the way, and 'otabench resume' goes on; or another "
			"program holds the device; or --timeout is over.  76: the device said no, "
			"or came back with another image.",
		.min_arguments = 2,
		.max_arguments = 2,
		.options = flash_options,
		.run = cmd_flash,
	},
	{
		.name = "resume",
		.usage = "DEV IMAGE",
		.summary = "Go on with an update that broke off",
		.help = "As flash, but fails unless the device has kept a part of this image.",
		.min_arguments = 2,
		.max_arguments = 2,
		.options = resume_options,
		.run = cmd_resume,
	},
	DEVICE_COMMAND("status", cmd_status, "Show what a device's update is at", NULL),
	DEVICE_COMMAND("cancel", cmd_cancel, "End an update on a device",
		       "The device forgets what it has received; the running slot is untouched."),
	DEVICE_COMMAND("confirm", cmd_confirm, "Keep the image that a device runs on trial", NULL),
	DEVICE_COMMAND("rollback", cmd_rollback, "Go back to the image in the other slot", NULL),
	DEVICE_COMMAND("reboot", cmd_reboot, "Restart a device", NULL),
	{
		.name = "disconnect",
		.usage = "DEV",
		.summary = "End this host's link to a device, whichever program holds it",
		.help = "For a device that does not advertise because something is still "
			"connected to it.  Without a link there is nothing to do, which is a "
			"success.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_disconnect,
	},
	{
		.name = "forget",
		.usage = "DEV",
		.summary = "Drop what this host remembers of a device: its services, and the bond",
		.help = "For a device whose firmware has other services than the host believes.  "
			"They are read anew with the next connection; a bonded device has to be "
			"paired again.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_forget,
	},
	{
		.name = "adapter",
		.usage = "power-cycle",
		.summary = "Switch the adapter off and on",
		.help = "For an adapter that hears nothing any more.  Every link through it ends, "
			"those of other programs included.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_adapter,
	},
	{
		.name = "bench",
		.usage = "DEV",
		.summary = "Measure what the link to a device carries",
		.help = "The device counts and throws away; its flash is not touched.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = bench_options,
		.run = cmd_bench,
	},
	{
		.name = "replay",
		.usage = "LOG",
		.summary = "Show a run that --trace recorded",
		.help = "The file is enough: neither device, image nor profile is needed.  On a "
			"terminal it is shown on the dashboard, at any speed; ? lists the keys.  "
			"Else, and with --json, the run is told as when it was recorded, with the "
			"same exit status.  Exit status 65: not a recording, or it does not hold "
			"the run's end; what can be read is shown.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = replay_options,
		.run = cmd_replay,
	},
	{
		.name = "history",
		.usage = "[list] | show N | compare A B | export N... | delete N... | rerun N",
		.summary = "List, show, compare, export and repeat recorded runs",
		.help = "Every update and measurement is recorded with its parameters, its result "
			"and its course, unless --no-history is given or OTABENCH_HISTORY is no.\n"
			"list names the newest runs; ~ marks simulated ones.\n"
			"show prints all that is kept of one.\n"
			"compare sets two side by side: figures, what changed, rates over time, "
			"keys of the profile that differ.\n"
			"export writes them for other programs.\n"
			"rerun sends the same image to the same device with the same profile; "
			"--set "
			"changes keys of it, --profile takes another.\n"
			"The file is $XDG_STATE_HOME/otabench/history.db, or what "
			"OTABENCH_HISTORY names.",
		.min_arguments = 0,
		.max_arguments = -1,
		.options = history_options,
		.run = cmd_history,
	},
	{
		.name = "profile",
		.usage =
			"list | show [NAME] | check FILE... | diff A [B] | set NAME KEY=VALUE... | "
			"edit NAME",
		.summary = "List, show, check and change profiles: how an update is sent",
		.help = "list names the profiles that --profile finds.\n"
			"show prints one with the reason of every key, by default the one that "
			"--profile names; --set is applied.  The output is a profile itself.\n"
			"check tells all that is wrong with files, as file:line:column: key: what "
			"was expected, what was found.\n"
			"diff tells in which keys A and B differ, or A and the defaults.\n"
			"set changes values in the file and leaves its comments and its order; one "
			"that is built in becomes a file of the user's.  edit opens it in $VISUAL "
			"or $EDITOR and checks it then.  NAME may be a path.",
		.options = profile_options,
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
	{
		.name = "workbench",
		.usage = "[IMAGE]",
		.summary = "The screen on which all of this is done by keys; also what no command "
			   "opens",
		.help = "Opens on an adapter, or with --sim on virtual ESP32s; IMAGE is what u "
			"uploads.  "
			"? lists the keys.\n"
			"--script plays keys from a file instead of a terminal; its commands, one "
			"a "
			"line: size COLUMNS ROWS, ascii, utf8, keys KEY..., type TEXT, wait "
			"SECONDS, "
			"until TEXT, screen NAME, svg FILE, show.",
		.max_arguments = 1,
		.standard = true,
		.run = cmd_workbench,
	},
	{.name = NULL},
};
