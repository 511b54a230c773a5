/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about an image against the device that is to take it, and the
 * report that it is said in.
 */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imagelib.h"
#include "testlib.h"

static struct image image;
static struct lint_report report;
static uint8_t file[100000];

#define expect(check, severity, words) imagelib_expect(&report, __LINE__, check, severity, words)

static size_t build(uint8_t *buf, size_t room, const struct image_build *b)
{
	size_t size;

	assert_int_equal(image_build(b, sha256_buffer, buf, room, &size), 0);
	return size;
}

static int read_file(size_t size)
{
	return image_read(file, size, sha256_buffer, &image, &report);
}

/* --- against a device */

static struct ota_info info;
static struct lint_device device;

/* An image and a device that it suits. */
static void suit(void)
{
	const struct image_build b = {.chip_id = 5,
				      .project = "lamp",
				      .version = "1.2.0",
				      .size = 100000,
				      .secure_version = 3,
				      .min_revision = 100,
				      .max_revision = 199};
	size_t size = build(file, sizeof(file), &b);

	assert_int_equal(read_file(size), 0);
	memset(&info, 0, sizeof(info));
	info.chip_id = 5;
	info.chip_revision = 104;
	info.block_revision = OTA_REVISION_UNKNOWN;
	info.slot_size = 100000;
	info.running_size = 100000;
	info.secure_version = 3;
	snprintf(info.project, sizeof(info.project), "%s", "lamp");
	device.info = &info;
	device.version = "1.1.0";
}

static void against_device(void)
{
	read_file(image.size);
	lint_device(&image, &device, &report);
	imagelib_check_texts(&report);
}

static void forcible_at(int line, enum lint_check check, const char *words)
{
	against_device();
	imagelib_expect(&report, line, check, LINT_ERROR, words);
	assert_true(lint_refused(&report, 0));
	assert_true(lint_refused(&report, ~(1u << check)));
	assert_false(lint_refused(&report, 1u << check));
	suit();
}
#define forcible(check, words) forcible_at(__LINE__, check, words)

static void test_suitable(void **state)
{
	(void)state;
	suit();
	against_device();
	assert_int_equal(lint_worst(&report), LINT_OK);
	expect(LINT_CHIP, LINT_OK, NULL);
	expect(LINT_REVISION, LINT_OK, NULL);
	expect(LINT_SIZE, LINT_OK, NULL);
	expect(LINT_PROJECT, LINT_OK, NULL);
	expect(LINT_DOWNGRADE, LINT_OK, "newer");
	expect(LINT_SECURE_VERSION, LINT_OK, NULL);
	assert_null(imagelib_find(&report, LINT_SAME));
	assert_false(lint_refused(&report, 0));
}

static void test_unsuitable(void **state)
{
	(void)state;
	suit();
	info.chip_id = 0;
	forcible(LINT_CHIP, "for the ESP32-C3, the device is an ESP32.");
	info.chip_id = 0x99;
	forcible(LINT_CHIP, "unknown chip 0x0099");
	info.chip_revision = 99;
	forcible(LINT_REVISION, "v1.0 or later, the device has v0.99");
	info.chip_revision = 200;
	forcible(LINT_REVISION, "v1.99 or earlier, the device has v2.0");
	info.slot_size = 99999;
	forcible(LINT_SIZE, "1 too many");
	snprintf(info.project, sizeof(info.project), "%s", "pump");
	forcible(LINT_PROJECT, "project lamp, the device runs pump");
	memset(info.project, 'x', 32);
	forcible(LINT_PROJECT, "runs xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.");
	device.version = "1.3.0";
	forcible(LINT_DOWNGRADE, "1.2.0 is older than 1.3.0");
	info.secure_version = 4;
	forcible(LINT_SECURE_VERSION, "3 is below the device's 4");
	info.flags = OTA_INFO_SECURE_BOOT;
	forcible(LINT_SIGNATURE, "not signed");
}

static void test_bounds_that_suit(void **state)
{
	(void)state;
	suit();
	info.chip_revision = 100;
	against_device();
	expect(LINT_REVISION, LINT_OK, NULL);
	info.chip_revision = 199;
	device.version = "v1.2.0";
	against_device();
	expect(LINT_REVISION, LINT_OK, NULL);
	expect(LINT_DOWNGRADE, LINT_OK, "the same as");
	assert_false(lint_refused(&report, 0));
}

/* A device of the first ones does not tell it: nothing is refused for that. */
static void test_block_revision(void **state)
{
	static const struct {
		uint16_t min, max, device;
		const char *words; /* NULL: nothing is wrong */
	} cases[] = {
		{100, 199, 103, NULL},
		{103, 103, 103, NULL},
		{100, 0, 99, "eFuse block revision v1.0 or later, the device has v0.99"},
		{0, 199, 200, "eFuse block revision v1.99 or earlier, the device has v2.0"},
		{0, 0, 200, NULL},
		{100, 199, OTA_REVISION_UNKNOWN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct image_build b = {.chip_id = 5,
					      .project = "lamp",
					      .version = "1.2.0",
					      .size = 100000,
					      .secure_version = 3,
					      .min_block = cases[i].min,
					      .max_block = cases[i].max};

		suit();
		assert_int_equal(read_file(build(file, sizeof(file), &b)), 0);
		info.block_revision = cases[i].device;
		if (cases[i].words) {
			forcible(LINT_REVISION, cases[i].words);
			continue;
		}
		against_device();
		assert_false(lint_refused(&report, 0));
		if (cases[i].min != 0)
			expect(LINT_REVISION, LINT_NOTE, "requires eFuse block revision v1.");
	}
}

static void test_same_image(void **state)
{
	(void)state;
	suit();
	memcpy(info.running_sha256, image.sha256, 32);
	against_device();
	expect(LINT_SAME, LINT_NOTE, "already runs");
	assert_false(lint_refused(&report, 0));
	info.running_size--;
	against_device();
	assert_null(imagelib_find(&report, LINT_SAME));
}

static void test_names_that_say_nothing(void **state)
{
	static const char *const names[] = {"", "arduino-lib-builder", "esp32-arduino-lib-builder",
					    "app-template"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		suit();
		device.version = "9.9"; /* of a core or template: no downgrade */
		memset(info.project, 0, sizeof(info.project));
		snprintf(info.project, sizeof(info.project), "%s", names[i]);
		against_device();
		expect(LINT_PROJECT, LINT_NOTE, NULL);
		assert_null(imagelib_find(&report, LINT_DOWNGRADE));
		assert_false(lint_refused(&report, 0));
		suit();
		device.version = "9.9";
		snprintf(image.project, sizeof(image.project), "%s", names[i]);
		memset(&report, 0, sizeof(report));
		lint_device(&image, &device, &report);
		expect(LINT_PROJECT, LINT_NOTE, NULL);
		assert_null(imagelib_find(&report, LINT_DOWNGRADE));
	}
}

static void test_versions_without_order(void **state)
{
	(void)state;
	suit();
	device.version = "9036908-dirty";
	against_device();
	expect(LINT_DOWNGRADE, LINT_NOTE, "cannot be ordered");
	device.version = "";
	against_device();
	expect(LINT_DOWNGRADE, LINT_NOTE, "does not report");
	device.version = NULL;
	against_device();
	expect(LINT_DOWNGRADE, LINT_NOTE, "does not report");
	device.version = "\033[2J\xff a version that is longer than any field for one may be";
	against_device();
	expect(LINT_DOWNGRADE, LINT_NOTE, "'?[2J? a");
	assert_false(lint_refused(&report, 0));
}

static void test_basic_device(void **state)
{
	(void)state;
	suit();
	device.info = NULL;
	against_device();
	expect(LINT_CHIP, LINT_NOTE, "ESP32-C3");
	expect(LINT_SIZE, LINT_NOTE, "100000");
	expect(LINT_DOWNGRADE, LINT_OK, NULL);
	assert_false(lint_refused(&report, 0));
	device.version = "2.0";
	against_device();
	expect(LINT_DOWNGRADE, LINT_ERROR, NULL);
}

static void test_one_slot(void **state)
{
	(void)state;
	suit();
	info.slot_count = 1;
	info.slot_size = 0;
	against_device();
	expect(LINT_SIZE, LINT_ERROR, "one application slot");
	assert_true(lint_refused(&report, 0));
	info.slot_count = 2;
	against_device();
	expect(LINT_SIZE, LINT_NOTE, "does not report");
}

static void test_signed_for_secure_boot(void **state)
{
	(void)state;
	suit();
	info.flags = OTA_INFO_SECURE_BOOT;
	image.signature = IMAGE_SIGNATURE_V2;
	lint_device(&image, &device, &report);
	expect(LINT_SIGNATURE, LINT_OK, "signed");
}

/* A warning, since nothing says that this image will fail. */
static void test_no_rollback(void **state)
{
	(void)state;
	suit();
	info.abilities = OTA_ABILITY_NO_ROLLBACK;
	against_device();
	expect(LINT_ROLLBACK, LINT_WARNING, "does not roll back");
	assert_false(lint_refused(&report, 0));
	suit();
	against_device();
	for (size_t i = 0; i < report.count; i++)
		assert_int_not_equal(report.findings[i].check, LINT_ROLLBACK);
}

/* --- the report itself */

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < LINT_CHECKS; i++) {
		assert_int_equal(lint_check_by_name(lint_check_name((enum lint_check)i)), i);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(lint_check_name((enum lint_check)i),
						lint_check_name((enum lint_check)j));
	}
	assert_int_equal(lint_check_by_name("secure-version"), LINT_SECURE_VERSION);
	assert_int_equal(lint_check_by_name("nothing"), -1);
	assert_int_equal(lint_check_by_name(""), -1);
	assert_string_equal(lint_severity_name(LINT_WARNING), "warning");
	assert_string_equal(image_kind_name(IMAGE_MERGED), "merged flash image");
}

static void test_full_report(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	for (unsigned int i = 0; i < LINT_FINDINGS_MAX; i++)
		lint_add(&report, LINT_SIZE, LINT_OK, false, "number %u", i);
	lint_add(&report, LINT_SIZE, LINT_OK, false, "one too many");
	lint_add(&report, LINT_HASH, LINT_ERROR, false, "%s", "an error");
	assert_int_equal(report.count, LINT_FINDINGS_MAX);
	expect(LINT_HASH, LINT_ERROR, "an error");
	for (size_t i = 0; i < report.count; i++)
		assert_string_not_equal(report.findings[i].text, "one too many");
}

static void test_long_text(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(&report, 0, sizeof(report));
	lint_add(&report, LINT_SIZE, LINT_OK, false, "%s", text);
	assert_int_equal(strlen(report.findings[0].text), LINT_TEXT_SIZE - 1);
}

static void test_refused(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	assert_false(lint_refused(&report, 0));
	lint_add(&report, LINT_HASH, LINT_WARNING, false, "a warning refuses nothing");
	assert_false(lint_refused(&report, 0));
	lint_add(&report, LINT_CHIP, LINT_ERROR, true, "can be forced");
	assert_true(lint_refused(&report, 0));
	assert_false(lint_refused(&report, 1u << LINT_CHIP));
	lint_add(&report, LINT_HASH, LINT_ERROR, false, "cannot");
	assert_true(lint_refused(&report, UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suitable),
		cmocka_unit_test(test_unsuitable),
		cmocka_unit_test(test_bounds_that_suit),
		cmocka_unit_test(test_block_revision),
		cmocka_unit_test(test_same_image),
		cmocka_unit_test(test_names_that_say_nothing),
		cmocka_unit_test(test_versions_without_order),
		cmocka_unit_test(test_basic_device),
		cmocka_unit_test(test_one_slot),
		cmocka_unit_test(test_signed_for_secure_boot),
		cmocka_unit_test(test_no_rollback),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_full_report),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
