/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests ArduinoBleOTA's dialect: literal bytes, and updates of a virtual device with its quirks,
 * undisturbed and with faults at many places.  Such a device tells no version, so that "delivered"
 * is what it said itself, and never more; whatever happens, it boots one of the two images, whole,
 * and nothing is sent to it while its flash works.
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

/* --- literal bytes, as doc/PROTOCOL.md of ArduinoBleOTA has them */

static struct play r;

#define INIT "command control 01"
/* 400 bytes in values of 243, any buffer, not compressed, with a checksum. */
#define BEGIN_400 "command control 0390010000f3000000ffffffff9001000002"
#define HAS_ALL "020f"

static void connected(uint32_t size)
{
	static const uint8_t properties[GATT_CHRS] = {0x04, 0x04, 0, 0, 0, 0};

	play_init(&r, SESSION_UPDATE, size);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, DIALECT_ARDUINO_BLE_OTA, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, INIT);
	play_expect_none(&r);
}

static void begin(const char *begun)
{
	connected(400);
	play_rx(&r, "0206");
	play_expect(&r, BEGIN_400);
	play_rx(&r, "0206"); /* doubled: BEGIN again would end what was begun */
	play_expect_none(&r);
	play_rx(&r, begun);
}

/* Values of 100 and a buffer of 200: the third one finds it full, and the last one asks, too. */
static void send_all(void)
{
	begin("0464000000c8000000");
	assert_int_equal(play_count(&r, "command data 050001020304"), 1);
	assert_int_equal(play_count(&r, "command data 0564656667"), 1);
	assert_int_equal(play_count(&r, "command data 06c8c9cacb"), 1);
	assert_int_equal(play_count(&r, "command data"), 3);
	play_skip(&r);
	play_rx(&r, "07"); /* too soon to be the answer */
	assert_int_equal(r.s.stats.received, 0);
	play_pass(&r, 1);
	play_rx(&r, "07");
	assert_int_equal(r.s.stats.received, 300);
	assert_int_equal(play_count(&r, "command data 062c2d2e2f"), 1);
	play_skip(&r);
	play_expect_none(&r);
	play_pass(&r, 1);
	play_rx(&r, "07");
	play_expect(&r, "command control 08d4cabbe0"); /* zlib.crc32() of 0 to 255, 0 to 143 */
	assert_int_equal(r.s.state, SESSION_VERIFYING);
}

static void test_bytes(void **state)
{
	(void)state;
	send_all();
	play_rx(&r, "09");
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	/* Without a buffer each value asks. */
	begin("046400000000000000");
	assert_int_equal(play_count(&r, "command data 060001020304"), 1);
	assert_int_equal(play_count(&r, "command data"), 1);
	play_end(&r);
}

/* Each refusal at the beginning is told by name. */
static void test_refused(void **state)
{
	static const struct {
		const char *answer;
		const char *error; /* to BEGIN; NULL: it is not written */
		uint8_t code;
	} cases[] = {
		{"0202", NULL, OTA_ERR_PERMISSION}, /* uploads are disabled */
		{"020e", NULL, OTA_ERR_SIGNATURE},
		{"02", NULL, OTA_ERR_UNSUPPORTED}, /* a release before 2.0.0 */
		{"0206", "1003", OTA_ERR_SIZE},
		{"0206", "1004", OTA_ERR_SIZE},
		{"0206", "1010", OTA_ERR_PERMISSION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connected(400);
		play_rx(&r, cases[i].answer);
		if (cases[i].error) {
			play_expect(&r, BEGIN_400);
			play_rx(&r, cases[i].error);
		}
		assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
		assert_int_equal(r.s.code, cases[i].code);
		play_end(&r);
	}
}

static void test_wrong_begin(void **state)
{
	static const char *const answers[] = {"0400000000c8000000", "04f4000000ffff0000",
					      "046400000063000000"};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		begin(answers[i]);
		assert_int_equal(r.s.outcome, SESSION_PROTOCOL);
		play_end(&r);
	}
}

/* An answer that is flipped, cut off or longer does not count. */
static void test_wrong_answers(void **state)
{
	(void)state;
	send_all();
	for (unsigned int byte = 0; byte < 256; byte++) {
		const uint8_t buf[3] = {(uint8_t)byte, 0, 0};

		if (byte != 0x09)
			session_rx(&r.s, buf, 1, r.now);
		if (byte != 0x10)
			session_rx(&r.s, buf, 2, r.now);
		session_rx(&r.s, buf, 3, r.now);
		assert_int_equal(r.s.state, SESSION_VERIFYING);
	}
	play_end(&r);
	begin("0464000000c8000000");
	play_skip(&r);
	play_pass(&r, 1);
	for (unsigned int byte = 0; byte < 256; byte++) {
		const uint8_t buf[2] = {(uint8_t)byte, 0};

		if (byte != 0x07)
			session_rx(&r.s, buf, 1, r.now);
		if (byte != 0x10)
			session_rx(&r.s, buf, 2, r.now);
		assert_int_equal(r.s.stats.received, 0);
		assert_int_equal(r.s.state, SESSION_SENDING);
	}
	play_end(&r);
}

/* An answer that does not come: INIT's tells that the device has done what came before it. */
static void test_lost_answer(void **state)
{
	(void)state;
	begin("0464000000c8000000");
	play_skip(&r);
	play_rx(&r, "0206"); /* nobody asked */
	assert_int_equal(r.s.stats.received, 0);
	play_pass(&r, 2 * r.config.ack_timeout_ms);
	play_expect(&r, INIT);
	assert_int_equal(r.s.stats.resyncs, 1);
	play_pass(&r, 1);
	play_rx(&r, "0206");
	assert_int_equal(r.s.stats.received, 300);
	play_end(&r);
}

/* --- virtual devices */

static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	if (esp_arduino_losses(update_device(u)) != 0)
		fail_msg("%s: something was sent while its flash worked", what);
	dialect_check_delivered(u, c, what);
}

static const struct dialect_case device = {.id = DIALECT_ARDUINO_BLE_OTA,
					   .device = ESP_ARDUINO,
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

static void test_link_loss(void **state)
{
	(void)state;
	dialect_each_loss(&device, DIALECT_UNHEARD);
}

static void test_notifications(void **state)
{
	(void)state;
	/* INIT's, BEGIN's, one of each 11 values and of the last, END's */
	dialect_each_notification(&device, 13, DIALECT_UNHEARD, OUTCOME(DELIVERED));
	dialect_each(&device, "delay-notify@%u:6000", 12, 1, DIALECT_UNHEARD);
}

/* A lost or doubled value shows at END, and then the whole is sent again. */
static void test_values(void **state)
{
	(void)state;
	dialect_each(&device, "drop-data@%u", 102, 1, OUTCOME(DELIVERED));
	dialect_each(&device, "dup-data@%u", DIALECT_PLACES, 5, OUTCOME(DELIVERED));
}

static void test_power_cuts(void **state)
{
	(void)state;
	dialect_each_cut(&device, DIALECT_UNHEARD);
}

static void test_cancel(void **state)
{
	(void)state;
	dialect_each_cancel(&device, OUTCOME(DELIVERED));
}

/* The device does not look whether its own check succeeded: the old image stays. */
static void test_damaged_image(void **state)
{
	struct update u;

	(void)state;
	dialect_image[20000] ^= 1;
	dialect_init(&u, &device);
	assert_int_equal(update_run(&u, device.seconds), SESSION_DELIVERED);
	assert_int_equal(u.s.verdict, SESSION_VERDICT_UNKNOWN);
	dialect_image[20000] ^= 1;
	assert_false(update_check_boots(&u));
	update_end(&u);
}

/* An update that is begun while another runs has no buffer, until the device is reset. */
static void test_unbuffered(void **state)
{
	struct update u;

	(void)state;
	dialect_init(&u, &device);
	update_fault(&u, "disconnect@25000");
	assert_int_equal(update_run(&u, device.seconds), SESSION_DELIVERED);
	assert_int_equal(u.s.packages.every, 0);
	update_end(&u);
	dialect_init(&u, &device);
	update_fault(&u, "reboot@25000");
	assert_int_equal(update_run(&u, device.seconds), SESSION_DELIVERED);
	assert_int_not_equal(u.s.packages.every, 0);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wrong_begin), cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_lost_answer), cmocka_unit_test(test_mtus),
		cmocka_unit_test(test_link_loss),   cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_values),	    cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_cancel),	    cmocka_unit_test(test_damaged_image),
		cmocka_unit_test(test_unbuffered),
	};

	return cmocka_run_group_tests(tests, dialect_build, NULL);
}
