/* SPDX-License-Identifier: Apache-2.0 */
/* The options of single subcommands; commands.c has the table that they belong to. */
#include "cli/command_options.h"

const struct cli_option cli_sample_options[] = {
	{"kind", "KIND", "esp, for ESP-IDF's boot loader, or mcuboot, for devices with SMP (esp)"},
	{"chip", "CHIP", "chip to build for: esp32, esp32c3 ... (esp32)"},
	{"size", "BYTES", "size of the file (600000)"},
	{"version-text", "TEXT", "its version (2.0.0); of an MCUboot image as in 1.2.3+4"},
	{"project", "TEXT", "project in the application descriptor (otabench-sim)"},
	{"like", "IMAGE", "make a relative of this image, as its next build would be"},
	{"edit", "PERCENT", "share of its bytes that are new (1)"},
	{"seed", "NUMBER", "draw other places and bytes for them (0)"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_images_options[] = {
	{"keep", "COUNT", "prune: leave so many of those that were used last (0)"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_delta_options[] = {
	{"output", "FILE", "write the patch here; -o FILE does the same"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_scan_options[] = {
	{"time", "SECONDS", "time to listen (5)"},
	{NULL, NULL, NULL},
};

#define DEVICE_TIMEOUT                                                                             \
	{                                                                                          \
		"device-timeout", "SECONDS", "time to look for the device (15)"                    \
	}

#define TIMEOUT                                                                                    \
	{                                                                                          \
		"timeout", "SECONDS",                                                              \
			"time limit of the whole run; an update can be resumed afterwards"         \
	}

#define BUNDLE                                                                                     \
	{"bundle", "FILE",                                                                         \
	 "write logs, recording, profile, link and result into this .zip or .tar.gz at the end; "  \
	 "another name is that of a folder"},                                                      \
	{                                                                                          \
		"anonymous", NULL,                                                                 \
			"bundle: replace addresses, names of devices and this user's folder"       \
	}

const struct cli_option cli_doctor_options[] = {
	{"fix", NULL, "do what is harmless and helps, after a question"},
	{"yes", NULL, "fix: do not ask"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_device_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{NULL, NULL, NULL},
};

const struct cli_option cli_inspect_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{"secure-boot-key", "FILE",
	 "key (PEM, public or private) that must have made the image's secure boot v2 signature"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_flash_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{"restart", NULL, "send from the first byte, even if the device could resume"},
	{"no-confirm", NULL, "leave the new image on trial, for another program to confirm"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_resume_options[] = {
	DEVICE_TIMEOUT,
	TIMEOUT,
	BUNDLE,
	{"no-confirm", NULL, "leave the new image on trial, for another program to confirm"},
	{"give-up", NULL, "without IMAGE: forget the update; the device is not asked"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_recover_options[] = {
	DEVICE_TIMEOUT,
	{"timeout", "SECONDS", "time limit of each step"},
	{"yes", NULL, "do what is advised without asking, as long as it loses nothing"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_profile_options[] = {
	{"as", "NAME|FILE", "set: write the result here and leave NAME as it is"},
	{"dry-run", NULL, "set: show the changes and write nothing"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_bench_options[] = {
	DEVICE_TIMEOUT,
	{"timeout", "SECONDS", "time limit of each run"},
	BUNDLE,
	{"parts", "LIST", "what to measure: link, flash, update (link; with --image link,update)"},
	{"image", "FILE", "image that the whole update sends"},
	{"runs", "N", "runs of each part that count (1)"},
	{"warm-up", "N", "runs before them that do not (0)"},
	{"bytes", "N", "link: bytes to send in a run (1000000)"},
	{"flash-bytes", "N", "flash: bytes to write in a run (524288)"},
	{"yes", NULL, "flash: do not ask; the image in the other slot is erased"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_sweep_options[] = {
	DEVICE_TIMEOUT,
	{"objective", "NAME", "fastest, no-gaps or small-window (fastest)"},
	{"runs", "N", "measure at most N times now; the next sweep goes on"},
	{"restart", NULL, "begin anew, even if an earlier sweep was interrupted"},
	{"no-save", NULL, "write no profile"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_prepare_options[] = {
	DEVICE_TIMEOUT,	    TIMEOUT, BUNDLE, {"bytes", "N", "bytes to erase (all of the slot)"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_serve_options[] = {
	{"name", "TEXT", "name to advertise (esp-sim-01)"},
	{"data", "WAY", "how Data can be written: both, request or command (both)"},
	{"grade", NULL, "at the end, say which rules of the protocol the client kept"},
	{"time", "SECONDS", "end after that time; otherwise at Ctrl-C"},
	{"pipe", NULL, "without an adapter: the client is a program on standard input"},
	{"lines", NULL, "print lines on a terminal, too, instead of the screen"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_replay_options[] = {
	{"run", "N", "run to show, counted from 1; last and -1 are the last (the last update)"},
	{NULL, NULL, NULL},
};

#define PASSPHRASE_FILE                                                                            \
	{                                                                                          \
		"passphrase-file", "FILE", "read the key's passphrase from a line of FILE"         \
	}

const struct cli_option cli_key_options[] = {
	PASSPHRASE_FILE,
	{"no-passphrase", NULL, "new: do not ask; the key lies in the file as it is"},
	{NULL, NULL, NULL},
};

const struct cli_option cli_sign_options[] = {
	{"key", "FILE", "private key, as 'otabench key new' or openssl writes it"},
	{"output", "FILE", "write the signature here (IMAGE.sig)"},
	{"statement", "FILE", "write what is signed here, for another program to sign"},
	PASSPHRASE_FILE,
	{NULL, NULL, NULL},
};

const struct cli_option cli_verify_options[] = {
	{"key", "FILE", "public or private key"},
	{"signature", "FILE", "signature to check (IMAGE.sig)"},
	PASSPHRASE_FILE,
	{NULL, NULL, NULL},
};

const struct cli_option cli_history_options[] = {
	{"last", "N", "list: number of runs (50)"},
	{"sort", "COLUMN",
	 "list: by device, profile, image, chunk, mode, window, rate, possible, "
	 "time, link, stream, gaps, stalls, rssi or result, not by number"},
	{"reverse", NULL, "list: the other way round"},
	{"filter", "TERMS",
	 "list: only runs of which all terms hold: a part of a text, !TERM, sim, real, rate>90 "
	 "(kB/s), possible<80 (%), window, chunk, gaps, stalls, rssi, time (s)"},
	{"format", "FORMAT",
	 "export: csv (series), csv-runs (a line a run) or ndjson (all; with --json)"},
	{"output", "FILE", "export: write to this file instead of standard output"},
	{"yes", NULL, "rerun: as with bench, where the flash was measured"},
	DEVICE_TIMEOUT,
	TIMEOUT,
	{NULL, NULL, NULL},
};
