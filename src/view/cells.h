/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A screen as a grid of cells in memory: what the views draw into, what
 * ncurses is given, and what a test compares with a text picture.
 *
 * Text may come from the air: every string is made harmless (output.h) and cut
 * at whole characters, so that no name moves the cursor or spills into a
 * neighbour.  Attributes say what a text means; only term.c knows colours.
 */
#ifndef OTABENCH_VIEW_CELLS_H
#define OTABENCH_VIEW_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cells_style {
	CELLS_NORMAL,
	CELLS_DIM, /* labels, what is old */
	CELLS_TITLE, /* headings, the view that is open */
	CELLS_GOOD,
	CELLS_WARNING,
	CELLS_BAD,
	CELLS_KEY, /* a key in the last line */
	CELLS_STYLES
};

/* Symbols with another shape on a terminal without UTF-8. */
enum cells_symbol {
	CELLS_HORIZONTAL,
	CELLS_VERTICAL,
	CELLS_TOP_LEFT,
	CELLS_TOP_RIGHT,
	CELLS_BOTTOM_LEFT,
	CELLS_BOTTOM_RIGHT,
	CELLS_AXIS, /* a tick on a vertical axis */
	CELLS_CUT, /* text goes on */
	CELLS_THUMB, /* of a scroll bar */
	CELLS_SYMBOLS
};

#define CELLS_BYTES 12u /* a character and its combining marks, NUL included */
#define CELLS_WIDTH_MAX 512
#define CELLS_HEIGHT_MAX 256

struct cell {
	char text[CELLS_BYTES]; /* "" in the right half of a wide character */
	uint8_t style; /* enum cells_style */
	uint8_t width; /* columns: 1, 2; 0: the right half */
	bool selected; /* in the row on which a key acts */
};

struct cells {
	int width, height;
	bool ascii; /* no UTF-8: every other character becomes '?' */
	struct cell *grid; /* rows one after the other */
	int cursor_x, cursor_y; /* where the terminal's cursor is wanted; -1: hidden */
};

/* A part of the screen; drawing into it is clipped to it.  Empty when w or h <= 0. */
struct area {
	int x, y, w, h;
};

/* Sizes are bounded to 1..CELLS_*_MAX.  0 or -OTA_ENOMEM; all blank. */
int cells_init(struct cells *cells, int width, int height, bool ascii);
void cells_finish(struct cells *cells);
void cells_clear(struct cells *cells);

/* x, y, w, h in columns and rows; the whole screen. */
struct area cells_area(const struct cells *cells);
/* Cut from the top, or the bottom, of *from; h is bounded to what is there. */
struct area area_top(struct area *from, int h);
struct area area_bottom(struct area *from, int h);
/* The same from the left and the right. */
struct area area_left(struct area *from, int w);
struct area area_right(struct area *from, int w);

/*
 * Draws text at column x and row y of the area.  Returns the column after it,
 * whether it fit or not, so that a caller can go on in the same line.
 */
int cells_text(struct cells *cells, struct area area, int x, int y, enum cells_style style,
	       const char *text);
/*
 * One symbol of the program's own, one column wide: graphs are made of thousands a
 * frame, and nothing of what text from elsewhere needs is needed for them.
 */
void cells_put(struct cells *cells, struct area area, int x, int y, enum cells_style style,
	       const char *symbol);
#if defined(__GNUC__)
__attribute__((format(printf, 6, 7)))
#endif
int cells_printf(struct cells *cells, struct area area, int x, int y, enum cells_style style,
		 const char *format, ...);
/* Draws exactly width columns: padded, or cut with CELLS_CUT at its end.  Returns x + width. */
int cells_field(struct cells *cells, struct area area, int x, int y, int width,
		enum cells_style style, const char *text);
/* Ends in the area's last column, or starts in the first when it is too long. */
void cells_right(struct cells *cells, struct area area, int y, enum cells_style style,
		 const char *text);
/* Columns of text as cells_text() draws it. */
int cells_columns(const struct cells *cells, const char *text);
/* ASCII text broken at blanks, from row y on; returns the row after it, drawn or not. */
int cells_wrap(struct cells *cells, struct area area, int y, enum cells_style style,
	       const char *text);
/* Bytes of ASCII text that fit into so many columns, up to a blank where there is one. */
int cells_break(const char *text, int width);
/*
 * Puts the cursor's bar on what is drawn there, which keeps its styles: what is red says so
 * under the cursor, too.  Blocks and braille stay beside it, for a graph in reverse would
 * stand on its head.
 */
void cells_select(struct cells *cells, struct area area);
void cells_blank(struct cells *cells, struct area area);
/* A line across the area's row y, with a title in it ("": none). */
void cells_rule(struct cells *cells, struct area area, int y, const char *title);
/* A frame around the area with a title; returns its inside. */
struct area cells_box(struct cells *cells, struct area area, const char *title);
/* A scroll bar in the area's last column, if rows are hidden: of total rows those from first on
 * are shown, as many as the area has.  Drawn over what is there. */
void cells_scroll_bar(struct cells *cells, struct area area, size_t first, size_t total);
const char *cells_symbol(const struct cells *cells, enum cells_symbol symbol);

/* The cell, or NULL outside. */
const struct cell *cells_at(const struct cells *cells, int x, int y);
/* Writes the cells as text, a line for each row, without blanks at its end. */
void cells_dump(const struct cells *cells, FILE *out);

#endif
