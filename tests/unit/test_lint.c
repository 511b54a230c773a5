/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about files that are no application image, and about unusual
 * images.
 */
#include "base/bytes.h"
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

#define SIZE 70000u /* of most files here: past where a partition table may be */

static struct image image;
static struct lint_report report;
static uint8_t file[0x48000];

#define expect(check, severity, words) imagelib_expect(&report, __LINE__, check, severity, words)

static size_t build(uint8_t *buf, size_t room, const struct image_build *b)
{
	size_t size;

	assert_int_equal(image_build(b, sha256_buffer, buf, room, &size), 0);
	return size;
}

/* --- what is no application image */

static void not_an_image_at(int line, size_t size, enum image_kind kind, enum lint_check check,
			    const char *words)
{
	assert_int_equal(image_read(file, size, sha256_buffer, &image, &report), -OTA_EBADMSG);
	if (image.kind != kind)
		fail_msg("line %d: taken for a %s", line, image_kind_name(image.kind));
	imagelib_expect(&report, line, check, LINT_ERROR, words);
	assert_true(lint_refused(&report, UINT32_MAX));
	assert_int_equal(report.count, 1); /* one reason, not a heap of consequences */
}
#define not_an_image(size, kind, check, words) not_an_image_at(__LINE__, size, kind, check, words)

static void starts_with(const char *bytes, size_t len, const char *words)
{
	memset(file, 0, SIZE);
	memcpy(file, bytes, len);
	not_an_image(SIZE, IMAGE_OTHER, LINT_FORMAT, words);
}
#define STARTS_WITH(bytes, words) starts_with(bytes, sizeof(bytes) - 1, words)

static void test_other_formats(void **state)
{
	(void)state;
	STARTS_WITH("\177ELF\1\1\1", "ELF");
	STARTS_WITH("UF2\nWQ]\236", "UF2");
	STARTS_WITH("\x1f\x8b\x08", "gzip");
	STARTS_WITH("PK\3\4", "zip");
	STARTS_WITH("\3757zXZ\0", "xz");
	STARTS_WITH("BZh9", "bzip2");
	STARTS_WITH("\x28\xb5\x2f\xfd", "zstd");
	STARTS_WITH("7z\xbc\xaf\x27\x1c", "7z");
	STARTS_WITH(":020000040000FA\r\n:10", "Intel HEX");
	STARTS_WITH("\0\0\0\0\0\0\0\0littlefs", "LittleFS");
	STARTS_WITH("\x12\x34\x56\x78", "0x12");
}

static void test_text(void **state)
{
	static const char page[] =
		"<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n";

	(void)state;
	memcpy(file, page, sizeof(page) - 1);
	not_an_image(sizeof(page) - 1, IMAGE_OTHER, LINT_FORMAT, "text");
}

static void test_nothing(void **state)
{
	(void)state;
	not_an_image(0, IMAGE_EMPTY, LINT_FORMAT, "empty");
	memset(file, 0xff, SIZE);
	not_an_image(SIZE, IMAGE_EMPTY, LINT_FORMAT, "erased");
	memset(file, 0, SIZE);
	not_an_image(SIZE, IMAGE_EMPTY, LINT_FORMAT, "erased");
}

static void test_esp8266(void **state)
{
	(void)state;
	memset(file, 0x21, SIZE);
	bytes_put32(file, 0x400203e9);
	bytes_put32(file + 4, 0x40100004);
	bytes_put32(file + 8, 0x40100000);
	bytes_put32(file + 12, 0x6000);
	not_an_image(SIZE, IMAGE_ESP8266, LINT_FORMAT, "ESP8266");
	bytes_put32(file, 0x400204ea);
	not_an_image(SIZE, IMAGE_ESP8266, LINT_FORMAT, "ESP8266");
}

static void put_partitions(uint8_t *p)
{
	memset(p, 0xff, 0xc00);
	memset(p, 0, 64);
	bytes_put32(p, 0x020150aa); /* data, nvs */
	bytes_put32(p + 4, 0x9000);
	bytes_put32(p + 8, 0x6000);
	bytes_put32(p + 32, 0x000050aa); /* app, factory */
	bytes_put32(p + 36, 0x10000);
	bytes_put32(p + 40, 0x100000);
}

static void test_partition_table(void **state)
{
	(void)state;
	put_partitions(file);
	not_an_image(0xc00, IMAGE_PARTITION_TABLE, LINT_FORMAT, "partition table");
}

static void test_otadata(void **state)
{
	(void)state;
	memset(file, 0xff, 0x2000);
	bytes_put32(file, 1);
	bytes_put32(file + 28, 0x4743989a);
	not_an_image(0x2000, IMAGE_OTHER, LINT_FORMAT, "boot_app0");
}

/* Makes a boot loader as esptool writes one: RAM only, with or without ESP-IDF's descriptor. */
static size_t put_loader(uint8_t *p, uint16_t chip, uint32_t address)
{
	uint8_t checksum = 0xef;

	memset(p, 0, 24 + 8 + 1000 + 8);
	p[0] = 0xe9;
	p[1] = 1;
	p[2] = 2;
	p[3] = 0x20;
	bytes_put32(p + 4, address + 0x100);
	p[8] = 0xee;
	p[12] = (uint8_t)chip;
	p[23] = 1;
	bytes_put32(p + 24, address);
	bytes_put32(p + 28, 1000);
	for (size_t i = 32; i < 32 + 1000; i++)
		p[i] = (uint8_t)(i * 7 & 0x3f); /* code is not as even as ciphertext */
	p[32] = 0x50;
	memcpy(p + 40, "v5.1.2", 7);
	for (size_t i = 32; i < 32 + 1000; i++)
		checksum ^= p[i];
	p[1039] = checksum;
	sha256_buffer(p, 1040, p + 1040);
	return 1072;
}

static void test_boot_loader(void **state)
{
	size_t size;

	(void)state;
	size = put_loader(file, 0, 0x3fff0030);
	not_an_image(size, IMAGE_BOOT_LOADER, LINT_FORMAT, "boot loader");
	size = put_loader(file, 5, 0x3fcd5820);
	not_an_image(size, IMAGE_BOOT_LOADER, LINT_FORMAT, "boot loader");
	size = put_loader(file, 0x7777, 0x3fcd5820); /* known by its descriptor alone */
	not_an_image(size, IMAGE_BOOT_LOADER, LINT_FORMAT, "boot loader");
}

static void test_merged(void **state)
{
	const struct image_build b = {.chip_id = 0, .size = 100000, .seed = 3};

	(void)state;
	/* ESP32: boot loader at 0x1000, so erased flash first. */
	memset(file, 0xff, sizeof(file));
	put_loader(file + 0x1000, 0, 0x3fff0030);
	put_partitions(file + 0x8000);
	build(file + 0x10000, sizeof(file) - 0x10000, &b);
	not_an_image(0x10000 + 100000, IMAGE_MERGED, LINT_FORMAT, "from 0x10000 on");
	not_an_image(0x4000, IMAGE_MERGED, LINT_FORMAT, "merged");
	/* ESP32-C3: boot loader at 0. */
	memset(file, 0xff, 0x8000);
	put_loader(file, 5, 0x3fcd5820);
	not_an_image(0x10000 + 100000, IMAGE_MERGED, LINT_FORMAT, "from 0x10000 on");
	/* ESP32-C5 and -P4: at 0x2000. */
	memset(file, 0xff, 0x8000);
	put_loader(file + 0x2000, 18, 0x4ff00000);
	not_an_image(0x10000 + 100000, IMAGE_MERGED, LINT_FORMAT, "from 0x10000 on");
}

static void test_ciphertext(void **state)
{
	const struct image_build b = {.size = SIZE, .seed = 3};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	/* The body of a built image is as random as ciphertext is. */
	memmove(file, file + 1000, size - 1000);
	file[0] = 0x31;
	not_an_image(size - 1000, IMAGE_CIPHERTEXT, LINT_ENCRYPTED, "ciphertext");
	file[0] = 0xe9;
	not_an_image(size - 1000, IMAGE_CIPHERTEXT, LINT_ENCRYPTED, "ciphertext");
	bytes_put32(file, 0x0788b6cf);
	not_an_image(size - 1000, IMAGE_CIPHERTEXT, LINT_ENCRYPTED, "esp_encrypted_img");
}

static void test_real_code_is_no_ciphertext(void **state)
{
	size_t size;
	uint8_t *data = test_load_image("esp32-nimble-ota.bin", &size);

	(void)state;
	if (data == NULL)
		skip();
	for (size_t at = 0x1000; at + 0x10000 < size; at += 0x1000) {
		image_read(data + at, size - at, sha256_buffer, &image, &report);
		assert_int_not_equal(image.kind, IMAGE_CIPHERTEXT);
	}
	free(data);
}

static void test_damaged_magic(void **state)
{
	const struct image_build b = {.size = SIZE};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	file[0] = 0xea; /* not to be mistaken for an ESP8266's */
	not_an_image(size, IMAGE_APPLICATION, LINT_FORMAT, "damaged");
}

static void test_too_large(void **state)
{
	uint8_t *data = calloc(1, 0x1000001);

	(void)state;
	assert_non_null(data);
	data[0] = 0xe9;
	assert_int_equal(image_read(data, 0x1000001, sha256_buffer, &image, &report), -OTA_EBADMSG);
	expect(LINT_FORMAT, LINT_ERROR, "16 MiB");
	free(data);
}

/* --- unusual images */

static int read_file(size_t size)
{
	return image_read(file, size, sha256_buffer, &image, &report);
}

static void test_trailing(void **state)
{
	const struct image_build b = {.size = 4096};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	memset(file + size, 0xff, 1000);
	assert_int_equal(read_file(size + 1000), 0);
	expect(LINT_TRAILING, LINT_NOTE, "1000 bytes of padding");
	assert_int_equal(image.image_size, size);
	assert_int_equal(image.trailing, 1000);
	file[size + 500] = 0;
	assert_int_equal(read_file(size + 1000), 0);
	expect(LINT_TRAILING, LINT_WARNING, "cut the file to 4096 bytes");
	assert_int_equal(read_file(size + 1), 0);
	expect(LINT_TRAILING, LINT_NOTE, NULL);
}

static void test_signature_v1(void **state)
{
	const struct image_build b = {.size = 5000};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	memset(file + size, 0, 4);
	for (size_t i = 0; i < 64; i++)
		file[size + 4 + i] = (uint8_t)(i * 3);
	assert_int_equal(read_file(size + 68), 0);
	assert_int_equal(image.signature, IMAGE_SIGNATURE_V1);
	assert_int_equal(image.signature_offset, size);
	assert_int_equal(image.signature_size, 68);
	assert_int_equal(image.trailing, 0);
	expect(LINT_SIGNATURE, LINT_OK, "v1");
	memset(file + size, 0, 68); /* padding is no signature */
	assert_int_equal(read_file(size + 68), 0);
	assert_int_equal(image.signature, IMAGE_SIGNATURE_NONE);
	assert_int_equal(image.trailing, 68);
}

static void test_signature_v2(void **state)
{
	const struct image_build b = {.chip_id = 5, .size = 5008};
	size_t size = build(file, sizeof(file), &b);
	uint8_t *sector = file + 8192;

	(void)state;
	memset(file + size, 0xff, 8192 + 4096 - size);
	for (size_t i = 0; i < 2; i++) {
		memset(sector + i * 1216, 0x11, 1216);
		bytes_put32(sector + i * 1216, 0x02e7);
		sha256_buffer(file, 8192, sector + i * 1216 + 4);
	}
	assert_int_equal(read_file(8192 + 4096), 0);
	assert_int_equal(image.signature, IMAGE_SIGNATURE_V2);
	assert_int_equal(image.signature_offset, 8192);
	assert_int_equal(image.signature_blocks, 2);
	assert_int_equal(image.trailing, 0);
	expect(LINT_SIGNATURE, LINT_OK, "2 signature block(s), made for these bytes");
	expect(LINT_TRAILING, LINT_OK, NULL);
	file[6000] ^= 1; /* signed padding */
	assert_int_equal(read_file(8192 + 4096), -OTA_EBADMSG);
	expect(LINT_SIGNATURE, LINT_ERROR, "does not match these bytes");
	bytes_put32(sector, 0x0103e7); /* ECDSA P-384 over SHA-384 */
	assert_int_equal(read_file(8192 + 4096), 0);
	expect(LINT_SIGNATURE, LINT_OK, "v2: 2 signature block(s).");
	assert_int_equal(read_file(8192 + 4095), 0); /* cut: no sector any more */
	assert_int_equal(image.signature, IMAGE_SIGNATURE_NONE);
}

static void seal(size_t size)
{
	sha256_buffer(file, size - 32, file + size - 32);
}

static void test_unknown_chip(void **state)
{
	const struct image_build b = {.size = 4096};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	file[12] = 0x77;
	seal(size);
	assert_int_equal(read_file(size), 0);
	expect(LINT_CHIP, LINT_WARNING, "0x0077");
	assert_string_equal(image.segments[0].memory, "unknown");
}

static void test_other_chips_addresses(void **state)
{
	const struct image_build b = {.size = 4096};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	file[12] = 5;
	seal(size);
	assert_int_equal(read_file(size), -OTA_EBADMSG);
	expect(LINT_SEGMENTS, LINT_ERROR, "ESP32-C3");
}

static void test_header_values(void **state)
{
	static const struct {
		uint8_t at, value;
		const char *words;
	} cases[] = {
		{2, 6, "flash mode"}, {3, 0x27, "flash frequency"}, {3, 0x90, "flash size"},
		{23, 2, "hash flag"}, {20, 1, "reserved"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct image_build b = {.size = 4096};
		size_t size = build(file, sizeof(file), &b);

		file[cases[i].at] = cases[i].value;
		seal(size);
		assert_int_equal(read_file(size), 0);
		expect(LINT_FORMAT, LINT_WARNING, cases[i].words);
	}
}

static void test_revisions(void **state)
{
	struct image_build b = {.size = 4096, .min_revision = 300, .max_revision = 299};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	assert_int_equal(read_file(size), 0);
	expect(LINT_REVISION, LINT_WARNING, "v3.0 or later and v2.99");
	/* Images from before the full fields: one byte, major, but minor for the C3. */
	b.min_revision = b.max_revision = 0;
	size = build(file, sizeof(file), &b);
	memset(file + 14, 0, 5);
	file[14] = 3;
	read_file(size);
	assert_int_equal(image.min_revision, 300);
	assert_int_equal(image.max_revision, 0xffff);
	file[12] = 5;
	read_file(size);
	assert_int_equal(image.min_revision, 3);
}

static void test_descriptor(void **state)
{
	struct image_build b = {.size = 4096, .project = ""};
	size_t size = build(file, sizeof(file), &b);

	(void)state;
	memset(file + 0x50, 'p', 32); /* a name may fill its field */
	seal(size);
	read_file(size);
	assert_string_equal(image.project, "pppppppppppppppppppppppppppppppp");
	assert_int_equal(image.page_size, 65536);
	file[0x51] = 0x1b; /* and may not talk to the terminal */
	read_file(size);
	expect(LINT_DESCRIPTOR, LINT_WARNING, "not text");
	assert_int_equal(image.project[1], '?');
	file[0x20] = 0;
	read_file(size);
	expect(LINT_DESCRIPTOR, LINT_WARNING, "No application descriptor");
	assert_false(image.has_descriptor);
	/* A boot loader that reads the page size from the descriptor needs one. */
	b.chip_id = 13;
	size = build(file, sizeof(file), &b);
	file[0x20] = 0;
	assert_int_equal(read_file(size), -OTA_EBADMSG);
	expect(LINT_DESCRIPTOR, LINT_ERROR, NULL);
}

static void test_page_size(void **state)
{
	const struct image_build b = {.chip_id = 13, .size = 4096};

	(void)state;
	build(file, sizeof(file), &b);
	file[0x20 + 180] = 15;
	read_file(4096);
	assert_int_equal(image.page_size, 32768);
	file[0x20 + 180] = 99;
	read_file(4096);
	assert_int_equal(image.page_size, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_formats),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_esp8266),
		cmocka_unit_test(test_partition_table),
		cmocka_unit_test(test_otadata),
		cmocka_unit_test(test_boot_loader),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_ciphertext),
		cmocka_unit_test(test_real_code_is_no_ciphertext),
		cmocka_unit_test(test_damaged_magic),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_trailing),
		cmocka_unit_test(test_signature_v1),
		cmocka_unit_test(test_signature_v2),
		cmocka_unit_test(test_unknown_chip),
		cmocka_unit_test(test_other_chips_addresses),
		cmocka_unit_test(test_header_values),
		cmocka_unit_test(test_revisions),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_page_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
