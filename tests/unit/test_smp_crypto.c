/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Security Manager's toolbox against the samples of the Core Specification:
 * Vol 3 Part H 2.2.3 and 2.2.4, appendix D, and Vol 2 Part G 7.1.2 for P-256.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "air/smp_crypto.h"

#define PUBLIC_A_X "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6"
#define PUBLIC_A_Y "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b"
#define PUBLIC_B_X "1ea1f0f01faf1d9609592284f19e4c0047b58afd8615a69f559077b22faaa190"
#define PUBLIC_B_Y "4c55f33e429dad377356703a9ab85160472d1130e28e36765f89aff915b1214a"
#define PRIVATE_A "3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd"
#define PRIVATE_B "55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd"
#define DHKEY "ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698"
#define N1 "d5cb8454d177733effffb2ec712baeab"
#define N2 "a6e8e7cc25a75f6e216583f7ff3dc4cf"
#define MAC_KEY "2965f176a1084a02fd3f6a20ce636e20"
/* Type first, as the specification prints them. */
#define A1 "00561237 37bfce"
#define A2 "00a713702dcfc1"

static unsigned int nibble(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Printed most significant octet first; returns a buffer of the next few calls. */
static const uint8_t *number(const char *text)
{
	static uint8_t buffers[16][64];
	static unsigned int next;
	uint8_t *ret = buffers[next++ % 16];
	char digits[129];
	size_t len = 0;

	for (; *text; text++)
		if (*text != ' ')
			digits[len++] = *text;
	for (size_t i = 0; i < len / 2; i++)
		ret[i] = (uint8_t)(nibble(digits[len - 2 * i - 2]) << 4 |
				   nibble(digits[len - 2 * i - 1]));
	return ret;
}

static void assert_number(const uint8_t *value, const char *text, size_t len)
{
	assert_memory_equal(value, number(text), len);
}

static void test_c1(void **state)
{
	struct smp_pairing pairing;
	uint8_t ret[SMP_BLOCK];

	(void)state;
	memcpy(pairing.request, number("07071000000101"), SMP_FEATURES);
	memcpy(pairing.response, number("05000800000302"), SMP_FEATURES);
	memcpy(pairing.initiator, number("01a1a2a3a4a5a6"), SMP_ADDRESS);
	memcpy(pairing.responder, number("00b1b2b3b4b5b6"), SMP_ADDRESS);
	assert_int_equal(smp_c1(number("00000000000000000000000000000000"),
				number("5783d52156ad6f0e6388274ec6702ee0"), &pairing, ret),
			 0);
	assert_number(ret, "1e1e3fef878988ead2a74dc5bef13b86", SMP_BLOCK);
}

static void test_s1(void **state)
{
	uint8_t ret[SMP_BLOCK];

	(void)state;
	assert_int_equal(smp_s1(number("00000000000000000000000000000000"),
				number("000f0e0d0c0b0a091122334455667788"),
				number("010203040506070899aabbccddeeff00"), ret),
			 0);
	assert_number(ret, "9a1fe1f0e8b0f49b5b4216ae796da062", SMP_BLOCK);
}

static void test_f4(void **state)
{
	uint8_t ret[SMP_BLOCK];

	(void)state;
	assert_int_equal(smp_f4(number(PUBLIC_A_X), number(PRIVATE_B), number(N1), 0, ret), 0);
	assert_number(ret, "f2c916f107a9bd1cf1eda1bea974872d", SMP_BLOCK);
}

static void test_f5(void **state)
{
	uint8_t mac[SMP_BLOCK], ltk[SMP_BLOCK];

	(void)state;
	assert_int_equal(
		smp_f5(number(DHKEY), number(N1), number(N2), number(A1), number(A2), mac, ltk), 0);
	assert_number(mac, MAC_KEY, SMP_BLOCK);
	assert_number(ltk, "6986791169d7cd23980522b594750a38", SMP_BLOCK);
}

static void test_f6(void **state)
{
	uint8_t ret[SMP_BLOCK];

	(void)state;
	assert_int_equal(smp_f6(number(MAC_KEY), number(N1), number(N2),
				number("12a3343bb453bb5408da42d20c2d0fc8"), number("010102"),
				number(A1), number(A2), ret),
			 0);
	assert_number(ret, "e3c473989cd0e8c5d26c0b09da958f61", SMP_BLOCK);
}

static void test_p256(void **state)
{
	static const struct {
		const char *key, *x, *y, *peer_x, *peer_y;
	} rows[] = {
		{PRIVATE_A, PUBLIC_A_X, PUBLIC_A_Y, PUBLIC_B_X, PUBLIC_B_Y},
		{PRIVATE_B, PUBLIC_B_X, PUBLIC_B_Y, PUBLIC_A_X, PUBLIC_A_Y},
	};
	uint8_t public[SMP_PUBLIC], secret[SMP_DHKEY];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(smp_public_key(number(rows[i].key), public), 0);
		assert_number(public, rows[i].x, 32);
		assert_number(public + 32, rows[i].y, 32);
		memcpy(public, number(rows[i].peer_x), 32);
		memcpy(public + 32, number(rows[i].peer_y), 32);
		assert_int_equal(smp_dhkey(number(rows[i].key), public, secret), 0);
		assert_number(secret, DHKEY, SMP_DHKEY);
	}
}

static void test_not_on_the_curve(void **state)
{
	uint8_t public[SMP_PUBLIC], secret[SMP_DHKEY], key[SMP_PRIVATE] = {0};

	(void)state;
	assert_int_equal(smp_public_key(number(PRIVATE_A), public), 0);
	public[40] ^= 1;
	assert_int_equal(smp_dhkey(number(PRIVATE_B), public, secret), -OTA_EBADMSG);
	memset(public, 0, sizeof(public));
	assert_int_equal(smp_dhkey(number(PRIVATE_B), public, secret), -OTA_EBADMSG);
	memset(public, 0xff, sizeof(public));
	assert_int_equal(smp_dhkey(number(PRIVATE_B), public, secret), -OTA_EBADMSG);
	/* 0, and the order of the curve's group and above, are no keys. */
	assert_int_equal(smp_public_key(key, public), -OTA_EINVAL);
	memset(key, 0xff, sizeof(key));
	assert_int_equal(smp_public_key(key, public), -OTA_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c1),
		cmocka_unit_test(test_s1),
		cmocka_unit_test(test_f4),
		cmocka_unit_test(test_f5),
		cmocka_unit_test(test_f6),
		cmocka_unit_test(test_p256),
		cmocka_unit_test(test_not_on_the_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
