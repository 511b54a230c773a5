/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against events that come late, and against devices
 * that break the protocol: they end in a name and never in a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

static void sending(uint32_t size, uint32_t limit)
{
	play_init(&r, SESSION_UPDATE, size);
	play_start(&r);
	play_sending(&r, 23, 0, limit);
}

/* --- what comes late or from nowhere */

static void test_late_events(void **state)
{
	const uint8_t value[] = {0x07, 1, 2, 3};

	(void)state;
	sending(60, 60);
	play_lost(&r, GATT_SUPERVISION);
	play_skip(&r);
	session_rx(&r.s, value, sizeof(value), r.now);
	play_written(&r, GATT_CONTROL);
	play_written(&r, GATT_DATA);
	session_writable(&r.s, r.now);
	play_discovered(&r, PLAY_FULL);
	session_subscribed(&r.s, 0, r.now);
	session_read(&r.s, GATT_INFO, 0, value, sizeof(value), r.now);
	play_expect_none(&r);
	assert_int_equal(r.s.state, SESSION_WAITING);
	/* A connect() that was given up succeeds after all. */
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "disconnect");
	play_lost(&r, GATT_BY_HOST);
	play_pass(&r, 500);
	play_expect(&r, "connect");
	play_end(&r);
	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	session_cancel(&r.s, r.now);
	play_skip(&r);
	session_connected(&r.s, 247, r.now);
	play_lost(&r, GATT_BY_HOST);
	play_pass(&r, 60000);
	session_start(&r.s, r.now);
	session_cancel(&r.s, r.now);
	session_pause(&r.s, r.now);
	session_resume(&r.s, r.now);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_expect_none(&r);
	play_end(&r);
}

/* --- devices that break the protocol */

static const struct {
	const char *bytes;
	enum session_outcome outcome; /* NO_OUTCOME: ignored */
} broken[] = {
	{"07", SESSION_PROTOCOL}, /* each PDU, one byte short */
	{"07 0000 0000 0000 0000 0000 00", SESSION_PROTOCOL},
	{"08 0120 12000000", SESSION_PROTOCOL},
	{"09 00 0800 0000 f401 02 02 fb00 fb00 f2", SESSION_PROTOCOL},
	{"0a 00 0000 00 00 0000 00000000 0000 0000 0000", SESSION_PROTOCOL},
	{"02 08 00 000000", SESSION_PROTOCOL},
	{"03 28000000 01 2c01 a0a1a2a3a4a5a6", SESSION_PROTOCOL},
	{"04 01 00000000 001000", SESSION_PROTOCOL},
	{"05 02 00000000 00000000 00000000 00 00", SESSION_PROTOCOL},
	{"06 05", SESSION_PROTOCOL},
	{"01 00000000 28000000 0002 0004 00 00", SESSION_PROTOCOL},
	{"07 ffffffff 00000000 ffffffff", SESSION_PROTOCOL}, /* received what was not sent */
	{"07 12000000 24000000 3c000000", SESSION_PROTOCOL}, /* flushed what was not received */
	{"07 12000000 00000000 11000000", SESSION_PROTOCOL}, /* limit before received */
	{"07 12000000 00000000 3d000000", SESSION_PROTOCOL}, /* limit past the end */
	{"08 0120 3d000000 01", SESSION_PROTOCOL}, /* gap past what was sent */
	{"ff 01 02", SESSION_NO_OUTCOME}, /* a later version's */
	{"00", SESSION_NO_OUTCOME},
	{"03 3c000000 01 2c01 a0a1a2a3a4a5a6a7", SESSION_PROTOCOL}, /* DONE before END */
	{"01 00000000 3c000000 0002 0004 00 0000", SESSION_NO_OUTCOME}, /* a second READY */
};

static void test_broken_notifications(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		sending(60, 60);
		play_skip(&r);
		play_rx(&r, broken[i].bytes);
		if (r.s.outcome != broken[i].outcome)
			fail_msg("%s: %s", broken[i].bytes, session_outcome_name(r.s.outcome));
		if (broken[i].outcome == SESSION_NO_OUTCOME)
			assert_int_equal(r.s.state, SESSION_SENDING);
		else
			assert_int_equal(play_count(&r, "disconnect"), 1);
		/* And in words. */
		assert_int_equal(r.s.broken != NULL, broken[i].outcome != SESSION_NO_OUTCOME);
		play_end(&r);
	}
}

static void test_broken_ready(void **state)
{
	static const char *const readies[] = {
		"01 3d000000 3d000000 0002 0004 00 0000", /* offset past the end */
		"01 10000000 0f000000 0002 0004 00 0000", /* limit before offset */
		"01 00000000 3d000000 0002 0004 00 0000", /* limit past the end */
		"01 00000000 3c000000 1300 0004 00 0000", /* values of 19 bytes */
		"01", /* the basic dialect's, from a full device */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(readies) / sizeof(readies[0]); i++) {
		play_init(&r, SESSION_UPDATE, 60);
		play_start(&r);
		play_link_up(&r, 23, PLAY_FULL);
		play_skip(&r);
		play_rx(&r, readies[i]);
		assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
		play_end(&r);
	}
}

static void test_broken_done(void **state)
{
	static const char *const dones[] = {
		"03 3b000000 01 2c01 a0a1a2a3a4a5a6a7", /* another size */
		"03 3c000000 01 2c01 a0a1a2a3a4a5a6a8", /* another hash */
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sending(60, 60);
		play_rx_ack(&r, 60, 60, 60);
		play_skip(&r);
		play_rx(&r, dones[i]);
		assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
		assert_int_equal(r.s.stats.done_us, 0);
		play_end(&r);
	}
}

/* All was sent?  Not before END; least of all is a cancel answered so. */
static void test_done_without_end(void **state)
{
	(void)state;
	for (int basic = 0; basic < 2; basic++) {
		for (int cancel = 0; cancel < 2; cancel++) {
			play_init(&r, SESSION_UPDATE, 2000);
			play_start(&r);
			play_link_up(&r, 23, basic ? PLAY_BASIC : PLAY_FULL);
			play_written(&r, GATT_CONTROL);
			play_rx(&r, basic ? "01" : "01 00000000 90010000 0002 0004 00 0000");
			assert_int_equal(r.s.state, SESSION_SENDING);
			if (cancel)
				session_cancel(&r.s, r.now);
			play_rx(&r, basic ? "03" : "03 d0070000 01 2c01 a0a1a2a3a4a5a6a7");
			assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
			assert_non_null(r.s.broken);
			assert_true(r.s.stats.received <= r.s.stats.queued);
			assert_int_equal(r.s.stats.done_us, 0);
			play_end(&r);
		}
	}
	/* END waits behind a command that the stack has not answered: it is not written. */
	play_to_sending(&r);
	play_pass(&r, 2000); /* RESYNC */
	play_rx_ack(&r, 60, 0, 60);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_rx_done(&r, 60, 300);
	assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
	play_end(&r);
}

/* A link of which nothing is known must not divide by zero. */
static void test_unknown_link(void **state)
{
	(void)state;
	for (int basic = 0; basic < 2; basic++) {
		play_init(&r, SESSION_UPDATE, 2000);
		memset(&r.link, 0, sizeof(r.link));
		play_start(&r);
		play_link_up(&r, 0, basic ? PLAY_BASIC : PLAY_FULL);
		play_written(&r, GATT_CONTROL);
		play_rx(&r, basic ? "01" : "01 00000000 d0070000 0002 0004 00 0000");
		assert_int_equal(r.s.chunk, 20);
		play_end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_events),
		cmocka_unit_test(test_broken_notifications),
		cmocka_unit_test(test_broken_ready),
		cmocka_unit_test(test_broken_done),
		cmocka_unit_test(test_done_without_end),
		cmocka_unit_test(test_unknown_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
