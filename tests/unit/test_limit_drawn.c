/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on set-ups that nobody wrote down: a seed draws chip, flash and link, and one cause
 * of a value of its own.  The same without the cause tells what it costs.  Where that is a quarter of
 * the time or more the verdict must name it; whatever change it advises must, in another run, make
 * what it says; and the shares must be the transfer's time.
 *
 * `make check` takes a few; LIMIT_RUNS=N takes N, LIMIT_FIRST=SEED begins there.
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
#include "explain/budget.h"
#include "programlib.h"

#define RUNS 80u /* of a check: four of each cause */
#define FIRST 61u
#define DOMINANT 0.25 /* of the time is saved without it */
#define WITHIN 0.15 /* of the predicted rate */
#define TEXT 160u

static char folder[] = "/tmp/test_limit_drawn.XXXXXX";

struct setup {
	uint64_t seed;
	const char *chip, *limits; /* one of these, with commas */
	char base[TEXT]; /* of --sim, cause or not */
	char sim[TEXT], set[TEXT]; /* of the cause */
	char rest[TEXT]; /* settings that stay without it */
};

static int drawn(struct rng *rng, int least, int most)
{
	return least + (int)rng_below(rng, (uint64_t)(most - least) + 1u);
}

/* Draws as many between 10 and 20 as between 1000 and 2000. */
static int drawn_log(struct rng *rng, int least, int most)
{
	const double step = 1.02;
	double value = least;
	int steps = 0;

	while (value < most) {
		value *= step;
		steps++;
	}
	value = least;
	for (int n = drawn(rng, 0, steps > 0 ? steps - 1 : 0); n > 0; n--)
		value *= step;
	return value < most ? (int)value : most;
}

static bool often(struct rng *rng, int percent)
{
	return drawn(rng, 1, 100) <= percent;
}

#define SIM(...) (void)snprintf(s->sim, sizeof(s->sim), __VA_ARGS__)
#define SET(...) (void)snprintf(s->set, sizeof(s->set), __VA_ARGS__)
#define REST(...) (void)snprintf(s->rest, sizeof(s->rest), __VA_ARGS__)

static void draw_buffers(struct setup *s, struct rng *rng)
{
	static const char *const intervals[] = {"7.5", "15", "30", "50"};

	SIM(",buffers=%dx251/event", drawn(rng, 1, 4));
	if (often(rng, 60))
		SET("-s connection_interval_ms=%s", intervals[drawn(rng, 0, 3)]);
}

static void draw_fragments(struct setup *s, struct rng *rng)
{
	SIM(",buffers=%dx%d%s", drawn(rng, 6, 40), drawn(rng, 27, 60),
	    often(rng, 30) ? "/event" : "");
}

static void draw_data_length(struct setup *s, struct rng *rng)
{
	const int octets = drawn_log(rng, 27, 120);

	if (often(rng, 50))
		SIM(",data_length=%d", octets);
	else
		SET("-s data_length=%d", octets);
}

static void draw_interval(struct setup *s, struct rng *rng)
{
	const int ms = 25 * drawn(rng, 2, 20);

	if (often(rng, 40))
		SIM(",interval=%d", ms);
	else
		SET("-s connection_interval_ms=%d", ms);
}

static void draw_phy(struct setup *s, struct rng *rng)
{
	s->chip = "esp32c3";
	SET("-s phy=%s", often(rng, 50) ? "1M" : "keep");
}

static void draw_mtu(struct setup *s, struct rng *rng)
{
	const int mtu = often(rng, 50) ? 23 : drawn_log(rng, 23, 247);

	if (often(rng, 40))
		SIM(",mtu=%d", mtu);
	else
		SET("-s mtu_max=%d", mtu);
}

static void draw_chunk(struct setup *s, struct rng *rng)
{
	SET("-s chunk=%d", often(rng, 30) ? drawn(rng, 496, 512) : drawn_log(rng, 20, 200));
}

static void draw_request(struct setup *s, struct rng *rng)
{
	char chunk[32] = "", interval[64] = "";

	if (often(rng, 40))
		(void)snprintf(chunk, sizeof(chunk), " -s chunk=%d", drawn(rng, 60, 500));
	if (often(rng, 40))
		(void)snprintf(interval, sizeof(interval), " -s connection_interval_ms=%d",
			       5 * drawn(rng, 3, 10));
	SET("-s write_mode=request%s%s", chunk, interval);
}

static void draw_pacing(struct setup *s, struct rng *rng)
{
	SET("-s pacing_us=%d", drawn_log(rng, 4000, 60000));
}

static void draw_window(struct setup *s, struct rng *rng)
{
	SET("-s window=%d", drawn_log(rng, 512, 6000));
}

/* A window that would do, acknowledged when it is nearly used up. */
static void draw_ack_interval(struct setup *s, struct rng *rng)
{
	const int window = drawn_log(rng, 2500, 8000);

	REST("-s window=%d", window);
	SET("-s window=%d -s ack_interval=%d", window, drawn(rng, window * 3 / 5, window));
}

static void draw_slow_flash(struct setup *s, struct rng *rng)
{
	(void)rng;
	SIM(",flash=slow");
}

static void draw_slow_erase(struct setup *s, struct rng *rng)
{
	SIM(",fault=slow-erase:%d", drawn(rng, 3, 15));
}

static void draw_ring(struct setup *s, struct rng *rng)
{
	SIM(",ring=%d", 4 * drawn(rng, 2, 5));
}

static void draw_loss(struct setup *s, struct rng *rng)
{
	SIM(",loss=%d.%d", drawn(rng, 2, 11), drawn(rng, 0, 9));
}

static void draw_gaps(struct setup *s, struct rng *rng)
{
	SIM(",fault=drop-data%%%d", drawn(rng, 2, 12));
	if (often(rng, 60))
		SET("-s window=%d", drawn_log(rng, 2048, 65536));
	REST("%s", s->set);
}

static void draw_host(struct setup *s, struct rng *rng)
{
	SIM(",host_delay=%d", drawn_log(rng, 60, 600));
	if (often(rng, 50))
		SET("-s window=%d", drawn_log(rng, 4096, 32768));
	REST("%s", s->set);
}

static void draw_stack(struct setup *s, struct rng *rng)
{
	SIM(",stack_delay=%d", drawn_log(rng, 4000, 50000));
}

static void draw_task(struct setup *s, struct rng *rng)
{
	SIM(",task_delay=%d", drawn_log(rng, 10, 250));
}

static void draw_reconnects(struct setup *s, struct rng *rng)
{
	SIM(",fault=disconnect@%d", drawn(rng, 50000, 550000));
}

static const struct cause {
	const char *limits;
	void (*draw)(struct setup *s, struct rng *rng);
	bool of_device; /* its flash and its ring are as usual except for the cause */
} causes[] = {
	{"adapter-buffers", draw_buffers, false},
	{"adapter-fragments", draw_fragments, false},
	{"data-length", draw_data_length, false},
	{"interval", draw_interval, false},
	{"phy", draw_phy, false},
	{"mtu", draw_mtu, false},
	{"chunk", draw_chunk, false},
	{"write-mode", draw_request, false},
	{"pacing", draw_pacing, false},
	{"window", draw_window, false},
	{"ack-interval", draw_ack_interval, false},
	{"erase,program", draw_slow_flash, true},
	{"erase", draw_slow_erase, true},
	{"ring", draw_ring, true},
	{"loss", draw_loss, false},
	{"gaps", draw_gaps, false},
	{"host", draw_host, false},
	{"stack", draw_stack, false},
	{"device-task", draw_task, true},
	{"reconnects", draw_reconnects, false},
};
#define CAUSES (sizeof(causes) / sizeof(causes[0]))

static void draw(struct setup *s, uint64_t seed)
{
	static const char *const ways[] = {"usual", "usual", "auto-suspend", "psram"};
	const struct cause *cause = &causes[seed % CAUSES];
	char ideal[32] = "", ring[32] = "";
	struct rng rng;

	memset(s, 0, sizeof(*s));
	rng_init(&rng, seed);
	s->seed = seed;
	s->limits = cause->limits;
	s->chip = often(&rng, 50) ? "esp32" : "esp32c3";
	if (!cause->of_device && often(&rng, 15))
		(void)snprintf(ideal, sizeof(ideal), ",flash=ideal");
	if (!cause->of_device && often(&rng, 20))
		(void)snprintf(ring, sizeof(ring), ",ring=%d", 8 * drawn(&rng, 3, 16));
	(void)snprintf(s->base, sizeof(s->base), "flash_mode=%s,rssi=-%d%s%s%s",
		       ways[drawn(&rng, 0, 3)], drawn(&rng, 40, 65), ideal, ring,
		       often(&rng, 20) ? ",encrypted=yes" : "");
	cause->draw(s, &rng);
}

static struct program_ran flash(const struct setup *s, bool cause, const char *change)
{
	return program_run("--json --sim=devices=1,chip=%s,seed=%llu,%s%s %s %s %s flash "
			   "esp-sim-01 '%s/%s.bin'",
			   s->chip, (unsigned long long)s->seed, s->base, cause ? s->sim : "",
			   cause ? s->set : s->rest, change ? "-s" : "", change ? change : "",
			   folder, s->chip);
}

static double number(const struct program_ran *r, const char *key)
{
	return json_number_value(json_object_get(r->last, key));
}

static bool named(const char *limits, const char *limit)
{
	char among[64], word[32];

	(void)snprintf(among, sizeof(among), ",%s,", limits);
	(void)snprintf(word, sizeof(word), ",%s,", limit);
	return strstr(among, word) != NULL;
}

static const char *words(const struct setup *s)
{
	static char text[4 * TEXT];

	(void)snprintf(text, sizeof(text), "LIMIT_FIRST=%llu: --sim=chip=%s,seed=%llu,%s%s %s",
		       (unsigned long long)s->seed, s->chip, (unsigned long long)s->seed, s->base,
		       s->sim, s->set);
	return text;
}

static bool check_time(const struct setup *s, const struct program_ran *r)
{
	const json_t *time = json_object_get(r->last, "time");
	double sum = 0;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		sum += json_number_value(
			json_object_get(time, budget_share_name((enum budget_share)i)));
	/* To the microsecond, in which both are written. */
	if (sum > number(r, "seconds") - 1e-9 && sum < number(r, "seconds") + 1e-9)
		return true;
	print_error("%s: shares of %.7f s in %.7f s\n", words(s), sum, number(r, "seconds"));
	return false;
}

/* False where the prediction fails; change: what is advised. */
static bool check_change(const struct setup *s, const struct program_ran *before)
{
	const char *change = json_string_value(json_object_get(before->last, "change"));
	const double predicted = number(before, "predicted");
	struct program_ran after;
	double made;

	if (!change)
		return predicted == number(before, "goodput");
	after = flash(s, true, change);
	program_expect(&after, 0, "confirmed");
	made = number(&after, "goodput");
	program_done(&after);
	if (predicted <= made * (1 + WITHIN) && predicted >= made * (1 - WITHIN))
		return true;
	print_error("%s: %s makes %.0f of %.0f, not %.0f\n", words(s), change, made,
		    number(before, "goodput"), predicted);
	return false;
}

static bool check_setup(const struct setup *s, bool *ret_dominant)
{
	struct program_ran with = flash(s, true, NULL), without = flash(s, false, NULL);
	double saved;
	bool good;

	if (with.exit != 0 || without.exit != 0)
		print_error("%s\n", words(s));
	program_expect(&with, 0, "confirmed");
	program_expect(&without, 0, "confirmed");
	saved = 1 - number(&without, "seconds") / number(&with, "seconds");
	*ret_dominant = saved >= DOMINANT;
	good = check_time(s, &with);
	if (*ret_dominant && !named(s->limits, program_text(&with, "limit"))) {
		print_error("%s: %s, not %s, which costs %.0f %%\n", words(s),
			    program_text(&with, "limit"), s->limits, 100 * saved);
		good = false;
	}
	good = check_change(s, &with) && good;
	program_done(&with);
	program_done(&without);
	return good;
}

static uint64_t environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_drawn(void **state)
{
	const uint64_t first = environment("LIMIT_FIRST", FIRST);
	const uint64_t runs = environment("LIMIT_RUNS", RUNS);
	uint64_t wrong = 0, dominant = 0;
	struct setup s;
	bool costs;

	(void)state;
	for (uint64_t seed = first; seed < first + runs; seed++) {
		draw(&s, seed);
		if (!check_setup(&s, &costs))
			wrong++;
		dominant += costs ? 1u : 0u;
	}
	print_message("%llu set-ups, %llu with a cause of a quarter of the time or more\n",
		      (unsigned long long)runs, (unsigned long long)dominant);
	if (wrong > 0)
		fail_msg("%llu of %llu wrong", (unsigned long long)wrong, (unsigned long long)runs);
	if (runs >= RUNS)
		assert_true(dominant > runs / 2u);
}

static int set_up(void **state)
{
	static const char *const chips[] = {"esp32", "esp32c3"};
	char name[32];

	(void)state;
	if (program_folder_make(folder) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s.bin", chips[i]);
		program_sample(folder, name, "--chip=%s", chips[i]);
	}
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
		cmocka_unit_test(test_drawn),
	};

	return cmocka_run_group_tests_name("limit_drawn", tests, set_up, tear_down);
}
