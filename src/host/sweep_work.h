/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep without its jobs: which job comes next, and what is learned from one that ended.
 * Whoever has the transport makes the jobs: sweep_run.h for the command line, the workbench its
 * own.  The first job looks at the device, each other one measures the link (SINK): the device
 * counts bytes and throws them away, and its flash is not touched.
 *
 * What was measured is kept in a file after each job, and taken up by the next sweep of the
 * same device, adapter, profile and objective.
 */
#ifndef OTABENCH_HOST_SWEEP_WORK_H
#define OTABENCH_HOST_SWEEP_WORK_H

#include "host/job.h"
#include "host/sweep_files.h"

#define SWEEP_PATH 4096u

struct sweep_work_config {
	const struct profile *bounds; /* what it fixes is not varied; copied */
	enum sweep_objective objective;
	const char *simulated; /* the options of the simulation, or NULL; the caller's */
	uint32_t runs; /* measurements at most, this time; 0: as many as it needs */
	bool restart; /* begin anew; a state that is kept is replaced */
};

enum sweep_step {
	SWEEP_STEP_JOB, /* sweep_work_configure() says which comes next */
	SWEEP_STEP_DONE,
	SWEEP_STEP_PAUSED, /* by config.runs; what was measured is kept */
	SWEEP_STEP_FAILED, /* by the job, or by a file: then error has a sentence */
};

/* The caller's memory; to be read, and changed by the functions below alone. */
struct sweep_work {
	struct sweep_work_config config;
	struct profile bounds;
	struct profile profile; /* of the measurement that comes next */
	struct sweep_pair pair; /* once looked ... */
	struct ota_info info; /* ... and what the device tells of itself */
	struct sweep sweep;
	bool looked;
	size_t taken_up; /* measurements that an earlier sweep had left */
	struct sweep_request request; /* that comes next; once looked */
	struct sweep_sample sample; /* the last one ... */
	bool sampled; /* ... if the last job brought one */
	uint32_t failures; /* in a row */
	uint32_t runs;
	char path[SWEEP_PATH]; /* of the state; "": it is not kept */
	char error[SWEEP_PATH + 128]; /* of a file; "": none is to blame */
	/* The state could not be written, which ends nothing: said once, the caller clears it. */
	char warning[SWEEP_PATH + 128];
};

void sweep_work_init(struct sweep_work *w, const struct sweep_work_config *config);
/* Goal, profile, bytes and time-out of the job that comes next. */
void sweep_work_configure(const struct sweep_work *w, struct job_config *ret);
/*
 * Takes the result of that job, which has ended; result->what is made to say why the device is of
 * no use here, if so.
 */
enum sweep_step sweep_work_take(struct sweep_work *w, const struct job_snapshot *now,
				struct job_result *result);
/* Writes the winner, and drops the state.  See sweep_profile_save(). */
int sweep_work_save(struct sweep_work *w, time_t now, bool force, char path[SWEEP_PATH],
		    char *error, size_t size);

#endif
