/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications of a device of the full dialect: credits, acknowledgements, gaps, resume.  Every
 * figure that leaves this file is one the device told.
 */
#include "core/session_priv.h"

static void begin_sending(struct session *s)
{
	const struct ota_ready *m = &s->ready;

	session_begin_sending(s, m->offset, m->limit, m->ack_interval);
}

/*
 * LINK was answered, or will not be.  Values wait for that: the first of them begin an erase, and
 * a device that stands still may not hear of a change before its instant, which ends the link.
 */
void session_link_settled(struct session *s)
{
	if (!s->link_waits)
		return;
	s->link_waits = false;
	if (s->started && s->stats.start_us == 0)
		s->stats.start_us = s->now;
	if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_LINK)
		begin_sending(s);
}

void session_ready_known(struct session *s)
{
	if (!s->link_waits) {
		begin_sending(s);
		return;
	}
	s->step = SESSION_STEP_LINK;
	s->step_deadline = NEVER; /* link_until */
	if (session_begins_early(s) && !s->hold)
		session_send_head(s, s->ready.offset, s->ready.limit);
}

static void session_full_on_ready(struct session *s, const struct ota_ready *m)
{
	if (s->state != SESSION_PREPARING || s->step != SESSION_STEP_READY)
		return; /* the answer to a START that was given up */
	if (m->offset > session_size(s) || m->limit < m->offset || m->limit > session_size(s) ||
	    m->max_value < 20) {
		session_broken(s, "its READY lies outside the image");
		return;
	}
	s->ready = *m;
	s->ahead = s->ahead_received = 0;
	s->max_value = m->max_value;
	s->sequence = m->sequence;
	if (!session_skip_ask(s))
		session_ready_known(s);
}

static void session_full_on_done(struct session *s, const struct ota_done *m)
{
	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED &&
	    s->state != SESSION_VERIFYING && s->state != SESSION_CANCELLING)
		return;
	if (!s->ended) {
		session_broken(s, "it said DONE before it was told that all was sent");
		return;
	}
	if (m->size != s->config.image_size ||
	    (s->config.goal == SESSION_UPDATE &&
	     memcmp(m->hash, s->config.sha256, sizeof(m->hash)) != 0)) {
		session_broken(s, "its DONE tells another size or hash than the image's");
		return;
	}
	s->stats.done = *m;
	s->stats.done_us = s->now;
	s->stats.received = session_size(s);
	if (s->config.goal == SESSION_MEASURE) {
		session_finish(s, SESSION_MEASURED);
		return;
	}
	s->stats.flushed = session_size(s);
	if (m->reboot_ms == OTA_NO_REBOOT)
		session_opcode(s, OTA_CMD_REBOOT);
	if (session_live(s))
		session_promise(s, m->reboot_ms == OTA_NO_REBOOT ? 0 : m->reboot_ms);
}

/* Returns true if sending again, from the device's offset or from 0, can help. */
static bool worth_retry(uint8_t code)
{
	switch (code) {
	case OTA_ERR_ERASE:
	case OTA_ERR_WRITE:
	case OTA_ERR_READ:
	case OTA_ERR_HASH:
	case OTA_ERR_BOOT_SLOT:
	case OTA_ERR_OVERFLOW:
	case OTA_ERR_TIMEOUT:
	case OTA_ERR_INCOMPLETE:
	case OTA_ERR_BUSY:
	case OTA_ERR_STATE:
		return true;
	default:
		return false;
	}
}

/* Commands that a device of fewer features refuses; true: that was all. */
static bool refused_command(struct session *s, const struct ota_error_event *m)
{
	if (s->state == SESSION_CONFIRMING && m->opcode == OTA_CMD_CONFIRM) {
		if (m->code == OTA_ERR_OPCODE || m->code == OTA_ERR_UNSUPPORTED)
			session_finish(s, SESSION_UNCONFIRMED); /* it knows no trial boots */
		else
			session_device_error(s, m->code, m->opcode, m->detail);
		return true;
	}
	if (s->state == SESSION_CANCELLING && m->opcode == OTA_CMD_ABORT) {
		session_device_error(s, m->code, m->opcode, m->detail);
		return true;
	}
	if (s->state == SESSION_PREPARING && s->config.goal == SESSION_LOOK) {
		session_finish(s, SESSION_ANSWERED); /* Info was read; STATUS is extra */
		return true;
	}
	return false;
}

static void on_error(struct session *s, const struct ota_error_event *m)
{
	const bool active = s->state == SESSION_PREPARING || s->state == SESSION_SENDING ||
			    s->state == SESSION_PAUSED || s->state == SESSION_VERIFYING;

	session_note(s, SESSION_NOTE_ERROR, m->code);
	if (refused_command(s, m) || !active)
		return;
	s->code = m->code;
	s->opcode = m->opcode;
	s->detail = m->detail;
	if (s->started && s->stats.start_us == 0)
		s->stats.start_us = s->now;
	/* Optional things that failed do not stop an update. */
	if (m->opcode == OTA_CMD_TELEMETRY ||
	    (m->opcode == OTA_CMD_PREPARE && s->config.goal == SESSION_UPDATE))
		return;
	if (m->opcode == OTA_CMD_LINK) {
		s->choices.link_code = m->code;
		session_link_settled(s);
		return;
	}
	if (m->opcode == OTA_CMD_BLOCKS) {
		if (s->step == SESSION_STEP_BLOCKS)
			session_skip_known(s);
		return;
	}
	if (session_stream_refused(s, m)) {
		session_retry_start(s, SESSION_DEVICE_ERROR);
		return;
	}
	if (s->config.goal == SESSION_COMMAND || !worth_retry(m->code) ||
	    (m->code == OTA_ERR_STATE && m->opcode == OTA_CMD_START &&
	     (m->detail & OTA_DETAIL_PENDING)))
		session_device_error(s, m->code, m->opcode, m->detail);
	else
		session_retry_start(s, SESSION_DEVICE_ERROR);
}

static void session_full_on_progress(struct session *s, const struct ota_progress *m)
{
	const struct ota_progress *last = &s->stats.progress;
	const bool news =
		m->phase != last->phase || m->done != last->done || m->total != last->total;

	s->stats.progress = *m;
	if (news && s->state == SESSION_SENDING)
		session_rewindow(s);
	if (news && (s->step == SESSION_STEP_READY || s->step == SESSION_STEP_ANSWER))
		session_works(s, s->config.ready_timeout_ms);
	else if (news && s->step == SESSION_STEP_DONE)
		session_works(s, s->config.verify_timeout_ms);
	else if (news &&
		 s->now < s->moved_at + (uint64_t)s->config.ack_timeout_ms * WORK_TIMES * MS)
		s->progress_at = s->now;
	if (s->state == SESSION_VERIFYING && m->phase != OTA_PHASE_DRAIN &&
	    m->phase != OTA_PHASE_ERASE)
		s->stats.flushed = s->stats.received; /* all, where it is known */
}

/* Before a START that may only resume: is there anything of this image? */
static void resume_checked(struct session *s, const struct ota_status *m)
{
	if (s->step != SESSION_STEP_ANSWER)
		return;
	if (m->received > 0 && memcmp(m->hash, s->config.sha256, sizeof(m->hash)) == 0) {
		session_prepare(s);
		return;
	}
	s->status = -OTA_ENOENT;
	session_finish(s, SESSION_REFUSED);
}

/* The resets in STATUS are as new as those in Info, or newer. */
static void take_resets(struct session *s, const struct ota_status *m)
{
	if (m->reset_reason == OTA_RESET_UNKNOWN && m->resets == 0)
		return;
	s->info.reset_reason = m->reset_reason;
	s->info.resets = m->resets;
	s->info.panics = m->panics;
}

/*
 * STATUS was asked for because an answer was missing: compares the device's state with the
 * session's.
 */
static void status_compare(struct session *s, const struct ota_status *m)
{
	switch (s->state) {
	case SESSION_SENDING:
	case SESSION_PAUSED:
		if (m->state != OTA_STATE_RECEIVING)
			session_retry_start(s, SESSION_STALLED);
		break;
	case SESSION_VERIFYING:
		if (m->state == OTA_STATE_REBOOTING)
			session_promise_unheard(s);
		else if (m->state == OTA_STATE_RECEIVING)
			session_full_end(s); /* it never came */
		else if (m->state != OTA_STATE_VERIFYING)
			session_retry_start(s, SESSION_STALLED);
		break;
	case SESSION_PREPARING:
		if (s->config.goal == SESSION_LOOK || s->config.goal == SESSION_COMMAND)
			session_finish(s, SESSION_ANSWERED);
		else
			resume_checked(s, m);
		break;
	case SESSION_IDLE:
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_CONFIRMING:
	case SESSION_WAITING:
	case SESSION_CANCELLING:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_STATES:
		break;
	}
}

static void on_status(struct session *s, const struct ota_status *m)
{
	/* The user's question may be older than the state: before END the device was receiving. */
	const bool outdated = s->user_asked_at > 0 && s->user_asked_in != s->state;

	s->stats.status = *m;
	s->stats.status_known = true;
	s->stats.status_us = s->now;
	s->user_asked_at = 0;
	take_resets(s, m);
	if (!outdated)
		status_compare(s, m);
}

static void on_result(struct session *s, const struct ota_result *m)
{
	if (s->state == SESSION_CANCELLING && m->opcode == OTA_CMD_ABORT) {
		if (m->code == OTA_ERR_STATE && s->ended) {
			session_note(s, SESSION_NOTE_LATE, 0);
			session_promise_unheard(s);
		} else if (m->code == OTA_OK) {
			session_finish(s, SESSION_CANCELLED);
		} else {
			session_device_error(s, m->code, m->opcode, 0);
		}
	} else if (s->state == SESSION_CONFIRMING && m->opcode == OTA_CMD_CONFIRM) {
		session_confirm_answered(s, m->code);
	} else if (s->config.goal == SESSION_COMMAND && s->step == SESSION_STEP_ANSWER &&
		   m->opcode == (uint8_t)s->config.command) {
		if (m->code == OTA_OK && m->opcode == OTA_CMD_CONFIRM)
			session_confirm_answered(s, m->code);
		else if (m->code == OTA_OK)
			session_finish(s, SESSION_ANSWERED);
		else
			session_device_error(s, m->code, m->opcode, 0);
	}
}

/* One that got lost costs nothing: the next one's figures include it. */
static void on_times(struct session *s, const struct ota_times *m)
{
	static const struct ota_times none;
	const struct ota_times *last = s->stats.times_known ? &s->stats.times : &none;
	struct session_flash *sum = &s->stats.flash;

	sum->erase_ms += (uint16_t)(m->erase_ms - last->erase_ms);
	sum->write_ms += (uint16_t)(m->write_ms - last->write_ms);
	sum->read_ms += (uint16_t)(m->read_ms - last->read_ms);
	s->stats.times = *m;
	s->stats.times_known = true;
}

static void session_full_on_link(struct session *s, const struct ota_link *m)
{
	s->stats.link = *m;
	s->choices.link_code = m->code;
	session_link_settled(s);
	session_tune_linked(s, m);
	session_rechoose(s);
}

/* A change of the link that came after LINK's answer, which waits for so long and no longer. */
static void on_telemetry(struct session *s, const struct ota_telemetry *m)
{
	struct ota_link *link = &s->stats.link;

	session_flow_erase(s, m->erase_ms);
	if (link->code == 0xff || m->rx_phy == 0 || m->tx_phy == 0 || m->rx_octets == 0 ||
	    (link->rx_phy == m->rx_phy && link->rx_octets == m->rx_octets))
		return;
	link->rx_phy = m->rx_phy;
	link->tx_phy = m->tx_phy;
	link->rx_octets = m->rx_octets;
	session_rechoose(s);
}

/* --- one notification each: decoded and handed on; false: shorter than it must be */

static bool take_ready(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_ready m;

	if (ota_ready_decode(buf, len, &m) < 0)
		return false;
	if (s->stream && !session_stream_ready(s, &m, ota_ready_image_offset(&m, buf, len)))
		session_broken(s, "its READY lies outside the image");
	else
		session_full_on_ready(s, &m);
	return true;
}

static bool take_error(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_error_event m;

	if (ota_error_decode(buf, len, &m) < 0)
		return false;
	on_error(s, &m);
	return true;
}

static bool take_done(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_done m;

	if (ota_done_decode(buf, len, &m) < 0)
		return false;
	session_full_on_done(s, &m);
	return true;
}

static bool take_progress(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_progress m;

	if (ota_progress_decode(buf, len, &m) < 0)
		return false;
	session_full_on_progress(s, &m);
	return true;
}

static bool take_status(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_status m;

	if (ota_status_decode(buf, len, &m) < 0)
		return false;
	session_place_status(s, &m);
	on_status(s, &m);
	return true;
}

static bool take_result(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_result m;

	if (ota_result_decode(buf, len, &m) < 0)
		return false;
	on_result(s, &m);
	return true;
}

static bool take_ack(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_ack m;

	if (ota_ack_decode(buf, len, &m) < 0)
		return false;
	if (s->stream)
		session_stream_ack(s, &m);
	session_full_on_ack(s, &m);
	return true;
}

static bool take_gap(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_gap m;

	if (ota_gap_decode(buf, len, &m) < 0)
		return false;
	m.offset = session_place(s, m.offset);
	session_full_on_gap(s, &m);
	return true;
}

static bool take_link(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_link m;

	if (ota_link_decode(buf, len, &m) < 0)
		return false;
	session_full_on_link(s, &m);
	return true;
}

static bool take_telemetry(struct session *s, const uint8_t *buf, size_t len)
{
	if (ota_telemetry_decode(buf, len, &s->stats.telemetry) < 0)
		return false;
	s->stats.telemetry_known = true;
	on_telemetry(s, &s->stats.telemetry);
	return true;
}

static bool take_times(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_times m;

	if (ota_times_decode(buf, len, &m) < 0)
		return false;
	on_times(s, &m);
	return true;
}

static bool take_blocks(struct session *s, const uint8_t *buf, size_t len)
{
	struct ota_blocks m;

	if (ota_blocks_decode(buf, len, &m) < 0)
		return false;
	session_skip_blocks(s, &m);
	return true;
}

void session_full_rx(struct session *s, const uint8_t *buf, size_t len)
{
	static const struct {
		uint8_t event;
		bool (*take)(struct session *s, const uint8_t *buf, size_t len);
	} takes[] = {
		{OTA_EVT_ACK, take_ack},       {OTA_EVT_TELEMETRY, take_telemetry},
		{OTA_EVT_TIMES, take_times},   {OTA_EVT_PROGRESS, take_progress},
		{OTA_EVT_READY, take_ready},   {OTA_EVT_ERROR, take_error},
		{OTA_EVT_DONE, take_done},     {OTA_EVT_STATUS, take_status},
		{OTA_EVT_RESULT, take_result}, {OTA_EVT_GAP, take_gap},
		{OTA_EVT_LINK, take_link},     {OTA_EVT_BLOCKS, take_blocks},
	};

	/* One that is not in the table is a later version's. */
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++)
		if (takes[i].event == buf[0] && !takes[i].take(s, buf, len))
			session_broken(s, "it sent a notification that is too short");
}
