/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predicted effect of other values on a rate: a simulated run is asked about a change, and then
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

#include "base/rng.h"
#include "historylib.h"
#include "host/what_if.h"

#define SIZE 600000u
#define TOLERANCE 15u /* per cent, as for the gain of an advice */
#define DRAWN 40u /* changes of a check */

static struct job_snapshot seen;

static bool look(struct play *play, struct job *job)
{
	(void)play;
	job_snapshot(job, &seen);
	return true;
}

static uint32_t run_on(const struct play *device, const char *set)
{
	struct play play = *device;

	play.set = set;
	play.size = SIZE;
	play.at = SIZE * 9u / 10u;
	play.then = look;
	play.off = true;
	play_run(&play);
	assert_int_equal(play.result.outcome, SESSION_CONFIRMED);
	return play.result.goodput;
}

/* A run with a value set, seen when most of it has gone through; its goodput. */
static uint32_t run_with(const char *set)
{
	static const struct play usual;

	return run_on(&usual, set);
}

static struct profile profile_with(const char *set)
{
	struct profile profile;

	profile_defaults(&profile);
	play_settings(set, &profile);
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

/* %d: drawn between the two. */
static const struct value {
	const char *format;
	int least, most;
	unsigned int keys;
} values[] = {
	{"chunk=%d", 40, 512, 33},
	{"chunk=%d", 200, 512, 33},
	{"window=%d", 2048, 16384, 2},
	{"window=%d", 1024, 65536, 2},
	{"ack_interval=%d", 256, 1024, 4},
	{"connection_interval_ms=%d", 8, 60, 8},
	{"connection_interval_ms=%d.5", 7, 7, 8},
	{"data_length=%d", 27, 251, 16},
	{"mtu_max=%d", 23, 517, 33},
	{"write_mode=request", 0, 0, 64},
	{"pacing_us=%d", 0, 20000, 128},
	{"phy=1M", 0, 0, 256},
};

static void draw_settings(struct rng *rng, char *text, size_t size)
{
	const size_t count = sizeof(values) / sizeof(values[0]);
	uint64_t n = rng_below(rng, 4), drawn = 0, which;
	size_t len = 0;
	int value;

	text[0] = '\0';
	for (; n > 0 && len < size; n--) {
		const struct value *v;

		/* Each key once. */
		do
			which = rng_below(rng, count);
		while (drawn & values[which].keys);
		drawn |= values[which].keys;
		v = &values[which];
		value = v->least + (int)rng_below(rng, (uint64_t)(v->most - v->least) + 1u);
		if (strstr(v->format, "interval_ms=%d") && !strstr(v->format, ".5"))
			value -= value % 5; /* a multiple of 1.25 */
		if (strstr(v->format, "interval_ms=%d") && value < 10 && !strstr(v->format, ".5"))
			value = 10;
		/* The table's own formats. */
		len += (size_t)snprintf(text + len, size - len, v->format, value);
		if (n > 1 && len + 1u < size)
			text[len++] = ' ', text[len] = '\0';
	}
}

/* Any settings on any chip, and any others: WHAT_IF_RUNS=N draws so many, WHAT_IF_FIRST=SEED. */
static void test_drawn(void **state)
{
	static const uint16_t chips[] = {0x0000, 0x0005}; /* ESP32, C3 */
	static const enum esp_flash_mode modes[] = {ESP_FLASH_USUAL, ESP_FLASH_AUTO_SUSPEND};
	const char *runs_text = getenv("WHAT_IF_RUNS"), *first_text = getenv("WHAT_IF_FIRST");
	const uint64_t runs = runs_text ? strtoull(runs_text, NULL, 10) : DRAWN;
	const uint64_t first = first_text ? strtoull(first_text, NULL, 10) : 1u;
	char was[128], is[128];
	unsigned int bad = 0;

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		struct play device = {.rssi = -50};
		struct profile a, b;
		struct job_snapshot run;
		uint32_t before, after, said;
		struct rng rng;

		rng_init(&rng, seed);
		device.chip_id = chips[rng_below(&rng, 2)];
		device.flash_mode = modes[rng_below(&rng, 2)];
		draw_settings(&rng, was, sizeof(was));
		draw_settings(&rng, is, sizeof(is));
		a = profile_with(was);
		b = profile_with(is);
		before = run_on(&device, was);
		run = seen;
		after = run_on(&device, is);
		said = what_if(&a, &b, &run, before, false);
		if (said * 100ull >= after * (100ull - TOLERANCE) &&
		    said * 100ull <= after * (100ull + TOLERANCE))
			continue;
		bad++;
		print_error(
			"WHAT_IF_FIRST=%llu: chip %u, flash %d, '%s' -> '%s': %u -> %u, said %u\n",
			(unsigned long long)seed, device.chip_id, (int)device.flash_mode, was, is,
			before, after, said);
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
	/* If the rate does not depend on the difference, the answer is the measured rate. */
	assert_int_equal(what_if(&a, &a, &seen, rate, false), rate);
	assert_int_equal(what_if(&a, &b, &seen, rate, false), rate);
	/* Before anything was sent nobody knows. */
	assert_int_equal(what_if(&a, &b, &nothing, rate, false), 0);
	assert_int_equal(what_if(&a, &b, &seen, 0, false), 0);
	/* Under way the device goes on acknowledging as seldom as for the window of before. */
	b = profile_with("window=1024");
	assert_true(seen.play.ack_interval > 1024);
	assert_true(what_if(&a, &b, &seen, rate, true) < what_if(&a, &b, &seen, rate, false) / 2);
	/* The answer promises no more than the link carries. */
	b = profile_with("chunk=100");
	assert_true(what_if(&a, &b, &seen, UINT32_MAX, false) < 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_drawn),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
