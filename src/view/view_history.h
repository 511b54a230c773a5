/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History: the runs that were recorded, two of them side by side, one with all
 * that is kept of it.  The command line draws the last two as well.
 */
#ifndef OTABENCH_VIEW_VIEW_HISTORY_H
#define OTABENCH_VIEW_VIEW_HISTORY_H

#include "history/history.h"
#include "view/cells.h"
#include "view/plot.h"

#define VIEW_MARKED_MAX 2u

struct view_history {
	const struct history_run *runs; /* newest first */
	size_t count, selected;
	const int64_t *marked; /* numbers of runs; 0: none */
	const char *error; /* why there is nothing; "" */
	const char *search; /* "" none */
	const struct history_detail *compare[2]; /* NULL: nothing is compared */
	const struct history_detail *shown; /* instead of the list; NULL: the list */
	size_t scroll; /* lines of it to skip */
	bool plain; /* on paper: no selection, and no line about it */
	enum plot_tier tier;
};
void view_history_draw(const struct view_history *v, struct cells *cells, struct area area);

/* Two runs, in rows from the area's top; returns how many it has used. */
int view_compare_draw(const struct history_detail *a, const struct history_detail *b,
		      struct cells *cells, struct area area);
/* How many rows it can use. */
int view_compare_height(const struct history_detail *a, const struct history_detail *b);

/* One run, with as much of a graph as there is room for; rows used. */
int view_run_draw(const struct history_detail *d, enum plot_tier tier, size_t scroll,
		  struct cells *cells, struct area area);
/* Lines of facts that it can scroll through. */
size_t view_run_lines(const struct history_detail *d);
/* The scroll, or the greatest one that leaves no row below the last line empty. */
size_t view_run_scroll(const struct history_detail *d, size_t scroll, struct cells *cells,
		       struct area area);

/* "11-22 12:05" in local time, with year: "2026-11-22 12:05". */
char *view_when(int64_t ms, bool with_year, char *buf, size_t size);
/* Returns true if the search's text is in one of the run's texts, or is its number. */
bool view_history_matches(const struct history_run *run, const char *search);
enum cells_style view_history_style(const struct history_run *run);
/* Good, bad, or as somebody wanted it. */
enum cells_style view_outcome_style(enum session_outcome outcome);

#endif
