/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rate that other values of the profile would give to a transfer that was measured, on the
 * same device, over the same adapter: what explain/predict.h makes of both, as a ratio.
 */
#ifndef OTABENCH_HOST_WHAT_IF_H
#define OTABENCH_HOST_WHAT_IF_H

#include "host/job_snapshot.h"
#include "profile/profile.h"

/*
 * was: the profile that run was given; is: the other one.  measured: the run's rate in bytes per
 * second.  Returns bytes per second, measured where nothing differs that the rate depends on;
 * 0: it cannot be told, as nothing was sent yet.  under_way: the change is made in that very
 * transfer, in which the device acknowledges as often as it was asked to at its beginning.
 */
uint32_t what_if(const struct profile *was, const struct profile *is,
		 const struct job_snapshot *run, uint32_t measured, bool under_way);

#endif
