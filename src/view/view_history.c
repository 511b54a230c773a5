/* SPDX-License-Identifier: Apache-2.0 */
/* The list of recorded runs, and where the comparison or one run stands beside it. */
#include "config.h" /* system extensions: localtime_r() */

#include "view/view_history.h"

#include "history/history_compare.h"
#include "view/layout.h"
#include "view/loglist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WIDE 118 /* columns from which on the words are whole and the link has its columns */

char *view_when(int64_t ms, bool with_year, char *buf, size_t size)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm local;

	if (!localtime_r(&seconds, &local) ||
	    strftime(buf, size, with_year ? "%Y-%m-%d %H:%M" : "%m-%d %H:%M", &local) == 0)
		(void)snprintf(buf, size, "?");
	return buf;
}

bool view_history_matches(const struct history_run *run, const char *search)
{
	char *end = NULL;
	const long long number = strtoll(search[0] == '#' ? search + 1 : search, &end, 10);

	if (search[0] == '\0')
		return false;
	if (*end == '\0' && number == run->id)
		return true;
	return loglist_contains(run->device, search) || loglist_contains(run->address, search) ||
	       loglist_contains(run->profile, search) || loglist_contains(run->version, search) ||
	       loglist_contains(run->project, search) || loglist_contains(run->image, search) ||
	       loglist_contains(history_outcome(run), search);
}

enum cells_style view_outcome_style(enum session_outcome outcome)
{
	switch (outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_DELIVERED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
		return CELLS_GOOD;
	case SESSION_CANCELLED:
	case SESSION_REFUSED:
	case SESSION_IN_USE:
	case SESSION_DEVICE_CHANGED:
		return CELLS_WARNING;
	case SESSION_NO_OUTCOME:
	case SESSION_DEVICE_ERROR:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NOT_BACK:
	case SESSION_ROLLED_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_OTHER_DIALECT:
	case SESSION_NO_ADAPTER:
	case SESSION_NOT_PAIRED:
	case SESSION_PROTOCOL:
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
	case SESSION_OUTCOMES:
		break;
	}
	return CELLS_BAD;
}

enum cells_style view_history_style(const struct history_run *run)
{
	if (run->state == HISTORY_RUNNING)
		return CELLS_TITLE;
	if (run->state != HISTORY_ENDED)
		return CELLS_BAD;
	return view_outcome_style(run->result.outcome);
}

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

/* --- columns; 0: there is no room for it */

struct columns {
	int number, when, device, device_w, profile, profile_w, image, image_w;
	int chunk, mode, window, rate, possible, time, link, stream, gaps, stalls, rssi, result;
	bool wide, year;
};

#define RSSI 86 /* columns from which on there is the signal; before it the result needs them */
#define ALL 133 /* columns from which on there is window and gaps ... */
#define YEAR 140 /* ... and the year of when it was */
#define STREAM 152 /* ... and the stream, with its share on air */

static struct columns lay_wide(struct area area)
{
	struct columns c = {.wide = area.w >= WIDE, .year = area.w >= YEAR};
	const bool all = area.w >= ALL;
	const bool stream = area.w >= STREAM;
	const int least = stream ? STREAM : c.year ? YEAR : all ? ALL : WIDE;
	const int extra = area.w > least ? (area.w - least > 60 ? 60 : area.w - least) : 0;
	int x;

	c.number = 1;
	c.when = 7;
	c.device = c.when + (c.year ? 17 : 12);
	c.device_w = 10 + extra / 3;
	c.profile = c.device + c.device_w + 1;
	c.profile_w = (c.wide ? 10 : 8) + extra / 4;
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
		x = c.link + 17;
	}
	if (stream) {
		c.stream = x;
		x = c.stream + 12;
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

static struct columns lay_columns(struct area area)
{
	struct columns c = {.number = 0};

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

static void lay_heads(const struct columns *c, struct head heads[HEADS])
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
		{c->link, "MTU / ITVL / PHY", VIEW_RUNS_LINK},
		{c->stream, "STREAM  AIR", VIEW_RUNS_STREAM},
		{c->gaps, "GAP", VIEW_RUNS_GAPS},
		{c->stalls, "STL", VIEW_RUNS_STALLS},
		{c->rssi, "RSSI", VIEW_RUNS_RSSI},
		{c->result, "RESULT", VIEW_RUNS_RESULT},
	};

	memcpy(heads, all, sizeof(all));
}

static void draw_heads(const struct view_history *v, const struct columns *c, struct cells *cells,
		       struct area area)
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

static bool is_marked(const struct view_history *v, int64_t id)
{
	for (size_t i = 0; i < VIEW_MARKED_MAX; i++) {
		if (v->marked[i] == id)
			return true;
	}
	return false;
}

static void draw_result(const struct columns *c, const struct history_run *run, struct cells *cells,
			struct area area, int y)
{
	const char *word = c->wide ? history_outcome(run) : short_outcome(run);
	const enum cells_style style = view_history_style(run);
	char text[64];

	/* The share that an unfinished run brought: "left at 24%", since "24% left" would be the
	 * rest. */
	if (style != CELLS_GOOD && run->received > 0)
		(void)snprintf(text, sizeof(text), c->wide ? "%s at %u%%" : "%s %u%%", word,
			       history_percent(run));
	else
		(void)snprintf(text, sizeof(text), "%s", word);
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

static void draw_figures(const struct columns *c, const struct history_run *run,
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
				 history_link_text(run, text, sizeof(text)));
	if (c->stream && r->bytes > 0)
		(void)cells_printf(cells, area, c->stream, y,
				   r->stream == STREAM_RAW ? CELLS_DIM : CELLS_NORMAL, "%-7s%3d%%",
				   stream_kind_name(r->stream), view_history_air(run));
	if (c->stalls && r->seconds_us > 0)
		(void)cells_printf(cells, area, c->stalls, y,
				   r->stalls ? CELLS_WARNING : CELLS_NORMAL, "%3u", r->stalls);
	if (c->rssi)
		(void)cells_printf(cells, area, c->rssi, y, CELLS_NORMAL,
				   run->rssi_median == 127 ? "   -" : "%4d", run->rssi_median);
}

/* "default+": its values were not those of the file. */
static void draw_profile(const struct columns *c, const struct history_run *run,
			 struct cells *cells, struct area area, int y)
{
	int x = c->profile + cells_columns(cells, run->profile);

	(void)cells_field(cells, area, c->profile, y, c->profile_w, CELLS_NORMAL, run->profile);
	if (x >= c->profile + c->profile_w)
		x = c->profile + c->profile_w - 1;
	if (run->profile_changed)
		(void)cells_text(cells, area, x, y, CELLS_WARNING, "+");
}

static void draw_row(const struct view_history *v, size_t row, const struct columns *c,
		     struct cells *cells, struct area area, int y)
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

static void draw_status(const struct view_history *v, struct cells *cells, struct area area)
{
	size_t found = 0;
	int x = cells_printf(cells, area, 0, 0, CELLS_DIM, "%zu run%s   ~ simulated   * marked",
			     v->count, v->count == 1 ? "" : "s");

	if (v->filter[0] != '\0')
		x = cells_printf(cells, area, x, 0, CELLS_WARNING, "   filter: %s", v->filter);
	else if (lay_columns(area).profile)
		x = cells_text(cells, area, x, 0, CELLS_DIM, "   + values changed");
	if (v->hidden > 0)
		x = cells_printf(cells, area, x, 0, CELLS_WARNING, " (%zu hidden)", v->hidden);
	if (v->search[0] == '\0')
		return;
	for (size_t i = 0; i < v->count; i++)
		found += view_history_matches(&v->runs[i], v->search);
	(void)cells_printf(cells, area, x, 0, CELLS_WARNING, "   /%s: %zu", v->search, found);
}

struct list_layout {
	struct area heads, rows, status;
	size_t first; /* row shown */
};

static struct list_layout lay_list(const struct view_history *v, struct area area)
{
	struct list_layout l = {.rows = area};

	l.heads = area_top(&l.rows, area.h >= 3 ? 1 : 0);
	if (!v->plain && (area.h >= 8 || (area.h >= 5 && v->search[0] != '\0')))
		l.status = area_bottom(&l.rows, 1);
	if (!v->plain && l.rows.h > 0 && v->selected >= (size_t)l.rows.h)
		l.first = v->selected - (size_t)l.rows.h + 1;
	return l;
}

static void draw_list(const struct view_history *v, struct cells *cells, struct area area)
{
	const struct columns c = lay_columns(area);
	const struct list_layout l = lay_list(v, area);

	draw_heads(v, &c, cells, l.heads);
	if (v->count == 0) {
		(void)cells_text(cells, l.rows, 1, 0, CELLS_DIM,
				 v->error[0] != '\0' ? v->error
				 : v->hidden > 0
					 ? v->plain ? "no run passes the filter"
						    : "no run passes the filter (\\ changes it)"
					 : "no run recorded yet: updates and "
					   "measurements appear here");
		return;
	}
	draw_status(v, cells, l.status);
	for (int y = 0; y < l.rows.h && l.first + (size_t)y < v->count; y++)
		draw_row(v, l.first + (size_t)y, &c, cells, l.rows, y);
	if (!v->plain)
		cells_scroll_bar(cells, l.rows, l.first, v->count);
}

#define LIST_ROWS 5 /* that stay above a comparison */
#define COMPARE_ROWS 9 /* below which it takes the place of the list */

/* Above a comparison, where there is room, else all of it; h 0: it is not there. */
static struct area list_area(const struct view_history *v, struct area area, struct area *ret_below)
{
	struct area list = area;
	int height;

	*ret_below = (struct area){0};
	if (v->shown || v->trend)
		return (struct area){0};
	if (!v->compare[0] || !v->compare[1])
		return area;
	*ret_below = area;
	if (area.h < LIST_ROWS + COMPARE_ROWS)
		return (struct area){0};
	height = view_compare_height(v->compare[0], v->compare[1]);
	*ret_below = area_bottom(&list, height <= area.h - LIST_ROWS ? height : area.h - LIST_ROWS);
	return list;
}

enum view_history_sort view_history_sort_at(const struct view_history *v, struct area area, int x,
					    int y)
{
	enum view_history_sort sort = VIEW_RUNS_SORTS;
	struct area below;
	const struct area list = list_area(v, area, &below);
	const struct list_layout l = lay_list(v, list);
	const struct columns c = lay_columns(list);
	struct head heads[HEADS];

	if (l.heads.h == 0 || y != l.heads.y)
		return VIEW_RUNS_SORTS;
	lay_heads(&c, heads);
	for (size_t i = 0; i < HEADS; i++) {
		if (heads[i].x > 0 && x - l.heads.x >= heads[i].x)
			sort = heads[i].sort;
	}
	return sort;
}

size_t view_history_row_at(const struct view_history *v, struct area area, int y)
{
	struct area below;
	const struct list_layout l = lay_list(v, list_area(v, area, &below));
	const int line = y - l.rows.y;

	if (line < 0 || line >= l.rows.h || l.first + (size_t)line >= v->count)
		return v->count;
	return l.first + (size_t)line;
}

void view_history_draw(const struct view_history *v, struct cells *cells, struct area area)
{
	struct area below;
	const struct area list = list_area(v, area, &below);

	if (v->trend) {
		(void)view_trend_draw(v->trend, v->device, v->scroll, cells, area);
		return;
	}
	if (v->shown) {
		(void)view_run_draw(v->shown, v->tier, v->scroll, cells, area);
		view_run_bar(v->shown, v->scroll, cells, area);
		return;
	}
	if (list.h > 0)
		draw_list(v, cells, list);
	if (below.h > 0)
		(void)view_compare_draw(v->compare[0], v->compare[1], cells, below);
}
