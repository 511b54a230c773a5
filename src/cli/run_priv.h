/* SPDX-License-Identifier: Apache-2.0 */
/* One job and how it is told, for the files that run one. */
#ifndef OTABENCH_CLI_RUN_PRIV_H
#define OTABENCH_CLI_RUN_PRIV_H

#include "cli/command_line.h"
#include "cli/passkey.h"
#include "cli/run.h"
#include "host/journal.h"
#include "host/stack_log_lines.h"
#include "history/recorder.h"

struct run {
	struct cli *cli;
	sd_event *event; /* NULL: nothing waits for the end */
	struct transport *transport;
	struct job *job;
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct stack_log_lines calls; /* for a bundle */
	struct progress_line line;
	char turn[16]; /* of several runs: "2/3 "; "" of one */
	struct passkey passkey;
	uint64_t json_next; /* progress event */
	unsigned int json_tenths; /* of compressing: told of, and one; 0: it does not */
	unsigned int interrupts;
	bool hangup;
	bool left; /* the loop is to end before the job does */
	bool ended; /* the result is known ... */
	bool closed; /* ... and the link is down */
	bool early; /* the first is enough */
	uint64_t ended_us; /* the loop may turn once more after it */
	struct job_result result;
	char place[JOURNAL_PLACE_MAX]; /* of its journals */
};

/* Tells what the job tells, as words or JSON; run is the userdata. */
struct job_listener run_listener(struct run *run);
/* Tells what the stack is asked, too: with -vv, and to r->calls where they are kept. */
void run_on_call(void *userdata, const struct transport_call *call);

/* A run's configuration points into these. */
struct run_settings {
	char options[COMMAND_LINE_OPTIONS], sending[COMMAND_LINE_OPTIONS];
	struct profile profile;
};
/* Fills in what the command line says for every run.  config->profile may be NULL: the one that
 * --profile and --set ask for.  CLI_OK, or an exit code after cli_fail(). */
int run_settle(struct cli *cli, struct run_settings *settings, struct job_config *config);
/* Transport, event loop and Ctrl-C; CLI_OK, or an exit code after cli_fail().  run_close() undoes
 * it, and returns code or what closing makes of it. */
int run_open(struct run *run, struct cli *cli);
int run_close(struct run *run, int code);
/* One job to its end; run->ended is false where the loop ended before it, which was told.
 * Returns an enum cli_exit.  run_release() before the next one. */
int run_once(struct run *run, const struct job_config *config);
void run_release(struct run *run);
/* The end of a job that finished. */
void run_tell_end(struct run *run, const struct run_report *report, enum cli_exit code);
/* Says in words why the run failed, as a part of the run's end; nothing after a good one. */
void run_tell_failure(const struct run *run, bool with_cause);

/* run_diagnose.c */
void run_on_diagnosed(void *userdata, const struct diagnosis *diagnosis);
json_t *run_diagnose_json(const struct run *run);
void run_diagnose_tell(const struct run *run);

/* run_bundle.c: writes the bundle; returns code, or what failing to makes of it. */
int run_bundle(struct run *run, const char *name, const struct profile *profile, int code);

/* run_swept.c: where no profile was named and a sweep found one, that is loaded, and told. */
int run_take_swept(struct run *run, const char *device, struct profile *profile);

#endif
