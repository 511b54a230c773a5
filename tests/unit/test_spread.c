/* SPDX-License-Identifier: Apache-2.0 */
/* Median and spread of repeated measurements: one, an odd and an even number of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/spread.h"

static struct spread of(const uint32_t *figures, size_t count)
{
	struct spread s;

	memset(&s, 0xff, sizeof(s));
	spread_of(figures, count, &s);
	return s;
}

static void test_none(void **state)
{
	const struct spread s = of(NULL, 0);

	(void)state;
	assert_int_equal(s.count, 0);
	assert_int_equal(s.median, 0);
	assert_int_equal(s.lowest, 0);
	assert_int_equal(s.highest, 0);
	assert_int_equal(s.ppm, 0);
	assert_int_equal(s.nearest, 0);
}

static void test_one(void **state)
{
	const uint32_t figures[] = {93210};
	const struct spread s = of(figures, 1);

	(void)state;
	assert_int_equal(s.count, 1);
	assert_int_equal(s.median, 93210);
	assert_int_equal(s.lowest, 93210);
	assert_int_equal(s.highest, 93210);
	assert_int_equal(s.ppm, 0);
	assert_int_equal(s.nearest, 0);
}

/* The run in which something else was going on moves the spread and not the median. */
static void test_odd(void **state)
{
	uint32_t figures[] = {100, 20, 104, 96, 101};
	const uint32_t before[] = {100, 20, 104, 96, 101};
	const struct spread s = of(figures, 5);

	(void)state;
	assert_int_equal(s.count, 5);
	assert_int_equal(s.median, 100);
	assert_int_equal(s.lowest, 20);
	assert_int_equal(s.highest, 104);
	assert_int_equal(s.ppm, 840000);
	assert_int_equal(s.nearest, 0);
	assert_memory_equal(figures, before, sizeof(before));
}

static void test_even(void **state)
{
	/* The median, 95, lies between the two in the middle; the first of the nearest counts. */
	const uint32_t four[] = {120, 100, 90, 80}, two[] = {10, 13};
	const struct spread s = of(four, 4), t = of(two, 2);

	(void)state;
	assert_int_equal(s.median, 95);
	assert_int_equal(s.lowest, 80);
	assert_int_equal(s.highest, 120);
	assert_int_equal(s.ppm, 40u * 1000000u / 95u);
	assert_int_equal(s.nearest, 1);
	assert_int_equal(t.median, 12); /* 11.5 */
	assert_int_equal(t.nearest, 1);
}

static void test_bounds(void **state)
{
	const uint32_t most[] = {UINT32_MAX, UINT32_MAX}, far[] = {0, UINT32_MAX, 1};
	uint32_t many[SPREAD_MAX + 1];

	(void)state;
	assert_true(of(most, 2).median == UINT32_MAX);
	assert_true(of(far, 3).ppm == UINT32_MAX);
	assert_int_equal(of((const uint32_t[]){0, 0, 7}, 3).ppm, 0); /* of a median of 0 */
	for (size_t i = 0; i < SPREAD_MAX; i++)
		many[i] = 5;
	many[SPREAD_MAX] = 9;
	assert_int_equal(of(many, SPREAD_MAX + 1).count, SPREAD_MAX);
	assert_int_equal(of(many, SPREAD_MAX + 1).highest, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),   cmocka_unit_test(test_one),
		cmocka_unit_test(test_odd),    cmocka_unit_test(test_even),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
