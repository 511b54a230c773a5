/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 from libgcrypt, in the shape that core asks for. */
#ifndef OTABENCH_BASE_HASH_H
#define OTABENCH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "ota/proto.h"

/* An image_sha256_fn (image/image.h).  Sets libgcrypt up on its first call. */
void hash_sha256(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE]);

/* Lower-case hexadecimal of len bytes; ret holds 2 * len + 1 characters. */
void hash_to_hex(const uint8_t *buf, size_t len, char *ret);

#endif
