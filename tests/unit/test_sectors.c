/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the dialects with Espressif's sectors: literal bytes, and updates of virtual devices
 * with the quirks of each project, undisturbed and with faults at many places.  Whatever
 * happens, the device boots, its buffer is not overrun, and "delivered" is told of nothing
 * but the image that was sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dialectlib.h"
#include "session_play.h"

/* --- literal bytes: messages worked out apart from this code, CRC-16/XMODEM */

#define SAYS_STARTED "0300 0100 0000 000000000000000000000000 56a8"
#define SAYS_REJECTED "0300 0100 0100 000000000000000000000000 37d3"
#define SAYS_STOPPED "0300 0200 0000 000000000000000000000000 1b40"
#define SECTOR_OK "0000 0000 0000 000000000000000000000000 0000"
#define SECTOR_CRC "0000 0100 0000 000000000000000000000000 24a8"
#define SECTOR_HAVE "0000 0200 0100 000000000000000000000000 083b"

static struct play r;

static size_t bytes_of(const char *hex, uint8_t buf[32])
{
	size_t n = 0;

	for (; *hex; hex += 2) {
		const char pair[] = {hex[*hex == ' '], hex[1 + (*hex == ' ')], '\0'};
		char *end;

		hex += *hex == ' ';
		buf[n++] = (uint8_t)strtoul(pair, &end, 16);
		assert_ptr_equal(end, pair + 2);
	}
	return n;
}

static void says_data(const char *hex)
{
	uint8_t buf[32];
	const size_t len = bytes_of(hex, buf);

	session_rx_data(&r.s, buf, len, r.now);
}

/* Connected and asked, as far as START. */
static void begin(enum dialect_id id)
{
	static const uint8_t properties[GATT_CHRS] = {0x3c, 0x3c, 0, 0x02, 0, 0};

	play_init(&r, SESSION_UPDATE, 60);
	play_start(&r);
	play_expect(&r, "connect");
	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, id, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "subscribe data");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "read version");
	session_read(&r.s, GATT_FIRMWARE_REVISION, 0, (const uint8_t *)"1.0.0", 5, r.now);
	if (id != DIALECT_BLEOTA) {
		play_expect(&r, "request control 02000000000000000000000000000000000043f0");
		play_written(&r, GATT_CONTROL);
	}
	play_expect(&r, "request control 01003c0000000000000000000000000000007804");
	play_written(&r, GATT_CONTROL);
	assert_int_equal(r.s.state, SESSION_PREPARING);
}

/* One sector of 60 bytes, 0 to 59: its CRC is 1ee1. */
static void expect_sector(void)
{
	assert_int_equal(play_count(&r, "command data 0000ff000102030405"), 1);
	assert_int_equal(r.data_bytes % 65u, 0);
	play_skip(&r);
	assert_int_equal(r.s.stats.queued, 60);
	assert_int_equal(r.s.stats.received, 0);
}

static void test_bytes(void **state)
{
	(void)state;
	begin(DIALECT_BLEOTA);
	play_rx(&r, SAYS_STARTED);
	expect_sector();
	says_data(SECTOR_CRC); /* the same again */
	expect_sector();
	assert_int_equal(r.s.stats.gaps, 1);
	says_data(SECTOR_OK);
	play_expect(&r, "request control 02000000000000000000000000000000000043f0");
	play_written(&r, GATT_CONTROL);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
	play_rx(&r, SAYS_STOPPED);
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
	/* The last sector's answer is all. */
	begin(DIALECT_NIMBLEOTA);
	play_rx(&r, SAYS_STARTED);
	expect_sector();
	says_data(SECTOR_HAVE); /* an answer was lost: it has the sector */
	assert_int_equal(r.s.state, SESSION_REBOOTING);
	play_end(&r);
}

/* The CRC shows each changed byte, and then the answer counts as if it had not come. */
static void test_flipped(void **state)
{
	static const char *const sector[] = {SECTOR_OK, SECTOR_CRC, SECTOR_HAVE};
	uint8_t buf[32];
	size_t len;

	(void)state;
	begin(DIALECT_NIMBLEOTA);
	len = bytes_of(SAYS_STARTED, buf);
	for (size_t i = 0; i < len; i++) {
		buf[i] ^= 0xff;
		session_rx(&r.s, buf, len, r.now);
		buf[i] ^= 0xff;
		assert_int_equal(r.s.state, SESSION_PREPARING);
	}
	session_rx(&r.s, buf, len - 1, r.now); /* cut off */
	assert_int_equal(r.s.state, SESSION_PREPARING);
	play_rx(&r, SAYS_STARTED);
	expect_sector();
	for (size_t k = 0; k < sizeof(sector) / sizeof(sector[0]); k++) {
		len = bytes_of(sector[k], buf);
		for (size_t i = 0; i < len; i++) {
			buf[i] ^= 0xff;
			session_rx_data(&r.s, buf, len, r.now);
			buf[i] ^= 0xff;
		}
		session_rx_data(&r.s, buf, len - 1, r.now);
		play_expect_none(&r);
		assert_int_equal(r.s.state, SESSION_SENDING);
		assert_int_equal(r.s.stats.received, 0);
	}
	play_end(&r);
}

/* Answers that come doubled, late or before anything was sent. */
static void test_out_of_place(void **state)
{
	(void)state;
	begin(DIALECT_NIMBLEOTA);
	says_data(SECTOR_OK);
	play_rx(&r, SAYS_STOPPED);
	assert_int_equal(r.s.state, SESSION_PREPARING);
	play_rx(&r, SAYS_STARTED);
	expect_sector();
	play_rx(&r, SAYS_STARTED);
	says_data("0100 0000 0000 000000000000000000000000 0000"); /* and a wrong CRC */
	play_expect_none(&r);
	assert_int_equal(r.s.state, SESSION_SENDING);
	play_end(&r);
}

static void test_rejected(void **state)
{
	(void)state;
	begin(DIALECT_BLE_OTA_RAW);
	for (uint32_t i = 0; i <= r.config.retries && !session_finished(&r.s); i++) {
		play_rx(&r, SAYS_REJECTED);
		play_pass(&r, r.config.backoff_max_ms);
		play_written(&r, GATT_CONTROL);
	}
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_BUSY);
	play_end(&r);
}

/* --- virtual devices */

static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	const bool delivered = u->s.outcome == SESSION_DELIVERED;

	/* A value that the stack itself doubles overruns NimBLEOta, whatever a host does. */
	if (esp_sectors_overruns(update_device(u)) != 0 && strncmp(what, "dup-data", 8) != 0)
		fail_msg("%s, %s: its buffer was overrun", dialect_get(c->id)->name, what);
	if (delivered && u->s.verdict != SESSION_VERDICT_NEW)
		fail_msg("%s, %s: delivered by nothing", dialect_get(c->id)->name, what);
	/* The boot loader, once more: what runs is one of the two images, whole. */
	if (update_check_boots(u) != delivered)
		fail_msg("%s, %s: %s, and it boots another image", dialect_get(c->id)->name, what,
			 session_outcome_name(u->s.outcome));
}

#define DEVICE(which)                                                                              \
	{                                                                                          \
		.id = (which), .device = ESP_SECTORS, .image = dialect_image,                      \
		.size = &dialect_image_size, .seconds = 600, .good = SESSION_DELIVERED,            \
		.check = check                                                                     \
	}
static const struct dialect_case devices[] = {DEVICE(DIALECT_NIMBLEOTA), DEVICE(DIALECT_BLEOTA),
					      DEVICE(DIALECT_BLE_OTA_RAW)};
#define DEVICES (sizeof(devices) / sizeof(devices[0]))

static void each(const char *format, uint32_t count, uint32_t step)
{
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each(&devices[k], format, count, step, OUTCOME(DELIVERED));
}

static void test_mtus(void **state)
{
	static const uint16_t mtus[] = {23, 185, 247, 517};

	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++)
			for (unsigned int requests = 0; requests < 2; requests++) {
				struct update u;

				dialect_init(&u, &devices[k]);
				u.sim.kind.mtu = mtus[i];
				u.session.mode_auto = requests == 0;
				u.session.mode = GATT_REQUEST;
				assert_int_equal(update_run(&u, devices[k].seconds),
						 SESSION_DELIVERED);
				assert_int_equal(u.s.stats.sent_bytes, dialect_image_size);
				check(&u, &devices[k], "undisturbed");
				update_end(&u);
			}
}

static void test_link_loss(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_loss(&devices[k], OUTCOME(DELIVERED));
}

static void test_notifications(void **state)
{
	(void)state;
	/* two of the handshake, one of each of 13 sectors, STOP's */
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_notification(&devices[k], 14, OUTCOME(DELIVERED), OUTCOME(DELIVERED));
	each("delay-notify@%u:6000", 7, 2);
}

static void test_values(void **state)
{
	(void)state;
	each("drop-data@%u", 115, 1); /* each of some nine values a sector */
	each("dup-data@%u", DIALECT_PLACES, 5);
	each("drop-data%%%u", 3, 1);
}

/* Cut while it installs what it has acknowledged: that is told, and the next session completes. */
static void test_power_cuts(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_cut(&devices[k], OUTCOME(DELIVERED));
}

static void test_does_not_boot(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++) {
		struct update u;

		dialect_init(&u, &devices[k]);
		update_fault(&u, "no-boot");
		assert_int_equal(update_run(&u, devices[k].seconds), SESSION_ROLLED_BACK);
		check(&u, &devices[k], "no-boot");
		update_end(&u);
	}
}

static void test_cancel(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++)
		dialect_each_cancel(&devices[k], OUTCOME(DELIVERED));
}

/* An image that the boot loader refuses never counts as delivered, and the old one stays. */
static void test_damaged_image(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++) {
		struct update u;

		dialect_image[20000] ^= 0x01;
		dialect_init(&u, &devices[k]);
		u.session.retries = 1;
		update_run(&u, devices[k].seconds);
		dialect_image[20000] ^= 0x01;
		assert_int_equal(session_finished(&u.s), true);
		assert_int_not_equal(u.s.outcome, SESSION_DELIVERED);
		if (devices[k].id == DIALECT_BLEOTA) {
			assert_int_equal(u.s.outcome, SESSION_DEVICE_ERROR);
			assert_int_equal(u.s.code, OTA_ERR_IMAGE);
		}
		check(&u, &devices[k], "a damaged image");
		update_end(&u);
	}
}

/* Each tells that it has all before it restarts, so that its pause until then is no part of the
 * transfer. */
static void test_end_is_told(void **state)
{
	(void)state;
	for (size_t k = 0; k < DEVICES; k++) {
		struct update u;

		dialect_init(&u, &devices[k]);
		update_begin(&u);
		while (u.s.state != SESSION_REBOOTING && u.s.state != SESSION_RECONNECTING)
			assert_true(update_step(&u));
		assert_int_equal(u.s.state, SESSION_REBOOTING);
		update_finish(&u, devices[k].seconds);
		assert_int_equal(u.s.outcome, SESSION_DELIVERED);
		update_end(&u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	      cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_out_of_place),  cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_mtus),	      cmocka_unit_test(test_link_loss),
		cmocka_unit_test(test_notifications), cmocka_unit_test(test_values),
		cmocka_unit_test(test_power_cuts),    cmocka_unit_test(test_does_not_boot),
		cmocka_unit_test(test_cancel),	      cmocka_unit_test(test_damaged_image),
		cmocka_unit_test(test_end_is_told),
	};

	return cmocka_run_group_tests(tests, dialect_build, NULL);
}
