/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and words as people type them. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"
#include "ota/error.h"

static void test_unsigned(void **state)
{
	static const char *const bad[] = {"",	"-1", "+1", " 1",  "1 ", "01",
					  "0x", "1.", "a",  "1e3", "1_0"};
	uint64_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_parse_unsigned(bad[i], strlen(bad[i]), &value), -OTA_EINVAL);
	assert_int_equal(text_parse_unsigned("18446744073709551616", 20, &value), -OTA_ERANGE);
	assert_int_equal(text_parse_unsigned("99999999999999999999999", 23, &value), -OTA_ERANGE);
	assert_int_equal(value, 42);
	assert_int_equal(text_parse_unsigned("18446744073709551615", 20, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(text_parse_unsigned("0", 1, &value), 0);
	assert_int_equal(value, 0);
	/* Only len bytes count. */
	assert_int_equal(text_parse_unsigned("123456", 3, &value), 0);
	assert_int_equal(value, 123);
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		unsigned int decimals;
		int64_t value;
	} good[] = {
		{"7.5", 2, 750},  {"7.50", 2, 750}, {"7.500000000000000000000000", 1, 75},
		{"-7.5", 1, -75}, {"0.0001", 4, 1}, {"0", 9, 0},
		{"-0", 0, 0},	  {"12", 3, 12000}, {"9223372036854775807", 0, INT64_MAX},
	};
	static const struct {
		const char *text;
		unsigned int decimals;
		int code;
	} bad[] = {
		{"", 2, -OTA_EINVAL},
		{"-", 2, -OTA_EINVAL},
		{".5", 2, -OTA_EINVAL},
		{"5.", 2, -OTA_EINVAL},
		{"1.2.3", 2, -OTA_EINVAL},
		{"--1", 2, -OTA_EINVAL},
		{"1.-5", 2, -OTA_EINVAL},
		{"07.5", 2, -OTA_EINVAL},
		{"7.501", 2, -OTA_ERANGE},
		{"7.5", 0, -OTA_ERANGE},
		{"92233720368547758.08", 2, -OTA_ERANGE},
		{"9223372036854775808", 0, -OTA_ERANGE},
		{"99999999999999999999", 0, -OTA_ERANGE},
		{"5x", 0, -OTA_EINVAL},
	};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		value = 4711;
		assert_int_equal(text_parse_decimal(good[i].text, strlen(good[i].text),
						    good[i].decimals, &value),
				 0);
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = 4711;
		assert_int_equal(text_parse_decimal(bad[i].text, strlen(bad[i].text),
						    bad[i].decimals, &value),
				 bad[i].code);
		assert_true(value == 4711);
	}
}

static void test_format(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_format_decimal(750, 2, buf, sizeof(buf)), "7.5");
	assert_string_equal(text_format_decimal(700, 2, buf, sizeof(buf)), "7");
	assert_string_equal(text_format_decimal(7, 2, buf, sizeof(buf)), "0.07");
	assert_string_equal(text_format_decimal(-7, 2, buf, sizeof(buf)), "-0.07");
	assert_string_equal(text_format_decimal(0, 2, buf, sizeof(buf)), "0");
	assert_string_equal(text_format_decimal(100, 0, buf, sizeof(buf)), "100");
	assert_string_equal(text_format_decimal(INT64_MIN, 0, buf, sizeof(buf)),
			    "-9223372036854775808");
}

static void test_is_number(void **state)
{
	(void)state;
	assert_true(text_is_number("5", 1));
	assert_true(text_is_number("-5.25", 5));
	assert_true(text_is_number("99999999999999999999999", 23));
	assert_false(text_is_number("5m", 2));
	assert_false(text_is_number("", 0));
}

static void test_distance(void **state)
{
	char longest[TEXT_WORD_MAX + 1], longer[TEXT_WORD_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[TEXT_WORD_MAX] = '\0';
	memset(longer, 'a', sizeof(longer));
	longer[TEXT_WORD_MAX + 1] = '\0';
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("flahs", "flash"), 1); /* swapped */
	assert_int_equal(text_distance("Chunk", "chunk"), 0);
	assert_int_equal(text_distance("ack-timeout", "ack_timeout"), 0);
	assert_int_equal(text_distance(longest, ""), TEXT_WORD_MAX);
	assert_int_equal(text_distance(longest, longest), 0);
	assert_int_equal(text_distance(longest, longer), UINT_MAX);
}

static const char *nearest_of(const char *word)
{
	static const char *const words[] = {"flash", "scan", "status", "info", "inspect"};
	struct text_nearest nearest = {.word = word};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		text_nearest_offer(&nearest, words[i]);
	return nearest.best;
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("flsh"), "flash");
	assert_string_equal(nearest_of("insp"), "inspect");
	assert_string_equal(nearest_of("SCAN"), "scan");
	assert_null(nearest_of("reboot"));
	assert_null(nearest_of(""));
	assert_null(nearest_of("x"));
}

struct noted {
	unsigned int count;
	enum log_level level;
	char text[LOG_LINE_MAX];
};

static void note_line(void *userdata, enum log_level level, const char *text)
{
	struct noted *noted = userdata;

	noted->count++;
	noted->level = level;
	(void)snprintf(noted->text, sizeof(noted->text), "%s", text);
}

static void test_log(void **state)
{
	struct noted noted = {0};
	struct log log = {.fn = note_line, .userdata = &noted, .level = LOG_LEVEL_INFO};
	char longest[LOG_LINE_MAX * 2];

	(void)state;
	log_write(&log, LOG_LEVEL_WARNING, "%s %d", "stall", 5);
	assert_int_equal(noted.count, 1);
	assert_int_equal(noted.level, LOG_LEVEL_WARNING);
	assert_string_equal(noted.text, "stall 5");
	log_write(&log, LOG_LEVEL_DEBUG, "unwanted");
	assert_int_equal(noted.count, 1);
	assert_true(log_wants(&log, LOG_LEVEL_INFO));
	assert_false(log_wants(&log, LOG_LEVEL_DEBUG));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	log_write(&log, LOG_LEVEL_INFO, "%s", longest);
	assert_int_equal(strlen(noted.text), LOG_LINE_MAX - 1);
	log.fn = NULL;
	log_write(&log, LOG_LEVEL_ERROR, "to nobody");
	log_write(NULL, LOG_LEVEL_ERROR, "to nobody");
	assert_int_equal(noted.count, 2);
}

static void test_count(void **state)
{
	static const struct {
		uint64_t count;
		const char *noun, *text;
	} rows[] = {
		{0, "gap", "0 gaps"},
		{1, "gap", "1 gap"},
		{2, "gap", "2 gaps"},
		{1, "retry", "1 retry"},
		{5, "retry", "5 retries"},
		{2, "delay", "2 delays"},
		{UINT64_MAX, "byte", "18446744073709551615 bytes"},
	};
	char text[TEXT_COUNT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_count(rows[i].count, rows[i].noun, text, sizeof(text)),
				    rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),	  cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_decimal),	  cmocka_unit_test(test_format),
		cmocka_unit_test(test_is_number), cmocka_unit_test(test_distance),
		cmocka_unit_test(test_nearest),	  cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
