/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgcrypt's SHA-256: of a buffer, and bit by bit as the ESP32's hash peripheral
 * does it.
 */
#ifndef OTABENCH_BASE_SHA256_H
#define OTABENCH_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"
#include "ota/proto.h"

/* An image_sha256_fn (image/image.h). */
void sha256_buffer(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE]);

struct sha256 { /* zeroed by its owner before first use */
	void *handle;
};

/* Begins, or begins again; -OTA_ENOMEM. */
int sha256_start(struct sha256 *hash);
/* -OTA_EINVAL when not started; sha256_peek() too. */
int sha256_add(struct sha256 *hash, const uint8_t *buf, size_t len);
/* The digest of all bytes so far; more can be added. */
int sha256_peek(const struct sha256 *hash, uint8_t ret[OTA_SHA256_SIZE]);
void sha256_finish(struct sha256 *hash);

#endif
