/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of the recorder that touches the disk, in a thread of its own: a
 * write may take seconds, and nothing of a transfer may wait for it.
 *
 * The lock is held to move pointers and figures only, never over a system call.
 */
#include "config.h" /* system extensions: pthread_sigmask() */

#include "history/recorder_priv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUSY_MS 10000 /* others hold the file for milliseconds, and wait for their turn */
#define AGAIN_NS 5000000

/* --- the job's side */

static void warn(struct recorder *r, const char *format, const char *detail)
{
	(void)pthread_mutex_lock(&r->lock);
	(void)snprintf(r->warning, sizeof(r->warning), format, detail);
	(void)pthread_mutex_unlock(&r->lock);
}

bool recorder_take_warning(struct recorder *r, char *buf, size_t size)
{
	bool is;

	(void)pthread_mutex_lock(&r->lock);
	is = r->warning[0] != '\0';
	if (is)
		(void)snprintf(buf, size, "%s", r->warning);
	r->warning[0] = '\0';
	(void)pthread_mutex_unlock(&r->lock);
	return is;
}

/* Room for one more; false: none, and the row is lost. */
static bool recorder_thread_make_room(void **array, size_t count, size_t *room, size_t size)
{
	const size_t larger = *room ? *room * 2 : 64;
	void *now;

	if (count < *room)
		return true;
	if (larger > RECORDER_PENDING_MAX)
		return false;
	now = realloc(*array, larger * size);
	if (!now)
		return false;
	*array = now;
	*room = larger;
	return true;
}

static bool put_rows(struct recorder_rows *rows, const struct history_sample *sample,
		     const struct history_mark *mark)
{
	void *samples = rows->samples, *marks = rows->marks;
	bool whole = true;

	if (sample) {
		whole = recorder_thread_make_room(&samples, rows->sample_count, &rows->sample_room,
						  sizeof(*sample));
		rows->samples = samples;
		if (whole)
			rows->samples[rows->sample_count++] = *sample;
	}
	if (mark) {
		const bool fits = recorder_thread_make_room(&marks, rows->mark_count,
							    &rows->mark_room, sizeof(*mark));

		rows->marks = marks;
		if (fits)
			rows->marks[rows->mark_count++] = *mark;
		whole = whole && fits;
	}
	return whole;
}

void recorder_put(struct recorder *r, const struct history_sample *sample,
		  const struct history_mark *mark)
{
	(void)pthread_mutex_lock(&r->lock);
	if (r->stopped || !put_rows(&r->pending, sample, mark))
		r->lost += (sample || mark);
	r->latest = r->run;
	r->latest.lost_samples = r->lost;
	memcpy(r->latest_keys, r->keys, sizeof(r->latest_keys));
	r->latest_key_count = r->key_count;
	r->news = true;
	(void)pthread_cond_signal(&r->wake);
	(void)pthread_mutex_unlock(&r->lock);
}

/* --- the thread's side */

struct writer {
	struct recorder *r;
	struct history *history;
	struct recorder_rows rows;
	struct history_run run;
	struct history_key keys[RECORDER_KEYS_MAX];
	size_t key_count;
	int64_t id;
};

/* Waits for news and takes them; false: the end, and nothing new. */
static bool recorder_thread_take(struct writer *w)
{
	struct recorder *r = w->r;
	struct recorder_rows empty = w->rows;
	bool news;

	empty.sample_count = empty.mark_count = 0;
	(void)pthread_mutex_lock(&r->lock);
	while (!r->news && !r->ending)
		(void)pthread_cond_wait(&r->wake, &r->lock);
	news = r->news && !r->drop;
	if (news) {
		w->rows = r->pending;
		r->pending = empty;
		w->run = r->latest;
		memcpy(w->keys, r->latest_keys, sizeof(w->keys));
		w->key_count = r->latest_key_count;
		r->news = false;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return news;
}

static bool ends(struct recorder *r)
{
	bool is;

	(void)pthread_mutex_lock(&r->lock);
	is = r->ending;
	(void)pthread_mutex_unlock(&r->lock);
	return is;
}

static int64_t now_ms(void)
{
	struct timespec t = {.tv_sec = 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* While another program makes the file, SQLite refuses it a log at once, whatever time it was
 * given. */
static int open_history(struct writer *w, char *why, size_t size)
{
	const int64_t until = now_ms() + BUSY_MS;
	int r;

	while ((r = history_open_file(w->r->path, HISTORY_WRITE, BUSY_MS, &w->history, why,
				      size)) == -OTA_EBUSY &&
	       now_ms() < until)
		(void)nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
	return r;
}

static int recorder_thread_insert(struct writer *w)
{
	char why[768] = "";
	int r;

	if (w->r->path[0] == '\0') {
		(void)snprintf(why, sizeof(why), "neither HOME nor XDG_STATE_HOME is set");
		r = w->r->path_error;
	} else {
		r = open_history(w, why, sizeof(why));
	}
	if (r == 0) {
		r = history_insert(w->history, &w->run, &w->r->process, &w->r->profile, &w->id);
		if (r < 0)
			(void)snprintf(why, sizeof(why), "%.*s: %.200s", 500, w->r->path,
				       history_error(w->history));
	}
	if (r < 0)
		warn(w->r, "this run is not recorded: %s", why);
	return r;
}

/* Waits for other programs as long as the job runs, and a last time when it has ended. */
static int update(struct writer *w)
{
	const struct history_batch batch = {
		.samples = w->rows.samples,
		.marks = w->rows.marks,
		.keys = w->keys,
		.sample_count = w->rows.sample_count,
		.mark_count = w->rows.mark_count,
		.key_count = w->key_count,
	};
	bool last = false;
	int r;

	w->run.id = w->id;
	while ((r = history_update(w->history, &w->run, &batch)) == -OTA_EBUSY && !last)
		last = ends(w->r);
	return r;
}

static void recorder_thread_stop(struct writer *w)
{
	(void)pthread_mutex_lock(&w->r->lock);
	w->r->stopped = true;
	w->r->pending.sample_count = w->r->pending.mark_count = 0;
	(void)pthread_mutex_unlock(&w->r->lock);
}

static void write_all(struct writer *w)
{
	bool broken = false;

	do { /* what came with the run itself is written first */
		/* After a failure only the end is tried again: there may be room by then. */
		if (broken && w->run.state == HISTORY_RUNNING)
			continue;
		if (update(w) == 0 || broken)
			continue;
		broken = true;
		recorder_thread_stop(w);
		warn(w->r, "the rest of this run is not recorded: %s", history_error(w->history));
	} while (recorder_thread_take(w));
}

static void *work(void *userdata)
{
	struct writer w = {.r = userdata};

	if (recorder_thread_take(&w) && recorder_thread_insert(&w) == 0) {
		write_all(&w);
		(void)history_prune(w.history, HISTORY_RUNS_KEPT, HISTORY_SERIES_KEPT);
	} else {
		recorder_thread_stop(&w);
	}
	history_close(w.history);
	free(w.rows.samples);
	free(w.rows.marks);
	return NULL;
}

/* --- life */

int recorder_begin(struct recorder *r, const char *path)
{
	sigset_t all, before;
	int rc;

	if (path)
		(void)snprintf(r->path, sizeof(r->path), "%s", path);
	else
		r->path_error = history_path(r->path, sizeof(r->path));
	if (r->path_error == -OTA_ENOENT)
		return -OTA_ENOENT; /* switched off */
	if (r->path_error < 0)
		r->path[0] = '\0';
	history_process_self(&r->process);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->wake, NULL);
	/* Signals are the event loop's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&r->thread, NULL, work, r);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : -OTA_ENOMEM;
}

static void recorder_thread_join(struct recorder *r, bool drop)
{
	(void)pthread_mutex_lock(&r->lock);
	r->ending = true;
	r->drop = drop;
	(void)pthread_cond_signal(&r->wake);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	free(r->pending.samples);
	free(r->pending.marks);
	(void)pthread_cond_destroy(&r->wake);
}

void recorder_end(struct recorder *r)
{
	recorder_thread_join(r, false);
}

void recorder_drop(struct recorder *r)
{
	recorder_thread_join(r, true);
	free(r);
}
