/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the transfer while the signal is too weak to get through, and goes on by itself.  A
 * single reading is no signal: two in a row below pause, two in a row above go on.  The pause
 * is the session's, which keeps it over a lost link.
 */
#include "host/job_priv.h"

#define SAMPLE_US 400000u /* less than any period of telemetry that is usual */
#define IN_A_ROW 2u
#define HYSTERESIS_DB 6 /* of auto: more than a link that stands still changes by */

static int8_t rssi_of(const struct job *job)
{
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	return l.rssi != 0 && l.rssi != 127 ? l.rssi : job->seen.rssi;
}

int job_hold_continue_dbm(const struct job *job)
{
	const int below = job->profile.pause_below_dbm, above = job->profile.continue_above_dbm;

	return above == PROFILE_AUTO ? below + HYSTERESIS_DB : above > below ? above : below + 1;
}

static void tell(struct job *job, enum session_note note, int rssi)
{
	job_pump_owner.note(job, note, (uint32_t)-rssi);
}

/* With a link alone: a reading from before it is none. */
void job_hold_see(struct job *job)
{
	const struct session *s = &job->session;
	const int below = job->profile.pause_below_dbm;
	struct job_hold *h = &job->hold;
	const uint64_t now = job_now(job);
	int8_t rssi;

	if (below == 0 || (s->state != SESSION_SENDING && s->state != SESSION_PAUSED) ||
	    now < h->next_us)
		return;
	h->next_us = now + SAMPLE_US;
	rssi = rssi_of(job);
	if (rssi == 127)
		return;
	h->weak = rssi < below ? h->weak + 1u : 0;
	h->strong = rssi >= job_hold_continue_dbm(job) ? h->strong + 1u : 0;
	if (h->strong >= IN_A_ROW)
		h->overruled = false;
	if (h->by == JOB_HELD_NOT && !s->hold && h->weak >= IN_A_ROW && !h->overruled) {
		h->by = JOB_HELD_BY_SIGNAL;
		session_pause(&job->session, now);
		tell(job, SESSION_NOTE_HELD, rssi);
	} else if (h->by == JOB_HELD_BY_SIGNAL && h->strong >= IN_A_ROW) {
		h->by = JOB_HELD_NOT;
		session_resume(&job->session, now);
		tell(job, SESSION_NOTE_RELEASED, rssi);
	}
}

/* The user's word counts: a weak signal does not pause again before it was strong. */
void job_hold_overrule(struct job *job, bool pause)
{
	struct job_hold *h = &job->hold;

	h->overruled = !pause && h->by == JOB_HELD_BY_SIGNAL;
	h->by = pause ? JOB_HELD_BY_USER : JOB_HELD_NOT;
}
