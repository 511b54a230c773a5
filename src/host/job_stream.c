/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of what an update sends, and figures of the stream as figures of the image. */
#include "host/job_priv.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/output.h"
#include "host/image_store.h"
#include "ota/stream.h"

#include <stdio.h>

/* Less than this of the air is not worth a decoder's doing: the link carries it in a moment. */
#define WORTH_SHARE 33u /* a 33rd of the image */

/* On the screen and, where a command runs, in its log. */
static void tell(struct job *job, const char *text)
{
	job_log_note(job, text);
	job_record_stream_text(job, text);
	log_write(job->config.log, LOG_LEVEL_INFO, "%s", text);
}

/* Deflate for this device in *ret; false: it cannot be made. */
static bool make_deflate(const struct job *job, const struct ota_info *info, struct job_stream *ret)
{
	const struct image *image = job->config.image;

	return job_stream_deflate(ret, image->data, (uint32_t)image->size, info->deflate_window) ==
	       0;
}

/* What differs from the image that the device runs, which is read from the store. */
static bool make_delta(struct job *job, const struct ota_info *info, struct job_stream *ret)
{
	const struct image *image = job->config.image;
	char text[IMAGE_STORE_TEXT_MAX + 64], error[IMAGE_STORE_TEXT_MAX] = "";
	char digits[2 * OTA_SHA256_SIZE + 1];
	struct image_file base;
	struct patch patch;
	bool made = false;

	if (image_store_get(info->running_sha256, &base, error, sizeof(error)) < 0) {
		(void)snprintf(text, sizeof(text),
			       "stream: no delta, the image that runs is not kept: SHA-256 %s%s%s",
			       hex_encode(info->running_sha256, OTA_SHA256_SIZE, digits),
			       error[0] != '\0' ? "; " : "", error);
		tell(job, text);
		return false;
	}
	if (patch_make(&patch, base.data, base.size, image->data, image->size) == 0) {
		made = job_stream_delta(ret, &patch, info->deflate_window) == 0;
		patch_finish(&patch);
	}
	image_file_finish(&base);
	if (made)
		image_store_used(info->running_sha256);
	else
		tell(job, "stream: no delta, it could not be made");
	return made;
}

/* Whichever of the two is shorter; deflate where the profile wants no other. */
static bool make(struct job *job, const struct ota_info *info)
{
	const bool delta = job->profile.stream != PROFILE_STREAM_DEFLATE &&
			   (info->features & OTA_FEATURE_DELTA) != 0;
	struct job_stream other;

	if (job->stream.ready)
		return true;
	if (delta && make_delta(job, info, &job->stream)) {
		if (job->profile.stream == PROFILE_STREAM_DELTA)
			return true;
		if (make_deflate(job, info, &other) &&
		    other.stream.size < job->stream.stream.size) {
			job_stream_finish(&job->stream);
			return make_deflate(job, info, &job->stream);
		}
		job_stream_finish(&other);
		return true;
	}
	if (!delta && job->profile.stream == PROFILE_STREAM_DELTA)
		tell(job, "stream: no delta, the device takes none");
	return make_deflate(job, info, &job->stream);
}

static void say(struct job *job, const char *why)
{
	const uint32_t image = job->session_config.image_size, air = job->stream.stream.size;
	char text[JOB_TEXT_MAX / 2], of[OUTPUT_FIGURE_MAX], on[OUTPUT_FIGURE_MAX];

	(void)snprintf(text, sizeof(text), "stream: %s, %s on air for %s%s", why,
		       output_bytes(air, on, sizeof(on)), output_bytes(image, of, sizeof(of)),
		       job->profile.stream == PROFILE_STREAM_AUTO ? " (auto: least time)" : "");
	tell(job, text);
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

/* A recording has the choice: what was kept here, and where, is no longer as it was. */
static const struct stream *recorded(struct job *job)
{
	const struct job_recorded *r = job->config.recorded;

	for (uint32_t i = 0; i < r->stream_texts; i++)
		job_log_note(job, r->stream_text[i]);
	return job->stream.ready ? &job->stream.stream : NULL;
}

const struct stream *job_stream_choose(struct job *job, const struct ota_info *info)
{
	const enum profile_stream wanted = job->profile.stream;

	if (job->config.recorded)
		return recorded(job);
	if (wanted == PROFILE_STREAM_RAW)
		return NULL;
	if (!make(job, info)) {
		tell(job, "stream: raw, the image could not be compressed");
		return NULL;
	}
	if (wanted == PROFILE_STREAM_AUTO && !worth_it(job)) {
		tell(job, "stream: raw, compression saves next to nothing of this image");
		job_stream_finish(&job->stream);
		return NULL;
	}
	say(job, stream_kind_name(job->stream.stream.kind));
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
