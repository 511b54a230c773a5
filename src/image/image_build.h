/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a valid application image of any chip from a seed: the virtual ESP32's factory firmware,
 * the demo's update, and the tests' material.
 *
 * The boot loader's checks all hold (header, segments at addresses of the chip, mapped segments
 * aligned to flash pages, checksum, appended SHA-256); the code in it is pseudo random, so it does
 * not compress and no two seeds are alike.  Bytes beyond the ranges in which a chip maps flash (7
 * MiB of an ESP32) are in a padding segment.  The image is not for real hardware: nothing in it
 * would run.
 */
#ifndef OTABENCH_IMAGE_IMAGE_BUILD_H
#define OTABENCH_IMAGE_IMAGE_BUILD_H

#include "image/image.h"

#define IMAGE_BUILD_MIN 512u /* bytes */
#define IMAGE_BUILD_MAX 0x1000000u /* bytes; ESP_IMAGE_MAX_FLASH_ADDR_SIZE: no image is longer */

struct image_build {
	uint16_t chip_id; /* one of image_chips() */
	const char *project; /* NULL = "otabench-sim"; 31 characters are kept */
	const char *version; /* NULL = "1.0.0"; 31 */
	const char *idf; /* NULL = "v5.2.1"; 31 */
	const char *date, *time; /* NULL = "Jan  1 2025", "12:00:00"; 15 */
	uint32_t size; /* of the whole file: IMAGE_BUILD_MIN..IMAGE_BUILD_MAX,
				  * rounded up to a multiple of 16 as the format demands */
	uint32_t seed;
	uint32_t secure_version;
	uint16_t min_revision; /* major * 100 + minor */
	uint16_t max_revision; /* 0 = none */
	uint16_t min_block, max_block; /* eFuse block revisions, likewise */
	bool no_hash; /* leave the appended SHA-256 out */
};

/* Bytes that image_build() will write for a wanted size. */
uint32_t image_build_size(uint32_t size);

/*
 * Writes the image into buf.  *ret_size is image_build_size(build->size).
 * -OTA_EINVAL for an unknown chip or a size out of range, -OTA_ENOSPC when size
 * is too small for it; nothing is written then.
 */
int image_build(const struct image_build *build, image_sha256_fn *sha256, uint8_t *buf, size_t size,
		size_t *ret_size);

/*
 * Writes what follows an image's segments: zeros up to the checksum, and the SHA-256 where the
 * header promises one.  buf holds header and segments, with room for 48 bytes more.  Returns
 * the size of the whole.
 */
size_t image_seal(uint8_t *buf, image_sha256_fn *sha256);

#endif
