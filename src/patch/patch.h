/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and looks at patches, the streams that ota/patch.h applies.
 */
#ifndef OTABENCH_PATCH_PATCH_H
#define OTABENCH_PATCH_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/steps.h"

#include "ota/patch.h"

#define PATCH_IMAGE_MAX 0x1000000u /* bytes of base and image; what a chip can map */
#define PATCH_BORDERS (PATCH_IMAGE_MAX / OTA_PATCH_BLOCK + 1u)
/* A patch is longer than its image by its heads and a record for each byte at most. */
#define PATCH_MAX (PATCH_IMAGE_MAX + PATCH_IMAGE_MAX / 4u)

struct patch {
	uint8_t *data; /* the stream */
	size_t size;
	uint32_t base_size, image_size; /* bytes */
	uint8_t base_sha256[OTA_SHA256_SIZE];
	/* The places in data at which the bytes of each block of the image begin, and after the
	 * last one size. */
	size_t border_count; /* blocks + 1 */
	uint32_t borders[PATCH_BORDERS];
};

/*
 * Makes the patch by which base becomes image; the same two give the same bytes.  -OTA_EINVAL:
 * image is empty, or one of them larger than PATCH_IMAGE_MAX; -OTA_ENOMEM.  The caller ends
 * *ret with patch_finish().
 */
int patch_make(struct patch *ret, const uint8_t *base, size_t base_size, const uint8_t *image,
	       size_t image_size);

/* The same, telling its steps: PATCH_UNITS in all.  -OTA_ECANCELED: nobody wants it any more.
 * Memory is six times the larger of the two at most, 96 MiB of the longest, and the patch. */
#define PATCH_SORT_UNITS 3u /* for each byte of the base, in one step */
#define PATCH_MATCH_UNITS 2u /* for each byte of the image */
#define PATCH_UNITS(base_size, image_size)                                                         \
	((uint64_t)(base_size)*PATCH_SORT_UNITS + (uint64_t)(image_size)*PATCH_MATCH_UNITS)
int patch_make_steps(struct patch *ret, const uint8_t *base, size_t base_size, const uint8_t *image,
		     size_t image_size, const struct steps *steps);

/*
 * Looks at a stream without its base: takes data, which was allocated, into *ret when it is whole
 * and could be applied, with the hash and sizes that its header tells.  -OTA_EBADMSG and
 * *ret_fault (OTA_PATCH_OK: it ends early): nothing is taken then.
 */
int patch_read(struct patch *ret, uint8_t *data, size_t size, enum ota_patch_fault *ret_fault);

/*
 * Makes the image out of base; it has patch->image_size bytes.  -OTA_EPERM: base is not the one
 * it was made for, -OTA_EBADMSG.  base_sha256 is the base's.
 */
int patch_apply(const struct patch *patch, const uint8_t *base, size_t base_size,
		const uint8_t base_sha256[OTA_SHA256_SIZE], uint8_t *image);

void patch_finish(struct patch *patch);

/* "bytes follow its end" */
const char *patch_fault_text(enum ota_patch_fault fault);

#endif
