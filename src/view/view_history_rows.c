/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the list of recorded runs, and a row of it. */
#include "view/view_history_priv.h"

#include "history/history_compare.h"
#include "view/layout.h"

#include <inttypes.h>
#include <string.h>

/* --- columns */

#define WIDE 118 /* columns from which on the words are whole and the link has its columns */
#define RSSI 86 /* columns from which on there is the signal; before it the result needs them */
#define ALL 100 /* columns from which on there is window and gaps ... */
#define YEAR 140 /* ... and the year of when it was */
#define STREAM 153 /* ... and the stream, with its share on air */

static struct view_history_columns lay_wide(struct area area)
{
	struct view_history_columns c = {.wide = area.w >= WIDE, .year = area.w >= YEAR};
	const bool all = area.w >= ALL;
	const bool stream = area.w >= STREAM;
	const int least = stream ? STREAM : c.year ? YEAR : WIDE;
	const int extra = area.w > least ? (area.w - least > 60 ? 60 : area.w - least) : 0;
	int x;

	c.number = 1;
	c.when = 7;
	c.device = c.when + (c.year ? 17 : 12);
	c.device_w = 10 + extra / 3;
	c.profile = c.device + c.device_w + 1;
	c.profile_w = 8 + extra / 4;
	c.image = c.profile + c.profile_w + 1;
	c.image_w = 6 + extra / 6;
	x = c.image + c.image_w + 1;
	c.chunk = x;
	c.mode = c.chunk + 5;
	x = c.mode + 4;
	if (all) {
		c.window = x;
		x = c.window + 6;
	}
	c.rate = x;
	c.possible = c.rate + 6;
	x = c.possible + 5;
	if (c.wide) {
		c.time = x;
		c.link = c.time + 8;
		x = c.link + 14;
	}
	if (stream) {
		c.stream = x;
		x = c.stream + 13;
	}
	if (all) {
		c.gaps = x;
		x = c.gaps + 4;
	}
	c.stalls = x;
	x = c.stalls + 4;
	if (area.w >= RSSI) {
		c.rssi = x;
		x = c.rssi + 5;
	}
	c.result = x;
	return c;
}

struct view_history_columns view_history_columns(struct area area)
{
	struct view_history_columns c = {.number = 0};

	if (area.w >= LAYOUT_FULL_W + 10)
		return lay_wide(area);
	c.number = area.w >= 26 ? 1 : 0;
	c.device = c.number ? 7 : 1;
	if (area.w >= 50) {
		c.when = c.device;
		c.device = c.when + 12;
	}
	c.result = area.w - (area.w >= 34 ? 10 : 7); /* "83% cancel" */
	if (area.w >= 34)
		c.rate = c.result - 7;
	if (area.w >= 56) {
		c.possible = c.result - 6;
		c.rate = c.possible - 6;
	}
	c.device_w = (c.rate ? c.rate : c.result) - c.device - 1;
	return c;
}

struct head {
	int x;
	const char *text;
	enum view_history_sort sort;
};
#define HEADS 17

static void lay_heads(const struct view_history_columns *c, struct head heads[HEADS])
{
	const struct head all[HEADS] = {
		{c->number, "    #", VIEW_RUNS_NUMBER},
		{c->when, "WHEN", VIEW_RUNS_NUMBER},
		{c->device, "DEVICE", VIEW_RUNS_DEVICE},
		{c->profile, "PROFILE", VIEW_RUNS_PROFILE},
		{c->image, "IMAGE", VIEW_RUNS_IMAGE},
		{c->chunk, "CHNK", VIEW_RUNS_CHUNK},
		{c->mode, "MODE", VIEW_RUNS_MODE},
		{c->window, " WNDW", VIEW_RUNS_WINDOW},
		{c->rate, " kB/s", VIEW_RUNS_RATE},
		{c->possible, "%MAX", VIEW_RUNS_POSSIBLE},
		{c->time, "   TIME", VIEW_RUNS_TIME},
		{c->link, "MTU/ITVL/PHY", VIEW_RUNS_LINK},
		{c->stream, "STREAM   AIR", VIEW_RUNS_STREAM},
		{c->gaps, "GAP", VIEW_RUNS_GAPS},
		{c->stalls, "STL", VIEW_RUNS_STALLS},
		{c->rssi, "RSSI", VIEW_RUNS_RSSI},
		{c->result, "RESULT", VIEW_RUNS_RESULT},
	};

	memcpy(heads, all, sizeof(all));
}

enum view_history_sort view_history_head_at(const struct view_history_columns *c, int x)
{
	enum view_history_sort sort = VIEW_RUNS_SORTS;
	struct head heads[HEADS];

	lay_heads(c, heads);
	for (size_t i = 0; i < HEADS; i++) {
		if (heads[i].x > 0 && x >= heads[i].x)
			sort = heads[i].sort;
	}
	return sort;
}

void view_history_draw_heads(const struct view_history *v, const struct view_history_columns *c,
			     struct cells *cells, struct area area)
{
	struct head heads[HEADS];

	lay_heads(c, heads);
	for (size_t i = 0; i < HEADS; i++) {
		if (heads[i].x > 0)
			(void)cells_text(cells, area, heads[i].x, 0,
					 heads[i].sort == v->sort && v->sort != VIEW_RUNS_NUMBER
						 ? CELLS_TITLE
						 : CELLS_DIM,
					 heads[i].text);
	}
}

/* --- rows */

/* The outcome in a column of ten. */
static const char *short_outcome(const struct history_run *run)
{
	static const char *const words[SESSION_OUTCOMES] = {
		[SESSION_NO_OUTCOME] = "?",	    [SESSION_CONFIRMED] = "ok",
		[SESSION_UNCONFIRMED] = "on trial", [SESSION_DELIVERED] = "delivered",
		[SESSION_ALREADY_RUNNING] = "same", [SESSION_MEASURED] = "measured",
		[SESSION_ANSWERED] = "answered",    [SESSION_REFUSED] = "refused",
		[SESSION_CANCELLED] = "cancel",	    [SESSION_DEVICE_ERROR] = "device",
		[SESSION_LINK_LOST] = "LINK",	    [SESSION_STALLED] = "STALL",
		[SESSION_NOT_FOUND] = "not found",  [SESSION_NOT_BACK] = "not back",
		[SESSION_ROLLED_BACK] = "rolled b", [SESSION_NO_SERVICE] = "no OTA",
		[SESSION_OTHER_DIALECT] = "other",  [SESSION_NO_ADAPTER] = "adapter",
		[SESSION_PROTOCOL] = "protocol",    [SESSION_NO_HEADWAY] = "no headway",
		[SESSION_TIMED_OUT] = "timed out",  [SESSION_IN_USE] = "in use",
		[SESSION_NOT_PAIRED] = "unpaired",  [SESSION_DEVICE_CHANGED] = "changed",
	};

	switch (run->state) {
	case HISTORY_RUNNING:
		return "runs";
	case HISTORY_LEFT:
		return "quit";
	case HISTORY_KILLED:
		return "KILLED";
	case HISTORY_ENDED:
		break;
	}
	return words[run->result.outcome];
}

static const char *short_mode(const struct history_run *run)
{
	switch (run->result.mode) {
	case GATT_REQUEST:
		return "req";
	case GATT_COMMAND:
		return "cmd";
	case GATT_ACQUIRE:
		return "acq";
	}
	return "";
}

static bool is_marked(const struct view_history *v, int64_t id)
{
	for (size_t i = 0; i < VIEW_MARKED_MAX; i++) {
		if (v->marked[i] == id)
			return true;
	}
	return false;
}

/*
 * part: of which the share is told that an unfinished run brought, "left at 24%", since "24% left"
 * would be the rest; NULL: of none.
 */
static void result_text(const char *word, const struct history_run *part, const char *at, char *buf,
			size_t size)
{
	if (part)
		(void)snprintf(buf, size, "%s%s %u%%", word, at, history_percent(part));
	else
		(void)snprintf(buf, size, "%s", word);
}

static void draw_result(const struct view_history_columns *c, const struct history_run *run,
			struct cells *cells, struct area area, int y)
{
	const enum cells_style style = view_history_style(run);
	const bool part = style != CELLS_GOOD && run->received > 0;
	char text[64];

	if (c->wide)
		result_text(history_outcome(run), part ? run : NULL, " at", text, sizeof(text));
	if (!c->wide || cells_columns(cells, text) > area.w - c->result)
		result_text(short_outcome(run), part ? run : NULL, "", text, sizeof(text));
	(void)cells_field(cells, area, c->result, y, area.w - c->result, style, text);
}

/* "8192", "128K": in five columns. */
static char *window_text(uint32_t window, char *buf, size_t size)
{
	if (window == 0)
		(void)snprintf(buf, size, "-");
	else if (window < 100000)
		(void)snprintf(buf, size, "%" PRIu32, window);
	else
		(void)snprintf(buf, size, "%" PRIu32 "K", window / 1024u);
	return buf;
}

/* Amber where two fifths and more are left on the table. */
static void draw_possible(int x, const struct history_run *run, struct cells *cells,
			  struct area area, int y)
{
	const int possible = view_history_possible(run);

	if (possible < 0)
		(void)cells_text(cells, area, x, y, CELLS_DIM, "   -");
	else
		(void)cells_printf(cells, area, x, y, possible < 60 ? CELLS_WARNING : CELLS_NORMAL,
				   "%4d", possible);
}

static char *without_blanks(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++)
		if (*at != ' ')
			*to++ = *at;
	*to = '\0';
	return text;
}

static void draw_figures(const struct view_history_columns *c, const struct history_run *run,
			 struct cells *cells, struct area area, int y)
{
	const struct job_result *r = &run->result;
	char text[64];

	if (c->chunk && r->chunk > 0) {
		(void)cells_printf(cells, area, c->chunk, y, CELLS_NORMAL, "%4u", r->chunk);
		(void)cells_text(cells, area, c->mode, y, CELLS_NORMAL, short_mode(run));
	}
	if (c->rate)
		(void)cells_printf(cells, area, c->rate, y, CELLS_NORMAL,
				   r->goodput ? "%5.1f" : "    -", r->goodput / 1000.0);
	if (c->window)
		(void)cells_printf(cells, area, c->window, y, CELLS_NORMAL, "%5s",
				   window_text(r->window, text, sizeof(text)));
	if (c->possible)
		draw_possible(c->possible, run, cells, area, y);
	if (c->gaps && r->seconds_us > 0)
		(void)cells_printf(cells, area, c->gaps, y, r->gaps ? CELLS_WARNING : CELLS_NORMAL,
				   "%3" PRIu32, r->gaps);
	if (c->time)
		(void)cells_printf(cells, area, c->time, y, CELLS_NORMAL, "%7s",
				   history_time_text(run, text, sizeof(text)));
	if (c->link)
		(void)cells_text(cells, area, c->link, y, CELLS_NORMAL,
				 without_blanks(history_link_text(run, text, sizeof(text))));
	if (c->stream && r->bytes > 0)
		(void)cells_printf(cells, area, c->stream, y,
				   r->stream == STREAM_RAW ? CELLS_DIM : CELLS_NORMAL, "%-7s %3d%%",
				   stream_kind_name(r->stream), view_history_air(run));
	if (c->stalls && r->seconds_us > 0)
		(void)cells_printf(cells, area, c->stalls, y,
				   r->stalls ? CELLS_WARNING : CELLS_NORMAL, "%3u", r->stalls);
	if (c->rssi)
		(void)cells_printf(cells, area, c->rssi, y, CELLS_NORMAL,
				   run->rssi_median == 127 ? "   -" : "%4d", run->rssi_median);
}

/* "default+": its values were not those of the file. */
static void draw_profile(const struct view_history_columns *c, const struct history_run *run,
			 struct cells *cells, struct area area, int y)
{
	int x = c->profile + cells_columns(cells, run->profile);

	(void)cells_field(cells, area, c->profile, y, c->profile_w, CELLS_NORMAL, run->profile);
	if (x >= c->profile + c->profile_w)
		x = c->profile + c->profile_w - 1;
	if (run->profile_changed)
		(void)cells_text(cells, area, x, y, CELLS_WARNING, "+");
}

void view_history_draw_row(const struct view_history *v, size_t row,
			   const struct view_history_columns *c, struct cells *cells,
			   struct area area, int y)
{
	const struct history_run *run = &v->runs[row];
	const bool found = view_history_matches(run, v->search);
	char when[24];

	if (is_marked(v, run->id))
		(void)cells_text(cells, area, 0, y, CELLS_TITLE, "*");
	if (c->number)
		(void)cells_printf(cells, area, c->number, y, found ? CELLS_WARNING : CELLS_NORMAL,
				   "%4" PRId64 "%s", run->id,
				   run->result.virtual_clock ? "~" : " ");
	if (c->when)
		(void)cells_text(cells, area, c->when, y, CELLS_DIM,
				 view_when(run->started_ms, c->year, when, sizeof(when)));
	(void)cells_field(cells, area, c->device, y, c->device_w,
			  found ? CELLS_WARNING : CELLS_NORMAL,
			  run->device[0] != '\0' ? run->device : run->address);
	if (c->profile)
		draw_profile(c, run, cells, area, y);
	if (c->image)
		(void)cells_field(cells, area, c->image, y, c->image_w, CELLS_NORMAL,
				  run->goal != SESSION_MEASURE ? run->version
				  : run->pattern	       ? "flash"
							       : "bench");
	draw_figures(c, run, cells, area, y);
	draw_result(c, run, cells, area, y);
	if (row == v->selected) {
		if (!is_marked(v, run->id))
			(void)cells_text(cells, area, 0, y, CELLS_NORMAL, ">");
		cells_select(cells, (struct area){area.x, area.y + y, area.w, 1});
	}
}
