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
		return CELLS_WARNING;
	case SESSION_NO_OUTCOME:
	case SESSION_DEVICE_ERROR:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NOT_BACK:
	case SESSION_ROLLED_BACK:
	case SESSION_NO_SERVICE:
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
		[SESSION_NO_OUTCOME] = "?",	     [SESSION_CONFIRMED] = "ok",
		[SESSION_UNCONFIRMED] = "on trial",  [SESSION_DELIVERED] = "delivered",
		[SESSION_ALREADY_RUNNING] = "same",  [SESSION_MEASURED] = "measured",
		[SESSION_ANSWERED] = "answered",     [SESSION_REFUSED] = "refused",
		[SESSION_CANCELLED] = "cancel",	     [SESSION_DEVICE_ERROR] = "device",
		[SESSION_LINK_LOST] = "LINK",	     [SESSION_STALLED] = "STALL",
		[SESSION_NOT_FOUND] = "not found",   [SESSION_NOT_BACK] = "not back",
		[SESSION_ROLLED_BACK] = "rolled b",  [SESSION_NO_SERVICE] = "no OTA",
		[SESSION_NO_ADAPTER] = "adapter",    [SESSION_PROTOCOL] = "protocol",
		[SESSION_NO_HEADWAY] = "no headway", [SESSION_TIMED_OUT] = "timed out",
		[SESSION_IN_USE] = "in use",	     [SESSION_NOT_PAIRED] = "unpaired",
	};

	switch (run->state) {
	case HISTORY_RUNNING:
		return "runs";
	case HISTORY_LEFT:
		return "left";
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
	int chunk, mode, rate, time, link, stalls, rssi, result;
	bool wide;
};

static struct columns lay_wide(struct area area)
{
	struct columns c = {.wide = area.w >= WIDE};
	const int extra = area.w > WIDE ? (area.w - WIDE > 60 ? 60 : area.w - WIDE) : 0;
	int x;

	c.number = 1;
	c.when = 7;
	c.device = c.when + (c.wide ? 17 : 12);
	c.device_w = 10 + extra / 3;
	c.profile = c.device + c.device_w + 1;
	c.profile_w = (c.wide ? 10 : 8) + extra / 4;
	c.image = c.profile + c.profile_w + 1;
	c.image_w = 6 + extra / 6;
	x = c.image + c.image_w + 1;
	c.chunk = x;
	c.mode = c.chunk + 5;
	c.rate = c.mode + 4;
	x = c.rate + 6;
	if (c.wide) {
		c.time = x;
		c.link = c.time + 8;
		x = c.link + 17;
	}
	c.stalls = x;
	c.rssi = c.stalls + 4;
	c.result = c.rssi + 5;
	return c;
}

static struct columns lay_columns(struct area area)
{
	struct columns c = {.number = 0};

	if (area.w >= LAYOUT_FULL_W + 8)
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
	c.device_w = (c.rate ? c.rate : c.result) - c.device - 1;
	return c;
}

static void draw_heads(const struct columns *c, struct cells *cells, struct area area)
{
	const struct {
		int x;
		const char *text;
	} heads[] = {{c->number, "    #"},  {c->when, "WHEN"},
		     {c->device, "DEVICE"}, {c->profile, "PROFILE"},
		     {c->image, "IMAGE"},   {c->chunk, "CHNK"},
		     {c->mode, "MODE"},	    {c->rate, " kB/s"},
		     {c->time, "   TIME"},  {c->link, "MTU / ITVL / PHY"},
		     {c->stalls, "STL"},    {c->rssi, "RSSI"},
		     {c->result, "RESULT"}};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (heads[i].x > 0)
			(void)cells_text(cells, area, heads[i].x, 0, CELLS_DIM, heads[i].text);
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

	/* How far one came that was to bring an image and did not. */
	if (style != CELLS_GOOD && run->received > 0)
		(void)snprintf(text, sizeof(text), "%u%% %s", history_percent(run), word);
	else
		(void)snprintf(text, sizeof(text), "%s", word);
	(void)cells_field(cells, area, c->result, y, area.w - c->result, style, text);
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
	if (c->time)
		(void)cells_printf(cells, area, c->time, y, CELLS_NORMAL, "%7s",
				   history_time_text(run, text, sizeof(text)));
	if (c->link)
		(void)cells_text(cells, area, c->link, y, CELLS_NORMAL,
				 history_link_text(run, text, sizeof(text)));
	if (c->stalls && r->seconds_us > 0)
		(void)cells_printf(cells, area, c->stalls, y,
				   r->stalls ? CELLS_WARNING : CELLS_NORMAL, "%3u", r->stalls);
	if (c->rssi)
		(void)cells_printf(cells, area, c->rssi, y, CELLS_NORMAL,
				   run->rssi_median == 127 ? "   -" : "%4d", run->rssi_median);
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
				 view_when(run->started_ms, c->wide, when, sizeof(when)));
	(void)cells_field(cells, area, c->device, y, c->device_w,
			  found ? CELLS_WARNING : CELLS_NORMAL,
			  run->device[0] != '\0' ? run->device : run->address);
	if (c->profile)
		(void)cells_field(cells, area, c->profile, y, c->profile_w, CELLS_NORMAL,
				  run->profile);
	if (c->image)
		(void)cells_field(cells, area, c->image, y, c->image_w, CELLS_NORMAL,
				  run->goal == SESSION_MEASURE ? "bench" : run->version);
	draw_figures(c, run, cells, area, y);
	draw_result(c, run, cells, area, y);
	if (row == v->selected) {
		if (!is_marked(v, run->id))
			(void)cells_text(cells, area, 0, y, CELLS_SELECTED, ">");
		cells_paint(cells, (struct area){area.x, area.y + y, area.w, 1}, CELLS_SELECTED);
	}
}

static void draw_status(const struct view_history *v, struct cells *cells, struct area area)
{
	size_t found = 0;
	int x = cells_printf(cells, area, 0, 0, CELLS_DIM, "%zu run%s   ~ simulated   * marked",
			     v->count, v->count == 1 ? "" : "s");

	if (v->search[0] == '\0')
		return;
	for (size_t i = 0; i < v->count; i++)
		found += view_history_matches(&v->runs[i], v->search);
	(void)cells_printf(cells, area, x, 0, CELLS_WARNING, "   /%s: %zu", v->search, found);
}

static void draw_list(const struct view_history *v, struct cells *cells, struct area area)
{
	const struct columns c = lay_columns(area);
	struct area rest = area, heads, status = {0};
	size_t first = 0;

	heads = area_top(&rest, area.h >= 3 ? 1 : 0);
	if (!v->plain && (area.h >= 8 || (area.h >= 5 && v->search[0] != '\0')))
		status = area_bottom(&rest, 1);
	draw_heads(&c, cells, heads);
	if (v->count == 0) {
		(void)cells_text(cells, rest, 1, 0, CELLS_DIM,
				 v->error[0] != '\0' ? v->error
						     : "no run recorded yet: updates and "
						       "measurements appear here");
		return;
	}
	draw_status(v, cells, status);
	if (!v->plain && rest.h > 0 && v->selected >= (size_t)rest.h)
		first = v->selected - (size_t)rest.h + 1;
	for (int y = 0; y < rest.h && first + (size_t)y < v->count; y++)
		draw_row(v, first + (size_t)y, &c, cells, rest, y);
}

#define LIST_ROWS 5 /* that stay above a comparison */
#define COMPARE_ROWS 9 /* below which it takes the place of the list */

void view_history_draw(const struct view_history *v, struct cells *cells, struct area area)
{
	struct area list = area, below;

	if (v->shown) {
		(void)view_run_draw(v->shown, v->tier, v->scroll, cells, area);
		return;
	}
	if (!v->compare[0] || !v->compare[1]) {
		draw_list(v, cells, area);
		return;
	}
	if (area.h < LIST_ROWS + COMPARE_ROWS) {
		(void)view_compare_draw(v->compare[0], v->compare[1], cells, area);
		return;
	}
	below = area_bottom(&list,
			    view_compare_height(v->compare[0], v->compare[1]) <= area.h - LIST_ROWS
				    ? view_compare_height(v->compare[0], v->compare[1])
				    : area.h - LIST_ROWS);
	draw_list(v, cells, list);
	(void)view_compare_draw(v->compare[0], v->compare[1], cells, below);
}
