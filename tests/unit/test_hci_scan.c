/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual controller scans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "hcilib.h"

/* Flags, and the OTA service's UUID; then the name. */
#define AD "020106 11 07 1d6048b2ccdf749f284aae5401401efb"
#define NAME "0b 09 6573702d73696d2d3031"
#define LEGACY_AD "04 3e 21 02 01 00 00 0110aa286f24 15" AD "??"
#define LEGACY_NAME "04 3e 18 02 01 04 00 0110aa286f24 0c" NAME "??"
#define EXTENDED_AD "04 3e 2f 0d 01 1300 00 0110aa286f24 01 00 ff 7f ?? 0000 00 000000000000 15" AD
#define EXTENDED_NAME                                                                              \
	"04 3e 26 0d 01 1b00 00 0110aa286f24 01 00 ff 7f ?? 0000 00 000000000000 0c" NAME
#define REPORTS "04 3e ?? 02"

/* Active, window equal to interval, no filter of duplicates. */
static void scan(const char *params, const char *enable)
{
	hci_rig_masks();
	say(params);
	expect_packet("04 0e 04 01 0b20 00");
	say(enable);
	expect_packet("04 0e 04 01 0c20 00");
}

static void test_active(void **state)
{
	(void)state;
	scan("01 0b20 07 01 1200 1200 00 00", "01 0c20 02 01 00");
	wait_us(HCI_RIG_ADVERTISE_US);
	expect_packet(LEGACY_AD);
	expect_packet(LEGACY_NAME);
	wait_us(10 * HCI_RIG_ADVERTISE_US);
	assert_int_equal(count_packets(REPORTS), 20);
	forget();
	say("01 0c20 02 00 00");
	expect_packet("04 0e 04 01 0c20 00");
	wait_us(10 * HCI_RIG_ADVERTISE_US);
	expect_silence();
}

static void test_passive(void **state)
{
	(void)state;
	scan("01 0b20 07 00 6000 6000 00 00", "01 0c20 02 01 00");
	wait_us(HCI_RIG_ADVERTISE_US);
	expect_packet(LEGACY_AD);
	expect_silence();
}

/* Without Set Scan Parameters: passive, 10 ms of 10 ms. */
static void test_default_params(void **state)
{
	(void)state;
	hci_rig_masks();
	say("01 0c20 02 01 00");
	expect_packet("04 0e 04 01 0c20 00");
	wait_us(HCI_RIG_ADVERTISE_US);
	expect_packet(LEGACY_AD);
	expect_silence();
}

/* Half of the time is half of the advertisements, if those are not in step with it. */
static void test_window(void **state)
{
	(void)state;
	/* 30 ms of 70 ms */
	scan("01 0b20 07 00 7000 3000 00 00", "01 0c20 02 01 00");
	wait_us(700 * HCI_RIG_ADVERTISE_US);
	assert_in_range(count_packets(REPORTS), 280, 320);
}

/* The filter lets a signal through that changed, and one that did not no more. */
static void test_duplicates(void **state)
{
	int8_t rssi = 0;
	size_t reports = 0;

	(void)state;
	scan("01 0b20 07 00 1200 1200 00 00", "01 0c20 02 01 01");
	wait_us(300 * HCI_RIG_ADVERTISE_US);
	assert_in_range(count_packets(REPORTS), 20, 290);
	for (; h.next < h.count; h.next++) {
		const struct hci_rig_packet *p = &h.packets[h.next];
		const int8_t now = (int8_t)p->bytes[p->len - 1];

		assert_int_not_equal(now, rssi);
		assert_in_range(now + 128, 128 - 70, 128 - 30);
		rssi = now;
		reports++;
	}
	assert_true(reports > 1);
}

static void test_accept_list(void **state)
{
	(void)state;
	scan("01 0b20 07 00 1200 1200 00 01", "01 0c20 02 01 00");
	wait_us(5 * HCI_RIG_ADVERTISE_US);
	expect_silence();
	say("01 1120 07 00 0110aa286f24"); /* not while it is in use */
	expect_packet("04 0e 04 01 1120 0c");
	say("01 0c20 02 00 00");
	expect_packet("04 0e 04 01 0c20 00");
	say("01 1120 07 00 0110aa286f24");
	expect_packet("04 0e 04 01 1120 00");
	say("01 0c20 02 01 00");
	expect_packet("04 0e 04 01 0c20 00");
	wait_us(HCI_RIG_ADVERTISE_US);
	expect_packet(LEGACY_AD);
	expect_silence();
	say("01 0c20 02 00 00");
	expect_packet("04 0e 04 01 0c20 00");
	say("01 1220 07 00 0110aa286f24");
	expect_packet("04 0e 04 01 1220 00");
	say("01 0c20 02 01 00");
	expect_packet("04 0e 04 01 0c20 00");
	wait_us(5 * HCI_RIG_ADVERTISE_US);
	expect_silence();
}

static void test_accept_list_is_full(void **state)
{
	char text[64];

	(void)state;
	say("01 0f20 00");
	expect_packet("04 0e 05 01 0f20 00 10");
	for (unsigned int i = 0; i < 16; i++) {
		snprintf(text, sizeof(text), "01 1120 07 00 %02x0000000000", i);
		say(text);
		expect_packet("04 0e 04 01 1120 00");
	}
	say("01 1120 07 00 100000000000");
	expect_packet("04 0e 04 01 1120 07");
	say("01 1120 07 00 000000000000"); /* is in it already */
	expect_packet("04 0e 04 01 1120 00");
	say("01 1020 00");
	expect_packet("04 0e 04 01 1020 00");
	say("01 1120 07 00 100000000000");
	expect_packet("04 0e 04 01 1120 00");
}

static void test_extended(void **state)
{
	(void)state;
	hci_rig_masks();
	say("01 4120 08 00 00 01 01 1200 1200");
	expect_packet("04 0e 04 01 4120 00");
	say("01 4220 06 01 00 0000 0000");
	expect_packet("04 0e 04 01 4220 00");
	wait_us(HCI_RIG_ADVERTISE_US);
	expect_packet(EXTENDED_AD);
	expect_packet(EXTENDED_NAME);
	expect_silence();
}

/* A scan that ends by itself. */
static void test_duration(void **state)
{
	(void)state;
	hci_rig_masks();
	say("01 0120 08 ffff030000000000");
	expect_packet("04 0e 04 01 0120 00");
	say("01 4120 08 00 00 01 00 1200 1200");
	expect_packet("04 0e 04 01 4120 00");
	say("01 4220 06 01 00 3200 0000"); /* 500 ms */
	expect_packet("04 0e 04 01 4220 00");
	wait_us(2000000);
	assert_int_equal(count_packets("04 3e 2f 0d"), 5);
	h.next = h.count - 1;
	expect_packet("04 3e 01 11");
}

static void test_masked(void **state)
{
	(void)state;
	say("01 0b20 07 01 1200 1200 00 00");
	expect_packet("04 0e 04 01 0b20 00");
	say("01 0c20 02 01 00");
	expect_packet("04 0e 04 01 0c20 00");
	wait_us(5 * HCI_RIG_ADVERTISE_US);
	expect_silence(); /* LE Meta is off after a reset, 7.3.1 */
}

static void test_refused(void **state)
{
	(void)state;
	say("01 0b20 07 02 1200 1200 00 00"); /* type */
	expect_packet("04 0e 04 01 0b20 12");
	say("01 0b20 07 01 1200 1300 00 00"); /* window > interval */
	expect_packet("04 0e 04 01 0b20 12");
	say("01 0b20 07 01 0300 0300 00 00");
	expect_packet("04 0e 04 01 0b20 12");
	say("01 0b20 07 01 0140 0100 00 00");
	expect_packet("04 0e 04 01 0b20 12");
	say("01 0b20 07 01 1200 1200 01 00"); /* random address, but there is none */
	expect_packet("04 0e 04 01 0b20 12");
	say("01 0b20 07 01 1200 1200 00 02"); /* policy of a feature that it has not */
	expect_packet("04 0e 04 01 0b20 11");
	say("01 0c20 02 02 00");
	expect_packet("04 0e 04 01 0c20 12");
	say("01 0520 06 010203040506");
	expect_packet("04 0e 04 01 0520 00");
	say("01 0b20 07 01 1200 1200 01 00");
	expect_packet("04 0e 04 01 0b20 00");
	say("01 0c20 02 01 00");
	expect_packet("04 0e 04 01 0c20 00");
	say("01 0b20 07 01 1200 1200 01 00"); /* while scanning */
	expect_packet("04 0e 04 01 0b20 0c");
	say("01 0520 06 010203040506");
	expect_packet("04 0e 04 01 0520 0c");
}

static void test_extended_refused(void **state)
{
	(void)state;
	say("01 4120 03 00 00 00"); /* no PHY */
	expect_packet("04 0e 04 01 4120 12");
	say("01 4120 08 00 00 04 00 1200 1200"); /* coded */
	expect_packet("04 0e 04 01 4120 11");
	say("01 4120 07 00 00 01 00 1200 12");
	expect_packet("04 0e 04 01 4120 12");
	say("01 4120 03 00 00 01");
	expect_packet("04 0e 04 01 4120 12");
	say("01 4220 06 01 00 0100 0100"); /* periods */
	expect_packet("04 0e 04 01 4220 11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HCI_TEST(test_active),
		HCI_TEST(test_passive),
		HCI_TEST(test_default_params),
		HCI_TEST(test_window),
		HCI_TEST(test_duplicates),
		HCI_TEST(test_accept_list),
		HCI_TEST(test_accept_list_is_full),
		HCI_TEST(test_extended),
		HCI_TEST(test_duration),
		HCI_TEST(test_masked),
		HCI_TEST(test_refused),
		HCI_TEST(test_extended_refused),
	};

	return cmocka_run_group_tests_name("hci_scan", tests, NULL, NULL);
}
