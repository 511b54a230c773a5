/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log below the dashboard - what went over the Control characteristic and what
 * it led to, or what the Bluetooth stack was asked: the latest LOGLIST_LINES of it,
 * with filter, search, bookmarks and a position that either follows the end or
 * stays at the line that is read.
 */
#ifndef OTABENCH_VIEW_LOGLIST_H
#define OTABENCH_VIEW_LOGLIST_H

#include "view/cells.h"

#define LOGLIST_LINES 1024u
#define LOGLIST_TEXT 280u /* every text whole: of Control at most 200, of a call 272 */
#define LOGLIST_RAW 64u /* the longest Control write a device accepts */

enum loglist_kind {
	LOGLIST_SENT,
	LOGLIST_RECEIVED,
	LOGLIST_ROUTINE, /* received again and again: ACK, PROGRESS, TELEMETRY, TIMES */
	LOGLIST_STATE, /* the update's state changed */
	LOGLIST_EVENT, /* stall, gap, retry, link lost */
	LOGLIST_TUNING, /* the operator changed something */
};

struct loglist_line {
	uint64_t at_us; /* as the list's owner counts */
	enum loglist_kind kind;
	enum cells_style style;
	char text[LOGLIST_TEXT]; /* its meaning */
	uint8_t raw[LOGLIST_RAW];
	uint8_t raw_len; /* 0: no bytes belong to it */
	bool bookmark;
};

struct loglist {
	struct loglist_line lines[LOGLIST_LINES]; /* a ring */
	uint64_t count; /* lines ever added; their numbers start at 0 */
	bool frozen; /* the line read is anchor, else the newest */
	uint64_t anchor;
	/* Routine lines stand as one, the newest, so that others stay in sight; not while there is
	 * a filter or a search, which may be for them. */
	bool unfolded;
	uint64_t routine; /* lines of them ever added ... */
	uint64_t newest_routine; /* ... and the number of the newest */
	char filter[64]; /* only lines that pass it; "" all */
	char search[64]; /* lines that hold it stand out; "" none */
};

void loglist_init(struct loglist *list);
/* text is made harmless when it is drawn; raw may be NULL with len 0. */
void loglist_add(struct loglist *list, uint64_t at_us, enum loglist_kind kind,
		 enum cells_style style, const char *text, const uint8_t *raw, size_t len);
/* A line by its number; NULL when it is gone or not there yet. */
const struct loglist_line *loglist_at(const struct loglist *list, uint64_t number);
/*
 * Returns true if the line is not folded away and the filter lets it through (view/terms.h): a term is a part of the text,
 * ASCII letters in any case; signs (loglist_sign()) are lines of these kinds.  "!ACK !~" leaves
 * out acknowledgements and what the operator tuned.
 */
bool loglist_matches(const struct loglist *list, const struct loglist_line *line);
/* Returns true while routine lines stand as one. */
bool loglist_folds(const struct loglist *list);
/* Moves by this many matching lines, negative to older ones; reaching the end follows again. */
void loglist_scroll(struct loglist *list, int lines);
void loglist_follow(struct loglist *list);
/* The line read: the last one that the filter lets through.  NULL: there is none. */
const struct loglist_line *loglist_selected(const struct loglist *list);
/* Marks, or unmarks, the line read. */
void loglist_bookmark(struct loglist *list);
/* Goes to the next line (direction 1) or the one before (-1) that holds the search, or that has
 * a bookmark; false: there is none, and it stays. */
bool loglist_find(struct loglist *list, int direction);
bool loglist_find_bookmark(struct loglist *list, int direction);
/*
 * loglist_draw.c: fills the area; the title line is the caller's.  While frozen, the line
 * read stands out with some of what came after it below, and where it does not fit in
 * its row, the whole of it stands at the end of the area.
 */
void loglist_draw(const struct loglist *list, struct cells *cells, struct area area);
/* The parts of a line for loglist_draw(): time "12:04:10.391", direction, bytes in hexadecimal. */
void loglist_format_time(uint64_t us, char *buf, size_t size);
char loglist_sign(enum loglist_kind kind);
void loglist_format_raw(const struct loglist_line *line, char *buf, size_t size);
/* The line as it is drawn and exported: time, direction, meaning, bytes.  Returns buf. */
char *loglist_format(const struct loglist_line *line, char *buf, size_t size);
/* Returns true if text holds part, ASCII letters in any case; true when part is "". */
bool loglist_contains(const char *text, const char *part);

#endif
