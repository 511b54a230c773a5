/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_run.h. */
#include "host/sweep_run.h"

#include <stdio.h>
#include <stdlib.h>

struct sweep_run {
	sd_event_source *turn; /* the next step, outside of the job's own work */
	struct transport *transport;
	struct sweep_run_config config;
	struct sweep_listener listener;
	char device[SCAN_NAME_SIZE];
	struct sweep_work work;
	bool stopping;
	struct job *job;
	struct job_result result; /* of the last job */
};

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

static bool run_job_begin(struct sweep_run *r)
{
	struct job_config config = {
		.device = r->work.looked ? r->work.pair.device : r->device,
		.options = r->config.options,
		.scan_timeout_ms = r->config.scan_timeout_ms,
	};
	const struct job_listener listener = {
		.userdata = r,
		.progress = run_on_progress,
		.passkey = run_on_passkey,
		.finished = run_on_finished,
	};

	sweep_work_configure(&r->work, &config);
	if (job_create(r->transport, &config, &listener, &r->job) < 0) {
		(void)snprintf(r->work.error, sizeof(r->work.error), "out of memory");
		return false;
	}
	if (r->work.looked && r->listener.measuring)
		r->listener.measuring(r->listener.userdata, &r->work.request);
	job_start(r->job);
	return true;
}

/* Tells the listener what the job has brought. */
static void run_tell(struct sweep_run *r, bool looked_before)
{
	struct sweep_work *w = &r->work;

	if (!looked_before && w->looked && r->listener.known)
		r->listener.known(r->listener.userdata, w->taken_up);
	if (w->sampled && r->listener.measured)
		r->listener.measured(r->listener.userdata, &w->sample);
	if (w->warning[0] && r->listener.warn)
		r->listener.warn(r->listener.userdata, w->warning);
	w->warning[0] = '\0';
}

static int run_step(sd_event_source *source, void *userdata)
{
	struct sweep_run *r = userdata;
	const bool looked = r->work.looked;
	struct job_snapshot now;
	enum sweep_step step;

	(void)source;
	job_snapshot(r->job, &now);
	step = sweep_work_take(&r->work, &now, &r->result);
	job_destroy(r->job);
	r->job = NULL;
	run_tell(r, looked);
	if (r->stopping)
		step = SWEEP_STEP_PAUSED;
	switch (step) {
	case SWEEP_STEP_JOB:
		if (!run_job_begin(r))
			run_finish(r, SWEEP_END_FAILED);
		break;
	case SWEEP_STEP_DONE:
		run_finish(r, SWEEP_END_DONE);
		break;
	case SWEEP_STEP_PAUSED:
		run_finish(r, SWEEP_END_PAUSED);
		break;
	case SWEEP_STEP_FAILED:
		run_finish(r, SWEEP_END_FAILED);
		break;
	}
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
	r->transport = transport;
	r->config = *config;
	r->listener = *listener;
	(void)snprintf(r->device, sizeof(r->device), "%s", config->device);
	sweep_work_init(&r->work, &config->work);
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
	return run_job_begin(r) ? 0 : -OTA_ENOMEM;
}

void sweep_run_stop(struct sweep_run *r)
{
	r->stopping = true;
	if (r->job)
		job_cancel(r->job);
}

struct sweep_work *sweep_run_work(struct sweep_run *r)
{
	return &r->work;
}

const struct sweep *sweep_run_sweep(const struct sweep_run *r)
{
	return &r->work.sweep;
}

const struct sweep_pair *sweep_run_pair(const struct sweep_run *r)
{
	return &r->work.pair;
}

struct job *sweep_run_job(const struct sweep_run *r)
{
	return r->job;
}

const struct job_result *sweep_run_result(const struct sweep_run *r)
{
	return &r->result;
}
