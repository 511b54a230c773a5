/* SPDX-License-Identifier: Apache-2.0 */
/* A device's trend from the history's file. */
#include "history/history_trend.h"

#include "history/history_priv.h"

#include <stdlib.h>
#include <string.h>

static bool is_turn(const struct history_point *p)
{
	return p->move == HISTORY_FALL || p->move == HISTORY_RISE;
}

static int load_turn(struct history *history, const struct history_trend *trend, size_t point,
		     struct history_turn *ret)
{
	const struct history_point *p = &trend->points[point], *b = &trend->points[p->before];
	struct history_detail now, before;
	int r = history_load_head(history, trend->runs[p->run].id, &now);

	if (r < 0)
		return r;
	r = history_load_head(history, trend->runs[b->run].id, &before);
	if (r == 0) {
		*ret = (struct history_turn){.point = point};
		ret->change_count = history_changes(&before, &now, ret->changes);
		history_detail_finish(&before);
	}
	history_detail_finish(&now);
	return r;
}

static int load_turns(struct history *history, struct history_trend *trend)
{
	size_t all = 0, skip;
	int r = 0;

	for (size_t i = 0; i < trend->count; i++)
		all += is_turn(&trend->points[i]);
	skip = all > HISTORY_TURNS_MAX ? all - HISTORY_TURNS_MAX : 0;
	if (all == 0)
		return 0;
	trend->turns = calloc(all - skip, sizeof(trend->turns[0]));
	if (!trend->turns)
		return -OTA_ENOMEM;
	for (size_t i = 0; i < trend->count && r == 0; i++) {
		if (!is_turn(&trend->points[i]) || (skip > 0 && skip--))
			continue;
		r = load_turn(history, trend, i, &trend->turns[trend->turn_count]);
		/* A run that was deleted meanwhile tells nothing. */
		if (r == -OTA_ENOENT)
			r = 0;
		else if (r == 0)
			trend->turn_count++;
	}
	return r;
}

int history_trend_load(struct history *history, const char *device, struct history_trend *ret)
{
	struct history_trend trend = {.runs = NULL};
	size_t count = 0;
	int r = history_list(history, HISTORY_RUNS_KEPT, &trend.runs, &count);

	if (r < 0)
		return r;
	trend.points = calloc(count > 0 ? count : 1, sizeof(trend.points[0]));
	if (!trend.points)
		r = -OTA_ENOMEM;
	if (r == 0) {
		trend.count = history_trend_pick(trend.runs, count, device, trend.points, count,
						 &trend.others);
		history_trend_judge(trend.points, trend.count);
		r = load_turns(history, &trend);
	}
	if (r == -OTA_ENOMEM)
		(void)snprintf(history->error, sizeof(history->error), "out of memory");
	if (r < 0)
		history_trend_finish(&trend);
	else
		*ret = trend;
	return r;
}

void history_trend_finish(struct history_trend *trend)
{
	free(trend->runs);
	free(trend->points);
	free(trend->turns);
	memset(trend, 0, sizeof(*trend));
}
