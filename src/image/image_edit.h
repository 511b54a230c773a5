/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relative of an image, as the next build of the same source would be: some functions
 * are new and of another length, so that those behind them move; what refers to code that
 * has moved has its new address; version, build time and ELF hash differ.  The same image
 * and seed give the same bytes.
 *
 * Like image_build(), it is material for tests: checksum and hash hold and the boot loader
 * takes it, but its new functions are random bytes that run nowhere.
 */
#ifndef OTABENCH_IMAGE_IMAGE_EDIT_H
#define OTABENCH_IMAGE_IMAGE_EDIT_H

#include "image/image.h"

#define IMAGE_EDIT_PPM 1000000u
#define IMAGE_EDIT_GROWTH 96u /* bytes by which the relative is longer at most */

struct image_edit {
	uint32_t ppm; /* of the segments' bytes that are new, in millionths; 0: version and hash
		       * alone */
	uint64_t seed;
	const char *version; /* NULL: image_edit_version() of the image's; 31 characters are kept */
};

/* The next version: "1.2.3" -> "1.2.4", "abc" -> "abc.1", cut to 31 characters. */
void image_edit_version(const char *version, char ret[32]);

/*
 * Writes a relative of image, which image_read() found good, into buf; size bytes that must be
 * image->image_size + IMAGE_EDIT_GROWTH at least.  Its signature and what trails it is
 * left out.  -OTA_EINVAL: no application, or ppm out of range; -OTA_ENOSPC: buf is too small;
 * nothing is written then.
 */
int image_edit(const struct image *image, const struct image_edit *edit, image_sha256_fn *sha256,
	       uint8_t *buf, size_t size, size_t *ret_size);

#endif
