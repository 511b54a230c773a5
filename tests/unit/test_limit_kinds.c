/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts that the figures of a link do not give: adapters that say nothing of how they work, and
 * devices that are at work when all has been sent.  Run as a user runs them.
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

#include "programlib.h"

#define WITHIN 0.15 /* of the predicted rate */

static char folder[] = "/tmp/test_limit_kinds.XXXXXX";

static double number(const struct program_ran *r, const char *key)
{
	return json_number_value(json_object_get(r->last, key));
}

static double share(const struct program_ran *r, const char *name)
{
	return json_number_value(json_object_get(json_object_get(r->last, "time"), name)) /
	       number(r, "seconds");
}

static struct program_ran flash(const char *sim, const char *set, const char *image)
{
	return program_run("--json --sim=devices=1,chip=esp32c3,%s %s flash esp-sim-01 '%s/%s'",
			   sim, set, folder, image);
}

/* --- adapters that are late, and do not say so */

static void test_late_adapter(void **state)
{
	static const struct {
		const char *sim, *set;
	} rows[] = {
		{"buffers=3x251/late", ""},
		{"buffers=6x251/late", ""},
		{"buffers=11x251/late", ""},
		{"buffers=6x251/late", "-s connection_interval_ms=7.5"},
		{"buffers=8x251/late", "-s connection_interval_ms=10"},
		{"buffers=8x251/late", "-s connection_interval_ms=30"},
		{"buffers=5x251/late", "-s connection_interval_ms=20"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sim[96], set[96];
		struct program_ran before, after;
		const char *change;
		double made;

		(void)snprintf(sim, sizeof(sim), "flash=ideal,rssi=-50,%s", rows[i].sim);
		before = flash(sim, rows[i].set, "image.bin");
		program_expect(&before, 0, "confirmed");
		if (strcmp(program_text(&before, "limit"), "adapter-buffers") != 0)
			fail_msg("%s %s: %s", rows[i].sim, rows[i].set,
				 program_text(&before, "limit"));
		change = json_string_value(json_object_get(before.last, "change"));
		if (rows[i].set[0] != '\0' && !change)
			fail_msg("%s %s: no change", rows[i].sim, rows[i].set);
		if (change) {
			(void)snprintf(set, sizeof(set), "-s %s", change);
			after = flash(sim, set, "image.bin");
			made = number(&after, "goodput");
			if (number(&before, "predicted") < made * (1 - WITHIN) ||
			    number(&before, "predicted") > made * (1 + WITHIN))
				fail_msg("%s %s: %s makes %.0f, not %.0f", rows[i].sim, rows[i].set,
					 change, made, number(&before, "predicted"));
			program_done(&after);
		}
		program_done(&before);
	}
}

/* Packets that are lost by chance are none of the adapter's. */
static void test_loss_is_loss(void **state)
{
	static const unsigned int percent[] = {3, 6, 9, 12};

	(void)state;
	for (size_t i = 0; i < sizeof(percent) / sizeof(percent[0]); i++) {
		struct program_ran r;
		char sim[96];

		(void)snprintf(sim, sizeof(sim), "flash=ideal,buffers=8x251,seed=%zu,loss=%u", i,
			       percent[i]);
		r = flash(sim, "", "image.bin");
		assert_string_equal(program_text(&r, "limit"), "loss");
		program_done(&r);
	}
}

/* A controller may keep more than those that are known: what was measured tells. */
static void test_held(void **state)
{
	static const char *const sets[] = {"-s chunk=30", "-s window=1500", "-s mtu_max=100"};

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct program_ran before = flash("flash_mode=lenient", sets[i], "image.bin");
		const char *change = json_string_value(json_object_get(before.last, "change"));
		struct program_ran after;
		char set[96];
		double made;

		assert_non_null(change);
		(void)snprintf(set, sizeof(set), "%s -s %s", sets[i], change);
		after = flash("flash_mode=lenient", set, "image.bin");
		made = number(&after, "goodput");
		if (number(&before, "predicted") < made * (1 - WITHIN) ||
		    number(&before, "predicted") > made * (1 + WITHIN))
			fail_msg("%s: %s makes %.0f, not %.0f", sets[i], change, made,
				 number(&before, "predicted"));
		program_done(&before);
		program_done(&after);
	}
}

/* The first erase passes before READY, whatever is set: of a short transfer that is a large part. */
static void test_start(void **state)
{
	const char *sim = "flash_mode=psram,seed=20007,rssi=-63";
	struct program_ran before = flash(sim, "-s pacing_us=56071", "short.bin");
	struct program_ran after = flash(sim, "-s pacing_us=0", "short.bin");

	(void)state;
	assert_string_equal(program_text(&before, "change"), "pacing_us=0");
	assert_true(number(&before, "predicted") > number(&after, "goodput") * (1 - WITHIN));
	assert_true(number(&before, "predicted") < number(&after, "goodput") * (1 + WITHIN));
	program_done(&before);
	program_done(&after);
}

/* A busy computer finds one interval better than another by chance; and what was reached is possible. */
static void test_busy_host(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 12; seed++) {
		struct program_ran r;
		char sim[96];

		(void)snprintf(sim, sizeof(sim), "encrypted=yes,seed=%u,host_delay=%u", seed,
			       150 + 10 * seed);
		r = flash(sim, "", "image.bin");
		assert_string_not_equal(program_text(&r, "limit"), "adapter-buffers");
		if (number(&r, "possible") < number(&r, "goodput"))
			fail_msg("%s: %.0f of %.0f", sim, number(&r, "goodput"),
				 number(&r, "possible"));
		program_done(&r);
	}
}

/* Protocols that are not played: what most of the time went to, and no advice. */
static void test_dialects(void **state)
{
	static const struct {
		const char *dialect, *limit;
	} rows[] = {
		{"fbiego", "pacing"},  {"fbiego-compact", "program"}, {"ble-ota-raw", "program"},
		{"bleota", "program"}, {"nimbleota", "program"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_ran r;
		char sim[64];

		(void)snprintf(sim, sizeof(sim), "dialect=%s", rows[i].dialect);
		r = flash(sim, "", "image.bin");
		assert_int_equal(r.exit, 0);
		if (strcmp(program_text(&r, "limit"), rows[i].limit) != 0)
			fail_msg("%s: %s", rows[i].dialect, program_text(&r, "limit"));
		assert_true(number(&r, "limit_share") > 0.4);
		assert_true(number(&r, "limit_share") < 1);
		assert_true(number(&r, "possible") > number(&r, "goodput"));
		assert_true(json_is_null(json_object_get(r.last, "change")));
		/* Nothing tells of lost packets. */
		assert_true(share(&r, "loss") < 0.001);
		program_done(&r);
	}
}

/* --- what is done behind the last byte */

static void test_stream(void **state)
{
	struct program_ran r;
	char sim[160];

	(void)state;
	(void)snprintf(sim, sizeof(sim), "flash_mode=usual,deflate=15,state=%s", folder);
	r = flash(sim, "", "image.bin");
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	r = flash(sim, "", "next.bin");
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), "delta");
	/* Nearly all of it is the flash's, and the two tables tell the same of it. */
	assert_true(share(&r, "end") < 0.1);
	assert_true(share(&r, "erase") + share(&r, "program") + share(&r, "read") > 0.8);
	assert_true(share(&r, "erase") > 0.3);
	assert_true(share(&r, "program") > 0.3);
	program_done(&r);
}

static int set_up(void **state)
{
	(void)state;
	if (program_folder_make(folder) < 0)
		return -1;
	(void)unsetenv("OTABENCH_IMAGE_STORE"); /* what a patch is made from */
	program_sample(folder, "image.bin", "--chip=esp32c3");
	program_sample(folder, "short.bin", "--chip=esp32c3 --size=100000");
	program_sample(folder, "next.bin", "--like='%s/image.bin' --edit=2", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return program_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_adapter), cmocka_unit_test(test_loss_is_loss),
		cmocka_unit_test(test_held),	     cmocka_unit_test(test_start),
		cmocka_unit_test(test_busy_host),    cmocka_unit_test(test_dialects),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests_name("limit_kinds", tests, set_up, tear_down);
}
