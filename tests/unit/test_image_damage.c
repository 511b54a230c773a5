/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image reader's words about every truncation and every one-byte change
 * of real and built images.
 *
 * Reading hashes the file twice.  So that a hundred thousand changes take
 * seconds, the loops inject a hash that answers from what is known: the true
 * SHA-256 of the unchanged bytes, and another value as soon as the changed byte
 * is among those hashed.  test_changes_with_real_hash() runs one change of each
 * byte with libgcrypt's, to show that this makes no difference.
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

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define POISON(p, len) ASAN_POISON_MEMORY_REGION(p, len)
#define UNPOISON(p, len) ASAN_UNPOISON_MEMORY_REGION(p, len)
#else
#define POISON(p, len) ((void)(p), (void)(len))
#define UNPOISON(p, len) ((void)(p), (void)(len))
#endif

static struct image image;
static struct lint_report report;

#define expect(check, severity) imagelib_expect(&report, __LINE__, check, severity, NULL)

/* --- the hash that knows */

static struct {
	const uint8_t *data;
	size_t changed; /* offset of the changed byte; SIZE_MAX: none */
	struct {
		size_t len;
		uint8_t digest[32];
	} known[8];
	size_t count;
} oracle;

static void oracle_reset(const uint8_t *data)
{
	memset(&oracle, 0, sizeof(oracle));
	oracle.data = data;
	oracle.changed = SIZE_MAX;
}

static void oracle_sha256(const uint8_t *buf, size_t len, uint8_t ret[32])
{
	assert_ptr_equal(buf, oracle.data);
	if (oracle.changed < len) {
		memset(ret, 0x5a, 32);
		return;
	}
	for (size_t i = 0; i < oracle.count; i++) {
		if (oracle.known[i].len == len) {
			memcpy(ret, oracle.known[i].digest, 32);
			return;
		}
	}
	sha256_buffer(buf, len, ret);
	if (oracle.count < 8 && oracle.changed == SIZE_MAX) {
		oracle.known[oracle.count].len = len;
		memcpy(oracle.known[oracle.count++].digest, ret, 32);
	}
}

static void no_sha256(const uint8_t *buf, size_t len, uint8_t ret[32])
{
	(void)buf;
	memset(ret, (int)(len & 0xff), 32);
}

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

/* --- truncation */

/* Every length below size must be refused for being cut off, without a byte read beyond. */
static void every_truncation(uint8_t *data, size_t size)
{
	for (size_t n = size; n-- > 0;) {
		/* The bytes behind are poisoned already. */
		POISON(data + n, size - n < 64 ? size - n : 64);
		assert_int_equal(image_read(data, n, no_sha256, &image, &report), -OTA_EBADMSG);
		assert_int_equal(image.image_size, 0);
		if (n == 0)
			expect(LINT_FORMAT, LINT_ERROR);
		else
			expect(LINT_TRUNCATED, LINT_ERROR);
		assert_true(lint_refused(&report, UINT32_MAX));
	}
	UNPOISON(data, size);
}

static void truncate_real(const char *name)
{
	size_t size;
	uint8_t *data = test_load_image(name, &size);

	if (data == NULL)
		skip();
	every_truncation(data, size);
	free(data);
}

static void test_truncated_esp32_image(void **state)
{
	(void)state;
	truncate_real("esp32-nimble-ota.bin");
}

static void test_truncated_esp32s2_image(void **state)
{
	(void)state;
	truncate_real("esp32s2-blink.bin");
}

static void test_truncated_built_images(void **state)
{
	size_t chips, size;
	const struct image_chip *chip = image_chips(&chips);

	(void)state;
	for (size_t i = 0; i < chips; i++) {
		uint8_t *data = built(chip[i].id, 2048, i % 2 == 1, &size);

		every_truncation(data, size);
		free(data);
	}
}

/* --- one byte changed */

#define FIRST 4096u
#define LAST 64u
#define MASKS 10u

/*
 * Reads data with the byte at p changed.  With an appended hash it must be
 * refused, except when the flag that says so is what went to 0: then that is
 * warned about.
 */
static void change_one(uint8_t *data, size_t size, size_t p, uint8_t value)
{
	uint8_t was = data[p];

	data[p] = value;
	oracle.changed = p;
	if (image_read(data, size, oracle_sha256, &image, &report) == 0) {
		if (p != 23 || value != 0)
			fail_msg("byte %zu changed from 0x%02x to 0x%02x is accepted", p, was,
				 value);
		expect(LINT_HASH, LINT_WARNING);
		expect(LINT_TRAILING, LINT_WARNING);
	} else {
		assert_int_equal(lint_worst(&report), LINT_ERROR);
		assert_true(lint_refused(&report, UINT32_MAX)); /* damage cannot be forced */
	}
	assert_in_range(report.count, 1, LINT_FINDINGS_MAX);
	data[p] = was;
	oracle.changed = SIZE_MAX;
}

/* All values of the first fields bytes, the first few masks (or all) elsewhere. */
static void change_all(uint8_t *data, size_t size, size_t fields, size_t few)
{
	static const uint8_t masks[MASKS] = {0xff, 1, 0x80, 0x55, 2, 4, 8, 16, 32, 64};

	oracle_reset(data);
	image_read(data, size, oracle_sha256, &image, &report);
	assert_int_not_equal(lint_worst(&report), LINT_ERROR);
	for (size_t p = 0; p < size; p++) {
		if (p == FIRST && size > FIRST + LAST)
			p = size - LAST;
		if (p < fields) {
			for (unsigned int mask = 1; mask < 256; mask++)
				change_one(data, size, p, (uint8_t)(data[p] ^ mask));
			continue;
		}
		for (size_t i = 0; i < few; i++)
			change_one(data, size, p, data[p] ^ masks[i]);
	}
}

static void change_real(const char *name)
{
	size_t size;
	uint8_t *data = test_load_image(name, &size);

	if (data == NULL)
		skip();
	change_all(data, size, 32, 3); /* header and first segment header */
	free(data);
}

static void test_changed_esp32_image(void **state)
{
	(void)state;
	change_real("esp32-nimble-ota.bin");
}

static void test_changed_esp32s2_image(void **state)
{
	(void)state;
	change_real("esp32s2-blink.bin");
}

static void test_changed_built_images(void **state)
{
	static const uint16_t chips[] = {0, 5, 13};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t size;
		uint8_t *data = built(chips[i], FIRST + LAST + 512, false, &size);

		change_all(data, size, 32 + 256, MASKS);
		free(data);
	}
}

/* One file that is all fields: header, four segment headers, descriptor, checksum, hash. */
static void test_changed_smallest_image(void **state)
{
	size_t size;
	uint8_t *data = built(9, IMAGE_BUILD_MIN, false, &size);

	(void)state;
	change_all(data, size, size, MASKS);
	free(data);
}

static void test_changes_with_real_hash(void **state)
{
	size_t size;
	uint8_t *data = built(0, 2048, false, &size);

	(void)state;
	for (size_t p = 0; p < size; p++) {
		data[p] ^= 0x5a;
		assert_int_equal(image_read(data, size, sha256_buffer, &image, &report),
				 -OTA_EBADMSG);
		imagelib_check_texts(&report);
		data[p] ^= 0x5a;
	}
	assert_int_equal(image_read(data, size, sha256_buffer, &image, &report), 0);
	free(data);
}

/* The fields that a wrong byte is blamed on. */
static void test_blame(void **state)
{
	static const struct {
		size_t at;
		enum lint_check check;
	} cases[] = {
		{0, LINT_FORMAT},	 {1, LINT_HASH},
		{2, LINT_HASH},		 {16, LINT_HASH},
		{24 + 3, LINT_SEGMENTS}, {28, LINT_SEGMENTS},
		{31, LINT_TRUNCATED},	 {0x30, LINT_CHECKSUM},
		{0x30, LINT_HASH},	 {2048 - 33, LINT_CHECKSUM},
		{2048 - 34, LINT_HASH},	 {2048 - 1, LINT_HASH},
	};
	size_t size;
	uint8_t *data = built(0, 2048, false, &size);

	(void)state;
	assert_int_equal(size, 2048);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		data[cases[i].at] ^= 0x7;
		assert_int_equal(image_read(data, size, sha256_buffer, &image, &report),
				 -OTA_EBADMSG);
		imagelib_expect(&report, (int)cases[i].at, cases[i].check, LINT_ERROR, NULL);
		data[cases[i].at] ^= 0x7;
	}
	free(data);
}

/*
 * Without the appended hash, the report warns of that; beyond it, changes show
 * only where the checksum or a rule reaches.  What stays unseen is listed here.
 */
static bool may_go_unseen(size_t p, const uint8_t *data, size_t size)
{
	size_t at = 24;

	if (p >= 2 && p <= 18) /* flash mode .. maximal revision: some values are as good */
		return true;
	for (unsigned int i = 0; i < 4; i++) {
		if (p >= at && p < at + 4) /* a segment moved inside its memory */
			return true;
		if (i == 3 && p == at + 4) /* the last one longer, by zeros of the padding */
			return true;
		at += 8 + (size_t)(data[at + 4] | data[at + 5] << 8);
	}
	return p >= at && p < size - 1; /* the padding, which nothing reads */
}

static void test_changes_without_hash(void **state)
{
	size_t size, unseen = 0;
	uint8_t *data = built(5, 1024, true, &size);

	(void)state;
	assert_int_equal(image_read(data, size, sha256_buffer, &image, &report), 0);
	expect(LINT_HASH, LINT_WARNING);
	for (size_t p = 0; p < size; p++) {
		uint8_t was = data[p];

		for (unsigned int v = 0; v < 256; v++) {
			bool seen;
			size_t warnings = 0;

			if (v == was)
				continue;
			data[p] = (uint8_t)v;
			seen = image_read(data, size, no_sha256, &image, &report) != 0;
			for (size_t i = 0; i < report.count; i++)
				warnings += report.findings[i].severity == LINT_WARNING;
			assert_true(seen || warnings > 0); /* at least that no hash is there */
			seen = seen || warnings > 1;
			data[p] = was;
			unseen += !seen;
			if (!seen && !may_go_unseen(p, data, size))
				fail_msg("byte %zu: 0x%02x for 0x%02x goes unseen", p, v, was);
		}
	}
	printf("# without a hash, %zu of %zu changes go unseen\n", unseen, size * 255);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated_esp32_image),
		cmocka_unit_test(test_truncated_esp32s2_image),
		cmocka_unit_test(test_truncated_built_images),
		cmocka_unit_test(test_changed_esp32_image),
		cmocka_unit_test(test_changed_esp32s2_image),
		cmocka_unit_test(test_changed_built_images),
		cmocka_unit_test(test_changed_smallest_image),
		cmocka_unit_test(test_changes_with_real_hash),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_changes_without_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
