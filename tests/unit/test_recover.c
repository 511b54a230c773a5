/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovering, from states that updates with seeded faults leave: what is offered is accepted
 * when it is done, or is not offered first again; and doing what comes first again and again
 * ends.
 *
 * RECOVER_FIRST and RECOVER_RUNS choose the seeds, RECOVER_TELL=yes tells each step.
 */
#include "config.h" /* system extensions: libraries' headers */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/sha256.h"
#include "host/maintenance.h"
#include "host/recover_walk.h"
#include "sim/sim.h"
#include "sim/simopts.h"
#include "imagelib.h"
#include "transport/fault.h"

#define STEPS_MAX                                                                                  \
	16u /* more than there are actions: each is advised once, and looks between them */

/* The faults by which the run before is made to fail; "" not at all. */
static const char *const worlds[] = {
	"fault=terminate@%",
	"fault=disconnect@%",
	"fault=reboot@%",
	"fault=write-fail@65536",
	"fault=no-boot",
	"fault=power-cut@9",
	"dialect=basic,fault=terminate@%",
	"dialect=basic,fault=no-boot",
	"dialect=basic,flash=slow,fault=slow-erase:5",
	"interval=4000,supervision=420",
	"fault=block@%:9000",
	"",
	"dialect=basic",
};
#define WORLDS (sizeof(worlds) / sizeof(worlds[0]))

struct walker {
	uint64_t seed;
	struct rng rng;
	sd_event *event;
	struct transport *transport;
	char partitions[SLOTS_CSV_MAX];
	struct sim_options options;
	struct profile profile;
	uint8_t *bytes;
	struct image image;
	struct lint_report report;
	struct job_result result;
	struct job_snapshot now;
	struct recover_walk walk;
	struct recover_known known;
	struct recover_list list;
	bool done;
	int status;
};

static uint32_t number_of(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct walker *w = userdata;

	w->result = *result;
	w->done = true;
}

static void on_maintenance(void *userdata, const struct transport_event *e)
{
	struct walker *w = userdata;

	if (e->kind != TRANSPORT_MAINTENANCE)
		return;
	w->status = e->status;
	w->done = true;
}

static void until_done(struct walker *w)
{
	while (!w->done)
		assert_true(sd_event_run(w->event, UINT64_MAX) >= 0);
}

static void run(struct walker *w, enum recover_action action, struct job_config *config)
{
	const struct job_listener listener = {.userdata = w, .finished = on_finished};
	struct job *job;

	config->device = "esp-sim-01";
	config->profile = &w->profile;
	config->image = &w->image;
	config->report = &w->report;
	config->on_screen = true;
	w->done = false;
	assert_int_equal(job_create(w->transport, config, &listener, &job), 0);
	job_start(job);
	until_done(w);
	/* In the workbench there is no shell to type a command line into. */
	if (strstr(w->result.what, "otabench ") || strstr(w->result.advice, "otabench "))
		fail_msg("seed %" PRIu64 ": %s %s", w->seed, w->result.what, w->result.advice);
	job_snapshot(job, &w->now);
	recover_walk_ended(&w->walk, action, config, &w->now, &w->result);
	job_destroy(job);
}

static bool act(struct walker *w, enum recover_action action)
{
	struct job_config config = {.forced = 1u << LINT_SAME};
	enum transport_maintenance what;
	bool ok;

	if (recover_walk_stack(action, &what)) {
		w->done = false;
		w->transport->handler = on_maintenance;
		w->transport->userdata = w;
		w->status = maintenance_start(w->transport, what,
					      what == TRANSPORT_POWER_CYCLE ? NULL : "esp-sim-01");
		if (w->status >= 0)
			until_done(w);
		ok = maintenance_succeeded(what, w->status);
		recover_tried(&w->walk.tries, action, ok, 0);
		return ok;
	}
	assert_true(recover_walk_job(action, &config));
	run(w, action, &config);
	return recover_walk_is_good(w->result.outcome);
}

static void learn(struct walker *w)
{
	w->known = (struct recover_known){.address = "esp-sim-01",
					  .options = "--sim",
					  .image = "a.bin",
					  .image_sha256 = w->image.sha256,
					  .stack_keeps = true};
	recover_walk_known(&w->walk, &w->known);
	recover_list(&w->known, &w->list);
}

static void begin(struct walker *w, uint64_t seed)
{
	const struct image_build spec = {.chip_id = 0, .version = "2.0.0", .size = 150000};
	size_t size;
	struct setting_errors errors = {.count = 0};
	struct sim_config config;
	char text[128], at[16], why[200];
	const char *world = worlds[seed % WORLDS], *mark = strchr(world, '%');

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	rng_init(&w->rng, seed);
	(void)snprintf(at, sizeof(at), "%u", (unsigned int)(1u + rng_below(&w->rng, 149000u)));
	(void)snprintf(text, sizeof(text), "seed=%" PRIu64 "%s%.*s%s%s", seed,
		       world[0] != '\0' ? "," : "",
		       (int)(mark ? mark - world : (long)strlen(world)), world, mark ? at : "",
		       mark ? mark + 1 : "");
	simopts_defaults(&w->options);
	if (simopts_parse(&w->options, text, &errors) < 0 || errors.count > 0)
		fail_msg("--sim=%s", text);
	simopts_config(&w->options, w->partitions, &config);
	assert_true(sd_event_new(&w->event) >= 0);
	assert_int_equal(sim_create(w->event, &config, &w->transport, why, sizeof(why)), 0);
	if (w->options.fault_count > 0)
		assert_int_equal(fault_wrap(w->transport, w->options.faults, w->options.fault_count,
					    seed, &w->transport),
				 0);
	w->bytes = imagelib_build(&spec, &size);
	(void)image_read(w->bytes, size, sha256_buffer, &w->image, &w->report);
	profile_defaults(&w->profile);
	w->profile.retries = (int32_t)rng_below(&w->rng, 2u);
}

static void finish(struct walker *w)
{
	w->transport->ops->destroy(w->transport);
	sd_event_unref(w->event);
	free(w->bytes);
}

static void tell(const struct walker *w, const char *how, enum recover_action action, bool ok)
{
	if (getenv("RECOVER_TELL"))
		print_message("# %" PRIu64 " %s %s: %s, %s\n", w->seed, how,
			      recover_action_name(action), ok ? "done" : "refused",
			      session_outcome_name(w->result.outcome));
}

static void update(struct walker *w)
{
	struct job_config config = {.goal = SESSION_UPDATE, .forced = 1u << LINT_SAME};

	run(w, RECOVER_RESTART, &config);
	w->walk.tries = (struct recover_tries){0};
	learn(w);
}

/* Takes the first choice, again and again. */
static void follow(struct walker *w)
{
	unsigned int steps = 0;

	while (w->list.advised) {
		const enum recover_action action = w->list.at[0].action;
		bool ok;

		assert_true(w->list.at[0].possible);
		if (++steps > STEPS_MAX)
			fail_msg("seed %" PRIu64 " %s: does not end", w->seed,
				 worlds[w->seed % WORLDS]);
		ok = act(w, action);
		tell(w, "follow", action, ok);
		learn(w);
		if (!ok && w->list.at[0].action == action)
			fail_msg("seed %" PRIu64 " %s: %s was refused, and comes first again",
				 w->seed, worlds[w->seed % WORLDS], recover_action_name(action));
	}
}

/* Any of what is offered: accepted, or not first any more. */
static void press(struct walker *w)
{
	for (unsigned int i = 0; i < 4; i++) {
		size_t possible = 0;
		enum recover_action action;
		bool ok;

		while (possible < w->list.count && w->list.at[possible].possible)
			possible++;
		action = w->list.at[rng_below(&w->rng, possible)].action;
		if (action == RECOVER_CLOSE)
			continue;
		ok = act(w, action);
		tell(w, "press", action, ok);
		learn(w);
		if (!ok && w->list.at[0].action == action)
			fail_msg("seed %" PRIu64 " %s: %s was refused, and comes first", w->seed,
				 worlds[w->seed % WORLDS], recover_action_name(action));
	}
}

static void test_no_loop(void **state)
{
	const uint32_t first = number_of("RECOVER_FIRST", 1),
		       runs = number_of("RECOVER_RUNS", 4 * WORLDS);
	static struct walker w;

	(void)state;
	for (uint32_t seed = first; seed < first + runs; seed++) {
		begin(&w, seed);
		if (rng_below(&w.rng, 4) > 0)
			update(&w);
		else
			learn(&w); /* somebody who has just come */
		if (rng_below(&w.rng, 2) > 0)
			press(&w);
		follow(&w);
		finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_loop)};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
