/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a job: with a result at once, and for good when the link is down. */
#include "config.h" /* system extensions: libraries' headers */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/job.h"
#include "sim/sim.h"

#define SLOW_US 2200000u /* as bluetoothd takes for it */

static struct transport *t;
static const struct transport_ops *usual;
static struct sched_event down;
static struct job *job;
static uint64_t ended_us, result_us, finished_us;
static unsigned int results, late; /* late: told behind the result */

static void on_down(void *ctx, uint64_t now_us)
{
	(void)ctx;
	(void)now_us;
	assert_int_equal(usual->disconnect(t), 0);
}

static int disconnect_slowly(struct transport *transport)
{
	ended_us = usual->now_us(transport);
	sched_at(sim_sched(transport), &down, ended_us + SLOW_US);
	return 0;
}

static void on_result(void *userdata, const struct job_result *result)
{
	(void)userdata;
	result_us = usual->now_us(t);
	results++;
	assert_int_equal(result->outcome, SESSION_ANSWERED);
	assert_ptr_equal(job_result(job), result);
	assert_false(job_is_finished(job));
}

static void on_finished(void *userdata, const struct job_result *result)
{
	(void)userdata;
	(void)result;
	finished_us = usual->now_us(t);
}

static void on_progress(void *userdata)
{
	(void)userdata;
	late += results;
}

static void test_result_first(void **state)
{
	const struct sim_config config = {.kind.devices = 1, .kind.seed = 3};
	const struct job_listener listener = {
		.result = on_result, .finished = on_finished, .progress = on_progress};
	struct profile profile;
	const struct job_config look = {
		.goal = SESSION_LOOK, .device = "esp-sim-01", .profile = &profile};
	struct transport_ops slow;
	sd_event *event;

	(void)state;
	profile_defaults(&profile);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(sim_create(event, &config, &t, NULL, 0), 0);
	usual = t->ops;
	slow = *usual;
	slow.disconnect = disconnect_slowly;
	t->ops = &slow;
	down.fn = on_down;
	assert_int_equal(job_create(t, &look, &listener, &job), 0);
	assert_null(job_result(job));
	job_start(job);
	while (!job_is_finished(job))
		assert_true(sd_event_run(event, UINT64_MAX) >= 0);
	assert_int_equal(results, 1);
	assert_true(result_us == ended_us);
	assert_true(finished_us >= ended_us + SLOW_US);
	assert_int_equal(late, 0);
	job_destroy(job);
	t->ops = usual;
	t->ops->destroy(t);
	sd_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_result_first)};

	return cmocka_run_group_tests_name("job_end", tests, NULL, NULL);
}
