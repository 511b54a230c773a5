/* SPDX-License-Identifier: Apache-2.0 */
/* The flash apart from the image: the session's PREPARE, and START's flag *pattern*. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "session_play.h"

static struct play r;

/* MEASURE of the flash: nothing goes over Data, and TIMES add up over their wrap. */
static void test_pattern(void **state)
{
	(void)state;
	play_init(&r, SESSION_MEASURE, 70000);
	r.config.pattern = true;
	r.config.telemetry_ms = 500;
	r.info.features = OTA_FEATURE_PATTERN | OTA_FEATURE_TELEMETRY | OTA_FEATURE_TIMES;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "request control 0af401");
	play_written(&r, GATT_CONTROL);
	assert_int_equal(play_count(&r, "request control 010110007011010070110100"), 1);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 70000, 70000);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
	assert_null(strstr(r.notes, "resumed"));
	assert_false(r.s.stats.resumed);
	play_rx(&r, "0b 0000 e803 0000 0000 0000"); /* erase 1000, write 0, read 0 */
	play_rx(&r, "0b 0000 e803 60ea 0100 0000"); /* ... 1000, 60000, 1 */
	play_rx(&r, "0b 0000 f003 6011 0300 0000"); /* ... 1008, 4448 again, 3 */
	play_rx(&r, "03 70110100 ff ffff 0000000000000000");
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_MEASURED);
	assert_int_equal(r.s.stats.flash.erase_ms, 1008);
	assert_int_equal(r.s.stats.flash.write_ms, 65536 + 4448);
	assert_int_equal(r.s.stats.flash.read_ms, 3);
	assert_int_equal(r.s.stats.sent_bytes, 0);
	play_finish(&r);
	/* A device that knows SINK alone. */
	play_init(&r, SESSION_MEASURE, 70000);
	r.config.pattern = true;
	r.config.telemetry_ms = 500;
	r.info.features = OTA_FEATURE_SINK;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.code, OTA_ERR_UNSUPPORTED);
	play_finish(&r);
}

/* PREPARE takes as long as its erases; a device without it is told by name. */
static void test_prepare(void **state)
{
	(void)state;
	play_init(&r, SESSION_COMMAND, 70000);
	r.config.command = OTA_CMD_PREPARE;
	r.config.ready_timeout_ms = 5000;
	r.info.features = OTA_FEATURE_PREPARE;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "request control 0c70110100");
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "04 01 00000000 00200100");
	play_pass(&r, 4000);
	play_rx(&r, "04 01 00000100 00200100"); /* another block: it works */
	play_pass(&r, 4000);
	play_expect_none(&r);
	play_rx(&r, "06 0c 00");
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	play_finish(&r);
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = OTA_CMD_PREPARE;
	r.info.features = OTA_FEATURE_PATTERN;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.opcode, OTA_CMD_PREPARE);
	play_finish(&r);
}

/* An update with prepare; wishes: about the link, which a device that goes on may change. */
static void prepared_update(uint32_t features, uint8_t flags, uint8_t abilities, bool wishes,
			    bool prepares)
{
	play_init(&r, SESSION_UPDATE, 60);
	r.config.prepare = true;
	r.config.link = (struct ota_link_request){.phys = wishes ? OTA_PHYS_2M : 0};
	r.info.features |= features | OTA_FEATURE_LINK;
	r.info.flags = flags;
	r.info.abilities = abilities;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	if (prepares) {
		play_expect(&r, "request control 0c3c000000");
		play_rx_error(&r, OTA_ERR_BUSY, OTA_CMD_PREPARE, 90); /* no reason to stop */
		play_written(&r, GATT_CONTROL);
	}
	if (wishes) {
		assert_int_equal(play_count(&r, "request control 09"), 1);
		play_skip(&r);
		play_written(&r, GATT_CONTROL);
	}
	assert_int_equal(play_count(&r, "request control 0101"), 1);
	play_skip(&r);
	play_end(&r);
}

/* Never where that would throw away what can be resumed, or lose the change of the link. */
static void test_prepare_ahead(void **state)
{
	(void)state;
	prepared_update(OTA_FEATURE_PREPARE, 0, 0, false, true);
	prepared_update(OTA_FEATURE_PREPARE, OTA_INFO_RESUMABLE, 0, false, false);
	prepared_update(0, 0, 0, false, false);
	prepared_update(OTA_FEATURE_PREPARE, 0, 0, true, false);
	prepared_update(OTA_FEATURE_PREPARE, 0, OTA_ABILITY_AUTO_SUSPEND, true, true);
	prepared_update(OTA_FEATURE_PREPARE, 0, OTA_ABILITY_XIP_PSRAM, true, true);
}

#define LINK_ANSWER "09 00 0c00 0000 f401 02 02 fb00 fb00 f700"

/* READY came, and LINK's answer has not; the connection begins with that PHY. */
static void ready_before_link(uint8_t abilities, enum ota_phy phy, uint32_t size)
{
	play_init(&r, SESSION_UPDATE, size);
	r.config.link = (struct ota_link_request){.phys = OTA_PHYS_2M};
	r.link.phy = phy;
	r.link.interval_us = 10000;
	r.info.features |= OTA_FEATURE_LINK;
	r.info.abilities = abilities;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_written(&r, GATT_CONTROL);
	play_written(&r, GATT_CONTROL);
	play_rx_ready(&r, 0, size);
}

/*
 * The bytes that an image is judged by go to a device that erases beside the change of the link.
 * The values behind them go on in order.
 */
static void test_head_ahead(void **state)
{
	(void)state;
	ready_before_link(OTA_ABILITY_AUTO_SUSPEND, OTA_PHY_1M, 2000);
	assert_int_equal(play_count(&r, "request control 09"), 1);
	assert_int_equal(play_count(&r, "command data 000000"), 1);
	assert_int_equal(play_count(&r, "command data 0100f2"), 1);
	assert_int_equal(play_count(&r, "command data"), 2);
	assert_int_equal(r.s.state, SESSION_PREPARING);
	play_skip(&r);
	play_rx(&r, LINK_ANSWER);
	assert_int_equal(r.s.state, SESSION_SENDING);
	assert_int_equal(play_count(&r, "command data 0200e4"), 1);
	assert_int_equal(r.s.stats.queued, 2000);
	play_end(&r);

	/* A window that these bytes fill goes on by an acknowledgement that came before. */
	ready_before_link(OTA_ABILITY_AUTO_SUSPEND, OTA_PHY_1M, 2000);
	r.s.config.window = 484;
	play_skip(&r);
	play_rx_ack(&r, 484, 0, 2000);
	play_rx(&r, LINK_ANSWER);
	assert_int_equal(r.s.stats.received, 484);
	assert_int_equal(play_count(&r, "command data 0200e4"), 1);
	play_end(&r);

	ready_before_link(0, OTA_PHY_1M, 2000);
	assert_int_equal(play_count(&r, "command data"), 0);
	play_end(&r);
	/* The last value's acknowledgement would not be heard. */
	ready_before_link(OTA_ABILITY_XIP_PSRAM, OTA_PHY_1M, 200);
	assert_int_equal(play_count(&r, "command data"), 0);
	play_rx(&r, LINK_ANSWER);
	assert_int_equal(play_count(&r, "command data"), 1);
	play_end(&r);
}

static void test_head_lost(void **state)
{
	(void)state;
	ready_before_link(OTA_ABILITY_AUTO_SUSPEND, OTA_PHY_1M, 2000);
	play_skip(&r);
	play_rx_gap(&r, 8192, 900, OTA_GAP_MISSING); /* beyond what was sent */
	play_rx_gap(&r, 8192, 242, OTA_GAP_MISSING);
	play_expect_none(&r);
	play_rx(&r, LINK_ANSWER);
	assert_int_equal(play_count(&r, "command data 0020f2"), 1);
	assert_int_equal(r.s.stats.queued, 2000);
	play_end(&r);
	/* A link that is lost takes along what was sent ahead. */
	ready_before_link(OTA_ABILITY_AUTO_SUSPEND, OTA_PHY_1M, 2000);
	play_lost(&r, GATT_SUPERVISION);
	assert_int_equal(r.s.ahead, 0);
	play_end(&r);
}

/* At 2M the first erase outlasts the change of a link with short intervals. */
static void test_start_first(void **state)
{
	(void)state;
	ready_before_link(OTA_ABILITY_AUTO_SUSPEND, OTA_PHY_2M, 2000);
	play_expect(&r,
		    "request control 01010000d0070000d00700000000a0a1a2a3a4a5a6a7a8a9aaabacadaea"
		    "fb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
	assert_int_equal(play_count(&r, "request control 09"), 1);
	assert_int_equal(play_count(&r, "command data"), 2);
	assert_true(r.s.stats.start_us > 0); /* the transfer has begun: the device erases for it */
	play_end(&r);
	ready_before_link(0, OTA_PHY_2M, 2000);
	assert_int_equal(play_count(&r, "command data"), 0);
	assert_true(r.s.stats.start_us == 0); /* nothing of it before the link has changed */
	assert_true(strncmp(r.actions[r.taken], "request control 09", 18) == 0);
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern),	      cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_prepare_ahead), cmocka_unit_test(test_head_ahead),
		cmocka_unit_test(test_head_lost),     cmocka_unit_test(test_start_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
