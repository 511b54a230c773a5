/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep (sweep_work.h) with its jobs, one after another over one transport, until the best
 * settings for a device are known.
 */
#ifndef OTABENCH_HOST_SWEEP_RUN_H
#define OTABENCH_HOST_SWEEP_RUN_H

#include "host/sweep_work.h"

#include <systemd/sd-event.h>

struct sweep_run_config {
	struct sweep_work_config work;
	const char *device; /* name or address, as typed; copied */
	const char *options; /* as in struct job_config; the caller's */
	uint32_t scan_timeout_ms; /* as in struct job_config */
};

enum sweep_end {
	SWEEP_END_DONE,
	SWEEP_END_PAUSED, /* by the user or by work.runs; what was measured is kept */
	SWEEP_END_FAILED, /* by a job, or by a file: see what and advice */
};

struct sweep_run;

/* Each may be NULL.  From within the work: they may read, and must not destroy. */
struct sweep_listener {
	void *userdata;
	/* The device is known; taken up: measurements that an earlier sweep has left. */
	void (*known)(void *userdata, size_t taken_up);
	/* A job was created: the listener's own ears for it, or NULL. */
	void (*measuring)(void *userdata, const struct sweep_request *request);
	/* The running job's figures may have changed. */
	void (*progress)(void *userdata);
	void (*measured)(void *userdata, const struct sweep_sample *sample);
	/* A passkey is wanted; see struct job_listener. */
	void (*passkey)(void *userdata, int32_t shown);
	/* Something that the user should know; once each. */
	void (*warn)(void *userdata, const char *text);
	/* Once, as the last call; the transport is free then. */
	void (*finished)(void *userdata, enum sweep_end end);
};

/* Uses event and transport until sweep_run_destroy().  -OTA_ENOMEM. */
int sweep_run_create(sd_event *event, struct transport *transport,
		     const struct sweep_run_config *config, const struct sweep_listener *listener,
		     struct sweep_run **ret);
void sweep_run_destroy(struct sweep_run *run);
/* Once. */
int sweep_run_start(struct sweep_run *run);
/* Ends after the job that runs, which is cancelled. */
void sweep_run_stop(struct sweep_run *run);

/* The sweep's work, to be read, and saved once it is over. */
struct sweep_work *sweep_run_work(struct sweep_run *run);
const struct sweep *sweep_run_sweep(const struct sweep_run *run);
const struct sweep_pair *sweep_run_pair(const struct sweep_run *run);
/* The job that runs; NULL between two. */
struct job *sweep_run_job(const struct sweep_run *run);
/* Why it ended FAILED: the last job's result; what and advice are "" where a file is to blame. */
const struct job_result *sweep_run_result(const struct sweep_run *run);

#endif
