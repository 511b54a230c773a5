/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine while it sends, and when things go wrong then:
 * credits and window, gaps, silence, lost links, stalls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* --- credits, window, pacing */

static void test_credit(void **state)
{
	(void)state;
	sending(1000, 40);
	/* 18 + 18, then a rest of 4 that would waste the air while others are under way */
	assert_int_equal(play_count(&r, "command data "), 2);
	assert_int_equal(r.s.stats.queued, 36);
	play_rx_ack(&r, 18, 0, 40);
	assert_int_equal(r.s.stats.queued, 36);
	play_rx_ack(&r, 36, 0, 40); /* now nothing else moves */
	assert_int_equal(r.s.stats.queued, 40);
	play_rx_ack(&r, 40, 0, 40);
	assert_int_equal(r.s.stats.queued, 40);
	play_rx_ack(&r, 40, 40, 80);
	assert_int_equal(r.s.stats.queued, 76);
	play_end(&r);
}

static void test_limit_never_moves_back(void **state)
{
	(void)state;
	sending(1000, 400);
	play_rx_ack(&r, 0, 0, 100);
	assert_int_equal(r.s.stats.limit, 400);
	play_end(&r);
}

static void test_window(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 10000);
	r.config.window = 512;
	play_start(&r);
	play_sending(&r, 247, 0, 10000);
	assert_int_equal(r.s.chunk, 244);
	assert_int_equal(r.s.stats.queued, 484);
	play_rx_ack(&r, 242, 0, 10000);
	assert_int_equal(r.s.stats.queued, 726);
	/* The user opens it while it runs. */
	assert_int_equal(session_set_window(&r.s, 1000, r.now), 0);
	assert_int_equal(r.s.stats.queued, 242 + 968);
	assert_int_equal(session_set_window(&r.s, 511, r.now), -OTA_EINVAL);
	play_end(&r);
}

/* More values under way than half the numbers would make old and new ones alike. */
static void test_sequence_window(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 1u << 20);
	r.config.window = 1u << 20;
	play_start(&r);
	play_sending(&r, 23, 0, 1u << 20);
	assert_in_range(r.s.stats.values, 4000, OTA_SEQ_WINDOW - 1);
	/* A longer chunk must not hide how many short ones are under way. */
	session_mtu(&r.s, 247, r.now);
	assert_int_equal(r.s.chunk, 244);
	assert_in_range(r.s.stats.values, 4000, OTA_SEQ_WINDOW - 1);
	play_end(&r);
}

static void test_queue_full(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 1000);
	r.data_room = 3;
	play_start(&r);
	play_sending(&r, 23, 0, 1000);
	assert_int_equal(play_count(&r, "command data "), 3);
	play_rx_ack(&r, 18, 0, 1000); /* no reason to try again: the stack will tell */
	assert_int_equal(play_count(&r, "command data "), 3);
	r.data_room = 2;
	session_writable(&r.s, r.now);
	assert_int_equal(play_count(&r, "command data "), 5);
	assert_int_equal(r.s.stats.queued, 90);
	play_end(&r);
}

static void test_tuning(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 100000);
	r.config.pacing_us = 10000;
	play_start(&r);
	play_sending(&r, 247, 0, 100000);
	assert_int_equal(play_count(&r, "command data "), 1);
	play_pass(&r, 20);
	assert_int_equal(play_count(&r, "command data "), 3);
	assert_int_equal(session_set_chunk(&r.s, 100, r.now), 0);
	assert_int_equal(session_set_mode(&r.s, GATT_REQUEST, r.now), 0);
	play_pass(&r, 10);
	assert_int_equal(play_count(&r, "request data "), 1);
	assert_int_equal(r.s.stats.queued, 3 * 242 + 98);
	play_pass(&r, 100); /* the answer is missing */
	assert_int_equal(play_count(&r, "request data "), 1);
	assert_int_equal(session_set_pacing(&r.s, 0, r.now), 0);
	play_written(&r, GATT_DATA);
	assert_int_equal(play_count(&r, "request data "), 2);
	assert_int_equal(session_set_pacing(&r.s, 1000001, r.now), -OTA_EINVAL);
	assert_int_equal(session_set_chunk(&r.s, 19, r.now), -OTA_EINVAL);
	assert_int_equal(session_set_mode(&r.s, (enum gatt_write)7, r.now), -OTA_EINVAL);
	play_end(&r);
}

/* The mode changes while a request of an earlier START has no answer yet. */
static void test_request_left_behind(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	assert_int_equal(play_count(&r, "request data"), 1);
	assert_int_equal(session_set_mode(&r.s, GATT_COMMAND, r.now), 0);
	play_rx(&r, "02");
	play_pass(&r, 500);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	play_pass(&r, 100);
	assert_int_equal(play_count(&r, "command data"), 2);
	assert_int_equal(play_count(&r, "request control 04"), 0);
	play_written(&r, GATT_DATA);
	assert_int_equal(play_count(&r, "request control 04"), 1);
	play_end(&r);
}

/* --- gaps and silence */

static void test_gap(void **state)
{
	(void)state;
	sending(60, 60);
	play_skip(&r);
	play_rx(&r, "08 0120 12000000 01"); /* GAP: go on with 0x2001 at 18 */
	play_expect(&r, "command data 0120 12131415161718191a1b1c1d1e1f20212223");
	play_expect(&r, "command data 0220 2425262728292a2b2c2d2e2f303132333435");
	play_expect(&r, "command data 0320 363738393a3b");
	assert_int_equal(r.s.stats.gaps, 1);
	assert_int_equal(r.s.stats.received, 18);
	assert_int_equal(r.s.stats.sent_bytes, 60 + 42);
	/* The same one again, and one that time has overtaken. */
	play_rx(&r, "08 0120 12000000 01");
	play_rx_ack(&r, 54, 0, 60);
	play_rx(&r, "08 0140 12000000 02");
	play_expect_none(&r);
	assert_int_equal(r.s.stats.gaps, 1);
	/* Repeated, with a new number: the device still waits. */
	play_rx(&r, "08 0160 36000000 02");
	play_expect(&r, "command data 0160 363738393a3b");
	assert_int_equal(r.s.stats.gaps, 2);
	play_end(&r);
}

static void test_silence(void **state)
{
	(void)state;
	sending(60, 60);
	play_skip(&r);
	play_pass(&r, 1999);
	play_expect_none(&r);
	play_pass(&r, 1);
	play_expect(&r, "request control 0b");
	assert_int_equal(r.s.stats.resyncs, 1);
	play_written(&r, GATT_CONTROL);
	/* Only the ACK was lost: asked for and not a gap. */
	play_rx_gap(&r, 0x2003, 60, OTA_GAP_ASKED);
	assert_int_equal(r.s.stats.gaps, 0);
	play_expect(&r, "request control 04");
	assert_string_equal(r.notes, "dialect=1 chunk=20 stall=0 resync=60 moving=2000 ");
	play_end(&r);
}

/* The ACK that opened the limit was lost: nothing is under way, and nothing may be sent. */
static void test_lost_credit(void **state)
{
	(void)state;
	sending(1000, 36);
	play_skip(&r);
	play_rx_ack(&r, 36, 0, 36);
	play_pass(&r, 2000);
	play_expect(&r, "request control 0b");
	play_written(&r, GATT_CONTROL);
	play_rx_gap(&r, 0x2002, 36, OTA_GAP_ASKED);
	play_rx_ack(&r, 36, 36, 72);
	assert_int_equal(play_count(&r, "command data 0220"), 1);
	play_end(&r);
}

/* The device answers, but nothing moves: that cannot go on for ever. */
static void test_futile(void **state)
{
	unsigned int questions = 0;

	(void)state;
	sending(60, 60);
	play_skip(&r);
	for (; r.s.state == SESSION_SENDING && questions < 100; questions++) {
		play_pass(&r, 2000);
		play_written(&r, GATT_CONTROL);
		play_rx_gap(&r, (uint16_t)(0x2000 * (questions + 1)), 0, OTA_GAP_ASKED);
	}
	assert_in_range(questions, 4, 20);
	assert_int_equal(r.s.state, SESSION_WAITING);
	assert_int_equal(play_count(&r, "disconnect"), 1);
	play_end(&r);
}

static void test_silent_device(void **state)
{
	(void)state;
	sending(60, 60);
	play_skip(&r);
	play_pass(&r, 6000);
	play_expect(&r, "request control 0b"); /* the answer to the write never came either */
	play_expect_none(&r);
	play_pass(&r, 2000);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.state, SESSION_WAITING);
	play_end(&r);
}

/* Pacing alone is no reason to ask. */
static void test_pacing_is_not_silence(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 1000);
	r.config.pacing_us = 1000000;
	r.config.ack_timeout_ms = 100;
	r.config.stall_ms = 60000;
	play_start(&r);
	play_sending(&r, 23, 0, 1000);
	play_skip(&r);
	play_rx_ack(&r, 18, 0, 1000);
	play_pass(&r, 999);
	play_expect_none(&r);
	play_end(&r);
}

/* An ACK every two seconds is what such a link carries, and no stall; silence for longer is one. */
static void test_slow_is_no_stall(void **state)
{
	uint32_t stalls;

	(void)state;
	sending(6000, 6000);
	play_rx_ack(&r, 18, 0, 6000);
	for (uint32_t received = 36; received < 360; received += 18) {
		play_pass(&r, 800); /* less than stall_ms */
		play_rx_ack(&r, received, 0, 6000);
	}
	stalls = r.s.stats.stalls;
	play_pass(&r, 1200); /* more */
	assert_int_equal(r.s.stats.stalls, stalls);
	play_pass(&r, 600000);
	assert_int_equal(r.s.stats.stalls, stalls + 1);
	play_end(&r);
}

static void test_stalls(void **state)
{
	(void)state;
	sending(60, 60);
	play_rx_ack(&r, 18, 0, 60);
	play_pass(&r, 1400);
	assert_int_equal(r.s.stats.stalls, 1);
	play_rx_ack(&r, 36, 0, 60);
	assert_int_equal(r.s.stats.longest_stall_ms, 1400);
	assert_string_equal(r.notes, "dialect=1 chunk=20 stall=18 moving=1400 window-rate=2106 ");
	play_end(&r);
	play_init(&r, SESSION_UPDATE, 60);
	r.config.stall_action = SESSION_STALL_PAUSE;
	play_start(&r);
	play_sending(&r, 23, 0, 60);
	play_pass(&r, 1000);
	assert_int_equal(r.s.state, SESSION_PAUSED);
	play_skip(&r);
	/* Paused for long: the device is kept from timing out. */
	play_pass(&r, 5000);
	play_expect(&r, "request control 05");
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_RECEIVING, 60);
	session_resume(&r.s, r.now);
	play_rx_ack(&r, 60, 0, 60);
	play_expect(&r, "request control 04");
	play_end(&r);
	play_init(&r, SESSION_UPDATE, 60);
	r.config.stall_action = SESSION_STALL_ABORT;
	play_start(&r);
	play_sending(&r, 23, 0, 60);
	play_pass(&r, 1000);
	assert_int_equal(r.s.outcome, SESSION_STALLED);
	assert_int_equal(r.s.stats.longest_stall_ms, 1000); /* though nothing ended it */
	assert_int_equal(play_count(&r, "request control 02"), 0); /* it can be resumed */
	play_end(&r);
}

/* --- retries */

static void test_back_off(void **state)
{
	static const uint32_t waits[] = {500, 1000, 2000, 4000, 8000};

	(void)state;
	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_expect(&r, "connect");
	for (size_t i = 0; i < 5; i++) {
		play_lost(&r, GATT_CONNECT_FAILED);
		play_pass(&r, waits[i] - 1);
		play_expect_none(&r);
		play_pass(&r, 1);
		play_expect(&r, "connect");
	}
	play_lost(&r, GATT_CONNECT_FAILED);
	assert_int_equal(r.s.outcome, SESSION_LINK_LOST);
	assert_int_equal(r.s.stats.retries, 5);
	play_finish(&r);
}

static void test_progress_renews_tries(void **state)
{
	(void)state;
	sending(6000, 6000);
	for (uint32_t i = 1; i <= 12; i++) {
		play_rx_ack(&r, 18 * i, 0, 6000);
		play_lost(&r, GATT_SUPERVISION);
		assert_int_equal(r.s.state, SESSION_WAITING);
		play_skip(&r);
		play_pass(&r, 500); /* the shortest wait again */
		play_sending(&r, 23, 18 * i, 6000);
	}
	assert_int_equal(r.s.stats.retries, 12);
	assert_false(r.s.stats.resumed); /* the run began at 0 */
	play_end(&r);
}

static void test_device_errors(void **state)
{
	(void)state;
	/* A failed flash write: asked again over the same link. */
	sending(60, 60);
	play_skip(&r);
	play_rx_error(&r, OTA_ERR_WRITE, 0, 0);
	assert_int_equal(r.s.state, SESSION_WAITING);
	play_pass(&r, 500);
	assert_int_equal(play_count(&r, "request control 01"), 1);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 0, 60);
	assert_int_equal(play_count(&r, "command data"), 4);
	play_end(&r);
	/* An image that is for another chip stays so. */
	sending(60, 60);
	play_skip(&r);
	play_rx_error(&r, OTA_ERR_CHIP, 0, 12);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_CHIP);
	assert_int_equal(r.s.detail, 12);
	play_end(&r);
	/* Telemetry is not worth an update. */
	sending(60, 60);
	play_rx_error(&r, OTA_ERR_UNSUPPORTED, OTA_CMD_TELEMETRY, 0);
	assert_int_equal(r.s.state, SESSION_SENDING);
	play_end(&r);
}

static void test_not_permitted(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_discovered(&r, PLAY_FULL);
	session_subscribed(&r.s, -OTA_EPERM, r.now);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_PERMISSION);
	play_end(&r);
}

static void test_calls_that_fail(void **state)
{
	int *const rcs[] = {&r.connect_rc, &r.discover_rc, &r.subscribe_rc, &r.read_rc,
			    &r.control_rc};

	(void)state;
	for (size_t i = 0; i < sizeof(rcs) / sizeof(rcs[0]); i++) {
		play_init(&r, SESSION_UPDATE, 60);
		r.config.retries = 0;
		*rcs[i] = -OTA_EIO;
		play_start(&r);
		session_connected(&r.s, 247, r.now);
		play_discovered(&r, PLAY_FULL);
		session_subscribed(&r.s, 0, r.now);
		if (rcs[i] == &r.control_rc) {
			play_skip(&r);
			play_finish(&r);
			play_init(&r, SESSION_UPDATE, 60);
			r.config.retries = 0;
			r.control_rc = -OTA_EIO;
			play_start(&r);
			play_link_up(&r, 247, PLAY_FULL);
		}
		assert_int_equal(r.s.outcome, SESSION_LINK_LOST);
		assert_int_equal(r.s.status, -OTA_EIO);
		play_end(&r);
	}
}

/* A stack whose disconnect() fails tells no end of the link: it must not be waited for. */
static void test_disconnect_fails(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 60);
	r.disconnect_rc = -OTA_ENOTCONN;
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_pass(&r, 15000); /* discovery never ends */
	play_expect(&r, "discover");
	play_expect(&r, "disconnect");
	play_pass(&r, 500);
	play_expect(&r, "connect");
	play_end(&r);
	/* The same for one that promises and does not tell. */
	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	session_connected(&r.s, 247, r.now);
	play_pass(&r, 15000);
	play_skip(&r);
	play_pass(&r, 11000);
	play_expect(&r, "connect");
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_limit_never_moves_back),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_sequence_window),
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_request_left_behind),
		cmocka_unit_test(test_tuning),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_lost_credit),
		cmocka_unit_test(test_futile),
		cmocka_unit_test(test_silent_device),
		cmocka_unit_test(test_pacing_is_not_silence),
		cmocka_unit_test(test_slow_is_no_stall),
		cmocka_unit_test(test_stalls),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_progress_renews_tries),
		cmocka_unit_test(test_device_errors),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_calls_that_fail),
		cmocka_unit_test(test_disconnect_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
