/* SPDX-License-Identifier: Apache-2.0 */
/* The Scan view: devices heard, and which one is meant. */
#include "tui/app_scan.h"

#include "tui/app_device.h"
#include "tui/app_recover.h"
#include "tui/app_upload.h"
#include "view/layout.h"

#include <string.h>

struct scan_state {
	struct scan scan;
	bool scanning;
	uint64_t since;
	uint16_t order[SCAN_DEVICES_MAX];
	size_t count; /* of them in order */
	char selected[SCAN_ADDRESS_SIZE]; /* the row, by what it stands for */
	enum view_scan_sort sort;
	bool reversed, frozen;
	char filter[64], search[64];
	struct {
		char search[64], selected[SCAN_ADDRESS_SIZE];
	} before; /* the search that is typed */
	struct view_scan_marks marks;
};

static struct scan_state *mine(const struct app *app)
{
	return app_part(app, VIEW_SCAN);
}

/* --- scanning */

static void scan_on_event(void *userdata, const struct transport_event *event)
{
	struct app *app = userdata;
	struct scan_state *s = mine(app);

	if (event->kind == TRANSPORT_ADVERTISEMENT && event->adv) {
		(void)scan_add(&s->scan, event->adv, app_now(app));
		app_device_heard(app, event->adv->address);
		app_touch(app);
	} else if (event->kind == TRANSPORT_ADAPTER && event->status < 0) {
		s->scanning = false;
		if (!app_device(app)->maintenance)
			app_say(app, CELLS_BAD, "the adapter or its daemon is gone: R, or :doctor");
	} else if (event->kind == TRANSPORT_MAINTENANCE) {
		app_device_maintenance_done(app, event->status);
	} else if (event->kind == TRANSPORT_ADAPTER) {
		app_scan_begin(app);
	}
}

void app_scan_begin(struct app *app)
{
	struct transport *transport = app_transport(app);
	struct scan_state *s = mine(app);
	int r;

	transport->handler = scan_on_event;
	transport->userdata = app;
	r = transport->ops->scan_start(transport);
	s->scanning = r == 0;
	s->since = app_now(app);
	if (!s->scanning)
		app_say(app, CELLS_BAD, "cannot scan: %s", strerror(-r));
}

static void stop(struct app *app)
{
	struct scan_state *s = mine(app);

	if (s->scanning)
		(void)app_transport(app)->ops->scan_stop(app_transport(app));
	s->scanning = false;
}

static void scan_on_part(struct app *app, enum app_event event)
{
	if (event == APP_JOB_STARTS)
		stop(app);
	else if (event == APP_TRANSPORT_FREE && !mine(app)->scanning)
		app_scan_begin(app);
}

static void scan_begin(struct app *app)
{
	scan_init(&mine(app)->scan);
	mine(app)->frozen = true;
}

static void scan_finish(struct app *app)
{
	if (app_config(app)->replay)
		return;
	stop(app);
	app_transport(app)->handler = NULL;
}

/* --- rows */

static const struct scan_device *at(const struct scan_state *s, size_t row)
{
	return &s->scan.devices[s->order[row]];
}

static void reorder(struct app *app)
{
	struct scan_state *s = mine(app);
	const struct view_scan_order by = {
		.scan = &s->scan,
		.known = app_device(app)->known,
		.known_count = app_device(app)->known_count,
		.marks = &s->marks,
		.filter = s->filter,
		.sort = s->sort,
		.reversed = s->reversed,
		.frozen = s->frozen,
	};

	s->count = view_scan_order(&by, s->order, s->count);
	if (s->selected[0] == '\0' && s->count > 0)
		(void)snprintf(s->selected, sizeof(s->selected), "%s", at(s, 0)->address);
}

static size_t row_of(const struct scan_state *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(at(s, i)->address, s->selected) == 0)
			return i;
	}
	return 0;
}

static void select_row(struct scan_state *s, size_t row)
{
	if (row < s->count)
		(void)snprintf(s->selected, sizeof(s->selected), "%s", at(s, row)->address);
}

static const struct scan_device *scan_selected(const struct scan_state *s)
{
	return s->count == 0 ? NULL : at(s, row_of(s));
}

static void scan_move(struct app *app, long by)
{
	struct scan_state *s = mine(app);

	reorder(app);
	if (s->count > 0)
		select_row(s, layout_moved(row_of(s), by, s->count - 1));
}

/* From the row this many further on, which counts, in the direction of step. */
static void app_scan_find(struct app *app, size_t from, size_t step)
{
	struct scan_state *s = mine(app);
	const size_t count = s->count, row = row_of(s);

	for (size_t i = 0; i < count; i++) {
		const size_t next = (row + from + i * step) % count;

		if (loglist_contains(at(s, next)->name, s->search) ||
		    loglist_contains(at(s, next)->address, s->search)) {
			select_row(s, next);
			return;
		}
	}
	app_say(app, CELLS_WARNING, "not found: %s", s->search);
}

static void search_on(struct app *app, bool forward)
{
	const size_t last = mine(app)->count > 0 ? mine(app)->count - 1 : 0;

	app_scan_find(app, forward ? 1 : last, forward ? 1 : last);
}

/* While it is typed, too: always from the row where it began. */
static void scan_search(struct app *app, const char *text)
{
	struct scan_state *s = mine(app);

	memcpy(s->selected, s->before.selected, sizeof(s->selected));
	(void)snprintf(s->search, sizeof(s->search), "%.63s", text);
	if (text[0] != '\0')
		app_scan_find(app, 0, 1);
}

static void scan_search_end(struct app *app)
{
	struct scan_state *s = mine(app);

	memcpy(s->selected, s->before.selected, sizeof(s->selected));
	memcpy(s->search, s->before.search, sizeof(s->search));
}

static void scan_ask_search(struct app *app)
{
	const struct prompt prompt = {.label = "/",
				      .done = scan_search,
				      .typing = scan_search,
				      .cancelled = scan_search_end};
	struct scan_state *s = mine(app);

	memcpy(s->before.selected, s->selected, sizeof(s->selected));
	memcpy(s->before.search, s->search, sizeof(s->search));
	app_prompt_open(app, &prompt, "");
}

static void scan_filter(struct app *app, const char *text)
{
	const char *wrong = view_scan_filter_error(text);

	if (wrong) {
		app_refuse(app, CELLS_BAD, "%s", wrong);
		return;
	}
	(void)snprintf(mine(app)->filter, sizeof(mine(app)->filter), "%.63s", text);
	mine(app)->count = 0;
}

/* --- choosing */

bool app_scan_choose(struct app *app, const char *name)
{
	const struct scan_device *d;
	char text[VIEW_TEXT] = "";
	const int r = scan_find(&mine(app)->scan, name, &d, text, sizeof(text));

	if (r == 0)
		return app_device_choose(app, d->address, d->name);
	if (r == -OTA_EINVAL)
		app_refuse(app, CELLS_WARNING, "several have that name: %s", text);
	else
		app_refuse(app, CELLS_WARNING, "not heard yet: %s", name);
	return false;
}

size_t app_scan_complete(struct app *app, struct input *input, size_t start, char *list,
			 size_t size)
{
	const struct scan *scan = &mine(app)->scan;
	const char *words[SCAN_DEVICES_MAX * 2 + 1];
	size_t count = 0;

	for (size_t i = 0; i < scan->count; i++) {
		if (scan->devices[i].name[0] != '\0')
			words[count++] = scan->devices[i].name;
		words[count++] = scan->devices[i].address;
	}
	words[count] = NULL;
	return input_complete_word(input, start, words, list, size);
}

/* The row becomes the device that everything acts on. */
static bool choose_selected(struct app *app)
{
	const struct scan_device *d = scan_selected(mine(app));

	return d && app_device_choose(app, d->address, d->name);
}

static void connect_selected(struct app *app)
{
	if (!scan_selected(mine(app)))
		return;
	app_show(app, VIEW_DEVICE);
	if (choose_selected(app) && !app_device(app)->job)
		app_device_look(app);
}

/* --- keys */

static bool scan_act(struct app *app, enum action action)
{
	const struct prompt ask_filter = {.label = "show only: ", .done = scan_filter};
	struct scan_state *s = mine(app);

	reorder(app);
	if (action == ACTION_ENTER) {
		connect_selected(app);
	} else if (action == ACTION_UPLOAD) {
		if (choose_selected(app))
			app_upload(app);
	} else if (action == ACTION_RECOVER) {
		/* With nothing in the list there may still be a device chosen. */
		if (!scan_selected(s) || choose_selected(app))
			app_menu_open(app);
	} else if (action == ACTION_SORT) {
		s->sort = (enum view_scan_sort)((s->sort + 1) % VIEW_SORTS);
		s->reversed = false;
		s->count = 0;
	} else if (action == ACTION_FREEZE) {
		s->frozen = !s->frozen;
		app_say(app, CELLS_NORMAL,
			s->frozen ? "the order is frozen" : "rows are sorted as they change");
	} else if (action == ACTION_MARK) {
		if (scan_selected(s))
			view_scan_mark(&s->marks, scan_selected(s)->address);
		s->count = 0;
	} else if (action == ACTION_SEARCH) {
		scan_ask_search(app);
	} else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS) {
		if (s->search[0] != '\0')
			search_on(app, action == ACTION_SEARCH_NEXT);
	} else if (action == ACTION_FILTER) {
		app_prompt_open(app, &ask_filter, s->filter);
	} else {
		return false;
	}
	return true;
}

/* Once selects, on what is selected already it is Enter.  On the head of a column it sorts by this
 * column, once more the other way round. */
static void scan_click(struct app *app, struct area area, int x, int y)
{
	struct scan_state *s = mine(app);
	const size_t row = row_of(s);
	const size_t hit = view_scan_row_at(area, s->count, row, y - area.y);
	const enum view_scan_sort sort = view_scan_sort_at(area, x, y);

	if (sort < VIEW_SORTS) {
		s->reversed = sort == s->sort && !s->reversed;
		s->sort = sort;
		s->count = 0;
	} else if (hit < s->count && hit == row)
		connect_selected(app);
	else
		select_row(s, hit);
}

/* --- what is drawn */

/* "last: FAIL 54% esp-gw-11 (R)"; what went well is in its row. */
static void last_failure(const struct app *app, char *buf, size_t size)
{
	const struct app_device *d = app_device(app);

	buf[0] = '\0';
	if (!d->have_update || app_device_runs(app) || d->last_total == 0 ||
	    d->last_update.outcome == SESSION_CONFIRMED ||
	    d->last_update.outcome == SESSION_UNCONFIRMED ||
	    d->last_update.outcome == SESSION_DELIVERED ||
	    d->last_update.outcome == SESSION_ALREADY_RUNNING)
		return;
	(void)snprintf(buf, size, "last: %u%% %.40s -> R",
		       (unsigned int)((uint64_t)d->last_received * 100u / d->last_total),
		       app_device_title(app));
}

static void scan_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct app_device *d = app_device(app);
	struct scan_state *s = mine(app);
	char last[VIEW_TEXT], busy[64] = "";
	struct view_scan v = {
		.busy = app_device_runs(app) ? d->address : "",
		.busy_text = busy,
		.scan = &s->scan,
		.known = d->known,
		.known_count = d->known_count,
		.order = s->order,
		.filter = s->filter,
		.search = s->search,
		.marks = &s->marks,
		.last = last,
		.sort = s->sort,
		.reversed = s->reversed,
		.scanning = s->scanning,
		.frozen = s->frozen,
		.now_us = app_now(app),
		.since_us = s->since,
	};

	last_failure(app, last, sizeof(last));
	if (app_device_runs(app))
		(void)app_device_progress(app, busy, sizeof(busy));
	reorder(app);
	v.count = s->count;
	v.selected = row_of(s);
	view_scan_draw(&v, cells, area);
}

const struct view_ops scan_view = {
	.part = {sizeof(struct scan_state), scan_begin, scan_finish, scan_on_part},
	.draw = scan_draw,
	.act = scan_act,
	.move = scan_move,
	.click = scan_click,
	.wheel = 1, /* in lists one step is one row, or it would jump over what is meant */
};
