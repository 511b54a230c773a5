/* SPDX-License-Identifier: Apache-2.0 */
/* See app_bench.h: what is to be measured, and one run after the other. */
#include "tui/app_bench.h"

#include "base/output.h"
#include "base/text.h"
#include "host/bench.h"
#include "tui/app_device.h"
#include "tui/app_image.h"
#include "view/layout.h"
#include "view/view_bench.h"

#include <string.h>

#define TITLE "Bench"
#define RUNS 3u /* at first: enough for a spread */

struct bench_state {
	struct bench_plan plan; /* as it is chosen */
	size_t selected;
	bool runs, begun; /* begun: there is a bench, under way or over */
	struct bench bench;
	struct bench_turn turn;
	char device[SCAN_ADDRESS_SIZE]; /* of the bench */
	char failed[VIEW_TEXT];
};

static struct bench_state *bench_of(const struct app *app)
{
	return app_part(app, PART_BENCH);
}

static void bench_begin(struct app *app)
{
	bench_of(app)->plan = (struct bench_plan){
		.parts = 1u << BENCH_LINK,
		.runs = RUNS,
		.bytes = BENCH_BYTES,
		.flash_bytes = BENCH_FLASH_BYTES,
	};
}

static void bench_end(struct app *app)
{
	bench_finish(&bench_of(app)->bench);
}

static uint32_t possible_parts(const struct app *app)
{
	if (app_config(app)->readonly)
		return 1u << BENCH_LINK;
	return 1u << BENCH_LINK | 1u << BENCH_FLASH |
	       (uint32_t)(app_image(app)->have && !app_image_is_refused(app)) << BENCH_UPDATE;
}

void app_bench(struct app *app)
{
	struct bench_state *b = bench_of(app);

	if (!app_device_is_chosen(app))
		return;
	if (!b->runs && b->begun && strcmp(b->device, app_device(app)->address) != 0) {
		bench_finish(&b->bench);
		b->begun = false;
	}
	app_show(app, VIEW_DEVICE);
	app_modal_open(app, PART_BENCH);
}

/* --- the runs */

static void bench_stop(struct app *app, const char *why)
{
	struct bench_state *b = bench_of(app);

	b->runs = false;
	(void)snprintf(b->failed, sizeof(b->failed), "%.*s", (int)sizeof(b->failed) - 1, why);
}

static void next_run(struct app *app)
{
	struct bench_state *b = bench_of(app);
	struct job_config config = app_device_config(app, SESSION_MEASURE);
	const bool update = b->turn.part == BENCH_UPDATE;

	if (update) {
		config.image = &app_image(app)->image;
		config.report = &app_image(app)->report;
		config.image_name = app_image(app)->path;
	}
	bench_configure(&b->bench, &b->turn, &config);
	if (app_device_start(app, &config, update ? app_image(app)->path : NULL) < 0)
		bench_stop(app, "it could not be started");
}

static void start(struct app *app)
{
	struct bench_state *b = bench_of(app);
	struct bench_plan plan = b->plan;

	plan.parts &= possible_parts(app);
	if (b->begun)
		bench_finish(&b->bench);
	b->begun = bench_init(&b->bench, &plan) == 0;
	b->runs = b->begun && bench_next(&b->bench, &b->turn);
	b->failed[0] = '\0';
	(void)snprintf(b->device, sizeof(b->device), "%s", app_device(app)->address);
	if (b->runs)
		next_run(app);
}

static void tell_end(struct app *app)
{
	const struct bench_state *b = bench_of(app);
	enum bench_part part;
	struct spread s;
	char rate[OUTPUT_FIGURE_MAX], runs[TEXT_COUNT_MAX];

	if (!bench_main_part(&b->bench, &part))
		return;
	bench_spread(&b->bench, part, &s);
	app_say(app, CELLS_GOOD, "bench: %s %s, the median of %s, spread %.1f %%",
		bench_part_name(part), output_rate(s.median, rate, sizeof(rate)),
		text_count(s.count, "run", runs, sizeof(runs)), s.ppm / 1e4);
}

void app_bench_settled(struct app *app)
{
	const struct job_result *r = &app_device(app)->result;
	struct bench_state *b = bench_of(app);

	if (!b->runs)
		return;
	if (!bench_counts(b->turn.part, r)) {
		bench_stop(app, r->what);
		return;
	}
	bench_add(&b->bench, r);
	if (bench_next(&b->bench, &b->turn)) {
		next_run(app);
		return;
	}
	bench_stop(app, "");
	tell_end(app);
}

/* --- keys */

static void bench_cancel(struct app *app)
{
	if (!bench_of(app)->runs)
		return;
	app_device_cancel(app);
	bench_stop(app, "cancelled");
}

/* The bench writes to the device: its cost stands above the question. */
static void ask_writing(struct app *app, uint32_t parts)
{
	const struct bench_plan *plan = &bench_of(app)->plan;
	char runs[TEXT_COUNT_MAX];

	app_confirm_open(app, start, "Measure %s? y/n ", app_device_title(app));
	if (parts & 1u << BENCH_FLASH)
		app_confirm_fact(app, TITLE, "flash",
				 "the image in the other slot is lost, and with it the way back");
	if (parts & 1u << BENCH_UPDATE)
		app_confirm_fact(
			app, TITLE, "update", "%s to %.60s %.60s",
			text_count(plan->runs + plan->warm_up, "update", runs, sizeof(runs)),
			app_image(app)->image.project, app_image(app)->image.version);
}

static void ask_start(struct app *app)
{
	struct bench_state *b = bench_of(app);
	const uint32_t parts = b->plan.parts & possible_parts(app);

	if (b->runs)
		app_say(app, CELLS_WARNING, "it runs already: x cancels it");
	else if (app_device(app)->job)
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	else if (parts == 0)
		app_say(app, CELLS_WARNING, "nothing is chosen: Space chooses a part");
	else if ((parts & 1u << BENCH_UPDATE) && app_image_is_outdated(app))
		app_image_reread(app);
	else if (parts != 1u << BENCH_LINK)
		ask_writing(app, parts);
	else
		start(app);
}

static void choose(struct app *app)
{
	struct bench_state *b = bench_of(app);

	if (b->runs)
		return;
	if (!(possible_parts(app) & 1u << b->selected))
		app_say(app, CELLS_WARNING, "this part cannot be measured now");
	else
		b->plan.parts ^= 1u << b->selected;
}

static unsigned int within(unsigned int value, int by, unsigned int least, unsigned int most)
{
	if (by < 0)
		return value > least ? value - 1u : least;
	return value < most ? value + 1u : most;
}

static void bench_key(struct app *app, enum action action, int32_t key)
{
	struct bench_state *b = bench_of(app);

	(void)key;
	app_hush(app);
	if (action == ACTION_ENTER)
		ask_start(app);
	else if (action == ACTION_MARK)
		choose(app);
	else if (action == ACTION_RUNS_LESS || action == ACTION_RUNS_MORE)
		b->plan.runs = within(b->plan.runs, action == ACTION_RUNS_LESS ? -1 : 1, 1,
				      BENCH_RUNS_MAX);
	else if (action == ACTION_WARM_UP)
		b->plan.warm_up = (b->plan.warm_up + 1u) % 3u;
	else if (action == ACTION_CANCEL)
		bench_cancel(app);
	else if (action == ACTION_CLOSE)
		app_modal_close(app, PART_BENCH);
}

static void bench_move(struct app *app, long by)
{
	struct bench_state *b = bench_of(app);

	b->selected = layout_moved(b->selected, by, BENCH_PARTS - 1u);
}

static void bench_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct bench_state *b = bench_of(app);
	const struct app_device *d = app_device(app);
	char state[VIEW_TEXT] = "";
	struct view_bench v = {
		.device = app_device_title(app),
		.simulated = app_transport(app)->virtual_clock,
		.plan = b->plan,
		.possible = possible_parts(app),
		.selected = b->selected,
		.runs = b->runs,
		.bench = b->begun ? &b->bench : NULL,
		.turn = b->turn,
		.state = state,
		.failed = b->failed,
	};

	app_device_refresh(app);
	if (b->runs) {
		(void)app_device_progress(app, state, sizeof(state));
		v.time = d->snapshot.time;
	}
	view_bench_draw(&v, cells, area);
}

static unsigned int bench_now(const struct app *app)
{
	return bench_of(app)->runs ? KEYS_RUNS : KEYS_IDLE | KEYS_ROWS;
}

const struct modal_ops bench_modal = {
	.part = {.size = sizeof(struct bench_state), .begin = bench_begin, .finish = bench_end},
	.place = PLACE_BENCH,
	.draw = bench_draw,
	.key = bench_key,
	.move = bench_move,
	.now = bench_now,
};
