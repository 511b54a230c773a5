/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes an ESP application image apart.  Follows ESP-IDF's
 * esp_image_format.c, so that what is read here is what the boot loader will
 * read; judging it is lint_image.c's part.
 */
#include "image/image_parse.h"

#include <string.h>

#include "image/image_format.h"
#include "image/mcuboot.h"

static void parse_header(struct image *image)
{
	const uint8_t *h = image->data;

	image->segments_claimed = h[IMAGE_AT_SEGMENTS];
	image->flash_mode = h[IMAGE_AT_MODE];
	image->flash_frequency = h[IMAGE_AT_FLASH] & 15;
	image->flash_size = h[IMAGE_AT_FLASH] >> 4;
	image->entry = bytes_get32(h + IMAGE_AT_ENTRY);
	image->chip_id = bytes_get16(h + IMAGE_AT_CHIP);
	image->has_hash = h[IMAGE_AT_HASHED] != 0;
	image->min_revision = bytes_get16(h + IMAGE_AT_MIN_REV_FULL);
	/* Images older than the full fields hold 0 there, and one byte that is the major
	 * revision except for the C3 (esp_app_format.h). */
	if (image->min_revision == 0) {
		image->min_revision = h[IMAGE_AT_MIN_REV];
		if (image->chip_id != IMAGE_CHIP_C3)
			image->min_revision = (uint16_t)(image->min_revision * 100);
	}
	image->max_revision = bytes_get16(h + IMAGE_AT_MAX_REV_FULL);
	if (image->max_revision == 0)
		image->max_revision = 0xffff;
}

/* Returns the offset after the last segment, or 0 when the file ends before. */
static size_t parse_segments(struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);
	size_t at = IMAGE_HEADER_SIZE;

	while (image->segment_count < image->segments_claimed &&
	       image->segment_count < IMAGE_SEGMENTS_MAX) {
		struct image_segment *s = &image->segments[image->segment_count];
		const struct image_region *region;

		if (image->size - at < IMAGE_SEGMENT_HEADER)
			return 0;
		s->address = bytes_get32(image->data + at);
		s->size = bytes_get32(image->data + at + 4);
		at += IMAGE_SEGMENT_HEADER;
		s->offset = (uint32_t)at;
		region = chip != NULL ? image_chip_region(chip, s->address) : NULL;
		s->memory = region != NULL ? region->name : "unknown";
		image->segment_count++;
		if (s->size > image->size - at)
			return 0;
		at += s->size;
	}
	return at;
}

/* Eight bytes at a time, as the image may have megabytes; the order of bytes in a word does
 * not matter to an exclusive or. */
static uint8_t checksum_of(const struct image *image)
{
	uint64_t words = IMAGE_CHECKSUM_SEED;

	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		const uint8_t *p = image->data + s->offset, *end = p + s->size;

		for (; end - p >= 8; p += 8) {
			uint64_t word;

			memcpy(&word, p, sizeof(word));
			words ^= word;
		}
		for (; p < end; p++)
			words ^= *p;
	}
	words ^= words >> 32;
	words ^= words >> 16;
	return (uint8_t)(words ^ words >> 8);
}

/* esp_image_format.c, process_checksum() and process_appended_hash_and_sig(). */
static void parse_tail(struct image *image, size_t at, image_sha256_fn *sha256)
{
	size_t end = (at + IMAGE_ALIGN) & ~(size_t)(IMAGE_ALIGN - 1);
	uint8_t digest[OTA_SHA256_SIZE];

	if (end > image->size)
		return;
	image->checksum = checksum_of(image);
	image->checksum_stored = image->data[end - 1];
	image->checksum_ok = image->checksum == image->checksum_stored;
	if (!image->has_hash) {
		image->image_size = end;
		return;
	}
	if (image->size - end < OTA_SHA256_SIZE)
		return;
	sha256(image->data, end, digest);
	image->hash_ok = memcmp(digest, image->data + end, sizeof(digest)) == 0;
	image->image_size = end + OTA_SHA256_SIZE;
}

/* Copies a field that may fill its length; bytes that are not printable ASCII become '?'. */
static void copy_text(struct image *image, char *ret, const uint8_t *field, size_t size)
{
	size_t i;

	for (i = 0; i < size && field[i] != 0; i++) {
		bool printable = field[i] >= 0x20 && field[i] < 0x7f;

		ret[i] = printable ? (char)field[i] : '?';
		if (!printable)
			image->text_damaged = true;
	}
	ret[i] = '\0';
}

/* 0 and 0xffff bound nothing, and the ESP32 has no such revision
 * (bootloader_common_check_efuse_blk_validity()). */
static uint16_t block_revision(const struct image *image, const uint8_t *field)
{
	const uint16_t revision = bytes_get16(field);

	return image->chip_id == IMAGE_CHIP_ESP32 || revision == 0xffff ? 0 : revision;
}

static void parse_descriptor(struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);
	const struct image_segment *s = &image->segments[0];
	const uint8_t *d;
	uint8_t page;

	image->page_size = IMAGE_PAGE;
	if (image->segment_count == 0 || s->size < IMAGE_DESC_SIZE ||
	    image->size - s->offset < IMAGE_DESC_SIZE)
		return;
	d = image->data + s->offset;
	if (bytes_get32(d) != IMAGE_DESC_MAGIC)
		return;
	image->has_descriptor = true;
	image->secure_version = bytes_get32(d + IMAGE_DESC_SECURE);
	copy_text(image, image->version, d + IMAGE_DESC_VERSION, 32);
	copy_text(image, image->project, d + IMAGE_DESC_PROJECT, 32);
	copy_text(image, image->time, d + IMAGE_DESC_TIME, 16);
	copy_text(image, image->date, d + IMAGE_DESC_DATE, 16);
	copy_text(image, image->idf, d + IMAGE_DESC_IDF, 32);
	memcpy(image->elf_sha256, d + IMAGE_DESC_ELF, OTA_SHA256_SIZE);
	image->min_block = block_revision(image, d + IMAGE_DESC_MIN_BLOCK);
	image->max_block = block_revision(image, d + IMAGE_DESC_MAX_BLOCK);
	/* If the chip's page size is fixed, the descriptor's is ignored; elsewhere
	 * what is out of range means the default (esp_image_format.c, verify_segment_header()). */
	page = d[IMAGE_DESC_PAGE];
	if ((chip == NULL || chip->page_sizes) && page >= IMAGE_PAGE_LOG_MIN &&
	    page <= IMAGE_PAGE_LOG_MAX)
		image->page_size = 1u << page;
}

void image_parse(struct image *image, image_sha256_fn *sha256)
{
	size_t at;

	image->kind = IMAGE_APPLICATION;
	if (image->size < IMAGE_HEADER_SIZE)
		return;
	parse_header(image);
	at = parse_segments(image);
	parse_descriptor(image);
	if (at == 0 || image->segment_count != image->segments_claimed)
		return;
	parse_tail(image, at, sha256);
	if (image->image_size != 0)
		image_find_signature(image);
}

int image_read(const uint8_t *data, size_t size, image_sha256_fn *sha256, struct image *ret,
	       struct lint_report *report)
{
	memset(ret, 0, sizeof(*ret));
	memset(report, 0, sizeof(*report));
	ret->data = data;
	ret->size = size;
	ret->max_revision = 0xffff;
	ret->page_size = IMAGE_PAGE;
	sha256(data, size, ret->sha256);
	if (mcuboot_is(data, size) && size <= IMAGE_MAX_BYTES) {
		mcuboot_parse(ret, sha256);
		lint_mcuboot(ret, report);
	} else if (!image_recognise(ret, report)) {
		image_parse(ret, sha256);
		if (!image_recognise_loader(ret, report))
			lint_image(ret, sha256, report);
	}
	return lint_worst(report) == LINT_ERROR ? -OTA_EBADMSG : 0;
}
