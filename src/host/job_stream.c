/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of what an update sends, and figures of the stream as figures of the image. */
#include "host/job_priv.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/output.h"
#include "host/image_store.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORTH_SHARE 33u /* a 33rd of the image */
#define ALIKE 2u /* percent of time: the prediction is no better */

void job_stream_tell(struct job *job, const char *text)
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
		job_stream_tell(job, text);
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
		job_stream_tell(job, "stream: no delta, it could not be made");
	return made;
}

/* What can be sent, and how long an update would take with it; us 0: it cannot be told. */
struct offer {
	enum stream_kind kind;
	uint32_t air; /* bytes */
	uint64_t us;
};

struct choice {
	struct offer offers[STREAM_KINDS]; /* raw first */
	size_t count;
	struct predict expected;
	bool told; /* expected is */
	bool measured; /* the flash, in earlier runs */
};

static void offer(struct choice *c, const struct job *job, enum stream_kind kind, uint32_t air)
{
	c->offers[c->count++] = (struct offer){
		.kind = kind,
		.air = air,
		.us = c->told ? job_stream_us(&c->expected, job->session_config.image_size, air)
			      : 0,
	};
}

/* The flash's rate by earlier runs; 0: unknown. */
static uint32_t flash_before(const struct job *job, const struct ota_info *info)
{
	const struct image_chip *chip = image_chip_by_id(info->chip_id);
	struct job_flash_asked *asked;
	uint32_t rate;

	if (!job->config.flash)
		return 0;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return 0;
	memcpy(asked->history, job->history, sizeof(asked->history));
	memcpy(asked->address, job->address, sizeof(asked->address));
	memcpy(asked->options, job->reach, sizeof(asked->options));
	(void)snprintf(asked->chip, sizeof(asked->chip), "%s", chip ? chip->title : "");
	asked->virtual_clock = job->transport->virtual_clock;
	rate = job->config.flash(asked);
	free(asked);
	return rate;
}

/* Of two that take as long the one that takes less of the air. */
static bool better(const struct offer *a, const struct offer *b)
{
	const bool alike =
		a->us * 100u <= b->us * (100u + ALIKE) && b->us * 100u <= a->us * (100u + ALIKE);

	return alike ? a->air < b->air : a->us < b->us;
}

/* Less than this of the air is not worth a decoder's doing: the link carries it in a moment. */
static bool worth_it(const struct job *job, const struct offer *o)
{
	const uint32_t image = job->session_config.image_size;

	return o->kind == STREAM_RAW || o->air + image / WORTH_SHARE < image;
}

static const struct offer *best_of(const struct job *job, const struct choice *c)
{
	const struct offer *best = &c->offers[0];

	for (size_t i = 1; i < c->count; i++)
		if (worth_it(job, &c->offers[i]) && better(&c->offers[i], best))
			best = &c->offers[i];
	return best;
}

/* "auto: least time, 4.4 s; deflate 5.7 s, raw 8.2 s; link 99.0 kB/s, flash 145.0 kB/s as usual" */
static void say_times(const struct choice *c, const struct offer *best, char *buf, size_t size)
{
	char figure[OUTPUT_FIGURE_MAX];
	size_t len;

	if (!c->told) {
		(void)snprintf(buf, size, "auto: least on air");
		return;
	}
	len = (size_t)snprintf(buf, size, "auto: least time, %s",
			       output_duration(best->us, figure, sizeof(figure)));
	for (size_t i = c->count; i-- > 0 && len < size;)
		if (&c->offers[i] != best)
			len += (size_t)snprintf(
				buf + len, size - len, "; %s %s",
				stream_kind_name(c->offers[i].kind),
				output_duration(c->offers[i].us, figure, sizeof(figure)));
	if (len < size)
		len += (size_t)snprintf(
			buf + len, size - len, "; link %s",
			output_rate(job_stream_link_rate(&c->expected), figure, sizeof(figure)));
	if (len < size)
		(void)snprintf(
			buf + len, size - len, ", flash %s %s",
			output_rate(job_stream_flash_rate(&c->expected), figure, sizeof(figure)),
			c->measured ? "by earlier runs" : "as usual");
}

static void say(struct job *job, const struct choice *c, const struct offer *best)
{
	char times[JOB_TEXT_MAX / 4] = "", text[JOB_TEXT_MAX / 2];
	char of[OUTPUT_FIGURE_MAX], on[OUTPUT_FIGURE_MAX];

	if (c)
		say_times(c, best, times, sizeof(times));
	(void)snprintf(text, sizeof(text), "stream: %s, %s on air for %s%s%s%s",
		       stream_kind_name(best->kind), output_bytes(best->air, on, sizeof(on)),
		       output_bytes(job->session_config.image_size, of, sizeof(of)), c ? " (" : "",
		       times, c ? ")" : "");
	job_stream_tell(job, text);
}

/* Every stream that the device takes is made, and the one kept that takes least time. */
static bool choose_least(struct job *job, const struct ota_info *info)
{
	struct job_stream made[STREAM_KINDS];
	struct choice c = {.count = 0};
	const struct offer *best;
	const uint32_t flash = flash_before(job, info);

	memset(made, 0, sizeof(made));
	c.told = job_stream_expect(job, info, flash, &c.expected);
	c.measured = flash > 0;
	offer(&c, job, STREAM_RAW, job->session_config.image_size);
	if (make_deflate(job, info, &made[STREAM_DEFLATE]))
		offer(&c, job, STREAM_DEFLATE, made[STREAM_DEFLATE].stream.size);
	if ((info->features & OTA_FEATURE_DELTA) && make_delta(job, info, &made[STREAM_DELTA]))
		offer(&c, job, STREAM_DELTA, made[STREAM_DELTA].stream.size);
	best = best_of(job, &c);
	for (int kind = STREAM_RAW; kind < STREAM_KINDS; kind++) {
		if ((enum stream_kind)kind == best->kind)
			job_stream_move(&job->stream, &made[kind]);
		else
			job_stream_finish(&made[kind]);
	}
	say(job, &c, best);
	return best->kind != STREAM_RAW;
}

/* As the profile wants it, or deflate in place of a delta that cannot be. */
static bool choose_wanted(struct job *job, const struct ota_info *info)
{
	const bool delta = job->profile.stream == PROFILE_STREAM_DELTA;
	struct offer o;

	if (delta && !(info->features & OTA_FEATURE_DELTA))
		job_stream_tell(job, "stream: no delta, the device takes none");
	if (!(delta && (info->features & OTA_FEATURE_DELTA) &&
	      make_delta(job, info, &job->stream)) &&
	    !make_deflate(job, info, &job->stream)) {
		job_stream_tell(job, "stream: raw, the image could not be compressed");
		return false;
	}
	o = (struct offer){job->stream.stream.kind, job->stream.stream.size, 0};
	say(job, NULL, &o);
	return true;
}

/* The patch of a file, which is all that is known of the image: it is sent, or nothing. */
static bool choose_patch(struct job *job, const struct ota_info *info)
{
	struct offer o;

	if (job_stream_delta(&job->stream, job->config.patch, info->deflate_window) < 0) {
		job_stream_tell(job, "stream: the patch cannot be sent to this device");
		return false;
	}
	o = (struct offer){STREAM_DELTA, job->stream.stream.size, 0};
	say(job, NULL, &o);
	return true;
}

void job_stream_lint(const struct job *job, const struct ota_info *info, struct lint_report *report)
{
	const uint16_t needed = OTA_FEATURE_COMPRESSED | OTA_FEATURE_DELTA;
	const struct patch *patch = job->config.patch;
	char base[2 * OTA_SHA256_SIZE + 1];

	if (!patch)
		return;
	if (!info || (info->features & needed) != needed)
		lint_add(report, LINT_FORMAT, LINT_ERROR, false,
			 "The device takes no patches, and the one it was made for is not kept "
			 "here: "
			 "SHA-256 %s. Give the image itself.",
			 hex_encode(patch->base_sha256, OTA_SHA256_SIZE, base));
	else if (memcmp(info->running_sha256, patch->base_sha256, OTA_SHA256_SIZE) != 0 &&
		 memcmp(info->running_sha256, job->config.image->sha256, OTA_SHA256_SIZE) != 0)
		lint_add(report, LINT_FORMAT, LINT_ERROR, false,
			 "The device runs another image than the patch is of, which is not kept "
			 "here: "
			 "SHA-256 %s. Give the image itself.",
			 hex_encode(patch->base_sha256, OTA_SHA256_SIZE, base));
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
	if (wanted == PROFILE_STREAM_RAW && !job->config.patch)
		return NULL;
	if (!(job->config.patch		      ? choose_patch(job, info)
	      : wanted == PROFILE_STREAM_AUTO ? choose_least(job, info)
					      : choose_wanted(job, info)))
		return NULL;
	job_record_stream(job);
	return &job->stream.stream;
}

uint32_t job_stream_image(const struct job *job, uint64_t air)
{
	const struct stream *s = job->session.stream;
	const uint32_t sent = s ? s->image_size - session_kept(&job->session) : 0;

	return sent > 0 ? (uint32_t)(air * sent / s->size) : (uint32_t)air;
}

uint64_t job_stream_air(const struct job *job, uint64_t image)
{
	const struct stream *s = job->session.stream;
	const uint32_t sent = s ? s->image_size - session_kept(&job->session) : 0;

	return sent > 0 ? image * s->size / sent : image;
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
		st->resumed ? session_image_at(s, st->resumed_from + s->stream->at[0]) : 0;
}
