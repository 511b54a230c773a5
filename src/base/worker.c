/* SPDX-License-Identifier: Apache-2.0 */
/* See worker.h.  The lock is held to look at figures, never over work. */
#include "config.h" /* system extensions: pthread_sigmask(), eventfd() */

#include "base/worker.h"
#include "ota/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
	struct worker_task task;
	sd_event_source *source; /* the loop's */
	int fd; /* wakes the loop */
	/* between both, under the lock: */
	pthread_mutex_t lock;
	uint64_t units;
	bool done, left;
};

static void worker_free(struct worker *w)
{
	w->task.finish(w->task.ctx);
	(void)close(w->fd);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

/* The figure in the descriptor does not count: it only has to be another than 0.  It cannot be
 * full: each percent adds one. */
static void wake(const struct worker *w)
{
	(void)eventfd_write(w->fd, 1);
}

static unsigned int percent_of(const struct worker *w)
{
	if (w->done || w->units >= w->task.units)
		return w->done ? 100 : 99;
	return (unsigned int)(w->units * 100u / w->task.units);
}

/* --- the thread */

static bool worker_step(void *ctx, uint32_t units)
{
	struct worker *w = ctx;
	unsigned int before, now;
	bool left;

	(void)pthread_mutex_lock(&w->lock);
	before = percent_of(w);
	w->units += units;
	now = percent_of(w);
	left = w->left;
	(void)pthread_mutex_unlock(&w->lock);
	if (now != before && !left)
		wake(w);
	return !left;
}

static void *worker_run(void *userdata)
{
	struct worker *w = userdata;
	const struct steps steps = {.done = worker_step, .ctx = w};
	bool left;

	w->task.work(w->task.ctx, &steps);
	(void)pthread_mutex_lock(&w->lock);
	w->done = true;
	left = w->left;
	if (!left)
		wake(w); /* under the lock: w may be gone behind it */
	(void)pthread_mutex_unlock(&w->lock);
	if (left)
		worker_free(w);
	return NULL;
}

/* Signals are the event loop's. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return -OTA_ENOMEM;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&thread, &attr, worker_run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return rc == 0 ? 0 : -OTA_ENOMEM;
}

/* --- its owner */

static int worker_woken(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct worker *w = userdata;
	eventfd_t count;

	(void)source;
	(void)revents;
	if (eventfd_read(fd, &count) < 0)
		return 0;
	w->task.told(w->task.told_ctx); /* may destroy w */
	return 0;
}

int worker_start(sd_event *event, const struct worker_task *task, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc = -OTA_ENOMEM;

	if (!w)
		return rc;
	w->task = *task;
	(void)pthread_mutex_init(&w->lock, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd >= 0 && sd_event_add_io(event, &w->source, w->fd, EPOLLIN, worker_woken, w) >= 0)
		rc = start_thread(w);
	if (rc == 0) {
		*ret = w;
		return 0;
	}
	sd_event_source_disable_unref(w->source);
	if (w->fd >= 0)
		(void)close(w->fd);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	return rc;
}

bool worker_done(struct worker *w)
{
	bool done;

	(void)pthread_mutex_lock(&w->lock);
	done = w->done;
	(void)pthread_mutex_unlock(&w->lock);
	return done;
}

unsigned int worker_percent(struct worker *w)
{
	unsigned int percent;

	(void)pthread_mutex_lock(&w->lock);
	percent = percent_of(w);
	(void)pthread_mutex_unlock(&w->lock);
	return percent;
}

void worker_destroy(struct worker *w)
{
	bool done;

	if (!w)
		return;
	sd_event_source_disable_unref(w->source);
	w->source = NULL;
	(void)pthread_mutex_lock(&w->lock);
	done = w->done;
	w->left = true;
	(void)pthread_mutex_unlock(&w->lock);
	if (done)
		worker_free(w);
}
