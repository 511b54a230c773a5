/* SPDX-License-Identifier: Apache-2.0 */
/* Tests conclusions from facts: the scan list's filter and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/view.h"
#include "view/view_history.h"

/* --- the filter */

static void test_filter(void **state)
{
	static const struct {
		const char *filter;
		bool passes;
	} rows[] = {
		{"", true},	      {"  ", true},	    {"ota", true},
		{"!ota", false},      {"rssi>-80", true},   {"rssi>-70", false},
		{"rssi<-60", true},   {"gw-07", true},	    {"GW", true},
		{"10:02", true},      {"!gw", false},	    {"ota rssi>-80 gw", true},
		{"ota gw-08", false}, {"!gw-08 ota", true}, {"!", false},
	};
	struct scan_device d = {.address = "24:6F:28:AA:10:02",
				.name = "esp-gw-07",
				.dialects = dialects_of_service(OTA_UUID_SERVICE),
				.rssi = -70};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (view_scan_passes(&d, rows[i].filter) != rows[i].passes)
			fail_msg("filter '%s'", rows[i].filter);
		assert_null(view_scan_filter_error(rows[i].filter));
	}
	d.rssi = 127;
	assert_false(view_scan_passes(&d, "rssi>-100"));
	assert_false(view_scan_passes(&d, "rssi<0"));
	assert_non_null(view_scan_filter_error("ota rssi>loud"));
	assert_non_null(view_scan_filter_error("!rssi>-80x"));
}

static void test_order(void **state)
{
	static const int8_t rssi[] = {-80, 127, -50, -60};
	struct view_scan_marks marks = {.count = 0};
	static struct scan scan;
	struct view_scan_order by = {.scan = &scan,
				     .marks = &marks,
				     .filter = "",
				     .sort = VIEW_SORT_RSSI,
				     .frozen = true};
	uint16_t order[SCAN_DEVICES_MAX];
	size_t n;

	(void)state;
	scan_init(&scan);
	scan.count = 3;
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(scan.devices[i].address, SCAN_ADDRESS_SIZE, "24:6F:28:AA:10:0%zu",
			       i);
		scan.devices[i].rssi = rssi[i];
	}
	n = view_scan_order(&by, order, 0);
	assert_int_equal(n, 3);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 0);
	assert_int_equal(order[2], 1); /* unknown comes last */
	/* Frozen: what is louder now stays where it was, and a new one comes last. */
	scan.devices[0].rssi = -40;
	scan.count = 4;
	n = view_scan_order(&by, order, n);
	assert_int_equal(n, 4);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[3], 3);
	/* Marked: first, and past every filter. */
	view_scan_mark(&marks, scan.devices[1].address);
	by.frozen = false;
	by.filter = "rssi>-45";
	n = view_scan_order(&by, order, 0);
	assert_int_equal(n, 2);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 0);
	view_scan_mark(&marks, scan.devices[1].address);
	assert_int_equal(marks.count, 0);
	for (size_t i = 0; i < VIEW_MARKS_MAX + 5; i++) {
		char address[SCAN_ADDRESS_SIZE];

		(void)snprintf(address, sizeof(address), "24:6F:28:AA:20:%02zX", i);
		view_scan_mark(&marks, address);
	}
	assert_int_equal(marks.count, VIEW_MARKS_MAX);
}

/* Each column, and each the other way round: what is unknown comes last in both. */
static void test_columns(void **state)
{
	static const struct {
		enum view_scan_sort sort;
		uint16_t order[3], reversed[3];
	} rows[] = {
		{VIEW_SORT_SEEN_FIRST, {0, 1, 2}, {2, 1, 0}},
		{VIEW_SORT_RSSI, {2, 0, 1}, {0, 2, 1}},
		{VIEW_SORT_NAME, {1, 0, 2}, {0, 1, 2}},
		{VIEW_SORT_ADDRESS, {2, 1, 0}, {0, 1, 2}},
		{VIEW_SORT_OTA, {2, 0, 1}, {0, 2, 1}},
		{VIEW_SORT_FIRMWARE, {0, 1, 2}, {0, 2, 1}},
		{VIEW_SORT_AGE, {1, 2, 0}, {0, 2, 1}},
		{VIEW_SORT_STATE, {0, 1, 2}, {0, 2, 1}},
	};
	static const struct view_known known[] = {
		{.address = "24:6F:28:AA:10:03",
		 .dialect = DIALECT_FULL,
		 .version = "1.2",
		 .outcome = SESSION_STALLED},
		{.address = "24:6F:28:AA:10:01", .dialect = DIALECT_BASIC}};
	static struct scan scan;
	struct view_scan_order by = {.scan = &scan, .known = known, .known_count = 2, .filter = ""};
	uint16_t order[SCAN_DEVICES_MAX];

	(void)state;
	scan_init(&scan);
	scan.count = 3;
	scan.devices[0] = (struct scan_device){
		.address = "24:6F:28:AA:10:03", .name = "b", .rssi = -80, .last_us = 1};
	scan.devices[1] = (struct scan_device){.address = "24:6F:28:AA:10:02",
					       .name = "a",
					       .rssi = SCAN_RSSI_UNKNOWN,
					       .last_us = 3};
	scan.devices[2] =
		(struct scan_device){.address = "24:6F:28:AA:10:01", .rssi = -50, .last_us = 2};
	for (size_t i = 0; i < VIEW_SORTS; i++) {
		assert_int_equal(rows[i].sort, i);
		by.sort = rows[i].sort;
		by.reversed = false;
		assert_int_equal(view_scan_order(&by, order, 0), 3);
		assert_memory_equal(order, rows[i].order, sizeof(rows[i].order));
		by.reversed = true;
		assert_int_equal(view_scan_order(&by, order, 0), 3);
		if (memcmp(order, rows[i].reversed, sizeof(rows[i].reversed)) != 0)
			fail_msg("%s reversed: %u %u %u", view_scan_sort_name(by.sort), order[0],
				 order[1], order[2]);
		assert_string_not_equal(view_scan_sort_name(by.sort), "");
	}
}

/* The head of each column is where the column is, at any width. */
static void test_heads(void **state)
{
	unsigned int seen = 0;

	(void)state;
	for (int w = 20; w < 200; w++) {
		const struct area area = {0, 1, w, 20};

		assert_int_equal(view_scan_sort_at(area, 1, 2), VIEW_SORT_NAME);
		assert_int_equal(view_scan_sort_at(area, 1, 3), VIEW_SORTS);
		for (int x = 1; x < w; x++)
			seen |= 1u << view_scan_sort_at(area, x, 2);
	}
	/* All but the order in which they were found, which has no column. */
	assert_int_equal(seen, (1u << VIEW_SORTS) - 1u - (1u << VIEW_SORT_SEEN_FIRST));
}

/* --- the log's filter */

static void test_log_filter(void **state)
{
	static struct loglist list;
	static const struct {
		const char *filter;
		unsigned int passes; /* bits of the lines below */
	} rows[] = {
		{"", 0x1f},	   {"ack", 0x03},   {"!ACK", 0x1c},    {"ack received", 0x02},
		{"<", 0x02},	   {"!<", 0x1d},    {"><", 0x03},      {"!><", 0x1c},
		{"!", 0x08},	   {"!!", 0x17},    {"!ack !~", 0x0c}, {"lost link", 0x08},
		{"! !lost", 0x00}, {"* ! ~", 0x00}, {"*!~", 0x1c},     {"  ", 0x1f},
		{"a>b", 0x10},
	};

	(void)state;
	loglist_init(&list);
	loglist_add(&list, 1, LOGLIST_SENT, CELLS_NORMAL, "START ack 4096", NULL, 0);
	loglist_add(&list, 2, LOGLIST_RECEIVED, CELLS_NORMAL, "ACK received=1", NULL, 0);
	loglist_add(&list, 3, LOGLIST_STATE, CELLS_NORMAL, "sending", NULL, 0);
	loglist_add(&list, 4, LOGLIST_EVENT, CELLS_NORMAL, "link lost", NULL, 0);
	loglist_add(&list, 5, LOGLIST_TUNING, CELLS_NORMAL, "a>b", NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int passes = 0;

		(void)snprintf(list.filter, sizeof(list.filter), "%s", rows[i].filter);
		for (unsigned int line = 0; line < 5; line++)
			passes |= (unsigned int)loglist_matches(&list, loglist_at(&list, line))
				  << line;
		if (passes != rows[i].passes)
			fail_msg("'%s' lets 0x%x through", rows[i].filter, passes);
	}
}

/* --- routine lines that stand as one */

/* The lines that are shown, as their numbers' digits, oldest first. */
static const char *shown(const struct loglist *log)
{
	static char digits[16];
	size_t count = 0;

	for (uint64_t i = 0; i < log->count && count + 1 < sizeof(digits); i++) {
		if (loglist_matches(log, loglist_at(log, i)))
			digits[count++] = (char)('0' + i);
	}
	digits[count] = '\0';
	return digits;
}

static void test_fold(void **state)
{
	static struct loglist log;
	static const struct {
		enum loglist_kind kind;
		const char *text;
	} lines[] = {
		{LOGLIST_STATE, "sending"},    {LOGLIST_ROUTINE, "ACK 1"},
		{LOGLIST_ROUTINE, "ACK 2"},    {LOGLIST_RECEIVED, "GAP 1"},
		{LOGLIST_ROUTINE, "PROGRESS"}, {LOGLIST_ROUTINE, "ACK 3"},
		{LOGLIST_EVENT, "stall"},
	};

	(void)state;
	loglist_init(&log);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		loglist_add(&log, i, lines[i].kind, CELLS_NORMAL, lines[i].text, NULL, 0);
	assert_string_equal(shown(&log), "0356"); /* the newest stays in its place */
	loglist_add(&log, 8, LOGLIST_ROUTINE, CELLS_NORMAL, "ACK 4", NULL, 0);
	assert_string_equal(shown(&log), "0367"); /* and moves */
	log.unfolded = true;
	assert_string_equal(shown(&log), "01234567");
	log.unfolded = false;
	/* A filter or a search may mean the folded lines. */
	(void)snprintf(log.filter, sizeof(log.filter), "ACK");
	assert_string_equal(shown(&log), "1257");
	(void)snprintf(log.filter, sizeof(log.filter), "<");
	assert_string_equal(shown(&log), "123457");
	log.filter[0] = '\0';
	(void)snprintf(log.search, sizeof(log.search), "PROGRESS");
	assert_string_equal(shown(&log), "01234567");
	log.search[0] = '\0';
	/* Scrolling goes by what is shown. */
	loglist_scroll(&log, -1);
	assert_string_equal(loglist_selected(&log)->text, "stall");
	loglist_scroll(&log, -1);
	assert_string_equal(loglist_selected(&log)->text, "GAP 1");
	/* Whatever comes by the hundreds, an event stays. */
	loglist_follow(&log);
	for (unsigned int i = 0; i < 500; i++)
		loglist_add(&log, 9 + i, LOGLIST_ROUTINE, CELLS_NORMAL, "ACK", NULL, 0);
	assert_true(loglist_matches(&log, loglist_at(&log, 6)));
	assert_false(loglist_matches(&log, loglist_at(&log, 7)));
	assert_true(loglist_matches(&log, loglist_at(&log, 507)));
}

/* --- a scroll bar */

/* The rows of ten that have the thumb, as bits. */
static unsigned int thumb(size_t first, size_t total)
{
	const struct area area = {0, 0, 5, 10};
	unsigned int rows = 0;
	struct cells cells;

	assert_int_equal(cells_init(&cells, 5, 10, true), 0);
	cells_scroll_bar(&cells, area, first, total);
	for (int y = 0; y < 10; y++) {
		assert_int_equal(cells_at(&cells, 3, y)->text[0], ' ');
		if (total > 10)
			assert_non_null(strchr("#|", cells_at(&cells, 4, y)->text[0]));
		if (cells_at(&cells, 4, y)->text[0] == '#')
			rows |= 1u << y;
	}
	cells_finish(&cells);
	return rows;
}

static void test_scroll_bar(void **state)
{
	(void)state;
	assert_int_equal(thumb(0, 10), 0); /* nothing is hidden */
	assert_int_equal(thumb(0, 20), 0x1f);
	assert_int_equal(thumb(10, 20), 0x3e0);
	assert_int_equal(thumb(1, 20), 0x3e); /* only at the ends does it stand at an end */
	assert_int_equal(thumb(9, 20), 0x1f0);
	assert_int_equal(thumb(0, 100000), 1);
	assert_int_equal(thumb(SIZE_MAX, 100000), 0x200);
}

/* --- help */

static void test_help_search(void **state)
{
	const struct area area = {0, 1, 60, 12};
	size_t first, second;

	(void)state;
	assert_true(view_help_find(PLACE_DEVICE, "no such words", 3, 1, area) == SIZE_MAX);
	first = view_help_find(PLACE_DEVICE, "GRAPH", SIZE_MAX, 1, area);
	second = view_help_find(PLACE_DEVICE, "graph", first, 1, area);
	assert_true(first < second && second < SIZE_MAX);
	assert_true(view_help_find(PLACE_DEVICE, "graph", second, -1, area) == first);
	assert_true(view_help_find(PLACE_DEVICE, "graph", second, 1, area) == first); /* round */
	assert_true(view_help_find(PLACE_DEVICE, "graph", first, -1, area) == second);
	/* A key is found as well as its words. */
	assert_true(view_help_find(PLACE_SCAN, "Ctrl-L", SIZE_MAX, 1, area) < SIZE_MAX);
}

/* A device that was only asked has no DONE to be green, whatever it holds. */
static void test_mere_connect(void **state)
{
	static const struct {
		enum session_goal goal;
		enum cells_style style;
	} rows[] = {
		{SESSION_LOOK, CELLS_NORMAL},
		{SESSION_COMMAND, CELLS_NORMAL},
		{SESSION_UPDATE, CELLS_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct view_device v = {.run = true,
					      .goal = rows[i].goal,
					      .state = SESSION_DONE,
					      .outcome = rows[i].goal == SESSION_UPDATE
								 ? SESSION_CONFIRMED
								 : SESSION_ANSWERED};

		assert_int_equal(view_state_style(&v), rows[i].style);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),	     cmocka_unit_test(test_order),
		cmocka_unit_test(test_log_filter),   cmocka_unit_test(test_fold),
		cmocka_unit_test(test_scroll_bar),   cmocka_unit_test(test_help_search),
		cmocka_unit_test(test_columns),	     cmocka_unit_test(test_heads),
		cmocka_unit_test(test_mere_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
