/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The basic dialect: 01, wait for 01; raw chunks; 04, wait for 03.  Nothing
 * acknowledges data but the answer to a write request, so that is the default,
 * and nothing tells the running image's hash, so the end is "delivered".
 */
#include "core/session_priv.h"

#define BURST_BYTES 8192u /* the least ring that a device of this protocol has */
#define BURST_CAREFUL 4u /* values, after a failure */
#define BURST_FAILURES 2u /* from then on each value is a request */
#define BURST_SLOWER 4u /* slower by a quarter: the device held its answer back */
#define BURST_FORGETS 8u
#define PACING_LEAST_US 4000u
#define PACING_MOST_US 100000u

static void session_basic_begin(struct session *s)
{
	if (!session_has_goal(s))
		return;
	if (s->config.goal == SESSION_COMMAND) {
		if (s->config.command != OTA_CMD_ABORT) {
			session_device_error(s, OTA_ERR_UNSUPPORTED, (uint8_t)s->config.command, 0);
			return;
		}
		s->asked = true;
		session_enter(s, SESSION_CANCELLING);
		session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
		session_opcode(s, OTA_CMD_ABORT);
		return;
	}
	s->started = true;
	if (s->stats.start_us == 0)
		s->stats.start_us = s->now;
	session_wait_work(s, SESSION_STEP_READY, s->config.basic_ready_timeout_ms);
	session_opcode(s, OTA_CMD_START);
}

static void session_basic_on_done(struct session *s)
{
	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED &&
	    s->state != SESSION_VERIFYING && s->state != SESSION_CANCELLING)
		return;
	if (!s->ended) {
		session_broken(s, "it said DONE before it was told that all was sent");
		return;
	}
	if (s->state == SESSION_CANCELLING)
		session_note(s, SESSION_NOTE_LATE, 0);
	s->stats.done_us = s->now;
	s->stats.received = s->config.image_size;
	session_promise(s, 0);
	/* The device may take its time to reboot, and a link that the host ends for it proves
	 * nothing. */
	session_wait(s, SESSION_STEP_LINK_DOWN, s->config.reconnect_timeout_ms);
}

/* Most values of a burst: two of them are under way at once. */
static uint16_t burst_most(const struct session *s)
{
	const uint32_t values = BURST_BYTES / s->chunk;

	if (session_waits_for_each(s) || s->burst.failures > 1)
		return 1;
	if (s->burst.failures > 0 && values > BURST_CAREFUL)
		return BURST_CAREFUL;
	return (uint16_t)(values > 0 ? values : 1);
}

/*
 * The device ended the session: its buffer ran over, or the image was not what it should
 * be, after which nothing but requests are to be trusted.
 */
static void learn_from_error(struct session *s)
{
	struct session_burst *b = &s->burst;

	if (s->state == SESSION_PREPARING)
		return;
	if (!s->stats.received_known) {
		b->pacing_us = session_pacing(s) * 2u;
		if (b->pacing_us < PACING_LEAST_US)
			b->pacing_us = PACING_LEAST_US;
		if (b->pacing_us > PACING_MOST_US)
			b->pacing_us = PACING_MOST_US;
		session_note(s, SESSION_NOTE_PACING, b->pacing_us);
	} else if (!session_waits_for_each(s)) {
		b->failures = s->state == SESSION_VERIFYING ? BURST_FAILURES
							    : (uint8_t)(b->failures + 1u);
		if (b->failures > BURST_FAILURES)
			b->failures = BURST_FAILURES;
		session_note(s, SESSION_NOTE_BURST, burst_most(s));
	}
}

static void session_basic_rx(struct session *s, const uint8_t *buf, size_t len)
{
	(void)len;
	switch (buf[0]) {
	case OTA_EVT_READY:
		if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_READY)
			session_begin_sending(s, 0, s->config.image_size, 0);
		break;
	case OTA_EVT_ERROR:
		session_note(s, SESSION_NOTE_ERROR, 0);
		if (s->state == SESSION_PREPARING || s->state == SESSION_SENDING ||
		    s->state == SESSION_PAUSED || s->state == SESSION_VERIFYING) {
			learn_from_error(s);
			/* Unanswered commands may wait in the stack: they go with the link. */
			if (s->stats.received_known)
				session_retry_start(s, SESSION_DEVICE_ERROR);
			else
				session_retry(s, SESSION_DEVICE_ERROR);
		}
		break;
	case OTA_EVT_DONE:
		session_basic_on_done(s);
		break;
	default:
		break; /* a device may say more than this dialect knows */
	}
}

/*
 * Bursts grow while they come through as fast as before.  An answer that was held back
 * says that the device's buffer is full.
 */
static void burst_adapt(struct session *s, uint32_t bytes)
{
	struct session_burst *b = &s->burst;
	const uint64_t us = s->now - b->since;
	const uint32_t rate = us > 0 ? (uint32_t)(bytes * 1000000ull / us) : 0;
	const uint16_t most = burst_most(s);
	const uint32_t size =
		rate >= b->best - b->best / BURST_SLOWER ? b->size * 2u : b->size / 2u;

	b->since = s->now;
	b->best = rate > b->best ? rate : b->best - (b->best - rate) / BURST_FORGETS;
	b->size = (uint16_t)(size < 2u ? 2u : size);
	if (b->size > most)
		b->size = most;
}

static void session_basic_data_written(struct session *s)
{
	const uint32_t proves = s->burst.proves;

	/* The answer to a request of before this START proves nothing of what came since. */
	if (proves <= s->stats.received)
		return;
	burst_adapt(s, proves - s->stats.received);
	session_moved(s, proves);
}

static void session_basic_watch(struct session *s)
{
	if (s->stats.received_known)
		session_watch_stall(s);
}

static uint64_t watch_at(const struct session *s)
{
	return s->stats.received_known ? session_stall_deadline(s) : NEVER;
}

static const struct dialect_ops ops = {
	.begin = session_basic_begin,
	.rx = session_basic_rx,
	.header_put = session_no_header,
	.data_written = session_basic_data_written,
	.watch = session_basic_watch,
	.watch_at = watch_at,
	.end = session_send_end,
	.abort = session_send_abort,
	.abort_written = session_plain_stopped,
};

const struct dialect session_basic = {
	.id = DIALECT_BASIC,
	.name = "basic",
	.title = "basic dialect",
	.lacks = "no acknowledgements, no resume, no hash",
	.not_offered = "not offered: it speaks basic",
	.tool = "",
	OTABENCH_SERVICE,
	.chrs = {[GATT_CONTROL] = OTABENCH_CONTROL, [GATT_DATA] = OTABENCH_DATA},
	.header = 0,
	.write_mode = GATT_REQUEST,
	.bursts = true,
	.one_byte = true,
	.ops = &ops,
};
