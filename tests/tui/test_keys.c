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

#include "core/image_build.h"
#include "host/hash.h"
#include "radio/rng.h"
#include "transport/sim.h"
#include "tui/app.h"
#include "tui/key.h"

#define KEYS 10000u
#define IMAGE_SIZE 100000u

static char folder[64], image[96];

static int make_image(void)
{
	static uint8_t bytes[IMAGE_SIZE + 16];
	const struct image_build build = {
		.project = "keys", .version = "2.0.0", .size = IMAGE_SIZE, .seed = 7};
	size_t size = 0;
	FILE *out = fopen(image, "wb");

	if (!out)
		return -1;
	if (image_build(&build, hash_sha256, bytes, sizeof(bytes), &size) == 0)
		(void)fwrite(bytes, 1, size, out);
	return fclose(out) == 0 && size > 0 ? 0 : -1;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-keys-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	/* What a random w writes stays in here. */
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
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

static void draw_anywhere(struct app *app, struct rng *rng)
{
	struct cells cells;

	assert_int_equal(cells_init(&cells, 1 + (int)rng_below(rng, 220),
				    1 + (int)rng_below(rng, 60), rng_below(rng, 2) == 0),
			 0);
	app_draw(app, &cells);
	check_cells(&cells);
	cells_finish(&cells);
}

static void type(struct app *app, const char *text)
{
	for (; *text != '\0'; text++)
		app_key(app, (unsigned char)*text);
}

/* What a session begins with, so that the keys meet more than an empty screen. */
static void begin(struct app *app, const struct app_config *config)
{
	char command[128];

	for (int i = 0; i < 20; i++) {
		(void)sd_event_run(config->event, 0);
		app_tick(app);
	}
	(void)snprintf(command, sizeof(command), ":image %s\r", image);
	type(app, command);
	type(app, "1");
	app_key(app, TUI_KEY_ENTER);
}

static void press(uint64_t seed, unsigned int count, unsigned int *ret_starts)
{
	const struct sim_config sim = {.devices = 4, .seed = seed, .chip_all = true};
	struct app_config config = {
		.source = "virtual ESP32s", .options = "--sim ", .tier = PLOT_BLOCKS};
	struct app *app = NULL;
	struct rng rng;
	char why[200];
	int status;

	rng_init(&rng, seed);
	profile_defaults(&config.profile);
	assert_true(sd_event_new(&config.event) >= 0);
	assert_int_equal(sim_create(config.event, &sim, &config.transport, why, sizeof(why)), 0);
	for (unsigned int i = 0; i < count; i++) {
		if (!app) {
			assert_int_equal(app_create(&config, &app), 0);
			begin(app, &config);
			(*ret_starts)++;
		}
		app_key(app, random_key(&rng));
		if (rng_below(&rng, 4) == 0) {
			(void)sd_event_run(config.event, 0);
			app_tick(app);
		}
		if (rng_below(&rng, 8) == 0)
			draw_anywhere(app, &rng);
		if (app_ended(app, &status)) {
			app_destroy(app);
			app = NULL;
		}
	}
	app_destroy(app);
	config.transport->ops->destroy(config.transport);
	sd_event_unref(config.event);
}

static void test_random_keys(void **state)
{
	unsigned int starts = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++)
		press(seed, KEYS / 5, &starts);
	print_message("%u keys, %u times from the start\n", KEYS, starts);
	assert_true(starts >= 5);
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
