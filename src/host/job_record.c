/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about a run that a recording needs besides the transport's traffic, so
 * that it can be shown with nothing but the recording: the goal, the settings, the
 * image's size and hash, and what the checks made of it.  replay.c reads it back;
 * the lines are listed in replay.h.
 */
#include "host/job_priv.h"
#include "base/hex.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void note(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct job *job, const char *format, ...)
{
	char text[JOB_TEXT_MAX * 2];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	transport_note(job->transport, text);
}

static void record_image(struct job *job)
{
	const struct image *image = job->config.image;
	char hash[2 * OTA_SHA256_SIZE + 1], trailer[2 * OTA_SIGNED_SIZE + 1];

	note(job, "image %zu %s", image->size, hex_encode(image->sha256, OTA_SHA256_SIZE, hash));
	if (image->kind == IMAGE_MCUBOOT)
		note(job, "image-mcuboot %s",
		     hex_encode(image->mcuboot.hash, OTA_SHA256_SIZE, hash));
	if (job->session_config.is_signed)
		note(job, "image-signed %s",
		     hex_encode(job->session_config.signed_start, OTA_SIGNED_SIZE, trailer));
	note(job, "image-name %s", job->image_name);
	if (image->project[0] != '\0')
		note(job, "image-project %s", image->project);
	if (image->version[0] != '\0')
		note(job, "image-version %s", image->version);
}

static void record_profile(struct job *job)
{
	char value[SETTING_TEXT_MAX];

	note(job, "profile %s", job->profile.name);
	for (enum profile_key key = 0; key < PROFILE_KEYS; key++) {
		if (key == PROFILE_KEY_DESCRIPTION)
			continue;
		note(job, "set %s=%s", profile_settings()[key].name,
		     profile_get(&job->profile, key, value, sizeof(value)));
	}
}

static void record_findings(struct job *job)
{
	for (size_t i = 0; i < job->report.count; i++) {
		const struct lint_finding *f = &job->report.findings[i];

		note(job, "finding %s %s %d %s", lint_check_name(f->check),
		     lint_severity_name(f->severity), f->can_force, f->text);
	}
}

void job_record_start(struct job *job)
{
	const struct job_config *c = &job->config;

	if (!job->transport->ops->note)
		return;
	note(job,
	     "run %s command=%u scan_ms=%" PRIu32 " timeout_ms=%" PRIu32 " forced=%" PRIu32
	     " restart=%d resume_only=%d no_confirm=%d pattern=%d log_data=%d on_screen=%d"
	     " device=%s",
	     job_goal_name(c->goal), (unsigned int)c->command, c->scan_timeout_ms, c->timeout_ms,
	     c->forced, c->restart, c->resume_only, c->no_confirm, c->pattern, c->log_data,
	     c->on_screen, job->device);
	if (c->goal == SESSION_UPDATE)
		record_image(job);
	else if (c->bytes > 0)
		note(job, "bytes %" PRIu32, c->bytes);
	record_profile(job);
	record_findings(job);
}

/* A line for each block: a note's length is limited. */
void job_record_stream(struct job *job)
{
	const struct stream *s = &job->stream.stream;

	for (uint32_t i = 0; i < s->count; i++)
		note(job, "stream-block %s %" PRIu32, stream_kind_name(s->kind),
		     s->at[i + 1u] - s->at[i]);
}

void job_record_stream_later(struct job *job)
{
	note(job, "stream-later until it is made");
}

void job_record_digests(struct job *job, const uint32_t *digest, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		note(job, "digest %" PRIu32, digest[i]);
}

void job_record_stream_text(struct job *job, const char *text)
{
	note(job, "stream-text %s", text);
}

void job_record_approve(struct job *job, bool refused)
{
	if (!job->transport->ops->note)
		return;
	note(job, "checks again");
	record_findings(job);
	note(job, "checked %s", refused ? "refused" : "passed");
}

void job_record_known(struct job *job)
{
	if (job->known_changes != 0)
		note(job, "known %u %d %s", job->known_changes, job->config.trust_change,
		     job->known_text);
}

void job_record_adapter(struct job *job, uint16_t on_1m, uint16_t on_2m)
{
	if (job->transport->ops->note && (on_1m > 0 || on_2m > 0))
		note(job, "intervals %u %u", on_1m, on_2m);
}

void job_record_end(struct job *job)
{
	note(job, "end %s", session_outcome_name(job->result.outcome));
}

void job_act(struct job *job, const char *format, ...)
{
	char text[64];
	va_list ap;

	if (!job->transport->ops->act)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	transport_act(job->transport, text);
}

void job_acted(struct job *job)
{
	transport_act(job->transport, NULL);
}
