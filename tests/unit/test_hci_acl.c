/* SPDX-License-Identifier: Apache-2.0 */
/* ACL data through the virtual controller: buffers, fragments, air time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hcilib.h"

#define COMPLETED "04 13 05 01 4000"
#define INTERVAL_US 50000u
#define DATA_HANDLE "1800" /* the Data value's, of the full table */

/* A write command of 244 octets to Data: one ACL packet of 251. */
static void say_write(void)
{
	char text[2 * 300];
	int n = snprintf(text, sizeof(text), "02 4000 fb00 f700 0400 52 " DATA_HANDLE);

	for (unsigned int i = 0; i < 244; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "00");
	say(text);
}

/* Packets that came back until now. */
static unsigned int given_back(void)
{
	unsigned int count = 0;

	for (size_t i = h.next; i < h.count; i++)
		if (h.packets[i].len == 8 && h.packets[i].bytes[1] == 0x13)
			count += (unsigned int)h.packets[i].bytes[6] |
				 (unsigned int)h.packets[i].bytes[7] << 8;
	return count;
}

static void connect_fast(void)
{
	hci_rig_connect();
	say("01 2220 06 4000 fb00 4808");
	wait_us(1000000);
	forget();
}

static void test_att_exchange(void **state)
{
	(void)state;
	hci_rig_connect();
	say("02 4000 0700 0300 0400 02 0502");
	wait_packet();
	expect_packet(COMPLETED "0100");
	wait_packet();
	expect_packet("02 4020 0700 0300 0400 03 0502");
	expect_silence();
}

/* A frame may be cut anywhere; what comes back is cut by the air. */
static void test_fragments(void **state)
{
	(void)state;
	hci_rig_connect(); /* 27-octet PDUs */
	say("02 4000 0300 0300 04");
	say("02 4010 0200 00 02");
	say("02 4010 0200 0502");
	wait_us(300000);
	assert_int_equal(given_back(), 3);
	assert_int_equal(count_packets("02 4020 0700 0300 0400 03 0502"), 1);
	forget();
	/* The primary services fill more than one PDU. */
	say("02 4000 0b00 0700 0400 10 0100 ffff 0028");
	wait_us(300000);
	assert_true(count_packets("02 4020 ????") == 1);
}

/* A buffer is full until the air has carried it: nothing comes back before the next event. */
static void test_buffers_follow_the_air(void **state)
{
	uint64_t begun;

	(void)state;
	connect_fast();
	begun = sched_now(&h.sched);
	for (unsigned int i = 0; i < 8; i++)
		say_write();
	expect_silence();
	wait_packet();
	assert_in_range(sched_now(&h.sched) - begun, 1, INTERVAL_US + 3000);
	/* One each 2468 us: 251 octets, T_IFS, an empty PDU, T_IFS. */
	wait_us(4 * 2468);
	assert_int_equal(given_back(), 5);
	wait_us(INTERVAL_US);
	assert_int_equal(given_back(), 8);
}

/* Buffers that are refilled only between events: all at once. */
static void test_buffers_between_events(void **state)
{
	(void)state;
	h.config.refill = false;
	h.config.buffers = 3;
	hci_rig_restart();
	connect_fast();
	for (unsigned int i = 0; i < 3; i++)
		say_write();
	wait_packet();
	expect_packet(COMPLETED "0300");
	expect_silence();
}

static void test_overflow(void **state)
{
	(void)state;
	h.config.buffers = 3;
	hci_rig_restart();
	connect_fast();
	for (unsigned int i = 0; i < 3; i++)
		say_write();
	expect_silence();
	say_write();
	expect_packet("04 1a 01 01");
	wait_us(1000000);
	assert_int_equal(given_back(), 3);
}

/* A packet that cannot be sent is dropped and its buffer given back, or a host would stall. */
static void test_wrong_packets(void **state)
{
	(void)state;
	hci_rig_connect();
	say("02 4000 0000"); /* empty */
	expect_packet(COMPLETED "0100");
	say("02 4030 0100 00"); /* boundary flags that are not for LE */
	expect_packet(COMPLETED "0100");
	say("02 4000 0200 00"); /* longer than it is */
	say("02 4100 0100 00"); /* another handle */
	expect_silence();
	say("02 4010 0100 00"); /* a continuation of nothing: the air carries it, L2CAP drops it */
	wait_us(300000);
	expect_packet(COMPLETED "0100");
	expect_silence();
}

static void test_longer_than_a_buffer(void **state)
{
	char text[2 * 300] = "02 4000 fc00 f800 0400";

	(void)state;
	hci_rig_connect();
	for (size_t n = strlen(text), i = 0; i < 248; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "00");
	say(text);
	expect_packet(COMPLETED "0100");
}

/* Buffers of a link that ends come back with the event, not by themselves, 4.1.1. */
static void test_disconnected_with_data(void **state)
{
	(void)state;
	h.config.buffers = 3;
	hci_rig_restart();
	connect_fast();
	link_set_silent(hci_link(h.hci, h.esp), true);
	for (unsigned int i = 0; i < 3; i++)
		say_write();
	wait_packet();
	expect_packet("04 05 04 00 4000 08");
	wait_us(1000000);
	expect_silence();
	hci_rig_connect();
	say_write();
	wait_us(1000000);
	assert_int_equal(given_back(), 1);
}

/* Goodput through HCI is the link model's: 8 buffers, 15 ms, 1M, 244-octet values. */
static void test_rate(void **state)
{
	uint64_t begun;
	unsigned int seen;

	(void)state;
	connect_fast();
	say("01 1320 0e 4000 0c00 0c00 0000 c800 0000 0000");
	wait_us(2000000);
	forget();
	begun = sched_now(&h.sched);
	for (seen = 0; seen < 8; seen++)
		say_write();
	for (seen = 0; seen < 1000;) {
		unsigned int count;

		wait_packet();
		count = given_back();
		forget();
		seen += count;
		while (count-- > 0)
			say_write();
	}
	/* 97.6 kB/s in link-timing's table: six of 244 octets each 15 ms. */
	assert_in_range(1000u * 244u * 1000000ull / (sched_now(&h.sched) - begun), 96000, 98500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HCI_TEST(test_att_exchange),
		HCI_TEST(test_fragments),
		HCI_TEST(test_buffers_follow_the_air),
		HCI_TEST(test_buffers_between_events),
		HCI_TEST(test_overflow),
		HCI_TEST(test_wrong_packets),
		HCI_TEST(test_longer_than_a_buffer),
		HCI_TEST(test_disconnected_with_data),
		HCI_TEST(test_rate),
	};

	return cmocka_run_group_tests_name("hci_acl", tests, NULL, NULL);
}
