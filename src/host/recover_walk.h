/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovering step by step: what the jobs on one device told, taken along from each to the next,
 * as the facts that recover.h reasons from.
 */
#ifndef OTABENCH_HOST_RECOVER_WALK_H
#define OTABENCH_HOST_RECOVER_WALK_H

#include "host/job.h"
#include "host/recover.h"
#include "host/told.h"

/* All 0: nothing happened yet. */
struct recover_walk {
	struct device_told told;
	struct recover_tries tries;
	bool have_update; /* one was tried; how it ended: */
	struct job_result update;
	uint32_t received, flushed, total;
	bool unheard;
	struct diagnosis cause; /* of the last job's end */
};

/* The job that does the action; false: the host's stack is asked instead, or nothing is. */
bool recover_walk_job(enum recover_action action, struct job_config *ret);
/* The maintenance of the stack that does the action; false: it is none. */
bool recover_walk_stack(enum recover_action action, enum transport_maintenance *ret);
/* Notes that the action's job has ended; config: what it was. */
void recover_walk_ended(struct recover_walk *w, enum recover_action action,
			const struct job_config *config, const struct job_snapshot *s,
			const struct job_result *r);
/* Adds the known results to the facts; w must outlive them. */
void recover_walk_known(const struct recover_walk *w, struct recover_known *k);
/* Returns true if the run ended with success. */
bool recover_walk_is_good(enum session_outcome outcome);

#endif
