/* SPDX-License-Identifier: Apache-2.0 */
/* Long work tells how far it is, and is told whether anybody still wants it. */
#ifndef OTABENCH_BASE_STEPS_H
#define OTABENCH_BASE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steps {
	/* units: done since the last call, in whatever the work counts; false: give it up. */
	bool (*done)(void *ctx, uint32_t units);
	void *ctx;
};

/* Without anybody who listens (NULL) the work goes on. */
static inline bool steps_done(const struct steps *steps, uint32_t units)
{
	return !steps || steps->done(steps->ctx, units);
}

#endif
