/* SPDX-License-Identifier: Apache-2.0 */
/* Help: the open view's keys first, then those that work everywhere. */
#include "view/view.h"

#include "view/keys.h"

#include <string.h>

static int key_width(int width)
{
	return width >= 40 ? 14 : 10;
}

/* The row from this line on, broken at blanks; nothing is drawn without cells.  Returns the
 * rows that it takes. */
static int lay_row(const struct keys_row *row, struct cells *cells, struct area area, int y)
{
	const int key_w = key_width(area.w);
	const char *text = row->words;
	char label[64];
	int rows = 0;

	if (cells && y >= 0)
		(void)cells_field(cells, area, 0, y, key_w - 1, CELLS_KEY,
				  keys_label(row, label, sizeof(label)));
	do {
		const int len = cells_break(text, area.w - key_w);

		if (cells && y + rows >= 0)
			(void)cells_printf(cells, area, key_w, y + rows, CELLS_NORMAL, "%.*s", len,
					   text);
		rows++;
		text += len;
		text += strspn(text, " ");
	} while (*text != '\0');
	return rows;
}

static int lay_place(enum keys_place place, struct cells *cells, struct area area, int y)
{
	int rows = 0;

	for (size_t i = 0; i < keys_row_count; i++) {
		const struct keys_row *row = &keys_rows[i];

		if (row->where == place && (row->keys[0] != '\0' || !row->command))
			rows += lay_row(row, cells, area, y + rows);
	}
	return rows;
}

static int lay_help(enum view view, struct cells *cells, struct area area, int y)
{
	int own = lay_place((enum keys_place)view, cells, area, y);

	if (view == VIEW_DEVICE)
		own += lay_place(PLACE_REPLAY, cells, area, y + own);
	own++;
	return own + lay_place(PLACE_COMMON, cells, area, y + own);
}

size_t view_help_end(enum view view, struct area area)
{
	const int rows = lay_help(view, NULL, area, 0), shown = area.h - 1;

	return rows > shown ? (size_t)(rows - shown) : 0;
}

void view_help_draw(enum view view, size_t scroll, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);

	cells_blank(cells, area);
	(void)cells_printf(cells, head, 0, 0, CELLS_TITLE, "HELP  %s", view_name(view));
	(void)lay_help(view, cells, rest, -(int)scroll);
}
