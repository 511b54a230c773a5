/* SPDX-License-Identifier: Apache-2.0 */
/* See loglist_draw() in loglist.h. */
#include "view/loglist.h"

#include <inttypes.h>
#include <string.h>

#define DETAIL_ROWS 4 /* at most, with the rule above */
#define DETAIL_LEAST_H 7 /* of the area: fewer rows are better spent on lines */

/* The columns before the meaning: time, bookmark, direction. */
static int lead_of(struct area area)
{
	return (area.w < 60 ? 9 : 12) + 3;
}

/* Returns true if meaning and bytes both fit into the row. */
static bool fits(const struct loglist_line *line, const struct cells *cells, struct area area)
{
	const int raw = line->raw_len > 0 ? line->raw_len * 3 - 1 + 2 : 0;

	return lead_of(area) + cells_columns(cells, line->text) + raw <= area.w;
}

/*
 * Tells the folded values behind the line that stands for all routine ones, whose text ends at x.
 */
static void draw_folded(const struct loglist *list, int x, struct cells *cells, struct area area,
			int y)
{
	char text[48];

	if (list->routine < 2)
		return;
	(void)snprintf(text, sizeof(text), "+%" PRIu64 " folded", list->routine - 1);
	if (x + 2 + (int)strlen(text) <= area.w)
		cells_right(cells, area, y, CELLS_DIM, text);
}

static void draw_line(const struct loglist *list, const struct loglist_line *line,
		      struct cells *cells, struct area area, int y)
{
	const bool found = list->search[0] != '\0' && loglist_contains(line->text, list->search);
	const enum cells_style style = found ? CELLS_KEY : line->style;
	char at[24], raw[LOGLIST_RAW * 3 + 1];
	int x = 0;

	loglist_format_time(line->at_us, at, sizeof(at));
	/* On a narrow screen the hours are left out first. */
	x = cells_text(cells, area, x, y, CELLS_DIM, area.w < 60 ? at + 3 : at);
	x = cells_printf(cells, area, x, y, line->style, "%c%c ", line->bookmark ? '#' : ' ',
			 loglist_sign(line->kind));
	(void)cells_field(cells, area, x, y, area.w - x, style, line->text);
	/* A folded line tells the values folded into it, as far as they fit; its bytes are only
	 * the last one's. */
	if (line->kind == LOGLIST_ROUTINE && loglist_folds(list)) {
		draw_folded(list, x + cells_columns(cells, line->text), cells, area, y);
		return;
	}
	/* Bytes go to the right where they leave the meaning whole. */
	if (line->raw_len > 0 && fits(line, cells, area)) {
		loglist_format_raw(line, raw, sizeof(raw));
		cells_right(cells, area, y, CELLS_DIM, raw);
	}
}

/* All of a line, over as many rows as there are. */
static void draw_detail(const struct loglist_line *line, struct cells *cells, struct area area)
{
	char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64];
	size_t from = 0, len;

	cells_rule(cells, area, 0, "");
	(void)loglist_format(line, text, sizeof(text));
	len = strlen(text);
	/* A device may send any bytes, which the cells make harmless; each column of a row
	 * holds at least one. */
	for (int y = 1; y < area.h && from < len; y++) {
		size_t n = (size_t)area.w < len - from ? (size_t)area.w : len - from;
		char row[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64];

		while (n > 0 && from + n < len && text[from + n] != ' ')
			n--;
		if (n == 0)
			n = (size_t)area.w < len - from ? (size_t)area.w : len - from;
		(void)snprintf(row, sizeof(row), "%.*s", (int)n, text + from);
		if (y + 1 == area.h && from + n < len)
			(void)cells_field(cells, area, 0, y, area.w, CELLS_NORMAL, text + from);
		else
			(void)cells_text(cells, area, 0, y, CELLS_NORMAL, row);
		from += n + (text[from + n] == ' ');
	}
}

/* Lines up to and with this one that would be shown, at most max. */
static int above_of(const struct loglist *list, uint64_t at, int max)
{
	int count = 0;

	for (;; at--) {
		if (!loglist_at(list, at) || count == max)
			return count;
		count += loglist_matches(list, loglist_at(list, at));
		if (at == 0)
			return count;
	}
}

/* The newest line to be shown: some of what came after the one that is read, and more
 * where the log's beginning leaves room. */
static uint64_t bottom_of(const struct loglist *list, int height)
{
	uint64_t at = list->anchor, bottom = at;
	const int above = above_of(list, at, height);
	int context = height - above > height / 3 ? height - above : height / 3;

	while (context > 0 && loglist_at(list, ++at)) {
		if (!loglist_matches(list, loglist_at(list, at)))
			continue;
		bottom = at;
		context--;
	}
	return bottom;
}

#define BAR_W 2 /* right of the lines: a blank, and the scroll bar */

/* The reader's place among all lines that the filter lets through; oldest is the first shown. */
static void draw_bar(const struct loglist *list, uint64_t oldest, struct cells *cells,
		     struct area area)
{
	size_t first = 0, total = 0;
	uint64_t at = list->count > LOGLIST_LINES ? list->count - LOGLIST_LINES : 0;

	for (; at < list->count; at++) {
		if (!loglist_matches(list, loglist_at(list, at)))
			continue;
		total++;
		first += at < oldest;
	}
	cells_scroll_bar(cells, area, first, total);
}

void loglist_draw(const struct loglist *list, struct cells *cells, struct area area)
{
	const struct loglist_line *read = list->frozen ? loglist_selected(list) : NULL;
	uint64_t number = list->count > 0 ? list->count - 1 : 0;
	uint64_t shown[CELLS_HEIGHT_MAX];
	struct area bar, lines = area;
	int found = 0;

	cells_blank(cells, area);
	lines.w -= BAR_W;
	if (read && area.h >= DETAIL_LEAST_H && !fits(read, cells, lines)) {
		const struct area detail = area_bottom(&area, DETAIL_ROWS);

		draw_detail(read, cells, detail);
	}
	/* While it follows, the newest line is what is meant, and all others are above. */
	bar = area;
	if (list->frozen)
		area.w -= BAR_W;
	/* An anchor that fell off the oldest end, or that a filter hides, is where it points. */
	if (list->frozen && loglist_at(list, list->anchor))
		number = bottom_of(list, area.h);
	else if (list->frozen && list->count > LOGLIST_LINES)
		number = list->count - LOGLIST_LINES;
	while (list->count > 0 && found < area.h && found < CELLS_HEIGHT_MAX) {
		const struct loglist_line *line = loglist_at(list, number);

		if (!line)
			break;
		if (loglist_matches(list, line))
			shown[found++] = number;
		if (number-- == 0)
			break;
	}
	if (list->frozen && found > 0)
		draw_bar(list, shown[found - 1], cells, bar);
	for (int i = 0; i < found; i++) {
		const struct loglist_line *line = loglist_at(list, shown[found - 1 - i]);
		const struct area row = {area.x, area.y + i, area.w, 1};

		draw_line(list, line, cells, area, i);
		if (line == read && area.h > 2)
			cells_select(cells, row);
	}
}
