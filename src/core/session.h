/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of an update: events in, actions out.
 *
 * A session connects, finds out which dialect the device speaks, sends the
 * image within the device's credits, waits for the reboot, comes back and
 * proves that the device runs what was sent.  It survives lost links and
 * failed writes by resuming where the device says.  It also runs single
 * commands (status, confirm ...) and the link measurement, because they share
 * everything up to START.
 *
 * No clock, heap, file or thread: every event carries the time (microseconds,
 * any epoch), actions go through struct session_ops, memory is the caller's.
 * Events must not be fed from within an action.
 */
#ifndef OTABENCH_CORE_SESSION_H
#define OTABENCH_CORE_SESSION_H

#include "core/airtime.h"
#include "core/dialect.h"
#include "core/gatt.h"
#include "core/session_choice.h"
#include "core/stream.h"
#include "ota/error.h"
#include "ota/proto.h"
#include "ota/statement.h"

enum session_state {
	SESSION_IDLE,
	SESSION_CONNECTING,
	SESSION_DISCOVERING,
	SESSION_PREPARING, /* link parameters, START, until READY */
	SESSION_SENDING,
	SESSION_PAUSED,
	SESSION_VERIFYING, /* END written, until DONE */
	SESSION_REBOOTING, /* DONE seen, until the link drops */
	SESSION_RECONNECTING, /* until the rebooted device can be asked again */
	SESSION_CONFIRMING,
	SESSION_WAITING, /* between a failure and the next try */
	SESSION_CANCELLING, /* ABORT written, until the device is idle */
	SESSION_DONE,
	SESSION_FAILED,
	SESSION_STATES
};

enum session_goal {
	SESSION_UPDATE, /* send the image, prove it */
	SESSION_MEASURE, /* SINK: measure the link, flash untouched */
	SESSION_LOOK, /* connect, read Info and the versions, STATUS */
	SESSION_COMMAND, /* one command, its answer */
};

enum session_outcome {
	SESSION_NO_OUTCOME,
	SESSION_CONFIRMED, /* rebooted, came back, hash matched, CONFIRM accepted */
	SESSION_UNCONFIRMED, /* as above, but the profile says not to confirm */
	SESSION_DELIVERED, /* basic: device said done, or tells the new version; no hash to read */
	SESSION_ALREADY_RUNNING,
	SESSION_MEASURED,
	SESSION_ANSWERED, /* LOOK or COMMAND done */
	SESSION_REFUSED, /* by approve(): nothing was sent */
	SESSION_CANCELLED,
	SESSION_DEVICE_ERROR, /* the device said no; code and detail tell */
	SESSION_LINK_LOST, /* and retries are used up */
	SESSION_STALLED, /* no progress, or no answer in time */
	SESSION_NOT_FOUND, /* the device does not advertise */
	SESSION_NOT_BACK, /* did not come back after its reboot */
	SESSION_ROLLED_BACK, /* came back with another image than the one sent */
	SESSION_NO_SERVICE, /* no OTA service that is known here */
	SESSION_NO_ADAPTER,
	SESSION_IN_USE, /* by approve(): another program has what would be written to */
	SESSION_DEVICE_CHANGED, /* by approve(): it is another than when it was last met */
	SESSION_NOT_PAIRED, /* the device wants an encrypted link, and pairing failed */
	SESSION_PROTOCOL, /* the device broke the protocol */
	SESSION_NO_HEADWAY, /* far more was sent than the device received */
	SESSION_TIMED_OUT, /* session_expire(): the run took longer than it may */
	SESSION_OTHER_DIALECT, /* a dialect that this host leaves alone: its row names a tool */
	SESSION_OUTCOMES
};

enum session_stall_action { SESSION_STALL_WARN, SESSION_STALL_PAUSE, SESSION_STALL_ABORT };

/* Events for the log and the graph; value as stated. */
enum session_note {
	SESSION_NOTE_DIALECT, /* 0 basic, 1 full: enum dialect_id without UNKNOWN */
	SESSION_NOTE_CHUNK, /* Data value length in force */
	/* The window by itself, in bytes, when its reason changes: ... */
	SESSION_NOTE_WINDOW, /* as the link, or the ring, has it */
	SESSION_NOTE_WINDOW_RATE, /* less: fewer bytes get through than the link could carry */
	SESSION_NOTE_WINDOW_GAPS, /* less: values get lost */
	SESSION_NOTE_SINGLE, /* for so many bytes one value at a time, since they overtake each
			      * other; 0: no more */
	SESSION_NOTE_BURST, /* values between two requests from now on: the device ran over */
	SESSION_NOTE_PACING, /* microseconds between values from now on: the same */
	/* The connection interval by itself, in units of 1.25 ms: ... */
	SESSION_NOTE_INTERVAL_TRIED, /* since less gets through than the link could carry */
	SESSION_NOTE_INTERVAL_KEPT, /* the trial was faster */
	SESSION_NOTE_INTERVAL_BACK, /* it was not; this one is asked for again */
	SESSION_NOTE_RESUMED, /* offset */
	SESSION_NOTE_GAP, /* offset to go back to */
	SESSION_NOTE_RESYNC, /* bytes unacknowledged */
	SESSION_NOTE_QUERY, /* STATUS asked: nothing heard; offset */
	SESSION_NOTE_STALL, /* begins; offset */
	SESSION_NOTE_MOVING, /* a stall ended; its milliseconds */
	SESSION_NOTE_RETRY, /* number of the try */
	SESSION_NOTE_ERROR, /* enum ota_code that the device sent */
	SESSION_NOTE_LINK_LOST, /* enum gatt_reason */
	SESSION_NOTE_LATE, /* cancel came after the point of no return */
	SESSION_NOTE_ADAPTER, /* 0: it, or the host's daemon, is gone; 1: back.  From the pump. */
	SESSION_NOTE_HELD, /* a weak signal pauses; -dBm.  From the job, as the next one. */
	SESSION_NOTE_RELEASED, /* it is strong enough again; -dBm */
	SESSION_NOTE_STALL_PAUSED, /* stall_action did so; offset */
	SESSION_NOTE_STALL_ENDED, /* ... ends the run; offset */
	SESSION_NOTE_PASSKEY, /* the device shows one: waiting for the user */
	SESSION_NOTE_PAIRED, /* pairing succeeded */
	SESSION_NOTE_KEPT, /* bytes of the image that the slot holds already, and that are not sent */
	SESSION_NOTE_KEPT_NOT, /* the device refused that, or the hash says otherwise: all is sent */
	SESSION_NOTE_STREAM_RAW, /* the device refused the stream: the image as it is from now on */
	SESSION_NOTES
};

#define SESSION_VERSION 33u /* esp_app_desc_t.version, terminated */

struct session_config {
	enum session_goal goal;
	const uint8_t *image; /* the caller's; NULL with MEASURE */
	bool stream_only; /* UPDATE: image is NULL, and what stream() gives is all there is */
	uint32_t image_size; /* bytes; MEASURE: how many to send; PREPARE: to erase, 0 = the slot */
	uint8_t sha256[OTA_SHA256_SIZE];
	uint8_t boot_sha256
		[OTA_SHA256_SIZE]; /* UPDATE: of an MCUboot image, the hash in its TLVs */
	/* UPDATE: the image's version, which tells what runs where no hash does; "" unknown. */
	char version[SESSION_VERSION];
	enum ota_command command; /* COMMAND: ABORT, STATUS, CONFIRM, ROLLBACK, REBOOT or PREPARE */
	/* UPDATE: what follows START for a device that checks signatures: ota_statement_encode(). */
	bool is_signed;
	uint8_t signed_start[OTA_SIGNED_SIZE];
	bool restart; /* do not resume */
	/* UPDATE: REFUSED, status -OTA_ENOENT, where the device holds no part of this image. */
	bool resume_only;
	bool force_same; /* send although this image already runs */
	/* UPDATE: PREPARE before START, where nothing is resumed; the way back is lost. */
	bool prepare;
	/* MEASURE the flash, not the link: the device writes image_size bytes of its own to the
	 * other slot, which is no way back any more.  telemetry_ms must not be 0. */
	bool pattern;

	uint16_t chunk; /* Data value length, header included; 0 = best for the link */
	bool mode_auto; /* full: command, basic: request */
	enum gatt_write mode;
	uint32_t window; /* bytes unacknowledged; 0 = from link and device */
	uint32_t pacing_us; /* least time between Data values */
	uint32_t basic_pacing_us; /* the same for write commands in the basic dialect */
	uint16_t ack_interval; /* bytes; 0 = from window and device */
	uint16_t mtu_max; /* 23..517 */
	struct ota_link_request link; /* asked for before START; all 0 = nothing */
	bool link_auto; /* interval_* are for 1M; 2M gets 10 ms */
	uint16_t telemetry_ms; /* 0 = off */
	bool confirm; /* CONFIRM after proof */
	enum session_stall_action stall_action;
	uint32_t stall_ms, ack_timeout_ms;
	uint32_t connect_timeout_ms, ready_timeout_ms, basic_ready_timeout_ms;
	uint32_t verify_timeout_ms, reconnect_timeout_ms;
	uint32_t retries; /* tries in a row without progress */
	uint32_t backoff_ms, backoff_max_ms;
};

/*
 * Actions.  ctx is the session's.  Calls return 0 or a negative OTA_E*, as
 * struct transport_ops states; their results come back as the events below.
 */
struct session_ops {
	int (*connect)(void *ctx);
	int (*disconnect)(void *ctx);
	int (*discover)(void *ctx);
	int (*subscribe)(void *ctx, enum gatt_chr chr);
	int (*read)(void *ctx, enum gatt_chr chr);
	/* -OTA_EAGAIN: session_writable() follows. */
	int (*write)(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		     size_t len);
	/* The link as far as known now, to choose chunk and window. */
	void (*link)(void *ctx, struct airtime_link *ret);
	/* Device known, nothing sent: 0 to go on, -OTA_EBUSY when another program has it, else
	 * negative to refuse; -OTA_ESTALE: it is another than the one met.  info is NULL in basic. */
	int (*approve)(void *ctx, const struct ota_info *info, const char *version);
	/*
	 * UPDATE, once, before the first START, of a device that inflates with a window of that
	 * many bytes (log2): 0 and in *ret the stream to send, which outlives the session; NULL:
	 * the image as it is.  -OTA_EAGAIN: it is being made, session_stream_made() follows, and
	 * this is called again.  The member may be NULL: never.
	 */
	int (*stream)(void *ctx, const struct ota_info *info, const struct stream **ret);
	/*
	 * UPDATE, once, after stream(), of a device that has the feature *skip*: CRC-32s of the
	 * image's blocks of 64 KiB, to leave out what its slot holds; they outlive the session.
	 * NULL: all is sent, and the member may be NULL, too.
	 */
	const uint32_t *(*digests)(void *ctx, const struct ota_info *info);
	void (*state_changed)(void *ctx, enum session_state from, enum session_state to);
	void (*note)(void *ctx, enum session_note note, uint32_t value);
};

/* Milliseconds of the device in flash operations: sums of its TIMES on all links. */
struct session_flash {
	uint32_t erase_ms, write_ms, read_ms; /* read: with its hash */
};

/* Offsets are places in the stream where one is sent, else in the image. */
struct session_stats {
	uint32_t queued; /* offset up to which bytes were handed to the stack */
	uint32_t received; /* ... accepted in order by the device, as it said */
	uint32_t flushed; /* ... programmed to flash, as it said */
	bool received_known; /* false: basic dialect with write commands; nothing tells */
	uint32_t limit; /* credit */
	uint64_t sent_bytes; /* payload handed to the stack, repeated bytes included */
	uint32_t values, gaps, resyncs, stalls, retries;
	uint32_t longest_stall_ms;
	bool resumed; /* the first READY began past 0 */
	uint32_t resumed_from; /* ... here */
	/* START written; where the device is sent nothing before the link is as it was asked for, and
	 * that is later, then; 0 = not yet. */
	uint64_t start_us;
	/* DONE notified; 0 = not yet.  Where DONE was lost with the link and the proof
	 * held all the same: when the link was lost. */
	uint64_t done_us;
	struct ota_progress progress; /* latest; phase 0 = none under way */
	struct ota_telemetry telemetry; /* latest */
	bool telemetry_known;
	struct ota_times times; /* latest of this link */
	bool times_known;
	struct session_flash flash;
	struct ota_link link; /* latest LINK answer; code 0xff = none */
	struct ota_status status; /* latest STATUS answer */
	bool status_known;
	uint64_t status_us; /* when it came */
	struct ota_done done;
};

#include "core/session_state.h" /* struct session: public only so that callers can place it */

/* image and ops must outlive s.  -OTA_EINVAL on a configuration out of range. */
int session_init(struct session *s, const struct session_config *config,
		 const struct session_ops *ops, void *ctx, uint64_t now_us);
void session_start(struct session *s, uint64_t now_us);

/* Events; see struct transport_event. */
void session_connected(struct session *s, uint16_t mtu, uint64_t now_us);
void session_mtu(struct session *s, uint16_t mtu, uint64_t now_us);
void session_disconnected(struct session *s, enum gatt_reason reason, uint64_t now_us);
/* properties: as the dialect's characteristics have them, 0: not there. */
void session_discovered(struct session *s, enum dialect_id dialect,
			const uint8_t properties[GATT_CHRS], uint64_t now_us);
void session_subscribed(struct session *s, int status, uint64_t now_us);
void session_read(struct session *s, enum gatt_chr chr, int status, const uint8_t *buf, size_t len,
		  uint64_t now_us);
void session_written(struct session *s, enum gatt_chr chr, int status, uint64_t now_us);
/* Pairing waits for the user, so that no answer is late meanwhile ... */
void session_pairing(struct session *s, uint64_t now_us);
/* ... and has ended: 0 or a negative OTA_E*.  Also comes without the former. */
void session_paired(struct session *s, int status, uint64_t now_us);
/* A notification from Control. */
void session_rx(struct session *s, const uint8_t *buf, size_t len, uint64_t now_us);
/* A notification from Data. */
void session_rx_data(struct session *s, const uint8_t *buf, size_t len, uint64_t now_us);
void session_writable(struct session *s, uint64_t now_us);
/* The stream that stream() had yet to make is there. */
void session_stream_made(struct session *s, uint64_t now_us);
void session_tick(struct session *s, uint64_t now_us);
/* When session_tick() is wanted next; UINT64_MAX: not at all. */
uint64_t session_deadline(const struct session *s);

/* The user. */
/* Stops sending, now or as soon as the device is ready; a lost link does not end it. */
void session_pause(struct session *s, uint64_t now_us);
void session_resume(struct session *s, uint64_t now_us);
/*
 * Brings the device to idle and ends CANCELLED; too late once the new image boots
 * next.  Where the link is down, one attempt is made to reach the device; when it
 * could not be told, or did not answer, status is negative.
 */
void session_cancel(struct session *s, uint64_t now_us);
/*
 * Asks the device for its STATUS beside what is under way, for the stats.  An answer that tells
 * otherwise than the session's state counts as one that it asked for itself.  0, also while an answer is awaited; -OTA_ENOTCONN: no link to ask
 * over; -OTA_ENOTSUP: the dialect has none; -OTA_EBUSY: not in this state.
 */
int session_ask(struct session *s, uint64_t now_us);
/* When that was, if the answer has not come; 0: nothing is awaited. */
uint64_t session_asked(const struct session *s);
/* Ends TIMED_OUT; the device keeps what it has received. */
void session_expire(struct session *s, uint64_t now_us);
/*
 * Lessons of an earlier run about this host's adapter: connection intervals on 1M and 2M, in
 * units of 1.25 ms, 0: nothing.  Asked for where the configuration leaves it to the session.
 */
void session_know_intervals(struct session *s, uint16_t on_1m, uint16_t on_2m);
/* This program gets its turn so late, by what its own alarms show; 0: in time. */
void session_know_late(struct session *s, uint64_t late_us);
/* The interval that this run found to be far better than the first; 0: none. */
uint16_t session_learned_interval(const struct session *s);
/* True if a longer interval was found to be far better: the adapter fills its buffers once an
 * event, and prepares an event too late where events are close. */
bool session_adapter_late(const struct session *s);
/* Returns true if this update goes with its signature, to a device that checks it. */
bool session_is_signed(const struct session *s);
/* While it runs; each returns 0 or -OTA_EINVAL.  A larger chunk waits for the next START. */
int session_set_pacing(struct session *s, uint32_t us, uint64_t now_us);
int session_set_window(struct session *s, uint32_t bytes, uint64_t now_us);
int session_set_chunk(struct session *s, uint16_t value, uint64_t now_us);
int session_set_mode(struct session *s, enum gatt_write mode, uint64_t now_us);

/* Why no further Data value is handed over at this moment; NONE also when it does not send. */
enum session_hindrance {
	SESSION_HINDERED_NOT,
	SESSION_HINDERED_STACK,
	SESSION_HINDERED_RESPONSE,
	SESSION_HINDERED_PACING,
	SESSION_HINDERED_WINDOW,
	SESSION_HINDERED_CREDIT,
	SESSION_HINDERED_END, /* all is handed over */
};
enum session_hindrance session_hindrance(const struct session *s);

bool session_finished(const struct session *s);
/* Bytes to send in all: the stream's, or the image's. */
uint32_t session_size(const struct session *s);
/* The image's bytes that an offset of stats stands for. */
uint32_t session_image_at(const struct session *s, uint32_t offset);
/* The offset of stats that a device means in ACK or GAP; and those of a STATUS, in place. */
uint32_t session_place(const struct session *s, uint32_t offset);
void session_place_status(const struct session *s, struct ota_status *status);
enum stream_kind session_stream_kind(const struct session *s);
/* Bytes of the image that are not sent, since the device's slot holds them. */
uint32_t session_kept(const struct session *s);
/* Least time between Data values, in microseconds: as the dialect and the write mode have it. */
uint32_t session_pacing(const struct session *s);
/*
 * Returns true if each value waits for the answer to the last, and false too where only
 * each burst of them does: what airtime_ceiling() wants to know.
 */
bool session_waits_for_each(const struct session *s);
/* The chosen values, and the values of this link, which the caller knows. */
void session_tell_choices(const struct session *s, const struct ota_link *link,
			  struct session_choices *ret);
/* The link as the stack and the device's last LINK answer tell it. */
void session_link(const struct session *s, struct airtime_link *ret);
const char *session_state_name(enum session_state state);
const char *session_outcome_name(enum session_outcome outcome);
const char *session_note_name(enum session_note note);

#endif
