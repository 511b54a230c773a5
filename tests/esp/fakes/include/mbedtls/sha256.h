/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of Mbed TLS 3's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_MBEDTLS_SHA256_H
#define FAKE_MBEDTLS_SHA256_H

#include <stddef.h>

typedef struct {
	void *state;
	unsigned char size_of_the_real_one[100];
} mbedtls_sha256_context;

void mbedtls_sha256_init(mbedtls_sha256_context *ctx);
void mbedtls_sha256_free(mbedtls_sha256_context *ctx);
void mbedtls_sha256_clone(mbedtls_sha256_context *dst, const mbedtls_sha256_context *src);
int mbedtls_sha256_starts(mbedtls_sha256_context *ctx, int is224);
int mbedtls_sha256_update(mbedtls_sha256_context *ctx, const unsigned char *input, size_t ilen);
int mbedtls_sha256_finish(mbedtls_sha256_context *ctx, unsigned char *output);

#endif
