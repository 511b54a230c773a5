/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a board, asking it questions, and breaking it.  Booting is in
 * board_boot.c, what ota_core asks for in board_ops.c.
 */
#include "board/board_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLASH_SIZE_MIN (2u << 20) /* the smallest that modules are sold with */

static int refuse(int code, char *ret_text, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int refuse(int code, char *ret_text, size_t size, const char *format, ...)
{
	va_list args;

	if (ret_text) {
		va_start(args, format);
		vsnprintf(ret_text, size, format, args);
		va_end(args);
	}
	return code;
}

/* Chips come in powers of two. */
static uint32_t chip_size(const struct partition_table *table)
{
	uint32_t size = FLASH_SIZE_MIN;

	while (size < partition_end(table) && size < 1u << 31)
		size *= 2;
	return size;
}

static int lay_out(struct board *board, const char *name, char *ret_text, size_t text_size)
{
	const struct partition_table *table = &board->partitions;
	const struct partition *otadata = partition_find(table, PARTITION_DATA, PARTITION_DATA_OTA);
	unsigned int count = partition_ota_count(table);

	board->nvs_partition = partition_find(table, PARTITION_DATA, PARTITION_DATA_NVS);
	board->factory = partition_find(table, PARTITION_APP, PARTITION_APP_FACTORY);
	if (!board->nvs_partition || !otadata || count < 1)
		return refuse(-OTA_ENOTSUP, ret_text, text_size,
			      "%s: a board that is updated over the air needs the partitions nvs, "
			      "otadata and ota_0",
			      name);
	if (board->factory && board->factory->size == 0)
		return refuse(-OTA_ENOTSUP, ret_text, text_size, "%s:%u: an empty slot", name,
			      board->factory->line);
	for (unsigned int i = 0; i < count; i++) {
		board->slots[i] =
			partition_find(table, PARTITION_APP, (uint8_t)(PARTITION_APP_OTA_0 + i));
		if (board->slots[i]->size == 0)
			return refuse(-OTA_ENOTSUP, ret_text, text_size, "%s:%u: an empty slot",
				      name, board->slots[i]->line);
	}
	board->otadata = (struct otadata){.flash = &board->flash,
					  .offset = otadata->offset,
					  .slots = count,
					  .factory = board->factory != NULL};
	return 0;
}

static int plan(struct board *board, const struct board_config *config, char *ret_text,
		size_t text_size)
{
	const char *name = config->partitions_name ? config->partitions_name : "partitions.csv";
	const char *text = config->partitions ? config->partitions : partition_default_csv;
	const int r = partition_parse(text, name, &board->partitions, ret_text, text_size);

	return r == 0 ? lay_out(board, name, ret_text, text_size) : r;
}

static int set_up(struct board *board, const struct board_config *config, char *ret_text,
		  size_t text_size)
{
	struct flash_config flash = {
		.path = config->flash_path, .speed = config->flash_speed, .seed = config->seed};
	const int r = plan(board, config, ret_text, text_size);

	if (r < 0)
		return r;
	flash.size = chip_size(&board->partitions);
	return flash_init(&board->flash, &flash, ret_text, text_size);
}

static const struct partition *first_slot(const struct board *board)
{
	return board->factory ? board->factory : board->slots[0];
}

int board_check(const struct board_config *config, uint32_t image_size, char *ret_text,
		size_t text_size)
{
	struct board *board = calloc(1, sizeof(*board));
	int r;

	if (!board)
		return refuse(-OTA_ENOMEM, ret_text, text_size, "out of memory");
	r = plan(board, config, ret_text, text_size);
	if (r == 0)
		r = flash_check_size(chip_size(&board->partitions), ret_text, text_size);
	if (r == 0 && image_size > first_slot(board)->size)
		r = -OTA_ENOSPC;
	free(board);
	return r;
}

int board_create(const struct board_config *config, struct board **ret, char *ret_text,
		 size_t text_size)
{
	struct board *board = calloc(1, sizeof(*board));
	int r;

	if (!board)
		return refuse(-OTA_ENOMEM, ret_text, text_size, "out of memory");
	r = set_up(board, config, ret_text, text_size);
	if (r < 0) {
		free(board);
		return r;
	}
	board->config = *config;
	board->otadata.no_rollback = config->no_rollback;
	board->config.flash_path = board->config.partitions = board->config.partitions_name = NULL;
	board->op_event.ctx = board;
	*ret = board;
	return 0;
}

void board_destroy(struct board *board)
{
	if (!board)
		return;
	board_drop_op(board);
	sha256_finish(&board->hash);
	flash_finish(&board->flash);
	free(board);
}

void board_set_callbacks(struct board *board, const struct board_callbacks *callbacks)
{
	board->callbacks = *callbacks;
}

bool board_is_new(const struct board *board)
{
	return flash_is_new(&board->flash);
}

int board_install(struct board *board, const uint8_t *image, size_t size)
{
	struct otadata_entry entry = {.sequence = 1, .state = OTADATA_NEW}; /* slot 0 */
	uint8_t buf[OTADATA_ENTRY_SIZE];
	const struct partition *first = first_slot(board);
	int r;

	if (board->state != BOARD_OFF)
		return -OTA_EBUSY;
	if (size > first->size)
		return -OTA_ENOSPC;
	flash_preset_erase(&board->flash);
	r = flash_preset(&board->flash, first->offset, image, (uint32_t)size);
	if (r == 0)
		r = nvs_preset(&board->flash, board->nvs_partition->offset);
	if (r == 0 && board->config.no_rollback && !board->factory) {
		entry.crc = otadata_crc(entry.sequence);
		otadata_encode(&entry, buf);
		r = flash_preset(&board->flash, board->otadata.offset, buf, sizeof(buf));
	}
	return r == 0 ? flash_publish(&board->flash) : r;
}

void board_enter_state(struct board *board, enum board_state state)
{
	board->state = state;
	if (state != BOARD_RUNNING)
		memset(&board->running, 0, sizeof(board->running));
}

enum board_state board_state(const struct board *board)
{
	return board->state;
}

const char *board_state_name(enum board_state state)
{
	switch (state) {
	case BOARD_OFF:
		return "off";
	case BOARD_RUNNING:
		return "running";
	case BOARD_UNBOOTABLE:
		return "unbootable";
	}
	return "unknown";
}

const struct board_running *board_running(const struct board *board)
{
	return &board->running;
}

unsigned int board_update_slot(const struct board *board)
{
	if (board->running.slot == BOARD_FACTORY)
		return 0;
	return board->otadata.slots > 1 ? (board->running.slot + 1) % board->otadata.slots
					: board->otadata.slots;
}

const struct partition *board_slot(const struct board *board, unsigned int slot)
{
	if (slot == BOARD_FACTORY)
		return board->factory;
	return slot < board->otadata.slots ? board->slots[slot] : NULL;
}

uint32_t board_slot_size(const struct board *board, unsigned int slot)
{
	const struct partition *partition = board_slot(board, slot);

	return partition ? partition->size : 0;
}

void board_info(const struct board *board, struct ota_info *ret)
{
	const struct board_running *running = &board->running;

	ret->chip_id = board->config.chip_id;
	ret->chip_revision = board->config.chip_revision;
	ret->block_revision = board->config.block_revision;
	ret->slot_count = (uint8_t)board->otadata.slots;
	ret->running_slot = (uint8_t)running->slot;
	ret->flags &= (uint8_t) ~(OTA_INFO_PENDING_VERIFY | OTA_INFO_CAN_ROLLBACK |
				  OTA_INFO_ENCRYPTED | OTA_INFO_SECURE_BOOT);
	if (running->pending_verify)
		ret->flags |= OTA_INFO_PENDING_VERIFY;
	if (running->stays_new)
		ret->abilities |= OTA_ABILITY_NO_ROLLBACK;
	if (running->can_rollback)
		ret->flags |= OTA_INFO_CAN_ROLLBACK;
	if (board->config.flash_encryption)
		ret->flags |= OTA_INFO_ENCRYPTED;
	if (board->config.secure_boot)
		ret->flags |= OTA_INFO_SECURE_BOOT;
	ret->slot_size = board_slot_size(board, board_update_slot(board));
	ret->running_size = running->size;
	ret->secure_version = board->config.secure_version;
	memcpy(ret->running_sha256, running->sha256, sizeof(ret->running_sha256));
	memset(ret->project, 0, sizeof(ret->project));
	/* At most 32 characters, which fill the field without a NUL. */
	memcpy(ret->project, running->project, strlen(running->project));
}

bool board_stalled(const struct board *board)
{
	return board->activity == BOARD_PROGRAMMING || board->activity == BOARD_ERASING;
}

bool board_erasing(const struct board *board)
{
	return board->activity == BOARD_ERASING;
}

void board_cut_power_in(struct board *board, uint64_t n)
{
	struct flash_counters counters;

	flash_counters(&board->flash, &counters);
	flash_cut_power_at(&board->flash, n ? counters.operations + n : 0);
}

void board_fail_write(struct board *board, uint32_t offset)
{
	const struct partition *slot = board_slot(board, board_update_slot(board));

	if (slot)
		flash_fail_program(&board->flash, slot->offset + offset);
}

void board_slow_erase(struct board *board, uint32_t factor)
{
	flash_slow_erase(&board->flash, factor);
}

void board_slow_program(struct board *board, uint32_t factor)
{
	flash_slow_program(&board->flash, factor);
}

void board_break_update(struct board *board)
{
	board->update_broken = true;
}

void board_counters(const struct board *board, struct board_counters *ret)
{
	*ret = board->counters;
}

void board_flash_counters(const struct board *board, struct flash_counters *ret)
{
	flash_counters(&board->flash, ret);
}

const uint8_t *board_slot_map(const struct board *board, unsigned int slot, uint32_t len)
{
	const struct partition *partition = board_slot(board, slot);

	if (!partition || len > partition->size)
		return NULL;
	return flash_map(&board->flash, partition->offset, len);
}
