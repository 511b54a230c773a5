/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that a thread makes: the loop goes on meanwhile, the virtual clock does not, and who
 * cancels waits for nobody.  Threads meet at semaphores: nothing here depends on how fast one is. */
#include "config.h" /* system extensions */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/sha256.h"
#include "base/worker.h"
#include "host/job.h"
#include "host/job_blocked.h"
#include "host/stream_maker.h"
#include "imagelib.h"
#include "sim/sim.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* --- the thread by itself */

static struct gate {
	sem_t in, out, ended; /* a step was begun, may be left; ctx is finished */
	bool wanted; /* what the last step said */
	unsigned int told;
} gate;

static void gated_work(void *ctx, const struct steps *steps)
{
	struct gate *g = ctx;

	for (int i = 0; i < 4; i++) {
		(void)sem_post(&g->in);
		(void)sem_wait(&g->out);
		g->wanted = steps_done(steps, 25);
		if (!g->wanted)
			return;
	}
}

static void gated_finish(void *ctx)
{
	struct gate *g = ctx;

	(void)sem_post(&g->ended);
}

static void gated_told(void *ctx)
{
	struct gate *g = ctx;

	g->told++;
}

static struct worker *gated(sd_event *event)
{
	const struct worker_task task = {
		.ctx = &gate,
		.work = gated_work,
		.finish = gated_finish,
		.told = gated_told,
		.told_ctx = &gate,
		.units = 100,
	};
	struct worker *w = NULL;

	memset(&gate, 0, sizeof(gate));
	(void)sem_init(&gate.in, 0, 0);
	(void)sem_init(&gate.out, 0, 0);
	(void)sem_init(&gate.ended, 0, 0);
	assert_int_equal(worker_start(event, &task, &w), 0);
	return w;
}

/* Whatever was told is read by the loop, which does not wait for the rest. */
static void test_steps(void **state)
{
	struct worker *w;
	sd_event *event;

	(void)state;
	assert_true(sd_event_new(&event) >= 0);
	w = gated(event);
	for (unsigned int i = 0; i < 4; i++) {
		(void)sem_wait(&gate.in);
		assert_int_equal(worker_percent(w), 25 * i);
		assert_false(worker_done(w));
		if (i > 0) {
			assert_true(sd_event_run(event, 0) > 0);
			assert_int_equal(gate.told, i);
		}
		assert_int_equal(sd_event_run(event, 0), 0);
		(void)sem_post(&gate.out);
	}
	while (!worker_done(w))
		assert_true(sd_event_run(event, UINT64_MAX) >= 0);
	assert_int_equal(worker_percent(w), 100);
	assert_int_not_equal(sem_trywait(&gate.ended), 0);
	worker_destroy(w);
	assert_int_equal(sem_trywait(&gate.ended), 0);
	sd_event_unref(event);
}

/* The owner goes while the thread works: it is not waited for, and ends itself. */
static void test_left(void **state)
{
	struct worker *w;
	sd_event *event;

	(void)state;
	assert_true(sd_event_new(&event) >= 0);
	w = gated(event);
	(void)sem_wait(&gate.in);
	worker_destroy(w);
	sd_event_unref(event);
	assert_int_not_equal(sem_trywait(&gate.ended), 0);
	(void)sem_post(&gate.out);
	(void)sem_wait(&gate.ended);
	assert_false(gate.wanted);
	assert_int_equal(gate.told, 0);
	worker_destroy(NULL);
}

/* --- a job's */

#define SIZE 1000000u

static struct {
	sd_event *event;
	struct transport *t;
	struct profile profile;
	struct image image;
	struct lint_report report;
	uint8_t *bytes;
	struct job *job;
	bool done;
	struct job_result result;
	unsigned int shown; /* times that the user saw how far it is */
	uint64_t shown_us; /* of the clock, the first time */
	char text[64];
} h;

static void on_progress(void *userdata)
{
	char text[JOB_TEXT_MAX];
	struct job_snapshot s;

	(void)userdata;
	if (!h.job)
		return;
	job_snapshot(h.job, &s);
	if (!s.compressing)
		return;
	assert_int_equal(job_blocked_text(&s, text, sizeof(text)), JOB_BLOCKED_WORK);
	(void)snprintf(h.text, sizeof(h.text), "compressing %u %%", s.compressed);
	assert_string_equal(text, h.text);
	if (h.shown++ == 0)
		h.shown_us = s.now_us;
	assert_int_equal(s.now_us, h.shown_us); /* the virtual clock stands */
	assert_int_equal(s.state, SESSION_PREPARING);
}

static void on_result(void *userdata, const struct job_result *result)
{
	(void)userdata;
	h.result = *result;
}

static void on_finished(void *userdata, const struct job_result *result)
{
	(void)userdata;
	(void)result;
	h.done = true;
}

static void begin(void)
{
	const struct image_build spec = {.chip_id = 0, .version = "2.0.0", .size = SIZE};
	const struct sim_config config = {
		.kind.devices = 1, .kind.seed = 3, .kind.deflate_window = 12, .kind.delta = true};
	const struct job_listener listener = {
		.progress = on_progress, .result = on_result, .finished = on_finished};
	struct job_config update = {.goal = SESSION_UPDATE, .device = "esp-sim-01"};
	size_t size;

	memset(&h, 0, sizeof(h));
	profile_defaults(&h.profile);
	h.profile.stream = PROFILE_STREAM_DEFLATE;
	h.bytes = imagelib_build(&spec, &size);
	(void)image_read(h.bytes, size, sha256_buffer, &h.image, &h.report);
	assert_true(sd_event_new(&h.event) >= 0);
	assert_int_equal(sim_create(h.event, &config, &h.t, NULL, 0), 0);
	update.profile = &h.profile;
	update.image = &h.image;
	update.report = &h.report;
	assert_int_equal(job_create(h.t, &update, &listener, &h.job), 0);
	job_start(h.job);
}

static void finish(void)
{
	job_destroy(h.job);
	h.t->ops->destroy(h.t);
	sd_event_unref(h.event);
	free(h.bytes);
}

static bool compressing(void)
{
	struct job_snapshot s;

	job_snapshot(h.job, &s);
	return s.compressing;
}

static void until_done(void)
{
	while (!h.done)
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
}

static void until_compressing(void)
{
	while (!h.done && !compressing())
		assert_true(sd_event_run(h.event, UINT64_MAX) >= 0);
	assert_false(h.done);
}

/* The same run, whatever the machine did meanwhile; what it took is not the transfer's. */
static void test_goes_on(void **state)
{
	uint64_t us = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin();
		until_done();
		assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
		assert_int_equal(h.result.stream, STREAM_DEFLATE);
		assert_true(h.shown > 0);
		if (i > 0)
			assert_int_equal(h.result.seconds_us, us);
		us = h.result.seconds_us;
		finish();
	}
}

/* By the user's key, and by the end of the program: at once, and nothing was begun. */
static void test_cancelled(void **state)
{
	struct job_snapshot s;

	(void)state;
	begin();
	until_compressing();
	job_cancel(h.job);
	assert_false(compressing());
	until_done();
	assert_int_equal(h.result.outcome, SESSION_CANCELLED);
	assert_false(h.result.begun);
	job_snapshot(h.job, &s);
	assert_int_equal(s.stats.start_us, 0);
	finish();
	begin();
	until_compressing();
	finish();
}

/* --- what is made */

static bool count_steps(void *ctx, uint32_t units)
{
	uint64_t *left = ctx;

	if (*left < units)
		return false;
	*left -= units;
	return true;
}

/* Whatever is given up, at any step, leaves nothing behind that could be sent. */
static void test_given_up(void **state)
{
	uint8_t *image = malloc(300000), *base = malloc(300000);
	static uint64_t left;
	const struct steps steps = {.done = count_steps, .ctx = &left};
	struct stream_order order = {.image = image, .size = 300000, .window = 12, .deflate = true};
	struct job_stream s;
	struct patch patch;
	struct rng rng;

	(void)state;
	assert_true(image && base);
	rng_init(&rng, 7);
	for (uint32_t i = 0; i < order.size; i++)
		base[i] = (uint8_t)rng_below(&rng, 16);
	memcpy(image, base, order.size);
	for (uint32_t i = 0; i < order.size; i += 5000)
		image[i] ^= 1;
	for (uint32_t most = 0; most <= order.size; most += order.size / 3) {
		struct stream_maker *m = stream_maker_create(&order);
		const bool whole = most == order.size;

		left = most;
		assert_non_null(m);
		assert_int_equal(stream_maker_units(m), order.size);
		stream_maker_work(m, &steps);
		assert_int_equal(m->made[STREAM_DEFLATE].ready, whole);
		stream_maker_destroy(m);
	}
	for (uint64_t most = 0;; most += PATCH_UNITS(order.size, order.size) / 4) {
		const uint64_t all = PATCH_UNITS(order.size, order.size);
		int rc;

		left = most;
		rc = patch_make_steps(&patch, base, order.size, image, order.size, &steps);
		if (rc == 0) {
			assert_true(most > 0 && all - (most - left) < 65536u * PATCH_MATCH_UNITS);
			left = 0;
			assert_int_equal(job_stream_delta_steps(&s, &patch, 12, &steps),
					 -OTA_ECANCELED);
			assert_false(s.ready);
			assert_null(s.bytes);
			patch_finish(&patch);
			break;
		}
		assert_int_equal(rc, -OTA_ECANCELED);
		assert_true(most < all);
	}
	free(base);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),	 cmocka_unit_test(test_left),
		cmocka_unit_test(test_goes_on),	 cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_given_up),
	};

	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
