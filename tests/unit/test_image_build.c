/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder of images, checked against the format itself rather than with the
 * reader, so that a mistake shared by both would show here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "base/bytes.h"
#include "testlib.h"

/* Checks an image in flash as esp_image_format.c does, in its order. */
static void check_image(const struct image_chip *chip, const uint8_t *image, size_t size,
			bool hashed)
{
	uint8_t checksum = 0xef, digest[32];
	size_t at = 24;

	assert_int_equal(image[0], 0xe9);
	assert_int_equal(image[12] | image[13] << 8, chip->id);
	for (int i = 0; i < image[1]; i++) {
		uint32_t address = bytes_get32(image + at), len = bytes_get32(image + at + 4);
		const struct image_region *first = image_chip_region(chip, address);
		const struct image_region *last = image_chip_region(chip, address + len - 1);

		at += 8;
		assert_int_equal(len % 4, 0);
		assert_true(len > 0 && len <= size - at);
		assert_non_null(first);
		assert_ptr_equal(first, last);
		if (first->use == IMAGE_USE_MAP)
			assert_int_equal(address % 65536, at % 65536);
		if (i == 0)
			assert_int_equal(bytes_get32(image + at), 0xabcd5432);
		for (uint32_t j = 0; j < len; j++)
			checksum ^= image[at + j];
		at += len;
	}
	at = (at + 16) & ~(size_t)15;
	assert_int_equal(image[at - 1], checksum);
	assert_int_equal(image[23], hashed);
	if (hashed) {
		sha256_buffer(image, at, digest);
		assert_memory_equal(image + at, digest, 32);
		at += 32;
	}
	assert_int_equal(at, size);
}

static void test_every_chip(void **state)
{
	static const uint32_t sizes[] = {IMAGE_BUILD_MIN, 513, 4096, 65536, 131073, 600000};
	size_t chips, size;
	const struct image_chip *chip = image_chips(&chips);
	uint8_t *buf = malloc(IMAGE_BUILD_MAX);

	(void)state;
	assert_non_null(buf);
	for (size_t c = 0; c < chips; c++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			struct image_build b = {.chip_id = chip[c].id, .size = sizes[s], .seed = 7};

			b.no_hash = s == 3;
			assert_int_equal(
				image_build(&b, sha256_buffer, buf, IMAGE_BUILD_MAX, &size), 0);
			assert_int_equal(size, (sizes[s] + 15) / 16 * 16);
			check_image(&chip[c], buf, size, !b.no_hash);
		}
	}
	for (size_t c = 0; c < chips; c++) {
		struct image_build b = {.chip_id = chip[c].id, .size = IMAGE_BUILD_MAX};

		assert_int_equal(image_build(&b, sha256_buffer, buf, IMAGE_BUILD_MAX, &size), 0);
		check_image(&chip[c], buf, size, true);
	}
	free(buf);
}

static void test_fields(void **state)
{
	const struct image_build b = {
		.chip_id = 5,
		.project = "lamp",
		.version = "v2.3.4",
		.idf = "v5.1",
		.date = "May  5 2025",
		.time = "01:02:03",
		.size = 1024,
		.seed = 1,
		.secure_version = 0x01020304,
		.min_revision = 103,
		.max_revision = 199,
	};
	uint8_t buf[1024];
	size_t size;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, buf, sizeof(buf), &size), 0);
	assert_int_equal(buf[14], 3); /* the C3's old field is the minor revision */
	assert_int_equal(buf[15] | buf[16] << 8, 103);
	assert_int_equal(buf[17] | buf[18] << 8, 199);
	assert_int_equal(bytes_get32(buf + 0x24), 0x01020304);
	assert_string_equal((char *)buf + 0x30, "v2.3.4");
	assert_string_equal((char *)buf + 0x50, "lamp");
	assert_string_equal((char *)buf + 0x70, "01:02:03");
	assert_string_equal((char *)buf + 0x80, "May  5 2025");
	assert_string_equal((char *)buf + 0x90, "v5.1");
}

static void test_long_text_is_cut(void **state)
{
	const struct image_build b = {.version = "0123456789012345678901234567890123456789",
				      .size = 1024};
	uint8_t buf[1024];
	size_t size;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, buf, sizeof(buf), &size), 0);
	assert_string_equal((char *)buf + 0x30, "0123456789012345678901234567890");
}

static void test_seeds(void **state)
{
	struct image_build b = {.size = 4096, .seed = 1};
	uint8_t first[4096], again[4096], other[4096];
	unsigned int alike = 0;
	size_t size;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, first, sizeof(first), &size), 0);
	assert_int_equal(image_build(&b, sha256_buffer, again, sizeof(again), &size), 0);
	b.seed = 2;
	assert_int_equal(image_build(&b, sha256_buffer, other, sizeof(other), &size), 0);
	assert_memory_equal(first, again, sizeof(first));
	for (size_t i = 512; i < sizeof(first); i++)
		alike += first[i] == other[i];
	assert_true(alike < 100);
}

static void test_refusals(void **state)
{
	struct image_build b = {.size = 1000};
	uint8_t buf[1024] = {0};
	size_t size = 77;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, buf, 1007, &size), -OTA_ENOSPC);
	b.size = IMAGE_BUILD_MIN - 1;
	assert_int_equal(image_build(&b, sha256_buffer, buf, sizeof(buf), &size), -OTA_EINVAL);
	b.size = IMAGE_BUILD_MAX + 1;
	assert_int_equal(image_build(&b, sha256_buffer, buf, sizeof(buf), &size), -OTA_EINVAL);
	b.size = 1000;
	b.chip_id = 3;
	assert_int_equal(image_build(&b, sha256_buffer, buf, sizeof(buf), &size), -OTA_EINVAL);
	assert_int_equal(size, 77);
	assert_int_equal(buf[0], 0);
}

static void test_chip_names(void **state)
{
	size_t chips;
	const struct image_chip *chip = image_chips(&chips);

	(void)state;
	for (size_t c = 0; c < chips; c++) {
		assert_ptr_equal(image_chip_by_id(chip[c].id), &chip[c]);
		assert_ptr_equal(image_chip_by_name(chip[c].name), &chip[c]);
		assert_ptr_equal(image_chip_by_name(chip[c].title), &chip[c]);
	}
	assert_string_equal(image_chip_by_name("Esp32-c61")->title, "ESP32-C61");
	assert_null(image_chip_by_name("esp32c"));
	assert_null(image_chip_by_name(""));
	assert_null(image_chip_by_name("esp8266"));
	assert_null(image_chip_by_id(0xffff));
	assert_false(image_chip_by_name("esp32")->phy_2m);
	assert_false(image_chip_by_name("esp32s2")->bluetooth_le);
	assert_true(image_chip_by_name("esp32c3")->phy_2m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_chip),	 cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long_text_is_cut), cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_refusals),	 cmocka_unit_test(test_chip_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
