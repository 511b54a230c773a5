/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's memory.  The owner may read config, stats, state, outcome, code,
 * opcode, detail, status, closing, mtu, chunk, mode, window, hold, have_info, info,
 * version and model; everything else is private to core.
 */
#ifndef OTABENCH_CORE_SESSION_STATE_H
#define OTABENCH_CORE_SESSION_STATE_H

/* What the session waits for inside a state. */
enum session_step {
	SESSION_STEP_NONE,
	SESSION_STEP_LINK_UP,
	SESSION_STEP_DISCOVER,
	SESSION_STEP_SUBSCRIBE,
	SESSION_STEP_INFO,
	SESSION_STEP_VERSION,
	SESSION_STEP_MODEL,
	SESSION_STEP_LINK, /* LINK's answer */
	SESSION_STEP_READY,
	SESSION_STEP_DONE,
	SESSION_STEP_ANSWER, /* of a command */
	SESSION_STEP_LINK_DOWN,
};

#define SESSION_COMMANDS 4u
#define SESSION_TEXT 65u

struct session_dialect;

struct session {
	struct session_config config;
	const struct session_ops *ops;
	void *ctx;
	uint64_t now;
	enum session_state state;
	enum session_step step;
	enum session_outcome outcome;
	uint8_t code; /* enum ota_code of DEVICE_ERROR */
	uint8_t opcode; /* command that it answers */
	uint32_t detail;
	int status; /* negative OTA_E* where the stack failed */
	struct session_stats stats;

	const struct session_dialect *dialect; /* NULL until discovered */
	bool connecting; /* connect() was called, its event has not come */
	bool link_up;
	bool closing; /* disconnect() was called, its event has not come */
	uint64_t closing_until; /* ... and is not waited for beyond this */
	bool link_asked; /* LINK was written on this connection */
	uint16_t mtu;
	uint8_t properties[GATT_CHRS];
	bool have_info;
	struct ota_info info;
	char version[SESSION_TEXT], model[SESSION_TEXT];

	uint16_t chunk; /* Data value length in force */
	enum gatt_write mode; /* in force */
	uint32_t window; /* in force */
	uint16_t max_value; /* READY's */
	uint16_t sequence;
	bool gap_seen; /* since READY */
	uint16_t gap_sequence; /* of the latest GAP: a second one of that number is a copy */
	uint16_t least_payload; /* of the values in flight, but for short ones */
	bool data_busy; /* a write request on Data is outstanding */
	bool blocked; /* the stack's queue is full */
	uint32_t data_len; /* payload of the outstanding request */
	uint64_t next_send; /* pacing */

	uint8_t commands[SESSION_COMMANDS][OTA_CONTROL_MAX]; /* Control writes in order */
	uint8_t command_len[SESSION_COMMANDS];
	uint8_t command_head, command_count;
	bool control_busy;

	bool started; /* START was written at least once */
	bool begun; /* READY came at least once */
	bool ended; /* END was written */
	bool proving; /* DONE was seen: the next connection is to prove it */
	bool asked; /* COMMAND's command was written */
	bool status_asked; /* for resume_only, on this connection */
	bool hold; /* the user's pause, kept over a lost link */
	bool cancel; /* asked for; the device is yet to be told */
	bool adapter_gone;
	bool stalled;
	bool pairing; /* the user is asked for a passkey */
	bool key_missing; /* why it is NOT_PAIRED: a side has lost the bond */
	uint64_t pairing_since;
	uint8_t silent; /* questions without an answer */
	uint32_t futile; /* questions since anything moved, answered or not */
	uint32_t tries; /* in a row without progress */
	uint32_t tried_at; /* received when the last try began */
	uint32_t backoff; /* ms, of the next try */
	uint64_t step_deadline; /* UINT64_MAX: none */
	uint64_t progress_at; /* received, flushed or the device's phase moved */
	uint64_t stall_at; /* received moved */
	uint64_t heard_at; /* anything from the device, or a question to it */
	uint64_t spoke_at; /* the latest notification, or when the link came up */
	uint64_t ended_at; /* the link was lost while verifying; 0 = it was not */
	uint64_t reboot_at; /* not before this does the device reboot */
	uint64_t reconnect_until;
};

#endif
