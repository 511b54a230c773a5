/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patches: what is made out of two images gives the second when it is applied to the first, in
 * pieces of any size and from each border on; what is damaged is refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "image/image_edit.h"
#include "image/lint.h"
#include "patch/patch_file.h"
#include "testlib.h"

#define MOST (6u * OTA_PATCH_BLOCK)

static uint8_t base[MOST], image[MOST], made[MOST];

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	const struct ota_patch_config *c = ctx;

	assert_true(len > 0 && offset < c->base_size && len <= c->base_size - offset);
	memcpy(buf, base + offset, len);
	return 0;
}

/* Applies the patch from block on, in pieces of up to most bytes on either side. */
static void apply_from(const struct patch *patch, uint32_t block, uint32_t most, struct rng *rng)
{
	struct ota_patch_config c = {
		.read = read_base, .base_size = patch->base_size, .image_size = patch->image_size};
	const uint32_t offset = block * OTA_PATCH_BLOCK;
	size_t at = patch->borders[block];
	struct ota_patch state;

	c.ctx = &c;
	memcpy(c.base_sha256, patch->base_sha256, OTA_SHA256_SIZE);
	assert_int_equal(ota_patch_init(&state, &c, offset), 0);
	memset(made, 0xaa, sizeof(made));
	while (!ota_patch_done(&state)) {
		const uint32_t was = state.made;
		size_t in = 1 + rng_below(rng, most), out = 1 + rng_below(rng, most);

		in = in < patch->size - at ? in : patch->size - at;
		out = out < patch->image_size - was ? out : patch->image_size - was;
		assert_int_equal(ota_patch_step(&state, patch->data + at, &in, made + was, &out),
				 0);
		assert_true(in + out > 0);
		assert_int_equal(state.made, was + out);
		at += in;
	}
	assert_int_equal(at, patch->size);
	assert_memory_equal(made + offset, image + offset, patch->image_size - offset);
}

/* Makes, reads and applies: the properties that hold of every pair. */
static size_t expect_same(size_t base_size, size_t image_size)
{
	enum ota_patch_fault fault = OTA_PATCH_READ;
	struct patch patch, back;
	uint8_t *copy;
	size_t size;
	struct rng rng;

	rng_init(&rng, base_size + image_size);
	assert_int_equal(patch_make(&patch, base, base_size, image, image_size), 0);
	assert_int_equal(patch.border_count,
			 (image_size + OTA_PATCH_BLOCK - 1) / OTA_PATCH_BLOCK + 1);
	for (uint32_t block = 0; block + 1 < patch.border_count; block++)
		apply_from(&patch, block, block % 2 == 0 ? 5000 : 40, &rng);
	/* The worst: a record for each few bytes, heads, nothing alike. */
	assert_true(patch.size <= image_size + image_size / 8 + 64 * patch.border_count + 64);
	copy = malloc(patch.size);
	assert_non_null(copy);
	memcpy(copy, patch.data, patch.size);
	assert_int_equal(patch_read(&back, copy, patch.size, &fault), 0);
	assert_int_equal(back.border_count, patch.border_count);
	assert_memory_equal(back.borders, patch.borders,
			    patch.border_count * sizeof(patch.borders[0]));
	memset(made, 0, sizeof(made));
	assert_int_equal(patch_apply(&back, base, base_size, patch.base_sha256, made), 0);
	assert_memory_equal(made, image, image_size);
	size = patch.size;
	patch_finish(&patch);
	patch_finish(&back);
	return size;
}

static void fill(uint8_t *buf, size_t len, uint64_t seed, unsigned int values)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_below(&rng, values);
}

static void test_sizes_and_borders(void **state)
{
	static const uint32_t sizes[] = {1,
					 2,
					 100,
					 OTA_PATCH_BLOCK - 1,
					 OTA_PATCH_BLOCK,
					 OTA_PATCH_BLOCK + 1,
					 2 * OTA_PATCH_BLOCK,
					 3 * OTA_PATCH_BLOCK - 5};

	(void)state;
	fill(base, sizeof(base), 1, 256);
	for (size_t i = 0; i < 8 * 8; i++) {
		memcpy(image, base, sizeof(image));
		expect_same(sizes[i / 8], sizes[i % 8]);
		fill(image, sizes[i % 8], 2, 256);
		expect_same(sizes[i / 8], sizes[i % 8]);
	}
	expect_same(0, 70000);
}

/* Huge insertions and cuts, repetitions, and data in which everything resembles everything. */
static void test_random_edits(void **state)
{
	struct rng rng;

	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		size_t size = 0, from = 0, base_size;

		rng_init(&rng, seed);
		base_size = 1 + rng_below(&rng, MOST / 2);
		fill(base, base_size, seed + 1000, seed % 3 == 0 ? 256 : seed % 3 == 1 ? 4 : 1);
		while (size < MOST / 2) {
			size_t len = 1 + rng_below(&rng, rng_below(&rng, 4) == 0 ? 60000 : 500);

			len = len < MOST - size ? len : MOST - size;
			if (rng_below(&rng, 3) == 0) {
				fill(image + size, len, seed + size, 256);
			} else {
				from = rng_below(&rng, 3) == 0 ? rng_below(&rng, base_size) : from;
				len = len < base_size - from ? len : base_size - from;
				memcpy(image + size, base + from, len);
				from = (from + len) % base_size;
			}
			size += len;
			if (rng_below(&rng, 20) == 0)
				break;
		}
		expect_same(base_size, size > 0 ? size : 1);
	}
}

/* Two builds: a patch has little more to say than what is new. */
static void test_related_images(void **state)
{
	struct image_build b = {.chip_id = 0, .size = 300000, .seed = 8};
	struct lint_report report;
	struct image read;
	size_t base_size, image_size;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, base, sizeof(base), &base_size), 0);
	assert_int_equal(image_read(base, base_size, sha256_buffer, &read, &report), 0);
	for (uint32_t ppm = 0; ppm <= 200000; ppm += 50000) {
		const struct image_edit edit = {.ppm = ppm, .seed = ppm};
		struct patch patch;
		size_t changed = 0;

		assert_int_equal(
			image_edit(&read, &edit, sha256_buffer, image, sizeof(image), &image_size),
			0);
		expect_same(base_size, image_size);
		assert_int_equal(patch_make(&patch, base, base_size, image, image_size), 0);
		for (size_t i = 0; i < patch.size; i++)
			changed += patch.data[i] != 0;
		/* New bytes; the references that moved, up to two bytes of each 256; heads. */
		assert_true(changed < image_size * (uint64_t)ppm / IMAGE_EDIT_PPM * 3 / 2 +
					      image_size / 64 + 1500);
		patch_finish(&patch);
	}
}

/* The one by hand that docs/protocol.md has. */
static void test_documented(void **state)
{
	struct ota_patch_config c = {.read = read_base, .base_size = 16, .image_size = 21};
	uint8_t bytes[OTA_PATCH_HEADER + 3 + 13 + 3 + 8];
	size_t in = sizeof(bytes), out = 21;
	struct ota_patch p;

	(void)state;
	assert_int_equal(test_doc_block("patch", bytes, sizeof(bytes)), 0);
	c.ctx = &c;
	memcpy(base, "ABCDEFGHIJKLMNOP", 16);
	sha256_buffer(base, 16, c.base_sha256);
	assert_int_equal(ota_patch_init(&p, &c, 0), 0);
	assert_int_equal(ota_patch_step(&p, bytes, &in, made, &out), 0);
	assert_int_equal(in, sizeof(bytes));
	assert_int_equal(out, 21);
	assert_memory_equal(made, "EFHHIJKLMMxyzABCDEFGH", 21);
	assert_true(ota_patch_done(&p));
}

struct damage {
	enum ota_patch_fault fault;
	int error;
	uint32_t at;
	uint8_t len, bytes[8]; /* in place of what is there; len 0: one byte more at the end */
};

/* base is 65536 + 100 bytes of 7, the image the same: two records. */
static void test_faults(void **state)
{
	const uint32_t first = OTA_PATCH_HEADER, border = first + 1 + 3 + 1 + 65536;
	const uint32_t second = border + OTA_PATCH_BORDER;
	const struct damage rows[] = {
		{OTA_PATCH_MAGIC, -OTA_EBADMSG, 0, 1, {'X'}},
		{OTA_PATCH_FORMAT, -OTA_EBADMSG, 4, 1, {2}},
		{OTA_PATCH_FORMAT, -OTA_EBADMSG, 5, 1, {12}},
		{OTA_PATCH_FORMAT, -OTA_EBADMSG, 6, 1, {1}},
		{OTA_PATCH_BASE, -OTA_EPERM, 8, 1, {1}},
		{OTA_PATCH_BASE, -OTA_EPERM, 16, 1, {1}},
		{OTA_PATCH_BASE, -OTA_EPERM, 47, 1, {1}},
		{OTA_PATCH_SIZE, -OTA_EBADMSG, 12, 1, {1}},
		{OTA_PATCH_PLACE, -OTA_EBADMSG, border + 2, 1, {2}},
		{OTA_PATCH_BASE, -OTA_EPERM, border + 11, 1, {2}},
		{OTA_PATCH_NUMBER, -OTA_EBADMSG, first, 5, {0xff, 0xff, 0xff, 0xff, 0x10}},
		{OTA_PATCH_NUMBER, -OTA_EBADMSG, first + 1, 5, {0x80, 0x80, 0x80, 0x80, 0x80}},
		{OTA_PATCH_EMPTY, -OTA_EBADMSG, first, 3, {0, 0, 0}},
		{OTA_PATCH_LENGTH, -OTA_EBADMSG, first + 1, 4, {0x81, 0x80, 0x04, 0}},
		{OTA_PATCH_LENGTH, -OTA_EBADMSG, first + 1, 4, {0x80, 0x80, 0x04, 1}},
		{OTA_PATCH_LENGTH, -OTA_EBADMSG, first + 1, 6, {0, 0xff, 0xff, 0xff, 0xff, 0x0f}},
		{OTA_PATCH_LENGTH, -OTA_EBADMSG, second + 1, 2, {101, 0}},
		{OTA_PATCH_RANGE, -OTA_EBADMSG, first, 1, {1}}, /* one before the base */
		{OTA_PATCH_RANGE, -OTA_EBADMSG, second, 1, {2}}, /* one behind it */
		{OTA_PATCH_RANGE, -OTA_EBADMSG, second, 6, {0xff, 0xff, 0xff, 0xff, 0x0f, 1}},
		{OTA_PATCH_END, -OTA_EBADMSG, 0, 0, {0}},
	};
	bool seen[OTA_PATCH_FAULTS] = {[OTA_PATCH_OK] = true, [OTA_PATCH_READ] = true};
	struct patch patch;
	uint8_t *bytes;

	(void)state;
	memset(base, 7, sizeof(base));
	memcpy(image, base, sizeof(image));
	assert_int_equal(patch_make(&patch, base, 65636, image, 65636), 0);
	assert_int_equal(patch.size, second + 3 + 100);
	bytes = malloc(patch.size + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ota_patch_config c = {
			.read = read_base, .base_size = 65636, .image_size = 65636};
		size_t in = patch.size + (rows[i].len == 0), out = sizeof(made), none = 1;
		struct ota_patch p;

		c.ctx = &c;
		memcpy(c.base_sha256, patch.base_sha256, OTA_SHA256_SIZE);
		memcpy(bytes, patch.data, patch.size);
		memcpy(bytes + rows[i].at, rows[i].bytes, rows[i].len);
		assert_int_equal(ota_patch_init(&p, &c, 0), 0);
		assert_int_equal(ota_patch_step(&p, bytes, &in, made, &out), rows[i].error);
		assert_int_equal(p.fault, rows[i].fault);
		assert_false(ota_patch_done(&p));
		assert_true(out <= 65636 && out == p.made);
		/* The fault stays. */
		assert_int_equal(ota_patch_step(&p, patch.data, &none, made, &none), rows[i].error);
		assert_int_equal(none, 0);
		seen[rows[i].fault] = true;
	}
	for (size_t i = 0; i < OTA_PATCH_FAULTS; i++) {
		assert_true(seen[i]);
		assert_non_null(patch_fault_text((enum ota_patch_fault)i));
	}
	free(bytes);
	patch_finish(&patch);
}

static int read_nothing(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	(void)ctx, (void)offset, (void)buf, (void)len;
	return -OTA_EIO;
}

static void test_unreadable_base(void **state)
{
	struct ota_patch_config c = {.read = read_nothing, .base_size = 100, .image_size = 100};
	struct patch patch;
	struct ota_patch p;
	size_t in, out = 100;

	(void)state;
	memset(base, 3, 100);
	memset(image, 3, 100);
	assert_int_equal(patch_make(&patch, base, 100, image, 100), 0);
	memcpy(c.base_sha256, patch.base_sha256, OTA_SHA256_SIZE);
	assert_int_equal(ota_patch_init(&p, &c, 0), 0);
	in = patch.size;
	assert_int_equal(ota_patch_step(&p, patch.data, &in, made, &out), -OTA_EIO);
	assert_int_equal(p.fault, OTA_PATCH_READ);
	assert_int_equal(ota_patch_init(&p, &c, OTA_PATCH_BLOCK), -OTA_EINVAL);
	assert_int_equal(ota_patch_init(&p, &c, 1), -OTA_EINVAL);
	c.image_size = 0;
	assert_int_equal(ota_patch_init(&p, &c, 0), -OTA_EINVAL);
	patch_finish(&patch);
}

/* Each byte of a patch changed, each length cut: refused, or the hash would tell. */
static void test_every_byte(void **state)
{
	enum ota_patch_fault fault;
	struct patch patch, back;
	struct rng rng;

	(void)state;
	rng_init(&rng, 6);
	fill(base, 3000, 7, 256);
	memcpy(image, base + 50, 2000);
	fill(image + 500, 40, 8, 256);
	assert_int_equal(patch_make(&patch, base, 3000, image, 2000), 0);
	for (size_t i = 0; i < patch.size; i++) {
		uint8_t *bytes = malloc(patch.size);
		size_t size = patch.size;
		const bool cut = i % 2 == 0;

		assert_non_null(bytes);
		memcpy(bytes, patch.data, size);
		if (cut)
			size = i;
		else
			bytes[i] ^= (uint8_t)(1 + rng_below(&rng, 255));
		if (patch_read(&back, bytes, size, &fault) == 0) {
			assert_false(cut);
			(void)patch_apply(&back, base, 3000, patch.base_sha256, made);
			patch_finish(&back);
		} else {
			free(bytes);
		}
	}
	patch_finish(&patch);
}

/* A file says what it holds; whatever changes in it, its checksum or its parts tell. */
static void test_file(void **state)
{
	struct patch_file file, back;
	struct patch patch;
	size_t size, again_size;
	char why[256] = "";
	uint8_t *bytes, *again;

	(void)state;
	fill(base, 3000, 7, 256);
	fill(image, 100, 8, 256);
	memcpy(image + 100, base, 2900);
	assert_int_equal(patch_make(&patch, base, 3000, image, 3000), 0);
	patch_file_init(&file, &patch, image);
	bytes = patch_file_format(&file, &size);
	assert_non_null(bytes);
	assert_int_equal(patch_file_parse(&back, bytes, size, why, sizeof(why)), 0);
	assert_memory_equal(back.head, image, OTA_HEAD_SIZE);
	assert_memory_equal(back.image_sha256, file.image_sha256, OTA_SHA256_SIZE);
	assert_memory_equal(back.patch.data, file.patch.data, file.patch.size);
	again = patch_file_format(&back, &again_size);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, bytes, size);
	free(again);
	patch_file_finish(&back);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		assert_int_equal(patch_file_parse(&back, bytes, size, why, sizeof(why)),
				 -OTA_EBADMSG);
		bytes[i] ^= 0x10;
		assert_int_equal(patch_file_parse(&back, bytes, i, why, sizeof(why)), -OTA_EBADMSG);
	}
	free(bytes);
	patch_file_finish(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_and_borders),
		cmocka_unit_test(test_random_edits),
		cmocka_unit_test(test_related_images),
		cmocka_unit_test(test_documented),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_unreadable_base),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
