/* SPDX-License-Identifier: Apache-2.0 */
/* The scores of what was measured. */
#include "sweep/sweep_plan.h"

#include <string.h>

/* The scatter of one measurement of a second if values get lost, besides the usual one. */
#define SCATTER_GAPS_PPM 60000u
#define GAP_VARIANCE 2u /* of an exponential distribution: number and size of the costs */
#define SCATTER_WEIGHT 2u /* measurements that this assumption counts for */

uint64_t sweep_root(uint64_t n)
{
	uint64_t x = n, y = (n + 1u) / 2u;

	while (y < x) {
		x = y;
		y = (x + n / x) / 2u;
	}
	return x;
}

static uint64_t square_of(uint64_t a, uint64_t b)
{
	const uint64_t d = a > b ? a - b : b - a;

	return d * d;
}

/* --- scores */

static void take(struct sweep_score *to, const struct sweep_sample *x, uint64_t *send_us,
		 uint64_t *around_us)
{
	to->runs++;
	to->not_had |= x->not_had;
	if (x->bytes == 0)
		return;
	to->bytes += x->bytes;
	to->gaps += x->gaps;
	to->values += x->values;
	to->window = x->window;
	*send_us += x->send_us;
	*around_us += x->around_us;
}

/*
 * The standard error of the mean.  What a measurement scatters by falls with the root of its
 * time.  How much that is in a second is known beforehand about as well as from
 * SCATTER_WEIGHT measurements; those that were made correct it.
 */
static uint32_t error_of(const struct sweep *s, const struct sweep_score *score, uint64_t send_us,
			 uint64_t around_us, uint32_t noise_ppm)
{
	const uint64_t usual = (uint64_t)score->rate * noise_ppm / SWEEP_PPM;
	uint64_t sum = SCATTER_WEIGHT * usual * usual;
	uint32_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct sweep_sample *x = &s->samples[i];

		if (x->bytes == 0 || !sweep_same(&x->point, &score->point))
			continue;
		sum += square_of(sweep_rate(x->bytes, x->send_us, around_us), score->rate) *
		       (x->send_us / 1000u) / 1000u;
		n++;
	}
	if (n == 0 || send_us < 1000u)
		return score->rate;
	return (uint32_t)sweep_root(sum / (SCATTER_WEIGHT + n - 1u) * 1000u / (send_us / 1000u));
}

struct sweep_score sweep_score_of(const struct sweep *s, const struct sweep_point *point,
				  uint32_t noise_ppm)
{
	struct sweep_score r = {.point = *point};
	uint64_t send_us = 0, around_us = 0;
	uint32_t good = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (!sweep_same(&s->samples[i].point, point))
			continue;
		take(&r, &s->samples[i], &send_us, &around_us);
		good += s->samples[i].bytes > 0;
	}
	if (good == 0)
		return r;
	around_us /= good;
	r.rate = r.merit = sweep_rate(r.bytes, send_us, around_us);
	r.error = error_of(s, &r, send_us, around_us,
			   noise_ppm + (r.gaps > 0 ? SCATTER_GAPS_PPM : 0));
	return r;
}

uint32_t sweep_scatter_ppm(const struct sweep *s, const struct sweep_score *scores, size_t count,
			   uint32_t usual_ppm)
{
	uint64_t sum = (uint64_t)SCATTER_WEIGHT * usual_ppm * usual_ppm;
	uint32_t n = SCATTER_WEIGHT;

	for (size_t i = 0; i < count; i++) {
		const struct sweep_score *x = &scores[i];

		if (x->runs < 2 || x->rate == 0 || x->gaps > 0)
			continue;
		n += x->runs - 1u;
		for (size_t k = 0; k < s->count; k++) {
			const struct sweep_sample *one = &s->samples[k];

			if (one->bytes == 0 || !sweep_same(&one->point, &x->point))
				continue;
			sum += square_of((uint64_t)sweep_sample_rate(one) * SWEEP_PPM / x->rate,
					 SWEEP_PPM) *
			       (one->send_us / 1000u) / 1000u;
		}
	}
	return (uint32_t)sweep_root(sum / n);
}

/* In a million Data values. */
uint32_t sweep_gaps_ppm(const struct sweep_score *x)
{
	return x->values == 0 ? 0 : (uint32_t)((uint64_t)x->gaps * SWEEP_PPM / x->values);
}

bool sweep_usable(const struct sweep_score *x)
{
	return x->rate > 0 && !x->not_had;
}

/* Returns true if a is the better one for the objective, windows left aside. */
bool sweep_better(const struct sweep *s, const struct sweep_score *a, const struct sweep_score *b)
{
	if (sweep_usable(a) != sweep_usable(b))
		return sweep_usable(a);
	if (s->objective == SWEEP_NO_GAPS && sweep_gaps_ppm(a) != sweep_gaps_ppm(b))
		return sweep_gaps_ppm(a) < sweep_gaps_ppm(b);
	return a->merit > b->merit;
}

/*
 * The cost of a lost value varies about as much as it amounts to: so the time that all took is
 * known by the root of their number.
 */
static void add_gaps(struct sweep_score *x, const struct sweep_trouble *t)
{
	const uint64_t lost = (uint64_t)x->rate * t->lost_ppm / SWEEP_PPM;

	x->error = (uint32_t)sweep_root((uint64_t)x->error * x->error +
					GAP_VARIANCE * lost * lost / x->gaps);
}

/* t NULL: nothing is known yet. */
size_t sweep_scores_make(const struct sweep *s, uint32_t noise_ppm, const struct sweep_trouble *t,
			 struct sweep_score ret[SWEEP_SAMPLES])
{
	struct sweep_score one;
	size_t count = 0, at;

	for (size_t i = 0; i < s->count; i++) {
		for (at = 0; at < count; at++)
			if (sweep_same(&ret[at].point, &s->samples[i].point))
				break;
		if (at < count)
			continue;
		one = sweep_score_of(s, &s->samples[i].point, noise_ppm);
		if (t && one.gaps > 0)
			add_gaps(&one, t);
		if (t)
			one.merit = (uint32_t)((uint64_t)one.rate *
					       sweep_flash_ppm(s, &one.point, t) / SWEEP_PPM);
		for (at = count++; at > 0 && sweep_better(s, &one, &ret[at - 1]); at--)
			ret[at] = ret[at - 1];
		ret[at] = one;
	}
	return count;
}

uint32_t sweep_heat(const struct sweep *s, enum sweep_axis row, uint8_t at_row,
		    enum sweep_axis column, uint8_t at_column)
{
	struct sweep_score one;
	uint32_t most = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct sweep_point *p = &s->samples[i].point;

		if (p->at[row] != at_row || p->at[column] != at_column)
			continue;
		one = sweep_score_of(s, p, SWEEP_SCATTER_PPM);
		if (sweep_usable(&one) && one.rate > most)
			most = one.rate;
	}
	return most;
}
