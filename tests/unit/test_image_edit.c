/* SPDX-License-Identifier: Apache-2.0 */
/* Relatives of images: they boot, they are related, and what they refer to is still there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "image/image_edit.h"
#include "image/lint.h"
#include "testlib.h"

#define SIZE 200000u
#define ROOM (SIZE + 16u + IMAGE_EDIT_GROWTH)

static uint8_t old_bytes[ROOM], new_bytes[ROOM], again[ROOM];

static void build_old(uint16_t chip, uint32_t size, struct image *ret)
{
	struct image_build b = {
		.chip_id = chip, .size = size, .seed = 5, .version = "1.2.9", .project = "lamp"};
	struct lint_report report;
	size_t built;

	assert_int_equal(image_build(&b, sha256_buffer, old_bytes, sizeof(old_bytes), &built), 0);
	assert_int_equal(image_read(old_bytes, built, sha256_buffer, ret, &report), 0);
}

static size_t edit_old(const struct image *image, uint32_t ppm, uint64_t seed, uint8_t *buf)
{
	const struct image_edit edit = {.ppm = ppm, .seed = seed};
	size_t size = 0;

	assert_int_equal(image_edit(image, &edit, sha256_buffer, buf, ROOM, &size), 0);
	return size;
}

static void test_every_chip_boots(void **state)
{
	static const uint32_t sizes[] = {IMAGE_BUILD_MIN, 4096, 70000, SIZE};
	static const uint32_t shares[] = {0, 1, 10000, 300000, IMAGE_EDIT_PPM};
	size_t chips;
	const struct image_chip *chip = image_chips(&chips);

	(void)state;
	for (size_t c = 0; c < chips; c++) {
		for (size_t i = 0; i < 4 * 5; i++) {
			struct image image, relative;
			struct lint_report report;
			size_t size;

			build_old(chip[c].id, sizes[i / 5], &image);
			size = edit_old(&image, shares[i % 5], i, new_bytes);
			assert_int_equal(
				image_read(new_bytes, size, sha256_buffer, &relative, &report), 0);
			assert_in_range(size, image.image_size - IMAGE_EDIT_GROWTH,
					image.image_size + IMAGE_EDIT_GROWTH);
			assert_string_equal(relative.version, "1.2.10");
			assert_string_equal(relative.project, "lamp");
			assert_int_equal(relative.chip_id, chip[c].id);
			assert_memory_not_equal(relative.sha256, image.sha256, OTA_SHA256_SIZE);
		}
	}
}

static void test_same_seed(void **state)
{
	struct image image;
	size_t size, other;

	(void)state;
	build_old(0, SIZE, &image);
	size = edit_old(&image, 10000, 1, new_bytes);
	assert_int_equal(edit_old(&image, 10000, 1, again), size);
	assert_memory_equal(again, new_bytes, size);
	other = edit_old(&image, 10000, 2, again);
	assert_true(other != size || memcmp(again, new_bytes, size) != 0);
}

/* Words that stand where they stood, elsewhere near, and nowhere. */
static void count_words(size_t size, unsigned int ret[3])
{
	memset(ret, 0, 3 * sizeof(ret[0]));
	for (size_t at = 1024; at + 1024 < size; at += 4) {
		unsigned int found = 2;

		for (size_t shift = 4; shift <= 64 && found == 2; shift += 4)
			if (memcmp(new_bytes + at, old_bytes + at - shift, 4) == 0 ||
			    memcmp(new_bytes + at, old_bytes + at + shift, 4) == 0)
				found = 1;
		if (memcmp(new_bytes + at, old_bytes + at, 4) == 0)
			found = 0;
		ret[found]++;
	}
}

static void test_share(void **state)
{
	static const uint32_t shares[] = {10000, 50000, 200000};
	unsigned int words[3], all;
	struct image image;

	(void)state;
	build_old(0, SIZE, &image);
	for (size_t i = 0; i < 3; i++) {
		count_words(edit_old(&image, shares[i], 3, new_bytes), words);
		all = words[0] + words[1] + words[2];
		/* Beside the new functions, the references: one word in 64. */
		assert_true(words[2] > (uint64_t)all * shares[i] / 2 / IMAGE_EDIT_PPM);
		assert_true(words[2] <
			    (uint64_t)all * shares[i] * 3 / 2 / IMAGE_EDIT_PPM + all / 64);
		assert_true(words[1] > all / 5);
		assert_true(words[0] > all / 5);
	}
}

static const uint8_t *at_address(const struct image *image, uint32_t address)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];

		if (address >= s->address && address - s->address + 16 <= s->size)
			return image->data + s->offset + (address - s->address);
	}
	return NULL;
}

/* A table of pointers into code, in a segment that is too short for an edit. */
static void test_pointers_follow(void **state)
{
	unsigned int all = 0, right = 0, moved = 0;
	struct image image, relative;
	struct lint_report report;
	size_t size;

	(void)state;
	build_old(0, SIZE, &image);
	for (uint32_t at = 0; at < image.segments[1].size; at += 4)
		bytes_put32(old_bytes + image.segments[1].offset + at,
			    image.segments[3].address + at * 7 % 100000 / 4 * 4);
	size = image_seal(old_bytes, sha256_buffer);
	assert_int_equal(image_read(old_bytes, size, sha256_buffer, &image, &report), 0);
	size = edit_old(&image, 10000, 4, new_bytes);
	assert_int_equal(image_read(new_bytes, size, sha256_buffer, &relative, &report), 0);
	for (uint32_t at = 0; at < image.segments[1].size; at += 4, all++) {
		const uint32_t was = bytes_get32(old_bytes + image.segments[1].offset + at);
		const uint32_t is = bytes_get32(new_bytes + image.segments[1].offset + at);
		const uint8_t *old = at_address(&image, was), *new = at_address(&relative, is);

		right += old && new &&memcmp(old, new, 4) == 0;
		moved += is != was;
	}
	assert_true(right > all * 9 / 10);
	assert_true(moved > all / 4);
}

static void test_versions(void **state)
{
	static const char *const pairs[][2] = {
		{"1.2.3", "1.2.4"},
		{"1.9", "1.10"},
		{"v9", "v10"},
		{"9", "10"},
		{"abc", "abc.1"},
		{"", ".1"},
		{"1.0-rc.9", "1.0-rc.10"},
		{"0123456789012345678901234567999", "0123456789012345678901234568000"},
		{"9999999999999999999999999999999", "00000000000000000000000000000.1"},
	};
	char next[32];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		image_edit_version(pairs[i][0], next);
		assert_string_equal(next, pairs[i][1]);
	}
}

static void test_refused(void **state)
{
	struct image_edit edit = {.ppm = IMAGE_EDIT_PPM + 1};
	struct image image;
	size_t size = 77;

	(void)state;
	build_old(0, 4096, &image);
	assert_int_equal(image_edit(&image, &edit, sha256_buffer, new_bytes, ROOM, &size),
			 -OTA_EINVAL);
	edit.ppm = 1;
	assert_int_equal(image_edit(&image, &edit, sha256_buffer, new_bytes,
				    image.image_size + IMAGE_EDIT_GROWTH - 1, &size),
			 -OTA_ENOSPC);
	image.kind = IMAGE_BOOT_LOADER;
	assert_int_equal(image_edit(&image, &edit, sha256_buffer, new_bytes, ROOM, &size),
			 -OTA_EINVAL);
	assert_int_equal(size, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_chip_boots),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_pointers_follow),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
