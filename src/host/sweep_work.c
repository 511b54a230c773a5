/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_work.h. */
#include "config.h" /* system extensions: unlink() */

#include "host/sweep_work.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A measurement that takes longer is ended, and what arrived until then counts: so long to connect
 * and all that, and so often what was expected of it. */
#define AROUND_MS 60000u
#define RUN_TIMES 4u
#define FAILURES_MAX 3u /* in a row, until the best is measured once more */
#define ALIVE_US 1000000u /* ... for so long */

void sweep_work_init(struct sweep_work *w, const struct sweep_work_config *config)
{
	memset(w, 0, sizeof(*w));
	w->config = *config;
	w->bounds = *config->bounds;
	w->config.bounds = NULL; /* copied */
	w->pair.simulated = config->simulated;
	sweep_init(&w->sweep, config->objective, &w->bounds);
}

void sweep_work_configure(const struct sweep_work *w, struct job_config *ret)
{
	ret->goal = w->looked ? SESSION_MEASURE : SESSION_LOOK;
	ret->profile = w->looked ? &w->profile : &w->bounds;
	ret->bytes = w->looked ? w->request.bytes : 0;
	ret->timeout_ms = w->looked ? AROUND_MS + RUN_TIMES * (w->request.us / 1000u) : 0;
}

/* --- the device is known */

/* Takes up what an earlier sweep has left.  False: that cannot be read. */
static bool work_take_up(struct sweep_work *w)
{
	int rc = -OTA_ENOENT;

	if (!sweep_state_path(&w->pair, &w->bounds, w->config.objective, w->path))
		w->path[0] = '\0';
	if (w->path[0] && !w->config.restart)
		rc = sweep_state_load(w->path, &w->sweep, w->error, sizeof(w->error));
	if (rc == 0 && w->sweep.objective == w->config.objective)
		return true;
	sweep_init(&w->sweep, w->config.objective, &w->bounds);
	return rc == 0 || rc == -OTA_ENOENT;
}

static bool work_known(struct sweep_work *w, const struct job_snapshot *now,
		       struct job_result *result)
{
	if (result->outcome != SESSION_ANSWERED)
		return false;
	if (!now->have_info || !(now->info.features & OTA_FEATURE_SINK)) {
		(void)snprintf(result->what, sizeof(result->what),
			       "%s cannot count and throw away what it is sent (SINK).",
			       now->device);
		result->outcome = SESSION_DEVICE_ERROR;
		return false;
	}
	(void)snprintf(w->pair.device, sizeof(w->pair.device), "%s", now->address);
	(void)snprintf(w->pair.name, sizeof(w->pair.name), "%s", now->device);
	(void)snprintf(w->pair.adapter, sizeof(w->pair.adapter), "%s", now->link.adapter);
	w->info = now->info;
	w->looked = true;
	if (!work_take_up(w))
		return false;
	w->taken_up = w->sweep.count;
	return true;
}

/* --- a measurement */

static void work_keep(struct sweep_work *w)
{
	if (w->path[0] == '\0' ||
	    sweep_state_save(w->path, &w->sweep, w->warning, sizeof(w->warning)) == 0)
		return;
	w->path[0] = '\0'; /* told once */
}

static bool phy_is(const struct sweep_work *w, const struct airtime_link *link)
{
	const int32_t phy = w->profile.phy;

	return !(phy == PROFILE_PHY_1M && link->phy != OTA_PHY_1M) &&
	       !(phy == PROFILE_PHY_2M && link->phy != OTA_PHY_2M);
}

static bool interval_is(const struct sweep_work *w, const struct airtime_link *link)
{
	const int32_t interval = w->profile.connection_interval;

	return interval <= 0 || link->interval_us == (uint32_t)interval * 1250u;
}

static struct sweep_sample work_sample(const struct sweep_work *w, const struct job_result *x)
{
	const uint64_t around = x->transfer_time[BUDGET_START] + x->transfer_time[BUDGET_END];
	const uint32_t payload = x->chunk > OTA_DATA_HEADER ? x->chunk - OTA_DATA_HEADER : 1u;
	struct sweep_sample s = {.stage = w->request.stage, .point = w->request.point};

	if ((x->outcome != SESSION_MEASURED && x->outcome != SESSION_TIMED_OUT) ||
	    x->seconds_us <= around)
		return s;
	s.bytes = x->bytes;
	s.send_us = x->seconds_us - around;
	s.around_us = around;
	s.gaps = x->gaps;
	s.values = (uint32_t)(x->sent_bytes / payload) + 1u;
	s.window = x->window;
	if (w->request.stage != SWEEP_STAGE_FIRST) {
		s.phy_not_had = !phy_is(w, &x->link);
		s.not_had = s.phy_not_had || !interval_is(w, &x->link);
	}
	return s;
}

static void work_learn(struct sweep_work *w, const struct job_result *result)
{
	const struct sweep_facts facts = {
		.link = result->link,
		.mtu = result->mtu,
		.header = OTA_DATA_HEADER,
		.ring = w->info.ring_size,
		.phys = w->info.phys,
		.acquire = w->pair.simulated == NULL,
	};

	sweep_learn(&w->sweep, &facts, &w->sample.point);
}

/* Returns true for an outcome that no other setting would mend. */
static bool is_hopeless(enum session_outcome outcome)
{
	return outcome == SESSION_NOT_FOUND || outcome == SESSION_NO_ADAPTER ||
	       outcome == SESSION_NOT_PAIRED || outcome == SESSION_IN_USE ||
	       outcome == SESSION_NO_SERVICE || outcome == SESSION_OTHER_DIALECT ||
	       outcome == SESSION_DEVICE_CHANGED || outcome == SESSION_CANCELLED;
}

/* False: it ends here. */
static bool work_measured(struct sweep_work *w, const struct job_result *result)
{
	const bool first = w->request.stage == SWEEP_STAGE_FIRST;

	w->sample = work_sample(w, result);
	if (is_hopeless(result->outcome))
		return false;
	w->failures = w->sample.bytes > 0 ? 0 : w->failures + 1u;
	if (w->failures > FAILURES_MAX || (w->sample.bytes == 0 && first))
		return false;
	if (first)
		work_learn(w, result);
	if (sweep_add(&w->sweep, &w->sample) < 0)
		return false;
	w->sampled = true;
	w->runs++;
	work_keep(w);
	return true;
}

/*
 * Settings with which nothing gets through may follow each other: the best one so far tells whether
 * the device is still there.
 */
static void ask_if_alive(struct sweep_work *w)
{
	struct sweep_result r;

	if (w->failures != FAILURES_MAX || !sweep_best(&w->sweep, &r))
		return;
	w->request.point = r.best.point;
	w->request.bytes = r.best.rate;
	w->request.us = ALIVE_US;
}

enum sweep_step sweep_work_take(struct sweep_work *w, const struct job_snapshot *now,
				struct job_result *result)
{
	w->sampled = false;
	if (!(w->looked ? work_measured(w, result) : work_known(w, now, result)))
		return SWEEP_STEP_FAILED;
	if (!sweep_next(&w->sweep, &w->request))
		return SWEEP_STEP_DONE;
	if (w->config.runs > 0 && w->runs >= w->config.runs)
		return SWEEP_STEP_PAUSED;
	ask_if_alive(w);
	w->profile = w->bounds;
	if (w->request.stage != SWEEP_STAGE_FIRST)
		sweep_apply(&w->sweep, &w->request.point, &w->profile);
	return SWEEP_STEP_JOB;
}

int sweep_work_save(struct sweep_work *w, time_t now, bool force, char path[SWEEP_PATH],
		    char *error, size_t size)
{
	const int rc =
		sweep_profile_save(&w->pair, &w->bounds, &w->sweep, now, force, path, error, size);

	if (rc == 0 && w->path[0])
		(void)unlink(w->path);
	return rc;
}
