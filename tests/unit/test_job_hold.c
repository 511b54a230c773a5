/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weak signal holds the transfer, also over a lost link, and a strong one lets it go on.  And a
 * user who asks the device beside it holds nothing.
 */
#include "config.h" /* system extensions: libraries' headers */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "host/job.h"
#include "host/job_blocked.h"
#include "esp/esp.h"
#include "imagelib.h"
#include "sim/sim.h"

#define WEAK (-95)
#define BETWEEN (-88) /* above where it pauses, below where it goes on */
#define STRONG (-60)
#define PHASE_US 6000000u

struct hold {
	struct transport *t;
	const struct transport_ops *usual;
	struct transport_ops ops;
	sd_event *event;
	struct job *job;
	struct profile profile;
	uint8_t *bytes;
	struct image image;
	struct lint_report report;
	int8_t rssi;
	unsigned int held, released, lost, stall_paused, stall_ended;
	bool done;
	struct job_result result;
};
static struct hold h;

static void link_state(struct transport *t, struct transport_link *ret)
{
	h.usual->link_state(t, ret);
	if (ret->rssi != 127 && ret->rssi != 0)
		ret->rssi = h.rssi;
}

static void on_note(void *userdata, enum session_note note, uint32_t value, const char *text)
{
	(void)userdata;
	(void)value;
	h.held += note == SESSION_NOTE_HELD;
	h.released += note == SESSION_NOTE_RELEASED;
	h.lost += note == SESSION_NOTE_LINK_LOST;
	h.stall_paused += note == SESSION_NOTE_STALL_PAUSED;
	h.stall_ended += note == SESSION_NOTE_STALL_ENDED;
	if (note == SESSION_NOTE_HELD)
		assert_string_equal(text, "paused: the signal is weak, -95 dBm");
}

static void on_finished(void *userdata, const struct job_result *result)
{
	(void)userdata;
	h.result = *result;
	h.done = true;
}

static void begin(const char *pause_below)
{
	const struct image_build spec = {.chip_id = 0, .version = "2.0.0", .size = 400000};
	const struct sim_config config = {.kind.devices = 1, .kind.seed = 3};
	const struct job_listener listener = {.note = on_note, .finished = on_finished};
	struct job_config update = {.goal = SESSION_UPDATE, .device = "esp-sim-01"};
	size_t size;

	memset(&h, 0, sizeof(h));
	h.rssi = STRONG;
	profile_defaults(&h.profile);
	h.profile.pause_below_dbm = pause_below ? (int32_t)strtol(pause_below, NULL, 10) : 0;
	h.bytes = imagelib_build(&spec, &size);
	(void)image_read(h.bytes, size, sha256_buffer, &h.image, &h.report);
	assert_true(sd_event_new(&h.event) >= 0);
	assert_int_equal(sim_create(h.event, &config, &h.t, NULL, 0), 0);
	h.usual = h.t->ops;
	h.ops = *h.usual;
	h.ops.link_state = link_state;
	h.t->ops = &h.ops;
	update.profile = &h.profile;
	update.image = &h.image;
	update.report = &h.report;
	assert_int_equal(job_create(h.t, &update, &listener, &h.job), 0);
	job_start(h.job);
}

static void finish(void)
{
	job_destroy(h.job);
	h.t->ops = h.usual;
	h.t->ops->destroy(h.t);
	sd_event_unref(h.event);
	free(h.bytes);
}

static struct job_snapshot now(void)
{
	struct job_snapshot s;

	job_snapshot(h.job, &s);
	return s;
}

static void until_received(uint32_t bytes)
{
	while (!h.done && now().stats.received < bytes)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
}

/* Of virtual time. */
static void let_pass(uint64_t us)
{
	const uint64_t until = now().now_us + us;

	while (!h.done && now().now_us < until)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
}

static void test_holds(void **state)
{
	struct job_snapshot s;
	uint32_t received;
	char text[JOB_TEXT_MAX];

	(void)state;
	begin("-90");
	until_received(50000);
	h.rssi = WEAK;
	let_pass(PHASE_US);
	assert_int_equal(h.held, 1);
	s = now();
	assert_int_equal(s.state, SESSION_PAUSED);
	assert_int_equal(s.held_by, JOB_HELD_BY_SIGNAL);
	assert_int_equal(job_blocked_text(&s, text, sizeof(text)), JOB_BLOCKED_USER);
	assert_non_null(strstr(text, "goes on by itself from -84 dBm"));
	/* Over a lost link, and in between it does not waver. */
	received = s.stats.received;
	esp_terminate(sim_device(h.t, "esp-sim-01"));
	h.rssi = BETWEEN;
	let_pass(3 * PHASE_US);
	assert_int_equal(h.lost, 1);
	s = now();
	assert_int_equal(s.state, SESSION_PAUSED);
	assert_true(s.stats.received <= received);
	assert_int_equal(h.held + h.released, 1);
	h.rssi = STRONG;
	while (!h.done)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
	assert_int_equal(h.released, 1);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	finish();
}

/* The user's word counts: he goes on although the signal is weak, and is not paused again. */
static void test_overruled(void **state)
{
	(void)state;
	begin("-90");
	until_received(50000);
	h.rssi = WEAK;
	let_pass(PHASE_US);
	assert_int_equal(h.held, 1);
	job_resume(h.job);
	while (!h.done)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
	assert_int_equal(h.held, 1);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	finish();
	/* A signal does not end a pause by the user. */
	begin("-90");
	until_received(50000);
	job_pause(h.job);
	let_pass(PHASE_US);
	assert_int_equal(now().state, SESSION_PAUSED);
	assert_int_equal(now().held_by, JOB_HELD_BY_USER);
	finish();
}

/* Whoever asks what the device is at, in every state and as often as he likes, disturbs nothing. */
static void test_asked_beside(void **state)
{
	struct job_snapshot s;
	unsigned int in_state[SESSION_STATES] = {0};
	uint64_t last = 0;

	(void)state;
	begin(NULL);
	assert_int_equal(job_ask(h.job), -OTA_ENOTCONN);
	while (!h.done) {
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
		s = now();
		if (s.stats.status_us > last) {
			assert_int_equal(s.asked_us, 0);
			assert_int_equal(s.stats.status.reset_reason, s.state == SESSION_CONFIRMING
									      ? OTA_RESET_SOFTWARE
									      : OTA_RESET_POWER_ON);
			assert_true(s.stats.status.received <= s.stats.queued);
			in_state[s.state]++;
		}
		last = s.stats.status_us;
		(void)job_ask(h.job);
	}
	assert_true(in_state[SESSION_PREPARING] > 0);
	assert_true(in_state[SESSION_SENDING] > 10);
	assert_true(in_state[SESSION_VERIFYING] > 0);
	assert_int_equal(job_ask(h.job), -OTA_ENOTCONN);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	assert_int_equal(now().stats.retries + now().stats.stalls + now().stats.resyncs, 0);
	finish();
}

/* Without the option a weak signal pauses nothing. */
static void test_off(void **state)
{
	(void)state;
	begin(NULL);
	h.rssi = WEAK;
	while (!h.done)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
	assert_int_equal(h.held, 0);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_overruled),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_asked_beside),
	};

	return cmocka_run_group_tests_name("job_hold", tests, NULL, NULL);
}
