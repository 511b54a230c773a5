/* SPDX-License-Identifier: Apache-2.0 */
/* See svg.h. */
#include "view/svg.h"

#include <string.h>

/* Pixels of a cell; the font's size is such that its usual width is about CELL_W. */
#define CELL_W 8
#define CELL_H 17
#define BASELINE 13
#define FONT_SIZE "13.3"
#define MARGIN 10
#define EIGHTHS 8

#define BACKGROUND "#16181d"

static const struct {
	const char *colour;
	bool bold;
} looks[CELLS_STYLES] = {
	[CELLS_NORMAL] = {"#d7dae0", false}, [CELLS_DIM] = {"#848b98", false},
	[CELLS_TITLE] = {"#5fd0e0", true},   [CELLS_GOOD] = {"#7ec77b", false},
	[CELLS_WARNING] = {"#e8c268", true}, [CELLS_BAD] = {"#f0717a", true},
	[CELLS_KEY] = {"#ffffff", true},
};
#define REVERSED "#d7dae0"

struct box {
	int x, y; /* pixels of the cell's upper left corner */
};

static uint32_t code_of(const struct cell *cell)
{
	const unsigned char *s = (const unsigned char *)cell->text;

	if (s[0] < 0x80)
		return s[0];
	if (s[0] < 0xe0)
		return (uint32_t)(s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	if (s[0] < 0xf0)
		return (uint32_t)(s[0] & 0x0fu) << 12 | (uint32_t)(s[1] & 0x3fu) << 6 |
		       (s[2] & 0x3fu);
	return UINT32_MAX; /* none of the symbols below */
}

/* --- shapes */

static void rectangle(FILE *out, int x, int y, int w, int h)
{
	(void)fprintf(out, "M%d %dh%dv%dh-%dz", x, y, w, h, w);
}

/* Arms of a box drawing character: up, down, left, right. */
struct arms {
	uint32_t code;
	bool up, down, left, right;
};

static const struct arms arms[] = {
	{0x2500, false, false, true, true}, {0x2502, true, true, false, false},
	{0x250c, false, true, false, true}, {0x2510, false, true, true, false},
	{0x2514, true, false, false, true}, {0x2518, true, false, true, false},
	{0x251c, true, true, false, true},  {0x2524, true, true, true, false},
	{0x252c, false, true, true, true},  {0x2534, true, false, true, true},
	{0x253c, true, true, true, true},
};

static const struct arms *arms_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++) {
		if (arms[i].code == code)
			return &arms[i];
	}
	return NULL;
}

static void draw_arms(FILE *out, struct box at, const struct arms *a)
{
	const int middle_x = at.x + CELL_W / 2, middle_y = at.y + CELL_H / 2;

	if (a->left || a->right) {
		const int from = a->left ? at.x : middle_x;
		const int to = a->right ? at.x + CELL_W : middle_x + 1;

		rectangle(out, from, middle_y, to - from, 1);
	}
	if (a->up || a->down) {
		const int from = a->up ? at.y : middle_y;
		const int to = a->down ? at.y + CELL_H : middle_y + 1;

		rectangle(out, middle_x, from, 1, to - from);
	}
}

/* Dots of U+2800 + bits: bits 0-2 and 6 are the left column, 3-5 and 7 the right one. */
static void draw_braille(FILE *out, struct box at, uint32_t bits)
{
	static const uint8_t rows[8] = {0, 1, 2, 0, 1, 2, 3, 3};
	static const uint8_t columns[8] = {0, 0, 0, 1, 1, 1, 0, 1};

	for (unsigned int i = 0; i < 8; i++) {
		if (bits & 1u << i)
			rectangle(out, at.x + 1 + columns[i] * 4, at.y + 1 + rows[i] * 4, 2, 3);
	}
}

/* Light, medium and dark: columns of a cell that are painted, side by side a hatching. */
static void draw_shade(FILE *out, struct box at, uint32_t code)
{
	const int width = (int)(code - 0x2590);

	for (int x = 0; x < CELL_W; x += CELL_W / 2)
		rectangle(out, at.x + x, at.y, width, CELL_H);
}

static bool is_shape(uint32_t code)
{
	return (code >= 0x2581 && code <= 0x2588) || (code >= 0x2591 && code <= 0x2593) ||
	       (code >= 0x2800 && code <= 0x28ff) || arms_of(code);
}

static void draw_shape(FILE *out, struct box at, uint32_t code)
{
	const struct arms *a = arms_of(code);

	if (a) {
		draw_arms(out, at, a);
	} else if (code >= 0x2800) {
		draw_braille(out, at, code - 0x2800);
	} else if (code <= 0x2588) {
		const int h = ((int)(code - 0x2580) * CELL_H + EIGHTHS / 2) / EIGHTHS;

		rectangle(out, at.x, at.y + CELL_H - h, CELL_W, h);
	} else {
		draw_shade(out, at, code);
	}
}

static struct box box_of(int x, int y)
{
	return (struct box){MARGIN + x * CELL_W, MARGIN + y * CELL_H};
}

/* All shapes of a style are one path: a graph has thousands. */
static void write_shapes(const struct cells *cells, enum cells_style style, FILE *out)
{
	bool open = false;

	for (int y = 0; y < cells->height; y++) {
		for (int x = 0; x < cells->width; x++) {
			const struct cell *cell = cells_at(cells, x, y);
			const uint32_t code = code_of(cell);

			if (cell->style != style || !is_shape(code))
				continue;
			if (!open)
				(void)fprintf(out, "<path fill=\"%s\" d=\"", looks[style].colour);
			open = true;
			draw_shape(out, box_of(x, y), code);
		}
	}
	if (open)
		(void)fputs("\"/>\n", out);
}

/* --- text */

static bool is_blank(const struct cell *cell)
{
	return strcmp(cell->text, " ") == 0;
}

static void write_escaped(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			(void)fputs("&lt;", out);
		else if (*text == '>')
			(void)fputs("&gt;", out);
		else if (*text == '&')
			(void)fputs("&amp;", out);
		else
			(void)fputc(*text, out);
	}
}

/* Columns from x on that are one text: same style, no shape, no gap of two blanks. */
static int run_length(const struct cells *cells, int x, int y)
{
	const struct cell *first = cells_at(cells, x, y);
	int end = x, last = x;

	while (end < cells->width) {
		const struct cell *cell = cells_at(cells, end, y);

		if (cell->style != first->style || cell->selected != first->selected ||
		    is_shape(code_of(cell)))
			break;
		if (is_blank(cell) && end > last)
			break;
		end++;
		if (!is_blank(cell))
			last = end;
	}
	return last - x;
}

static void write_run(const struct cells *cells, int x, int y, int length, FILE *out)
{
	const struct cell *first = cells_at(cells, x, y);
	const struct box at = box_of(x, y);

	(void)fprintf(out, "<text x=\"%d\" y=\"%d\" fill=\"%s\"%s textLength=\"%d\">", at.x,
		      at.y + BASELINE, first->selected ? BACKGROUND : looks[first->style].colour,
		      looks[first->style].bold ? " font-weight=\"bold\"" : "", length * CELL_W);
	for (int i = 0; i < length; i++)
		write_escaped(cells_at(cells, x + i, y)->text, out);
	(void)fputs("</text>\n", out);
}

static void write_row(const struct cells *cells, int y, FILE *out)
{
	for (int x = 0; x < cells->width;) {
		const struct cell *cell = cells_at(cells, x, y);
		int length = 1;

		if (!is_blank(cell) && !is_shape(code_of(cell)) && cell->width > 0) {
			length = run_length(cells, x, y);
			write_run(cells, x, y, length, out);
		}
		x += length > 0 ? length : 1;
	}
}

/* --- what is behind */

/* A selected cell is reversed: it has its colour behind it, but grey would be too dark there. */
static const char *bar_of(const struct cell *cell)
{
	const enum cells_style style = (enum cells_style)cell->style;

	return !cell->selected ? NULL : style == CELLS_DIM ? REVERSED : looks[style].colour;
}

static void write_reversed(const struct cells *cells, FILE *out)
{
	for (int y = 0; y < cells->height; y++) {
		for (int x = 0; x < cells->width;) {
			const char *bar = bar_of(cells_at(cells, x, y));
			const struct box at = box_of(x, y);
			int end = x + 1;

			while (end < cells->width && bar_of(cells_at(cells, end, y)) == bar)
				end++;
			if (bar)
				(void)fprintf(out,
					      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
					      "fill=\"%s\"/>\n",
					      at.x, at.y, (end - x) * CELL_W, CELL_H, bar);
			x = end;
		}
	}
}

static void write_cursor(const struct cells *cells, FILE *out)
{
	const struct box at = box_of(cells->cursor_x, cells->cursor_y);

	if (cells->cursor_x < 0 || cells->cursor_y < 0)
		return;
	(void)fprintf(out,
		      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"" REVERSED
		      "\" opacity=\"0.6\"/>\n",
		      at.x, at.y, CELL_W, CELL_H);
}

void svg_write(const struct cells *cells, FILE *out)
{
	const int width = cells->width * CELL_W + 2 * MARGIN;
	const int height = cells->height * CELL_H + 2 * MARGIN;

	(void)fprintf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "viewBox=\"0 0 %d %d\">\n"
		      "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"" BACKGROUND "\"/>\n"
		      "<g font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" "
		      "font-size=\"" FONT_SIZE "\" xml:space=\"preserve\" "
		      "shape-rendering=\"crispEdges\">\n",
		      width, height, width, height);
	write_reversed(cells, out);
	for (int style = 0; style < CELLS_STYLES; style++)
		write_shapes(cells, (enum cells_style)style, out);
	for (int y = 0; y < cells->height; y++)
		write_row(cells, y, out);
	write_cursor(cells, out);
	(void)fputs("</g>\n</svg>\n", out);
}
