/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NOR model proper: bits, times, and the damage of a power cut.
 */
#include "board/flash.h"

#include <stdio.h>
#include <string.h>

#define FLASH_SIZE_MAX (128u << 20) /* largest chip with 24- or 32-bit addressing in use */
#define SECTOR_ERASE_US 50000u
#define BLOCK_ERASE_US 200000u
#define PROGRAM_BYTES_PER_S 280000u
#define READ_BYTES_PER_S 8000000u
#define SLOW_FACTOR 3u

int flash_check_size(uint32_t size, char *ret_text, size_t text_size)
{
	if (size > 0 && size % FLASH_BLOCK_SIZE == 0 && size <= FLASH_SIZE_MAX)
		return 0;
	if (ret_text)
		snprintf(ret_text, text_size,
			 "flash of %u bytes: not whole 64 KiB blocks, or more than %u MiB",
			 (unsigned int)size, FLASH_SIZE_MAX >> 20);
	return -OTA_EINVAL;
}

int flash_init(struct flash *flash, const struct flash_config *config, char *ret_text,
	       size_t text_size)
{
	struct flash_file file;
	int r = flash_check_size(config->size, ret_text, text_size);

	if (r < 0)
		return r;
	r = flash_file_open(config->path, config->size, &file, ret_text, text_size);
	if (r < 0)
		return r;
	*flash = (struct flash){
		.file = file,
		.data = file.data,
		.size = config->size,
		.speed = config->speed,
		.powered = true,
		.blank = file.created,
		.erase_factor = 1,
		.program_factor = 1,
	};
	rng_init(&flash->rng, config->seed);
	return 0;
}

void flash_finish(struct flash *flash)
{
	if (!flash->data)
		return;
	(void)flash_publish(flash);
	flash_file_free(&flash->file);
	flash->data = NULL;
	flash->powered = false;
}

bool flash_is_new(const struct flash *flash)
{
	return flash->file.created;
}

static int check_range(const struct flash *flash, uint32_t offset, uint32_t len)
{
	if (!flash->powered)
		return -OTA_EIO;
	if (offset > flash->size || len > flash->size - offset)
		return -OTA_ERANGE;
	return 0;
}

/* Microseconds times the speed's factor. */
static uint64_t scale(const struct flash *flash, uint64_t us)
{
	switch (flash->speed) {
	case FLASH_TYPICAL:
		return us;
	case FLASH_SLOW:
		return us * SLOW_FACTOR;
	case FLASH_IDEAL:
		return 0;
	}
	return us;
}

static uint64_t transfer_us(uint32_t len, uint32_t bytes_per_s)
{
	return ((uint64_t)len * 1000000u + bytes_per_s - 1) / bytes_per_s;
}

/* Bytes that the next erase command of a range covers: a block where one fits. */
static uint32_t erase_unit(uint32_t offset, uint32_t len)
{
	return offset % FLASH_BLOCK_SIZE == 0 && len >= FLASH_BLOCK_SIZE ? FLASH_BLOCK_SIZE
									 : FLASH_SECTOR_SIZE;
}

uint64_t flash_erase_us(const struct flash *flash, uint32_t offset, uint32_t len)
{
	uint64_t us = 0;

	for (uint32_t done = 0, unit; done < len; done += unit) {
		unit = erase_unit(offset + done, len - done);
		us += unit == FLASH_BLOCK_SIZE ? BLOCK_ERASE_US : SECTOR_ERASE_US;
	}
	return scale(flash, us * flash->erase_factor);
}

uint64_t flash_program_us(const struct flash *flash, uint32_t len)
{
	const uint32_t factor = flash->program_factor ? flash->program_factor : 1;

	return scale(flash, transfer_us(len, PROGRAM_BYTES_PER_S) * factor);
}

uint64_t flash_read_us(const struct flash *flash, uint32_t len)
{
	return scale(flash, transfer_us(len, READ_BYTES_PER_S));
}

uint64_t flash_time_us(const struct flash *flash)
{
	return flash->time_us;
}

/* Numbers an operation; true when power is to go in the middle of it. */
static bool operation_cut(struct flash *flash)
{
	flash->blank = false;
	flash->counters.operations++;
	return flash->counters.operations == flash->cut_at;
}

static void lose_power(struct flash *flash)
{
	flash->cut_at = 0;
	flash->powered = false;
	flash->counters.power_cuts++;
}

/*
 * A NOR chip first programs all bits of the sector to 0, so that they age alike, then lets them
 * rise together.  Depending on the phase that the cut meets: zeros up to some place; noise all
 * over; or FF except for a few cells that lag behind.
 */
static void tear_erase(struct flash *flash, uint8_t *data, uint32_t len)
{
	uint32_t n;

	switch (rng_below(&flash->rng, 3)) {
	case 0:
		memset(data, 0, (size_t)rng_below(&flash->rng, (uint64_t)len + 1));
		break;
	case 1:
		for (uint32_t i = 0; i < len; i++)
			data[i] = (uint8_t)rng_u64(&flash->rng);
		break;
	default:
		memset(data, 0xff, len);
		n = (uint32_t)rng_below(&flash->rng, 9);
		for (uint32_t i = 0; i < n; i++)
			data[rng_below(&flash->rng, len)] &= (uint8_t)rng_u64(&flash->rng);
		break;
	}
}

int flash_erase(struct flash *flash, uint32_t offset, uint32_t len)
{
	int r = check_range(flash, offset, len);

	if (r < 0)
		return r;
	if (offset % FLASH_SECTOR_SIZE || len % FLASH_SECTOR_SIZE)
		return -OTA_EINVAL;
	for (uint32_t done = 0, unit; done < len; done += unit) {
		uint64_t us;

		unit = erase_unit(offset + done, len - done);
		us = flash_erase_us(flash, offset + done, unit);
		if (operation_cut(flash)) {
			tear_erase(flash, flash->data + offset + done, unit);
			(void)flash_file_store(&flash->file, flash->size, offset + done, unit);
			flash->time_us += us / 2;
			lose_power(flash);
			return -OTA_EIO;
		}
		memset(flash->data + offset + done, 0xff, unit);
		r = flash_file_store(&flash->file, flash->size, offset + done, unit);
		if (r < 0)
			return r;
		flash->time_us += us;
		flash->counters.bytes_erased += unit;
		if (unit == FLASH_BLOCK_SIZE)
			flash->counters.block_erases++;
		else
			flash->counters.sector_erases++;
	}
	return 0;
}

/* Some of the bytes, and perhaps one of which not all bits were cleared yet. */
static void tear_program(struct flash *flash, uint8_t *data, const uint8_t *buf, uint32_t len)
{
	uint32_t n = (uint32_t)rng_below(&flash->rng, (uint64_t)len + 1);

	for (uint32_t i = 0; i < n; i++)
		data[i] &= buf[i];
	if (n < len && rng_below(&flash->rng, 2))
		data[n] &= (uint8_t)(buf[n] | rng_u64(&flash->rng));
}

static bool program_fails(struct flash *flash, uint32_t offset, uint32_t len)
{
	if (!flash->fail_armed || flash->fail_offset < offset || flash->fail_offset - offset >= len)
		return false;
	flash->fail_armed = false;
	return true;
}

int flash_program(struct flash *flash, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	uint64_t us = flash_program_us(flash, len);
	int r = check_range(flash, offset, len);
	uint8_t *data;

	if (r < 0 || len == 0)
		return r;
	data = flash->data + offset;
	if (operation_cut(flash)) {
		tear_program(flash, data, buf, len);
		(void)flash_file_store(&flash->file, flash->size, offset, len);
		flash->time_us += us / 2;
		lose_power(flash);
		return -OTA_EIO;
	}
	flash->time_us += us;
	flash->counters.programs++;
	if (program_fails(flash, offset, len)) {
		tear_program(flash, data, buf, len);
		(void)flash_file_store(&flash->file, flash->size, offset, len);
		return -OTA_EIO;
	}
	for (uint32_t i = 0; i < len; i++) {
		if ((data[i] & buf[i]) != buf[i])
			flash->counters.overwrites++;
		data[i] &= buf[i];
	}
	flash->counters.bytes_programmed += len;
	return flash_file_store(&flash->file, flash->size, offset, len);
}

const uint8_t *flash_map(const struct flash *flash, uint32_t offset, uint32_t len)
{
	return check_range(flash, offset, len) < 0 ? NULL : flash->data + offset;
}

void flash_charge_read(struct flash *flash, uint32_t len)
{
	flash->time_us += flash_read_us(flash, len);
	flash->counters.bytes_read += len;
}

int flash_read(struct flash *flash, uint32_t offset, uint8_t *buf, uint32_t len)
{
	int r = check_range(flash, offset, len);

	if (r < 0 || len == 0)
		return r;
	memcpy(buf, flash->data + offset, len);
	flash_charge_read(flash, len);
	return 0;
}

void flash_counters(const struct flash *flash, struct flash_counters *ret)
{
	*ret = flash->counters;
}

void flash_cut_power_at(struct flash *flash, uint64_t operation)
{
	flash->cut_at = operation;
}

void flash_power_on(struct flash *flash)
{
	flash->powered = true;
}

bool flash_powered(const struct flash *flash)
{
	return flash->powered;
}

void flash_fail_program(struct flash *flash, uint32_t offset)
{
	flash->fail_armed = true;
	flash->fail_offset = offset;
}

void flash_slow_erase(struct flash *flash, uint32_t factor)
{
	flash->erase_factor = factor ? factor : 1;
}

void flash_slow_program(struct flash *flash, uint32_t factor)
{
	flash->program_factor = factor ? factor : 1;
}

void flash_preset_erase(struct flash *flash)
{
	if (flash->blank)
		return;
	memset(flash->data, 0xff, flash->size);
	(void)flash_file_store(&flash->file, flash->size, 0, flash->size);
}

int flash_preset(struct flash *flash, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	if (offset > flash->size || len > flash->size - offset)
		return -OTA_ERANGE;
	flash->blank = false;
	memcpy(flash->data + offset, buf, len);
	return flash_file_store(&flash->file, flash->size, offset, len);
}

int flash_publish(struct flash *flash)
{
	return flash_file_publish(&flash->file);
}
