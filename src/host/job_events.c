/* SPDX-License-Identifier: Apache-2.0 */
/* A job follows what passes between its session and its transport. */
#include "host/job_priv.h"

#include "host/adapters.h"

#include <stdio.h>
#include <string.h>

static struct job *job_of(void *ctx)
{
	return ctx;
}

void job_take_link(struct job *job)
{
	const struct session *s = &job->session;

	if (s->chunk == 0)
		return;
	session_link(s, &job->air);
	job->transport->ops->link_state(job->transport, &job->link);
	job->mtu = s->mtu;
	job->ceiling = job_stream_image(
		job, airtime_ceiling(&job->air, s->chunk, session_waits_for_each(s)));
	job->link_known = true;
	job_limit_link(job);
	metrics_ceiling(&job->metrics, job->config.pattern ? 0 : job->ceiling);
}

static bool data_held(struct job *job)
{
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	return l.data_held;
}

/* Before the first LINK.  Nothing is known of a simulated adapter, or to be. */
static void recall_adapter(struct job *job)
{
	const struct job_recorded *recorded = job->config.recorded;
	uint16_t on_1m = 0, on_2m = 0;
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	memcpy(job->adapter, l.adapter, sizeof(job->adapter));
	if (recorded) {
		on_1m = recorded->intervals[0];
		on_2m = recorded->intervals[1];
	} else if (l.adapter[0] != '\0') {
		on_1m = adapters_interval(l.adapter, false);
		on_2m = adapters_interval(l.adapter, true);
		job_record_adapter(job, on_1m, on_2m);
	}
	session_know_intervals(&job->session, on_1m, on_2m);
}

static int job_events_stream(void *ctx, const struct ota_info *info, const struct stream **ret)
{
	return job_stream_choose(job_of(ctx), info, ret);
}

static const uint32_t *job_events_digests(void *ctx, const struct ota_info *info)
{
	return job_skip_digests(job_of(ctx), info);
}

static int job_approve(void *ctx, const struct ota_info *info, const char *version)
{
	struct job *job = job_of(ctx);
	const struct session_running *running = &job->session.running;
	const struct lint_device device = {
		.info = info,
		.version = version,
		.mcuboot = dialect_get(job->dialect)->mcuboot,
		.running_hash = running->known && running->boot_hash ? running->sha256 : NULL,
	};
	const enum session_goal goal = job->config.goal;
	bool refused;
	int r;

	recall_adapter(job);
	if ((goal == SESSION_UPDATE || goal == SESSION_MEASURE) && data_held(job))
		return -OTA_EBUSY;
	if ((r = job_known_approve(job, info)) < 0 || goal != SESSION_UPDATE)
		return r;
	if (job->config.recorded) {
		job->report = job->config.recorded->report;
		refused = job->config.recorded->refused;
	} else {
		if (job->config.report)
			job->report = *job->config.report;
		lint_device(job->config.image, &device, &job->report);
		job_signed_lint(job, info, &job->report);
		job_stream_lint(job, info, &job->report);
		refused = lint_refused(&job->report, job->config.forced);
		job_record_approve(job, refused);
	}
	if (!job->linted && job->listener.lint)
		job->listener.lint(job->listener.userdata, &job->report, refused);
	job->linted = true;
	if (refused)
		return -OTA_EPERM;
	job->known_begun = true;
	job_known_remember(job);
	return job_journal_claim(job);
}

/* Bytes of the image that the device has. */
static uint32_t received_image(const struct job *job)
{
	struct session_stats st = job->session.stats;

	job_stream_stats(job, &st);
	return st.received;
}

static void job_ready(struct job *job)
{
	const struct session_stats *st = &job->session.stats;

	metrics_start(&job->metrics, st->start_us, job->config.pattern ? 0 : received_image(job),
		      job->session_config.image_size);
	metrics_ready(&job->metrics, job_now(job));
	job_take_link(job);
	if (job->listener.ready)
		job->listener.ready(job->listener.userdata);
}

/* The last state is told while the link is still there. */
static void look_at_link(struct job *job)
{
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	job->encrypted |= l.encrypted;
	job->encrypted_last = l.encrypted;
	job->keeps_bonds |= l.keeps_bonds;
	if (l.link.interval > 0)
		job->last_link = l.link;
}

static void job_state_changed(void *ctx, enum session_state from, enum session_state to)
{
	struct job *job = job_of(ctx);

	job->state_us = job_now(job);
	look_at_link(job);
	if (from == SESSION_VERIFYING && to == SESSION_REBOOTING)
		metrics_end(&job->metrics, job->session.stats.done_us,
			    job->session_config.image_size);
	if (from == SESSION_PREPARING && (to == SESSION_SENDING || to == SESSION_PAUSED))
		job_ready(job);
	else if (from == SESSION_SENDING && to == SESSION_VERIFYING)
		job_take_link(job);
	job_log_state(job, to);
	if (job->listener.state)
		job->listener.state(job->listener.userdata, from, to);
}

static void job_note(void *ctx, enum session_note note, uint32_t value)
{
	struct job *job = job_of(ctx);
	char text[PDU_TEXT_SIZE] = "";

	if (note == SESSION_NOTE_DIALECT) {
		job->dialect = job->session.dialect->id;
	} else if (note == SESSION_NOTE_STALL) {
		metrics_mark(&job->metrics, job_now(job), METRICS_STALL, value);
	} else if (note == SESSION_NOTE_GAP) {
		metrics_mark(&job->metrics, job_now(job), METRICS_GAP, value);
	} else if (note == SESSION_NOTE_RETRY) {
		metrics_mark(&job->metrics, job_now(job), METRICS_RETRY, value);
	} else if (note == SESSION_NOTE_RESUMED) {
		metrics_mark(&job->metrics, job_now(job), METRICS_RESUME, value);
	}
	if (note == SESSION_NOTE_STALL_PAUSED)
		job->hold.by = JOB_HELD_BY_STALL;
	job_diagnose_note(job, note);
	job_note_text(note, value, text, sizeof(text));
	if (note == SESSION_NOTE_STALL)
		job_diagnose_stall(job, text, sizeof(text));
	job_log_note(job, text);
	if (job->listener.note)
		job->listener.note(job->listener.userdata, note, value, text);
}

static void job_sent(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		     size_t len)
{
	if (chr == GATT_CONTROL)
		job_diagnose_sent(job_of(ctx));
	job_log_write(job_of(ctx), chr, mode, buf, len);
}

static void job_received(void *ctx, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	struct job *job = job_of(ctx);

	job->notifications += chr == GATT_CONTROL;
	if (chr == GATT_CONTROL)
		job_diagnose_received(job, buf, len);
	job_log_receive(job, chr, buf, len);
}

static void job_link_changed(void *ctx, const struct transport_event *e)
{
	struct job *job = job_of(ctx);

	if (e->kind == TRANSPORT_MTU && !job->link_known) /* else that of the transfer stays */
		job->mtu = job->session.mtu;
	if (job->session.state == SESSION_SENDING || job->session.state == SESSION_PAUSED)
		job_take_link(job);
	if (job->listener.link)
		job->listener.link(job->listener.userdata);
}

/* A transport that plays a recording has the user's actions, and the user is not asked. */
static void job_ask_passkey(void *ctx, int32_t shown)
{
	struct job *job = job_of(ctx);

	job->passkey = JOB_PASSKEY_WANTED;
	job->passkey_shown = shown;
	if (job->transport->ops->passkey && job->listener.passkey)
		job->listener.passkey(job->listener.userdata, shown);
}

const struct pump_owner job_pump_owner = {
	.approve = job_approve,
	.stream = job_events_stream,
	.digests = job_events_digests,
	.state_changed = job_state_changed,
	.note = job_note,
	.sent = job_sent,
	.received = job_received,
	.link_changed = job_link_changed,
	.passkey = job_ask_passkey,
};

/* A link that comes up has asked nothing; with one that goes the question is over. */
static void forget_passkey(struct job *job, const struct transport_event *e)
{
	if (e->kind == TRANSPORT_CONNECTED ||
	    (e->kind == TRANSPORT_DISCONNECTED && job->passkey == JOB_PASSKEY_WANTED))
		job->passkey = JOB_PASSKEY_NONE;
}

static void job_events_measure(struct job *job)
{
	const struct session *s = &job->session;
	const uint32_t received =
		job->config.pattern ? job_pattern_written(job) : received_image(job);

	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED &&
	    s->state != SESSION_VERIFYING)
		return;
	if (received > job->received_most)
		job->received_most = received;
	if (s->state == SESSION_SENDING) {
		job->window = s->choices.window.value;
		job->pacing_us = session_pacing(s);
	}
	if (s->state != SESSION_VERIFYING || received != job->metrics.received)
		metrics_sample(&job->metrics, job_now(job), received);
}

void job_handle(void *userdata, const struct transport_event *event)
{
	struct job *job = userdata;

	switch (job->stage) {
	case JOB_SCANNING:
		job_scan_event(job, event);
		break;
	case JOB_RUNNING:
	case JOB_CLOSING:
		if (!job->session_begun)
			break;
		forget_passkey(job, event);
		job_limit_heard(job, event);
		job_diagnose_event(job, event);
		pump_event(&job->pump, event);
		job_events_measure(job);
		job_hold_see(job);
		break;
	case JOB_IDLE:
	case JOB_FINISHED:
		return;
	}
	job_settle(job);
}
