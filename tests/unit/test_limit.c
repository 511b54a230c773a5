/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a transfer: set-ups with one dominant cause each, drawn from seeds, run as a
 * user runs them.  The verdict must name the cause, the change that it advises must gain what
 * it says, and the shares must be the transfer's time.
 */
#include "config.h" /* system extensions: mkdtemp(), memmem() */

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
#include "explain/limit.h"
#include "explain/predict.h"
#include "programlib.h"
#include "testlib.h"

#define RUNS 2u /* seeds of each set-up and each way of the flash */
#define SIZE 600000u
#define WITHIN 0.15 /* of the predicted rate */

static char folder[] = "/tmp/test_limit.XXXXXX";

struct setup {
	const char *limits; /* one of these, with commas */
	const char *sim, *set; /* %d: drawn */
	int sim_least, sim_most, set_least, set_most;
	const char *still; /* likewise, of a device that stands still; NULL: as limits */
};

static const struct setup setups[] = {
	{"adapter-buffers", "buffers=%dx251/event", "-s connection_interval_ms=30", 2, 3, 0, 0,
	 NULL},
	{"adapter-buffers", "buffers=%dx251/event", "-s connection_interval_ms=15", 1, 1, 0, 0,
	 NULL},
	{"adapter-fragments", "buffers=%dx27", "", 12, 40, 0, 0, NULL},
	{"data-length", "data_length=%d", "", 27, 60, 0, 0, NULL},
	{"interval", "flash=ideal", "-s connection_interval_ms=%d0", 0, 0, 25, 40, NULL},
	{"mtu", "rssi=-5%d", "-s mtu_max=23", 0, 9, 0, 0, NULL},
	{"mtu", "rssi=-5%d", "-s mtu_max=%d", 0, 9, 150, 185, NULL},
	{"chunk", "rssi=-5%d", "-s chunk=%d", 0, 9, 60, 110, NULL},
	{"chunk", "flash=ideal", "-s chunk=%d", 0, 0, 497, 512, NULL},
	{"write-mode", "rssi=-5%d", "-s write_mode=request", 0, 9, 0, 0, NULL},
	{"pacing", "rssi=-5%d", "-s pacing_us=%d", 0, 9, 12000, 30000, NULL},
	{"window", "rssi=-5%d", "-s window=%d", 0, 9, 1024, 2048, NULL},
	{"erase,program", "flash=slow,rssi=-5%d", "", 0, 9, 0, 0, NULL},
	{"erase", "fault=slow-erase:%d", "", 5, 12, 0, 0, NULL},
	/* A ring of any size is of no use while the device stands still. */
	{"ring", "ring=8,rssi=-5%d", "", 0, 9, 0, 0, "erase"},
	{"loss", "loss=%d", "", 5, 8, 0, 0, NULL},
	{"gaps", "fault=drop-data%%%d", "-s window=%d", 8, 12, 16384, 32768, NULL},
	/* A chip that stands still waits more for its erases than for the host. */
	{"host", "host_delay=%d", "", 300, 500, 0, 0, "host,erase"},
	{"host", "host_delay=%d", "-s window=8192", 150, 300, 0, 0, NULL},
	{"stack", "stack_delay=%d000", "", 9, 40, 0, 0, NULL},
	{"device-task", "task_delay=%d", "", 25, 200, 0, 0, NULL},
	{"erase", "dialect=basic,rssi=-5%d", "", 0, 9, 0, 0, NULL},
	{"air", "flash=ideal,rssi=-5%d", "", 0, 9, 0, 0, NULL},
};

static int drawn(struct rng *rng, int least, int most)
{
	return least + (int)rng_below(rng, (uint64_t)most - (uint64_t)least + 1u);
}

static struct program_ran flash(uint64_t seed, const char *sim, const char *set, const char *change)
{
	return program_run("--json --sim=devices=1,chip=esp32,seed=%llu,%s %s %s %s flash "
			   "esp-sim-01 '%s/image.bin'",
			   (unsigned long long)seed, sim, set, change ? "-s" : "",
			   change ? change : "", folder);
}

static double number(const struct program_ran *r, const char *key)
{
	return json_number_value(json_object_get(r->last, key));
}

static void check_time(const struct program_ran *r)
{
	const json_t *time = json_object_get(r->last, "time");
	double sum = 0;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++) {
		const char *name = budget_share_name((enum budget_share)i);
		const double part = json_number_value(json_object_get(time, name));

		assert_true(json_is_number(json_object_get(time, name)));
		assert_true(part >= 0);
		sum += part;
	}
	/* To the microsecond, in which both are written. */
	if (sum < number(r, "seconds") - 1e-9 || sum > number(r, "seconds") + 1e-9)
		fail_msg("shares of %.7f s in %.7f s", sum, number(r, "seconds"));
}

static bool named(const char *limits, const char *limit)
{
	char among[64], word[32];

	(void)snprintf(among, sizeof(among), ",%s,", limits);
	(void)snprintf(word, sizeof(word), ",%s,", limit);
	return strstr(among, word) != NULL;
}

static void check(const struct setup *s, uint64_t seed, bool still)
{
	const char *limits = still && s->still ? s->still : s->limits;
	struct program_ran before, after;
	char sim[96], set[64];
	struct rng rng;
	const char *change;
	double predicted;

	rng_init(&rng, seed);
	/* The table's own formats: one number each at most. */
	(void)snprintf(sim, sizeof(sim), s->sim, drawn(&rng, s->sim_least, s->sim_most));
	(void)snprintf(sim + strlen(sim), sizeof(sim) - strlen(sim), ",flash_mode=%s",
		       still ? "usual" : "auto-suspend");
	(void)snprintf(set, sizeof(set), s->set, drawn(&rng, s->set_least, s->set_most));
	before = flash(seed, sim, set, NULL);
	if (before.exit != 0)
		print_error("--sim=%s %s\n", sim, set);
	program_expect(&before, 0, strstr(sim, "basic") ? "delivered" : "confirmed");
	check_time(&before);
	if (!named(limits, program_text(&before, "limit")))
		fail_msg("%s %s: %s, not %s", sim, set, program_text(&before, "limit"), limits);
	assert_non_null(program_text(&before, "advice"));
	assert_true(program_number(&before, "possible") > 0);
	predicted = number(&before, "predicted");
	change = json_string_value(json_object_get(before.last, "change"));
	if (change) {
		after = flash(seed, sim, set, change);
		program_expect(&after, 0, "confirmed");
		if (predicted > number(&after, "goodput") * (1 + WITHIN) ||
		    predicted < number(&after, "goodput") * (1 - WITHIN))
			fail_msg("%s %s: %s makes %.0f of it, not %.0f", sim, set, change,
				 number(&after, "goodput"), predicted);
		program_done(&after);
	} else {
		assert_true(predicted == number(&before, "goodput"));
	}
	program_done(&before);
}

static void test_setups(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++)
		for (uint64_t run = 0; run < 2u * RUNS; run++)
			check(&setups[i], 100u * i + run + 1u, run % 2u == 0);
}

/* Time in which the link was down belongs neither to the air nor to the device. */
static void test_reconnects(void **state)
{
	struct program_ran r = flash(1, "flash=ideal,fault=disconnect@300000", "", NULL);

	(void)state;
	program_expect(&r, 0, "confirmed");
	check_time(&r);
	assert_string_equal(program_text(&r, "limit"), "reconnects");
	assert_true(json_number_value(json_object_get(json_object_get(r.last, "time"), "down")) >
		    0.3);
	program_done(&r);
}

/* A link that stays on 1M though 2M was asked for: named behind all that somebody can set. */
static void test_refused(void **state)
{
	struct limit_input in = {
		.now = {.link = {.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 30000},
			.value = 495,
			.header = OTA_DATA_HEADER,
			.window = 32768,
			.ack_interval = 8192,
			.size = 600000},
		.bytes = 600000,
		.values = 1217,
		.mtu = 517,
		.device_2m = true,
		.phy_refused = true,
		.window_auto = true,
	};
	struct limit limit;

	(void)state;
	in.seconds_us = predict_us(&in.now) + 150000u;
	in.shares[BUDGET_AIR] = in.seconds_us;
	limit_judge(&in, &limit);
	assert_int_equal(limit.cause, LIMIT_PHY);
	assert_true(limit.share_ppm > 350000);
	assert_string_equal(limit.change, "");
	assert_int_equal(limit.predicted, limit.goodput);
	in.phy_refused = false;
	limit_judge(&in, &limit);
	assert_int_equal(limit.cause, LIMIT_AIR);
	/* A cause that somebody may change comes first. */
	in.phy_refused = true;
	in.now.link.data_length = 27;
	in.seconds_us = predict_us(&in.now) + 150000u;
	limit_judge(&in, &limit);
	assert_int_equal(limit.cause, LIMIT_DATA_LENGTH);
	assert_int_equal(limit.second, LIMIT_PHY);
	/* The flash does not, unless it takes far more. */
	in.now.link.data_length = 251;
	in.now.ring = 32768;
	in.now.write_us = 100000;
	in.now.held_pdus = 8;
	for (unsigned int i = 0; i < 2; i++) {
		in.now.erase_us = i > 0 ? 3000000u : 200000u;
		in.seconds_us = predict_us(&in.now) + 150000u;
		limit_judge(&in, &limit);
		assert_int_equal(limit.cause, i > 0 ? LIMIT_ERASE : LIMIT_PHY);
		assert_int_equal(limit.second, i > 0 ? LIMIT_PHY : LIMIT_ERASE);
	}
}

/* Each cause has a paragraph in the manual. */
static void test_manual(void **state)
{
	char *path = test_source_path("docs/otabench.1");
	size_t size;
	uint8_t *page = test_load_file(path, &size);

	(void)state;
	assert_non_null(page);
	for (int c = LIMIT_AIR; c < LIMIT_CAUSES; c++) {
		const char *name = limit_cause_name((enum limit_cause)c);
		char line[64] = "\n.B ";
		size_t len = strlen(line);

		for (; *name && len + 3 < sizeof(line); name++) {
			if (*name == '-')
				line[len++] = '\\';
			line[len++] = *name;
		}
		line[len++] = '\n';
		if (!memmem(page, size, line, len))
			fail_msg("%s is not in the manual", limit_cause_name((enum limit_cause)c));
	}
	free(page);
	free(path);
}

/* The predicted time of a late adapter agrees with the time that a modelled one takes. */
static void test_late_predicted(void **state)
{
	static const uint32_t intervals_us[] = {7500, 10000, 11250, 15000, 20000, 50000};
	struct predict p = {
		.link = {.data_length = 251, .buffers = 8, .buffer_octets = 251, .late = true},
		.value = 495,
		.header = OTA_DATA_HEADER,
		.window = 32768,
		.ring = 32768,
		.ack_interval = 4096,
		.size = SIZE};

	(void)state;
	for (size_t i = 0; i < 2u * sizeof(intervals_us) / sizeof(intervals_us[0]); i++) {
		struct program_ran r;
		char sim[64], set[64];
		double played;

		p.link.phy = i % 2 == 0 ? OTA_PHY_1M : OTA_PHY_2M;
		p.link.interval_us = intervals_us[i / 2];
		(void)snprintf(sim, sizeof(sim), "phy=%s,flash=ideal,buffers=8x251/late",
			       i % 2 == 0 ? "1M" : "2M");
		(void)snprintf(set, sizeof(set), "-s chunk=495 -s connection_interval_ms=%.2f",
			       p.link.interval_us / 1000.0);
		r = flash(31, sim, set, NULL);
		program_expect(&r, 0, "confirmed");
		played = SIZE * 1e6 / (double)predict_us(&p);
		if (played < number(&r, "goodput") * (1 - WITHIN) ||
		    played > number(&r, "goodput") * (1 + WITHIN))
			fail_msg("%s %s: %.0f, played %.0f", sim, set, number(&r, "goodput"),
				 played);
		program_done(&r);
	}
}

/*
 * An adapter that prepares its events late is not told from lost packets by one rate, but is by
 * two intervals: it is named, and no interval is advised against what was measured.
 */
static void test_late_adapter(void **state)
{
	struct program_ran r = flash(31, "phy=2M,flash=ideal,buffers=8x251/late", "", NULL);

	(void)state;
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "limit"), "adapter-buffers");
	assert_true(json_is_null(json_object_get(r.last, "change")));
	program_done(&r);
}

static int set_up(void **state)
{
	(void)state;
	if (program_folder_make(folder) < 0)
		return -1;
	program_sample(folder, "image.bin", "--quiet");
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
		cmocka_unit_test(test_setups),	       cmocka_unit_test(test_reconnects),
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_late_adapter),
		cmocka_unit_test(test_late_predicted), cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests_name("limit", tests, set_up, tear_down);
}
