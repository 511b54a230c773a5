/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's side of an update: events in, operations out.
 *
 * One struct ota_device serves one update slot.  It has no clock, thread, heap
 * or file of its own: every entry point takes the time (milliseconds since any
 * epoch, wrapping at 2^32), and everything it does goes through struct
 * ota_device_ops.  The ESP32 firmware and the virtual ESP32 compile this same
 * file.
 *
 * Calls are not re-entrant: whoever runs several tasks (a Bluetooth host task
 * that delivers writes, a flash task) holds one lock around each call.  No call
 * blocks, because flash work is asynchronous: the core starts at most one
 * operation at a time and waits for ota_device_op_done().
 */
#ifndef OTA_DEVICE_H
#define OTA_DEVICE_H

#include "ota/proto.h"

#define OTA_BLOCK_SIZE 65536u /* erase-ahead unit: NOR block erase, the cheapest per byte */
#define OTA_SECTOR_SIZE 4096u /* NOR sector; also the size of one flash write */
#define OTA_HEAD_SIZE                                                                              \
	288u /* of an image: esp_image_header_t, the first segment's, esp_app_desc_t */
#define OTA_WRITE_ALIGN 16u /* flash encryption writes 16-byte units (esp_partition_write) */
#define OTA_NO_CONN 0xffffu

/*
 * Flash lasts for about 100,000 erases.  Updates may begin 32 times at once, and then once in two
 * minutes: wearing a block out by begun and aborted updates takes 138 days.  The count may lie in
 * memory that a restart by software leaves alone, so that restarting the device gains nothing; a
 * value that power-on leaves there counts as none.
 */
#define OTA_WEAR_BURST 32u
#define OTA_WEAR_MS 120000u

/* The image that was just made bootable came from a basic host, which knows no
 * CONFIRM: the first connection that its firmware accepts confirms it. */
#define OTA_RECORD_SELF_CONFIRM 0x1u
/* The image is whole, and was made bootable.  While it is on trial its firmware leaves the record
 * alone; where the boot loader goes back, for a lost supply, the one before has it again. */
#define OTA_RECORD_TRIED 0x2u
/* Resets since the update began that the record lets resume, and those of them that were
 * panics: a byte each, in bits of flags that the first firmware left 0, so that its records
 * are read, and it reads these. */
#define OTA_RECORD_COUNTS 0xffff00u
#define OTA_RECORD_RESET 0x000100u
#define OTA_RECORD_PANIC 0x010000u

/* Kept across disconnect, reboot and power loss; stored by ops->persist as is. */
struct ota_record {
	uint32_t flags; /* OTA_RECORD_* */
	uint32_t image_size;
	uint32_t offset; /* bytes in flash, a multiple of OTA_BLOCK_SIZE; 0 = nothing to resume */
	uint8_t sha256[OTA_SHA256_SIZE]; /* of the whole image */
	uint8_t prefix[OTA_SHA256_SIZE]; /* of the first offset bytes as read back */
};

/*
 * The platform.  ctx is ops->ctx of the configuration.  Every function returns
 * 0 or a negative OTA_E*.
 *
 * Operations marked [async] only start the work: return 0 and call
 * ota_device_op_done() later - from any context that holds the lock, but never
 * from within the call itself - or return a negative code to fail at once.
 * Buffers stay valid and unchanged until then.  Offsets count from the start
 * of the update slot.
 */
struct ota_device_ops {
	/* [async] Erase to FF.  offset and len are multiples of OTA_SECTOR_SIZE;
	 * len is at most OTA_BLOCK_SIZE.  Before anything is erased the platform sees to
	 * it that the slot is no way back any more (ESP-IDF's
	 * esp_ota_invalidate_inactive_ota_data_slot()): what is written there afterwards
	 * boots by set_boot alone. */
	int (*flash_erase)(void *ctx, uint32_t offset, uint32_t len);
	/* [async] Program erased flash; at most write_size bytes, inside one
	 * sector, at a multiple of OTA_WRITE_ALIGN.  len is one too, but for the
	 * image's last bytes: the platform pads them where it must. */
	int (*flash_write)(void *ctx, uint32_t offset, const uint8_t *buf, uint32_t len);
	/* [async] Read back into buf; at most OTA_SECTOR_SIZE bytes. */
	int (*flash_read)(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len);
	/*
	 * Judges by its first OTA_HEAD_SIZE bytes whether an image may become the firmware: by
	 * project, version and secure version.  Called as soon as these bytes have arrived, before
	 * anything is erased for them (basic: afterwards); image_check asks again.  0: it may;
	 * -OTA_EPERM: it is older than policy or the eFuse allow; any other failure: it is not for
	 * this product.  *ret_detail is then the offset of the field at fault.
	 */
	int (*head_check)(void *ctx, const uint8_t *head, uint32_t *ret_detail);
	/* [async] Whether the size bytes in the slot may become the firmware, as far as that takes
	 * no second reading of all: set_boot validates as the boot loader does.
	 * -OTA_EIO: could not be read; -OTA_EPERM: secure version below the eFuse's;
	 * anything else: not an image that would boot. */
	int (*image_check)(void *ctx, uint32_t size);
	/* [async] Boot from the update slot next time, as a new image to be verified, if the boot
	 * loader's own validation finds nothing.  sha256 is the hash read back, for the platform
	 * to report after the boot.  -OTA_EIO: not read or not stored; anything else: as
	 * image_check's. */
	int (*set_boot)(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE]);
	/* [async] Store the record in place of the last one.  Must be atomic under
	 * power loss: afterwards the old or the new one is read. */
	int (*persist)(void *ctx, const struct ota_record *record);
	/* [async] Mark the running image valid, cancelling its rollback.
	 * -OTA_EAGAIN: the application is not content with it yet. */
	int (*confirm)(void *ctx);
	/* [async] Mark the running image invalid and make the other slot boot.
	 * -OTA_EIO: the change failed; anything else: the other slot would not boot. */
	int (*rollback)(void *ctx);
	/* Reboot in delay_ms, but not before notifications already accepted went out.
	 * Nothing is called after it but what ends the connections. */
	void (*reboot)(void *ctx, uint32_t delay_ms);

	/*
	 * Returns true if this connection may START, ABORT, CONFIRM, ROLLBACK, REBOOT or PREPARE
	 * now: the product's own decision.  The owner of the session under way is not subject to
	 * it.
	 */
	bool (*permit)(void *ctx, uint16_t conn, uint8_t opcode);

	/* Incremental SHA-256 over what is read back; one context at a time. */
	int (*hash_init)(void *ctx);
	int (*hash_update)(void *ctx, const uint8_t *buf, uint32_t len);
	/* The digest of all bytes so far; the context goes on. */
	int (*hash_peek)(void *ctx, uint8_t ret[OTA_SHA256_SIZE]);

	/* Notify on Control.  -OTA_EAGAIN: no buffer now; call ota_device_tick() when
	 * there may be one (it also tries by itself every 50 ms).  Any other failure
	 * drops the notification. */
	int (*notify)(void *ctx, uint16_t conn, const uint8_t *buf, size_t len);
	/* Ask the central for link parameters; ota_device_link_changed() reports,
	 * never from within the call. */
	int (*link_request)(void *ctx, uint16_t conn, const struct ota_link_request *req);
	/* The link as it is now; fields that the platform cannot tell stay 0. */
	void (*link_state)(void *ctx, uint16_t conn, struct ota_link *ret);
	/* dBm, or 127 when unknown. */
	int8_t (*rssi)(void *ctx, uint16_t conn);
	/* Stack that the update's task had left at worst, OTA_STACK_UNIT; 0: unknown.  NULL
	 * where there is no such task. */
	uint8_t (*stack_left)(void *ctx);
	/* The contents of Info, of which *ret holds 0 and OTA_REVISION_UNKNOWN; flags'
	 * RESUMABLE bit, resets and panics are filled in by the core, by reset_reason.
	 * CAN_ROLLBACK must go once anything in the update slot was erased.  slot_size is a
	 * multiple of OTA_SECTOR_SIZE. */
	void (*info)(void *ctx, struct ota_info *ret);
};

struct ota_device_config {
	const struct ota_device_ops *ops;
	void *ctx;
	uint8_t *ring; /* caller's; received bytes wait here for flash */
	uint32_t ring_size; /* a multiple of OTA_SECTOR_SIZE, 8 KiB .. 1 MiB */
	uint8_t *scratch; /* caller's; OTA_SECTOR_SIZE bytes for reading back */
	uint16_t max_value; /* longest Data value, header included; 20..512; 0 = 512 */
	uint16_t ack_interval; /* bytes; 0 = ring_size / 4 */
	/* Most bytes of a flash_write; 0 = OTA_SECTOR_SIZE.  Where code stands still meanwhile,
	 * a controller's few buffers bridge a small one.  A power of two from OTA_WRITE_ALIGN on. */
	uint16_t write_size;
	uint32_t idle_timeout_ms; /* no Data for so long suspends the session; 0 = 60000 */
	uint32_t gap_repeat_ms; /* repeat an unanswered GAP after; 0 = 500 */
	uint32_t reboot_delay_ms; /* between DONE and the reboot; 0 = 300 */
	uint32_t confirm_timeout_ms; /* an unconfirmed image is rolled back; 0 = never */
	uint32_t *wear; /* see OTA_WEAR_BURST; NULL: forgotten at each start */
	uint16_t wear_burst; /* 0 = OTA_WEAR_BURST */
	bool basic_only; /* serve only the basic dialect (for tests of hosts) */
};

#include "ota/device_state.h" /* struct ota_device: public only so that callers can place it */

/*
 * Starts up after boot.  record is what ops->persist stored last, or NULL when
 * there is none; its contents are not trusted.  -OTA_EINVAL on a configuration
 * out of range.  Nothing is owned: ring and scratch must outlive dev.
 */
int ota_device_init(struct ota_device *dev, const struct ota_device_config *config,
		    const struct ota_record *record, uint32_t now_ms);

void ota_device_connected(struct ota_device *dev, uint16_t conn, uint32_t now_ms);
void ota_device_disconnected(struct ota_device *dev, uint16_t conn, uint32_t now_ms);
/* A write to Control.  buf is only read during the call. */
void ota_device_control(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len,
			uint32_t now_ms);
/*
 * A write to Data.  can_wait: the platform can hold the value back and present
 * it again after each ota_device_op_done() (a write request not answered yet).  Returns 0 when taken, -OTA_EAGAIN when it must be presented again
 * (only with can_wait), or another negative code for a value that was dropped.
 */
int ota_device_data(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len,
		    bool can_wait, uint32_t now_ms);
/* The outstanding [async] operation ended; result 0 or a negative OTA_E*. */
void ota_device_op_done(struct ota_device *dev, int result, uint32_t now_ms);
/* A link request ended (code OTA_OK or OTA_ERR_LINK), or the central changed the link. */
void ota_device_link_changed(struct ota_device *dev, uint16_t conn, uint8_t code, uint32_t now_ms);
/* Time passed, or a notification buffer may be free again. */
void ota_device_tick(struct ota_device *dev, uint32_t now_ms);
/* When to call ota_device_tick() next: true and *ret_ms, or false when nothing is due. */
bool ota_device_deadline(const struct ota_device *dev, uint32_t *ret_ms);
/* The Info characteristic's value, OTA_INFO_SIZE bytes. */
int ota_device_read_info(struct ota_device *dev, uint8_t *buf, size_t size);
/* The connection that owns the session under way; OTA_NO_CONN: none. */
uint16_t ota_device_owner(const struct ota_device *dev);
/* The answer to STATUS; for logs and tests. */
void ota_device_status(struct ota_device *dev, struct ota_status *ret);

#endif
