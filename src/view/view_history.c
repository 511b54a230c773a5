/* SPDX-License-Identifier: Apache-2.0 */
/* The list of recorded runs, and where the comparison or one run stands beside it. */
#include "config.h" /* system extensions: localtime_r() */

#include "view/view_history_priv.h"

#include "history/history_compare.h"
#include "view/layout.h"
#include "view/loglist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void draw_status(const struct view_history *v, struct cells *cells, struct area area)
{
	size_t found = 0;
	int x = cells_printf(cells, area, 0, 0, CELLS_DIM, "%zu run%s   ~ simulated   * marked",
			     v->count, v->count == 1 ? "" : "s");

	if (v->filter[0] != '\0')
		x = cells_printf(cells, area, x, 0, CELLS_WARNING, "   filter: %s", v->filter);
	else if (view_history_columns(area).profile)
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
	const struct view_history_columns c = view_history_columns(area);
	const struct list_layout l = lay_list(v, area);

	view_history_draw_heads(v, &c, cells, l.heads);
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
		view_history_draw_row(v, l.first + (size_t)y, &c, cells, l.rows, y);
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
	struct area below;
	const struct area list = list_area(v, area, &below);
	const struct list_layout l = lay_list(v, list);
	const struct view_history_columns c = view_history_columns(list);

	if (l.heads.h == 0 || y != l.heads.y)
		return VIEW_RUNS_SORTS;
	return view_history_head_at(&c, x - l.heads.x);
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
