/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs as they are kept: all of one after its end, what there was of it when its
 * program is killed, and one warning where nothing can be kept.
 */
#include "config.h" /* system extensions: mkdtemp(), setenv() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "historylib.h"
#include "history/history_priv.h"

static struct history_place place;

static int setup(void **state)
{
	(void)state;
	return history_place_make(&place, "a/b/history.db");
}

static int teardown(void **state)
{
	(void)state;
	return history_place_remove(&place);
}

static void load(int64_t id, struct history_detail *ret)
{
	struct history *history = history_place_open(&place);

	if (history_load(history, id, ret) < 0)
		fail_msg("%s", history_error(history));
	history_close(history);
}

static const struct history_key *key_of(const struct history_detail *d, const char *name)
{
	for (size_t i = 0; i < d->key_count; i++) {
		if (strcmp(d->keys[i].name, name) == 0)
			return &d->keys[i];
	}
	fail_msg("no key %s", name);
	return NULL;
}

static size_t marks_of(const struct history_detail *d, enum history_mark_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < d->mark_count; i++)
		count += d->marks[i].kind == kind;
	return count;
}

/* --- a whole run */

static bool tune(struct play *play, struct job *job)
{
	(void)play;
	assert_int_equal(job_tune_pacing(job, 500), 0);
	return true;
}

static void check_result(const struct history_run *run, const struct job_result *is)
{
	const struct job_result *kept = &run->result;

	assert_int_equal(kept->outcome, is->outcome);
	assert_string_equal(kept->what, is->what);
	assert_string_equal(kept->advice, is->advice);
	assert_int_equal(kept->seconds_us, is->seconds_us);
	assert_int_equal(kept->bytes, is->bytes);
	assert_int_equal(kept->goodput, is->goodput);
	assert_int_equal(kept->ceiling, is->ceiling);
	assert_true(kept->ratio == is->ratio);
	assert_int_equal(kept->rate_lowest, is->rate_lowest);
	assert_memory_equal(&kept->link, &is->link, sizeof(is->link));
	assert_int_equal(kept->mtu, is->mtu);
	assert_int_equal(kept->chunk, is->chunk);
	assert_int_equal(kept->mode, is->mode);
	assert_int_equal(kept->window, is->window);
	assert_int_equal(kept->retries, is->retries);
	assert_int_equal(kept->gaps, is->gaps);
	assert_int_equal(kept->stalls, is->stalls);
	assert_int_equal(kept->longest_stall_ms, is->longest_stall_ms);
	assert_int_equal(kept->sent_bytes, is->sent_bytes);
	assert_int_equal(kept->running_known, is->running_known);
	assert_string_equal(kept->running_version, is->running_version);
	assert_memory_equal(kept->running_sha256, is->running_sha256, OTA_SHA256_SIZE);
	assert_int_equal(kept->virtual_clock, is->virtual_clock);
}

static void test_whole(void **state)
{
	struct play play = {.path = place.path,
			    .options = "--sim=seed=1",
			    .image_path = "/bin/sh",
			    .set = "window=4096",
			    .fault = "drop-data@60",
			    .size = 200000,
			    .rssi = -60,
			    .at = 50000,
			    .then = tune};
	struct history_detail d;
	uint32_t before = 0;

	(void)state;
	play_run(&play);
	assert_int_equal(play.warnings, 0);
	assert_int_equal(play.heard_finished, 1);
	assert_int_equal(play.heard_tuned, 1);
	assert_true(play.heard_progress > 100);
	assert_int_equal(play.result.outcome, SESSION_CONFIRMED);
	load(1, &d);
	assert_int_equal(d.run.state, HISTORY_ENDED);
	assert_string_equal(history_outcome(&d.run), "confirmed");
	check_result(&d.run, &play.result);
	assert_string_equal(d.run.options, "--sim=seed=1");
	assert_string_equal(d.run.device, PLAY_DEVICE);
	assert_true(strlen(d.run.address) == 17);
	assert_string_equal(d.run.profile, "default");
	assert_true(d.run.image[0] == '/');
	assert_int_equal(d.run.size, 200000);
	assert_int_equal(history_percent(&d.run), 100);
	assert_true(d.run.ended_ms >= d.run.started_ms);
	assert_true(d.run.rssi_median < -50 && d.run.rssi_median > -70);
	assert_true(d.run.rssi_min <= d.run.rssi_median);
	assert_int_equal(d.run.lost_samples, 0);
	/* Asked and in force. */
	assert_int_equal(d.key_count, PROFILE_KEYS);
	assert_string_equal(key_of(&d, "window")->asked, "4096");
	assert_string_equal(key_of(&d, "chunk")->asked, "auto");
	assert_string_equal(key_of(&d, "chunk")->in_force, "495");
	assert_string_equal(key_of(&d, "pacing_us")->asked, "0");
	assert_string_equal(key_of(&d, "pacing_us")->in_force, "500");
	assert_string_equal(key_of(&d, "connection_interval_ms")->in_force, "15");
	/* The run's course. */
	assert_true(d.sample_count >= play.result.seconds_us / 300000u);
	assert_true(d.sample_count <= play.result.seconds_us / 250000u + 20);
	for (size_t i = 0; i < d.sample_count; i++) {
		assert_true(i == 0 || d.samples[i].at_us >= d.samples[i - 1].at_us);
		assert_true(d.samples[i].received >= before);
		before = d.samples[i].received;
	}
	assert_int_equal(before, 200000);
	assert_true(marks_of(&d, HISTORY_GAP) >= 1);
	assert_int_equal(marks_of(&d, HISTORY_TUNING), 1);
	assert_int_equal(marks_of(&d, HISTORY_STATE), play.heard_states);
	history_detail_finish(&d);
}

static bool tune_much(struct play *play, struct job *job)
{
	(void)play;
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(job_tune_pacing(job, i % 2), 0);
	return true;
}

/* However much happens in it, a run keeps so much of it, and says so. */
static void test_marks_are_bounded(void **state)
{
	struct play play = {.path = place.path, .at = 20000, .then = tune_much};
	struct history_detail d;

	(void)state;
	play_run(&play);
	assert_int_equal(play.result.outcome, SESSION_CONFIRMED);
	load(1, &d);
	assert_int_equal(d.mark_count, 4096);
	assert_non_null(strstr(d.marks[4095].text, "later marks are not recorded"));
	assert_true(d.sample_count < 1000);
	assert_int_equal(d.run.result.outcome, SESSION_CONFIRMED);
	history_detail_finish(&d);
}

static bool cancel(struct play *play, struct job *job)
{
	(void)play;
	job_cancel(job);
	return true;
}

static bool leave(struct play *play, struct job *job)
{
	(void)play;
	(void)job;
	return false;
}

static void test_ends(void **state)
{
	struct play cancelled = {.path = place.path, .at = 20000, .then = cancel};
	struct play left = {.path = place.path, .at = 20000, .then = leave};
	struct play measured = {.path = place.path, .measure = true};
	struct play off = {.path = place.path, .off = true};
	struct history_run *runs;
	struct history *h;
	size_t count;

	(void)state;
	play_run(&cancelled);
	play_run(&left);
	play_run(&measured);
	play_run(&off);
	assert_true(off.finished && off.warnings == 0);
	h = history_place_open(&place);
	assert_int_equal(history_list(h, 100, &runs, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(history_outcome(&runs[2]), "cancelled");
	assert_true(history_percent(&runs[2]) >= 33 && history_percent(&runs[2]) < 100);
	assert_string_equal(history_outcome(&runs[1]), "left");
	assert_string_equal(history_outcome(&runs[0]), "measured");
	assert_int_equal(runs[0].goal, SESSION_MEASURE);
	assert_int_equal(runs[0].size, 60000);
	free(runs);
	assert_int_equal(history_list(h, 1, &runs, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].id, 3);
	free(runs);
	/* Numbers are not given again. */
	assert_int_equal(history_delete(h, 3), 0);
	assert_int_equal(history_delete(h, 3), -OTA_ENOENT);
	history_close(h);
	play_run(&measured);
	h = history_place_open(&place);
	assert_int_equal(history_list(h, 1, &runs, &count), 0);
	assert_int_equal(runs[0].id, 4);
	free(runs);
	history_close(h);
}

/* --- estimates */

static void test_estimate(void **state)
{
	struct history_question q = {.size = 120000, .virtual_clock = true};
	struct play cancelled = {.path = place.path, .at = 20000, .then = cancel};
	struct play slow = {.path = place.path, .set = "write_mode=request"};
	struct play play = {.path = place.path};
	struct history_estimate estimate;
	struct history *h;

	(void)state;
	play_run(&cancelled); /* counts for nothing */
	h = history_place_open(&place);
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 0);
	play_run(&play);
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 1);
	assert_true(estimate.us >= 2 * play.result.seconds_us - 1 &&
		    estimate.us <= 2 * play.result.seconds_us + 1);
	/* The median, not the mean; at most five of them. */
	play_run(&slow);
	play_run(&play);
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 3);
	assert_true(estimate.us < 2 * slow.result.seconds_us * 9 / 10);
	for (int i = 0; i < 4; i++)
		play_run(&slow);
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, HISTORY_ESTIMATE_RUNS);
	assert_true(estimate.us >= 2 * slow.result.seconds_us - 1 &&
		    estimate.us <= 2 * slow.result.seconds_us + 1);
	/* Runs of other devices, profiles or clocks do not count. */
	q.address = "00:00:00:00:00:00";
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 0);
	q.address = NULL;
	q.virtual_clock = false;
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 0);
	history_close(h);
}

/* --- which runs are alike */

static unsigned int runs_like(struct history *h, const struct history_question *q)
{
	struct history_estimate estimate;

	assert_int_equal(history_estimate(h, q, &estimate), 0);
	return estimate.runs;
}

/* One run with the defaults, two by request; all of them of the profile "default". */
static struct history *three_runs(struct play *usual, struct play *slow)
{
	play_run(usual);
	play_run(slow);
	play_run(slow);
	return history_place_open(&place);
}

/* Values tell runs apart, not the name of a profile. */
static void test_alike_by_values(void **state)
{
	struct history_question q = {.size = 120000, .virtual_clock = true};
	struct play slow = {.path = place.path, .set = "write_mode=request"};
	struct play play = {.path = place.path};
	struct setting_errors errors;
	struct profile profile;
	struct history *h = three_runs(&play, &slow);

	(void)state;
	profile_defaults(&profile);
	q.profile = &profile;
	(void)snprintf(profile.name, sizeof(profile.name), "another");
	assert_int_equal(runs_like(h, &q), 1);
	assert_int_equal(profile_set(&profile, &(const char *){"window=4096"}, 1, "test", &errors),
			 0);
	assert_int_equal(runs_like(h, &q), 0);
	profile_defaults(&profile);
	assert_int_equal(profile_set(&profile, &slow.set, 1, "test", &errors), 0);
	assert_int_equal(runs_like(h, &q), 2);
	/* A longer patience is no other way to send. */
	assert_int_equal(profile_set(&profile, &(const char *){"retries=9"}, 1, "test", &errors),
			 0);
	assert_int_equal(runs_like(h, &q), 2);
	history_close(h);
}

static void test_alike_by_place(void **state)
{
	struct history_question q = {.size = 120000, .virtual_clock = true};
	struct play slow = {.path = place.path, .set = "write_mode=request"};
	struct play play = {.path = place.path};
	struct transport_link link = {.adapter = ""};
	struct history *h = three_runs(&play, &slow);
	struct history_estimate estimate;

	(void)state;
	/* Another device of that chip does, where the chip is known. */
	q.address = "00:00:00:00:00:00";
	q.chip = "ESP32-C3";
	assert_int_equal(runs_like(h, &q), 0);
	q.chip = "ESP32";
	assert_int_equal(history_estimate(h, &q, &estimate), 0);
	assert_int_equal(estimate.runs, 3);
	assert_true(estimate.other_device);
	q.chip = q.address = NULL;
	/* Unknown buffers contradict nothing; others do. */
	q.link = &link;
	assert_int_equal(runs_like(h, &q), 3);
	link.buffers = 8;
	link.buffer_octets = 251;
	assert_int_equal(runs_like(h, &q), play.result.link.buffers == 0 ? 3 : 0);
	assert_int_equal(history_exec(h, "UPDATE runs SET buffers = 8, buffer_octets = 251, "
					 "refill = 0"),
			 0);
	assert_int_equal(runs_like(h, &q), 3);
	link.refill = true;
	assert_int_equal(runs_like(h, &q), 0);
	link.refill = false;
	link.buffers = 3;
	assert_int_equal(runs_like(h, &q), 0);
	link.buffers = 8;
	/* A run whose adapter is not known is nobody else's; one that is known is. */
	(void)snprintf(link.adapter, sizeof(link.adapter), "00:11:22:33:44:55");
	assert_int_equal(runs_like(h, &q), 3);
	assert_int_equal(history_exec(h, "UPDATE runs SET adapter = '00:11:22:33:44:66' "
					 "WHERE id > 1"),
			 0);
	assert_int_equal(runs_like(h, &q), 1);
	history_close(h);
}

static void test_best(void **state)
{
	struct history_question q = {.size = 120000, .virtual_clock = true};
	struct play slow = {.path = place.path, .set = "write_mode=request"};
	struct play play = {.path = place.path, .set = "window=8192"};
	struct history_best best;
	struct profile profile;
	struct history *h = three_runs(&play, &slow);

	(void)state;
	profile_defaults(&profile);
	q.profile = &profile; /* whatever its values */
	assert_true(play.result.goodput > slow.result.goodput);
	assert_int_equal(history_best(h, &q, &best), 0);
	assert_int_equal(best.id, 1);
	assert_int_equal(best.goodput, play.result.goodput);
	assert_string_equal(best.profile, "default");
	assert_true(best.profile_changed);
	q.virtual_clock = false;
	assert_int_equal(history_best(h, &q, &best), 0);
	assert_int_equal(best.id, 0);
	history_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_estimate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alike_by_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alike_by_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_best, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
