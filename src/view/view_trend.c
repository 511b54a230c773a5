/* SPDX-License-Identifier: Apache-2.0 */
/* A device's runs over time: a column each, those that left the spread with what changed then. */
#include "view/view_history.h"

#include "base/output.h"
#include "view/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GRAPH_ROWS 8 /* with the axis below */
#define GRAPH_LEAST 4 /* fewer show nothing */
#define AXIS_W 8
#define RUNS_SHOWN 512 /* columns */
#define FALLS_TOLD 3u /* with what changed; the rest is summed up */
#define TURNS_TOLD 6u
#define CHANGES_TOLD 5u

static const struct history_run *run_of(const struct history_trend *t, size_t point)
{
	return &t->runs[t->points[point].run];
}

/* --- the graph */

static enum cells_style style_of(enum history_move move)
{
	switch (move) {
	case HISTORY_FALL:
	case HISTORY_STAYS_LOW:
		return CELLS_BAD;
	case HISTORY_RISE:
	case HISTORY_STAYS_HIGH:
		return CELLS_GOOD;
	case HISTORY_FIRST:
	case HISTORY_STEADY:
		break;
	}
	return CELLS_NORMAL;
}

/* A column of a run from the bottom row, which is as high as its rate is of top. */
static void draw_column(const struct history_point *p, uint32_t top, struct cells *cells,
			struct area area, int x, int w)
{
	for (int y = 0; y < area.h; y++) {
		const uint32_t low =
			(uint32_t)((uint64_t)top * (uint32_t)(area.h - 1 - y) / (uint32_t)area.h);
		const uint32_t high =
			(uint32_t)((uint64_t)top * (uint32_t)(area.h - y) / (uint32_t)area.h);
		const int32_t value = (int32_t)(p->goodput < high ? p->goodput : high);

		for (int i = 0; i < w && (p->goodput > low || y == area.h - 1); i++)
			plot_trend(cells, area, x + i, y, 1, style_of(p->move), &value, 1,
				   (int32_t)low, (int32_t)high);
	}
}

static void draw_axis(uint32_t top, struct cells *cells, struct area graph)
{
	char text[OUTPUT_FIGURE_MAX];

	(void)snprintf(text, sizeof(text), "%5.1f", top / 1000.0);
	(void)cells_text(cells, graph, 1, 0, CELLS_DIM, text);
	(void)cells_text(cells, graph, 1, 1, CELLS_DIM, " kB/s");
	(void)cells_text(cells, graph, 1, graph.h - 1, CELLS_DIM, "  0.0");
}

/* The numbers of the first and last run below their columns. */
static void draw_ends(const struct history_trend *t, size_t first, int width, struct cells *cells,
		      struct area below)
{
	char from[64], to[64], when[24];
	int w;

	(void)snprintf(from, sizeof(from), "#%" PRId64 " %s", run_of(t, first)->id,
		       view_when(run_of(t, first)->started_ms, false, when, sizeof(when)));
	(void)snprintf(to, sizeof(to), "#%" PRId64 " %s", run_of(t, t->count - 1)->id,
		       view_when(run_of(t, t->count - 1)->started_ms, false, when, sizeof(when)));
	w = cells_text(cells, below, AXIS_W, 0, CELLS_DIM, from);
	if (AXIS_W + width - (int)strlen(to) > w)
		(void)cells_text(cells, below, AXIS_W + width - (int)strlen(to), 0, CELLS_DIM, to);
	else if (t->count - first > 1)
		(void)cells_printf(cells, below, w + 1, 0, CELLS_DIM, "to %s", to);
}

static void draw_graph(const struct history_trend *t, struct cells *cells, struct area area)
{
	const int room = area.w - AXIS_W - 1;
	const size_t most = room > 0 ? (size_t)room : 0;
	const size_t shown = t->count < most ? t->count : most, first = t->count - shown;
	struct area below = {area.x, area.y + area.h - 1, area.w, 1};
	struct area graph = {area.x, area.y, area.w, area.h - 1};
	uint32_t rates[RUNS_SHOWN], top;
	int w;

	if (shown == 0 || shown > RUNS_SHOWN)
		return;
	/* A few runs are wider, with a blank between, so that they can be told apart. */
	w = room / (int)shown;
	w = w > 4 ? 4 : w;
	for (size_t i = 0; i < shown; i++)
		rates[i] = t->points[first + i].goodput;
	top = plot_top(rates, shown, 1000);
	top = top > INT32_MAX ? INT32_MAX : top;
	draw_axis(top, cells, graph);
	for (size_t i = 0; i < shown; i++)
		draw_column(&t->points[first + i], top, cells, graph, AXIS_W + (int)i * w,
			    w > 1 ? w - 1 : 1);
	draw_ends(t, first, (int)shown * w, cells, below);
}

/* --- words */

struct words {
	struct cells *cells;
	struct area area;
	size_t skip; /* lines that are scrolled past */
	int y;
};

static void say(struct words *w, enum cells_style style, int x, const char *text)
{
	if (w->skip > 0)
		w->skip--;
	else if (w->y < w->area.h)
		(void)cells_field(w->cells, w->area, x, w->y++, w->area.w - x, style, text);
}

static bool is_fall(const struct history_trend *t, const struct history_turn *turn)
{
	return t->points[turn->point].move == HISTORY_FALL;
}

/*
 * The number of changes that are told of a fall, causes before their effects; one more than that is
 * told, too.
 */
static size_t changes_told(const struct history_turn *turn)
{
	return turn->change_count > CHANGES_TOLD + 1u ? CHANGES_TOLD : turn->change_count;
}

/* The latest few falls, and the rises between them: all from this one on. */
static size_t first_told(const struct history_trend *t)
{
	size_t first = t->turn_count, falls = 0;

	while (first > 0) {
		falls += is_fall(t, &t->turns[first - 1u]);
		if (falls > FALLS_TOLD || t->turn_count - first == TURNS_TOLD)
			break;
		first--;
	}
	/* A line that says what another would say itself is no help. */
	return first == 1 && !is_fall(t, &t->turns[0]) ? 0 : first;
}

static size_t turn_lines(const struct history_trend *t, const struct history_turn *turn)
{
	const size_t told = changes_told(turn);

	if (!is_fall(t, turn))
		return 1;
	return 1u + (told > 0 ? told : 1u) + (told < turn->change_count ? 1u : 0u);
}

static void say_changes(struct words *w, const struct history_turn *turn)
{
	const size_t told = changes_told(turn);
	char text[256];

	for (size_t i = 0; i < told; i++) {
		const struct history_changed *c = &turn->changes[i];

		(void)snprintf(text, sizeof(text), "%s %s -> %s", c->what, c->from, c->to);
		say(w, CELLS_WARNING, 5, text);
	}
	if (told < turn->change_count) {
		(void)snprintf(text, sizeof(text), "and %zu more", turn->change_count - told);
		say(w, CELLS_DIM, 5, text);
	}
	if (turn->change_count == 0)
		say(w, CELLS_DIM, 5, "nothing that is recorded changed");
}

static void say_turn(struct words *w, const struct history_trend *t,
		     const struct history_turn *turn)
{
	const struct history_point *p = &t->points[turn->point];
	const bool fell = is_fall(t, turn);
	const double change = ((double)p->goodput - p->median) / p->median * 100.0;
	char text[256], when[24] = "";

	/* In a narrow terminal the figures are worth more than the date. */
	if (w->area.w >= LAYOUT_FULL_W)
		(void)view_when(run_of(t, turn->point)->started_ms, false, when, sizeof(when));
	(void)snprintf(text, sizeof(text),
		       "#%" PRId64 "  %s%s%s %+.0f %%: %.1f kB/s, before %.1f .. %.1f (%u runs)",
		       run_of(t, turn->point)->id, when, when[0] != '\0' ? "  " : "",
		       fell ? "fall" : "rise", change, p->goodput / 1000.0, p->low / 1000.0,
		       p->high / 1000.0, p->spread_runs);
	say(w, fell ? CELLS_BAD : CELLS_GOOD, 1, text);
	if (fell)
		say_changes(w, turn);
}

/* Those before: how many, and from where on. */
static void say_earlier(struct words *w, const struct history_trend *t, size_t count)
{
	size_t falls = 0;
	char text[128];

	for (size_t i = 0; i < count; i++)
		falls += is_fall(t, &t->turns[i]);
	(void)snprintf(text, sizeof(text), "earlier: %zu fall%s, %zu rise%s, from #%" PRId64 " on",
		       falls, falls == 1 ? "" : "s", count - falls, count - falls == 1 ? "" : "s",
		       run_of(t, t->turns[0].point)->id);
	say(w, CELLS_DIM, 1, text);
}

/* Tells about the runs of the present level. */
static void say_level(struct words *w, const struct history_trend *t)
{
	const struct history_point *p = &t->points[t->count - 1];
	char text[192], others[64] = "";

	if (t->others > 0)
		(void)snprintf(others, sizeof(others), "; %zu of another device or clock left out",
			       t->others);
	if (p->spread_runs > 0)
		(void)snprintf(text, sizeof(text),
			       "%zu runs, the last %.1f kB/s, before %.1f .. %.1f%s", t->count,
			       p->goodput / 1000.0, p->low / 1000.0, p->high / 1000.0, others);
	else
		(void)snprintf(text, sizeof(text),
			       "%zu run%s, the last %.1f kB/s; too few at its level for a spread%s",
			       t->count, t->count == 1 ? "" : "s", p->goodput / 1000.0, others);
	say(w, CELLS_NORMAL, 1, text);
}

size_t view_trend_lines(const struct history_trend *t)
{
	const size_t first = first_told(t);
	size_t lines = 1u + (t->turn_count == 0) + (first > 0);

	for (size_t i = first; i < t->turn_count; i++)
		lines += turn_lines(t, &t->turns[i]);
	return lines;
}

int view_trend_height(const struct history_trend *t)
{
	return t->count == 0 ? 2 : 1 + GRAPH_ROWS + (int)view_trend_lines(t);
}

int view_trend_draw(const struct history_trend *t, const char *device, size_t scroll,
		    struct cells *cells, struct area area)
{
	struct area rest = area;
	struct words w = {.cells = cells, .skip = scroll};
	const size_t first = first_told(t);
	char title[96];
	int graph;

	(void)snprintf(title, sizeof(title), "trend of %.64s%s", device,
		       t->count > 0 && run_of(t, 0)->result.virtual_clock ? " (simulated)" : "");
	cells_rule(cells, area_top(&rest, 1), 0, title);
	if (t->count == 0) {
		(void)cells_text(cells, rest, 1, 0, CELLS_DIM, "no whole update of it is recorded");
		return 2;
	}
	/* The words come first, except that half of the rows are kept for the graph. */
	graph = rest.h - (int)view_trend_lines(t);
	graph = graph < rest.h / 2 ? rest.h / 2 : graph;
	graph = graph > GRAPH_ROWS ? GRAPH_ROWS : graph;
	if (graph >= GRAPH_LEAST)
		draw_graph(t, cells, area_top(&rest, graph));
	w.area = rest;
	say_level(&w, t);
	if (t->turn_count == 0)
		say(&w, CELLS_GOOD, 1, "no run left the spread of those before it");
	/* The latest first: it is the one that is asked about. */
	for (size_t i = t->turn_count; i-- > first;)
		say_turn(&w, t, &t->turns[i]);
	if (first > 0)
		say_earlier(&w, t, first);
	return rest.y - area.y + w.y;
}
