/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lays out an application image the way esptool's elf2image does, with pseudo
 * random bytes for code: see image_build.h for who needs one.
 */
#include "image/image_build.h"
#include "base/bytes.h"

#include <string.h>

#include "image/image_format.h"
#include "image/image_random.h"

#define SEGMENTS 4u
#define SEGMENTS_MAX 5u /* with padding, where the chip cannot map all of it */

struct layout {
	unsigned int segments;
	uint32_t len[SEGMENTS_MAX]; /* DROM, DRAM, IRAM, IROM, padding */
	uint32_t total; /* of the file */
};

struct writer {
	uint8_t *buf;
	uint32_t at;
	uint64_t random;
};

static void put_random(struct writer *w, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 4)
		bytes_put32(w->buf + w->at + i, (uint32_t)(image_random(&w->random) >> 32));
	w->at += len;
}

/* NUL padded, and always with one NUL: ESP-IDF prints these fields as strings. */
static void put_text(uint8_t *field, size_t size, const char *text, const char *otherwise)
{
	size_t len;

	if (text == NULL)
		text = otherwise;
	len = strlen(text);
	memset(field, 0, size);
	memcpy(field, text, len < size ? len : size - 1);
}

static void put_descriptor(const struct image_build *build, struct writer *w)
{
	uint8_t *d = w->buf + w->at;

	put_random(w, IMAGE_DESC_SIZE);
	memset(d + IMAGE_DESC_ELF + OTA_SHA256_SIZE, 0,
	       IMAGE_DESC_SIZE - IMAGE_DESC_ELF - OTA_SHA256_SIZE);
	memset(d, 0, IMAGE_DESC_VERSION);
	bytes_put32(d, IMAGE_DESC_MAGIC);
	bytes_put32(d + IMAGE_DESC_SECURE, build->secure_version);
	put_text(d + IMAGE_DESC_VERSION, 32, build->version, "1.0.0");
	put_text(d + IMAGE_DESC_PROJECT, 32, build->project, "otabench-sim");
	put_text(d + IMAGE_DESC_TIME, 16, build->time, "12:00:00");
	put_text(d + IMAGE_DESC_DATE, 16, build->date, "Jan  1 2025");
	put_text(d + IMAGE_DESC_IDF, 32, build->idf, "v5.2.1");
	bytes_put16(d + IMAGE_DESC_MIN_BLOCK, build->min_block);
	bytes_put16(d + IMAGE_DESC_MAX_BLOCK, build->max_block ? build->max_block : 0xffff);
	d[IMAGE_DESC_PAGE] = 16;
}

static void put_segment(struct writer *w, uint32_t address, uint32_t len)
{
	bytes_put32(w->buf + w->at, address);
	bytes_put32(w->buf + w->at + 4, len);
	w->at += IMAGE_SEGMENT_HEADER;
}

/* The header's code of the smallest chip that holds so much, from 4 MB on. */
static uint8_t flash_size_code(uint32_t size)
{
	uint8_t code = 2;

	while (4u << 20 << (code - 2u) < size)
		code++;
	return (uint8_t)(code << 4);
}

static void put_header(const struct image_build *build, const struct layout *layout, uint32_t entry,
		       struct writer *w)
{
	uint8_t *h = w->buf;

	memset(h, 0, IMAGE_HEADER_SIZE);
	h[0] = IMAGE_MAGIC;
	h[IMAGE_AT_SEGMENTS] = (uint8_t)layout->segments;
	h[IMAGE_AT_MODE] = 2; /* DIO */
	h[IMAGE_AT_FLASH] = flash_size_code(layout->total); /* and half the flash clock */
	bytes_put32(h + IMAGE_AT_ENTRY, entry);
	h[IMAGE_AT_WP_PIN] = IMAGE_WP_DISABLED;
	bytes_put16(h + IMAGE_AT_CHIP, build->chip_id);
	h[IMAGE_AT_MIN_REV] =
		(uint8_t)(build->chip_id == IMAGE_CHIP_C3 ? build->min_revision % 100
							  : build->min_revision / 100);
	bytes_put16(h + IMAGE_AT_MIN_REV_FULL, build->min_revision);
	bytes_put16(h + IMAGE_AT_MAX_REV_FULL,
		    build->max_revision != 0 ? build->max_revision : 0xffff);
	h[IMAGE_AT_HASHED] = !build->no_hash;
	w->at = IMAGE_HEADER_SIZE;
}

/* The nth region of a use: with one region for code and data alike, the only one. */
static const struct image_region *region_of(const struct image_chip *chip, enum image_use use,
					    unsigned int nth)
{
	const struct image_region *found = NULL;

	for (size_t i = 0; i < IMAGE_REGIONS_MAX && chip->regions[i].high != 0; i++) {
		const struct image_region *r = &chip->regions[i];
		bool main_memory = strcmp(r->name, "DROM") == 0 || strcmp(r->name, "DRAM") == 0 ||
				   strcmp(r->name, "IRAM") == 0 || strcmp(r->name, "IROM") == 0 ||
				   strcmp(r->name, "FLASH") == 0 || strcmp(r->name, "RAM") == 0;

		if (r->use != use || !main_memory)
			continue;
		found = r;
		if (nth-- == 0)
			break;
	}
	return found;
}

static uint32_t at_most(uint32_t v, uint32_t limit)
{
	return (v < limit ? v : limit) & ~3u;
}

/* Takes from *rest what fits beside what a range of the chip holds already. */
static uint32_t take(uint32_t *rest, const struct image_region *range, uint32_t used)
{
	/* Both ends of a range lose a part of a page, and so does what shares it. */
	const uint32_t room = range->high - range->low - 3u * IMAGE_PAGE;
	const uint32_t len = used < room ? at_most(*rest, room - used) : 0;

	*rest -= len;
	return len;
}

static void plan(const struct image_build *build, const struct image_region *const map[2],
		 struct layout *ret)
{
	uint32_t total = image_build_size(build->size);
	uint32_t tail = IMAGE_ALIGN + (build->no_hash ? 0 : OTA_SHA256_SIZE);
	uint32_t body = total - tail - IMAGE_HEADER_SIZE - SEGMENTS * IMAGE_SEGMENT_HEADER;
	uint32_t rest = body - IMAGE_DESC_SIZE, shared;

	ret->total = total;
	ret->segments = SEGMENTS;
	ret->len[1] = at_most(rest / 8, 16384);
	ret->len[2] = at_most(rest / 8, 65536);
	ret->len[0] = IMAGE_DESC_SIZE + at_most(rest / 4, 0x100000);
	rest = (body - ret->len[0] - ret->len[1] - ret->len[2]) & ~3u;
	ret->len[3] = take(&rest, map[1], map[0] == map[1] ? ret->len[0] : 0);
	shared = map[0] == map[1] ? ret->len[3] : 0;
	ret->len[0] += take(&rest, map[0], ret->len[0] + shared);
	ret->len[4] = rest > IMAGE_SEGMENT_HEADER ? rest - IMAGE_SEGMENT_HEADER : 0;
	if (ret->len[4] > 0)
		ret->segments = SEGMENTS_MAX;
}

size_t image_seal(uint8_t *buf, image_sha256_fn *sha256)
{
	uint8_t checksum = IMAGE_CHECKSUM_SEED;
	size_t at = IMAGE_HEADER_SIZE, end;

	for (unsigned int i = 0; i < buf[IMAGE_AT_SEGMENTS]; i++) {
		const size_t len = bytes_get32(buf + at + 4);

		at += IMAGE_SEGMENT_HEADER;
		for (size_t j = 0; j < len; j++)
			checksum ^= buf[at + j];
		at += len;
	}
	end = (at + IMAGE_ALIGN) & ~(size_t)(IMAGE_ALIGN - 1);
	memset(buf + at, 0, end - at);
	buf[end - 1] = checksum;
	if (buf[IMAGE_AT_HASHED] == 0)
		return end;
	sha256(buf, end, buf + end);
	return end + OTA_SHA256_SIZE;
}

uint32_t image_build_size(uint32_t size)
{
	return (size + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
}

int image_build(const struct image_build *build, image_sha256_fn *sha256, uint8_t *buf, size_t size,
		size_t *ret_size)
{
	const struct image_chip *chip = image_chip_by_id(build->chip_id);
	const struct image_region *map[2], *load[2];
	struct writer w = {.buf = buf, .random = build->seed};
	struct layout layout;
	uint32_t data;

	if (chip == NULL || build->size < IMAGE_BUILD_MIN || build->size > IMAGE_BUILD_MAX)
		return -OTA_EINVAL;
	for (unsigned int i = 0; i < 2; i++) {
		map[i] = region_of(chip, IMAGE_USE_MAP, i);
		load[i] = region_of(chip, IMAGE_USE_LOAD, i);
	}
	plan(build, map, &layout);
	if (layout.total > size)
		return -OTA_ENOSPC;
	/* With one range for both, code goes first and data behind it, as ld places them. */
	data = map[0]->low;
	if (map[0] == map[1])
		data += (layout.len[3] + 2 * IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1);

	/* 0x4400 leaves room for vectors and cache, 0x28000 keeps data off the code where both
	 * buses see the same memory. */
	put_header(build, &layout, load[1]->low + 0x4400, &w);
	put_segment(&w, data + w.at + IMAGE_SEGMENT_HEADER, layout.len[0]);
	put_descriptor(build, &w);
	put_random(&w, layout.len[0] - IMAGE_DESC_SIZE);
	put_segment(&w, load[0]->low + 0x28000, layout.len[1]);
	put_random(&w, layout.len[1]);
	put_segment(&w, load[1]->low + 0x4400, layout.len[2]);
	put_random(&w, layout.len[2]);
	put_segment(&w, map[1]->low + (w.at + IMAGE_SEGMENT_HEADER) % IMAGE_PAGE, layout.len[3]);
	put_random(&w, layout.len[3]);
	if (layout.len[4] > 0) {
		put_segment(&w, 0, layout.len[4]);
		put_random(&w, layout.len[4]);
	}
	*ret_size = image_seal(buf, sha256);
	return 0;
}
