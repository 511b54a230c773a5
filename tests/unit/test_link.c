/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modelled link's rules: what goes in comes out, whatever is lost; who waits
 * for whom; how it changes and how it ends.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "radio/link.h"
#include "radio/rng.h"

#define INTERVAL_US 15000u
#define TIMEOUT_US 420000u

/* One side's host as the tests see it. */
struct host {
	enum link_role role;
	uint64_t frames, bytes;
	uint16_t last_cid;
	size_t last_len;
	uint64_t last_us; /* of the last frame */
	unsigned int completed, completed_calls;
	uint64_t completed_us;
	unsigned int writable;
	unsigned int changed[LINK_PROCEDURES];
	uint8_t changed_code;
	uint64_t changed_us;
	unsigned int disconnected;
	uint8_t reason;
	uint64_t disconnected_us;
	bool no_room;
	bool refuse_params;
	bool check; /* frames are of the pseudo-random stream */
	struct rng rng; /* of the frames expected */
	bool stream; /* sends a frame for each buffer that came back */
	bool destroy; /* the link when it is disconnected */
	bool pieces; /* takes fragments */
	unsigned int starts;
};

struct world {
	struct sched sched;
	struct link_config config;
	struct link *link;
	struct host host[LINK_ROLES];
};

static struct world w;

static size_t make_frame(struct rng *rng, uint8_t *buf)
{
	size_t len = rng_below(rng, 520);

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_u64(rng);
	return len;
}

static void send(enum link_role role, size_t len)
{
	static const uint8_t zeros[1024];

	assert_int_equal(link_send(w.link, role, LINK_CID_ATT, zeros, len), 0);
}

static void on_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct host *h = ctx;
	uint8_t expected[520];

	if (h->check) {
		assert_int_equal(make_frame(&h->rng, expected), len);
		assert_memory_equal(buf, expected, len);
	}
	h->frames++;
	h->bytes += len;
	h->last_cid = cid;
	h->last_len = len;
	h->last_us = sched_now(&w.sched);
}

static void on_fragment(void *ctx, bool start, const uint8_t *buf, size_t len)
{
	struct host *h = ctx;

	(void)buf;
	h->starts += start;
	h->bytes += len;
}

static void on_completed(void *ctx, unsigned int count)
{
	struct host *h = ctx;

	h->completed += count;
	h->completed_calls++;
	h->completed_us = sched_now(&w.sched);
	for (unsigned int i = 0; h->stream && i < count; i++)
		send(h->role, 247);
}

static void on_writable(void *ctx)
{
	struct host *h = ctx;

	h->writable++;
}

static bool on_can_take(void *ctx, size_t len)
{
	struct host *h = ctx;

	assert_in_range(len, 1, 251);
	return !h->no_room;
}

static bool on_accept_params(void *ctx, const struct link_params *params)
{
	struct host *h = ctx;

	assert_in_range(params->interval_max, 6, 3200);
	return !h->refuse_params;
}

static void on_changed(void *ctx, enum link_procedure procedure, uint8_t code)
{
	struct host *h = ctx;

	h->changed[procedure]++;
	h->changed_code = code;
	h->changed_us = sched_now(&w.sched);
}

static void on_disconnected(void *ctx, uint8_t reason)
{
	struct host *h = ctx;

	h->disconnected++;
	h->reason = reason;
	h->disconnected_us = sched_now(&w.sched);
	if (h->destroy) {
		link_destroy(w.link);
		w.link = NULL;
	}
}

static const struct link_ops ops = {
	.frame = on_frame,
	.completed = on_completed,
	.writable = on_writable,
	.can_take = on_can_take,
	.accept_params = on_accept_params,
	.changed = on_changed,
	.disconnected = on_disconnected,
};

static const struct link_ops piece_ops = {.fragment = on_fragment, .completed = on_completed};

/* 1M, 251 octets, 15 ms, no latency, 420 ms; the first event at 1250 us. */
static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	sched_init(&w.sched, 0);
	w.config = (struct link_config){
		.params = {.interval_min = 12, .interval_max = 12, .supervision_timeout = 42},
		.phy = OTA_PHY_1M,
		.data_length = 251,
		.seed = 42,
		.first_anchor_us = 1250,
	};
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		w.host[i].role = (enum link_role)i;
		w.config.sides[i] = (struct link_side_config){
			.ops = &ops,
			.ctx = &w.host[i],
			.refill = true,
			.phys = OTA_PHYS_1M | OTA_PHYS_2M,
			.data_length = 251,
			.rssi = -60,
			.rssi_spread = 8,
		};
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	link_destroy(w.link);
	w.link = NULL;
	assert_null(w.sched.first);
	return 0;
}

static void connect(void)
{
	assert_int_equal(link_create(&w.sched, &w.config, &w.link), 0);
}

static struct host *central(void)
{
	return &w.host[LINK_CENTRAL];
}

static struct host *peripheral(void)
{
	return &w.host[LINK_PERIPHERAL];
}

/* Number of the interval that a time is in, the first event's being 0. */
static uint64_t interval_of(uint64_t us)
{
	return (us - 1250u) / INTERVAL_US;
}

static void test_one_frame(void **state)
{
	static const uint8_t frame[] = {0x52, 0x03, 0x00, 0xaa};

	(void)state;
	connect();
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
	connect();
	send(LINK_CENTRAL, 4);
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
	connect();
	for (unsigned int round = 0; round < 400; round++) {
		for (unsigned int i = 0; i < LINK_ROLES; i++) {
			size_t len = make_frame(&rng[i], frame);

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
		connect();
		w.host[LINK_CENTRAL].stream = true;
		send(LINK_CENTRAL, 247);
		send(LINK_CENTRAL, 247);
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
	connect();
	/* Two PDUs: the event is open for 2 x 2468 us. */
	send(LINK_CENTRAL, 251 + 247);
	sched_advance(&w.sched, 1250 + 1000);
	send(LINK_CENTRAL, 20);
	send(LINK_PERIPHERAL, 20);
	sched_advance(&w.sched, 1250 + 7500);
	assert_int_equal(peripheral()->frames, 2);
	assert_int_equal(central()->frames, 1);
	/* Now it is closed. */
	send(LINK_CENTRAL, 20);
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
	connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1250 + 10 * 7500 - 1);
	assert_int_equal(peripheral()->frames, 30);
	link_get_stats(w.link, LINK_CENTRAL, &before);
	send(LINK_PERIPHERAL, 23);
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
	connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		send(LINK_CENTRAL, 247);
	/* In the middle of the third PDU. */
	sched_advance(&w.sched, 1250 + 2 * 2468 + 1000);
	send(LINK_PERIPHERAL, 247);
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
	connect();
	while (sched_next(&w.sched, &at_us) && at_us < 10000000) {
		assert_true(sched_step(&w.sched));
		steps++;
	}
	assert_true(steps < 10);
	/* The anchors are where they always were. */
	sched_advance(&w.sched, 3600000000u + 777);
	send(LINK_CENTRAL, 3);
	sched_advance(&w.sched, 3600000000u + 100000);
	assert_int_equal(peripheral()->frames, 1);
	at = peripheral()->last_us - 17 * 8;
	assert_int_equal((at - 1250) % INTERVAL_US, 0);
	assert_int_equal(interval_of(at), interval_of(3600000777u) + 1);
	assert_int_equal(central()->disconnected, 0);
}

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
	connect();
	central()->stream = true;
	send(LINK_CENTRAL, 247);
	send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 2000000);
	check_both_timed_out(1000000);
}

static void test_supervision_from_rest(void **state)
{
	(void)state;
	connect();
	sched_advance(&w.sched, 60000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 61000000);
	check_both_timed_out(60000000);
}

static void test_silence_that_ends(void **state)
{
	(void)state;
	connect();
	sched_advance(&w.sched, 1000000);
	link_set_silent(w.link, true);
	send(LINK_CENTRAL, 20);
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
	connect();
	sched_advance(&w.sched, 36000000000u);
	assert_int_equal(central()->disconnected, 1);
	assert_int_equal(central()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->reason, LINK_REASON_TIMEOUT);
}

static void test_not_established(void **state)
{
	(void)state;
	connect();
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
		setup(NULL);
		connect();
		send(LINK_CENTRAL, 247);
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
			setup(NULL);
			w.config.params.supervision_timeout = 3200;
			w.config.sides[0].loss_ppm = w.config.sides[1].loss_ppm = loss;
			connect();
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
			if (loss == 0) {
				/* In the next event or, for its acknowledgement, the one after. */
				assert_in_range(w.host[0].disconnected_us, 1000000,
						1000000 + 3 * INTERVAL_US);
				assert_in_range(w.host[1].disconnected_us, 1000000,
						1000000 + 3 * INTERVAL_US);
			}
			assert_null(w.sched.first);
			link_destroy(w.link);
			w.link = NULL;
		}
	}
}

static void test_terminate_in_mid_stream(void **state)
{
	(void)state;
	connect();
	central()->stream = true;
	peripheral()->stream = true;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		send((enum link_role)i, 247);
		send((enum link_role)i, 247);
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

/* Nobody answers: it ends all the same. */
static void test_terminate_unanswered(void **state)
{
	(void)state;
	connect();
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
	connect();
	send(LINK_CENTRAL, 100);
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
	connect();
	peripheral()->destroy = true;
	send(LINK_CENTRAL, 100);
	assert_int_equal(link_terminate(w.link, LINK_CENTRAL, LINK_REASON_REMOTE_USER), 0);
	sched_advance(&w.sched, 1000000);
	assert_null(w.link);
	assert_int_equal(peripheral()->disconnected, 1);
}

static void test_no_room(void **state)
{
	struct link_stats stats;

	(void)state;
	connect();
	peripheral()->no_room = true;
	send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 10000000);
	link_get_stats(w.link, LINK_PERIPHERAL, &stats);
	assert_int_equal(peripheral()->frames, 0);
	assert_int_equal(central()->completed, 0);
	assert_true(stats.refused > 600);
	/* The link itself is fine, and the other way is open. */
	send(LINK_PERIPHERAL, 20);
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
	connect();
	sched_advance(&w.sched, 1000);
	link_hold(w.link, LINK_PERIPHERAL, true);
	for (unsigned int i = 0; i < 20; i++)
		send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 5000000);
	assert_int_equal(peripheral()->frames, 0);
	assert_int_equal(central()->completed, 5);
	assert_int_equal(link_in_controller(w.link, LINK_CENTRAL), 15 * 251);
	link_hold(w.link, LINK_PERIPHERAL, false);
	sched_advance(&w.sched, 5000000 + 4 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 20);
}

static void test_credits(void **state)
{
	(void)state;
	w.config.sides[LINK_CENTRAL].buffers = 3;
	w.config.sides[LINK_CENTRAL].buffer_octets = 27;
	w.config.sides[LINK_CENTRAL].refill = false;
	connect();
	assert_int_equal(link_credits(w.link, LINK_CENTRAL), 3);
	assert_int_equal(link_credits(w.link, LINK_PERIPHERAL), UINT_MAX);
	/* 104 octets with the header: four fragments, one of them waits. */
	send(LINK_CENTRAL, 100);
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
	connect();
	send(LINK_CENTRAL, 270);
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
	w.config.sides[LINK_CENTRAL].ops = &piece_ops;
	w.config.sides[LINK_CENTRAL].buffers = 2;
	w.config.sides[LINK_CENTRAL].buffer_octets = 43;
	w.config.data_length = 27;
	connect();
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, tail, 0), -OTA_EMSGSIZE);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, tail, 44), -OTA_EMSGSIZE);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, true, head, sizeof(head)), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, tail, 43), 0);
	assert_int_equal(link_send_fragment(w.link, LINK_CENTRAL, false, tail, 1), -OTA_EAGAIN);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(peripheral()->last_len, 46);
	assert_int_equal(central()->completed, 2);
	send(LINK_PERIPHERAL, 50);
	sched_advance(&w.sched, 2 * INTERVAL_US);
	assert_int_equal(central()->starts, 1);
	assert_int_equal(central()->bytes, 54);
}

/* Frames whose fragments do not add up are dropped, and the next one is not. */
static void test_bad_fragments(void **state)
{
	static const uint8_t piece[] = {6, 0, 4, 0, 1, 2, 3, 4, 5, 6, 7};

	(void)state;
	connect();
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
	connect();
	for (unsigned int i = 0; i < 4; i++)
		send(LINK_PERIPHERAL, 20);
	assert_int_equal(link_send(w.link, LINK_PERIPHERAL, 4, NULL, 0), -OTA_EAGAIN);
	sched_advance(&w.sched, INTERVAL_US);
	assert_int_equal(peripheral()->writable, 1);
	assert_int_equal(central()->frames, 4);
	/* Nobody is told twice. */
	send(LINK_PERIPHERAL, 20);
	sched_advance(&w.sched, 3 * INTERVAL_US);
	assert_int_equal(peripheral()->writable, 1);
}

/* Both queues of the world stream, and the rates that follow a change are the new ones. */
static void start_streams(void)
{
	connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1000000);
}

static void check_rate(uint16_t value)
{
	struct airtime_link air;
	uint64_t bytes, us;
	uint32_t ceiling;

	link_get_airtime(w.link, LINK_CENTRAL, &air);
	ceiling = airtime_ceiling(&air, value, false);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	bytes = peripheral()->bytes;
	us = 400u * (uint64_t)air.interval_us;
	sched_advance(&w.sched, sched_now(&w.sched) + us);
	/* Counted in octets of frames, of which three are the ATT header. */
	bytes = (peripheral()->bytes - bytes) / (value + 3u) * value;
	assert_in_range(bytes * 1000000u / us, ceiling - ceiling / 100u, ceiling + ceiling / 100u);
}

static void test_update_params_by_central(void **state)
{
	struct link_params params = {
		.interval_min = 24, .interval_max = 40, .latency = 2, .supervision_timeout = 600};
	struct link_state now;
	uint64_t asked;

	(void)state;
	start_streams();
	check_rate(244);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &params), 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 12);
	asked = sched_now(&w.sched);
	sched_advance(&w.sched, asked + 10u * INTERVAL_US);
	/* Begun when the event closes, and in force six events later. */
	assert_in_range(central()->changed_us, asked + 5u * INTERVAL_US, asked + 7u * INTERVAL_US);
	assert_int_equal(central()->changed_us, peripheral()->changed_us);
	assert_int_equal(central()->changed[LINK_PARAMS], 1);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 1);
	assert_int_equal(central()->changed_code, 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 40);
	assert_int_equal(now.latency, 2);
	assert_int_equal(now.supervision_timeout, 600);
	check_rate(244);
}

static void test_update_params_by_peripheral(void **state)
{
	struct link_params params = {
		.interval_min = 6, .interval_max = 6, .supervision_timeout = 400};
	struct link_state now;

	(void)state;
	start_streams();
	central()->refuse_params = true;
	assert_int_equal(link_update_params(w.link, LINK_PERIPHERAL, &params), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 1);
	assert_int_equal(peripheral()->changed_code, LINK_CODE_UNACCEPTABLE);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 12);
	central()->refuse_params = false;
	assert_int_equal(link_update_params(w.link, LINK_PERIPHERAL, &params), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 2);
	assert_int_equal(peripheral()->changed_code, 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 6);
	check_rate(244);
}

static void test_update_params_limits(void **state)
{
	static const struct link_params bad[] = {
		{5, 6, 0, 100}, {6, 3201, 0, 3200}, {8, 6, 0, 100},   {6, 6, 500, 3200},
		{6, 6, 0, 9},	{6, 6, 0, 3201},    {80, 80, 4, 100}, {800, 800, 0, 200},
	};
	struct link_params slow = {3200, 3200, 0, 3200};

	(void)state;
	connect();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &bad[i]), -OTA_EINVAL);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &slow), 0);
	sched_advance(&w.sched, 1000000);
	send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 10000000);
	assert_int_equal(peripheral()->frames, 1);
	assert_in_range(peripheral()->last_us, 2000000, 6000000);
	assert_int_equal(central()->disconnected, 0);
}

/* What one side asked for last binds it when the other asks. */
static void test_update_phy(void **state)
{
	static const struct {
		enum link_role role;
		uint8_t phys;
		enum ota_phy expected;
	} rows[] = {
		{LINK_CENTRAL, OTA_PHYS_1M | OTA_PHYS_2M, OTA_PHY_2M},
		{LINK_PERIPHERAL, OTA_PHYS_1M, OTA_PHY_1M},
		{LINK_CENTRAL, OTA_PHYS_2M, OTA_PHY_1M},
		{LINK_PERIPHERAL, OTA_PHYS_1M | OTA_PHYS_2M, OTA_PHY_2M},
		{LINK_PERIPHERAL, OTA_PHYS_2M, OTA_PHY_2M},
	};
	struct link_state now;

	(void)state;
	start_streams();
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(link_update_phy(w.link, rows[i].role, rows[i].phys), 0);
		sched_advance(&w.sched, sched_now(&w.sched) + 200000);
		link_get_state(w.link, &now);
		assert_int_equal(now.phy, rows[i].expected);
		assert_int_equal(central()->changed[LINK_PHY], i + 1);
		assert_int_equal(peripheral()->changed[LINK_PHY], i + 1);
		check_rate(244);
	}
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, 0), -OTA_EINVAL);
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, OTA_PHYS_CODED), -OTA_EINVAL);
}

static void test_update_phy_unsupported(void **state)
{
	struct link_state now;

	(void)state;
	w.config.sides[LINK_PERIPHERAL].phys = OTA_PHYS_1M;
	connect();
	assert_int_equal(link_update_phy(w.link, LINK_PERIPHERAL, OTA_PHYS_2M), -OTA_EINVAL);
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, OTA_PHYS_2M), 0);
	sched_advance(&w.sched, 1000000);
	link_get_state(w.link, &now);
	assert_int_equal(now.phy, OTA_PHY_1M);
	assert_int_equal(central()->changed[LINK_PHY], 1);
	assert_int_equal(peripheral()->changed[LINK_PHY], 1);
}

static void test_update_data_length(void **state)
{
	struct link_state now;

	(void)state;
	w.config.data_length = 27;
	w.config.sides[LINK_PERIPHERAL].data_length = 200;
	start_streams();
	check_rate(244);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 26), -OTA_EINVAL);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 252), -OTA_EINVAL);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 251), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 100000);
	link_get_state(w.link, &now);
	assert_int_equal(now.data_length, 200);
	check_rate(244);
	assert_int_equal(link_update_data_length(w.link, LINK_PERIPHERAL, 100), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 100000);
	link_get_state(w.link, &now);
	assert_int_equal(now.data_length, 100);
	check_rate(244);
	assert_int_equal(central()->changed[LINK_DATA_LENGTH], 2);
	assert_int_equal(peripheral()->changed[LINK_DATA_LENGTH], 2);
}

/* All of them at once, from both sides, with losses and traffic: one after the other. */
static void test_updates_under_loss(void **state)
{
	struct link_params params[2] = {{24, 24, 0, 3200}, {8, 8, 0, 3200}};
	struct link_state now;

	(void)state;
	w.config.params.supervision_timeout = 3200;
	w.config.data_length = 27;
	w.config.sides[0].loss_ppm = w.config.sides[1].loss_ppm = 100000;
	start_streams();
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		enum link_role role = (enum link_role)i;

		assert_int_equal(link_update_params(w.link, role, &params[i]), 0);
		assert_int_equal(link_update_phy(w.link, role, OTA_PHYS_2M), 0);
		assert_int_equal(link_update_data_length(w.link, role, 251), 0);
	}
	sched_advance(&w.sched, 10000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++)
		for (unsigned int k = 0; k < LINK_PROCEDURES; k++)
			assert_int_equal(w.host[i].changed[k], 2);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 8);
	assert_int_equal(now.phy, OTA_PHY_2M);
	assert_int_equal(now.data_length, 251);
}

/* A peripheral that did not hear of a change stays behind at its instant. */
static void test_missed_instant(void **state)
{
	struct link_params params = {24, 24, 0, 200};

	(void)state;
	w.config.params.supervision_timeout = 200;
	connect();
	sched_advance(&w.sched, 1000000);
	link_set_loss(w.link, LINK_CENTRAL, 1000000);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &params), 0);
	sched_advance(&w.sched, 1000000 + 12 * INTERVAL_US);
	link_set_loss(w.link, LINK_CENTRAL, 0);
	sched_advance(&w.sched, 10000000);
	assert_int_equal(central()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 0);
	assert_in_range(peripheral()->disconnected_us, 3000000 - INTERVAL_US, 3000000 + 5000);
}

static void test_latency(void **state)
{
	uint64_t waited = 0;

	(void)state;
	w.config.params.latency = 9;
	w.config.params.supervision_timeout = 200;
	connect();
	/* The central's frames wait for an event that the peripheral attends, its own do not. */
	for (unsigned int i = 0; i < 40; i++) {
		uint64_t now = 10000000u + i * 1000000u + i * i * 1103u % 150000u;

		sched_advance(&w.sched, now);
		send(LINK_CENTRAL, 20);
		sched_advance(&w.sched, now + 11 * INTERVAL_US);
		assert_int_equal(peripheral()->frames, i + 1);
		if (peripheral()->last_us - now > waited)
			waited = peripheral()->last_us - now;
		sched_advance(&w.sched, now + 700000);
		send(LINK_PERIPHERAL, 20);
		sched_advance(&w.sched, now + 700000 + INTERVAL_US + 500);
		assert_int_equal(central()->frames, i + 1);
	}
	assert_in_range(waited, 5 * INTERVAL_US, 11 * INTERVAL_US);
	/* And the last PDU it heard may be ten events old when silence begins. */
	sched_advance(&w.sched, 200000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 210000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++)
		assert_in_range(w.host[i].disconnected_us, 202000000 - 10 * INTERVAL_US,
				202000000 + 500);
}

static void test_rssi(void **state)
{
	int low = 127, high = -127;
	int8_t often[2] = {0, 0};

	(void)state;
	for (unsigned int run = 0; run < 2; run++) {
		setup(NULL);
		connect();
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

#define LINK_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

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
		LINK_TEST(test_no_room),
		LINK_TEST(test_hold_fills_the_pool),
		LINK_TEST(test_credits),
		LINK_TEST(test_credits_refilled),
		LINK_TEST(test_fragments),
		LINK_TEST(test_bad_fragments),
		LINK_TEST(test_bounded_queue),
		LINK_TEST(test_update_params_by_central),
		LINK_TEST(test_update_params_by_peripheral),
		LINK_TEST(test_update_params_limits),
		LINK_TEST(test_update_phy),
		LINK_TEST(test_update_phy_unsupported),
		LINK_TEST(test_update_data_length),
		LINK_TEST(test_updates_under_loss),
		LINK_TEST(test_missed_instant),
		LINK_TEST(test_latency),
		LINK_TEST(test_rssi),
		LINK_TEST(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
