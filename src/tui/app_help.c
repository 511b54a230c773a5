/* SPDX-License-Identifier: Apache-2.0 */
/* Help over a view: its keys, then those of all views. */
#include "tui/app_core.h"

#include "view/layout.h"

#include <string.h>

struct help_state {
	size_t scroll;
	char search[64];
	size_t found; /* the row that holds it; SIZE_MAX: none */
	struct {
		char search[64];
		size_t scroll, found;
	} before; /* the search that is typed */
};

static struct help_state *mine(const struct app *app)
{
	return app_part(app, PART_HELP);
}

/* Of which the keys are told: what is open under help, or the view. */
static enum keys_place place_of(const struct app *app)
{
	static const struct {
		size_t part;
		enum keys_place place;
	} under[] = {{PART_MENU, PLACE_MENU}, {PART_SWEEP, PLACE_SWEEP}, {PART_BENCH, PLACE_BENCH}};

	for (size_t i = 0; i < sizeof(under) / sizeof(under[0]); i++) {
		if (app_modal_is_open(app, under[i].part))
			return under[i].place;
	}
	return (enum keys_place)app_view(app);
}

static void help_move(struct app *app, long by)
{
	const struct area body = app_body(app);
	struct help_state *h = mine(app);

	if (by == 10 || by == -10) /* a page is what is shown */
		by = by / 10 * (body.h > 2 ? body.h - 2 : 1);
	h->scroll = layout_moved(h->scroll, by, view_help_end(place_of(app), body));
}

/* --- searching */

static void help_find(struct app *app, int direction)
{
	const struct area body = app_body(app);
	const size_t shown = body.h > 1 ? (size_t)(body.h - 1) : 1;
	struct help_state *h = mine(app);
	const size_t row = h->search[0] == '\0' ? SIZE_MAX
						: view_help_find(place_of(app), h->search, h->found,
								 direction, body);

	if (row == SIZE_MAX && h->search[0] != '\0')
		app_say(app, CELLS_WARNING, "not found: %s", h->search);
	if (row == SIZE_MAX)
		return;
	h->found = row;
	if (row < h->scroll || row >= h->scroll + shown)
		h->scroll = row;
	help_move(app, 0);
}

static void help_restore(struct app *app)
{
	struct help_state *h = mine(app);

	h->scroll = h->before.scroll;
	h->found = h->before.found;
}

/* While it is typed, too: always from where it began. */
static void help_search(struct app *app, const char *text)
{
	struct help_state *h = mine(app);

	help_restore(app);
	(void)snprintf(h->search, sizeof(h->search), "%.63s", text);
	/* A match that is shown already counts. */
	h->found = h->scroll > 0 ? h->scroll - 1 : SIZE_MAX;
	help_find(app, 1);
}

static void help_search_end(struct app *app)
{
	struct help_state *h = mine(app);

	help_restore(app);
	memcpy(h->search, h->before.search, sizeof(h->search));
}

static void help_ask(struct app *app)
{
	const struct prompt prompt = {.label = "/",
				      .done = help_search,
				      .typing = help_search,
				      .cancelled = help_search_end};
	struct help_state *h = mine(app);

	memcpy(h->before.search, h->search, sizeof(h->search));
	h->before.scroll = h->scroll;
	h->before.found = h->found;
	app_prompt_open(app, &prompt, "");
}

/* --- keys */

static void help_key(struct app *app, enum action action, int32_t key)
{
	struct help_state *h = mine(app);

	(void)key;
	app_hush(app);
	if (action == ACTION_SEARCH)
		help_ask(app);
	else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS)
		help_find(app, action == ACTION_SEARCH_NEXT ? 1 : -1);
	if (action != ACTION_CLOSE)
		return;
	*h = (struct help_state){.found = SIZE_MAX};
	app_modal_close(app, PART_HELP);
}

static void help_begin(struct app *app)
{
	mine(app)->found = SIZE_MAX;
}

static void help_draw(struct app *app, struct cells *cells, struct area area)
{
	help_move(app, 0); /* the terminal may have grown */
	view_help_draw(place_of(app), mine(app)->scroll, mine(app)->search, cells, area);
}

static unsigned int help_now(const struct app *app)
{
	(void)app;
	return KEYS_TEXT | KEYS_TYPE;
}

const struct modal_ops help_modal = {
	.part = {.size = sizeof(struct help_state), .begin = help_begin},
	.place = PLACE_HELP,
	.draw = help_draw,
	.key = help_key,
	.move = help_move,
	.now = help_now,
};
