/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that no side tells, found by the time that the transfer took: late adapters, lost packets,
 * and how much a device's controller keeps. */
#include "explain/limit_priv.h"

#define LOSS_PPM 40000u /* time that nothing else explains is lost packets from here on */
#define LOSS_MAX_PPM 400000u
/* Parts of the time, or of the rate, more or less than with a late adapter: */
#define LATE_FIT_PPM 40000u
#define LATE_TRIED_PPM 100000u /* where intervals were tried, of both */
#define HELD_MAX 4096u
#define HELD_LONG_US 60000u
#define HELD_PPM 40000u /* faster than played ... */
#define HELD_EVENTS 2u /* ... and by more than handshakes may have been */

uint32_t limit_share(const struct limit_input *in, enum budget_share share)
{
	return (uint32_t)(in->shares[share] * PPM / in->seconds_us);
}

/*
 * The device does not tell how many packets its controller keeps while its code stands still.  A
 * transfer that was faster than it is played says that there are more, if its intervals are not so
 * long that the flash works beside them anyway.
 */
static void find_held(struct judge *j, uint64_t measured_us)
{
	uint32_t low = j->now.held_pdus, high = HELD_MAX, middle;
	struct predict p = j->now;

	if (low == 0 || p.link.interval_us > HELD_LONG_US ||
	    j->now_us <
		    measured_us + measured_us * HELD_PPM / PPM + HELD_EVENTS * p.link.interval_us)
		return;
	while (high - low > 1u + low / 8u) {
		middle = (low + high) / 2u;
		p.held_pdus = (uint16_t)middle;
		if (limit_played(j, &p) > measured_us)
			low = middle;
		else
			high = middle;
	}
	j->now.held_pdus = (uint16_t)high;
	j->now_us = limit_played(j, &j->now);
}

/*
 * An adapter that fills its buffers late misses events, which look like lost packets, and no stack
 * tells that it does.  But its events are missed by rule: with lost packets only chance makes a
 * transfer take as long as such an adapter would.  A transfer in which intervals were tried is a
 * mixture; then the rates with the one that was found, and with the first, have to be those of such an adapter, too.
 */
static bool fits(uint64_t a, uint64_t b, uint32_t ppm)
{
	return a <= b + b * ppm / PPM && b <= a + a * ppm / PPM;
}

static uint64_t ceiling(const struct predict *late, uint32_t interval_us)
{
	struct airtime_link link = late->link;

	link.interval_us = interval_us;
	return (uint64_t)airtime_ceiling(&link, late->value, false) *
	       (uint32_t)(late->value - late->header) / late->value;
}

static bool as_if_late(const struct judge *j, const struct predict *late, uint64_t late_us,
		       uint64_t measured_us)
{
	const struct limit_input *in = j->in;

	if (in->clean_rate == 0)
		return fits(measured_us, late_us, LATE_FIT_PPM);
	return fits(measured_us, late_us, LATE_TRIED_PPM) &&
	       fits(in->clean_rate, ceiling(late, late->link.interval_us), LATE_TRIED_PPM) &&
	       fits(in->first_rate, ceiling(late, in->first_us), LATE_TRIED_PPM);
}

static void find_late(struct judge *j, uint64_t measured_us)
{
	struct predict p = j->now;
	uint64_t us;

	j->late = j->in->adapter_late;
	if (j->late || p.request || p.link.buffers == 0 || !p.link.refill ||
	    measured_us < j->now_us + j->now_us * LOSS_PPM / PPM ||
	    limit_share(j->in, BUDGET_LOSS) < LOSS_PPM)
		return;
	p.link.refill = false;
	p.link.late = true;
	us = limit_played(j, &p);
	if (us == 0 || !as_if_late(j, &p, us, measured_us))
		return;
	j->late = true;
	j->now = p;
	j->now_us = us;
}

/* Time that nothing else explains: as many packets are lost as make up for it. */
static void find_loss(struct judge *j, uint64_t measured_us)
{
	uint32_t low = 0, high = LOSS_MAX_PPM, middle;
	struct predict p = j->now;

	/* Events that such an adapter missed look the same. */
	if (j->late)
		return;
	if (j->now_us == 0 || measured_us < j->now_us + j->now_us * LOSS_PPM / PPM ||
	    limit_share(j->in, BUDGET_LOSS) < LOSS_PPM)
		return;
	for (int i = 0; i < 7; i++) {
		middle = (low + high) / 2u;
		p.loss_ppm = middle;
		if (limit_played(j, &p) < measured_us)
			low = middle;
		else
			high = middle;
	}
	j->now.loss_ppm = low;
	j->now_us = limit_played(j, &j->now);
}

void limit_find(struct judge *j, uint64_t measured_us)
{
	find_held(j, measured_us);
	find_late(j, measured_us);
	find_loss(j, measured_us);
}
