/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the dialect of Espressif's ble_ota, whose devices keep an update that stopped until they
 * are reset: literal bytes, and updates of virtual devices with faults at many places.  Whatever
 * happens, no byte of an image is written to a device that is in the middle of another, its buffer
 * is not overrun, and after a reset it takes an update.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "dialectlib.h"
#include "image/image_build.h"
#include "session_play.h"

static uint8_t image[60000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 50000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

/* --- literal bytes: messages worked out apart from this code, CRC-16/XMODEM */

#define SAYS_STARTED "0300 0100 0000 000000000000000000000000 56a8"
#define SAYS_REJECTED "0300 0100 0100 000000000000000000000000 37d3"
#define SECTOR_OK "000000000000000000000000000000000000 0000"
#define EXPECTS_0 "feff02000000000000000000000000000000"
#define EXPECTS_1 "feff02000100000000000000000000000000"
#define QUESTION "request data feff00"
#define START "request control 01003c0000000000000000000000000000007804"

static struct play r;

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* From the characteristic for Data; the CRC is put where the text has none. */
static void says(const char *hex)
{
	uint8_t buf[20];
	uint16_t crc = 0;
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ') {
			buf[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
			hex++;
		}
	for (size_t bit = 0; n == 18 && bit < 144; bit++) {
		const bool one = ((crc >> 15) ^ (buf[bit / 8] >> (7u - bit % 8u) & 1)) & 1;

		crc = (uint16_t)(crc << 1 ^ (one ? 0x1021 : 0));
	}
	if (n == 18) {
		buf[n++] = (uint8_t)crc;
		buf[n++] = (uint8_t)(crc >> 8);
	}
	assert_int_equal(n, sizeof(buf));
	session_rx_data(&r.s, buf, n, r.now);
}

/* Connected, as far as the first question. */
static void begin(void)
{
	static const uint8_t properties[GATT_CHRS] = {0x28, 0x28, 0, 0, 0, 0};

	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, DIALECT_BLE_OTA, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "subscribe data");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, QUESTION);
	play_expect_none(&r);
}

/* As far as the value of 60 bytes. */
static void begin_sending(void)
{
	begin();
	play_written(&r, GATT_DATA);
	play_expect(&r, START);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, SAYS_STARTED);
	play_expect(&r, QUESTION);
	says(EXPECTS_0);
	play_expect_none(&r); /* until the question has its response */
	assert_int_equal(r.s.state, SESSION_SENDING);
	play_written(&r, GATT_DATA);
	assert_int_equal(play_count(&r, "request data 0000ff000102030405"), 1);
	assert_int_equal(r.data_bytes, 65 + 2 * 3);
	play_skip(&r);
}

static void test_bytes(void **state)
{
	(void)state;
	begin_sending();
	says(SECTOR_OK);
	play_written(&r, GATT_DATA);
	play_expect_none(&r); /* no STOP: the device restarts by itself */
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
}

/* An update is under way there: its answer comes before the response, or START is rejected. */
static void test_under_way(void **state)
{
	(void)state;
	begin();
	says(EXPECTS_1);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BUSY);
	assert_int_equal(r.data_bytes, 3);
	play_end(&r);
	begin();
	play_written(&r, GATT_DATA);
	play_expect(&r, START);
	says(EXPECTS_0); /* late: START's own answer decides */
	play_written(&r, GATT_CONTROL);
	play_rx(&r, SAYS_REJECTED);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BUSY);
	play_end(&r);
	/* It was told to stop, and has sectors all the same. */
	begin();
	play_written(&r, GATT_DATA);
	play_skip(&r);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, SAYS_STARTED);
	play_expect(&r, QUESTION);
	says(EXPECTS_1);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.data_bytes, 6);
	play_end(&r);
}

/* No value is sent twice: the device would take it for the next sector's. */
static void test_lost_answer(void **state)
{
	(void)state;
	begin_sending();
	play_written(&r, GATT_DATA);
	play_pass(&r, 2 * r.config.ack_timeout_ms);
	play_expect(&r, QUESTION);
	play_expect_none(&r);
	says(EXPECTS_1);
	assert_int_equal(r.s.stats.received, 60);
	play_written(&r, GATT_DATA);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	begin_sending();
	play_written(&r, GATT_DATA);
	play_pass(&r, 2 * r.config.ack_timeout_ms);
	play_expect(&r, QUESTION);
	says(EXPECTS_0); /* a value did not arrive */
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	play_end(&r);
}

/* --- virtual devices */

static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	const bool delivered = u->s.outcome == SESSION_DELIVERED;

	(void)c;
	if (esp_sectors_overruns(update_device(u)) != 0)
		fail_msg("%s: its buffer was overrun", what);
	/* It tells no version, and its power may go when it has told all that it ever tells. */
	if (!update_check_boots(u) && delivered && strncmp(what, "power-cut", 9) != 0)
		fail_msg("%s: delivered, and it boots the old image", what);
}

static const struct dialect_case device = {
	.id = DIALECT_BLE_OTA,
	.device = ESP_SECTORS,
	.image = image,
	.size = &image_size,
	.seconds = 3600,
	.good = SESSION_DELIVERED,
	.check = check,
};

/* Delivered; or it has to be reset first. */
#define RESET_FIRST (OUTCOME(DELIVERED) | OUTCOME(DEVICE_ERROR))

static void test_mtus(void **state)
{
	(void)state;
	dialect_each_mtu(&device, 23);
}

static void test_link_loss(void **state)
{
	(void)state;
	dialect_each_loss(&device, RESET_FIRST);
}

static void test_notifications(void **state)
{
	(void)state;
	/* START's, the question's, one of each of 13 sectors */
	dialect_each_notification(&device, 15, RESET_FIRST | OUTCOME(STALLED), RESET_FIRST);
	dialect_each(&device, "delay-notify@%u:6000", 7, 2, RESET_FIRST | OUTCOME(STALLED));
}

static void test_values(void **state)
{
	(void)state;
	dialect_each(&device, "drop-data@%u", DIALECT_PLACES, 5, RESET_FIRST | OUTCOME(STALLED));
}

static void test_power_cuts(void **state)
{
	(void)state;
	dialect_each_cut(&device, OUTCOME(DELIVERED));
}

/* In the way of the next update until the device is reset, and not longer. */
static void test_cancel(void **state)
{
	struct update u;

	(void)state;
	dialect_each_cancel(&device, OUTCOME(DEVICE_ERROR));
	dialect_init(&u, &device);
	update_begin(&u);
	while (u.s.state != SESSION_SENDING || u.s.stats.queued < 10000)
		assert_true(update_step(&u));
	session_cancel(&u.s, update_now(&u));
	update_finish(&u, device.seconds);
	assert_int_equal(u.s.outcome, SESSION_CANCELLED);
	esp_reset(update_device(&u));
	dialect_again(&u, &device);
	assert_int_equal(u.s.outcome, SESSION_DELIVERED);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

/* The device tells nothing, and does not restart. */
static void test_damaged_image(void **state)
{
	struct update u;

	(void)state;
	image[20000] ^= 0x01;
	dialect_init(&u, &device);
	u.session.retries = 1;
	update_run(&u, device.seconds);
	image[20000] ^= 0x01;
	assert_int_equal(u.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(u.s.code, OTA_ERR_IMAGE);
	assert_false(update_check_boots(&u));
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	    cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_lost_answer), cmocka_unit_test(test_mtus),
		cmocka_unit_test(test_link_loss),   cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_values),	    cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_cancel),	    cmocka_unit_test(test_damaged_image),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
