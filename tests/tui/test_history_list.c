/* SPDX-License-Identifier: Apache-2.0 */
/* The list of recorded runs: its order, its columns at every width, and what a filter keeps. */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/view_history.h"

/* --- the history's order */

static void test_runs(void **state)
{
	struct history_run runs[3] = {
		{.id = 7, .device = "b", .rssi_median = 127, .result = {.goodput = 5}},
		{.id = 9,
		 .device = "a",
		 .rssi_median = -70,
		 .result = {.goodput = 9, .bytes = 600, .air_bytes = 12, .stream = STREAM_DELTA}},
		{.id = 8, .device = "a", .rssi_median = -50, .result = {.goodput = 1}},
	};
	static const struct {
		enum view_history_sort sort;
		bool reversed;
		int64_t ids[3];
	} rows[] = {
		{VIEW_RUNS_NUMBER, false, {9, 8, 7}}, {VIEW_RUNS_NUMBER, true, {7, 8, 9}},
		{VIEW_RUNS_DEVICE, false, {9, 8, 7}}, {VIEW_RUNS_DEVICE, true, {7, 8, 9}},
		{VIEW_RUNS_RATE, false, {9, 7, 8}},   {VIEW_RUNS_RSSI, false, {8, 9, 7}},
		{VIEW_RUNS_STREAM, false, {9, 8, 7}},
	};
	const struct view_history v = {
		.runs = runs, .count = 3, .error = "", .search = "", .filter = "", .selected = 1};
	unsigned int seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		view_history_sort(runs, 3, rows[i].sort, rows[i].reversed);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(runs[j].id, rows[i].ids[j]);
	}
	for (int x = 1; x < 160; x++)
		seen |= 1u << view_history_sort_at(&v, (struct area){0, 1, 160, 20}, x, 1);
	assert_int_equal(seen, (1u << VIEW_RUNS_SORTS) - 1u);
	assert_int_equal(view_history_sort_at(&v, (struct area){0, 1, 160, 20}, 9, 2),
			 VIEW_RUNS_SORTS);
	assert_int_equal(view_history_row_at(&v, (struct area){0, 1, 160, 20}, 2), 0);
	assert_int_equal(view_history_row_at(&v, (struct area){0, 1, 160, 20}, 4), 2);
	assert_int_equal(view_history_row_at(&v, (struct area){0, 1, 160, 20}, 5), 3);
}

/* --- columns */

/* Wherever there is room for all, the head and the least result are whole. */
static void test_widths(void **state)
{
	static const int64_t none[VIEW_MARKED_MAX] = {0};
	struct history_run run = {.id = 1234,
				  .state = HISTORY_ENDED,
				  .device = "esp-sim-01",
				  .profile = "default",
				  .profile_changed = true,
				  .size = 100,
				  .received = 83,
				  .rssi_median = -70,
				  .result = {.outcome = SESSION_CANCELLED,
					     .goodput = 98200,
					     .seconds_us = 1000000,
					     .limit = {.possible = 100000}}};
	const struct view_history v = {
		.runs = &run, .count = 1, .marked = none, .error = "", .search = "", .filter = ""};
	struct cells cells;

	(void)state;
	for (int width = 34; width <= 200; width++) {
		char *text = NULL;
		size_t size;
		FILE *out;

		assert_int_equal(cells_init(&cells, width, 10, false), 0);
		view_history_draw(&v, &cells, cells_area(&cells));
		out = open_memstream(&text, &size);
		assert_non_null(out);
		cells_dump(&cells, out);
		(void)fclose(out);
		cells_finish(&cells);
		if (!strstr(text, "RESULT") || !strstr(text, "cancel") || !strstr(text, "83%") ||
		    !strstr(text, "98.2"))
			fail_msg("at %d columns:\n%s", width, text);
		if (width >= 56 && (!strstr(text, "%MAX") || !strstr(text, "  98 ")))
			fail_msg("at %d columns:\n%s", width, text);
		if (width >= 80 && !strstr(text, "default+"))
			fail_msg("at %d columns:\n%s", width, text);
		free(text);
	}
}

/* --- the filter */

static struct history_run three[3] = {
	{.id = 1,
	 .state = HISTORY_ENDED,
	 .device = "esp-gw-07",
	 .profile = "fast",
	 .rssi_median = -50,
	 .result = {.outcome = SESSION_CONFIRMED,
		    .goodput = 95000,
		    .chunk = 495,
		    .window = 8192,
		    .gaps = 0,
		    .seconds_us = 6000000,
		    .limit = {.possible = 100000}}},
	{.id = 2,
	 .state = HISTORY_ENDED,
	 .device = "esp-gw-08",
	 .profile = "safe",
	 .rssi_median = -80,
	 .result = {.outcome = SESSION_LINK_LOST,
		    .goodput = 30000,
		    .chunk = 244,
		    .window = 2048,
		    .gaps = 7,
		    .stalls = 2,
		    .seconds_us = 20000000,
		    .limit = {.possible = 100000},
		    .virtual_clock = true}},
	{.id = 3, .state = HISTORY_KILLED, .device = "nobody", .rssi_median = 127},
};

static void test_filter(void **state)
{
	static const struct {
		const char *filter;
		unsigned int passes; /* runs 1, 2 and 3 as bits 0, 1 and 2 */
	} rows[] = {
		{"", 7},
		{"gw", 3},
		{"GW-07", 1},
		{"!gw", 4},
		{"sim", 2},
		{"real", 5},
		{"!sim", 5},
		{"gw !sim", 1},
		{"rate>90", 1},
		{"rate<90", 2},
		{"!rate>90", 6},
		{"possible<80", 2},
		{"possible>94", 1},
		{"window>4096", 1},
		{"chunk<300", 2},
		{"gaps>0", 2},
		{"gaps<1", 5},
		{"stalls>1", 2},
		{"rssi<-60", 2},
		{"rssi>-60", 1},
		{"time>10", 2},
		{"killed", 4},
		{"link-lost", 2},
		{"fast", 1},
		{"gw rate<90 gaps>3", 2},
		{"depth>3", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int passes = 0;

		assert_null(view_history_filter_error(rows[i].filter));
		for (unsigned int n = 0; n < 3; n++)
			passes |= (unsigned int)view_history_passes(&three[n], rows[i].filter) << n;
		if (passes != rows[i].passes)
			fail_msg("'%s' lets 0x%x through", rows[i].filter, passes);
	}
	assert_non_null(view_history_filter_error("rate>"));
	assert_non_null(view_history_filter_error("gw rssi<x"));
	assert_int_equal(view_history_filter(three, 3, "!gw-07"), 2);
	assert_int_equal(three[0].id, 2); /* in their order */
	assert_int_equal(three[1].id, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
