/* SPDX-License-Identifier: Apache-2.0 */
/* A menu over a view: facts, and the actions that fit, each with what it does. */
#include "view/view.h"

#include <string.h>

#define WIDE_W 52 /* from here on effects stand beside their titles */

size_t view_menu_of(const struct view_choice *choices, size_t count, int32_t key)
{
	size_t i = 0;

	while (i < count && choices[i].key != key)
		i++;
	return i;
}

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
	const int title_w = area.w >= WIDE_W ? 27 : area.w - 3;

	(void)cells_printf(cells, area, 0, y, style, "%c", i == v->selected ? '>' : ' ');
	(void)cells_printf(cells, area, 1, y, choice->possible ? CELLS_KEY : CELLS_DIM, "%c",
			   choice->key);
	(void)cells_field(cells, area, 3, y, title_w, style, choice->title);
	if (area.w >= WIDE_W)
		(void)cells_field(cells, area, 31, y, area.w - 31, CELLS_DIM, choice->effect);
	if (i == v->selected)
		cells_select(cells, (struct area){area.x, area.y + y, area.w, 1});
}

#define COMMAND_ROWS 2 /* at most, where there are rows to spare */

/* Rows that the longest of the command lines takes, so that the box stays as one moves. */
static int command_rows(const struct view_menu *v, int width)
{
	int rows = 1;

	for (size_t i = 0; i < v->count; i++) {
		if ((int)strlen(v->choices[i].command) + 2 > width)
			rows = COMMAND_ROWS;
	}
	return rows;
}

/* Bytes for a row: up to a blank, but a word longer than a row goes on in the next one. */
static int piece_of(const char *command, int room)
{
	int end = cells_break(command, room);

	if (end >= room / 2 || (int)strlen(command) <= room)
		return end;
	for (end = room; end > 1 && ((unsigned char)command[end] & 0xc0) == 0x80;)
		end--; /* a character is not cut */
	return end;
}

/* The last row tells that there is more. */
static void draw_command(const char *command, struct cells *cells, struct area area)
{
	int x = command[0] == ':' || command[0] == '\0'
			? 0
			: cells_text(cells, area, 0, 0, CELLS_DIM, "$ ");

	for (int y = 0; y < area.h && *command != '\0'; y++) {
		const int len = (int)strlen(command), room = area.w - x;
		const int end = y + 1 < area.h ? piece_of(command, room) : len;

		if (end < len)
			(void)cells_printf(cells, area, x, y, CELLS_DIM, "%.*s", end, command);
		else
			(void)cells_field(cells, area, x, y, room, CELLS_DIM, command);
		command += end;
		command += *command == ' ';
		x = 2;
	}
}

/* The selected one's command line, and above it its effect where that has no room beside. */
static void draw_below(const struct view_menu *v, struct cells *cells, struct area area)
{
	const struct view_choice *choice = &v->choices[v->selected];

	if (v->count == 0)
		return;
	if (area.w < WIDE_W && area.h > 1)
		(void)cells_field(cells, area_top(&area, 1), 0, 0, area.w, CELLS_NORMAL,
				  choice->effect);
	draw_command(choice->command, cells, area);
}

static int possible(const struct view_menu *v)
{
	int count = 0;

	for (size_t i = 0; i < v->count; i++)
		count += v->choices[i].possible;
	return count;
}

struct menu_layout {
	struct area box, inside;
	size_t facts, first; /* facts shown; first choice shown */
	int fact_rows; /* that these take */
	int top, rows, below; /* of the first choice; lines for facts and choices; after them */
};

/* Texts from outside are cut, not broken: only ASCII has a column for each byte. */
static bool is_ascii(const char *text)
{
	while (*text > 0)
		text++;
	return *text == '\0';
}

#define FACT_ROWS 2 /* of one fact at most */

static int rows_of(const char *fact, int width)
{
	int rows = 0;

	if (!is_ascii(fact) || width <= 0)
		return 1;
	while (*fact != '\0' && rows < FACT_ROWS) {
		fact += cells_break(fact, width);
		fact += strspn(fact, " ");
		rows++;
	}
	return rows;
}

static int rows_of_facts(const struct view_menu *v, size_t count, int width)
{
	int rows = 0;

	for (size_t i = 0; i < count; i++)
		rows += rows_of(v->facts[i], width);
	return rows;
}

/* Returns the row after it. */
static int draw_fact(const struct view_menu *v, size_t i, struct cells *cells, struct area area,
		     int y)
{
	const enum cells_style style = i == 0 ? v->what : CELLS_NORMAL;
	const int rows = rows_of(v->facts[i], area.w);
	const char *text = v->facts[i];

	for (int row = 0; row + 1 < rows; row++) {
		const int end = cells_break(text, area.w);

		(void)cells_printf(cells, area, 0, y++, style, "%.*s", end, text);
		text += end;
		text += strspn(text, " ");
	}
	(void)cells_field(cells, area, 0, y++, area.w, style, text);
	return y;
}

static struct menu_layout lay_menu(const struct view_menu *v, struct area area)
{
	const size_t limit = sizeof(v->facts) / sizeof(v->facts[0]);
	struct menu_layout l = {.facts = 0};
	size_t room;
	int rows;

	while (l.facts < limit && v->facts[l.facts])
		l.facts++;
	l.box = menu_area(v, area, 2);
	rows = command_rows(v, l.box.w - 4);
	l.fact_rows = rows_of_facts(v, l.facts, l.box.w - 4);
	l.box = menu_area(v, area, l.fact_rows + (int)v->count + 2 + rows);
	l.inside = (struct area){l.box.x + 2, l.box.y + 1, l.box.w - 4, l.box.h - 2};
	/* If not all of it fits, actions that are possible have precedence over their command
	 * line, and that over all facts but the first, which tells the failure. */
	rows = l.inside.h >= 10 ? rows : 1;
	l.below = l.inside.h < 2 ? 0 : l.inside.w >= WIDE_W || l.inside.h < 5 ? rows : 1 + rows;
	l.rows = l.inside.h - l.below;
	while (l.facts > (l.rows >= 6 ? 1 : 0) && l.fact_rows + possible(v) > l.rows)
		l.fact_rows = rows_of_facts(v, --l.facts, l.inside.w);
	l.top = l.fact_rows + (l.facts > 0 && l.rows > l.fact_rows + possible(v));
	room = l.rows > l.top ? (size_t)(l.rows - l.top) : 1;
	if (v->selected >= room)
		l.first = v->selected - room + 1;
	return l;
}

size_t view_menu_at(const struct view_menu *v, struct area area, int x, int y)
{
	const struct menu_layout l = lay_menu(v, area);
	const int line = y - l.inside.y - l.top;

	if (x < l.inside.x || x >= l.inside.x + l.inside.w || line < 0 || line >= l.rows - l.top ||
	    l.first + (size_t)line >= v->count)
		return v->count;
	return l.first + (size_t)line;
}

void view_menu_draw(const struct view_menu *v, struct cells *cells, struct area area)
{
	const struct menu_layout l = lay_menu(v, area);
	struct area inside = cells_box(cells, l.box, v->title);
	int y = 0;

	for (size_t i = 0; i < l.facts; i++)
		y = draw_fact(v, i, cells, inside, y);
	y = l.top;
	for (size_t i = l.first; i < v->count && y < l.rows; i++)
		draw_choice(v, i, cells, inside, y++);
	draw_below(v, cells, area_bottom(&inside, l.below));
}
