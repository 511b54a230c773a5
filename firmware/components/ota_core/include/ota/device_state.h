/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's state, about 600 bytes.  Contents are private to ota_core;
 * included by ota/device.h so that the platform can place it in its memory.
 */
#ifndef OTA_DEVICE_STATE_H
#define OTA_DEVICE_STATE_H

/* The one operation that may be outstanding on the platform. */
enum ota_op {
	OTA_OP_NONE,
	OTA_OP_ERASE,
	OTA_OP_WRITE,
	OTA_OP_READ,
	OTA_OP_CHECK,
	OTA_OP_SET_BOOT,
	OTA_OP_PERSIST,
	OTA_OP_CONFIRM,
	OTA_OP_ROLLBACK,
	OTA_OP_DECODE, /* ota/stream.h */
	OTA_OP_DIGEST, /* a read: ota/skip.h */
};
#define OTA_OPS (OTA_OP_DIGEST + 1u)

/* Steps between END and DONE, each done once. */
enum ota_verify_step {
	OTA_VERIFY_DRAIN,
	OTA_VERIFY_HASH,
	OTA_VERIFY_CHECK,
	OTA_VERIFY_MARK, /* basic: the new image confirms itself; must be known when it boots */
	OTA_VERIFY_SET_BOOT, /* from here on there is no way back */
	OTA_VERIFY_RECORD, /* full: nothing to resume any more */
	OTA_VERIFY_DONE,
};

/* The contents of a session, which decide what becomes of it. */
enum ota_kind {
	OTA_KIND_IMAGE, /* full: numbered, acknowledged, can be resumed */
	OTA_KIND_BASIC,
	OTA_KIND_SINK, /* counted and thrown away */
	OTA_KIND_PATTERN, /* the device's own, to measure the flash: all is there at READY */
	OTA_KIND_BLANK, /* PREPARE: nothing, and no READY */
};

/* Steps between START and READY. */
enum ota_prepare_step {
	OTA_PREPARE_ADOPT, /* link was lost, power was not: bring the ring to flash, go on */
	OTA_PREPARE_REHASH, /* power was lost: check the recorded prefix */
	OTA_PREPARE_CLEAR, /* another image: its record goes before its data does */
	OTA_PREPARE_ERASE, /* basic: the whole slot; PREPARE: what it asks for */
	OTA_PREPARE_READY,
};

#define OTA_NOTIFY_QUEUE 8u

struct ota_notification {
	uint16_t conn;
	uint8_t len;
	uint8_t bytes[OTA_NOTIFY_MAX];
};

/* The image being received.  Offsets count from the image's first byte. */
struct ota_receive {
	bool valid; /* there is one, active or suspended */
	bool drain; /* suspended: still bring the ring to flash */
	bool worn; /* its erases were counted */
	bool paused; /* the host only asks how things are: an erase holds up nothing */
	bool judged; /* a value came since READY, and what the image begins with will do */
	enum ota_kind kind;
	uint32_t image_size; /* basic: the slot's size until END tells */
	uint32_t slot_size;
	uint32_t received, flushed; /* accepted in order, and decoded; programmed */
	uint32_t erased; /* bytes from 0 that are erased or programmed */
	uint32_t hashed; /* bytes read back into the hash context */
	uint32_t recorded; /* offset of the last resume record attempted */
	uint16_t ack_interval;
	uint32_t gap_at; /* offset of the latest GAP */
	uint32_t gap_apart; /* bytes from the one before to it */
	uint32_t acked_received, acked_limit, acked_flushed; /* as in the last ACK */
	uint8_t sha256[OTA_SHA256_SIZE];
};

/* The members used most come first: the ESP32's short instructions reach 128 bytes. */
struct ota_device {
	struct ota_device_config config;
	enum ota_state state;
	enum ota_op op;
	uint32_t op_at, op_len; /* flash range of the operation */
	uint32_t now; /* ms; of the latest call */
	enum ota_prepare_step prepare;
	enum ota_verify_step verify;
	uint16_t conn; /* owner of the session, OTA_NO_CONN when none */
	uint16_t expected; /* next sequence number */
	struct ota_receive rx;
	union { /* connections that something is kept for; OTA_NO_CONN: none */
		struct {
			uint16_t basic_conn; /* its last START was a basic one */
			uint16_t command_conn; /* gave command */
			uint16_t abort_conn; /* gave the ABORT under way */
			uint16_t expected_conn; /* counts by expected, over all its sessions */
			uint16_t link_conn; /* asked for LINK answers */
			uint16_t telemetry_conn;
		};
		uint16_t conns[6]; /* the same, for when the stack gives the handle anew */
	};
	uint8_t last_error;
	uint8_t command; /* CONFIRM, ROLLBACK or REBOOT that waits for or runs on the flash */
	bool record_dirty; /* storage holds a record that must not be used again */
	bool reset_uncounted; /* storage holds a record of one reset less */
	bool spoil; /* the slot may hold a whole image that was refused or aborted */
	bool gap; /* a GAP was notified, its value has not come */
	bool ack_due; /* an ACK waits for a notification buffer */
	bool data_refused; /* no (more) ERROR for Data without a session */
	bool link_waits;
	bool confirm_waits; /* running image pending: roll back if it is not confirmed */
	bool self_confirm; /* ... and the first connection is proof enough */
	bool reboot_due; /* waits for notifications to go out */

	uint32_t blank; /* bytes from 0 of the slot that were erased, and nothing written */
	uint32_t op_started; /* ms */
	uint32_t gap_time, gap_wait; /* ms */
	uint32_t last_data; /* ms; last Data value or command of the owner */
	uint32_t link_time;
	uint32_t telemetry_time;
	uint16_t telemetry_ms;
	uint16_t erase_ms, write_ms, dropped;
	uint16_t op_ms[OTA_OPS]; /* as in TIMES; OTA_OP_NONE: without one */
	uint32_t notify_time; /* ms; when the last one found no buffer */
	uint32_t boot_time, reboot_time;
	uint32_t wear; /* where the configuration has none */
	uint32_t wear_time; /* ms; since when none was forgiven */
	uint8_t notify_fails;

	uint8_t queue_head, queue_count;
	struct ota_notification queue[OTA_NOTIFY_QUEUE];
	struct ota_start start; /* what PREPARING prepares for, ... */
	enum ota_kind start_kind; /* ... and its contents */
	struct ota_record record; /* what a START may resume from, and boot flags */
	struct ota_record new_record; /* being stored */
	struct ota_stream *decoder; /* of ota/stream.h; NULL: none */
	struct ota_stream *stream; /* the same in a session that it decodes for; else NULL */
};

#endif
