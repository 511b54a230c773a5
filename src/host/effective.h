/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile's keys in force: each value, and why it is
 * what it is - who chose it, or who did not give what was asked for.
 */
#ifndef OTABENCH_HOST_EFFECTIVE_H
#define OTABENCH_HOST_EFFECTIVE_H

#include "host/job_snapshot.h"
#include "profile/profile.h"

#define EFFECTIVE_WHY 96u

struct effective {
	char value[SETTING_TEXT_MAX]; /* as one would type it; "": nothing tells */
	char why[EFFECTIVE_WHY]; /* "": as asked, nothing to say */
	bool differs; /* something was asked for, and something else came */
};

/* asked is the run's profile, run its figures; NULL: none yet. */
void effective(const struct profile *asked, const struct job_snapshot *run, enum profile_key key,
	       struct effective *ret);

/* Returns true if the device can be asked for another connection interval. */
bool effective_can_ask(const struct job_snapshot *run);
/* The link that an upload with this profile will have, as far as it can be known from the run;
 * NULL: as the profile asks for it. */
void effective_link(const struct profile *profile, const struct job_snapshot *run,
		    struct airtime_link *ret);
/*
 * The rate that the profile allows at most (airtime_ceiling()), with what it is
 * reckoned with: the link of run where there is one, else the one that the
 * profile asks for.  Bytes per second; 0: out of range.  text says it in one line:
 * "predicted ceiling 171.5 kB/s: 495-byte commands, 10 ms, 2M, DLE 251 (assumed)".
 */
uint32_t effective_ceiling(const struct profile *profile, const struct job_snapshot *run,
			   char *text, size_t size);

#endif
