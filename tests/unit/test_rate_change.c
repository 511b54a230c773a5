/* SPDX-License-Identifier: Apache-2.0 */
/* The effect of a change on the rate, over acknowledgements that seeds make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "host/rate_change.h"

#define SEEDS 100u
#define SECOND_US 1000000u

/* A device that acknowledges now and then at a rate. */
struct device {
	struct rng rng;
	uint64_t now_us;
	double received;
	uint32_t rate; /* bytes per second */
};

/* The next acknowledgement, 20 to 120 ms later. */
static void acknowledge(struct device *d, struct rate_change *c)
{
	const uint64_t us = 20000u + rng_below(&d->rng, 100000u);

	d->now_us += us;
	d->received += (double)d->rate * (double)us / SECOND_US;
	rate_change_see(c, d->now_us, (uint32_t)d->received);
}

static void run_until(struct device *d, struct rate_change *c, uint64_t until_us)
{
	while (d->now_us < until_us)
		acknowledge(d, c);
}

static void expect_about(uint32_t is, uint32_t wanted)
{
	if (is + wanted / 50u < wanted || is > wanted + wanted / 50u)
		fail_msg("%u is not about %u", is, wanted);
}

static void test_measured(void **state)
{
	uint32_t before, after;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rate_change c = {.count = 0};
		struct device d = {.now_us = 0};
		uint32_t old, new, queued;

		rng_init(&d.rng, seed);
		old = d.rate = 2000u + (uint32_t)rng_below(&d.rng, 150000);
		new = 2000u + (uint32_t)rng_below(&d.rng, 150000);
		run_until(&d, &c, 10u * SECOND_US);
		/* Bytes under way arrive at the old rate. */
		queued = (uint32_t)d.received + old / 3u;
		rate_change_make(&c, queued);
		while (d.received < queued) {
			acknowledge(&d, &c);
			assert_false(rate_change_take(&c, false, &before, &after));
		}
		d.rate = new;
		run_until(&d, &c, d.now_us + RATE_CHANGE_SPAN_US + 400000u);
		assert_true(rate_change_take(&c, false, &before, &after));
		expect_about(before, old);
		/* The acknowledgement in which the old ends belongs to both. */
		if (new > old / 2u)
			expect_about(after, new);
		assert_false(rate_change_take(&c, false, &before, &after)); /* told once */
	}
}

/* Pressed twice, it is one change: from before the first to after the second. */
static void test_twice(void **state)
{
	struct rate_change c = {.count = 0};
	struct device d = {.rate = 90000};
	uint32_t before, after;

	(void)state;
	rng_init(&d.rng, 1);
	run_until(&d, &c, 5u * SECOND_US);
	rate_change_make(&c, (uint32_t)d.received);
	d.rate = 10000;
	run_until(&d, &c, d.now_us + SECOND_US / 2u);
	rate_change_make(&c, (uint32_t)d.received);
	d.rate = 50000;
	run_until(&d, &c, d.now_us + RATE_CHANGE_SPAN_US + 200000u);
	assert_true(rate_change_take(&c, false, &before, &after));
	expect_about(before, 90000);
	expect_about(after, 50000);
}

/* Paused time is nobody's rate, and bytes that come again are no new ones. */
static void test_breaks(void **state)
{
	struct rate_change c = {.count = 0};
	struct device d = {.rate = 60000};
	uint32_t before, after;

	(void)state;
	rng_init(&d.rng, 2);
	run_until(&d, &c, 5u * SECOND_US);
	rate_change_make(&c, (uint32_t)d.received);
	run_until(&d, &c, d.now_us + SECOND_US);
	rate_change_break(&c);
	d.now_us += 20u * SECOND_US;
	run_until(&d, &c, d.now_us + SECOND_US);
	assert_false(rate_change_take(&c, false, &before, &after));
	run_until(&d, &c, d.now_us + RATE_CHANGE_SPAN_US);
	d.received -= 30000; /* the device's flash lost a block */
	run_until(&d, &c, d.now_us + SECOND_US / 2u);
	assert_false(rate_change_take(&c, false, &before, &after));
	run_until(&d, &c, d.now_us + RATE_CHANGE_SPAN_US + 200000u);
	assert_true(rate_change_take(&c, false, &before, &after));
	expect_about(after, 60000);
}

/* At the end less must do; too little is nothing. */
static void test_end(void **state)
{
	struct rate_change c = {.count = 0};
	struct device d = {.rate = 60000};
	uint32_t before, after;

	(void)state;
	rng_init(&d.rng, 3);
	assert_false(rate_change_take(&c, true, &before, &after)); /* nothing was changed */
	rate_change_see(&c, 1, 100);
	rate_change_make(&c, 100);
	run_until(&d, &c, SECOND_US / 2u);
	assert_false(rate_change_take(&c, true, &before, &after));
	run_until(&d, &c, 2u * SECOND_US);
	assert_false(rate_change_take(&c, false, &before, &after));
	assert_true(rate_change_take(&c, true, &before, &after));
	assert_int_equal(before, 0); /* too short a time before it */
	expect_about(after, 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_breaks),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
