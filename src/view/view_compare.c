/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs side by side: figures, rates over one axis and one scale, changed keys. */
#include "view/view_history.h"

#include "history/history_compare.h"
#include "view/layout.h"

#include <inttypes.h>
#include <string.h>

#define RATES_MAX 512

struct columns {
	int label_w, a, a_w, b, b_w, delta;
};

static struct columns lay(struct area area)
{
	struct columns c = {.label_w = 17};

	if (area.w >= LAYOUT_FULL_W) {
		c.a = 20;
		c.a_w = (area.w - 20) / 3 > 26 ? 26 : (area.w - 20) / 3;
		c.b = c.a + c.a_w + 1;
		c.b_w = c.a_w;
		c.delta = c.b + c.b_w + 1;
		return c;
	}
	/* Without room for what changed both stand side by side; without room for that, each
	 * figure's name goes. */
	c.label_w = area.w >= 44 ? 16 : area.w >= 34 ? 10 : 0;
	c.a = c.label_w + (c.label_w ? 1 : 0);
	c.a_w = (area.w - c.a) / 2;
	c.b = c.a + c.a_w + 1;
	c.b_w = area.w - c.b;
	return c;
}

static void draw_row(const struct columns *c, const struct history_row *row, struct cells *cells,
		     struct area area, int y)
{
	if (c->label_w)
		(void)cells_field(cells, area, c->a >= 20 ? 2 : 0, y, c->label_w, CELLS_DIM,
				  row->label);
	(void)cells_field(cells, area, c->a, y, c->a_w, CELLS_NORMAL, row->a);
	(void)cells_field(cells, area, c->b, y, c->b_w,
			  !c->delta && row->delta[0] != '\0' ? CELLS_WARNING : CELLS_NORMAL,
			  row->b);
	if (c->delta)
		(void)cells_field(cells, area, c->delta, y, area.w - c->delta,
				  row->delta[0] == '<' ? CELLS_WARNING : CELLS_TITLE, row->delta);
}

static void draw_names(const struct columns *c, const struct history_run *a,
		       const struct history_run *b, struct cells *cells, struct area area)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "#%" PRId64 "%s %s%s", a->id,
		       a->result.virtual_clock ? "~" : "", a->profile,
		       a->profile_changed ? "+" : "");
	(void)cells_field(cells, area, c->a, 0, c->a_w, CELLS_TITLE, text);
	(void)snprintf(text, sizeof(text), "#%" PRId64 "%s %s%s", b->id,
		       b->result.virtual_clock ? "~" : "", b->profile,
		       b->profile_changed ? "+" : "");
	(void)cells_field(cells, area, c->b, 0, c->b_w, CELLS_TITLE, text);
	if (c->delta)
		(void)cells_text(cells, area, c->delta, 0, CELLS_DIM, "delta");
}

/* --- graphs */

/* In rows one above the other, each a slice of the scale. */
static void draw_rates(const uint32_t *rates, size_t count, uint32_t top, struct cells *cells,
		       struct area area, int x)
{
	int32_t slice[RATES_MAX];
	const int width = area.w - x < RATES_MAX ? area.w - x : RATES_MAX;

	for (int y = 0; y < area.h && width > 0; y++) {
		const uint32_t low =
			(uint32_t)((uint64_t)top * (uint32_t)(area.h - 1 - y) / (uint32_t)area.h);
		const uint32_t high =
			(uint32_t)((uint64_t)top * (uint32_t)(area.h - y) / (uint32_t)area.h);

		for (int i = 0; i < width; i++) {
			slice[i] = PLOT_NONE;
			/* The lowest row shows nothing received as its lowest sign. */
			if ((size_t)i < count && (rates[i] > low || y == area.h - 1))
				slice[i] = (int32_t)(rates[i] < high ? rates[i] : high);
		}
		plot_trend(cells, area, x, y, width, CELLS_NORMAL, slice, (size_t)width,
			   (int32_t)low, (int32_t)high);
	}
}

static void draw_graphs(const struct history_detail *const runs[2], struct cells *cells,
			struct area area)
{
	uint32_t rates[2][RATES_MAX], top = 1;
	const int x = area.w >= 34 ? 8 : 4, width = area.w - x < RATES_MAX ? area.w - x : RATES_MAX;
	size_t counts[2] = {0, 0};
	uint64_t span = 0;

	if (width <= 0 || area.h < 2)
		return;
	for (int i = 0; i < 2; i++)
		span = history_span(runs[i]) > span ? history_span(runs[i]) : span;
	for (int i = 0; i < 2 && span > 0; i++) {
		counts[i] = history_rates(runs[i], (span + (uint32_t)width - 1) / (uint32_t)width,
					  rates[i], (size_t)width);
		for (size_t n = 0; n < counts[i]; n++)
			top = rates[i][n] > top ? rates[i][n] : top;
	}
	top = top > INT32_MAX ? INT32_MAX : top;
	for (int i = 0; i < 2; i++) {
		struct area own = area_top(&area, i == 0 ? area.h / 2 : area.h);

		(void)cells_printf(cells, own, area.w >= 34 ? 2 : 0, own.h - 1, CELLS_TITLE,
				   "#%" PRId64, runs[i]->run.id);
		if (counts[i] > 0)
			draw_rates(rates[i], counts[i], top, cells, own, x);
		else
			(void)cells_text(cells, own, x, own.h - 1, CELLS_DIM,
					 "its series is no longer kept, or it sent nothing");
	}
}

/* --- changed keys */

static int draw_changes(const struct history_comparison *c, struct cells *cells, struct area area)
{
	const int margin = area.w >= 34 ? 2 : 0;
	char text[640];
	int x, y = 0;

	if (area.h <= 0)
		return 0;
	x = cells_text(cells, area, margin, 0, CELLS_DIM, "changed keys:");
	if (c->change_count == 0) {
		(void)cells_text(cells, area, x + 1, 0, CELLS_DIM, "none");
		return 1;
	}
	for (size_t i = 0; i < c->change_count; i++) {
		const struct history_change *change = &c->changes[i];
		int w;

		/* From the second to the first: what was done to get from there to here. */
		(void)snprintf(text, sizeof(text), "%s %s->%s%s", change->key, change->b, change->a,
			       i + 1 < c->change_count ? "," : "");
		w = cells_columns(cells, text);
		if (x + 1 + w > area.w && x > margin) {
			if (++y >= area.h)
				return y;
			x = margin;
		}
		x = cells_text(cells, area, x + 1, y, CELLS_WARNING, text);
	}
	return y + 1;
}

#define GRAPH_ROWS 3 /* of each, where there is room */
#define FIRST_ROWS 6 /* figures that come before all else */

int view_compare_height(const struct history_detail *a, const struct history_detail *b)
{
	struct history_comparison c;

	history_compare(a, b, &c);
	/* Rule, names, rows, graphs, some lines of keys. */
	return 2 + (int)c.row_count + 2 * GRAPH_ROWS + 1 + (int)(c.change_count + 2) / 3;
}

struct parts {
	int rows, graphs, keys;
};

/* Shares out the rows in this order: the first figures, a line of each graph and of keys; then
 * the other keys, taller graphs, the other figures. */
static struct parts share(const struct history_comparison *c, struct area area)
{
	const int figures = (int)c->row_count, first = figures < FIRST_ROWS ? figures : FIRST_ROWS;
	const int keys = area.w >= LAYOUT_FULL_W ? (int)(c->change_count + 2) / 3 : 2;
	struct parts p = {.keys = area.h >= 6 ? 1 : 0, .graphs = area.h >= 5 ? 2 : 0};
	int room;

	p.rows = area.h - p.keys - p.graphs;
	p.rows = p.rows > first ? first : p.rows;
	room = area.h - p.rows - p.keys - p.graphs;
	for (; room > 0 && p.keys < keys; room--)
		p.keys++;
	for (; room >= 2 && p.graphs < 4; room -= 2)
		p.graphs += 2;
	for (; room > 0 && p.rows < figures; room--)
		p.rows++;
	if (room >= 2 * GRAPH_ROWS - p.graphs && p.graphs > 0)
		p.graphs = 2 * GRAPH_ROWS;
	return p;
}

int view_compare_draw(const struct history_detail *a, const struct history_detail *b,
		      struct cells *cells, struct area area)
{
	const struct history_detail *const runs[2] = {a, b};
	const struct columns c = lay(area);
	struct history_comparison comparison;
	struct parts parts;
	int used;
	struct area rest = area, head;
	char title[64];

	history_compare(a, b, &comparison);
	(void)snprintf(title, sizeof(title), "compare %" PRId64 " vs %" PRId64, a->run.id,
		       b->run.id);
	if (area.h >= 6)
		cells_rule(cells, area_top(&rest, 1), 0, title);
	head = area_top(&rest, 1);
	draw_names(&c, &a->run, &b->run, cells, head);
	parts = share(&comparison, rest);
	for (int y = 0; y < parts.rows; y++)
		draw_row(&c, &comparison.rows[y], cells, rest, y);
	(void)area_top(&rest, parts.rows);
	draw_graphs(runs, cells, area_top(&rest, parts.graphs));
	used = draw_changes(&comparison, cells, rest);
	return area.h - rest.h + used;
}
