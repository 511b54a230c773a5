/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual controller's links: made, changed from both sides, ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hcilib.h"

#define CREATE "01 0d20 19 6000 6000 00 00 0110aa286f24 00 1800 2800 0000 2a00 0000 0000"
#define EXT_CREATE "01 4320 1a 00 00 00 0110aa286f24 01 6000 6000 1800 2800 0000 2a00 0000 0000"
#define INTERVAL_US 50000u

static void test_legacy(void **state)
{
	(void)state;
	h.config.version = HCI_4_2;
	hci_rig_restart();
	say("01 010c 08 90e8040200800020");
	expect_packet("04 0e 04 01 010c 00");
	say(CREATE);
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	expect_packet("04 3e 13 01 00 4000 00 00 0110aa286f24 2800 0000 2a00 00");
	assert_false(h.listening);
	wait_us(1000000);
	expect_silence();
	assert_non_null(hci_link(h.hci, h.esp));
}

static void test_extended(void **state)
{
	(void)state;
	hci_rig_masks();
	say(EXT_CREATE);
	expect_packet("04 0f 04 00 01 4320");
	wait_packet();
	expect_packet("04 3e 1f 0a 00 4000 00 00 0110aa286f24 000000000000 000000000000 2800 0000 "
		      "2a00 00");
	expect_silence();
}

static void test_by_accept_list(void **state)
{
	(void)state;
	hci_rig_masks();
	say("01 0d20 19 6000 6000 01 00 000000000000 00 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 00 01 0d20");
	wait_us(1000000);
	expect_silence();
	say("01 1120 07 00 0110aa286f24"); /* in use */
	expect_packet("04 0e 04 01 1120 0c");
	say("01 0e20 00");
	expect_packet("04 0e 04 01 0e20 00");
	wait_packet();
	forget();
	say("01 1120 07 00 0110aa286f24");
	expect_packet("04 0e 04 01 1120 00");
	say("01 0d20 19 6000 6000 01 00 000000000000 00 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	expect_packet("04 3e 1f 0a 00 4000 ?? ?? ???????????? ???????????? ???????????? ???? ???? "
		      "???? ??");
}

/* The event comes after the answer, and says that there is no connection. */
static void test_cancel(void **state)
{
	(void)state;
	hci_rig_masks();
	say("01 0e20 00"); /* nothing to cancel */
	expect_packet("04 0e 04 01 0e20 0c");
	say("01 0d20 19 6000 6000 00 00 010203040506 00 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 00 01 0d20");
	say(CREATE); /* one at a time */
	expect_packet("04 0f 04 0c 01 0d20");
	wait_us(5000000);
	expect_silence();
	say("01 0e20 00");
	expect_packet("04 0e 04 01 0e20 00");
	wait_packet();
	expect_packet("04 3e 1f 0a 02 0000 00 00 000000000000 000000000000 000000000000 0000 0000 "
		      "0000 00");
	expect_silence();
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		/* interval 5; max under min; latency 500; a timeout that is too short */
		"01 0d20 19 6000 6000 00 00 0110aa286f24 00 0500 2800 0000 2a00 0000 0000",
		"01 0d20 19 6000 6000 00 00 0110aa286f24 00 2900 2800 0000 2a00 0000 0000",
		"01 0d20 19 6000 6000 00 00 0110aa286f24 00 1800 2800 f401 800c 0000 0000",
		"01 0d20 19 6000 6000 00 00 0110aa286f24 00 1800 2800 0000 0a00 0000 0000",
		/* window over interval; filter policy; address types */
		"01 0d20 19 6000 6100 00 00 0110aa286f24 00 1800 2800 0000 2a00 0000 0000",
		"01 0d20 19 6000 6000 02 00 0110aa286f24 00 1800 2800 0000 2a00 0000 0000",
		"01 0d20 19 6000 6000 00 02 0110aa286f24 00 1800 2800 0000 2a00 0000 0000",
		"01 0d20 19 6000 6000 00 00 0110aa286f24 01 1800 2800 0000 2a00 0000 0000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		say(wrong[i]);
		expect_packet("04 0f 04 12 01 0d20");
	}
	say("01 030c 00");
	forget();
	say("01 4320 1a 00 00 00 0110aa286f24 02 6000 6000 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 11 01 4320"); /* not on 2M alone */
	say("01 4320 1a 00 00 00 0110aa286f24 03 6000 6000 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 12 01 4320"); /* parameters of one PHY for two */
	say("01 4320 0a 00 00 00 0110aa286f24 00");
	expect_packet("04 0f 04 12 01 4320");
}

static void test_disconnect(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	say("01 0604 03 4000 16"); /* a reason that a host may not give */
	expect_packet("04 0f 04 12 01 0604");
	say("01 0604 03 4000 13");
	expect_packet("04 0f 04 00 01 0604");
	wait_packet();
	expect_packet("04 05 04 00 4000 16");
	say("01 0604 03 4000 13");
	expect_packet("04 0f 04 02 01 0604");
	wait_us(1000000);
	expect_silence();
	/* The device advertises again and the handle is free again. */
	say(CREATE);
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	expect_packet("04 3e 1f 0a 00 4000 ?? ?? ???????????? ???????????? ???????????? ???? ???? "
		      "???? ??");
}

/* Two links to one device are not allowed by LE; the host's own mistake is named. */
static void test_connected_already(void **state)
{
	(void)state;
	hci_rig_connect();
	say(CREATE);
	expect_packet("04 0f 04 0b 01 0d20");
}

static void test_device_ends(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	esp_terminate(h.esp);
	wait_packet();
	expect_packet("04 05 04 00 4000 13");
}

static void test_supervision(void **state)
{
	uint64_t lost;

	(void)state;
	hci_rig_connect();
	wait_us(500000);
	lost = sched_now(&h.sched);
	esp_reset(h.esp);
	wait_packet();
	expect_packet("04 05 04 00 4000 08");
	assert_in_range(sched_now(&h.sched) - lost, 420000 - INTERVAL_US, 420000 + INTERVAL_US);
}

/* Six events without an answer: connection failed to be established. */
static void test_never_heard(void **state)
{
	(void)state;
	hci_rig_masks();
	say(CREATE);
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	forget();
	link_set_silent(hci_link(h.hci, h.esp), true);
	wait_packet();
	expect_packet("04 05 04 00 4000 3e");
}

static void test_reset_drops_links(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	say("01 030c 00");
	expect_packet("04 0e 04 01 030c 00");
	assert_null(hci_link(h.hci, h.esp));
	wait_us(2000000);
	expect_silence();
	/* The device noticed by itself. */
	hci_rig_connect();
}

/* The adapter's host sees a new adapter, the device a central that is gone. */
static void test_power_cycle(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	hci_power_cycle(h.hci);
	expect_silence();
	assert_null(hci_link(h.hci, h.esp));
	assert_false(h.listening);
	wait_us(2000000);
	expect_silence();
	hci_rig_connect();
}

static void test_update_by_host(void **state)
{
	uint64_t asked;

	(void)state;
	hci_rig_connect();
	wait_us(500000);
	say("01 1320 0e 4000 0c00 0c00 0000 c800 0000 0000");
	expect_packet("04 0f 04 00 01 1320");
	say("01 1320 0e 4000 1800 1800 0000 c800 0000 0000");
	expect_packet("04 0f 04 0c 01 1320");
	asked = sched_now(&h.sched);
	wait_packet();
	expect_packet("04 3e 0a 03 00 4000 0c00 0000 c800");
	assert_in_range(sched_now(&h.sched) - asked, 6 * INTERVAL_US, 8 * INTERVAL_US);
	say("01 1320 0e 4000 0500 0500 0000 c800 0000 0000");
	expect_packet("04 0f 04 12 01 1320");
	say("01 1320 0e 4100 0c00 0c00 0000 c800 0000 0000");
	expect_packet("04 0f 04 02 01 1320");
}

static void wish(void)
{
	const struct link_params params = {
		.interval_min = 12, .interval_max = 12, .supervision_timeout = 400};

	assert_int_equal(link_update_params(hci_link(h.hci, h.esp), LINK_PERIPHERAL, &params), 0);
}

static void test_update_by_device(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	say("01 2020 0e 4000 0c00 0c00 0000 9001 0000 0000"); /* nobody asked */
	expect_packet("04 0e 06 01 2020 0c 4000");
	wish();
	wait_packet();
	expect_packet("04 3e 0b 06 4000 0c00 0c00 0000 9001");
	wait_us(1000000);
	expect_silence();
	say("01 2020 0e 4000 0c00 0c00 0000 0100 0000 0000"); /* a timeout out of range */
	expect_packet("04 0e 06 01 2020 12 4000");
	say("01 2020 0e 4000 0c00 0c00 0000 9001 0000 0000");
	expect_packet("04 0e 06 01 2020 00 4000");
	wait_packet();
	expect_packet("04 3e 0a 03 00 4000 0c00 0000 9001");
	wait_us(1000000);
	expect_silence();
}

static void test_update_by_device_refused(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	wish();
	wait_packet();
	expect_packet("04 3e 0b 06 4000 0c00 0c00 0000 9001");
	say("01 2120 03 4000 3b");
	expect_packet("04 0e 06 01 2120 00 4000");
	say("01 2120 03 4000 3b");
	expect_packet("04 0e 06 01 2120 0c 4000");
	wait_us(1000000);
	expect_silence();
}

/* A host that does not answer loses the link, Vol 6 Part B 5.2. */
static void test_update_by_device_unanswered(void **state)
{
	(void)state;
	hci_rig_connect();
	wait_us(500000);
	wish();
	wait_packet();
	forget();
	wait_us(39000000);
	expect_silence();
	wait_packet();
	expect_packet("04 05 04 00 4000 16");
}

/* A 4.0 controller has no such request: the device asks by L2CAP (Vol 3 Part A 4.20). */
static void test_update_by_l2cap(void **state)
{
	(void)state;
	h.config.version = HCI_4_0;
	hci_rig_restart();
	say("01 010c 08 90e8040200800020");
	forget();
	say(CREATE);
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	forget();
	/* Control is handle 21, its CCC 22: subscribe, then LINK for 15 ms, 4 s. */
	say("02 4000 0900 0500 0400 12 1600 0100");
	wait_us(300000);
	assert_int_equal(count_packets("02 4020 0500 0100 0400 13"), 1);
	forget();
	say("02 4000 1300 0f00 0400 12 1500 09 0c00 0c00 0000 9001 00 0000");
	wait_us(1000000);
	assert_int_equal(count_packets("02 4020 1000 0c00 0500 12 01 0800 0c00 0c00 0000 9001"), 1);
	forget();
	say("02 4000 0a00 0600 0500 13 01 0200 0000"); /* accepted */
	say("01 1320 0e 4000 0c00 0c00 0000 9001 0000 0000");
	wait_us(1000000);
	assert_int_equal(count_packets("04 3e 0a 03 00 4000 0c00 0000 9001"), 1);
	/* LINK's answer by notification, of Control */
	assert_true(count_packets("02 4020 ???? ???? 0400 1b 1500 09") > 0);
}

static void test_data_length(void **state)
{
	(void)state;
	hci_rig_connect();
	say("01 2220 06 4000 fb00 4808");
	expect_packet("04 0e 06 01 2220 00 4000");
	wait_packet();
	expect_packet("04 3e 0b 07 4000 fb00 4808 fb00 4808");
	say("01 2220 06 4000 fb00 4808"); /* nothing changes */
	expect_packet("04 0e 06 01 2220 00 4000");
	say("01 2220 06 4000 1a00 4808");
	expect_packet("04 0e 06 01 2220 12 4000");
	wait_us(1000000);
	expect_silence();
}

/* The controller requests by itself the data length that the host suggested. */
static void test_data_length_suggested(void **state)
{
	(void)state;
	say("01 2420 04 fb00 4808");
	expect_packet("04 0e 04 01 2420 00");
	hci_rig_connect();
	wait_packet();
	expect_packet("04 3e 0b 07 4000 fb00 4808 fb00 4808");
}

static void test_phy(void **state)
{
	(void)state;
	hci_rig_connect();
	say("01 3020 02 4000");
	expect_packet("04 0e 08 01 3020 00 4000 01 01");
	say("01 3220 07 4000 00 02 02 0000");
	expect_packet("04 0f 04 00 01 3220");
	wait_packet();
	expect_packet("04 3e 06 0c 00 4000 02 02");
	say("01 3020 02 4000");
	expect_packet("04 0e 08 01 3020 00 4000 02 02");
	say("01 3220 07 4000 00 02 02 0000"); /* told again, 7.7.65.12 */
	expect_packet("04 0f 04 00 01 3220");
	wait_packet();
	expect_packet("04 3e 06 0c 00 4000 02 02");
	say("01 3220 07 4000 00 04 04 0000");
	expect_packet("04 0f 04 11 01 3220");
	say("01 3220 07 4000 00 01 02 0000"); /* not modelled */
	expect_packet("04 0f 04 11 01 3220");
}

/* Linux prefers 1M until it is told otherwise, and a device that wishes gets no more. */
static void test_phy_preference(void **state)
{
	(void)state;
	say("01 3120 03 00 01 01");
	expect_packet("04 0e 04 01 3120 00");
	hci_rig_connect();
	assert_int_equal(
		link_update_phy(hci_link(h.hci, h.esp), LINK_PERIPHERAL, OTA_PHYS_2M | OTA_PHYS_1M),
		0);
	wait_us(1000000);
	expect_silence();
	say("01 0604 03 4000 13");
	wait_us(1000000);
	say("01 3120 03 00 03 03");
	forget();
	hci_rig_connect();
	assert_int_equal(
		link_update_phy(hci_link(h.hci, h.esp), LINK_PERIPHERAL, OTA_PHYS_2M | OTA_PHYS_1M),
		0);
	wait_packet();
	expect_packet("04 3e 06 0c 00 4000 02 02");
}

static void test_exchanges(void **state)
{
	(void)state;
	hci_rig_connect();
	say("01 1620 02 4000");
	expect_packet("04 0f 04 00 01 1620");
	wait_packet();
	expect_packet("04 3e 0c 04 00 4000 2f01000000000000");
	say("01 1d04 02 4000");
	expect_packet("04 0f 04 00 01 1d04");
	say("01 1d04 02 4000");
	expect_packet("04 0f 04 0c 01 1d04");
	wait_packet();
	expect_packet("04 0c 08 00 4000 09 e502 0000");
	say("01 0514 02 4000");
	expect_packet("04 0e 07 01 0514 00 4000 ??");
	assert_in_range((int8_t)h.packets[h.next - 1].bytes[9] + 128, 128 - 70, 128 - 30);
	say("01 2d0c 03 4000 00");
	expect_packet("04 0e 07 01 2d0c 00 4000 00");
	say("01 1520 02 4000");
	expect_packet("04 0e 0b 01 1520 00 4000 ffffffff1f");
}

/* The device has no keys: a key is missing, and pairing is not supported. */
static void test_encryption_is_refused(void **state)
{
	(void)state;
	hci_rig_connect();
	say("01 1920 1c 4000 0000000000000000 0000 00000000000000000000000000000000");
	expect_packet("04 0f 04 00 01 1920");
	wait_packet();
	expect_packet("04 08 04 06 4000 00");
	say("02 4000 0b00 0700 0600 01 03 00 01 10 01 01");
	wait_us(300000);
	assert_int_equal(count_packets("02 4020 0600 0200 0600 05 05"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HCI_TEST(test_legacy),
		HCI_TEST(test_extended),
		HCI_TEST(test_by_accept_list),
		HCI_TEST(test_cancel),
		HCI_TEST(test_refused),
		HCI_TEST(test_disconnect),
		HCI_TEST(test_connected_already),
		HCI_TEST(test_device_ends),
		HCI_TEST(test_supervision),
		HCI_TEST(test_never_heard),
		HCI_TEST(test_reset_drops_links),
		HCI_TEST(test_power_cycle),
		HCI_TEST(test_update_by_host),
		HCI_TEST(test_update_by_device),
		HCI_TEST(test_update_by_device_refused),
		HCI_TEST(test_update_by_device_unanswered),
		HCI_TEST(test_update_by_l2cap),
		HCI_TEST(test_data_length),
		HCI_TEST(test_data_length_suggested),
		HCI_TEST(test_phy),
		HCI_TEST(test_phy_preference),
		HCI_TEST(test_exchanges),
		HCI_TEST(test_encryption_is_refused),
	};

	return cmocka_run_group_tests_name("hci_conn", tests, NULL, NULL);
}
