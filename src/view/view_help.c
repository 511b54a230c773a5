/* SPDX-License-Identifier: Apache-2.0 */
/* Help: the open view's keys first, then those that work everywhere. */
#include "view/view.h"

#include <string.h>

struct line {
	const char *key, *text;
};

static const struct line scan_lines[] = {
	{"Enter", "choose this device, connect and ask what it runs"},
	{"/  n N", "search in names and addresses; next, previous"},
	{"\\", "filter, terms that must all hold: ota  rssi>-80  part of a name  !term"},
	{"s", "sort: as found, RSSI, name, last seen"},
	{"Z", "rows stay where they are, new ones come last; or move as they change"},
	{"Space", "mark: comes first with the next sorting, passes every filter"},
	{"R", "recover: what happened to this device, and the actions that fit"},
	{"", "OTA: yes, once asked full or basic; other is another project's; - none"},
	{NULL, NULL},
};
static const struct line device_lines[] = {
	{"u", "upload the chosen image (asks)"},
	{"p", "pause, go on"},
	{"x", "cancel: the device is brought to idle, its firmware stays (asks)"},
	{"R", "recover: what happened, and the actions that fit"},
	{"[ ]", "pacing: less, more time between values; in force at once"},
	{"m", "write mode: request, command; in force at once"},
	{"- +", "chunk: smaller at once, larger with the next upload"},
	{"{ }", "window: half, double; in force at once"},
	{"c", "connect and ask the device what it runs"},
	{"T", "graph of braille, blocks or ASCII; dotted: what the link can carry at most"},
	{"PgUp PgDn", "read the log, the line chosen in full; End, or Z, follows again"},
	{"@", "the other log: calls to the Bluetooth stack, or Control"},
	{"/  n N", "search the log; older, newer"},
	{"\\", "filter the log: only lines that hold this text"},
	{"b  ' \"", "bookmark the line; to the bookmark before, after"},
	{"y", "copy the line to the terminal's clipboard"},
	{"E", "write both logs to a file, with all bytes"},
	{"", "in the log: > sent  < received  * state  ! event  ~ tuned by you"},
	{"", "below the graph: S stall  R retry  r resumed  g gap  ~ tuned"},
	{"", "q/rcvd/fl: queued, received by the device, flushed to its flash"},
	{"", "in a recording (otabench replay), which has no device:"},
	{"Space p", "stop and go on; at the end: once more"},
	{"- +  < >", "slower, faster: 0.25x to 64x, then as fast as it goes; = real time"},
	{". ,", "one event on, one back"},
	{"Left Right", "5 s back, 5 s on; Home, End: its beginning, its end"},
	{"{ }", "the mark before, the mark after: states, stalls, retries, tuning"},
	{"( )", "the run before, the run after, where it holds several"},
	{NULL, NULL},
};
static const struct line profile_lines[] = {
	{"Enter", "type a new value; a wrong one says what was expected"},
	{"d", "back to the default"},
	{"u  Ctrl-R", "undo, redo: step by step, whatever changed a value"},
	{"D", "what differs from the file: keys, then lines"},
	{"e", "open the file in $VISUAL or $EDITOR; it is read again then"},
	{"w", "write: only changed values, comments stay; a built-in one becomes yours"},
	{"W", "write as another NAME, or FILE.yaml"},
	{"L", "choose another profile; once more: type a path"},
	{"", "IN FORCE, WHY: what the last run's link and device made of a value"},
	{NULL, NULL},
};
static const struct line image_lines[] = {
	{"o", "open an image file: Tab completes, Up Down choose a recent one"},
	{"", "a folder lists the images in it and in its build/"},
	{"u", "upload it to the chosen device (asks)"},
	{"c", "compare with what the device runs"},
	{"y", "copy the SHA-256 to the terminal's clipboard"},
	{"", "a file that a build changes is read again at once"},
	{NULL, NULL},
};
static const struct line history_lines[] = {
	{"Enter", "one run: all that is kept of it; q closes it"},
	{"Space", "mark a run; two of them can be compared"},
	{"c", "compare the marked runs, or the marked with the selected; c closes it"},
	{"r", "run again: same device, image and profile, even if it runs already (asks)"},
	{"E", "export to a file: NAME.csv, NAME.ndjson"},
	{"/  n N", "search in devices, profiles, versions and results; next, previous"},
	{"d", "delete the run (asks)"},
	{"", "~ simulated   STL stalls   RSSI median in dBm"},
	{"", "below a run's graph: S stall  R retry  r resumed  g gap  ~ tuned"},
	{NULL, NULL},
};
static const struct line common_lines[] = {
	{"1 - 5  Tab", "views"},
	{"j k  arrows", "move; g G first, last; PgUp PgDn by pages"},
	{":", "command line (Tab completes); :help lists the commands"},
	{"?  F1", "this help; q or Esc closes it"},
	{"Ctrl-C", "offers to cancel an update; twice ends the program"},
	{"Ctrl-L", "draw everything anew"},
	{"M", "mouse: click and scroll here, or select text in the terminal"},
	{"Ctrl-Z", "suspend; the transfer waits for fg"},
	{"q", "back; in the list of devices: end the program"},
	{NULL, NULL},
};

static const struct line *lines_of(enum view view)
{
	switch (view) {
	case VIEW_SCAN:
		return scan_lines;
	case VIEW_DEVICE:
		return device_lines;
	case VIEW_PROFILE:
		return profile_lines;
	case VIEW_IMAGE:
		return image_lines;
	case VIEW_HISTORY:
		return history_lines;
	case VIEWS:
		break;
	}
	return common_lines;
}

static int key_width(int width)
{
	return width >= 40 ? 14 : 10;
}

/* Bytes of the text that fit into this many columns, up to a blank where there is one. */
static int part_of(const char *text, int width)
{
	const int len = (int)strlen(text);
	int end = width > 0 ? width : 1;

	if (len <= width)
		return len;
	for (int i = end; i > 0; i--) {
		if (text[i] == ' ')
			return i;
	}
	return end;
}

/* The line from this row on, broken at blanks; nothing is drawn without cells.  Returns the
 * rows that it takes. */
static int lay_line(const struct line *line, struct cells *cells, struct area area, int y)
{
	const int key_w = key_width(area.w);
	const char *text = line->text;
	int rows = 0;

	if (cells && y >= 0)
		(void)cells_field(cells, area, 0, y, key_w - 1, CELLS_KEY, line->key);
	do {
		const int len = part_of(text, area.w - key_w);

		if (cells && y + rows >= 0)
			(void)cells_printf(cells, area, key_w, y + rows, CELLS_NORMAL, "%.*s", len,
					   text);
		rows++;
		text += len;
		text += strspn(text, " ");
	} while (*text != '\0');
	return rows;
}

static int lay_lines(const struct line *lines, struct cells *cells, struct area area, int y)
{
	int rows = 0;

	for (; lines->key; lines++)
		rows += lay_line(lines, cells, area, y + rows);
	return rows;
}

static int lay_help(enum view view, struct cells *cells, struct area area, int y)
{
	const int own = lay_lines(lines_of(view), cells, area, y) + 1;

	return own + lay_lines(common_lines, cells, area, y + own);
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
