/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two ways to let the virtual world's time pass.
 *
 * As fast as possible: a deferred source that runs a part of a second, or some
 * events, a turn, so that signals and the screen get theirs.  While the user is
 * asked for a passkey it stands still, since nobody types so fast; and while the host works
 * on something of its own, whose time would be another each time.  By a factor of real
 * time: one timer, set to the next event.
 */
#include "config.h" /* system extensions: CLOCK_MONOTONIC */

#include "sim/sim_priv.h"

#include <time.h>

#define STEPS_PER_TURN 512
#define TURN_US 100000u /* so that a screen sees a quiet world's time pass, too */

static uint64_t real_now(const struct sim *sim)
{
	uint64_t now = 0;

	(void)sd_event_now(sim->event, CLOCK_MONOTONIC, &now);
	return now;
}

static uint64_t real_of(const struct sim *sim, uint64_t sim_us)
{
	return sim->real_start + (sim_us - sim->sim_start) * 1000u / sim->config.speed;
}

static uint64_t sim_clock_virtual(const struct sim *sim, uint64_t real_us)
{
	return sim->sim_start + (real_us - sim->real_start) * sim->config.speed / 1000u;
}

static bool stands(const struct sim *sim)
{
	return sim->asking || sim->held;
}

static void sim_clock_arm(struct sim *sim)
{
	uint64_t at;

	if (sim->turn) {
		const bool runs = sched_next(&sim->sched, &at) && !stands(sim);

		(void)sd_event_source_set_enabled(sim->turn, runs ? SD_EVENT_ON : SD_EVENT_OFF);
		return;
	}
	if (!sched_next(&sim->sched, &at)) {
		(void)sd_event_source_set_enabled(sim->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(sim->timer, real_of(sim, at));
	(void)sd_event_source_set_enabled(sim->timer, SD_EVENT_ONESHOT);
}

static int sim_clock_on_turn(sd_event_source *source, void *userdata)
{
	struct sim *sim = userdata;
	const uint64_t until = sched_now(&sim->sched) + TURN_US;

	(void)source;
	for (int i = 0; i < STEPS_PER_TURN && sched_now(&sim->sched) < until; i++)
		if (stands(sim) || !sched_step(&sim->sched))
			break;
	sim_clock_arm(sim);
	return 0;
}

static int sim_clock_on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct sim *sim = userdata;

	(void)source;
	(void)usec;
	sched_advance(&sim->sched, sim_clock_virtual(sim, real_now(sim)));
	sim_clock_arm(sim);
	return 0;
}

void sim_clock_kick(struct sim *sim)
{
	sim_clock_arm(sim);
}

void sim_hold(struct transport *t, bool on)
{
	struct sim *sim = sim_of(t);

	sim->held = on;
	sim_clock_arm(sim);
}

void sim_wait(struct transport *t)
{
	const struct sim *sim = sim_of(t);

	while (sim->held && sd_event_run(sim->event, UINT64_MAX) >= 0)
		;
}

int sim_clock_create(struct sim *sim)
{
	int rc;

	if (sim->config.speed == 0) {
		rc = sd_event_add_defer(sim->event, &sim->turn, sim_clock_on_turn, sim);
		if (rc >= 0)
			rc = sd_event_source_set_priority(sim->turn, SD_EVENT_PRIORITY_IDLE);
		return rc < 0 ? rc : 0;
	}
	sim->real_start = real_now(sim);
	sim->sim_start = sched_now(&sim->sched);
	rc = sd_event_add_time(sim->event, &sim->timer, CLOCK_MONOTONIC, UINT64_MAX, 100,
			       sim_clock_on_time, sim);
	return rc < 0 ? rc : 0;
}

void sim_clock_destroy(struct sim *sim)
{
	sd_event_source_disable_unref(sim->turn);
	sd_event_source_disable_unref(sim->timer);
}
