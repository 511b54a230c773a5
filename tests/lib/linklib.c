/* SPDX-License-Identifier: Apache-2.0 */
/* Code that the tests of the modelled link share; see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "linklib.h"

struct link_rig w;

size_t link_rig_frame(struct rng *rng, uint8_t *buf)
{
	size_t len = rng_below(rng, 520);

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_u64(rng);
	return len;
}

void link_rig_send(enum link_role role, size_t len)
{
	static const uint8_t zeros[1024];

	assert_int_equal(link_send(w.link, role, LINK_CID_ATT, zeros, len), 0);
}

static void on_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct link_host *h = ctx;
	uint8_t expected[520];

	if (h->check) {
		assert_int_equal(link_rig_frame(&h->rng, expected), len);
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
	struct link_host *h = ctx;

	(void)buf;
	h->starts += start;
	h->bytes += len;
}

static void on_completed(void *ctx, unsigned int count)
{
	struct link_host *h = ctx;

	h->completed += count;
	h->completed_calls++;
	h->completed_us = sched_now(&w.sched);
	for (unsigned int i = 0; h->stream && i < count; i++)
		link_rig_send(h->role, 247);
}

static void on_writable(void *ctx)
{
	struct link_host *h = ctx;

	h->writable++;
}

static bool on_can_take(void *ctx, size_t len)
{
	struct link_host *h = ctx;

	assert_in_range(len, 1, 251);
	return !h->no_room;
}

static bool on_accept_params(void *ctx, const struct link_params *params)
{
	struct link_host *h = ctx;

	assert_in_range(params->interval_max, 6, 3200);
	return !h->refuse_params;
}

static void on_changed(void *ctx, enum link_procedure procedure, uint8_t code)
{
	struct link_host *h = ctx;

	h->changed[procedure]++;
	h->changed_code = code;
	h->changed_us = sched_now(&w.sched);
}

static void on_disconnected(void *ctx, uint8_t reason)
{
	struct link_host *h = ctx;

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

const struct link_ops link_rig_piece_ops = {.fragment = on_fragment, .completed = on_completed};

int link_rig_setup(void **state)
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

int link_rig_teardown(void **state)
{
	(void)state;
	link_destroy(w.link);
	w.link = NULL;
	assert_null(w.sched.first);
	return 0;
}

void link_rig_connect(void)
{
	assert_int_equal(link_create(&w.sched, &w.config, &w.link), 0);
}

struct link_host *central(void)
{
	return &w.host[LINK_CENTRAL];
}

struct link_host *peripheral(void)
{
	return &w.host[LINK_PERIPHERAL];
}

uint64_t interval_of(uint64_t us)
{
	return (us - 1250u) / INTERVAL_US;
}
