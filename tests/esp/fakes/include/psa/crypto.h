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

psa_status_t psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg);
psa_status_t psa_hash_update(psa_hash_operation_t *operation, const uint8_t *input, size_t length);
psa_status_t psa_hash_clone(const psa_hash_operation_t *source, psa_hash_operation_t *target);
psa_status_t psa_hash_finish(psa_hash_operation_t *operation, uint8_t *hash, size_t size,
			     size_t *length);
psa_status_t psa_hash_abort(psa_hash_operation_t *operation);

#endif
