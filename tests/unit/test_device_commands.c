/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands apart from the transfer: link, telemetry, reboot, rollback, and the
 * confirmation that nobody sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define CONN 7
#define RING 8192u

static uint8_t image[4u * OTA_BLOCK_SIZE];
static struct dut dut;

static int set_up(const struct dut_options *options)
{
	return talk_set_up(&dut, options, CONN, image, sizeof(image), 2);
}

static int automatic(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.ring_size = RING});
}

static int manual(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.ring_size = RING, .manual = true});
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static void test_link(void **state)
{
	(void)state;
	dut.link = (struct ota_link){.interval = 24,
				     .supervision_timeout = 42,
				     .tx_phy = OTA_PHY_1M,
				     .rx_phy = OTA_PHY_1M,
				     .tx_octets = 251,
				     .rx_octets = 251,
				     .mtu = 247};
	/* A LINK that asks for nothing tells the link as it is, at once. */
	tell(&dut, CONN, "09 00 00 00 00 00 00 00 00 00 00 00");
	says(&dut, CONN, "09 00 18 00 00 00 2a 00 01 01 fb 00 fb 00 f7 00");
	assert_int_equal(dut.link_requests, 0);
	tell(&dut, CONN, "09 0c 00 0c 00 00 00 90 01 02 fb 00");
	silent(&dut);
	assert_int_equal(dut.link_requests, 1);
	assert_int_equal(dut.link_request.interval_max, 12);
	assert_int_equal(dut.link_request.phys, OTA_PHYS_2M);
	dut.link.interval = 12;
	dut.link.tx_phy = dut.link.rx_phy = OTA_PHY_2M;
	ota_device_link_changed(&dut.dev, CONN, OTA_OK, dut.now);
	says(&dut, CONN, "09 00 0c 00 00 00 2a 00 02 02 fb 00 fb 00 f7 00");
	/* Changed by the central later on: said as well. */
	dut.link.interval = 40;
	ota_device_link_changed(&dut.dev, CONN, OTA_OK, dut.now);
	says(&dut, CONN, "09 00 28 00 00 00 2a 00 02 02 fb 00 fb 00 f7 00");
	ota_device_link_changed(&dut.dev, 9, OTA_OK, dut.now); /* not asked by that one */
	silent(&dut);
	/* No reaction from the central within 3 s. */
	tell(&dut, CONN, "09 06 00 06 00 00 00 00 00 00 00 00");
	dut_wait(&dut, 2999);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "09 13 28 00 00 00 2a 00 02 02 fb 00 fb 00 f7 00");
	dut.link_code = -OTA_ENOTSUP;
	tell(&dut, CONN, "09 06 00 06 00 00 00 00 00 00 00 00");
	says(&dut, CONN, "09 13 28 00 00 00 2a 00 02 02 fb 00 fb 00 f7 00");
}

/* Core Vol 4 Part E 7.8.18, 7.8.33, 7.8.49. */
static void test_link_ranges(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{"09 06 00 80 0c 00 00 00 00 00 00 00", true}, /* interval 6..3200 */
		{"09 05 00 80 0c 00 00 00 00 00 00 00", false},
		{"09 06 00 81 0c 00 00 00 00 00 00 00", false},
		{"09 0d 00 0c 00 00 00 00 00 00 00 00", false}, /* min > max */
		{"09 0c 00 00 00 00 00 00 00 00 00 00", false}, /* max missing */
		{"09 00 00 00 00 f3 01 00 00 00 00 00", true}, /* latency 0..499 */
		{"09 00 00 00 00 f4 01 00 00 00 00 00", false},
		{"09 00 00 00 00 00 00 0a 00 00 00 00", true}, /* timeout 10..3200 */
		{"09 00 00 00 00 00 00 09 00 00 00 00", false},
		{"09 00 00 00 00 00 00 81 0c 00 00 00", false},
		{"09 28 00 28 00 00 00 0a 00 00 00 00", false}, /* 100 ms = 2 x 50 ms */
		{"09 28 00 28 00 00 00 0b 00 00 00 00", true},
		{"09 28 00 28 00 01 00 14 00 00 00 00", false}, /* latency counts */
		{"09 28 00 28 00 01 00 15 00 00 00 00", true},
		{"09 00 00 00 00 00 00 00 00 07 00 00", true}, /* PHYs */
		{"09 00 00 00 00 00 00 00 00 08 00 00", false},
		{"09 00 00 00 00 00 00 00 00 00 1b 00", true}, /* octets 27..251 */
		{"09 00 00 00 00 00 00 00 00 00 1a 00", false},
		{"09 00 00 00 00 00 00 00 00 00 fc 00", false},
	};
	struct dut_note note;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint32_t before = dut.link_requests;

		tell(&dut, CONN, cases[i].text);
		if (dut.link_requests - before != cases[i].valid)
			print_error("%s\n", cases[i].text);
		assert_int_equal(dut.link_requests - before, cases[i].valid);
		assert_int_equal(dut_take(&dut, &note), !cases[i].valid);
		if (!cases[i].valid)
			assert_int_equal(note.bytes[1], OTA_ERR_LINK);
		ota_device_link_changed(&dut.dev, CONN, OTA_OK, dut.now);
		dut_forget_notes(&dut);
	}
}

static void test_telemetry(void **state)
{
	(void)state;
	dut.link.interval = 12;
	dut.link.rx_octets = 251;
	tell(&dut, CONN, "0a e8 03");
	says(&dut, CONN, "06 0a 00");
	dut_wait(&dut, 999);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "0a ce 0c 00 00 00 fb 00 00 00 00 00 00 00 00 00 00 00 00 00");
	says(&dut, CONN, "0b d0 07 00 00 00 00 00 00 00 00");
	start_full(&dut, CONN, image, 2u * OTA_BLOCK_SIZE, 0);
	send_value(&dut, CONN, 0, image, 0, 400);
	dut_wait(&dut, 210);
	dut_op_end(&dut); /* an erase of 210 ms */
	send_value(&dut, CONN, 9, image, 0, 400);
	dut_op_end(&dut); /* another, of 0 ms */
	dut_forget_notes(&dut);
	dut_wait(&dut, 790);
	/* The last two are the telemetry, 400 in the ring, erase 210 ms, 1 dropped; and its
	 * times, at 3000 ms: erases of 210 ms in all. */
	while (dut.note_count > 2)
		dut_take(&dut, &(struct dut_note){0});
	says(&dut, CONN, "0a ce 0c 00 00 00 fb 00 90 01 00 00 d2 00 00 00 01 00 00 00");
	says(&dut, CONN, "0b b8 0b d2 00 00 00 00 00 00 00");
	tell(&dut, CONN, "0a 00 00");
	says(&dut, CONN, "06 0a 00");
	dut_wait(&dut, 400);
	silent(&dut);
	tell(&dut, CONN, "0a 01 00"); /* as often as that: at most ten a second */
	says(&dut, CONN, "06 0a 00");
	dut_wait(&dut, 99);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "0a ce 0c 00 00 00 fb 00 90 01 00 00 00 00 00 00 01 00 00 00");
	says(&dut, CONN, "0b ac 0d 00 00 00 00 00 00 00 00");
	dut_disconnect(&dut, CONN);
	dut_wait(&dut, 5000);
	silent(&dut);
}

static void test_reboot_and_rollback(void **state)
{
	(void)state;
	tell(&dut, CONN, "07");
	dut_settle(&dut);
	says(&dut, CONN, "06 07 00");
	assert_int_equal(dut.rollbacks, 1);
	assert_int_equal(dut.reboots, 1);
	tell(&dut, CONN, "08"); /* it is rebooting: so it will */
	says(&dut, CONN, "06 08 00");
	assert_int_equal(dut.reboots, 1);
	dut_boot(&dut);
	assert_int_equal(dut.info.running_slot, 1);
	tell(&dut, CONN, "07"); /* slot 0 was marked invalid */
	says(&dut, CONN, "06 07 0f");
	tell(&dut, CONN, "08");
	says(&dut, CONN, "06 08 00");
	assert_int_equal(dut.reboots, 2);
	silent(&dut);
}

/* REBOOT waits for the flash instead of cutting into it. */
static void test_reboot_waits(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 8000, 0);
	send_value(&dut, CONN, 0, image, 0, 300);
	tell(&dut, CONN, "02");
	dut_forget_notes(&dut);
	assert_int_equal(dut.op, OTA_OP_ERASE);
	tell(&dut, CONN, "08");
	says(&dut, CONN, "06 08 03"); /* aborting still is a session */
	dut_op_end(&dut);
	says(&dut, CONN, "06 02 00");
	tell(&dut, CONN, "08");
	says(&dut, CONN, "06 08 00");
	assert_int_equal(dut.reboots, 1);
}

static void test_confirm_timeout(void **state)
{
	(void)state;
	dut.config.confirm_timeout_ms = 30000;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	dut_wait(&dut, 29999);
	assert_int_equal(dut.rollbacks, 0);
	dut_wait(&dut, 1);
	assert_int_equal(dut.rollbacks, 1);
	assert_int_equal(dut.reboots, 1);
	silent(&dut);
	/* Confirmed in time: it stays. */
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	dut_boot(&dut);
	tell(&dut, CONN, "06");
	says(&dut, CONN, "06 06 00");
	dut_wait(&dut, 60000);
	assert_int_equal(dut.rollbacks, 1);
}

#define TEST(name, how) cmocka_unit_test_setup_teardown(name, how, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_link, automatic),	 TEST(test_link_ranges, automatic),
		TEST(test_telemetry, manual),	 TEST(test_reboot_and_rollback, manual),
		TEST(test_reboot_waits, manual), TEST(test_confirm_timeout, automatic),
	};

	return cmocka_run_group_tests_name("device_commands", tests, NULL, NULL);
}
