/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests images for MCUboot: a literal one, made ones, every byte of one changed, cut off at every
 * length, and which device may be given one.
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

#include "base/bytes.h"
#include "base/sha256.h"
#include "host/image_report.h"
#include "image/lint.h"
#include "image/mcuboot.h"
#include "imagelib.h"

#define SIZE 512u

static uint8_t data[SIZE + 64];
static struct image image;
static struct lint_report report;

static void build(bool has_counter)
{
	const struct mcuboot_build b = {.major = 1,
					.minor = 2,
					.revision = 300,
					.number = 4,
					.size = SIZE,
					.seed = 7,
					.has_counter = has_counter,
					.counter = 5};

	assert_int_equal(mcuboot_build(&b, sha256_buffer, data, sizeof(data)), 0);
}

static int read_it(size_t size)
{
	return image_read(data, size, sha256_buffer, &image, &report);
}

/* Header, eight bytes of code, one protected TLV, and the hash worked out apart from this. */
static void test_bytes(void **state)
{
	static const uint8_t head[] = {
		0x3d, 0xb8, 0xf3, 0x96, 0,    0,    0,	  0, 0x20, 0, 0x0c, 0, 8, 0, 0, 0, 0, 0,
		0,    0,    1,	  2,	3,    0,    0,	  0, 0,	   0, 0,    0, 0, 0, 1, 2, 3, 4,
		5,    6,    7,	  8,	0x08, 0x69, 0x0c, 0, 0x50, 0, 4,    0, 9, 0, 0, 0,
	};
	static const uint8_t area[] = {0x07, 0x69, 0x30, 0, 0x10, 0, 0x20, 0};
	static const uint8_t ecdsa[] = {0x22, 0, 4, 0, 1, 2, 3, 4};

	(void)state;
	memcpy(data, head, sizeof(head));
	memcpy(data + sizeof(head), area, sizeof(area));
	sha256_buffer(data, sizeof(head), data + sizeof(head) + sizeof(area));
	memcpy(data + sizeof(head) + sizeof(area) + 32, ecdsa, sizeof(ecdsa));
	assert_int_equal(read_it(sizeof(head) + sizeof(area) + 32 + sizeof(ecdsa)), 0);
	assert_int_equal(image.kind, IMAGE_MCUBOOT);
	assert_string_equal(image.version, "1.2.3");
	assert_int_equal(image.mcuboot.tlvs, 3);
	assert_int_equal(image.mcuboot.counter, 9);
	assert_string_equal(image.mcuboot.signature, "ECDSA");
	assert_memory_equal(image.mcuboot.hash, data + sizeof(head) + sizeof(area), 32);
	assert_true(image.hash_ok);
}

static void test_made(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		build(i > 0);
		assert_int_equal(read_it(SIZE), 0);
		assert_int_equal(image.image_size, SIZE);
		assert_int_equal(image.trailing, 0);
		assert_string_equal(image.version, "1.2.300.4");
		assert_int_equal(image.mcuboot.has_counter, i > 0);
		assert_null(image.mcuboot.signature);
	}
	/* The bytes that imgtool --pad leaves behind the image are told, and do no harm. */
	memset(data + SIZE, 0xff, 64);
	assert_int_equal(read_it(SIZE + 64), 0);
	assert_int_equal(image.trailing, 64);
}

/* Only the area's own header and the hash's may change what is read before the hash fails. */
static void test_damaged(void **state)
{
	(void)state;
	build(true);
	for (size_t i = 0; i < SIZE; i++) {
		data[i] ^= 0x40;
		assert_int_equal(read_it(SIZE), -OTA_EBADMSG);
		data[i] ^= 0x40;
	}
	for (size_t size = 0; size < SIZE; size++)
		assert_int_equal(read_it(size), -OTA_EBADMSG);
	assert_int_equal(read_it(SIZE), 0);
}

/* Two hashes, or none, are refused as devices do. */
static void test_hashes(void **state)
{
	uint8_t *area;

	(void)state;
	build(false);
	area = data + SIZE - 32 - 8;
	memcpy(area + 4 + 36, area + 4, 36);
	bytes_put16(area + 2, 4 + 72);
	assert_int_equal(read_it(SIZE + 36), -OTA_EBADMSG);
	imagelib_expect(&report, -1, LINT_HASH, LINT_ERROR, "more than one");
	build(false);
	area[4] = 0x11;
	assert_int_equal(read_it(SIZE), -OTA_EBADMSG);
	imagelib_expect(&report, -1, LINT_HASH, LINT_ERROR, "no SHA-256");
}

static void test_versions(void **state)
{
	static const struct {
		const char *text;
		unsigned int major, minor, revision, number;
	} good[] = {{"1", 1, 0, 0, 0},
		    {"1.2", 1, 2, 0, 0},
		    {"255.255.65535+4294967295", 255, 255, 65535, 4294967295u},
		    {"0.0.0+7", 0, 0, 0, 7}};
	static const char *const bad[] = {
		"",	"v1",	"256.0.0",   "1.2.65536", "1.2.3.4",	      "1.2.3+",
		"1..3", "1.2.", "1.2.3-rc1", "-1",	  "1.2.3+4294967296", "1.2.3+4 "};
	struct mcuboot_build b;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(mcuboot_version_parse(good[i].text, &b), 0);
		assert_int_equal(b.major, good[i].major);
		assert_int_equal(b.minor, good[i].minor);
		assert_int_equal(b.revision, good[i].revision);
		assert_int_equal(b.number, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mcuboot_version_parse(bad[i], &b), -OTA_EINVAL);
}

/* Each kind goes to devices of its own boot loader alone, and --force changes nothing. */
static void test_devices(void **state)
{
	static const struct image_build esp = {.size = 20000};
	const struct lint_device esp_idf = {.version = "1.0.0"};
	struct lint_device mcuboot = {.version = "1.0.0", .mcuboot = true};
	size_t size;
	uint8_t *bytes;

	(void)state;
	build(false);
	assert_int_equal(read_it(SIZE), 0);
	lint_device(&image, &mcuboot, &report);
	assert_false(lint_refused(&report, 0));
	mcuboot.running_hash = image.mcuboot.hash;
	lint_device(&image, &mcuboot, &report);
	imagelib_expect(&report, -1, LINT_SAME, LINT_NOTE, "already runs");
	mcuboot.version = "1.2.301";
	lint_device(&image, &mcuboot, &report);
	imagelib_expect(&report, -1, LINT_DOWNGRADE, LINT_ERROR, "older");
	assert_int_equal(read_it(SIZE), 0);
	lint_device(&image, &esp_idf, &report);
	assert_true(lint_refused(&report, UINT32_MAX));
	imagelib_expect(&report, -1, LINT_FORMAT, LINT_ERROR, "ESP-IDF's");
	bytes = imagelib_build(&esp, &size);
	assert_int_equal(image_read(bytes, size, sha256_buffer, &image, &report), 0);
	lint_device(&image, &mcuboot, &report);
	assert_true(lint_refused(&report, UINT32_MAX));
	imagelib_expect(&report, -1, LINT_FORMAT, LINT_ERROR, "no MCUboot image");
	free(bytes);
}

static void test_words(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	json_t *json;

	(void)state;
	build(true);
	assert_int_equal(read_it(SIZE), 0);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	image_report_print(out, "app.bin", &image, &report);
	(void)fclose(out);
	assert_non_null(strstr(text, "app.bin: MCUboot image, 512 bytes\n"));
	assert_non_null(strstr(text, "  Version     1.2.300.4\n"));
	assert_non_null(strstr(text, "  TLVs        2, 12 bytes protected; no signature\n"));
	assert_non_null(strstr(text, "  Counter     5\n"));
	free(text);
	json = image_report_json(&image, &report);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "MCUboot image");
	assert_int_equal(json_integer_value(json_object_get(json, "security_counter")), 5);
	assert_true(json_is_true(json_object_get(json, "hash_ok")));
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	 cmocka_unit_test(test_made),
		cmocka_unit_test(test_damaged),	 cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_versions), cmocka_unit_test(test_devices),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
