/* SPDX-License-Identifier: Apache-2.0 */
/* The image reader: every known fact of two real images, and built ones of every chip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "base/hex.h"
#include "imagelib.h"
#include "testlib.h"

static struct image image;
static struct lint_report report;

static uint8_t *built(uint16_t chip, uint32_t size, bool no_hash, size_t *ret_size)
{
	struct image_build b = {.chip_id = chip,
				.project = "lamp",
				.size = size,
				.seed = 42,
				.min_revision = 1,
				.no_hash = no_hash};

	return imagelib_build(&b, ret_size);
}

/* --- the facts */

static void expect_segment(unsigned int i, uint32_t address, uint32_t size, uint32_t offset,
			   const char *memory)
{
	assert_int_equal(image.segments[i].address, address);
	assert_int_equal(image.segments[i].size, size);
	assert_int_equal(image.segments[i].offset, offset);
	assert_string_equal(image.segments[i].memory, memory);
}

static void expect_hex(const uint8_t *bytes, const char *want)
{
	char hex[65];

	hex_encode(bytes, 32, hex);
	assert_string_equal(hex, want);
}

static void test_esp32_image(void **state)
{
	size_t size;
	uint8_t *data = test_load_image("esp32-nimble-ota.bin", &size);
	static const uint8_t zeros[32];

	(void)state;
	if (data == NULL)
		skip();
	assert_int_equal(image_read(data, size, sha256_buffer, &image, &report), 0);
	assert_int_equal(lint_worst(&report), LINT_OK);
	imagelib_check_texts(&report);
	assert_int_equal(image.kind, IMAGE_APPLICATION);
	assert_int_equal(image.size, 603600);
	assert_int_equal(image.image_size, 603600);
	assert_int_equal(image.chip_id, 0);
	assert_int_equal(image.entry, 0x40084318);
	assert_int_equal(image.flash_mode, 2);
	assert_int_equal(image.flash_size, 2);
	assert_int_equal(image.flash_frequency, 15);
	assert_int_equal(image.min_revision, 0);
	assert_int_equal(image.max_revision, 0xffff);
	assert_int_equal(image.segment_count, 6);
	expect_segment(0, 0x3f400020, 133124, 0x20, "DROM");
	expect_segment(1, 0x3ffbdb60, 13424, 0x2082c, "DRAM");
	expect_segment(2, 0x40080000, 1024, 0x23ca4, "IRAM");
	expect_segment(3, 0x40080400, 48996, 0x240ac, "IRAM");
	expect_segment(4, 0x400d0018, 367936, 0x30018, "IROM");
	expect_segment(5, 0x4008c364, 38988, 0x89d60, "IRAM");
	assert_true(image.checksum_ok);
	assert_int_equal(image.checksum, 0x70);
	assert_true(image.has_hash && image.hash_ok);
	assert_int_equal(image.signature, IMAGE_SIGNATURE_NONE);
	assert_int_equal(image.trailing, 0);
	assert_true(image.has_descriptor);
	assert_int_equal(image.secure_version, 0);
	assert_string_equal(image.project, "esp32-arduino-lib-builder");
	assert_string_equal(image.version, "9036908-dirty");
	assert_string_equal(image.idf, "v3.3.5-1-g85c43024c");
	assert_string_equal(image.date, "Mar 26 2021");
	assert_string_equal(image.time, "06:09:28");
	assert_memory_equal(image.elf_sha256, zeros, 32);
	expect_hex(image.sha256,
		   "175865fd5bdb01e7df07e6f53823f5733791393fa7692c499529c13c37d71cf1");
	free(data);
}

static void test_esp32s2_image(void **state)
{
	size_t size;
	uint8_t *data = test_load_image("esp32s2-blink.bin", &size);

	(void)state;
	if (data == NULL)
		skip();
	assert_int_equal(image_read(data, size, sha256_buffer, &image, &report), 0);
	imagelib_check_texts(&report);
	assert_int_equal(lint_worst(&report), LINT_WARNING);
	imagelib_expect(&report, __LINE__, LINT_CHIP, LINT_WARNING,
			NULL); /* no Bluetooth in an ESP32-S2 */
	assert_int_equal(image.image_size, 182368);
	assert_int_equal(image.chip_id, 2);
	assert_int_equal(image.entry, 0x40022f84);
	assert_int_equal(image.segment_count, 6);
	expect_segment(0, 0x3f000020, 35864, 0x20, "DROM");
	expect_segment(1, 0x3ffbde90, 8268, 0x8c40, "DRAM");
	expect_segment(2, 0x40022000, 21380, 0xac94, "IRAM");
	expect_segment(3, 0x40080020, 89320, 0x10020, "IROM");
	expect_segment(4, 0x40027384, 27404, 0x25d10, "IRAM");
	expect_segment(5, 0x50000000, 16, 0x2c824, "RTC_DATA");
	assert_int_equal(image.checksum_stored, 0x18);
	assert_true(image.has_hash && image.hash_ok);
	assert_string_equal(image.project, "blink");
	assert_string_equal(image.version, "qa-test-v5.0-20220830-4-g4532e6");
	assert_string_equal(image.idf, "v5.0-beta1-427-g4532e6e0b2-dirt");
	assert_string_equal(image.date, "Sep 13 2022");
	assert_string_equal(image.time, "19:46:07");
	expect_hex(image.elf_sha256,
		   "3059e6b55a965865febd28fa9f6028ad5cd0dab311febb0a3ea79eaa223ac2b0");
	expect_hex(image.sha256,
		   "a62c4d60cfab37953fd76124fa93ea5bafa3e2962fd75ad933b2a75b4d941d12");
	free(data);
}

static void test_built_images(void **state)
{
	size_t chips;
	const struct image_chip *chip = image_chips(&chips);

	(void)state;
	for (size_t i = 0; i < chips; i++) {
		size_t size;
		uint8_t *data = built(chip[i].id, 200000, false, &size);

		assert_int_equal(image_read(data, size, sha256_buffer, &image, &report), 0);
		assert_int_equal(lint_worst(&report),
				 chip[i].bluetooth_le ? LINT_OK : LINT_WARNING);
		imagelib_check_texts(&report);
		assert_int_equal(image.image_size, size);
		assert_int_equal(image.chip_id, chip[i].id);
		assert_int_equal(image.segment_count, 4);
		assert_string_equal(image.project, "lamp");
		assert_int_equal(image.min_revision, 1);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_esp32_image),
		cmocka_unit_test(test_esp32s2_image),
		cmocka_unit_test(test_built_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
