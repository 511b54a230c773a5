/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few small records that survive power loss, in the nvs partition of the
 * virtual board: after a cut at any operation the old or the new record is
 * read, never a mixture.
 *
 * This is not ESP-IDF's NVS format: nothing but the virtual board reads it, and
 * the promise above is all that ota_core asks of a platform.  It keeps the
 * property that matters for timing: a write is one short program, and now and
 * then a sector's erase.
 *
 * Format: 128-byte units.  Unit 0 of a sector holds magic, generation and CRC;
 * it is written last, and the valid one with the highest generation makes its
 * sector the current one.  Every other unit is one record - key, length,
 * payload, CRC - and the last valid one of a key counts.  When the current
 * sector is full, the records that count are copied to the next sector, which
 * only then gets its unit 0.
 */
#ifndef OTABENCH_BOARD_NVS_H
#define OTABENCH_BOARD_NVS_H

#include "board/flash.h"

#define NVS_PAYLOAD_MAX 116u /* bytes */
#define NVS_KEYS_MAX 30u /* live keys; one unit must stay free for the next write */

struct nvs { /* private */
	struct flash *flash;
	uint32_t offset, sectors;
	bool formatted;
	uint32_t current, generation;
};

/* size is the partition's, at least two sectors, else -OTA_EINVAL.  Only reads;
 * a blank partition is formatted by the first write. */
int nvs_mount(struct nvs *nvs, struct flash *flash, uint32_t offset, uint32_t size);
/*
 * A partition that was used before and holds no record, as the first application's
 * nvs_flash_init() leaves it.  No operation: this is not the flash at work.
 */
int nvs_preset(struct flash *flash, uint32_t offset);
/* Length of the record, copied to buf; -OTA_ENOENT: none; -OTA_ENOSPC: longer than size. */
int nvs_read(struct nvs *nvs, uint16_t key, uint8_t *buf, size_t size);
/* key is 1..65534; -OTA_EINVAL, also for len 0 or over NVS_PAYLOAD_MAX; -OTA_ENOSPC: too
 * many keys; -OTA_EIO: the flash failed, the old record stands. */
int nvs_write(struct nvs *nvs, uint16_t key, const uint8_t *buf, size_t len);
/* Removes a record; no operation if there is none. */
int nvs_erase(struct nvs *nvs, uint16_t key);

#endif
