/* SPDX-License-Identifier: Apache-2.0 */
/* See app_sweep.h: one measurement after the other, and the profile that comes of them. */
#include "tui/app_sweep.h"

#include "history/recorder.h"
#include "host/sweep_work.h"
#include "tui/app_device.h"
#include "tui/app_profile.h"
#include "view/layout.h"
#include "view/view_sweep.h"

#include <string.h>
#include <time.h>

struct sweep_state {
	enum sweep_objective objective; /* as it is chosen */
	bool runs, begun, over; /* begun: there is a sweep, under way, interrupted or over */
	struct sweep_work work;
	char device[SCAN_ADDRESS_SIZE]; /* of the sweep */
	char told[VIEW_TEXT];
	enum cells_style told_style;
	size_t first;
};

static struct sweep_state *sweep_of(const struct app *app)
{
	return app_part(app, PART_SWEEP);
}

void app_sweep(struct app *app)
{
	struct sweep_state *s = sweep_of(app);

	if (!app_device_is_chosen(app))
		return;
	if (!s->runs && s->begun && strcmp(s->device, app_device(app)->address) != 0)
		s->begun = false;
	app_show(app, VIEW_DEVICE);
	app_modal_open(app, PART_SWEEP);
}

/* --- the measurements */

static void sweep_end(struct app *app, enum cells_style style, const char *text)
{
	struct sweep_state *s = sweep_of(app);

	s->runs = false;
	s->told_style = style;
	(void)snprintf(s->told, sizeof(s->told), "%.*s", (int)sizeof(s->told) - 1, text);
	app_say(app, style, "sweep: %s", s->told);
}

static void next_job(struct app *app)
{
	struct job_config config = app_device_config(app, SESSION_MEASURE);

	sweep_work_configure(&sweep_of(app)->work, &config);
	if (app_device_start_unrecorded(app, &config) < 0)
		sweep_end(app, CELLS_BAD, "it could not be started");
}

/*
 * Returns true if the sweep was interrupted, or stopped by the device, and is still about the same.
 */
static bool goes_on(struct app *app)
{
	const struct sweep_state *s = sweep_of(app);
	const struct profile *bounds = app_profile_bounds(app);

	return s->begun && !s->over && s->work.looked && s->work.sweep.count > 0 &&
	       s->work.sweep.objective == s->objective &&
	       memcmp(&s->work.bounds, bounds, sizeof(*bounds)) == 0;
}

static void begin(struct app *app, bool anew)
{
	struct sweep_state *s = sweep_of(app);
	const struct sweep_work_config config = {
		.bounds = app_profile_bounds(app),
		.objective = s->objective,
		.simulated = app_simulation(app),
		.restart = anew,
	};

	if (anew || !goes_on(app))
		sweep_work_init(&s->work, &config);
	(void)snprintf(s->device, sizeof(s->device), "%s", app_device(app)->address);
	s->runs = s->begun = true;
	s->over = false;
	s->first = 0;
	s->told[0] = '\0';
	next_job(app);
}

/* The profile is written, and becomes the one of the next upload. */
static void finish(struct app *app)
{
	struct sweep_state *s = sweep_of(app);
	char path[SWEEP_PATH], error[SWEEP_PATH + 128], text[VIEW_TEXT];
	char name[PROFILE_NAME_MAX];
	struct sweep_result r;

	s->over = true;
	if (!sweep_best(&s->work.sweep, &r)) {
		sweep_end(app, CELLS_BAD, "nothing was measured");
		return;
	}
	if (!r.met) {
		sweep_end(app, CELLS_WARNING,
			  "no setting meets the objective, so no profile was written");
		return;
	}
	if (sweep_work_save(&s->work, (time_t)(recorder_date_ms(app_transport(app)) / 1000), false,
			    path, error, sizeof(error)) < 0) {
		sweep_end(app, CELLS_BAD, error);
		return;
	}
	(void)sweep_profile_name(&s->work.pair, name);
	app_profile_take_swept(app, s->device);
	(void)snprintf(text, sizeof(text), "written%s: %s",
		       strcmp(app_profile(app)->now.name, name) == 0 ? ", and used by uploads" : "",
		       name);
	sweep_end(app, CELLS_GOOD, text);
}

void app_sweep_settled(struct app *app)
{
	struct sweep_state *s = sweep_of(app);
	struct job_result result = app_device(app)->result;
	enum sweep_step step;

	if (!s->runs)
		return;
	if (result.outcome == SESSION_CANCELLED) {
		sweep_end(app, CELLS_WARNING, "interrupted; Enter goes on");
		return;
	}
	step = sweep_work_take(&s->work, &app_device(app)->snapshot, &result);
	if (s->work.warning[0] != '\0')
		app_say(app, CELLS_WARNING, "%s", s->work.warning);
	s->work.warning[0] = '\0';
	switch (step) {
	case SWEEP_STEP_JOB:
		next_job(app);
		break;
	case SWEEP_STEP_DONE:
		finish(app);
		break;
	case SWEEP_STEP_PAUSED: /* there is no such limit here */
	case SWEEP_STEP_FAILED:
		sweep_end(app, CELLS_BAD, s->work.error[0] != '\0' ? s->work.error : result.what);
		break;
	}
}

/* --- keys */

static void ask_start(struct app *app, bool anew)
{
	if (sweep_of(app)->runs)
		app_say(app, CELLS_WARNING, "it runs already: x interrupts it");
	else if (app_device(app)->job)
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	else
		begin(app, anew);
}

static void sweep_key(struct app *app, enum action action, int32_t key)
{
	struct sweep_state *s = sweep_of(app);

	(void)key;
	app_hush(app);
	if (action == ACTION_ENTER)
		ask_start(app, false);
	else if (action == ACTION_ANEW)
		ask_start(app, true);
	else if (action == ACTION_OBJECTIVE && s->runs)
		app_say(app, CELLS_WARNING, "it runs: x interrupts it");
	else if (action == ACTION_OBJECTIVE)
		s->objective = (s->objective + 1) % SWEEP_OBJECTIVES;
	else if (action == ACTION_CANCEL && s->runs)
		app_device_cancel(app);
	else if (action == ACTION_CLOSE)
		app_modal_close(app, PART_SWEEP);
}

static void sweep_move(struct app *app, long by)
{
	struct sweep_state *s = sweep_of(app);
	const size_t rows = s->begun ? view_sweep_rows(&s->work.sweep) : 0;

	s->first = layout_moved(s->first, by, rows > 0 ? rows - 1u : 0);
}

static void sweep_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct sweep_state *s = sweep_of(app);
	char state[VIEW_TEXT] = "";
	struct view_sweep v = {
		.device = app_device_title(app),
		.simulated = app_simulation(app) != NULL,
		.objective = s->objective,
		.runs = s->runs,
		.over = s->over,
		.sweep = s->begun ? &s->work.sweep : NULL,
		.now = s->runs && s->work.looked ? &s->work.request : NULL,
		.state = state,
		.told = s->told,
		.told_style = s->told_style,
		.first = s->first,
	};

	app_device_refresh(app);
	if (s->runs)
		(void)app_device_progress(app, state, sizeof(state));
	view_sweep_draw(&v, cells, area);
}

static unsigned int sweep_now(const struct app *app)
{
	return (sweep_of(app)->runs ? KEYS_RUNS : KEYS_IDLE) |
	       (sweep_of(app)->begun ? KEYS_TEXT : 0);
}

const struct modal_ops sweep_modal = {
	.part = {.size = sizeof(struct sweep_state)},
	.place = PLACE_SWEEP,
	.draw = sweep_draw,
	.key = sweep_key,
	.move = sweep_move,
	.now = sweep_now,
};
