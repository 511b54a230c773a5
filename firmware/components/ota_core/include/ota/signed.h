/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed updates: a gate before ota_device_control().  docs/protocol.md, sections 4.1 and 15.
 *
 * A START with the flag *signed* carries a statement and its signature.  The gate compares
 * the statement with the device and the product's policy, has the signature checked, and
 * only then hands the START to the device, so that nothing is taken or erased for an image
 * whose signer is unknown.  With only set, every other START of an image is refused, and so
 * are PREPARE and a START that measures the flash.
 *
 * Who leaves this out calls ota_device_control(), which refuses the flag.  As in device.h,
 * one lock is held around each call, and none blocks.
 */
#ifndef OTA_SIGNED_H
#define OTA_SIGNED_H

#include "ota/device.h"
#include "ota/statement.h"

#define OTA_START_SIGNED_SIZE (OTA_START_SIZE + OTA_SIGNED_SIZE) /* 180 bytes */

/* After a signature that did not hold no other is checked for so long, doubling up to the
 * most: checking costs the chip some 100 ms, which a stranger must not have for nothing. */
#define OTA_SIGNED_WAIT_MS 500u
#define OTA_SIGNED_WAIT_MOST_MS 8000u

struct ota_signed_config {
	struct ota_device *dev;
	/*
	 * [async] as struct ota_device_ops has it, but beside a flash operation: whether
	 * signature is one of message by a key that the product knows.  0, or a negative code
	 * at once; then ota_signed_checked().  Both stay valid until then.
	 */
	int (*check)(void *ctx, const uint8_t message[OTA_STATEMENT_SIZE],
		     const uint8_t signature[OTA_SIGNATURE_SIZE]);
	void *ctx;
	bool only; /* the product takes signed images only */
};

struct ota_signed {
	struct ota_signed_config config;
	uint16_t conn; /* whose START is looked at; OTA_NO_CONN: none */
	bool checking; /* until ota_signed_checked(), also when conn has left */
	uint32_t bad; /* signatures in a row that did not hold */
	uint32_t not_before; /* ms; where bad > 0 */
	uint8_t start[OTA_START_SIZE]; /* without the flag */
	uint8_t message[OTA_STATEMENT_SIZE], signature[OTA_SIGNATURE_SIZE];
};

/* -OTA_EINVAL: no device or check.  Owns nothing. */
int ota_signed_init(struct ota_signed *gate, const struct ota_signed_config *config);
/* Takes a write to Control, in place of ota_device_control(). */
void ota_signed_control(struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len,
			uint32_t now_ms);
/*
 * Returns true if a command decides about the firmware and no signature covers it: ABORT, CONFIRM,
 * ROLLBACK, REBOOT, and a START by which an update that could be resumed is lost.  For the owner of
 * the session under way it is always false.  A product may demand an authenticated link for these
 * commands alone.
 */
bool ota_uncovered(const struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len);
/* The check ended: 0, or a negative OTA_E*, of which each refuses. */
void ota_signed_checked(struct ota_signed *gate, int result, uint32_t now_ms);
/* Before ota_device_disconnected(). */
void ota_signed_disconnected(struct ota_signed *gate, uint16_t conn);
/* Before ota_device_tick(). */
void ota_signed_tick(struct ota_signed *gate, uint32_t now_ms);
/* The deadline of the gate alone, in the form of ota_device_deadline(). */
bool ota_signed_deadline(const struct ota_signed *gate, uint32_t *ret_ms);
/* Adds to Info the feature.  Where only signed images are taken, Info tells so, and has no
 * feature whose use would be refused. */
void ota_signed_info(const struct ota_signed *gate, struct ota_info *info);

#endif
