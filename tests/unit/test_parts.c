/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests fbiego's dialect and its compact library's: literal bytes, and updates of virtual devices
 * with the quirks of each, undisturbed and with faults at many places.  Such a device tells no
 * version, so that "delivered" is what the device itself said, and never more; whatever happens,
 * it boots, its buffers are not overrun, no part comes too soon, and its file system is not
 * formatted.
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

static uint8_t image[100000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 90000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

/* --- literal bytes */

#define SUCCESS "0f 4f544120446f6e653a2053756363657373210a" /* "OTA Done: Success!\n" */
#define FAILED "0f 4572726f7220233a2039" /* "Error #: 9" */
#define CUT_OFF "0f 5772697474656e203a2036302f" /* "Written : 60/" */

static struct play r;

/* Connected, as far as its mode: 60 bytes in values of 242. */
static void begin(void)
{
	static const uint8_t properties[GATT_CHRS] = {0x0c, 0x0c, 0, 0, 0, 0};

	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, DIALECT_FBIEGO, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "request control fd");
	play_written(&r, GATT_CONTROL);
	play_expect(&r, "request control fe0000003c");
	play_written(&r, GATT_CONTROL);
	play_expect_none(&r); /* what it does with PARTS before it told its mode is lost */
	assert_int_equal(r.s.state, SESSION_PREPARING);
}

static void send_all(const char *mode)
{
	begin();
	play_rx(&r, mode);
	play_expect(&r, "request control ff000100f2");
	play_expect_none(&r);
	play_written(&r, GATT_CONTROL);
	assert_int_equal(play_count(&r, "command data fb00000102030405"), 1);
	assert_int_equal(play_count(&r, "request control fc003c0000"), 1);
	assert_int_equal(r.data_bytes, 62);
	play_skip(&r);
	assert_int_equal(r.s.stats.received, 0);
	play_written(&r, GATT_CONTROL);
	assert_int_equal(r.s.stats.received, 60);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_expect_none(&r);
}

static void test_bytes(void **state)
{
	(void)state;
	send_all("aa01");
	play_rx(&r, "f20001");
	play_rx(&r, SUCCESS);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	send_all("aa00");
	play_rx(&r, FAILED);
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_IMAGE);
	play_end(&r);
}

/* An answer that is flipped, cut off or unknown never counts for success. */
static void test_wrong_answers(void **state)
{
	static const uint8_t success[] = "\x0fSuccess";
	uint8_t buf[sizeof(success) - 1];

	(void)state;
	begin();
	play_rx(&r, "aa");
	play_rx(&r, "5501");
	play_rx(&r, SUCCESS);
	play_rx(&r, "f10000");
	play_rx(&r, "ef000000000000");
	play_expect_none(&r);
	assert_int_equal(r.s.state, SESSION_PREPARING);
	play_end(&r);
	send_all("aa01");
	memcpy(buf, success, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++) {
		buf[i] ^= 0x20;
		session_rx(&r.s, buf, sizeof(buf), r.now);
		buf[i] ^= 0x20;
		assert_int_equal(r.s.state, SESSION_VERIFYING);
	}
	play_rx(&r, CUT_OFF);
	play_rx(&r, "0f");
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_end(&r);
}

/*
 * What a device was told of its values ends with the link: the next link may have another MTU, and
 * at its address may be a device that speaks another dialect.
 */
static void test_told_payload(void **state)
{
	static const uint8_t properties[GATT_CHRS] = {0x18, 0x0c, 0, 0, 0, 0};

	(void)state;
	begin();
	play_rx(&r, "aa01");
	assert_int_equal(r.s.told_payload, 242);
	play_lost(&r, GATT_SUPERVISION);
	assert_int_equal(r.s.told_payload, 0);
	play_pass(&r, 1000);
	play_skip(&r);
	session_connected(&r.s, 100, r.now);
	session_discovered(&r.s, DIALECT_BASIC, properties, r.now);
	session_subscribed(&r.s, 0, r.now);
	play_written(&r, GATT_CONTROL);
	play_skip(&r);
	play_rx(&r, "01");
	assert_int_equal(r.s.state, SESSION_SENDING);
	assert_true(r.s.chunk <= 97);
	play_end(&r);
}

/* An MTU that falls below what was told leaves no value that the device would take. */
static void test_told_and_mtu(void **state)
{
	(void)state;
	send_all("aa01");
	session_mtu(&r.s, 100, r.now); /* all was sent: of no use, and of no harm */
	assert_int_equal(r.s.stats.retries, 0);
	play_skip(&r);
	play_end(&r);
	begin();
	play_rx(&r, "aa01");
	session_mtu(&r.s, 300, r.now);
	assert_int_equal(r.s.stats.retries, 0);
	session_mtu(&r.s, 100, r.now);
	assert_int_equal(r.s.stats.retries, 1);
	play_skip(&r);
	play_end(&r);
}

/* --- virtual devices */

static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	if (esp_parts_overruns(update_device(u)) != 0)
		fail_msg("%s, %s: overrun, or too soon", dialect_get(c->id)->name, what);
	assert_int_equal(esp_parts_formats(update_device(u)), 0);
	dialect_check_delivered(u, c, what);
}

#define DEVICE(which)                                                                              \
	{                                                                                          \
		.id = (which), .device = ESP_PARTS, .image = image, .size = &image_size,           \
		.seconds = 3600, .good = SESSION_DELIVERED, .check = check                         \
	}
static const struct dialect_case devices[] = {DEVICE(DIALECT_FBIEGO),
					      DEVICE(DIALECT_FBIEGO_COMPACT)};
#define DEVICES (sizeof(devices) / sizeof(devices[0]))

static void test_mtus(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_mtu(&devices[k], 185);
}

/* The result does not fit, and nothing else tells: not a success, though it is one. */
static void test_least_mtu(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++) {
		struct update u;

		dialect_init(&u, &devices[k]);
		u.sim.kind.mtu = 23;
		assert_int_equal(update_run(&u, devices[k].seconds), SESSION_LINK_LOST);
		assert_int_equal(u.s.verdict, SESSION_VERDICT_UNKNOWN);
		assert_true(update_check_boots(&u));
		check(&u, &devices[k], "MTU 23");
		update_end(&u);
	}
}

static void test_link_loss(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_loss(&devices[k], DIALECT_UNHEARD);
}

static void test_notifications(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_notification(&devices[k], 8, DIALECT_UNHEARD, OUTCOME(DELIVERED));
}

/* A last part of few values, or of one that is all but empty, is taken like the others. */
static void test_short_last(void **state)
{
	static uint8_t longer[sizeof(image)];
	static const uint32_t over[] = {16, 512, 1600, 12000}; /* bytes beyond five parts */
	const uint32_t part = 16384u / 493u * 493u; /* whole values of 495 bytes */

	(void)state;
	for (size_t k = 0; k < DEVICES; k++) {
		for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
			const struct image_build b = {
				.version = "2.0.0",
				.size = 5u * part + over[i],
				.seed = 3,
			};
			struct dialect_case c = devices[k];
			size_t size;

			assert_int_equal(
				image_build(&b, sha256_buffer, longer, sizeof(longer), &size), 0);
			assert_true(size % part > 0 && size / part == 5);
			c.image = longer;
			c.size = &size;
			assert_int_equal(dialect_run(&c, ""), SESSION_DELIVERED);
		}
	}
}

/* A lost value shows only in the image itself, which is refused then. */
static void test_values(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each(&devices[k], "drop-data@%u", DIALECT_PLACES, 9, OUTCOME(DEVICE_ERROR));
}

static void test_power_cuts(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_cut(&devices[k], DIALECT_UNHEARD);
}

/* Until it is reset the device tells its mode no more. */
static void test_cancel(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_cancel(&devices[k], OUTCOME(DELIVERED) | OUTCOME(STALLED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	     cmocka_unit_test(test_wrong_answers),
		cmocka_unit_test(test_mtus),	     cmocka_unit_test(test_least_mtu),
		cmocka_unit_test(test_link_loss),    cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_values),	     cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_cancel),	     cmocka_unit_test(test_short_last),
		cmocka_unit_test(test_told_payload), cmocka_unit_test(test_told_and_mtu),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
