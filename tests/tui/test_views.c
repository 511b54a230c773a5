/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every view in every state against text pictures, tests/tui/pictures/NAME.txt,
 * which hold a state at several sizes, in UTF-8 and in ASCII.
 *
 * UPDATE_PICTURES=1 makes them anew, to be looked at before they are committed;
 * `make pictures` does so for all pictures there are.
 */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>

#include "picturelib.h"
#include "screenlib.h"

static const struct {
	int width, height;
	bool ascii;
} sizes[] = {
	{200, 50, false}, {80, 24, false}, {80, 24, true}, {60, 16, false}, {60, 16, true},
	{38, 8, false},	  {38, 8, true},   {20, 5, false}, {20, 5, true},
};

/* Each half of a wide character has its other half, each cell its text. */
static void check_cells(const struct cells *cells)
{
	for (int y = 0; y < cells->height; y++) {
		for (int x = 0; x < cells->width; x++) {
			const struct cell *cell = cells_at(cells, x, y);

			assert_true(cell->style < CELLS_STYLES);
			assert_true((cell->width == 0) == (cell->text[0] == '\0'));
			if (cell->width == 2) {
				assert_true(x + 1 < cells->width);
				assert_int_equal(cells_at(cells, x + 1, y)->width, 0);
			}
			if (cell->width == 0) {
				assert_true(x > 0);
				assert_int_equal(cells_at(cells, x - 1, y)->width, 2);
			}
			for (const char *s = cell->text; cells->ascii && *s != '\0'; s++)
				assert_true(*s >= ' ' && *s <= '~');
		}
	}
}

static char *picture_of(const struct screen_case *screen)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cells cells;

		assert_int_equal(
			cells_init(&cells, sizes[i].width, sizes[i].height, sizes[i].ascii), 0);
		screen->draw(&cells);
		check_cells(&cells);
		(void)fprintf(out, "=== %dx%d %s\n", sizes[i].width, sizes[i].height,
			      sizes[i].ascii ? "ASCII" : "UTF-8");
		cells_dump(&cells, out);
		cells_finish(&cells);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Colours say the same in the row of the cursor: the bar changes no style. */
static void test_colours_under_cursor(void **state)
{
	static const struct {
		const char *name;
		enum cells_style style;
	} rows[] = {
		{"scan", CELLS_GOOD},
		{"history", CELLS_GOOD},
		{"profile-forced", CELLS_WARNING},
		{"profile-chooser", CELLS_DIM},
		{"recover", CELLS_KEY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cells cells;
		int selected = 0, coloured = 0;
		const struct screen_case *screen = NULL;

		for (size_t s = 0; s < screen_case_count; s++) {
			if (strcmp(screen_cases[s].name, rows[i].name) == 0)
				screen = &screen_cases[s];
		}
		if (!screen) {
			fail_msg("no screen %s", rows[i].name);
			return;
		}
		assert_int_equal(cells_init(&cells, 80, 24, false), 0);
		screen->draw(&cells);
		for (int at = 0; at < 80 * 24; at++) {
			const struct cell *cell = &cells.grid[at];

			selected += cell->selected;
			coloured += cell->selected && cell->style == rows[i].style;
		}
		cells_finish(&cells);
		if (selected == 0 || coloured == 0)
			fail_msg("%s: %d cells under the cursor, %d of them coloured", rows[i].name,
				 selected, coloured);
	}
}

static void test_pictures(void **state)
{
	const char *root = getenv("OTABENCH_SRCDIR");

	(void)state;
	for (size_t i = 0; i < screen_case_count; i++) {
		char *is = picture_of(&screen_cases[i]);
		char path[4096];

		(void)snprintf(path, sizeof(path), "%s/tests/tui/pictures/%s.txt",
			       root ? root : ".", screen_cases[i].name);
		picture_check(path, is);
		free(is);
	}
}

/* No size may break a view: neither a cell out of place nor a crash. */
static void test_sizes(void **state)
{
	static const int widths[] = {1,	 2,  3,	 7,  12, 19,  20,  33, 34,
				     39, 40, 59, 69, 70, 149, 150, 300};

	(void)state;
	for (size_t i = 0; i < screen_case_count; i++) {
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
			for (int h = 1; h <= 100; h += h < 26 ? 1 : 37) {
				struct cells cells;

				assert_int_equal(cells_init(&cells, widths[w], h, h % 2 == 0), 0);
				screen_cases[i].draw(&cells);
				check_cells(&cells);
				cells_finish(&cells);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_colours_under_cursor),
		cmocka_unit_test(test_sizes),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
