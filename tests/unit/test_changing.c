/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings that nobody gave against fixed ones, where the link becomes another one in mid
 * transfer: packets or values get lost for a while, or the adapter sends fewer buffers an
 * event.  Set-ups are drawn from a seed.  On each the defaults reach 0.95 of the fixed setting that
 * happens to suit it best, which nobody knows before, and over all of them together 0.98 of the one
 * that suits them best: to see that the link became another one takes half a second each time.  `make check` takes a few set-ups and settings, `make grid`
 * all; GRID_SEED=N draws others.
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
#define SHARE_TOGETHER 0.98
#define SHARE_BUFFERS 0.985
#define SETUPS 3u /* of a check ... */
#define SETUPS_WHOLE 9u
#define TRIES 7u /* fixed settings of a check, of those that are drawn */
#define PHASES 3u
#define SIZE 1000000u /* bytes of the image, of which each phase has a third, more or less */

static const char *const flashes[] = {
	"typical,flash_mode=usual",
	"typical,flash_mode=auto-suspend",
	"ideal",
};

/* The changes of the link; %d: the share in percent, or how many. */
static const struct change {
	const char *begin, *end;
	int least, most;
} changes[] = {
	{"", "", 0, 0},
	{",fault=loss@%u:%d", ",fault=loss@%u:0", 3, 9},
	{",fault=drops@%u:%d", ",fault=drops@%u:0", 2, 8},
	{",fault=buffers@%u:%d", ",fault=buffers@%u:0", 1, 4},
};

static const char *const phys[] = {"2M", "1M"};
static const char *const intervals[] = {"7.5", "10", "15"};
static const char *const chunks[] = {"495", "244"};
static const char *const windows[] = {"4096", "2048", "8192", "32768"};
static const char *const acks[] = {"1024", "4096"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define POINTS (COUNT(phys) * COUNT(intervals) * COUNT(chunks) * COUNT(windows) * COUNT(acks))

static char folder[] = "/tmp/otabench-changing.XXXXXX";
static char image[80];

static void point(size_t n, char *buf, size_t size)
{
	const char *phy = phys[n % COUNT(phys)], *interval, *chunk, *window;

	n /= COUNT(phys);
	interval = intervals[n % COUNT(intervals)];
	n /= COUNT(intervals);
	chunk = chunks[n % COUNT(chunks)];
	n /= COUNT(chunks);
	window = windows[n % COUNT(windows)];
	n /= COUNT(windows);
	(void)snprintf(buf, size,
		       "-s phy=%s -s connection_interval_ms=%s -s chunk=%s -s window=%s "
		       "-s ack_interval=%s",
		       phy, interval, chunk, window, acks[n % COUNT(acks)]);
}

/* Seconds of one transfer, where chance decides the mean of as many as there are seeds; 0: it
 * failed. */
static double seconds(const char *sim, const char *set)
{
	const unsigned int seeds = strstr(sim, "loss") || strstr(sim, "drops") ? 2 : 1;
	double sum = 0;

	for (unsigned int seed = 1; seed <= seeds; seed++) {
		struct program_ran r = program_run(
			"--json --sim=devices=1,chip=esp32c3,%s,seed=%u %s flash esp-sim-01 %s",
			sim, seed, set, image);
		const double rate =
			r.exit == 0 ? json_number_value(json_object_get(r.last, "goodput")) : 0;

		program_done(&r);
		if (rate <= 0)
			return 0;
		sum += SIZE / rate;
	}
	return sum / seeds;
}

/* A flash, and what the link becomes in each phase, which is something else than before. */
static void draw_setup(struct rng *rng, char *buf, size_t size)
{
	size_t used =
		(size_t)snprintf(buf, size, "flash=%s", flashes[rng_below(rng, COUNT(flashes))]);
	size_t now = 0, next;
	unsigned int at;

	for (unsigned int phase = 0; phase < PHASES; phase++) {
		at = SIZE / (PHASES + 1u) * phase + 50000u + (unsigned int)rng_below(rng, 150000);
		do {
			next = (size_t)rng_below(rng, COUNT(changes));
		} while (next == now);
		/* The table's own formats. */
		used += (size_t)snprintf(buf + used, size - used, changes[now].end, at);
		used += (size_t)snprintf(
			buf + used, size - used, changes[next].begin, at,
			changes[next].least + (int)rng_below(rng, (uint64_t)(changes[next].most -
									     changes[next].least) +
									  1u));
		now = next;
	}
}

#define FOR_EVER 1e9 /* seconds of a transfer that failed */

/* The time of each setting over all set-ups. */
struct sums {
	double own, fixed[POINTS];
	bool tried[POINTS];
};

/* False where a fixed setting is faster by more than the share. */
static bool compare(const char *sim, struct sums *sums)
{
	const double own = seconds(sim, "");
	double best = FOR_EVER, taken;
	char set[160], by[160] = "none";

	for (size_t n = 0; n < POINTS; n++) {
		if (!sums->tried[n])
			continue;
		point(n, set, sizeof(set));
		taken = seconds(sim, set);
		if (taken <= 0)
			taken = FOR_EVER;
		sums->fixed[n] += taken;
		if (taken >= best)
			continue;
		best = taken;
		(void)snprintf(by, sizeof(by), "%s", set);
	}
	sums->own += own > 0 ? own : FOR_EVER;
	print_message("| `%s` | %.1f | %.1f | %.3f | `%s` |\n", sim, SIZE / own / 1000,
		      SIZE / best / 1000, best / own, by);
	(void)fflush(stdout);
	return own > 0 && best >= SHARE * own;
}

static void test_changing(void **state)
{
	const bool whole = getenv("GRID_WHOLE") != NULL;
	const char *seed = getenv("GRID_SEED");
	const unsigned int setups = whole ? SETUPS_WHOLE : SETUPS;
	static struct sums sums;
	unsigned int missed = 0;
	char sim[320], set[160];
	size_t best = POINTS;
	struct rng rng;

	(void)state;
	rng_init(&rng, seed ? strtoull(seed, NULL, 10) : 1);
	for (size_t n = 0; n < POINTS; n++)
		sums.tried[n] = whole;
	/* The first one is the shortest interval on 2M, which fixed settings do best with. */
	sums.tried[0] = true;
	for (unsigned int i = 0; i < TRIES; i++)
		sums.tried[rng_below(&rng, POINTS)] = true;
	for (unsigned int i = 0; i < setups; i++) {
		draw_setup(&rng, sim, sizeof(sim));
		missed += !compare(sim, &sums);
	}
	for (size_t n = 0; n < POINTS; n++)
		if (sums.tried[n] && (best == POINTS || sums.fixed[n] < sums.fixed[best]))
			best = n;
	assert_true(best < POINTS);
	if (best == POINTS)
		return;
	point(best, set, sizeof(set));
	print_message("All together take %.1f s, and %.1f s with %s\n", sums.own, sums.fixed[best],
		      set);
	assert_int_equal(missed, 0);
	assert_true(sums.fixed[best] >= SHARE_TOGETHER * sums.own);
}

/* Nothing but buffers changes, which the shortest interval suits all the time. */
static void test_buffers(void **state)
{
	static const char *const sims[] = {
		"flash=ideal,fault=buffers@400000:2",
		"flash=typical,flash_mode=usual,fault=buffers@400000:2",
		"flash=typical,flash_mode=auto-suspend,fault=buffers@100000:3,"
		"fault=buffers@350000:0,fault=buffers@600000:3",
	};
	char set[160];

	(void)state;
	point(0, set, sizeof(set));
	for (size_t i = 0; i < COUNT(sims); i++) {
		const double own = seconds(sims[i], ""), fixed = seconds(sims[i], set);

		print_message("%s: %.1f kB/s, %.1f with %s\n", sims[i], SIZE / own / 1000,
			      SIZE / fixed / 1000, set);
		assert_true(own > 0 && fixed >= SHARE_BUFFERS * own);
	}
}

static int set_up(void **state)
{
	struct program_ran r;
	int code;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(image, sizeof(image), "%s/image.bin", folder);
	r = program_run("sample-image --chip=esp32c3 --size=%u %s", SIZE, image);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_changing),
					   cmocka_unit_test(test_buffers)};

	return cmocka_run_group_tests_name("changing", tests, set_up, tear_down);
}
