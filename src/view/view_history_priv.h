/* SPDX-License-Identifier: Apache-2.0 */
/* The list of runs, between view_history.c and the file of its rows. */
#ifndef OTABENCH_VIEW_VIEW_HISTORY_PRIV_H
#define OTABENCH_VIEW_VIEW_HISTORY_PRIV_H

#include "view/view_history.h"

/* The cell at which each column begins; 0: there is no room for it. */
struct view_history_columns {
	int number, when, device, device_w, profile, profile_w, image, image_w;
	int chunk, mode, window, rate, possible, time, link, stream, gaps, stalls, rssi, result;
	bool wide, year;
};

/* For a list of the area's width. */
struct view_history_columns view_history_columns(struct area area);
/* The order of the column whose head is at x, or left of it. */
enum view_history_sort view_history_head_at(const struct view_history_columns *c, int x);
void view_history_draw_heads(const struct view_history *v, const struct view_history_columns *c,
			     struct cells *cells, struct area area);
/* runs[row] in line y of the area. */
void view_history_draw_row(const struct view_history *v, size_t row,
			   const struct view_history_columns *c, struct cells *cells,
			   struct area area, int y);

#endif
