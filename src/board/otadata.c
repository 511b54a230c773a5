/* SPDX-License-Identifier: Apache-2.0 */
/* See otadata.h; functions name the ESP-IDF function whose rule they keep. */
#include "board/otadata.h"
#include "base/bytes.h"

#include <string.h>

#include <zlib.h>

#define ERASED 0xffffffffu

uint32_t otadata_crc(uint32_t sequence)
{
	uint8_t buf[4];

	bytes_put32(buf, sequence);
	return (uint32_t)crc32(0xffffffffu, buf, sizeof(buf));
}

void otadata_encode(const struct otadata_entry *entry, uint8_t ret[OTADATA_ENTRY_SIZE])
{
	bytes_put32(ret, entry->sequence);
	memcpy(ret + 4, entry->label, sizeof(entry->label));
	bytes_put32(ret + 24, entry->state);
	bytes_put32(ret + 28, entry->crc);
}

static void otadata_decode(const uint8_t buf[OTADATA_ENTRY_SIZE], struct otadata_entry *ret)
{
	ret->sequence = bytes_get32(buf);
	memcpy(ret->label, buf + 4, sizeof(ret->label));
	ret->state = bytes_get32(buf + 24);
	ret->crc = bytes_get32(buf + 28);
}

int otadata_read(const struct otadata *o, struct otadata_entry ret[2])
{
	uint8_t buf[2][OTADATA_ENTRY_SIZE];
	int r;

	for (uint32_t i = 0; i < 2; i++) {
		r = flash_read(o->flash, o->offset + i * FLASH_SECTOR_SIZE, buf[i], sizeof(buf[i]));
		if (r < 0)
			return r;
	}
	otadata_decode(buf[0], &ret[0]);
	otadata_decode(buf[1], &ret[1]);
	return 0;
}

/* write_otadata() in the boot loader, rewrite_ota_seq() in the application. */
static int write_entry(const struct otadata *o, unsigned int index, struct otadata_entry *entry)
{
	uint32_t offset = o->offset + index * FLASH_SECTOR_SIZE;
	uint8_t buf[OTADATA_ENTRY_SIZE];
	int r = flash_erase(o->flash, offset, FLASH_SECTOR_SIZE);

	if (r < 0)
		return r;
	otadata_encode(entry, buf);
	return flash_program(o->flash, offset, buf, sizeof(buf));
}

/* bootloader_common_ota_select_invalid(): says nothing about the CRC. */
static bool entry_invalid(const struct otadata_entry *entry)
{
	return entry->sequence == ERASED || entry->state == OTADATA_INVALID ||
	       entry->state == OTADATA_ABORTED;
}

static bool entry_valid(const struct otadata_entry *entry)
{
	return !entry_invalid(entry) && entry->crc == otadata_crc(entry->sequence);
}

/* Erased or damaged, whatever its state says. */
static bool entry_initial(const struct otadata_entry *entry)
{
	return entry->sequence == ERASED || entry->crc != otadata_crc(entry->sequence);
}

int otadata_active(const struct otadata_entry entries[2])
{
	bool valid[2] = {entry_valid(&entries[0]), entry_valid(&entries[1])};

	if (valid[0] && valid[1])
		return entries[1].sequence > entries[0].sequence ? 1 : 0;
	return valid[0] ? 0 : valid[1] ? 1 : -1;
}

unsigned int otadata_slot(const struct otadata *o, const struct otadata_entry *entry)
{
	return (entry->sequence - 1u) % o->slots;
}

int otadata_select(const struct otadata *o, struct otadata_selection *ret)
{
	struct otadata_selection sel = {.first = -1};
	struct otadata_entry entries[2];
	int active, r;

	r = otadata_read(o, entries);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < 2; i++) {
		if (o->no_rollback || entries[i].state != OTADATA_PENDING_VERIFY)
			continue;
		entries[i].state = OTADATA_ABORTED;
		sel.aborted = true;
		r = write_entry(o, i, &entries[i]);
		if (r < 0)
			return r;
	}
	if (entry_invalid(&entries[0]) && entry_invalid(&entries[1])) {
		sel.first = o->factory ? -1 : 0;
		sel.initial = entry_initial(&entries[0]) && entry_initial(&entries[1]);
	} else {
		active = otadata_active(entries);
		if (active >= 0) {
			sel.first = (int)otadata_slot(o, &entries[active]);
			if (entries[active].state == OTADATA_NEW && !o->no_rollback) {
				entries[active].state = OTADATA_PENDING_VERIFY;
				sel.pending = true;
				r = write_entry(o, (unsigned int)active, &entries[active]);
				if (r < 0)
					return r;
			}
		}
	}
	*ret = sel;
	return 0;
}

int otadata_booted(const struct otadata *o, unsigned int slot)
{
	struct otadata_entry entry = {.sequence = slot + 1u, .state = OTADATA_VALID};

	memset(entry.label, 0xff, sizeof(entry.label));
	entry.crc = otadata_crc(entry.sequence);
	return write_entry(o, 0, &entry);
}

/* compute_ota_seq_for_target_slot(): the least number from current on that names slot. */
static uint32_t next_sequence(uint32_t current, unsigned int slot, uint32_t slots)
{
	uint32_t base = (slot + 1u) % slots;

	if (current <= base)
		return base;
	return base + (current - base + slots - 1u) / slots * slots;
}

int otadata_set_boot(const struct otadata *o, unsigned int slot)
{
	struct otadata_entry entries[2];
	uint32_t sequence = slot + 1u;
	unsigned int index = 0;
	int active, r;

	if (slot >= o->slots)
		return -OTA_EINVAL;
	r = otadata_read(o, entries);
	if (r < 0)
		return r;
	active = otadata_active(entries);
	if (active >= 0 && otadata_slot(o, &entries[active]) == slot) {
		index = (unsigned int)active;
		sequence = entries[active].sequence;
	} else if (active >= 0) {
		index = active == 0 ? 1 : 0;
		sequence = next_sequence(entries[active].sequence, slot, o->slots);
	}
	entries[index].sequence = sequence;
	entries[index].crc = otadata_crc(sequence);
	entries[index].state = OTADATA_NEW;
	return write_entry(o, index, &entries[index]);
}

int otadata_forget(const struct otadata *o, unsigned int slot)
{
	struct otadata_entry entries[2];
	int r = otadata_read(o, entries);

	for (unsigned int i = 0; r == 0 && i < 2; i++)
		if (entry_valid(&entries[i]) && otadata_slot(o, &entries[i]) == slot)
			r = flash_erase(o->flash, o->offset + i * FLASH_SECTOR_SIZE,
					FLASH_SECTOR_SIZE);
	return r;
}

/* esp_ota_current_ota_is_workable(): rewrites the active entry in place. */
static int otadata_mark(const struct otadata *o, uint32_t state)
{
	struct otadata_entry entries[2];
	int active, r;

	r = otadata_read(o, entries);
	if (r < 0)
		return r;
	active = otadata_active(entries);
	if (active < 0)
		return -OTA_ENOENT;
	if (state == OTADATA_VALID && entries[active].state == OTADATA_VALID)
		return 0;
	entries[active].state = state;
	return write_entry(o, (unsigned int)active, &entries[active]);
}

int otadata_mark_valid(const struct otadata *o)
{
	return otadata_mark(o, OTADATA_VALID);
}

int otadata_mark_invalid(const struct otadata *o)
{
	return otadata_mark(o, OTADATA_INVALID);
}

int otadata_fallback(const struct otadata *o, unsigned int *ret_slot)
{
	struct otadata_entry entries[2];
	int active, r;

	r = otadata_read(o, entries);
	if (r < 0)
		return r;
	active = otadata_active(entries);
	if (active < 0 || !entry_valid(&entries[1 - active]))
		return -OTA_ENOENT;
	*ret_slot = otadata_slot(o, &entries[1 - active]);
	return 0;
}

int otadata_state(const struct otadata *o, unsigned int slot, uint32_t *ret_state)
{
	struct otadata_entry entries[2];
	int r = otadata_read(o, entries);

	if (r < 0)
		return r;
	for (unsigned int i = 0; i < 2; i++) {
		if (otadata_slot(o, &entries[i]) == slot &&
		    entries[i].crc == otadata_crc(entries[i].sequence)) {
			*ret_state = entries[i].state;
			return 0;
		}
	}
	return -OTA_ENOENT;
}
