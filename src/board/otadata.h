/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The otadata partition: which slot boots, and whether its image has proved
 * itself.  Byte for byte what ESP-IDF writes, and its rules with
 * CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE:
 *
 *   esp_ota_select_entry_t       esp_flash_partitions.h
 *   bootloader_common_*          bootloader_common.c, bootloader_common_loader.c
 *   bootloader_utility_*         bootloader_utility.c
 *   esp_ota_*                    app_update/esp_ota_ops.c
 *
 * Each of the partition's two sectors begins with one entry.  A change of slot
 * goes to the sector that does not decide now, so a power cut leaves the old
 * decision; a change of state rewrites the deciding sector, and a power cut
 * there leaves the decision before it, which names the slot that ran before.
 */
#ifndef OTABENCH_BOARD_OTADATA_H
#define OTABENCH_BOARD_OTADATA_H

#include "board/flash.h"

#define OTADATA_ENTRY_SIZE 32u

/* esp_ota_img_states_t */
#define OTADATA_NEW 0u /* the boot loader turns it to PENDING_VERIFY */
#define OTADATA_PENDING_VERIFY 1u /* at the next boot the boot loader turns it to ABORTED */
#define OTADATA_VALID 2u
#define OTADATA_INVALID 3u /* not selected any more: the application said so */
#define OTADATA_ABORTED 4u /* not selected any more: it never said anything */
#define OTADATA_UNDEFINED 0xffffffffu /* boots without limits */

struct otadata_entry {
	uint32_t sequence; /* slot = (sequence - 1) % slots; 0xffffffff: erased */
	uint8_t label[20];
	uint32_t state;
	uint32_t crc; /* of sequence alone */
};

struct otadata {
	struct flash *flash;
	uint32_t offset; /* of the partition, bytes */
	uint32_t slots; /* ota_0 .. ota_(slots - 1), 1..16 */
	bool factory; /* there is a factory partition, which boots where no entry decides */
	bool no_rollback; /* a boot loader without CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE: NEW
			   * stays NEW, and what nobody confirms stays */
};

/* bootloader_common_ota_select_crc(): CRC-32 that starts from 0xffffffff in the
 * ROM's notation, which is zlib's crc32() continued from there. */
uint32_t otadata_crc(uint32_t sequence);
void otadata_encode(const struct otadata_entry *entry, uint8_t ret[OTADATA_ENTRY_SIZE]);

/* Functions below return -OTA_EIO when the flash does. */

int otadata_read(const struct otadata *o, struct otadata_entry ret[2]);
/* bootloader_common_get_active_otadata(): 0, 1, or -1 when neither is valid. */
int otadata_active(const struct otadata_entry entries[2]);
/* Slot that an entry names. */
unsigned int otadata_slot(const struct otadata *o, const struct otadata_entry *entry);

struct otadata_selection {
	int first; /* slot to try first; -1: the factory partition, then all from 0 */
	bool pending; /* first was marked NEW and is PENDING_VERIFY from now on */
	bool initial; /* entries are erased or damaged: call otadata_booted() */
	bool aborted; /* an image that was pending was given up just now */
};
/* The boot loader's first step, before it looks at images:
 * bootloader_utility_get_selected_boot_partition(). */
int otadata_select(const struct otadata *o, struct otadata_selection *ret);
/* Writes the slot that did boot to an initial otadata: set_actual_ota_seq(). */
int otadata_booted(const struct otadata *o, unsigned int slot);

/* esp_ota_set_boot_partition(): slot boots next, as NEW.  -OTA_EINVAL: no such slot. */
int otadata_set_boot(const struct otadata *o, unsigned int slot);
/* Removes the slot from each entry that could decide, as
 * esp_ota_invalidate_inactive_ota_data_slot() of ESP-IDF 5.5 on does: before the slot's image
 * goes.  The slot must not be the running one. */
int otadata_forget(const struct otadata *o, unsigned int slot);
/* esp_ota_mark_app_valid_cancel_rollback(); -OTA_ENOENT when no entry decides. */
int otadata_mark_valid(const struct otadata *o);
/* esp_ota_mark_app_invalid_rollback(), when otadata_fallback() named a slot whose
 * image is whole; -OTA_ENOENT when no entry decides. */
int otadata_mark_invalid(const struct otadata *o);
/* Slot that would boot if the active entry were given up:
 * esp_ota_check_rollback_is_possible() without the image's check.  -OTA_ENOENT: none. */
int otadata_fallback(const struct otadata *o, unsigned int *ret_slot);
/* esp_ota_get_state_partition(); -OTA_ENOENT when no entry names the slot. */
int otadata_state(const struct otadata *o, unsigned int slot, uint32_t *ret_state);

#endif
