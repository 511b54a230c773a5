/* SPDX-License-Identifier: Apache-2.0 */
/* See cells.h. */
#include "config.h" /* system extensions: wcwidth() */

#include "view/cells.h"

#include "base/output.h"
#include "ota/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TEXT_MAX 2048u

static int bound(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

int cells_init(struct cells *cells, int width, int height, bool ascii)
{
	struct cells made = {
		.width = bound(width, 1, CELLS_WIDTH_MAX),
		.height = bound(height, 1, CELLS_HEIGHT_MAX),
		.ascii = ascii,
	};

	made.grid = calloc((size_t)made.width * (size_t)made.height, sizeof(*made.grid));
	if (!made.grid)
		return -OTA_ENOMEM;
	*cells = made;
	cells_clear(cells);
	return 0;
}

void cells_finish(struct cells *cells)
{
	free(cells->grid);
	cells->grid = NULL;
}

static const struct cell blank = {.text = " ", .style = CELLS_NORMAL, .width = 1};

void cells_clear(struct cells *cells)
{
	const size_t count = (size_t)cells->width * (size_t)cells->height;

	for (size_t i = 0; i < count; i++)
		cells->grid[i] = blank;
	cells->cursor_x = cells->cursor_y = -1;
}

struct area cells_area(const struct cells *cells)
{
	return (struct area){0, 0, cells->width, cells->height};
}

struct area area_top(struct area *from, int h)
{
	struct area part = *from;

	part.h = bound(h, 0, from->h > 0 ? from->h : 0);
	from->y += part.h;
	from->h -= part.h;
	return part;
}

struct area area_bottom(struct area *from, int h)
{
	struct area part = *from;

	part.h = bound(h, 0, from->h > 0 ? from->h : 0);
	from->h -= part.h;
	part.y = from->y + from->h;
	return part;
}

struct area area_left(struct area *from, int w)
{
	struct area part = *from;

	part.w = bound(w, 0, from->w > 0 ? from->w : 0);
	from->x += part.w;
	from->w -= part.w;
	return part;
}

struct area area_right(struct area *from, int w)
{
	struct area part = *from;

	part.w = bound(w, 0, from->w > 0 ? from->w : 0);
	from->w -= part.w;
	part.x = from->x + from->w;
	return part;
}

/* --- one character */

/* Decodes a character of well-formed UTF-8; returns its bytes. */
static size_t decode(const char *text, wchar_t *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t code = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (s[i] & 0x3fu);
	*ret = (wchar_t)code;
	return len;
}

/* Columns of a character; -1: show '?' instead. */
static int columns_of(const struct cells *cells, wchar_t code)
{
	int width;

	if (code < 0x80)
		return 1;
	if (cells->ascii)
		return -1;
	width = wcwidth(code);
	return width < 0 || width > 2 ? -1 : width;
}

static struct cell *at(const struct cells *cells, int x, int y)
{
	if (x < 0 || y < 0 || x >= cells->width || y >= cells->height)
		return NULL;
	return &cells->grid[(size_t)y * (size_t)cells->width + (size_t)x];
}

const struct cell *cells_at(const struct cells *cells, int x, int y)
{
	return at(cells, x, y);
}

static void set_blank(struct cell *cell)
{
	const uint8_t style = cell->style;

	*cell = blank;
	cell->style = style;
}

/* Half of a wide character cannot stay when the other half is written over. */
static void part_wide(struct cells *cells, int x, int y)
{
	struct cell *cell = at(cells, x, y);
	struct cell *other;

	if (!cell || cell->width == 1)
		return;
	other = at(cells, cell->width == 2 ? x + 1 : x - 1, y);
	if (other)
		set_blank(other);
	set_blank(cell);
}

static void put(struct cells *cells, int x, int y, enum cells_style style, const char *text,
		size_t len, int width)
{
	struct cell *cell = at(cells, x, y);

	for (int i = 0; i < width; i++)
		part_wide(cells, x + i, y);
	*cell = (struct cell){.style = (uint8_t)style, .width = (uint8_t)width};
	memcpy(cell->text, text, len < CELLS_BYTES ? len : CELLS_BYTES - 1);
	if (width == 2)
		*at(cells, x + 1, y) = (struct cell){.style = (uint8_t)style, .width = 0};
}

/* A mark that combines with the character before it. */
static void join(struct cells *cells, int x, int y, const char *text, size_t len)
{
	struct cell *cell = at(cells, x, y);
	size_t old;

	if (cell && cell->width == 0)
		cell = at(cells, x - 1, y);
	if (!cell)
		return;
	old = strlen(cell->text);
	if (old > 0 && old + len < CELLS_BYTES)
		memcpy(cell->text + old, text, len);
}

/* --- text */

static bool visible(const struct cells *cells, struct area area, int x, int y, int width)
{
	return x >= 0 && y >= 0 && x + width <= area.w && y < area.h && area.x + x >= 0 &&
	       area.y + y >= 0 && area.x + x + width <= cells->width && area.y + y < cells->height;
}

/* Draws harmless text, as far as column limit of the area; returns the column after it. */
static int cells_draw(struct cells *cells, struct area area, int x, int y, int limit,
		      enum cells_style style, const char *text)
{
	int last = -1; /* column of the character that a mark would join */

	while (*text != '\0') {
		wchar_t code;
		size_t len = decode(text, &code);
		const char *shown = text;
		size_t shown_len = len;
		int width = columns_of(cells, code);

		text += len;
		if (width == -1) {
			shown = "?";
			shown_len = 1;
			width = 1;
		}
		if (width == 0) {
			if (last >= 0)
				join(cells, area.x + last, area.y + y, shown, shown_len);
			continue;
		}
		last = -1;
		if (x + width <= limit && visible(cells, area, x, y, width)) {
			put(cells, area.x + x, area.y + y, style, shown, shown_len, width);
			last = x;
		}
		x += width;
	}
	return x;
}

/* Most text is ASCII, which is harmless as it is: only the rest is copied into buf. */
static const char *make_safe(const char *text, char buf[TEXT_MAX])
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] <= '~')
		len++;
	if (text[len] == '\0')
		return text;
	(void)output_safe_text(text, len + strlen(text + len), buf, TEXT_MAX);
	return buf;
}

void cells_put(struct cells *cells, struct area area, int x, int y, enum cells_style style,
	       const char *symbol)
{
	if (visible(cells, area, x, y, 1))
		put(cells, area.x + x, area.y + y, style, symbol, strlen(symbol), 1);
}

int cells_text(struct cells *cells, struct area area, int x, int y, enum cells_style style,
	       const char *text)
{
	char safe[TEXT_MAX];

	return cells_draw(cells, area, x, y, area.w, style, make_safe(text, safe));
}

int cells_printf(struct cells *cells, struct area area, int x, int y, enum cells_style style,
		 const char *format, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return cells_text(cells, area, x, y, style, text);
}

int cells_columns(const struct cells *cells, const char *text)
{
	char safe[TEXT_MAX];
	int columns = 0;

	for (const char *s = make_safe(text, safe); *s != '\0';) {
		wchar_t code;
		int width;

		s += decode(s, &code);
		width = columns_of(cells, code);
		if (width != -2)
			columns += width < 0 ? 1 : width;
	}
	return columns;
}

int cells_break(const char *text, int width)
{
	const int len = (int)strlen(text);
	int end = width > 0 ? width : 1;

	if (len <= end)
		return len;
	for (int i = end; i > 0; i--) {
		if (text[i] == ' ')
			return i;
	}
	return end;
}

int cells_wrap(struct cells *cells, struct area area, int y, enum cells_style style,
	       const char *text)
{
	while (*text != '\0' && area.w > 0) {
		const int end = cells_break(text, area.w);

		(void)cells_printf(cells, area, 0, y++, style, "%.*s", end, text);
		text += end;
		text += strspn(text, " ");
	}
	return y;
}

int cells_field(struct cells *cells, struct area area, int x, int y, int width,
		enum cells_style style, const char *text)
{
	char buf[TEXT_MAX];
	const char *safe = make_safe(text, buf);
	bool cut;
	int end;

	if (width <= 0)
		return x;
	cut = cells_columns(cells, safe) > width;
	end = cells_draw(cells, area, x, y, cut ? x + width - 1 : x + width, style, safe);
	if (!cut) {
		while (end < x + width)
			cells_put(cells, area, end++, y, CELLS_NORMAL, " ");
		return x + width;
	}
	/* A wide character may have left one column before the sign empty. */
	if (width > 1 && visible(cells, area, x + width - 2, y, 1) &&
	    at(cells, area.x + x + width - 2, area.y + y)->width == 2)
		part_wide(cells, area.x + x + width - 2, area.y + y);
	(void)cells_draw(cells, area, x + width - 1, y, area.w, style,
			 cells_symbol(cells, CELLS_CUT));
	return x + width;
}

void cells_right(struct cells *cells, struct area area, int y, enum cells_style style,
		 const char *text)
{
	int x = area.w - cells_columns(cells, text);

	(void)cells_text(cells, area, x < 0 ? 0 : x, y, style, text);
}

static bool is_graph(const struct cell *cell)
{
	const unsigned char *s = (const unsigned char *)cell->text;

	/* U+2580 to U+259F, U+2800 to U+28FF, in UTF-8 */
	return s[0] == 0xe2 && ((s[1] == 0x96 && s[2] < 0xa0) || (s[1] >= 0xa0 && s[1] <= 0xa3));
}

void cells_select(struct cells *cells, struct area area)
{
	for (int y = 0; y < area.h; y++) {
		for (int x = 0; x < area.w; x++) {
			struct cell *cell = at(cells, area.x + x, area.y + y);

			if (cell)
				cell->selected = !is_graph(cell);
		}
	}
}

void cells_blank(struct cells *cells, struct area area)
{
	for (int y = 0; y < area.h; y++) {
		for (int x = 0; x < area.w; x++) {
			struct cell *cell = at(cells, area.x + x, area.y + y);

			if (!cell)
				continue;
			part_wide(cells, area.x + x, area.y + y);
			*cell = blank;
		}
	}
}

const char *cells_symbol(const struct cells *cells, enum cells_symbol symbol)
{
	static const char *const symbols[CELLS_SYMBOLS][2] = {
		[CELLS_HORIZONTAL] = {"─", "-"},  [CELLS_VERTICAL] = {"│", "|"},
		[CELLS_TOP_LEFT] = {"┌", "+"},	  [CELLS_TOP_RIGHT] = {"┐", "+"},
		[CELLS_BOTTOM_LEFT] = {"└", "+"}, [CELLS_BOTTOM_RIGHT] = {"┘", "+"},
		[CELLS_AXIS] = {"┤", "|"},	  [CELLS_CUT] = {"…", "~"},
		[CELLS_THUMB] = {"█", "#"},
	};

	return symbols[symbol][cells->ascii];
}

void cells_rule(struct cells *cells, struct area area, int y, const char *title)
{
	for (int x = 0; x < area.w; x++)
		cells_put(cells, area, x, y, CELLS_DIM, cells_symbol(cells, CELLS_HORIZONTAL));
	if (title[0] != '\0' && area.w > 6)
		(void)cells_printf(cells, area, 2, y, CELLS_TITLE, " %s ", title);
}

void cells_scroll_bar(struct cells *cells, struct area area, size_t first, size_t total)
{
	const size_t rows = area.h > 0 ? (size_t)area.h : 0;
	size_t thumb, top;

	if (rows < 2 || total <= rows || area.w < 2)
		return;
	thumb = rows * rows / total > 0 ? rows * rows / total : 1;
	first = first < total - rows ? first : total - rows;
	top = first * (rows - thumb) / (total - rows);
	/* Only at the ends does it stand at an end. */
	if (top == 0 && first > 0 && rows - thumb > 1)
		top = 1;
	if (top == rows - thumb && first < total - rows && top > 1)
		top--;
	for (size_t y = 0; y < rows; y++) {
		const bool is_thumb = y >= top && y < top + thumb;

		cells_put(cells, area, area.w - 1, (int)y, CELLS_DIM,
			  cells_symbol(cells, is_thumb ? CELLS_THUMB : CELLS_VERTICAL));
	}
}

struct area cells_box(struct cells *cells, struct area area, const char *title)
{
	struct area inside = {area.x + 2, area.y + 1, area.w - 4, area.h - 2};

	cells_blank(cells, area);
	cells_rule(cells, area, 0, title);
	cells_rule(cells, area, area.h - 1, "");
	for (int y = 1; y < area.h - 1; y++) {
		const char *side = cells_symbol(cells, CELLS_VERTICAL);

		cells_put(cells, area, 0, y, CELLS_DIM, side);
		cells_put(cells, area, area.w - 1, y, CELLS_DIM, side);
	}
	cells_put(cells, area, 0, 0, CELLS_DIM, cells_symbol(cells, CELLS_TOP_LEFT));
	cells_put(cells, area, area.w - 1, 0, CELLS_DIM, cells_symbol(cells, CELLS_TOP_RIGHT));
	cells_put(cells, area, 0, area.h - 1, CELLS_DIM, cells_symbol(cells, CELLS_BOTTOM_LEFT));
	cells_put(cells, area, area.w - 1, area.h - 1, CELLS_DIM,
		  cells_symbol(cells, CELLS_BOTTOM_RIGHT));
	return inside;
}

void cells_dump(const struct cells *cells, FILE *out)
{
	for (int y = 0; y < cells->height; y++) {
		const struct cell *row = &cells->grid[(size_t)y * (size_t)cells->width];
		int end = cells->width;

		while (end > 0 && strcmp(row[end - 1].text, " ") == 0)
			end--;
		for (int x = 0; x < end; x++)
			(void)fputs(row[x].text, out);
		(void)fputc('\n', out);
	}
}
