/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other values would make of a rate: a simulated run is asked about a change, and then
 * the change is made.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "historylib.h"
#include "host/what_if.h"

#define SIZE 300000u
#define TOLERANCE 15u /* per cent, as for the gain of an advice */

static struct job_snapshot seen;

static bool look(struct play *play, struct job *job)
{
	(void)play;
	job_snapshot(job, &seen);
	return true;
}

/* A run with a value set, seen when most of it has gone through; its goodput. */
static uint32_t run_with(const char *set)
{
	struct play play = {
		.off = true, .set = set, .size = SIZE, .at = SIZE * 9u / 10u, .then = look};

	play_run(&play);
	assert_int_equal(play.result.outcome, SESSION_CONFIRMED);
	return play.result.goodput;
}

static struct profile profile_with(const char *set)
{
	struct setting_errors errors;
	struct profile profile;

	profile_defaults(&profile);
	if (set)
		assert_int_equal(profile_set(&profile, &set, 1, "test", &errors), 0);
	return profile;
}

static void test_changes(void **state)
{
	static const struct {
		const char *was, *is;
	} rows[] = {
		{NULL, "chunk=100"},
		{NULL, "chunk=244"},
		{NULL, "window=2048"},
		{NULL, "window=4096"},
		{NULL, "write_mode=request"},
		{NULL, "pacing_us=20000"},
		{NULL, "connection_interval_ms=50"},
		{NULL, "connection_interval_ms=7.5"},
		{NULL, "mtu_max=100"},
		{NULL, "data_length=27"},
		{"chunk=64", NULL},
		{"window=1024", "window=8192"},
		{"write_mode=request", NULL},
		{"connection_interval_ms=100", NULL},
		{"pacing_us=20000", "pacing_us=5000"},
	};
	uint32_t was, is, said;
	unsigned int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct profile a = profile_with(rows[i].was), b = profile_with(rows[i].is);
		struct job_snapshot run;

		was = run_with(rows[i].was);
		run = seen;
		is = run_with(rows[i].is);
		said = what_if(&a, &b, &run, was, false);
		print_message("%s -> %s: %u -> %u, said %u\n",
			      rows[i].was ? rows[i].was : "default",
			      rows[i].is ? rows[i].is : "default", was, is, said);
		if (said * 100u < is * (100u - TOLERANCE) || said * 100u > is * (100u + TOLERANCE))
			bad++;
	}
	assert_int_equal(bad, 0);
}

static void test_nothing(void **state)
{
	const struct job_snapshot nothing = {.mtu = 517};
	const struct profile a = profile_with(NULL);
	struct profile b = profile_with("retries=9");
	const uint32_t rate = run_with(NULL);

	(void)state;
	/* As it was measured, where the rate does not depend on what differs. */
	assert_int_equal(what_if(&a, &a, &seen, rate, false), rate);
	assert_int_equal(what_if(&a, &b, &seen, rate, false), rate);
	/* Before anything was sent nobody knows. */
	assert_int_equal(what_if(&a, &b, &nothing, rate, false), 0);
	assert_int_equal(what_if(&a, &b, &seen, 0, false), 0);
	/* Under way the device goes on acknowledging as seldom as for the window of before. */
	b = profile_with("window=1024");
	assert_true(seen.play.ack_interval > 1024);
	assert_true(what_if(&a, &b, &seen, rate, true) < what_if(&a, &b, &seen, rate, false) / 2);
	/* No more is promised than the link carries. */
	b = profile_with("chunk=100");
	assert_true(what_if(&a, &b, &seen, UINT32_MAX, false) < 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
