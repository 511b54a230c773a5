/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_run.h. */
#include "config.h" /* system extensions: unlink() */

#include "host/sweep_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_MS 120000u /* a measurement that takes longer has failed */
#define FAILURES_MAX 3u /* in a row */
#define PATH_SIZE 4096u

struct sweep_run {
	sd_event *event;
	sd_event_source *turn; /* the next step, outside of the job's own work */
	struct transport *transport;
	struct sweep_run_config config;
	struct sweep_listener listener;
	char device[SCAN_NAME_SIZE];
	struct profile bounds, profile; /* the latter: of the measurement under way */
	struct sweep_pair pair;
	struct sweep sweep;
	bool looked, measuring, stopping;
	struct sweep_request request; /* where measuring */
	struct job *job;
	struct job_result result; /* of the last job */
	struct ota_info info;
	uint32_t failures, runs;
	char path[PATH_SIZE]; /* of the state; "": it is not kept */
	char error[PATH_SIZE + 128];
};

static void run_warn(struct sweep_run *r, const char *text)
{
	if (r->listener.warn)
		r->listener.warn(r->listener.userdata, text);
}

static void run_finish(struct sweep_run *r, enum sweep_end end)
{
	(void)sd_event_source_set_enabled(r->turn, SD_EVENT_OFF);
	if (r->listener.finished)
		r->listener.finished(r->listener.userdata, end);
}

/* --- the jobs */

static void run_on_finished(void *userdata, const struct job_result *result)
{
	struct sweep_run *r = userdata;

	r->result = *result;
	(void)sd_event_source_set_enabled(r->turn, SD_EVENT_ONESHOT);
}

static void run_on_progress(void *userdata)
{
	const struct sweep_run *r = userdata;

	if (r->listener.progress)
		r->listener.progress(r->listener.userdata);
}

static void run_on_passkey(void *userdata, int32_t shown)
{
	const struct sweep_run *r = userdata;

	if (r->listener.passkey)
		r->listener.passkey(r->listener.userdata, shown);
}

static bool run_job_begin(struct sweep_run *r, enum session_goal goal,
			  const struct profile *profile, uint32_t bytes)
{
	const struct job_config config = {
		.goal = goal,
		.device = r->pair.device[0] ? r->pair.device : r->device,
		.profile = profile,
		.options = r->config.options,
		.on_screen = r->config.on_screen,
		.bytes = bytes,
		.scan_timeout_ms = r->config.scan_timeout_ms,
		.timeout_ms = goal == SESSION_MEASURE ? RUN_MS : 0,
	};
	const struct job_listener listener = {
		.userdata = r,
		.progress = run_on_progress,
		.passkey = run_on_passkey,
		.finished = run_on_finished,
	};

	if (job_create(r->transport, &config, &listener, &r->job) < 0) {
		(void)snprintf(r->error, sizeof(r->error), "out of memory");
		return false;
	}
	job_start(r->job);
	return true;
}

static bool run_measure(struct sweep_run *r)
{
	r->profile = r->bounds;
	if (r->request.stage != SWEEP_STAGE_FIRST)
		sweep_apply(&r->sweep, &r->request.point, &r->profile);
	r->measuring = true;
	if (r->listener.measuring)
		r->listener.measuring(r->listener.userdata, &r->request);
	return run_job_begin(r, SESSION_MEASURE, &r->profile, r->request.bytes);
}

/* --- the device is known */

/* Takes up what an earlier sweep has left.  False: that cannot be read. */
static bool run_take_up(struct sweep_run *r)
{
	int rc = -OTA_ENOENT;

	if (!sweep_state_path(&r->pair, &r->bounds, r->config.objective, r->path))
		r->path[0] = '\0';
	if (r->path[0] && !r->config.restart)
		rc = sweep_state_load(r->path, &r->sweep, r->error, sizeof(r->error));
	if (rc == 0 && r->sweep.objective == r->config.objective)
		return true;
	sweep_init(&r->sweep, r->config.objective, &r->bounds);
	return rc == 0 || rc == -OTA_ENOENT;
}

static bool run_known(struct sweep_run *r)
{
	struct job_snapshot now;

	job_snapshot(r->job, &now);
	if (r->result.outcome != SESSION_ANSWERED)
		return false;
	if (!now.have_info || !(now.info.features & OTA_FEATURE_SINK)) {
		(void)snprintf(r->result.what, sizeof(r->result.what),
			       "%s cannot count and throw away what it is sent (SINK).",
			       now.device);
		r->result.outcome = SESSION_DEVICE_ERROR;
		return false;
	}
	r->info = now.info;
	(void)snprintf(r->pair.device, sizeof(r->pair.device), "%s", now.address);
	(void)snprintf(r->pair.name, sizeof(r->pair.name), "%s", now.device);
	(void)snprintf(r->pair.adapter, sizeof(r->pair.adapter), "%s", now.link.adapter);
	r->looked = true;
	if (!run_take_up(r))
		return false;
	if (r->listener.known)
		r->listener.known(r->listener.userdata, r->sweep.count);
	return true;
}

/* --- a measurement */

static void run_keep(struct sweep_run *r)
{
	char error[PATH_SIZE + 128];

	if (r->path[0] == '\0' || sweep_state_save(r->path, &r->sweep, error, sizeof(error)) == 0)
		return;
	r->path[0] = '\0'; /* told once */
	run_warn(r, error);
}

static bool link_is(const struct sweep_run *r, const struct airtime_link *link)
{
	const int32_t phy = r->profile.phy, interval = r->profile.connection_interval;

	if ((phy == PROFILE_PHY_1M && link->phy != OTA_PHY_1M) ||
	    (phy == PROFILE_PHY_2M && link->phy != OTA_PHY_2M))
		return false;
	return interval <= 0 || link->interval_us == (uint32_t)interval * 1250u;
}

static struct sweep_sample run_sample(const struct sweep_run *r)
{
	const struct job_result *x = &r->result;
	const uint64_t around = x->transfer_time[BUDGET_START] + x->transfer_time[BUDGET_END];
	const uint32_t payload = x->chunk > OTA_DATA_HEADER ? x->chunk - OTA_DATA_HEADER : 1u;
	struct sweep_sample s = {.stage = r->request.stage, .point = r->request.point};

	if (x->outcome != SESSION_MEASURED || x->seconds_us <= around)
		return s;
	s.bytes = x->bytes;
	s.send_us = x->seconds_us - around;
	s.around_us = around;
	s.gaps = x->gaps;
	s.values = (uint32_t)(x->sent_bytes / payload) + 1u;
	s.window = x->window;
	s.not_had = r->request.stage != SWEEP_STAGE_FIRST && !link_is(r, &x->link);
	return s;
}

static void run_learn(struct sweep_run *r, struct sweep_sample *sample)
{
	const struct sweep_facts facts = {
		.link = r->result.link,
		.mtu = r->result.mtu,
		.header = OTA_DATA_HEADER,
		.ring = r->info.ring_size,
		.phys = r->info.phys,
		.acquire = r->pair.simulated == NULL,
	};

	sweep_learn(&r->sweep, &facts, &sample->point);
}

/* What no other setting would mend. */
static bool is_hopeless(enum session_outcome outcome)
{
	return outcome == SESSION_NOT_FOUND || outcome == SESSION_NO_ADAPTER ||
	       outcome == SESSION_NOT_PAIRED || outcome == SESSION_IN_USE ||
	       outcome == SESSION_NO_SERVICE || outcome == SESSION_CANCELLED;
}

/* False: it ends here. */
static bool run_take(struct sweep_run *r)
{
	struct sweep_sample sample = run_sample(r);

	r->measuring = false;
	if (is_hopeless(r->result.outcome))
		return false;
	r->failures = sample.bytes > 0 ? 0 : r->failures + 1u;
	if (r->failures >= FAILURES_MAX ||
	    (sample.bytes == 0 && r->request.stage == SWEEP_STAGE_FIRST))
		return false;
	if (r->request.stage == SWEEP_STAGE_FIRST)
		run_learn(r, &sample);
	if (sweep_add(&r->sweep, &sample) < 0)
		return false;
	r->runs++;
	run_keep(r);
	if (r->listener.measured)
		r->listener.measured(r->listener.userdata, &r->request, &sample);
	return true;
}

static int run_step(sd_event_source *source, void *userdata)
{
	struct sweep_run *r = userdata;
	bool good;

	(void)source;
	good = !r->looked ? run_known(r) : run_take(r);
	job_destroy(r->job);
	r->job = NULL;
	if (r->stopping || (good && r->config.runs > 0 && r->runs >= r->config.runs &&
			    sweep_next(&r->sweep, &r->request)))
		run_finish(r, SWEEP_END_PAUSED);
	else if (good && !sweep_next(&r->sweep, &r->request))
		run_finish(r, SWEEP_END_DONE);
	else if (!good || !run_measure(r))
		run_finish(r, SWEEP_END_FAILED);
	return 0;
}

/* --- the owner's */

int sweep_run_create(sd_event *event, struct transport *transport,
		     const struct sweep_run_config *config, const struct sweep_listener *listener,
		     struct sweep_run **ret)
{
	struct sweep_run *r = calloc(1, sizeof(*r));

	if (!r)
		return -OTA_ENOMEM;
	r->event = event;
	r->transport = transport;
	r->config = *config;
	r->listener = *listener;
	r->bounds = *config->bounds;
	r->config.bounds = NULL; /* copied */
	r->pair.simulated = config->simulated;
	(void)snprintf(r->device, sizeof(r->device), "%s", config->device);
	sweep_init(&r->sweep, config->objective, &r->bounds);
	if (sd_event_add_defer(event, &r->turn, run_step, r) < 0) {
		free(r);
		return -OTA_ENOMEM;
	}
	(void)sd_event_source_set_enabled(r->turn, SD_EVENT_OFF);
	*ret = r;
	return 0;
}

void sweep_run_destroy(struct sweep_run *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->turn);
	job_destroy(r->job);
	free(r);
}

int sweep_run_start(struct sweep_run *r)
{
	return run_job_begin(r, SESSION_LOOK, &r->bounds, 0) ? 0 : -OTA_ENOMEM;
}

void sweep_run_stop(struct sweep_run *r)
{
	r->stopping = true;
	if (r->job)
		job_cancel(r->job);
}

const struct sweep *sweep_run_sweep(const struct sweep_run *r)
{
	return &r->sweep;
}

const struct sweep_pair *sweep_run_pair(const struct sweep_run *r)
{
	return &r->pair;
}

const struct sweep_request *sweep_run_request(const struct sweep_run *r)
{
	return r->measuring ? &r->request : NULL;
}

struct job *sweep_run_job(const struct sweep_run *r)
{
	return r->job;
}

const struct job_result *sweep_run_result(const struct sweep_run *r)
{
	return &r->result;
}

const char *sweep_run_error(const struct sweep_run *r)
{
	return r->error;
}

int sweep_run_save(struct sweep_run *r, time_t now, bool force, char path[PATH_SIZE], char *error,
		   size_t size)
{
	const int rc =
		sweep_profile_save(&r->pair, &r->bounds, &r->sweep, now, force, path, error, size);

	if (rc == 0 && r->path[0])
		(void)unlink(r->path);
	return rc;
}
