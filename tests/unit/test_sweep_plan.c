/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for settings by itself, over a made-up link whose best setting is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ota/error.h"
#include "sweep/sweep_state.h"

/* A link as no model has it: it likes one interval, one PHY and one window. */
struct world {
	int32_t phy, interval, window; /* the best; 0: makes no difference */
	uint32_t noise_ppm, gaps_ppm;
	uint64_t seed;
};

/* 1 at the best value, and less on both sides of it. */
static double factor(int32_t value, int32_t best, double weight)
{
	const double away = value > best ? value - best : best - value;

	return value <= 0 || best == 0 ? 1 : 1 - weight * away / (value + best);
}

/* The same answer whenever the n-th measurement of a search is asked for. */
static struct sweep_sample answer(const struct world *w, const struct sweep *s,
				  const struct sweep_request *q)
{
	struct sweep_sample x = {.stage = q->stage, .point = q->point, .bytes = q->bytes};
	double rate = 50000;
	struct rng rng;

	rng_init(&rng, w->seed + s->count);
	rate *= s->axes[SWEEP_PHY].value[q->point.at[SWEEP_PHY]] == w->phy ? 1 : 0.6;
	rate *= factor(s->axes[SWEEP_INTERVAL].value[q->point.at[SWEEP_INTERVAL]], w->interval,
		       0.5);
	rate *= factor(s->axes[SWEEP_WINDOW].value[q->point.at[SWEEP_WINDOW]], w->window, 0.6);
	if (w->window > 0 && s->axes[SWEEP_WINDOW].value[q->point.at[SWEEP_WINDOW]] <= 0)
		rate *= 0.75;
	if (s->axes[SWEEP_MODE].value[q->point.at[SWEEP_MODE]] == GATT_REQUEST)
		rate *= 0.3;
	if (w->noise_ppm > 0)
		rate *= 1 + ((double)rng_below(&rng, 2u * w->noise_ppm) - w->noise_ppm) / 1e6;
	x.send_us = (uint64_t)(x.bytes / rate * 1e6);
	x.around_us = 100000;
	x.values = x.bytes / 493u + 1u;
	x.gaps = s->axes[SWEEP_PACING].value[q->point.at[SWEEP_PACING]] < 2500
			 ? (uint32_t)((uint64_t)x.values * w->gaps_ppm / 1000000u)
			 : 0;
	x.window = 32768;
	if (s->axes[SWEEP_WINDOW].value[q->point.at[SWEEP_WINDOW]] > 0)
		x.window = (uint32_t)s->axes[SWEEP_WINDOW].value[q->point.at[SWEEP_WINDOW]];
	return x;
}

static struct sweep_facts facts = {
	.link = {.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 15000, .refill = true},
	.mtu = 517,
	.header = 2,
	.ring = 65536,
	.phys = OTA_PHYS_1M | OTA_PHYS_2M,
};

static void begin(struct sweep *s, enum sweep_objective objective)
{
	struct profile bounds;

	profile_defaults(&bounds);
	sweep_init(s, objective, &bounds);
}

/* One measurement; false: it is over. */
static bool step(const struct world *w, struct sweep *s)
{
	struct sweep_request q;
	struct sweep_sample x;

	if (!sweep_next(s, &q))
		return false;
	assert_true(q.bytes > 0);
	if (q.stage == SWEEP_STAGE_FIRST)
		sweep_learn(s, &facts, &q.point);
	x = answer(w, s, &q);
	assert_int_equal(sweep_add(s, &x), 0);
	return true;
}

static int32_t value(const struct sweep *s, const struct sweep_score *x, enum sweep_axis axis)
{
	return s->axes[axis].value[x->point.at[axis]];
}

static void test_finds(void **state)
{
	static const struct world worlds[] = {
		{.phy = 1, .interval = 12, .window = 8192},
		{.phy = 2, .interval = 6, .window = 65536},
		{.phy = 2, .interval = 12, .window = 2048, .noise_ppm = 20000},
	};
	struct sweep_result r;
	struct sweep s;

	(void)state;
	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		begin(&s, SWEEP_FASTEST);
		while (step(&worlds[i], &s))
			;
		assert_true(sweep_best(&s, &r));
		print_message("%zu: %zu of %u measured, %u B/s\n", i, s.count, sweep_grid(&s),
			      r.best.rate);
		assert_int_equal(value(&s, &r.best, SWEEP_PHY), worlds[i].phy);
		assert_int_equal(value(&s, &r.best, SWEEP_WINDOW), worlds[i].window);
		assert_true(r.best.rate > 0.95 * 47500);
		assert_true(s.count * 5 < sweep_grid(&s));
		assert_true(s.count <= 48);
		assert_true(r.met);
		assert_true(r.best.runs >= 2);
	}
}

/*
 * A key that the profile fixes is not varied, and nothing is asked for that the device has not got.
 */
static void test_bounds(void **state)
{
	const struct world w = {.phy = 2, .interval = 24, .window = 8192};
	struct sweep_result r;
	struct profile bounds;
	struct sweep_facts old = facts;
	struct sweep_point point;
	struct sweep s;

	(void)state;
	profile_defaults(&bounds);
	bounds.connection_interval = 16;
	bounds.window = 4096;
	sweep_init(&s, SWEEP_FASTEST, &bounds);
	while (step(&w, &s))
		;
	assert_true(sweep_best(&s, &r));
	for (size_t i = 0; i < s.count; i++) {
		struct sweep_score x = {.point = s.samples[i].point};

		assert_int_equal(value(&s, &x, SWEEP_INTERVAL), 16);
		assert_int_equal(value(&s, &x, SWEEP_WINDOW), 4096);
	}
	begin(&s, SWEEP_FASTEST);
	old.phys = OTA_PHYS_1M;
	old.mtu = 185;
	old.ring = 8192;
	sweep_learn(&s, &old, &point);
	for (uint8_t i = 0; i < s.axes[SWEEP_PHY].count; i++)
		assert_int_equal(s.axes[SWEEP_PHY].value[i], 1);
	for (uint8_t i = 0; i < s.axes[SWEEP_CHUNK].count; i++)
		assert_true(s.axes[SWEEP_CHUNK].value[i] <= 182);
	for (uint8_t i = 0; i < s.axes[SWEEP_WINDOW].count; i++)
		assert_true(s.axes[SWEEP_WINDOW].value[i] <= 8192);
	for (uint8_t i = 0; i < s.axes[SWEEP_MODE].count; i++)
		assert_true(s.axes[SWEEP_MODE].value[i] != GATT_ACQUIRE);
}

static void test_objectives(void **state)
{
	const struct world w = {.phy = 2, .interval = 12, .window = 65536, .gaps_ppm = 20000};
	struct sweep_result r;
	struct sweep s;

	(void)state;
	begin(&s, SWEEP_NO_GAPS);
	while (step(&w, &s))
		;
	assert_true(sweep_best(&s, &r));
	assert_true(r.met);
	assert_int_equal(r.best.gaps, 0);
	assert_true(value(&s, &r.best, SWEEP_PACING) >= 2500);

	/* Without a ring it is the link alone that the window is for. */
	facts.ring = 0;
	begin(&s, SWEEP_SMALL_WINDOW);
	while (step(&(struct world){.phy = 2, .interval = 12}, &s))
		; /* the window makes no difference */
	assert_true(sweep_best(&s, &r));
	assert_int_equal(value(&s, &r.best, SWEEP_WINDOW), s.axes[SWEEP_WINDOW].value[1]);
	facts.ring = 65536;
}

/* Through a file and back. */
static void reload(struct sweep *s)
{
	json_t *json = sweep_to_json(s);
	char *text, why[96] = "";

	assert_non_null(json);
	text = json_dumps(json, 0);
	json_decref(json);
	json = json_loads(text, 0, NULL);
	free(text);
	memset(s, 0xa5, sizeof(*s));
	if (sweep_from_json(json, s, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	json_decref(json);
}

/* Wherever it is interrupted, it goes on as if it had not been. */
static void test_interrupted(void **state)
{
	struct sweep whole, parts;
	struct sweep_result a, b;
	struct rng rng;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		const struct world w = {
			.phy = seed % 2 ? 2 : 1,
			.interval = seed % 3 ? 12 : 24,
			.window = 4096 << seed % 4,
			.noise_ppm = 30000,
			.gaps_ppm = seed % 5 ? 0 : 10000,
			.seed = seed * 1000,
		};
		const enum sweep_objective o = (enum sweep_objective)(seed % SWEEP_OBJECTIVES);

		begin(&whole, o);
		while (step(&w, &whole))
			;
		begin(&parts, o);
		rng_init(&rng, seed);
		do {
			if (rng_below(&rng, 3) == 0)
				reload(&parts);
		} while (step(&w, &parts));
		assert_true(sweep_best(&whole, &a));
		assert_true(sweep_best(&parts, &b));
		assert_int_equal(whole.count, parts.count);
		assert_true(sweep_same(&a.best.point, &b.best.point));
		assert_int_equal(a.best.rate, b.best.rate);
	}
}

/* Each member of a state left out, or made another thing: refused with its name, never taken. */
static void test_damaged(void **state)
{
	static const char *const members[] = {"form", "objective", "axes", "facts", "samples"};
	const struct world w = {.phy = 2, .interval = 12, .window = 8192};
	struct sweep s, before;
	json_t *json, *bad;
	char why[96];

	(void)state;
	begin(&s, SWEEP_FASTEST);
	for (int i = 0; i < 6; i++)
		assert_true(step(&w, &s));
	json = sweep_to_json(&s);
	before = s;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		for (int how = 0; how < 4; how++) {
			bad = json_deep_copy(json);
			if (how == 0)
				(void)json_object_del(bad, members[i]);
			else
				(void)json_object_set_new(bad, members[i],
							  how == 1   ? json_integer(-7)
							  : how == 2 ? json_string("\x7f")
								     : json_pack("[i,s]", 1, "x"));
			why[0] = '\0';
			assert_int_equal(sweep_from_json(bad, &s, why, sizeof(why)), -OTA_EBADMSG);
			assert_true(why[0] != '\0');
			assert_memory_equal(&s, &before, sizeof(s));
			json_decref(bad);
		}
	}
	/* A value that no profile may have, and a point outside of the axes. */
	bad = json_deep_copy(json);
	(void)json_array_set_new(json_object_get(json_object_get(bad, "axes"), "chunk"), 1,
				 json_integer(513));
	assert_int_equal(sweep_from_json(bad, &s, why, sizeof(why)), -OTA_EBADMSG);
	json_decref(bad);
	bad = json_deep_copy(json);
	(void)json_array_set_new(
		json_object_get(json_array_get(json_object_get(bad, "samples"), 0), "at"), 2,
		json_integer(11));
	assert_int_equal(sweep_from_json(bad, &s, why, sizeof(why)), -OTA_EBADMSG);
	json_decref(bad);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds),	   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_objectives), cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("sweep_plan", tests, NULL, NULL);
}
