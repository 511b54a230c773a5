/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA of Mbed TLS 3 and of PSA by libgcrypt.  Keys, groups and numbers that were not freed at
 * the end of a check are counted, for the fake to complain of. */
#include <gcrypt.h>
#include <stdint.h>
#include <string.h>

#include "base/crypto.h"
#include "base/sha256.h"
#include "fake.h"
#include "mbedtls/ecdsa.h"
#include "psa/crypto.h"

#define BAD_INPUT (-0x4f80) /* MBEDTLS_ERR_ECP_BAD_INPUT_DATA */
#define BAD_SIGNATURE (-0x4e00) /* MBEDTLS_ERR_ECP_VERIFY_FAILED */

static int held; /* what is to be freed */
static unsigned char imported[65];

static int verify(const unsigned char point[65], const unsigned char *digest,
		  const unsigned char *r, const unsigned char *s)
{
	gcry_sexp_t key = NULL, data = NULL, made = NULL;
	gcry_error_t error;

	crypto_prepare();
	error = gcry_sexp_build(&key, NULL, "(public-key (ecc (curve \"NIST P-256\") (q %b)))", 65,
				point);
	if (!error)
		error = gcry_sexp_build(&data, NULL, "(data (flags raw) (hash sha256 %b))", 32,
					digest);
	if (!error)
		error = gcry_sexp_build(&made, NULL, "(sig-val (ecdsa (r %b) (s %b)))", 32, r, 32,
					s);
	if (!error)
		error = gcry_pk_verify(made, data, key);
	gcry_sexp_release(made);
	gcry_sexp_release(data);
	gcry_sexp_release(key);
	return error ? -1 : 0;
}

int fake_ecdsa_held(void)
{
	return held;
}

void mbedtls_mpi_init(mbedtls_mpi *x)
{
	memset(x, 0, sizeof(*x));
	held++;
}

void mbedtls_mpi_free(mbedtls_mpi *x)
{
	(void)x;
	held--;
}

int mbedtls_mpi_read_binary(mbedtls_mpi *x, const unsigned char *buf, size_t len)
{
	if (len != sizeof(x->bytes))
		return BAD_INPUT;
	memcpy(x->bytes, buf, len);
	return 0;
}

void mbedtls_ecp_group_init(mbedtls_ecp_group *group)
{
	group->id = MBEDTLS_ECP_DP_NONE;
	held++;
}

void mbedtls_ecp_group_free(mbedtls_ecp_group *group)
{
	(void)group;
	held--;
}

int mbedtls_ecp_group_load(mbedtls_ecp_group *group, mbedtls_ecp_group_id id)
{
	group->id = id;
	return 0;
}

void mbedtls_ecp_point_init(mbedtls_ecp_point *point)
{
	memset(point, 0, sizeof(*point));
	held++;
}

void mbedtls_ecp_point_free(mbedtls_ecp_point *point)
{
	(void)point;
	held--;
}

int mbedtls_ecp_point_read_binary(const mbedtls_ecp_group *group, mbedtls_ecp_point *point,
				  const unsigned char *buf, size_t len)
{
	if (group->id != MBEDTLS_ECP_DP_SECP256R1 || len != sizeof(point->bytes) || buf[0] != 4)
		return BAD_INPUT;
	memcpy(point->bytes, buf, len);
	return 0;
}

int mbedtls_ecp_check_pubkey(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point)
{
	return group->id == MBEDTLS_ECP_DP_SECP256R1 && point->bytes[0] == 4 ? 0 : BAD_INPUT;
}

int mbedtls_ecdsa_verify(mbedtls_ecp_group *group, const unsigned char *buf, size_t len,
			 const mbedtls_ecp_point *q, const mbedtls_mpi *r, const mbedtls_mpi *s)
{
	if (group->id != MBEDTLS_ECP_DP_SECP256R1 || len != 32)
		return BAD_INPUT;
	return verify(q->bytes, buf, r->bytes, s->bytes) == 0 ? 0 : BAD_SIGNATURE;
}

psa_status_t psa_import_key(const psa_key_attributes_t *attributes, const uint8_t *data,
			    size_t length, psa_key_id_t *key)
{
	if (attributes->type != PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1) ||
	    attributes->bits != 256 || attributes->usage != PSA_KEY_USAGE_VERIFY_MESSAGE ||
	    attributes->alg != PSA_ALG_ECDSA(PSA_ALG_SHA_256) || length != sizeof(imported) ||
	    data[0] != 4)
		return PSA_ERROR_INVALID_ARGUMENT;
	memcpy(imported, data, length);
	*key = 1;
	held++;
	return PSA_SUCCESS;
}

psa_status_t psa_verify_message(psa_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
				size_t length, const uint8_t *signature, size_t signature_length)
{
	uint8_t digest[32];

	if (key != 1 || alg != PSA_ALG_ECDSA(PSA_ALG_SHA_256) || signature_length != 64)
		return PSA_ERROR_INVALID_ARGUMENT;
	sha256_buffer(input, length, digest);
	return verify(imported, digest, signature, signature + 32) == 0
		       ? PSA_SUCCESS
		       : PSA_ERROR_INVALID_SIGNATURE;
}

psa_status_t psa_destroy_key(psa_key_id_t key)
{
	held--;
	return key == 1 ? PSA_SUCCESS : PSA_ERROR_INVALID_ARGUMENT;
}
