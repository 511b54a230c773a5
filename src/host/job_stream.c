/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of what an update sends, and figures of the stream as figures of the image. */
#include "host/job_priv.h"

#include "base/output.h"
#include "ota/stream.h"

#include <stdio.h>

/* Less than this of the air is not worth a decoder's doing: the link carries it in a moment. */
#define WORTH_SHARE 33u /* a 33rd of the image */

/* Deflate for this device in job->stream; false: it cannot be made. */
static bool make(struct job *job, const struct ota_info *info)
{
	const struct image *image = job->config.image;

	return job->stream.ready ||
	       job_stream_deflate(&job->stream, image->data, (uint32_t)image->size,
				  info->deflate_window) == 0;
}

static void say(struct job *job, const char *why)
{
	const uint32_t image = job->session_config.image_size, air = job->stream.stream.size;
	char text[JOB_TEXT_MAX / 2], of[OUTPUT_FIGURE_MAX], on[OUTPUT_FIGURE_MAX];

	(void)snprintf(text, sizeof(text), "stream: %s, %s on air for %s%s", why,
		       output_bytes(air, on, sizeof(on)), output_bytes(image, of, sizeof(of)),
		       job->profile.stream == PROFILE_STREAM_AUTO ? " (auto: least time)" : "");
	job_log_note(job, text);
}

/*
 * The air's time falls with its bytes, the flash's does not: deflate never takes longer, and is
 * left alone where it saves next to nothing.
 */
static bool worth_it(const struct job *job)
{
	const uint32_t image = job->session_config.image_size, air = job->stream.stream.size;

	return air + image / WORTH_SHARE < image;
}

const struct stream *job_stream_choose(struct job *job, const struct ota_info *info)
{
	const enum profile_stream wanted = job->profile.stream;

	if (job->config.recorded)
		return job->stream.ready ? &job->stream.stream : NULL;
	if (wanted == PROFILE_STREAM_RAW)
		return NULL;
	if (wanted == PROFILE_STREAM_DELTA)
		job_log_note(job, "stream: delta is not at hand in this version: deflate instead");
	if (!make(job, info)) {
		job_log_note(job, "stream: raw, the image could not be compressed");
		return NULL;
	}
	if (wanted == PROFILE_STREAM_AUTO && !worth_it(job)) {
		job_log_note(job, "stream: raw, compression saves next to nothing of this image");
		job_stream_finish(&job->stream);
		return NULL;
	}
	say(job, "deflate");
	job_record_stream(job);
	return &job->stream.stream;
}

uint32_t job_stream_image(const struct job *job, uint64_t air)
{
	const struct stream *s = job->session.stream;

	return s ? (uint32_t)(air * s->image_size / s->size) : (uint32_t)air;
}

uint64_t job_stream_air(const struct job *job, uint64_t image)
{
	const struct stream *s = job->session.stream;

	return s ? image * s->size / s->image_size : image;
}

void job_stream_stats(const struct job *job, struct session_stats *st)
{
	const struct session *s = &job->session;

	if (!s->stream)
		return;
	st->queued = session_image_at(s, st->queued);
	st->received = session_image_at(s, st->received);
	st->flushed = session_image_at(s, st->flushed);
	st->limit = session_image_at(s, st->limit);
	st->resumed_from =
		st->resumed ? session_image_at(s, st->resumed_from + OTA_STREAM_HEAD) : 0;
}
