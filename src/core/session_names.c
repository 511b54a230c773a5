/* SPDX-License-Identifier: Apache-2.0 */
/* Words for session.h's enumerations: the names that logs and JSON show. */
#include "core/session.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *session_state_name(enum session_state state)
{
	static const char *const names[] = {
		[SESSION_IDLE] = "idle",
		[SESSION_CONNECTING] = "connecting",
		[SESSION_DISCOVERING] = "discovering",
		[SESSION_PREPARING] = "preparing",
		[SESSION_SENDING] = "sending",
		[SESSION_PAUSED] = "paused",
		[SESSION_VERIFYING] = "verifying",
		[SESSION_REBOOTING] = "rebooting",
		[SESSION_RECONNECTING] = "reconnecting",
		[SESSION_CONFIRMING] = "confirming",
		[SESSION_WAITING] = "waiting",
		[SESSION_CANCELLING] = "cancelling",
		[SESSION_DONE] = "done",
		[SESSION_FAILED] = "failed",
	};

	return (size_t)state < COUNT(names) ? names[state] : "unknown";
}

const char *session_outcome_name(enum session_outcome outcome)
{
	static const char *const names[] = {
		[SESSION_NO_OUTCOME] = "none",
		[SESSION_CONFIRMED] = "confirmed",
		[SESSION_UNCONFIRMED] = "unconfirmed",
		[SESSION_DELIVERED] = "delivered",
		[SESSION_ALREADY_RUNNING] = "already-running",
		[SESSION_MEASURED] = "measured",
		[SESSION_ANSWERED] = "answered",
		[SESSION_REFUSED] = "refused",
		[SESSION_CANCELLED] = "cancelled",
		[SESSION_DEVICE_ERROR] = "device-error",
		[SESSION_LINK_LOST] = "link-lost",
		[SESSION_STALLED] = "stalled",
		[SESSION_NOT_FOUND] = "not-found",
		[SESSION_NOT_BACK] = "not-back",
		[SESSION_ROLLED_BACK] = "rolled-back",
		[SESSION_NO_SERVICE] = "no-service",
		[SESSION_OTHER_DIALECT] = "other-dialect",
		[SESSION_NO_ADAPTER] = "no-adapter",
		[SESSION_IN_USE] = "in-use",
		[SESSION_DEVICE_CHANGED] = "device-changed",
		[SESSION_NOT_PAIRED] = "not-paired",
		[SESSION_PROTOCOL] = "protocol-error",
		[SESSION_NO_HEADWAY] = "no-headway",
		[SESSION_TIMED_OUT] = "timed-out",
	};

	return (size_t)outcome < COUNT(names) ? names[outcome] : "unknown";
}

const char *session_reason_name(enum session_reason reason)
{
	static const char *const names[] = {
		[SESSION_NOT_CHOSEN] = "not-chosen",
		[SESSION_ASKED] = "asked",
		[SESSION_KEPT] = "kept",
		[SESSION_BY_AIR_TIME] = "air-time",
		[SESSION_BY_RATE] = "rate",
		[SESSION_BY_GAPS] = "gaps",
		[SESSION_BY_DIALECT] = "dialect",
		[SESSION_BY_WINDOW] = "window",
		[SESSION_BY_ADAPTER] = "adapter",
		[SESSION_BY_PHY] = "phy",
		[SESSION_BY_CHUNK] = "chunk",
		[SESSION_BY_MTU] = "mtu",
		[SESSION_BY_RING] = "ring",
		[SESSION_BY_DEVICE] = "device",
		[SESSION_UNSUPPORTED] = "unsupported",
		[SESSION_DECLINED] = "declined",
		[SESSION_BY_STACK] = "stack",
	};

	return (size_t)reason < COUNT(names) ? names[reason] : "unknown";
}

const char *session_note_name(enum session_note note)
{
	static const char *const names[] = {
		[SESSION_NOTE_DIALECT] = "dialect",
		[SESSION_NOTE_CHUNK] = "chunk",
		[SESSION_NOTE_BURST] = "burst",
		[SESSION_NOTE_PACING] = "pacing",
		[SESSION_NOTE_INTERVAL_TRIED] = "interval-tried",
		[SESSION_NOTE_INTERVAL_KEPT] = "interval-kept",
		[SESSION_NOTE_INTERVAL_BACK] = "interval-back",
		[SESSION_NOTE_WINDOW] = "window",
		[SESSION_NOTE_WINDOW_RATE] = "window-rate",
		[SESSION_NOTE_WINDOW_GAPS] = "window-gaps",
		[SESSION_NOTE_SINGLE] = "single",
		[SESSION_NOTE_RESUMED] = "resumed",
		[SESSION_NOTE_GAP] = "gap",
		[SESSION_NOTE_RESYNC] = "resync",
		[SESSION_NOTE_QUERY] = "query",
		[SESSION_NOTE_STALL] = "stall",
		[SESSION_NOTE_MOVING] = "moving",
		[SESSION_NOTE_RETRY] = "retry",
		[SESSION_NOTE_ERROR] = "error",
		[SESSION_NOTE_LINK_LOST] = "link-lost",
		[SESSION_NOTE_LATE] = "too-late",
		[SESSION_NOTE_ADAPTER] = "adapter",
		[SESSION_NOTE_HELD] = "held",
		[SESSION_NOTE_RELEASED] = "released",
		[SESSION_NOTE_STALL_PAUSED] = "stall-paused",
		[SESSION_NOTE_STALL_ENDED] = "stall-ended",
		[SESSION_NOTE_PASSKEY] = "passkey",
		[SESSION_NOTE_KEPT] = "kept",
		[SESSION_NOTE_KEPT_NOT] = "kept-not",
		[SESSION_NOTE_STREAM_RAW] = "stream-raw",
		[SESSION_NOTE_PAIRED] = "paired",
	};

	return (size_t)note < COUNT(names) ? names[note] : "unknown";
}
