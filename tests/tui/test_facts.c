/* SPDX-License-Identifier: Apache-2.0 */
/* Tests conclusions from facts: the recover menu, and the scan list's filter and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/pdu_text.h"
#include "view/recover.h"
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
				.ota_service = true,
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
	/* Who filters or searches may mean them. */
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

/* Which rows of ten have the thumb, as bits. */
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
	assert_true(view_help_find(VIEW_DEVICE, "no such words", 3, 1, area) == SIZE_MAX);
	first = view_help_find(VIEW_DEVICE, "GRAPH", SIZE_MAX, 1, area);
	second = view_help_find(VIEW_DEVICE, "graph", first, 1, area);
	assert_true(first < second && second < SIZE_MAX);
	assert_true(view_help_find(VIEW_DEVICE, "graph", second, -1, area) == first);
	assert_true(view_help_find(VIEW_DEVICE, "graph", second, 1, area) == first); /* round */
	assert_true(view_help_find(VIEW_DEVICE, "graph", first, -1, area) == second);
	/* A key is found as well as its words. */
	assert_true(view_help_find(VIEW_SCAN, "Ctrl-L", SIZE_MAX, 1, area) < SIZE_MAX);
}

/* --- recover */

static const struct view_choice *choice_of(const struct recover_menu *m, enum recover_action action)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->actions[i] == action)
			return &m->choices[i];
	}
	fail_msg("no such choice");
	return NULL;
}

static bool tells(const struct recover_menu *m, const char *text)
{
	for (size_t i = 0; i < m->fact_count; i++) {
		if (strstr(m->facts[i], text))
			return true;
	}
	return false;
}

static const uint8_t sha256[32] = {0x9a, 0x31, 0x45, 0x65};

static struct recover_known base(void)
{
	return (struct recover_known){.address = "24:6F:28:AA:10:02",
				      .options = "",
				      .image = "a.bin",
				      .image_sha256 = sha256,
				      .stack_keeps = true,
				      .what = "It was lost."};
}

static void test_resume(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();
	const struct view_choice *c;

	(void)state;
	/* Nothing is known: that is asked first. */
	recover_fill(&k, &m);
	c = choice_of(&m, RECOVER_RESUME);
	assert_false(c->possible);
	assert_string_equal(c->effect, "not known: ask for its state first");
	assert_string_equal(c->command, "otabench resume 24:6F:28:AA:10:02 a.bin");
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_LOOK);
	/* Halfway through an update of ours, the device keeps what it has. */
	k.have_update = true;
	k.outcome = SESSION_LINK_LOST;
	k.received = 1;
	recover_fill(&k, &m);
	assert_true(choice_of(&m, RECOVER_RESUME)->possible);
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_RESUME);
	k.flags_known = OTA_INFO_RESUMABLE;
	recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it has nothing to resume");
	k.status_known = true;
	k.status = (struct ota_status){.state = OTA_STATE_SUSPENDED, .flushed = 65536};
	memcpy(k.status.hash, sha256, sizeof(k.status.hash));
	recover_fill(&k, &m);
	assert_true(choice_of(&m, RECOVER_RESUME)->possible);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "resumes at 65.5 kB");
	k.status.hash[0] ^= 1;
	recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect,
			    "it holds part of another image");
	k.dialect = DIALECT_BASIC;
	recover_fill(&k, &m);
	assert_false(choice_of(&m, RECOVER_RESUME)->possible);
	k.image = "";
	recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "no image chosen (4, then o)");
	k.readonly = true;
	recover_fill(&k, &m);
	for (size_t i = 0; i < m.count; i++)
		assert_int_equal(m.choices[i].possible,
				 m.actions[i] == RECOVER_LOOK || m.actions[i] == RECOVER_BUNDLE);
}

static bool possible(const struct recover_menu *m, enum recover_action action)
{
	return choice_of(m, action)->possible;
}

/* All was sent, and what came of it is known, not known, or the device is gone. */
static void test_whole(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.have_update = k.ended = true;
	k.received = k.total = 65536;
	k.dialect = DIALECT_FULL;
	k.outcome = SESSION_NOT_BACK;
	k.unheard = true;
	recover_fill(&k, &m);
	for (size_t i = 0; i < m.count; i++)
		assert_int_equal(m.choices[i].possible,
				 m.actions[i] == RECOVER_LOOK || m.actions[i] == RECOVER_BUNDLE ||
					 m.actions[i] == RECOVER_DISCONNECT ||
					 m.actions[i] == RECOVER_FORGET ||
					 m.actions[i] == RECOVER_POWER_CYCLE);
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_LOOK);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it does not advertise");
	k.unheard = false;
	recover_fill(&k, &m);
	assert_false(possible(&m, RECOVER_RESUME));
	assert_false(possible(&m, RECOVER_CONFIRM));
	assert_true(possible(&m, RECOVER_RESTART));
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_LOOK);
	/* Its Info was read after the boot loader rolled back. */
	k.outcome = SESSION_ROLLED_BACK;
	k.flags_known = UINT8_MAX;
	recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it has nothing to resume");
	assert_string_equal(choice_of(&m, RECOVER_CONFIRM)->effect, "it is not on trial");
	assert_false(possible(&m, RECOVER_ABORT));
	/* Not to send once more what did not start. */
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_LOOK);
	k.flags = OTA_INFO_PENDING_VERIFY;
	recover_fill(&k, &m);
	assert_true(possible(&m, RECOVER_CONFIRM));
	assert_int_equal(m.actions[recover_first(&k, &m)], RECOVER_CONFIRM);
}

/* A letter is one action's, and none that a menu has another use for. */
static void test_letters(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	for (int running = 0; running < 2; running++) {
		k.running = running ? "sending" : NULL;
		recover_fill(&k, &m);
		for (size_t i = 0; i < m.count; i++) {
			assert_int_equal(view_menu_of(m.choices, m.count, m.choices[i].key), i);
			assert_int_equal(keys_action(PLACE_MENU, m.choices[i].key), ACTION_CHOOSE);
			assert_int_equal(m.actions[i] == RECOVER_LOOK ||
						 m.actions[i] == RECOVER_BUNDLE ||
						 m.actions[i] == RECOVER_PAUSE,
					 recover_at_once(m.actions[i]));
		}
	}
	assert_int_equal(view_menu_of(m.choices, m.count, '1'), m.count);
}

static void test_factory(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.status_known = true;
	k.status.slot = PDU_TEXT_FACTORY;
	recover_fill(&k, &m);
	assert_true(tells(&m, "idle, factory runs"));
	k.status.slot = 1;
	recover_fill(&k, &m);
	assert_true(tells(&m, "idle, slot 1 runs"));
}

static void test_foreign(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	assert_false(recover_foreign(&k));
	k.status_known = true;
	k.status.state = OTA_STATE_RECEIVING;
	assert_true(recover_foreign(&k));
	recover_fill(&k, &m);
	assert_true(tells(&m, "Another host is updating it now"));
	/* Ours, as far as it can be told. */
	k.have_update = true;
	memcpy(k.status.hash, sha256, sizeof(k.status.hash));
	assert_false(recover_foreign(&k));
	k.status.hash[3] ^= 1;
	assert_true(recover_foreign(&k));
	k.running = "sending";
	assert_false(recover_foreign(&k));
}

/* Another project's firmware, which uses the service's UUID: nothing of the protocol fits. */
static void test_no_service(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.no_service = k.stack_keeps = true;
	recover_fill(&k, &m);
	assert_true(tells(&m, "no update service that otabench speaks"));
	for (size_t i = 0; i < m.count; i++)
		assert_int_equal(m.choices[i].possible,
				 m.actions[i] == RECOVER_LOOK || m.actions[i] == RECOVER_BUNDLE ||
					 m.actions[i] == RECOVER_DISCONNECT ||
					 m.actions[i] == RECOVER_FORGET ||
					 m.actions[i] == RECOVER_POWER_CYCLE);
}

static void test_signal(void **state)
{
	static const int32_t falling[] = {-60, -60, -61, -60, -60, -70, -75, -80, -84, PLOT_NONE},
			     weak[] = {-88, -88, -89, -88, -88, -88, -88, -88, -88, -88},
			     few[] = {-50, -50}, none[] = {PLOT_NONE, PLOT_NONE};
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.have_update = true;
	k.outcome = SESSION_LINK_LOST;
	k.rssi_ms = 1000;
	k.rssi = falling;
	k.rssi_count = 10;
	recover_fill(&k, &m);
	assert_true(tells(&m, "fell from -60 to -84 dBm in the last 4 s"));
	k.rssi = weak;
	recover_fill(&k, &m);
	assert_true(tells(&m, "steady at -88 dBm, which is weak"));
	k.rssi = few;
	k.rssi_count = 2;
	recover_fill(&k, &m);
	assert_true(tells(&m, "-50 dBm at the end"));
	k.rssi = none;
	recover_fill(&k, &m);
	assert_false(tells(&m, "signal"));
}

static const char *command_of(const struct recover_menu *m, enum recover_action action)
{
	return choice_of(m, action)->command;
}

static void test_commands(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.address = "24:6F:28:AA:10:02";
	k.options = "--adapter=hci1";
	k.sending = "-p fast -s retries=0";
	k.image = "my app's.bin";
	recover_fill(&k, &m);
	/* As it would be sent from here, and as one word for a shell. */
	assert_string_equal(command_of(&m, RECOVER_RESUME),
			    "otabench --adapter=hci1 -p fast -s retries=0 resume "
			    "24:6F:28:AA:10:02 'my app'\\''s.bin'");
	assert_string_equal(command_of(&m, RECOVER_LOOK),
			    "otabench --adapter=hci1 info 24:6F:28:AA:10:02");
	k.image = "-rf\033";
	recover_fill(&k, &m);
	assert_string_equal(command_of(&m, RECOVER_RESUME),
			    "otabench --adapter=hci1 -p fast -s retries=0 resume "
			    "24:6F:28:AA:10:02 ./$'-rf\\x1b'");
	k.image = "build/app-1.5.0.bin";
	recover_fill(&k, &m);
	assert_non_null(strstr(command_of(&m, RECOVER_RESTART), " build/app-1.5.0.bin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),	   cmocka_unit_test(test_order),
		cmocka_unit_test(test_log_filter), cmocka_unit_test(test_fold),
		cmocka_unit_test(test_scroll_bar), cmocka_unit_test(test_help_search),
		cmocka_unit_test(test_columns),	   cmocka_unit_test(test_heads),
		cmocka_unit_test(test_resume),	   cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_signal),	   cmocka_unit_test(test_commands),
		cmocka_unit_test(test_no_service), cmocka_unit_test(test_whole),
		cmocka_unit_test(test_letters),	   cmocka_unit_test(test_factory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
