/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings about an application image by itself.
 *
 * Errors here are damage, which no --force overrides: the boot loader would
 * refuse the image too, but only after the whole transfer.  The appended
 * SHA-256 covers every byte before it; without one, damage shows only where
 * the checksum (segment data) or the rules below (headers) reach, and not in
 * flash mode, frequency and size, the revisions, or in two changes of segment
 * data that cancel out in the exclusive or.
 */
#include "image/image_parse.h"

#include <string.h>

#include "image/image_format.h"

#define AGAIN "Build or download it again."

static const char *title_of(const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	return chip != NULL ? chip->title : "unknown chip";
}

/* Values that esptool never writes; enum names in esp_app_format.h. */
static void lint_header(const struct image *image, struct lint_report *report)
{
	const uint8_t *h = image->data;
	const char *field = NULL;
	unsigned int value = 0;

	if (image->flash_mode > 5) {
		field = "flash mode";
		value = image->flash_mode;
	} else if (image->flash_frequency > 2 && image->flash_frequency != 15) {
		field = "flash frequency";
		value = image->flash_frequency;
	} else if (image->flash_size > 7) {
		field = "flash size";
		value = image->flash_size;
	} else if (h[IMAGE_AT_HASHED] > 1) {
		field = "hash flag";
		value = h[IMAGE_AT_HASHED];
	} else if (bytes_get32(h + IMAGE_AT_RESERVED) != 0) {
		field = "reserved field";
		value = bytes_get32(h + IMAGE_AT_RESERVED);
	}
	if (field != NULL)
		lint_add(report, LINT_FORMAT, LINT_WARNING, false,
			 "The header's %s is 0x%x, which no tool writes. If the image is not newer "
			 "than this program, it is damaged.",
			 field, value);
	else
		lint_add(report, LINT_FORMAT, LINT_OK, false, "An application image for the %s.",
			 title_of(image));
	if (image->min_revision > image->max_revision)
		lint_add(report, LINT_REVISION, LINT_WARNING, false,
			 "The image requires chip revision v%u.%u or later and v%u.%u or earlier: "
			 "no chip satisfies both.",
			 image->min_revision / 100, image->min_revision % 100,
			 image->max_revision / 100, image->max_revision % 100);
}

static void lint_chip(const struct image *image, struct lint_report *report)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	if (chip == NULL)
		lint_add(report, LINT_CHIP, LINT_WARNING, false,
			 "This program does not know chip id 0x%04x, so addresses cannot be "
			 "checked. Make sure that the image is for your device.",
			 image->chip_id);
	else if (chip->hosted)
		lint_add(report, LINT_CHIP, LINT_OK, false,
			 "The %s has no radio of its own; on boards with a second chip for it "
			 "(ESP-Hosted) it is updated over Bluetooth like any other.",
			 chip->title);
	else if (!chip->bluetooth_le)
		lint_add(report, LINT_CHIP, LINT_WARNING, false,
			 "The image is for the %s, which has no Bluetooth: it cannot be for a "
			 "device that is updated over Bluetooth.",
			 chip->title);
	else
		lint_add(report, LINT_CHIP, LINT_OK, false, "The %s has Bluetooth LE, %s 2M PHY.",
			 chip->title, chip->phy_2m ? "with the" : "without the");
}

/* Bytes that are missing; with headers still to come, at least so many. */
static void lint_truncated(const struct image *image, struct lint_report *report)
{
	uint64_t need = IMAGE_HEADER_SIZE;
	bool known = image->segment_count == image->segments_claimed;

	if (image->segment_count > 0) {
		const struct image_segment *last = &image->segments[image->segment_count - 1];

		need = (uint64_t)last->offset + last->size;
	}
	if (!known)
		need += (uint64_t)(image->segments_claimed - image->segment_count) *
			IMAGE_SEGMENT_HEADER;
	need = (need + IMAGE_ALIGN) & ~(uint64_t)(IMAGE_ALIGN - 1);
	need += image->has_hash ? OTA_SHA256_SIZE : 0;
	lint_add(
		report, LINT_TRUNCATED, LINT_ERROR, false,
		"The file has %zu bytes, its headers require %s%llu: it is cut off, or a header is "
		"damaged. " AGAIN,
		image->size, known ? "" : "at least ", (unsigned long long)need);
}

/* Why a segment cannot be where it says, or NULL. */
static const char *segment_fault(const struct image *image, const struct image_chip *chip,
				 unsigned int i)
{
	const struct image_segment *s = &image->segments[i];
	const struct image_region *r = image_chip_region(chip, s->address);

	if (r == NULL)
		return "no memory of this chip";
	if (s->size > r->high - s->address)
		return "more than that memory holds";
	if (r->use == IMAGE_USE_MAP &&
	    s->address % image->page_size != s->offset % image->page_size)
		return "not aligned with its offset in the file, so flash cannot be mapped there";
	return NULL;
}

/* A segment that is loaded or mapped must hold the entry point.  ESP-IDF's lies in RAM, other
 * frameworks' in flash: the boot loader maps it before it jumps (bootloader_utility.c,
 * set_cache_and_start_app()). */
static bool entry_reached(const struct image *image, const struct image_chip *chip)
{
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		const struct image_region *r = image_chip_region(chip, s->address);

		if (r != NULL && r->use != IMAGE_USE_SKIP && image->entry >= s->address &&
		    image->entry - s->address < s->size)
			return true;
	}
	return false;
}

/* The first fault of each kind; one damaged header makes all that follow look wrong. */
static bool lint_addresses(const struct image *image, struct lint_report *report)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	if (chip == NULL)
		return true;
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const char *fault = segment_fault(image, chip, i);

		if (fault == NULL)
			continue;
		lint_add(report, LINT_SEGMENTS, LINT_ERROR, false,
			 "Segment %u, %u bytes at 0x%08x: %s. The image is damaged, or not for the "
			 "%s. " AGAIN,
			 i, image->segments[i].size, image->segments[i].address, fault,
			 chip->title);
		return false;
	}
	if (image->segment_count == image->segments_claimed && !entry_reached(image, chip)) {
		lint_add(report, LINT_SEGMENTS, LINT_ERROR, false,
			 "The entry point 0x%08x lies in no segment that is loaded or mapped: the "
			 "image would "
			 "not start. " AGAIN,
			 image->entry);
		return false;
	}
	return true;
}

/* Empty segments have no effect (esp_image_format.c, verify_load_addresses(): "zero-length
 * segments are fine"); older toolchains write them. */
static void lint_empty(const struct image *image, struct lint_report *report)
{
	for (unsigned int i = 1; i < image->segment_count; i++) {
		if (image->segments[i].size != 0)
			continue;
		lint_add(report, LINT_SEGMENTS,
			 image->has_hash && image->hash_ok ? LINT_NOTE : LINT_WARNING, false,
			 "Segment %u is empty: the boot loader skips it. Older toolchains write "
			 "empty segments; in a newer image the header's count of segments may be "
			 "damaged.",
			 i);
		return;
	}
}

static void lint_segments(const struct image *image, struct lint_report *report)
{
	bool good = true;

	if (image->segments_claimed == 0 || image->segments_claimed > IMAGE_SEGMENTS_MAX) {
		lint_add(report, LINT_SEGMENTS, LINT_ERROR, false,
			 "The header claims %u segments; an image has 1 to %u. The file is "
			 "damaged. " AGAIN,
			 image->segments_claimed, IMAGE_SEGMENTS_MAX);
		return;
	}
	for (unsigned int i = 0; good && i < image->segment_count; i++) {
		if (image->segments[i].size % 4 == 0 && image->segments[i].size < IMAGE_MAX_BYTES)
			continue;
		lint_add(report, LINT_SEGMENTS, LINT_ERROR, false,
			 "Segment %u has %u bytes; the boot loader requires a multiple of 4, below "
			 "16 "
			 "MiB. The file is damaged. " AGAIN,
			 i, image->segments[i].size);
		good = false;
	}
	lint_empty(image, report);
	if (image->segment_count > 0 && image->segments[0].size < IMAGE_DESC_SIZE) {
		lint_add(report, LINT_SEGMENTS, LINT_ERROR, false,
			 "The first segment has %u bytes, too few for the application descriptor: "
			 "the boot loader refuses it. " AGAIN,
			 image->segments[0].size);
		good = false;
	}
	if (lint_addresses(image, report) && good && image->image_size != 0)
		lint_add(report, LINT_SEGMENTS, LINT_OK, false,
			 "All %u segments are whole and where the %s has memory.",
			 image->segment_count, title_of(image));
}

static void lint_integrity(const struct image *image, struct lint_report *report)
{
	if (image->checksum_ok)
		lint_add(report, LINT_CHECKSUM, LINT_OK, false,
			 "The checksum of the segments is right (0x%02x).", image->checksum);
	else
		lint_add(report, LINT_CHECKSUM, LINT_ERROR, false,
			 "The segments' checksum is 0x%02x, the file says 0x%02x: it is "
			 "damaged. " AGAIN,
			 image->checksum, image->checksum_stored);
	if (image->has_hash && image->hash_ok)
		lint_add(report, LINT_HASH, LINT_OK, false, "The appended SHA-256 is right.");
	else if (image->has_hash)
		lint_add(report, LINT_HASH, LINT_ERROR, false,
			 "The appended SHA-256 is not that of the image: the file is "
			 "damaged. " AGAIN);
	else
		lint_add(report, LINT_HASH, LINT_WARNING, false,
			 "No SHA-256 is appended%s: damage to the headers can go unseen. Build the "
			 "image with its hash.",
			 image->trailing == OTA_SHA256_SIZE ? ", though as many bytes follow" : "");
}

/*
 * The boot loader's rule without one: if the page size is the image's choice it refuses the
 * image (esp_image_format.c, verify_segment_header()); elsewhere but on the ESP32 it takes what
 * lies there for eFuse block revisions (process_segment_data(), since ESP-IDF 5.2.3 and 5.3.2).
 */
static void lint_no_descriptor(const struct image *image, struct lint_report *report)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	if (chip != NULL && chip->page_sizes)
		lint_add(report, LINT_DESCRIPTOR, LINT_ERROR, false,
			 "No application descriptor at the first segment's start, without which "
			 "the %s's boot loader refuses the image. The file is damaged, or its "
			 "framework leaves the descriptor out.",
			 chip->title);
	else if (image->chip_id != IMAGE_CHIP_ESP32)
		lint_add(report, LINT_DESCRIPTOR, LINT_WARNING, false,
			 "No application descriptor: boot loaders since ESP-IDF 5.2.3 and 5.3.2 "
			 "take "
			 "bytes 176 to 179 of the first segment for eFuse block revisions, and may "
			 "refuse the image. Build it with one.");
	else
		lint_add(report, LINT_DESCRIPTOR, LINT_WARNING, false,
			 "No application descriptor at the first segment's start: project and "
			 "version are unknown. The file is damaged, or older than ESP-IDF 3.2.");
}

static void lint_block_revision(const struct image *image, struct lint_report *report)
{
	const unsigned int min = image->min_block, max = image->max_block;

	if (min != 0)
		lint_add(report, LINT_REVISION, LINT_NOTE, false,
			 "The image requires eFuse block revision v%u.%u or later: on a device "
			 "with an earlier one current boot loaders refuse it.",
			 min / 100, min % 100);
	else if (max != 0)
		lint_add(report, LINT_REVISION, LINT_OK, false,
			 "The image accepts eFuse block revisions up to v%u.%u.", max / 100,
			 max % 100);
}

static void lint_descriptor(const struct image *image, struct lint_report *report)
{
	if (!image->has_descriptor)
		lint_no_descriptor(image, report);
	else if (image->text_damaged)
		lint_add(report, LINT_DESCRIPTOR, LINT_WARNING, false,
			 "The application descriptor holds bytes that are not text (shown as '?'): "
			 "it may be damaged.");
	else
		lint_add(report, LINT_DESCRIPTOR, LINT_OK, false,
			 "Project %s, version %s, ESP-IDF %s.",
			 image->project[0] != '\0' ? image->project : "(none)",
			 image->version[0] != '\0' ? image->version : "(none)",
			 image->idf[0] != '\0' ? image->idf : "(none)");
}

static void lint_signature(const struct image *image, image_sha256_fn *sha256,
			   struct lint_report *report)
{
	bool checkable, matches;

	switch (image->signature) {
	case IMAGE_SIGNATURE_NONE:
		lint_add(report, LINT_SIGNATURE, LINT_OK, false,
			 "Not signed. Only a device with secure boot requires a signature.");
		return;
	case IMAGE_SIGNATURE_V1:
		lint_add(report, LINT_SIGNATURE, LINT_OK, false,
			 "A secure boot v1 signature follows. Only the device can verify it.");
		return;
	case IMAGE_SIGNATURE_V2:
		matches = image_signature_matches(image, sha256, &checkable);
		if (checkable && !matches)
			lint_add(report, LINT_SIGNATURE, LINT_ERROR, false,
				 "The secure boot v2 signature does not match these bytes: a "
				 "device with secure boot will refuse the image. Sign it again.");
		else
			lint_add(report, LINT_SIGNATURE, LINT_OK, false,
				 "Secure boot v2: %u signature block(s)%s. Only the device can "
				 "verify them.",
				 image->signature_blocks,
				 checkable ? ", made for these bytes" : "");
		return;
	}
}

void lint_trailing(const struct image *image, struct lint_report *report)
{
	const uint8_t *p = image->data + image->size - image->trailing;
	bool padding = true;

	for (size_t i = 0; padding && i < image->trailing; i++)
		padding = p[i] == p[0] && (p[0] == 0xff || p[0] == 0);
	if (image->trailing == 0)
		lint_add(report, LINT_TRAILING, LINT_OK, false, "Nothing follows the image.");
	else if (padding)
		lint_add(report, LINT_TRAILING, LINT_NOTE, false,
			 "%zu bytes of padding follow the image; they cost time to send. Cutting "
			 "the file to %zu bytes leaves them out.",
			 image->trailing, image->size - image->trailing);
	else
		lint_add(report, LINT_TRAILING, LINT_WARNING, false,
			 "%zu bytes follow the image, which the boot loader never reads. Unless "
			 "they are meant for the application, cut the file to %zu bytes.",
			 image->trailing, image->size - image->trailing);
}

void lint_image(const struct image *image, image_sha256_fn *sha256, struct lint_report *report)
{
	if (image->size < IMAGE_HEADER_SIZE) {
		lint_add(report, LINT_TRUNCATED, LINT_ERROR, false,
			 "The file has %zu bytes; an image's header alone has %u. It is cut "
			 "off. " AGAIN,
			 image->size, IMAGE_HEADER_SIZE);
		return;
	}
	lint_header(image, report);
	lint_chip(image, report);
	if (image->image_size != 0)
		lint_add(report, LINT_TRUNCATED, LINT_OK, false,
			 "All %zu bytes that the headers require are there.", image->image_size);
	else if (image->segments_claimed <= IMAGE_SEGMENTS_MAX && image->segments_claimed > 0)
		lint_truncated(image, report);
	lint_segments(image, report);
	lint_descriptor(image, report);
	lint_block_revision(image, report);
	if (image->image_size == 0)
		return;
	lint_integrity(image, report);
	lint_signature(image, sha256, report);
	lint_trailing(image, report);
}
