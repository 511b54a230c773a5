/* SPDX-License-Identifier: Apache-2.0 */
/* Tests flow control on a modelled link: buffers, credits, fragments, bounded queues. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linklib.h"

static void test_no_room(void **state)
{
	struct link_stats stats;

	(void)state;
	link_rig_connect();
	peripheral()->no_room = true;
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 10000000);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(peripheral()->frames, 0);
	assert_int_equal(central()->completed, 0);
	assert_true(stats.refused > 600);
	/* The link itself is fine, and the other way is open. */
	link_rig_send(LINK_PERIPHERAL, 20);
	sched_advance(&w.sched, 10100000);
	assert_int_equal(central()->frames, 1);
	assert_int_equal(central()->disconnected, 0);
	peripheral()->no_room = false;
	sched_advance(&w.sched, 10200000);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(central()->completed, 1);
}

static void test_hold_fills_the_pool(void **state)
{
	(void)state;
	w.config.sides[LINK_PERIPHERAL].receive_pdus = 5;
	link_rig_connect();
	sched_advance(&w.sched, 1000);
	link_hold(w.link, LINK_PERIPHERAL, true);
	for (unsigned int i = 0; i < 20; i++)
		link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 5000000);
	assert_int_equal(peripheral()->frames, 0);
	assert_int_equal(central()->completed, 5);
	assert_int_equal(link_in_controller(w.link, LINK_CENTRAL), 15 * 251);
	link_hold(w.link, LINK_PERIPHERAL, false);
	sched_advance(&w.sched, 5000000 + 4 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 20);
}

/* Counts from when the pool is full; the time that the processor stands still is none. */
static void test_block_drops(void **state)
{
	const uint64_t drop_us = 290000;
	struct link_stats stats;

	(void)state;
	w.config.sides[LINK_PERIPHERAL].receive_pdus = 5;
	w.config.sides[LINK_PERIPHERAL].host_pdus = 3;
	w.config.sides[LINK_PERIPHERAL].drop_us = (uint32_t)drop_us;
	link_rig_connect();
	sched_advance(&w.sched, 1000);
	link_block(w.link, LINK_PERIPHERAL, true);
	for (unsigned int i = 0; i < 20; i++)
		link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, drop_us);
	assert_int_equal(central()->completed, 3 + 5);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(stats.dropped, 0);
	link_hold(w.link, LINK_PERIPHERAL, true);
	sched_advance(&w.sched, 10 * drop_us);
	link_hold(w.link, LINK_PERIPHERAL, false);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(stats.dropped, 0);
	/* The first event begins one interval after the connection. */
	sched_advance(&w.sched, 10 * drop_us + 2 * INTERVAL_US);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(stats.dropped, 1);
	sched_advance(&w.sched, 11 * drop_us + 2 * INTERVAL_US);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(stats.dropped, 2);
	assert_int_equal(peripheral()->frames, 0);
	link_block(w.link, LINK_PERIPHERAL, false);
	sched_advance(&w.sched, 11 * drop_us + 10 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 18);
}

/* Without a limit nothing is dropped: what there is no room for waits on the air. */
static void test_block_waits(void **state)
{
	struct link_stats stats;

	(void)state;
	w.config.sides[LINK_PERIPHERAL].receive_pdus = 5;
	w.config.sides[LINK_PERIPHERAL].host_pdus = 3;
	link_rig_connect();
	link_block(w.link, LINK_PERIPHERAL, true);
	for (unsigned int i = 0; i < 20; i++)
		link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 5000000);
	assert_int_equal(central()->completed, 3 + 5);
	link_block(w.link, LINK_PERIPHERAL, false);
	sched_advance(&w.sched, 6000000);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(stats.dropped, 0);
	assert_int_equal(peripheral()->frames, 20);
}

/* A PDU that was queued after the first try goes in the event of the repetition. */
static void test_repetition_says_more(void **state)
{
	(void)state;
	link_rig_connect();
	link_set_silent(w.link, true);
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 1250 + 1000);
	link_rig_send(LINK_CENTRAL, 20);
	link_rig_send(LINK_CENTRAL, 20);
	link_set_silent(w.link, false);
	sched_advance(&w.sched, 1250 + INTERVAL_US + INTERVAL_US / 2);
	assert_int_equal(peripheral()->frames, 3);
}

/* The same of an empty one: the event before last had nothing to send, and was lost. */
static void test_empty_repetition_says_more(void **state)
{
	(void)state;
	link_rig_connect();
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 1250 + 1000);
	link_rig_send(LINK_CENTRAL, 20);
	link_set_silent(w.link, false);
	sched_advance(&w.sched, 1250 + INTERVAL_US + INTERVAL_US / 2);
	assert_int_equal(peripheral()->frames, 1);
}

static void test_credits(void **state)
{
	(void)state;
	w.config.sides[LINK_CENTRAL].buffers = 3;
	w.config.sides[LINK_CENTRAL].buffer_octets = 27;
	w.config.sides[LINK_CENTRAL].refill = false;
	link_rig_connect();
	assert_int_equal(link_credits(w.link, LINK_CENTRAL), 3);
	assert_int_equal(link_credits(w.link, LINK_PERIPHERAL), UINT_MAX);
	/* 104 octets with the header: four fragments, one of them waits. */
	link_rig_send(LINK_CENTRAL, 100);
	assert_int_equal(link_credits(w.link, LINK_CENTRAL), 0);
	assert_int_equal(link_in_controller(w.link, LINK_CENTRAL), 81);
	assert_int_equal(link_queued(w.link, LINK_CENTRAL), 23);
	/* Given back together when the event closes, and the rest goes in the next one. */
	sched_advance(&w.sched, 1250 + INTERVAL_US - 1);
	assert_int_equal(central()->completed_calls, 1);
	assert_int_equal(central()->completed, 3);
	assert_int_equal(central()->completed_us, 1250 + 3 * (296 + 150 + 80) + 2 * 150);
	assert_int_equal(link_credits(w.link, LINK_CENTRAL), 2);
	assert_int_equal(peripheral()->frames, 0);
	sched_advance(&w.sched, 1250 + INTERVAL_US + 2000);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(link_credits(w.link, LINK_CENTRAL), 3);
	assert_int_equal(link_queued(w.link, LINK_CENTRAL), 0);
}

static void test_credits_refilled(void **state)
{
	(void)state;
	w.config.sides[LINK_CENTRAL].buffers = 3;
	w.config.sides[LINK_CENTRAL].buffer_octets = 27;
	link_rig_connect();
	link_rig_send(LINK_CENTRAL, 270);
	sched_advance(&w.sched, 1250 + INTERVAL_US - 1);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(central()->completed, 11);
	assert_int_equal(central()->completed_calls, 11);
}

/* A host that fragments by itself, as behind HCI, and takes fragments. */
static void test_fragments(void **state)
{
	static const uint8_t head[] = {46, 0, 4, 0, 1, 2, 3};
	static const uint8_t tail[43];

	(void)state;
	w.config.sides[LINK_CENTRAL].ops = &link_rig_piece_ops;
	w.config.sides[LINK_CENTRAL].buffers = 2;
	w.config.sides[LINK_CENTRAL].buffer_octets = 43;
	w.config.data_length = 27;
	link_rig_connect();
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, tail, 0), -OTA_EMSGSIZE);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, tail, 44), -OTA_EMSGSIZE);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, head, sizeof(head)), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, tail, 43), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, tail, 1), -OTA_EAGAIN);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(peripheral()->last_len, 46);
	assert_int_equal(central()->completed, 2);
	link_rig_send(LINK_PERIPHERAL, 50);
	sched_advance(&w.sched, 2 * INTERVAL_US);
	assert_int_equal(central()->starts, 1);
	assert_int_equal(central()->bytes, 54);
}

/* Frames whose fragments do not add up are dropped, and the next one is not. */
static void test_bad_fragments(void **state)
{
	static const uint8_t piece[] = {6, 0, 4, 0, 1, 2, 3, 4, 5, 6, 7};

	(void)state;
	link_rig_connect();
	/* A continuation of nothing. */
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, piece, 10), 0);
	/* Too short, too long, in three, header in two. */
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, piece, 9), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, piece, 11), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, piece, 5), 0);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->frames, 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, piece, 3), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, piece + 3, 2), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, piece + 5, 5), 0);
	sched_advance(&w.sched, 2 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(peripheral()->last_len, 6);
	assert_int_equal(link_send(w.link, LINK_CENTRAL, 4, NULL, 65536), -OTA_EMSGSIZE);
}

static void test_bounded_queue(void **state)
{
	(void)state;
	w.config.sides[LINK_PERIPHERAL].buffers = 2;
	w.config.sides[LINK_PERIPHERAL].buffer_octets = 251;
	w.config.sides[LINK_PERIPHERAL].queue_frames = 2;
	link_rig_connect();
	for (unsigned int i = 0; i < 4; i++)
		link_rig_send(LINK_PERIPHERAL, 20);
	assert_int_equal(link_send(w.link, LINK_PERIPHERAL, 4, NULL, 0), -OTA_EAGAIN);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->writable, 1);
	assert_int_equal(central()->frames, 4);
	/* The host is not told twice. */
	link_rig_send(LINK_PERIPHERAL, 20);
	sched_advance(&w.sched, 3 * INTERVAL_US);
	assert_int_equal(peripheral()->writable, 1);
	/* Nor while it is stopped, but then. */
	link_hold(w.link, LINK_PERIPHERAL, true);
	for (unsigned int i = 0; i < 4; i++)
		link_rig_send(LINK_PERIPHERAL, 20);
	assert_int_equal(link_send(w.link, LINK_PERIPHERAL, 4, NULL, 0), -OTA_EAGAIN);
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 10 * INTERVAL_US);
	assert_int_equal(peripheral()->writable, 1);
	link_hold(w.link, LINK_PERIPHERAL, false);
	assert_int_equal(peripheral()->writable, 1);
	sched_advance(&w.sched, 10 * INTERVAL_US);
	assert_int_equal(peripheral()->writable, 2);
	assert_int_equal(peripheral()->frames, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_no_room),
		LINK_TEST(test_hold_fills_the_pool),
		LINK_TEST(test_block_drops),
		LINK_TEST(test_block_waits),
		LINK_TEST(test_repetition_says_more),
		LINK_TEST(test_empty_repetition_says_more),
		LINK_TEST(test_credits),
		LINK_TEST(test_credits_refilled),
		LINK_TEST(test_fragments),
		LINK_TEST(test_bad_fragments),
		LINK_TEST(test_bounded_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
