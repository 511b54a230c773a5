/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's memory.  The owner may read config, stats, state, outcome, code,
 * opcode, detail, status, closing, mtu, chunk, mode, window, hold, dialect, have_info, info, running,
 * version, version_before, model, broken, verdict, proved, promised and ended; everything
 * else is private to core.
 */
#ifndef OTABENCH_CORE_SESSION_STATE_H
#define OTABENCH_CORE_SESSION_STATE_H

/* The event that the session waits for inside a state. */
enum session_step {
	SESSION_STEP_NONE,
	SESSION_STEP_LINK_UP,
	SESSION_STEP_DISCOVER,
	SESSION_STEP_SUBSCRIBE,
	SESSION_STEP_INFO,
	SESSION_STEP_VERSION,
	SESSION_STEP_MODEL,
	SESSION_STEP_STREAM, /* the owner is making what is to be sent */
	SESSION_STEP_READY,
	SESSION_STEP_BLOCKS, /* READY came, BLOCKS' answers did not */
	SESSION_STEP_LINK, /* READY came, LINK's answer did not */
	SESSION_STEP_DONE,
	SESSION_STEP_ANSWER, /* of a command */
	SESSION_STEP_LINK_DOWN,
};

/* The verdict of the version read after the reboot, if there is no hash. */
enum session_verdict {
	SESSION_VERDICT_NONE, /* not compared */
	SESSION_VERDICT_NEW, /* the image's, and not the one from before */
	SESSION_VERDICT_OLD, /* the one from before, and not the image's */
	SESSION_VERDICT_OTHER, /* neither */
	SESSION_VERDICT_UNKNOWN, /* equal on both, or not told: cannot tell */
};

/* The link as the ACKs of this connection tell it; session_flow.c. */
struct session_flow {
	uint64_t since; /* when the sample under way began */
	uint32_t from; /* ... and how much was received then */
	uint32_t rate; /* bytes per second; 0: not known yet */
	bool heard; /* an ACK, since READY */
	uint32_t step; /* bytes that one ACK acknowledges, of the latest ones */
	uint64_t empty_at; /* when the last GAP had left nothing under way; 0: long ago */
	uint32_t trip; /* microseconds from then to the first ACK; 0: not known */
	uint32_t erase_ms; /* the longest erase that was told */
	uint32_t told_step; /* ... as READY has it, where no gap was */
	uint32_t acks_from, acks_apart; /* since and apart of ota_ack_step() */
	bool acks_rare; /* the device does not go by it */
	uint64_t turn_at; /* an ACK was heard; and what was queued at the first one of that time */
	uint32_t turn_queued;
	uint32_t drains,
		drained; /* so many windows, of so many bytes, were empty before the host knew */
	bool lossy; /* a GAP came */
	uint32_t gap_at; /* its offset; or where sending began */
	uint32_t apart; /* bytes from one gap to the next, as a rule; 0: not known */
	unsigned int answers; /* for which values leave room in each event */
	uint8_t counted; /* gaps since received was counted_from */
	uint32_t counted_from;
	uint8_t singles; /* times that values went one at a time ... */
	uint32_t single_to; /* ... as they do up to this offset now; 0: they do not */
	uint64_t erase_at; /* when the device began to erase and nothing had got lost; 0: neither */
	uint32_t erase_from,
		erase_rate; /* bytes that may be under way then, and more each second */
	uint32_t looked_at; /* received when the window was worked out last */
};

/* The search for a better connection interval; session_tune.c.  Units as in struct ota_link. */
enum session_tune_step {
	SESSION_TUNE_WATCHING,
	SESSION_TUNE_ASKED, /* LINK was written for a trial */
	SESSION_TUNE_TRYING,
	SESSION_TUNED, /* one was found; watched for a link that becomes another one */
	SESSION_TUNE_OVER, /* nobody grants another one */
};

struct session_tune {
	enum session_tune_step step;
	uint16_t asked; /* for by LINK, whose answer has not come; 0: nothing */
	uint16_t wanted; /* will be asked for, with this note, when the device does not erase */
	enum session_note wanted_note;
	uint16_t known[2]; /* from an earlier run, on 1M and 2M; 0: nothing */
	uint16_t first; /* the one from before the trials */
	uint32_t first_rate; /* bytes per second with it */
	uint16_t best; /* of those that were measured; 0: none was yet */
	uint32_t rate; /* bytes per second with it */
	uint64_t not_before; /* nothing is measured */
	bool was_poor; /* so it was when it was measured before */
	bool poor; /* the link carries clearly less than it could */
	bool early; /* events end early even in the short interval, which was kept for that */
	bool was_good; /* it carried what it could, once */
	uint32_t calm_us; /* in which the short interval carried what it could ... */
	uint32_t calm_needed_us; /* ... and how long it has to; 0: not told yet */
	/* The rate that the link carries while nothing else holds values up: */
	uint64_t clean_from; /* not before this, after an erase */
	uint64_t ack_at; /* the last ACK; 0: none to count from */
	uint32_t bytes, us;
};

/* Commands closed by a request, whose answer proves that all arrived; session_basic.c. */
struct session_burst {
	uint16_t size; /* values, the request included; 0, 1: each is a request */
	uint16_t run; /* of the burst under way */
	uint8_t failures; /* sessions of this run that the device ended while it was sent to */
	uint32_t proves; /* offset up to which the outstanding request will */
	uint64_t since; /* the last answer */
	uint32_t best; /* bytes per second between two answers, with a tendency to forget */
	uint32_t pacing_us; /* learned where nothing is answered; 0: nothing was */
};

/* Sectors that are acknowledged one after the other; session_sectors.c. */
struct session_sectors {
	bool awaiting; /* a whole sector was sent, its answer has not come */
	uint64_t sent_at; /* ... when its last value was */
	uint16_t last; /* ... which has so many bytes of the image */
	uint8_t packet; /* number of the next value in its sector */
	uint8_t again; /* times that this sector was sent again */
	enum session_question {
		SESSION_ASKED_NOTHING,
		SESSION_ASKED_BUSY, /* is an update under way? */
		SESSION_ASKED_FIRST, /* does it begin with the first sector? */
		SESSION_ASKED_REACHED, /* has it the whole sector? */
	} question; /* that the device was asked, and has not answered */
};

/* Parts that a device puts into a file; session_parts.c. */
struct session_parts {
	bool mode_known;
	uint8_t mode; /* 0: it asks for each */
	uint32_t size; /* bytes of a part */
	bool wanted; /* the next one was asked for while the last was still being closed */
	bool waiting; /* a part is there, the next one was not asked for yet ... */
	uint64_t since;
	uint64_t rest_us; /* ... and is not going to be, but waits for so long; 0: it will be */
};

/* Values of which some ask for an answer; session_arduino.c. */
struct session_packages {
	bool asked; /* BEGIN was written */
	bool checksum; /* the device compares one */
	uint32_t every; /* so many values fill the device's buffer; 0: it has none */
	bool awaiting; /* an answer, to what was written at ... */
	uint64_t since;
	bool probed; /* ... and INIT's answer counts for it */
};

/* Blocks that the device's slot holds already; session_stream.c. */
struct session_skip {
	const uint32_t *crc; /* of the image's blocks, to compare; NULL: nothing is left out */
	bool known; /* what the slot holds: told, or not to be had */
	uint32_t next; /* block that is told next */
	uint32_t image, limit; /* READY's image offset, and limit as the device counts */
	struct stream_kept kept; /* what is sent */
};

/* A request of an upload that waits for its answer; session_mcumgr.c. */
#define SESSION_FRAMES 8u

struct session_frame {
	uint32_t end; /* the image's offset behind it */
	uint8_t sequence;
	bool stale; /* the device was told another offset since */
};

/* SMP of MCUmgr; session_mcumgr.c. */
struct session_mcumgr {
	bool old; /* it speaks version 1 */
	bool told; /* parameters were asked for on this link */
	uint16_t buf_size; /* bytes of a request; 0: not told */
	uint8_t buf_count;
	uint8_t sequence; /* of the next request */
	uint8_t ask, ask_sequence; /* what an answer is awaited to; 0: nothing */
	uint8_t asked_again; /* times in a row */
	uint8_t head_len, head_at; /* of what is being written, and how much of it was ... */
	uint8_t head[112];
	uint32_t from, to; /* ... and of the image behind it, outside of SENDING */
	uint32_t frame_end; /* in SENDING: where the request ends that is being written */
	unsigned int frames;
	struct session_frame frame[SESSION_FRAMES];
	bool turned; /* the next request begins at turn */
	uint32_t turn;
	uint64_t since; /* when an answer came last, or a request was written alone */
	/* The other slot: */
	bool other_known, other_next; /* has a bootable image, which boots next */
	uint8_t other[OTA_SHA256_SIZE];
	bool holds, holds_next; /* it is the image to be sent */
	uint16_t in_len, in_skip; /* of an answer that comes in pieces */
	uint8_t in[1024];
};

/* The image that the device says it runs: by Info, or by a dialect's own messages. */
struct session_running {
	bool known;
	bool boot_hash; /* sha256 is MCUboot's, config.boot_sha256 where it is the image sent */
	bool on_trial; /* rolled back by the next reset, unless it is confirmed */
	bool can_go_back; /* by dialects without Info: another image is there to boot */
	uint8_t sha256[OTA_SHA256_SIZE];
};

#define SESSION_COMMANDS 4u
#define SESSION_TEXT 65u

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
	const char *broken; /* PROTOCOL: what the device did, "it said ..."; NULL: nothing known */
	struct session_stats stats;
	struct session_choices choices; /* session_tell_choices() */

	const struct dialect *dialect; /* NULL until discovered */
	bool connecting; /* connect() was called, its event has not come */
	bool link_up;
	bool closing; /* disconnect() was called, its event has not come */
	uint64_t closing_until; /* ... and is not waited for beyond this */
	bool link_asked; /* LINK was written on this connection */
	bool link_waits; /* for the answer to that one ... */
	uint64_t link_until; /* ... but not beyond this */
	struct ota_ready ready; /* the latest */
	uint32_t ahead; /* bytes behind READY's offset, sent before the link was settled */
	uint32_t ahead_received; /* of these, as acknowledged meanwhile */
	bool data_subscribed; /* Data's notifications were asked for, too */
	struct session_sectors sectors;
	struct session_parts parts;
	struct session_packages packages;
	uint16_t
		told_payload; /* of a value, which the device was told, so that it stays; 0: none was */
	struct session_mcumgr mcumgr;
	struct session_running running;
	bool doubted; /* what it runs is asked for once more */
	uint16_t mtu;
	uint8_t properties[GATT_CHRS];
	bool have_info;
	struct ota_info info;
	char version[SESSION_TEXT], model[SESSION_TEXT];
	char version_before[SESSION_TEXT]; /* as the first connection told it */
	enum session_verdict verdict;

	uint16_t chunk; /* Data value length in force */
	enum gatt_write mode; /* in force */
	uint32_t window; /* in force */
	struct session_flow flow;
	struct session_tune tune;
	struct session_burst burst;
	uint16_t max_value; /* READY's */
	uint16_t sequence;
	bool gap_seen; /* since READY */
	uint16_t gap_sequence; /* of the latest GAP: a second one of that number is a copy */
	bool resyncing; /* RESYNC was written; its GAP numbers anew what is sent before it comes */
	uint16_t least_payload; /* of the values in flight, except for short ones */
	bool data_busy; /* a write request on Data is outstanding */
	bool blocked; /* the stack's queue is full */
	uint64_t next_send; /* pacing */
	uint32_t late_us; /* this program gets its turn so late; 0: in time */

	uint8_t commands[SESSION_COMMANDS][OTA_CONTROL_MAX]; /* Control writes in order */
	uint8_t command_len[SESSION_COMMANDS];
	uint8_t command_head, command_count;
	bool control_busy;
	uint8_t control_opcode; /* of the write that is outstanding */

	const struct stream *stream; /* sent in place of the image; NULL: it is sent itself */
	bool stream_asked; /* for it */
	struct session_skip skip;
	uint32_t stream_base; /* of this link's session: what the device counts as 0 */

	bool started; /* START was written at least once */
	bool begun; /* READY came at least once */
	bool ended; /* END was given to the stack, since the last READY */
	bool end_answered; /* and the device's stack took it */
	bool promised; /* the device said that the image boots next */
	bool proving; /* the next connection is to tell what runs */
	bool looked; /* that was a try, for which the next START does not count again */
	bool proved; /* the image was seen to run */
	bool confirm_asked; /* CONFIRM was written */
	bool confirm_told; /* and answered with ok: Info is to agree */
	enum session_outcome given_up; /* why the link was, when it is looked again */
	bool asked; /* COMMAND's command was written */
	bool status_asked; /* for resume_only, on this connection */
	uint64_t
		user_asked_at; /* STATUS, by session_ask(), on this connection; 0: it was answered */
	enum session_state user_asked_in;
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
	uint32_t most; /* offset up to which the device told bytes that this run has sent */
	uint32_t first; /* the first READY's offset */
	uint32_t queued_most; /* offset up to which bytes were ever sent */
	uint32_t gaps_alone; /* GAPs since anything moved */
	uint32_t tried_at; /* most when the count of tries began last */
	uint32_t backoff; /* ms, of the next try */
	uint64_t step_deadline; /* UINT64_MAX: none */
	uint64_t progress_at; /* received or flushed moved, or the device said what it does */
	uint64_t moved_at; /* received or flushed moved */
	uint64_t waiting_since; /* for READY or DONE, however often PROGRESS renewed that */
	uint64_t stall_at; /* received moved */
	uint64_t heard_at; /* anything from the device, or a question to it */
	uint64_t spoke_at; /* the latest notification, or when the link came up */
	uint64_t ended_at; /* the link was lost while verifying; 0 = it was not */
	uint64_t reboot_at; /* not before this does the device reboot */
	uint64_t reconnect_until;
	uint64_t confirm_until;
};

#endif
