/* SPDX-License-Identifier: Apache-2.0 */
/* See layout.h. */
#include "view/layout.h"

#define FIGURES_W 30 /* "avg, low   129.8, 100.5 kB/s" */
#define GRAPH_MIN_H 4
#define GRAPH_MAX_H 16
#define LOG_MIN_H 4

struct layout layout_frame(struct area screen)
{
	struct layout l = {.body = screen};

	if (screen.h >= 6)
		l.tabs = area_top(&l.body, 1);
	if (screen.h >= 3)
		l.keys = area_bottom(&l.body, 1);
	if (screen.h >= 5)
		l.message = area_bottom(&l.body, 1);
	return l;
}

bool layout_small(struct area body)
{
	return body.h < LAYOUT_SMALL_H || body.w < 40;
}

static bool layout_full(struct area body)
{
	return body.w >= LAYOUT_FULL_W && body.h >= 18;
}

static void lay_small(struct layout_device *l, struct area rest)
{
	l->head = area_top(&rest, 1);
	l->bar = area_top(&rest, 1);
	l->rates = area_top(&rest, 1);
	l->link = area_top(&rest, 1);
	if (rest.h >= 3)
		l->log = rest;
}

static void lay_medium(struct layout_device *l, struct area rest)
{
	l->head = area_top(&rest, 1);
	l->link = area_top(&rest, 1);
	l->strip = area_top(&rest, 1);
	l->bar = area_top(&rest, 1);
	l->rates = area_top(&rest, 1);
	if (rest.h >= LOG_MIN_H + 1)
		l->graph = area_top(&rest, 1);
	l->log = rest;
}

static void lay_full(struct layout_device *l, struct area rest)
{
	int graph;

	l->head = area_top(&rest, 1);
	l->radio = area_top(&rest, 1);
	l->link = area_top(&rest, 1);
	if (rest.h >= 16)
		l->wait = area_top(&rest, 1);
	l->strip = area_top(&rest, 1);
	l->bar = area_top(&rest, 1);
	l->device = area_top(&rest, 1);
	graph = rest.h * 2 / 5;
	if (graph < GRAPH_MIN_H)
		graph = GRAPH_MIN_H;
	if (graph > GRAPH_MAX_H)
		graph = GRAPH_MAX_H;
	l->graph = area_top(&rest, graph);
	l->figures = area_right(&l->graph, FIGURES_W);
	l->log = rest; /* all the width: meaning and bytes of a line */
}

struct layout_device layout_device(struct area body)
{
	struct layout_device l = {.head = {0}};

	if (layout_full(body))
		lay_full(&l, body);
	else if (layout_small(body))
		lay_small(&l, body);
	else
		lay_medium(&l, body);
	return l;
}

size_t layout_moved(size_t at, long by, size_t last)
{
	if (at > last) /* there were more of them */
		at = last;
	if (by < 0)
		return at < 0 - (size_t)by ? 0 : at - (0 - (size_t)by);
	return last - at < (size_t)by ? last : at + (size_t)by;
}
