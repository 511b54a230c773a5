/* SPDX-License-Identifier: Apache-2.0 */
/* The order of recorded runs: by a column of their list, either way round. */
#include "config.h" /* system extensions: qsort_r() */

#include "view/view_history.h"

#include "history/history_compare.h"

#include <stdlib.h>
#include <string.h>

struct by {
	enum view_history_sort sort;
	bool reversed;
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int order_of(enum view_history_sort sort, const struct history_run *x,
		    const struct history_run *y)
{
	const struct job_result *a = &x->result, *b = &y->result;

	switch (sort) {
	case VIEW_RUNS_DEVICE:
		return strcmp(x->device, y->device);
	case VIEW_RUNS_PROFILE:
		return strcmp(x->profile, y->profile);
	case VIEW_RUNS_IMAGE:
		return strcmp(x->version, y->version);
	case VIEW_RUNS_CHUNK:
		return ORDER(a->chunk, b->chunk);
	case VIEW_RUNS_MODE:
		return ORDER(a->mode, b->mode);
	case VIEW_RUNS_RATE: /* from here on the largest first: what one looks for */
		return ORDER(b->goodput, a->goodput);
	case VIEW_RUNS_TIME:
		return ORDER(b->seconds_us, a->seconds_us);
	case VIEW_RUNS_LINK:
		return ORDER(b->mtu, a->mtu);
	case VIEW_RUNS_STALLS:
		return ORDER(b->stalls, a->stalls);
	case VIEW_RUNS_RSSI:
		/* 127 is unknown, and comes last. */
		return ORDER(y->rssi_median == 127 ? -128 : y->rssi_median,
			     x->rssi_median == 127 ? -128 : x->rssi_median);
	case VIEW_RUNS_RESULT:
		return strcmp(history_outcome(x), history_outcome(y));
	case VIEW_RUNS_NUMBER:
	case VIEW_RUNS_SORTS:
		break;
	}
	return 0;
}

static int compare(const void *x, const void *y, void *userdata)
{
	const struct history_run *a = x, *b = y;
	const struct by *by = userdata;
	int order = order_of(by->sort, a, b);

	if (order == 0)
		order = ORDER(b->id, a->id); /* the newest first */
	return by->reversed ? -order : order;
}

void view_history_sort(struct history_run *runs, size_t count, enum view_history_sort sort,
		       bool reversed)
{
	struct by by = {sort, reversed};

	if (count > 1)
		qsort_r(runs, count, sizeof(runs[0]), compare, &by);
}
