/* SPDX-License-Identifier: Apache-2.0 */
/* See view_bench.h. */
#include "view/view_bench.h"

#include "base/output.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define RATE_X 23
#define RATE_W 11
#define BAR_X 36
#define SMALL_H 8 /* rows, below which the part alone stands over its runs */
#define PLAN_ROWS ((int)BENCH_PARTS + 2)
#define RESULT_ROWS 6 /* a rule, the bar, the verdict and the advice in two rows each */

/* --- what is to be measured */

static void draw_part(const struct view_bench *v, enum bench_part part, struct cells *cells,
		      struct area area)
{
	const bool possible = (v->possible & 1u << part) != 0;
	const bool chosen = possible && (v->plan.parts & 1u << part);
	const char *text = bench_part_text(part);

	if (!possible)
		text = part == BENCH_UPDATE ? "no image is open: o in the Image view"
					    : "not with --readonly";
	(void)cells_printf(cells, area, 1, 0, chosen ? CELLS_TITLE : CELLS_DIM, "[%c] %s",
			   chosen ? 'x' : ' ', bench_part_name(part));
	(void)cells_field(cells, area, 13, 0, area.w - 13,
			  possible && part == BENCH_FLASH ? CELLS_WARNING : CELLS_DIM, text);
	if (!v->runs && v->selected == (size_t)part) {
		(void)cells_text(cells, area, 0, 0, CELLS_NORMAL, ">");
		cells_select(cells, area);
	}
}

static void draw_plan(const struct view_bench *v, struct cells *cells, struct area area)
{
	char runs[TEXT_COUNT_MAX], warm_up[64] = "";

	for (unsigned int part = 0; part < BENCH_PARTS; part++)
		draw_part(v, (enum bench_part)part, cells,
			  (struct area){area.x, area.y + (int)part, area.w, 1});
	if (v->plan.warm_up > 0)
		(void)snprintf(warm_up, sizeof(warm_up), " after %u to warm up", v->plan.warm_up);
	(void)cells_printf(cells, area, 1, (int)BENCH_PARTS, CELLS_NORMAL, "%s of each part%s",
			   text_count(v->plan.runs, "run", runs, sizeof(runs)), warm_up);
}

/* --- the runs */

struct row {
	char name[48], rate[OUTPUT_FIGURE_MAX], text[64];
	enum cells_style style;
	uint32_t goodput, most; /* of the bar; most 0: there is none */
};

#define ROWS_MAX (BENCH_PARTS * (BENCH_RUNS_MAX + 1u) + 1u)

struct rows {
	struct row row[ROWS_MAX];
	size_t count;
};

static struct row *add(struct rows *rows, enum cells_style style)
{
	struct row *row = &rows->row[rows->count < ROWS_MAX - 1u ? rows->count++ : ROWS_MAX - 1u];

	memset(row, 0, sizeof(*row));
	row->style = style;
	return row;
}

static void add_part(const struct bench *b, enum bench_part part, struct rows *rows)
{
	struct spread s;
	struct row *row;
	char slow[OUTPUT_FIGURE_MAX], fast[OUTPUT_FIGURE_MAX];

	bench_spread(b, part, &s);
	for (unsigned int i = 0; i < bench_count(b, part); i++) {
		row = add(rows, CELLS_NORMAL);
		(void)snprintf(row->name, sizeof(row->name), "%-7s run %u of %u",
			       bench_part_name(part), i + 1, b->plan.runs);
		row->goodput = bench_result(b, part, i)->goodput;
		row->most = s.highest;
		(void)output_rate(row->goodput, row->rate, sizeof(row->rate));
	}
	if (s.count < 2)
		return;
	row = add(rows, CELLS_TITLE);
	(void)snprintf(row->name, sizeof(row->name), "%-7s median", bench_part_name(part));
	(void)output_rate(s.median, row->rate, sizeof(row->rate));
	(void)snprintf(row->text, sizeof(row->text), "%s to %s, spread %.1f %%",
		       output_rate(s.lowest, slow, sizeof(slow)),
		       output_rate(s.highest, fast, sizeof(fast)), s.ppm / 1e4);
}

static void add_turn(const struct view_bench *v, struct rows *rows)
{
	struct row *row = add(rows, CELLS_WARNING);

	(void)snprintf(row->name, sizeof(row->name), "%-7s %s %u of %u",
		       bench_part_name(v->turn.part), v->turn.warm_up ? "warm-up" : "run",
		       v->turn.number,
		       v->turn.warm_up ? v->bench->plan.warm_up : v->bench->plan.runs);
	(void)snprintf(row->text, sizeof(row->text), "%s", v->state);
}

static void draw_row(const struct row *row, struct cells *cells, struct area area, int y)
{
	const int bar = area.w - BAR_X;

	(void)cells_field(cells, area, 0, y, RATE_X - 1, row->style, row->name);
	(void)cells_printf(cells, area, RATE_X, y, row->style, "%*s", RATE_W, row->rate);
	if (row->most == 0)
		(void)cells_field(cells, area, BAR_X, y, bar, row->style, row->text);
	for (int x = 0; row->most > 0 && x < bar; x++) {
		if ((uint64_t)row->goodput * (unsigned int)bar >
		    (uint64_t)row->most * (unsigned int)x)
			cells_put(cells, area, BAR_X + x, y, CELLS_GOOD, "=");
	}
}

/* The newest where there is no room for all. */
static void draw_runs(const struct view_bench *v, struct cells *cells, struct area area)
{
	struct rows rows;
	size_t first;

	rows.count = 0;
	for (unsigned int part = 0; part < BENCH_PARTS; part++)
		add_part(v->bench, (enum bench_part)part, &rows);
	if (v->runs)
		add_turn(v, &rows);
	first = rows.count > (size_t)area.h ? rows.count - (size_t)area.h : 0;
	for (size_t i = first; i < rows.count; i++)
		draw_row(&rows.row[i], cells, area, (int)(i - first));
	cells_scroll_bar(cells, area, first, rows.count);
}

/* --- where the time went: of the run under way, else of the one nearest to the median */

static void draw_result(const struct view_bench *v, struct cells *cells, struct area area)
{
	const struct job_result *r = NULL;
	enum bench_part part;
	char title[64] = "run under way";
	struct spread s;
	int y = 1;

	if (!v->runs && bench_main_part(v->bench, &part)) {
		bench_spread(v->bench, part, &s);
		r = bench_result(v->bench, part, (unsigned int)s.nearest);
		(void)snprintf(title, sizeof(title), "%s, run %zu%s", bench_part_name(part),
			       s.nearest + 1, s.count > 1 ? ", nearest to the median" : "");
	}
	if (!r && !v->time)
		return;
	cells_rule(cells, area, 0, title);
	view_budget_bar(r ? r->transfer_time : v->time, cells,
			(struct area){area.x, area.y + y++, area.w, 1});
	if (!r || r->limit_text[0] == '\0')
		return;
	y += view_budget_verdict(r->limit_text, cells,
				 (struct area){area.x, area.y + y, area.w, 2});
	(void)cells_wrap(cells, area, y, CELLS_NORMAL, r->limit_advice);
}

void view_bench_draw(const struct view_bench *v, struct cells *cells, struct area area)
{
	char title[96];
	struct area in, plan, result;

	(void)snprintf(title, sizeof(title), "Bench %.64s%s", v->device,
		       v->simulated ? " (simulated)" : "");
	cells_blank(cells, area);
	in = cells_box(cells, area, title);
	plan = area_top(&in, v->bench && in.h < SMALL_H ? 1 : PLAN_ROWS);
	if (plan.h > 1)
		draw_plan(v, cells, plan);
	else
		draw_part(v, v->bench && v->runs ? v->turn.part : (enum bench_part)v->selected,
			  cells, plan);
	if (!v->bench) {
		(void)cells_wrap(cells, in, 0, CELLS_DIM,
				 "The runs appear here, then their median and spread, and of the "
				 "run nearest to the median where its time went, what limited it "
				 "and what to change.");
		return;
	}
	result = area_bottom(&in, in.h > RESULT_ROWS + 2 ? RESULT_ROWS : 0);
	if (v->failed[0] != '\0')
		(void)cells_field(cells, area_bottom(&in, 1), 0, 0, in.w, CELLS_BAD, v->failed);
	draw_runs(v, cells, in);
	if (result.h > 0)
		draw_result(v, cells, result);
}
