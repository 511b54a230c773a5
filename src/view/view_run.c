/* SPDX-License-Identifier: Apache-2.0 */
/* One recorded run: its rate over time, and below it what view_run_words.c says of it. */
#include "view/view_run_priv.h"

#include "history/history_compare.h"
#include "view/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RATES_MAX 512
#define BAR_W 2 /* right of the text: a blank, and the scroll bar */

/* --- the graph */

static char sign_of(enum history_mark_kind kind)
{
	switch (kind) {
	case HISTORY_STALL:
		return 'S';
	case HISTORY_GAP:
		return 'g';
	case HISTORY_RETRY:
	case HISTORY_LINK_LOST:
		return 'R';
	case HISTORY_RESUME:
		return 'r';
	case HISTORY_TUNING:
		return '~';
	case HISTORY_MOVING:
	case HISTORY_STATE:
	case HISTORY_MARKS:
		break;
	}
	return 0;
}

static void draw_graph(const struct history_detail *d, enum plot_tier tier, struct cells *cells,
		       struct area area)
{
	struct plot_mark marks[METRICS_MARKS_MAX];
	uint32_t rates[RATES_MAX];
	const uint64_t whole = history_span(d);
	size_t room = area.w > PLOT_AXIS ? (size_t)(area.w - PLOT_AXIS) : 0, mark_count = 0;
	struct plot_series series = {.samples = rates,
				     .marks = marks,
				     .tier = plot_tier_for(cells, tier),
				     .unit = "kB/s",
				     .divisor = 1000,
				     .past = true};
	uint64_t span;

	if (whole == 0 || room == 0 || area.h < 3)
		return;
	room = room > RATES_MAX ? RATES_MAX : room;
	span = (whole + room - 1) / room;
	span = span < 1000 ? 1000 : span;
	series.count = history_rates(d, span, rates, room);
	series.sample_us = span;
	for (size_t i = 0; i < d->mark_count && mark_count < METRICS_MARKS_MAX; i++) {
		const struct history_mark *m = &d->marks[i];
		const uint64_t since = m->at_us > d->run.start_us ? m->at_us - d->run.start_us : 0;

		if (!sign_of(m->kind) || since / span >= series.count)
			continue;
		marks[mark_count++] = (struct plot_mark){.sample = (uint32_t)(since / span),
							 .sign = sign_of(m->kind),
							 .style = view_mark_style(m->kind)};
	}
	series.mark_count = mark_count;
	plot_series(cells, area, &series);
}

/* --- all of it */

/* Length without the last word, or what follows the last comma but one; 0: it is one piece. */
static size_t shorten(const char *text, size_t len)
{
	size_t end = len;

	while (end > 0 && text[end - 1] != ' ')
		end--;
	if (end > 1)
		return end - 1;
	for (end = len > 0 ? len - 1 : 0; end > 0 && text[end - 1] != ',';)
		end--;
	return end;
}

/* Draws the line's text from column x on, broken at blanks or commas, and returns the row after
 * it.  If nothing of the area is left at y, nothing is drawn. */
static int draw_wrapped(const struct view_run_line *line, struct cells *cells, struct area area,
			int x, int y)
{
	const char *text = line->text;
	const int width = area.w - x;
	char part[sizeof(line->text)];

	for (;;) {
		size_t len = strlen(text), end;

		(void)snprintf(part, sizeof(part), "%s", text);
		while (cells_columns(cells, part) > width) {
			end = shorten(part, len);
			if (end == 0)
				break; /* a word that does not fit is cut */
			len = end;
			part[len] = '\0';
		}
		(void)cells_field(cells, area, x, y++, width, line->style, part);
		text += len;
		text += strspn(text, " ");
		if (*text == '\0' || width <= 0)
			return y;
	}
}

size_t view_run_lines(const struct history_detail *d)
{
	struct view_run_text *lines = malloc(sizeof(*lines)); /* too many for the stack */
	size_t count = 0;

	if (lines) {
		view_run_words(lines, d);
		count = lines->count;
	}
	free(lines);
	return count;
}

struct run_layout {
	struct area head, graph, rest;
	int label_w, key_w;
};

static struct run_layout lay_run(const struct history_detail *d, struct area area)
{
	struct run_layout l = {.rest = area};

	l.label_w = area.w >= 44 ? 14 : 10;
	l.key_w = area.w >= LAYOUT_FULL_W ? 24 : area.w >= 44 ? 17 : 10;
	if (area.h >= 4)
		l.head = area_top(&l.rest, 1);
	if (l.rest.h >= 14 && d->sample_count > 0)
		l.graph = area_top(&l.rest, l.rest.h / 3 > 10 ? 10 : l.rest.h / 3);
	return l;
}

static int draw_line(const struct run_layout *l, const struct view_run_line *line,
		     struct cells *cells, int y)
{
	const int width = line->is_key ? l->key_w : l->label_w;
	const int x = line->label[0] != '\0' || line->follows ? width : 0;
	struct area text = l->rest;

	text.w -= BAR_W;

	(void)cells_field(cells, l->rest, 0, y, width - 1, CELLS_DIM, line->label);
	return draw_wrapped(line, cells, text, x, y);
}

/* A line takes as many rows as its words need, so each is laid out below the last row. */
void view_run_bar(const struct history_detail *d, size_t scroll, struct cells *cells,
		  struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct view_run_text *lines = malloc(sizeof(*lines));
	size_t first = 0, total = 0;

	if (!lines)
		return;
	view_run_words(lines, d);
	for (size_t i = 0; i < lines->count; i++) {
		const int rows = draw_line(&l, &lines->at[i], cells, l.rest.h) - l.rest.h;

		total += (size_t)rows;
		first += i < scroll ? (size_t)rows : 0;
	}
	cells_scroll_bar(cells, l.rest, first, total);
	free(lines);
}

size_t view_run_scroll(const struct history_detail *d, size_t scroll, struct cells *cells,
		       struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct view_run_text *lines = malloc(sizeof(*lines));
	int rows = 0;

	if (!lines)
		return scroll;
	view_run_words(lines, d);
	scroll = scroll < lines->count ? scroll : lines->count;
	for (size_t i = lines->count; i > 0; i--) {
		rows += draw_line(&l, &lines->at[i - 1], cells, l.rest.h) - l.rest.h;
		if (rows > l.rest.h) {
			scroll = scroll < i ? scroll : i;
			break;
		}
		if (i == 1)
			scroll = 0; /* all of it fits */
	}
	free(lines);
	return scroll;
}

int view_run_draw(const struct history_detail *d, enum plot_tier tier, size_t scroll,
		  struct cells *cells, struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct view_run_text *lines = malloc(sizeof(*lines));
	char title[96];
	int y = 0;

	if (!lines)
		return 0;
	view_run_words(lines, d);
	(void)snprintf(title, sizeof(title), "run %" PRId64 " %s", d->run.id,
		       history_goal_name(d->run.goal));
	if (l.head.h > 0)
		cells_rule(cells, l.head, 0, title);
	draw_graph(d, tier, cells, l.graph);
	for (size_t i = scroll; y < l.rest.h && i < lines->count; i++)
		y = draw_line(&l, &lines->at[i], cells, y);
	free(lines);
	return area.h - l.rest.h + y;
}
