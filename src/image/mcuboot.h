/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images for MCUboot, as devices with SMP take them: a header, the code, and behind it the
 * hash, in areas of types, lengths and values (TLVs).
 *
 * Sources: mcuboot's boot/bootutil/include/bootutil/image.h (structures, types) and
 * boot/bootutil/src/image_validate.c (the hash covers header, code and protected TLVs).
 */
#ifndef OTABENCH_IMAGE_MCUBOOT_H
#define OTABENCH_IMAGE_MCUBOOT_H

#include "image/image.h"

#define MCUBOOT_MAGIC 0x96f3b83du
#define MCUBOOT_HEADER_SIZE 32u /* struct image_header, which ih_hdr_size may exceed */
#define MCUBOOT_TLV_MAGIC 0x6907u
#define MCUBOOT_TLV_PROTECTED_MAGIC 0x6908u
#define MCUBOOT_TLV_HEADER 4u /* of an area, and of each TLV */
#define MCUBOOT_TLV_SHA256 0x10u
#define MCUBOOT_TLV_COUNTER 0x50u /* security counter */

#define MCUBOOT_BUILD_MIN 128u /* bytes */

struct mcuboot_build {
	uint8_t major, minor;
	uint16_t revision;
	uint32_t number; /* of the build */
	uint32_t size; /* of the whole file, MCUBOOT_BUILD_MIN..IMAGE_BUILD_MAX */
	uint32_t seed;
	bool has_counter; /* a protected TLV */
	uint32_t counter;
};

/*
 * Writes an image of exactly build->size bytes into buf: pseudo-random code, not signed.
 * -OTA_EINVAL for a size out of range, -OTA_ENOSPC when size is too small for it.
 */
int mcuboot_build(const struct mcuboot_build *build, image_sha256_fn *sha256, uint8_t *buf,
		  size_t size);

/* "1.2.3" or "1.2.3+4"; 0 or -OTA_EINVAL.  A missing part is 0. */
int mcuboot_version_parse(const char *text, struct mcuboot_build *ret);

/* Returns true if the bytes begin as such an image. */
bool mcuboot_is(const uint8_t *data, size_t size);

#endif
