/* SPDX-License-Identifier: Apache-2.0 */
/* Both of the interfaces to SHA-256 that ESP-IDF has had, over libgcrypt's. */
#include "base/crypto.h"
#include "mbedtls/sha256.h"
#include "psa/crypto.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <string.h>

static void *open_hash(void)
{
	gcry_md_hd_t handle;

	crypto_prepare();
	return gcry_md_open(&handle, GCRY_MD_SHA256, 0) == 0 ? handle : NULL;
}

static void close_hash(void **state)
{
	if (*state)
		gcry_md_close(*state);
	*state = NULL;
}

static void *copy_hash(void *state)
{
	gcry_md_hd_t copy;

	return state && gcry_md_copy(&copy, state) == 0 ? copy : NULL;
}

void mbedtls_sha256_init(mbedtls_sha256_context *ctx)
{
	ctx->state = NULL;
}

void mbedtls_sha256_free(mbedtls_sha256_context *ctx)
{
	close_hash(&ctx->state);
}

void mbedtls_sha256_clone(mbedtls_sha256_context *dst, const mbedtls_sha256_context *src)
{
	dst->state = copy_hash(src->state);
}

int mbedtls_sha256_starts(mbedtls_sha256_context *ctx, int is224)
{
	ctx->state = is224 ? NULL : open_hash();
	return ctx->state ? 0 : -1;
}

int mbedtls_sha256_update(mbedtls_sha256_context *ctx, const unsigned char *input, size_t ilen)
{
	if (!ctx->state)
		return -1;
	gcry_md_write(ctx->state, input, ilen);
	return 0;
}

int mbedtls_sha256_finish(mbedtls_sha256_context *ctx, unsigned char *output)
{
	if (!ctx->state)
		return -1;
	memcpy(output, gcry_md_read(ctx->state, GCRY_MD_SHA256), 32);
	return 0;
}

psa_status_t psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg)
{
	operation->state = alg == PSA_ALG_SHA_256 ? open_hash() : NULL;
	return operation->state ? PSA_SUCCESS : PSA_ERROR_BAD_STATE;
}

psa_status_t psa_hash_update(psa_hash_operation_t *operation, const uint8_t *input, size_t length)
{
	if (!operation->state)
		return PSA_ERROR_BAD_STATE;
	gcry_md_write(operation->state, input, length);
	return PSA_SUCCESS;
}

psa_status_t psa_hash_clone(const psa_hash_operation_t *source, psa_hash_operation_t *target)
{
	target->state = copy_hash(source->state);
	return target->state ? PSA_SUCCESS : PSA_ERROR_BAD_STATE;
}

psa_status_t psa_hash_finish(psa_hash_operation_t *operation, uint8_t *hash, size_t size,
			     size_t *length)
{
	if (!operation->state || size < 32)
		return PSA_ERROR_BAD_STATE;
	memcpy(hash, gcry_md_read(operation->state, GCRY_MD_SHA256), 32);
	*length = 32;
	return psa_hash_abort(operation); /* the API ends an operation that finished */
}

psa_status_t psa_hash_abort(psa_hash_operation_t *operation)
{
	close_hash(&operation->state);
	return PSA_SUCCESS;
}
