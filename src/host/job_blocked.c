/* SPDX-License-Identifier: Apache-2.0 */
/* See job_blocked.h. */
#include "host/job_blocked.h"

#include "base/output.h"

#include <stdio.h>

#define SLOW_ERASE_MS 1000u /* a chip that erases does nothing else, and says nothing */
#define SILENT_US 2000000u /* a device under way says something several times a second */

static uint64_t since(const struct job_snapshot *s, uint64_t at_us)
{
	return s->now_us > at_us ? s->now_us - at_us : 0;
}

/* "0:04"; tenths would make a sentence that is read flicker. */
static char *seconds(uint64_t us, char *buf, size_t size)
{
	const uint64_t whole = us / 1000000u;

	(void)snprintf(buf, size, "%llu:%02u", (unsigned long long)(whole / 60),
		       (unsigned int)(whole % 60));
	return buf;
}

/* Handed over, and not known to have arrived. */
static uint32_t under_way(const struct job_snapshot *s)
{
	return s->stats.queued > s->stats.received ? s->stats.queued - s->stats.received : 0;
}

/* The device's last report, if it explains the wait: "", or with a blank before.
 * It is the reason, and comes first: where columns are few the end of a sentence is lost. */
static char *job_blocked_told(const struct job_snapshot *s, char *buf, size_t size)
{
	const struct ota_progress *p = &s->stats.progress;

	buf[0] = '\0';
	if (s->stats.telemetry_known && s->stats.telemetry.erase_ms >= SLOW_ERASE_MS)
		(void)snprintf(buf, size, " (an erase: %u ms)", s->stats.telemetry.erase_ms);
	else if (p->phase == OTA_PHASE_ERASE && p->done < p->total)
		(void)snprintf(buf, size, " (erasing %u%%)",
			       (unsigned int)((uint64_t)p->done * 100u / p->total));
	return buf;
}

static void say_stall(const struct job_snapshot *s, char *buf, size_t size)
{
	const struct session_stats *st = &s->stats;
	const uint64_t silent_us = since(s, s->spoke_us);
	const uint32_t unwritten = st->received > st->flushed ? st->received - st->flushed : 0;
	char stalled[24], silent[24], busy[48], bytes[OUTPUT_FIGURE_MAX];

	(void)seconds(since(s, s->moved_us), stalled, sizeof(stalled));
	(void)output_bytes(under_way(s), bytes, sizeof(bytes));
	if (s->spoke_us <= s->moved_us || silent_us >= SILENT_US)
		(void)snprintf(buf, size, "stalled %s%s: device silent %s, %s unacknowledged",
			       stalled, job_blocked_told(s, busy, sizeof(busy)),
			       seconds(silent_us, silent, sizeof(silent)), bytes);
	else if (dialect_get(s->dialect)->has_acknowledgements && st->queued >= st->limit)
		(void)snprintf(buf, size, "stalled %s%s: no credit, device has %s to write",
			       stalled, job_blocked_told(s, busy, sizeof(busy)),
			       output_bytes(unwritten, bytes, sizeof(bytes)));
	else if (under_way(s) > 0)
		(void)snprintf(buf, size,
			       "stalled %s: the device answers, but acknowledges none of %s",
			       stalled, bytes);
	else if (s->blocked)
		(void)snprintf(buf, size, "stalled %s: the Bluetooth stack accepts no value",
			       stalled);
	else
		(void)snprintf(buf, size,
			       "stalled %s: everything sent has arrived, pacing is %u us", stalled,
			       s->pacing_us);
}

static void say_paused(const struct job_snapshot *s, char *buf, size_t size)
{
	const uint32_t credit =
		s->stats.limit > s->stats.queued ? s->stats.limit - s->stats.queued : 0;
	char time[24], bytes[OUTPUT_FIGURE_MAX];

	(void)seconds(since(s, s->state_us), time, sizeof(time));
	if (s->held_by == JOB_HELD_BY_SIGNAL)
		(void)snprintf(buf, size,
			       "PAUSED %s: the signal is weak; it goes on by itself from %d dBm",
			       time, s->continue_dbm);
	else if (s->held_by == JOB_HELD_BY_STALL)
		(void)snprintf(buf, size, "PAUSED %s by stall_action: it waits for you", time);
	else if (s->stats.received_known && under_way(s) > 0)
		(void)snprintf(buf, size, "PAUSED %s: no more is sent, %s still on the way", time,
			       output_bytes(under_way(s), bytes, sizeof(bytes)));
	else if (!dialect_get(s->dialect)->has_acknowledgements)
		(void)snprintf(buf, size, "PAUSED %s: nothing is sent, the device waits", time);
	else
		(void)snprintf(buf, size, "PAUSED %s: nothing is sent, %s of credit left", time,
			       output_bytes(credit, bytes, sizeof(bytes)));
}

static void say_cancelling(const struct job_snapshot *s, char *buf, size_t size)
{
	char bytes[OUTPUT_FIGURE_MAX];

	if (s->state != SESSION_CANCELLING)
		(void)snprintf(buf, size,
			       "cancelling: the device is told as soon as it can be reached");
	else if (s->stats.received_known && under_way(s) > 0)
		(void)snprintf(buf, size, "cancelling: %s still queued before the ABORT",
			       output_bytes(under_way(s), bytes, sizeof(bytes)));
	else
		(void)snprintf(buf, size, "cancelling: waiting until the device is idle");
}

enum job_blocked job_blocked_text(const struct job_snapshot *s, char *buf, size_t size)
{
	char time[24];

	buf[0] = '\0';
	if (s->finished || s->scanning || s->state == SESSION_DONE || s->state == SESSION_FAILED)
		return JOB_BLOCKED_NONE;
	if (s->cancelling || s->state == SESSION_CANCELLING) {
		say_cancelling(s, buf, size);
		return JOB_BLOCKED_USER;
	}
	if (s->state == SESSION_PAUSED) {
		say_paused(s, buf, size);
		return JOB_BLOCKED_USER;
	}
	if (s->state == SESSION_SENDING && s->stalled) {
		say_stall(s, buf, size);
		return JOB_BLOCKED_STALL;
	}
	(void)seconds(since(s, s->state_us), time, sizeof(time));
	if (s->state == SESSION_RECONNECTING) {
		(void)snprintf(buf, size, "rebooted: waiting for the device to come back, %s",
			       time);
		return JOB_BLOCKED_AGAIN;
	}
	if (s->stats.retries > 0 &&
	    (s->state == SESSION_WAITING || s->state == SESSION_CONNECTING)) {
		(void)snprintf(buf, size, "link lost: %s by itself, retry %u%s",
			       s->state == SESSION_WAITING ? "reconnects" : "reconnecting",
			       s->stats.retries, s->hold ? ", then pauses" : "");
		return JOB_BLOCKED_STALL;
	}
	if (s->compressing) {
		(void)snprintf(buf, size, "compressing %u %%", s->compressed);
		return JOB_BLOCKED_WORK;
	}
	if (s->hold) {
		(void)snprintf(buf, size, "pausing: nothing is sent once the device is ready");
		return JOB_BLOCKED_USER;
	}
	return JOB_BLOCKED_NONE;
}
