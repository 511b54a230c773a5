/* SPDX-License-Identifier: Apache-2.0 */
/* The scan list: what is in the air, in an order that does not jump. */
#include "tui/view.h"

#include "tui/layout.h"

#include <string.h>

#define STALE_US 8000000u /* not heard for so long: it may be gone */
#define RSSI_LOW (-100)
#define RSSI_HIGH (-40)

const char *view_scan_sort_name(enum view_scan_sort sort)
{
	switch (sort) {
	case VIEW_SORT_SEEN_FIRST:
		return "as found";
	case VIEW_SORT_RSSI:
		return "RSSI";
	case VIEW_SORT_NAME:
		return "name";
	case VIEW_SORTS:
		break;
	}
	return "";
}

/* Strength for sorting: unknown comes last. */
static int strength(const struct scan_device *d)
{
	return d->rssi == 127 ? -200 : d->rssi;
}

static bool before(const struct scan *scan, enum view_scan_sort sort, uint16_t a, uint16_t b)
{
	const struct scan_device *x = &scan->devices[a], *y = &scan->devices[b];
	int order;

	switch (sort) {
	case VIEW_SORT_RSSI:
		if (strength(x) != strength(y))
			return strength(x) > strength(y);
		break;
	case VIEW_SORT_NAME:
		order = strcmp(x->name, y->name);
		if (order != 0)
			return x->name[0] != '\0' && (y->name[0] == '\0' || order < 0);
		break;
	case VIEW_SORT_SEEN_FIRST:
	case VIEW_SORTS:
		break;
	}
	return a < b;
}

static bool passes(const struct scan_device *d, const char *filter)
{
	if (strcmp(filter, "ota") == 0)
		return d->ota_service;
	return loglist_contains(d->name, filter) || loglist_contains(d->address, filter);
}

size_t view_scan_order(const struct scan *scan, enum view_scan_sort sort, const char *filter,
		       bool frozen, uint16_t *order, size_t count)
{
	bool there[SCAN_DEVICES_MAX] = {false};
	size_t kept = 0;

	for (size_t i = 0; frozen && i < count; i++) {
		if (order[i] >= scan->count || !passes(&scan->devices[order[i]], filter))
			continue;
		there[order[i]] = true;
		order[kept++] = order[i];
	}
	for (uint16_t i = 0; i < scan->count; i++) {
		size_t at = kept;

		if (there[i] || !passes(&scan->devices[i], filter))
			continue;
		while (!frozen && at > 0 && before(scan, sort, i, order[at - 1])) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
		kept++;
	}
	return kept;
}

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
	c.name_w = area.w < 34 ? area.w - 7 : area.w - 20;
	c.rssi = c.name + c.name_w + 1;
	if (area.w >= 34) {
		c.ota = c.rssi + 5;
		c.seen = c.ota + 6;
	}
	return c;
}

static void draw_heads(const struct columns *c, struct cells *cells, struct area area)
{
	const struct {
		int x;
		const char *text;
	} heads[] = {{c->name, "NAME"},	  {c->address, "ADDRESS"}, {c->rssi, "RSSI"},
		     {c->trend, "TREND"}, {c->ota, "OTA"},	   {c->version, "FIRMWARE"},
		     {c->seen, "SEEN"},	  {c->state, "STATE"}};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (heads[i].x > 0)
			(void)cells_text(cells, area, heads[i].x, 0, CELLS_DIM, heads[i].text);
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

static void draw_state(const struct columns *c, const struct view_known *known, bool stale,
		       struct cells *cells, struct area area, int y)
{
	const int room = area.w - c->state;
	char text[48];

	if (known && known->outcome == SESSION_CONFIRMED) {
		(void)cells_field(cells, area, c->state, y, room, CELLS_GOOD, "updated");
	} else if (known && known->outcome != SESSION_NO_OUTCOME) {
		(void)snprintf(text, sizeof(text), "%u%% %s", known->percent,
			       session_outcome_name(known->outcome));
		(void)cells_field(cells, area, c->state, y, room, CELLS_BAD, text);
	} else if (stale) {
		(void)cells_field(cells, area, c->state, y, room, CELLS_DIM, "stale");
	}
}

static void draw_row(const struct view_scan *v, size_t row, const struct columns *c,
		     struct cells *cells, struct area area, int y)
{
	const struct scan_device *d = &v->scan->devices[v->order[row]];
	const struct view_known *known = known_of(v, d->address);
	const uint64_t age = v->now_us > d->last_us ? v->now_us - d->last_us : 0;
	const bool stale = age > STALE_US;
	const enum cells_style style = stale ? CELLS_DIM : CELLS_NORMAL;
	const bool found = v->search[0] != '\0' && (loglist_contains(d->name, v->search) ||
						    loglist_contains(d->address, v->search));

	(void)cells_field(cells, area, c->name, y, c->name_w, found ? CELLS_WARNING : style,
			  d->name[0] != '\0' ? d->name : "(no name)");
	if (c->address)
		(void)cells_text(cells, area, c->address, y, style, d->address);
	if (d->rssi != 127)
		(void)cells_printf(cells, area, c->rssi, y, style, "%4d", d->rssi);
	if (c->trend)
		draw_trend(c, d, cells, area, y);
	if (c->ota)
		(void)cells_text(cells, area, c->ota, y, d->ota_service ? CELLS_GOOD : CELLS_DIM,
				 known		  ? (known->full ? "full" : "basic")
				 : d->ota_service ? "yes"
						  : "-");
	if (c->version)
		(void)cells_field(cells, area, c->version, y, 8, style,
				  known ? known->version : "?");
	if (c->seen)
		(void)cells_printf(cells, area, c->seen, y, style, "%3u.%us",
				   (unsigned int)(age / 1000000u % 1000u),
				   (unsigned int)(age / 100000u % 10u));
	if (c->state)
		draw_state(c, known, stale, cells, area, y);
	if (row == v->selected) {
		(void)cells_text(cells, area, 0, y, CELLS_SELECTED, ">");
		cells_paint(cells, (struct area){area.x, area.y + y, area.w, 1}, CELLS_SELECTED);
	}
}

static void draw_status(const struct view_scan *v, struct cells *cells, struct area area)
{
	char since[24];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_DIM, "%zu of %zu shown", v->count,
			 v->scan->count);
	if (v->scanning)
		x = cells_printf(cells, area, x, 0, CELLS_DIM, "   scanning %s",
				 view_duration(v->now_us - v->since_us, since, sizeof(since)));
	x = cells_printf(cells, area, x, 0, CELLS_DIM, "   order: %s%s",
			 view_scan_sort_name(v->sort), v->frozen ? ", FROZEN" : "");
	if (v->filter[0] != '\0')
		(void)cells_printf(cells, area, x, 0, CELLS_WARNING, "   filter: %s", v->filter);
}

void view_scan_draw(const struct view_scan *v, struct cells *cells, struct area area)
{
	const struct columns c = lay_columns(area);
	struct area rest = area;
	struct area heads, status = {0};
	size_t first = 0;

	if (area.h >= 8)
		(void)area_top(&rest, 1);
	heads = area_top(&rest, area.h >= 3 ? 1 : 0);
	if (area.h >= 5)
		status = area_bottom(&rest, 1);
	draw_heads(&c, cells, heads);
	draw_status(v, cells, status);
	if (v->count == 0 && rest.h > 0)
		(void)cells_text(cells, rest, 1, 0, CELLS_DIM,
				 v->filter[0] != '\0' && v->scan->count > 0
					 ? "nothing passes the filter (\\ changes it)"
					 : "no device heard yet");
	if (rest.h > 0 && v->selected >= (size_t)rest.h)
		first = v->selected - (size_t)rest.h + 1;
	for (int y = 0; y < rest.h && first + (size_t)y < v->count; y++)
		draw_row(v, first + (size_t)y, &c, cells, rest, y);
}
