/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that sets libgcrypt up: it must be initialised before its first use. */
#include "base/hash.h"

#include <gcrypt.h>

void hash_sha256(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE])
{
	/* Only digests are used: no secrets, so no secure memory (gcrypt manual, 2.4). */
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		gcry_check_version(NULL);
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	gcry_md_hash_buffer(GCRY_MD_SHA256, ret, buf, len);
}

void hash_to_hex(const uint8_t *buf, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[buf[i] >> 4];
		ret[2 * i + 1] = digits[buf[i] & 15];
	}
	ret[2 * len] = '\0';
}
