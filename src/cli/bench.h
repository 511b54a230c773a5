/* SPDX-License-Identifier: Apache-2.0 */
/* A bench on the command line, for the files that run, tell and replay one. */
#ifndef OTABENCH_CLI_BENCH_H
#define OTABENCH_CLI_BENCH_H

#include "cli/run_priv.h"
#include "host/bench.h"

struct bench_run {
	struct cli *cli;
	struct run run;
	struct bench bench;
	struct bench_turn turn; /* the run under way, or the last one */
	struct job_snapshot now; /* of the last run, when it had ended */
	/* with --json: the results of the runs that count, in the order in which they were made */
	json_t *told[BENCH_PARTS][BENCH_RUNS_MAX];
};

/* Measuring the flash takes the way back: that is asked for once, before anything is done, or --yes
 * has said so.  CLI_OK, or an exit code after cli_fail(). */
int bench_agree(struct cli *cli, const char *device);
/* The report on a run of that part by itself, live or from a recording. */
const struct run_report *bench_report(enum bench_part part);
/* A run has ended with this exit status; counts: its result is the last of the bench's. */
void bench_tell_run(struct bench_run *b, enum cli_exit code, bool counts);
/* All have, or one failed with this exit status: the figures, budget and verdict of each part. */
void bench_tell_end(struct bench_run *b, enum cli_exit code);

#endif
