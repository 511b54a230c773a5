/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's two halves: what the job tells, and the thread that writes it. */
#ifndef OTABENCH_HISTORY_RECORDER_PRIV_H
#define OTABENCH_HISTORY_RECORDER_PRIV_H

#include "history/history_priv.h"
#include "history/recorder.h"

#include <pthread.h>

#define RECORDER_KEYS_MAX 16u
#define RECORDER_PENDING_MAX 65536u /* rows; a disk that hangs must not eat the memory */

/* Rows on their way. */
struct recorder_rows {
	struct history_sample *samples;
	struct history_mark *marks;
	size_t sample_count, sample_room, mark_count, mark_room;
};

struct recorder {
	/* --- the job's side, in the event loop */
	struct transport *transport;
	struct job *job;
	struct job_listener inner;
	void (*warn)(void *userdata, const char *text);
	void *warn_userdata;
	uint64_t start_us, next_us; /* next: sample, since the start */
	uint32_t marks; /* made so far */
	struct history_run run; /* as it is now */
	struct history_key keys[RECORDER_KEYS_MAX];
	size_t key_count;
	bool no_confirm;
	uint32_t rssi_counts[256], rssi_total; /* by dBm + 128 */

	/* --- set before the thread begins */
	struct profile profile;
	struct history_process process;
	char path[HISTORY_PATH_MAX]; /* "": there is none, for this reason: */
	int path_error;
	pthread_t thread;

	/* --- between both, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct recorder_rows pending;
	struct history_run latest; /* copy of run */
	struct history_key latest_keys[RECORDER_KEYS_MAX];
	size_t latest_key_count;
	bool news, ending, drop;
	bool stopped; /* nothing more is written */
	uint32_t lost;
	char warning[1024]; /* "": none to tell */
};

/* --- recorder_take.c */

/* Brings the run's figures, the values in force and the circumstances up to date. */
void recorder_take(struct recorder *r, const struct job_snapshot *now);

/* --- recorder_thread.c */

/* 0, or negative when there can be no thread; path as in struct recorder_config. */
int recorder_begin(struct recorder *r, const char *path);
/* Hands the run's figures over, and a row; either row may be NULL.  Never waits. */
void recorder_put(struct recorder *r, const struct history_sample *sample,
		  const struct history_mark *mark);
/* All is written, or cannot be; the thread is gone. */
void recorder_end(struct recorder *r);
/* The same for a run that there never was. */
void recorder_drop(struct recorder *r);
/* A warning that was not told yet. */
bool recorder_take_warning(struct recorder *r, char *buf, size_t size);

#endif
