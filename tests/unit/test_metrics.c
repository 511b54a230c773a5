/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in, figures out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/metrics.h"

#define START 5000000u
#define SECOND 1000000u

static struct metrics m;

/* rate bytes a second in steps of 10 ms, for ms; returns the offset reached. */
static uint32_t run(uint32_t from, uint32_t rate, uint64_t *now, uint32_t ms)
{
	for (uint32_t i = 1; i <= ms / 10; i++) {
		*now += 10000;
		metrics_sample(&m, *now, from + rate / 100 * i);
	}
	return from + rate / 100 * (ms / 10);
}

static void test_nothing_yet(void **state)
{
	uint32_t series[METRICS_BUCKETS];
	uint64_t span;

	(void)state;
	metrics_init(&m);
	metrics_sample(&m, START, 100);
	assert_int_equal(metrics_rate_now(&m), 0);
	assert_int_equal(metrics_rate_average(&m), 0);
	assert_int_equal(metrics_rate_lowest(&m), 0);
	assert_true(metrics_eta_us(&m) == UINT64_MAX);
	assert_int_equal(metrics_series(&m, series, &span), 0);
	metrics_start(&m, START, 0, 1000);
	assert_int_equal(metrics_rate_now(&m), 0);
	assert_true(metrics_eta_us(&m) == UINT64_MAX);
}

static void test_rates(void **state)
{
	uint64_t now = START;
	uint32_t at;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000000);
	at = run(0, 100000, &now, 3000);
	assert_int_equal(at, 300000);
	assert_int_equal(metrics_rate_now(&m), 100000);
	assert_int_equal(metrics_rate_average(&m), 100000);
	assert_int_equal(metrics_rate_lowest(&m), 100000);
	assert_int_equal(metrics_eta_us(&m), 7 * SECOND);
	/* Slower: now tells at once, average later, and the lowest remembers. */
	at = run(at, 20000, &now, 1000);
	assert_in_range(metrics_rate_now(&m), 20000, 28000);
	assert_int_equal(metrics_rate_average(&m), 80000);
	at = run(at, 100000, &now, 2000);
	assert_int_equal(metrics_rate_lowest(&m), 20000);
	assert_int_equal(metrics_rate_now(&m), 100000);
	metrics_sample(&m, now, 1000000);
	assert_int_equal(metrics_eta_us(&m), 0);
	(void)at;
}

static void test_first_second(void **state)
{
	uint64_t now = START;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000000);
	run(0, 100000, &now, 250);
	assert_int_equal(metrics_rate_now(&m), 100000);
	assert_int_equal(metrics_rate_lowest(&m), 0); /* no whole second yet */
	assert_true(metrics_eta_us(&m) == UINT64_MAX); /* so little foretells nothing */
}

static void test_silence(void **state)
{
	uint64_t now = START;
	uint32_t at;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000000);
	at = run(0, 100000, &now, 2000);
	metrics_sample(&m, now + 500000, at);
	assert_in_range(metrics_rate_now(&m), 45000, 60000);
	metrics_sample(&m, now + 60 * SECOND, at);
	assert_int_equal(metrics_rate_now(&m), 0);
	assert_true(metrics_eta_us(&m) == UINT64_MAX); /* nobody knows when it goes on */
	assert_int_equal(metrics_rate_lowest(&m), 0);
	metrics_sample(&m, now, at + 1000); /* time does not go back */
	assert_int_equal(m.received, at);
}

/* Bytes sent again after a resume count as rate, but not as progress. */
static void test_resume(void **state)
{
	uint64_t now = START;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 65536, 1000000);
	run(65536, 100000, &now, 1000);
	metrics_start(&m, now, 131072, 1000000);
	assert_int_equal(metrics_rate_average(&m), 100000); /* each byte counts once */
	run(131072, 100000, &now, 1000);
	assert_int_equal(metrics_rate_now(&m), 100000);
	assert_int_equal(metrics_rate_average(&m), (131072 + 100000 - 65536) / 2);
}

#define CEILING 100000u

/* No second and no span of the series holds more than the link can have carried. */
static void assert_possible(void)
{
	uint32_t series[METRICS_BUCKETS];
	uint64_t span;
	const size_t count = metrics_series(&m, series, &span);

	assert_true(metrics_rate_now(&m) <= CEILING);
	for (size_t i = 0; i < count; i++)
		assert_true(series[i] <= CEILING);
}

/* A device that erases tells in one go what it received meanwhile. */
static void test_burst(void **state)
{
	uint64_t now = START;
	uint32_t at;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000000);
	metrics_ready(&m, START);
	metrics_ceiling(&m, CEILING);
	at = run(0, CEILING, &now, 2000);
	for (int i = 0; i < 20; i++) {
		now += 300000;
		for (int ack = 0; ack < 4; ack++) {
			at += CEILING * 3 / 40;
			metrics_sample(&m, ++now, at);
			assert_possible();
		}
		now -= 4;
	}
	/* The whole time was as fast as the link, so there was no slow second. */
	assert_in_range(metrics_rate_now(&m), CEILING * 99 / 100, CEILING);
	assert_in_range(metrics_rate_lowest(&m), CEILING * 99 / 100, CEILING);
	assert_int_equal(m.received, at);
}

/* An interval of 4 s, the longest there is. */
static void test_burst_of_long_interval(void **state)
{
	uint64_t now = START;
	uint32_t at = 0;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 10000000);
	metrics_ready(&m, START);
	metrics_ceiling(&m, CEILING);
	for (int i = 0; i < 10; i++) {
		now += 4 * SECOND;
		metrics_sample(&m, now, at += 4 * CEILING);
		assert_possible();
		assert_int_equal(metrics_rate_now(&m), CEILING);
	}
}

/* Bytes that are told after a lost link arrived after READY, and in no time that was silent. */
static void test_burst_after_resume(void **state)
{
	uint32_t series[METRICS_BUCKETS];
	uint64_t now = START, span;
	uint32_t at;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000000);
	metrics_ready(&m, START);
	metrics_ceiling(&m, CEILING);
	at = run(0, CEILING, &now, 1000);
	now += 2 * SECOND;
	metrics_sample(&m, now, at);
	metrics_start(&m, START, at, 1000000);
	metrics_ready(&m, now);
	metrics_sample(&m, now + 500000, at + CEILING / 2);
	(void)metrics_series(&m, series, &span);
	for (uint64_t i = SECOND / span; i < 3 * SECOND / span; i++)
		assert_int_equal(series[i], 0);
	for (uint64_t i = 3 * SECOND / span; i < 3500000u / span; i++)
		assert_int_equal(series[i], CEILING);
}

/* A ceiling that the whole run contradicts is the wrong one: the bytes did arrive. */
static void test_wrong_ceiling(void **state)
{
	uint64_t now = START;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 10000000);
	metrics_ready(&m, START);
	metrics_ceiling(&m, CEILING / 2);
	run(0, CEILING, &now, 3000);
	assert_int_equal(metrics_rate_now(&m), CEILING);
	assert_int_equal(metrics_rate_average(&m), CEILING);
}

/* At the end one figure remains: what arrived over the time that it took. */
static void test_end(void **state)
{
	uint64_t now = START;
	const uint32_t at = 100000;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, at + 20000);
	run(0, at, &now, 1000);
	metrics_end(&m, now + SECOND, at + 20000);
	assert_int_equal(metrics_rate_average(&m), 60000);
	metrics_sample(&m, now + 5 * SECOND, at);
	assert_int_equal(metrics_rate_average(&m), 60000);
}

static void test_series(void **state)
{
	uint32_t series[METRICS_BUCKETS];
	uint64_t now = START, span, sum = 0;
	uint32_t at = 0;
	size_t count;

	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 100000000);
	for (int i = 0; i < 25; i++)
		at = run(at, 100000, &now, 1000);
	count = metrics_series(&m, series, &span);
	assert_int_equal(span, METRICS_BUCKET_US);
	assert_int_equal(count, 250);
	for (size_t i = 0; i + 1 < count; i++)
		assert_in_range(series[i], 90000, 110000);
	/* The series coarsens, and loses no byte. */
	for (int i = 0; i < 200; i++)
		at = run(at, 50000, &now, 1000);
	count = metrics_series(&m, series, &span);
	assert_in_range(count, METRICS_BUCKETS / 2, METRICS_BUCKETS);
	assert_int_equal(span, 16 * METRICS_BUCKET_US);
	for (size_t i = 0; i < count; i++)
		sum += m.buckets[i];
	assert_int_equal(sum, at);
	assert_int_equal(series[1], 100000);
	assert_int_equal(series[count - 2], 50000);
}

static void test_marks(void **state)
{
	(void)state;
	metrics_init(&m);
	metrics_start(&m, START, 0, 1000);
	assert_null(metrics_mark_at(&m, 0));
	metrics_mark(&m, START + 10, METRICS_GAP, 77);
	assert_int_equal(metrics_mark_at(&m, 0)->at_us, 10);
	assert_int_equal(metrics_mark_at(&m, 0)->value, 77);
	for (uint32_t i = 0; i < 100; i++)
		metrics_mark(&m, START + 100 + i, METRICS_RETRY, i);
	assert_int_equal(metrics_mark_at(&m, 0)->value, 100 - METRICS_MARKS_MAX);
	assert_int_equal(metrics_mark_at(&m, METRICS_MARKS_MAX - 1)->value, 99);
	assert_null(metrics_mark_at(&m, METRICS_MARKS_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_first_second),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_burst_of_long_interval),
		cmocka_unit_test(test_burst_after_resume),
		cmocka_unit_test(test_wrong_ceiling),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
