/* SPDX-License-Identifier: Apache-2.0 */
/* See rate_change.h. */
#include "host/rate_change.h"

#include <string.h>

#define SECOND_US 1000000u

static uint64_t span_of(const struct rate_change *c)
{
	return c->count < 2 ? 0 : c->points[c->count - 1].at_us - c->points[0].at_us;
}

/* 0: too short a time to say. */
static uint32_t rate_of(const struct rate_change *c)
{
	const uint64_t us = span_of(c);

	if (us < RATE_CHANGE_LEAST_US)
		return 0;
	return (uint32_t)((uint64_t)(c->points[c->count - 1].received - c->points[0].received) *
			  SECOND_US / us);
}

static void forget(struct rate_change *c, size_t count)
{
	c->count -= count;
	memmove(c->points, c->points + count, c->count * sizeof(c->points[0]));
}

void rate_change_break(struct rate_change *c)
{
	c->count = 0;
}

void rate_change_see(struct rate_change *c, uint64_t at_us, uint32_t received)
{
	const struct rate_point *last = c->count > 0 ? &c->points[c->count - 1] : NULL;

	if (last && (received < last->received || at_us < last->at_us))
		rate_change_break(c); /* it went back, and will bring the same again */
	else if (last && received == last->received)
		return;
	if (c->open && !c->behind) {
		if (received < c->through)
			return;
		c->behind = true;
		c->count = 0;
	}
	if (c->count == RATE_CHANGE_POINTS)
		forget(c, 1);
	c->points[c->count++] = (struct rate_point){.at_us = at_us, .received = received};
	/* While a change is measured its first point stays: the span must fill up. */
	while (!c->open && c->count > 2 &&
	       c->points[c->count - 1].at_us - c->points[1].at_us >= RATE_CHANGE_SPAN_US)
		forget(c, 1);
}

void rate_change_make(struct rate_change *c, uint32_t queued)
{
	if (!c->open)
		c->before = rate_of(c);
	c->open = true;
	c->behind = false;
	c->through = queued;
	c->count = 0;
}

bool rate_change_take(struct rate_change *c, bool ended, uint32_t *ret_before, uint32_t *ret_after)
{
	const uint64_t wanted = ended ? RATE_CHANGE_LEAST_US : RATE_CHANGE_SPAN_US;

	if (!c->open || !c->behind || span_of(c) < wanted)
		return false;
	*ret_before = c->before;
	*ret_after = rate_of(c);
	c->open = false;
	return true;
}
