/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the SPI NOR flash beside an ESP32: what it keeps, what it refuses,
 * how long it takes, and what a power cut leaves behind.
 *
 * Rules of NOR: erasing sets whole sectors to FF, programming only clears bits.
 * Nothing here waits: every call acts at once and adds its modelled time to
 * flash_time_us(); whoever models the board spends the difference.
 *
 * Operations that change the chip are numbered from 1: each erase of a sector
 * or block, and each call of flash_program().  Power can be cut in any of them.
 *
 * Time constants: a 64 KiB block erase takes 200 ms, a 4 KiB sector erase 50 ms,
 * programming runs at 280 kB/s, reading with hashing at 8 MB/s; the middle of
 * what NOR data sheets and ESP-IDF's flash benchmarks give.
 */
#ifndef OTABENCH_BOARD_FLASH_H
#define OTABENCH_BOARD_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"
#include "board/flash_file.h"
#include "base/rng.h"

#define FLASH_SECTOR_SIZE 4096u
#define FLASH_BLOCK_SIZE 65536u

enum flash_speed {
	FLASH_TYPICAL,
	FLASH_SLOW, /* everything takes three times as long */
	FLASH_IDEAL, /* nothing takes any time */
};

struct flash_config {
	uint32_t size; /* bytes; a multiple of FLASH_BLOCK_SIZE, at most 128 MiB */
	const char *path; /* NULL: in memory, gone at flash_finish() */
	enum flash_speed speed;
	uint64_t seed; /* of torn contents */
};

struct flash_counters { /* since flash_init() */
	uint64_t operations; /* number of the last operation */
	uint64_t sector_erases, block_erases, programs;
	uint64_t bytes_erased, bytes_programmed, bytes_read;
	uint64_t overwrites; /* programmed bytes that wanted a cleared bit back: a defect above */
	uint64_t power_cuts;
};

struct flash { /* private; use the functions */
	struct flash_file file;
	uint8_t *data; /* file's */
	uint32_t size;
	enum flash_speed speed;
	struct rng rng;
	bool powered;
	bool blank; /* new, and nothing was done to it */
	uint64_t cut_at; /* operation number, 0 = none */
	bool fail_armed;
	uint32_t fail_offset;
	uint32_t erase_factor, program_factor;
	uint64_t time_us;
	struct flash_counters counters;
};

/*
 * Opens the file, or creates it filled with FF.  The file is
 * written in the order of the operations, so that killing the process at any
 * time is a power cut.  -OTA_EINVAL: size; -OTA_EBUSY: another process has the
 * file open; -OTA_EBADMSG: it has another size; -OTA_EIO, -OTA_ENOMEM.  On
 * failure ret_text, which may be NULL, holds a sentence for the user.
 */
int flash_init(struct flash *flash, const struct flash_config *config, char *ret_text,
	       size_t text_size);
void flash_finish(struct flash *flash);
/* 0 or, with a sentence, -OTA_EINVAL: no chip has so many bytes. */
int flash_check_size(uint32_t size, char *ret_text, size_t text_size);

/* Returns true if flash_init() made a new chip, all FF. */
bool flash_is_new(const struct flash *flash);

/*
 * Erases to FF.  offset and len are multiples of FLASH_SECTOR_SIZE, else
 * -OTA_EINVAL; whole aligned blocks inside are erased as blocks.  -OTA_ERANGE
 * beyond the end; -OTA_EIO without power, or when power is lost meanwhile.
 */
int flash_erase(struct flash *flash, uint32_t offset, uint32_t len);
/* Clears the bits that are 0 in buf; any alignment.  Errors as above. */
int flash_program(struct flash *flash, uint32_t offset, const uint8_t *buf, uint32_t len);
int flash_read(struct flash *flash, uint32_t offset, uint8_t *buf, uint32_t len);
/* The contents in place, valid until flash_finish(); NULL without power or beyond
 * the end.  Takes no time: what is then read is told to flash_charge_read(). */
const uint8_t *flash_map(const struct flash *flash, uint32_t offset, uint32_t len);
/* Counts len bytes as read, with their time. */
void flash_charge_read(struct flash *flash, uint32_t len);

/* Sum of the modelled times of everything so far. */
uint64_t flash_time_us(const struct flash *flash);
/* The duration of one such call. */
uint64_t flash_erase_us(const struct flash *flash, uint32_t offset, uint32_t len);
uint64_t flash_program_us(const struct flash *flash, uint32_t len);
uint64_t flash_read_us(const struct flash *flash, uint32_t len);

void flash_counters(const struct flash *flash, struct flash_counters *ret);

/*
 * Cuts power in the middle of the operation of this number, 0 disarms.  An erase
 * then leaves part of what was there, zeros or noise; a program writes a part of
 * its bytes and perhaps a torn one.  Every call after that is -OTA_EIO until
 * flash_power_on().
 */
void flash_cut_power_at(struct flash *flash, uint64_t operation);
void flash_power_on(struct flash *flash);
bool flash_powered(const struct flash *flash);
/* The next flash_program() that covers offset writes a part and returns -OTA_EIO. */
void flash_fail_program(struct flash *flash, uint32_t offset);
/* Erases take factor times as long from now on; 0 and 1 mean as usual. */
void flash_slow_erase(struct flash *flash, uint32_t factor);
/* Programs likewise. */
void flash_slow_program(struct flash *flash, uint32_t factor);
/* Writes as a programmer does before the chip is soldered: no operation, no time, no faults. */
void flash_preset_erase(struct flash *flash);
int flash_preset(struct flash *flash, uint32_t offset, const uint8_t *buf, uint32_t len);
/*
 * A new chip's file has its name from here on, at the latest from flash_finish():
 * what kills the program before leaves no chip.  -OTA_EBUSY: another process made
 * one meanwhile; -OTA_EIO.
 */
int flash_publish(struct flash *flash);

#endif
