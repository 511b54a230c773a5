/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full dialect: what the host writes, and its watch over the answers.  What the device says
 * is in session_full_rx.c.
 */
#include "core/session_priv.h"
#include "base/bytes.h"

#define ERASE_US (200u * MS) /* a block's, as a rule */
#define CHANGE_EVENTS 14u /* PHY, data length and interval, one after the other */

/* --- what the host writes */

bool session_is_signed(const struct session *s)
{
	return s->config.is_signed && s->config.goal == SESSION_UPDATE &&
	       (s->info.features & OTA_FEATURE_SIGNED);
}

static void write_start(struct session *s)
{
	struct ota_start m = {
		.version = OTA_PROTOCOL_VERSION,
		.image_size = s->config.image_size,
	};
	uint8_t buf[OTA_CONTROL_MAX];
	int len;

	if (s->config.stream_only && !s->stream) {
		s->status = -OTA_ENOTSUP;
		session_finish(s, SESSION_REFUSED);
		return;
	}
	m.stream_size = session_size(s);
	if (s->stream)
		m.flags |= stream_start_flags(s->stream);
	session_choose(s);
	m.ack_interval = session_choose_ack(s);
	if (s->config.goal == SESSION_MEASURE)
		m.flags |= s->config.pattern ? OTA_START_PATTERN : OTA_START_SINK;
	if (s->config.restart && !s->started)
		m.flags |= OTA_START_RESTART;
	memcpy(m.sha256, s->config.sha256, sizeof(m.sha256));
	session_wait_work(s, SESSION_STEP_READY, s->config.ready_timeout_ms);
	if (session_is_signed(s))
		m.flags |= OTA_START_SIGNED;
	len = ota_start_encode(&m, buf, sizeof(buf));
	if (session_is_signed(s) && len > 0) {
		memcpy(buf + len, s->config.signed_start, OTA_SIGNED_SIZE);
		len += (int)OTA_SIGNED_SIZE;
	}
	session_command(s, buf, len);
}

/*
 * Encodes the wish for the link and returns its length; 0: the link stays as it is.  The answer
 * comes when the link has changed, which may be long after READY's.
 */
static int wish_link(struct session *s, uint8_t buf[OTA_CONTROL_MAX])
{
	struct ota_link_request m;

	if (s->link_asked)
		return 0;
	s->link_asked = true;
	if (!session_choose_link(s, &m))
		return 0;
	s->link_waits = true;
	s->link_until = s->now + LINK_WAIT_MS * MS;
	return ota_link_request_encode(&m, buf, OTA_CONTROL_MAX);
}

static void write_telemetry(struct session *s)
{
	uint8_t buf[OTA_CONTROL_MAX];

	if (s->config.telemetry_ms && (s->info.features & OTA_FEATURE_TELEMETRY))
		session_command(
			s, buf,
			ota_telemetry_request_encode(s->config.telemetry_ms, buf, sizeof(buf)));
}

static void write_prepare(struct session *s)
{
	uint8_t buf[OTA_CONTROL_MAX];

	session_command(s, buf, ota_prepare_encode(s->config.image_size, buf, sizeof(buf)));
}

bool session_erases_beside(const struct session *s)
{
	return s->have_info &&
	       (s->info.abilities & (OTA_ABILITY_AUTO_SUSPEND | OTA_ABILITY_XIP_PSRAM)) != 0;
}

bool session_begins_early(const struct session *s)
{
	return session_erases_beside(s) && s->config.goal == SESSION_UPDATE;
}

/* The slot is erased while the link is made better; START takes over what is done by then. */
static void write_prepare_ahead(struct session *s)
{
	if (s->config.prepare && s->config.goal == SESSION_UPDATE && !s->started &&
	    (s->info.features & OTA_FEATURE_PREPARE) &&
	    !(s->info.flags & (OTA_INFO_RESUMABLE | OTA_INFO_PENDING_VERIFY)))
		write_prepare(s);
}

/*
 * Values wait for the change of the link and, on a device that erases beside it, for the first
 * erase.  Whichever takes longer is begun first: at 2M, where the flash limits the transfer, that is
 * the erase unless intervals are long.
 */
static bool erase_takes_longer(const struct session *s)
{
	struct airtime_link air;

	session_link(s, &air);
	return session_erases_beside(s) && air.phy == OTA_PHY_2M && air.interval_us > 0 &&
	       (uint64_t)air.interval_us * CHANGE_EVENTS < ERASE_US;
}

/*
 * None of these waits for the answer to another; the link takes longest to change.  A device
 * that stands still for an erase is not asked for one meanwhile: see session_link_settled().
 */
void session_full_start(struct session *s)
{
	const bool beside = session_erases_beside(s), first = erase_takes_longer(s);
	uint8_t buf[OTA_CONTROL_MAX];
	int len;

	if (!session_stream_ask(s))
		return;
	if (beside)
		write_prepare_ahead(s);
	/* A pattern needs no faster link, and begins an erase at once, in which a change could
	 * be missed. */
	len = s->config.pattern ? 0 : wish_link(s, buf);
	if (first)
		write_start(s);
	if (len > 0 && session_live(s))
		session_command(s, buf, len);
	if (!beside && !s->link_waits)
		write_prepare_ahead(s);
	write_telemetry(s);
	if (!first && s->state == SESSION_PREPARING && session_live(s))
		write_start(s);
}

/* The one command of a run, and the wait for its answer. */
static void write_command(struct session *s)
{
	s->asked = true;
	if (s->config.command != OTA_CMD_PREPARE) {
		session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
		session_opcode(s, s->config.command);
	} else if (s->info.features & OTA_FEATURE_PREPARE) {
		session_wait_work(s, SESSION_STEP_ANSWER, s->config.ready_timeout_ms);
		write_prepare(s);
	} else {
		session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_PREPARE, 0);
	}
}

static void session_full_begin(struct session *s)
{
	switch (s->config.goal) {
	case SESSION_LOOK:
		session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
		session_opcode(s, OTA_CMD_STATUS);
		return;
	case SESSION_COMMAND:
		write_command(s);
		return;
	case SESSION_MEASURE:
		if (!(s->info.features &
		      (s->config.pattern ? OTA_FEATURE_PATTERN : OTA_FEATURE_SINK))) {
			session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_START, 0);
			return;
		}
		break;
	case SESSION_UPDATE:
		if (!s->config.resume_only || s->started || s->status_asked)
			break;
		s->status_asked = true;
		session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
		session_opcode(s, OTA_CMD_STATUS);
		return;
	}
	session_full_start(s);
}

void session_full_end(struct session *s)
{
	session_wait_work(s, SESSION_STEP_DONE, s->config.verify_timeout_ms);
	session_opcode(s, OTA_CMD_END);
}

static void header_put(struct session *s, uint8_t *buf, uint32_t len)
{
	(void)len;
	bytes_put16(buf, s->sequence);
}

/* The stack's answer says that the value arrived, not that it was in order. */
static void session_full_data_written(struct session *s)
{
	(void)s;
}

static uint64_t answer_due(const struct session *s)
{
	const struct session_stats *st = &s->stats;
	const bool waits =
		st->queued > st->received || st->queued == st->limit || s->blocked || s->resyncing;

	if (s->state != SESSION_SENDING)
		return s->heard_at + KEEPALIVE_MS * MS;
	/* Otherwise only pacing holds the next value back. */
	return waits ? s->progress_at + session_flow_patience(s) : NEVER;
}

static void session_full_watch(struct session *s)
{
	session_watch_stall(s);
	if (session_finished(s) || s->now < answer_due(s))
		return;
	if (!session_may_ask(s)) {
		session_retry(s, SESSION_STALLED);
		return;
	}
	s->progress_at = s->heard_at = s->now;
	if (s->state == SESSION_SENDING) {
		/*
		 * Answered by GAP and ACK, which tell offset and limit again.  Until then nothing
		 * is sent: it would come behind the question with a number that is over by then.
		 */
		s->resyncing = true;
		s->stats.resyncs++;
		session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
		session_opcode(s, OTA_CMD_RESYNC);
	} else {
		session_note(s, SESSION_NOTE_QUERY, session_image_at(s, s->stats.received));
		session_opcode(s, OTA_CMD_STATUS);
	}
}

static uint64_t watch_at(const struct session *s)
{
	const uint64_t stall = session_stall_deadline(s), due = answer_due(s);

	return stall < due ? stall : due;
}

/* RESULT tells when the device is idle. */
static void abort_written(struct session *s)
{
	(void)s;
}

static const struct dialect_ops ops = {
	.begin = session_full_begin,
	.rx = session_full_rx,
	.header_put = header_put,
	.data_written = session_full_data_written,
	.watch = session_full_watch,
	.watch_at = watch_at,
	.end = session_send_end,
	.abort = session_send_abort,
	.abort_written = abort_written,
};

const struct dialect session_full = {
	.id = DIALECT_FULL,
	.name = "full",
	.title = "full protocol",
	.not_offered = "not offered: it speaks full",
	.tool = "",
	OTABENCH_SERVICE,
	.chrs = {[GATT_CONTROL] = OTABENCH_CONTROL,
		 [GATT_DATA] = OTABENCH_DATA,
		 [GATT_INFO] = {OTA_UUID_INFO, .all = GATT_PROP_READ}},
	DIALECT_WHOLE,
	.ops = &ops,
};
