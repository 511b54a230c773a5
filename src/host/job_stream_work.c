/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams to choose from are made by a thread, since that takes seconds of a large image and the
 * loop also has the screen and the user's keys.  A virtual clock stands still meanwhile, so that the
 * run is the same however fast the machine is.  Without a loop they are made at once.
 */
#include "host/job_priv.h"

static void job_stream_told(void *ctx)
{
	struct job *job = ctx;

	if (worker_done(job->worker))
		job_stream_made(job);
	else if (job->listener.progress)
		job->listener.progress(job->listener.userdata);
}

static void hold(const struct job *job, bool on)
{
	if (job->transport->ops->hold)
		job->transport->ops->hold(job->transport, on);
}

int job_stream_make(struct job *job, const struct stream_order *order)
{
	struct worker_task task = {
		.work = stream_maker_work,
		.finish = stream_maker_destroy,
		.told = job_stream_told,
		.told_ctx = job,
	};

	job->maker = stream_maker_create(order);
	if (!job->maker)
		return -OTA_ENOMEM;
	task.ctx = job->maker;
	task.units = stream_maker_units(job->maker);
	if (job->transport->event &&
	    worker_start(job->transport->event, &task, &job->worker) == 0) {
		hold(job, true);
		job_record_stream_later(job);
		return -OTA_EAGAIN;
	}
	stream_maker_work(job->maker, NULL);
	return 0;
}

/* A recording has this, too: at the same place between the same events. */
void job_stream_made(struct job *job)
{
	if (job->stage != JOB_RUNNING)
		return;
	hold(job, false);
	job_act(job, "stream made");
	job->stream_told = true;
	session_stream_made(&job->session, job_now(job));
	job_settle(job);
	job_acted(job);
}

void job_stream_leave(struct job *job)
{
	if (!job->maker)
		return;
	if (job->worker) {
		hold(job, false);
		worker_destroy(job->worker); /* the maker with it */
	} else {
		stream_maker_destroy(job->maker);
	}
	job->worker = NULL;
	job->maker = NULL;
}
