/* SPDX-License-Identifier: Apache-2.0 */
/* The modelled link's rules: what goes in comes out, whatever is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linklib.h"

static void test_one_frame(void **state)
{
	static const uint8_t frame[] = {0x52, 0x03, 0x00, 0xaa};

	(void)state;
	link_rig_connect();
	assert_int_equal(link_send(w.link, LINK_CENTRAL, LINK_CID_ATT, frame, sizeof(frame)), 0);
	sched_advance(&w.sched, 1250 + (10 + 8) * 8);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(peripheral()->last_us, 1250 + (10 + 8) * 8);
	assert_int_equal(peripheral()->last_cid, LINK_CID_ATT);
	assert_int_equal(peripheral()->last_len, 4);
	/* Acknowledged T_IFS and an empty PDU later. */
	assert_int_equal(central()->completed, 0);
	sched_advance(&w.sched, 1250 + (10 + 8) * 8 + 150 + 80);
	assert_int_equal(central()->completed, 1);
	assert_int_equal(central()->frames, 0);
}

static void test_encrypted_and_latent(void **state)
{
	(void)state;
	w.config.encrypted = true;
	w.config.sides[LINK_PERIPHERAL].host_latency_us = 700;
	link_rig_connect();
	link_rig_send(LINK_CENTRAL, 4);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->last_us, 1250 + (10 + 8 + 4) * 8 + 700);
}

static void test_order_and_content_under_loss(void **state)
{
	struct rng rng[LINK_ROLES];
	uint64_t sent[LINK_ROLES] = {0, 0};
	uint8_t frame[520];

	(void)state;
	w.config.params.supervision_timeout = 3200;
	w.config.data_length = 100;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		struct link_side_config *side = &w.config.sides[i];

		side->loss_ppm = 200000;
		side->buffers = 3;
		side->buffer_octets = 251;
		side->refill = i == LINK_CENTRAL;
		side->receive_pdus = 2;
		side->host_latency_us = 900;
		rng_init(&rng[i], i);
		rng_init(&w.host[!i].rng, i);
		w.host[i].check = true;
	}
	link_rig_connect();
	for (unsigned int round = 0; round < 400; round++) {
		for (unsigned int i = 0; i < LINK_ROLES; i++) {
			size_t len = link_rig_frame(&rng[i], frame);

			assert_int_equal(
				link_send(w.link, (enum link_role)i, LINK_CID_ATT, frame, len), 0);
			sent[i]++;
		}
		w.host[round % 2].no_room = round % 8 < 2;
		sched_advance(&w.sched, sched_now(&w.sched) + 20000);
	}
	w.host[0].no_room = w.host[1].no_room = false;
	sched_advance(&w.sched, sched_now(&w.sched) + 60000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		struct link_stats stats;

		assert_int_equal(w.host[!i].frames, sent[i]);
		assert_int_equal(link_queued(w.link, (enum link_role)i), 0);
		assert_int_equal(link_in_controller(w.link, (enum link_role)i), 0);
		link_get_stats(w.link, (enum link_role)i, &stats);
		assert_true(stats.repeated > 100);
		/* A peripheral sends only after it has heard, so a central gets nothing twice. */
		if (i == LINK_CENTRAL)
			assert_int_equal(stats.duplicate, 0);
		else
			assert_true(stats.duplicate > 100);
		assert_true(stats.refused > 10);
		assert_true(link_connected(w.link, (enum link_role)i));
	}
}

static void test_same_seed_same_run(void **state)
{
	struct link_stats stats[2];
	uint64_t bytes[2];

	(void)state;
	w.config.params.supervision_timeout = 3200;
	w.config.sides[LINK_CENTRAL].loss_ppm = 50000;
	w.config.sides[LINK_PERIPHERAL].loss_ppm = 50000;
	for (unsigned int i = 0; i < 2; i++) {
		link_rig_connect();
		w.host[LINK_CENTRAL].stream = true;
		link_rig_send(LINK_CENTRAL, 247);
		link_rig_send(LINK_CENTRAL, 247);
		sched_advance(&w.sched, sched_now(&w.sched) + 5000000);
		link_get_stats(w.link, LINK_CENTRAL, &stats[i]);
		bytes[i] = peripheral()->bytes;
		link_destroy(w.link);
		w.link = NULL;
		peripheral()->bytes = 0;
	}
	assert_memory_equal(&stats[0], &stats[1], sizeof(stats[0]));
	assert_int_equal(bytes[0], bytes[1]);
	assert_true(bytes[0] > 100000);
}

static void test_mid_event(void **state)
{
	(void)state;
	link_rig_connect();
	/* Two PDUs: the event is open for 2 x 2468 us. */
	link_rig_send(LINK_CENTRAL, 251 + 247);
	sched_advance(&w.sched, 1250 + 1000);
	link_rig_send(LINK_CENTRAL, 20);
	link_rig_send(LINK_PERIPHERAL, 20);
	sched_advance(&w.sched, 1250 + 7500);
	assert_int_equal(peripheral()->frames, 2);
	assert_int_equal(central()->frames, 1);
	/* Now it is closed. */
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 1250 + INTERVAL_US);
	assert_int_equal(peripheral()->frames, 2);
	sched_advance(&w.sched, 1250 + INTERVAL_US + 500);
	assert_int_equal(peripheral()->frames, 3);
}

/* With 96 us to spare, an answer of 20 octets costs the central a data PDU. */
static void test_answer_costs_a_pdu(void **state)
{
	struct link_stats before, after;

	(void)state;
	w.config.params.interval_min = w.config.params.interval_max = 6;
	link_rig_connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1250 + 10 * 7500 - 1);
	assert_int_equal(peripheral()->frames, 30);
	link_get_stats(w.link, LINK_CENTRAL, &before);
	link_rig_send(LINK_PERIPHERAL, 23);
	sched_advance(&w.sched, 1250 + 11 * 7500 - 1);
	link_get_stats(w.link, LINK_CENTRAL, &after);
	assert_int_equal(central()->frames, 1);
	assert_int_equal(after.sent - before.sent, 2);
	assert_int_equal(peripheral()->frames, 32);
}

/* A long answer that no longer fits leads to the next event, not over its anchor. */
static void test_answer_waits_for_room(void **state)
{
	(void)state;
	w.config.params.interval_min = w.config.params.interval_max = 6;
	link_rig_connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		link_rig_send(LINK_CENTRAL, 247);
	/* In the middle of the third PDU. */
	sched_advance(&w.sched, 1250 + 2 * 2468 + 1000);
	link_rig_send(LINK_PERIPHERAL, 247);
	sched_advance(&w.sched, 1250 + 7500);
	assert_int_equal(central()->frames, 0);
	sched_advance(&w.sched, 1250 + 7500 + 2088 + 150 + 2088);
	assert_int_equal(central()->frames, 1);
	assert_int_equal(central()->last_us, 1250 + 7500 + 2088 + 150 + 2088);
}

static void test_idle_costs_nothing(void **state)
{
	uint64_t at_us, at;
	unsigned int steps = 0;

	(void)state;
	link_rig_connect();
	while (sched_next(&w.sched, &at_us) && at_us < 10000000) {
		assert_true(sched_step(&w.sched));
		steps++;
	}
	assert_true(steps < 10);
	/* The anchors are where they always were. */
	sched_advance(&w.sched, 3600000000u + 777);
	link_rig_send(LINK_CENTRAL, 3);
	sched_advance(&w.sched, 3600000000u + 100000);
	assert_int_equal(peripheral()->frames, 1);
	at = peripheral()->last_us - 17 * 8;
	assert_int_equal((at - 1250) % INTERVAL_US, 0);
	assert_int_equal(interval_of(at), interval_of(3600000777u) + 1);
	assert_int_equal(central()->disconnected, 0);
}

static void test_rssi(void **state)
{
	int low = 127, high = -127;
	int8_t often[2] = {0, 0};

	(void)state;
	for (unsigned int run = 0; run < 2; run++) {
		link_rig_setup(NULL);
		link_rig_connect();
		for (unsigned int i = 0; i < 4000; i++) {
			sched_advance(&w.sched, (i + 1) * 100000u);
			if (run == 1)
				continue;
			often[0] = link_rssi(w.link, LINK_CENTRAL);
			if (often[0] < low)
				low = often[0];
			if (often[0] > high)
				high = often[0];
		}
		often[run] = link_rssi(w.link, LINK_CENTRAL);
		link_destroy(w.link);
		w.link = NULL;
	}
	assert_int_equal(often[0], often[1]);
	assert_in_range(low + 128, -68 + 128, -62 + 128);
	assert_in_range(high + 128, -58 + 128, -52 + 128);
}

static void check_refused(const struct link_config *config)
{
	struct link *link = NULL;

	assert_int_equal(link_create(&w.sched, config, &link), -OTA_EINVAL);
	assert_null(link);
}

static void test_config(void **state)
{
	struct link_config c;

	(void)state;
	c = w.config;
	c.params.interval_max = 5;
	check_refused(&c);
	c = w.config;
	c.phy = OTA_PHY_CODED;
	check_refused(&c);
	c = w.config;
	c.phy = OTA_PHY_2M;
	c.sides[LINK_PERIPHERAL].phys = OTA_PHYS_1M;
	check_refused(&c);
	c = w.config;
	c.data_length = 252;
	check_refused(&c);
	c = w.config;
	c.sides[LINK_CENTRAL].data_length = 26;
	check_refused(&c);
	c = w.config;
	c.sides[LINK_CENTRAL].buffer_octets = 26;
	check_refused(&c);
	c = w.config;
	c.sides[LINK_CENTRAL].loss_ppm = 1000001;
	check_refused(&c);
	link_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_one_frame),
		LINK_TEST(test_encrypted_and_latent),
		LINK_TEST(test_order_and_content_under_loss),
		LINK_TEST(test_same_seed_same_run),
		LINK_TEST(test_mid_event),
		LINK_TEST(test_answer_costs_a_pdu),
		LINK_TEST(test_answer_waits_for_room),
		LINK_TEST(test_idle_costs_nothing),
		LINK_TEST(test_rssi),
		LINK_TEST(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
