/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual clock runs events by time, then in the order they were armed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/sched.h"

struct fleet {
	struct sched sched;
	struct sched_event ev[6];
	char trace[128];
	unsigned int again;
	uint64_t period_us;
	struct sched_event *victim;
};

static struct fleet w;

static void note(void *ctx, uint64_t now_us)
{
	size_t used = strlen(w.trace);
	long index = (struct sched_event *)ctx - w.ev;

	assert_int_equal(now_us, sched_now(&w.sched));
	assert_false(sched_armed(ctx));
	snprintf(w.trace + used, sizeof(w.trace) - used, "%ld@%llu ", index,
		 (unsigned long long)now_us);
}

static void note_and_repeat(void *ctx, uint64_t now_us)
{
	note(ctx, now_us);
	if (w.again > 0) {
		w.again--;
		sched_at(&w.sched, ctx, now_us + w.period_us);
	}
}

static void note_and_cancel(void *ctx, uint64_t now_us)
{
	note(ctx, now_us);
	sched_cancel(&w.sched, w.victim);
}

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	sched_init(&w.sched, 100);
	for (size_t i = 0; i < 6; i++) {
		w.ev[i].fn = note;
		w.ev[i].ctx = &w.ev[i];
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sched_finish(&w.sched);
	return 0;
}

static void test_order(void **state)
{
	uint64_t at_us = 7;

	(void)state;
	assert_false(sched_next(&w.sched, &at_us));
	assert_int_equal(at_us, 7);
	assert_false(sched_step(&w.sched));
	sched_at(&w.sched, &w.ev[0], 300);
	sched_at(&w.sched, &w.ev[1], 200);
	sched_at(&w.sched, &w.ev[2], 300);
	sched_at(&w.sched, &w.ev[3], 200);
	sched_at(&w.sched, &w.ev[4], 150);
	assert_true(sched_next(&w.sched, &at_us));
	assert_int_equal(at_us, 150);
	while (sched_step(&w.sched))
		;
	assert_string_equal(w.trace, "4@150 1@200 3@200 0@300 2@300 ");
	assert_int_equal(sched_now(&w.sched), 300);
}

static void test_past_means_now(void **state)
{
	(void)state;
	sched_at(&w.sched, &w.ev[0], 100);
	sched_at(&w.sched, &w.ev[1], 3);
	assert_true(sched_step(&w.sched));
	assert_true(sched_step(&w.sched));
	assert_string_equal(w.trace, "0@100 1@100 ");
}

static void test_rearm_moves(void **state)
{
	(void)state;
	sched_at(&w.sched, &w.ev[0], 200);
	sched_at(&w.sched, &w.ev[1], 200);
	sched_at(&w.sched, &w.ev[0], 200);
	sched_at(&w.sched, &w.ev[2], 500);
	sched_at(&w.sched, &w.ev[2], 150);
	sched_advance(&w.sched, 1000);
	assert_string_equal(w.trace, "2@150 1@200 0@200 ");
}

static void test_cancel(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		sched_at(&w.sched, &w.ev[i], 200 + i);
	sched_cancel(&w.sched, &w.ev[0]);
	sched_cancel(&w.sched, &w.ev[3]);
	sched_cancel(&w.sched, &w.ev[5]);
	sched_cancel(&w.sched, &w.ev[5]);
	assert_false(sched_armed(&w.ev[3]));
	assert_true(sched_armed(&w.ev[4]));
	sched_advance(&w.sched, 1000);
	assert_string_equal(w.trace, "1@201 2@202 4@204 ");
}

static void test_cancel_from_handler(void **state)
{
	(void)state;
	w.ev[0].fn = note_and_cancel;
	w.victim = &w.ev[1];
	for (size_t i = 0; i < 3; i++)
		sched_at(&w.sched, &w.ev[i], 200);
	sched_advance(&w.sched, 200);
	assert_string_equal(w.trace, "0@200 2@200 ");
}

static void test_advance_runs_what_is_armed_on_the_way(void **state)
{
	(void)state;
	w.ev[0].fn = note_and_repeat;
	w.again = 10;
	w.period_us = 10;
	sched_at(&w.sched, &w.ev[0], 200);
	sched_advance(&w.sched, 225);
	assert_string_equal(w.trace, "0@200 0@210 0@220 ");
	assert_int_equal(sched_now(&w.sched), 225);
	assert_true(sched_armed(&w.ev[0]));
	sched_advance(&w.sched, 5);
	assert_int_equal(sched_now(&w.sched), 225);
}

static void test_same_time_rearm_runs_last(void **state)
{
	(void)state;
	w.ev[0].fn = note_and_repeat;
	w.again = 1;
	sched_at(&w.sched, &w.ev[0], 200);
	sched_at(&w.sched, &w.ev[1], 200);
	sched_advance(&w.sched, 200);
	assert_string_equal(w.trace, "0@200 1@200 0@200 ");
}

static void test_finish_disarms(void **state)
{
	(void)state;
	sched_at(&w.sched, &w.ev[0], 200);
	sched_at(&w.sched, &w.ev[1], 300);
	sched_finish(&w.sched);
	assert_false(sched_armed(&w.ev[0]));
	assert_false(sched_armed(&w.ev[1]));
	assert_false(sched_step(&w.sched));
	assert_string_equal(w.trace, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_past_means_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rearm_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_from_handler, setup, teardown),
		cmocka_unit_test_setup_teardown(test_advance_runs_what_is_armed_on_the_way, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_same_time_rearm_runs_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finish_disarms, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
