/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a modelled link, and what its hosts are told then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linklib.h"

static void check_both_timed_out(uint64_t last_heard_us)
{
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		assert_int_equal(w.host[i].disconnected, 1);
		assert_int_equal(w.host[i].reason, LINK_REASON_TIMEOUT);
		assert_in_range(w.host[i].disconnected_us, last_heard_us + TIMEOUT_US - INTERVAL_US,
				last_heard_us + TIMEOUT_US + 5000);
		assert_false(link_connected(w.link, (enum link_role)i));
		assert_int_equal(link_send(w.link, (enum link_role)i, 4, NULL, 0), -OTA_ENOTCONN);
	}
	assert_null(w.sched.first);
}

static void test_supervision_in_mid_stream(void **state)
{
	(void)state;
	link_rig_connect();
	central()->stream = true;
	link_rig_send(LINK_CENTRAL, 247);
	link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 2000000);
	check_both_timed_out(1000000);
}

static void test_supervision_from_rest(void **state)
{
	(void)state;
	link_rig_connect();
	sched_advance(&w.sched, 60000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 61000000);
	check_both_timed_out(60000000);
}

static void test_silence_that_ends(void **state)
{
	(void)state;
	link_rig_connect();
	sched_advance(&w.sched, 1000000);
	link_set_silent(w.link, true);
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 1000000 + TIMEOUT_US - 2 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 0);
	link_set_silent(w.link, false);
	sched_advance(&w.sched, 60000000);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(central()->disconnected + peripheral()->disconnected, 0);
}

/* Half of all PDUs lost: in 28 events of a quarter's luck each, silence is rare
 * but comes, also while nothing is sent. */
static void test_supervision_by_loss_at_rest(void **state)
{
	(void)state;
	w.config.sides[LINK_CENTRAL].loss_ppm = 500000;
	w.config.sides[LINK_PERIPHERAL].loss_ppm = 500000;
	link_rig_connect();
	sched_advance(&w.sched, 36000000000u);
	assert_int_equal(central()->disconnected, 1);
	assert_int_equal(central()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->reason, LINK_REASON_TIMEOUT);
}

static void test_not_established(void **state)
{
	(void)state;
	link_rig_connect();
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 1000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		assert_int_equal(w.host[i].disconnected, 1);
		assert_int_equal(w.host[i].reason, LINK_REASON_NOT_ESTABLISHED);
		assert_int_equal(w.host[i].disconnected_us, 1250 + 6 * INTERVAL_US);
	}
}

static void test_vanish(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		link_rig_setup(NULL);
		link_rig_connect();
		link_rig_send(LINK_CENTRAL, 247);
		sched_advance(&w.sched, 5000000);
		link_vanish(w.link, (enum link_role)i);
		assert_false(link_connected(w.link, (enum link_role)i));
		sched_advance(&w.sched, 6000000);
		assert_int_equal(w.host[i].disconnected, 0);
		assert_int_equal(w.host[!i].disconnected, 1);
		assert_int_equal(w.host[!i].reason, LINK_REASON_TIMEOUT);
		assert_in_range(w.host[!i].disconnected_us, 5000000 + TIMEOUT_US - INTERVAL_US,
				5000000 + TIMEOUT_US + 5000);
		assert_null(w.sched.first);
		link_destroy(w.link);
		w.link = NULL;
	}
}

static void test_terminate(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		for (unsigned int loss = 0; loss <= 300000; loss += 300000) {
			link_rig_setup(NULL);
			w.config.params.supervision_timeout = 3200;
			w.config.sides[0].loss_ppm = w.config.sides[1].loss_ppm = loss;
			link_rig_connect();
			sched_advance(&w.sched, 1000000);
			assert_int_equal(
				link_terminate(w.link, (enum link_role)i, LINK_REASON_REMOTE_USER),
				0);
			assert_int_equal(link_send(w.link, (enum link_role)i, 4, NULL, 0),
					 -OTA_ENOTCONN);
			sched_advance(&w.sched, 40000000);
			assert_int_equal(w.host[i].disconnected, 1);
			assert_int_equal(w.host[i].reason, LINK_REASON_LOCAL_HOST);
			assert_int_equal(w.host[!i].disconnected, 1);
			assert_int_equal(w.host[!i].reason, LINK_REASON_REMOTE_USER);
			/* All in the next event, the acknowledgement included. */
			for (unsigned int k = 0; loss == 0 && k < LINK_ROLES; k++)
				assert_int_equal(interval_of(w.host[k].disconnected_us),
						 interval_of(1000000) + 1);
			assert_null(w.sched.first);
			link_destroy(w.link);
			w.link = NULL;
		}
	}
}

static void test_terminate_in_mid_stream(void **state)
{
	(void)state;
	link_rig_connect();
	central()->stream = true;
	peripheral()->stream = true;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		link_rig_send((enum link_role)i, 247);
		link_rig_send((enum link_role)i, 247);
	}
	sched_advance(&w.sched, 1001000);
	central()->stream = peripheral()->stream = false;
	assert_int_equal(link_terminate(w.link, LINK_CENTRAL, LINK_REASON_REMOTE_USER), 0);
	assert_int_equal(link_terminate(w.link, LINK_CENTRAL, LINK_REASON_REMOTE_USER), 0);
	sched_advance(&w.sched, 1001000 + 2 * INTERVAL_US);
	assert_int_equal(central()->reason, LINK_REASON_LOCAL_HOST);
	assert_int_equal(peripheral()->reason, LINK_REASON_REMOTE_USER);
	assert_int_equal(central()->disconnected + peripheral()->disconnected, 2);
}

/* A termination that is not answered ends the link all the same. */
static void test_terminate_unanswered(void **state)
{
	(void)state;
	link_rig_connect();
	sched_advance(&w.sched, 1000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 1000000 + TIMEOUT_US / 2);
	assert_int_equal(link_terminate(w.link, LINK_PERIPHERAL, LINK_REASON_REMOTE_USER), 0);
	sched_advance(&w.sched, 3000000);
	assert_int_equal(central()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(central()->disconnected + peripheral()->disconnected, 2);
}

static void test_frames_before_disconnected(void **state)
{
	(void)state;
	w.config.sides[LINK_PERIPHERAL].host_latency_us = 50000;
	link_rig_connect();
	link_rig_send(LINK_CENTRAL, 100);
	sched_advance(&w.sched, 10000);
	assert_int_equal(link_terminate(w.link, LINK_CENTRAL, LINK_REASON_REMOTE_USER), 0);
	sched_advance(&w.sched, 45000);
	assert_false(link_connected(w.link, LINK_PERIPHERAL));
	assert_int_equal(peripheral()->frames, 0);
	link_hold(w.link, LINK_PERIPHERAL, true);
	sched_advance(&w.sched, 1000000);
	assert_int_equal(peripheral()->frames + peripheral()->disconnected, 0);
	link_hold(w.link, LINK_PERIPHERAL, false);
	sched_advance(&w.sched, 1000001);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(peripheral()->disconnected, 1);
}

static void test_destroy_when_disconnected(void **state)
{
	(void)state;
	link_rig_connect();
	peripheral()->destroy = true;
	link_rig_send(LINK_CENTRAL, 100);
	assert_int_equal(link_terminate(w.link, LINK_CENTRAL, LINK_REASON_REMOTE_USER), 0);
	sched_advance(&w.sched, 1000000);
	assert_null(w.link);
	assert_int_equal(peripheral()->disconnected, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_supervision_in_mid_stream),
		LINK_TEST(test_supervision_from_rest),
		LINK_TEST(test_silence_that_ends),
		LINK_TEST(test_supervision_by_loss_at_rest),
		LINK_TEST(test_not_established),
		LINK_TEST(test_vanish),
		LINK_TEST(test_terminate),
		LINK_TEST(test_terminate_in_mid_stream),
		LINK_TEST(test_terminate_unanswered),
		LINK_TEST(test_frames_before_disconnected),
		LINK_TEST(test_destroy_when_disconnected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
