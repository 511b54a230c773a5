/* SPDX-License-Identifier: Apache-2.0 */
/* See secure_boot.h. */
#include "sign/secure_boot.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "image/image_format.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <zlib.h>

#define AT_DIGEST 4u
#define AT_CRC 1196u
#define RSA_BYTES 384u
#define AT_RSA_N 36u
#define AT_RSA_E (AT_RSA_N + RSA_BYTES)
#define AT_RSA_END 812u /* of what the eFuse's digest is made of */
#define AT_RSA_SIGNATURE 812u
#define NUMBER_MOST 48u /* bytes of a coordinate on P-384 */
#define SHA384 48u

/* An ECDSA block: where its parts are depends on the digest, their length on the curve. */
struct curve {
	uint8_t id;
	gnutls_ecc_curve_t curve;
	gnutls_sign_algorithm_t sign;
	unsigned int number; /* bytes of a coordinate */
	unsigned int field; /* bytes that a pair has in the block */
	unsigned int digest;
};
static const struct curve curves[] = {
	{1, GNUTLS_ECC_CURVE_SECP192R1, GNUTLS_SIGN_ECDSA_SHA256, 24, 64, OTA_SHA256_SIZE},
	{2, GNUTLS_ECC_CURVE_SECP256R1, GNUTLS_SIGN_ECDSA_SHA256, 32, 64, OTA_SHA256_SIZE},
	{3, GNUTLS_ECC_CURVE_SECP384R1, GNUTLS_SIGN_ECDSA_SHA384, 48, 96, SHA384},
};

static bool is_rsa(const uint8_t *block)
{
	return block[1] == IMAGE_SIG_V2_RSA;
}

static const struct curve *curve_of(const uint8_t *block)
{
	const unsigned int digest = block[2] == 1 ? SHA384 : OTA_SHA256_SIZE;

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].digest == digest && curves[i].id == block[AT_DIGEST + digest])
			return &curves[i];
	return NULL;
}

/* Little-endian in the block, as the chips' peripherals take numbers. */
static void turn(uint8_t *ret, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = from[len - 1 - i];
}

/* Returns true if ASN.1's number, which may have zeros in front, equals the block's. */
static bool same(const gnutls_datum_t *number, const uint8_t *little, size_t len)
{
	for (size_t i = 0; i < len || i < number->size; i++) {
		const uint8_t a = i < number->size ? number->data[number->size - 1 - i] : 0;
		const uint8_t b = i < len ? little[i] : 0;

		if (a != b)
			return false;
	}
	return true;
}

/* The chip trusts the key in the block, by its digest: another key's signature beside it would
 * not do. */
static bool holds_key(const uint8_t *block, const struct curve *curve, gnutls_pubkey_t key)
{
	const uint8_t *point = block + AT_DIGEST + (curve ? curve->digest + 1 : 0);
	gnutls_ecc_curve_t which = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t a = {NULL, 0}, b = {NULL, 0};
	bool held = false;

	if (is_rsa(block) && gnutls_pubkey_export_rsa_raw(key, &a, &b) >= 0)
		held = same(&a, block + AT_RSA_N, RSA_BYTES) && same(&b, block + AT_RSA_E, 4);
	else if (curve && gnutls_pubkey_export_ecc_raw(key, &which, &a, &b) >= 0)
		held = which == curve->curve && same(&a, point, curve->number) &&
		       same(&b, point + curve->number, curve->number);
	gnutls_free(a.data);
	gnutls_free(b.data);
	return held;
}

static int verify_rsa(const uint8_t *block, gnutls_pubkey_t key, const gnutls_datum_t *digest)
{
	uint8_t signature[RSA_BYTES];
	const gnutls_datum_t given = {signature, sizeof(signature)};

	turn(signature, block + AT_RSA_SIGNATURE, sizeof(signature));
	return gnutls_pubkey_verify_hash2(key, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0, digest, &given);
}

static int verify_ecdsa(const uint8_t *block, const struct curve *curve, gnutls_pubkey_t key,
			const gnutls_datum_t *digest)
{
	const uint8_t *pair = block + AT_DIGEST + curve->digest + 1 + curve->field;
	uint8_t r[1 + NUMBER_MOST] = {0}, s[1 + NUMBER_MOST] = {0}; /* a zero: not negative */
	const gnutls_datum_t numbers[] = {{r, 1 + curve->number}, {s, 1 + curve->number}};
	gnutls_datum_t der = {NULL, 0};
	int e;

	turn(r + 1, pair, curve->number);
	turn(s + 1, pair + curve->number, curve->number);
	e = gnutls_encode_rs_value(&der, &numbers[0], &numbers[1]);
	if (e >= 0)
		e = gnutls_pubkey_verify_hash2(key, curve->sign, GNUTLS_VERIFY_ALLOW_BROKEN, digest,
					       &der);
	gnutls_free(der.data);
	return e;
}

static enum secure_boot_block judge(const struct image *image, const uint8_t *block,
				    gnutls_pubkey_t key)
{
	const struct curve *curve = is_rsa(block) ? NULL : curve_of(block);
	const bool long_digest = curve && curve->digest == SHA384;
	uint8_t digest[SHA384];
	const gnutls_datum_t made = {digest, long_digest ? SHA384 : OTA_SHA256_SIZE};

	if ((!is_rsa(block) && !curve) || crc32(0, block, AT_CRC) != bytes_get32(block + AT_CRC) ||
	    gnutls_hash_fast(long_digest ? GNUTLS_DIG_SHA384 : GNUTLS_DIG_SHA256, image->data,
			     image->signature_offset, digest) < 0 ||
	    memcmp(digest, block + AT_DIGEST, made.size) != 0)
		return SECURE_BOOT_DAMAGED;
	if (!holds_key(block, curve, key))
		return SECURE_BOOT_OTHER_KEY;
	return (curve ? verify_ecdsa(block, curve, key, &made) : verify_rsa(block, key, &made)) < 0
		       ? SECURE_BOOT_DAMAGED
		       : SECURE_BOOT_SIGNED;
}

static void digest_key(const uint8_t *block, uint8_t ret[OTA_SHA256_SIZE])
{
	const struct curve *curve = is_rsa(block) ? NULL : curve_of(block);

	if (is_rsa(block))
		sha256_buffer(block + AT_RSA_N, AT_RSA_END - AT_RSA_N, ret);
	else if (curve)
		sha256_buffer(block + AT_DIGEST + curve->digest, 1 + (size_t)curve->field, ret);
}

/* Reads a public key, or the public half of a private one. */
static int read_key(gnutls_pubkey_t key, const char *pem, size_t len)
{
	const gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem, (unsigned int)len};
	gnutls_x509_privkey_t secret = NULL;
	gnutls_privkey_t half = NULL;
	int e = gnutls_pubkey_import(key, &text, GNUTLS_X509_FMT_PEM);

	if (e >= 0)
		return 0;
	e = gnutls_x509_privkey_init(&secret);
	if (e >= 0)
		e = gnutls_x509_privkey_import2(secret, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (e >= 0)
		e = gnutls_privkey_init(&half);
	if (e >= 0)
		e = gnutls_privkey_import_x509(half, secret, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (e >= 0)
		e = gnutls_pubkey_import_privkey(key, half, 0, 0);
	if (half)
		gnutls_privkey_deinit(half);
	if (secret)
		gnutls_x509_privkey_deinit(secret);
	return e == GNUTLS_E_MEMORY_ERROR ? -OTA_ENOMEM : e < 0 ? -OTA_EBADMSG : 0;
}

int secure_boot_check(const struct image *image, const char *pem, size_t len,
		      struct secure_boot *ret)
{
	gnutls_pubkey_t key = NULL;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (gnutls_pubkey_init(&key) < 0)
		return -OTA_ENOMEM;
	r = read_key(key, pem, len);
	if (r == 0 && image->signature == IMAGE_SIGNATURE_V2)
		ret->count = image->signature_blocks;
	for (unsigned int i = 0; i < ret->count; i++) {
		const uint8_t *block =
			image->data + image->signature_offset + (size_t)i * IMAGE_SIG_V2_BLOCK;

		ret->blocks[i] = judge(image, block, key);
		digest_key(block, ret->digests[i]);
		ret->is_signed |= ret->blocks[i] == SECURE_BOOT_SIGNED;
	}
	gnutls_pubkey_deinit(key);
	return r;
}

const char *secure_boot_text(enum secure_boot_block block)
{
	switch (block) {
	case SECURE_BOOT_DAMAGED:
		return "damaged, or not of these bytes";
	case SECURE_BOOT_OTHER_KEY:
		return "signed by another key";
	case SECURE_BOOT_SIGNED:
		return "signed by this key";
	}
	return "unknown";
}
