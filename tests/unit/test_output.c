/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the program's output: harmless text, JSON lines, figures, log lines. */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/log_stderr.h"
#include "base/output.h"
#include "ota/error.h"

static void test_safe_text(void **state)
{
	static const struct {
		const char *bytes, *safe;
	} cases[] = {
		{"", ""},
		{"esp-gw-07 ~", "esp-gw-07 ~"},
		{"K\xc3\xbc"
		 "che \xe2\x9c\x93 \xf0\x9f\x94\x8c",
		 "K\xc3\xbc"
		 "che \xe2\x9c\x93 \xf0\x9f\x94\x8c"},
		{"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
		{"\033]0;title\a", "\\x1b]0;title\\x07"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"}, /* C1: CSI as one character */
		{"\x9b"
		 "31m",
		 "\\x9b31m"}, /* and as one byte */
		{"\xe2\x80\xae"
		 "gnp.exe",
		 "\\xe2\\x80\\xaegnp.exe"}, /* right to left */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}, /* no width */
		{"esp\xc2\xa0", "esp\\xc2\\xa0"}, /* a space to the eye */
		{"esp\xe3\x85\xa4", "esp\\xe3\\x85\\xa4"}, /* Hangul filler */
		{"esp\xef\xb8\x8f", "esp\\xef\\xb8\\x8f"}, /* variation selector */
		{"esp\xcd\x8f", "esp\\xcd\\x8f"}, /* grapheme joiner */
		{"esp\xf0\x9f\xbf\xbe", "esp\\xf0\\x9f\\xbf\\xbe"}, /* noncharacter */
		{"\xe1\xba\xad a\xcc\xa3\xcc\x82", "\xe1\xba\xad a\xcc\xa3\xcc\x82"},
		{"a\xcc\x81\xcc\x81\xcc\x81z", "a\xcc\x81\xcc\x81\\xcc\\x81z"}, /* stacked */
		{"\xcc\x81z", "\\xcc\\x81z"}, /* on what stands before the name */
		{"a \xcc\x81", "a \\xcc\\x81"}, /* on nothing */
		{"\n\xcc\x81", "\\x0a\\xcc\\x81"},
		{"\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88", /* Thai: two on one */
		 "\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88"},
		{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"}, /* byte order mark */
		{"\xc0\xaf", "\\xc0\\xaf"}, /* overlong */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* over U+10FFFF */
		{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
		{"a\xc3", "a\\xc3"}, /* cut short */
		{"\xe2\x9c", "\\xe2\\x9c"},
		{"\xc3(", "\\xc3("},
		{"\xff\xfe", "\\xff\\xfe"},
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].bytes);

		assert_int_equal(output_safe_text(cases[i].bytes, len, buf, sizeof(buf)),
				 strlen(cases[i].safe));
		assert_string_equal(buf, cases[i].safe);
		assert_int_equal(output_is_safe(cases[i].bytes, len),
				 strcmp(cases[i].bytes, cases[i].safe) == 0);
	}
	assert_int_equal(output_safe_text("a\0b", 3, buf, sizeof(buf)), 6);
	assert_string_equal(buf, "a\\x00b");
}

static void test_put_safe(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	output_put_safe(out, "a\033[2J.bin");
	output_put_safe(out, "");
	output_put_safe(out, "\xe2\x80\xae");
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "a\\x1b[2J.bin\\xe2\\x80\\xae");
	free(text);
}

/* A short buffer never gets half a character or half an escape. */
static void test_safe_text_cut(void **state)
{
	static const char bytes[] = "a\xc3\xbc\nz";
	static const char *const cut[] = {
		"",
		"a",
		"a",
		"a\xc3\xbc",
		"a\xc3\xbc",
		"a\xc3\xbc",
		"a\xc3\xbc",
		"a\xc3\xbc\\x0a",
		"a\xc3\xbc\\x0az",
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(output_safe_text(bytes, 5, buf, i + 1), 8);
		assert_string_equal(buf, cut[i]);
		assert_int_equal(buf[i + 1], '#');
	}
	assert_int_equal(output_safe_text(bytes, 5, NULL, 0), 8);
}

static char *line_of(json_t *object)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(output_json_line(out, object), 0);
	(void)fclose(out);
	return text;
}

static void test_json(void **state)
{
	json_t *object = json_object();
	char *line;

	(void)state;
	(void)json_object_set_new(object, "t", output_json_seconds(12345678));
	(void)json_object_set_new(object, "event", json_string("result"));
	(void)json_object_set_new(object, "a", json_true());
	(void)json_object_set_new(object, "name", output_json_text("x\xff\"\n", 4));
	(void)json_object_set_new(object, "zero", output_json_seconds(0));
	(void)json_object_set_new(object, "year", output_json_seconds(31536000000001));
	(void)json_object_set_new(object, "third", output_json_seconds(333333));
	line = line_of(object);
	assert_string_equal(line, "{\"t\":12.345678,\"event\":\"result\",\"a\":true,"
				  "\"name\":\"x\\\\xff\\\"\\\\x0a\",\"zero\":0.0,"
				  "\"year\":31536000.000001,\"third\":0.333333}\n");
	free(line);
	assert_int_equal(output_json_line(stdout, NULL), -OTA_ENOMEM);
}

static void test_json_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full) {
		print_message("there is no /dev/full here\n");
		skip();
		return;
	}
	assert_int_equal(output_json_line(full, json_object()), -OTA_EIO);
	(void)fclose(full);
}

static void test_bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{1, "1 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{1049, "1.0 kB"},
		{1050, "1.1 kB"},
		{603600, "603.6 kB"},
		{999949, "999.9 kB"},
		{999950, "1.0 MB"},
		{1310720, "1.3 MB"},
		{999950000, "1.0 GB"},
		{UINT64_MAX, "18.4 EB"},
	};
	char buf[OUTPUT_FIGURE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_bytes(cases[i].bytes, buf, sizeof(buf)), cases[i].text);
	assert_string_equal(output_rate(97300, buf, sizeof(buf)), "97.3 kB/s");
	assert_string_equal(output_rate(0, buf, sizeof(buf)), "0 B/s");
}

static void test_duration(void **state)
{
	static const struct {
		uint64_t us;
		const char *text;
	} cases[] = {
		{0, "0:00.0"},		 {49999, "0:00.0"},
		{50000, "0:00.1"},	 {6200000, "0:06.2"},
		{59949999, "0:59.9"},	 {59950000, "1:00.0"},
		{3599949999, "59:59.9"}, {3599950000, "1:00:00"},
		{3723000000, "1:02:03"}, {UINT64_MAX, "5124095576:01:49"},
	};
	char buf[OUTPUT_FIGURE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_duration(cases[i].us, buf, sizeof(buf)), cases[i].text);
}

static void test_terminal(void **state)
{
	FILE *out = tmpfile();

	(void)state;
	assert_non_null(out);
	assert_false(output_is_terminal(out));
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
	assert_false(output_has_colour(out));
	assert_int_equal(setenv("COLUMNS", "132", 1), 0);
	assert_int_equal(output_width(out), 132);
	assert_int_equal(setenv("COLUMNS", "wide", 1), 0);
	assert_int_equal(output_width(out), 80);
	assert_int_equal(unsetenv("COLUMNS"), 0);
	assert_int_equal(output_width(out), 80);
	(void)fclose(out);
}

static void test_log_stderr(void **state)
{
	struct log_stderr sink;
	struct log log = {.fn = log_stderr_line, .userdata = &sink, .level = LOG_LEVEL_DEBUG};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	log_stderr_init(&sink, out, "otabench");
	assert_false(sink.colour);
	log_write(&log, LOG_LEVEL_ERROR, "lost \"%s\"", "\033[2J\n");
	log_write(&log, LOG_LEVEL_INFO, "connected");
	sink.program = NULL;
	sink.colour = true;
	log_write(&log, LOG_LEVEL_WARNING, "stall");
	log_write(&log, LOG_LEVEL_INFO, "plain");
	log_write(&log, LOG_LEVEL_DEBUG, "dim");
	(void)fclose(out);
	assert_string_equal(text, "otabench: error: lost \"\\x1b[2J\\x0a\"\n"
				  "otabench: connected\n"
				  "\033[33mwarning: stall\033[0m\n"
				  "plain\n"
				  "\033[2mdebug: dim\033[0m\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe_text),      cmocka_unit_test(test_put_safe),
		cmocka_unit_test(test_safe_text_cut),  cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_full_disk), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_duration),       cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_log_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
