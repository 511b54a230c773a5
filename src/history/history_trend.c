/* SPDX-License-Identifier: Apache-2.0 */
/* See history_trend.h. */
#include "history/history_trend.h"

#include "history/history_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- which runs */

static bool is_whole(const struct history_run *run)
{
	const enum session_outcome o = run->result.outcome;

	return run->state == HISTORY_ENDED && run->goal == SESSION_UPDATE &&
	       (o == SESSION_CONFIRMED || o == SESSION_UNCONFIRMED || o == SESSION_DELIVERED) &&
	       run->result.goodput > 0 && run->result.bytes > run->size / 2;
}

static bool is_called(const struct history_run *run, const char *device)
{
	return strcmp(run->device, device) == 0 || strcasecmp(run->address, device) == 0;
}

size_t history_trend_pick(const struct history_run *runs, size_t count, const char *device,
			  struct history_point *ret, size_t max, size_t *ret_others)
{
	const struct history_run *newest = NULL;
	size_t found = 0;

	*ret_others = 0;
	for (size_t i = 0; i < count; i++) {
		const struct history_run *run = &runs[i];

		if (!is_whole(run) || !is_called(run, device))
			continue;
		if (!newest)
			newest = run;
		if (strcmp(run->address, newest->address) != 0 ||
		    run->result.virtual_clock != newest->result.virtual_clock)
			(*ret_others)++;
		else if (found < max)
			ret[found++] =
				(struct history_point){.run = i, .goodput = run->result.goodput};
	}
	/* The points came newest first. */
	for (size_t i = 0; i < found / 2; i++) {
		const struct history_point other = ret[i];

		ret[i] = ret[found - 1 - i];
		ret[found - 1 - i] = other;
	}
	return found;
}

/* --- the spread */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t count)
{
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0;
}

#define LEAST_TOLERANCE 0.03 /* of the median: less does not matter */
#define DEVIATIONS 3.0
#define MAD_TO_DEVIATION 1.4826 /* of a normal distribution */

/* The tolerance of the sorted values, of which there is at least one. */
static double tolerance(const double *sorted, size_t count)
{
	const double median = middle(sorted, count), least = LEAST_TOLERANCE * median;
	double off[HISTORY_TREND_BEFORE] = {0}, wide;

	for (size_t i = 0; i < count; i++)
		off[i] = sorted[i] > median ? sorted[i] - median : median - sorted[i];
	qsort(off, count, sizeof(off[0]), ascending);
	/* If there are few values, their deviation is not known well. */
	wide = DEVIATIONS * (1.0 + 2.0 / (double)count) * MAD_TO_DEVIATION * middle(off, count);
	return wide > least ? wide : least;
}

static bool leaves(enum history_move move)
{
	return move == HISTORY_FALL || move == HISTORY_RISE;
}

/* The spread of the points of the level before it, which began at level. */
static void take_spread(struct history_point *points, size_t at, size_t level)
{
	double values[HISTORY_TREND_BEFORE], more;
	struct history_point *p = &points[at];
	size_t count = 0;

	p->before = at;
	for (size_t i = at; i-- > level && count < HISTORY_TREND_BEFORE;) {
		/* The first two of a level left the one before. */
		if (leaves(points[i].move) && i != level)
			continue;
		if (count == 0)
			p->before = i;
		values[count++] = points[i].goodput;
	}
	if (count < HISTORY_TREND_LEAST)
		return;
	qsort(values, count, sizeof(values[0]), ascending);
	more = tolerance(values, count);
	p->spread_runs = (unsigned int)count;
	p->median = (uint32_t)history_whole(middle(values, count), UINT32_MAX);
	p->low = (uint32_t)history_whole(values[0] - more, UINT32_MAX);
	p->high = (uint32_t)history_whole(values[count - 1] + more, UINT32_MAX);
}

static enum history_move move_of(const struct history_point *p, enum history_move before)
{
	if (p->spread_runs == 0)
		return HISTORY_FIRST;
	if (p->goodput < p->low)
		return before == HISTORY_FALL ? HISTORY_STAYS_LOW : HISTORY_FALL;
	if (p->goodput > p->high)
		return before == HISTORY_RISE ? HISTORY_STAYS_HIGH : HISTORY_RISE;
	return HISTORY_STEADY;
}

void history_trend_judge(struct history_point *points, size_t count)
{
	size_t level = 0;

	for (size_t i = 0; i < count; i++) {
		struct history_point *p = &points[i];

		p->spread_runs = 0;
		p->median = p->low = p->high = 0;
		take_spread(points, i, level);
		p->move = move_of(p, i > 0 ? points[i - 1].move : HISTORY_FIRST);
		if (p->move == HISTORY_STAYS_LOW || p->move == HISTORY_STAYS_HIGH)
			level = i - 1;
	}
}

const char *history_move_name(enum history_move move)
{
	switch (move) {
	case HISTORY_FIRST:
		return "first";
	case HISTORY_STEADY:
		return "steady";
	case HISTORY_FALL:
		return "fall";
	case HISTORY_STAYS_LOW:
		return "stays-low";
	case HISTORY_RISE:
		return "rise";
	case HISTORY_STAYS_HIGH:
		return "stays-high";
	}
	return "first";
}
