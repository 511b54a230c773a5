/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures of updates: published vectors, every wrong bit, malformed files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/ecdsa.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "image/lint.h"
#include "sign/sign_key.h"
#include "sign/signature.h"
#include "testlib.h"

#include <stdio.h>

/* RFC 6979, A.2.5: P-256 with SHA-256. */
static const char vector_x[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char vector_point[] =
	"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const struct {
	const char *message, *signature;
} vectors[] = {
	{"sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		   "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
	{"test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
		 "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
};

static struct ecdsa_key vector_key(void)
{
	struct ecdsa_key key;

	assert_int_equal(hex_decode(vector_x, key.secret, ECDSA_SCALAR), 0);
	assert_int_equal(ecdsa_complete(&key), 0);
	return key;
}

static void test_vectors(void **state)
{
	const struct ecdsa_key key = vector_key();
	uint8_t wanted[ECDSA_SIGNATURE], point[ECDSA_POINT], got[ECDSA_SIGNATURE];

	(void)state;
	assert_int_equal(hex_decode(vector_point, point, sizeof(point)), 0);
	assert_memory_equal(key.point, point, sizeof(point));
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *m = vectors[i].message;

		assert_int_equal(hex_decode(vectors[i].signature, wanted, sizeof(wanted)), 0);
		assert_int_equal(ecdsa_sign(&key, m, strlen(m), got), 0);
		assert_memory_equal(got, wanted, sizeof(wanted));
		assert_int_equal(ecdsa_verify(point, m, strlen(m), wanted), 0);
	}
}

/* The statement of a built image, and its bytes. */
static struct ota_statement statement_of(const struct image_build *build,
					 uint8_t ret[OTA_STATEMENT_SIZE])
{
	const size_t room = image_build_size(build->size);
	uint8_t *bytes = malloc(room);
	struct ota_statement statement;
	struct lint_report report;
	struct image image;
	size_t size = 0;

	assert_non_null(bytes);
	assert_int_equal(image_build(build, sha256_buffer, bytes, room, &size), 0);
	assert_int_equal(image_read(bytes, size, sha256_buffer, &image, &report), 0);
	assert_int_equal(signature_statement(&image, &statement), 0);
	ota_statement_pack(&statement, ret);
	/* A device takes the texts from the image's first bytes. */
	assert_memory_equal(bytes + 32 + 48, statement.project, OTA_STATEMENT_TEXT);
	assert_memory_equal(bytes + 32 + 16, statement.version, OTA_STATEMENT_TEXT);
	assert_int_equal(statement.image_size, size);
	free(bytes);
	return statement;
}

static const struct image_build sample = {
	.chip_id = 5,
	.size = 4096,
	.version = "2.1.0",
	.project = "gateway",
	.seed = 1,
};

/* A bit of the signature or of any field, and it is nobody's signature. */
static void test_every_bit(void **state)
{
	const struct ecdsa_key key = vector_key();
	uint8_t bytes[OTA_STATEMENT_SIZE], signature[ECDSA_SIGNATURE];

	(void)state;
	(void)statement_of(&sample, bytes);
	assert_memory_equal(bytes, OTA_STATEMENT_LABEL, OTA_STATEMENT_LABEL_SIZE);
	assert_int_equal(ecdsa_sign(&key, bytes, sizeof(bytes), signature), 0);
	assert_int_equal(ecdsa_verify(key.point, bytes, sizeof(bytes), signature), 0);
	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(ecdsa_verify(key.point, bytes, sizeof(bytes), signature),
				 -OTA_EPERM);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(ecdsa_verify(key.point, bytes, sizeof(bytes), signature),
				 -OTA_EPERM);
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Numbers that no signature has: 0, the group's order, all ones. */
static void test_no_numbers(void **state)
{
	static const char order[] =
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	const struct ecdsa_key key = vector_key();
	uint8_t numbers[3][ECDSA_SCALAR] = {{0}};
	struct ecdsa_key other;

	(void)state;
	assert_int_equal(hex_decode(order, numbers[1], ECDSA_SCALAR), 0);
	memset(numbers[2], 0xff, ECDSA_SCALAR);
	for (size_t r = 0; r < 3; r++) {
		for (size_t s = 0; s < 3; s++) {
			uint8_t signature[ECDSA_SIGNATURE];

			memcpy(signature, numbers[r], ECDSA_SCALAR);
			memcpy(signature + ECDSA_SCALAR, numbers[s], ECDSA_SCALAR);
			assert_int_equal(ecdsa_verify(key.point, "", 0, signature), -OTA_EPERM);
		}
		memcpy(other.secret, numbers[r], ECDSA_SCALAR);
		assert_int_equal(ecdsa_complete(&other), -OTA_EINVAL);
	}
	memset(other.point, 1, sizeof(other.point));
	assert_int_equal(ecdsa_check_point(other.point), -OTA_EINVAL);
	assert_int_equal(ecdsa_check_point(key.point), 0);
}

static void test_new_keys_differ(void **state)
{
	uint8_t signature[ECDSA_SIGNATURE];
	struct ecdsa_key a, b, again;

	(void)state;
	assert_int_equal(ecdsa_generate(&a), 0);
	assert_int_equal(ecdsa_generate(&b), 0);
	assert_memory_not_equal(a.secret, b.secret, ECDSA_SCALAR);
	again = a;
	assert_int_equal(ecdsa_complete(&again), 0);
	assert_memory_equal(again.point, a.point, ECDSA_POINT);
	assert_int_equal(ecdsa_sign(&a, "x", 1, signature), 0);
	assert_int_equal(ecdsa_verify(a.point, "x", 1, signature), 0);
	assert_int_equal(ecdsa_verify(b.point, "x", 1, signature), -OTA_EPERM);
	ecdsa_wipe(&again);
	memset(b.secret, 0, ECDSA_SCALAR);
	assert_memory_equal(again.secret, b.secret, ECDSA_SCALAR);
}

/* Every text of 32 bytes that fills its field, and what stands behind a shorter one's end. */
static void test_texts(void **state)
{
	uint8_t full[OTA_STATEMENT_TEXT], got[OTA_STATEMENT_TEXT],
		wanted[OTA_STATEMENT_TEXT] = "v1";

	(void)state;
	memset(full, 'x', sizeof(full));
	ota_statement_text(got, full);
	assert_memory_equal(got, full, sizeof(full));
	memcpy(full, "v1", 3);
	ota_statement_text(got, full);
	assert_memory_equal(got, wanted, sizeof(wanted));
}

/* Numbers of all lengths there and back; and each file that is cut or has one wrong byte. */
static void test_der(void **state)
{
	uint8_t signature[OTA_SIGNATURE_SIZE], der[SIGNATURE_DER_MOST], back[OTA_SIGNATURE_SIZE];
	size_t len = 0;

	(void)state;
	for (size_t zeros = 0; zeros < 32; zeros++) {
		for (unsigned int top = 1; top < 0x100; top += 0x7f) {
			memset(signature, 0x5a, sizeof(signature));
			memset(signature, 0, zeros);
			signature[zeros] = (uint8_t)top;
			signature[32] = (uint8_t)top;
			len = signature_to_der(signature, der);
			assert_in_range(len, 8, SIGNATURE_DER_MOST);
			assert_int_equal(signature_from_der(der, len, back), 0);
			assert_memory_equal(back, signature, sizeof(signature));
		}
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(signature_from_der(der, cut, back), -OTA_EBADMSG);
	for (size_t at = 0; at < len; at++) {
		der[at] ^= 0x80;
		/* A changed number is another signature; a changed frame is none. */
		if (signature_from_der(der, len, back) == 0)
			assert_memory_not_equal(back, signature, sizeof(signature));
		der[at] ^= 0x80;
	}
}

static int wrong_passphrase(void *ctx, const char *path, char *buf)
{
	(void)path;
	(void)snprintf(buf, SIGN_PASSPHRASE, "%s", (const char *)ctx);
	return 0;
}

static int no_passphrase(void *ctx, const char *path, char *buf)
{
	(void)ctx;
	(void)path;
	(void)buf;
	return -OTA_ECANCELED;
}

static void test_pem(void **state)
{
	struct sign_key key = {.secret = true}, back;
	char error[256], open[] = "open sesame";
	char *pem, *locked, *public;

	(void)state;
	key.pair = vector_key();
	pem = sign_key_private_pem(&key, "");
	locked = sign_key_private_pem(&key, "open sesame");
	public = sign_key_public_pem(&key);
	assert_true(pem && locked && public);

	assert_int_equal(
		sign_key_parse(&back, pem, strlen(pem), "k", NULL, NULL, error, sizeof(error)), 0);
	assert_true(back.secret);
	assert_memory_equal(&back.pair, &key.pair, sizeof(key.pair));
	assert_int_equal(sign_key_parse(&back, public, strlen(public), "k", NULL, NULL, error,
					sizeof(error)),
			 0);
	assert_false(back.secret);
	assert_memory_equal(back.pair.point, key.pair.point, ECDSA_POINT);

	assert_int_equal(sign_key_parse(&back, locked, strlen(locked), "k", NULL, NULL, error,
					sizeof(error)),
			 -OTA_EPERM);
	assert_int_equal(sign_key_parse(&back, locked, strlen(locked), "k", no_passphrase, NULL,
					error, sizeof(error)),
			 -OTA_ECANCELED);
	assert_string_equal(error, "");
	assert_int_equal(sign_key_parse(&back, locked, strlen(locked), "k", wrong_passphrase,
					(char[]){"shut"}, error, sizeof(error)),
			 -OTA_EPERM);
	assert_string_equal(error, "k: wrong passphrase");
	assert_int_equal(sign_key_parse(&back, locked, strlen(locked), "k", wrong_passphrase, open,
					error, sizeof(error)),
			 0);
	assert_memory_equal(&back.pair, &key.pair, sizeof(key.pair));

	/* Cut anywhere before its last line: no key. */
	for (size_t cut = 0; cut < strlen(pem) - 26; cut += 3)
		assert_int_equal(
			sign_key_parse(&back, pem, cut, "k", NULL, NULL, error, sizeof(error)),
			-OTA_EBADMSG);
	free(pem);
	free(locked);
	free(public);
}

static void test_documented(void **state)
{
	static const char hash[] =
		"3c398df35d063d1ad98912548f5bd628674f8a5208044a3961f6624542e4ff52";
	struct ota_statement statement = {.chip_id = 5, .secure_version = 3, .image_size = 48};
	uint8_t bytes[OTA_STATEMENT_SIZE], signature[OTA_SIGNATURE_SIZE];
	uint8_t wanted[OTA_STATEMENT_SIZE], wanted_signature[OTA_SIGNATURE_SIZE];
	const struct ecdsa_key key = vector_key();

	(void)state;
	memcpy(statement.project, "demo", 4);
	memcpy(statement.version, "1.2.3", 5);
	assert_int_equal(hex_decode(hash, statement.sha256, OTA_SHA256_SIZE), 0);
	assert_int_equal(test_doc_block("statement", wanted, sizeof(wanted)), 0);
	assert_int_equal(test_doc_block("signature", wanted_signature, sizeof(wanted_signature)),
			 0);
	ota_statement_pack(&statement, bytes);
	assert_memory_equal(bytes, wanted, sizeof(wanted));
	assert_int_equal(ecdsa_sign(&key, bytes, sizeof(bytes), signature), 0);
	assert_memory_equal(signature, wanted_signature, sizeof(wanted_signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),	   cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_new_keys_differ),
		cmocka_unit_test(test_texts),	   cmocka_unit_test(test_der),
		cmocka_unit_test(test_pem),	   cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
