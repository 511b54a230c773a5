/* SPDX-License-Identifier: Apache-2.0 */
/* The board's insides, shared by board.c, board_boot.c and board_ops.c. */
#ifndef OTABENCH_BOARD_BOARD_PRIV_H
#define OTABENCH_BOARD_BOARD_PRIV_H

#include "image/image.h"
#include "board/board.h"
#include "board/nvs.h"
#include "board/otadata.h"
#include "board/partition.h"
#include "base/sha256.h"

/* Keys of the nvs partition. */
#define BOARD_KEY_RESUME 1u
#define BOARD_KEY_INSTALLED 16u /* plus the slot */
#define BOARD_KEY_BOND 64u /* plus the index */

enum board_activity {
	BOARD_IDLE,
	BOARD_READING, /* code runs meanwhile */
	BOARD_PROGRAMMING,
	BOARD_ERASING,
};

struct board {
	struct board_config config; /* its pointers to texts are not kept */
	struct board_callbacks callbacks;
	struct partition_table partitions;
	const struct partition *nvs_partition;
	const struct partition *slots[PARTITION_OTA_SLOTS];
	const struct partition *factory; /* or NULL */
	struct flash flash;
	struct otadata otadata;
	struct nvs nvs;
	struct sha256 hash;
	enum board_state state;
	struct board_running running;
	struct board_counters counters;
	bool update_broken;
	enum board_activity activity;
	int result; /* of the outstanding operation */
	bool settles; /* it decides about the running image, when it succeeds */
	struct sched_event op_event;
};

/*
 * The boot loader's verification of the image at the start of a slot, of which
 * the first limit bytes are looked at (esp_image_verify(), check_anti_rollback()).
 * Charges the reading.  Results as board_image_check()'s, and -OTA_EIO without
 * power.  *ret is filled on success.
 */
int board_verify_slot(struct board *board, unsigned int slot, uint32_t limit, struct image *ret);
/* esp_ota_check_rollback_is_possible(): the slot that would boot instead of the running
 * one; -OTA_ENOENT. */
int board_find_fallback(struct board *board, unsigned int *ret_slot);
/* Judges whether the product accepts the image that begins with OTA_HEAD_SIZE bytes at head:
 * results as of head_check in ota/device.h; *ret_field is the offset of the field at fault. */
int board_judge(const struct board *board, const uint8_t *head, uint32_t *ret_field);
/* Returns true if a ROLLBACK may go to what board_find_fallback() finds. */
bool board_way_back(struct board *board);
/* A slot's partition, BOARD_FACTORY's too; NULL: none of that number. */
const struct partition *board_slot(const struct board *board, unsigned int slot);
/* Drops the outstanding operation. */
void board_drop_op(struct board *board);
void board_enter_state(struct board *board, enum board_state state);

int board_read_installed(struct board *board, unsigned int slot, uint32_t *ret_size,
			 uint8_t ret_sha256[OTA_SHA256_SIZE]);

#endif
