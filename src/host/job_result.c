/* SPDX-License-Identifier: Apache-2.0 */
/* A job's figures: once at the end, and at any time for a screen. */
#include "host/job_priv.h"

#include "base/output.h"

#include <string.h>

static void safe(const char *text, char *buf, size_t size)
{
	buf[0] = '\0';
	(void)output_safe_text(text, strlen(text), buf, size);
}

/* --- the result */

static void measure(struct job *job, struct job_result *r)
{
	const struct session_stats *st = &job->session.stats;
	struct session_stats image = *st;
	uint32_t to = job->received_most, first;

	job_stream_stats(job, &image);
	first = image.resumed_from;
	r->stream = session_stream_kind(&job->session);
	r->air_bytes = st->sent_bytes;
	if (st->start_us == 0)
		return;
	r->begun = true;
	r->is_signed = session_is_signed(&job->session);
	r->seconds_us = (st->done_us > 0 ? st->done_us : job->end_us) - st->start_us;
	if (st->done_us > 0)
		to = job->session_config.image_size;
	r->skipped_bytes = session_kept(&job->session);
	r->bytes = to > first + r->skipped_bytes ? to - first - r->skipped_bytes : 0;
	if (r->seconds_us > 0)
		r->goodput = (uint32_t)(((uint64_t)r->bytes * 1000000u + r->seconds_us / 2) /
					r->seconds_us);
	metrics_end(&job->metrics, st->start_us + r->seconds_us, to);
	r->rate_lowest = metrics_rate_lowest(&job->metrics);
}

static void take_link(const struct job *job, struct job_result *r)
{
	r->encrypted = job->encrypted;
	r->known_changes = job->known_changes;
	memcpy(r->known_text, job->known_text, sizeof(r->known_text));
	r->authenticated = job->encrypted_last && (job->encrypted_first || job->passkey_given);
	r->link_known = job->link_known;
	r->mtu = job->mtu;
	if (!job->link_known)
		return;
	r->link = job->air;
	r->chunk = job->session.chunk;
	r->mode = job->session.mode;
	r->window = job->session.choices.window.value;
	/* With requests, an event that is prolonged carries a response sooner than the average:
	 * so the link can carry at least the measured rate. */
	r->ceiling = job->ceiling;
	if (r->ceiling > 0 && r->ceiling < r->goodput && !job->config.pattern)
		r->ceiling = r->goodput;
	if (r->ceiling > 0)
		r->ratio = (double)r->goodput / r->ceiling;
}

static void take_counts(const struct job *job, struct job_result *r)
{
	struct session_stats st_image = job->session.stats;
	const struct session_stats *st = &st_image;

	job_stream_stats(job, &st_image);
	r->retries = st->retries;
	r->gaps = st->gaps;
	r->resyncs = st->resyncs;
	r->stalls = st->stalls;
	r->longest_stall_ms = st->longest_stall_ms;
	r->resumed_from = st->resumed_from;
	r->sent_bytes = st->sent_bytes;
	r->flash = st->flash;
}

/* The device's last report, unless it has rebooted since and not reconnected. */
static void take_running(const struct job *job, struct job_result *r)
{
	const struct session *s = &job->session;

	if (r->outcome == SESSION_NOT_BACK)
		return;
	safe(s->version, r->running_version, sizeof(r->running_version));
	r->running_known = s->running.known;
	memcpy(r->running_sha256, s->running.sha256, sizeof(r->running_sha256));
}

void job_make_result(struct job *job)
{
	struct job_result *r = &job->result;
	const struct session *s = &job->session;

	r->virtual_clock = job->transport->virtual_clock;
	if (!job->session_begun) {
		job_diagnose_result(job, r);
		return;
	}
	r->outcome = s->outcome;
	r->code = s->code;
	r->opcode = s->opcode;
	r->detail = s->detail;
	r->status = s->status;
	r->dialect = job->dialect;
	r->ended = s->ended;
	measure(job, r);
	take_link(job, r);
	take_counts(job, r);
	take_running(job, r);
	job_limit_result(job);
	job_diagnose_result(job, r); /* advice follows what it finds */
	job_explain(job, r);
}

bool job_is_finished(const struct job *job)
{
	return job->stage == JOB_FINISHED;
}

const struct job_result *job_result(const struct job *job)
{
	return job->has_result ? &job->result : NULL;
}

const struct lint_report *job_report(const struct job *job)
{
	return job->config.goal == SESSION_UPDATE ? &job->report : NULL;
}

/* --- the snapshot */

static void snap_session(const struct job *job, struct job_snapshot *ret)
{
	const struct session *s = &job->session;

	ret->state = s->state;
	ret->hold = s->hold;
	ret->asked_us = session_asked(s);
	ret->held_by = s->hold ? job->hold.by : JOB_HELD_NOT;
	ret->continue_dbm = job_hold_continue_dbm(job);
	ret->have_info = s->have_info;
	ret->info = s->info;
	ret->running = s->running;
	safe(s->version, ret->version, sizeof(ret->version));
	safe(s->model, ret->model, sizeof(ret->model));
	ret->stats = s->stats;
	ret->stalled = s->stalled;
	ret->blocked = s->blocked;
	ret->moved_us = s->stall_at;
	ret->spoke_us = s->spoke_at;
	ret->mtu = s->mtu;
	ret->chunk = s->chunk;
	ret->mode = s->mode;
	ret->window = s->window;
	ret->pacing_us = session_pacing(s);
	ret->outcome = s->outcome;
}

static void snap_sent(const struct job *job, struct job_snapshot *ret)
{
	const struct ota_link *link = &ret->link.link;

	ret->sent_known = job->link_known;
	if (job->link_known) {
		ret->sent_link = job->link;
		ret->sent_mtu = job->mtu;
		link = &job->link.link;
	}
	session_tell_choices(&job->session, link, &ret->choices);
}

void job_snapshot(const struct job *job, struct job_snapshot *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->scanning = job->stage == JOB_SCANNING;
	ret->finished = job->stage == JOB_FINISHED;
	ret->cancelling = job->cancelling;
	ret->compressing = job->worker != NULL; /* until the loop is told */
	ret->compressed = ret->compressing ? worker_percent(job->worker) : 0;
	ret->passkey_wanted = job->stage == JOB_RUNNING && job->passkey == JOB_PASSKEY_WANTED &&
			      job->transport->ops->passkey;
	ret->passkey_shown = ret->passkey_wanted ? job->passkey_shown : -1;
	ret->now_us = job_now(job);
	ret->start_us = job->start_us;
	ret->state_us = job->state_us;
	safe(job->name[0] ? job->name : job->device, ret->device, sizeof(ret->device));
	memcpy(ret->address, job->address, sizeof(ret->address));
	ret->dialect = job->dialect;
	snap_session(job, ret);
	if (!job->session_begun)
		ret->outcome = job->result.outcome;
	ret->size = job->session_config.image_size;
	job->transport->ops->link_state(job->transport, &ret->link);
	ret->air = job->air;
	snap_sent(job, ret);
	ret->ceiling = job->config.pattern ? 0 : job->ceiling;
	ret->link_best = ret->ceiling > 0 ? job->link_best : 0;
	ret->flash = job_limit_flash(job);
	ret->metrics = job->metrics;
	ret->stream = session_stream_kind(&job->session);
	ret->air_size = session_size(&job->session);
	job_stream_stats(job, &ret->stats);
	job_limit_play(job, &ret->play);
	budget_shares(&job->budget, NULL, ret->time);
	if (job->config.pattern) {
		job_pattern_divide(job, ret->time);
		ret->stats.received = ret->stats.flushed = job_pattern_written(job);
	}
	ret->log_count = job->log_count;
	ret->data_values = job->data_values;
	ret->virtual_clock = job->transport->virtual_clock;
}

enum job_rest job_rest(const struct job_result *r)
{
	switch (r->outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_DELIVERED:
	case SESSION_ROLLED_BACK:
		return JOB_REST_SETTLED;
	case SESSION_ALREADY_RUNNING:
		return JOB_REST_RUNS;
	case SESSION_CANCELLED:
		if (r->status == 0)
			return r->begun ? JOB_REST_NOTHING : JOB_REST_AS_BEFORE;
		break;
	case SESSION_REFUSED:
		/* ENOENT: asked to resume, and the device has nothing of it */
		return r->status == -OTA_ENOENT ? JOB_REST_NOTHING : JOB_REST_AS_BEFORE;
	case SESSION_IN_USE:
	case SESSION_DEVICE_CHANGED:
	case SESSION_NOT_PAIRED:
		return JOB_REST_AS_BEFORE;
	case SESSION_NO_OUTCOME:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
	case SESSION_DEVICE_ERROR:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NOT_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_OTHER_DIALECT:
	case SESSION_NO_ADAPTER:
	case SESSION_PROTOCOL:
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
	case SESSION_OUTCOMES:
		break;
	}
	return JOB_REST_UNKNOWN;
}
