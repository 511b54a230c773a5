/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests Angerer's dialect: literal bytes, and updates of a virtual device with its quirks,
 * undisturbed and with faults at many places.  Such a device tells no version, so that "delivered"
 * is what it said itself, and never more; whatever happens, it boots one of the two images, whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dialectlib.h"
#include "session_play.h"

/* --- literal bytes */

static struct play r;

/* Connected, as far as REQUEST: size bytes in values of 20. */
static void begin(uint32_t size)
{
	static const uint8_t properties[GATT_CHRS] = {0x1a, 0x08, 0, 0, 0, 0};

	play_init(&r, SESSION_UPDATE, size);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 23, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, DIALECT_ANGERER, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "request data 1400");
	play_rx(&r, "02"); /* nothing was asked yet */
	play_written(&r, GATT_DATA);
	play_expect(&r, "request control 01");
	play_written(&r, GATT_CONTROL);
	play_expect_none(&r);
	assert_int_equal(r.s.state, SESSION_PREPARING);
}

/* The last value is filled up: the device takes 20 bytes of it, whatever it has. */
static void send_all(void)
{
	begin(24);
	play_rx(&r, "02");
	play_expect(&r, "request data 000102030405060708090a0b0c0d0e0f10111213");
	play_written(&r, GATT_DATA);
	assert_int_equal(r.s.stats.received, 20);
	play_expect(&r, "request data 14151617ffffffffffffffffffffffffffffffff");
	play_written(&r, GATT_DATA);
	assert_int_equal(r.s.stats.received, 24);
	play_expect(&r, "request control 04");
	play_written(&r, GATT_CONTROL);
}

static void test_bytes(void **state)
{
	(void)state;
	send_all();
	play_rx(&r, "05");
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	send_all();
	play_rx(&r, "06");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_IMAGE);
	play_end(&r);
	begin(24);
	play_rx(&r, "03");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	play_end(&r);
}

/* Only one byte of all that it may say is the end of an update. */
static void test_wrong_answers(void **state)
{
	(void)state;
	send_all();
	for (unsigned int byte = 0; byte < 256; byte++) {
		const uint8_t buf[2] = {(uint8_t)byte, 0};

		if (byte != 5 && byte != 6)
			session_rx(&r.s, buf, 1, r.now);
		session_rx(&r.s, buf, 2, r.now);
		assert_int_equal(r.s.state, SESSION_VERIFYING);
	}
	play_end(&r);
}

/* --- virtual devices */

/* The device boots one of the images, up to what filled the last value; and the new one, if that
 * was told, unless its power went after it had told it. */
static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	const struct board *board = esp_board(update_device(u));

	(void)c;
	update_wait(u, 10000000u);
	esp_reset(update_device(u));
	update_wait(u, 5000000u);
	assert_int_equal(board_state(board), BOARD_RUNNING);
	if (board_running(board)->slot == 0 && u->s.outcome == SESSION_DELIVERED &&
	    strncmp(what, "power-cut", 9) != 0)
		fail_msg("%s: delivered, and it boots the old image", what);
}

static const struct dialect_case device = {.id = DIALECT_ANGERER,
					   .device = ESP_ANGERER,
					   .image = dialect_image,
					   .size = &dialect_image_size,
					   .seconds = 3600,
					   .good = SESSION_DELIVERED,
					   .check = check};

static void test_mtus(void **state)
{
	(void)state;
	dialect_each_mtu(&device, 23);
}

static void test_faults(void **state)
{
	(void)state;
	dialect_each_loss(&device, DIALECT_UNHEARD);
	dialect_each_notification(&device, 2, DIALECT_UNHEARD, DIALECT_UNHEARD);
	dialect_each_cut(&device, DIALECT_UNHEARD);
}

/* The device stays in the middle of it, and begins anew all the same. */
static void test_cancel(void **state)
{
	(void)state;
	dialect_each_cancel(&device, OUTCOME(DELIVERED));
}

static void test_damaged_image(void **state)
{
	(void)state;
	dialect_image[20000] ^= 1;
	assert_int_equal(dialect_run(&device, ""), SESSION_DEVICE_ERROR);
	dialect_image[20000] ^= 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),  cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_mtus),   cmocka_unit_test(test_faults),
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_damaged_image),
	};

	return cmocka_run_group_tests(tests, dialect_build, NULL);
}
