/* SPDX-License-Identifier: Apache-2.0 */
/* Calls between the files of the search. */
#ifndef OTABENCH_SWEEP_SWEEP_PRIV_H
#define OTABENCH_SWEEP_SWEEP_PRIV_H

#include "sweep/sweep.h"

#define SWEEP_US 1000000ull
#define SWEEP_PPM 1000000u
#define SWEEP_NOMINAL 1000000u /* bytes of the transfer that a rate is told of */

static inline int32_t sweep_at(const struct sweep *s, enum sweep_axis axis,
			       const struct sweep_point *p)
{
	return s->axes[axis].value[p->at[axis]];
}

/* A search's expectation of a point: bytes per second, as in struct sweep_score. */
struct sweep_prior {
	uint32_t expected; /* by predict.h; 0: such a link cannot be */
	uint32_t most; /* that the air carries, whatever the adapter's buffers do */
};

struct sweep_trouble {
	uint32_t drop_ppm; /* Data values that get lost */
	uint32_t loss_ppm; /* link layer packets that do; or whatever acts like that */
	uint32_t window; /* in force if no setting says one; 0: not known */
	uint64_t around_us; /* start and end of a transfer */
	uint32_t lost_ppm; /* of the time of the best, which lost values and packets take */
};

struct sweep_prior sweep_prior(const struct sweep *s, const struct sweep_point *p,
			       const struct sweep_trouble *t);
/*
 * The share, in a million, that an update to flash would keep of its rate if window and
 * acknowledgements were set by hand to this point's; of 1000000 where they are not.
 */
uint32_t sweep_flash_ppm(const struct sweep *s, const struct sweep_point *p,
			 const struct sweep_trouble *t);
/* Bytes of a nominal transfer at rate, over its time and the time around it: per second. */
uint32_t sweep_rate(uint64_t bytes, uint64_t send_us, uint64_t around_us);
/* The length of an interval, microseconds. */
uint32_t sweep_interval_us(const struct sweep *s, const struct sweep_point *p);

#endif
