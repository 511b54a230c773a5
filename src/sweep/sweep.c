/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of the search, and the winner; see sweep.h. */
#include "sweep/sweep_plan.h"

#include "ota/error.h"

#include <string.h>

#define FIRST_BYTES 24576u /* nothing is known of the rate yet */
/* The accuracy of predictions, and of short measurements: neither is better than this. */
#define LINK_SLACK_PPM 100000u
#define SETTING_SLACK_PPM 20000u
#define SHARE_PPM 950000u /* of the fastest, which a small window may cost */
/* A share of the fastest: for so much, fewer settings by hand are taken, which follow nothing. */
#define SIMPLE_PPM 975000u
/* Measurements of a stage at most: a search on a real device is to take minutes. */
#define LINKS_MAX 10u
#define LINKS_MIN 3u /* so many others, for comparison, however good the first is */
#define SETTINGS_MAX 20u
#define PATIENCE 12u /* settings that brought nothing better, one after the other */
#define OBJECTIVE_MAX 12u
#define SURE_MAX 8u
#define RUNS_OF_ONE 5u /* a point is measured so often at most */
#define RUNS_OF_BEST 2u /* ... and the best so often at least */
#define INDIFFERENT_PPM 30000u /* a difference that is not worth another measurement */

/* --- stages: each returns true if it asks for a measurement */

static bool stage_links(const struct sweep_plan *p, struct sweep_request *ret)
{
	const uint32_t slack = LINK_SLACK_PPM + p->unexplained_ppm / 2u;
	const struct sweep *s = p->s;
	const bool few = p->asked[SWEEP_STAGE_LINKS] < LINKS_MIN;
	struct sweep_point point = s->samples[0].point;
	struct sweep_pick k = {0};

	if (p->asked[SWEEP_STAGE_LINKS] >= LINKS_MAX)
		return false;
	/* The first measurement, which all are compared with, was made before any rate was
	 * known, and so perhaps for too short a time. */
	(void)sweep_plan_ask(p, SWEEP_STAGE_LINKS, &point, SWEEP_SHORT_US, ret);
	if (p->asked[SWEEP_STAGE_LINKS] == 0 && ret->bytes > 2u * s->samples[0].bytes)
		return true;
	for (uint8_t phy = 0; phy < s->axes[SWEEP_PHY].count; phy++) {
		for (uint8_t i = 0; i < s->axes[SWEEP_INTERVAL].count; i++) {
			point.at[SWEEP_PHY] = phy;
			point.at[SWEEP_INTERVAL] = i;
			sweep_pick_offer(&k, p, &point, slack, few);
		}
	}
	return k.found && sweep_plan_ask(p, SWEEP_STAGE_LINKS, &k.point, SWEEP_SHORT_US, ret);
}

/*
 * The values to go to from one of an axis: those beside it, and the session's own choice.  From
 * that choice, and in an axis without an order, any.
 */
static size_t neighbours(const struct sweep_plan *p, enum sweep_axis axis, uint8_t at,
			 uint8_t ret[SWEEP_VALUES])
{
	const struct sweep_values *v = &p->s->axes[axis];
	const bool ordered = axis != SWEEP_CHUNK && axis != SWEEP_MODE && axis != SWEEP_PHY;
	const bool chosen = axis == SWEEP_WINDOW || axis == SWEEP_ACK ||
			    (axis == SWEEP_PACING && p->trouble.drop_ppm > 0);
	size_t n = 0;

	for (uint8_t i = 0; i < v->count; i++) {
		const bool beside = i + 1 == at || i == at + 1;

		if (i != at && (!ordered || beside || (chosen && (i == 0 || at == 0))))
			ret[n++] = i;
	}
	return n;
}

/* Settings that are left to the session, which follow what happens. */
static unsigned int simple(const struct sweep_score *x)
{
	unsigned int n = 0;

	for (int a = SWEEP_CHUNK; a < SWEEP_AXES; a++)
		n += x->point.at[a] == 0;
	return n;
}

static uint64_t both_errors(const struct sweep_score *a, const struct sweep_score *b)
{
	return sweep_root((uint64_t)a->error * a->error + (uint64_t)b->error * b->error);
}

/* A setting made by hand must be worth it and, with by_chance, better by more than chance. */
static const struct sweep_score *simplest(const struct sweep_plan *p, bool by_chance)
{
	const uint64_t least = (uint64_t)p->best->merit * SIMPLE_PPM / SWEEP_PPM;
	const struct sweep_score *r = p->best;

	for (size_t i = 0; i < p->count; i++) {
		const struct sweep_score *x = &p->scores[i];

		if (sweep_usable(x) &&
		    x->merit + (by_chance ? both_errors(x, p->best) / 2u : 0) >= least &&
		    simple(x) > simple(r) &&
		    (p->s->objective != SWEEP_NO_GAPS ||
		     sweep_gaps_ppm(x) <= sweep_gaps_ppm(p->best)))
			r = x;
	}
	return r;
}

/* From the simplest of the best: what is better by next to nothing leads nowhere. */
static bool stage_settings(const struct sweep_plan *p, struct sweep_request *ret)
{
	const uint32_t slack =
		SETTING_SLACK_PPM + p->unexplained_ppm / 4u + p->trouble.lost_ppm / 2u;
	const struct sweep_score *from = simplest(p, false);
	uint8_t list[SWEEP_VALUES];
	struct sweep_pick k = {0};

	if (p->asked[SWEEP_STAGE_SETTINGS] >= SETTINGS_MAX || p->in_vain >= PATIENCE)
		return false;
	for (enum sweep_axis axis = 0; axis < SWEEP_AXES; axis++) {
		struct sweep_point point = from->point;
		const size_t n = neighbours(p, axis, point.at[axis], list);

		for (size_t i = 0; i < n; i++) {
			point.at[axis] = list[i];
			sweep_pick_offer(&k, p, &point, slack, false);
		}
	}
	return k.found && sweep_plan_ask(p, SWEEP_STAGE_SETTINGS, &k.point, SWEEP_SHORT_US, ret);
}

static uint64_t share_of_best(const struct sweep_plan *p)
{
	return (uint64_t)p->best->merit * SHARE_PPM / SWEEP_PPM;
}

/* Ever smaller windows, until one is too slow. */
static bool stage_small_window(const struct sweep_plan *p, struct sweep_request *ret)
{
	const struct sweep_values *v = &p->s->axes[SWEEP_WINDOW];
	struct sweep_point point = p->best->point;
	const struct sweep_score *known;

	for (uint8_t i = v->count; i-- > 0;) {
		if (v->value[i] <= 0 || (uint32_t)v->value[i] >= p->best->window)
			continue;
		point.at[SWEEP_WINDOW] = i;
		known = sweep_plan_find(p, &point);
		if (!known)
			return sweep_plan_ask(p, SWEEP_STAGE_OBJECTIVE, &point, SWEEP_SHORT_US,
					      ret);
		if (known->merit < share_of_best(p))
			break;
	}
	return false;
}

/* The next value of an axis that is a lesser load, from at on; negative: there is none. */
static int lesser(const struct sweep *s, enum sweep_axis axis, int at)
{
	const struct sweep_values *v = &s->axes[axis];

	switch (axis) {
	case SWEEP_PACING:
		return at + 1 < v->count ? at + 1 : -1;
	case SWEEP_PHY:
		return at - 1;
	case SWEEP_WINDOW: /* 0 is the session's own choice */
		return at == 0 ? v->count / 2 : at > 1 ? at - 1 : -1;
	case SWEEP_MODE:
		for (int i = 0; i < v->count; i++)
			if (v->value[i] == GATT_REQUEST && v->value[at] != GATT_REQUEST)
				return i;
		return -1;
	case SWEEP_INTERVAL:
	case SWEEP_CHUNK:
	case SWEEP_ACK:
	case SWEEP_AXES:
		break;
	}
	return -1;
}

/* Values get lost: less load of any kind, and ever less of it. */
static bool stage_no_gaps(const struct sweep_plan *p, struct sweep_request *ret)
{
	static const enum sweep_axis axes[] = {SWEEP_PACING, SWEEP_WINDOW, SWEEP_PHY, SWEEP_MODE};

	if (p->best->gaps == 0)
		return false;
	for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++) {
		struct sweep_point point = p->best->point;

		for (int at = point.at[axes[i]]; (at = lesser(p->s, axes[i], at)) >= 0;) {
			point.at[axes[i]] = (uint8_t)at;
			if (!sweep_plan_find(p, &point))
				return sweep_plan_ask(p, SWEEP_STAGE_OBJECTIVE, &point,
						      SWEEP_SHORT_US, ret);
		}
	}
	return false;
}

static bool stage_objective(const struct sweep_plan *p, struct sweep_request *ret)
{
	if (p->asked[SWEEP_STAGE_OBJECTIVE] >= OBJECTIVE_MAX)
		return false;
	switch (p->s->objective) {
	case SWEEP_SMALL_WINDOW:
		return stage_small_window(p, ret);
	case SWEEP_NO_GAPS:
		return stage_no_gaps(p, ret);
	case SWEEP_FASTEST:
	case SWEEP_OBJECTIVES:
		break;
	}
	return false;
}

/* --- the winner */

static const struct sweep_score *least_window(const struct sweep_plan *p)
{
	const struct sweep_score *r = p->best;

	for (size_t i = 0; i < p->count; i++) {
		const struct sweep_score *x = &p->scores[i];

		if (sweep_usable(x) && x->merit >= share_of_best(p) && x->window < r->window)
			r = x;
	}
	return r;
}

static const struct sweep_score *winner(const struct sweep_plan *p)
{
	return p->s->objective == SWEEP_SMALL_WINDOW ? least_window(p) : simplest(p, true);
}

/* The one that comes nearest to it. */
static const struct sweep_score *rival(const struct sweep_plan *p, const struct sweep_score *to)
{
	const struct sweep_score *r = NULL;

	for (size_t i = 0; i < p->count; i++) {
		const struct sweep_score *x = &p->scores[i];

		if (x != to && sweep_usable(x) && (!r || x->merit + x->error > r->merit + r->error))
			r = x;
	}
	return r;
}

/* Returns true if the other may be faster, at worst, by more than is indifferent. */
static bool may_matter(const struct sweep_score *won, const struct sweep_score *other)
{
	const uint64_t high = (uint64_t)other->merit + other->error * 3ull / 2u;
	const uint64_t low =
		won->merit -
		(won->error * 3ull / 2u < won->merit ? won->error * 3ull / 2u : won->merit);

	return high > low && (high - low) > won->merit * (uint64_t)INDIFFERENT_PPM / SWEEP_PPM;
}

static bool stage_sure(const struct sweep_plan *p, struct sweep_request *ret)
{
	const struct sweep_score *won = winner(p), *other = rival(p, won);

	if (p->asked[SWEEP_STAGE_SURE] >= SURE_MAX)
		return false;
	if (won->runs < RUNS_OF_BEST)
		return sweep_plan_ask(p, SWEEP_STAGE_SURE, &won->point, SWEEP_LONG_US, ret);
	if (!other || p->s->objective == SWEEP_SMALL_WINDOW || !may_matter(won, other))
		return false;
	if (other->runs < RUNS_OF_ONE && other->runs <= won->runs)
		return sweep_plan_ask(p, SWEEP_STAGE_SURE, &other->point, SWEEP_LONG_US, ret);
	return won->runs < RUNS_OF_ONE &&
	       sweep_plan_ask(p, SWEEP_STAGE_SURE, &won->point, SWEEP_LONG_US, ret);
}

bool sweep_next(const struct sweep *s, struct sweep_request *ret)
{
	struct sweep_plan p;

	if (s->count == SWEEP_SAMPLES)
		return false;
	sweep_plan_make(&p, s);
	if (!p.best || !s->facts_known) {
		*ret = (struct sweep_request){.stage = SWEEP_STAGE_FIRST, .bytes = FIRST_BYTES};
		return s->count == 0;
	}
	return stage_links(&p, ret) || stage_settings(&p, ret) || stage_objective(&p, ret) ||
	       stage_sure(&p, ret);
}

int sweep_add(struct sweep *s, const struct sweep_sample *sample)
{
	for (int a = 0; a < SWEEP_AXES; a++) {
		if (sample->point.at[a] >= s->axes[a].count)
			return -OTA_EINVAL;
	}
	if (s->count == SWEEP_SAMPLES)
		return -OTA_ENOSPC;
	s->samples[s->count++] = *sample;
	return 0;
}

/* The normal distribution up to so many quarters of a standard deviation, in a million. */
static uint32_t normal_ppm(uint64_t quarters)
{
	static const uint32_t table[] = {500000, 598706, 691462, 773373, 841345, 894350, 933193,
					 959941, 977250, 987776, 993790, 997020, 998650};
	const size_t count = sizeof(table) / sizeof(table[0]);

	return table[quarters < count ? quarters : count - 1u];
}

/* Fewer settings by hand, or a small window, may win though others are faster: that it is not by
 * more than this share. */
static uint32_t how_sure(const struct sweep_score *won, const struct sweep_score *other,
			 uint32_t share_ppm)
{
	const uint64_t error = both_errors(won, other);
	const uint64_t enough = (uint64_t)other->merit * share_ppm / SWEEP_PPM;

	if (error == 0)
		return SWEEP_PPM;
	if (won->merit >= enough)
		return normal_ppm((won->merit - enough) * 4ull / error);
	return SWEEP_PPM - normal_ppm((enough - won->merit) * 4ull / error);
}

bool sweep_best(const struct sweep *s, struct sweep_result *ret)
{
	const struct sweep_score *won, *other;
	struct sweep_plan p;

	sweep_plan_make(&p, s);
	memset(ret, 0, sizeof(*ret));
	if (!p.best)
		return false;
	won = winner(&p);
	other = rival(&p, won);
	ret->best = *won;
	ret->met = s->objective != SWEEP_NO_GAPS || won->gaps == 0;
	ret->first_rate = sweep_score_of(s, &s->samples[0].point, SWEEP_SCATTER_PPM).rate;
	ret->sure_ppm = SWEEP_PPM;
	if (other) {
		ret->second = *other;
		ret->sure_ppm = how_sure(won, other, SHARE_PPM);
	}
	return true;
}
