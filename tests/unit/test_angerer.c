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

#include "base/sha256.h"
#include "image/image_build.h"
#include "session_play.h"
#include "updatelib.h"

#define SECONDS 3600u
#define PLACES 20u
#define CUTS 50u

static uint8_t image[60000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 50000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

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

static void init(struct update *u)
{
	update_init(u, image, image_size);
	u->sim.kind.dialect = ESP_ANGERER;
	u->sim.kind.foreign = DIALECT_ANGERER;
	u->sim.kind.flash_mode = ESP_FLASH_LENIENT;
	(void)snprintf(u->session.version, sizeof(u->session.version), "2.0.0");
}

/*
 * Returns true if the new image boots; the old one may, too, but the device must run in any case.
 */
static bool boots_new(struct update *u)
{
	const struct board *board = esp_board(update_device(u));

	update_wait(u, 10000000u);
	esp_reset(update_device(u));
	update_wait(u, 5000000u);
	assert_int_equal(board_state(board), BOARD_RUNNING);
	return board_running(board)->slot != 0;
}

static enum session_outcome run(const char *fault)
{
	enum session_outcome outcome;
	struct update u;

	init(&u);
	if (fault[0])
		update_fault(&u, fault);
	outcome = update_run(&u, SECONDS);
	if (boots_new(&u) != (outcome == SESSION_DELIVERED) && strncmp(fault, "power", 5) != 0 &&
	    outcome != SESSION_LINK_LOST && outcome != SESSION_STALLED)
		fail_msg("%s: %s, and it boots another image", fault,
			 session_outcome_name(outcome));
	update_end(&u);
	return outcome;
}

/* Delivered, or what nothing tells any more: the end was not heard. */
static void each(const char *format, uint32_t count, uint32_t step)
{
	char fault[64];

	for (uint32_t i = 1; i <= count; i++) {
		enum session_outcome outcome;

		(void)snprintf(fault, sizeof(fault), format, i * step);
		outcome = run(fault);
		if (outcome != SESSION_DELIVERED && outcome != SESSION_LINK_LOST &&
		    outcome != SESSION_STALLED)
			fail_msg("%s: %s", fault, session_outcome_name(outcome));
	}
}

static void test_mtus(void **state)
{
	static const uint16_t mtus[] = {23, 185, 247, 517};

	(void)state;
	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct update u;

		init(&u);
		u.sim.kind.mtu = mtus[i];
		assert_int_equal(update_run(&u, SECONDS), SESSION_DELIVERED);
		assert_int_equal(u.s.stats.sent_bytes, image_size);
		assert_true(boots_new(&u));
		update_end(&u);
	}
}

static void test_faults(void **state)
{
	(void)state;
	each("disconnect@%u", PLACES, (uint32_t)image_size / PLACES);
	each("terminate@%u", PLACES / 4u, (uint32_t)image_size / PLACES * 4u);
	each("reboot@%u", PLACES / 4u, (uint32_t)image_size / PLACES * 4u);
	each("drop-notify@%u", 2, 1);
	each("dup-notify@%u", 2, 1);
	each("delay-notify@%u:700", 2, 1);
	each("power-cut@%u", CUTS, 1);
}

static void test_cancel(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PLACES; i++) {
		const uint32_t at = (uint32_t)((uint64_t)image_size * i / PLACES);
		struct update u;

		init(&u);
		update_begin(&u);
		while (u.s.state != SESSION_SENDING || u.s.stats.queued < at)
			assert_true(update_step(&u));
		session_cancel(&u.s, update_now(&u));
		update_finish(&u, SECONDS);
		assert_int_equal(u.s.outcome, SESSION_CANCELLED);
		/* The device is in the middle of it, and begins anew all the same. */
		update_wait(&u, 5000000u);
		assert_int_equal(pump_init(&u.pump, &u.session), 0);
		session_start(&u.s, update_now(&u));
		update_finish(&u, SECONDS);
		assert_int_equal(u.s.outcome, SESSION_DELIVERED);
		assert_true(boots_new(&u));
		update_end(&u);
	}
}

static void test_damaged_image(void **state)
{
	(void)state;
	image[20000] ^= 1;
	assert_int_equal(run(""), SESSION_DEVICE_ERROR);
	image[20000] ^= 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),  cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_mtus),   cmocka_unit_test(test_faults),
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_damaged_image),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
