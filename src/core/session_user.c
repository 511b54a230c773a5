/* SPDX-License-Identifier: Apache-2.0 */
/* The user's actions while a session runs: pause, cancel, tune. */
#include "core/session_priv.h"

void session_pause(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (session_finished(s))
		return;
	s->hold = true;
	if (s->state != SESSION_SENDING)
		return;
	session_enter(s, SESSION_PAUSED);
	s->heard_at = now_us;
}

void session_resume(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	s->hold = false;
	if (s->state != SESSION_PAUSED)
		return;
	session_enter(s, SESSION_SENDING);
	s->stall_at = now_us;
	session_flow_resumed(s);
	session_progressed(s);
	session_pump(s);
}

void session_abort(struct session *s)
{
	s->command_count = 0; /* what was not written yet never will be */
	session_enter(s, SESSION_CANCELLING);
	session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
	s->dialect->ops->abort(s);
}

void session_cancel(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (session_finished(s) || s->cancel)
		return;
	if (s->pairing) { /* nothing can be written before it ends */
		s->status = s->started && s->begun ? -OTA_ENOTCONN : 0;
		session_finish(s, SESSION_CANCELLED);
		return;
	}
	switch (s->state) {
	case SESSION_RECONNECTING:
		if (!s->promised && !s->proved) { /* it may still be told, as soon as it is back */
			s->cancel = true;
			return;
		}
		session_note(s, SESSION_NOTE_LATE, 0);
		return;
	case SESSION_REBOOTING:
	case SESSION_CONFIRMING:
		session_note(s, SESSION_NOTE_LATE, 0);
		return;
	case SESSION_PREPARING:
	case SESSION_SENDING:
	case SESSION_PAUSED:
	case SESSION_VERIFYING:
	case SESSION_WAITING:
		if (!s->started)
			break;
		s->cancel = true;
		if (session_live(s) && s->dialect)
			session_abort(s);
		else
			session_connect(s);
		return;
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
		if (!s->started)
			break;
		s->cancel = true; /* the device is told as soon as it can be */
		return;
	case SESSION_IDLE:
	case SESSION_CANCELLING:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_STATES:
		break;
	}
	session_finish(s, SESSION_CANCELLED);
}

/* States in which STATUS means what it says: no other answer is waited for that it could be. */
static bool may_be_asked(const struct session *s)
{
	switch (s->state) {
	case SESSION_PREPARING:
		return s->step != SESSION_STEP_ANSWER;
	case SESSION_SENDING:
	case SESSION_PAUSED:
	case SESSION_VERIFYING:
	case SESSION_CONFIRMING:
		return true;
	case SESSION_IDLE:
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_WAITING:
	case SESSION_CANCELLING:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_STATES:
		break;
	}
	return false;
}

int session_ask(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (!session_live(s))
		return -OTA_ENOTCONN;
	if (s->dialect && !s->dialect->has_status)
		return -OTA_ENOTSUP;
	if (!s->dialect || s->pairing || !may_be_asked(s) || s->config.goal == SESSION_LOOK ||
	    s->config.goal == SESSION_COMMAND || s->command_count == SESSION_COMMANDS)
		return -OTA_EBUSY;
	if (s->user_asked_at > 0 && now_us - s->user_asked_at < ANSWER_MS * MS)
		return 0;
	s->user_asked_at = now_us;
	s->user_asked_in = s->state;
	session_opcode(s, OTA_CMD_STATUS);
	return 0;
}

uint64_t session_asked(const struct session *s)
{
	return s->user_asked_at;
}

void session_expire(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	session_finish(s, SESSION_TIMED_OUT);
}

/* --- pairing, which bluetoothd begins when the device refuses a write that needs it */

void session_pairing(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (!session_live(s) || s->pairing)
		return;
	s->pairing = true;
	s->pairing_since = now_us;
	session_note(s, SESSION_NOTE_PASSKEY, 0);
}

void session_paired(struct session *s, int status, uint64_t now_us)
{
	s->now = now_us;
	if (!session_live(s))
		return;
	/* A request that waited for the link gets its full time-out again. */
	if (s->pairing && s->step_deadline != NEVER)
		s->step_deadline += now_us - s->pairing_since;
	s->pairing = false;
	s->heard_at = s->progress_at = s->stall_at = now_us;
	if (status < 0) {
		s->status = status;
		session_finish(s, SESSION_NOT_PAIRED);
		return;
	}
	session_note(s, SESSION_NOTE_PAIRED, 0);
	session_pump(s);
}

/* --- tuning */

int session_set_pacing(struct session *s, uint32_t us, uint64_t now_us)
{
	if (us > 1000000u)
		return -OTA_EINVAL;
	s->now = now_us;
	s->config.pacing_us = s->config.basic_pacing_us = us;
	s->next_send = now_us;
	session_pump(s);
	return 0;
}

int session_set_window(struct session *s, uint32_t bytes, uint64_t now_us)
{
	if (bytes != 0 && (bytes < 512u || bytes > (1u << 20)))
		return -OTA_EINVAL;
	s->now = now_us;
	s->config.window = bytes;
	session_rechoose(s);
	return 0;
}

int session_set_chunk(struct session *s, uint16_t value, uint64_t now_us)
{
	if (value != 0 && (value < 20u || value > OTA_VALUE_MAX))
		return -OTA_EINVAL;
	s->now = now_us;
	s->config.chunk = value;
	/* The link's MTU bounds it again; numbering makes any length safe at once. */
	session_rechoose(s);
	return 0;
}

int session_set_mode(struct session *s, enum gatt_write mode, uint64_t now_us)
{
	if (mode != GATT_REQUEST && mode != GATT_COMMAND && mode != GATT_ACQUIRE)
		return -OTA_EINVAL;
	s->now = now_us;
	s->config.mode = mode;
	s->config.mode_auto = false;
	/* Without acknowledgements the mode decides what "received" means: next run. */
	if (s->dialect && s->dialect->has_acknowledgements)
		session_rechoose(s);
	return 0;
}
