/* SPDX-License-Identifier: Apache-2.0 */
/* See view_sweep.h. */
#include "view/view_sweep.h"

#include "base/output.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RATE_W 10
#define ERROR_W 6
#define RUNS_W 3
#define GAPS_W 5
#define TEXT_X (RATE_W + ERROR_W + RUNS_W + GAPS_W + 6)
#define SMALL_W 40 /* columns, below which only rates and settings are shown */
#define CELL_W 7 /* of the map */
#define LABEL_W 9
#define TABLE_ROWS 4 /* that the map leaves to the table at least, with its head */
#define RESULT_H 12 /* rows, from which the result is told in words */
#define SHADES 5u

static const char *objective_text(enum sweep_objective objective)
{
	switch (objective) {
	case SWEEP_FASTEST:
		return "the highest rate";
	case SWEEP_NO_GAPS:
		return "the fastest that loses no value";
	case SWEEP_SMALL_WINDOW:
		return "the least window within 5 % of fastest";
	case SWEEP_OBJECTIVES:
		break;
	}
	return "";
}

static void draw_objective(const struct view_sweep *v, struct cells *cells, struct area area)
{
	int x = 1;

	for (enum sweep_objective o = 0; o < SWEEP_OBJECTIVES; o++) {
		const bool chosen = o == v->objective;

		if (chosen || !v->runs)
			x = cells_printf(cells, area, x, 0, chosen ? CELLS_TITLE : CELLS_DIM,
					 chosen ? "[%s]" : " %s ", sweep_objective_name(o)) +
			    1;
	}
	(void)cells_field(cells, area, x + 1, 0, area.w - x - 1, CELLS_DIM,
			  objective_text(v->objective));
}

/* --- how far it is */

static void draw_summary(const struct view_sweep *v, struct cells *cells, struct area area)
{
	char best[OUTPUT_FIGURE_MAX], before[OUTPUT_FIGURE_MAX], runs[TEXT_COUNT_MAX];
	char text[160];
	struct sweep_result r;

	if (!v->sweep || !sweep_best(v->sweep, &r)) {
		(void)cells_text(cells, area, 0, 0, CELLS_NORMAL,
				 v->runs ? "looks at the device, and measures the profile as it is"
					 : "nothing was measured");
		return;
	}
	(void)text_count(v->sweep->count, "run", runs, sizeof(runs));
	(void)output_rate(r.best.rate, best, sizeof(best));
	(void)output_rate(r.first_rate, before, sizeof(before));
	if (area.w < SMALL_W)
		(void)snprintf(text, sizeof(text), "%s, %s", best, runs);
	else
		(void)snprintf(text, sizeof(text), "%s %s, %s before; %s in a grid of %" PRIu32,
			       best, v->over ? "at best" : "so far", before, runs,
			       sweep_grid(v->sweep));
	(void)cells_field(cells, area, 0, 0, area.w, CELLS_GOOD, text);
}

static void draw_now(const struct view_sweep *v, struct cells *cells, struct area area)
{
	char text[SWEEP_POINT_TEXT] = "the profile as it is", line[SWEEP_POINT_TEXT + VIEW_TEXT];

	if (!v->runs) {
		(void)cells_field(cells, area, 0, 0, area.w, v->told_style, v->told);
		return;
	}
	if (v->now && v->now->stage != SWEEP_STAGE_FIRST && v->sweep)
		(void)sweep_point_text(v->sweep, &v->now->point, text, sizeof(text));
	if (v->now)
		(void)snprintf(line, sizeof(line), "%s: %s: %s", sweep_stage_name(v->now->stage),
			       text, v->state);
	if (v->now)
		(void)cells_field(cells, area, 0, 0, area.w, CELLS_WARNING, line);
	else
		(void)cells_field(cells, area, 0, 0, area.w, CELLS_WARNING, v->state);
}

/* --- the settings measured, the best first */

/* Why its place is not that of its rate. */
static const char *score_note(const struct sweep_score *x)
{
	if (x->not_had)
		return " (not had)";
	if (x->merit < x->rate - x->rate / 50u)
		return " (less with flash)";
	return "";
}

static void draw_score(const struct view_sweep *v, const struct sweep_score *x, bool best,
		       struct cells *cells, struct area area, int y)
{
	const enum cells_style style = best			    ? CELLS_GOOD
				       : x->rate == 0 || x->not_had ? CELLS_DIM
								    : CELLS_NORMAL;
	char rate[OUTPUT_FIGURE_MAX] = "failed", text[SWEEP_POINT_TEXT];
	char line[SWEEP_POINT_TEXT + 32];

	if (x->rate > 0)
		(void)output_rate(x->rate, rate, sizeof(rate));
	(void)cells_printf(cells, area, 0, y, style, "%*s", RATE_W, rate);
	(void)sweep_point_text(v->sweep, &x->point, text, sizeof(text));
	if (area.w < SMALL_W) {
		(void)cells_field(cells, area, RATE_W + 1, y, area.w - RATE_W - 1, style, text);
		return;
	}
	if (x->rate > 0)
		(void)cells_printf(cells, area, RATE_W + 1, y, style,
				   "%*.1f %% %*" PRIu32 " %*" PRIu32, ERROR_W - 2,
				   100.0 * x->error / x->rate, RUNS_W, x->runs, GAPS_W, x->gaps);
	(void)snprintf(line, sizeof(line), "%s%s", text, score_note(x));
	(void)cells_field(cells, area, TEXT_X, y, area.w - TEXT_X, style, line);
}

static void draw_table(const struct view_sweep *v, struct cells *cells, struct area area)
{
	struct sweep_score all[SWEEP_SAMPLES];
	const size_t count = sweep_scores(v->sweep, all);
	struct sweep_result r;
	size_t first = v->first;

	if (area.w >= SMALL_W && area.h > 1) {
		const struct area head = area_top(&area, 1);

		(void)cells_printf(cells, head, 0, 0, CELLS_DIM, "%*s %*s %*s %*s", RATE_W, "RATE",
				   ERROR_W, "+-", RUNS_W, "RUN", GAPS_W, "GAPS");
		(void)cells_text(cells, head, TEXT_X, 0, CELLS_DIM, "SETTINGS");
	}
	if (area.h < 1 || !sweep_best(v->sweep, &r))
		return;
	if (first + (size_t)area.h > count)
		first = count > (size_t)area.h ? count - (size_t)area.h : 0;
	for (size_t i = first; i < count && i < first + (size_t)area.h; i++)
		draw_score(v, &all[i], sweep_same(&all[i].point, &r.best.point), cells, area,
			   (int)(i - first));
	cells_scroll_bar(cells, area, first, count);
}

size_t view_sweep_rows(const struct sweep *s)
{
	struct sweep_score all[SWEEP_SAMPLES];

	return s ? sweep_scores(s, all) : 0;
}

/* --- a map of two axes: the best rate of each pair of values */

struct map {
	enum sweep_axis row, column;
	int rows;
};

/* Links first; where the profile has fixed both, what the settings say. */
static bool map_of(const struct sweep *s, struct map *ret)
{
	static const enum sweep_axis pairs[][2] = {
		{SWEEP_PHY, SWEEP_INTERVAL}, {SWEEP_MODE, SWEEP_CHUNK}, {SWEEP_ACK, SWEEP_WINDOW}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const int rows = s->axes[pairs[i][0]].count, columns = s->axes[pairs[i][1]].count;

		if (rows * columns < 2 || !s->facts_known)
			continue;
		*ret = (struct map){pairs[i][0], pairs[i][1], rows};
		return true;
	}
	return false;
}

static void draw_cell(struct cells *cells, struct area area, int x, int y, uint32_t rate,
		      uint32_t best)
{
	static const char *const shades[2][SHADES] = {
		{" ", ".", "+", "*", "#"}, {" ", "\u2582", "\u2584", "\u2586", "\u2588"}};
	const uint32_t share = best == 0 ? 0 : (uint32_t)((uint64_t)rate * 1000u / best);
	const size_t shade = share >= 950u ? 4 : share >= 800u ? 3 : share >= 500u ? 2 : 1;

	if (rate == 0) {
		(void)cells_printf(cells, area, x, y, CELLS_DIM, "%*s", CELL_W - 1, "-");
		return;
	}
	(void)cells_printf(cells, area, x, y, share >= 950u ? CELLS_GOOD : CELLS_NORMAL, "%*.1f",
			   CELL_W - 2, rate / 1000.0);
	cells_put(cells, area, x + CELL_W - 2, y, share >= 950u ? CELLS_GOOD : CELLS_NORMAL,
		  shades[cells->ascii ? 0 : 1][shade]);
}

/* A column without a rate says nothing, and is left out where not all have room. */
static bool is_measured(const struct sweep *s, const struct map *m, uint8_t column)
{
	for (uint8_t row = 0; row < s->axes[m->row].count; row++)
		if (sweep_heat(s, m->row, row, m->column, column) > 0)
			return true;
	return false;
}

static void draw_map(const struct view_sweep *v, const struct map *m, struct cells *cells,
		     struct area area)
{
	const struct sweep *s = v->sweep;
	const struct setting *settings = profile_settings();
	const bool all = LABEL_W + s->axes[m->column].count * CELL_W - 1 <= area.w;
	char value[SETTING_TEXT_MAX], title[96];
	struct sweep_result r;
	int x = LABEL_W;

	if (!sweep_best(s, &r))
		return;
	(void)snprintf(title, sizeof(title), "kB/s by %s and %s",
		       settings[sweep_axis_key(m->row)].name,
		       settings[sweep_axis_key(m->column)].name);
	cells_rule(cells, area, 0, title);
	for (uint8_t c = 0; c < s->axes[m->column].count; c++) {
		if (!all && !is_measured(s, m, c))
			continue;
		(void)cells_printf(cells, area, x, 1, CELLS_DIM, "%*.*s", CELL_W - 2, CELL_W - 1,
				   sweep_value_text(s, m->column, c, value, sizeof(value)));
		for (uint8_t row = 0; row < s->axes[m->row].count; row++)
			draw_cell(cells, area, x, 2 + row, sweep_heat(s, m->row, row, m->column, c),
				  r.best.rate);
		x += CELL_W;
	}
	for (uint8_t row = 0; row < s->axes[m->row].count; row++)
		(void)cells_field(cells, area, 0, 2 + row, LABEL_W - 1, CELLS_DIM,
				  sweep_value_text(s, m->row, row, value, sizeof(value)));
}

/* --- the result in words */

static void draw_result(const struct view_sweep *v, struct cells *cells, struct area area)
{
	char rate[OUTPUT_FIGURE_MAX], text[SWEEP_POINT_TEXT];
	struct sweep_result r;

	if (!sweep_best(v->sweep, &r))
		return;
	(void)cells_printf(cells, area, 0, 0, r.met ? CELLS_GOOD : CELLS_WARNING, "%s: %s",
			   r.met ? "best" : "comes nearest",
			   sweep_point_text(v->sweep, &r.best.point, text, sizeof(text)));
	if (r.second.runs > 0)
		(void)cells_printf(cells, area, 0, 1, CELLS_NORMAL,
				   "%.0f %% sure that it is at most 5 %% slower than %s: %s",
				   r.sure_ppm / 1e4,
				   sweep_point_text(v->sweep, &r.second.point, text, sizeof(text)),
				   output_rate(r.second.rate, rate, sizeof(rate)));
}

void view_sweep_draw(const struct view_sweep *v, struct cells *cells, struct area area)
{
	char title[96];
	struct area in;
	struct map map;

	(void)snprintf(title, sizeof(title), "Sweep %.64s%s", v->device,
		       v->simulated ? " (simulated)" : "");
	cells_blank(cells, area);
	in = cells_box(cells, area, title);
	if (in.h > 3)
		draw_objective(v, cells, area_top(&in, 1));
	if (!v->sweep) {
		(void)cells_wrap(
			cells, in, 0, CELLS_DIM,
			"Measures the link with one setting after another, for some minutes: PHY, "
			"interval, chunk, write mode, window, ack interval, pacing, as far as the "
			"profile leaves them open. The device counts the bytes and discards them. "
			"The best becomes a profile for this device and adapter, which uploads "
			"use.");
		return;
	}
	draw_summary(v, cells, area_top(&in, 1));
	if (in.h > 0)
		draw_now(v, cells, area_top(&in, 1));
	if (v->over && in.h >= RESULT_H)
		draw_result(v, cells, area_top(&in, 2));
	if (map_of(v->sweep, &map) && in.w >= SMALL_W && in.h >= map.rows + 2 + TABLE_ROWS)
		draw_map(v, &map, cells, area_bottom(&in, map.rows + 2));
	draw_table(v, cells, in);
}
