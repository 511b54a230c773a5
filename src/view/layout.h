/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The panes that each size has, from 20x5 to 300x100.  The figures that an operator needs most in a
 * transfer - state, percentage, rate, time left - are there at every size; graph and log need room.
 */
#ifndef OTABENCH_VIEW_LAYOUT_H
#define OTABENCH_VIEW_LAYOUT_H

#include "view/cells.h"

#define LAYOUT_FULL_W 70 /* from here on lines carry all their figures */
#define LAYOUT_SMALL_H 10 /* below this a view shows its few most important lines */

/* Around every view; an area with h == 0 is not there. */
struct layout {
	struct area tabs; /* names of the views */
	struct area body;
	struct area message; /* what just happened, or the prompt */
	struct area keys;
};

struct layout layout_frame(struct area screen);
bool layout_small(struct area body);

/* The dashboard. */
struct layout_device {
	struct area head; /* device, profile, image */
	struct area radio; /* RSSI and its trend */
	struct area link; /* MTU, chunk, window, interval, PHY, data length */
	struct area wait; /* why it does not go on, while it does not */
	struct area strip; /* the states as a chain */
	struct area bar; /* progress */
	struct area device; /* ring, erase and write times */
	struct area rates; /* in one line, where there is no room for figures */
	struct area graph;
	struct area figures; /* right of the graph */
	struct area log;
};

struct layout_device layout_device(struct area body);

/* A row moved by so many, no further than the first and the last. */
size_t layout_moved(size_t at, long by, size_t last);

#endif
