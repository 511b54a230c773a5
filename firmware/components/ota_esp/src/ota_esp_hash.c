/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by whichever interface this ESP-IDF offers; both use the chip's
 * accelerator.  Mbed TLS 3 (ESP-IDF 5) has functions of its own, Mbed TLS 4
 * (ESP-IDF 6) only PSA's.
 */
#include "ota_esp_priv.h"

#ifdef OTA_ESP_PSA

int ota_esp_hash_begin(struct ota_esp_hash *hash)
{
	ota_esp_hash_end(hash);
	hash->context = psa_hash_operation_init();
	if (psa_hash_setup(&hash->context, PSA_ALG_SHA_256) != PSA_SUCCESS)
		return -OTA_EIO;
	hash->active = true;
	return 0;
}

int ota_esp_hash_add(struct ota_esp_hash *hash, const uint8_t *buf, uint32_t len)
{
	return psa_hash_update(&hash->context, buf, len) == PSA_SUCCESS ? 0 : -OTA_EIO;
}

int ota_esp_hash_peek(const struct ota_esp_hash *hash, uint8_t ret[OTA_SHA256_SIZE])
{
	psa_hash_operation_t copy = psa_hash_operation_init();
	size_t len;

	if (psa_hash_clone(&hash->context, &copy) == PSA_SUCCESS &&
	    psa_hash_finish(&copy, ret, OTA_SHA256_SIZE, &len) == PSA_SUCCESS)
		return 0;
	psa_hash_abort(&copy);
	return -OTA_EIO;
}

void ota_esp_hash_end(struct ota_esp_hash *hash)
{
	if (hash->active)
		psa_hash_abort(&hash->context);
	hash->active = false;
}

#else

int ota_esp_hash_begin(struct ota_esp_hash *hash)
{
	ota_esp_hash_end(hash);
	mbedtls_sha256_init(&hash->context);
	hash->active = true;
	return mbedtls_sha256_starts(&hash->context, 0) == 0 ? 0 : -OTA_EIO;
}

int ota_esp_hash_add(struct ota_esp_hash *hash, const uint8_t *buf, uint32_t len)
{
	return mbedtls_sha256_update(&hash->context, buf, len) == 0 ? 0 : -OTA_EIO;
}

int ota_esp_hash_peek(const struct ota_esp_hash *hash, uint8_t ret[OTA_SHA256_SIZE])
{
	mbedtls_sha256_context copy;
	int rc;

	mbedtls_sha256_init(&copy);
	mbedtls_sha256_clone(&copy, &hash->context);
	rc = mbedtls_sha256_finish(&copy, ret);
	mbedtls_sha256_free(&copy);
	return rc == 0 ? 0 : -OTA_EIO;
}

void ota_esp_hash_end(struct ota_esp_hash *hash)
{
	if (hash->active)
		mbedtls_sha256_free(&hash->context);
	hash->active = false;
}

#endif
