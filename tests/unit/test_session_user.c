/* SPDX-License-Identifier: Apache-2.0 */
/* The user's hand on a running session: cancel in every state, pause, ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

/* --- cancel */

static void aborts(void)
{
	session_cancel(&r.s, r.now);
	play_expect(&r, "request control 02");
	assert_int_equal(r.s.state, SESSION_CANCELLING);
	session_cancel(&r.s, r.now); /* once is enough */
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ack(&r, 60, 60, 60); /* on its way already */
	play_rx(&r, "06 02 00");
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, 0);
	play_end(&r);
}

static void test_cancel_with_a_session_on_the_device(void **state)
{
	(void)state;
	play_begin(&r); /* preparing */
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	aborts();
	play_to_sending(&r);
	aborts();
	play_to_sending(&r); /* paused */
	session_pause(&r.s, r.now);
	aborts();
	play_to_verifying(&r);
	aborts();
	play_to_sending(&r); /* between two tries, with the link up */
	play_rx_error(&r, OTA_ERR_WRITE, 0, 0);
	assert_int_equal(r.s.state, SESSION_WAITING);
	aborts();
}

/* START is not answered by the stack yet: ABORT follows it. */
static void test_cancel_behind_start(void **state)
{
	(void)state;
	play_begin(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	session_cancel(&r.s, r.now);
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL);
	play_expect(&r, "request control 02");
	play_end(&r);
}

static void test_cancel_before_start(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 60); /* idle */
	play_start(&r);
	play_expect(&r, "connect"); /* connecting */
	session_cancel(&r.s, r.now);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, 0);
	play_end(&r);
	play_begin(&r); /* discovering */
	play_skip(&r);
	session_connected(&r.s, 23, r.now);
	play_expect(&r, "discover");
	session_cancel(&r.s, r.now);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_end(&r);
	play_begin(&r); /* waiting to connect again */
	play_lost(&r, GATT_CONNECT_FAILED);
	play_skip(&r);
	session_cancel(&r.s, r.now);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_expect_none(&r);
	play_end(&r);
	play_init(&r, SESSION_UPDATE, 60); /* preparing: LINK asked, START not yet written */
	r.info.features |= OTA_FEATURE_LINK;
	r.config.link.supervision_timeout = 500;
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	session_cancel(&r.s, r.now);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_end(&r);
}

/* The link is down, the device holds a session: one attempt to tell it. */
static void test_cancel_without_link(void **state)
{
	(void)state;
	play_to_sending(&r);
	play_lost(&r, GATT_SUPERVISION);
	session_cancel(&r.s, r.now);
	assert_int_equal(r.s.state, SESSION_CONNECTING);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 02");
	play_rx(&r, "06 02 00");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, 0);
	play_end(&r);
	play_to_sending(&r);
	play_lost(&r, GATT_SUPERVISION);
	session_cancel(&r.s, r.now);
	play_expect(&r, "connect");
	play_lost(&r, GATT_CONNECT_FAILED);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ENOTCONN);
	play_end(&r);
	/* Asked while an attempt to connect again is under way. */
	play_to_sending(&r);
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 500);
	play_expect(&r, "connect");
	session_cancel(&r.s, r.now);
	play_expect_none(&r);
	play_pass(&r, 15000);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ENOTCONN);
	play_end(&r);
}

static void test_cancel_unanswered(void **state)
{
	(void)state;
	play_to_sending(&r);
	session_cancel(&r.s, r.now);
	play_skip(&r);
	play_pass(&r, 5000);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ETIMEDOUT);
	play_end(&r);
	play_to_sending(&r);
	session_cancel(&r.s, r.now);
	play_lost(&r, GATT_SUPERVISION);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ENOTCONN);
	play_end(&r);
	play_to_sending(&r);
	session_cancel(&r.s, r.now);
	play_rx(&r, "06 02 04");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BUSY);
	play_end(&r);
}

/* Past the point of no return the update goes on to its proof. */
static void test_cancel_too_late(void **state)
{
	(void)state;
	play_to_verifying(&r);
	session_cancel(&r.s, r.now);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "06 02 03"); /* the device says so */
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_expect(&r, "request control 08"); /* it may wait to be told */
	play_lost(&r, GATT_BY_DEVICE);
	play_pass(&r, 400);
	assert_int_equal(r.s.state, SESSION_RECONNECTING);
	play_end(&r);
	play_to_sending(&r); /* it cannot be, before END */
	session_cancel(&r.s, r.now);
	play_rx(&r, "06 02 03");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_STATE);
	play_end(&r);
	/* After END, with the link lost: told as soon as it is back, unless the image runs. */
	for (int runs = 0; runs < 2; runs++) {
		play_to_verifying(&r);
		play_lost(&r, GATT_SUPERVISION);
		session_cancel(&r.s, r.now);
		if (runs)
			memcpy(r.info.running_sha256, r.config.sha256, 32);
		play_pass(&r, 400);
		play_link_up(&r, 23, PLAY_FULL);
		play_expect(&r, runs ? "request control 06" : "request control 02");
		play_end(&r);
	}
	/* The device does not come back, and that is no success of the cancel either. */
	play_to_verifying(&r);
	play_lost(&r, GATT_SUPERVISION);
	session_cancel(&r.s, r.now);
	play_pass(&r, 400);
	play_lost(&r, GATT_NOT_FOUND);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ENOTCONN);
	play_end(&r);
	play_to_verifying(&r);
	session_cancel(&r.s, r.now);
	play_rx_done(&r, 60, 300); /* DONE was faster than ABORT */
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	session_cancel(&r.s, r.now);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	play_to_rebooted(&r);
	session_cancel(&r.s, r.now);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	session_cancel(&r.s, r.now);
	play_confirmed(&r);
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	assert_string_equal(r.notes, "dialect=1 chunk=20 too-late=0 too-late=0 ");
	play_end(&r);
}

static void test_cancel_basic(void **state)
{
	(void)state;
	play_begin(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	play_skip(&r);
	session_cancel(&r.s, r.now);
	play_expect(&r, "request control 02");
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL); /* nothing else answers */
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_end(&r);
}

/* After END nothing tells whether ABORT came in time, so nobody says that it did. */
static void test_cancel_basic_after_end(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 20);
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	play_written(&r, GATT_DATA);
	play_written(&r, GATT_CONTROL);
	assert_true(r.s.ended);
	play_skip(&r);
	session_cancel(&r.s, r.now);
	play_expect(&r, "request control 02");
	play_written(&r, GATT_CONTROL);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	assert_int_equal(r.s.status, -OTA_ETIMEDOUT);
	play_end(&r);
}

static void test_abort_command_basic(void **state)
{
	(void)state;
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = OTA_CMD_ABORT;
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "request control 02");
	play_lost(&r, GATT_SUPERVISION); /* not told: that is no success, and no cancel */
	assert_int_equal(r.s.state, SESSION_WAITING);
	play_pass(&r, 500);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "request control 02");
	play_written(&r, GATT_CONTROL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	play_end(&r);
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = OTA_CMD_CONFIRM;
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_UNSUPPORTED);
	play_end(&r);
}

/* --- pause */

static void test_pause_holds(void **state)
{
	(void)state;
	play_begin(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	session_pause(&r.s, r.now); /* before there is anything to pause */
	play_rx_ready(&r, 0, 60);
	assert_int_equal(r.s.state, SESSION_PAUSED);
	play_expect_none(&r);
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 500);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 0, 60);
	assert_int_equal(r.s.state, SESSION_PAUSED);
	play_expect_none(&r);
	session_resume(&r.s, r.now);
	assert_int_equal(play_count(&r, "command data"), 4);
	play_end(&r);
}

/* --- ask */

static void asks_once(enum ota_state says, uint32_t received)
{
	assert_int_equal(session_ask(&r.s, r.now), 0);
	play_expect(&r, "request control 05");
	assert_int_equal(session_asked(&r.s), r.now);
	r.now += 1000;
	assert_int_equal(session_ask(&r.s, r.now), 0); /* it is on its way */
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, says, received);
	assert_int_equal(session_asked(&r.s), 0);
	assert_true(r.s.stats.status_known);
	assert_int_equal(r.s.stats.status_us, r.now);
	assert_int_equal(r.s.stats.status.received, received);
}

/* The answer changes nothing where it is what the session knows. */
static void test_asked_beside(void **state)
{
	(void)state;
	play_begin(&r);
	assert_int_equal(session_ask(&r.s, r.now), -OTA_ENOTCONN);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	asks_once(OTA_STATE_PREPARING, 0);
	assert_int_equal(r.s.state, SESSION_PREPARING);
	play_end(&r);
	play_to_sending(&r);
	asks_once(OTA_STATE_RECEIVING, 36);
	assert_int_equal(r.s.state, SESSION_SENDING);
	session_pause(&r.s, r.now);
	asks_once(OTA_STATE_RECEIVING, 36);
	assert_int_equal(r.s.state, SESSION_PAUSED);
	/* Not answered: asked again later, and not over another link. */
	assert_int_equal(session_ask(&r.s, r.now), 0);
	play_expect(&r, "request control 05");
	play_written(&r, GATT_CONTROL);
	r.now += 5000000;
	assert_int_equal(session_ask(&r.s, r.now), 0);
	play_expect(&r, "request control 05");
	play_lost(&r, GATT_SUPERVISION);
	assert_int_equal(session_asked(&r.s), 0);
	assert_int_equal(session_ask(&r.s, r.now), -OTA_ENOTCONN);
	play_end(&r);
	play_to_verifying(&r);
	asks_once(OTA_STATE_VERIFYING, 60);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_end(&r);
}

/* A device that answers otherwise is believed, as if the session had asked by itself. */
static void test_asked_and_told(void **state)
{
	(void)state;
	play_to_sending(&r);
	assert_int_equal(session_ask(&r.s, r.now), 0);
	play_expect(&r, "request control 05");
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_SUSPENDED, 32);
	assert_int_equal(r.s.state, SESSION_WAITING);
	assert_int_equal(session_ask(&r.s, r.now), -OTA_EBUSY);
	play_end(&r);
}

/* Asked before END was written: that the device was receiving then is no reason to repeat END. */
static void test_asked_before(void **state)
{
	(void)state;
	play_to_sending(&r);
	assert_int_equal(session_ask(&r.s, r.now), 0);
	play_expect(&r, "request control 05");
	play_rx_ack(&r, 60, 60, 60);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_written(&r, GATT_CONTROL);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_RECEIVING, 60);
	play_expect_none(&r);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_end(&r);
}

static void test_not_asked(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_skip(&r);
	assert_int_equal(session_ask(&r.s, r.now), -OTA_ENOTSUP);
	play_expect_none(&r);
	play_end(&r);
	play_init(&r, SESSION_LOOK, 60);
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	assert_int_equal(session_ask(&r.s, r.now), -OTA_EBUSY); /* it is asked */
	play_expect_none(&r);
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_with_a_session_on_the_device),
		cmocka_unit_test(test_cancel_behind_start),
		cmocka_unit_test(test_cancel_before_start),
		cmocka_unit_test(test_cancel_without_link),
		cmocka_unit_test(test_cancel_unanswered),
		cmocka_unit_test(test_cancel_too_late),
		cmocka_unit_test(test_cancel_basic),
		cmocka_unit_test(test_cancel_basic_after_end),
		cmocka_unit_test(test_abort_command_basic),
		cmocka_unit_test(test_pause_holds),
		cmocka_unit_test(test_asked_beside),
		cmocka_unit_test(test_asked_and_told),
		cmocka_unit_test(test_asked_before),
		cmocka_unit_test(test_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
