/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a run does not go on, in one sentence, while it does not: the user's own
 * pause or cancelling, a stall and what is known of its cause, a link or a
 * device that is awaited.  From a snapshot alone, so that a screen, a progress
 * line and a test say the same.
 */
#ifndef OTABENCH_HOST_JOB_BLOCKED_H
#define OTABENCH_HOST_JOB_BLOCKED_H

#include "host/job_result.h"
#include "host/job_snapshot.h"

enum job_blocked {
	JOB_BLOCKED_NONE, /* it goes on, or is over */
	JOB_BLOCKED_USER, /* as the user wanted it */
	JOB_BLOCKED_AGAIN, /* for the device to come back, which it is expected to do */
	JOB_BLOCKED_WORK, /* for this program, which makes what is to be sent */
	JOB_BLOCKED_STALL, /* something is wrong */
};

/* JOB_TEXT_MAX bytes are enough; "" with JOB_BLOCKED_NONE. */
enum job_blocked job_blocked_text(const struct job_snapshot *s, char *buf, size_t size);

#endif
