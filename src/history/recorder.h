/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records a job in the history: stands between the job and its listener, and
 * tells the listener everything.
 *
 * The transfer comes first: what is to be kept is handed to a thread of the
 * recorder's own, which alone touches the disk.  A full disk, a folder that may
 * not be written, a damaged or newer file cost one warning, and the run is not
 * recorded, or only in part.
 */
#ifndef OTABENCH_HISTORY_RECORDER_H
#define OTABENCH_HISTORY_RECORDER_H

#include "history/history.h"
#include "host/job.h"

struct recorder_config {
	bool off; /* record nothing */
	const char *path; /* of the history; NULL: history_path() */
	const char *options; /* how the device is reached, "--sim=seed=1"; NULL: nothing to tell */
	const char *image_path; /* UPDATE: the file; NULL unknown */
	/* The profile as its file has it, to tell whether the run's differs; NULL: unknown. */
	const struct profile *saved;
	/* Once at most, from within the job's work or recorder_finish(): why the run is not, or
	 * no longer, recorded.  May be NULL. */
	void (*warn)(void *userdata, const char *text);
	void *userdata;
};

struct recorder;

/*
 * Does what job_create() does, with a recorder in front of listener.  *ret_recorder is NULL if
 * nothing is recorded: switched off, or neither an update nor a measurement.  Returns what
 * job_create() returns; no failure of the recorder is one of this call.
 */
int recorder_job_create(const struct recorder_config *config, struct transport *transport,
			const struct job_config *job_config, const struct job_listener *listener,
			struct job **ret_job, struct recorder **ret_recorder);
/*
 * After the job's end, before or after job_destroy(): waits until all is
 * written.  A run without an end is recorded as left.  NULL does nothing.
 */
void recorder_finish(struct recorder *recorder);

/*
 * The date, milliseconds since 1970.  On a virtual clock it can be modelled, too:
 * SOURCE_DATE_EPOCH, as for reproducible builds, is the second at which the modelled world began.
 */
int64_t recorder_date_ms(struct transport *transport);

#endif
