/* SPDX-License-Identifier: Apache-2.0 */
/* A bench: which run comes next, what counts, and what the runs say together. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "host/bench.h"

#define LINK (1u << BENCH_LINK)
#define FLASH (1u << BENCH_FLASH)
#define UPDATE (1u << BENCH_UPDATE)
#define BYTES .bytes = BENCH_BYTES, .flash_bytes = BENCH_FLASH_BYTES

static struct job_result ended(enum session_outcome outcome, uint32_t goodput)
{
	return (struct job_result){.outcome = outcome, .goodput = goodput};
}

static struct bench begun(uint32_t parts, unsigned int runs, unsigned int warm_up)
{
	const struct bench_plan plan = {.parts = parts, .runs = runs, .warm_up = warm_up, BYTES};
	struct bench b;

	assert_int_equal(bench_init(&b, &plan), 0);
	return b;
}

/* Part after part, each with its own warm-up, which is in no figure. */
static void test_order(void **state)
{
	static const struct bench_turn turns[] = {
		{BENCH_LINK, true, 1},	  {BENCH_LINK, true, 2},    {BENCH_LINK, false, 1},
		{BENCH_LINK, false, 2},	  {BENCH_UPDATE, true, 1},  {BENCH_UPDATE, true, 2},
		{BENCH_UPDATE, false, 1}, {BENCH_UPDATE, false, 2},
	};
	const size_t count = sizeof(turns) / sizeof(turns[0]);
	struct bench b = begun(LINK | UPDATE, 2, 2);
	struct job_result r;
	struct bench_turn turn;
	struct spread s;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		assert_true(bench_next(&b, &turn));
		assert_int_equal(turn.part, turns[i].part);
		assert_int_equal(turn.warm_up, turns[i].warm_up);
		assert_int_equal(turn.number, turns[i].number);
		r = ended(SESSION_MEASURED, 100 + i);
		bench_add(&b, &r);
	}
	assert_false(bench_next(&b, &turn));
	bench_add(&b, &r); /* one too many changes nothing */
	assert_int_equal(bench_count(&b, BENCH_LINK), 2);
	assert_int_equal(bench_count(&b, BENCH_UPDATE), 2);
	assert_int_equal(bench_result(&b, BENCH_LINK, 0)->goodput, 102);
	assert_int_equal(bench_result(&b, BENCH_UPDATE, 1)->goodput, 107);
	assert_null(bench_result(&b, BENCH_UPDATE, 2));
	bench_spread(&b, BENCH_UPDATE, &s);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.lowest, 106);
	assert_int_equal(s.highest, 107);
	bench_finish(&b);
}

/* Runs that were measured before a failure are still told. */
static void test_part_way(void **state)
{
	struct bench b = begun(LINK | UPDATE, 3, 0);
	const struct job_result r = ended(SESSION_MEASURED, 90000);
	enum bench_part part;
	struct spread s;

	(void)state;
	assert_false(bench_main_part(&b, &part));
	bench_spread(&b, BENCH_LINK, &s);
	assert_int_equal(s.count, 0);
	bench_add(&b, &r);
	assert_true(bench_main_part(&b, &part));
	assert_int_equal(part, BENCH_LINK);
	bench_spread(&b, BENCH_LINK, &s);
	assert_int_equal(s.median, 90000);
	bench_finish(&b);
}

static void test_counts(void **state)
{
	static const enum session_outcome good[] = {SESSION_CONFIRMED, SESSION_UNCONFIRMED,
						    SESSION_DELIVERED};

	(void)state;
	for (int i = 0; i < SESSION_OUTCOMES; i++) {
		const struct job_result r = ended((enum session_outcome)i, 1);
		bool update = false;

		for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++)
			update = update || (enum session_outcome)i == good[k];
		assert_int_equal(bench_counts(BENCH_LINK, &r), i == SESSION_MEASURED);
		assert_int_equal(bench_counts(BENCH_FLASH, &r), i == SESSION_MEASURED);
		assert_int_equal(bench_counts(BENCH_UPDATE, &r), update);
	}
}

static void test_configure(void **state)
{
	const struct bench_turn link = {.part = BENCH_LINK}, update = {.part = BENCH_UPDATE},
				flash = {.part = BENCH_FLASH};
	const struct image image = {.size = 7};
	const struct job_config base = {
		.image = &image, .image_name = "app.bin", .forced = 1u << LINT_PROJECT};
	struct bench b = begun(LINK | FLASH | UPDATE, 1, 0);
	struct job_config config = base;

	(void)state;
	bench_configure(&b, &update, &config);
	assert_int_equal(config.goal, SESSION_UPDATE);
	assert_int_equal(config.forced, 1u << LINT_PROJECT | 1u << LINT_SAME);
	assert_true(config.restart);
	assert_false(config.pattern);
	config = base;
	bench_configure(&b, &link, &config);
	assert_int_equal(config.goal, SESSION_MEASURE);
	assert_int_equal(config.bytes, BENCH_BYTES);
	assert_false(config.pattern);
	assert_null(config.image);
	assert_null(config.image_name); /* the history would name it */
	config = base;
	bench_configure(&b, &flash, &config);
	assert_int_equal(config.goal, SESSION_MEASURE);
	assert_int_equal(config.bytes, BENCH_FLASH_BYTES);
	assert_true(config.pattern);
	assert_null(config.image);
	bench_finish(&b);
}

static void test_plan(void **state)
{
	static const struct bench_plan bad[] = {
		{.parts = 0, .runs = 1, BYTES},
		{.parts = 1u << BENCH_PARTS, .runs = 1, BYTES},
		{.parts = LINK, .runs = 0, BYTES},
		{.parts = LINK, .runs = BENCH_RUNS_MAX + 1, BYTES},
		{.parts = LINK, .runs = 1, .warm_up = BENCH_WARM_UP_MAX + 1, BYTES},
		{.parts = LINK, .runs = 1, .bytes = BENCH_BYTES_MIN - 1, .flash_bytes = 4096},
		{.parts = LINK, .runs = 1, .bytes = BENCH_BYTES_MAX + 1, .flash_bytes = 4096},
		{.parts = FLASH, .runs = 1, .bytes = 4096, .flash_bytes = BENCH_BYTES_MIN - 1},
		{.parts = FLASH, .runs = 1, .bytes = 4096, .flash_bytes = BENCH_BYTES_MAX + 1},
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(bench_init(&b, &bad[i]), -OTA_EINVAL);
		bench_finish(&b);
	}
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", ",", "link,", ",link", "links", "lin", "link update"};

	(void)state;
	for (int part = 0; part < BENCH_PARTS; part++) {
		assert_int_equal(bench_parts_by_name(bench_part_name((enum bench_part)part)),
				 1u << part);
		assert_true(bench_part_text((enum bench_part)part)[0] != '\0');
	}
	assert_int_equal(bench_parts_by_name("update,link"), LINK | UPDATE);
	assert_int_equal(bench_parts_by_name("link,link"), LINK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bench_parts_by_name(bad[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),  cmocka_unit_test(test_part_way),
		cmocka_unit_test(test_counts), cmocka_unit_test(test_configure),
		cmocka_unit_test(test_plan),   cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
