/* SPDX-License-Identifier: Apache-2.0 */
/* The lines around every view: tabs, message or prompt, keys. */
#include "view/view.h"

#include "view/key.h"
#include "view/layout.h"

#include <string.h>

char *view_duration(uint64_t us, char *buf, size_t size)
{
	const uint64_t s = us / 1000000u;

	if (s >= 3600)
		(void)snprintf(buf, size, "%llu:%02u:%02u", (unsigned long long)(s / 3600),
			       (unsigned int)(s / 60 % 60), (unsigned int)(s % 60));
	else
		(void)snprintf(buf, size, "%u:%02u", (unsigned int)(s / 60),
			       (unsigned int)(s % 60));
	return buf;
}

/* Columns of a tab: "[1 Scan]". */
static int tab_width(enum view view, enum view open, int width)
{
	/* If the tabs do not all fit, only the open one is drawn. */
	if (width < 34 && view != open)
		return 0;
	return 3 + (width >= 50) + (int)strlen(width >= 50 ? view_name(view) : view_tab(view));
}

enum view view_frame_tab_at(enum view open, int width, int x)
{
	int end = 0;

	for (int i = 0; i < VIEWS; i++) {
		end += tab_width((enum view)i, open, width);
		if (x < end)
			return (enum view)i;
	}
	return VIEWS;
}

/*
 * The next entry of a line of keys that is drawn, two blanks separate them; *keys moves past it and
 * *x to behind it.  An entry that does not fit is left out whole, except for "? help": it leads to
 * the rest, so if there is room for some entries it is one of them.
 */
static const char *next_key(const char **keys, int width, int *x, size_t *ret_len)
{
	const char *help = strstr(*keys, "? help");

	while (**keys != '\0') {
		const char *entry = *keys, *end = strstr(entry, "  ");
		const int len = end ? (int)(end - entry) : (int)strlen(entry);
		const int spare =
			width >= 30 && help && entry < help ? 2 + (int)strlen("? help") : 0;

		*keys += len + (end ? 2 : 0);
		if (*x + len + spare > width) {
			if (spare == 0)
				break;
			*keys = help;
			continue;
		}
		*x += len + 2;
		*ret_len = (size_t)len;
		return entry;
	}
	return NULL;
}

int32_t view_frame_key_at(const char *keys, int width, int x)
{
	const char *entry;
	size_t len = 0;
	int end = 0;

	while ((entry = next_key(&keys, width, &end, &len)) != NULL) {
		const int start = end - 2 - (int)len;

		if (x >= start && x < start + (int)len)
			return key_by_name(entry, strcspn(entry, " "));
	}
	return TUI_KEY_NONE;
}

static void draw_tabs(const struct view_frame *frame, struct cells *cells, struct area area)
{
	const bool whole = area.w >= 50;
	int x = 0;

	if (frame->title)
		x = cells_text(cells, area, 0, 0, CELLS_TITLE, frame->title);
	for (int i = 0; i < VIEWS && !frame->title; i++) {
		const enum view view = (enum view)i;
		const bool open = view == frame->view;

		/* If the tabs do not all fit, only the open one is drawn. */
		if (area.w < 34 && !open)
			continue;
		x = cells_printf(cells, area, x, 0, open ? CELLS_TITLE : CELLS_DIM, "%s%d%s%s%s",
				 open ? "[" : " ", i + 1, whole ? " " : "",
				 whole ? view_name(view) : view_tab(view), open ? "]" : " ");
	}
	if (x + 1 + cells_columns(cells, frame->source) <= area.w)
		cells_right(cells, area, 0, frame->source_style, frame->source);
}

/* Bytes of the keys that an entry begins with: a word, and single characters after it. */
static size_t keys_length(const char *entry, size_t len)
{
	size_t end = strcspn(entry, " ");

	while (end + 2 < len && entry[end + 2] == ' ')
		end += 2;
	return end < len ? end : len;
}

static void draw_keys(const char *keys, struct cells *cells, struct area area)
{
	const char *entry;
	size_t len = 0;
	int end = 0;

	while ((entry = next_key(&keys, area.w, &end, &len)) != NULL) {
		const size_t key = keys_length(entry, len);
		int x = end - 2 - (int)len;

		x = cells_printf(cells, area, x, 0, CELLS_KEY, "%.*s", (int)key, entry);
		if (key < len)
			(void)cells_printf(cells, area, x, 0, CELLS_DIM, "%.*s", (int)(len - key),
					   entry + key);
	}
}

static void draw_prompt(const struct view_frame *frame, struct cells *cells, struct area area)
{
	char before[VIEW_TEXT];
	int x, skip;

	cells_blank(cells, area);
	x = cells_text(cells, area, 0, 0, CELLS_TITLE, frame->prompt);
	(void)snprintf(before, sizeof(before), "%.*s", (int)frame->input_cursor, frame->input);
	/* A long input moves left under the prompt, so that the cursor stays in sight. */
	skip = x + cells_columns(cells, before) + 1 - area.w;
	(void)area_left(&area, x);
	if (skip > 0) {
		const char *rest = frame->input;

		while (skip-- > 0 && *rest != '\0') {
			rest++;
			while ((*rest & 0xc0) == 0x80)
				rest++;
		}
		(void)cells_text(cells, area, 0, 0, CELLS_NORMAL, rest);
		cells->cursor_x = area.x + area.w - 1;
	} else {
		(void)cells_text(cells, area, 0, 0, CELLS_NORMAL, frame->input);
		cells->cursor_x = area.x + cells_columns(cells, before);
	}
	cells->cursor_y = area.y;
}

void view_frame_draw(const struct view_frame *frame, struct cells *cells)
{
	const struct layout l = layout_frame(cells_area(cells));
	/* A question must be seen at any size. */
	const struct area line = l.message.h > 0 ? l.message
				 : l.keys.h > 0	 ? l.keys
						 : cells_area(cells);

	draw_tabs(frame, cells, l.tabs);
	/* While a text is typed there is no line but this for what is said about it. */
	if (frame->prompt && frame->message && frame->message[0] != '\0' && l.message.h > 0)
		(void)cells_field(cells, l.keys, 0, 0, l.keys.w, frame->message_style,
				  frame->message);
	else
		draw_keys(frame->keys, cells, l.keys);
	if (frame->prompt)
		draw_prompt(frame, cells, line);
	else if (l.message.h > 0)
		(void)cells_field(cells, l.message, 0, 0, l.message.w, frame->message_style,
				  frame->message);
}
