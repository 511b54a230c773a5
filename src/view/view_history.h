/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History: the runs that were recorded, two of them side by side, one with all
 * that is kept of it.  The command line draws the last two as well.
 */
#ifndef OTABENCH_VIEW_VIEW_HISTORY_H
#define OTABENCH_VIEW_VIEW_HISTORY_H

#include "history/history_trend.h"
#include "view/cells.h"
#include "view/plot.h"

#define VIEW_MARKED_MAX 2u

/* The column by which runs are sorted. */
enum view_history_sort {
	VIEW_RUNS_NUMBER, /* the newest first */
	VIEW_RUNS_DEVICE,
	VIEW_RUNS_PROFILE,
	VIEW_RUNS_IMAGE,
	VIEW_RUNS_CHUNK,
	VIEW_RUNS_MODE,
	VIEW_RUNS_WINDOW,
	VIEW_RUNS_RATE,
	VIEW_RUNS_POSSIBLE, /* the rate, of what was possible */
	VIEW_RUNS_TIME,
	VIEW_RUNS_LINK,
	VIEW_RUNS_STREAM, /* bytes on air, of those of the image */
	VIEW_RUNS_GAPS,
	VIEW_RUNS_STALLS,
	VIEW_RUNS_RSSI,
	VIEW_RUNS_RESULT,
	VIEW_RUNS_SORTS
};
void view_history_sort(struct history_run *runs, size_t count, enum view_history_sort sort,
		       bool reversed);
/* A word, "number", "rate" ...: on the screen and for --sort. */
const char *view_history_sort_name(enum view_history_sort sort);
/*
 * Terms that must all hold (view/terms.h): part of a text of the run; sim or real; a figure and a
 * bound, "rate>90" (kB/s), "possible<80" (%), "window", "chunk", "gaps", "stalls", "rssi", "time"
 * (s).  A figure that is not known passes no bound.
 */
bool view_history_passes(const struct history_run *run, const char *filter);
/* Why it is no filter; NULL: it is one. */
const char *view_history_filter_error(const char *filter);
/* Keeps the runs that pass, in their order; returns how many. */
size_t view_history_filter(struct history_run *runs, size_t count, const char *filter);
/* The rate in per cent of what was possible; negative: not known. */
int view_history_possible(const struct history_run *run);
/* Bytes on air, percent of those of the image that were delivered; 100 where none were. */
int view_history_air(const struct history_run *run);

struct view_history {
	const struct history_run *runs; /* newest first */
	size_t count, selected;
	const int64_t *marked; /* numbers of runs; 0: none */
	const char *error; /* why there is nothing; "" */
	const char *search; /* "" none */
	const char *filter; /* runs has only those that pass; "" all */
	size_t hidden; /* runs that do not */
	const struct history_detail *compare[2]; /* NULL: nothing is compared */
	const struct history_detail *shown; /* instead of the list; NULL: the list */
	const struct history_trend *trend; /* of a device, instead of the list; NULL */
	const char *device; /* of the trend */
	size_t scroll; /* lines of it to skip */
	enum view_history_sort sort;
	bool plain; /* on paper: no selection, and no line about it */
	enum plot_tier tier;
};
void view_history_draw(const struct view_history *v, struct cells *cells, struct area area);
/* The order of the column whose head is at a cell of the area, where the list is; VIEW_RUNS_SORTS:
 * no head is.  The row there; count: none. */
enum view_history_sort view_history_sort_at(const struct view_history *v, struct area area, int x,
					    int y);
size_t view_history_row_at(const struct view_history *v, struct area area, int y);

/* Two runs, in rows from the area's top; returns how many it has used. */
int view_compare_draw(const struct history_detail *a, const struct history_detail *b,
		      struct cells *cells, struct area area);
/* The number of rows that it can use. */
int view_compare_height(const struct history_detail *a, const struct history_detail *b);

/* A device's runs over time: how many rows it can use; draws from the area's top, some lines of
 * words skipped, and returns how many rows it has used. */
int view_trend_height(const struct history_trend *trend);
int view_trend_draw(const struct history_trend *trend, const char *device, size_t scroll,
		    struct cells *cells, struct area area);
/* Lines of words that it can scroll through. */
size_t view_trend_lines(const struct history_trend *trend);

/* One run, with as much of a graph as there is room for; rows used. */
int view_run_draw(const struct history_detail *d, enum plot_tier tier, size_t scroll,
		  struct cells *cells, struct area area);
/* A scroll bar where not all of that run is shown. */
void view_run_bar(const struct history_detail *d, size_t scroll, struct cells *cells,
		  struct area area);
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
/* The style of a run's end: good, bad, or as the user wanted it. */
enum cells_style view_outcome_style(enum session_outcome outcome);

#endif
