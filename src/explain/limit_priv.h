/* SPDX-License-Identifier: Apache-2.0 */
/* The transfer under judgement, shared by the verdict and the change that it advises. */
#ifndef OTABENCH_EXPLAIN_LIMIT_PRIV_H
#define OTABENCH_EXPLAIN_LIMIT_PRIV_H

#include "explain/limit.h"

#define PPM 1000000u
#define WORTH_PPM 30000u /* less of the time is no cause: the model is no better */
#define LIMIT_INTERVALS 5u

extern const uint16_t limit_intervals[LIMIT_INTERVALS]; /* those to try, in 1.25 ms */

struct judge {
	const struct limit_input *in;
	struct predict now;
	uint64_t now_us; /* played */
	struct predict interval; /* with the one that takes least */
	uint32_t handshakes; /* connection intervals outside of what is played */
	uint64_t other_us; /* measured, and not in what is played */
	bool late; /* the adapter is late, by what is known or by how long it took */
	struct limit *ret;
};

/* Played, with what the sending does not hold; 0: no such link. */
uint64_t limit_played(const struct judge *j, const struct predict *p);
void limit_best_value(struct predict *p, uint16_t mtu);
/* The interval between acknowledgements that auto would choose, in bytes. */
uint32_t limit_least_ack(const struct judge *j, const struct predict *p);
/*
 * The transfer with the values that auto would choose anew: enough under way, acknowledged now and
 * then.
 */
struct predict limit_settled(const struct judge *j, const struct predict *changed);
/* The time of the transfer that would be saved, in a million. */
uint32_t limit_gain(const struct judge *j, const struct predict *changed);
uint32_t limit_rate(uint64_t bytes, uint64_t us);

/* Of the transfer's time, in a million. */
uint32_t limit_share(const struct limit_input *in, enum budget_share share);
/* Finds what explains the measured time, and puts it into j->now and j->late. */
void limit_find(struct judge *j, uint64_t measured_us);
/* The change that helps most, into j->ret. */
void limit_offer(struct judge *j);
void limit_ceilings(struct judge *j);

#endif
