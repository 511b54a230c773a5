/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed images only (CONFIG_OTA_ESP_SIGNED): ota_core's gate, the product's keys, and the
 * check, which the update's task runs between flash operations: in software it takes the
 * processor some 100 ms, for which NimBLE's host task must not stand still.
 */
#include "ota_esp_priv.h"

#ifdef CONFIG_OTA_ESP_SIGNED

#include <string.h>

#ifndef OTA_ESP_PSA
#include "mbedtls/ecdsa.h"
#endif

#define POINT (OTA_SIGNATURE_SIZE + 1u) /* SEC 1, 2.3.3: 04, x, y */

static const char *const keys[] = {
	CONFIG_OTA_ESP_PUBLIC_KEY,
	CONFIG_OTA_ESP_PUBLIC_KEY_2,
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* x and y as 'otabench key show' prints them. */
static bool read_point(const char *text, uint8_t ret[POINT])
{
	if (strlen(text) != 2u * (POINT - 1u))
		return false;
	ret[0] = 0x04;
	for (uint32_t i = 1; i < POINT; i++, text += 2) {
		const int high = digit(text[0]), low = digit(text[1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

#ifdef OTA_ESP_PSA

/* false: not this key's, or no such point. */
static bool verify(const uint8_t point[POINT], const struct ota_signed *gate)
{
	psa_key_attributes_t attributes = psa_key_attributes_init();
	psa_key_id_t key;
	psa_status_t status;

	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 256);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
	if (psa_import_key(&attributes, point, POINT, &key) != PSA_SUCCESS)
		return false;
	status =
		psa_verify_message(key, PSA_ALG_ECDSA(PSA_ALG_SHA_256), gate->message,
				   sizeof(gate->message), gate->signature, sizeof(gate->signature));
	psa_destroy_key(key);
	return status == PSA_SUCCESS;
}

#else

static bool hash_message(const struct ota_signed *gate, uint8_t ret[OTA_SHA256_SIZE])
{
	struct ota_esp_hash hash = {.active = false};
	const bool well = ota_esp_hash_begin(&hash) == 0 &&
			  ota_esp_hash_add(&hash, gate->message, sizeof(gate->message)) == 0 &&
			  ota_esp_hash_peek(&hash, ret) == 0;

	ota_esp_hash_end(&hash);
	return well;
}

static bool verify(const uint8_t point[POINT], const struct ota_signed *gate)
{
	uint8_t digest[OTA_SHA256_SIZE];
	mbedtls_ecp_group group;
	mbedtls_ecp_point q;
	mbedtls_mpi r, s;
	bool well;

	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	well = hash_message(gate, digest) &&
	       mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
	       mbedtls_ecp_point_read_binary(&group, &q, point, POINT) == 0 &&
	       mbedtls_ecp_check_pubkey(&group, &q) == 0 &&
	       mbedtls_mpi_read_binary(&r, gate->signature, OTA_SIGNATURE_SIZE / 2) == 0 &&
	       mbedtls_mpi_read_binary(&s, gate->signature + OTA_SIGNATURE_SIZE / 2,
				       OTA_SIGNATURE_SIZE / 2) == 0 &&
	       mbedtls_ecdsa_verify(&group, digest, sizeof(digest), &q, &r, &s) == 0;
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_ecp_point_free(&q);
	mbedtls_ecp_group_free(&group);
	return well;
}

#endif

/* The gate keeps what is to be checked until it is told; the task looks for it. */
static int begin(void *ctx, const uint8_t message[OTA_STATEMENT_SIZE],
		 const uint8_t signature[OTA_SIGNATURE_SIZE])
{
	(void)message;
	(void)signature;
	((struct ota_esp *)ctx)->signature_due = true;
	return 0;
}

void ota_esp_signed_check(void)
{
	struct ota_esp *s = &ota_esp;
	uint8_t point[POINT];
	bool well = false;

	for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !well; i++)
		well = read_point(keys[i], point) && verify(point, &s->gate);
	ota_esp_enter();
	s->signature_due = false;
	s->permitted = true; /* or the START had not come so far */
	ota_signed_checked(&s->gate, well ? 0 : -OTA_EPERM, s->now);
	ota_esp_leave();
}

bool ota_esp_signed_init(struct ota_esp *s)
{
	const struct ota_signed_config config = {
		.dev = &s->device,
		.check = begin,
		.ctx = s,
		.only = true,
	};
	uint8_t point[POINT];

	/* A typing error in the one that rotates in must not be found by the last device. */
	for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if ((i == 0 || keys[i][0] != '\0') && !read_point(keys[i], point)) {
			ota_esp_warn("CONFIG_OTA_ESP_PUBLIC_KEY: 128 hexadecimal digits wanted");
			return false;
		}
	}
	return ota_signed_init(&s->gate, &config) == 0;
}

#endif
