/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See nvs.h for the format.  Nothing but the current sector's number is kept in
 * memory: what to append to, and what counts, is read from the flash each time,
 * so that a failed write needs no clearing up.
 */
#include "board/nvs.h"

#include <string.h>

#include <zlib.h>

#define UNIT 128u
#define UNITS (FLASH_SECTOR_SIZE / UNIT)
#define CRC_OFFSET (UNIT - 4u)
#define HEADER 4u /* key and length, before the payload */
#define MAGIC 0x31564e6fu /* "oNV1" */

static void put_le(uint8_t *p, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_le(const uint8_t *p, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint32_t)p[i] << (8 * i);
	return value;
}

static void seal(uint8_t unit[UNIT])
{
	put_le(unit + CRC_OFFSET, (uint32_t)crc32(0, unit, CRC_OFFSET), 4);
}

static bool sealed(const uint8_t *unit)
{
	return get_le(unit + CRC_OFFSET, 4) == (uint32_t)crc32(0, unit, CRC_OFFSET);
}

static bool blank(const uint8_t *unit)
{
	for (unsigned int i = 0; i < UNIT; i++) {
		if (unit[i] != 0xff)
			return false;
	}
	return true;
}

static uint32_t record_key(const uint8_t *unit)
{
	return get_le(unit, 2);
}

static uint32_t record_length(const uint8_t *unit)
{
	return get_le(unit + 2, 2);
}

static bool is_record(const uint8_t *unit)
{
	return sealed(unit) && record_length(unit) <= NVS_PAYLOAD_MAX;
}

static uint32_t sector_offset(const struct nvs *nvs, uint32_t sector)
{
	return nvs->offset + sector * FLASH_SECTOR_SIZE;
}

static const uint8_t *map_current(struct nvs *nvs)
{
	flash_charge_read(nvs->flash, FLASH_SECTOR_SIZE);
	return flash_map(nvs->flash, sector_offset(nvs, nvs->current), FLASH_SECTOR_SIZE);
}

int nvs_mount(struct nvs *nvs, struct flash *flash, uint32_t offset, uint32_t size)
{
	struct nvs found = {.flash = flash, .offset = offset, .sectors = size / FLASH_SECTOR_SIZE};

	if (found.sectors < 2)
		return -OTA_EINVAL;
	for (uint32_t i = 0; i < found.sectors; i++) {
		uint8_t unit[UNIT];
		int r = flash_read(flash, sector_offset(&found, i), unit, UNIT);

		if (r < 0)
			return r;
		if (!sealed(unit) || get_le(unit, 4) != MAGIC)
			continue;
		if (found.formatted && get_le(unit + 4, 4) <= found.generation)
			continue;
		found.formatted = true;
		found.current = i;
		found.generation = get_le(unit + 4, 4);
	}
	*nvs = found;
	return 0;
}

/* The unit of the record that counts, from a mapped sector; NULL: none, or erased. */
static const uint8_t *nvs_find(const uint8_t *sector, uint32_t key)
{
	for (uint32_t i = UNITS - 1; i > 0; i--) {
		const uint8_t *unit = sector + i * UNIT;

		if (is_record(unit) && record_key(unit) == key)
			return record_length(unit) > 0 ? unit : NULL;
	}
	return NULL;
}

int nvs_read(struct nvs *nvs, uint16_t key, uint8_t *buf, size_t size)
{
	const uint8_t *sector, *unit;

	if (!nvs->formatted)
		return -OTA_ENOENT;
	sector = map_current(nvs);
	if (!sector)
		return -OTA_EIO;
	unit = nvs_find(sector, key);
	if (!unit)
		return -OTA_ENOENT;
	if (record_length(unit) > size)
		return -OTA_ENOSPC;
	memcpy(buf, unit + HEADER, record_length(unit));
	return (int)record_length(unit);
}

/* First unit of a mapped sector behind everything ever written, damaged or not. */
static uint32_t first_free(const uint8_t *sector)
{
	uint32_t i = UNITS;

	while (i > 1 && blank(sector + (i - 1) * UNIT))
		i--;
	return i;
}

/* Copies the records that count, except for skip_key; returns the next free unit. */
static int copy_live(struct nvs *nvs, uint32_t target, uint32_t skip_key)
{
	const uint8_t *sector = map_current(nvs);
	uint32_t next = 1;
	int r;

	if (!sector)
		return -OTA_EIO;
	for (uint32_t i = 1; i < UNITS; i++) {
		const uint8_t *unit = sector + i * UNIT;

		if (!is_record(unit) || record_key(unit) == skip_key ||
		    nvs_find(sector, record_key(unit)) != unit)
			continue;
		if (next > NVS_KEYS_MAX - 1)
			return -OTA_ENOSPC;
		r = flash_program(nvs->flash, target + next * UNIT, unit, UNIT);
		if (r < 0)
			return r;
		next++;
	}
	return (int)next;
}

static void header_put(uint8_t header[UNIT], uint32_t generation)
{
	memset(header, 0xff, UNIT);
	put_le(header, MAGIC, 4);
	put_le(header + 4, generation, 4);
	seal(header);
}

int nvs_preset(struct flash *flash, uint32_t offset)
{
	uint8_t header[UNIT];

	header_put(header, 1);
	return flash_preset(flash, offset, header, UNIT);
}

/* Moves to the next sector with all that counts and the new unit, which may be a
 * record of length 0: then its key is simply left behind. */
static int move_on(struct nvs *nvs, const uint8_t record[UNIT])
{
	uint32_t sector = nvs->formatted ? (nvs->current + 1) % nvs->sectors : 0;
	uint32_t target = sector_offset(nvs, sector);
	uint8_t header[UNIT];
	int r, next = 1;

	r = flash_erase(nvs->flash, target, FLASH_SECTOR_SIZE);
	if (r == 0 && nvs->formatted)
		r = next = copy_live(nvs, target, record_key(record));
	if (r >= 0 && record_length(record) > 0)
		r = flash_program(nvs->flash, target + (uint32_t)next * UNIT, record, UNIT);
	if (r < 0)
		return r;
	header_put(header, nvs->generation + 1);
	r = flash_program(nvs->flash, target, header, UNIT);
	if (r < 0)
		return r;
	nvs->formatted = true;
	nvs->current = sector;
	nvs->generation++;
	return 0;
}

static int nvs_append(struct nvs *nvs, uint16_t key, const uint8_t *buf, size_t len)
{
	uint8_t unit[UNIT];
	uint32_t next = UNITS;

	memset(unit, 0xff, UNIT);
	put_le(unit, key, 2);
	put_le(unit + 2, (uint32_t)len, 2);
	if (len > 0)
		memcpy(unit + HEADER, buf, len);
	seal(unit);
	if (nvs->formatted) {
		const uint8_t *sector = map_current(nvs);

		if (!sector)
			return -OTA_EIO;
		next = first_free(sector);
	}
	if (next == UNITS)
		return move_on(nvs, unit);
	return flash_program(nvs->flash, sector_offset(nvs, nvs->current) + next * UNIT, unit,
			     UNIT);
}

int nvs_write(struct nvs *nvs, uint16_t key, const uint8_t *buf, size_t len)
{
	if (key == 0 || key == 0xffffu || len == 0 || len > NVS_PAYLOAD_MAX)
		return -OTA_EINVAL;
	return nvs_append(nvs, key, buf, len);
}

int nvs_erase(struct nvs *nvs, uint16_t key)
{
	const uint8_t *sector;

	if (!nvs->formatted)
		return 0;
	sector = map_current(nvs);
	if (!sector)
		return -OTA_EIO;
	return nvs_find(sector, key) ? nvs_append(nvs, key, NULL, 0) : 0;
}
