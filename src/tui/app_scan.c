/* SPDX-License-Identifier: Apache-2.0 */
/* The scan view's state and keys; scanning itself goes on whenever no job has the transport. */
#include "tui/app_priv.h"

#include <string.h>

static void on_event(void *userdata, const struct transport_event *event)
{
	struct app *app = userdata;

	if (event->kind == TRANSPORT_ADVERTISEMENT && event->adv) {
		(void)scan_add(&app->scan, event->adv, app_now(app));
		app->changed = true;
	} else if (event->kind == TRANSPORT_ADAPTER && event->status < 0) {
		app->scanning = false;
		if (!app->maintenance)
			app_say(app, CELLS_BAD, "the adapter or its daemon is gone: R, or :doctor");
	} else if (event->kind == TRANSPORT_MAINTENANCE) {
		app_maintenance_done(app, event->status);
	} else if (event->kind == TRANSPORT_ADAPTER) {
		app_scan_begin(app);
	}
}

void app_scan_begin(struct app *app)
{
	int r;

	app->transport->handler = on_event;
	app->transport->userdata = app;
	r = app->transport->ops->scan_start(app->transport);
	app->scanning = r == 0;
	app->scan_since = app_now(app);
	if (!app->scanning)
		app_say(app, CELLS_BAD, "cannot scan: %s", strerror(-r));
}

void app_scan_stop(struct app *app)
{
	if (app->scanning)
		(void)app->transport->ops->scan_stop(app->transport);
	app->scanning = false;
}

void app_scan_reorder(struct app *app)
{
	app->order_count = view_scan_order(&app->scan, app->sort, app->filter, &app->marks,
					   app->frozen, app->order, app->order_count);
	if (app->selected[0] == '\0' && app->order_count > 0)
		(void)snprintf(app->selected, sizeof(app->selected), "%s",
			       app->scan.devices[app->order[0]].address);
}

size_t app_scan_row(const struct app *app)
{
	for (size_t i = 0; i < app->order_count; i++) {
		if (strcmp(app->scan.devices[app->order[i]].address, app->selected) == 0)
			return i;
	}
	return 0;
}

struct view_known *app_known(struct app *app, const char *address)
{
	struct view_known *known;

	if (address[0] == '\0')
		return NULL;
	for (size_t i = 0; i < app->known_count; i++) {
		if (strcmp(app->known[i].address, address) == 0)
			return &app->known[i];
	}
	if (app->known_count == APP_KNOWN_MAX) {
		memmove(app->known, app->known + 1, (APP_KNOWN_MAX - 1) * sizeof(app->known[0]));
		app->known_count--;
	}
	known = &app->known[app->known_count++];
	memset(known, 0, sizeof(*known));
	(void)snprintf(known->address, sizeof(known->address), "%s", address);
	return known;
}

void app_scan_select(struct app *app, size_t row)
{
	if (app->order_count == 0)
		return;
	if (row >= app->order_count)
		row = app->order_count - 1;
	(void)snprintf(app->selected, sizeof(app->selected), "%s",
		       app->scan.devices[app->order[row]].address);
}

static void move(struct app *app, long by)
{
	const long row = (long)app_scan_row(app) + by;

	app_scan_select(app, row < 0 ? 0 : (size_t)row);
}

void app_scan_search(struct app *app, int direction)
{
	const size_t count = app->order_count, row = app_scan_row(app);

	for (size_t i = 1; i <= count; i++) {
		const size_t at = direction > 0 ? (row + i) % count : (row + count * 2 - i) % count;
		const struct scan_device *d = &app->scan.devices[app->order[at]];

		if (loglist_contains(d->name, app->search) ||
		    loglist_contains(d->address, app->search)) {
			app_scan_select(app, at);
			return;
		}
	}
	app_say(app, CELLS_WARNING, "not found: %s", app->search);
}

bool app_choose(struct app *app, const struct scan_device *d)
{
	if (strcmp(d->address, app->address) == 0)
		return true;
	if (app->job) {
		app_say(app, CELLS_WARNING, "%s is busy: one device at a time",
			app->name[0] != '\0' ? app->name : app->address);
		return false;
	}
	(void)snprintf(app->address, sizeof(app->address), "%s", d->address);
	(void)snprintf(app->name, sizeof(app->name), "%s", d->name);
	app->have_snapshot = app->have_result = app->have_update = false;
	memset(&app->told, 0, sizeof(app->told));
	app->rssi_count = 0;
	app_image_compare(app);
	return true;
}

static const struct scan_device *selected(const struct app *app)
{
	return app->order_count == 0 ? NULL : &app->scan.devices[app->order[app_scan_row(app)]];
}

static void connect_selected(struct app *app)
{
	if (!selected(app))
		return;
	app->view = VIEW_DEVICE;
	if (app_choose(app, selected(app)) && !app->job)
		app_look(app);
}

static void recover_selected(struct app *app)
{
	/* With nothing in the list there may still be a device chosen. */
	if (!selected(app) || app_choose(app, selected(app)))
		app_recover_open(app);
}

void app_scan_key(struct app *app, int32_t key)
{
	app_scan_reorder(app);
	switch (key) {
	case 'j':
	case TUI_KEY_DOWN:
		move(app, 1);
		break;
	case 'k':
	case TUI_KEY_UP:
		move(app, -1);
		break;
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		move(app, 10);
		break;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		move(app, -10);
		break;
	case 'g':
	case TUI_KEY_HOME:
		app_scan_select(app, 0);
		break;
	case 'G':
	case TUI_KEY_END:
		app_scan_select(app, app->order_count);
		break;
	case TUI_KEY_ENTER:
		connect_selected(app);
		break;
	case 'R':
		recover_selected(app);
		break;
	case 's':
		app->sort = (enum view_scan_sort)((app->sort + 1) % VIEW_SORTS);
		app->order_count = 0;
		break;
	case 'Z':
		app->frozen = !app->frozen;
		app_say(app, CELLS_NORMAL,
			app->frozen ? "rows stay where they are" : "rows move as they change");
		break;
	case ' ':
		if (selected(app))
			view_scan_mark(&app->marks, selected(app)->address);
		app->order_count = 0;
		break;
	case '/':
		app_ask(app, APP_ASK_SEARCH, app->search);
		break;
	case 'n':
	case 'N':
		if (app->search[0] != '\0')
			app_scan_search(app, key == 'n' ? 1 : -1);
		break;
	case '\\':
	case TUI_KEY_FILTER:
		app_ask(app, APP_ASK_FILTER, app->filter);
		break;
	default: /* means nothing here */
		break;
	}
}
