/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts on what the field gives an updater: every chip's images in the
 * variants that other frameworks and older tools make, and files that are no
 * images.  Each has the right verdict, as the boot loader would give it.
 */
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

#include "base/bytes.h"
#include "base/sha256.h"
#include "image/image_format.h"

#define SIZE 40000u

/* An image of the chip whose version is text. */
static uint8_t *make(const struct image_chip *chip, size_t *ret_size)
{
	const struct image_build build = {.chip_id = chip->id, .size = SIZE, .seed = chip->id + 1u};

	return imagelib_build(&build, ret_size);
}

/* After a change: checksum and hash are right again. */
static void mend(uint8_t *data, size_t size)
{
	struct lint_report report;
	struct image image;

	(void)image_read(data, size, sha256_buffer, &image, &report);
	data[size - OTA_SHA256_SIZE - 1] = image.checksum;
	sha256_buffer(data, size - OTA_SHA256_SIZE, data + size - OTA_SHA256_SIZE);
}

static void put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static enum lint_severity read_mended(uint8_t *data, size_t size, struct image *image,
				      struct lint_report *report)
{
	mend(data, size);
	(void)image_read(data, size, sha256_buffer, image, report);
	return lint_worst(report);
}

/* Frameworks besides ESP-IDF put the entry point into flash, which is mapped by then. */
static void test_entry(void **state)
{
	size_t count, size;
	const struct image_chip *chips = image_chips(&count);

	(void)state;
	for (size_t c = 0; c < count; c++) {
		uint8_t *data = make(&chips[c], &size);
		struct lint_report report;
		struct image image;

		(void)image_read(data, size, sha256_buffer, &image, &report);
		for (unsigned int i = 0; i < image.segment_count; i++) {
			const struct image_region *r =
				image_chip_region(&chips[c], image.segments[i].address);

			if (image.segments[i].size == 0 || r->use == IMAGE_USE_SKIP)
				continue;
			put32(data + IMAGE_AT_ENTRY, image.segments[i].address + 4);
			(void)read_mended(data, size, &image, &report);
			imagelib_expect(&report, (int)c, LINT_SEGMENTS, LINT_OK, NULL);
		}
		put32(data + IMAGE_AT_ENTRY, 0x60000000);
		(void)read_mended(data, size, &image, &report);
		imagelib_expect(&report, (int)c, LINT_SEGMENTS, LINT_ERROR, "entry point");
		free(data);
	}
}

static void test_descriptor(void **state)
{
	size_t count, size;
	const struct image_chip *chips = image_chips(&count);

	(void)state;
	for (size_t c = 0; c < count; c++) {
		const struct image_chip *chip = &chips[c];
		uint8_t *data = make(chip, &size);
		struct lint_report report;
		struct image image;
		size_t at;

		(void)image_read(data, size, sha256_buffer, &image, &report);
		at = image.segments[0].offset;
		/* A block revision is asked for on every chip that has one. */
		data[at + IMAGE_DESC_MIN_BLOCK] = 105;
		data[at + IMAGE_DESC_MIN_BLOCK + 1] = 0;
		(void)read_mended(data, size, &image, &report);
		assert_int_equal(image.min_block, chip->id == 0 ? 0 : 105);
		if (chip->id != 0)
			imagelib_expect(&report, (int)c, LINT_REVISION, LINT_NOTE, "v1.5");
		/* A fixed page size does not depend on the descriptor. */
		data[at + IMAGE_DESC_PAGE] = 13;
		(void)read_mended(data, size, &image, &report);
		assert_int_equal(image.page_size, chip->page_sizes ? 8192 : IMAGE_PAGE);
		put32(data + at, 0x12345678);
		(void)read_mended(data, size, &image, &report);
		imagelib_expect(&report, (int)c, LINT_DESCRIPTOR,
				chip->page_sizes ? LINT_ERROR : LINT_WARNING,
				chip->page_sizes ? "refuses"
				: chip->id != 0	 ? "176 to 179"
						 : "ESP-IDF 3.2");
		free(data);
	}
}

static void test_chips(void **state)
{
	const struct image_chip *c6 = image_chip_by_name("esp32c6");
	const struct image_chip *p4 = image_chip_by_name("esp32p4");
	struct lint_report report;
	struct image image;
	uint8_t *data;
	size_t size;

	(void)state;
	assert_int_equal(c6->flash_mhz[0], 80);
	data = make(p4, &size);
	(void)image_read(data, size, sha256_buffer, &image, &report);
	imagelib_expect(&report, 0, LINT_CHIP, LINT_OK, "ESP-Hosted");
	assert_int_not_equal(lint_worst(&report), LINT_WARNING);
	free(data);
	assert_int_equal(image_chip_by_name("esp32s3")->revision, 2);
	assert_int_equal(image_chip_by_name("esp32c3")->revision, 4);
}

static void test_padding(void **state)
{
	const struct image_chip *chip = image_chip_by_name("esp32");
	struct ota_info info = {.chip_id = 0, .chip_revision = 301, .slot_count = 2};
	const struct lint_device device = {.info = &info, .version = ""};
	uint8_t *data, *padded = malloc(2 * SIZE);
	struct lint_report report;
	struct image image;
	char words[64];
	size_t size;

	(void)state;
	data = make(chip, &size);
	memset(padded, 0xff, 2 * SIZE);
	memcpy(padded, data, size);
	info.slot_size = 2 * SIZE - 1;
	(void)image_read(padded, 2 * SIZE, sha256_buffer, &image, &report);
	lint_device(&image, &device, &report);
	(void)snprintf(words, sizeof(words), "cut the file to %zu bytes", size);
	imagelib_expect(&report, 0, LINT_SIZE, LINT_ERROR, words);
	free(data);
	free(padded);
}

/* Tests the place where a merged image was cut, and the bytes in front of the boot loader. */
static void test_merged(void **state)
{
	static const uint8_t entry[] = {0xaa, 0x50, 0, 0x10, 0, 0, 1, 0};
	const size_t flash_size = 0x10000 + 2 * SIZE;
	size_t count, size;
	const struct image_chip *chips = image_chips(&count);

	(void)state;
	for (size_t c = 0; c < count; c++) {
		const size_t offset = chips[c].loader_offset;
		uint8_t *flash = malloc(flash_size), *app = make(&chips[c], &size);
		struct lint_report report;
		struct image image;
		uint32_t ram = 0;
		char words[64];

		for (unsigned int i = 0; i < IMAGE_REGIONS_MAX; i++)
			if (ram == 0 && chips[c].regions[i].use == IMAGE_USE_LOAD)
				ram = chips[c].regions[i].low;
		memset(flash, 0xff, flash_size);
		/* A loader: one segment in RAM. */
		memcpy(flash + offset, app, IMAGE_HEADER_SIZE);
		flash[offset + IMAGE_AT_SEGMENTS] = 1;
		put32(flash + offset + IMAGE_HEADER_SIZE, ram);
		put32(flash + offset + IMAGE_HEADER_SIZE + 4, 256);
		memcpy(flash + 0x8000, entry, sizeof(entry));
		memcpy(flash + 0x10000, app, size);
		for (int zeros = 0; zeros < 2; zeros++) {
			if (zeros)
				memset(flash, 0, offset);
			(void)image_read(flash, flash_size, sha256_buffer, &image, &report);
			assert_int_equal(image.kind, IMAGE_MERGED);
			imagelib_expect(&report, (int)c, LINT_FORMAT, LINT_ERROR, "0x10000");
		}
		(void)image_read(flash + offset, flash_size - offset, sha256_buffer, &image,
				 &report);
		assert_int_equal(image.kind, IMAGE_MERGED);
		(void)snprintf(words, sizeof(words), "0x%zx", 0x10000 - offset);
		imagelib_expect(&report, (int)c, LINT_FORMAT, LINT_ERROR, words);
		free(app);
		free(flash);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} rows[] = {
#define ROW(bytes, words) {bytes, sizeof(bytes) - 1, words}
		ROW("\x78\x9c", "zlib"),
		ROW("\x78\xda", "zlib"),
		ROW("\x1f\x8b\x08", "gzip"),
		ROW("\x04\x22\x4d\x18", "lz4"),
		ROW("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", "lzma"),
		ROW("\3757zXZ\0", "xz"),
		ROW("\x28\xb5\x2f\xfd", "zstd"),
		ROW("\x1e\xf1\xee\x1b", "Matter"),
		ROW("UF2\n", "UF2"),
		ROW("\177ELF", "ELF"),
		ROW("<!DOCTYPE html><html><title>\xe9\xe8", "web page"),
		ROW("\xef\xbb\xbf<html lang=de>", "web page"),
		ROW("\xff\xfe<\0!\0D\0O\0C\0T\0Y\0P\0E\0 \0h\0t\0m\0l\0", "web page"),
		ROW("\xfe\xff\0<\0h\0t\0m\0l\0>", "web page"),
		ROW("\n\n  <HTML>", "web page"),
	};
	uint8_t data[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lint_report report;
		struct image image;
		uint32_t noise = 1;

		for (size_t k = 0; k < sizeof(data); k++) {
			noise = noise * 1664525u + 1013904223u;
			data[k] = (uint8_t)(noise >> 24);
		}
		memcpy(data, rows[i].bytes, rows[i].len);
		(void)image_read(data, sizeof(data), sha256_buffer, &image, &report);
		assert_int_equal(image.kind, IMAGE_OTHER);
		imagelib_expect(&report, (int)i, LINT_FORMAT, LINT_ERROR, rows[i].words);
	}
}

static void test_versions(void **state)
{
	static const struct {
		const char *a, *b;
		int order; /* 2: none */
	} rows[] = {
		{"1.6.0-RC1", "1.6.0-beta2", 1},     {"1.6.0-RC4", "1.6.0-rc3", 1},
		{"1.6.0-Alpha", "1.6.0-BETA", -1},   {"1.6.0-rc1", "1.6.0", -1},
		{"1.6.0-hotfix", "1.6.0-custom", 2}, {"1.6.0-zeta", "1.6.0-rc1", 2},
		{"1.7.0-hotfix", "1.6.0-rc1", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool comparable;
		const int c = lint_compare_versions(rows[i].a, rows[i].b, &comparable);

		assert_int_equal(comparable, rows[i].order != 2);
		if (comparable)
			assert_int_equal(c, rows[i].order);
	}
}

/* The files that the public reports were made into, where they are at hand. */
static void test_cases(void **state)
{
	static const struct {
		const char *name;
		enum lint_check check;
		enum lint_severity severity;
		const char *words;
	} rows[] = {
		{"entry_in_flash_esp32.bin", LINT_SEGMENTS, LINT_OK, NULL},
		{"entry_in_flash_esp32c3.bin", LINT_SEGMENTS, LINT_OK, NULL},
		{"entry_in_flash_esp32c6.bin", LINT_SEGMENTS, LINT_OK, NULL},
		{"entry_nowhere_esp32c3.bin", LINT_SEGMENTS, LINT_ERROR, "entry point"},
		{"merged_esp32_from_0x1000.bin", LINT_FORMAT, LINT_ERROR, "0xf000 of the file"},
		{"merged_esp32_zero_filled.bin", LINT_FORMAT, LINT_ERROR, "whole flash"},
		{"no_descriptor_esp32c3.bin", LINT_DESCRIPTOR, LINT_WARNING, "176 to 179"},
		{"no_descriptor_esp32.bin", LINT_DESCRIPTOR, LINT_WARNING, NULL},
		{"block_revision_esp32c3.bin", LINT_REVISION, LINT_NOTE, "v1.5"},
		{"page_8k_esp32c6.bin", LINT_SEGMENTS, LINT_OK, NULL},
		{"empty_segments_esp32.bin", LINT_SEGMENTS, LINT_NOTE, "empty"},
		{"flash_80mhz_esp32c6.bin", LINT_FORMAT, LINT_OK, NULL},
		{"esp32p4.bin", LINT_CHIP, LINT_OK, NULL},
		{"app.bin.zz", LINT_FORMAT, LINT_ERROR, "Unpack"},
		{"app.bin.lz4", LINT_FORMAT, LINT_ERROR, "Unpack"},
		/* The hash of such an image leaves the header out. */
		{"mcuboot_signed.bin", LINT_HASH, LINT_ERROR, "does not match"},
		{"matter.ota", LINT_FORMAT, LINT_ERROR, "Matter OTA file"},
		{"error_page.bin", LINT_FORMAT, LINT_ERROR, "web page"},
		{"error_page_bom.bin", LINT_FORMAT, LINT_ERROR, "web page"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lint_report report;
		struct image image;
		char path[128];
		uint8_t *data;
		size_t size;

		(void)snprintf(path, sizeof(path), "../cases/%s", rows[i].name);
		data = test_load_image(path, &size);
		if (data == NULL)
			skip();
		(void)image_read(data, size, sha256_buffer, &image, &report);
		imagelib_expect(&report, (int)i, rows[i].check, rows[i].severity, rows[i].words);
		assert_int_equal(lint_worst(&report) == LINT_ERROR, rows[i].severity == LINT_ERROR);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),	 cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_chips),	 cmocka_unit_test(test_padding),
		cmocka_unit_test(test_merged),	 cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_versions), cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests_name("verdicts", tests, NULL, NULL);
}
