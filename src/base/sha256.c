/* SPDX-License-Identifier: Apache-2.0 */
/* See sha256.h. */
#include "base/sha256.h"
#include "base/crypto.h"

#include <string.h>

#include <gcrypt.h>

void sha256_buffer(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE])
{
	crypto_prepare();
	gcry_md_hash_buffer(GCRY_MD_SHA256, ret, buf, len);
}

int sha256_start(struct sha256 *hash)
{
	gcry_md_hd_t handle;

	crypto_prepare();
	if (hash->handle) {
		gcry_md_reset(hash->handle);
		return 0;
	}
	if (gcry_md_open(&handle, GCRY_MD_SHA256, 0))
		return -OTA_ENOMEM;
	hash->handle = handle;
	return 0;
}

int sha256_add(struct sha256 *hash, const uint8_t *buf, size_t len)
{
	if (!hash->handle)
		return -OTA_EINVAL;
	gcry_md_write(hash->handle, buf, len);
	return 0;
}

int sha256_peek(const struct sha256 *hash, uint8_t ret[OTA_SHA256_SIZE])
{
	gcry_md_hd_t copy;

	if (!hash->handle)
		return -OTA_EINVAL;
	if (gcry_md_copy(&copy, hash->handle))
		return -OTA_ENOMEM;
	memcpy(ret, gcry_md_read(copy, GCRY_MD_SHA256), OTA_SHA256_SIZE);
	gcry_md_close(copy);
	return 0;
}

void sha256_finish(struct sha256 *hash)
{
	if (hash->handle)
		gcry_md_close(hash->handle);
	hash->handle = NULL;
}
