/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs against each other, rates from samples, and what other programs are given. */
#include "config.h" /* system extensions: open_memstream(), mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "history/history_compare.h"
#include "history/history_export.h"

static struct history_key keys_a[] = {{"window", "3904", ""},
				      {"write_mode", "command", ""},
				      {"description", "one", ""},
				      {"new_key", "1", ""}};
static struct history_key keys_b[] = {{"window", "244", "244"},
				      {"write_mode", "command", ""},
				      {"description", "two", ""},
				      {"old_key", "x", ""}};
static struct history_sample samples[] = {
	{.at_us = 3000000, .received = 0, .rssi = -60},
	{.at_us = 4000000, .received = 10000, .rssi = 127, .ring = 5, .ring_known = true},
	{.at_us = 6000000, .received = 30000, .rssi = -61},
	{.at_us = 7000000, .received = 20000, .rssi = -61}, /* sent again after a lost link */
	{.at_us = 8000000, .received = 30000, .rssi = -61},
	{.at_us = 9000000, .received = 50000, .rssi = -61},
};
static struct history_mark marks[] = {
	{3500000, HISTORY_TUNING, 500, "pacing 500 us"},
	{9500000, HISTORY_STATE, 0, "=cmd \"x\",\n\x1b[2J"},
};

static struct history_detail detail(void)
{
	struct history_detail d = {
		.run = {.id = 12,
			.goal = SESSION_UPDATE,
			.state = HISTORY_ENDED,
			.device = "=evil,\"name\"",
			.size = 50000,
			.received = 50000,
			.rssi_median = -58,
			.rssi_min = -63,
			.start_us = 2000000,
			.result = {.outcome = SESSION_CONFIRMED,
				   .seconds_us = 7000000,
				   .goodput = 29800,
				   .link_known = true,
				   .link = {.phy = OTA_PHY_2M, .interval_us = 15000},
				   .mtu = 256,
				   .chunk = 244,
				   .mode = GATT_COMMAND,
				   .window = 3904,
				   .stalls = 1,
				   .longest_stall_ms = 1400}},
		.keys = keys_a,
		.samples = samples,
		.marks = marks,
		.key_count = 4,
		.sample_count = sizeof(samples) / sizeof(samples[0]),
		.mark_count = 2,
	};

	return d;
}

static const struct history_row *row_of(const struct history_comparison *c, const char *label)
{
	for (size_t i = 0; i < c->row_count; i++) {
		if (strcmp(c->rows[i].label, label) == 0)
			return &c->rows[i];
	}
	fail_msg("no row %s", label);
	return NULL;
}

#define EXPECT(c, label, first, second, change)                                                    \
	do {                                                                                       \
		assert_string_equal(row_of(c, label)->a, first);                                   \
		assert_string_equal(row_of(c, label)->b, second);                                  \
		assert_string_equal(row_of(c, label)->delta, change);                              \
	} while (0)

static void test_compare(void **state)
{
	struct history_detail a = detail(), b = detail();
	struct history_comparison c;

	(void)state;
	b.keys = keys_b;
	b.run.result.goodput = 8900;
	b.run.result.seconds_us = 133000000;
	b.run.result.stalls = b.run.result.longest_stall_ms = 0;
	b.run.result.link.interval_us = 11250;
	b.run.result.link.phy = OTA_PHY_1M;
	b.run.rssi_median = -57;
	b.run.rssi_min = -60;
	history_compare(&a, &b, &c);
	EXPECT(&c, "throughput", "29.8 kB/s", "8.9 kB/s", "+235 %");
	EXPECT(&c, "wall time", "0:07.0", "2:13.0", "-95 %");
	EXPECT(&c, "stalls / longest", "1 / 1.4 s", "0 / -", "+1");
	EXPECT(&c, "MTU / itvl / PHY", "256 / 15 / 2M", "256 / 11.25 / 1M", "<- itvl, PHY");
	EXPECT(&c, "RSSI med (min)", "-58 (-63)", "-57 (-60)", "-1");
	EXPECT(&c, "window", "3904", "3904", "");
	assert_int_equal(c.change_count, 3); /* a description is no parameter */
	assert_string_equal(c.changes[0].key, "window");
	assert_string_equal(c.changes[0].a, "3904");
	assert_string_equal(c.changes[0].b, "244");
	assert_string_equal(c.changes[1].key, "new_key");
	assert_string_equal(c.changes[1].b, "-");
	assert_string_equal(c.changes[2].key, "old_key");
	assert_string_equal(c.changes[2].a, "-");
	/* A run that did not get far has nothing to set against. */
	memset(&b.run.result, 0, sizeof(b.run.result));
	b.run.result.virtual_clock = true;
	b.run.rssi_median = 127;
	b.key_count = b.sample_count = 0;
	history_compare(&a, &b, &c);
	EXPECT(&c, "throughput", "29.8 kB/s", "-", "");
	EXPECT(&c, "wall time", "0:07.0", "-", "<- the second is simulated");
	EXPECT(&c, "MTU / itvl / PHY", "256 / 15 / 2M", "-", "");
	EXPECT(&c, "RSSI med (min)", "-58 (-63)", "-", "");
}

static void test_rates(void **state)
{
	struct history_sample impossible[] = {{.at_us = 2000000},
					      {.at_us = 2000012, .received = UINT32_MAX}};
	struct history_detail d = detail();
	uint32_t rates[16];

	(void)state;
	d.run.result.ceiling = 0;
	assert_int_equal(history_span(&d), 7000000);
	assert_int_equal(history_rates(&d, 1000000, rates, 16), 7);
	/* 2..3 s: nothing yet; 4..6 spread evenly; 6..8 again what was there; 8..9 the rest. */
	assert_int_equal(rates[0], 0);
	assert_int_equal(rates[1], 10000);
	assert_int_equal(rates[2], 10000);
	assert_int_equal(rates[3], 10000);
	assert_int_equal(rates[4], 0);
	assert_int_equal(rates[5], 0);
	assert_int_equal(rates[6], 20000);
	assert_int_equal(history_rates(&d, 1000000, rates, 3), 3);
	/* Spans of any length hold all bytes together. */
	for (uint64_t span = 300000; span < 9000000; span += 170001) {
		const size_t count = history_rates(&d, span, rates, 16);
		double sum = 0;

		for (size_t i = 0; i < count; i++) {
			const uint64_t left = 7000000 - i * span;

			sum += rates[i] * (double)(left < span ? left : span) / 1e6;
		}
		if (count * span >= 7000000)
			assert_true(sum > 49990 && sum < 50010);
	}
	/* A burst was carried before it was told; a ceiling below the average is a wrong one. */
	d.run.result.ceiling = 15000;
	assert_int_equal(history_rates(&d, 1000000, rates, 16), 7);
	assert_int_equal(rates[4], 0);
	assert_int_equal(rates[5], 5000);
	assert_int_equal(rates[6], 15000);
	d.run.result.ceiling = 5000;
	assert_int_equal(history_rates(&d, 1000000, rates, 16), 7);
	assert_int_equal(rates[6], 20000);
	d.run.result.ceiling = 0;
	d.run.result.seconds_us = 3000000;
	assert_int_equal(history_rates(&d, 1000000, rates, 16), 3);
	/* A file may claim what no link carries: 4 GB within microseconds. */
	d.run.result.seconds_us = 12;
	assert_int_equal(history_rates(&d, 12, rates, 16), 1);
	assert_int_equal(rates[0], 0);
	d.samples = impossible;
	d.sample_count = 2;
	assert_int_equal(history_rates(&d, 12, rates, 16), 1);
	assert_int_equal(rates[0], UINT32_MAX);
	d.sample_count = 0;
	assert_int_equal(history_rates(&d, 1000000, rates, 16), 0);
}

static char *exported(enum history_format format, bool head)
{
	const struct history_detail d = detail();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(history_export(out, format, &d, head), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static size_t lines_of(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void test_csv(void **state)
{
	char *text = exported(HISTORY_CSV_SERIES, true), *again, *runs;

	(void)state;
	assert_string_equal(text, "run,t,queued,received,flushed,rate,rssi,ring,mark,value,text\n"
				  "12,3.000000,0,0,0,0,-60,,,,\n"
				  "12,3.500000,,,,,,,tuning,500,\"pacing 500 us\"\n"
				  "12,4.000000,0,10000,0,0,,5,,,\n"
				  "12,6.000000,0,30000,0,0,-61,,,,\n"
				  "12,7.000000,0,20000,0,0,-61,,,,\n"
				  "12,8.000000,0,30000,0,0,-61,,,,\n"
				  "12,9.000000,0,50000,0,0,-61,,,,\n"
				  /* the text is neither a formula, nor a line, nor a terminal's
				   * command */
				  "12,9.500000,,,,,,,state,0,\"'=cmd \"\"x\"\",\\x0a\\x1b[2J\"\n");
	again = exported(HISTORY_CSV_SERIES, false);
	assert_int_equal(lines_of(again) + 1, lines_of(text));
	runs = exported(HISTORY_CSV_RUNS, true);
	assert_int_equal(lines_of(runs), 2);
	assert_memory_equal(runs, "run,started_ms,", 15);
	assert_non_null(strstr(runs, ",\"'=evil,\"\"name\"\"\","));
	assert_non_null(strstr(runs, ",confirmed,"));
	free(text);
	free(again);
	free(runs);
}

static void test_ndjson(void **state)
{
	char *text = exported(HISTORY_NDJSON, true), *rest = text;
	size_t kinds[3] = {0};

	(void)state;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *o = json_loads(line, 0, NULL);
		const char *event;

		assert_non_null(o);
		event = json_string_value(json_object_get(o, "event"));
		assert_int_equal(json_integer_value(json_object_get(o, "run")), 12);
		kinds[0] += strcmp(event, "run") == 0;
		kinds[1] += strcmp(event, "sample") == 0;
		kinds[2] += strcmp(event, "mark") == 0;
		if (strcmp(event, "run") == 0) {
			const json_t *window =
				json_object_get(json_object_get(o, "keys"), "window");

			assert_string_equal(json_string_value(json_object_get(o, "device")),
					    "=evil,\"name\"");
			assert_string_equal(json_string_value(json_object_get(o, "outcome")),
					    "confirmed");
			assert_int_equal(json_integer_value(json_object_get(o, "goodput")), 29800);
			assert_string_equal(json_string_value(json_object_get(window, "asked")),
					    "3904");
		}
		json_decref(o);
	}
	assert_int_equal(kinds[0], 1);
	assert_int_equal(kinds[1], 6);
	assert_int_equal(kinds[2], 2);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_ndjson),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
