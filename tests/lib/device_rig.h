/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ota_core's device over memory, for literal conversations and for timing that
 * a test controls to the single operation.
 *
 * Calls that a real platform would suffer in silence are violations here: programming
 * flash that is not erased, leaving the slot, two operations at once, changing
 * a buffer that an operation still uses, a ring that holds more than it can.
 * The first one stays in violation.
 */
#ifndef OTABENCH_DEVICE_RIG_H
#define OTABENCH_DEVICE_RIG_H

#include "ota/decoder.h"
#include "ota/device.h"
#include "ota/error.h"
#include "ota/patch.h"
#include "ota/skip.h"
#include "base/rng.h"
#include "base/sha256.h"

#define DUT_CHIP 0x0005u /* ESP32-C3 */
#define DUT_NOTES 4096u
#define DUT_FOREVER UINT32_MAX

struct dut_note { /* one notification that went out */
	uint16_t conn;
	uint8_t len;
	uint8_t bytes[OTA_NOTIFY_MAX];
};

struct dut_options {
	uint32_t slot_size; /* 0 = 256 KiB */
	uint32_t ring_size; /* 0 = 8 KiB */
	uint16_t max_value, ack_interval, write_size;
	uint32_t confirm_timeout_ms;
	uint16_t wear_burst; /* 0 = no limit */
	const uint8_t *base; /* what runs: patches of it are taken; NULL: none */
	uint32_t base_size;
	unsigned int window; /* log2 of bytes; 0 = compressed streams are not decoded */
	bool skip; /* blocks may be kept */
	bool basic_only;
	bool manual; /* operations end when the test says so */
};

struct dut { /* the device under test, and its board */
	struct ota_device dev;
	struct ota_device_config config;
	struct ota_info info; /* the test may change it; dut_boot() fills in the running image */
	uint32_t now;
	bool manual;
	const char *violation;

	/* The board: two slots of flash, and what survives a power cut. */
	uint8_t *slots[2];
	uint8_t *clean[2]; /* per byte: 1 = erased and not programmed since */
	unsigned int boot_slot;
	enum ota_reset reset_reason; /* of the next start; 0: as it comes */
	struct ota_record record;
	bool have_record;
	bool boots_pending; /* boot_slot was set by an update, not by a rollback */
	uint32_t image_size[2];
	uint8_t image_hash[2][OTA_SHA256_SIZE];
	struct sha256 hash;
	uint8_t *memory; /* ring and scratch */

	/* Compressed streams, where the options have a window, and blocks that are kept. */
	unsigned int window;
	const uint8_t *base;
	uint32_t base_size;
	struct ota_patch patch;
	bool skips;
	struct ota_skip skip;
	struct ota_stream stream;
	struct ota_decoder decoder;
	struct ota_stage inflate;
	uint8_t sector[OTA_SECTOR_SIZE];

	/* The operation outstanding; NONE when idle. */
	enum ota_op op;
	uint32_t op_at, op_len, op_sum;
	const uint8_t *op_from;
	uint8_t *op_to;
	const struct ota_record *op_record;
	struct ota_piece *op_piece;
	uint8_t op_sha256[OTA_SHA256_SIZE];

	/* Faults. */
	uint64_t ops; /* operations ended or cut since dut_init() */
	uint64_t cut_at; /* power is lost in this operation; 0 = never */
	bool cut_keeps; /* ... which, where it is atomic, still takes effect */
	bool off; /* after the cut, until dut_boot() */
	enum ota_op fail_op; /* the fail_count'th operation of this kind from now ... */
	uint32_t fail_count; /* ... fails (1 = the next); 0 = none does */
	int fail_code; /* negative OTA_E* */
	bool fail_at_once; /* refused by the call instead of reported later */
	bool hash_fails;
	bool forbids; /* what permit() says no to everything by */
	int head_code; /* what head_check() returns */
	uint32_t head_detail;
	uint32_t deaf; /* so many notifications find no buffer */

	/* A count and notes of the device's actions. */
	struct dut_note notes[DUT_NOTES]; /* those not taken yet */
	uint32_t note_head, note_count;
	uint32_t reboots;
	uint32_t erases, writes, reads, persists, confirms, rollbacks, set_boots, decodes;
	uint32_t block_erases, head_checks, asked;
	uint32_t first_erases; /* of the slot's first sector */
	uint32_t wear; /* outlives dut_boot() */
	struct ota_link link; /* what link_state() says */
	struct ota_link_request link_request; /* the latest */
	uint32_t link_requests;
	int link_code; /* what link_request() returns */
	int8_t rssi;
};

/* Clock at 1000 ms, slot 0 running; 0 or -OTA_ENOMEM. */
int dut_init(struct dut *dut, const struct dut_options *options);
void dut_finish(struct dut *dut);
/* (Re)starts the device as after power-on or reset: slot, record and flash as they are. */
void dut_boot(struct dut *dut);

void dut_connect(struct dut *dut, uint16_t conn);
void dut_disconnect(struct dut *dut, uint16_t conn);
void dut_control(struct dut *dut, uint16_t conn, const uint8_t *buf, size_t len);
void dut_command(struct dut *dut, uint16_t conn, enum ota_command cmd);
/* Calls ota_device_data() with the same contract. */
int dut_data(struct dut *dut, uint16_t conn, const uint8_t *buf, size_t len, bool can_wait);
/* Ends the outstanding operation; false when there is none. */
bool dut_op_end(struct dut *dut);
/* Ends operations until none is left. */
void dut_settle(struct dut *dut);
/* Lets time pass, with a tick at every deadline on the way. */
void dut_wait(struct dut *dut, uint32_t ms);

/* The oldest notification not taken yet; false: none. */
bool dut_take(struct dut *dut, struct dut_note *ret);
/* Takes until one with this opcode came; false: it did not. */
bool dut_take_event(struct dut *dut, uint8_t event, struct dut_note *ret);
void dut_forget_notes(struct dut *dut);

unsigned int dut_update_slot(const struct dut *dut);
/* Fills buf with an image that the device accepts: magic, chip id, then seeded noise. */
void dut_image(uint8_t *buf, uint32_t size, uint64_t seed);
void dut_start(struct ota_start *m, const uint8_t *image, uint32_t size);

#endif
