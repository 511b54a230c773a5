/* SPDX-License-Identifier: Apache-2.0 */
/* See sign_key.h. */
#include "config.h" /* system extensions: memmem() */

#include "sign/sign_key.h"

#include "base/hex.h"
#include "base/sha256.h"
#include "sign/sign_file.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	const char *text, *name;
	size_t len;
	char *error;
	size_t size;
};

static int key_says(const struct source *s, int code, const char *what)
{
	(void)snprintf(s->error, s->size, "%s: %s", s->name, what);
	return code;
}

static bool holds(const struct source *s, const char *label)
{
	return memmem(s->text, s->len, label, strlen(label)) != NULL;
}

/* A number of the ASN.1 kind, which may have a zero in front, at the end of 32 bytes. */
static int take(uint8_t ret[ECDSA_SCALAR], const gnutls_datum_t *from)
{
	const unsigned char *p = from->data;
	unsigned int len = from->size;

	for (; len > ECDSA_SCALAR && *p == 0; len--)
		p++;
	if (len > ECDSA_SCALAR)
		return -OTA_EINVAL;
	memset(ret, 0, ECDSA_SCALAR - len);
	memcpy(ret + ECDSA_SCALAR - len, p, len);
	return 0;
}

static int key_error(const struct source *s, int gnutls, bool encrypted)
{
	if (gnutls == GNUTLS_E_MEMORY_ERROR)
		return key_says(s, -OTA_ENOMEM, "out of memory");
	if (encrypted && gnutls == GNUTLS_E_DECRYPTION_FAILED)
		return key_says(s, -OTA_EPERM, "wrong passphrase");
	return key_says(s, -OTA_EBADMSG, "expected a key as PEM");
}

/* The parts of a key of whichever kind, once it is known to be one. */
static int take_parts(struct sign_key *ret, const struct source *s, gnutls_ecc_curve_t curve,
		      const gnutls_datum_t *x, const gnutls_datum_t *y, const gnutls_datum_t *k)
{
	int r = curve == GNUTLS_ECC_CURVE_SECP256R1 ? 0 : -OTA_EINVAL;

	if (r == 0)
		r = take(ret->pair.point, x);
	if (r == 0)
		r = take(ret->pair.point + ECDSA_SCALAR, y);
	if (r == 0 && k)
		r = take(ret->pair.secret, k);
	ret->secret = k != NULL;
	/* The public half that a file claims for its secret is not believed. */
	if (r == 0)
		r = k ? ecdsa_complete(&ret->pair) : ecdsa_check_point(ret->pair.point);
	if (r == -OTA_ENOMEM)
		return key_says(s, r, "out of memory");
	return r == 0 ? 0
		      : key_says(s, -OTA_EBADMSG, "expected an ECDSA key on P-256 (prime256v1)");
}

static void release(gnutls_datum_t *datum)
{
	if (datum->data)
		gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
}

static int parse_private(struct sign_key *ret, const struct source *s, const char *passphrase)
{
	const gnutls_datum_t pem = {(unsigned char *)(uintptr_t)s->text, (unsigned int)s->len};
	gnutls_datum_t x = {NULL, 0}, y = {NULL, 0}, k = {NULL, 0};
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_x509_privkey_t key = NULL;
	int e = gnutls_x509_privkey_init(&key), r;

	if (e >= 0)
		e = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, passphrase, 0);
	if (e >= 0 && gnutls_x509_privkey_get_pk_algorithm(key) == GNUTLS_PK_ECDSA)
		e = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k);
	r = e < 0 ? key_error(s, e, passphrase != NULL) : take_parts(ret, s, curve, &x, &y, &k);
	release(&x);
	release(&y);
	release(&k);
	if (key)
		gnutls_x509_privkey_deinit(key);
	return r;
}

static int parse_public(struct sign_key *ret, const struct source *s)
{
	const gnutls_datum_t pem = {(unsigned char *)(uintptr_t)s->text, (unsigned int)s->len};
	gnutls_datum_t x = {NULL, 0}, y = {NULL, 0};
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_pubkey_t key = NULL;
	int e = gnutls_pubkey_init(&key), r;

	if (e >= 0)
		e = gnutls_pubkey_import(key, &pem, GNUTLS_X509_FMT_PEM);
	if (e >= 0 && gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA)
		e = gnutls_pubkey_export_ecc_raw2(key, &curve, &x, &y, 0);
	r = e < 0 ? key_error(s, e, false) : take_parts(ret, s, curve, &x, &y, NULL);
	release(&x);
	release(&y);
	if (key)
		gnutls_pubkey_deinit(key);
	return r;
}

static int parse_encrypted(struct sign_key *ret, const struct source *s, sign_ask_fn *ask,
			   void *ctx)
{
	char passphrase[SIGN_PASSPHRASE] = "";
	int r;

	if (!ask)
		return key_says(s, -OTA_EPERM, "encrypted: needs its passphrase");
	r = ask(ctx, s->name, passphrase);
	if (r == 0)
		r = parse_private(ret, s, passphrase);
	else
		s->error[0] = '\0';
	gnutls_memset(passphrase, 0, sizeof(passphrase));
	return r;
}

int sign_key_parse(struct sign_key *ret, const char *text, size_t len, const char *name,
		   sign_ask_fn *ask, void *ctx, char *error, size_t size)
{
	const struct source s = {text, name, len, error, size};

	memset(ret, 0, sizeof(*ret));
	error[0] = '\0';
	if (holds(&s, "-----BEGIN PUBLIC KEY-----"))
		return parse_public(ret, &s);
	if (holds(&s, "-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
	    holds(&s, "Proc-Type: 4,ENCRYPTED"))
		return parse_encrypted(ret, &s, ask, ctx);
	if (holds(&s, "PRIVATE KEY-----"))
		return parse_private(ret, &s, NULL);
	return key_says(&s, -OTA_EBADMSG, "expected a key as PEM");
}

int sign_key_read(struct sign_key *ret, const char *path, sign_ask_fn *ask, void *ctx, char *error,
		  size_t size)
{
	char text[SIGN_FILE_MOST];
	int r = sign_file_read(path, text, sizeof(text), error, size);

	memset(ret, 0, sizeof(*ret));
	if (r >= 0)
		r = sign_key_parse(ret, text, (size_t)r, path, ask, ctx, error, size);
	gnutls_memset(text, 0, sizeof(text));
	return r;
}

/* A copy that free() takes, of what GnuTLS allocated. */
static char *copy_text(gnutls_datum_t *from)
{
	char *text = from->data ? malloc((size_t)from->size + 1) : NULL;

	if (text) {
		memcpy(text, from->data, from->size);
		text[from->size] = '\0';
	}
	release(from);
	return text;
}

char *sign_key_private_pem(const struct sign_key *key, const char *passphrase)
{
	const bool encrypt = passphrase && passphrase[0] != '\0';
	uint8_t numbers[ECDSA_POINT + ECDSA_SCALAR];
	gnutls_datum_t x = {numbers, ECDSA_SCALAR}, y = {numbers + ECDSA_SCALAR, ECDSA_SCALAR};
	gnutls_datum_t k = {numbers + ECDSA_POINT, ECDSA_SCALAR}, out = {NULL, 0};
	gnutls_x509_privkey_t made = NULL;
	int e = gnutls_x509_privkey_init(&made);

	memcpy(numbers, key->pair.point, ECDSA_POINT);
	memcpy(numbers + ECDSA_POINT, key->pair.secret, ECDSA_SCALAR);
	if (e >= 0)
		e = gnutls_x509_privkey_import_ecc_raw(made, GNUTLS_ECC_CURVE_SECP256R1, &x, &y,
						       &k);
	if (e >= 0)
		(void)gnutls_x509_privkey_export2_pkcs8(
			made, GNUTLS_X509_FMT_PEM, encrypt ? passphrase : NULL,
			encrypt ? GNUTLS_PKCS_PBES2_AES_256 : GNUTLS_PKCS_PLAIN, &out);
	gnutls_memset(numbers, 0, sizeof(numbers));
	if (made)
		gnutls_x509_privkey_deinit(made);
	return copy_text(&out);
}

char *sign_key_public_pem(const struct sign_key *key)
{
	uint8_t numbers[ECDSA_POINT];
	const gnutls_datum_t x = {numbers, ECDSA_SCALAR};
	const gnutls_datum_t y = {numbers + ECDSA_SCALAR, ECDSA_SCALAR};
	gnutls_datum_t out = {NULL, 0};
	gnutls_pubkey_t made = NULL;
	int e = gnutls_pubkey_init(&made);

	memcpy(numbers, key->pair.point, ECDSA_POINT);
	if (e >= 0)
		e = gnutls_pubkey_import_ecc_raw(made, GNUTLS_ECC_CURVE_SECP256R1, &x, &y);
	if (e >= 0)
		(void)gnutls_pubkey_export2(made, GNUTLS_X509_FMT_PEM, &out);
	if (made)
		gnutls_pubkey_deinit(made);
	return copy_text(&out);
}

char *sign_key_id(const struct sign_key *key, char buf[SIGN_KEY_ID])
{
	uint8_t digest[OTA_SHA256_SIZE];

	sha256_buffer(key->pair.point, ECDSA_POINT, digest);
	return hex_encode(digest, (SIGN_KEY_ID - 1) / 2, buf);
}

char *sign_key_point(const struct sign_key *key, char buf[SIGN_KEY_POINT])
{
	return hex_encode(key->pair.point, ECDSA_POINT, buf);
}

void sign_key_finish(struct sign_key *key)
{
	ecdsa_wipe(&key->pair);
	key->secret = false;
}
