/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two tables between session and transport: the session's actions as calls
 * of the transport, the transport's events as the session's.
 */
#include "host/job_priv.h"

#include <stdio.h>
#include <string.h>

static struct job *job_of(void *ctx)
{
	return ctx;
}

/* --- actions */

static int do_connect(void *ctx)
{
	struct job *job = job_of(ctx);

	return job->transport->ops->connect(job->transport, job->address);
}

static int do_disconnect(void *ctx)
{
	struct job *job = job_of(ctx);

	return job->transport->ops->disconnect(job->transport);
}

static int do_discover(void *ctx)
{
	struct job *job = job_of(ctx);

	return job->transport->ops->discover(job->transport);
}

static int do_subscribe(void *ctx, enum gatt_chr chr)
{
	struct job *job = job_of(ctx);

	return job->transport->ops->subscribe(job->transport, chr);
}

static int do_read(void *ctx, enum gatt_chr chr)
{
	struct job *job = job_of(ctx);

	return job->transport->ops->read(job->transport, chr);
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct job *job = job_of(ctx);
	const int rc = job->transport->ops->write(job->transport, chr, mode, buf, len);

	if (rc == 0)
		job_log_write(job, chr, mode, buf, len);
	return rc;
}

/*
 * What the stack does not tell is taken for what is usual: a wrong guess costs
 * some rate, as the device's answer to LINK mostly tells better.
 */
static void do_link(void *ctx, struct airtime_link *ret)
{
	struct job *job = job_of(ctx);
	struct transport_link l;

	memset(&l, 0, sizeof(l));
	job->transport->ops->link_state(job->transport, &l);
	*ret = (struct airtime_link){
		.phy = l.link.tx_phy == OTA_PHY_2M ? OTA_PHY_2M : OTA_PHY_1M,
		.data_length = l.link.tx_octets >= 27 ? l.link.tx_octets : 251,
		.interval_us = l.link.interval > 0 ? l.link.interval * 1250u : 50000u,
		.encrypted = l.encrypted,
		.buffers = l.buffers,
		.buffer_octets = l.buffer_octets,
		.refill = l.refill || l.buffers == 0,
	};
}

void job_take_link(struct job *job)
{
	const struct session *s = &job->session;

	if (s->chunk == 0)
		return;
	session_link(s, &job->air);
	job->transport->ops->link_state(job->transport, &job->link);
	job->mtu = s->mtu;
	job->ceiling = airtime_ceiling(&job->air, s->chunk, s->mode == GATT_REQUEST);
	job->link_known = true;
}

static bool data_held(struct job *job)
{
	struct transport_link l;

	memset(&l, 0, sizeof(l));
	job->transport->ops->link_state(job->transport, &l);
	return l.data_held;
}

static int do_approve(void *ctx, const struct ota_info *info, const char *version)
{
	struct job *job = job_of(ctx);
	const struct lint_device device = {.info = info, .version = version};
	const enum session_goal goal = job->config.goal;
	bool refused;

	if ((goal == SESSION_UPDATE || goal == SESSION_MEASURE) && data_held(job))
		return -OTA_EBUSY;
	if (goal != SESSION_UPDATE)
		return 0;
	if (job->config.recorded) {
		job->report = job->config.recorded->report;
		refused = job->config.recorded->refused;
	} else {
		if (job->config.report)
			job->report = *job->config.report;
		lint_device(job->config.image, &device, &job->report);
		refused = lint_refused(&job->report, job->config.forced);
		job_record_approve(job, refused);
	}
	if (!job->linted && job->listener.lint)
		job->listener.lint(job->listener.userdata, &job->report, refused);
	job->linted = true;
	return refused ? -OTA_EPERM : 0;
}

static void ready(struct job *job)
{
	const struct session_stats *st = &job->session.stats;

	metrics_start(&job->metrics, st->start_us, st->received, job->session_config.image_size);
	job_take_link(job);
	if (job->listener.ready)
		job->listener.ready(job->listener.userdata);
}

/* The last state is told while the link is still there. */
static void look_encrypted(struct job *job)
{
	struct transport_link l;

	memset(&l, 0, sizeof(l));
	job->transport->ops->link_state(job->transport, &l);
	job->encrypted |= l.encrypted;
}

static void on_state(void *ctx, enum session_state from, enum session_state to)
{
	struct job *job = job_of(ctx);
	char text[64];

	job->state_us = job_now(job);
	look_encrypted(job);
	if (from == SESSION_PREPARING && (to == SESSION_SENDING || to == SESSION_PAUSED))
		ready(job);
	else if (from == SESSION_SENDING && to == SESSION_VERIFYING)
		job_take_link(job);
	(void)snprintf(text, sizeof(text), "%s", session_state_name(to));
	job_log_note(job, text);
	if (job->listener.state)
		job->listener.state(job->listener.userdata, session_state_name(from),
				    session_state_name(to));
}

static void on_note(void *ctx, enum session_note note, uint32_t value)
{
	struct job *job = job_of(ctx);
	char text[PDU_TEXT_SIZE] = "";

	if (note == SESSION_NOTE_DIALECT) {
		job->dialect_known = true;
		job->basic = value == 0;
	} else if (note == SESSION_NOTE_STALL) {
		metrics_mark(&job->metrics, job_now(job), METRICS_STALL, value);
	} else if (note == SESSION_NOTE_GAP) {
		metrics_mark(&job->metrics, job_now(job), METRICS_GAP, value);
	} else if (note == SESSION_NOTE_RETRY) {
		metrics_mark(&job->metrics, job_now(job), METRICS_RETRY, value);
	} else if (note == SESSION_NOTE_RESUMED) {
		metrics_mark(&job->metrics, job_now(job), METRICS_RESUME, value);
	}
	job_note_text(note, value, text, sizeof(text));
	job_log_note(job, text);
	if (job->listener.note)
		job->listener.note(job->listener.userdata, note, value, text);
}

const struct session_ops job_session_ops = {
	.connect = do_connect,
	.disconnect = do_disconnect,
	.discover = do_discover,
	.subscribe = do_subscribe,
	.read = do_read,
	.write = do_write,
	.link = do_link,
	.approve = do_approve,
	.state_changed = on_state,
	.note = on_note,
};

/* --- events */

static void tell_link(struct job *job)
{
	if (job->session.state == SESSION_SENDING || job->session.state == SESSION_PAUSED)
		job_take_link(job);
	if (job->listener.link)
		job->listener.link(job->listener.userdata);
}

static void take_read(struct job *job, const struct transport_event *e, uint64_t now)
{
	if (e->status == 0)
		job_log_receive(job, e->chr, e->data, e->len);
	session_read(&job->session, e->chr, e->status, e->data, e->len, now);
}

static void take_notification(struct job *job, const struct transport_event *e, uint64_t now)
{
	if (e->chr != GATT_CONTROL)
		return;
	job_log_receive(job, e->chr, e->data, e->len);
	session_rx(&job->session, e->data, e->len, now);
}

/* A transport that plays a recording needs no answer. */
static void ask_passkey(struct job *job, const struct transport_event *e)
{
	if (!job->transport->ops->passkey)
		return;
	job->passkey = JOB_PASSKEY_WANTED;
	job->passkey_shown = e->passkey;
	if (job->listener.passkey)
		job->listener.passkey(job->listener.userdata, e->passkey);
}

/* What the session is told; nothing of it before there is one. */
static void to_session(struct job *job, const struct transport_event *e)
{
	struct session *s = &job->session;
	const uint64_t now = job_now(job);

	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		job->passkey = JOB_PASSKEY_NONE;
		session_connected(s, e->mtu, now);
		tell_link(job);
		break;
	case TRANSPORT_DISCONNECTED:
		if (job->passkey == JOB_PASSKEY_WANTED)
			job->passkey = JOB_PASSKEY_NONE;
		session_disconnected(s, e->reason, now);
		break;
	case TRANSPORT_MTU:
		session_mtu(s, e->mtu, now);
		if (!job->link_known) /* else that of the transfer stays */
			job->mtu = s->mtu;
		tell_link(job);
		break;
	case TRANSPORT_DISCOVERED:
		session_discovered(s, e->properties, now);
		break;
	case TRANSPORT_SUBSCRIBED:
		session_subscribed(s, e->status, now);
		break;
	case TRANSPORT_READ:
		take_read(job, e, now);
		break;
	case TRANSPORT_WRITTEN:
		session_written(s, e->chr, e->status, now);
		break;
	case TRANSPORT_NOTIFIED:
		take_notification(job, e, now);
		break;
	case TRANSPORT_WRITABLE:
		session_writable(s, now);
		break;
	case TRANSPORT_ALARM:
		session_tick(s, now);
		break;
	case TRANSPORT_ADAPTER:
		if (!session_finished(s))
			on_note(job, SESSION_NOTE_ADAPTER, e->status == 0);
		if (e->status < 0)
			session_disconnected(s, GATT_NO_ADAPTER, now);
		break;
	case TRANSPORT_LINK:
		tell_link(job);
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_PASSKEY:
		session_pairing(s, now);
		ask_passkey(job, e);
		break;
	case TRANSPORT_PAIRED:
		session_paired(s, e->status, now);
		tell_link(job);
		break;
	case TRANSPORT_MAINTENANCE: /* not while a job has the transport */
		break;
	}
}

static void measure(struct job *job)
{
	const struct session *s = &job->session;

	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED &&
	    s->state != SESSION_VERIFYING)
		return;
	if (s->stats.received > job->received_most)
		job->received_most = s->stats.received;
	if (s->state != SESSION_VERIFYING || s->stats.received != job->metrics.received)
		metrics_sample(&job->metrics, job_now(job), s->stats.received);
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
		to_session(job, event);
		measure(job);
		break;
	case JOB_IDLE:
	case JOB_FINISHED:
		return;
	}
	job_settle(job);
}
