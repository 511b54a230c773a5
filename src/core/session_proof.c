/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After END: what the device says of itself is not enough.  It is met again, what it
 * runs is read, and that decides, whatever was heard before or was not: a
 * notification that is lost makes no failure of an update that worked, and one that
 * lies makes no success of an update that did not.
 */
#include "core/session_priv.h"

bool session_runs_image(const struct session *s)
{
	const struct session_running *running = &s->running;

	return running->known && s->config.goal == SESSION_UPDATE &&
	       memcmp(running->sha256,
		      running->boot_hash ? s->config.boot_sha256 : s->config.sha256,
		      OTA_SHA256_SIZE) == 0;
}

void session_promise(struct session *s, uint32_t ms)
{
	s->cancel = false;
	s->promised = true;
	s->reboot_at = s->now + ms * MS;
	session_enter(s, SESSION_REBOOTING);
	session_wait(s, SESSION_STEP_LINK_DOWN, ms + ANSWER_MS);
}

void session_promise_unheard(struct session *s)
{
	if (!s->ended) {
		session_broken(s, "it said that it reboots before it was told that all was sent");
		return;
	}
	/* The device may wait to be told; another REBOOT does no harm. */
	session_opcode(s, OTA_CMD_REBOOT);
	if (session_live(s))
		session_promise(s, UNHEARD_MS);
}

/* --- coming back */

void session_look(struct session *s, enum session_outcome why)
{
	s->given_up = why;
	if (s->ended_at == 0)
		s->ended_at = s->now;
	session_hang_up(s);
	session_rebooted(s);
}

/* The device was not found again after its reboot. */
static void not_back(struct session *s)
{
	if (s->adapter_gone)
		session_finish(s, SESSION_NO_ADAPTER);
	else
		session_finish(s, s->proved ? SESSION_LINK_LOST : SESSION_NOT_BACK);
}

void session_rebooted(struct session *s)
{
	if (!s->proving) {
		s->proving = true;
		s->reconnect_until = s->now + s->config.reconnect_timeout_ms * MS;
	}
	if (s->cancel) {
		session_cancelled_untold(s, -OTA_ENOTCONN);
		return;
	}
	if (s->now >= s->reconnect_until) {
		not_back(s);
		return;
	}
	session_enter(s, SESSION_RECONNECTING);
	session_wait(s, SESSION_STEP_LINK_DOWN, RECONNECT_MS);
	/* If the link was lost before the reboot, the old firmware would prove nothing. */
	if (s->step_deadline < s->reboot_at + RECONNECT_MS * MS)
		s->step_deadline = s->reboot_at + RECONNECT_MS * MS;
}

/* --- what runs, by the version alone */

static enum session_verdict compare_versions(const struct session *s)
{
	const char *sent = s->config.version, *before = s->version_before, *now = s->version;

	if (now[0] == '\0' || before[0] == '\0' || (sent[0] == '\0' && strcmp(now, before) == 0))
		return SESSION_VERDICT_UNKNOWN;
	if (strcmp(now, sent) == 0)
		return strcmp(before, sent) == 0 ? SESSION_VERDICT_UNKNOWN : SESSION_VERDICT_NEW;
	return strcmp(now, before) == 0 ? SESSION_VERDICT_OLD : SESSION_VERDICT_OTHER;
}

/* The image may have been refused, or never have been complete. */
static void send_again(struct session *s)
{
	s->proving = false;
	session_retry_start(s, s->given_up);
}

/* The device runs the old version.  Perhaps it is only about to reboot. */
static void prove_old(struct session *s)
{
	const uint64_t settled = s->promised ? s->stats.done_us + OLD_MS * MS : s->reconnect_until;

	if (!s->promised && !s->end_answered) {
		send_again(s);
	} else if (s->now < settled && s->now + LOOK_MS * MS < s->reconnect_until) {
		session_hang_up(s);
		session_enter(s, SESSION_RECONNECTING);
		session_wait(s, SESSION_STEP_LINK_DOWN, LOOK_MS);
	} else {
		session_finish(s, SESSION_ROLLED_BACK);
	}
}

static void prove_by_version(struct session *s)
{
	s->verdict = compare_versions(s);
	switch (s->verdict) {
	case SESSION_VERDICT_OLD:
		prove_old(s);
		break;
	case SESSION_VERDICT_NEW:
	case SESSION_VERDICT_OTHER:
		if (s->stats.done_us == 0)
			s->stats.done_us = s->ended_at;
		session_finish(s, SESSION_DELIVERED);
		break;
	case SESSION_VERDICT_NONE:
	case SESSION_VERDICT_UNKNOWN:
		if (s->promised)
			session_finish(s, SESSION_DELIVERED);
		else if (s->end_answered)
			session_finish(s, s->given_up); /* sending again would tell no more */
		else
			send_again(s);
		break;
	}
}

/* --- what runs, by its hash */

/* Another image, and nothing was heard that says why: the device is asked how it stands. */
static void ask_state(struct session *s)
{
	s->proving = false;
	if (!s->dialect->has_status) {
		session_retry_start(s, s->given_up);
		return;
	}
	if (!session_try(s, s->given_up))
		return;
	s->looked = true;
	session_enter(s, SESSION_VERIFYING);
	session_progressed(s);
	session_wait_work(s, SESSION_STEP_DONE, ANSWER_MS);
	session_opcode(s, OTA_CMD_STATUS);
}

/*
 * Returns true if the device lost its supply while the image was on trial, so that its boot loader
 * went back: no image is at fault, and the device has kept what it needs to try it again.
 */
static bool trial_lost_supply(const struct session *s)
{
	return s->have_info && (s->info.flags & OTA_INFO_RESUMABLE) && s->info.resets > 0 &&
	       ota_reset_is_supply(s->info.reset_reason);
}

static void try_again(struct session *s)
{
	s->proving = s->promised = s->proved = false;
	s->ended = s->end_answered = false;
	s->confirm_asked = s->confirm_told = false;
	s->confirm_until = 0;
	s->stats.done_us = 0;
	session_retry_start(s, SESSION_ROLLED_BACK);
}

void session_prove(struct session *s)
{
	if (s->cancel && !session_runs_image(s)) {
		session_abort(s);
		return;
	}
	if (s->cancel)
		session_note(s, SESSION_NOTE_LATE, 0);
	s->cancel = false;
	if (!s->running.known && s->proved) {
		session_finish(s, SESSION_LINK_LOST); /* it told more when it was last met */
	} else if (!s->running.known) {
		prove_by_version(s);
	} else if (session_runs_image(s)) {
		if (s->stats.done_us == 0)
			s->stats.done_us = s->ended_at;
		session_confirm(s);
	} else if ((s->promised || s->proved) && trial_lost_supply(s)) {
		try_again(s);
	} else if (s->promised && !s->proved && s->mcumgr.holds_next) {
		s->promised = false; /* it did not reset yet */
		ask_state(s);
	} else if (s->dialect->ops->identify && !s->doubted) {
		s->doubted = true; /* one answer may be damaged */
		s->dialect->ops->identify(s);
	} else if (s->promised || s->proved) {
		session_finish(s, SESSION_ROLLED_BACK);
	} else {
		ask_state(s);
	}
}

/* --- CONFIRM */

static void ask_confirm(struct session *s)
{
	session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
	if (s->dialect->ops->confirm)
		s->dialect->ops->confirm(s);
	else
		session_opcode(s, OTA_CMD_CONFIRM);
}

/* The image runs, and the device was not brought to keep it. */
static void unanswered(struct session *s)
{
	if (s->code != OTA_OK)
		session_device_error(s, s->code, OTA_CMD_CONFIRM, 0);
	else
		session_finish(s, SESSION_STALLED);
}

/* Ends the session if the device answered CONFIRM with ok, and its Info disagrees. */
static bool told_otherwise(struct session *s)
{
	if (!s->confirm_told || !s->running.on_trial)
		return false;
	session_broken(s, "it said that the image is confirmed, and still has it on trial");
	return true;
}

void session_confirm(struct session *s)
{
	const bool pending = s->running.on_trial;

	session_enter(s, SESSION_CONFIRMING);
	s->proving = true;
	s->proved = true;
	if (!s->config.confirm) {
		session_finish(s, SESSION_UNCONFIRMED);
		return;
	}
	if (told_otherwise(s))
		return;
	if (s->confirm_asked && !pending) { /* only the answer was lost */
		session_finish(s, SESSION_CONFIRMED);
		return;
	}
	if (s->confirm_until == 0) {
		s->code = OTA_OK;
		s->confirm_until = s->now + s->config.reconnect_timeout_ms * MS;
		s->reconnect_until = s->confirm_until;
	}
	if (s->now >= s->confirm_until)
		unanswered(s);
	else
		ask_confirm(s);
}

/* Reads Info again, to believe no RESULT. */
static void session_confirm_check(struct session *s)
{
	int rc;

	if (s->dialect->ops->identify) {
		s->dialect->ops->identify(s);
		return;
	}
	session_wait(s, SESSION_STEP_INFO, s->config.connect_timeout_ms);
	rc = s->ops->read(s->ctx, GATT_INFO);
	if (rc < 0)
		session_failed(s, rc);
}

void session_confirm_answered(struct session *s, uint8_t code)
{
	switch (code) {
	case OTA_OK:
		s->confirm_told = true;
		session_confirm_check(s);
		break;
	case OTA_ERR_BUSY:
	case OTA_ERR_STATE:
		s->code = code;
		session_wait(s, SESSION_STEP_ANSWER, CONFIRM_BUSY_MS);
		break;
	default:
		session_device_error(s, code, OTA_CMD_CONFIRM, 0);
		break;
	}
}

void session_confirm_silent(struct session *s)
{
	if (s->step == SESSION_STEP_INFO)
		session_retry(s, SESSION_STALLED); /* the link itself is silent */
	else
		session_confirm_check(s);
}

void session_confirm_read(struct session *s)
{
	if (s->config.goal != SESSION_COMMAND)
		session_prove(s);
	else if (!told_otherwise(s))
		session_finish(s, SESSION_ANSWERED);
}
