/* SPDX-License-Identifier: Apache-2.0 */
/* The order of recorded runs: by a column of their list, either way round. */
#include "config.h" /* system extensions: qsort_r() */

#include "view/view_history.h"

#include "history/history_compare.h"
#include "view/loglist.h"
#include "view/terms.h"

#include <stdlib.h>
#include <string.h>

int view_history_possible(const struct history_run *run)
{
	const struct job_result *r = &run->result;

	if (r->goodput == 0 || r->limit.possible == 0)
		return -1;
	return (int)(((uint64_t)r->goodput * 100u + r->limit.possible / 2u) / r->limit.possible);
}

int view_history_air(const struct history_run *run)
{
	const struct job_result *r = &run->result;

	if (r->bytes == 0)
		return 100;
	return (int)((r->air_bytes * 100ull + r->bytes / 2u) / r->bytes);
}

const char *view_history_sort_name(enum view_history_sort sort)
{
	static const char *const names[VIEW_RUNS_SORTS] = {
		[VIEW_RUNS_NUMBER] = "number",	   [VIEW_RUNS_DEVICE] = "device",
		[VIEW_RUNS_PROFILE] = "profile",   [VIEW_RUNS_IMAGE] = "image",
		[VIEW_RUNS_CHUNK] = "chunk",	   [VIEW_RUNS_MODE] = "mode",
		[VIEW_RUNS_WINDOW] = "window",	   [VIEW_RUNS_RATE] = "rate",
		[VIEW_RUNS_POSSIBLE] = "possible", [VIEW_RUNS_TIME] = "time",
		[VIEW_RUNS_LINK] = "link",	   [VIEW_RUNS_GAPS] = "gaps",
		[VIEW_RUNS_STALLS] = "stalls",	   [VIEW_RUNS_RSSI] = "rssi",
		[VIEW_RUNS_RESULT] = "result",	   [VIEW_RUNS_STREAM] = "stream",
	};

	return sort < VIEW_RUNS_SORTS ? names[sort] : "";
}

/* --- the filter */

enum figure { RATE, POSSIBLE, WINDOW, CHUNK, GAPS, STALLS, RSSI, SECONDS, FIGURES };

/* False: it is not known of the run. */
static bool figure_of(const struct history_run *run, enum figure figure, double *ret)
{
	const struct job_result *r = &run->result;

	switch (figure) {
	case RATE:
		*ret = r->goodput / 1000.0;
		return r->goodput > 0;
	case POSSIBLE:
		*ret = view_history_possible(run);
		return *ret >= 0;
	case WINDOW:
		*ret = r->window;
		return r->window > 0;
	case CHUNK:
		*ret = r->chunk;
		return r->chunk > 0;
	case GAPS:
		*ret = r->gaps;
		return true;
	case STALLS:
		*ret = r->stalls;
		return true;
	case RSSI:
		*ret = run->rssi_median;
		return run->rssi_median != 127;
	case SECONDS:
		*ret = (double)r->seconds_us / 1e6;
		return r->seconds_us > 0;
	case FIGURES:
		break;
	}
	return false;
}

struct bound {
	enum figure figure;
	bool above;
	double limit;
};

/* "rate>90": 1; 0: another term; negative: it has no number. */
static int parse_bound(const char *term, struct bound *ret)
{
	static const char *const names[FIGURES] = {"rate", "possible", "window", "chunk",
						   "gaps", "stalls",   "rssi",	 "time"};
	const size_t len = strcspn(term, "<>");
	char *end;

	if (term[len] == '\0')
		return 0;
	for (int i = 0; i < FIGURES; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], term, len) != 0)
			continue;
		ret->figure = (enum figure)i;
		ret->above = term[len] == '>';
		ret->limit = strtod(term + len + 1, &end);
		return end == term + len + 1 || *end != '\0' ? -1 : 1;
	}
	return 0;
}

static bool holds_text(const struct history_run *run, const char *term)
{
	const char *const texts[] = {
		run->device,  run->address,	    run->profile,
		run->version, run->project,	    run->image,
		run->chip,    history_outcome(run), stream_kind_name(run->result.stream)};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (loglist_contains(texts[i], term))
			return true;
	}
	return false;
}

static bool holds(const struct history_run *run, const char *term)
{
	struct bound bound;
	double value;

	if (strcmp(term, "sim") == 0 || strcmp(term, "real") == 0)
		return run->result.virtual_clock == (term[0] == 's');
	if (parse_bound(term, &bound) <= 0)
		return holds_text(run, term);
	return figure_of(run, bound.figure, &value) &&
	       (bound.above ? value > bound.limit : value < bound.limit);
}

bool view_history_passes(const struct history_run *run, const char *filter)
{
	char term[TERMS_TEXT];
	bool not ;

	while (terms_next(&filter, term, &not )) {
		if (holds(run, term) == not )
			return false;
	}
	return true;
}

const char *view_history_filter_error(const char *filter)
{
	char term[TERMS_TEXT];
	struct bound bound;
	bool not ;

	while (terms_next(&filter, term, &not )) {
		if (parse_bound(term, &bound) < 0)
			return "expected a number behind < or >, such as rate>90";
	}
	return NULL;
}

size_t view_history_filter(struct history_run *runs, size_t count, const char *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (view_history_passes(&runs[i], filter))
			runs[kept++] = runs[i];
	}
	return kept;
}

/* --- the order */

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
	case VIEW_RUNS_WINDOW:
		return ORDER(a->window, b->window);
	case VIEW_RUNS_RATE: /* from here on the largest first: what one looks for */
		return ORDER(b->goodput, a->goodput);
	case VIEW_RUNS_POSSIBLE:
		return ORDER(view_history_possible(y), view_history_possible(x));
	case VIEW_RUNS_TIME:
		return ORDER(b->seconds_us, a->seconds_us);
	case VIEW_RUNS_LINK:
		return ORDER(b->mtu, a->mtu);
	case VIEW_RUNS_STREAM: /* the least: what saved most */
		return ORDER(view_history_air(x), view_history_air(y));
	case VIEW_RUNS_GAPS:
		return ORDER(b->gaps, a->gaps);
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
