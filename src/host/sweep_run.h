/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep: a job after another over one transport, as sweep.h asks for them, until the best
 * settings for a device are known.  Each job measures the link (SINK): the device counts bytes
 * and throws them away, and its flash is not touched.
 *
 * What was measured is kept in a file after each job, and taken up by the next sweep of the
 * same device, adapter, profile and objective.
 */
#ifndef OTABENCH_HOST_SWEEP_RUN_H
#define OTABENCH_HOST_SWEEP_RUN_H

#include "host/job.h"
#include "host/sweep_files.h"

#include <systemd/sd-event.h>

struct sweep_run_config {
	const char *device; /* name or address, as typed; copied */
	const struct profile *bounds; /* what it fixes is not varied; copied */
	enum sweep_objective objective;
	const char *options; /* as in struct job_config; the caller's */
	const char *simulated; /* the options of the simulation, or NULL; the caller's */
	uint32_t runs; /* measurements at most, this time; 0: as many as it needs */
	uint32_t scan_timeout_ms; /* as in struct job_config */
	bool restart; /* begin anew; a state that is kept is replaced */
	bool on_screen; /* as in struct job_config */
};

enum sweep_end {
	SWEEP_END_DONE,
	SWEEP_END_PAUSED, /* by the user or by config.runs; what was measured is kept */
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
	void (*measured)(void *userdata, const struct sweep_request *request,
			 const struct sweep_sample *sample);
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

const struct sweep *sweep_run_sweep(const struct sweep_run *run);
const struct sweep_pair *sweep_run_pair(const struct sweep_run *run);
/* The measurement under way; NULL: none. */
const struct sweep_request *sweep_run_request(const struct sweep_run *run);
/* The job that runs; NULL between two. */
struct job *sweep_run_job(const struct sweep_run *run);
/* Why it ended FAILED: the last job's result; what and advice are "" where a file is to blame. */
const struct job_result *sweep_run_result(const struct sweep_run *run);
/* The file that is to blame, as a sentence; "" none. */
const char *sweep_run_error(const struct sweep_run *run);
/* Writes the winner, and drops the state where the search is over.  See sweep_profile_save(). */
int sweep_run_save(struct sweep_run *run, time_t now, bool force, char path[4096], char *error,
		   size_t size);

#endif
