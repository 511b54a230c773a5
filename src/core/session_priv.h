/* SPDX-License-Identifier: Apache-2.0 */
/* Calls between the parts of the host's state machine; see session.h. */
#ifndef OTABENCH_CORE_SESSION_PRIV_H
#define OTABENCH_CORE_SESSION_PRIV_H

#include "core/session.h"

#include <string.h>

#define NEVER UINT64_MAX
#define MS 1000ull /* microseconds */
#define LINK_WAIT_MS 4000u /* the device itself gives up after 3 s */
#define ANSWER_MS 5000u /* a command that only needs a flash sector */
#define KEEPALIVE_MS 5000u /* STATUS while paused: the device's idle time-out is 60 s */
#define SILENT_MAX 3u /* unanswered questions before the link counts as dead */
#define RECONNECT_MS 400u /* between attempts to find the rebooted device */
#define PAIRING_MS 60000u /* for a passkey; SMP itself gives up after 30 s, bluetoothd after 60 */
#define WORK_TIMES 10u /* that PROGRESS may put a time-out off, in all */
#define UNHEARD_MS 2300u /* a device that is not heard reboots after this */
#define OLD_MS 5000u /* after DONE, before what runs counts as what runs for good */
#define LOOK_MS 2000u /* between looks at a device that still runs the old image */
#define CONFIRM_BUSY_MS 1000u /* until CONFIRM is asked for again */
#define CLOSE_MS 10000u /* a stack that does not tell the end of a link by then never will */

/* The methods in which dialects differ. */
struct dialect_ops {
	/* Asks the device what it runs; session_identified() follows.  NULL: nothing is to be asked. */
	void (*identify)(struct session *s);
	/* identify()'s answer did not come in time: asks again, or false.  NULL with identify(). */
	bool (*silent)(struct session *s);
	/* The device is known; begin the goal. */
	void (*begin)(struct session *s);
	/* A Control notification, at least one byte. */
	void (*rx)(struct session *s, const uint8_t *buf, size_t len);
	/* A notification of Data, at least one byte; NULL: such a device has none. */
	void (*rx_data)(struct session *s, const uint8_t *buf, size_t len);
	/* A command was written and answered by the stack; opcode: its first byte.  NULL: no matter. */
	void (*control_written)(struct session *s, uint8_t opcode);
	/* The stack takes values again; NULL: the dialect has none of its own under way. */
	void (*writable)(struct session *s);
	/* Bytes of a sector, where these depend on the link; NULL: the row has them. */
	uint32_t (*sector)(const struct session *s);
	/* The offset beyond which the next value must not go; NULL: the end of its sector. */
	uint32_t (*unit_end)(const struct session *s);
	/* Bytes of the next value in front of its payload, which may have none then; NULL: the row's. */
	uint32_t (*header_size)(const struct session *s);
	/* Writes the header of the next Data value, which has len bytes of payload.  The stack may
	 * refuse the value, and this be called again for it. */
	void (*header_put)(struct session *s, uint8_t *buf, uint32_t len);
	/* Writes the bytes behind the payload of a sector's last value; NULL: there are none. */
	void (*trailer_put)(struct session *s, uint8_t *buf);
	/* The stack took a value with so many bytes of header; NULL: the dialect does not care. */
	void (*value_sent)(struct session *s, uint32_t header);
	/* Returns true if this device needs no pacing, which its row has; NULL: it does. */
	bool (*unpaced)(const struct session *s);
	/* The device answered a write request on Data. */
	void (*data_written)(struct session *s);
	/* Time has passed in SENDING or PAUSED. */
	void (*watch)(struct session *s);
	/* When watch() is wanted. */
	uint64_t (*watch_at)(const struct session *s);
	/* All was sent, and acknowledged where something is: writes the command that ends it. */
	void (*end)(struct session *s);
	/* Asks the device to keep the image that runs; NULL: CONFIRM. */
	void (*confirm)(struct session *s);
	/* Writes the command that brings the device to idle. */
	void (*abort)(struct session *s);
	/* ABORT was written and answered by the stack. */
	void (*abort_written)(struct session *s);
};

/* The rows; dialect.c has their order. */
extern const struct dialect session_full, session_basic, session_ble_ota, session_ble_ota_raw,
	session_bleota, session_nimbleota, session_fbiego, session_fbiego_compact, session_smp,
	session_angerer, session_arduino_ble_ota;
extern const struct dialect dialect_foreign, dialect_arduino_ble_ota_1, dialect_nordic_dfu,
	dialect_nordic_legacy_dfu, dialect_meshtastic, dialect_matter, dialect_silabs,
	dialect_ti_oad;

/* The OTA service of docs/protocol.md, and what is common to the dialects that have it. */
#define OTABENCH_SERVICE .services = {OTA_UUID_SERVICE}, .advertised = true
#define OTABENCH_CONTROL                                                                           \
	{                                                                                          \
		OTA_UUID_CONTROL, .all = GATT_PROP_WRITE | GATT_PROP_NOTIFY                        \
	}
#define OTABENCH_DATA                                                                              \
	{                                                                                          \
		OTA_UUID_DATA, .any = GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND,                   \
			       .none = GATT_PROP_NOTIFY                                            \
	}

/*
 * The start of a row that lacks nothing: the full dialect, and one not known yet, which denies
 * nothing.
 */
/* clang-format off */
#define DIALECT_WHOLE \
	.lacks = "", \
	.header = OTA_DATA_HEADER, \
	.write_mode = GATT_COMMAND, \
	.has_acknowledgements = true, \
	.has_status = true, \
	.has_link = true, \
	.has_telemetry = true, \
	.has_hash = true, \
	.can_resume = true, \
	.can_rollback = true
/* clang-format on */

/* session.c */
/* Returns true if the session still uses what comes over this link. */
bool session_live(const struct session *s);
void session_enter(struct session *s, enum session_state state);
void session_finish(struct session *s, enum session_outcome outcome);
void session_device_error(struct session *s, uint8_t code, uint8_t opcode, uint32_t detail);
/* Ends PROTOCOL; how: what the device did, a sentence without its end. */
void session_broken(struct session *s, const char *how);
void session_note(struct session *s, enum session_note note, uint32_t value);
/* Waits for step until ms from now. */
void session_wait(struct session *s, enum session_step step, uint32_t ms);
/*
 * The link or the device failed: tries again while tries are left, else ends
 * with outcome.  A bad link is given up first; a device that answers is asked
 * again over the same link.
 */
void session_retry(struct session *s, enum session_outcome outcome);
void session_retry_start(struct session *s, enum session_outcome outcome);
/* A call to the stack, or its result, failed: tries again where that can help. */
void session_failed(struct session *s, int status);
/* Ends the link; its event comes later. */
void session_hang_up(struct session *s);
/* The end of a link that was not told. */
void session_forget_link(struct session *s);
/* Bytes moved: a wait for the device may go on. */
void session_progressed(struct session *s);
/* Waits as session_wait() does, for something that PROGRESS may put off. */
void session_wait_work(struct session *s, enum session_step step, uint32_t ms);
/* The device said what it does: it has ms more for it, but not for ever. */
void session_works(struct session *s, uint32_t ms);
/* Counts a question; returns true if one more makes sense. */
bool session_may_ask(struct session *s);
/* Counts a try; false when none is left, and the session has ended. */
bool session_try(struct session *s, enum session_outcome outcome);
/* Ends CANCELLED; the device was not reached or did not answer. */
void session_cancelled_untold(struct session *s, int status);

/* session_command.c */
/* Queues a Control write; they go out one after the other. */
void session_command(struct session *s, const uint8_t *buf, int len);
void session_opcode(struct session *s, enum ota_command cmd);
/* Writes what waits, as far as the stack takes it. */
void session_commands_go(struct session *s);
/* The device's stack answered one; or, where it answers none, the host's stack took it. */
void session_command_written(struct session *s);

/* session_connect.c */
void session_connect(struct session *s);
/* The device is known and approved: LINK, TELEMETRY, START. */
void session_prepare(struct session *s);
void session_step_expired(struct session *s);
/* Ends the session with a goal that a dialect which can be updated and no more does not have, LOOK
 * included; false then. */
bool session_has_goal(struct session *s);
/* The answer to identify(): what the device runs is in s->running. */
void session_identified(struct session *s);

/* session_plain.c */
/* The device is known: true, and the update has begun, where there is to be one; else the session
 * has ended. */
bool session_plain_begin(struct session *s);
/* The device said that it has the image, and reboots by itself. */
void session_plain_done(struct session *s);
/* As struct dialect_ops' abort, of a device that cannot be told: what was received stays there. */
void session_plain_stop(struct session *s);
/* As its abort_written, where the command is all that is to be done. */
void session_plain_stopped(struct session *s);
/* Methods that a dialect has no use for. */
void session_nothing(struct session *s);
void session_no_header(struct session *s, uint8_t *buf, uint32_t len);
/* Microseconds at which the answer to bytes, of which the last was written at since, counts as
 * lost: the stack may take all of them at once, so that the air's time for them counts, too. */
uint64_t session_answer_due(const struct session *s, uint64_t since, uint32_t bytes);
uint64_t session_sooner(uint64_t a, uint64_t b);

/* session_proof.c */
bool session_runs_image(const struct session *s);
/* DONE, or what amounts to it: the device reboots in ms. */
void session_promise(struct session *s, uint32_t ms);
/* The same, told by anything but DONE. */
void session_promise_unheard(struct session *s);
/* The link ended, or was given up, after END: comes back to look what runs. */
void session_look(struct session *s, enum session_outcome why);
/* The link is down after END, or an attempt to come back failed. */
void session_rebooted(struct session *s);
/* Back and known. */
void session_prove(struct session *s);
void session_confirm(struct session *s);
/* CONFIRM was answered: 0 or enum ota_code. */
void session_confirm_answered(struct session *s, uint8_t code);
/* CONFIRM got no answer in time. */
void session_confirm_silent(struct session *s);
/* Info was read again. */
void session_confirm_read(struct session *s);

/* session_user.c */
void session_abort(struct session *s);

/* session_choice.c */
/* Chunk, write mode and window. */
void session_choose(struct session *s);
/* The ack interval for START; after session_choose(). */
uint16_t session_choose_ack(struct session *s);
/* The LINK request for the device; false: none is needed. */
bool session_choose_link(struct session *s, struct ota_link_request *ret);

/* Chooses the window alone, and only if no setting fixes it: while it sends. */
void session_rewindow(struct session *s);

/* session_flow.c */
/* READY came; ack_interval is its bytes between ACKs. */
void session_flow_begin(struct session *s, uint32_t ack_interval);
void session_flow_resumed(struct session *s);
/* The device told more received bytes than from. */
void session_flow_moved(struct session *s, uint32_t from);
/* The device told an erase of so many milliseconds. */
void session_flow_erase(struct session *s, uint32_t ms);
/* stale: bytes that were sent behind the gap, and are still to pass the air. */
void session_flow_gap(struct session *s, uint32_t stale, bool seen);
/* Returns true if values have not been getting lost lately, up to this offset. */
bool session_flow_quiet(const struct session *s, uint32_t received);
/* Returns how many ACKs come in one connection event, most; 0 where most events have none. */
unsigned int session_flow_answers(const struct session *s, const struct airtime_link *air);
/* Microseconds in which the device should acknowledge something. */
uint64_t session_flow_patience(const struct session *s);
/* Bytes to have under way over this link at a rate, where nothing is lost. */
uint32_t session_flow_calm(const struct airtime_link *air, uint32_t rate, uint16_t chunk);
/* The same as things are. */
uint32_t session_flow_window(const struct session *s, const struct airtime_link *air,
			     enum session_reason *ret_reason);
/* The window was worked out: with what of it an erase begins. */
void session_flow_erases(struct session *s, const struct airtime_link *air);
/*
 * Returns true if so many bytes may be under way.  A device acknowledges nothing while it erases, and
 * one that goes on receiving takes what passes the air all the same: so more may be as time passes.
 */
bool session_flow_allows(const struct session *s, uint32_t flight);
/* When they may be, if time alone is in the way; else NEVER. */
uint64_t session_flow_allows_at(const struct session *s, uint32_t flight);

/* session_tune.c */
/* READY came. */
void session_tune_begin(struct session *s);
/* An ACK, before its figures are taken over. */
void session_tune_ack(struct session *s, const struct ota_ack *m);
/* A LINK notification. */
void session_tune_linked(struct session *s, const struct ota_link *m);

/* session_full.c */
/* Begins an update or a measurement: LINK, START and what goes with them. */
void session_full_start(struct session *s);
/* Writes END. */
void session_full_end(struct session *s);

/* session_full_ack.c */
void session_full_on_ack(struct session *s, const struct ota_ack *m);
void session_full_on_gap(struct session *s, const struct ota_gap *m);

/* session_full_rx.c */
/* The rx of struct dialect_ops. */
void session_full_rx(struct session *s, const uint8_t *buf, size_t len);
/* Returns true if the device says that it goes on receiving while its flash erases. */
bool session_erases_beside(const struct session *s);
/* ... and is sent what it judges an image by, which begins an erase, before the link has changed. */
bool session_begins_early(const struct session *s);
/* LINK's answer came, or is not waited for any longer. */
void session_link_settled(struct session *s);

/* READY is understood, and what the slot holds is known: sends, or waits for LINK. */
void session_ready_known(struct session *s);

/* session_stream.c */
/* Before the first START: what is sent.  False: it waits for its owner. */
bool session_stream_ask(struct session *s);
/* READY and ACK in places of the stream; false: no stream begins there. */
bool session_stream_ready(struct session *s, struct ota_ready *m, uint32_t image);
void session_stream_ack(const struct session *s, struct ota_ack *m);
/* Returns true if it is the stream that the device cannot do with: the next START has another, or
 * the image itself. */
bool session_stream_refused(struct session *s, const struct ota_error_event *m);
/* READY came; true: the device is asked what its slot holds, and session_ready_known() follows. */
bool session_skip_ask(struct session *s);
void session_skip_blocks(struct session *s, const struct ota_blocks *m);
/* The device tells no more of its slot. */
void session_skip_known(struct session *s);

/* session_send.c */
/* The end and abort of struct dialect_ops: the opcode alone. */
void session_send_end(struct session *s);
void session_send_abort(struct session *s);
/* Writes len bytes of what is sent, from offset on. */
void session_fill(const struct session *s, uint8_t *to, uint32_t offset, uint32_t len);
/* Bytes that are acknowledged at once, so that no value goes beyond them; 0: none. */
uint32_t session_sector(const struct session *s);
/* Returns true if a value of that payload is the last of a sector. */
bool session_ends_sector(const struct session *s, uint32_t len);
/* READY came: choose chunk and window, begin at offset; ack_interval in bytes, 0: no ACKs. */
void session_begin_sending(struct session *s, uint32_t offset, uint32_t limit,
			   uint32_t ack_interval);
/*
 * READY came while the link changes, on a device that goes on receiving while it erases: sends
 * as much as the device judges the image by, so that its first erase passes meanwhile.  The rest
 * waits, since it would fill the queue at the pace of a link that is soon another.
 */
void session_send_head(struct session *s, uint32_t offset, uint32_t limit);
void session_pump(struct session *s);
/* The same while it sends: goes on with what it chose. */
void session_rechoose(struct session *s);
/* When the next value may go, if time alone is in the way; else NEVER. */
uint64_t session_send_at(const struct session *s);
/* The device has received up to here: ends a stall. */
void session_moved(struct session *s, uint32_t received);
void session_watch_stall(struct session *s);
/* Ends a stall: bytes move again, or the session ends in it.  Milliseconds; 0: there is none. */
uint32_t session_count_stall(struct session *s);
uint64_t session_stall_deadline(const struct session *s);

#endif
