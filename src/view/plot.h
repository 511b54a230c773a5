/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs made of characters: samples in, cells out.
 *
 * Three kinds of characters, because not every font has all of them: braille
 * (two samples a column, four steps a row), blocks (eight steps a row), ASCII.
 */
#ifndef OTABENCH_VIEW_PLOT_H
#define OTABENCH_VIEW_PLOT_H

#include "view/cells.h"

enum plot_tier { PLOT_BRAILLE, PLOT_BLOCKS, PLOT_ASCII, PLOT_TIERS };

#define PLOT_NONE INT32_MIN /* no sample: a gap */

/* The tier that the screen can show: ASCII where there is no UTF-8. */
enum plot_tier plot_tier_for(const struct cells *cells, enum plot_tier wanted);

/*
 * One row, width columns from x, the newest sample in the last: values from low
 * (the smallest sign) to high.
 */
void plot_trend(struct cells *cells, struct area area, int x, int y, int width,
		enum cells_style style, const int32_t *values, size_t count, int32_t low,
		int32_t high);

struct plot_mark {
	uint32_t sample; /* index into samples at which it happened */
	char sign; /* drawn below the graph */
	enum cells_style style;
};

struct plot_series {
	const uint32_t *samples; /* oldest first */
	size_t count;
	uint64_t sample_us; /* time of each */
	const struct plot_mark *marks; /* in order of time */
	size_t mark_count;
	enum plot_tier tier;
	const char *unit; /* above the axis: "kB/s" */
	uint32_t divisor; /* of samples, for the labels of the axis */
	uint32_t ceiling; /* a line at this height, where there is room; 0 none */
	bool past; /* it is over: time counts from its start, and not back from now, and the whole
		    * width is for it */
};

#define PLOT_AXIS 7 /* columns of the axis and its labels */

/*
 * Fills the area: graph, axis at its left, a last row for the time, above it one
 * for the marks, where there is room; else they share it.  All samples are shown:
 * where they are more than columns, neighbours are averaged.
 */
void plot_series(struct cells *cells, struct area area, const struct plot_series *series);
/*
 * Averages runs of neighbours in place so that at most room are left; returns
 * how many there are, *ret_merged how many samples each stands for.
 */
size_t plot_fit(uint32_t *samples, size_t count, size_t room, size_t *ret_merged);
/* The least round step of the axis with which few reach the largest sample; at least divisor. */
uint32_t plot_step(uint32_t largest, uint32_t divisor);
/* A multiple of the step at or above the largest sample, for the top of the axis. */
uint32_t plot_top(const uint32_t *samples, size_t count, uint32_t divisor);

/*
 * A bar of width columns: what is flushed, what is received beyond that, what is
 * queued beyond that, and the rest of total.
 */
void plot_bar(struct cells *cells, struct area area, int x, int y, int width, uint32_t flushed,
	      uint32_t received, uint32_t queued, uint32_t total);

#endif
