/* SPDX-License-Identifier: Apache-2.0 */
/* The scan list: what is in the air, in an order that does not jump. */
#include "view/view.h"

#include "view/layout.h"

#include <string.h>

#define STALE_US 8000000u /* not heard for so long: it may be gone */
#define RSSI_LOW (-100)
#define RSSI_WEAK (-85) /* receivers begin to lose packets */
#define RSSI_HIGH (-40)
#define OTA_W 5
#define OTA_LONG_W (OTA_W + 9) /* with the column of the version, whose width is 8 */

static const struct view_known *known_of(const struct view_scan *v, const char *address)
{
	for (size_t i = 0; i < v->known_count; i++) {
		if (strcmp(v->known[i].address, address) == 0)
			return &v->known[i];
	}
	return NULL;
}

/* Starts of the columns; 0: there is no room for it. */
struct columns {
	int name, name_w, address, rssi, trend, trend_w, ota, version, seen, state;
};

static struct columns lay_columns(struct area area)
{
	struct columns c = {.name = 1, .name_w = 14};

	if (area.w >= LAYOUT_FULL_W) {
		const int extra = area.w - 80 > 60 ? 60 : area.w > 80 ? area.w - 80 : 0;

		c.name_w += extra / 3;
		c.address = c.name + c.name_w + 1;
		c.rssi = c.address + 18;
		c.trend = c.rssi + 5;
		c.trend_w = 8 + extra / 3;
		c.ota = c.trend + c.trend_w + 1;
		c.version = c.ota + 6;
		c.seen = c.version + 9;
		c.state = c.seen + 7;
		return c;
	}
	c.name_w = area.w < 34 ? area.w - 7 : area.w < 50 ? area.w - 20 : area.w - 31;
	c.rssi = c.name + c.name_w + 1;
	if (area.w >= 34) {
		c.ota = c.rssi + 5;
		c.seen = c.ota + 6;
	}
	if (area.w >= 50)
		c.state = c.seen + 7;
	return c;
}

struct head {
	int x;
	const char *text;
	enum view_scan_sort sort; /* by which it is the order */
};
#define HEADS 8

static void lay_heads(const struct columns *c, struct head heads[HEADS])
{
	const struct head all[HEADS] = {
		{c->name, "NAME", VIEW_SORT_NAME},  {c->address, "ADDRESS", VIEW_SORT_ADDRESS},
		{c->rssi, "RSSI", VIEW_SORT_RSSI},  {c->trend, "TREND", VIEW_SORT_RSSI},
		{c->ota, "OTA", VIEW_SORT_OTA},	    {c->version, "FIRMWARE", VIEW_SORT_FIRMWARE},
		{c->seen, "  SEEN", VIEW_SORT_AGE}, {c->state, "STATE", VIEW_SORT_STATE},
	};

	memcpy(heads, all, sizeof(all));
}

static void draw_heads(const struct view_scan *v, const struct columns *c, struct cells *cells,
		       struct area area)
{
	struct head heads[HEADS];

	lay_heads(c, heads);
	for (size_t i = 0; i < HEADS; i++) {
		if (heads[i].x > 0)
			(void)cells_text(cells, area, heads[i].x, 0,
					 heads[i].sort == v->sort ? CELLS_TITLE : CELLS_DIM,
					 heads[i].text);
	}
}

static void draw_trend(const struct columns *c, const struct scan_device *d, struct cells *cells,
		       struct area area, int y)
{
	int32_t values[SCAN_HISTORY];
	size_t count = 0;

	for (size_t age = SCAN_HISTORY; age-- > 0;) {
		const int8_t rssi = scan_rssi(d, age);

		if (rssi != 127)
			values[count++] = rssi;
	}
	plot_trend(cells, area, c->trend, y, c->trend_w, CELLS_NORMAL, values, count, RSSI_LOW,
		   RSSI_HIGH);
}

/* In ten columns: where there is room the outcome's own name follows. */
const char *view_scan_outcome(enum session_outcome outcome, enum cells_style *ret_style)
{
	*ret_style = CELLS_BAD;
	switch (outcome) {
	case SESSION_CONFIRMED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_DELIVERED:
		*ret_style = CELLS_GOOD;
		return "updated";
	case SESSION_UNCONFIRMED:
		*ret_style = CELLS_WARNING;
		return "on trial";
	case SESSION_CANCELLED:
		*ret_style = CELLS_WARNING;
		return "stopped";
	case SESSION_REFUSED:
		*ret_style = CELLS_WARNING;
		return "refused";
	case SESSION_ROLLED_BACK:
		return "back again";
	case SESSION_NOT_BACK:
		return "NOT BACK";
	case SESSION_NO_OUTCOME:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
	case SESSION_DEVICE_ERROR:
	case SESSION_IN_USE:
	case SESSION_DEVICE_CHANGED:
	case SESSION_NOT_PAIRED:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NO_SERVICE:
	case SESSION_OTHER_DIALECT:
	case SESSION_NO_ADAPTER:
	case SESSION_PROTOCOL:
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
	case SESSION_OUTCOMES:
		break;
	}
	return "FAIL";
}

const char *view_scan_ota(const struct scan_device *d, const struct view_known *known,
			  enum cells_style *ret_style)
{
	const struct dialect *only = dialects_only(d->dialects);

	if (known && known->dialect != DIALECT_UNKNOWN)
		only = dialect_get(known->dialect);
	if (only) {
		*ret_style = dialect_is_driven(only) ? CELLS_GOOD : CELLS_WARNING;
		return only->name;
	}
	*ret_style = CELLS_DIM;
	if (d->dialects == 0 || (known && known->no_service))
		return "-";
	/* Dialects share services: which of them it is shows when it is asked. */
	if (dialects_driven(d->dialects)) {
		*ret_style = CELLS_GOOD;
		return "maybe";
	}
	*ret_style = CELLS_WARNING;
	return "other";
}

static void draw_state(const struct columns *c, const struct view_known *known, bool stale,
		       struct cells *cells, struct area area, int y)
{
	const int room = area.w - c->state;
	enum cells_style style = CELLS_DIM;
	char text[64] = "";

	if (known && known->outcome != SESSION_NO_OUTCOME) {
		const char *word = view_scan_outcome(known->outcome, &style);

		(void)snprintf(text, sizeof(text), "%s", word);
		if (strcmp(word, "FAIL") == 0)
			(void)snprintf(text, sizeof(text), "FAIL %u%%%s%s", known->percent,
				       room > 20 ? " " : "",
				       room > 20 ? session_outcome_name(known->outcome) : "");
	} else if (stale) {
		(void)snprintf(text, sizeof(text), "stale");
	}
	(void)cells_field(cells, area, c->state, y, room, style, text);
}

static void draw_busy(const struct columns *c, const char *text, struct cells *cells,
		      struct area area, int y)
{
	const int room = area.w - c->state;
	const char *percent = strchr(text, ' ');

	if (percent && (int)strlen(text) > room)
		text = percent + 1;
	(void)cells_field(cells, area, c->state, y, room, CELLS_TITLE, text);
}

static enum cells_style rssi_style(const struct scan_device *d, enum cells_style style)
{
	if (style == CELLS_DIM)
		return style;
	return d->rssi <= RSSI_WEAK ? CELLS_WARNING : style;
}

static void draw_row(const struct view_scan *v, size_t row, const struct columns *c,
		     struct cells *cells, struct area area, int y)
{
	const struct scan_device *d = &v->scan->devices[v->order[row]];
	const struct view_known *known = known_of(v, d->address);
	const uint64_t age = v->now_us > d->last_us ? v->now_us - d->last_us : 0;
	const bool busy = v->busy[0] != '\0' && strcmp(v->busy, d->address) == 0;
	const bool stale = age > STALE_US && !busy;
	enum cells_style ota;
	const char *word = view_scan_ota(d, known, &ota);
	const bool long_word = strlen(word) > OTA_W;
	const enum cells_style style = stale ? CELLS_DIM : CELLS_NORMAL;
	const bool found = v->search[0] != '\0' && (loglist_contains(d->name, v->search) ||
						    loglist_contains(d->address, v->search));

	(void)cells_field(cells, area, c->name, y, c->name_w, found ? CELLS_WARNING : style,
			  d->name[0] != '\0' ? d->name : "(no name)");
	if (c->address)
		(void)cells_text(cells, area, c->address, y, style, d->address);
	if (d->rssi != 127)
		(void)cells_printf(cells, area, c->rssi, y, rssi_style(d, style), "%4d", d->rssi);
	if (c->trend)
		draw_trend(c, d, cells, area, y);
	/* A long name is another project's, whose firmware has no version that is known here. */
	if (c->ota)
		(void)cells_field(cells, area, c->ota, y,
				  c->version && long_word ? OTA_LONG_W : OTA_W, ota, word);
	if (c->version && !long_word)
		(void)cells_field(cells, area, c->version, y, 8, style,
				  known && known->version[0] != '\0' ? known->version : "?");
	if (c->seen)
		(void)cells_printf(cells, area, c->seen, y, style, "%3u.%us",
				   (unsigned int)(age / 1000000u % 1000u),
				   (unsigned int)(age / 100000u % 10u));
	if (c->state && busy)
		draw_busy(c, v->busy_text, cells, area, y);
	else if (c->state) /* while nobody listens, that nothing is heard says nothing */
		draw_state(c, known, stale && v->scanning, cells, area, y);
	if (view_scan_marked(v->marks, d->address))
		(void)cells_text(cells, area, 0, y, CELLS_TITLE, "*");
	if (row == v->selected) {
		(void)cells_text(cells, area, 0, y, CELLS_NORMAL, ">");
		cells_select(cells, (struct area){area.x, area.y + y, area.w, 1});
	}
}

static void draw_status(const struct view_scan *v, struct cells *cells, struct area area)
{
	const bool room = area.w >= LAYOUT_FULL_W;
	char since[24];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_DIM, room ? "%zu of %zu shown" : "%zu of %zu",
			 v->count, v->scan->count);
	if (v->scanning)
		x = cells_printf(cells, area, x, 0, CELLS_DIM, "  scanning %s",
				 view_duration(v->now_us - v->since_us, since, sizeof(since)));
	else
		x = cells_text(cells, area, x, 0, CELLS_WARNING, "  not scanning");
	x = cells_printf(cells, area, x, 0, CELLS_DIM, "  order: %s%s",
			 view_scan_sort_name(v->sort),
			 v->reversed && v->frozen ? " reversed, frozen"
			 : v->reversed		  ? " reversed, live"
			 : v->frozen		  ? ", frozen"
						  : ", live");
	if (v->filter[0] != '\0')
		x = cells_printf(cells, area, x, 0, CELLS_WARNING, "  filter: %s", v->filter);
	if (v->last[0] != '\0' && x + 2 + cells_columns(cells, v->last) <= area.w)
		cells_right(cells, area, 0, CELLS_BAD, v->last);
}

/* Heads, rows, status; the first row shown, so that the selected one is. */
static size_t lay_rows(struct area area, size_t selected, struct area *ret_heads,
		       struct area *ret_rows, struct area *ret_status)
{
	struct area rest = area;

	if (area.h >= 8)
		(void)area_top(&rest, 1);
	*ret_heads = area_top(&rest, area.h >= 3 ? 1 : 0);
	*ret_status = area_bottom(&rest, area.h >= 5 ? 1 : 0);
	*ret_rows = rest;
	return rest.h > 0 && selected >= (size_t)rest.h ? selected - (size_t)rest.h + 1 : 0;
}

size_t view_scan_row_at(struct area area, size_t count, size_t selected, int line)
{
	struct area heads, rows, status;
	const size_t first = lay_rows(area, selected, &heads, &rows, &status);
	const int at = line - (rows.y - area.y);

	return at < 0 || at >= rows.h || first + (size_t)at >= count ? count : first + (size_t)at;
}

enum view_scan_sort view_scan_sort_at(struct area area, int x, int y)
{
	const struct columns c = lay_columns(area);
	enum view_scan_sort sort = VIEW_SORTS;
	struct area heads, rows, status;
	struct head all[HEADS];

	(void)lay_rows(area, 0, &heads, &rows, &status);
	if (heads.h == 0 || y != heads.y)
		return VIEW_SORTS;
	lay_heads(&c, all);
	for (size_t i = 0; i < HEADS; i++) {
		if (all[i].x > 0 && x - heads.x >= all[i].x)
			sort = all[i].sort;
	}
	return sort;
}

void view_scan_draw(const struct view_scan *v, struct cells *cells, struct area area)
{
	const struct columns c = lay_columns(area);
	struct area heads, rest, status;
	const size_t first = lay_rows(area, v->selected, &heads, &rest, &status);

	draw_heads(v, &c, cells, heads);
	draw_status(v, cells, status);
	if (v->count == 0 && rest.h > 0)
		(void)cells_text(cells, rest, 1, 0, CELLS_DIM,
				 v->filter[0] != '\0' && v->scan->count > 0
					 ? "nothing passes the filter (\\ changes it)"
					 : "no device heard yet");
	for (int y = 0; y < rest.h && first + (size_t)y < v->count; y++)
		draw_row(v, first + (size_t)y, &c, cells, rest, y);
	cells_scroll_bar(cells, rest, first, v->count);
}
