/* SPDX-License-Identifier: Apache-2.0 */
/* Same seed, same numbers, on every machine; and they are spread evenly enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"

static void test_state_follows_splitmix64(void **state)
{
	/* The well-known first outputs of splitmix64 from seed 0. */
	struct rng rng;

	(void)state;
	rng_init(&rng, 0);
	assert_true(rng.state[0] == 0xe220a8397b1dcdafu);
	assert_true(rng.state[1] == 0x6e789e6aa1b965f4u);
	assert_true(rng.state[2] == 0x06c45d188009454fu);
	assert_true(rng.state[3] == 0xf88bb8a8724c81ecu);
}

static void test_sequence_by_hand(void **state)
{
	/* State 1, 2, 3, 4: rotl(2 * 5, 7) * 9 = 11520; then s[1] = 0 gives 0; then
	 * s[1] = 262149: rotl(1310745, 7) * 9 = 1509978240. */
	struct rng rng = {{1, 2, 3, 4}};

	(void)state;
	assert_true(rng_u64(&rng) == 11520u);
	assert_true(rng_u64(&rng) == 0u);
	assert_true(rng_u64(&rng) == 1509978240u);
}

static void test_seeds_differ(void **state)
{
	struct rng a, b, c;

	(void)state;
	rng_init(&a, 1);
	rng_init(&b, 1);
	rng_init(&c, 2);
	for (int i = 0; i < 100; i++) {
		uint64_t value = rng_u64(&a);

		assert_true(value == rng_u64(&b));
		assert_false(value == rng_u64(&c));
	}
}

static void test_below(void **state)
{
	unsigned int seen[7] = {0};
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	assert_int_equal(rng_below(&rng, 0), 0);
	assert_int_equal(rng_below(&rng, 1), 0);
	for (int i = 0; i < 70000; i++) {
		uint64_t value = rng_below(&rng, 7);

		assert_in_range(value, 0, 6);
		seen[value]++;
	}
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 9500, 10500);
}

static void test_chance(void **state)
{
	unsigned int hits = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 4);
	for (int i = 0; i < 100000; i++) {
		assert_false(rng_chance(&rng, 0));
		assert_true(rng_chance(&rng, 1000000));
		hits += rng_chance(&rng, 50000);
	}
	assert_in_range(hits, 4700, 5300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_follows_splitmix64),
		cmocka_unit_test(test_sequence_by_hand),
		cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
