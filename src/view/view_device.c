/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard of one device: link, states, progress, figures, Control log. */
#include "view/view_device_priv.h"

#include "base/output.h"

#include <string.h>

/* --- head */

bool view_device_runs(const struct view_device *v)
{
	return v->run && v->state != SESSION_IDLE && v->state != SESSION_DONE &&
	       v->state != SESSION_FAILED;
}

static void draw_head(const struct view_device *v, struct cells *cells, struct area area)
{
	char time[24];
	int x;

	x = cells_text(cells, area, 0, 0, CELLS_TITLE, v->name[0] != '\0' ? v->name : v->address);
	if (area.w >= 100 && v->name[0] != '\0')
		x = cells_printf(cells, area, x + 1, 0, CELLS_DIM, "%s", v->address);
	x = cells_printf(cells, area, x + 2, 0, v->linked ? CELLS_GOOD : CELLS_DIM, "%s",
			 v->linked ? "linked" : "no link");
	if (v->linked)
		x = cells_printf(cells, area, x + 1, 0, CELLS_DIM, "%s",
				 view_duration(v->linked_us, time, sizeof(time)));
	if (area.w >= 60 && v->version[0] != '\0')
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "runs %s%s%s", v->version,
				 v->chip[0] != '\0' ? " on " : "", v->chip);
	if (area.w >= LAYOUT_FULL_W) {
		char right[VIEW_TEXT];

		(void)snprintf(right, sizeof(right), "%s%s%s", v->profile,
			       v->image[0] != '\0' ? "  " : "", v->image);
		if (x + 2 + cells_columns(cells, right) <= area.w)
			cells_right(cells, area, 0, CELLS_NORMAL, right);
	}
}

/* --- log, and all of it */

#define LOG_ROWS 5 /* that facts leave to the log */

static void draw_log(const struct view_device *v, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	char title[192];

	if (area.h < 1)
		return;
	(void)snprintf(title, sizeof(title), "%s%s%s%s%s", v->log_title,
		       v->log->filter[0] != '\0' ? " only: " : "", v->log->filter,
		       v->log->search[0] != '\0' ? " / " : "", v->log->search);
	cells_rule(cells, head, 0, title);
	if (head.w >= 36)
		(void)cells_text(cells, head, head.w - 11, 0,
				 v->log->frozen ? CELLS_WARNING : CELLS_DIM,
				 v->log->frozen ? " FROZEN " : " follow ");
	loglist_draw(v->log, cells, rest);
}

/* Between the chain of states and the log, which keeps a few rows; where the device was only
 * asked, no rate and no progress is to be shown there. */
static bool draw_facts(const struct view_device *v, struct layout_device *l, struct cells *cells)
{
	struct area facts = l->log;
	int rows;

	facts.h += facts.y - l->bar.y;
	facts.y = l->bar.y;
	l->log = area_bottom(&facts, facts.h > 2 * LOG_ROWS ? LOG_ROWS : facts.h / 2);
	rows = view_facts_draw(v, cells, facts);
	if (rows == 0)
		return false;
	l->log.h += facts.h - rows - 1;
	l->log.y -= facts.h - rows - 1;
	return true;
}

static void draw_small(const struct view_device *v, const struct layout_device *l,
		       struct cells *cells)
{
	view_small_draw(v, l, cells);
	if (v->wait[0] != '\0')
		(void)cells_field(cells, l->link, 0, 0, l->link.w, v->wait_style, v->wait);
	else if (v->linked)
		view_link_draw(v, cells, l->link);
	draw_log(v, cells, l->log);
}

/* In the row of what a run waits for, while it waits for nothing. */
static void draw_stream(const struct view_device *v, struct cells *cells, struct area area)
{
	char sent[OUTPUT_FIGURE_MAX], air[OUTPUT_FIGURE_MAX], image[OUTPUT_FIGURE_MAX];

	if (v->stream && v->air_size > 0)
		(void)cells_printf(cells, area, 0, 0, CELLS_DIM,
				   "stream %s: %s of %s on air, image %s", v->stream,
				   output_bytes(v->stats->sent_bytes, sent, sizeof(sent)),
				   output_bytes(v->air_size, air, sizeof(air)),
				   output_bytes(v->total, image, sizeof(image)));
}

#define WAIT_ROWS 3 /* at most */

/* The failure and what to do about it, in whole: advice that is cut is none. */
static void draw_wait(const struct view_device *v, struct cells *cells, struct layout_device *l)
{
	struct area *const below[] = {&l->strip, &l->bar, &l->device, &l->graph, &l->figures};
	const char *text = v->wait;
	int rows = 0;

	for (;;) {
		const int end = cells_break(text, l->wait.w);
		const bool last = rows + 1 == WAIT_ROWS || l->log.h <= LOG_ROWS + rows;

		(void)cells_printf(cells, (struct area){l->wait.x, l->wait.y, l->wait.w, rows + 1},
				   0, rows, v->wait_style, "%.*s", last ? (int)strlen(text) : end,
				   text);
		text += end;
		text += strspn(text, " ");
		if (last || *text == '\0')
			break;
		rows++;
	}
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		below[i]->y += rows;
	l->log.y += rows;
	l->log.h -= rows;
}

void view_device_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	struct layout_device l = layout_device(area), asked;

	if (!v->chosen) {
		(void)cells_wrap(cells, area, area.h > 3 ? 1 : 0, CELLS_DIM,
				 "no device chosen: 1 opens the list, Enter there chooses");
		return;
	}
	if (layout_small(area)) {
		draw_small(v, &l, cells);
		return;
	}
	draw_head(v, cells, l.head);
	view_radio_draw(v, cells, l.radio);
	view_link_draw(v, cells, l.link);
	if (l.wait.h > 0 && v->wait[0] == '\0')
		draw_stream(v, cells, l.wait);
	else if (l.wait.h > 0)
		draw_wait(v, cells, &l);
	else if (v->wait[0] != '\0' && l.rates.h > 0 && view_device_runs(v))
		(void)cells_field(cells, l.rates, 0, 0, l.rates.w, v->wait_style, v->wait);
	if (v->run) {
		view_strip_draw(v, cells, l.strip);
		if (v->goal == SESSION_UPDATE || v->goal == SESSION_MEASURE) {
			view_bar_draw(v, cells, l.bar);
			view_telemetry_draw(v, cells, l.device);
			if (v->wait[0] == '\0' ||
			    !view_device_runs(v)) /* rates say little while nothing moves */
				view_rates_draw(v, cells, l.rates);
			view_figures_draw(v, cells, l.figures);
		}
	}
	if (v->run && l.log.h > LOG_ROWS + 2) {
		const int rows = view_budget_draw(v, cells, l.log);

		l.log.y += rows;
		l.log.h -= rows;
	}
	asked = l;
	if (draw_facts(v, &asked, cells))
		l.log = asked.log;
	else
		view_graph_draw(v, cells, l.graph);
	draw_log(v, cells, l.log);
}
