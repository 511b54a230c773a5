/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine: states, time, ends, and what the user may do.
 * docs/protocol.md section 6 shows it as a table.
 */
#include "core/session_priv.h"

int session_init(struct session *s, const struct session_config *config,
		 const struct session_ops *ops, void *ctx, uint64_t now_us)
{
	const bool sends = config->goal == SESSION_UPDATE || config->goal == SESSION_MEASURE;

	if ((config->goal == SESSION_UPDATE && !config->image && !config->stream_only) ||
	    (sends && config->image_size == 0) || config->mtu_max < OTA_ATT_MTU_MIN ||
	    (config->chunk != 0 && (config->chunk < 20 || config->chunk > OTA_VALUE_MAX)) ||
	    (config->pattern && config->telemetry_ms == 0) || config->ack_timeout_ms == 0 ||
	    config->stall_ms == 0)
		return -OTA_EINVAL;
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->ops = ops;
	s->ctx = ctx;
	s->now = now_us;
	s->state = SESSION_IDLE;
	s->mtu = OTA_ATT_MTU_MIN;
	s->step_deadline = NEVER;
	s->stats.link.code = 0xff;
	s->stats.received_known = true;
	s->backoff = config->backoff_ms;
	return 0;
}

void session_enter(struct session *s, enum session_state state)
{
	const enum session_state from = s->state;

	if (from == state)
		return;
	s->state = state;
	s->ops->state_changed(s->ctx, from, state);
}

void session_note(struct session *s, enum session_note note, uint32_t value)
{
	s->ops->note(s->ctx, note, value);
}

void session_wait(struct session *s, enum session_step step, uint32_t ms)
{
	s->step = step;
	s->step_deadline = step == SESSION_STEP_NONE ? NEVER : s->now + ms * MS;
}

void session_finish(struct session *s, enum session_outcome outcome)
{
	static const bool good[SESSION_OUTCOMES] = {
		[SESSION_CONFIRMED] = true, [SESSION_UNCONFIRMED] = true,
		[SESSION_DELIVERED] = true, [SESSION_ALREADY_RUNNING] = true,
		[SESSION_MEASURED] = true,  [SESSION_ANSWERED] = true,
	};

	if (session_finished(s))
		return;
	/* "Confirmed" is told only if the device itself said so, whatever path led here. */
	if (outcome == SESSION_CONFIRMED && (!session_runs_image(s) || s->running.on_trial)) {
		outcome = SESSION_PROTOCOL;
		s->status = -OTA_EPROTO;
		s->broken = "it was taken for confirmed while it says otherwise itself";
	}
	s->outcome = outcome;
	(void)session_count_stall(s);
	session_wait(s, SESSION_STEP_NONE, 0);
	session_hang_up(s);
	session_enter(s, good[outcome] ? SESSION_DONE : SESSION_FAILED);
}

void session_device_error(struct session *s, uint8_t code, uint8_t opcode, uint32_t detail)
{
	s->code = code;
	s->opcode = opcode;
	s->detail = detail;
	session_finish(s, SESSION_DEVICE_ERROR);
}

void session_broken(struct session *s, const char *how)
{
	s->status = -OTA_EPROTO;
	s->broken = how;
	session_finish(s, SESSION_PROTOCOL);
}

bool session_finished(const struct session *s)
{
	return s->state == SESSION_DONE || s->state == SESSION_FAILED;
}

bool session_live(const struct session *s)
{
	return !session_finished(s) && s->link_up && !s->closing;
}

void session_start(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (s->state == SESSION_IDLE)
		session_connect(s);
}

/* --- failures */

void session_progressed(struct session *s)
{
	s->progress_at = s->moved_at = s->now;
	s->silent = 0;
	s->futile = 0;
	s->gaps_alone = 0;
}

void session_forget_link(struct session *s)
{
	s->connecting = false;
	s->link_up = false;
	s->pairing = false;
	s->closing = false;
	s->link_asked = s->link_waits = false;
	s->ahead = s->ahead_received = 0;
	s->status_asked = false;
	s->user_asked_at = 0;
	s->data_busy = false;
	s->blocked = false;
	s->control_busy = false;
	s->command_count = 0;
	s->dialect = NULL;
	s->told_payload = 0; /* the next link may have another MTU, or another device */
	memset(&s->mcumgr, 0, sizeof(s->mcumgr));
	s->mtu = OTA_ATT_MTU_MIN;
	s->silent = 0;
	s->stats.progress.phase = 0;
	s->stats.telemetry_known = false;
	s->stats.times_known = false;
	s->stats.link.code = 0xff;
}

void session_hang_up(struct session *s)
{
	if (s->closing || !(s->link_up || s->connecting))
		return;
	if (s->ops->disconnect(s->ctx) < 0) {
		session_forget_link(s); /* no event follows */
		return;
	}
	s->closing = true;
	s->closing_until = s->now + CLOSE_MS * MS;
}

void session_cancelled_untold(struct session *s, int status)
{
	s->status = status;
	session_finish(s, SESSION_CANCELLED);
}

/* Returns true if repeating an action of unknown result could act twice. */
static bool once_only(const struct session *s)
{
	return s->config.goal == SESSION_COMMAND && s->asked &&
	       (s->config.command == OTA_CMD_ROLLBACK || s->config.command == OTA_CMD_REBOOT);
}

/*
 * Fewer new bytes are no reason to begin counting anew: a device that takes one
 * byte and fails could go on with that for as long as it likes.
 */
static bool got_further(const struct session *s)
{
	const uint32_t size = session_size(s), least = size / 512u + 1u;

	return s->most > s->tried_at && (s->most - s->tried_at >= least || s->most == size);
}

bool session_try(struct session *s, enum session_outcome outcome)
{
	if (session_finished(s))
		return false;
	if (s->cancel) {
		session_cancelled_untold(s, -OTA_ENOTCONN);
		return false;
	}
	if (got_further(s)) {
		s->tries = 0;
		s->backoff = s->config.backoff_ms;
		s->tried_at = s->most;
	}
	if (s->tries >= s->config.retries || once_only(s)) {
		session_finish(s, outcome);
		return false;
	}
	s->tries++;
	s->stats.retries++;
	session_note(s, SESSION_NOTE_RETRY, s->tries);
	return true;
}

static void wait_for_try(struct session *s)
{
	const uint64_t next = (uint64_t)s->backoff * 2u;

	session_enter(s, SESSION_WAITING);
	session_wait(s, SESSION_STEP_LINK_UP, s->backoff);
	s->backoff = next < s->config.backoff_max_ms ? (uint32_t)next : s->config.backoff_max_ms;
}

void session_retry(struct session *s, enum session_outcome outcome)
{
	if (session_finished(s))
		return;
	if (s->proving || s->state == SESSION_REBOOTING) {
		session_hang_up(s);
		session_rebooted(s);
		return;
	}
	if (s->ended && !s->cancel && s->config.goal == SESSION_UPDATE) {
		session_look(s, outcome);
		return;
	}
	if (!session_try(s, outcome))
		return;
	session_hang_up(s);
	wait_for_try(s);
}

void session_retry_start(struct session *s, enum session_outcome outcome)
{
	const bool counted = s->looked;

	s->looked = false;
	if (counted ? !session_finished(s) : session_try(s, outcome))
		wait_for_try(s);
}

void session_failed(struct session *s, int status)
{
	if (session_finished(s))
		return;
	s->status = status;
	if (status == -OTA_ENODEV)
		s->adapter_gone = true;
	if (status == -OTA_EPERM) /* the attribute needs encryption: asking again changes nothing */
		session_device_error(s, OTA_ERR_PERMISSION, 0, 0);
	else
		session_retry(s, status == -OTA_ENODEV ? SESSION_NO_ADAPTER : SESSION_LINK_LOST);
}

static enum session_outcome lost_outcome(enum gatt_reason reason)
{
	switch (reason) {
	case GATT_NOT_FOUND:
		return SESSION_NOT_FOUND;
	case GATT_NO_ADAPTER:
		return SESSION_NO_ADAPTER;
	case GATT_BY_HOST:
	case GATT_BY_DEVICE:
	case GATT_SUPERVISION:
	case GATT_CONNECT_FAILED:
	case GATT_KEY_MISSING:
	case GATT_UNKNOWN:
		break;
	}
	return SESSION_LINK_LOST;
}

/* The link went down without having been asked to. */
static void link_lost(struct session *s, enum gatt_reason reason)
{
	if (s->state == SESSION_CANCELLING && s->cancel) {
		session_cancelled_untold(s, -OTA_ENOTCONN);
	} else if (reason == GATT_KEY_MISSING) {
		/* Every further try would end the same way; only the user may drop the bond. */
		s->key_missing = true;
		s->status = -OTA_EPERM;
		session_finish(s, SESSION_NOT_PAIRED);
	} else if (s->state == SESSION_REBOOTING || s->proving) {
		session_rebooted(s);
	} else if (once_only(s) && s->config.command == OTA_CMD_REBOOT) {
		session_finish(s, SESSION_ANSWERED); /* that is what was asked for */
	} else {
		session_retry(s, lost_outcome(reason));
	}
}

void session_disconnected(struct session *s, enum gatt_reason reason, uint64_t now_us)
{
	const bool was_up = s->link_up;

	s->now = now_us;
	s->adapter_gone = reason == GATT_NO_ADAPTER;
	session_forget_link(s);
	if (session_finished(s) || s->state == SESSION_IDLE || s->state == SESSION_WAITING)
		return;
	if (s->state == SESSION_RECONNECTING && s->step == SESSION_STEP_LINK_DOWN)
		return; /* the end of a link that was given up already */
	if (s->state == SESSION_VERIFYING)
		s->ended_at = now_us;
	if (was_up && s->state != SESSION_REBOOTING && s->state != SESSION_CANCELLING)
		session_note(s, SESSION_NOTE_LINK_LOST, (uint32_t)reason);
	link_lost(s, reason);
}

/* Returns true if the device waits for values that this link no longer carries. */
static bool told_too_much(const struct session *s)
{
	const bool sends = s->state == SESSION_PREPARING || s->state == SESSION_SENDING ||
			   s->state == SESSION_PAUSED;

	return sends && session_live(s) && s->told_payload != 0 &&
	       s->told_payload + s->dialect->header > s->mtu - OTA_ATT_HEADER;
}

void session_mtu(struct session *s, uint16_t mtu, uint64_t now_us)
{
	s->now = now_us;
	if (mtu < OTA_ATT_MTU_MIN)
		mtu = OTA_ATT_MTU_MIN;
	s->mtu = mtu < s->config.mtu_max ? mtu : s->config.mtu_max;
	if (told_too_much(s))
		session_failed(s, -OTA_EIO);
	else
		session_rechoose(s);
}

void session_written(struct session *s, enum gatt_chr chr, int status, uint64_t now_us)
{
	s->now = now_us;
	if (!session_live(s))
		return;
	if (status < 0) {
		session_failed(s, status);
		return;
	}
	if (chr == GATT_DATA && s->data_busy) {
		s->data_busy = false;
		if (s->dialect)
			s->dialect->ops->data_written(s);
	} else if (chr == GATT_CONTROL && s->control_busy) {
		session_command_written(s);
		session_commands_go(s);
	}
	session_pump(s);
}

void session_writable(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	s->blocked = false;
	session_commands_go(s);
	if (s->dialect && s->dialect->ops->writable && session_live(s))
		s->dialect->ops->writable(s);
	session_pump(s);
}

void session_rx(struct session *s, const uint8_t *buf, size_t len, uint64_t now_us)
{
	s->now = now_us;
	if (len == 0 || !s->dialect || !session_live(s))
		return;
	s->heard_at = s->spoke_at = now_us;
	s->silent = 0;
	s->dialect->ops->rx(s, buf, len);
	if (!session_finished(s) &&
	    (s->stats.received > s->stats.queued || s->stats.queued > session_size(s) ||
	     s->stats.flushed > s->stats.received))
		session_broken(s, "its figures contradict what was sent");
	session_pump(s);
}

void session_rx_data(struct session *s, const uint8_t *buf, size_t len, uint64_t now_us)
{
	s->now = now_us;
	if (len == 0 || !s->dialect || !s->dialect->ops->rx_data || !session_live(s))
		return;
	s->heard_at = s->spoke_at = now_us;
	s->silent = 0;
	s->dialect->ops->rx_data(s, buf, len);
	session_pump(s);
}

/* --- time */

void session_tick(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (session_finished(s))
		return;
	if (s->pairing) {
		if (now_us >= s->pairing_since + PAIRING_MS * MS)
			session_paired(s, -OTA_ETIMEDOUT, now_us);
		return;
	}
	if (s->link_waits && now_us >= s->link_until)
		session_link_settled(s); /* no answer to LINK: goes on without */
	if (now_us >= s->step_deadline)
		session_step_expired(s);
	if (s->dialect && (s->state == SESSION_SENDING || s->state == SESSION_PAUSED))
		s->dialect->ops->watch(s);
	session_pump(s);
}

uint64_t session_deadline(const struct session *s)
{
	uint64_t at = s->step_deadline, other;

	if (session_finished(s))
		return NEVER;
	if (s->pairing)
		return s->pairing_since + PAIRING_MS * MS;
	if (s->link_waits && s->link_until < at)
		at = s->link_until;
	if (s->dialect && (s->state == SESSION_SENDING || s->state == SESSION_PAUSED)) {
		other = s->dialect->ops->watch_at(s);
		at = other < at ? other : at;
		other = s->state == SESSION_SENDING ? session_send_at(s) : NEVER;
		at = other < at ? other : at;
	}
	return at;
}
