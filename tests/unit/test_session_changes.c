/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link that changes while it is sent over: in the middle third of the image values get
 * lost, and from there on the adapter fills three buffers once an event.  No setting by
 * hand suits all three thirds; the defaults are faster than each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "updatelib.h"

#define LOST_PPM 60000u /* of the values, in the middle third */
#define EVENT_BYTES 753u /* three buffers of 251 octets, in the last third */

static uint8_t image[1200000];
static size_t image_size;
static struct update u;
static const struct transport_ops *honest;
static struct sched_event refilled;
static uint64_t free_at;
static struct rng rng;
static uint16_t found; /* the interval that the last run settled on; 0: it tried none */

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = sizeof(image), .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static void writable(void *ctx, uint64_t now_us)
{
	const struct transport_event e = {.kind = TRANSPORT_WRITABLE};

	(void)ctx;
	(void)now_us;
	u.simulator->handler(u.simulator->userdata, &e);
}

/* The last third: so many bytes an event, and the rest has to wait. */
static int through_few_buffers(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			       const uint8_t *buf, size_t len)
{
	const uint64_t now = honest->now_us(t);
	struct transport_link link;

	if (now < free_at) {
		refilled.fn = writable;
		sched_at(sim_sched(t), &refilled, free_at);
		return -OTA_EAGAIN;
	}
	honest->link_state(t, &link);
	free_at = now + len * link.link.interval * 1250u / EVENT_BYTES;
	return honest->write(t, chr, mode, buf, len);
}

static int changing(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		    const uint8_t *buf, size_t len)
{
	const uint32_t third = (uint32_t)image_size / 3u, at = u.s.stats.received;

	if (chr != GATT_DATA || at < third)
		return honest->write(t, chr, mode, buf, len);
	if (at >= 2u * third)
		return through_few_buffers(t, chr, mode, buf, len);
	/* Taken, and never on the air. */
	return rng_chance(&rng, LOST_PPM) ? 0 : honest->write(t, chr, mode, buf, len);
}

/* Seconds from START to DONE, thousandths. */
static uint32_t taken(uint32_t window, uint16_t interval)
{
	struct transport_ops ops;
	uint32_t ms;

	update_init(&u, image, image_size);
	u.sim.phy = OTA_PHY_UNKNOWN; /* nothing is pinned */
	u.sim.interval = u.sim.supervision = 0;
	u.session.link.supervision_timeout = 500;
	u.session.link.data_length = 251;
	u.session.link_auto = interval == 0;
	u.session.link.interval_min = u.session.link.interval_max = interval;
	u.session.window = window;
	free_at = 0;
	rng_init(&rng, 5);
	update_open(&u);
	honest = u.simulator->ops;
	ops = *honest;
	ops.write = changing;
	u.simulator->ops = &ops;
	update_start(&u, u.simulator, UPDATE_DEVICE);
	update_finish(&u, 600);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	u.simulator->ops = honest;
	found = u.s.tune.best;
	ms = (uint32_t)((u.s.stats.done_us - u.s.stats.start_us) / 1000u);
	update_end(&u);
	return ms;
}

static void test_changes(void **state)
{
	static const uint32_t windows[] = {1024, 2048, 4096, 8192, 16384, 32768};
	static const uint16_t intervals[] = {6, 8, 12, 24};
	const uint32_t own = taken(0, 0);

	(void)state;
	assert_int_equal(found, 6); /* the last third's */
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		for (size_t k = 0; k < sizeof(intervals) / sizeof(intervals[0]); k++) {
			const uint32_t fixed = taken(windows[i], intervals[k]);

			print_message("window %u, interval %u: %u ms, by itself %u\n", windows[i],
				      intervals[k], fixed, own);
			assert_true(own < fixed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};

	return cmocka_run_group_tests_name("session_changes", tests, build, NULL);
}
