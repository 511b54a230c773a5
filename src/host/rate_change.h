/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effect of a change of settings under way on the rate: over the bytes that the device told to
 * have received in the seconds before it, and in those after everything that was under way at the
 * change had arrived.  Pure.
 */
#ifndef OTABENCH_HOST_RATE_CHANGE_H
#define OTABENCH_HOST_RATE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_CHANGE_SPAN_US 3000000u /* that a rate is measured over: some erases long */
#define RATE_CHANGE_LEAST_US 1000000u /* of which so much must be there */
#define RATE_CHANGE_POINTS 64u

struct rate_change {
	/* When the offset moved last and to where; the newest last, of the last span. */
	struct rate_point {
		uint64_t at_us;
		uint32_t received;
	} points[RATE_CHANGE_POINTS];
	size_t count;
	bool open; /* a change was made and is not yet measured */
	bool behind; /* what was under way at it has arrived: points are of what came after */
	uint32_t through; /* the offset up to which it was under way */
	uint32_t before; /* bytes per second; 0: too short a time to say */
};

/* The device has told received, and told another offset at at_us for the last time. */
void rate_change_see(struct rate_change *c, uint64_t at_us, uint32_t received);
/* A pause, or a lost link: time in which nothing could move does not count. */
void rate_change_break(struct rate_change *c);
/* Something was changed while all before queued had been handed over.  Where an earlier change
 * is not yet measured, both count as one. */
void rate_change_make(struct rate_change *c, uint32_t queued);
/*
 * Once the change is measured, or with ended the most that can be told: true, and it is closed.
 * Bytes per second; before 0: unknown.
 */
bool rate_change_take(struct rate_change *c, bool ended, uint32_t *ret_before, uint32_t *ret_after);

#endif
