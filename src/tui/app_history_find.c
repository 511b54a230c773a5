/* SPDX-License-Identifier: Apache-2.0 */
/* The runs that are listed and their order, and the search for one. */
#include "tui/app_history.h"

#include <string.h>

static struct history_shown *mine(const struct app *app)
{
	return app_part(app, VIEW_HISTORY);
}

static void history_find(struct app *app, int direction)
{
	struct history_shown *h = app_history_refresh(app);
	size_t row;

	if (h->count == 0 || h->search[0] == '\0')
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

/* While it is typed, too: always from the run where it began. */
static void history_search(struct app *app, const char *text)
{
	struct history_shown *h = mine(app);

	h->selected = h->before.selected;
	(void)snprintf(h->search, sizeof(h->search), "%.63s", text);
	/* The selected one counts, if it is one. */
	if (h->count == 0 ||
	    !view_history_matches(&h->runs[app_history_row(h, h->selected)], h->search))
		history_find(app, 1);
}

static void history_search_end(struct app *app)
{
	struct history_shown *h = mine(app);

	h->selected = h->before.selected;
	memcpy(h->search, h->before.search, sizeof(h->search));
}

static void history_ask_search(struct app *app)
{
	const struct prompt prompt = {.label = "/",
				      .done = history_search,
				      .typing = history_search,
				      .cancelled = history_search_end};
	struct history_shown *h = mine(app);

	h->before.selected = h->selected;
	memcpy(h->before.search, h->search, sizeof(h->search));
	app_prompt_open(app, &prompt, "");
}

static void history_set_filter(struct app *app, const char *text)
{
	const char *wrong = view_history_filter_error(text);
	struct history_shown *h = mine(app);

	if (wrong) {
		app_refuse(app, CELLS_BAD, "%s", wrong);
		return;
	}
	(void)snprintf(h->filter, sizeof(h->filter), "%.63s", text);
	h->loaded = false;
	(void)app_history_refresh(app);
}

static void history_next_sort(struct app *app)
{
	struct history_shown *h = mine(app);

	h->sort = (enum view_history_sort)((h->sort + 1) % VIEW_RUNS_SORTS);
	h->reversed = false;
	view_history_sort(h->runs, h->count, h->sort, h->reversed);
	app_say(app, CELLS_DIM, "sorted by %s", view_history_sort_name(h->sort));
}

bool app_history_find_act(struct app *app, enum action action)
{
	const struct prompt ask_filter = {.label = "show only: ", .done = history_set_filter};

	if (action == ACTION_SORT)
		history_next_sort(app);
	else if (action == ACTION_FILTER)
		app_prompt_open(app, &ask_filter, mine(app)->filter);
	else if (action == ACTION_SEARCH)
		history_ask_search(app);
	else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS)
		history_find(app, action == ACTION_SEARCH_NEXT ? 1 : -1);
	else
		return false;
	return true;
}
