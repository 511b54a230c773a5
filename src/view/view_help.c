/* SPDX-License-Identifier: Apache-2.0 */
/* Help: the open view's keys first, then those that work everywhere. */
#include "view/view.h"

#include "view/key.h"
#include "view/keys.h"

#include <limits.h>
#include <string.h>

#define BAR_W 2 /* right of the words: a blank, and the scroll bar */

/* One pass over help's rows; nothing is drawn without cells. */
struct pass {
	struct cells *cells;
	struct area area;
	int scroll, y; /* rows that are hidden above; of the next one, from the first on */
	const char *search; /* "" none */
	int before, after; /* rows that hold it next to this one; before -1, after INT_MAX: none */
	int from;
};

static int key_width(int width)
{
	return width >= 40 ? 14 : 10;
}

static bool holds(const struct keys_row *row, const char *search)
{
	char label[64];

	return search[0] != '\0' &&
	       (loglist_contains(keys_label(row, label, sizeof(label)), search) ||
		loglist_contains(row->words, search));
}

/* Broken at blanks. */
static void lay_row(const struct keys_row *row, struct pass *p)
{
	const int key_w = key_width(p->area.w), top = p->y - p->scroll;
	const bool found = holds(row, p->search);
	const char *text = row->words;
	char label[64];

	if (found && p->y < p->from)
		p->before = p->y;
	if (found && p->y > p->from && p->after == INT_MAX)
		p->after = p->y;
	if (p->cells && top >= 0)
		(void)cells_field(p->cells, p->area, 0, top, key_w - 1, CELLS_KEY,
				  keys_label(row, label, sizeof(label)));
	do {
		const int len = cells_break(text, p->area.w - key_w);

		if (p->cells && p->y >= p->scroll)
			(void)cells_printf(p->cells, p->area, key_w, p->y - p->scroll,
					   found ? CELLS_WARNING : CELLS_NORMAL, "%.*s", len, text);
		p->y++;
		text += len;
		text += strspn(text, " ");
	} while (*text != '\0');
}

/* Keys of all views that a place has, too, and does not mean otherwise. */
static bool is_shared(enum keys_place place, const struct keys_row *row)
{
	const int32_t key = key_by_name(row->keys, strcspn(row->keys, " |"));

	return row->over && keys_action(place, key) == row->actions[0];
}

static void lay_shared(enum keys_place place, struct pass *p)
{
	for (size_t i = 0; i < keys_row_count; i++) {
		if (keys_rows[i].where == PLACE_COMMON && is_shared(place, &keys_rows[i]))
			lay_row(&keys_rows[i], p);
	}
}

static void lay_place(enum keys_place place, struct pass *p)
{
	for (size_t i = 0; i < keys_row_count; i++) {
		const struct keys_row *row = &keys_rows[i];

		if (row->where == place && (row->keys[0] != '\0' || !row->command))
			lay_row(row, p);
	}
}

static void lay_keys(enum keys_place place, struct pass *p)
{
	p->area.w -= BAR_W;
	p->before = -1;
	p->after = INT_MAX;
	lay_place(place, p);
	if (place == PLACE_DEVICE)
		lay_place(PLACE_REPLAY, p);
	p->y++;
	if (place < PLACE_COMMON)
		lay_place(PLACE_COMMON, p);
	else
		lay_shared(place, p);
}

size_t view_help_end(enum keys_place place, struct area area)
{
	struct pass p = {.area = area, .search = ""};
	const int shown = area.h - 1;

	lay_keys(place, &p);
	return p.y > shown ? (size_t)(p.y - shown) : 0;
}

size_t view_help_find(enum keys_place place, const char *search, size_t from, int direction,
		      struct area area)
{
	struct pass p = {.area = area, .search = search, .from = from < INT_MAX ? (int)from : -1};

	lay_keys(place, &p);
	if (direction > 0 && p.after == INT_MAX) { /* from the top again */
		p = (struct pass){.area = area, .search = search, .from = -1};
		lay_keys(place, &p);
	} else if (direction < 0 && p.before < 0) {
		p = (struct pass){.area = area, .search = search, .from = INT_MAX};
		lay_keys(place, &p);
	}
	if (direction > 0)
		return p.after < INT_MAX ? (size_t)p.after : SIZE_MAX;
	return p.before >= 0 ? (size_t)p.before : SIZE_MAX;
}

void view_help_draw(enum keys_place place, size_t scroll, const char *search, struct cells *cells,
		    struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	struct pass p = {.cells = cells, .area = rest, .scroll = (int)scroll, .search = search};
	int x;

	cells_blank(cells, area);
	x = cells_printf(cells, head, 0, 0, CELLS_TITLE, "HELP  %s", keys_place_name(place));
	if (search[0] != '\0')
		(void)cells_printf(cells, head, x + 2, 0, CELLS_WARNING, "/%s", search);
	lay_keys(place, &p);
	cells_scroll_bar(cells, rest, scroll, (size_t)p.y);
}
