/* SPDX-License-Identifier: Apache-2.0 */
/* Words for snapshots, results and the log.  None of it needs a job. */
#include "host/job_snapshot.h"

#include "host/job_log.h"
#include "host/job_result.h"

#include "base/text.h"

#include <stdio.h>

uint32_t job_window_in_force(const struct job_snapshot *s)
{
	return s->choices.window.value;
}

const char *job_state_name(const struct job_snapshot *snapshot)
{
	return snapshot->scanning ? "scanning" : session_state_name(snapshot->state);
}

const char *job_goal_name(enum session_goal goal)
{
	switch (goal) {
	case SESSION_UPDATE:
		return "update";
	case SESSION_MEASURE:
		return "measure";
	case SESSION_LOOK:
		return "look";
	case SESSION_COMMAND:
		return "command";
	}
	return "look";
}

bool job_log_is_value(const struct job_log_entry *entry)
{
	return entry->direction == JOB_OUT || entry->direction == JOB_IN;
}

static void interval_note_text(enum session_note note, uint32_t value, char *buf, size_t size)
{
	static const char *const formats[SESSION_NOTES] = {
		[SESSION_NOTE_INTERVAL_TRIED] =
			"less gets through than the link could carry: interval %s ms tried",
		[SESSION_NOTE_INTERVAL_KEPT] = "interval %s ms kept: it is faster",
		[SESSION_NOTE_INTERVAL_BACK] = "interval %s ms again: the trial was no faster",
	};
	char ms[TEXT_WORD_MAX];

	(void)snprintf(buf, size, formats[note],
		       text_format_decimal(value * 125u, 2, ms, sizeof(ms)));
}

/* Those that say their value and no more. */
static const char *const note_formats[] = {
	[SESSION_NOTE_CHUNK] = "Data values of %u bytes",
	[SESSION_NOTE_BURST] = "the device lost values: every %u at most is a request now",
	[SESSION_NOTE_PACING] = "the device lost values: one in %u us from now on",
	[SESSION_NOTE_WINDOW] = "window %u bytes again",
	[SESSION_NOTE_WINDOW_RATE] = "window %u bytes: fewer get through than the link could carry",
	[SESSION_NOTE_WINDOW_GAPS] = "window %u bytes: values get lost",
	[SESSION_NOTE_RESUMED] = "resumed at byte %u",
	[SESSION_NOTE_GAP] = "gap: back to byte %u",
	[SESSION_NOTE_RESYNC] = "no acknowledgement: asked for its position, %u bytes under way",
	[SESSION_NOTE_QUERY] = "no notification: asked for the status at byte %u",
	[SESSION_NOTE_STALL] = "stall at byte %u",
	[SESSION_NOTE_MOVING] = "moving again after %u ms",
	[SESSION_NOTE_RETRY] = "retry %u",
	[SESSION_NOTE_HELD] = "paused: the signal is weak, -%u dBm",
	[SESSION_NOTE_RELEASED] = "continues: the signal is -%u dBm",
	[SESSION_NOTE_PASSKEY] = "the device shows a passkey: type it",
	[SESSION_NOTE_KEPT] = "the slot holds %u bytes of the image already: not sent",
	[SESSION_NOTE_KEPT_NOT] = "what the slot holds is left out no more: all is sent",
	[SESSION_NOTE_STREAM_RAW] = "the device refused the stream: the image as it is",
	[SESSION_NOTE_PAIRED] = "paired",
	[SESSION_NOTE_STALL_PAUSED] = "stall_action paused it at byte %u: it waits for you",
	[SESSION_NOTE_STALL_ENDED] = "stall_action ends it at byte %u",
};

char *job_note_text(enum session_note note, uint32_t value, char *buf, size_t size)
{
	switch (note) {
	case SESSION_NOTE_INTERVAL_TRIED:
	case SESSION_NOTE_INTERVAL_KEPT:
	case SESSION_NOTE_INTERVAL_BACK:
		interval_note_text(note, value, buf, size);
		break;
	case SESSION_NOTE_DIALECT:
		(void)snprintf(buf, size, "speaks the %s",
			       dialect_get((enum dialect_id)(value + 1u))->title);
		break;
	case SESSION_NOTE_ERROR:
		(void)snprintf(buf, size, "the device reports %s",
			       value ? ota_code_name(value) : "an error");
		break;
	case SESSION_NOTE_LINK_LOST:
		(void)snprintf(buf, size, "link lost: %s",
			       gatt_reason_name((enum gatt_reason)value));
		break;
	case SESSION_NOTE_LATE:
		(void)snprintf(buf, size, "too late to cancel: the new image boots next");
		break;
	case SESSION_NOTE_ADAPTER:
		(void)snprintf(buf, size, "the adapter, or its daemon, is %s",
			       value ? "back" : "gone");
		break;
	case SESSION_NOTE_SINGLE:
		if (value > 0)
			(void)snprintf(buf, size,
				       "values overtake each other: one at a time for %u bytes",
				       value);
		else
			(void)snprintf(buf, size, "several values at a time again");
		break;
	case SESSION_NOTE_PASSKEY:
	case SESSION_NOTE_KEPT:
	case SESSION_NOTE_KEPT_NOT:
	case SESSION_NOTE_STREAM_RAW:
	case SESSION_NOTE_PAIRED:
	case SESSION_NOTE_BURST:
	case SESSION_NOTE_PACING:
	case SESSION_NOTE_CHUNK:
	case SESSION_NOTE_WINDOW:
	case SESSION_NOTE_WINDOW_RATE:
	case SESSION_NOTE_WINDOW_GAPS:
	case SESSION_NOTE_RESUMED:
	case SESSION_NOTE_GAP:
	case SESSION_NOTE_RESYNC:
	case SESSION_NOTE_QUERY:
	case SESSION_NOTE_STALL:
	case SESSION_NOTE_MOVING:
	case SESSION_NOTE_RETRY:
	case SESSION_NOTE_HELD:
	case SESSION_NOTE_RELEASED:
	case SESSION_NOTE_STALL_PAUSED:
	case SESSION_NOTE_STALL_ENDED:
		(void)snprintf(buf, size, note_formats[note], value);
		break;
	case SESSION_NOTES:
		break;
	}
	return buf;
}
