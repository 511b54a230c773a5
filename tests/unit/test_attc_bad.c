/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated central's ATT client against servers that answer wrongly or ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attclib.h"

/* A server of the test's own: answers with these bytes whatever is asked. */
static void answer(const uint8_t *pdu, size_t len)
{
	attc_rig.pdu_count = 0;
	attc_input(&attc_rig.client, pdu, len);
}

#define ANSWER(...) answer((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_bad_discovery(void **state)
{
	(void)state;
	/* Services: wrong lengths, handles that go back, end before start. */
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 5, 0, 0);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x00, 1, 0, 5, 0, 0, 0x18);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 5, 0, 0, 0x18, 5, 0, 6, 0, 1, 0x18);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 5, 0, 4, 0, 0, 0x18);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x07, 1, 0, 5, 0, 0, 0x18, 0);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 0, 0, 0, 0, 0, 0x18);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	/* A characteristic that is told again and again, or lies outside its service. */
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(attc_discover(&attc_rig.client), 0);
		ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
		ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
		if (i == 0)
			ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
		else
			ANSWER(0x09, 0x07, 4, 0, 2, 4, 0, 0, 0x2a);
		attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	}
	/* Descriptors that go back. */
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
	ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
	ANSWER(0x01, 0x08, 4, 0, 0x0a);
	ANSWER(0x05, 0x01, 3, 0, 2, 0x29);
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x01, 0x10, 1, 0, 0x0e);
	attc_rig_last(ATTC_DISCOVERED, ATT_ERR_UNLIKELY);
}

/* More than fits: refused, not overrun. */
static void test_endless_discovery(void **state)
{
	(void)state;
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	for (uint8_t i = 1; attc_rig.note_count == 0; i++) {
		assert_in_range(i, 1, ATTC_SERVICES_MAX + 1);
		ANSWER(0x11, 0x06, i, 0, i, 0, 0, 0x18);
	}
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
	attc_rig.note_count = 0;
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
	for (uint8_t i = 2; attc_rig.note_count == 0; i = (uint8_t)(i + 2)) {
		assert_in_range(i, 2, 2 * ATTC_CHRS_MAX + 2);
		ANSWER(0x09, 0x07, i, 0, 2, (uint8_t)(i + 1), 0, 0, 0x2a);
	}
	attc_rig_last(ATTC_DISCOVERED, -OTA_EPROTO);
}

static void test_bad_answers(void **state)
{
	static const uint8_t value[30];

	(void)state;
	/* The client drops answers to no request. */
	ANSWER(0x0b, 1, 2);
	ANSWER(0x01, 0x0a, 3, 0, 1);
	ANSWER(0x1b, 3);
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	ANSWER(0x13);
	ANSWER(0x01, 0x12, 3, 0, 1);
	ANSWER(0x01, 0x0a, 3, 0);
	assert_int_equal(attc_rig.note_count, 0);
	ANSWER(0x01, 0x0a, 3, 0, 0);
	attc_rig_last(ATTC_READ, ATT_ERR_UNLIKELY);
	assert_int_equal(attc_exchange_mtu(&attc_rig.client), 0);
	ANSWER(0x03, 1);
	attc_rig_last(ATTC_MTU, -OTA_EPROTO);
	assert_int_equal(attc_exchange_mtu(&attc_rig.client), 0);
	ANSWER(0x03, 1, 0);
	assert_int_equal(attc_rig_last(ATTC_MTU, 0)->event.mtu, 23);
	/* Longer than the MTU is nothing. */
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	answer((const uint8_t[24]){0x0b}, 24);
	assert_int_equal(attc_busy(&attc_rig.client), true);
	ANSWER(0x0b);
	attc_rig_last(ATTC_READ, 0);
	/* A part that comes back changed cancels the long write. */
	assert_int_equal(attc_write(&attc_rig.client, 3, value, 30), 0);
	ANSWER(0x17, 3, 0, 0, 0, 1);
	assert_int_equal(attc_rig.pdu_count, 1);
	assert_memory_equal(attc_rig.pdus[attc_rig.pdu_first].bytes, "\x18\x00", 2);
	ANSWER(0x19);
	attc_rig_last(ATTC_WRITTEN, -OTA_EPROTO);
	/* An endless value. */
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	answer((const uint8_t[23]){0x0b}, 23);
	for (unsigned int i = 0; attc_busy(&attc_rig.client); i++) {
		assert_in_range(i, 0, 24);
		answer((const uint8_t[23]){0x0d}, 23);
	}
	attc_rig_last(ATTC_READ, -OTA_EPROTO);
}

static void test_server_asks(void **state)
{
	(void)state;
	ANSWER(0x02, 0x17, 0);
	assert_int_equal(attc_rig.pdu_count, 1);
	assert_int_equal(attc_rig.pdus[attc_rig.pdu_first].len, 5);
	assert_memory_equal(attc_rig.pdus[attc_rig.pdu_first].bytes, "\x01\x02\x00\x00\x06", 5);
	attc_rig.pdu_count = 0;
	ANSWER(0x52, 3, 0, 1);
	ANSWER(0x1e);
	attc_input(&attc_rig.client, NULL, 0);
	assert_int_equal(attc_rig.pdu_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTC_TEST(test_bad_discovery),
		ATTC_TEST(test_endless_discovery),
		ATTC_TEST(test_bad_answers),
		ATTC_TEST(test_server_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
