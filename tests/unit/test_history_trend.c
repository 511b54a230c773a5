/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's runs over time, as rates that seeds make: what is a fall and what is not, which
 * runs count, and what is said to have changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "history/history_trend.h"

#define POINTS 40u
#define SEEDS 200u

static uint64_t first_seed(void)
{
	const char *given = getenv("OTABENCH_SEED");

	return given ? strtoull(given, NULL, 10) : 1;
}

/* About normal: the sum of twelve even draws, of variance 1. */
static double noise(struct rng *rng)
{
	double sum = -6.0;

	for (int i = 0; i < 12; i++)
		sum += (double)rng_below(rng, 1000001) / 1e6;
	return sum;
}

/* Runs of one level: its rate, and the deviation of a run as a part of it. */
static void draw(struct rng *rng, struct history_point *points, size_t count, double rate,
		 double deviation)
{
	for (size_t i = 0; i < count; i++)
		points[i] = (struct history_point){
			.goodput = (uint32_t)(rate * (1.0 + deviation * noise(rng)))};
}

/* From a request at 50 ms to 2M at its best; a deviation of up to 3 %, as radio has it. */
static double draw_level(struct rng *rng, double *ret_deviation)
{
	*ret_deviation = (double)rng_below(rng, 30) / 1000.0;
	return 5000.0 + (double)rng_below(rng, 165000);
}

static size_t count_of(const struct history_point *points, size_t count, enum history_move move)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += points[i].move == move;
	return found;
}

/* Runs that differ by chance alone: one in a hundred may be called a fall. */
static void test_steady(void **state)
{
	struct history_point points[POINTS];
	size_t falls = 0, lasting = 0;
	double deviation, rate;
	struct rng rng;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		rng_init(&rng, seed);
		rate = draw_level(&rng, &deviation);
		draw(&rng, points, POINTS, rate, deviation);
		history_trend_judge(points, POINTS);
		assert_int_equal(count_of(points, POINTS, HISTORY_FIRST), HISTORY_TREND_LEAST);
		falls += count_of(points, POINTS, HISTORY_FALL);
		lasting += count_of(points, POINTS, HISTORY_STAYS_LOW);
	}
	print_message("%zu of %u runs called a fall\n", falls, SEEDS * POINTS);
	assert_true(falls < SEEDS * POINTS / 100u);
	assert_true(lasting < SEEDS * POINTS / 1000u);
}

/* A level that falls by more than chance explains is told at its first run, and once. */
static void test_step(void **state)
{
	struct history_point points[POINTS];
	double deviation, rate;
	struct rng rng;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		size_t at, repeated;

		rng_init(&rng, seed);
		rate = draw_level(&rng, &deviation);
		deviation /= 3.0; /* up to 1 %, so that a tenth is no chance */
		at = 8 + (size_t)rng_below(&rng, POINTS - 16);
		draw(&rng, points, at, rate, deviation);
		draw(&rng, points + at, POINTS - at, rate * 0.88, deviation);
		history_trend_judge(points, POINTS);
		if (points[at].move != HISTORY_FALL || points[at + 1].move != HISTORY_STAYS_LOW)
			fail_msg("seed %llu: not told at run %zu", (unsigned long long)seed, at);
		assert_true(points[at].before < at);
		assert_true(points[at].low <= points[at].median &&
			    points[at].median <= points[at].high);
		assert_true(points[at].goodput < points[at].low);
		/* From then on the lower level is the one that is compared with. */
		repeated = count_of(points + at + 2, POINTS - at - 2, HISTORY_STAYS_LOW);
		assert_int_equal(repeated, 0);
		assert_true(points[POINTS - 1].median < rate * 0.92);
	}
}

/* One bad run is a fall, and those after it are compared with those before it. */
static void test_single(void **state)
{
	struct history_point points[POINTS];
	struct rng rng;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		size_t at;

		rng_init(&rng, seed);
		draw(&rng, points, POINTS, 90000, 0.005);
		at = 5 + (size_t)rng_below(&rng, POINTS - 10);
		points[at].goodput /= 2;
		history_trend_judge(points, POINTS);
		assert_int_equal(points[at].move, HISTORY_FALL);
		assert_int_equal(points[at + 1].move, HISTORY_STEADY);
		assert_true(points[at + 1].low > 80000); /* it has not widened the spread */
		assert_int_equal(points[at + 1].before, at - 1);
	}
}

static void test_rise(void **state)
{
	static const uint32_t rates[] = {50, 51, 50, 49, 50, 80, 81, 80, 79, 80, 80};
	static const enum history_move moves[] = {
		HISTORY_FIRST,	HISTORY_FIRST,	HISTORY_FIRST,	    HISTORY_STEADY,
		HISTORY_STEADY, HISTORY_RISE,	HISTORY_STAYS_HIGH, HISTORY_FIRST,
		HISTORY_STEADY, HISTORY_STEADY, HISTORY_STEADY};
	struct history_point points[11];

	(void)state;
	for (size_t i = 0; i < 11; i++)
		points[i] = (struct history_point){.goodput = rates[i] * 1000};
	history_trend_judge(points, 11);
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(points[i].move, moves[i]);
	assert_string_equal(history_move_name(points[6].move), "stays-high");
}

/* Findings do not depend on the unit that rates are counted in. */
static void test_scale(void **state)
{
	struct history_point points[POINTS], twice[POINTS];
	struct rng rng;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		rng_init(&rng, seed);
		draw(&rng, points, POINTS, 60000, 0.04);
		for (size_t i = 0; i < POINTS; i++)
			twice[i] = (struct history_point){.goodput = points[i].goodput * 16u};
		history_trend_judge(points, POINTS);
		history_trend_judge(twice, POINTS);
		for (size_t i = 0; i < POINTS; i++)
			assert_int_equal(points[i].move, twice[i].move);
	}
}

static void test_extremes(void **state)
{
	struct history_point points[6] = {{.goodput = 0}};

	(void)state;
	history_trend_judge(points, 0);
	history_trend_judge(points, 6);
	for (size_t i = 0; i < 6; i++) {
		points[i] = (struct history_point){.goodput = UINT32_MAX};
		assert_true(points[i].before < 6);
	}
	history_trend_judge(points, 6);
	assert_int_equal(points[5].move, HISTORY_STEADY);
	assert_int_equal(points[5].high, UINT32_MAX);
}

/* --- which runs */

static struct history_run run_of(int64_t id, const char *device, const char *address)
{
	struct history_run run = {.id = id,
				  .state = HISTORY_ENDED,
				  .goal = SESSION_UPDATE,
				  .size = 1000,
				  .result = {.outcome = SESSION_CONFIRMED,
					     .goodput = (uint32_t)id * 1000u,
					     .bytes = 1000}};

	(void)snprintf(run.device, sizeof(run.device), "%s", device);
	(void)snprintf(run.address, sizeof(run.address), "%s", address);
	return run;
}

static void test_pick(void **state)
{
	struct history_run runs[9];
	struct history_point points[9];
	size_t others;

	(void)state;
	for (int i = 0; i < 9; i++)
		runs[i] = run_of(9 - i, "gw", "24:6F:28:AA:10:01");
	runs[1].result.virtual_clock = true; /* another clock than the newest's */
	runs[2].state = HISTORY_KILLED;
	runs[3].goal = SESSION_MEASURE;
	runs[4].result.outcome = SESSION_CANCELLED;
	runs[5].result.bytes = 500; /* resumed late: most of it is another run's */
	(void)snprintf(runs[6].address, sizeof(runs[6].address), "24:6F:28:AA:10:02");
	runs[7].result.outcome = SESSION_UNCONFIRMED;
	assert_int_equal(history_trend_pick(runs, 9, "gw", points, 9, &others), 3);
	assert_int_equal(others, 2);
	assert_int_equal(points[0].run, 8); /* the oldest first */
	assert_int_equal(points[1].run, 7);
	assert_int_equal(points[2].run, 0);
	assert_int_equal(points[2].goodput, 9000);
	assert_int_equal(history_trend_pick(runs, 9, "24:6f:28:aa:10:02", points, 9, &others), 1);
	assert_int_equal(points[0].run, 6);
	assert_int_equal(others, 0);
	assert_int_equal(history_trend_pick(runs, 9, "g", points, 9, &others), 0);
	/* The newest, where there is not room for all. */
	assert_int_equal(history_trend_pick(runs, 9, "gw", points, 2, &others), 2);
	assert_int_equal(points[1].run, 0);
}

/* --- what changed */

static const struct history_changed *changed(const struct history_changed *all, size_t count,
					     const char *what)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].what, what) == 0)
			return &all[i];
	}
	return NULL;
}

static void expect_change(const struct history_changed *all, size_t count, const char *what,
			  const char *from, const char *to)
{
	const struct history_changed *c = changed(all, count, what);

	if (!c)
		fail_msg("no change of %s", what);
	assert_string_equal(c->from, from);
	assert_string_equal(c->to, to);
}

static void test_changes(void **state)
{
	struct history_key was[] = {{"window", "auto", "4096"}, {"chunk", "auto", "244"}};
	struct history_key is[] = {{"window", "2048", "2048"}, {"chunk", "auto", "495"}};
	struct history_detail a = {
		.run = run_of(1, "gw", "24:6F:28:AA:10:01"), .keys = was, .key_count = 2};
	struct history_detail b = {
		.run = run_of(2, "gw", "24:6F:28:AA:10:01"), .keys = is, .key_count = 2};
	struct history_changed all[HISTORY_CHANGED_MAX];
	size_t count;

	(void)state;
	(void)snprintf(a.run.kernel, sizeof(a.run.kernel), "6.1.0");
	(void)snprintf(b.run.kernel, sizeof(b.run.kernel), "6.12.0");
	(void)snprintf(b.run.bluetoothd, sizeof(b.run.bluetoothd), "5.82"); /* then unknown */
	(void)snprintf(a.run.device_version, sizeof(a.run.device_version), "1.0");
	(void)snprintf(b.run.device_version, sizeof(b.run.device_version), "1.1");
	a.run.rssi_median = -50;
	b.run.rssi_median = -70;
	b.run.result.gaps = 3;
	count = history_changes(&a, &b, all);
	assert_int_equal(count, 5);
	expect_change(all, count, "kernel", "6.1.0", "6.12.0");
	expect_change(all, count, "device firmware", "1.0", "1.1");
	expect_change(all, count, "setting window", "auto", "2048");
	expect_change(all, count, "signal", "-50 dBm", "-70 dBm");
	expect_change(all, count, "gaps", "0", "3");
	/* Causes come before their effects. */
	assert_string_equal(all[0].what, "kernel");
	assert_string_equal(all[4].what, "gaps");
	/* Some dB are how one stands in the room; an unknown signal is none. */
	b.run.rssi_median = -53;
	assert_null(changed(all, history_changes(&a, &b, all), "signal"));
	b.run.rssi_median = 127;
	assert_null(changed(all, history_changes(&a, &b, all), "signal"));
}

/* Of virtual devices what they were made with counts, and this machine does not. */
static void test_changes_simulated(void **state)
{
	struct history_detail a = {.run = run_of(1, "esp-sim-01", "24:6F:28:AA:10:01")};
	struct history_detail b = a;
	struct history_changed all[HISTORY_CHANGED_MAX];
	size_t count;

	(void)state;
	a.run.result.virtual_clock = b.run.result.virtual_clock = true;
	(void)snprintf(a.run.kernel, sizeof(a.run.kernel), "6.1.0");
	(void)snprintf(b.run.kernel, sizeof(b.run.kernel), "6.12.0");
	(void)snprintf(a.run.options, sizeof(a.run.options), "--sim=devices=1,flash=slow,seed=1");
	(void)snprintf(b.run.options, sizeof(b.run.options), "--sim=devices=1,phy=2M,seed=2");
	count = history_changes(&a, &b, all);
	assert_int_equal(count, 1);
	expect_change(all, count, "simulation", "flash=slow", "phy=2M");
	/* A seed alone makes another run of the same world. */
	(void)snprintf(b.run.options, sizeof(b.run.options), "--sim=devices=1,flash=slow,seed=3");
	assert_int_equal(history_changes(&a, &b, all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_rise),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_changes_simulated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
