/* SPDX-License-Identifier: Apache-2.0 */
/* See app_history.h. */
#include "tui/app_history_priv.h"

#include "tui/app_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 1000u /* that the list shows */

static struct app_history *mine(struct app *app)
{
	if (!app->history)
		app->history = calloc(1, sizeof(*app->history));
	return app->history;
}

struct history *app_history_store(struct app *app)
{
	struct app_history *h = mine(app);
	int r;

	if (!h || app->config.no_history)
		return NULL;
	if (!h->store) {
		r = history_open(NULL, &h->store, h->error, sizeof(h->error));
		if (r == -OTA_ENOENT)
			h->error[0] = '\0';
	}
	return h->store;
}

void app_history_close_run(struct app_history *h)
{
	if (h->showing)
		history_detail_finish(&h->shown);
	h->showing = false;
}

void app_history_close_compare(struct app_history *h)
{
	if (h->comparing) {
		history_detail_finish(&h->compare[0]);
		history_detail_finish(&h->compare[1]);
	}
	h->comparing = false;
}

void app_history_destroy(struct app *app)
{
	struct app_history *h = app->history;

	if (!h)
		return;
	app_history_close_run(h);
	app_history_close_compare(h);
	history_close(h->store);
	free(h->runs);
	free(h);
	app->history = NULL;
}

size_t app_history_row(const struct app_history *h, int64_t id)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->runs[i].id == id)
			return i;
	}
	return 0;
}

static bool is_there(const struct app_history *h, int64_t id)
{
	return h->count > 0 && h->runs[app_history_row(h, id)].id == id;
}

void app_history_reload(struct app_history *h)
{
	struct history_run *runs;
	size_t count;

	if (history_list(h->store, RUNS_MAX, &runs, &count) < 0) {
		(void)snprintf(h->error, sizeof(h->error), "%s", history_error(h->store));
		return;
	}
	free(h->runs);
	h->runs = runs;
	h->count = count;
	h->loaded = true;
	for (size_t i = 0; i < VIEW_MARKED_MAX; i++) {
		if (!is_there(h, h->marked[i]))
			h->marked[i] = 0;
	}
	/* A run that is looked at goes on while it runs. */
	if (h->showing && h->shown.run.state == HISTORY_RUNNING) {
		struct history_detail fresh;

		if (history_load(h->store, h->shown.run.id, &fresh) == 0) {
			history_detail_finish(&h->shown);
			h->shown = fresh;
		}
	}
}

/* What others recorded meanwhile too. */
static struct app_history *refresh(struct app *app)
{
	struct app_history *h = mine(app);

	if (h && app_history_store(app) && (history_changed(h->store) || !h->loaded))
		app_history_reload(h);
	return h;
}

/* --- drawing */

void app_history_draw(struct app *app, struct cells *cells, struct area area)
{
	struct app_history *h = refresh(app);
	struct view_history v = {.tier = app->config.tier};

	if (!h)
		return;
	v.runs = h->runs;
	v.count = h->count;
	v.selected = app_history_row(h, h->selected);
	v.marked = h->marked;
	v.error = app->config.no_history ? "switched off: --no-history" : h->error;
	v.search = h->search;
	v.shown = h->showing ? &h->shown : NULL;
	if (h->showing)
		h->scroll = view_run_scroll(&h->shown, h->scroll, cells, area);
	v.scroll = h->scroll;
	for (int i = 0; i < 2 && h->comparing; i++)
		v.compare[i] = &h->compare[i];
	view_history_draw(&v, cells, area);
}

const char *app_history_keys(const struct app *app)
{
	if (app->history && app->history->showing)
		return "q back  r run again  E export  j k scroll  d delete  ? help";
	return "Enter open  Space mark  c compare  r run again  E export  / search  d delete  ? "
	       "help";
}

bool app_history_back(struct app *app)
{
	struct app_history *h = app->history;

	if (!h)
		return false;
	if (h->showing)
		app_history_close_run(h);
	else if (h->comparing)
		app_history_close_compare(h);
	else
		return false;
	return true;
}

/* --- what keys do */

const struct history_run *app_history_selected(struct app *app)
{
	struct app_history *h = refresh(app);

	if (h && h->showing)
		return &h->shown.run;
	if (h && h->count > 0)
		return &h->runs[app_history_row(h, h->selected)];
	app_say(app, CELLS_WARNING, "no run is recorded");
	return NULL;
}

bool app_history_load(struct app *app, int64_t id, struct history_detail *ret)
{
	if (!app_history_store(app)) {
		app_say(app, CELLS_WARNING, "no run is recorded");
		return false;
	}
	if (history_load(app->history->store, id, ret) == 0)
		return true;
	app_say(app, CELLS_BAD, "%s", history_error(app->history->store));
	return false;
}

static void show(struct app *app, int64_t id)
{
	struct history_detail detail;

	if (!app_history_load(app, id, &detail))
		return;
	app_history_close_run(app->history);
	app->history->shown = detail;
	app->history->showing = true;
	app->history->scroll = 0;
	app->history->selected = id;
}

static void compare(struct app *app, int64_t a, int64_t b)
{
	struct history_detail first, second;

	if (!app_history_load(app, a, &first))
		return;
	if (!app_history_load(app, b, &second)) {
		history_detail_finish(&first);
		return;
	}
	app_history_close_compare(app->history);
	app_history_close_run(app->history);
	app->history->compare[0] = first;
	app->history->compare[1] = second;
	app->history->comparing = true;
}

void app_history_open(struct app *app, const char *argument)
{
	long long a = 0, b = 0;
	/* What does not fit is no run's number. */
	const int count = sscanf(argument, "%lld %lld", &a, &b); /* NOLINT(cert-err34-c) */

	(void)refresh(app);
	if (count == 1)
		show(app, a);
	else if (count == 2)
		compare(app, a, b);
}

static void toggle_mark(struct app *app)
{
	const struct history_run *run = app_history_selected(app);
	struct app_history *h = app->history;

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
	struct app_history *h = app->history;
	int64_t a, b;

	if (!run)
		return;
	if (h->comparing && !h->showing) {
		app_history_close_compare(h);
		return;
	}
	a = h->marked[0] != 0 ? h->marked[0] : h->marked[1];
	b = h->marked[0] != 0 && h->marked[1] != 0 ? h->marked[1] : run->id;
	if (a == 0 || a == b) {
		app_say(app, CELLS_WARNING, "mark two runs with Space; c compares them");
		return;
	}
	compare(app, a > b ? a : b, a > b ? b : a); /* what was changed last stands first */
}

static void search(struct app *app, int direction)
{
	struct app_history *h = refresh(app);
	size_t row;

	if (!h || h->count == 0 || h->search[0] == '\0')
		return;
	row = app_history_row(h, h->selected);
	for (size_t i = 0; i < h->count; i++) {
		row = direction > 0 ? (row + 1) % h->count : (row + h->count - 1) % h->count;
		if (!view_history_matches(&h->runs[row], h->search))
			continue;
		h->selected = h->runs[row].id;
		return;
	}
	app_say(app, CELLS_WARNING, "no run holds %s", h->search);
}

void app_history_search(struct app *app, const char *text)
{
	struct app_history *h = mine(app);

	if (!h)
		return;
	(void)snprintf(h->search, sizeof(h->search), "%.63s", text);
	/* The selected one counts, if it is one. */
	if (h->count > 0 &&
	    view_history_matches(&h->runs[app_history_row(h, h->selected)], h->search))
		return;
	search(app, 1);
}

/* --- keys */

static void move(struct app *app, int by)
{
	struct app_history *h = refresh(app);
	int64_t row, last;

	if (!h)
		return;
	row = (int64_t)(h->showing ? h->scroll : app_history_row(h, h->selected)) + by;
	last = (int64_t)(h->showing ? view_run_lines(&h->shown) : h->count) - 1;
	row = row > last ? last : row;
	row = row < 0 ? 0 : row;
	if (h->showing)
		h->scroll = (size_t)row;
	else if (h->count > 0)
		h->selected = h->runs[row].id;
}

static bool move_key(struct app *app, int32_t key)
{
	switch (key) {
	case 'j':
	case TUI_KEY_DOWN:
		move(app, 1);
		return true;
	case 'k':
	case TUI_KEY_UP:
		move(app, -1);
		return true;
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		move(app, 10);
		return true;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		move(app, -10);
		return true;
	case 'g':
	case TUI_KEY_HOME:
		move(app, -(int)RUNS_MAX * 10);
		return true;
	case 'G':
	case TUI_KEY_END:
		move(app, (int)RUNS_MAX * 10);
		return true;
	default:
		return false;
	}
}

void app_history_key(struct app *app, int32_t key)
{
	const struct history_run *run;

	if (move_key(app, key))
		return;
	switch (key) {
	case TUI_KEY_ENTER:
		run = app_history_selected(app);
		if (run)
			show(app, run->id);
		break;
	case ' ':
		toggle_mark(app);
		break;
	case 'c':
		compare_marked(app);
		break;
	case 'r':
		app_history_ask_rerun(app);
		break;
	case 'E':
		app_history_ask_export(app);
		break;
	case '/':
		app_ask(app, APP_ASK_SEARCH, "");
		break;
	case 'n':
	case 'N':
		search(app, key == 'n' ? 1 : -1);
		break;
	case 'd':
		app_history_ask_delete(app);
		break;
	case 'T':
		app->config.tier = (enum plot_tier)((app->config.tier + 1) % PLOT_TIERS);
		break;
	default: /* means nothing here */
		break;
	}
}
