/* SPDX-License-Identifier: Apache-2.0 */
/* Recover: the menu over a view, and what its entries do.  recover.c reasons. */
#include "tui/app_recover.h"
#include "tui/app_recover_priv.h"

#include "host/journal.h"
#include "replay/bundle.h"
#include "transport/trace.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_journal.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"
#include "tui/app_upload.h"
#include "view/layout.h"
#include "view/view_history.h"

#include <string.h>

struct menu_state {
	bool again; /* opens when the job under way has ended */
	bool asks; /* that is a question of this menu's own */
	int32_t ahead; /* a letter pressed while it was asked; 0: none */
	enum recover_action pending; /* what the job, or the adapter, does for it; CLOSE: nothing */
	char address[SCAN_ADDRESS_SIZE]; /* of the device that tries are of */
	struct recover_tries tries;
	bool unheard; /* the device did not advertise when it was filled */
	size_t selected;
	struct recover_menu is;
};

static struct menu_state *mine(const struct app *app)
{
	return app_part(app, PART_MENU);
}

static void collect(const struct app *app, struct recover_known *k)
{
	static const struct recover_tries none;
	const struct menu_state *m = mine(app);
	const bool same = strcmp(m->address, app_device(app)->address) == 0;

	app_recover_collect(app, same ? &m->tries : &none, m->asks, k);
}

void app_menu_tell_foreign(struct app *app)
{
	struct recover_known known;
	char hash[16];

	collect(app, &known);
	known.running = NULL;
	if (!recover_foreign(&known))
		return;
	(void)snprintf(hash, sizeof(hash), "%02x%02x%02x%02x", known.status.hash[0],
		       known.status.hash[1], known.status.hash[2], known.status.hash[3]);
	app_say(app, CELLS_WARNING, "it holds another host's update of image %s: R", hash);
}

/* --- the menu */

static void recover_run(struct app *app);

static void fill(struct app *app)
{
	struct menu_state *m = mine(app);
	struct recover_known known;
	char what[VIEW_TEXT], sending[APP_PATH_MAX];

	collect(app, &known);
	known.sending = app_upload_options(app, sending, sizeof(sending));
	app_recover_collect_older(app, &known, what, sizeof(what));
	view_recover_fill(&known, &m->is);
	m->unheard = known.unheard;
	m->selected = 0;
}

/* Makes the menu anew while a job runs, by its progress and the device's answers, or once the
 * device is back on the air and more is possible.  A question that stands keeps the menu it is
 * about. */
static void fill_again(struct app *app)
{
	struct menu_state *m = mine(app);
	const enum recover_action action = m->is.list.at[m->selected].action;

	if (app_confirm_asks(app, recover_run) ||
	    (!app_device_runs(app) && (!m->unheard || app_device_is_unheard(app))))
		return;
	app_device_refresh(app);
	fill(app);
	for (size_t i = 0; i < m->is.list.count; i++) {
		if (m->is.list.at[i].action == action)
			m->selected = i;
	}
}

#define ASK_MS 10000u /* a question that takes longer is no help to anybody who waits for a menu */

/* Before anything is offered, the device is asked where that is possible. */
static void ask(struct app *app)
{
	struct menu_state *m = mine(app);
	struct job_config config = app_device_config(app, SESSION_LOOK);
	struct recover_known known;
	char what[VIEW_TEXT];

	/* During an update the menu tells the result, or why the question was not possible. */
	if (app_device_runs(app) && !app_is_replay(app)) {
		(void)job_ask(app_device(app)->job);
		return;
	}
	collect(app, &known);
	app_recover_collect_older(app, &known, what, sizeof(what));
	if (app_is_replay(app) || app_device(app)->job || app_device(app)->maintenance ||
	    !recover_wants_answer(&known) || (known.tries.tried & 1u << RECOVER_LOOK))
		return;
	config.timeout_ms = ASK_MS;
	if (app_device_start(app, &config, NULL) < 0)
		return;
	m->asks = true;
	m->ahead = 0;
	m->pending = RECOVER_LOOK;
}

static void open_as_known(struct app *app)
{
	app_device_refresh(app);
	fill(app);
	app_modal_open(app, PART_MENU);
}

void app_menu_open(struct app *app)
{
	if (!app_device_is_chosen(app))
		return;
	ask(app);
	open_as_known(app);
}

/* --- what entries do */

static void control_log(void *userdata, FILE *out)
{
	(void)app_log_write(&app_log(userdata)->control, out);
}

static void calls_log(void *userdata, FILE *out)
{
	(void)app_log_write(&app_log(userdata)->calls, out);
}

static void screens(void *userdata, FILE *out)
{
	app_screen(userdata, out);
}

void app_menu_bundle(struct app *app)
{
	const struct app_device *d = app_device(app);
	struct bundle bundle = {
		.source = app_config(app)->source,
		.profile = &app_profile(app)->now,
		.now = d->have_snapshot ? &d->snapshot : NULL,
		.result = d->have_update   ? &d->last_update
			  : d->have_result ? &d->result
					   : NULL,
		.report = app_image(app)->have ? &app_image(app)->report : NULL,
		.control_log = control_log,
		.calls_log = calls_log,
		.screens = screens,
		.trace = app_config(app)->trace,
		.userdata = app,
	};
	const char *place = app_config(app)->place;
	char path[APP_PATH_MAX] = "", why[VIEW_TEXT] = "", journal[PATH_MAX];

	app_device_refresh(app);
	if (place && bundle.now &&
	    journal_path(place, bundle.now->address, journal, sizeof(journal)) == 0)
		bundle.journal = journal;
	(void)trace_error(app_transport(app)); /* flushes what is being recorded */
	if (bundle_write(&bundle, path, sizeof(path), why, sizeof(why)) < 0)
		app_say(app, CELLS_BAD, "the bundle is incomplete: %s", why);
	else
		app_say(app, CELLS_GOOD, "bundle written to %s", path);
}

/* An action ended: what failed is not offered first again. */
static void note_tried(struct app *app, bool accepted, uint32_t received)
{
	struct menu_state *m = mine(app);
	const struct app_device *d = app_device(app);

	if (strcmp(m->address, d->address) != 0)
		m->tries = (struct recover_tries){0};
	(void)snprintf(m->address, sizeof(m->address), "%s", d->address);
	recover_tried(&m->tries, m->pending, accepted, received);
	m->pending = RECOVER_CLOSE;
}

static void carry_out(struct app *app, enum recover_action action)
{
	struct menu_state *m = mine(app);

	switch (action) {
	case RECOVER_RESUME:
		app_upload_now(app, false, true, false);
		break;
	case RECOVER_RESTART:
		app_upload_now(app, true, false, app_image_is_same(app));
		break;
	case RECOVER_ABORT:
		app_device_command(app, OTA_CMD_ABORT);
		break;
	case RECOVER_LOOK:
		m->again = true;
		app_device_look(app);
		break;
	case RECOVER_CONFIRM:
		app_device_command(app, OTA_CMD_CONFIRM);
		break;
	case RECOVER_ROLLBACK:
		app_device_command(app, OTA_CMD_ROLLBACK);
		break;
	case RECOVER_REBOOT:
		app_device_command(app, OTA_CMD_REBOOT);
		break;
	case RECOVER_PREPARE:
		app_device_command(app, OTA_CMD_PREPARE);
		break;
	case RECOVER_DISCONNECT:
		app_device_maintenance(app, TRANSPORT_HANG_UP);
		break;
	case RECOVER_FORGET:
		app_device_maintenance(app, TRANSPORT_FORGET);
		break;
	case RECOVER_POWER_CYCLE:
		app_device_maintenance(app, TRANSPORT_POWER_CYCLE);
		break;
	case RECOVER_BUNDLE:
		app_menu_bundle(app);
		break;
	case RECOVER_PAUSE:
		app_device_pause(app);
		break;
	case RECOVER_CANCEL:
		app_device_cancel(app);
		break;
	case RECOVER_CLOSE:
	case RECOVER_ACTIONS:
		break;
	}
}

static void recover_run(struct app *app)
{
	struct menu_state *m = mine(app);
	const struct recover_choice *choice = &m->is.list.at[m->selected];
	const bool ran = app_device_runs(app);

	app_modal_close(app, PART_MENU);
	if (choice->command[0] != '\0')
		app_log_note(app, choice->command);
	if (app_view(app) == VIEW_SCAN && choice->action < RECOVER_DISCONNECT)
		app_show(app, VIEW_DEVICE);
	if (!ran)
		m->pending = choice->action;
	carry_out(app, choice->action);
	if (!ran && !app_device(app)->job && !app_device(app)->maintenance)
		m->pending = RECOVER_CLOSE; /* it is done, or was told why not */
}

/* --- keys */

static void recover_choose(struct app *app)
{
	const struct menu_state *m = mine(app);
	const struct view_choice *choice = &m->is.choices[m->selected];

	if (m->is.list.count == 0)
		return;
	if (!choice->possible)
		app_say(app, CELLS_WARNING, "not possible: %s", choice->effect);
	else if (recover_at_once(m->is.list.at[m->selected].action))
		recover_run(app);
	else
		app_confirm_open(app, recover_run, "%s: %s. y/n ", choice->title, choice->effect);
}

/* False: no entry has it. */
static bool choose_letter(struct app *app, int32_t letter)
{
	struct menu_state *m = mine(app);
	const size_t row = view_menu_of(m->is.choices, m->is.list.count, letter);

	if (row == m->is.list.count)
		return false;
	m->selected = row;
	recover_choose(app);
	return true;
}

void app_menu_settled(struct app *app)
{
	struct menu_state *m = mine(app);
	const struct app_device *d = app_device(app);
	const bool good = view_outcome_style(d->result.outcome) == CELLS_GOOD;
	int32_t ahead = 0;
	bool again;

	app_confirm_drop(app, recover_run); /* what was asked fits no more */
	if (m->pending != RECOVER_CLOSE)
		note_tried(app, good, d->snapshot.stats.received);
	else if (d->goal == SESSION_UPDATE) /* begun outside of this menu */
		m->tries = (struct recover_tries){0};
	if (m->asks)
		ahead = m->ahead;
	again = m->again;
	m->asks = m->again = false;
	m->ahead = 0;
	if (app_modal_is_open(app, PART_MENU) || again)
		open_as_known(app);
	/* To ask once more is what was just done. */
	if (ahead != 0 && ahead != 'i' && app_modal_is_open(app, PART_MENU))
		(void)choose_letter(app, ahead);
}

static void menu_begin(struct app *app)
{
	struct menu_state *m = mine(app);

	m->pending = RECOVER_CLOSE;
}

static void menu_on(struct app *app, enum app_event event)
{
	const struct menu_state *m = mine(app);

	if (event == APP_MAINTENANCE_ENDED && m->pending != RECOVER_CLOSE)
		note_tried(app, app_device(app)->maintenance_ok, 0);
}

void app_menu_run(struct app *app, enum recover_action action)
{
	struct menu_state *m = mine(app);

	if (app_device_is_chosen(app))
		open_as_known(app);
	for (size_t i = 0; app_modal_is_open(app, PART_MENU) && i < m->is.list.count; i++) {
		if (m->is.list.at[i].action != action)
			continue;
		m->selected = i;
		recover_choose(app);
		return;
	}
	if (app_modal_is_open(app, PART_MENU))
		app_say(app, CELLS_WARNING, "not while a device is busy");
}

static void recover_move(struct app *app, long by)
{
	struct menu_state *m = mine(app);

	if (m->is.list.count > 0)
		m->selected = layout_moved(m->selected, by, m->is.list.count - 1);
}

static void recover_press(struct app *app, enum action action, int32_t pressed)
{
	struct menu_state *m = mine(app);

	if (action == ACTION_CLOSE) {
		app_modal_close(app, PART_MENU);
	} else if (action == ACTION_COPY && m->is.list.count > 0) {
		app_copy(app, m->is.list.at[m->selected].command);
	} else if (action == ACTION_ENTER) {
		recover_choose(app);
	} else if (action == ACTION_CHOOSE) {
		if (!choose_letter(app, pressed) && m->asks)
			m->ahead = pressed; /* of a list that is not there yet */
	}
}

/* --- what is drawn */

static void recover_seen(const struct app *app, struct view_menu *ret, char *title, size_t size)
{
	const struct menu_state *m = mine(app);

	*ret = (struct view_menu){
		.title = title,
		.what = m->is.what,
		.choices = m->is.choices,
		.count = m->is.list.count,
		.selected = m->selected,
	};
	(void)snprintf(title, size, "Recover %.200s", app_device_title(app));
	for (size_t i = 0; i < m->is.fact_count; i++)
		ret->facts[i] = m->is.facts[i];
}

static void recover_draw(struct app *app, struct cells *cells, struct area area)
{
	struct view_menu menu;
	char title[VIEW_TEXT];

	fill_again(app);
	recover_seen(app, &menu, title, sizeof(title));
	view_menu_draw(&menu, cells, area);
}

/* Once selects, on what is selected already it is Enter. */
static void recover_click(struct app *app, struct area area, int x, int y)
{
	struct menu_state *m = mine(app);
	struct view_menu menu;
	char title[VIEW_TEXT];
	size_t hit;

	recover_seen(app, &menu, title, sizeof(title));
	hit = view_menu_at(&menu, area, x, y);
	if (hit < menu.count && hit == m->selected)
		recover_choose(app);
	else if (hit < menu.count)
		m->selected = hit;
}

static unsigned int recover_now(const struct app *app)
{
	(void)app;
	return KEYS_ROWS;
}

const struct modal_ops menu_modal = {
	.part = {.size = sizeof(struct menu_state), .begin = menu_begin, .on = menu_on},
	.place = PLACE_MENU,
	.draw = recover_draw,
	.key = recover_press,
	.move = recover_move,
	.now = recover_now,
	.click = recover_click,
	.wheel = 1,
};
