/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings that nobody gave against a grid of settings by hand: set-ups are drawn from a seed,
 * and on each the defaults reach at least 0.95 of the best that the grid has.  `make check`
 * takes a few set-ups and a part of the grid, `make grid` three of each kind, and climbs to the
 * best of the grid; GRID_SEED=N draws others.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "programlib.h"

#define SHARE 0.95
#define SETUPS 7u /* of a check */
#define TRIES 16u /* points of the grid that are drawn on each, in a check; ... */
#define TRIES_INSTRUMENTED 2u /* ... with sanitizers, where no rates are compared; ... */
#define TRIES_WHOLE 60u /* ... and otherwise, before the best of them is climbed from */
#define ROUNDS 3u /* most in which each setting of the best point is replaced by all others */
#define CHOOSING 2u /* runs by which a point is chosen where chance decides ... */
#define COMPARING 12u /* ... and others by which it is compared */

/* %d: drawn between the two. */
static const struct condition {
	const char *sim;
	int least, most;
	bool chance;
} conditions[] = {
	{"rssi=-5%d", 0, 9, false},
	{"buffers=%dx251/event", 1, 6, false},
	{"buffers=%dx27/event", 8, 20, false},
	{"buffers=%dx251", 3, 12, false},
	{"buffers=%dx27", 12, 40, false},
	{"data_length=%d", 27, 120, false},
	{"mtu=%d", 23, 40, false},
	{"mtu=%d", 100, 250, false},
	{"encrypted=yes", 0, 0, false},
	{"ring=%d", 2, 8, false}, /* times 4 */
	{"fault=slow-erase:%d", 2, 8, false},
	{"loss=%d", 1, 8, true},
	{"fault=drop-data%%%d", 1, 10, true},
};
static const char *const phys[] = {"1M", "2M"};
static const char *const flashes[] = {
	"typical,flash_mode=usual", "typical,flash_mode=lenient", "typical,flash_mode=auto-suspend",
	"slow,flash_mode=usual",    "slow,flash_mode=lenient",	  "ideal",
};

/* The grid; "": left to the program. */
static const char *const intervals[] = {"", "7.5", "8.75", "10", "11.25", "15", "20", "30", "50"};
static const char *const chunks[] = {"", "169", "244", "480", "495"};
static const char *const windows[] = {"", "1024", "2048", "4096", "8192", "16384", "65536"};
static const char *const acks[] = {"", "1024", "2048", "8192"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define POINTS (COUNT(intervals) * COUNT(chunks) * COUNT(windows) * COUNT(acks))

static char folder[] = "/tmp/otabench-grid.XXXXXX";
static char image[80];
static bool whole; /* all set-ups, and a search for the best of the grid */
static bool instrumented; /* with sanitizers: each point once, and no comparison */

static size_t add(char *buf, size_t size, size_t used, const char *key, const char *value)
{
	const int len = value[0] ? snprintf(buf + used, size - used, "-s %s=%s ", key, value) : 0;

	return used + (size_t)len;
}

static const size_t axes[] = {COUNT(intervals), COUNT(chunks), COUNT(windows), COUNT(acks)};

static void point(size_t n, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	used = add(buf, size, used, "connection_interval_ms", intervals[n % COUNT(intervals)]);
	n /= COUNT(intervals);
	used = add(buf, size, used, "chunk", chunks[n % COUNT(chunks)]);
	n /= COUNT(chunks);
	used = add(buf, size, used, "window", windows[n % COUNT(windows)]);
	n /= COUNT(windows);
	(void)add(buf, size, used, "ack_interval", acks[n % COUNT(acks)]);
}

/* Bytes per second of runs with these seeds together; 0: one failed. */
static double goodput(const char *sim, const char *set, unsigned int first, unsigned int runs)
{
	double time = 0, rate;

	for (unsigned int seed = first; seed < first + runs; seed++) {
		struct program_ran r = program_run(
			"--json --sim=devices=1,chip=esp32,%s,seed=%u %s flash esp-sim-01 %s", sim,
			seed, set, image);

		rate = r.exit == 0 ? json_number_value(json_object_get(r.last, "goodput")) : 0;
		program_done(&r);
		if (rate <= 0)
			return 0;
		time += 1 / rate;
	}
	return runs / time;
}

/* The best point of one set-up so far. */
struct best {
	const char *sim;
	unsigned int runs; /* by which it is chosen */
	size_t point;
	double rate;
};

static bool try_point(struct best *b, size_t n)
{
	char set[160];
	double rate;

	point(n, set, sizeof(set));
	rate = goodput(b->sim, set, 1, b->runs);
	if (rate <= b->rate)
		return false;
	b->rate = rate;
	b->point = n;
	return true;
}

/* Each setting by itself, the others as they are best; until no other is better. */
static void climb(struct best *b)
{
	bool better = true;

	for (unsigned int round = 0; better && round < ROUNDS; round++) {
		size_t step = 1;

		better = false;
		for (size_t axis = 0; axis < COUNT(axes); axis++) {
			const size_t rest = b->point - b->point / step % axes[axis] * step;

			for (size_t value = 0; value < axes[axis]; value++)
				better |= try_point(b, rest + value * step);
			step *= axes[axis];
		}
	}
}

/* False where the defaults are too slow. */
static bool compare(const char *sim, bool chance, struct rng *rng)
{
	const bool many = chance && !instrumented;
	const unsigned int comparing = many ? COMPARING : 1;
	const unsigned int first = chance ? 100 : 1; /* others than those that chose */
	const double own = goodput(sim, "", first, comparing);
	struct best b = {.sim = sim, .runs = many ? CHOOSING : 1};
	const size_t tries = instrumented ? TRIES_INSTRUMENTED : TRIES;
	char set[160];

	for (size_t n = 0; n < (whole ? TRIES_WHOLE : tries); n++)
		(void)try_point(&b, (size_t)rng_below(rng, POINTS));
	if (whole)
		climb(&b);
	point(b.point, set, sizeof(set));
	if (chance)
		b.rate = goodput(sim, set, first, comparing);
	print_message("| `%s` | %.1f | %.1f | %.3f | `%s` |\n", sim, own / 1000, b.rate / 1000,
		      own / b.rate, set);
	(void)fflush(stdout);
	return own > 0 && b.rate > 0 && (instrumented || own >= SHARE * b.rate);
}

static const char *any_of(const char *const *list, size_t count, struct rng *rng)
{
	return list[rng_below(rng, count)];
}

static void test_grid(void **state)
{
	const char *seed = getenv("GRID_SEED");
	const size_t setups = whole ? 3 * COUNT(conditions) : SETUPS;
	unsigned int missed = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, seed ? strtoull(seed, NULL, 10) : 1);
	for (size_t i = 0; i < setups; i++) {
		/* Two of a check lose something, which few would if all were drawn. */
		const size_t n = whole || i < 2 ? COUNT(conditions) - 1 - i % COUNT(conditions)
						: (size_t)rng_below(&rng, COUNT(conditions) - 2);
		const struct condition *c = &conditions[n];
		char drawn[64], sim[160];
		int value = c->least +
			    (int)rng_below(&rng, (uint64_t)c->most - (uint64_t)c->least + 1u);

		if (strncmp(c->sim, "ring", 4) == 0)
			value *= 4;
		/* The table's own formats: one number each at most. */
		(void)snprintf(drawn, sizeof(drawn), c->sim, value);
		(void)snprintf(sim, sizeof(sim), "phy=%s,flash=%s,%s",
			       any_of(phys, COUNT(phys), &rng),
			       any_of(flashes, COUNT(flashes), &rng), drawn);
		missed += !compare(sim, c->chance, &rng);
	}
	assert_int_equal(missed, 0);
}

static int set_up(void **state)
{
	struct program_ran r;
	int code;

	(void)state;
	whole = getenv("GRID_WHOLE") != NULL;
	instrumented = getenv("OTABENCH_INSTRUMENTED") != NULL;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(image, sizeof(image), "%s/image.bin", folder);
	r = program_run("sample-image --size=600000 %s", image);
	code = r.exit;
	program_done(&r);
	return code;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(image);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grid)};

	return cmocka_run_group_tests_name("grid", tests, set_up, tear_down);
}
