/* SPDX-License-Identifier: Apache-2.0 */
/* Cells and plots: clipping, wide characters, bytes from the air, and what samples look like. */
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

#include "view/cells.h"
#include "view/layout.h"
#include "view/loglist.h"
#include "view/plot.h"

static char *dump(const struct cells *cells)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	cells_dump(cells, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const struct cells *cells, const char *expected)
{
	char *text = dump(cells);

	assert_string_equal(text, expected);
	free(text);
}

static struct cells make(int width, int height, bool ascii)
{
	struct cells cells;

	assert_int_equal(cells_init(&cells, width, height, ascii), 0);
	return cells;
}

static void test_clip(void **state)
{
	struct cells c = make(10, 2, false);
	const struct area middle = {2, 0, 5, 1};

	(void)state;
	assert_int_equal(cells_text(&c, middle, 0, 0, CELLS_NORMAL, "abcdefgh"), 8);
	(void)cells_text(&c, middle, -2, 0, CELLS_NORMAL, "..X");
	(void)cells_text(&c, middle, 0, 1, CELLS_NORMAL, "below");
	(void)cells_text(&c, middle, 0, -1, CELLS_NORMAL, "above");
	check(&c, "  Xbcde\n\n");
	cells_finish(&c);
}

static void test_wide(void **state)
{
	struct cells c = make(6, 1, false);

	(void)state;
	assert_int_equal(cells_text(&c, cells_area(&c), 0, 0, CELLS_NORMAL, "a日本"), 5);
	assert_int_equal(cells_at(&c, 1, 0)->width, 2);
	assert_int_equal(cells_at(&c, 2, 0)->width, 0);
	check(&c, "a日本\n");
	/* Over the right half of the first: its left half cannot stay. */
	(void)cells_text(&c, cells_area(&c), 2, 0, CELLS_NORMAL, "x");
	check(&c, "a x本\n");
	/* A wide character does not hang over the edge. */
	(void)cells_text(&c, cells_area(&c), 5, 0, CELLS_NORMAL, "語");
	check(&c, "a x本\n");
	cells_finish(&c);
}

static void test_combining(void **state)
{
	struct cells c = make(4, 1, false);

	(void)state;
	assert_int_equal(cells_text(&c, cells_area(&c), 0, 0, CELLS_NORMAL, "e\xcc\x81x"), 2);
	assert_string_equal(cells_at(&c, 0, 0)->text, "e\xcc\x81");
	/* More than two on one character are told, as all that is not plain text. */
	(void)cells_text(&c, cells_area(&c), 2, 0, CELLS_NORMAL, "o\xcc\x81\xcc\x81\xcc\x81z");
	assert_string_equal(cells_at(&c, 2, 0)->text, "o\xcc\x81\xcc\x81");
	assert_string_equal(cells_at(&c, 3, 0)->text, "\\");
	/* A cell drops the bytes that it cannot hold. */
	(void)cells_text(&c, cells_area(&c), 2, 0, CELLS_NORMAL,
			 "\xf0\x9d\x90\x80\xf0\x9e\xa3\x90\xf0\x9e\xa3\x90z");
	assert_true(strlen(cells_at(&c, 2, 0)->text) < CELLS_BYTES);
	assert_string_equal(cells_at(&c, 3, 0)->text, "z");
	cells_finish(&c);
}

static void test_harmless(void **state)
{
	struct cells c = make(24, 1, false);
	struct cells a = make(10, 1, true);

	(void)state;
	(void)cells_text(&c, cells_area(&c), 0, 0, CELLS_NORMAL, "a\033[2Jb\xff\xe2\x80\xae");
	check(&c, "a\\x1b[2Jb\\xff\\xe2\\x80\\xa\n");
	/* One sign a character where there is no UTF-8. */
	assert_int_equal(cells_text(&a, cells_area(&a), 0, 0, CELLS_NORMAL, "K\xc3\xbc日x"), 4);
	check(&a, "K??x\n");
	cells_finish(&c);
	cells_finish(&a);
}

static void test_field(void **state)
{
	struct cells c = make(8, 3, false);

	(void)state;
	assert_int_equal(cells_field(&c, cells_area(&c), 0, 0, 4, CELLS_NORMAL, "ab"), 4);
	(void)cells_text(&c, cells_area(&c), 4, 0, CELLS_NORMAL, "|");
	(void)cells_field(&c, cells_area(&c), 0, 1, 4, CELLS_NORMAL, "abcdef");
	(void)cells_text(&c, cells_area(&c), 4, 1, CELLS_NORMAL, "|");
	(void)cells_field(&c, cells_area(&c), 0, 2, 4, CELLS_NORMAL, "日本語");
	(void)cells_text(&c, cells_area(&c), 4, 2, CELLS_NORMAL, "|");
	check(&c, "ab  |\nabc…|\n日 …|\n");
	cells_finish(&c);
}

static void test_trend(void **state)
{
	static const int32_t values[] = {-100, PLOT_NONE, -70, -40, -20};
	struct cells c = make(6, 1, false);
	struct cells a = make(3, 1, true);

	(void)state;
	plot_trend(&c, cells_area(&c), 0, 0, 6, CELLS_NORMAL, values, 5, -100, -40);
	check(&c, " ▁ ▄██\n");
	plot_trend(&a, cells_area(&a), 0, 0, 3, CELLS_NORMAL, values, 5, -100, -40);
	check(&a, "-##\n");
	cells_finish(&c);
	cells_finish(&a);
}

static void test_series(void **state)
{
	static const uint32_t samples[] = {1000, 20000, 40000, 0, 40000, 30000};
	static const struct plot_mark marks[] = {{3, 'S', CELLS_BAD}};
	struct plot_series series = {
		.samples = samples,
		.count = 6,
		.sample_us = 1000000,
		.marks = marks,
		.mark_count = 1,
		.tier = PLOT_BLOCKS,
		.unit = "kB/s",
		.divisor = 1000,
	};
	struct cells c = make(25, 4, false);

	(void)state;
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    40┤              █ █▂\n"
		  "      │             ▄█ ██\n"
		  "     0┤            ▁██ ██\n"
		  "kB/s      -10 s       S\n");
	cells_clear(&c);
	series.tier = PLOT_BRAILLE;
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    40┤                ⡇⣇\n"
		  "      │               ⢠⡇⣿\n"
		  "     0┤               ⣸⡇⣿\n"
		  "kB/s      -20 s        S\n");
	cells_finish(&c);
	c = make(25, 4, true);
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    40|              | |.\n"
		  "      |             :| ||\n"
		  "     0|            .|| ||\n"
		  "kB/s      -10 s       S\n");
	cells_finish(&c);
}

/* With room: round ticks, the ceiling behind the samples, marks in a row of their own, of which
 * the worse is seen. */
static void test_series_tall(void **state)
{
	static const uint32_t samples[] = {10000, 20000, 40000, 0, 40000, 30000};
	static const struct plot_mark marks[] = {
		{3, 'S', CELLS_BAD}, {3, '~', CELLS_TITLE}, {5, '~', CELLS_TITLE}};
	struct plot_series series = {
		.samples = samples,
		.count = 6,
		.sample_us = 1000000,
		.marks = marks,
		.mark_count = 3,
		.tier = PLOT_BLOCKS,
		.unit = "kB/s",
		.divisor = 1000,
		.ceiling = 52000,
	};
	struct cells c = make(25, 9, false);

	(void)state;
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    60┤\n"
		  "      │··················\n"
		  "    40┤              ▅ ▅\n"
		  "      │              █ █▄\n"
		  "    20┤             ▃█ ██\n"
		  "      │            ▁██ ██\n"
		  "     0┤            ███ ██\n"
		  "                      S ~\n"
		  "kB/s      -10 s       now\n");
	cells_clear(&c);
	series.tier = PLOT_BRAILLE;
	series.past = true;
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    60┤\n"
		  "      │⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁\n"
		  "    40┤      ⣶⣶⣶   ⣶⣶⣶\n"
		  "      │      ⣿⣿⣿   ⣿⣿⣿⣤⣤⣤\n"
		  "    20┤   ⣀⣀⣀⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "      │⣀⣀⣀⣿⣿⣿⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "     0┤⣿⣿⣿⣿⣿⣿⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "                S     ~\n"
		  "kB/s   0            6.0 s\n");
	/* A ceiling so high would press the samples flat: the figure beside the graph has to do. */
	cells_clear(&c);
	series.ceiling = 400000;
	plot_series(&c, cells_area(&c), &series);
	check(&c, "    40┤      ⣿⣿⣿   ⣿⣿⣿\n"
		  "      │      ⣿⣿⣿   ⣿⣿⣿⣀⣀⣀\n"
		  "      │      ⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "    20┤   ⣤⣤⣤⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "      │   ⣿⣿⣿⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "      │⣶⣶⣶⣿⣿⣿⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "     0┤⣿⣿⣿⣿⣿⣿⣿⣿⣿   ⣿⣿⣿⣿⣿⣿\n"
		  "                S     ~\n"
		  "kB/s   0            6.0 s\n");
	cells_finish(&c);
}

static void test_top(void **state)
{
	static const uint32_t none[] = {0}, some[] = {99400, 100001}, most[] = {UINT32_MAX};

	(void)state;
	assert_int_equal(plot_top(NULL, 0, 1000), 1000);
	assert_int_equal(plot_top(none, 1, 1000), 1000);
	assert_int_equal(plot_top(some, 1, 1000), 100000);
	assert_int_equal(plot_top(some, 2, 1000), 150000);
	assert_int_equal(plot_step(100001, 1000), 50000);
	assert_int_equal(plot_step(0, 1000), 1000);
	assert_true(plot_top(most, 1, 1000) == UINT32_MAX);
}

static void test_bar(void **state)
{
	struct cells c = make(10, 1, false);

	(void)state;
	plot_bar(&c, cells_area(&c), 0, 0, 10, 30, 50, 70, 100);
	check(&c, "███▓▓▒▒░░░\n");
	/* More queued than there is cannot leave the bar. */
	plot_bar(&c, cells_area(&c), 0, 0, 10, 300, 50, 7000, 100);
	check(&c, "██████████\n");
	plot_bar(&c, cells_area(&c), 0, 0, 10, 1, 1, 1, 0);
	check(&c, "░░░░░░░░░░\n");
	cells_finish(&c);
}

static void test_loglist(void **state)
{
	static struct loglist list;
	struct cells c = make(44, 2, false);
	char text[LOGLIST_TEXT + 64];

	(void)state;
	loglist_init(&list);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(text, sizeof(text), "line %d", i);
		loglist_add(&list, (uint64_t)i * 1000u, LOGLIST_RECEIVED, CELLS_NORMAL, text,
			    (const uint8_t *)"\x07\x01", 2);
	}
	loglist_draw(&list, &c, cells_area(&c));
	check(&c, "00:02.998 < line 2998                  07 01\n"
		  "00:02.999 < line 2999                  07 01\n");
	/* Frozen: what comes in does not move what is read. */
	loglist_scroll(&list, -10);
	loglist_add(&list, 0, LOGLIST_EVENT, CELLS_BAD, "new", NULL, 0);
	loglist_bookmark(&list);
	loglist_draw(&list, &c, cells_area(&c));
	check(&c, "00:02.988 < line 2988                07 01 █\n"
		  "00:02.989#< line 2989                07 01 │\n");
	(void)snprintf(list.filter, sizeof(list.filter), "LINE 299");
	loglist_scroll(&list, 3);
	loglist_draw(&list, &c, cells_area(&c));
	check(&c, "00:02.991 < line 2991                07 01 █\n"
		  "00:02.992 < line 2992                07 01 │\n");
	/* Back beyond the oldest that is kept. */
	list.filter[0] = '\0';
	loglist_scroll(&list, -100000);
	assert_true(list.frozen);
	loglist_scroll(&list, 100000);
	assert_false(list.frozen);
	assert_string_equal(loglist_format(loglist_at(&list, 2999), text, sizeof(text)),
			    "00:00:02.999 < line 2999  [07 01]");
	assert_null(loglist_at(&list, 3));
	cells_finish(&c);
}

static void test_layout(void **state)
{
	(void)state;
	for (int w = 1; w <= 300; w += 7) {
		for (int h = 1; h <= 100; h++) {
			const struct layout l = layout_frame((struct area){0, 0, w, h});
			const struct layout_device d = layout_device(l.body);

			assert_true(l.body.h >= 1 && l.body.y + l.body.h <= h);
			assert_true(d.head.h == 1 && d.head.w == w);
			assert_true(d.log.y + d.log.h <= l.body.y + l.body.h);
			assert_true(d.graph.h == 0 || d.log.h >= 4);
		}
	}
}

static const char *read_line(const struct loglist *list)
{
	const struct loglist_line *line = loglist_selected(list);

	return line ? line->text : "none";
}

/* Search and bookmarks go to lines that the filter lets through, and to no other. */
static void test_loglist_find(void **state)
{
	static struct loglist list;
	char text[LOGLIST_TEXT];

	(void)state;
	loglist_init(&list);
	assert_string_equal(read_line(&list), "none");
	assert_false(loglist_find(&list, -1));
	assert_false(loglist_find_bookmark(&list, 1));
	loglist_bookmark(&list); /* of nothing */
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "%s %d", i % 100 == 7 ? "Stall" : "ack", i);
		loglist_add(&list, 0, LOGLIST_EVENT, CELLS_NORMAL, text, NULL, 0);
	}
	assert_string_equal(read_line(&list), "ack 1999");
	assert_false(loglist_find(&list, -1)); /* nothing is searched for */
	(void)snprintf(list.search, sizeof(list.search), "stall");
	assert_true(loglist_find(&list, -1));
	assert_true(list.frozen);
	assert_string_equal(read_line(&list), "Stall 1907");
	loglist_bookmark(&list);
	assert_true(loglist_find(&list, -1));
	assert_string_equal(read_line(&list), "Stall 1807");
	assert_true(loglist_find(&list, 1));
	assert_false(loglist_find(&list, 1)); /* it stays */
	assert_string_equal(read_line(&list), "Stall 1907");
	while (loglist_find(&list, -1))
		;
	assert_string_equal(read_line(&list), "Stall 1007"); /* the oldest that is kept */
	assert_false(loglist_find_bookmark(&list, -1));
	assert_true(loglist_find_bookmark(&list, 1));
	assert_string_equal(read_line(&list), "Stall 1907");
	(void)snprintf(list.filter, sizeof(list.filter), "ack");
	assert_string_equal(read_line(&list), "ack 1906");
	assert_false(loglist_find(&list, -1));
	assert_false(loglist_find_bookmark(&list, 1));
	/* The line being read falls off the oldest end: the line there is shown. */
	list.filter[0] = '\0';
	for (int i = 0; i < 3000; i++)
		loglist_add(&list, 0, LOGLIST_EVENT, CELLS_NORMAL, "later", NULL, 0);
	assert_true(list.frozen);
	assert_string_equal(read_line(&list), "later");
}

/* A line that does not fit stands whole at the end, with what came after it in between. */
static void test_loglist_detail(void **state)
{
	static struct loglist list;
	struct cells c = make(40, 8, true);

	(void)state;
	loglist_init(&list);
	for (int i = 0; i < 6; i++)
		loglist_add(&list, (uint64_t)i * 1000u, LOGLIST_SENT, CELLS_NORMAL,
			    i == 2 ? "a long line that is not to be read in the row that it has"
				   : "short",
			    (const uint8_t *)"\x07", 1);
	loglist_scroll(&list, -3);
	loglist_draw(&list, &c, cells_area(&c));
	check(&c, "00:00.000 > short                   07 #\n"
		  "00:00.001 > short                   07 #\n"
		  "00:00.002 > a long line that is not t~ |\n"
		  "00:00.003 > short                   07 |\n"
		  "----------------------------------------\n"
		  "00:00:00.002 > a long line that is not\n"
		  "to be read in the row that it has  [07]\n"
		  "\n");
	assert_true(cells_at(&c, 0, 2)->selected);
	assert_int_equal(cells_at(&c, 0, 2)->style, CELLS_DIM);
	assert_false(cells_at(&c, 12, 1)->selected);
	/* Followed, nothing is selected. */
	loglist_follow(&list);
	loglist_draw(&list, &c, cells_area(&c));
	assert_false(cells_at(&c, 12, 5)->selected);
	/* However small the area is. */
	loglist_scroll(&list, -3);
	for (int h = 0; h < 9; h++)
		for (int w = 0; w < 40; w++) {
			const struct area area = {0, 0, w, h};

			loglist_draw(&list, &c, area);
		}
	cells_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_combining),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_trend),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_series_tall),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_loglist),
		cmocka_unit_test(test_loglist_find),
		cmocka_unit_test(test_loglist_detail),
		cmocka_unit_test(test_layout),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
