/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench sweep on virtual ESP32s, run as a user runs it.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keptfile.h"
#include "profile/profile.h"
#include "programlib.h"

static char folder[] = "/tmp/otabench-sweep.XXXXXX";

static struct program_ran sweep(const char *sim, const char *more)
{
	return program_run("--json --sim=devices=1,%s %s sweep esp-sim-01", sim, more);
}

static char *best_text(const struct program_ran *r)
{
	return json_dumps(json_object_get(r->last, "best"), JSON_SORT_KEYS);
}

/* The profile says what the result says, can be read, and tells that it is simulated. */
static void check_profile(const struct program_ran *r)
{
	const char *path = program_text(r, "profile");
	const json_t *best = json_object_get(r->last, "best");
	struct setting_errors errors;
	char text[SETTING_TEXT_MAX], head[4096] = "";
	struct profile profile;
	const char *key;
	json_t *value;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(head, 1, sizeof(head) - 1, file) > 0);
	(void)fclose(file);
	assert_non_null(strstr(head, "SIMULATED"));
	assert_non_null(strstr(head, "# Rate "));
	assert_non_null(strstr(head, "# Runner-up"));
	assert_non_null(strstr(head, "# Confidence"));
	assert_int_equal(profile_load_file(path, &profile, &errors), 0);
	json_object_foreach((json_t *)best, key, value)
	{
		const int k = setting_find(profile_settings(), PROFILE_KEYS, key);
		char *said = json_is_string(value) ? strdup(json_string_value(value))
						   : json_dumps(value, JSON_ENCODE_ANY);

		assert_true(k >= 0);
		assert_string_equal(profile_get(&profile, (enum profile_key)k, text, sizeof(text)),
				    said);
		free(said);
	}
}

static void test_result(void **state)
{
	struct program_ran r = sweep("chip=esp32c3,seed=3,buffers=3x251/event", "");

	(void)state;
	program_expect(&r, 0, "swept");
	assert_true(program_number(&r, "goodput") > 0);
	assert_true(program_number(&r, "runs") > 1);
	assert_true(program_number(&r, "runs") * 5 < program_number(&r, "grid"));
	assert_int_equal(r.events, (size_t)program_number(&r, "runs") + 2u);
	assert_true(json_is_true(json_object_get(r.last, "simulated")));
	check_profile(&r);
	program_done(&r);
}

/* A few measurements at a time end where all at once end. */
static void test_continued(void **state)
{
	const char *const sim = "chip=esp32c3,seed=5,rssi=-55";
	struct program_ran whole = sweep(sim, "-s chunk=100"), part;
	char *best = best_text(&whole), *mine;
	int times = 0;

	(void)state;
	program_expect(&whole, 0, "swept");
	for (;; times++) {
		assert_true(times < 100);
		part = program_run("--json --sim=devices=1,%s -s chunk=100 "
				   "sweep --runs=2 esp-sim-01",
				   sim);
		assert_int_equal(part.exit, 0);
		if (json_object_get(part.last, "best"))
			break;
		program_done(&part);
	}
	assert_true(times > 0);
	assert_true(program_number(&part, "runs") >= 2 * times);
	mine = best_text(&part);
	assert_string_equal(mine, best);
	free(mine);
	free(best);
	program_done(&part);
	program_done(&whole);
}

/* The only file in the folder of states. */
static char *state_file(void)
{
	char command[256], line[512] = "";
	FILE *p;

	(void)snprintf(command, sizeof(command), "ls '%s'/otabench/sweeps/*.json", folder);
	p = popen(command, "r"); /* NOLINT(cert-env33-c): a folder made by mkdtemp() */
	assert_non_null(p);
	assert_non_null(fgets(line, sizeof(line), p));
	(void)pclose(p);
	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}

/* A state that cannot be read ends in words, and stays as it is until the user says otherwise. */
static void test_bad_state(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "{\"form\":1}"};
	const char *const sim = "chip=esp32,seed=7,loss=5";
	struct program_ran r =
		program_run("--json --sim=devices=1,%s sweep --runs=2 esp-sim-01", sim);
	char *path, found[64];
	FILE *f;

	(void)state;
	assert_int_equal(r.exit, 0);
	program_done(&r);
	path = state_file();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = fopen(path, "w");
		assert_non_null(f);
		(void)fputs(bad[i], f);
		(void)fclose(f);
		r = program_run("--json --sim=devices=1,%s sweep esp-sim-01", sim);
		assert_int_equal(r.exit, 74);
		assert_non_null(strstr(program_text(&r, "error"), path));
		assert_non_null(strstr(program_text(&r, "error"), "--restart"));
		program_done(&r);
		memset(found, 0, sizeof(found));
		f = fopen(path, "r");
		assert_non_null(f);
		assert_int_equal(fread(found, 1, sizeof(found) - 1, f), strlen(bad[i]));
		assert_string_equal(found, bad[i]);
		(void)fclose(f);
	}
	r = program_run("--json --sim=devices=1,%s sweep --restart --runs=2 esp-sim-01", sim);
	assert_int_equal(r.exit, 0);
	program_done(&r);
	(void)remove(path);
	free(path);
}

/* A file of the user's in the profile's place is not replaced. */
static void test_own_file(void **state)
{
	struct program_ran r = sweep("chip=esp32,seed=9", "");
	char *path = strdup(program_text(&r, "profile"));
	char found[64] = "";
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	(void)fputs("# mine\nchunk: 100\n", f);
	(void)fclose(f);
	program_done(&r);
	r = sweep("chip=esp32,seed=9", "");
	assert_int_equal(r.exit, 74);
	program_done(&r);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(found, 1, sizeof(found) - 1, f) > 0);
	(void)fclose(f);
	assert_string_equal(found, "# mine\nchunk: 100\n");
	r = sweep("chip=esp32,seed=9", "--force");
	program_expect(&r, 0, "swept");
	program_done(&r);
	free(path);
}

/* flash takes the profile of its own device and simulation, and no other; -p goes before it. */
static void test_used(void **state)
{
	static const struct {
		const char *sim, *more, *device;
		int chunk; /* that is in force: 104 was swept with */
	} runs[] = {
		{"chip=esp32,seed=11", "", "esp-sim-01", 104},
		{"chip=esp32,seed=11", "", "24:6F:28:AA:10:01", 104},
		{"chip=esp32,seed=11", "-p default", "esp-sim-01", 495},
		{"chip=esp32,seed=12", "", "esp-sim-01", 495},
	};
	struct program_ran r = sweep("chip=esp32,seed=11", "-s chunk=104");

	(void)state;
	program_expect(&r, 0, "swept");
	program_done(&r);
	r = program_run("sample-image --size=60000 %s/image.bin", folder);
	assert_int_equal(r.exit, 0);
	program_done(&r);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		r = program_run("--json --sim=devices=1,%s %s flash %s %s/image.bin", runs[i].sim,
				runs[i].more, runs[i].device, folder);
		program_expect(&r, 0, "confirmed");
		assert_int_equal(program_number(&r, "chunk"), runs[i].chunk);
		program_done(&r);
	}
}

/* The rate that bench measures with the program's own settings by hand. */
static double by_hand(const char *sim, const char *set)
{
	struct program_ran r = program_run(
		"--json --sim=devices=1,%s %s bench --bytes=150000 esp-sim-01", sim, set);
	const double rate = json_number_value(json_object_get(r.last, "goodput"));

	program_done(&r);
	return rate;
}

/*
 * Within 5 % of the best of a grid, in at most a fifth of its measurements.  Rates are the same in
 * any build: with sanitizers each thirteenth point will do.
 */
static void test_grid(void **state)
{
	static const char *const sims[] = {
		"chip=esp32,seed=21,buffers=3x251/event", "chip=esp32,seed=22,data_length=27",
		"chip=esp32,seed=23,ring=8", "chip=esp32c3,seed=24", "chip=esp32,seed=25,mtu=185"};
	static const char *const intervals[] = {"7.5", "10", "15", "30"};
	static const char *const chunks[] = {"auto", "244", "100"};
	static const char *const windows[] = {"auto", "2048", "8192"};
	static const char *const acks[] = {"auto", "1024"};
	static const char *const modes[] = {"command", "request"};
	const size_t every = getenv("OTABENCH_INSTRUMENTED") ? 13 : 1;
	char set[256], best[256];

	(void)state;
	for (size_t i = 0; i < sizeof(sims) / sizeof(sims[0]); i++) {
		struct program_ran r = sweep(sims[i], "");
		size_t grid = 0, len = 0;
		double most = 0, rate;
		json_t *keys = json_object_get(r.last, "best");

		program_expect(&r, 0, "swept");
		for (void *at = json_object_iter(keys); at; at = json_object_iter_next(keys, at)) {
			const json_t *value = json_object_iter_value(at);
			char *to = best + len;
			const size_t room = sizeof(best) - len;
			const int n =
				json_is_string(value)
					? snprintf(to, room, "-s %s=%s ", json_object_iter_key(at),
						   json_string_value(value))
					: snprintf(to, room, "-s %s=%g ", json_object_iter_key(at),
						   json_number_value(value));

			len += (size_t)n;
		}
		for (; grid < 4u * 3u * 3u * 2u * 2u; grid++) {
			if (grid % every != 0)
				continue;
			(void)snprintf(set, sizeof(set),
				       "-s connection_interval_ms=%s -s chunk=%s -s window=%s "
				       "-s ack_interval=%s -s write_mode=%s",
				       intervals[grid % 4], chunks[grid / 4 % 3],
				       windows[grid / 12 % 3], acks[grid / 36 % 2],
				       modes[grid / 72]);
			rate = by_hand(sims[i], set);
			most = rate > most ? rate : most;
		}
		rate = by_hand(sims[i], best);
		print_message("%s: %.0f of %.0f B/s in %d of %zu\n", sims[i], rate, most,
			      (int)program_number(&r, "runs"), grid);
		assert_true(rate >= 0.95 * most);
		assert_true((size_t)program_number(&r, "runs") * 5u <= grid);
		program_done(&r);
	}
}

/* Fewer settings by hand may win though others are faster, but hardly by more than 5 %.  Chance
 * decides on which link they do: on 7 of the seeds 1 to 24, of which on two (13 and 20) the
 * runner-up was 6 % faster and the confidence 0.5.  The first from 5 on is looked at. */
static void test_confidence(void **state)
{
	bool seen = false;
	char sim[80];

	(void)state;
	for (unsigned int seed = 5; seed < 25 && !seen; seed++) {
		struct program_ran r;

		(void)snprintf(sim, sizeof(sim), "chip=esp32c3,seed=%u,loss=3", seed);
		r = sweep(sim, "");
		program_expect(&r, 0, "swept");
		seen = program_number(&r, "runner_up_goodput") > program_number(&r, "goodput");
		if (seen) {
			print_message("%s: %.2f\n", sim,
				      json_number_value(json_object_get(r.last, "confidence")));
			assert_true(json_number_value(json_object_get(r.last, "confidence")) > 0.5);
		}
		program_done(&r);
	}
	assert_true(seen);
}

static struct program_ran sweep_for(const char *sim, const char *objective)
{
	return program_run("--json --sim=devices=1,%s sweep --objective=%s esp-sim-01", sim,
			   objective);
}

/* Each objective against what it is about, on a link that loses values under load. */
static void test_objectives(void **state)
{
	const char *const sim = "chip=esp32c3,seed=13,fault=drop-data%4";
	struct program_ran fast = sweep("chip=esp32c3,seed=13", ""), small, clean;

	(void)state;
	program_expect(&fast, 0, "swept");
	small = sweep_for("chip=esp32c3,seed=13", "small-window");
	program_expect(&small, 0, "swept");
	assert_string_equal(program_text(&small, "objective"), "small-window");
	assert_true(
		json_is_integer(json_object_get(json_object_get(small.last, "best"), "window")));
	assert_true((double)program_number(&small, "goodput") >=
		    0.95 * 0.95 * (double)program_number(&fast, "goodput"));
	program_done(&small);
	/* Values are dropped whatever one sends: what comes nearest is told as just that. */
	clean = sweep_for(sim, "no-gaps");
	program_expect(&clean, 0, "swept");
	assert_true(json_is_false(json_object_get(clean.last, "objective_met")));
	assert_true(program_number(&clean, "gaps") > 0);
	/* It would be used by uploads, slow as it may be. */
	assert_true(json_is_null(json_object_get(clean.last, "profile")));
	program_done(&clean);
	clean = sweep_for("chip=esp32c3,seed=13", "no-gaps");
	program_expect(&clean, 0, "swept");
	assert_true(json_is_true(json_object_get(clean.last, "objective_met")));
	assert_int_equal(program_number(&clean, "gaps"), 0);
	assert_int_equal(program_number(&clean, "goodput"), program_number(&fast, "goodput"));
	program_done(&clean);
	program_done(&fast);
}

static void test_refused(void **state)
{
	struct program_ran r = sweep("chip=esp32,dialect=basic", "");

	(void)state;
	assert_int_equal(r.exit, 76);
	program_done(&r);
	r = program_run("--json --sim=devices=1 sweep --objective=best esp-sim-01");
	assert_int_equal(r.exit, 64);
	program_done(&r);
	r = program_run("--json --sim=devices=1 sweep --device-timeout=1 nobody");
	assert_int_equal(r.exit, 68);
	program_done(&r);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result),	   cmocka_unit_test(test_continued),
		cmocka_unit_test(test_bad_state),  cmocka_unit_test(test_own_file),
		cmocka_unit_test(test_used),	   cmocka_unit_test(test_grid),
		cmocka_unit_test(test_confidence), cmocka_unit_test(test_objectives),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("sweep_run", tests, set_up, tear_down);
}
