/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of an update: proved after the reboot, or with a device that came back otherwise or not
 * at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

/* --- reboot and proof */

static void test_rolled_back(void **state)
{
	(void)state;
	play_to_rebooted(&r);
	memset(r.info.running_sha256, 0x11, 32);
	r.info.flags = 0;
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ROLLED_BACK);
	play_end(&r);
}

/* On trial it lost its supply, and is back with the image before and what it kept. */
static void without_power(enum ota_reset reason)
{
	memset(r.info.running_sha256, 0x11, 32);
	r.info.flags = OTA_INFO_RESUMABLE;
	r.info.reset_reason = (uint8_t)reason;
	r.info.resets = 1;
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
}

/* The rest of the transfer, END and DONE. */
static void transfer_again(void)
{
	assert_int_equal(r.s.state, SESSION_WAITING);
	play_pass(&r, 8000);
	assert_int_equal(play_count(&r, "request control 01010000"), 1);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 48, PLAY_SIZE);
	assert_int_equal(play_count(&r, "command data"), 1);
	play_skip(&r);
	play_rx_ack(&r, PLAY_SIZE, PLAY_SIZE, PLAY_SIZE);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_rx_done(&r, PLAY_SIZE, 300);
	play_pass(&r, 350);
	play_lost(&r, GATT_BY_DEVICE);
}

/* No image is at fault: the rest is sent once more, and the trial repeated. */
static void test_trial_without_power(void **state)
{
	(void)state;
	play_to_rebooted(&r);
	without_power(OTA_RESET_BROWN_OUT);
	transfer_again();
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	r.info.flags = OTA_INFO_PENDING_VERIFY;
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_confirmed(&r);
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	play_end(&r);
	/* The device keeps something, and yet the image failed. */
	play_to_rebooted(&r);
	without_power(OTA_RESET_PANIC);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ROLLED_BACK);
	play_end(&r);
	/* Each trial loses its supply: that ends, too. */
	play_to_rebooted(&r);
	for (unsigned int i = 0; i < r.config.retries; i++) {
		without_power(OTA_RESET_POWER_ON);
		transfer_again();
	}
	without_power(OTA_RESET_POWER_ON);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ROLLED_BACK);
	play_end(&r);
}

static void test_unconfirmed(void **state)
{
	(void)state;
	play_to_rebooted(&r);
	r.s.config.confirm = false;
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_UNCONFIRMED);
	play_end(&r);
	play_to_rebooted(&r); /* a device that knows no trial boots */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 06");
	play_rx_error(&r, OTA_ERR_OPCODE, OTA_CMD_CONFIRM, 0);
	assert_int_equal(r.s.outcome, SESSION_UNCONFIRMED);
	play_end(&r);
}

static void test_confirm_fails(void **state)
{
	(void)state;
	play_to_rebooted(&r);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 06");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "06 06 0c");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BOOT_SLOT);
	play_end(&r);
	play_to_rebooted(&r); /* asked again, but not for ever */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	for (int i = 0; i < 12; i++) {
		play_expect(&r, "request control 06");
		play_written(&r, GATT_CONTROL);
		play_pass(&r, 5000);
		play_info(&r);
	}
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_STALLED);
	assert_true(r.s.proved);
	play_end(&r);
	play_to_rebooted(&r); /* the link is lost before the answer */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_confirmed(&r);
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	play_end(&r);
}

/* The running image decides, not the notifications that arrived. */
static void test_confirm_unheard(void **state)
{
	(void)state;
	play_to_rebooted(&r); /* RESULT was lost */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 06");
	play_written(&r, GATT_CONTROL);
	play_pass(&r, 5000);
	r.info.flags = 0;
	play_info(&r);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	play_end(&r);
	play_to_rebooted(&r); /* and the link with it */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_lost(&r, GATT_SUPERVISION);
	r.info.flags = 0;
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	assert_string_equal(r.s.version, "1.0.0");
	play_end(&r);
	for (int i = 0; i < 2; i++) { /* busy, or with something else: asked again */
		play_to_rebooted(&r);
		play_pass(&r, 400);
		play_link_up(&r, 23, PLAY_FULL);
		play_expect(&r, "request control 06");
		play_written(&r, GATT_CONTROL);
		play_rx(&r, i ? "06 06 03" : "06 06 04");
		play_pass(&r, 1000);
		play_info(&r);
		play_confirmed(&r);
		assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
		play_end(&r);
	}
	play_to_rebooted(&r); /* busy for ever */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	for (int i = 0; i < 100 && r.s.state == SESSION_CONFIRMING; i++) {
		play_expect(&r, "request control 06");
		play_written(&r, GATT_CONTROL);
		play_rx(&r, "06 06 04");
		play_pass(&r, 1000);
		play_info(&r);
	}
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BUSY);
	play_end(&r);
	play_to_rebooted(&r); /* gone, for good, before it was confirmed: that it ran is known */
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_lost(&r, GATT_SUPERVISION);
	play_skip(&r);
	for (int i = 0; i < 1000 && r.s.state == SESSION_RECONNECTING; i++) {
		play_pass(&r, 400);
		play_lost(&r, GATT_NOT_FOUND);
	}
	assert_int_equal(r.s.outcome, SESSION_LINK_LOST);
	assert_true(r.s.proved);
	play_end(&r);
}

/* "ok" is a word; Info still has the image on trial. */
static void test_confirm_lies(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		play_to_rebooted(&r);
		play_pass(&r, 400);
		play_link_up(&r, 23, PLAY_FULL);
		play_expect(&r, "request control 06");
		play_written(&r, GATT_CONTROL);
		play_rx(&r, "06 06 00");
		if (lost) {
			play_expect(&r, "read info");
			play_lost(&r, GATT_SUPERVISION);
			play_pass(&r, 400);
			play_link_up(&r, 23, PLAY_FULL);
		} else {
			play_info(&r);
		}
		assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
		assert_non_null(r.s.broken);
		play_end(&r);
	}
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = OTA_CMD_CONFIRM;
	r.info.flags = OTA_INFO_PENDING_VERIFY;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "request control 06");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "06 06 00");
	play_info(&r);
	assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
	play_end(&r);
}

static void test_not_back(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		unsigned int tries;

		play_to_rebooted(&r);
		play_skip(&r);
		for (tries = 0; r.s.state == SESSION_RECONNECTING && tries < 1000; tries++) {
			play_pass(&r, 400);
			play_lost(&r, gone ? GATT_NO_ADAPTER : GATT_NOT_FOUND);
		}
		assert_in_range(tries, 140, 160); /* 60 s */
		assert_int_equal(r.s.outcome, gone ? SESSION_NO_ADAPTER : SESSION_NOT_BACK);
		play_end(&r);
	}
	/* The adapter went while there was no link to lose, so that only connect() tells. */
	play_to_rebooted(&r);
	r.connect_rc = -OTA_ENODEV;
	play_pass(&r, 120000);
	assert_int_equal(r.s.outcome, SESSION_NO_ADAPTER);
	play_end(&r);
	/* The adapter came back, and the device did not. */
	play_to_rebooted(&r);
	r.connect_rc = -OTA_ENODEV;
	play_pass(&r, 1000);
	r.connect_rc = 0;
	while (r.s.state == SESSION_RECONNECTING) {
		play_pass(&r, 400);
		play_lost(&r, GATT_NOT_FOUND);
	}
	assert_int_equal(r.s.outcome, SESSION_NOT_BACK);
	play_end(&r);
	/* connect() that never ends. */
	play_to_rebooted(&r);
	play_pass(&r, 120000);
	assert_int_equal(r.s.outcome, SESSION_NOT_BACK);
	play_end(&r);
}

/* A side has lost the bond: no further try can end otherwise. */
static void test_key_missing(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		if (after) {
			play_to_rebooted(&r);
			play_skip(&r);
			play_pass(&r, 400);
		} else {
			play_begin(&r);
		}
		play_lost(&r, GATT_KEY_MISSING);
		assert_int_equal(r.s.outcome, SESSION_NOT_PAIRED);
		assert_true(r.s.key_missing);
		assert_int_equal(r.s.proving, after);
		assert_int_equal(r.s.stats.retries, 0);
		play_end(&r);
	}
	/* A cancelled session is that, however the link ends. */
	play_to_sending(&r);
	session_cancel(&r.s, r.now);
	play_lost(&r, GATT_KEY_MISSING);
	assert_int_equal(r.s.outcome, SESSION_CANCELLED);
	play_end(&r);
}

static void test_done_lost_with_the_link(void **state)
{
	(void)state;
	play_to_verifying(&r);
	play_pass(&r, 700);
	play_lost(&r, GATT_BY_DEVICE);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	play_pass(&r, 500);
	play_link_up(&r, 23, PLAY_FULL);
	play_confirmed(&r);
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	assert_int_equal(r.s.stats.done_us - r.s.stats.start_us, 700000);
	play_end(&r);
	play_to_verifying(&r); /* it was not verified: sent again from where it is */
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 05"); /* unless it is about to boot it */
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_SUSPENDED, 60);
	play_pass(&r, 500);
	assert_int_equal(play_count(&r, "request control 01"), 1);
	assert_int_equal(r.s.stats.retries, 1);
	play_end(&r);
	play_to_verifying(&r);
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_REBOOTING, 60);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_lost(&r, GATT_BY_DEVICE);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	play_pass(&r, 5000);
	play_skip(&r);
	assert_int_equal(r.s.state, SESSION_RECONNECTING);
	play_end(&r);
}

/* The device is silent, with no try left: the session looks at it before it says so. */
static void test_silence_after_end(void **state)
{
	(void)state;
	for (int runs = 0; runs < 2; runs++) {
		play_init(&r, SESSION_UPDATE, PLAY_SIZE);
		r.config.retries = 0;
		play_start(&r);
		play_sending(&r, 23, 0, PLAY_SIZE);
		play_rx_ack(&r, PLAY_SIZE, 0, PLAY_SIZE);
		play_written(&r, GATT_CONTROL);
		play_pass(&r, 50000);
		assert_int_equal(r.s.state, SESSION_RECONNECTING);
		play_lost(&r, GATT_BY_HOST);
		play_skip(&r);
		if (runs)
			memcpy(r.info.running_sha256, r.config.sha256, 32);
		play_pass(&r, 400);
		play_link_up(&r, 23, PLAY_FULL);
		if (runs)
			play_confirmed(&r);
		assert_int_equal(r.s.outcome, runs ? SESSION_CONFIRMED : SESSION_STALLED);
		play_end(&r);
	}
}

static void test_done_lost_alone(void **state)
{
	(void)state;
	play_to_verifying(&r);
	play_pass(&r, 30000);
	play_expect(&r, "request control 05");
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_REBOOTING, 60);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	play_to_verifying(&r); /* END was lost */
	play_pass(&r, 30000);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_RECEIVING, 60);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_pass(&r, 29999);
	play_expect_none(&r);
	play_end(&r);
	play_to_verifying(&r); /* it answers for ever, and is never done */
	play_skip(&r);
	for (int i = 0; i < 100 && r.s.state == SESSION_VERIFYING; i++) {
		play_pass(&r, 30000);
		play_written(&r, GATT_CONTROL);
		play_rx_status(&r, OTA_STATE_VERIFYING, 60);
	}
	assert_int_equal(play_count(&r, "disconnect"), 1);
	assert_int_not_equal(r.s.state, SESSION_VERIFYING);
	play_end(&r);
}

static void test_stays_up_after_done(void **state)
{
	(void)state;
	play_to_verifying(&r);
	play_rx_done(&r, 60, 300);
	play_pass(&r, 5300);
	play_expect(&r, "disconnect"); /* to look whether it did reboot */
	play_lost(&r, GATT_BY_HOST);
	play_pass(&r, 400);
	play_expect(&r, "connect");
	play_end(&r);
	play_to_verifying(&r); /* one that waits to be told */
	play_rx_done(&r, 60, 0xffff);
	play_expect(&r, "request control 08");
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
}

/* The link is lost after DONE, before the reboot: connecting at once would meet the old image. */
static void test_not_before_the_reboot(void **state)
{
	(void)state;
	play_to_verifying(&r);
	play_rx_done(&r, 60, 3000);
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 3399);
	play_expect_none(&r);
	play_pass(&r, 1);
	play_expect(&r, "connect");
	play_end(&r);
}

static void test_command_fails_while_rebooting(void **state)
{
	(void)state;
	play_to_verifying(&r);
	play_rx_done(&r, 60, 300);
	session_written(&r.s, GATT_CONTROL, -OTA_EIO, r.now);
	assert_int_equal(r.s.state, SESSION_RECONNECTING);
	play_end(&r);
}

static void test_comes_back_without_service(void **state)
{
	(void)state;
	play_to_rebooted(&r);
	play_pass(&r, 400);
	play_expect(&r, "connect");
	session_connected(&r.s, 23, r.now);
	play_discovered(&r, PLAY_FOREIGN);
	assert_int_equal(r.s.outcome, SESSION_OTHER_DIALECT);
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_trial_without_power),
		cmocka_unit_test(test_unconfirmed),
		cmocka_unit_test(test_confirm_fails),
		cmocka_unit_test(test_confirm_unheard),
		cmocka_unit_test(test_confirm_lies),
		cmocka_unit_test(test_not_back),
		cmocka_unit_test(test_key_missing),
		cmocka_unit_test(test_done_lost_with_the_link),
		cmocka_unit_test(test_silence_after_end),
		cmocka_unit_test(test_done_lost_alone),
		cmocka_unit_test(test_stays_up_after_done),
		cmocka_unit_test(test_not_before_the_reboot),
		cmocka_unit_test(test_command_fails_while_rebooting),
		cmocka_unit_test(test_comes_back_without_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
