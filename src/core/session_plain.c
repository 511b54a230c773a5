/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of dialects whose devices can be updated and asked for nothing else. */
#include "core/session_priv.h"

bool session_plain_begin(struct session *s)
{
	if (!session_has_goal(s))
		return false;
	if (s->config.goal == SESSION_COMMAND) {
		session_device_error(s, OTA_ERR_UNSUPPORTED, (uint8_t)s->config.command, 0);
		return false;
	}
	s->started = true;
	if (s->stats.start_us == 0)
		s->stats.start_us = s->now;
	return true;
}

void session_plain_done(struct session *s)
{
	s->stats.done_us = s->now;
	session_promise(s, 0);
	session_wait(s, SESSION_STEP_LINK_DOWN, s->config.reconnect_timeout_ms);
}

void session_plain_stop(struct session *s)
{
	if (s->ended)
		session_cancelled_untold(s, -OTA_ETIMEDOUT);
	else
		session_finish(s, SESSION_CANCELLED);
}

void session_plain_stopped(struct session *s)
{
	if (s->config.goal == SESSION_COMMAND)
		session_finish(s, SESSION_ANSWERED);
	else
		session_plain_stop(s);
}

void session_nothing(struct session *s)
{
	(void)s;
}

void session_no_header(struct session *s, uint8_t *buf, uint32_t len)
{
	(void)s;
	(void)buf;
	(void)len;
}

uint64_t session_answer_due(const struct session *s, uint64_t since, uint32_t bytes)
{
	struct airtime_link air;
	uint32_t rate;

	if (s->state != SESSION_SENDING)
		return NEVER;
	session_link(s, &air);
	rate = airtime_ceiling(&air, s->chunk, session_waits_for_each(s));
	return since + s->config.ack_timeout_ms * MS +
	       (rate > 0 ? 2ull * bytes * 1000000u / rate : 0);
}

uint64_t session_sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
