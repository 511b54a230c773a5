/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine in whole conversations, byte by byte as
 * docs/protocol.md states them: full, basic, resumed, measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

#define HASH "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

static void test_full(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	r.config.ack_interval = 1024;
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	/* START: version 1, flags 0, size 40, stream 40, ACK each 1024, hash */
	play_expect(&r, "request control 01010000 28000000 28000000 0004 " HASH);
	play_written(&r, GATT_CONTROL);
	play_expect_none(&r); /* nothing before READY */
	/* PROGRESS: erase 0 of 4096; READY: offset 0, limit 40, values to 512, ACK each 1024 */
	play_rx(&r, "04 01 00000000 00100000");
	play_rx(&r, "01 00000000 28000000 0002 0004 00 0000");
	play_expect(&r, "command data 0000000102030405060708090a0b0c0d0e0f1011");
	play_expect(&r, "command data 010012131415161718191a1b1c1d1e1f20212223");
	play_expect(&r, "command data 020024252627");
	play_expect_none(&r); /* END only after the device has it all */
	/* ACK: received 40, flushed 0, limit 40 */
	play_rx(&r, "07 28000000 00000000 28000000");
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "04 03 00000000 28000000"); /* drain */
	play_rx(&r, "04 04 00000000 28000000"); /* verify */
	assert_int_equal(r.s.stats.flushed, 40);
	/* DONE: 40 bytes, slot 1, reboots in 300 ms, hash prefix */
	play_pass(&r, 20);
	play_rx(&r, "03 28000000 01 2c01 a0a1a2a3a4a5a6a7");
	assert_int_equal(r.s.stats.done_us - r.s.stats.start_us, 20000);
	play_pass(&r, 300);
	play_lost(&r, GATT_BY_DEVICE);
	play_expect_none(&r);
	play_pass(&r, 400);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	r.info.flags = OTA_INFO_PENDING_VERIFY;
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "request control 06");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "06 06 00");
	r.info.flags = 0; /* no longer on trial: its word alone is no proof */
	play_info(&r);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	assert_string_equal(r.s.version, "1.0.0");
	assert_string_equal(r.states, "connecting discovering preparing sending verifying "
				      "rebooting reconnecting confirming done ");
	assert_int_equal(r.s.stats.sent_bytes, 40);
	assert_int_equal(r.s.stats.values, 3);
	assert_int_equal(r.approvals, 1);
	play_finish(&r);
}

static void test_basic(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 30);
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "request control 01");
	play_written(&r, GATT_CONTROL);
	play_pass(&r, 5000); /* it erases, and cannot say so */
	play_expect_none(&r);
	play_rx(&r, "01");
	play_expect(&r, "request data 000102030405060708090a0b0c0d0e0f10111213");
	play_expect_none(&r); /* one request at a time */
	play_written(&r, GATT_DATA);
	assert_int_equal(r.s.stats.received, 20);
	play_expect(&r, "request data 1415161718191a1b1c1d");
	play_written(&r, GATT_DATA);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "03");
	play_lost(&r, GATT_BY_DEVICE);
	play_pass(&r, 400);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_DELIVERED);
	play_finish(&r);
}

static void test_basic_commands_are_paced(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 50);
	r.config.mode_auto = false;
	r.config.mode = GATT_COMMAND;
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "request control 01");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	play_expect(&r, "command data 000102030405060708090a0b0c0d0e0f10111213");
	play_expect_none(&r);
	assert_int_equal(session_deadline(&r.s), r.now + 20000);
	play_pass(&r, 19);
	play_expect_none(&r);
	play_pass(&r, 1);
	play_expect(&r, "command data 1415161718191a1b1c1d1e1f2021222324252627");
	play_pass(&r, 20);
	play_expect(&r, "command data 28292a2b2c2d2e2f3031");
	assert_false(r.s.stats.received_known);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "03");
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_finish(&r);
}

static void test_resume(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	play_start(&r);
	play_sending(&r, 23, 32, 40);
	play_expect(&r, "command data 00002021222324252627");
	assert_true(r.s.stats.resumed);
	assert_int_equal(r.s.stats.resumed_from, 32);
	assert_int_equal(r.s.stats.sent_bytes, 8);
	assert_string_equal(r.notes, "dialect=1 resumed=32 chunk=20 ");
	play_finish(&r);
}

/* All bytes are in the device's flash already: END follows READY. */
static void test_resume_at_the_end(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 40, 40);
	play_expect(&r, "request control 04");
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_finish(&r);
}

/* Told to resume, and only that. */
static void test_resume_only(void **state)
{
	struct ota_status m = {.state = OTA_STATE_SUSPENDED, .received = 32};
	uint8_t buf[20];

	(void)state;
	for (int i = 0; i < 3; i++) {
		play_init(&r, SESSION_UPDATE, 40);
		r.config.resume_only = true;
		play_start(&r);
		play_link_up(&r, 23, PLAY_FULL);
		play_expect(&r, "request control 05");
		play_written(&r, GATT_CONTROL);
		m.received = i == 1 ? 0 : 32;
		memcpy(m.hash, r.config.sha256, sizeof(m.hash));
		m.hash[3] ^= i == 2; /* another image's */
		session_rx(&r.s, buf, (size_t)ota_status_encode(&m, buf, sizeof(buf)), r.now);
		if (i == 0) {
			assert_int_equal(play_count(&r, "request control 01010000"), 1);
		} else {
			assert_int_equal(r.s.outcome, SESSION_REFUSED);
			assert_int_equal(r.s.status, -OTA_ENOENT);
		}
		play_skip(&r);
		play_finish(&r);
	}
	play_init(&r, SESSION_UPDATE, 40);
	r.config.resume_only = true;
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_REFUSED);
	play_finish(&r);
}

/* STATUS tells of resets too, and is the later word; a device of the first ones says nothing. */
static void test_status_tells_resets(void **state)
{
	struct ota_status m = {.state = OTA_STATE_SUSPENDED,
			       .reset_reason = OTA_RESET_PANIC,
			       .resets = 3,
			       .panics = 2};
	uint8_t buf[20];

	(void)state;
	for (size_t len = 17; len <= 20; len += 3) {
		play_init(&r, SESSION_UPDATE, 40);
		r.config.resume_only = true;
		play_start(&r);
		play_link_up(&r, 23, PLAY_FULL);
		r.s.info.reset_reason = OTA_RESET_BROWN_OUT;
		r.s.info.resets = r.s.info.panics = 1;
		assert_int_equal(ota_status_encode(&m, buf, sizeof(buf)), 20);
		session_rx(&r.s, buf, len, r.now);
		assert_int_equal(r.s.info.reset_reason,
				 len == 20 ? OTA_RESET_PANIC : OTA_RESET_BROWN_OUT);
		assert_int_equal(r.s.info.resets, len == 20 ? 3 : 1);
		assert_int_equal(r.s.info.panics, len == 20 ? 2 : 1);
		play_skip(&r);
		play_finish(&r);
	}
}

static void test_restart_flag_once(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	r.config.restart = true;
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	assert_int_equal(play_count(&r, "request control 01010200"), 1);
	play_skip(&r);
	/* The bytes that this run has sent are worth keeping. */
	play_lost(&r, GATT_SUPERVISION);
	play_pass(&r, 500);
	play_link_up(&r, 23, PLAY_FULL);
	assert_int_equal(play_count(&r, "request control 01010000"), 1);
	play_skip(&r);
	play_finish(&r);
}

static void test_measure(void **state)
{
	(void)state;
	play_init(&r, SESSION_MEASURE, 20);
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	assert_int_equal(play_count(&r, "request control 01010100 14000000 14000000 "), 0);
	assert_int_equal(play_count(&r, "request control 010101001400000014000000"), 1);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 0, 20);
	play_expect(&r, "command data 0000000102030405060708090a0b0c0d0e0f1011");
	play_expect(&r, "command data 01001213");
	play_rx_ack(&r, 20, 0, 20);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	/* DONE: no slot, no reboot, no hash */
	play_rx(&r, "03 14000000 ff ffff 0000000000000000");
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_MEASURED);
	play_finish(&r);
	/* A device without SINK: named, nothing written. */
	play_init(&r, SESSION_MEASURE, 20);
	r.info.features = 0;
	play_start(&r);
	play_link_up(&r, 23, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_UNSUPPORTED);
	play_finish(&r);
}

static void test_refused(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	r.approve_rc = -OTA_EPERM;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "disconnect"); /* and nothing was written */
	assert_int_equal(r.s.outcome, SESSION_REFUSED);
	play_finish(&r);
}

static void test_in_use(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	r.approve_rc = -OTA_EBUSY;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_IN_USE);
	play_finish(&r);
}

static void test_already_running(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ALREADY_RUNNING);
	play_finish(&r);
	/* On trial still, since an earlier run ended before CONFIRM: that is what is left. */
	play_init(&r, SESSION_UPDATE, 40);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	r.info.flags = OTA_INFO_PENDING_VERIFY;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_confirmed(&r);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	play_finish(&r);
	play_init(&r, SESSION_UPDATE, 40);
	memcpy(r.info.running_sha256, r.config.sha256, 32);
	r.config.force_same = true;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	assert_int_equal(play_count(&r, "request control 01"), 1);
	play_skip(&r);
	play_finish(&r);
}

static void test_foreign_dialect(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	play_discovered(&r, PLAY_FOREIGN);
	play_expect(&r, "disconnect"); /* nothing was subscribed or written */
	assert_int_equal(r.s.outcome, SESSION_OTHER_DIALECT);
	assert_int_equal(r.s.dialect->id, DIALECT_FOREIGN);
	play_finish(&r);
}

static void test_link_request(void **state)
{
	(void)state;
	play_init(&r, SESSION_UPDATE, 4000);
	r.info.features |= OTA_FEATURE_LINK | OTA_FEATURE_TELEMETRY;
	r.config.link = (struct ota_link_request){
		.supervision_timeout = 500, .phys = OTA_PHYS_2M, .data_length = 251};
	r.config.link_auto = true;
	r.config.telemetry_ms = 1000;
	play_start(&r);
	play_link_up(&r, 498, PLAY_FULL);
	/* 10 ms for 2M, latency 0, 5 s, 2M, 251 octets */
	play_expect(&r, "request control 0908000800 0000 f401 02 fb00");
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL);
	/* LINK: granted; 10 ms, 5 s, 2M both ways, 251 both ways, MTU 498 */
	play_rx(&r, "09 00 0800 0000 f401 02 02 fb00 fb00 f201");
	play_expect(&r, "request control 0ae803");
	play_expect_none(&r); /* one command at a time */
	play_written(&r, GATT_CONTROL);
	assert_int_equal(play_count(&r, "request control 01"), 1);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "06 0a 00");
	play_rx_ready(&r, 0, 4000);
	assert_int_equal(r.s.chunk, 495); /* what the 2M link just granted carries best */
	play_skip(&r);
	play_finish(&r);
	/* No answer: it goes on without. */
	play_init(&r, SESSION_UPDATE, 4000);
	r.info.features |= OTA_FEATURE_LINK;
	r.config.link.supervision_timeout = 500;
	play_start(&r);
	play_link_up(&r, 498, PLAY_FULL);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_pass(&r, 4000);
	assert_int_equal(play_count(&r, "request control 01"), 1);
	play_skip(&r);
	play_finish(&r);
}

static void test_configuration_out_of_range(void **state)
{
	struct play bad;

	(void)state;
	play_init(&r, SESSION_UPDATE, 40);
	for (int i = 0; i < 6; i++) {
		bad = r;
		switch (i) {
		case 0:
			bad.config.image = NULL;
			break;
		case 1:
			bad.config.image_size = 0;
			break;
		case 2:
			bad.config.mtu_max = 22;
			break;
		case 3:
			bad.config.chunk = 19;
			break;
		case 4:
			bad.config.chunk = 513;
			break;
		default:
			bad.config.ack_timeout_ms = 0;
			break;
		}
		assert_int_equal(
			session_init(&bad.s, &bad.config, &(const struct session_ops){0}, NULL, 0),
			-OTA_EINVAL);
	}
	play_finish(&r);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_STATES; i++)
		assert_string_not_equal(session_state_name((enum session_state)i), "unknown");
	for (int i = 0; i < SESSION_OUTCOMES; i++)
		assert_string_not_equal(session_outcome_name((enum session_outcome)i), "unknown");
	for (int i = 0; i < SESSION_NOTES; i++)
		assert_string_not_equal(session_note_name((enum session_note)i), "unknown");
	assert_string_equal(session_state_name((enum session_state)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_basic_commands_are_paced),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_resume_at_the_end),
		cmocka_unit_test(test_resume_only),
		cmocka_unit_test(test_status_tells_resets),
		cmocka_unit_test(test_restart_flag_once),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_already_running),
		cmocka_unit_test(test_foreign_dialect),
		cmocka_unit_test(test_link_request),
		cmocka_unit_test(test_configuration_out_of_range),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
