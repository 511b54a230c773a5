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

/* Returns true if there is what differs from the image that the device runs; else it says why. */
static bool has_delta(struct job *job, const struct ota_info *info)
{
	const struct stream_maker *m = job->maker;
	char text[IMAGE_STORE_TEXT_MAX + 128], digits[2 * OTA_SHA256_SIZE + 1];

	switch (m->no_delta) {
	case STREAM_DELTA_MADE:
		image_store_used(info->running_sha256);
		return true;
	case STREAM_DELTA_NO_BASE:
		(void)snprintf(text, sizeof(text),
			       "stream: no delta, the image that runs is not kept: SHA-256 %s%s%s",
			       hex_encode(info->running_sha256, OTA_SHA256_SIZE, digits),
			       m->error[0] != '\0' ? "; " : "", m->error);
		job_stream_tell(job, text);
		break;
	case STREAM_DELTA_NO_MEMORY:
		(void)snprintf(
			text, sizeof(text),
			"stream: no delta, comparing the images takes more memory than there "
			"is (six times the image)");
		job_stream_tell(job, text);
		break;
	case STREAM_DELTA_NOT:
		job_stream_tell(job, "stream: no delta, it could not be made");
		break;
	}
	return false;
}

/* One way to send the image, and how long an update would take with it; us 0: it cannot be told. */
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

/*
 * Returns true if a is the better one: of two that take as long, the one that takes less of the
 * air.
 */
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

/* Of every stream that the device takes, the one that takes least time. */
static bool choose_least(struct job *job, const struct ota_info *info)
{
	struct job_stream *made = job->maker->made;
	struct choice c = {.count = 0};
	const struct offer *best;
	const uint32_t flash = flash_before(job, info);

	c.told = job_stream_expect(job, info, flash, &c.expected);
	c.measured = flash > 0;
	offer(&c, job, STREAM_RAW, job->session_config.image_size);
	if (made[STREAM_DEFLATE].ready)
		offer(&c, job, STREAM_DEFLATE, made[STREAM_DEFLATE].stream.size);
	if (job->maker->order.delta && has_delta(job, info))
		offer(&c, job, STREAM_DELTA, made[STREAM_DELTA].stream.size);
	best = best_of(job, &c);
	if (best->kind != STREAM_RAW)
		job_stream_move(&job->stream, &made[best->kind]);
	say(job, &c, best);
	return best->kind != STREAM_RAW;
}

/* Takes the stream that the profile wants, or deflate in place of a delta that cannot be made. */
static bool choose_wanted(struct job *job, const struct ota_info *info)
{
	const bool delta = job->profile.stream == PROFILE_STREAM_DELTA;
	struct job_stream *made = job->maker->made;
	struct offer o;

	if (delta && !job->maker->order.delta)
		job_stream_tell(job, "stream: no delta, the device takes none");
	if (job->maker->order.delta && has_delta(job, info)) {
		job_stream_move(&job->stream, &made[STREAM_DELTA]);
	} else if (made[STREAM_DEFLATE].ready) {
		job_stream_move(&job->stream, &made[STREAM_DEFLATE]);
	} else {
		job_stream_tell(job, "stream: raw, the image could not be compressed");
		return false;
	}
	o = (struct offer){job->stream.stream.kind, job->stream.stream.size, 0};
	say(job, NULL, &o);
	return true;
}

/* The patch of a file, which is all that is known of the image: it is sent, or nothing. */
static bool choose_patch(struct job *job)
{
	struct offer o;

	if (!job->maker->made[STREAM_DELTA].ready) {
		job_stream_tell(job, "stream: the patch cannot be sent to this device");
		return false;
	}
	job_stream_move(&job->stream, &job->maker->made[STREAM_DELTA]);
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

/* Orders the streams that this device and the profile leave to choose from. */
static int order(struct job *job, const struct ota_info *info)
{
	const struct image *image = job->config.image;
	const enum profile_stream wanted = job->profile.stream;
	struct stream_order o = {
		.image = image->data,
		.size = (uint32_t)image->size,
		.patch = job->config.patch,
		.window = info->deflate_window,
		.delta = wanted != PROFILE_STREAM_DEFLATE && (info->features & OTA_FEATURE_DELTA),
		.deflate = wanted != PROFILE_STREAM_DELTA,
	};

	memcpy(o.base, info->running_sha256, sizeof(o.base));
	return job_stream_make(job, &o);
}

/* Of what was made; NULL: the image as it is. */
static const struct stream *choose(struct job *job, const struct ota_info *info)
{
	const bool chosen = job->config.patch				 ? choose_patch(job)
			    : job->profile.stream == PROFILE_STREAM_AUTO ? choose_least(job, info)
									 : choose_wanted(job, info);

	if (!chosen)
		return NULL;
	job_record_stream(job);
	return &job->stream.stream;
}

int job_stream_choose(struct job *job, const struct ota_info *info, const struct stream **ret)
{
	int rc = 0;

	if (job->config.recorded) {
		if (job->config.recorded->stream_later && !job->stream_told)
			return -OTA_EAGAIN;
		*ret = recorded(job);
		return 0;
	}
	if (job->profile.stream == PROFILE_STREAM_RAW && !job->config.patch)
		return 0;
	if (!job->maker)
		rc = order(job, info);
	else if (job->worker && !worker_done(job->worker))
		rc = -OTA_EAGAIN;
	if (rc == -OTA_EAGAIN)
		return rc;
	if (rc == 0)
		*ret = choose(job, info);
	else
		job_stream_tell(job, "stream: raw, there is no memory to compress the image");
	job_stream_leave(job);
	return 0;
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
