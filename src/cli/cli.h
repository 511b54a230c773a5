/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what every subcommand is given and what it may use.
 *
 * A subcommand is one file cmd_NAME.c and one entry of cli_commands.  It prints
 * its result to cli->out (words, or JSON lines with --json) and logs through
 * cli->log; it never looks at options of others and never calls exit().
 */
#ifndef OTABENCH_CLI_CLI_H
#define OTABENCH_CLI_CLI_H

#include "base/log_stderr.h"
#include "base/output.h"
#include "profile/profile.h"
#include "sim/simopts.h"

#include <stdio.h>

/* Exit codes; numbers of <sysexits.h> where one fits. */
enum cli_exit {
	CLI_OK = 0,
	CLI_USAGE = 64, /* wrong option, argument or profile */
	CLI_REFUSED = 65, /* the image was refused before anything was sent; a file is not what
			   * it should be */
	CLI_NO_FILE = 66,
	CLI_NO_DEVICE = 68,
	CLI_NO_ADAPTER = 69, /* or no bluetoothd */
	CLI_DEFECT = 70, /* of otabench or this machine: no memory, no descriptors */
	CLI_FILE = 74, /* a file or the output cannot be read or written, or is in the way */
	CLI_LINK_LOST = 75, /* or stalled, or in use: worth another try */
	CLI_DEVICE_ERROR = 76, /* the device said no */
	CLI_NO_PERMISSION = 77,
	CLI_CHANGED = 78, /* the device is not what it was when it was met before */
	CLI_CANCELLED = 130,
};

#define CLI_SET_MAX 64u /* --set */
#define CLI_OPTIONS_MAX 16u /* options of one command */

/* An option of one command, besides the global ones. */
struct cli_option {
	const char *name; /* without the dashes; NULL ends a list */
	const char *argument; /* what follows '=', "SECONDS"; NULL: nothing */
	const char *help;
};

struct capture_monitor;
struct cli;
struct transport;

struct cli_command {
	const char *name;
	const char *usage; /* its arguments: "DEV IMAGE"; "" */
	const char *summary; /* one line, for --help */
	const char *help; /* more, for COMMAND --help; may be NULL */
	int min_arguments, max_arguments; /* max < 0: any number */
	const struct cli_option *options; /* or NULL */
	bool standard; /* runs when no command is named */
	/* argv[0] is the command's name, argv[argc] NULL.  Returns an enum cli_exit. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

struct cli {
	const struct cli_command *command;
	bool json, quiet, readonly, no_mouse, no_history, help, version;
	unsigned int verbose; /* number of --verbose */
	const char *profile; /* NULL: not given */
	const char *set[CLI_SET_MAX];
	size_t set_count;
	bool saved_known; /* a profile was read; it is, without --set: */
	struct profile saved;
	bool sim_given;
	struct sim_options sim;
	const char *adapter; /* "hci0"; NULL: not given */
	int32_t passkey; /* 0..999999; -1: not given */
	const char *passkey_file; /* "-": standard input; NULL: not given */
	const char *trace; /* file; NULL: not given */
	const char *btsnoop; /* file; NULL: not given */
	const char *script; /* file of keys for the workbench; NULL: not given */
	bool trust_change; /* --trust-change */
	bool overwrite; /* --force alone: files that are there may be replaced */
	uint32_t force; /* 1u << enum lint_check */
	const char *values[CLI_OPTIONS_MAX]; /* of command->options; NULL: not given */
	FILE *out, *err;
	char *const *words; /* the command and its arguments; NULL ends them */
	bool schema_told; /* an object was printed */
	bool recorded; /* cli_recorded() was asked */
	struct transport *capture; /* of --btsnoop, where the transport is wrapped for it */
	struct capture_monitor *monitor; /* of --btsnoop, where the kernel gives packets */
	json_t *diagnosis; /* of a failure that is about to be told; its result takes it */
	FILE *bundle_recording; /* of a run that nobody else records, for its bundle */
	uint64_t start_us; /* of this run, CLOCK_MONOTONIC */
	double told_at; /* "t" of the latest event */
	struct log_stderr sink;
	struct log log; /* to err, as --quiet and --verbose say */
};

/* Ends with a NULL name. */
extern const struct cli_command cli_commands[];

/* The whole program except for the process around it.  Returns an enum cli_exit. */
int cli_main(int argc, char **argv, const struct cli_command *commands, FILE *out, FILE *err);

/*
 * Reads argv into *cli, and the arguments of the command, its name first, into
 * words, which has room for argc + 1.  CLI_OK, or CLI_USAGE after saying why.
 * No command: cli->command is NULL.
 */
int cli_parse(struct cli *cli, int argc, char **argv, const struct cli_command *commands,
	      char **words, int *ret_count);

/* --help to cli->out: of one command, or of all when command is NULL. */
void cli_print_help(struct cli *cli, const struct cli_command *commands,
		    const struct cli_command *command);
/* The global options, for cli_print_help(). */
void cli_print_options(FILE *out);
/* A global option, for completion; false behind the last. */
struct cli_global {
	const char *name, *left, *help; /* "profile", "-p, --profile=NAME|FILE" */
	char letter; /* or 0 */
	bool required, optional; /* its value */
};
bool cli_global_option(size_t index, struct cli_global *ret);
/* "  left            right", right wrapped at the width of 80 columns. */
void cli_print_entry(FILE *out, const char *left, const char *right);

/* The value of one of the command's own options: NULL not given, "" without argument. */
const char *cli_value(const struct cli *cli, const char *name);

/* {"t": seconds, "event": name}, to be filled and given to cli_emit(); NULL: no memory. */
json_t *cli_event(const struct cli *cli, const char *name);
/* The same with a time of one's own, e.g. of a virtual clock. */
json_t *cli_event_at(uint64_t us, const char *name);
/* The last event of a command: {"event":"result","ok":true,"outcome":"ok","exit":0}, to be filled
 * and emitted instead of cli_finish(); NULL: no memory. */
json_t *cli_result(const struct cli *cli, enum cli_exit code);
/* Prints and releases it; nothing without --json.  A failure is told once, at the end. */
void cli_emit(struct cli *cli, json_t *event);

/* Ends a command: with --json the last line, {"event":"result","ok":true,"exit":0}. */
int cli_succeed(struct cli *cli);
/* The same with another exit code, whose reason was told. */
int cli_finish(struct cli *cli, int code);
/* Says why on the log, and with --json in a result; returns code. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int cli_fail(struct cli *cli, enum cli_exit code, const char *format, ...);
/* The same for a file that file_save.h did not write; tells of --force where it helps. */
int cli_fail_write(struct cli *cli, int error, const char *path, const char *why);
/* "usage", "no-device" ... : the outcome that a result names. */
const char *cli_exit_name(enum cli_exit code);
/* The exit code for a negative OTA_E* of a file or profile. */
enum cli_exit cli_exit_of(int error);

/* Each of the errors on the log, and with --json as a "problem" event. */
void cli_tell_errors(struct cli *cli, const struct setting_errors *errors);
/*
 * The profile that --profile and --set ask for, or name's when it is not NULL.
 * CLI_OK, or an exit code after cli_fail().
 */
int cli_load_profile(struct cli *cli, const char *name, struct profile *ret,
		     struct profile_source *ret_source);

int cmd_adapter(struct cli *cli, int argc, char **argv);
int cmd_bench(struct cli *cli, int argc, char **argv);
int cmd_cancel(struct cli *cli, int argc, char **argv);
int cmd_complete(struct cli *cli, int argc, char **argv);
int cmd_confirm(struct cli *cli, int argc, char **argv);
int cmd_flash(struct cli *cli, int argc, char **argv);
int cmd_history(struct cli *cli, int argc, char **argv);
int cmd_info(struct cli *cli, int argc, char **argv);
int cmd_diagnose(struct cli *cli, int argc, char **argv);
int cmd_disconnect(struct cli *cli, int argc, char **argv);
int cmd_doctor(struct cli *cli, int argc, char **argv);
int cmd_forget(struct cli *cli, int argc, char **argv);
int cmd_inspect(struct cli *cli, int argc, char **argv);
int cmd_reboot(struct cli *cli, int argc, char **argv);
int cmd_recover(struct cli *cli, int argc, char **argv);
int cmd_replay(struct cli *cli, int argc, char **argv);
int cmd_resume(struct cli *cli, int argc, char **argv);
int cmd_rollback(struct cli *cli, int argc, char **argv);
int cmd_delta(struct cli *cli, int argc, char **argv);
int cmd_images(struct cli *cli, int argc, char **argv);
int cmd_sample_image(struct cli *cli, int argc, char **argv);
int cmd_scan(struct cli *cli, int argc, char **argv);
int cmd_serve(struct cli *cli, int argc, char **argv);
int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_sweep(struct cli *cli, int argc, char **argv);
int cmd_key(struct cli *cli, int argc, char **argv);
int cmd_sign(struct cli *cli, int argc, char **argv);
int cmd_verify(struct cli *cli, int argc, char **argv);
int cmd_known(struct cli *cli, int argc, char **argv);
int cmd_prepare(struct cli *cli, int argc, char **argv);
int cmd_profile(struct cli *cli, int argc, char **argv);
int cmd_workbench(struct cli *cli, int argc, char **argv);

#endif
