/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The update protocol's vocabulary: UUIDs, opcodes, codes, and one codec per
 * PDU.  docs/protocol.md is the specification; section numbers below are its.
 *
 * All integers are little-endian.  A decoder accepts a PDU that is longer than
 * its definition (later versions append fields) and refuses a shorter one with
 * -OTA_EMSGSIZE.  Encoders return the number of bytes written, or -OTA_ENOSPC
 * when the caller's buffer is too small; nothing is written then.  Decoders
 * return 0 and fill *ret, or a negative code and leave *ret untouched:
 * -OTA_EBADMSG for another opcode, -OTA_EMSGSIZE.
 *
 * Every notification is at most 20 bytes, so that it fits the smallest ATT MTU
 * (23, Core Vol 3 Part F 3.2.8) and is never truncated.  START is longer: on a
 * link with an ATT MTU under 49 the host's stack sends it as an ATT long write
 * (Prepare Write / Execute Write, Core Vol 3 Part F 3.4.6).
 */
#ifndef OTA_PROTO_H
#define OTA_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTA_UUID_SERVICE "fb1e4001-54ae-4a28-9f74-dfccb248601d"
#define OTA_UUID_CONTROL "fb1e4002-54ae-4a28-9f74-dfccb248601d"
#define OTA_UUID_DATA "fb1e4003-54ae-4a28-9f74-dfccb248601d"
#define OTA_UUID_INFO "fb1e4004-54ae-4a28-9f74-dfccb248601d"

#define OTA_PROTOCOL_VERSION 1

#define OTA_SHA256_SIZE 32u
#define OTA_HASH_PREFIX 4u /* STATUS */
#define OTA_DONE_PREFIX 8u /* DONE */
#define OTA_NOTIFY_MAX 20u
#define OTA_CONTROL_MAX 192u /* longest Control write a device accepts, bytes */
#define OTA_DATA_HEADER 2u /* sequence number before each Data value's payload */
#define OTA_ATT_HEADER 3u /* opcode and handle, Core Vol 3 Part F 3.4.5 */
#define OTA_ATT_MTU_MIN 23u /* LE default, Core Vol 3 Part F 3.2.8 */
#define OTA_VALUE_MAX 512u /* longest attribute value, Core Vol 3 Part F 3.2.9 */
#define OTA_SEQ_JUMP 0x2000u /* a GAP or READY restarts numbering this far ahead */
#define OTA_SEQ_WINDOW 0x1000u /* most Data values a host may have unacknowledged */
#define OTA_ACK_SHARE 16u /* ACKs come so often from one gap to the next, ... */
#define OTA_ACK_FIRST 2048u /* ... and after a gap, or READY, after so many bytes at most */

/* Host to device, first byte of a Control write (section 4). */
enum ota_command {
	OTA_CMD_START = 0x01,
	OTA_CMD_ABORT = 0x02,
	OTA_CMD_END = 0x04,
	OTA_CMD_STATUS = 0x05,
	OTA_CMD_CONFIRM = 0x06,
	OTA_CMD_ROLLBACK = 0x07,
	OTA_CMD_REBOOT = 0x08,
	OTA_CMD_LINK = 0x09,
	OTA_CMD_TELEMETRY = 0x0a,
	OTA_CMD_RESYNC = 0x0b,
	OTA_CMD_PREPARE = 0x0c,
	OTA_CMD_BLOCKS = 0x0d, /* ota/skip.h */
};

/* Device to host, first byte of a Control notification (section 5). */
enum ota_event {
	OTA_EVT_READY = 0x01,
	OTA_EVT_ERROR = 0x02,
	OTA_EVT_DONE = 0x03,
	OTA_EVT_PROGRESS = 0x04,
	OTA_EVT_STATUS = 0x05,
	OTA_EVT_RESULT = 0x06,
	OTA_EVT_ACK = 0x07,
	OTA_EVT_GAP = 0x08,
	OTA_EVT_LINK = 0x09,
	OTA_EVT_TELEMETRY = 0x0a,
	OTA_EVT_TIMES = 0x0b,
	OTA_EVT_BLOCKS = 0x0d, /* ota/skip.h */
};

/* Device state as STATUS reports it (section 6). */
enum ota_state {
	OTA_STATE_IDLE = 0,
	OTA_STATE_PREPARING = 1, /* START accepted; re-hashing or erasing before READY */
	OTA_STATE_RECEIVING = 2,
	OTA_STATE_VERIFYING = 3, /* END accepted: draining, hashing, validating */
	OTA_STATE_REBOOTING = 4, /* DONE notified, or ROLLBACK / REBOOT accepted */
	OTA_STATE_SUSPENDED = 5, /* link or power lost in mid update; can be resumed */
	OTA_STATE_ABORTING = 6, /* waits for the flash operation under way */
};

/* Error codes of ERROR, RESULT and STATUS (section 7). */
enum ota_code {
	OTA_OK = 0,
	OTA_ERR_OPCODE = 1, /* unknown opcode */
	OTA_ERR_LENGTH = 2, /* PDU shorter than its definition, or too long; detail = its length */
	OTA_ERR_STATE = 3, /* not possible in this state; detail = the state, OTA_DETAIL_* */
	OTA_ERR_BUSY = 4, /* another connection owns the session; START: detail = s to wait, or 0 */
	OTA_ERR_UNSUPPORTED =
		5, /* version or flag not offered; detail = version or flags that are */
	OTA_ERR_SIZE = 6, /* image empty, or larger than the slot; detail = slot size */
	OTA_ERR_ERASE = 7, /* flash erase failed; detail = offset */
	OTA_ERR_WRITE = 8, /* flash write failed; detail = offset */
	OTA_ERR_READ = 9, /* flash read failed; detail = offset */
	OTA_ERR_HASH = 10, /* flash content does not hash to the image's SHA-256 */
	OTA_ERR_IMAGE = 11, /* the boot loader's validation, or the product, refuses the image */
	OTA_ERR_BOOT_SLOT = 12, /* boot slot could not be set */
	OTA_ERR_PERSIST = 13, /* resume or boot record could not be stored */
	OTA_ERR_OVERFLOW = 14, /* host sent beyond its limit or the stream's end */
	OTA_ERR_NO_ROLLBACK = 15, /* the other slot holds no bootable image */
	OTA_ERR_CHIP = 16, /* image header names another chip */
	OTA_ERR_TIMEOUT = 17, /* session idle for too long; can be resumed */
	OTA_ERR_PERMISSION =
		18, /* the product does not allow it now; or the link is not encrypted */
	OTA_ERR_LINK = 19, /* link parameters refused or invalid */
	OTA_ERR_INCOMPLETE = 20, /* END before stream_size bytes; detail = received */
	OTA_ERR_VERSION = 21, /* older than anti-rollback, or the product, allows */
	OTA_ERR_INTERNAL = 22, /* a defect in the firmware */
	OTA_ERR_SIGNATURE = 23, /* missing (detail 0), or by no key that the device knows (1) */
	OTA_ERR_STREAM = 24, /* damaged, or of another length; detail = offset in the image */
	OTA_ERR_BASE = 25, /* a patch of another image than the one that runs */
};

/* ERROR's detail with OTA_ERR_STATE: the state in the low byte, and */
#define OTA_DETAIL_PENDING 0x100u /* the running image must be confirmed first */
/* ... with OTA_ERR_IMAGE and OTA_ERR_VERSION: the offset in the image of what is at fault, where
 * one field is; of esp_app_desc_t. */
#define OTA_DETAIL_DESCRIPTOR 32u
#define OTA_DETAIL_SECURE_VERSION 36u
#define OTA_DETAIL_VERSION 48u
#define OTA_DETAIL_PROJECT 80u

/* START flags (section 4.1).  Unknown bits are refused with UNSUPPORTED. */
#define OTA_START_SINK 0x0001u /* count and discard: measures the link, no flash */
#define OTA_START_RESTART 0x0002u /* drop the resume record, start at 0 */
#define OTA_START_COMPRESSED 0x0004u /* the stream is compressed: section 16 */
#define OTA_START_SIGNED 0x0008u /* a statement and its signature follow: signed.h */
#define OTA_START_PATTERN 0x0010u /* write a pattern of the device's own: measures the flash */
#define OTA_START_DELTA 0x0020u /* with COMPRESSED: what comes out of it is a patch: section 17 */
#define OTA_START_SKIP 0x0040u /* a map of blocks that stay as they are: section 18 */
/* Bytes decoded before they are in flash. */
#define OTA_START_DECODED (OTA_START_COMPRESSED | OTA_START_DELTA | OTA_START_SKIP)
#define OTA_START_KNOWN (OTA_START_SINK | OTA_START_RESTART | OTA_START_PATTERN)

/* Info feature bits (section 11).  Unknown bits are ignored. */
#define OTA_FEATURE_RESUME 0x00000001u
#define OTA_FEATURE_SINK 0x00000002u
#define OTA_FEATURE_LINK 0x00000004u
#define OTA_FEATURE_TELEMETRY 0x00000008u
#define OTA_FEATURE_ROLLBACK 0x00000010u /* CONFIRM and ROLLBACK */
#define OTA_FEATURE_COMPRESSED 0x00000020u /* START's flag of that name */
#define OTA_FEATURE_SIGNED 0x00000040u /* START's flag of that name */
#define OTA_FEATURE_TIMES 0x00000080u /* TIMES beside each TELEMETRY */
#define OTA_FEATURE_PREPARE 0x00000100u
#define OTA_FEATURE_PATTERN 0x00000200u /* START's flag of that name */
#define OTA_FEATURE_DELTA 0x00000400u /* START's flag of that name */
#define OTA_FEATURE_SKIP 0x00000800u /* START's flag of that name, and BLOCKS */

/* Info and STATUS flags (section 3.3). */
#define OTA_INFO_PENDING_VERIFY 0x01u /* running image awaits CONFIRM */
#define OTA_INFO_CAN_ROLLBACK 0x02u /* the other slot holds a bootable image */
#define OTA_INFO_RESUMABLE 0x04u /* a resume record exists */
#define OTA_INFO_ENCRYPTED 0x08u /* flash encryption is on */
#define OTA_INFO_SECURE_BOOT 0x10u

/* PHY numbers, HCI LE Set PHY numbering (Core Vol 4 Part E 7.8.47). */
enum ota_phy { OTA_PHY_UNKNOWN = 0, OTA_PHY_1M = 1, OTA_PHY_2M = 2, OTA_PHY_CODED = 3 };
#define OTA_PHYS_1M 0x01u
#define OTA_PHYS_2M 0x02u
#define OTA_PHYS_CODED 0x04u

/* PROGRESS phases: what the device does while the host waits. */
enum ota_phase {
	OTA_PHASE_ERASE = 1, /* erasing; done and total in bytes of the slot */
	OTA_PHASE_REHASH = 2, /* re-hashing the stored prefix before READY */
	OTA_PHASE_DRAIN = 3, /* writing what is in the ring */
	OTA_PHASE_VERIFY = 4, /* hashing what is read back */
	OTA_PHASE_VALIDATE = 5, /* the boot loader's own check */
};

#define OTA_START_SIZE 46u
#define OTA_DESCRIPTOR_MAGIC 0xabcd5432u /* ESP_APP_DESC_MAGIC_WORD */

struct ota_start { /* section 4.1, OTA_START_SIZE bytes */
	uint8_t version;
	uint16_t flags; /* OTA_START_* */
	uint32_t image_size; /* bytes in flash */
	uint32_t stream_size; /* bytes over Data; equals image_size unless COMPRESSED */
	uint16_t ack_interval; /* bytes between ACKs the host would like; 0 = device's choice */
	uint8_t sha256
		[OTA_SHA256_SIZE]; /* of the image's image_size bytes; ignored with SINK, PATTERN */
};

struct ota_link_request { /* section 4.8, 12 bytes; 0 = leave as it is */
	uint16_t interval_min; /* 1.25 ms, 6..3200 (Core Vol 4 Part E 7.8.18) */
	uint16_t interval_max; /* 1.25 ms */
	uint16_t latency; /* connection events, 0..499 */
	uint16_t supervision_timeout; /* 10 ms, 10..3200 */
	uint8_t phys; /* OTA_PHYS_* acceptable */
	uint16_t data_length; /* octets, 27..251 */
};

struct ota_ready { /* section 5.1; 16 bytes, 20 of a stream that is decoded */
	uint32_t offset; /* stream offset of the first Data value */
	uint32_t limit; /* stream offset up to which the host may send */
	uint16_t max_value; /* longest Data value accepted, header included */
	uint16_t ack_interval; /* bytes between ACKs in force */
	uint8_t flags; /* bit 0: resumed */
	uint16_t sequence; /* number of the first Data value */
};
#define OTA_READY_RESUMED 0x01u
#define OTA_READY_SIZE 16u
#define OTA_READY_STREAM_SIZE 20u /* with the offset in the image behind the rest */

struct ota_error_event { /* section 5.2, 7 bytes */
	uint8_t code; /* enum ota_code */
	uint8_t opcode; /* command that failed; 0 for Data or none */
	uint32_t detail; /* see enum ota_code */
};

struct ota_done { /* section 5.3, 16 bytes */
	uint32_t size; /* bytes flushed and verified; bytes received with SINK */
	uint8_t slot; /* slot that boots next; 0xff with SINK, PATTERN */
	uint16_t reboot_ms; /* the device reboots this much later; OTA_NO_REBOOT = not by itself */
	uint8_t hash
		[OTA_DONE_PREFIX]; /* first bytes of the SHA-256 read back; 0 with SINK, PATTERN */
};

#define OTA_NO_REBOOT 0xffffu

struct ota_progress { /* section 5.4, 10 bytes */
	uint8_t phase; /* enum ota_phase */
	uint32_t done, total; /* bytes */
};

struct ota_status { /* section 5.5; 20 bytes, 17 of the first devices */
	uint8_t state; /* enum ota_state */
	uint32_t received; /* stream bytes accepted in order */
	uint32_t flushed; /* bytes programmed */
	uint8_t hash[OTA_HASH_PREFIX]; /* of the image being received; 0 when none */
	uint8_t slot; /* running slot */
	uint8_t last_error; /* enum ota_code; kept until the next START */
	uint8_t flags; /* OTA_INFO_* */
	/* The same as in Info; 0 if the device sends 17 bytes. */
	uint8_t reset_reason, resets, panics;
};

struct ota_result { /* section 5.6, 3 bytes */
	uint8_t opcode; /* command answered */
	uint8_t code; /* enum ota_code */
};

struct ota_ack { /* section 5.7, 13 bytes */
	uint32_t received; /* stream offset accepted in order */
	uint32_t flushed; /* stream offset programmed to flash */
	uint32_t limit; /* the host may send up to here; never moves back but by GAP */
};

struct ota_gap { /* section 5.8, 8 bytes */
	uint16_t sequence; /* number the next Data value must carry */
	uint32_t offset; /* stream offset it must start at */
	uint8_t reason; /* enum ota_gap_reason */
};
enum ota_gap_reason { OTA_GAP_MISSING = 1, OTA_GAP_REPEAT = 2, OTA_GAP_ASKED = 3 };

struct ota_link { /* section 5.9, 16 bytes: the link as the device sees it; 0 = unknown */
	uint8_t code; /* enum ota_code of the request */
	uint16_t interval; /* 1.25 ms */
	uint16_t latency; /* connection events */
	uint16_t supervision_timeout; /* 10 ms */
	uint8_t tx_phy, rx_phy; /* enum ota_phy; the device's transmit and receive */
	uint16_t tx_octets, rx_octets; /* data length */
	uint16_t mtu; /* ATT MTU */
};

#define OTA_STACK_UNIT 64u /* bytes */

struct ota_telemetry { /* section 5.10; 20 bytes, 19 of the first devices */
	int8_t rssi; /* dBm; 127 = unknown (Core Vol 4 Part E 7.5.4) */
	uint16_t interval; /* 1.25 ms */
	uint8_t tx_phy, rx_phy; /* enum ota_phy */
	uint16_t rx_octets; /* data length */
	uint32_t ring_fill; /* bytes received and not yet flushed */
	uint16_t erase_ms; /* longest erase since the last one */
	uint16_t write_ms; /* longest write since the last one */
	uint16_t dropped; /* Data values not accepted since START (gap, overflow) */
	uint8_t notify_fails; /* notifications that had to wait for a buffer; saturates */
	uint8_t stack_left; /* OTA_STACK_UNIT; the update's task's, at worst; 0 = unknown */
};

/*
 * Section 5.11, 11 bytes: what the device did with its time.  Counters since TELEMETRY was
 * asked for that wrap at 2^16, so that one notification lost costs nothing: a host
 * subtracts the last that it has.
 */
struct ota_times {
	uint16_t clock_ms; /* the device's clock */
	uint16_t erase_ms, write_ms, read_ms; /* in flash operations; read: with its hash */
	uint16_t store_ms; /* in resume records */
};

struct ota_info { /* section 3.3; Info characteristic, 94, 100 or 102 bytes */
	uint8_t version; /* highest protocol version spoken */
	uint8_t min_version;
	uint32_t features; /* OTA_FEATURE_* */
	uint16_t chip_id; /* esp_image_header_t.chip_id numbering */
	uint16_t chip_revision; /* major * 100 + minor, as efuse_hal_chip_revision() */
	uint8_t slot_count;
	uint8_t running_slot;
	uint8_t flags; /* OTA_INFO_* */
	uint8_t phys; /* OTA_PHYS_* the chip supports */
	uint32_t slot_size; /* bytes of the slot that the update goes to */
	uint32_t ring_size; /* bytes */
	uint32_t running_size; /* bytes of the running image that running_sha256 covers */
	uint32_t secure_version; /* anti-rollback version in eFuse */
	uint8_t running_sha256[OTA_SHA256_SIZE];
	char project[32]; /* esp_app_desc_t.project_name, NUL padded, may fill all 32 */
	/* Devices that send 94 bytes leave these unknown: OTA_REVISION_UNKNOWN, and 0. */
	uint16_t block_revision; /* of the eFuse: major * 100 + minor, as efuse_hal_blk_version() */
	uint8_t reset_reason; /* enum ota_reset: why the firmware started */
	uint8_t abilities; /* OTA_ABILITY_* */
	uint8_t resets; /* since the update that can be resumed began; saturates */
	uint8_t panics; /* ota_reset_is_panic() among them; saturates */
	uint8_t deflate_window; /* log2 of bytes, 12..15; 0: no compressed streams */
	uint8_t reserved; /* 0 */
};
#define OTA_INFO_SIZE 102u
#define OTA_INFO_SIZE_MIN 94u /* of the first devices */
#define OTA_REVISION_UNKNOWN 0xffffu

/* Section 3.3; the numbers are those of ESP-IDF's esp_reset_reason_t. */
enum ota_reset {
	OTA_RESET_UNKNOWN = 0,
	OTA_RESET_POWER_ON = 1,
	OTA_RESET_PIN = 2,
	OTA_RESET_SOFTWARE = 3,
	OTA_RESET_PANIC = 4,
	OTA_RESET_INTERRUPT_WATCHDOG = 5,
	OTA_RESET_TASK_WATCHDOG = 6,
	OTA_RESET_WATCHDOG = 7,
	OTA_RESET_DEEP_SLEEP = 8,
	OTA_RESET_BROWN_OUT = 9,
	OTA_RESET_SDIO = 10,
	OTA_RESET_USB = 11,
	OTA_RESET_JTAG = 12,
	OTA_RESET_EFUSE = 13,
	OTA_RESET_POWER_GLITCH = 14,
	OTA_RESET_CPU_LOCKUP = 15,
};

/* Section 9.2: the supply failed, for which no firmware need be at fault. */
static inline bool ota_reset_is_supply(uint8_t reason)
{
	return reason == OTA_RESET_POWER_ON || reason == OTA_RESET_BROWN_OUT ||
	       reason == OTA_RESET_POWER_GLITCH;
}

/* Section 3.3: the firmware failed or hung.  Values outside the enumeration did not. */
static inline bool ota_reset_is_panic(uint8_t reason)
{
	return reason == OTA_RESET_CPU_LOCKUP ||
	       (reason >= OTA_RESET_PANIC && reason <= OTA_RESET_WATCHDOG);
}

/* Section 3.3 */
#define OTA_ABILITY_NO_ROLLBACK 0x01u /* the boot loader does not roll back */
#define OTA_ABILITY_AUTO_SUSPEND 0x02u /* flash operations give way to reads */
#define OTA_ABILITY_SIGNED_ONLY 0x08u /* takes signed images only */
#define OTA_ABILITY_XIP_PSRAM 0x04u /* code runs from PSRAM while the flash works */

/* One for all that a device notifies: m is the structure of that event's encoder below. */
/*
 * Bytes that a device acknowledges at once (section 8.1): since of them came behind the latest gap, or
 * READY, and that gap came apart bytes behind the one before it; UINT32_MAX: there was none.  A host
 * keeps the less under way, the more get lost, and waits for each ACK.
 */
static inline uint32_t ota_ack_step(uint32_t ack_interval, uint32_t apart, uint32_t since)
{
	const uint32_t near = apart / OTA_ACK_SHARE, far = since / OTA_ACK_SHARE;
	uint32_t bytes = near < OTA_ACK_FIRST ? near : OTA_ACK_FIRST;

	if (bytes < far)
		bytes = far;
	return bytes < ack_interval ? bytes : ack_interval;
}

int ota_event_encode(enum ota_event event, const void *m, uint8_t *buf, size_t size);
int ota_start_encode(const struct ota_start *m, uint8_t *buf, size_t size);
int ota_start_decode(const uint8_t *buf, size_t len, struct ota_start *ret);
int ota_link_request_encode(const struct ota_link_request *m, uint8_t *buf, size_t size);
int ota_link_request_decode(const uint8_t *buf, size_t len, struct ota_link_request *ret);
/* size: bytes to erase; 0 = the whole slot */
int ota_prepare_encode(uint32_t size, uint8_t *buf, size_t len);
int ota_prepare_decode(const uint8_t *buf, size_t len, uint32_t *ret_size);
int ota_telemetry_request_encode(uint16_t period_ms, uint8_t *buf, size_t size);
int ota_telemetry_request_decode(const uint8_t *buf, size_t len, uint16_t *ret_period_ms);
/* A command without payload: ABORT, END, STATUS, CONFIRM, ROLLBACK, REBOOT, RESYNC. */
int ota_command_encode(enum ota_command cmd, uint8_t *buf, size_t size);

int ota_ready_encode(const struct ota_ready *m, uint8_t *buf, size_t size);
int ota_ready_decode(const uint8_t *buf, size_t len, struct ota_ready *ret);
/* The offset in the image that the first Data value makes, of a READY that was decoded as m: the
 * stream's own where it is the image. */
uint32_t ota_ready_image_offset(const struct ota_ready *m, const uint8_t *buf, size_t len);
int ota_error_encode(const struct ota_error_event *m, uint8_t *buf, size_t size);
int ota_error_decode(const uint8_t *buf, size_t len, struct ota_error_event *ret);
int ota_done_encode(const struct ota_done *m, uint8_t *buf, size_t size);
int ota_done_decode(const uint8_t *buf, size_t len, struct ota_done *ret);
int ota_progress_encode(const struct ota_progress *m, uint8_t *buf, size_t size);
int ota_progress_decode(const uint8_t *buf, size_t len, struct ota_progress *ret);
int ota_status_encode(const struct ota_status *m, uint8_t *buf, size_t size);
int ota_status_decode(const uint8_t *buf, size_t len, struct ota_status *ret);
int ota_result_encode(const struct ota_result *m, uint8_t *buf, size_t size);
int ota_result_decode(const uint8_t *buf, size_t len, struct ota_result *ret);
int ota_ack_encode(const struct ota_ack *m, uint8_t *buf, size_t size);
int ota_ack_decode(const uint8_t *buf, size_t len, struct ota_ack *ret);
int ota_gap_encode(const struct ota_gap *m, uint8_t *buf, size_t size);
int ota_gap_decode(const uint8_t *buf, size_t len, struct ota_gap *ret);
int ota_link_encode(const struct ota_link *m, uint8_t *buf, size_t size);
int ota_link_decode(const uint8_t *buf, size_t len, struct ota_link *ret);
int ota_telemetry_encode(const struct ota_telemetry *m, uint8_t *buf, size_t size);
int ota_telemetry_decode(const uint8_t *buf, size_t len, struct ota_telemetry *ret);
int ota_times_encode(const struct ota_times *m, uint8_t *buf, size_t size);
int ota_times_decode(const uint8_t *buf, size_t len, struct ota_times *ret);
int ota_info_encode(const struct ota_info *m, uint8_t *buf, size_t size);
/* OTA_INFO_SIZE_MIN bytes at least; what a shorter value lacks is unknown. */
int ota_info_decode(const uint8_t *buf, size_t len, struct ota_info *ret);

/* Names for logs, "unknown" for values outside the enumeration; never NULL. */
const char *ota_command_name(unsigned int cmd);
const char *ota_event_name(unsigned int evt);
const char *ota_state_name(unsigned int state);
const char *ota_code_name(unsigned int code); /* "flash-write", "hash-mismatch" ... */
const char *ota_code_text(unsigned int code); /* a sentence for the user */
const char *ota_phase_name(unsigned int phase);
const char *ota_reset_name(unsigned int reason); /* "power-on", "brown-out" ... */

#endif
