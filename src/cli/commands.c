/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands, in the order in which --help lists them. */
#include "cli/cli.h"
#include "cli/command_options.h"

#define DEVICE_COMMAND(n, fn, s, h)                                                                \
	{                                                                                          \
		.name = (n), .usage = "DEV", .summary = (s), .help = (h), .min_arguments = 1,      \
		.max_arguments = 1, .options = cli_device_options, .run = (fn)                     \
	}

const struct cli_command cli_commands[] = {
	{
		.name = "scan",
		.usage = "",
		.summary = "List the devices in the air",
		.options = cli_scan_options,
		.run = cmd_scan,
	},
	DEVICE_COMMAND("info", cmd_info, "Show a device's chip, firmware and features",
		       "DEV is the device's name or address, here and in all commands."),
	{
		.name = "doctor",
		.usage = "[DEV]",
		.summary = "Check this computer's Bluetooth and say what to change",
		.help = "Checks the kernel, rfkill, D-Bus, bluetoothd and the limits of its "
			"version, and every adapter; lists which figures of a link can be read.\n"
			"With DEV it asks that device, too, and compares the services that the "
			"stack goes by, which may be out of its cache, with those that the device "
			"has: they are read over a link of its own, past the cache.  Where they "
			"differ it says how to make the stack ask again without losing a bond.\n"
			"Exit status 0: an adapter is ready; 69: there is none; 77: this user may "
			"not use Bluetooth; with DEV also 68 and 75 as 'info', and 76: the cached "
			"services are not the device's.\n"
			"--fix does what is harmless: releases a software switch of rfkill, "
			"switches an adapter on, starts bluetoothd, and ends an adapter's USB "
			"autosuspend until it is plugged in again.  It says what it would do and "
			"asks, or does it with --yes.",
		.min_arguments = 0,
		.max_arguments = 1,
		.options = cli_doctor_options,
		.run = cmd_doctor,
	},
	{
		.name = "inspect",
		.usage = "IMAGE [DEV]",
		.summary = "Check an image and show its header, version and hash",
		.help = "With DEV, compares it with the firmware of that device as well: upgrade, "
			"downgrade, another project or chip.\n"
			"Exit status 0: an application image; 65: damaged, not an application "
			"image, or not signed by the key that --secure-boot-key names.\n"
			"Of a patch that 'otabench delta' wrote, it shows the image that the patch "
			"needs and the one that it makes.",
		.min_arguments = 1,
		.max_arguments = 2,
		.options = cli_inspect_options,
		.run = cmd_inspect,
	},
	{
		.name = "flash",
		.usage = "DEV IMAGE",
		.summary = "Update a device and prove that it runs the image",
		.help = "An update is confirmed when the device has rebooted, reconnected, reports "
			"the SHA-256 of the image that was sent, and has confirmed the image.  An "
			"interrupted update is resumed where the device says.  A device of the "
			"basic dialect reports a version and no hash: if the version is the "
			"image's and was another one before, the update counts as delivered.  "
			"IMAGE may be a patch that 'otabench delta' wrote.  If the image that the "
			"patch needs is kept on this computer ('otabench images list'), the patch "
			"stands for the whole image that it makes; if not, only a device that runs "
			"the image that it needs can be updated.  "
			"Ctrl-C cancels the update on the device; a second Ctrl-C exits at once.\n"
			"Exit status 65: the image was refused and nothing was sent; --force "
			"overrides checks by name.  75: the link, the device or the adapter was "
			"lost and 'otabench resume' can continue, or another program uses the "
			"device, or --timeout is over.  76: the device refused, or came back with "
			"another image.",
		.min_arguments = 2,
		.max_arguments = 2,
		.options = cli_flash_options,
		.run = cmd_flash,
	},
	{
		.name = "resume",
		.usage = "DEV [IMAGE]",
		.summary = "Resume an interrupted update",
		.help = "Works as flash, but fails unless the device holds a part of this image.  "
			"Without IMAGE it is the update that was interrupted on this computer, "
			"also by the end of otabench itself: the journal in "
			"$XDG_STATE_HOME/otabench/journals knows its file.  Only a file with the "
			"image's SHA-256 is sent; where the file has moved, the images opened last "
			"and the files beside it are looked at, and a terminal is asked.\n"
			"Exit status 66: no update of DEV is known, or its image is not found.",
		.min_arguments = 1,
		.max_arguments = 2,
		.options = cli_resume_options,
		.run = cmd_resume,
	},
	DEVICE_COMMAND("status", cmd_status, "Show the progress of an update", NULL),
	{
		.name = "diagnose",
		.usage = "[DEV]",
		.summary = "Say why an update fails, and what cures it",
		.help = "Asks the device and names what is wrong with it: the cause, how certain "
			"it is, the evidence, and the cure.  Without DEV, --trace=FILE names a "
			"run that was recorded, or a bundle, and --btsnoop=FILE a capture of "
			"packets, also a phone's snoop log of an update by another program.",
		.max_arguments = 1,
		.options = cli_device_options,
		.run = cmd_diagnose,
	},
	{
		.name = "recover",
		.usage = "DEV [IMAGE]",
		.summary = "Bring a device back after an update that failed, step by step",
		.help = "Asks the device for its state, names the cause as far as it is known, and "
			"lists what can be done, the advised action first, each with its command.  "
			"It does what you choose and asks the device again, until nothing is left "
			"to do.  On a terminal you choose by a letter and Enter, and are asked "
			"before anything changes the device; elsewhere the list is printed once.\n"
			"--yes does what comes first as long as nothing can be lost by it: "
			"resuming IMAGE, confirming it once the device runs it, and sending it "
			"again where the other slot holds nothing to roll back to.\n"
			"Exit status 0: nothing is left to do; 75: something is; else why the "
			"device could not be asked.",
		.min_arguments = 1,
		.max_arguments = 2,
		.options = cli_recover_options,
		.run = cmd_recover,
	},
	DEVICE_COMMAND("cancel", cmd_cancel, "Cancel an update on a device",
		       "The device drops the bytes it has received; its running firmware stays."),
	DEVICE_COMMAND("confirm", cmd_confirm, "Confirm the image that a device runs on trial",
		       NULL),
	DEVICE_COMMAND("rollback", cmd_rollback, "Roll back to the image in the other slot", NULL),
	DEVICE_COMMAND("reboot", cmd_reboot, "Restart a device", NULL),
	{
		.name = "prepare",
		.usage = "DEV",
		.summary = "Erase a device's other slot ahead of an update",
		.help = "The next update finds the slot erased and need not wait for that.  The "
			"image in it is gone: there is nothing to roll back to.  A restart of the "
			"device forgets what was erased.  Refused while an image is on trial, and "
			"while an update can be resumed ('otabench cancel' drops it).",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_prepare_options,
		.run = cmd_prepare,
	},
	{
		.name = "disconnect",
		.usage = "DEV",
		.summary = "Disconnect a device, whichever program holds the link",
		.help = "Helps when a device does not advertise because a program is still "
			"connected to it.  Succeeds if there is no link.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_disconnect,
	},
	{
		.name = "forget",
		.usage = "DEV",
		.summary = "Delete this host's cached services and bond of a device",
		.help = "Helps when a firmware's services differ from the cached ones.  The next "
			"connection discovers them again; a bonded device must be paired again.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_forget,
	},
	{
		.name = "known",
		.usage = "list | forget DEV",
		.summary = "Show and forget the devices that this user has met",
		.help = "Each device is remembered as it was when it was met first, or proven "
			"last: "
			"its chip, its project, the image that it ran, whether it took signed "
			"images "
			"only, whether the link was encrypted.  A device that differs at the next "
			"meeting is refused (exit status 78) unless --trust-change is given: "
			"another one may answer in its place.\n"
			"forget takes a name or an address; the next meeting is the first again.",
		.min_arguments = 1,
		.max_arguments = 2,
		.run = cmd_known,
	},
	{
		.name = "adapter",
		.usage = "power-cycle",
		.summary = "Switch the adapter off and on",
		.help = "Helps when an adapter no longer receives anything.  Every link through "
			"it ends, including those of other programs.",
		.min_arguments = 1,
		.max_arguments = 1,
		.run = cmd_adapter,
	},
	{
		.name = "bench",
		.usage = "DEV",
		.summary = "Measure the link to a device, or whole updates, several times",
		.help = "link: the device counts and discards the bytes; its flash is not "
			"written.\n"
			"flash: the device erases a part of its other slot, writes a pattern of "
			"its own and reads it back; nothing is sent.  The image in that slot is "
			"lost, and with it the way back; a device on trial refuses.  Asks first, "
			"on a terminal; elsewhere --yes is needed.\n"
			"update: the device is updated with --image, and that is proven, even if "
			"it runs this image already.\n"
			"Each run connects anew.  The end is the median of the runs and their "
			"spread, (highest - lowest) / median; and of the run that is nearest to "
			"the median, where its time went, what limited it and what to change.\n"
			"With --json each of several runs is an event \"run\" with all fields of a "
			"result; the result at the end is that of the nearest run, with median, "
			"slowest, fastest, spread and goodputs, and these for each of its parts.\n"
			"Ctrl-C cancels the run under way and ends the bench.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_bench_options,
		.run = cmd_bench,
	},
	{
		.name = "sweep",
		.usage = "DEV",
		.summary = "Find the best settings for a device by measuring",
		.help = "Measures the link with one setting after another: PHY, connection "
			"interval, chunk, write mode, window, ack interval, pacing.  The device "
			"counts and discards the bytes; its flash is not written.  What --profile "
			"and --set fix stays as it is; only keys that are auto, and a pacing of 0, "
			"are varied.  Settings that cannot win, judging by the air time that they "
			"need, are not measured; those that come close to the best are measured "
			"again.\n"
			"--objective: fastest; no-gaps: the fastest that loses no value; "
			"small-window: the least window within 5 % of the fastest, for the "
			"soonest cancel.\n"
			"The winner is written as a profile for this device and adapter, with "
			"date, rate, confidence and runner-up; not where no setting meets the "
			"objective.  flash uses it where no profile is named, and says so.  "
			"What was found with --sim is used in the same "
			"simulation only.\n"
			"Ctrl-C interrupts it.  What was measured is kept in "
			"$XDG_STATE_HOME/otabench/sweeps, and the same command goes on.\n"
			"Measurements of a sweep are not recorded in the history.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_sweep_options,
		.run = cmd_sweep,
	},
	{
		.name = "serve",
		.usage = "",
		.summary = "Be a virtual ESP32 on this adapter, for an app to update",
		.help = "Phones and other computers see a simulated ESP32 and update it.  --sim "
			"says what it is and what befalls it: chip, version, dialect, flash, "
			"faults; with state=DIR its flash is kept for the next time.  Everything "
			"the client does is told, with each rule of the protocol that it breaks.  "
			"Ctrl-C ends it.\n"
			"On a terminal a screen shows the device, the client, the progress as the "
			"device counts it, the rules that were broken, and a log; its keys drop "
			"the link, reset the device or cut its power (? lists them).  With "
			"--lines, with --json, or where the output goes into a file or a pipe, a "
			"line is printed for each event.\n"
			"The figures that LINK and TELEMETRY tell are the simulation's.  "
			"bluetoothd answers a write request to Data itself, at once, where "
			"commands are taken as well; --data=request offers requests alone, so that "
			"a device of the basic dialect can hold a client back.\n"
			"--grade lists each rule of docs/protocol.md at the end as kept, broken or "
			"unseen, a broken one with the first time that it was.\n"
			"--pipe needs no adapter: a program writes one JSON object a line, "
			"{\"do\":\"connect\"}, subscribe, read, write or disconnect, and reads "
			"what --json prints.\n"
			"Exit status 65: with --grade, a rule was broken.",
		.max_arguments = 0,
		.options = cli_serve_options,
		.run = cmd_serve,
	},
	{
		.name = "replay",
		.usage = "LOG",
		.summary = "Replay a run that --trace recorded",
		.help = "Needs only the file: no device, image or profile.  On a terminal the run "
			"plays on the dashboard at any speed (? lists the keys); otherwise, or "
			"with --json, it prints what the run printed, with the same exit status.\n"
			"Exit status 65: the file is not a recording, or does not hold the run's "
			"end; the readable part is shown.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_replay_options,
		.run = cmd_replay,
	},
	{
		.name = "history",
		.usage = "[list] | show N | compare A B | trend DEV | export N... | delete N... | "
			 "rerun N",
		.summary = "List, show, compare, export and repeat recorded runs",
		.help = "Every update and measurement is recorded with its settings, result and "
			"time series, unless --no-history is given or OTABENCH_HISTORY is no.\n"
			"N is a run's number; last and -1 are the newest, -2 is the one before "
			"it.\n"
			"list shows the newest runs; ~ marks simulated ones, + a profile with "
			"changed values, %MAX is the rate in per cent of what link and flash can "
			"carry.\n"
			"show prints everything about one run.\n"
			"compare shows two runs side by side: figures, rates over time, and the "
			"settings that differ.\n"
			"trend shows a device's runs over time: where the rate falls below the "
			"spread of the runs before, it says what changed then (kernel, bluetoothd, "
			"adapter, firmware, settings, signal). The latest three falls are told "
			"whole, earlier ones are counted; --json has each.\n"
			"export writes runs as CSV or JSON.\n"
			"rerun sends the same image to the same device with the same profile; "
			"--set changes keys of it, --profile replaces it.\n"
			"The database is $XDG_STATE_HOME/otabench/history.db, or the file that "
			"OTABENCH_HISTORY names.",
		.min_arguments = 0,
		.max_arguments = -1,
		.options = cli_history_options,
		.run = cmd_history,
	},
	{
		.name = "profile",
		.usage =
			"list | show [NAME] | check FILE... | diff A [B] | set NAME KEY=VALUE... | "
			"edit NAME",
		.summary = "List, show, check and change transfer profiles",
		.help = "A profile says how an update is sent.  NAME may be a path.\n"
			"list shows the profiles that --profile finds.\n"
			"show prints a profile with a comment on every key, by default the one "
			"that --profile names, with --set applied; the output is a valid profile.\n"
			"check reports every mistake as file:line:column: key: expected, found.\n"
			"diff shows the keys in which A and B differ, or A and the defaults.\n"
			"set changes values in the file and keeps its comments and order; a "
			"built-in profile is copied to the user's folder first.\n"
			"edit opens the file in $VISUAL or $EDITOR and checks it afterwards.",
		.options = cli_profile_options,
		.min_arguments = 1,
		.max_arguments = -1,
		.run = cmd_profile,
	},
	{
		.name = "key",
		.usage = "new FILE | show FILE",
		.summary = "Make and show keys that updates are signed with",
		.help = "new writes a private key (ECDSA on P-256, PEM) that only this user can "
			"read, and asks for a passphrase that encrypts it.\n"
			"show prints the public half of a private or public key, as PEM, as the "
			"number that the firmware's configuration takes, and its id.",
		.options = cli_key_options,
		.min_arguments = 2,
		.max_arguments = 2,
		.run = cmd_key,
	},
	{
		.name = "sign",
		.usage = "IMAGE",
		.summary = "Sign an image for devices that take signed updates only",
		.help = "Writes the signature to IMAGE.sig.  It covers chip, project, version, "
			"secure version, size and SHA-256 of the image, and says nothing about "
			"secure boot, which has a signature of its own inside the image.\n"
			"--statement without --key writes only what is to be signed; 'openssl "
			"dgst -sha256 -sign KEY -out IMAGE.sig FILE' then does the rest, with a "
			"key that otabench cannot read.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_sign_options,
		.run = cmd_sign,
	},
	{
		.name = "verify",
		.usage = "IMAGE",
		.summary = "Check the signature of an image",
		.help = "Exit status 0: IMAGE.sig is a signature of this image by this key; 65: "
			"it is not.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_verify_options,
		.run = cmd_verify,
	},
	{
		.name = "delta",
		.usage = "OLD NEW",
		.summary = "Write a patch: what differs between two images",
		.help = "The patch makes NEW out of OLD on a device that runs OLD.  It names OLD "
			"by "
			"its SHA-256 and holds what an update has to know of NEW, so that "
			"neither is needed to send it.\n"
			"Both must be images that boot.  'otabench inspect' shows a patch's "
			"contents.",
		.min_arguments = 2,
		.max_arguments = 2,
		.options = cli_delta_options,
		.run = cmd_delta,
	},
	{
		.name = "images",
		.usage = "list | prune",
		.summary = "Show or remove the images that are kept for delta updates",
		.help = "Each image that is sent, or given to 'delta', is kept in "
			"$XDG_CACHE_HOME/otabench/images (~/.cache) by its SHA-256: a device that "
			"runs it can then be sent only what differs.  At most 32 images and 128 "
			"MiB are "
			"kept, those that were used last; with OTABENCH_IMAGE_STORE=no in the "
			"environment none.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_images_options,
		.run = cmd_images,
	},
	{
		.name = "sample-image",
		.usage = "FILE",
		.summary = "Write a valid image for tests",
		.help = "The image passes every check of the boot loader; its code is random and "
			"does not run on a chip.\n"
			"With --like it is what the next build of IMAGE could be, for trying delta "
			"updates: some functions are new, longer or shorter, those behind them "
			"have moved, what refers to them has changed, and version, build time and "
			"hash are others.  A signature is left out.",
		.min_arguments = 1,
		.max_arguments = 1,
		.options = cli_sample_options,
		.run = cmd_sample_image,
	},
	{
		.name = "complete",
		.usage = "-- WORD...",
		.summary = "Say what the last word of a command line may become",
		.help = "The completion scripts of bash, zsh and fish ask this: a line for each "
			"word, "
			"with its description.  Devices are those of the history, or with --sim "
			"among the words the virtual ones; a line 'files' says that a file fits.",
		.min_arguments = 0,
		.max_arguments = -1,
		.run = cmd_complete,
	},
	{
		.name = "workbench",
		.usage = "[IMAGE]",
		.summary = "Open the workbench (the default)",
		.help = "Uses an adapter, or with --sim virtual ESP32s.  IMAGE is opened for "
			"upload; 'otabench IMAGE' does the same.  ? lists the keys.\n"
			"--script plays keys from a file instead of a terminal.  Its commands, one "
			"a line: size COLUMNS ROWS, ascii, utf8, keys KEY..., type TEXT, wait "
			"SECONDS, until TEXT, screen NAME, svg FILE, show.",
		.max_arguments = 1,
		.standard = true,
		.run = cmd_workbench,
	},
	{.name = NULL},
};
