/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes behind an image: a secure boot signature, or others that do not belong there.
 *
 * A signature is found and, where SHA-256 suffices, compared with the image; it
 * is not verified, because the key that counts is burnt into the device.
 */
#include "image/image_parse.h"

#include <string.h>

#include "image/image_format.h"

static bool uniform(const uint8_t *p, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (p[i] != p[0])
			return false;
	}
	return true;
}

/* Signature blocks in the sector at p; espsecure, validate_signature_block(). */
static uint8_t count_blocks(const uint8_t *p)
{
	uint8_t n = 0;

	while (n < IMAGE_SIG_V2_SIZE / IMAGE_SIG_V2_BLOCK) {
		const uint8_t *block = p + n * IMAGE_SIG_V2_BLOCK;

		if (block[0] != IMAGE_SIG_V2_MAGIC ||
		    (block[1] != IMAGE_SIG_V2_RSA && block[1] != IMAGE_SIG_V2_ECDSA))
			break;
		n++;
	}
	return n;
}

void image_find_signature(struct image *image)
{
	size_t end = image->image_size;
	size_t sector = (end + IMAGE_SIG_V2_SIZE - 1) & ~(size_t)(IMAGE_SIG_V2_SIZE - 1);
	const uint8_t *tail = image->data + end;

	if (sector <= image->size && image->size - sector >= IMAGE_SIG_V2_SIZE) {
		image->signature_blocks = count_blocks(image->data + sector);
		if (image->signature_blocks > 0) {
			image->signature = IMAGE_SIGNATURE_V2;
			image->signature_offset = sector;
			image->signature_size = IMAGE_SIG_V2_SIZE;
			end = sector + IMAGE_SIG_V2_SIZE;
		}
	}
	/* v1: version 0, then 64 bytes of ECDSA signature, right behind the image. */
	if (image->signature == IMAGE_SIGNATURE_NONE && image->size - end >= IMAGE_SIG_V1_SIZE &&
	    bytes_get32(tail) == 0 && !uniform(tail + 4, IMAGE_SIG_V1_SIZE - 4)) {
		image->signature = IMAGE_SIGNATURE_V1;
		image->signature_offset = end;
		image->signature_size = IMAGE_SIG_V1_SIZE;
		image->signature_blocks = 1;
		end += IMAGE_SIG_V1_SIZE;
	}
	image->trailing = image->size - end;
}

bool image_signature_matches(const struct image *image, image_sha256_fn *sha256,
			     bool *ret_checkable)
{
	const uint8_t *block = image->data + image->signature_offset;
	uint8_t digest[OTA_SHA256_SIZE];

	/* The third byte of an ECDSA block is 1 when its digest is SHA-384. */
	*ret_checkable = image->signature == IMAGE_SIGNATURE_V2 && block[2] == 0;
	if (!*ret_checkable)
		return false;
	sha256(image->data, image->signature_offset, digest);
	return memcmp(digest, block + 4, sizeof(digest)) == 0;
}
