/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against devices that keep it busy without getting anywhere:
 * only bytes that move are progress, and every run ends with a name.
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

static void test_gap_storm(void **state)
{
	unsigned int gaps = 0;

	(void)state;
	play_init(&r, SESSION_UPDATE, 2000);
	r.config.retries = 3;
	play_start(&r);
	for (unsigned int link = 0; link < 20 && !session_finished(&r.s); link++) {
		play_sending(&r, 23, 0, 2000);
		for (; r.s.state == SESSION_SENDING && gaps < 10000; gaps++) {
			play_skip(&r);
			play_rx_gap(&r, (uint16_t)(0x2000u * (gaps + 1)), 0, OTA_GAP_MISSING);
			play_pass(&r, 500);
		}
		play_skip(&r);
		play_lost(&r, GATT_BY_HOST);
		play_pass(&r, 8000);
	}
	assert_int_equal(r.s.outcome, SESSION_STALLED);
	assert_in_range(gaps, 60, 80); /* 16 for each of four tries */
	play_end(&r);
}

static void test_nothing_new_is_no_progress(void **state)
{
	(void)state;
	/* PROGRESS that tells the same, and one that tells a little more each time. */
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int seconds = 0;
		char text[40];

		play_begin(&r);
		play_link_up(&r, 23, PLAY_FULL);
		play_written(&r, GATT_CONTROL);
		for (; r.s.state == SESSION_PREPARING && seconds < 100000; seconds += 10) {
			(void)snprintf(text, sizeof(text), "04 01 %02x%02x0000 00001000",
				       i ? seconds / 10 % 256 : 0, i ? seconds / 2560 : 0);
			play_rx(&r, text);
			play_pass(&r, 10000);
		}
		assert_in_range(seconds, 20, i ? 200 : 30);
		play_end(&r);
	}
	/* The same while it sends and while it verifies. */
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int seconds = 0;

		if (i)
			play_to_verifying(&r);
		else
			play_to_sending(&r);
		for (; seconds < 100000 && r.s.stats.retries == 0 &&
		       r.s.state != SESSION_RECONNECTING;
		     seconds++) {
			play_rx(&r, seconds % 2 ? "04 04 00000000 00001000"
						: "04 05 00000000 00001000");
			play_written(&r, GATT_CONTROL);
			play_pass(&r, 1000);
		}
		assert_in_range(seconds, 20, 400);
		play_end(&r);
	}
	/* A limit that rises is not a byte that moves. */
	play_init(&r, SESSION_UPDATE, 4000);
	play_start(&r);
	play_sending(&r, 23, 0, 18);
	for (uint32_t limit = 18; limit < 4000 && r.s.stats.resyncs == 0; limit++) {
		play_rx_ack(&r, 0, 0, limit);
		play_pass(&r, 1000);
	}
	assert_int_equal(r.s.stats.resyncs, 1);
	play_end(&r);
}

/* One byte further each time, and busy: the tries run out. */
static void test_ready_creeps(void **state)
{
	uint32_t offset = 0;

	(void)state;
	play_init(&r, SESSION_UPDATE, 60000);
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	while (!session_finished(&r.s) && offset < 50000) {
		play_skip(&r);
		play_written(&r, GATT_CONTROL);
		play_rx_ready(&r, ++offset, 60000);
		play_rx_error(&r, OTA_ERR_BUSY, 0, 0);
		play_pass(&r, 8000);
	}
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_in_range(offset, 6, 600);
	play_end(&r);
}

/* A device that reports gaps without end ends the run as no-headway. */
static void test_no_headway(void **state)
{
	uint32_t at = 0;

	(void)state;
	play_init(&r, SESSION_UPDATE, 60000);
	r.config.window = 20000;
	play_start(&r);
	play_sending(&r, 23, 0, 60000);
	for (uint16_t i = 1; !session_finished(&r.s) && i < 10000; i++) {
		play_skip(&r);
		at += 6; /* faster than one value at a time for it */
		play_rx_gap(&r, (uint16_t)(i * 0x2000u), at, OTA_GAP_MISSING);
	}
	assert_int_equal(r.s.outcome, SESSION_NO_HEADWAY);
	assert_in_range(r.s.stats.sent_bytes, 1u << 20, 2u << 20);
	play_end(&r);
}

/* A pause is the user's, and may be as long as he likes. */
static void test_long_pause(void **state)
{
	(void)state;
	play_to_sending(&r);
	session_pause(&r.s, r.now);
	for (unsigned int i = 0; i < 1000; i++) {
		play_pass(&r, 5000);
		play_expect(&r, "request control 05");
		play_written(&r, GATT_CONTROL);
		play_rx_status(&r, OTA_STATE_RECEIVING, 60);
	}
	assert_int_equal(r.s.state, SESSION_PAUSED);
	play_end(&r);
}

static void test_expires(void **state)
{
	(void)state;
	play_to_sending(&r);
	play_skip(&r);
	session_expire(&r.s, r.now);
	play_expect(&r, "disconnect"); /* no ABORT: what it has can be resumed */
	assert_int_equal(r.s.outcome, SESSION_TIMED_OUT);
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gap_storm),
		cmocka_unit_test(test_nothing_new_is_no_progress),
		cmocka_unit_test(test_ready_creeps),
		cmocka_unit_test(test_no_headway),
		cmocka_unit_test(test_long_pause),
		cmocka_unit_test(test_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
