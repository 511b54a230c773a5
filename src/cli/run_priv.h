/* SPDX-License-Identifier: Apache-2.0 */
/* One job and how it is told, for the files that run one. */
#ifndef OTABENCH_CLI_RUN_PRIV_H
#define OTABENCH_CLI_RUN_PRIV_H

#include "cli/passkey.h"
#include "cli/run.h"
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
	struct passkey passkey;
	uint64_t json_next; /* progress event */
	unsigned int interrupts;
	bool hangup;
	bool ended;
	uint64_t ended_us; /* the loop may turn once more after it */
	struct job_result result;
};

/* Tells what the job tells, as words or JSON; run is the userdata. */
struct job_listener run_listener(struct run *run);
/* Tells what the stack is asked, too: with -vv, and to r->calls where they are kept. */
void run_on_call(void *userdata, const struct transport_call *call);
/* The end of a job that finished. */
void run_tell_end(struct run *run, const struct run_report *report, enum cli_exit code);

/* run_bundle.c: writes the folder; returns code, or what failing to makes of it. */
int run_bundle(struct run *run, const char *folder, const struct profile *profile, int code);

#endif
