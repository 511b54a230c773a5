/* SPDX-License-Identifier: Apache-2.0 */
/* A list to choose from, or lines to read, over a view. */
#include "view/view.h"

static int widest_left(const struct view_panel *v, const struct cells *cells)
{
	int widest = 0;

	for (size_t i = 0; i < v->count; i++) {
		const int columns = cells_columns(cells, v->rows[i].left);

		if (v->rows[i].right[0] != '\0' && columns > widest)
			widest = columns;
	}
	return widest;
}

/* The end of a path that is too long is shown: it names the file. */
static const char *end_of(const char *text, const struct cells *cells, int width)
{
	while (*text != '\0' &&
	       (cells_columns(cells, text) > width || ((unsigned char)*text & 0xc0) == 0x80))
		text++;
	return text;
}

static int draw_left(const char *text, struct cells *cells, struct area area, int x, int y,
		     int width, enum cells_style style)
{
	if (cells_columns(cells, text) > width && text[0] == '/') {
		x = cells_text(cells, area, x, y, style, cells_symbol(cells, CELLS_CUT));
		text = end_of(text, cells, --width);
	}
	return cells_field(cells, area, x, y, width, style, text);
}

static void draw_row(const struct view_panel *v, size_t i, struct cells *cells, struct area area,
		     int y, int left_w)
{
	const struct view_row *row = &v->rows[i];
	const bool selected = v->choose && i == v->selected;
	int x = v->choose ? 2 : 0;

	if (row->right[0] == '\0') {
		(void)cells_field(cells, area, x, y, area.w - x, row->style, row->left);
	} else {
		x = draw_left(row->left, cells, area, x, y, left_w, row->style);
		(void)cells_field(cells, area, x + 2, y, area.w - x - 2, CELLS_DIM, row->right);
	}
	if (selected) {
		(void)cells_text(cells, area, 0, y, CELLS_NORMAL, ">");
		cells_select(cells, (struct area){area.x, area.y + y, area.w, 1});
	}
}

/* The height of all rows and the frame, if there is room. */
static int box_height(const struct view_panel *v, struct area area)
{
	const int wanted = (int)(v->count < 200 ? v->count : 200) + 2;
	const int h = wanted < 3 ? 3 : wanted;

	return h < area.h ? h : area.h;
}

size_t view_panel_end(const struct view_panel *v, struct area area)
{
	const int inside = box_height(v, area) - 2;
	const size_t shown = v->choose || inside < 1 ? 1 : (size_t)inside;

	return v->count > shown ? v->count - shown : 0;
}

void view_panel_draw(const struct view_panel *v, struct cells *cells, struct area area)
{
	struct area box = area;
	struct area inside;
	int left_w = widest_left(v, cells);
	const size_t end = view_panel_end(v, area);
	size_t first = v->selected < end ? v->selected : end;

	/* A little of the view stays in sight. */
	if (area.w > 60) {
		box.x += 2;
		box.w -= 4;
	}
	box.h = box_height(v, area);
	box.y += (area.h - box.h) / 3;
	cells_blank(cells, box);
	inside = cells_box(cells, box, v->title);
	if (left_w > inside.w / 2)
		left_w = inside.w / 2;
	if (v->count == 0)
		(void)cells_field(cells, inside, 0, 0, inside.w, CELLS_DIM, v->empty);
	if (v->choose)
		first = inside.h > 0 && v->selected >= (size_t)inside.h
				? v->selected - (size_t)inside.h + 1
				: 0;
	for (int y = 0; y < inside.h && first + (size_t)y < v->count; y++)
		draw_row(v, first + (size_t)y, cells, inside, y, left_w);
	inside.w += 2; /* in the frame, where no text stands */
	cells_scroll_bar(cells, inside, first, v->count);
}
