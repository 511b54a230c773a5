/* SPDX-License-Identifier: Apache-2.0 */
/* The History view: runs, one of them, or two side by side. */
#include "tui/app_history.h"

#include "view/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 1000u /* that the list shows */

static struct history_shown *mine(const struct app *app)
{
	return app_part(app, VIEW_HISTORY);
}

/* Opened when there is one; NULL: nothing was recorded yet, or it cannot be read. */
static struct history *store(struct app *app)
{
	struct history_shown *h = mine(app);
	int r;

	if (app_config(app)->no_history)
		return NULL;
	if (!h->store) {
		r = history_open(NULL, &h->store, h->error, sizeof(h->error));
		if (r == -OTA_ENOENT)
			h->error[0] = '\0';
	}
	return h->store;
}

static void close_run(struct history_shown *h)
{
	if (h->showing)
		history_detail_finish(&h->shown);
	h->showing = false;
}

static void close_compare(struct history_shown *h)
{
	if (h->comparing) {
		history_detail_finish(&h->compare[0]);
		history_detail_finish(&h->compare[1]);
	}
	h->comparing = false;
}

static void close_trend(struct history_shown *h)
{
	if (h->trending)
		history_trend_finish(&h->trend);
	h->trending = false;
}

static void app_history_finish(struct app *app)
{
	struct history_shown *h = mine(app);

	close_trend(h);
	close_run(h);
	close_compare(h);
	history_close(h->store);
	free(h->runs);
}

size_t app_history_row(const struct history_shown *h, int64_t id)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->runs[i].id == id)
			return i;
	}
	return 0;
}

static bool is_there(const struct history_shown *h, int64_t id)
{
	return h->count > 0 && h->runs[app_history_row(h, id)].id == id;
}

/* A trend that cannot be read again stays as it was. */
static int load_trend(struct history_shown *h)
{
	struct history_trend fresh;
	const int r = history_trend_load(h->store, h->device, &fresh);

	if (r < 0)
		return r;
	close_trend(h);
	h->trend = fresh;
	h->trending = true;
	return 0;
}

static void reload(struct history_shown *h)
{
	struct history_run *runs;
	size_t count;

	if (history_list(h->store, RUNS_MAX, &runs, &count) < 0) {
		(void)snprintf(h->error, sizeof(h->error), "%s", history_error(h->store));
		return;
	}
	free(h->runs);
	h->runs = runs;
	h->count = view_history_filter(runs, count, h->filter);
	h->hidden = count - h->count;
	h->loaded = true;
	view_history_sort(h->runs, h->count, h->sort, h->reversed);
	for (size_t i = 0; i < VIEW_MARKED_MAX; i++) {
		if (!is_there(h, h->marked[i]))
			h->marked[i] = 0;
	}
	if (h->trending)
		(void)load_trend(h);
	/* A run that is looked at goes on while it runs. */
	if (h->showing && h->shown.run.state == HISTORY_RUNNING) {
		struct history_detail fresh;

		if (history_load(h->store, h->shown.run.id, &fresh) == 0) {
			history_detail_finish(&h->shown);
			h->shown = fresh;
		}
	}
}

struct history_shown *app_history_refresh(struct app *app)
{
	struct history_shown *h = mine(app);

	if (store(app) && (history_changed(h->store) || !h->loaded))
		reload(h);
	return h;
}

/* --- drawing */

static struct view_history history_seen(struct app *app)
{
	struct history_shown *h = app_history_refresh(app);
	struct view_history v = {.tier = app_config(app)->tier};

	v.sort = h->sort;
	v.runs = h->runs;
	v.count = h->count;
	v.selected = app_history_row(h, h->selected);
	v.marked = h->marked;
	v.error = app_config(app)->no_history ? "switched off: --no-history" : h->error;
	v.search = h->search;
	v.filter = h->filter;
	v.hidden = h->hidden;
	v.shown = h->showing ? &h->shown : NULL;
	v.trend = h->trending ? &h->trend : NULL;
	v.device = h->device;
	v.scroll = h->scroll;
	for (int i = 0; i < 2 && h->comparing; i++)
		v.compare[i] = &h->compare[i];
	return v;
}

static void history_draw(struct app *app, struct cells *cells, struct area area)
{
	struct view_history v = history_seen(app);
	struct history_shown *h = mine(app);

	if (h->showing)
		v.scroll = h->scroll = view_run_scroll(&h->shown, h->scroll, cells, area);
	view_history_draw(&v, cells, area);
}

static unsigned int history_now(const struct app *app)
{
	if (mine(app)->trending)
		return KEYS_TEXT;
	return KEYS_RECORDED | (mine(app)->showing ? KEYS_TEXT : KEYS_LIST);
}

static bool history_back(struct app *app)
{
	struct history_shown *h = mine(app);

	if (h->trending)
		close_trend(h);
	else if (h->showing)
		close_run(h);
	else if (h->comparing)
		close_compare(h);
	else
		return false;
	return true;
}

/* --- what keys do */

const struct history_run *app_history_selected(struct app *app)
{
	struct history_shown *h = app_history_refresh(app);

	/* While the trend is shown, the list's selected run is not seen. */
	if (h->trending) {
		app_say(app, CELLS_WARNING, "q closes the trend");
		return NULL;
	}
	if (h->showing)
		return &h->shown.run;
	if (h->count > 0)
		return &h->runs[app_history_row(h, h->selected)];
	app_say(app, CELLS_WARNING, "no run is recorded");
	return NULL;
}

bool app_history_open_run(struct app *app, int64_t id, struct history_detail *ret)
{
	if (!store(app)) {
		app_say(app, CELLS_WARNING, "no run is recorded");
		return false;
	}
	if (history_load(mine(app)->store, id, ret) == 0)
		return true;
	app_say(app, CELLS_BAD, "%s", history_error(mine(app)->store));
	return false;
}

static void history_show(struct app *app, int64_t id)
{
	struct history_detail detail;

	if (!app_history_open_run(app, id, &detail))
		return;
	close_trend(mine(app));
	close_run(mine(app));
	mine(app)->shown = detail;
	mine(app)->showing = true;
	mine(app)->scroll = 0;
	mine(app)->selected = id;
}

static void app_history_compare(struct app *app, int64_t a, int64_t b)
{
	struct history_detail first, second;

	if (!app_history_open_run(app, a, &first))
		return;
	if (!app_history_open_run(app, b, &second)) {
		history_detail_finish(&first);
		return;
	}
	close_trend(mine(app));
	close_compare(mine(app));
	close_run(mine(app));
	mine(app)->compare[0] = first;
	mine(app)->compare[1] = second;
	mine(app)->comparing = true;
}

void app_history_show(struct app *app, const char *argument)
{
	char words[2][24] = {"", ""};
	int64_t ids[2] = {0, 0};
	const int count = sscanf(argument, "%23s %23s", words[0], words[1]);

	app_show(app, VIEW_HISTORY);
	(void)app_history_refresh(app);
	if (!mine(app)->store)
		return;
	for (int i = 0; i < count && i < 2; i++) {
		if (history_number(mine(app)->store, words[i], &ids[i]) < 0) {
			app_refuse(app, CELLS_BAD, "%s", history_error(mine(app)->store));
			return;
		}
	}
	if (count == 1)
		history_show(app, ids[0]);
	else if (count == 2)
		app_history_compare(app, ids[0], ids[1]);
}

void app_history_trend(struct app *app, const char *device)
{
	struct history_shown *h = app_history_refresh(app);
	const struct history_run *run = NULL;

	if (device[0] == '\0')
		run = app_history_selected(app);
	if (!h->store || (device[0] == '\0' && !run))
		return; /* said why */
	if (run) /* a name may be another one's, too */
		device = run->address[0] != '\0' ? run->address : run->device;
	app_show(app, VIEW_HISTORY);
	(void)snprintf(h->device, sizeof(h->device), "%s", device);
	h->scroll = 0;
	if (load_trend(h) < 0) {
		app_say(app, CELLS_BAD, "%s", history_error(h->store));
		return;
	}
	close_run(h);
	/* The device is called as in the list. */
	if (run && run->device[0] != '\0')
		(void)snprintf(h->device, sizeof(h->device), "%s", run->device);
}

static void toggle_mark(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct history_shown *h = mine(app);

	if (!run)
		return;
	for (size_t i = 0; i < VIEW_MARKED_MAX; i++) {
		if (h->marked[i] == run->id) {
			h->marked[i] = 0;
			return;
		}
	}
	/* A third takes the place of the older mark. */
	if (h->marked[0] != 0 && h->marked[1] != 0)
		h->marked[0] = h->marked[1];
	h->marked[h->marked[0] == 0 ? 0 : 1] = run->id;
	if (app_history_row(h, run->id) + 1 < h->count)
		h->selected = h->runs[app_history_row(h, run->id) + 1].id;
}

static void compare_marked(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct history_shown *h = mine(app);
	int64_t a, b;

	if (!run)
		return;
	if (h->comparing && !h->showing) {
		close_compare(h);
		return;
	}
	a = h->marked[0] != 0 ? h->marked[0] : h->marked[1];
	b = h->marked[0] != 0 && h->marked[1] != 0 ? h->marked[1] : run->id;
	if (a == 0 || a == b) {
		app_say(app, CELLS_WARNING, "mark two runs with Space; c compares them");
		return;
	}
	app_history_compare(app, a > b ? a : b,
			    a > b ? b : a); /* what was changed last stands first */
}

void app_history_remove(struct app *app, int64_t id)
{
	struct history_shown *h = mine(app);
	const size_t row = app_history_row(h, id);

	if (history_delete(h->store, id) < 0) {
		app_say(app, CELLS_BAD, "%s", history_error(h->store));
		return;
	}
	close_run(h);
	close_compare(h);
	reload(h);
	h->selected = h->count == 0 ? 0 : h->runs[row < h->count ? row : h->count - 1].id;
	app_say(app, CELLS_GOOD, "run %" PRId64 " deleted", id);
}

/* --- keys */

static void history_move(struct app *app, long by)
{
	struct history_shown *h = app_history_refresh(app);

	if (h->trending)
		h->scroll = layout_moved(h->scroll, by, view_trend_lines(&h->trend) - 1);
	else if (h->showing)
		h->scroll = layout_moved(h->scroll, by, view_run_lines(&h->shown) - 1);
	else if (h->count > 0)
		h->selected =
			h->runs[layout_moved(app_history_row(h, h->selected), by, h->count - 1)].id;
}

/*
 * The mouse works as in the list of devices: a row is selected, then opened; the head of a column
 * sorts.
 */
static void history_click(struct app *app, struct area area, int x, int y)
{
	const struct view_history v = history_seen(app);
	const enum view_history_sort sort = view_history_sort_at(&v, area, x, y);
	const size_t hit = view_history_row_at(&v, area, y);
	struct history_shown *h = mine(app);

	if (h->count > 0 && h->selected == 0)
		h->selected = h->runs[0].id; /* it stays the one that is meant */
	if (sort < VIEW_RUNS_SORTS) {
		h->reversed = sort == h->sort && !h->reversed;
		h->sort = sort;
		view_history_sort(h->runs, h->count, h->sort, h->reversed);
	} else if (hit < h->count && hit == app_history_row(h, h->selected)) {
		history_show(app, h->selected);
	} else if (hit < h->count) {
		h->selected = h->runs[hit].id;
	}
}

static bool history_act(struct app *app, enum action action)
{
	const struct history_run *run;

	if (action == ACTION_ENTER) {
		run = app_history_selected(app);
		if (run)
			history_show(app, run->id);
	} else if (action == ACTION_MARK) {
		toggle_mark(app);
	} else if (action == ACTION_COMPARE) {
		compare_marked(app);
	} else if (action == ACTION_TREND && mine(app)->trending) {
		close_trend(mine(app));
	} else if (action == ACTION_TREND) {
		app_history_trend(app, "");
	} else {
		return app_history_find_act(app, action) || app_history_act(app, action);
	}
	return true;
}

const struct view_ops history_view = {
	.part = {.size = sizeof(struct history_shown), .finish = app_history_finish},
	.draw = history_draw,
	.act = history_act,
	.move = history_move,
	.now = history_now,
	.click = history_click,
	.back = history_back,
	.wheel = 1,
};
