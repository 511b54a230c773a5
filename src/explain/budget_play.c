/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The division of time that acknowledgements cannot tell, taken from the same transfer as it is
 * played.
 */
#include "explain/budget_priv.h"

#include <string.h>

#define PPM 1000000u
#define HANDSHAKES 5u /* connection intervals outside of what is played */
#define LONG_US 40000u /* an acknowledgement of two such intervals tells little of writes */
#define UNEXPLAINED 25u /* such a part of the time is, from which on packets were lost */
#define SEEN 50u /* as such a part acknowledgements show it ... */
/* If acknowledgements do not show it, so large a part has to be unexplained ... */
#define UNSEEN 10u
/* ... besides the intervals by which the play of a transfer without loss may miss. */
#define MISSED_INTERVALS 10u
#define LOSS_LEAST_PPM 5000u
#define LOSS_MOST_PPM 400000u

/* The time of the transfer without the shares that the play does not have. */
static uint64_t played_part(const uint64_t shares[])
{
	static const enum budget_share others[] = {BUDGET_START, BUDGET_DOWN, BUDGET_GAPS,
						   BUDGET_PAUSED};
	uint64_t us = 0;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		us += shares[i];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		us -= shares[others[i]];
	return us;
}

static uint64_t play(const struct predict *p, uint64_t spent[PREDICT_SPENT])
{
	return predict_spent(p, spent) + (uint64_t)HANDSHAKES * p->link.interval_us;
}

/* The part of the played time that lost packets made idle, in a million. */
static uint64_t lost_ppm(const uint64_t spent[PREDICT_SPENT])
{
	uint64_t all = 0;

	for (int i = 0; i < PREDICT_SPENT; i++)
		all += spent[i];
	return all == 0 ? 0 : spent[PREDICT_LOSS] * PPM / all;
}

/* While a chip erases nothing can be lost: that time is no measure of what is unexplained. */
static bool is_lossy(const struct predict *p, uint64_t took, uint64_t erasing, uint64_t more,
		     uint64_t seen)
{
	const uint64_t at_work = took > erasing ? took - erasing : 0;
	const uint64_t unseen = at_work / UNSEEN + (uint64_t)MISSED_INTERVALS * p->link.interval_us;

	if (more <= took / UNEXPLAINED)
		return false;
	/* A task that is late is so by chance. */
	return seen > took / SEEN || (more > unseen && p->late_us == 0);
}

void budget_play(struct budget *b, const struct predict *now)
{
	uint32_t low = 0, high = LOSS_MOST_PPM;
	uint64_t shares[BUDGET_TRANSFER_SHARES], took, us, more;
	struct predict p = *now;

	b->played.known = false;
	budget_shares(b, NULL, shares);
	took = played_part(shares);
	us = play(&p, b->played.spent);
	if (us <= (uint64_t)HANDSHAKES * p.link.interval_us)
		return;
	more = took > us ? took - us : 0;
	b->played.loss_ppm = 0;
	if (is_lossy(now, took, b->stands_still ? b->played.spent[PREDICT_ERASE] : 0, more,
		     shares[BUDGET_LOSS])) {
		for (int i = 0; i < 8; i++) {
			p.loss_ppm = (low + high) / 2u;
			if (play(&p, b->played.spent) < took)
				low = p.loss_ppm;
			else
				high = p.loss_ppm;
		}
		b->played.loss_ppm = p.loss_ppm;
	}
	b->played.lost_us = took * lost_ppm(b->played.spent) / PPM;
	b->played.known = true;
}

static bool better_played(const struct budget *b)
{
	return b->played.known && !b->request &&
	       (b->played.loss_ppm >= LOSS_LEAST_PPM || b->interval_us >= LONG_US);
}

static const struct {
	enum predict_spent spent;
	enum budget_share share;
} same[] = {
	{PREDICT_WINDOW, BUDGET_WINDOW}, {PREDICT_ERASE, BUDGET_ERASE},
	{PREDICT_WRITE, BUDGET_PROGRAM}, {PREDICT_READ, BUDGET_READ},
	{PREDICT_TASK, BUDGET_TASK},	 {PREDICT_LOSS, BUDGET_LOSS},
};
#define SAME (sizeof(same) / sizeof(same[0]))

/* All that is to be divided becomes lost packets'. */
static void collect(const struct budget *b, uint64_t shares[])
{
	const uint64_t acks = (uint64_t)b->notifications * b->notify_us;

	if (shares[BUDGET_AIR] > b->useful_us)
		budget_move(shares, BUDGET_AIR, BUDGET_LOSS, shares[BUDGET_AIR] - b->useful_us);
	if (shares[BUDGET_ACK] > acks)
		budget_move(shares, BUDGET_ACK, BUDGET_LOSS, shares[BUDGET_ACK] - acks);
	if (b->played.loss_ppm >= LOSS_LEAST_PPM)
		budget_move(shares, BUDGET_END, BUDGET_LOSS, b->last_us);
	/* No value waits for one, but what was asked behind it: lost packets kept that up. */
	budget_move(shares, BUDGET_RESPONSE, BUDGET_LOSS, shares[BUDGET_RESPONSE]);
	for (size_t i = 0; i < SAME; i++)
		if (same[i].share != BUDGET_LOSS)
			budget_move(shares, same[i].share, BUDGET_LOSS, shares[same[i].share]);
}

void budget_settle_played(const struct budget *b, const struct budget_flash *f, uint64_t shares[])
{
	const bool lossy = b->played.loss_ppm >= LOSS_LEAST_PPM;
	const bool stopped = b->stands_still && !lossy && f->erase_ms + f->write_ms > 0;
	uint64_t all = 0, pool, left, part, erase, write;

	/* Of requests nothing is seen but that they take longer than they have to. */
	if (b->request && b->played.known && lossy)
		budget_move(shares, BUDGET_RESPONSE, BUDGET_LOSS, b->played.lost_us);
	if (!better_played(b))
		return;
	budget_stopped(b, f, shares, &erase, &write);
	collect(b, shares);
	/* The device's own figures of its flash are more certain. */
	if (stopped) {
		budget_move(shares, BUDGET_LOSS, BUDGET_ERASE, erase);
		budget_move(shares, BUDGET_LOSS, BUDGET_PROGRAM, write);
	}
	for (size_t i = 0; i < SAME; i++)
		if (!stopped || (same[i].share != BUDGET_ERASE && same[i].share != BUDGET_PROGRAM))
			all += b->played.spent[same[i].spent];
	/* Nothing was lost, and nothing else is there: more was to be under way. */
	if (all == 0 && !lossy)
		budget_move(shares, BUDGET_LOSS, BUDGET_WINDOW, shares[BUDGET_LOSS]);
	pool = left = shares[BUDGET_LOSS];
	for (size_t i = 0; i < SAME && all > 0; i++) {
		if (same[i].share == BUDGET_LOSS ||
		    (stopped && (same[i].share == BUDGET_ERASE || same[i].share == BUDGET_PROGRAM)))
			continue;
		part = pool * (b->played.spent[same[i].spent] * PPM / all) / PPM;
		part = part < left ? part : left;
		budget_move(shares, BUDGET_LOSS, same[i].share, part);
		left -= part;
	}
}
