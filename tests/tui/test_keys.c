/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys without sense, by the thousand and seeded, at sizes that change, against
 * virtual ESP32s that are being updated meanwhile: whatever is pressed, the
 * program lives and draws whole cells.
 */
#include "config.h" /* system extensions: setenv() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <locale.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "base/rng.h"
#include "transport/fault.h"
#include "sim/sim.h"
#include "tui/app_device.h"
#include "view/key.h"

#define KEYS 10000u
#define IMAGE_SIZE 300000u

static char folder[64], image[96];

static int make_image(void)
{
	static uint8_t bytes[IMAGE_SIZE + 16];
	const struct image_build build = {
		.project = "otabench-sim", .version = "2.0.0", .size = IMAGE_SIZE, .seed = 7};
	size_t size = 0;
	FILE *out = fopen(image, "wb");

	if (!out)
		return -1;
	if (image_build(&build, sha256_buffer, bytes, sizeof(bytes), &size) == 0)
		(void)fwrite(bytes, 1, size, out);
	return fclose(out) == 0 && size > 0 ? 0 : -1;
}

static int setup(void **state)
{
	char history[128];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-keys-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	/* A random w writes into this folder. */
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	/* The history's keys work on the runs recorded here. */
	(void)snprintf(history, sizeof(history), "%s/history.db", folder);
	(void)setenv("OTABENCH_HISTORY", history, 1);
	(void)snprintf(image, sizeof(image), "%s/i", folder);
	return make_image();
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static int32_t random_key(struct rng *rng)
{
	static const int32_t special[] = {
		TUI_KEY_TAB,
		TUI_KEY_ENTER,
		TUI_KEY_ENTER,
		TUI_KEY_ESCAPE,
		TUI_KEY_UP,
		TUI_KEY_DOWN,
		TUI_KEY_LEFT,
		TUI_KEY_RIGHT,
		TUI_KEY_HOME,
		TUI_KEY_END,
		TUI_KEY_PAGE_UP,
		TUI_KEY_PAGE_DOWN,
		TUI_KEY_DELETE,
		TUI_KEY_BACK_TAB,
		TUI_KEY_HELP,
		TUI_KEY_FILTER,
		TUI_KEY_BACKSPACE,
		KEY_CTRL('l'),
		KEY_CTRL('z'),
		KEY_CTRL('u'),
		KEY_CTRL('k'),
		KEY_CTRL('w'),
		0xfc,
		0x65e5,
		0x1f50c,
		0x301,
		0x9b,
		'y',
		'u',
		'R',
		'p',
		'x',
	};
	const uint64_t pick = rng_below(rng, 100);

	if (pick < 40)
		return special[(size_t)rng_below(rng, sizeof(special) / sizeof(special[0]))];
	return (int32_t)(0x20 + rng_below(rng, 0x5f));
}

static void check_cells(const struct cells *cells)
{
	for (int y = 0; y < cells->height; y++) {
		for (int x = 0; x < cells->width; x++) {
			const struct cell *cell = cells_at(cells, x, y);

			assert_true((cell->width == 0) == (cell->text[0] == '\0'));
			if (cell->width == 2)
				assert_int_equal(cells_at(cells, x + 1, y)->width, 0);
		}
	}
}

/* Counts the views and states that the keys have met, to prove that they met every one. */
enum over { OVER_NOTHING, OVER_HELP, OVER_MENU, OVER_ASK, OVER_CONFIRM, OVERS };

static struct {
	unsigned int views[VIEWS][OVERS];
	unsigned int states[SESSION_STATES]; /* of a session that sends, or has */
} seen;

static void note(const struct app *app)
{
	enum over over = OVER_NOTHING;
	const struct app_device *d = app_device(app);

	if (app_modal_is_open(app, PART_PROMPT))
		over = OVER_ASK;
	else if (app_modal_is_open(app, PART_CONFIRM))
		over = OVER_CONFIRM;
	else if (app_modal_is_open(app, PART_HELP))
		over = OVER_HELP;
	else if (app_modal_is_open(app, PART_MENU))
		over = OVER_MENU;
	seen.views[app_view(app)][over]++;
	if (d->have_snapshot && d->goal == SESSION_UPDATE)
		seen.states[d->snapshot.state]++;
}

static void draw_anywhere(struct app *app, struct rng *rng)
{
	struct cells cells;

	assert_int_equal(cells_init(&cells, 1 + (int)rng_below(rng, 220),
				    1 + (int)rng_below(rng, 60), rng_below(rng, 2) == 0),
			 0);
	app_draw(app, &cells);
	note(app);
	check_cells(&cells);
	cells_finish(&cells);
}

static void type(struct app *app, const char *text)
{
	for (; *text != '\0'; text++)
		app_key(app, (unsigned char)*text);
}

/* --- a state to begin in */

struct place {
	struct app_config config;
	struct app *app;
	struct rng rng;
};

static void turn(struct place *p)
{
	(void)sd_event_run(p->config.event, 0);
	app_tick(p->app);
}

static void run_until(struct place *p, enum session_state state)
{
	struct cells cells;

	for (int i = 0; i < 20000; i++) {
		app_device_refresh(p->app);
		if (app_device(p->app)->have_snapshot &&
		    app_device(p->app)->goal == SESSION_UPDATE &&
		    app_device(p->app)->snapshot.state == state)
			return;
		turn(p);
	}
	assert_int_equal(cells_init(&cells, 80, 24, true), 0);
	app_draw(p->app, &cells);
	cells_dump(&cells, stdout);
	cells_finish(&cells);
	fail_msg("the update never came to be %s", session_state_name(state));
}

/* Every other update loses its link in the middle, and comes back by itself. */
static void open_place(struct place *p, uint64_t seed, enum session_state state)
{
	const struct sim_config sim = {.kind.devices = 4, .kind.seed = seed, .kind.chip_all = true};
	const struct fault_spec lost = {.kind = FAULT_DISCONNECT, .at = IMAGE_SIZE / 3};
	struct transport *inner;
	char why[200];

	*p = (struct place){.config = {.source = "virtual ESP32s",
				       .options = "--sim",
				       .tier = (enum plot_tier)(seed % PLOT_TIERS)}};
	rng_init(&p->rng, seed);
	profile_defaults(&p->config.profile);
	assert_true(sd_event_new(&p->config.event) >= 0);
	assert_int_equal(sim_create(p->config.event, &sim, &inner, why, sizeof(why)), 0);
	assert_int_equal(fault_wrap(inner, &lost, state == SESSION_WAITING ? 1 : 0, seed,
				    &p->config.transport),
			 0);
	assert_int_equal(app_create(&p->config, &p->app), 0);
	for (int i = 0; i < 20; i++)
		turn(p);
}

static void close_place(struct place *p)
{
	app_destroy(p->app);
	p->config.transport->ops->destroy(p->config.transport);
	sd_event_unref(p->config.event);
}

/* Brings an update to a state, by keys. */
static void bring_to(struct place *p, enum session_state state)
{
	char command[128];

	type(p->app, "/sim-01\r\r");
	(void)snprintf(command, sizeof(command), ":image %s\r", image);
	type(p->app, command);
	for (int i = 0; i < 20000 && app_device_runs(p->app); i++)
		turn(p);
	if (state == SESSION_IDLE)
		return; /* chosen, and looked at */
	type(p->app, "2uy");
	switch (state) {
	case SESSION_PAUSED:
		run_until(p, SESSION_SENDING);
		type(p->app, "p");
		break;
	case SESSION_CANCELLING:
	case SESSION_FAILED:
		run_until(p, SESSION_SENDING);
		type(p->app, "xy");
		break;
	case SESSION_CONNECTING:
		return; /* shorter than a turn of the loop */
	case SESSION_WAITING: /* nothing happens then, so that it is over within a turn: stalled */
		while (app_device_runs(p->app) && app_device(p->app)->snapshot.stats.stalls == 0) {
			turn(p);
			app_device_refresh(p->app);
		}
		return;
	case SESSION_IDLE:
	case SESSION_DISCOVERING:
	case SESSION_PREPARING:
	case SESSION_SENDING:
	case SESSION_VERIFYING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_CONFIRMING:
	case SESSION_DONE:
	case SESSION_STATES:
		break;
	}
	run_until(p, state);
}

static unsigned int press(struct place *p, unsigned int count)
{
	unsigned int pressed = 0;
	int status;

	while (pressed < count && !app_ended(p->app, &status)) {
		app_key(p->app, random_key(&p->rng));
		pressed++;
		note(p->app);
		if (rng_below(&p->rng, 8) == 0)
			turn(p);
		if (rng_below(&p->rng, 8) == 0)
			draw_anywhere(p->app, &p->rng);
	}
	return pressed;
}

/* From every state in turn, in every view in turn. */
static void test_random_keys(void **state)
{
	unsigned int keys = 0, starts = 0;

	(void)state;
	for (; keys < KEYS; starts++) {
		const enum session_state from = (enum session_state)(starts % SESSION_STATES);
		const char view[2] = {(char)('1' + (char)(starts / SESSION_STATES % VIEWS)), '\0'};
		struct place p;

		open_place(&p, starts + 1, from);
		if (starts % 16 != 15) /* else: nothing chosen yet */
			bring_to(&p, from);
		draw_anywhere(p.app, &p.rng);
		type(p.app, view);
		keys += press(&p, KEYS / 100);
		close_place(&p);
	}
	print_message("%u keys, %u times from the start\n", keys, starts);
	for (int view = 0; view < VIEWS; view++) {
		const unsigned int *over = seen.views[view];

		print_message("%s: alone %u, help %u, menu %u, prompt %u, question %u\n",
			      view_name((enum view)view), over[OVER_NOTHING], over[OVER_HELP],
			      over[OVER_MENU], over[OVER_ASK], over[OVER_CONFIRM]);
		assert_true(over[OVER_NOTHING] > 0 && over[OVER_HELP] > 0 && over[OVER_ASK] > 0 &&
			    over[OVER_CONFIRM] > 0);
	}
	assert_true(seen.views[VIEW_SCAN][OVER_MENU] + seen.views[VIEW_DEVICE][OVER_MENU] > 0);
	for (int i = SESSION_CONNECTING; i < SESSION_STATES; i++) {
		print_message("%s %u\n", session_state_name((enum session_state)i), seen.states[i]);
		assert_true(seen.states[i] > 0 || i == SESSION_WAITING || i == SESSION_CONNECTING);
	}
}

static void test_key_names(void **state)
{
	(void)state;
	assert_int_equal(key_by_name("Enter", 5), TUI_KEY_ENTER);
	assert_int_equal(key_by_name("pgup", 4), TUI_KEY_PAGE_UP);
	assert_int_equal(key_by_name("Ctrl-C", 6), 3);
	assert_int_equal(key_by_name("x", 1), 'x');
	assert_int_equal(key_by_name("Entre", 5), TUI_KEY_NONE);
	assert_int_equal(key_by_name("", 0), TUI_KEY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_names),
		cmocka_unit_test(test_random_keys),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, setup, teardown);
}
