/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edits of a segment stand at equal strides, one at a drawn place in each.  The first of
 * each pair changes the length by a few words, and the second takes that back, as the padding
 * of sections does in a real build: so every place knows from its stride alone by how much it
 * has moved, and segments stay where flash pages want them.  The last segment of the file has
 * an odd number of edits and changes its length.
 */
#include "image/image_edit.h"

#include <string.h>

#include "image/image_build.h"
#include "image/image_format.h"
#include "image/image_random.h"

#define FUNCTION 256u /* bytes of an edit on average */
#define FUNCTION_MIN 128u
#define MOVE_MAX 16u /* words by which an edit changes the length */
/* One word in so many is taken for one that refers to another place by its distance, as calls
 * and branches do: what a decoder of instructions would find. */
#define REFERENCE_EVERY 64u

struct segment {
	const struct image *image;
	const struct image_edit *edit;
	const struct image_segment *s;
	unsigned int index;
	uint32_t head; /* bytes at its start that stay: the application descriptor */
	uint32_t edits, stride; /* stride is a multiple of 4 */
	bool bytes; /* no words: it stays as it is */
	bool grows; /* nothing follows it */
};

struct change {
	uint32_t at, old_len, new_len; /* at counts from the segment's first byte */
};

static void draw_from(uint64_t *rng, const struct segment *g, uint64_t what)
{
	*rng = g->edit->seed + ((uint64_t)g->index << 40) + what;
	*rng = image_random(rng); /* neighbours' sequences would overlap */
}

/* The length by which the edits of a pair differ, in bytes; either sign. */
static int32_t move_of(const struct segment *g, uint32_t pair)
{
	uint64_t rng;
	int32_t move;

	draw_from(&rng, g, (1ull << 32) + pair);
	move = 4 * (int32_t)(1 + image_random_below(&rng, MOVE_MAX));
	return image_random_below(&rng, 2) ? move : -move;
}

static void change_of(const struct segment *g, uint32_t nth, struct change *ret)
{
	const int32_t move = move_of(g, nth / 2);
	uint32_t len, room;
	uint64_t rng;

	draw_from(&rng, g, nth);
	len = FUNCTION_MIN + 4 * image_random_below(&rng, (FUNCTION - FUNCTION_MIN) / 2 + 1);
	ret->old_len = len < g->stride ? len : g->stride;
	room = (g->stride - ret->old_len) / 4;
	ret->at = g->head + nth * g->stride + 4 * image_random_below(&rng, room + 1);
	ret->new_len = (uint32_t)((int32_t)ret->old_len + (nth % 2 == 0 ? move : -move));
}

/* The distance by which the byte at this place of the old segment has moved. */
static int32_t moved(const struct segment *g, uint32_t at)
{
	struct change change;
	uint32_t nth;

	if (g->edits == 0 || at < g->head)
		return 0;
	nth = (at - g->head) / g->stride;
	if (nth < g->edits) {
		change_of(g, nth, &change);
		if (at < change.at + change.old_len && nth % 2 == 0)
			return 0;
		if (at >= change.at + change.old_len && nth % 2 != 0)
			return 0;
		return move_of(g, nth / 2);
	}
	return g->edits % 2 != 0 ? move_of(g, (g->edits - 1) / 2) : 0;
}

static void plan_segment(const struct image *image, const struct image_edit *edit,
			 unsigned int index, struct segment *ret)
{
	const struct image_segment *s = &image->segments[index];
	const struct image_region *region =
		image_chip_region(image_chip_by_id(image->chip_id), s->address);
	const uint32_t head = index == 0 && image->has_descriptor ? IMAGE_DESC_SIZE : 0;
	const uint32_t len = s->size > head ? (s->size - head) & ~3u : 0;

	*ret = (struct segment){.image = image, .edit = edit, .s = s, .index = index, .head = head};
	ret->bytes = region == NULL || region->use == IMAGE_USE_SKIP || s->size % 4 != 0 ||
		     s->size < head;
	if (ret->bytes || len < 2 * FUNCTION)
		return;
	ret->edits = (uint32_t)((uint64_t)len * edit->ppm / IMAGE_EDIT_PPM / FUNCTION);
	ret->grows = index + 1u == image->segment_count &&
		     s->address + s->size + 4 * MOVE_MAX <= region->high;
	if (ret->grows && edit->ppm > 0)
		ret->edits |= 1;
	else
		ret->edits += ret->edits % 2;
	if (ret->edits > 0)
		ret->stride = len / ret->edits & ~3u;
}

/* The address that code or data at this one has in the relative. */
static uint32_t new_address(const struct image *image, const struct image_edit *edit,
			    uint32_t address)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		struct segment g;

		if (s->address == 0 || address < s->address || address - s->address >= s->size)
			continue;
		plan_segment(image, edit, i, &g);
		return address + (uint32_t)moved(&g, address - s->address);
	}
	return address;
}

/* The distance that a word refers over does not depend on the seed: it is the old image's. */
static uint32_t new_reference(const struct segment *g, uint32_t at, uint32_t word)
{
	uint64_t rng;

	rng = ((uint64_t)g->index << 32) + at;
	if (image_random_below(&rng, REFERENCE_EVERY) != 0)
		return word;
	word += (uint32_t)moved(g, image_random_below(&rng, g->s->size)) << 4;
	return word - ((uint32_t)moved(g, at) << 4);
}

static void copy_words(const struct segment *g, uint32_t from, uint32_t to, uint8_t *out)
{
	const uint8_t *data = g->image->data + g->s->offset;

	for (uint32_t at = from; at < to; at += 4, out += 4) {
		const uint32_t word = bytes_get32(data + at);
		const uint32_t address = new_address(g->image, g->edit, word);

		bytes_put32(out, address != word ? address : new_reference(g, at, word));
	}
}

/* Returns the segment's new length. */
static uint32_t edit_segment(const struct segment *g, uint8_t *out)
{
	const uint8_t *data = g->image->data + g->s->offset;
	uint32_t from = g->head, to = from;
	struct change change;
	uint64_t rng;

	if (g->bytes) {
		memcpy(out, data, g->s->size);
		return g->s->size;
	}
	memcpy(out, data, g->head);
	for (uint32_t nth = 0; nth < g->edits; nth++) {
		change_of(g, nth, &change);
		copy_words(g, from, change.at, out + to);
		to += change.at - from;
		draw_from(&rng, g, (2ull << 32) + nth);
		for (uint32_t i = 0; i < change.new_len; i += 4)
			bytes_put32(out + to + i, (uint32_t)(image_random(&rng) >> 32));
		to += change.new_len;
		from = change.at + change.old_len;
	}
	copy_words(g, from, g->s->size, out + to);
	return to + g->s->size - from;
}

/* A text of the descriptor, NUL padded and with one NUL at least. */
static void put_field(uint8_t *field, size_t size, const char *text)
{
	const size_t len = strlen(text);

	memset(field, 0, size);
	memcpy(field, text, len < size ? len : size - 1);
}

static void edit_descriptor(const struct image *image, const struct image_edit *edit, uint8_t *d)
{
	char next[32], time[] = "00:00:00";
	bool told = false;
	uint64_t rng;

	rng = ~edit->seed;
	image_edit_version(image->version, next);
	put_field(d + IMAGE_DESC_VERSION, 32, edit->version ? edit->version : next);
	for (unsigned int i = 0; i < 3; i++) {
		const unsigned int part = (unsigned int)image_random_below(&rng, i == 0 ? 24 : 60);

		time[3 * i] = (char)('0' + part / 10);
		time[3 * i + 1] = (char)('0' + part % 10);
	}
	put_field(d + IMAGE_DESC_TIME, 16, time);
	/* Zeros say that the build records no hash. */
	for (unsigned int i = 0; i < OTA_SHA256_SIZE; i++)
		told = told || image->elf_sha256[i] != 0;
	for (unsigned int i = 0; told && i < OTA_SHA256_SIZE; i++)
		d[IMAGE_DESC_ELF + i] = (uint8_t)image_random(&rng);
}

void image_edit_version(const char *version, char ret[32])
{
	size_t len = strlen(version), at;

	len = len < 31 ? len : 31;
	memset(ret, 0, 32);
	memcpy(ret, version, len);
	for (at = len; at > 0 && ret[at - 1] == '9'; at--)
		ret[at - 1] = '0';
	if (at > 0 && ret[at - 1] >= '0' && ret[at - 1] <= '8') {
		ret[at - 1]++;
	} else if (at < len && len < 31) {
		memmove(ret + at + 1, ret + at, len - at);
		ret[at] = '1';
	} else {
		len = len < 29 ? len : 29;
		ret[len] = '.';
		ret[len + 1] = '1';
		ret[len + 2] = '\0';
	}
}

int image_edit(const struct image *image, const struct image_edit *edit, image_sha256_fn *sha256,
	       uint8_t *buf, size_t size, size_t *ret_size)
{
	uint32_t at = IMAGE_HEADER_SIZE;

	if (image->kind != IMAGE_APPLICATION || image->image_size == 0 ||
	    edit->ppm > IMAGE_EDIT_PPM || image_chip_by_id(image->chip_id) == NULL)
		return -OTA_EINVAL;
	if (size < image->image_size + IMAGE_EDIT_GROWTH)
		return -OTA_ENOSPC;
	memcpy(buf, image->data, IMAGE_HEADER_SIZE);
	bytes_put32(buf + IMAGE_AT_ENTRY, new_address(image, edit, image->entry));
	for (unsigned int i = 0; i < image->segment_count; i++) {
		struct segment g;
		uint32_t len;

		plan_segment(image, edit, i, &g);
		len = edit_segment(&g, buf + at + IMAGE_SEGMENT_HEADER);
		bytes_put32(buf + at, g.s->address);
		bytes_put32(buf + at + 4, len);
		at += IMAGE_SEGMENT_HEADER + len;
	}
	if (image->has_descriptor)
		edit_descriptor(image, edit, buf + image->segments[0].offset);
	*ret_size = image_seal(buf, sha256);
	return 0;
}
