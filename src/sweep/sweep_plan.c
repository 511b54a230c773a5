/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_plan.h. */
#include "sweep/sweep_plan.h"

#include <string.h>

#define EVENTS 24u /* connection events that a measurement lasts at least */
/* If values get lost, each of them weighs much: so many in a measurement, except for ... */
#define GAPS_WANTED 24u
#define GAPS_LINK 100u /* ... and where all that follows builds on it */
#define GAPS_SURE 200u /* ... and where it is about being sure */
#define GAPS_TIMES 6u /* ... at most so much longer a one */
/* A measurement is to be long beside what it takes to say something and to hear the answer. */
#define AROUND_TIMES 4u
#define BYTES_MIN 4096u
#define BYTES_MAX 2000000u
#define LOSS_FROM_PPM 30000u /* a prediction is no better than so */
#define LOSS_MAX_PPM 400000u
#define REFUSED_MAX 2u
#define GAIN_PPM 20000u /* that a change must bring to be worth anything */
/* Measurements scatter by such a part of what cannot be explained but by loss. */
#define SCATTER_PARTS 6u

/* --- the plan: what follows from the samples */

static void plan_trouble(struct sweep_plan *p)
{
	uint64_t values = 0, gaps = 0, around_us = 0, bytes = 0;
	uint32_t good = 0;

	for (size_t i = 0; i < p->s->count; i++) {
		const struct sweep_sample *x = &p->s->samples[i];

		if (x->bytes == 0)
			continue;
		values += x->values;
		gaps += x->gaps;
		bytes += x->bytes;
		around_us += x->around_us;
		good++;
	}
	p->trouble.drop_ppm = values == 0 ? 0 : (uint32_t)(gaps * SWEEP_PPM / values);
	p->value_bytes = values == 0 ? 0 : (uint32_t)(bytes / values);
	p->trouble.around_us = good == 0 ? 0 : around_us / good;
	if (p->best && p->s->axes[SWEEP_WINDOW].value[p->best->point.at[SWEEP_WINDOW]] <= 0)
		p->trouble.window = p->best->window;
}

/* Finds the loss of packets that would act like the part of the rate that nothing else explains. */
static void plan_loss(struct sweep_plan *p)
{
	uint32_t low = 0, high = LOSS_MAX_PPM;

	for (int i = 0; i < 7; i++) {
		p->trouble.loss_ppm = (low + high) / 2u;
		p->prior = sweep_prior(p->s, &p->best->point, &p->trouble);
		if (p->prior.expected > p->best->rate)
			low = p->trouble.loss_ppm;
		else
			high = p->trouble.loss_ppm;
	}
}

/* The share of the best's expected rate that it does not reach. */
static uint32_t missing_ppm(const struct sweep_plan *p, uint32_t expected)
{
	if (expected <= p->best->rate)
		return 0;
	return (uint32_t)((uint64_t)(expected - p->best->rate) * SWEEP_PPM / expected);
}

static void plan_prior(struct sweep_plan *p)
{
	struct sweep_trouble none = p->trouble;

	p->prior = p->plain = sweep_prior(p->s, &p->best->point, &p->trouble);
	p->unexplained_ppm = missing_ppm(p, p->prior.expected);
	none.drop_ppm = 0;
	if (p->trouble.drop_ppm > 0)
		p->trouble.lost_ppm =
			missing_ppm(p, sweep_prior(p->s, &p->best->point, &none).expected);
}

const struct sweep_score *sweep_plan_find(const struct sweep_plan *p,
					  const struct sweep_point *point)
{
	for (size_t i = 0; i < p->count; i++) {
		if (sweep_same(&p->scores[i].point, point))
			return &p->scores[i];
	}
	return NULL;
}

/*
 * Counts the settings measured since one was found that is as good as the best, or so nearly that
 * the difference is worth nothing.
 */
static void plan_in_vain(struct sweep_plan *p)
{
	const uint64_t least = p->best->merit - (uint64_t)p->best->merit * GAIN_PPM / SWEEP_PPM;
	const struct sweep_score *known;
	bool found = false;

	for (size_t i = 0; i < p->s->count; i++) {
		const struct sweep_sample *x = &p->s->samples[i];

		p->in_vain += found && x->stage == SWEEP_STAGE_SETTINGS;
		known = sweep_plan_find(p, &x->point);
		found = found || (known && sweep_usable(known) && known->merit >= least);
	}
}

void sweep_plan_make(struct sweep_plan *p, const struct sweep *s)
{
	uint32_t usual;

	memset(p, 0, sizeof(*p));
	p->s = s;
	for (size_t i = 0; i < s->count; i++)
		p->asked[s->samples[i].stage]++;
	p->count = sweep_scores_make(s, SWEEP_SCATTER_PPM, NULL, p->scores);
	if (p->count == 0 || !sweep_usable(&p->scores[0]))
		return;
	p->best = &p->scores[0];
	plan_trouble(p);
	plan_prior(p);
	if (p->unexplained_ppm >= LOSS_FROM_PPM)
		plan_loss(p);
	usual = SWEEP_SCATTER_PPM + p->unexplained_ppm / SCATTER_PARTS;
	(void)sweep_scores_make(s, sweep_scatter_ppm(s, p->scores, p->count, usual), &p->trouble,
				p->scores);
	plan_in_vain(p);
	p->prior = sweep_prior(s, &p->best->point, &p->trouble);
}

size_t sweep_scores(const struct sweep *s, struct sweep_score ret[SWEEP_SAMPLES])
{
	struct sweep_plan p;

	sweep_plan_make(&p, s);
	memcpy(ret, p.scores, p.count * sizeof(ret[0]));
	return p.count;
}

/* The rate of a point in the light of the best one; ret_most: what it can be at most. */
static uint32_t sweep_plan_expect(const struct sweep_plan *p, const struct sweep_point *point,
				  uint32_t slack_ppm, uint32_t *ret_most)
{
	const struct sweep_prior prior = sweep_prior(p->s, point, &p->trouble);
	struct sweep_trouble plain = p->trouble;
	const uint32_t flash_ppm = sweep_flash_ppm(p->s, point, &p->trouble);
	uint64_t rate, other, most;

	*ret_most = 0;
	if (prior.expected == 0 || p->prior.expected == 0)
		return 0;
	rate = (uint64_t)p->best->rate * prior.expected / p->prior.expected;
	if (p->trouble.loss_ppm > 0 && p->plain.expected > 0) {
		plain.loss_ppm = 0;
		other = (uint64_t)p->best->rate * sweep_prior(p->s, point, &plain).expected /
			p->plain.expected;
		rate = other > rate ? other : rate;
	}
	most = rate + rate * slack_ppm / SWEEP_PPM;
	if (most > prior.most)
		most = prior.most;
	*ret_most = (uint32_t)(most * flash_ppm / SWEEP_PPM);
	return (uint32_t)(rate * flash_ppm / SWEEP_PPM);
}

bool sweep_plan_ask(const struct sweep_plan *p, enum sweep_stage stage,
		    const struct sweep_point *point, uint32_t us, struct sweep_request *ret)
{
	const uint64_t events_us = (uint64_t)EVENTS * sweep_interval_us(p->s, point);
	const struct sweep_score *known = sweep_plan_find(p, point);
	uint32_t most, rate = known && known->rate > 0 ? known->rate
						       : sweep_plan_expect(p, point, 0, &most);
	uint64_t bytes;

	if (us < events_us)
		us = (uint32_t)events_us;
	if (us < AROUND_TIMES * p->trouble.around_us)
		us = (uint32_t)(AROUND_TIMES * p->trouble.around_us);
	bytes = (uint64_t)rate * us / SWEEP_US;
	if (p->trouble.drop_ppm > 0) {
		const uint64_t gaps = stage == SWEEP_STAGE_SURE	   ? GAPS_SURE
				      : stage == SWEEP_STAGE_LINKS ? GAPS_LINK
								   : GAPS_WANTED;
		const uint64_t wanted = gaps * SWEEP_PPM / p->trouble.drop_ppm * p->value_bytes;

		if (wanted > bytes)
			bytes = wanted < bytes * GAPS_TIMES ? wanted : bytes * GAPS_TIMES;
	}
	bytes = bytes < BYTES_MIN ? BYTES_MIN : bytes > BYTES_MAX ? BYTES_MAX : bytes;
	*ret = (struct sweep_request){
		.stage = stage,
		.point = *point,
		.bytes = (uint32_t)bytes,
		.us = rate > 0 ? (uint32_t)(bytes * SWEEP_US / rate) : 0,
	};
	return true;
}

/*
 * Returns true if such a link was refused.  It is asked for once: a PHY that was refused, or an
 * interval, is not asked for again, and if REFUSED_MAX intervals were refused and no change was
 * granted, none is.
 */
static bool is_refused(const struct sweep_plan *p, const struct sweep_point *point)
{
	const struct sweep *s = p->s;
	const uint8_t first = s->samples[0].point.at[SWEEP_INTERVAL];
	uint32_t refused = 0;
	bool moved = false, phy = false, interval = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct sweep_sample *x = &s->samples[i];
		const uint8_t at = x->point.at[SWEEP_INTERVAL];

		if (x->bytes == 0)
			continue;
		phy |= x->phy_not_had && x->point.at[SWEEP_PHY] == point->at[SWEEP_PHY];
		if (x->phy_not_had)
			continue;
		interval |= x->not_had && at == point->at[SWEEP_INTERVAL];
		refused += x->not_had;
		moved |= !x->not_had && at != first;
	}
	return phy || interval ||
	       (refused >= REFUSED_MAX && !moved && point->at[SWEEP_INTERVAL] != first);
}

void sweep_pick_offer(struct sweep_pick *k, const struct sweep_plan *p,
		      const struct sweep_point *point, uint32_t slack_ppm, bool always)
{
	uint32_t most;
	const uint32_t expected = sweep_plan_expect(p, point, slack_ppm, &most);
	const uint64_t worth = p->best->merit + p->best->error / 2u +
			       (uint64_t)p->best->merit * GAIN_PPM / SWEEP_PPM;

	if (sweep_plan_find(p, point) || is_refused(p, point) || (most <= worth && !always) ||
	    (k->found && expected <= k->expected))
		return;
	*k = (struct sweep_pick){.point = *point, .expected = expected, .found = true};
}
