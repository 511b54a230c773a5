/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asynchronous operations that ota_core asks a platform for.
 *
 * Each acts on the flash at once and notes how much modelled time that took;
 * an event after that time reports the result.  What nobody could see meanwhile
 * need not be modelled: nothing else touches the flash, and a reset lets the
 * chip finish what it began.
 */
#include "board/board_priv.h"
#include "base/bytes.h"

#include <string.h>

#define RECORD_SIZE (12u + 2u * OTA_SHA256_SIZE)
#define INSTALLED_SIZE (4u + OTA_SHA256_SIZE)

/* --- records --- */

static int board_write_record(struct board *board, const struct ota_record *record)
{
	static const struct ota_record none;
	uint8_t buf[RECORD_SIZE];

	if (memcmp(record, &none, sizeof(none)) == 0)
		return nvs_erase(&board->nvs, BOARD_KEY_RESUME);
	bytes_put32(buf, record->flags);
	bytes_put32(buf + 4, record->image_size);
	bytes_put32(buf + 8, record->offset);
	memcpy(buf + 12, record->sha256, OTA_SHA256_SIZE);
	memcpy(buf + 12 + OTA_SHA256_SIZE, record->prefix, OTA_SHA256_SIZE);
	return nvs_write(&board->nvs, BOARD_KEY_RESUME, buf, sizeof(buf));
}

int board_record(struct board *board, struct ota_record *ret)
{
	uint8_t buf[RECORD_SIZE];

	if (board->state != BOARD_RUNNING ||
	    nvs_read(&board->nvs, BOARD_KEY_RESUME, buf, sizeof(buf)) != (int)sizeof(buf))
		return -OTA_ENOENT;
	ret->flags = bytes_get32(buf);
	ret->image_size = bytes_get32(buf + 4);
	ret->offset = bytes_get32(buf + 8);
	memcpy(ret->sha256, buf + 12, OTA_SHA256_SIZE);
	memcpy(ret->prefix, buf + 12 + OTA_SHA256_SIZE, OTA_SHA256_SIZE);
	return 0;
}

static int board_write_installed(struct board *board, unsigned int slot, uint32_t size,
				 const uint8_t sha256[OTA_SHA256_SIZE])
{
	uint8_t buf[INSTALLED_SIZE];

	bytes_put32(buf, size);
	memcpy(buf + 4, sha256, OTA_SHA256_SIZE);
	return nvs_write(&board->nvs, (uint16_t)(BOARD_KEY_INSTALLED + slot), buf, sizeof(buf));
}

int board_read_installed(struct board *board, unsigned int slot, uint32_t *ret_size,
			 uint8_t ret_sha256[OTA_SHA256_SIZE])
{
	uint8_t buf[INSTALLED_SIZE];

	if (nvs_read(&board->nvs, (uint16_t)(BOARD_KEY_INSTALLED + slot), buf, sizeof(buf)) !=
	    (int)sizeof(buf))
		return -OTA_ENOENT;
	*ret_size = bytes_get32(buf);
	memcpy(ret_sha256, buf + 4, OTA_SHA256_SIZE);
	return 0;
}

int board_read_bond(struct board *board, unsigned int index, uint8_t ret[BOARD_BOND_MAX])
{
	if (board->state != BOARD_RUNNING || index >= BOARD_BONDS)
		return -OTA_ENOENT;
	return nvs_read(&board->nvs, (uint16_t)(BOARD_KEY_BOND + index), ret, BOARD_BOND_MAX);
}

/* --- operations --- */

static void end_activity(struct board *board)
{
	bool stalled = board_stalled(board);

	board->activity = BOARD_IDLE;
	/* Before op_done(): that begins the next operation, and between the two the CPU
	 * gets to what waited. */
	if (stalled && board->callbacks.resumed)
		board->callbacks.resumed(board->callbacks.ctx);
}

static void op_ended(void *ctx, uint64_t now_us)
{
	struct board *board = ctx;

	(void)now_us;
	if (!flash_powered(&board->flash)) {
		board->activity = BOARD_IDLE;
		board_enter_state(board, BOARD_OFF);
		board->counters.power_losses++;
		if (board->callbacks.power_lost)
			board->callbacks.power_lost(board->callbacks.ctx);
		return;
	}
	if (board->settles && board->result == 0) {
		board->running.pending_verify = false;
		/* The way back from a trial may be too old for a ROLLBACK. */
		board->running.can_rollback = board->running.can_rollback && board_way_back(board);
	}
	board->settles = false;
	end_activity(board);
	if (board->callbacks.op_done)
		board->callbacks.op_done(board->callbacks.ctx, board->result);
}

void board_drop_op(struct board *board)
{
	sched_cancel(board->config.sched, &board->op_event);
	board->activity = BOARD_IDLE;
	board->settles = false;
}

int board_write_bond(struct board *board, unsigned int index, const uint8_t *buf, size_t len)
{
	const uint16_t key = (uint16_t)(BOARD_KEY_BOND + index);
	int rc;

	if (board->state != BOARD_RUNNING || index >= BOARD_BONDS || len > BOARD_BOND_MAX)
		return -OTA_EIO;
	rc = len > 0 ? nvs_write(&board->nvs, key, buf, len) : nvs_erase(&board->nvs, key);
	/* An operation that is outstanding finds out by itself that power is gone. */
	if (!flash_powered(&board->flash) && !sched_armed(&board->op_event)) {
		board->op_event.fn = op_ended;
		sched_at(board->config.sched, &board->op_event, sched_now(board->config.sched));
	}
	return rc < 0 ? -OTA_EIO : 0;
}

static int check_ready(const struct board *board)
{
	if (board->state != BOARD_RUNNING)
		return -OTA_EIO;
	if (board->activity != BOARD_IDLE || sched_armed(&board->op_event))
		return -OTA_EBUSY;
	return 0;
}

/* Time and counters before an operation. */
struct op_start {
	uint64_t time_us;
	struct flash_counters counters;
};

static struct op_start op_start(const struct board *board)
{
	struct op_start start = {.time_us = flash_time_us(&board->flash)};

	flash_counters(&board->flash, &start.counters);
	return start;
}

/* The wait that an operation on the flash costs the CPU. */
static enum board_activity activity_since(const struct board *board, const struct op_start *start)
{
	struct flash_counters now;

	flash_counters(&board->flash, &now);
	if (now.block_erases + now.sector_erases >
	    start->counters.block_erases + start->counters.sector_erases)
		return BOARD_ERASING;
	return now.programs > start->counters.programs ? BOARD_PROGRAMMING : BOARD_READING;
}

/* Reports result when the flash has spent its time since start. */
static int report_later(struct board *board, const struct op_start *start, int result)
{
	uint64_t us = flash_time_us(&board->flash) - start->time_us;

	board->activity = activity_since(board, start);
	board->result = result;
	board->op_event.fn = op_ended;
	sched_at(board->config.sched, &board->op_event, sched_now(board->config.sched) + us);
	return 0;
}

/* Offset in the flash of a range of the update slot. */
static int locate(const struct board *board, uint32_t offset, uint32_t len, uint32_t *ret)
{
	unsigned int slot = board_update_slot(board);
	uint32_t size = board_slot_size(board, slot);

	if (size == 0 || offset > size || len > size - offset)
		return -OTA_ERANGE;
	*ret = board_slot(board, slot)->offset + offset;
	return 0;
}

/* The update slot is no way back any more; the factory partition stays one. */
static void slot_changes(struct board *board)
{
	board->running.can_rollback &=
		board->factory != NULL && board->running.slot != BOARD_FACTORY;
}

int board_flash_erase(void *ctx, uint32_t offset, uint32_t len)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	uint32_t at;
	int r = check_ready(board);

	if (r == 0)
		r = locate(board, offset, len, &at);
	if (r == 0 && (offset % FLASH_SECTOR_SIZE || len % FLASH_SECTOR_SIZE))
		r = -OTA_EINVAL;
	if (r < 0)
		return r;
	/* The old image in the slot is no way back any more. */
	slot_changes(board);
	r = otadata_forget(&board->otadata, board_update_slot(board));
	if (r == 0)
		r = flash_erase(&board->flash, at, len);
	return report_later(board, &start, r);
}

int board_flash_write(void *ctx, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	uint32_t at;
	int r = check_ready(board);

	if (r == 0)
		r = locate(board, offset, len, &at);
	if (r < 0)
		return r;
	slot_changes(board);
	return report_later(board, &start, flash_program(&board->flash, at, buf, len));
}

int board_flash_read(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	uint32_t at;
	int r = check_ready(board);

	if (r == 0)
		r = locate(board, offset, len, &at);
	if (r < 0)
		return r;
	return report_later(board, &start, flash_read(&board->flash, at, buf, len));
}

int board_image_check(void *ctx, uint32_t size)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	struct image image;
	uint32_t field;
	int r = check_ready(board);

	if (r < 0)
		return r;
	r = board_verify_slot(board, board_update_slot(board), size, &image);
	if (r == 0 && image.size >= OTA_HEAD_SIZE)
		r = board_judge(board, image.data, &field);
	/* esp_secure_boot_verify_signature_block(): no key is modelled, only that there is one. */
	if (r == 0 && board->config.secure_boot && image.signature == IMAGE_SIGNATURE_NONE)
		r = -OTA_EBADMSG;
	return report_later(board, &start, r);
}

int board_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE])
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	unsigned int slot = board_update_slot(board);
	int r = check_ready(board);

	if (r < 0)
		return r;
	/* The record first: one about a slot that does not boot does no harm. */
	r = board_write_installed(board, slot, size, sha256);
	if (r == 0)
		r = otadata_set_boot(&board->otadata, slot);
	return report_later(board, &start, r);
}

int board_persist(void *ctx, const struct ota_record *record)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	int r = check_ready(board);

	if (r < 0)
		return r;
	r = board_write_record(board, record);
	return report_later(board, &start, r);
}

int board_confirm(void *ctx)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	int r = check_ready(board);

	if (r < 0)
		return r;
	r = otadata_mark_valid(&board->otadata);
	board->settles = true;
	return report_later(board, &start, r);
}

int board_rollback(void *ctx)
{
	struct board *board = ctx;
	struct op_start start = op_start(board);
	int r = check_ready(board);

	if (r < 0)
		return r;
	r = board_way_back(board) ? 0 : -OTA_ENOENT;
	if (r == 0)
		r = otadata_mark_invalid(&board->otadata);
	board->settles = true;
	return report_later(board, &start, r);
}

int board_hash_init(void *ctx)
{
	struct board *board = ctx;

	return sha256_start(&board->hash);
}

int board_hash_update(void *ctx, const uint8_t *buf, uint32_t len)
{
	struct board *board = ctx;

	return sha256_add(&board->hash, buf, len);
}

int board_hash_peek(void *ctx, uint8_t ret[OTA_SHA256_SIZE])
{
	const struct board *board = ctx;

	return sha256_peek(&board->hash, ret);
}
