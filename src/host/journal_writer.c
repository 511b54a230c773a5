/* SPDX-License-Identifier: Apache-2.0 */
/* See journal_writer.h.  The lock is held to copy a state, never over a system call. */
#include "config.h" /* system extensions: pthread_sigmask() */

#include "host/journal_writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct journal_writer {
	int claim; /* a descriptor; -1: none, as nothing can be written there */
	struct journal now; /* the owner's */
	struct journal before; /* the file as it was found */
	bool had_before;
	bool threaded;
	pthread_t thread;
	/* between both, under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct journal next;
	bool news, ending;
	bool failing; /* the last state could not be written: told once */
	char warning[JOURNAL_TEXT_MAX]; /* "": none to tell */
};

/* --- the thread */

static void tell(struct journal_writer *w, const char *error)
{
	(void)pthread_mutex_lock(&w->lock);
	if (!w->failing)
		(void)snprintf(w->warning, sizeof(w->warning), "%s", error);
	w->failing = true;
	(void)pthread_mutex_unlock(&w->lock);
}

static void *journal_writer_work(void *userdata)
{
	struct journal_writer *w = userdata;
	char error[JOURNAL_TEXT_MAX];
	struct journal *mine = malloc(sizeof(*mine));

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->news && !w->ending)
			(void)pthread_cond_wait(&w->wake, &w->lock);
		if (!w->news || !mine)
			break;
		*mine = w->next;
		w->news = false;
		(void)pthread_mutex_unlock(&w->lock);
		if (journal_save(mine, error, sizeof(error)) < 0)
			tell(w, error);
		(void)pthread_mutex_lock(&w->lock);
	}
	(void)pthread_mutex_unlock(&w->lock);
	free(mine);
	return NULL;
}

/* Signals are the event loop's. */
static bool start_thread(struct journal_writer *w)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&w->thread, NULL, journal_writer_work, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

static void stop_thread(struct journal_writer *w)
{
	if (!w->threaded)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ending = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	w->threaded = false;
}

/* --- its owner */

static uint64_t next_order(void)
{
	struct journal_list list;
	uint64_t order = 1;

	if (journal_list(NULL, &list) < 0)
		return order;
	order = list.order + 1;
	journal_list_finish(&list);
	return order;
}

static void stamp(struct journal *j)
{
	j->at = (int64_t)time(NULL);
	if (j->at < 0)
		j->at = 0;
}

/* Keeps the earlier facts on this image; another image that the device may hold comes second. */
static void take_before(struct journal_writer *w)
{
	const struct journal_image *new = &w->now.images[0];
	struct journal *to = &w->now;

	for (size_t i = 0; w->had_before && i < w->before.count; i++) {
		const struct journal_image *old = &w->before.images[i];

		if (memcmp(old->sha256, new->sha256, sizeof(new->sha256)) == 0) {
			to->images[0].received = old->received;
			to->images[0].flushed = old->flushed;
			to->images[0].ended = old->ended;
		} else if (to->count < JOURNAL_IMAGES) {
			to->images[to->count++] = *old;
		}
	}
}

static int busy(const struct journal *first, char *error, size_t size)
{
	struct journal other;
	char why[JOURNAL_TEXT_MAX];

	if (journal_load(first->place, first->address, &other, why, sizeof(why)) == 0)
		(void)snprintf(error, size,
			       "Another otabench (process %" PRId64
			       ") on this computer is updating this device.",
			       other.process);
	else
		(void)snprintf(error, size,
			       "Another otabench on this computer is updating this device.");
	return -OTA_EBUSY;
}

int journal_begin(const struct journal *first, struct journal_writer **ret, char *error,
		  size_t size)
{
	const int claim = journal_lock(first->place, first->address);
	char why[JOURNAL_TEXT_MAX];
	struct journal_writer *w;

	error[0] = '\0';
	if (claim == -OTA_EBUSY)
		return busy(first, error, size);
	w = calloc(1, sizeof(*w));
	if (!w) {
		if (claim >= 0)
			(void)close(claim);
		return -OTA_ENOMEM;
	}
	w->claim = claim < 0 ? -1 : claim;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->wake, NULL);
	w->now = *first;
	w->had_before =
		journal_load(first->place, first->address, &w->before, why, sizeof(why)) == 0;
	w->now.process = getpid();
	w->now.order = next_order();
	stamp(&w->now);
	take_before(w);
	w->failing = journal_save(&w->now, error, size) < 0;
	if (!w->failing)
		journal_prune();
	w->threaded = start_thread(w);
	*ret = w;
	return 0;
}

void journal_progress(struct journal_writer *w, uint32_t received, uint32_t flushed, bool ended,
		      bool ready)
{
	struct journal_image *i = &w->now.images[0];

	i->received = received < i->size ? received : i->size;
	i->flushed = flushed < i->size ? flushed : i->size;
	i->ended = ended;
	if (ready)
		w->now.count = 1;
	stamp(&w->now);
	(void)pthread_mutex_lock(&w->lock);
	w->next = w->now;
	w->news = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
}

void journal_warning(struct journal_writer *w, char *buf, size_t size)
{
	(void)pthread_mutex_lock(&w->lock);
	(void)snprintf(buf, size, "%s", w->warning);
	w->warning[0] = '\0';
	(void)pthread_mutex_unlock(&w->lock);
}

void journal_end(struct journal_writer *w, enum journal_end how, enum session_outcome outcome,
		 char *error, size_t size)
{
	error[0] = '\0';
	stop_thread(w);
	stamp(&w->now);
	switch (how) {
	case JOURNAL_STOPPED:
		w->now.images[0].outcome = outcome;
		(void)journal_save(&w->now, error, size);
		break;
	case JOURNAL_LEFT:
		(void)journal_save(&w->now, error, size);
		break;
	case JOURNAL_OVER:
		journal_drop(w->now.place, w->now.address);
		break;
	case JOURNAL_UNTOUCHED:
		if (w->had_before)
			(void)journal_save(&w->before, error, size);
		else
			journal_drop(w->now.place, w->now.address);
		break;
	}
	/* A warning that was told already is not told again. */
	if (w->failing)
		error[0] = '\0';
	if (w->claim >= 0)
		(void)close(w->claim);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
