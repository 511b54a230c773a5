/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings that `otabench sweep` finds against a whole grid of settings by hand, on set-ups
 * with one dominant cause each: at least 0.95 of the grid's best, for the link alone and for a
 * whole update, in at most a fifth of the grid's runs.
 *
 * `make sweep-grid` runs the whole grid and writes down the best point of each set-up
 * (sweep_grid.txt); `make check` runs these points again beside a few others of the grid, so that
 * no rate is taken from the file.  Rates are the same in any build: with sanitizers each of these
 * points runs once, for what they find on the way, and nothing is compared.  SWEEP_ONLY=N runs one set-up, SWEEP_SEED=N other runs on all.
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

#include <cmocka.h>

#include "base/rng.h"
#include "keptfile.h"
#include "programlib.h"
#include "testlib.h"

#define SHARE 0.95
#define TRIES 6u /* points of the grid on each set-up, in a check */
#define COMPARING 24u /* runs by which points are compared where chance decides ... */
#define FINALISTS 6u /* ... of so many that one run each has put first */
#define LINK_BYTES 300000
#define IMAGE_BYTES 300000
#define POINT_MAX 200u

/* chance: what gets lost differs from run to run. */
static const struct setup {
	const char *sim, *set;
	bool chance;
} setups[] = {
	{"chip=esp32c3,buffers=3x251/event", "", false},
	{"chip=esp32,buffers=1x251/event", "", false},
	{"chip=esp32,buffers=15x27/event", "", false},
	{"chip=esp32c3,buffers=8x251/late", "", false},
	{"chip=esp32c3,data_length=27", "", false},
	{"chip=esp32,interval=50", "", false},
	{"chip=esp32,supervision=6000", "-s connection_interval_ms=400", false},
	{"chip=esp32c3", "", false},
	{"chip=esp32c3,phy=1M", "", false},
	{"chip=esp32,mtu=23", "", false},
	{"chip=esp32c3,mtu=185", "", false},
	{"chip=esp32", "-s chunk=512", false},
	{"chip=esp32c3", "-s chunk=100", false},
	{"chip=esp32c3", "-s write_mode=request", false},
	{"chip=esp32", "-s pacing_us=15000", false},
	{"chip=esp32c3", "-s window=2048", false},
	{"chip=esp32c3,ring=256", "", false},
	{"chip=esp32c3,flash=slow", "", false},
	{"chip=esp32c3,flash=slow,flash_mode=auto-suspend", "", false},
	{"chip=esp32,fault=slow-erase:5", "", false},
	{"chip=esp32c3,ring=8", "", false},
	{"chip=esp32c3,loss=5", "", true},
	{"chip=esp32c3,fault=drop-data%10", "", true},
	{"chip=esp32,host_delay=300", "", false},
	{"chip=esp32c3,stack_delay=20000", "", false},
	{"chip=esp32c3,encrypted=yes", "", false},
};
#define SETUPS (sizeof(setups) / sizeof(setups[0]))

enum metric { METRIC_LINK, METRIC_UPDATE, METRICS };
static const char *const metric_names[METRICS] = {"link", "update"};

/* The grid: a part of what a sweep may choose from, so that a whole one takes minutes. */
static const struct axis {
	const char *key;
	const char *values[8];
	size_t count;
} axes[] = {
	{"phy", {"1M", "2M"}, 2},
	{"connection_interval_ms", {"7.5", "10", "12.5", "15", "30", "50"}, 6},
	{"chunk", {"auto", "100", "182", "244", "495"}, 5},
	{"write_mode", {"command", "request"}, 2},
	{"window", {"auto", "1024", "4096", "8192", "32768"}, 5},
	{"ack_interval", {"auto", "1024", "4096"}, 3},
	{"pacing_us", {"0", "2500"}, 2},
};
#define AXES (sizeof(axes) / sizeof(axes[0]))

static char folder[] = "/tmp/otabench-sweepgrid.XXXXXX";
static bool whole, instrumented;

/* The axis has one value: that of the set-up. */
static bool is_given(const struct setup *s, const struct axis *a)
{
	return strstr(s->set, a->key) != NULL;
}

static size_t grid_size(const struct setup *s)
{
	size_t n = 1;

	for (size_t a = 0; a < AXES; a++)
		n *= is_given(s, &axes[a]) ? 1 : axes[a].count;
	return n;
}

static void point_of(const struct setup *s, size_t n, char ret[POINT_MAX])
{
	size_t len = (size_t)snprintf(ret, POINT_MAX, "%s", s->set);

	for (size_t a = 0; a < AXES; a++) {
		if (is_given(s, &axes[a]))
			continue;
		len += (size_t)snprintf(ret + len, POINT_MAX - len, " -s %s=%s", axes[a].key,
					axes[a].values[n % axes[a].count]);
		n /= axes[a].count;
	}
}

/* The name of its image, too. */
static const char *chip_of(const struct setup *s)
{
	return strncmp(s->sim, "chip=esp32c3", 12) == 0 ? "esp32c3" : "esp32";
}

/* Bytes per second; 0: it failed. */
static double goodput(const struct setup *s, enum metric metric, const char *set, unsigned int seed)
{
	struct program_ran r =
		metric == METRIC_LINK
			? program_run("--json --sim=devices=1,%s,seed=%u %s bench --bytes=%d "
				      "esp-sim-01",
				      s->sim, seed, set, LINK_BYTES)
			: program_run("--json --sim=devices=1,%s,seed=%u %s flash esp-sim-01 %s/%s",
				      s->sim, seed, set, folder, chip_of(s));
	const double rate = r.exit == 0 ? json_number_value(json_object_get(r.last, "goodput")) : 0;

	program_done(&r);
	return rate;
}

/* Of several runs together where chance decides. */
static double compared(const struct setup *s, enum metric metric, const char *set)
{
	const unsigned int runs = s->chance && !instrumented ? COMPARING : 1;
	double time = 0;

	for (unsigned int seed = 100; seed < 100 + runs; seed++) {
		const double rate = goodput(s, metric, set, seed);

		if (rate <= 0)
			return 0;
		time += 1 / rate;
	}
	return runs / time;
}

/* --- the best points, as they were written down */

static char *list_path(void)
{
	return test_source_path("tests/unit/sweep_grid.txt");
}

static bool find_listed(size_t setup, enum metric metric, char ret[POINT_MAX])
{
	char *path = list_path(), line[POINT_MAX + 200], wanted[200];
	FILE *in = fopen(path, "r");
	bool found = false;
	int len;

	assert_non_null(in);
	len = snprintf(wanted, sizeof(wanted), "%s|%s|%s|", setups[setup].sim, setups[setup].set,
		       metric_names[metric]);
	while (!found && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, wanted, (size_t)len) == 0;
		if (found)
			(void)snprintf(ret, POINT_MAX, "%s", line + len);
	}
	(void)fclose(in);
	free(path);
	return found;
}

struct finalist {
	double rate;
	size_t point;
};

static double grid_best(size_t setup, enum metric metric, char ret[POINT_MAX])
{
	const struct setup *s = &setups[setup];
	struct finalist list[FINALISTS] = {{0, 0}};
	char point[POINT_MAX];
	double best = 0;

	for (size_t n = 0; n < grid_size(s); n++) {
		struct finalist one = {0, n};
		size_t at = FINALISTS;

		point_of(s, n, point);
		one.rate = goodput(s, metric, point, 1);
		for (; at > 0 && one.rate > list[at - 1].rate; at--)
			if (at < FINALISTS)
				list[at] = list[at - 1];
		if (at < FINALISTS)
			list[at] = one;
	}
	for (size_t i = 0; i < (s->chance ? FINALISTS : 1); i++) {
		double rate;

		point_of(s, list[i].point, point);
		rate = compared(s, metric, point);
		if (rate <= best)
			continue;
		best = rate;
		(void)snprintf(ret, POINT_MAX, "%s", point);
	}
	return best;
}

/* The best of what was written down and of points that are drawn. */
static double sample_best(size_t setup, enum metric metric, char ret[POINT_MAX])
{
	const struct setup *s = &setups[setup];
	char point[POINT_MAX];
	struct rng rng;
	double best;

	if (!find_listed(setup, metric, ret))
		fail_msg("%s %s is not in sweep_grid.txt: make sweep-grid", s->sim, s->set);
	best = compared(s, metric, ret);
	rng_init(&rng, setup);
	for (size_t i = 0; i < TRIES && !s->chance && !instrumented; i++) {
		double rate;

		point_of(s, (size_t)rng_below(&rng, grid_size(s)), point);
		rate = compared(s, metric, point);
		if (rate <= best)
			continue;
		best = rate;
		(void)snprintf(ret, POINT_MAX, "%s", point);
	}
	return best;
}

/* --- the sweep */

static struct program_ran sweep(const struct setup *s, char set[POINT_MAX])
{
	const char *seed = getenv("SWEEP_SEED");
	struct program_ran r = program_run(
		"--json --sim=devices=1,%s,seed=%s %s sweep --no-save --restart esp-sim-01", s->sim,
		seed ? seed : "1", s->set);
	const char *key;
	json_t *value;
	size_t len = 0;

	program_expect(&r, 0, "swept");
	set[0] = '\0';
	json_object_foreach(json_object_get(r.last, "best"), key, value)
	{
		char *text = json_is_string(value) ? strdup(json_string_value(value))
						   : json_dumps(value, JSON_ENCODE_ANY);

		len += (size_t)snprintf(set + len, POINT_MAX - len, " -s %s=%s", key, text);
		free(text);
	}
	return r;
}

static bool check(size_t setup, FILE *list)
{
	const struct setup *s = &setups[setup];
	char found[POINT_MAX], point[POINT_MAX] = "";
	struct program_ran r = sweep(s, found);
	const size_t runs = (size_t)program_number(&r, "runs");
	bool good = runs * 5u <= grid_size(s);

	if (!good)
		print_error("%s %s: %zu runs of %zu\n", s->sim, s->set, runs, grid_size(s));
	for (enum metric m = 0; m < METRICS; m++) {
		const double own = compared(s, m, found);
		const double best =
			whole ? grid_best(setup, m, point) : sample_best(setup, m, point);
		const bool reached = own > 0 && best > 0 && (own >= SHARE * best || instrumented);

		print_message("%s %s, %s: %.1f kB/s in %zu runs, %.1f %% of the grid's\n", s->sim,
			      s->set, metric_names[m], own / 1000, runs, 100 * own / best);
		if (!reached)
			print_error("\t%.1f: %s\n\t%.1f: %s\n", own / 1000, found, best / 1000,
				    point);
		if (whole)
			print_message("\t%.1f: %s\n", best / 1000, point);
		if (list)
			(void)fprintf(list, "%s|%s|%s|%s\n", s->sim, s->set, metric_names[m],
				      point);
		good = good && reached;
	}
	program_done(&r);
	return good;
}

static void test_setups(void **state)
{
	const char *only = getenv("SWEEP_ONLY");
	char *path = whole && !only ? list_path() : NULL;
	FILE *list = path ? fopen(path, "w") : NULL;
	unsigned int missed = 0;

	(void)state;
	for (size_t i = 0; i < SETUPS; i++)
		if (!only || strtoul(only, NULL, 10) == i)
			missed += !check(i, list);
	if (list)
		assert_int_equal(fclose(list), 0);
	free(path);
	assert_int_equal(missed, 0);
}

static int set_up(void **state)
{
	static const char *const chips[] = {"esp32", "esp32c3"};

	(void)state;
	whole = getenv("SWEEP_WHOLE") != NULL;
	instrumented = getenv("OTABENCH_INSTRUMENTED") != NULL;
	if (!mkdtemp(folder))
		return -1;
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		struct program_ran r = program_run("sample-image --chip=%s --size=%d %s/%s",
						   chips[i], IMAGE_BYTES, folder, chips[i]);
		const int code = r.exit;

		program_done(&r);
		if (code != 0)
			return code;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	keptfile_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_setups)};

	return cmocka_run_group_tests_name("sweep_grid", tests, set_up, tear_down);
}
