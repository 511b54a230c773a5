/* SPDX-License-Identifier: Apache-2.0 */
/* From the workbench's state to what the views draw. */
#include "tui/app_priv.h"

#include "host/job_blocked.h"
#include "tui/app_history.h"
#include "view/layout.h"
#include "view/view_history.h"

#include <string.h>

const char *app_keys(const struct app *app)
{
	if (app->ask != APP_ASK_NOTHING)
		return app->panel.kind == APP_PANEL_IMAGES
			       ? "Enter ok  Up Down from the list  Tab complete  Esc cancel"
		       : app->ask == APP_ASK_SEARCH || app->ask == APP_ASK_FILTER ||
				       app->ask == APP_ASK_PASSKEY
			       ? "Enter ok  Esc cancel"
			       : "Enter ok  Tab complete  Esc cancel";
	if (app->confirm != APP_CONFIRM_NOTHING)
		return "y yes  n no";
	if (app->help)
		return "j k scroll  q close";
	if (app->menu.open)
		return "j k move  Enter run  y copy command  q back";
	if (app->panel.kind != APP_PANEL_NONE)
		return app->panel.choose ? "j k move  Enter choose  L type a path  q back"
					 : "j k scroll  q back";
	if (app->replay.is && app->view != VIEW_DEVICE)
		return "j k move  q back";
	switch (app->view) {
	case VIEW_SCAN:
		return "Enter connect  R recover  / search  \\ filter  s sort  Space mark  ? help  "
		       "q quit";
	case VIEW_DEVICE:
		if (app->replay.is)
			return "Space pause  + - speed  . , step  { } marks  Home End  ? help  q "
			       "quit";
		if (app_runs(app))
			return app->snapshot.hold ? "p go on  x cancel  [ ] pacing  m mode  - + "
						    "chunk  { } window  ? help"
						  : "p pause  x cancel  [ ] pacing  m mode  - + "
						    "chunk  { } window  ? "
						    "help";
		return "u upload  R recover  c look again  @ calls  E export  ? help  q back";
	case VIEW_PROFILE:
		return "Enter edit  d default  D diff  e $EDITOR  w write  W as  u undo  L load  ? "
		       "help";
	case VIEW_IMAGE:
		return "o open  u upload  c compare with device  y copy sha  j k scroll  ? help";
	case VIEW_HISTORY:
		return app_history_keys(app);
	case VIEWS:
		break;
	}
	return "";
}

/* "sending 54%" */
static char *under_way(const struct job_snapshot *s, char *buf, size_t size)
{
	if (s->size > 0 && s->stats.received > 0)
		(void)snprintf(buf, size, "%s %u%%", job_state_name(s),
			       (unsigned int)((uint64_t)s->stats.received * 100u / s->size));
	else
		(void)snprintf(buf, size, "%s", job_state_name(s));
	return buf;
}

/* Where nothing was said, what an update under way comes to is worth the line. */
static const char *message_of(const struct app *app, char *buf, size_t size)
{
	const struct job_snapshot *s = &app->snapshot;
	char wait[JOB_TEXT_MAX];

	if (app->message[0] == '\0' && app->replay.is)
		return app_replay_text(app, buf, size);
	if (app->message[0] != '\0' || !app_runs(app) || app->view == VIEW_DEVICE)
		return app->message;
	if (job_blocked_text(s, wait, sizeof(wait)) != JOB_BLOCKED_NONE) {
		(void)snprintf(buf, size, "%.60s: %.180s",
			       app->name[0] != '\0' ? app->name : app->address, wait);
		return buf;
	}
	(void)snprintf(buf, size, "%s: %s", app->name[0] != '\0' ? app->name : app->address,
		       under_way(s, wait, sizeof(wait)));
	return buf;
}

static void draw_frame(struct app *app, struct cells *cells)
{
	char confirm[VIEW_TEXT], message[VIEW_TEXT], badge[64], source[VIEW_TEXT];
	struct view_frame frame = {
		.view = app->view,
		.source = app->config.source,
		.source_style = CELLS_DIM,
		.message = message_of(app, message, sizeof(message)),
		.message_style = app->message_style,
		.keys = app_keys(app),
	};

	if (app->replay.is) {
		frame.source = app_replay_badge(app, badge, sizeof(badge));
		frame.source_style = CELLS_WARNING;
	} else if (app->config.readonly) {
		(void)snprintf(source, sizeof(source), "READ-ONLY  %s", app->config.source);
		frame.source = source;
	}
	app_confirm_text(app, confirm, sizeof(confirm));
	if (app->ask != APP_ASK_NOTHING) {
		frame.prompt = app_ask_label(app);
		frame.input = app->input.text;
		frame.input_cursor = app->input.cursor;
		/* What Tab found stands where the keys were. */
		if (app->message[0] != '\0')
			frame.keys = app->message;
	} else if (confirm[0] != '\0') {
		frame.prompt = confirm;
		frame.input = "";
	}
	view_frame_draw(&frame, cells);
}

/* "last: FAIL 54% esp-gw-11 (R)"; what went well is in its row. */
static void last_failure(const struct app *app, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!app->have_update || app_runs(app) || app->last_total == 0 ||
	    app->last_update.outcome == SESSION_CONFIRMED ||
	    app->last_update.outcome == SESSION_UNCONFIRMED ||
	    app->last_update.outcome == SESSION_DELIVERED ||
	    app->last_update.outcome == SESSION_ALREADY_RUNNING)
		return;
	(void)snprintf(buf, size, "last: %u%% %.40s -> R",
		       (unsigned int)((uint64_t)app->last_received * 100u / app->last_total),
		       app->name[0] != '\0' ? app->name : app->address);
}

static void draw_scan(struct app *app, struct cells *cells, struct area area)
{
	char last[VIEW_TEXT], busy[64] = "";
	struct view_scan v = {
		.busy = app_runs(app) ? app->address : "",
		.busy_text = busy,
		.scan = &app->scan,
		.known = app->known,
		.known_count = app->known_count,
		.order = app->order,
		.filter = app->filter,
		.search = app->search,
		.marks = &app->marks,
		.last = last,
		.sort = app->sort,
		.scanning = app->scanning,
		.frozen = app->frozen,
		.now_us = app_now(app),
		.since_us = app->scan_since,
	};

	last_failure(app, last, sizeof(last));
	if (app_runs(app))
		(void)under_way(&app->snapshot, busy, sizeof(busy));
	app_scan_reorder(app);
	v.count = app->order_count;
	v.selected = app_scan_row(app);
	view_scan_draw(&v, cells, area);
}

static const char *chip_of(const struct job_snapshot *s)
{
	const struct image_chip *chip = s->have_info ? image_chip_by_id(s->info.chip_id) : NULL;

	return chip ? chip->title : "";
}

static enum cells_style wait_style(enum job_blocked wait)
{
	switch (wait) {
	case JOB_BLOCKED_STALL:
		return CELLS_BAD;
	case JOB_BLOCKED_USER:
		return CELLS_WARNING;
	case JOB_BLOCKED_NONE:
	case JOB_BLOCKED_AGAIN:
		break;
	}
	return CELLS_TITLE;
}

static void draw_device(struct app *app, struct cells *cells, struct area area)
{
	struct job_snapshot *s = &app->snapshot;
	char image[VIEW_TEXT] = "", wait[JOB_TEXT_MAX] = "";
	struct view_device v = {
		.chosen = app->address[0] != '\0',
		.name = app->name,
		.address = app->address,
		.profile = app->profile.name,
		.image = image,
		.rssi = app->rssi,
		.rssi_count = app->rssi_count,
		.wait = wait,
		.version = "",
		.chip = "",
		.log = app_log(app),
		.log_title = app->calls_shown ? "Calls" : "Control",
		.tier = app->config.tier,
		.stats = &s->stats,
		.metrics = &s->metrics,
	};

	app_refresh(app);
	if (app->replay.is)
		(void)app_replay_image(app, image, sizeof(image));
	if (app->have_image)
		(void)snprintf(image, sizeof(image), "%s %s", app->image.project,
			       app->image.version);
	if (app->have_snapshot) {
		const struct view_known *known = app_known(app, app->address);

		v.run = true;
		if (app->job)
			v.wait_style = wait_style(job_blocked_text(s, wait, sizeof(wait)));
		else if (app->have_result && view_outcome_style(app->result.outcome) != CELLS_GOOD)
			(void)snprintf(wait, sizeof(wait), "%s", app->result.advice);
		v.scanning = s->scanning;
		v.linked = app->job && app->linked_since > 0;
		v.linked_us = s->now_us - app->linked_since;
		v.link = app->last_link;
		v.goal = app->goal;
		v.state = s->state;
		v.stage = app->stage;
		v.outcome = app->have_result ? app->result.outcome : s->outcome;
		v.in_state_us = app->job ? s->now_us - s->state_us : 0;
		v.mtu = app->last_mtu;
		v.chunk = s->chunk;
		v.mode = s->mode;
		v.window = job_window_in_force(s);
		v.pacing_us = s->pacing_us;
		v.ceiling = s->ceiling;
		v.total = s->size;
		v.full = !s->basic;
		v.version = app->job || !known ? s->version : known->version;
		v.chip = chip_of(s);
	}
	view_device_draw(&v, cells, area);
}

void app_menu_view(const struct app *app, struct view_menu *ret, char *title, size_t size)
{
	*ret = (struct view_menu){
		.title = title,
		.what = app->menu.is.what,
		.choices = app->menu.is.choices,
		.count = app->menu.is.count,
		.selected = app->menu.selected,
	};
	(void)snprintf(title, size, "Recover %.200s",
		       app->name[0] != '\0' ? app->name : app->address);
	for (size_t i = 0; i < app->menu.is.fact_count; i++)
		ret->facts[i] = app->menu.is.facts[i];
}

static void draw_menu(const struct app *app, struct cells *cells, struct area area)
{
	struct view_menu menu;
	char title[VIEW_TEXT];

	app_menu_view(app, &menu, title, sizeof(title));
	view_menu_draw(&menu, cells, area);
}

void app_draw(struct app *app, struct cells *cells)
{
	const struct area body = layout_frame(cells_area(cells)).body;

	app->width = cells->width;
	app->height = cells->height;
	cells_clear(cells);
	if (app->help) {
		const size_t end = view_help_end(app->view, body);

		app->help_scroll = app->help_scroll < end ? app->help_scroll : end;
		view_help_draw(app->view, app->help_scroll, cells, body);
	} else {
		switch (app->view) {
		case VIEW_SCAN:
			draw_scan(app, cells, body);
			break;
		case VIEW_DEVICE:
			draw_device(app, cells, body);
			break;
		case VIEW_PROFILE:
			app_profile_draw(app, cells, body);
			break;
		case VIEW_IMAGE:
			app_image_draw(app, cells, body);
			break;
		case VIEW_HISTORY:
			app_history_draw(app, cells, body);
			break;
		case VIEWS:
			break;
		}
	}
	if (app->menu.open)
		draw_menu(app, cells, body);
	if (app->panel.kind != APP_PANEL_NONE && !app->help)
		app_panel_draw(app, cells, body);
	draw_frame(app, cells);
	app->changed = false;
}
