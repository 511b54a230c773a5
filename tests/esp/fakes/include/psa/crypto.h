/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of the PSA Crypto API's header: only what ota_esp uses, as documented there. */
#ifndef FAKE_PSA_CRYPTO_H
#define FAKE_PSA_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t psa_status_t;
typedef uint32_t psa_algorithm_t;

#define PSA_SUCCESS ((psa_status_t)0)
#define PSA_ERROR_BAD_STATE ((psa_status_t)-137)
#define PSA_ALG_SHA_256 ((psa_algorithm_t)0x02000009)

typedef struct {
	void *state;
	unsigned char size_of_the_real_one[220];
} psa_hash_operation_t;

static inline psa_hash_operation_t psa_hash_operation_init(void)
{
	const psa_hash_operation_t operation = {.state = NULL};

	return operation;
}

/* Values of the PSA Certified Crypto API 1.1, 9.1, 9.2 and 10.7. */
#define PSA_ERROR_INVALID_ARGUMENT ((psa_status_t)-135)
#define PSA_ERROR_INVALID_SIGNATURE ((psa_status_t)-149)
#define PSA_ECC_FAMILY_SECP_R1 ((uint8_t)0x12)
#define PSA_KEY_TYPE_ECC_PUBLIC_KEY(curve) ((uint16_t)(0x4100 | (curve)))
#define PSA_KEY_USAGE_VERIFY_MESSAGE ((uint32_t)0x00000800)
#define PSA_ALG_ECDSA(hash) ((psa_algorithm_t)(0x06000600 | ((hash)&0xff)))

typedef uint32_t psa_key_id_t;
typedef struct {
	uint16_t type;
	size_t bits;
	uint32_t usage;
	psa_algorithm_t alg;
} psa_key_attributes_t;

static inline psa_key_attributes_t psa_key_attributes_init(void)
{
	const psa_key_attributes_t attributes = {.type = 0};

	return attributes;
}

static inline void psa_set_key_type(psa_key_attributes_t *attributes, uint16_t type)
{
	attributes->type = type;
}

static inline void psa_set_key_bits(psa_key_attributes_t *attributes, size_t bits)
{
	attributes->bits = bits;
}

static inline void psa_set_key_usage_flags(psa_key_attributes_t *attributes, uint32_t usage)
{
	attributes->usage = usage;
}

static inline void psa_set_key_algorithm(psa_key_attributes_t *attributes, psa_algorithm_t alg)
{
	attributes->alg = alg;
}

psa_status_t psa_import_key(const psa_key_attributes_t *attributes, const uint8_t *data,
			    size_t length, psa_key_id_t *key);
psa_status_t psa_verify_message(psa_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
				size_t length, const uint8_t *signature, size_t signature_length);
psa_status_t psa_destroy_key(psa_key_id_t key);

psa_status_t psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg);
psa_status_t psa_hash_update(psa_hash_operation_t *operation, const uint8_t *input, size_t length);
psa_status_t psa_hash_clone(const psa_hash_operation_t *source, psa_hash_operation_t *target);
psa_status_t psa_hash_finish(psa_hash_operation_t *operation, uint8_t *hash, size_t size,
			     size_t *length);
psa_status_t psa_hash_abort(psa_hash_operation_t *operation);

#endif
