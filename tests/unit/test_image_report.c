/* SPDX-License-Identifier: Apache-2.0 */
/* The inspection of an image in words, line by line, and as JSON. */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/image_report.h"
#include "base/sha256.h"
#include "imagelib.h"
#include "testlib.h"

static struct image image;
static struct lint_report report;

static char *printed(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	image_report_print(out, name, &image, &report);
	fclose(out);
	return text;
}

/* No line over 80 columns or with space at its end, nothing but printable ASCII. */
static void check_layout(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		assert_int_equal(text[len], '\n');
		assert_in_range(len, 0, 80);
		if (len > 0)
			assert_int_not_equal(text[len - 1], ' ');
		for (size_t i = 0; i < len; i++)
			assert_in_range(text[i], 0x20, 0x7e);
		text += len + 1;
	}
}

static uint8_t *read_built(const struct image_build *b, size_t keep)
{
	size_t size;
	uint8_t *data = imagelib_build(b, &size);

	image_read(data, keep != 0 ? keep : size, sha256_buffer, &image, &report);
	return data;
}

static const struct image_build lamp = {.chip_id = 0,
					.project = "lamp",
					.version = "1.2.0",
					.size = 300000,
					.seed = 1,
					.secure_version = 2,
					.min_revision = 100,
					.max_revision = 399};

static void test_good_image(void **state)
{
	uint8_t *data = read_built(&lamp, 0);
	char *text = printed("lamp.bin");
	static const char head[] = "lamp.bin: application, 300,000 bytes\n"
				   "\n"
				   "  Chip        ESP32 (id 0), revision v1.0 to v3.99\n"
				   "  Project     lamp\n"
				   "  Version     1.2.0, secure version 2\n"
				   "  ESP-IDF     v5.2.1\n"
				   "  Built       Jan  1 2025 12:00:00\n"
				   "  ELF SHA-256 ";
	static const char segments[] =
		"  Entry point 0x40084400\n"
		"  Flash       DIO, 40 MHz, 4 MB, 64 KiB pages\n"
		"\n"
		"  Segment  Memory    Loads to                      Bytes  In the file at\n"
		"        0  DROM      0x3f400020-0x3f4125bb       75,164        0x000020\n"
		"        1  DRAM      0x3ffd6000-0x3ffd9fff       16,384        0x0125c4\n"
		"        2  IRAM      0x40084400-0x4008d64b       37,452        0x0165cc\n"
		"        3  IROM      0x400df820-0x401093af      170,896        0x01f820\n"
		"      all                                       299,896\n"
		"\n"
		"  ok    format          An application image for the ESP32.\n";
	static const char tail[] = "  ok    trailing        Nothing follows the image.\n"
				   "\n"
				   "  Good: 9 checks, 9 ok.\n";

	(void)state;
	check_layout(text);
	assert_memory_equal(text, head, sizeof(head) - 1);
	assert_non_null(strstr(text, segments));
	assert_string_equal(text + strlen(text) - (sizeof(tail) - 1), tail);
	free(text);
	free(data);
}

static void test_every_chip(void **state)
{
	size_t chips;
	const struct image_chip *chip = image_chips(&chips);

	(void)state;
	for (size_t i = 0; i < chips; i++) {
		struct image_build b = lamp;
		uint8_t *data;
		char *text;

		b.chip_id = chip[i].id;
		data = read_built(&b, 0);
		text = printed("lamp.bin");
		check_layout(text);
		assert_non_null(strstr(text, chip[i].title));
		free(text);
		free(data);
	}
}

static void test_cut_image(void **state)
{
	uint8_t *data = read_built(&lamp, 100000);
	char *text = printed("lamp.bin");

	(void)state;
	check_layout(text);
	assert_non_null(strstr(text, "0x0165cc  cut off\n"));
	assert_non_null(strstr(text, "  FAIL  truncated       The file has 100000 bytes, its "));
	assert_non_null(strstr(text, "\n  Refused: 4 checks, 3 ok, 1 failed.\n"));
	free(text);
	free(data);
}

static void test_other_file(void **state)
{
	char *text;

	(void)state;
	image_read((const uint8_t *)"\177ELF\1\1\1\0", 8, sha256_buffer, &image, &report);
	text = printed("a\033b.elf");
	check_layout(text);
	assert_memory_equal(text, "a?b.elf: no image, 8 bytes\n\n  SHA-256     ", 41);
	assert_null(strstr(text, "Chip"));
	assert_non_null(strstr(text, "\n  Refused: 1 check, 0 ok, 1 failed.\n"));
	free(text);
}

static void test_damaged_header(void **state)
{
	size_t size;
	uint8_t *data = imagelib_build(&lamp, &size);
	char *text;

	(void)state;
	data[2] = 9;
	data[3] = 0x97;
	data[12] = 0x99;
	image_read(data, size, sha256_buffer, &image, &report);
	text = printed("lamp.bin");
	check_layout(text);
	assert_non_null(strstr(text, "Chip        unknown (id 153), "));
	assert_non_null(strstr(text, "unknown, unknown frequency, unknown size, 64 KiB"));
	free(text);
	free(data);
}

static void test_verdicts(void **state)
{
	char *text;

	(void)state;
	memset(&image, 0, sizeof(image));
	memset(&report, 0, sizeof(report));
	lint_add(&report, LINT_SAME, LINT_NOTE, false, "A note.");
	lint_add(&report, LINT_HASH, LINT_WARNING, false, "A warning.");
	text = printed("x");
	assert_non_null(
		strstr(text, "  Usable, with warnings: 2 checks, 0 ok, 1 note, 1 warning.\n"));
	free(text);
	lint_add(&report, LINT_CHIP, LINT_ERROR, true, "An error.");
	text = printed("x");
	assert_non_null(strstr(text, "  Refused unless forced: 3 checks, "));
	free(text);
}

static void test_checks_alone(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	memset(&report, 0, sizeof(report));
	lint_add(&report, LINT_SIZE, LINT_OK, false, "It fits.");
	lint_add(&report, LINT_SECURE_VERSION, LINT_ERROR, true,
		 "A long sentence about the version that goes on over the right margin, so that it "
		 "is broken, and ends with %s.",
		 "0123456789012345678901234567890123456789012345678901234567890123456789");
	image_report_print_checks(out, &report, LINT_WARNING);
	fclose(out);
	assert_string_equal(
		text,
		"  FAIL  secure-version  A long sentence about the version that goes on over the\n"
		"                        right margin, so that it is broken, and ends with\n"
		"                        "
		"0123456789012345678901234567890123456789012345678901234567890123456789.\n");
	free(text);
}

/* --- JSON */

static const char *text_at(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_int_t number_at(json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void test_json(void **state)
{
	uint8_t *data = read_built(&lamp, 0);
	json_t *object = image_report_json(&image, &report), *part;

	(void)state;
	assert_non_null(object);
	assert_string_equal(text_at(object, "kind"), "application");
	assert_int_equal(number_at(object, "bytes"), 300000);
	assert_int_equal(number_at(object, "image_bytes"), 300000);
	assert_int_equal(strlen(text_at(object, "sha256")), 64);
	part = json_object_get(object, "chip");
	assert_int_equal(number_at(part, "id"), 0);
	assert_string_equal(text_at(part, "name"), "esp32");
	assert_true(json_is_true(json_object_get(part, "bluetooth_le")));
	assert_int_equal(number_at(object, "min_revision"), 100);
	assert_int_equal(number_at(object, "max_revision"), 399);
	assert_string_equal(text_at(object, "entry"), "0x40084400");
	part = json_object_get(object, "flash");
	assert_string_equal(text_at(part, "mode"), "DIO");
	assert_int_equal(number_at(part, "mhz"), 40);
	assert_int_equal(number_at(part, "megabytes"), 4);
	part = json_object_get(object, "segments");
	assert_int_equal(json_array_size(part), 4);
	part = json_array_get(part, 3);
	assert_string_equal(text_at(part, "memory"), "IROM");
	assert_string_equal(text_at(part, "address"), "0x400df820");
	assert_int_equal(number_at(part, "bytes"), 170896);
	assert_int_equal(number_at(part, "offset"), 0x1f820);
	assert_true(json_is_true(json_object_get(object, "hash_ok")));
	assert_true(json_is_true(json_object_get(object, "checksum_ok")));
	assert_true(json_is_null(json_object_get(object, "signature")));
	assert_string_equal(text_at(object, "project"), "lamp");
	assert_int_equal(number_at(object, "secure_version"), 2);
	part = json_object_get(object, "checks");
	assert_int_equal(json_array_size(part), report.count);
	assert_string_equal(text_at(json_array_get(part, 0), "check"), "format");
	assert_string_equal(text_at(json_array_get(part, 0), "severity"), "ok");
	assert_true(json_is_true(json_object_get(object, "ok")));
	json_decref(object);
	free(data);
}

static void test_json_of_a_cut_image(void **state)
{
	uint8_t *data = read_built(&lamp, 100000);
	json_t *object = image_report_json(&image, &report);

	(void)state;
	assert_non_null(object);
	assert_true(json_is_false(json_object_get(object, "ok")));
	assert_null(json_object_get(object, "checksum_ok"));
	assert_string_equal(text_at(object, "project"), "lamp");
	json_decref(object);
	free(data);
}

static void test_json_of_another_file(void **state)
{
	json_t *object;

	(void)state;
	image_read((const uint8_t *)"PK\3\4", 4, sha256_buffer, &image, &report);
	object = image_report_json(&image, &report);
	assert_non_null(object);
	assert_string_equal(text_at(object, "kind"), "no image");
	assert_null(json_object_get(object, "chip"));
	assert_null(json_object_get(object, "project"));
	assert_int_equal(json_array_size(json_object_get(object, "checks")), 1);
	json_decref(object);
}

static void test_json_of_unknown_values(void **state)
{
	json_t *object;

	(void)state;
	memset(&image, 0, sizeof(image));
	memset(&report, 0, sizeof(report));
	image.segments_claimed = 1;
	image.chip_id = 0x1234;
	image.max_revision = 0xffff;
	image.flash_frequency = 7;
	image.flash_size = 9;
	image.image_size = 1;
	image.signature = IMAGE_SIGNATURE_V2;
	image.signature_blocks = 3;
	object = image_report_json(&image, &report);
	assert_non_null(object);
	assert_true(json_is_null(json_object_get(json_object_get(object, "chip"), "name")));
	assert_true(json_is_null(json_object_get(object, "max_revision")));
	assert_true(json_is_null(json_object_get(json_object_get(object, "flash"), "mhz")));
	assert_true(json_is_null(json_object_get(object, "hash_ok")));
	assert_int_equal(number_at(json_object_get(object, "signature"), "version"), 2);
	assert_int_equal(number_at(json_object_get(object, "signature"), "keys"), 3);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_image),
		cmocka_unit_test(test_every_chip),
		cmocka_unit_test(test_cut_image),
		cmocka_unit_test(test_other_file),
		cmocka_unit_test(test_damaged_header),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_checks_alone),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_a_cut_image),
		cmocka_unit_test(test_json_of_another_file),
		cmocka_unit_test(test_json_of_unknown_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
