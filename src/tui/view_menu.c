/* SPDX-License-Identifier: Apache-2.0 */
/* A menu over a view: facts, and the actions that fit, each with what it does. */
#include "tui/view.h"

static struct area menu_area(const struct view_menu *v, struct area area, int lines)
{
	struct area box = {.w = area.w < 76 ? area.w : 76, .h = lines + 2};

	(void)v;
	if (box.h > area.h)
		box.h = area.h;
	box.x = area.x + (area.w - box.w) / 2;
	box.y = area.y + (area.h - box.h) / 3;
	return box;
}

static void draw_choice(const struct view_menu *v, size_t i, struct cells *cells, struct area area,
			int y)
{
	const struct view_choice *choice = &v->choices[i];
	const enum cells_style style = choice->possible ? CELLS_NORMAL : CELLS_DIM;
	const int title_w = area.w >= 60 ? 34 : area.w - 3;

	(void)cells_printf(cells, area, 0, y, style, "%c%zu", i == v->selected ? '>' : ' ', i + 1);
	(void)cells_field(cells, area, 3, y, title_w, style, choice->title);
	if (area.w >= 60)
		(void)cells_field(cells, area, 38, y, area.w - 38, CELLS_DIM, choice->effect);
	if (i == v->selected)
		cells_paint(cells, (struct area){area.x, area.y + y, area.w, 1}, CELLS_SELECTED);
}

void view_menu_draw(const struct view_menu *v, struct cells *cells, struct area area)
{
	const size_t limit = sizeof(v->facts) / sizeof(v->facts[0]);
	size_t facts = 0, first = 0;
	struct area inside;
	int y = 0, rows;

	while (facts < limit && v->facts[facts])
		facts++;
	inside = cells_box(cells, menu_area(v, area, (int)(facts + v->count) + 3), v->title);
	/* Where there is no room for both, actions go before facts. */
	rows = inside.h - 1;
	while (facts > 0 && (int)(facts + v->count) > rows)
		facts--;
	for (size_t i = 0; i < facts; i++)
		(void)cells_field(cells, inside, 0, y++, inside.w,
				  i == 0 ? CELLS_BAD : CELLS_NORMAL, v->facts[i]);
	if (rows > y + (int)v->count && facts > 0)
		y++;
	if (rows > 0 && v->selected >= (size_t)(rows - y > 0 ? rows - y : 1))
		first = v->selected - (size_t)(rows - y > 0 ? rows - y : 1) + 1;
	for (size_t i = first; i < v->count && y < rows; i++)
		draw_choice(v, i, cells, inside, y++);
	(void)cells_printf(cells, inside, 0, inside.h - 1, CELLS_DIM, "$ %s",
			   v->count > 0 ? v->choices[v->selected].command : "");
}
