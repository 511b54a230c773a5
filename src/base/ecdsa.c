/* SPDX-License-Identifier: Apache-2.0 */
/* See ecdsa.h. */
#include "base/ecdsa.h"

#include "base/crypto.h"
#include "base/sha256.h"

#include <gcrypt.h>
#include <string.h>

#define UNCOMPRESSED 0x04 /* SEC 1, 2.3.3 */

static int error_of(gcry_error_t error, int otherwise)
{
	return gcry_err_code(error) == GPG_ERR_ENOMEM ? -OTA_ENOMEM : otherwise;
}

static void encode_point(const uint8_t point[ECDSA_POINT], uint8_t ret[1 + ECDSA_POINT])
{
	ret[0] = UNCOMPRESSED;
	memcpy(ret + 1, point, ECDSA_POINT);
}

/* The opaque numbers of an S-expression's element name, at the end of size bytes. */
static int get_number(gcry_sexp_t from, const char *name, uint8_t *ret, size_t size)
{
	gcry_sexp_t element = gcry_sexp_find_token(from, name, 0);
	const char *data;
	size_t len = 0;
	int r = -OTA_EINVAL;

	data = element ? gcry_sexp_nth_data(element, 1, &len) : NULL;
	while (data && len > size && *data == 0) {
		data++;
		len--;
	}
	if (data && len <= size) {
		memset(ret, 0, size - len);
		memcpy(ret + size - len, data, len);
		r = 0;
	}
	gcry_sexp_release(element);
	return r;
}

int ecdsa_generate(struct ecdsa_key *ret)
{
	gcry_sexp_t how = NULL, pair = NULL;
	uint8_t encoded[1 + ECDSA_POINT] = {0};
	gcry_error_t error;
	int r;

	crypto_prepare();
	error = gcry_sexp_build(&how, NULL, "(genkey (ecc (curve \"NIST P-256\")))");
	if (!error)
		error = gcry_pk_genkey(&pair, how);
	gcry_sexp_release(how);
	if (error)
		return error_of(error, -OTA_EIO);
	r = get_number(pair, "d", ret->secret, ECDSA_SCALAR);
	if (r == 0)
		r = get_number(pair, "q", encoded, sizeof(encoded));
	gcry_sexp_release(pair);
	memcpy(ret->point, encoded + 1, ECDSA_POINT);
	return r;
}

/* A context of the curve, with point, secret, or both where they are not NULL. */
static int curve(gcry_ctx_t *ret, const uint8_t *point, const uint8_t *secret)
{
	uint8_t encoded[1 + ECDSA_POINT];
	gcry_sexp_t key = NULL;
	gcry_error_t error;

	crypto_prepare();
	if (point) {
		encode_point(point, encoded);
		error = gcry_sexp_build(&key, NULL,
					"(public-key (ecc (curve \"NIST P-256\") (q %b)))",
					(int)sizeof(encoded), encoded);
	} else {
		error = gcry_sexp_build(&key, NULL,
					"(private-key (ecc (curve \"NIST P-256\") (d %b)))",
					(int)ECDSA_SCALAR, secret);
	}
	if (!error)
		error = gcry_mpi_ec_new(ret, key, NULL);
	gcry_sexp_release(key);
	return error ? error_of(error, -OTA_EINVAL) : 0;
}

/* 1..n-1 (SP 800-186): a secret outside has no key of its own. */
static bool in_range(const uint8_t secret[ECDSA_SCALAR], gcry_ctx_t context)
{
	gcry_mpi_t d = NULL, n = gcry_mpi_ec_get_mpi("n", context, 0);
	bool good = false;

	if (n && gcry_mpi_scan(&d, GCRYMPI_FMT_USG, secret, ECDSA_SCALAR, NULL) == 0)
		good = gcry_mpi_cmp_ui(d, 0) > 0 && gcry_mpi_cmp(d, n) < 0;
	gcry_mpi_release(d);
	gcry_mpi_release(n); /* may be a copy, although none was asked for */
	return good;
}

int ecdsa_complete(struct ecdsa_key *key)
{
	gcry_ctx_t context = NULL;
	gcry_mpi_t q = NULL;
	uint8_t encoded[1 + ECDSA_POINT];
	size_t len = 0;
	int r = curve(&context, NULL, key->secret);

	if (r < 0)
		return r;
	r = -OTA_EINVAL;
	if (in_range(key->secret, context))
		q = gcry_mpi_ec_get_mpi("q", context, 1);
	if (q && gcry_mpi_print(GCRYMPI_FMT_USG, encoded, sizeof(encoded), &len, q) == 0 &&
	    len == sizeof(encoded)) {
		memcpy(key->point, encoded + 1, ECDSA_POINT);
		r = 0;
	}
	gcry_mpi_release(q);
	gcry_ctx_release(context);
	return r;
}

int ecdsa_check_point(const uint8_t point[ECDSA_POINT])
{
	gcry_ctx_t context = NULL;
	gcry_mpi_point_t q;
	int r = curve(&context, point, NULL);

	if (r < 0)
		return r;
	q = gcry_mpi_ec_get_point("q", context, 1);
	r = q && gcry_mpi_ec_curve_point(q, context) ? 0 : -OTA_EINVAL;
	gcry_mpi_point_release(q);
	gcry_ctx_release(context);
	return r;
}

static gcry_error_t digest_of(const void *message, size_t len, const char *format, gcry_sexp_t *ret)
{
	uint8_t digest[OTA_SHA256_SIZE];

	sha256_buffer(message, len, digest);
	return gcry_sexp_build(ret, NULL, format, (int)sizeof(digest), digest);
}

int ecdsa_sign(const struct ecdsa_key *key, const void *message, size_t len,
	       uint8_t ret[ECDSA_SIGNATURE])
{
	gcry_sexp_t secret = NULL, data = NULL, made = NULL;
	uint8_t encoded[1 + ECDSA_POINT];
	gcry_error_t error;
	int r;

	crypto_prepare();
	encode_point(key->point, encoded);
	error = gcry_sexp_build(&secret, NULL,
				"(private-key (ecc (curve \"NIST P-256\") (q %b) (d %b)))",
				(int)sizeof(encoded), encoded, (int)ECDSA_SCALAR, key->secret);
	if (!error)
		error = digest_of(message, len, "(data (flags rfc6979) (hash sha256 %b))", &data);
	if (!error)
		error = gcry_pk_sign(&made, data, secret);
	gcry_sexp_release(data);
	gcry_sexp_release(secret);
	if (error)
		return error_of(error, -OTA_EINVAL);
	r = get_number(made, "r", ret, ECDSA_SCALAR);
	if (r == 0)
		r = get_number(made, "s", ret + ECDSA_SCALAR, ECDSA_SCALAR);
	gcry_sexp_release(made);
	return r;
}

int ecdsa_verify(const uint8_t point[ECDSA_POINT], const void *message, size_t len,
		 const uint8_t signature[ECDSA_SIGNATURE])
{
	gcry_sexp_t key = NULL, data = NULL, made = NULL;
	uint8_t encoded[1 + ECDSA_POINT];
	gcry_error_t error;

	crypto_prepare();
	encode_point(point, encoded);
	error = gcry_sexp_build(&key, NULL, "(public-key (ecc (curve \"NIST P-256\") (q %b)))",
				(int)sizeof(encoded), encoded);
	if (!error)
		error = digest_of(message, len, "(data (flags raw) (hash sha256 %b))", &data);
	if (!error)
		error = gcry_sexp_build(&made, NULL, "(sig-val (ecdsa (r %b) (s %b)))",
					(int)ECDSA_SCALAR, signature, (int)ECDSA_SCALAR,
					signature + ECDSA_SCALAR);
	if (!error)
		error = gcry_pk_verify(made, data, key);
	gcry_sexp_release(made);
	gcry_sexp_release(data);
	gcry_sexp_release(key);
	return error ? error_of(error, -OTA_EPERM) : 0;
}

void ecdsa_wipe(struct ecdsa_key *key)
{
	volatile uint8_t *p = key->secret; /* not to be left out as a store that is never read */

	for (size_t i = 0; i < ECDSA_SCALAR; i++)
		p[i] = 0;
}
