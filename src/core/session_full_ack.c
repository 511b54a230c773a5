/* SPDX-License-Identifier: Apache-2.0 */
/* A device of the full dialect acknowledges values, or names the first one that it lacks. */
#include "core/session_priv.h"

/* GAPs in a row for the same byte.  A device repeats one with doubling patience, so that a
 * handful is all that a link ever takes which still carries anything. */
#define GAPS_MAX 16u

/*
 * Of what was sent ahead.  A device whose interval between acknowledgements has passed tells it once,
 * and a window that is full of these bytes would wait for it until it asked.
 */
static void head_received(struct session *s, const struct ota_ack *m)
{
	if (m->received > s->ready.offset + s->ahead_received &&
	    m->received <= s->ready.offset + s->ahead)
		s->ahead_received = m->received - s->ready.offset;
}

void session_full_on_ack(struct session *s, const struct ota_ack *m)
{
	struct session_stats *st = &s->stats;

	if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_LINK)
		head_received(s, m);
	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED &&
	    s->state != SESSION_VERIFYING)
		return;
	if (m->received > st->queued || m->flushed > m->received || m->limit < m->received ||
	    m->limit > session_size(s)) {
		session_broken(s, "its ACK contradicts what was sent");
		return;
	}
	if (m->received < st->received)
		return; /* an older one that was delayed */
	session_tune_ack(s, m);
	if (m->flushed > st->flushed) {
		st->flushed = m->flushed;
		session_progressed(s);
	}
	session_moved(s, m->received);
	if (m->limit > st->limit)
		st->limit = m->limit;
	if (st->progress.phase != 0) {
		st->progress.phase = 0;
		session_rewindow(s);
	}
}

/* Some of what was sent ahead: it goes again, with all the rest, once the link has settled. */
static void head_lost(struct session *s, const struct ota_gap *m)
{
	if (m->offset < s->ready.offset || m->offset > s->ready.offset + s->ahead)
		return;
	s->ahead = m->offset - s->ready.offset;
	if (s->ahead_received > s->ahead)
		s->ahead_received = s->ahead;
	s->sequence = m->sequence;
}

void session_full_on_gap(struct session *s, const struct ota_gap *m)
{
	struct session_stats *st = &s->stats;

	if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_LINK && s->ahead > 0)
		head_lost(s, m);
	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED)
		return;
	if (m->reason == OTA_GAP_ASKED)
		s->resyncing = false;
	/* A copy of one that was handled: going back again would number other bytes alike. */
	if (m->offset < st->received || (s->gap_seen && m->sequence == s->gap_sequence))
		return;
	if (m->offset > st->queued) {
		session_broken(s, "its GAP lies beyond what was sent");
		return;
	}
	if (m->offset == st->received && ++s->gaps_alone > GAPS_MAX) {
		session_retry(s, SESSION_STALLED);
		return;
	}
	s->gap_seen = true;
	s->gap_sequence = m->sequence;
	session_moved(s, m->offset);
	if (m->reason != OTA_GAP_ASKED || st->queued != m->offset) {
		st->gaps++;
		session_note(s, SESSION_NOTE_GAP, session_image_at(s, m->offset));
		session_flow_gap(s, st->queued - m->offset, m->reason != OTA_GAP_ASKED);
	}
	st->queued = m->offset;
	s->sequence = m->sequence;
	s->progress_at = s->now;
}
