/* SPDX-License-Identifier: Apache-2.0 */
/* The points that were measured, and what follows from them for the others. */
#ifndef OTABENCH_SWEEP_SWEEP_PLAN_H
#define OTABENCH_SWEEP_SWEEP_PLAN_H

#include "sweep/sweep_priv.h"

#define SWEEP_SHORT_US 600000u /* of a measurement */
#define SWEEP_LONG_US 2500000u

struct sweep_plan {
	const struct sweep *s;
	struct sweep_score scores[SWEEP_SAMPLES];
	size_t count;
	const struct sweep_score *best; /* NULL: nothing was measured with success */
	struct sweep_trouble trouble;
	struct sweep_prior prior; /* of best */
	/* The unexplained part may be lost packets, or something that no prediction knows: then
	 * this is the best's. */
	struct sweep_prior plain;
	uint32_t unexplained_ppm; /* of the best's expected rate, that it does not reach */
	uint32_t value_bytes; /* of a Data value, on average */
	uint32_t asked[SWEEP_STAGES]; /* measurements so far */
	uint32_t in_vain; /* settings measured since the best was found */
};

/* Makes the plan that follows from the samples. */
void sweep_plan_make(struct sweep_plan *p, const struct sweep *s);
/* NULL: it was not measured. */
const struct sweep_score *sweep_plan_find(const struct sweep_plan *p,
					  const struct sweep_point *point);
/* Asks for a measurement of about so long; true. */
bool sweep_plan_ask(const struct sweep_plan *p, enum sweep_stage stage,
		    const struct sweep_point *point, uint32_t us, struct sweep_request *ret);

/* The most promising of the candidates that were offered and are worth a measurement. */
struct sweep_pick {
	struct sweep_point point;
	uint32_t expected;
	bool found;
};
/* always: whether it is worth it or not. */
void sweep_pick_offer(struct sweep_pick *k, const struct sweep_plan *p,
		      const struct sweep_point *point, uint32_t slack_ppm, bool always);

/* sweep_score.c */
uint64_t sweep_root(uint64_t n);
/* Returns true if the point could be had and measured. */
bool sweep_usable(const struct sweep_score *x);
/* Lost in a million Data values. */
uint32_t sweep_gaps_ppm(const struct sweep_score *x);
/* Returns true if a is the better one for the objective, windows left aside. */
bool sweep_better(const struct sweep *s, const struct sweep_score *a, const struct sweep_score *b);
struct sweep_score sweep_score_of(const struct sweep *s, const struct sweep_point *point,
				  uint32_t noise_ppm);
/* t NULL: nothing is known yet. */
size_t sweep_scores_make(const struct sweep *s, uint32_t noise_ppm, const struct sweep_trouble *t,
			 struct sweep_score ret[SWEEP_SAMPLES]);
/* The scatter of a measurement of a second, in a million: the usual one, corrected by those
 * measurements that were made of the same point. */
uint32_t sweep_scatter_ppm(const struct sweep *s, const struct sweep_score *scores, size_t count,
			   uint32_t usual_ppm);
#define SWEEP_SCATTER_PPM 10000u /* what one measurement of a second scatters by */

#endif
