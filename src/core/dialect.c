/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the dialects; each row is in the file that speaks it. */
#include "core/session_priv.h"

static const struct dialect unknown = {
	.id = DIALECT_UNKNOWN,
	.name = "unknown",
	.title = "unknown dialect",
	.not_offered = "not offered: nobody knows what it speaks",
	.tool = "",
	DIALECT_WHOLE,
};

/* The first that matches a device is taken: basic is also what a full device could speak. */
static const struct dialect *const rows[] = {
	&session_full,
	&session_basic,
	&session_fbiego,
	&session_fbiego_compact,
	&session_ble_ota,
	&session_ble_ota_raw,
	&session_bleota,
	&session_nimbleota,
	&session_angerer,
	&session_arduino_ble_ota,
	&dialect_arduino_ble_ota_1,
	&session_smp,
	&dialect_nordic_dfu,
	&dialect_nordic_legacy_dfu,
	&dialect_meshtastic,
	&dialect_matter,
	&dialect_silabs,
	&dialect_ti_oad,
	&dialect_foreign,
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Characteristics of the Device Information Service, which belong to no dialect. */
static const char *const information[GATT_CHRS] = {
	[GATT_FIRMWARE_REVISION] = GATT_UUID16("2a26"),
	[GATT_MODEL] = GATT_UUID16("2a24"),
	[GATT_MANUFACTURER] = GATT_UUID16("2a29"),
};

const struct dialect *dialect_get(enum dialect_id id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i]->id == id)
			return rows[i];
	return &unknown;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_uuid(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

static bool has_service(const struct dialect *d, const char *uuid)
{
	for (size_t i = 0; i < DIALECT_SERVICES && d->services[i]; i++)
		if (same_uuid(d->services[i], uuid))
			return true;
	return false;
}

/* Returns true if it is a characteristic of this UUID in the dialect's service. */
static bool is_its(const struct dialect *d, const struct gatt_found *f, const char *uuid)
{
	return same_uuid(f->uuid, uuid) && (!f->service || same_uuid(f->service, d->services[0]));
}

static bool has_chr(const struct dialect *d, const char *uuid, const struct gatt_found *found,
		    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_its(d, &found[i], uuid))
			return true;
	return false;
}

static bool fits(const struct dialect_chr *chr, uint8_t properties)
{
	return (properties & chr->all) == chr->all && (properties & chr->none) == 0 &&
	       (chr->any == 0 || (properties & chr->any) != 0);
}

/* If a UUID is there twice, the first counts. */
static bool chr_matches(const struct dialect *d, const struct dialect_chr *chr,
			const struct gatt_found *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_its(d, &found[i], chr->uuid))
			return fits(chr, found[i].properties);
	return false;
}

static bool spoken(const struct dialect *d, const struct gatt_found *found, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < GATT_CHRS; i++) {
		any |= d->chrs[i].uuid != NULL;
		if (d->chrs[i].uuid && !chr_matches(d, &d->chrs[i], found, count))
			return false;
	}
	if (d->events.uuid && !chr_matches(d, &d->events, found, count))
		return false;
	if (any)
		return (!d->with || has_chr(d, d->with, found, count)) &&
		       (!d->without || !has_chr(d, d->without, found, count));
	for (size_t i = 0; i < count; i++)
		if (found[i].service && has_service(d, found[i].service))
			return true;
	return false;
}

const struct dialect *dialect_find(const struct gatt_found *found, size_t count)
{
	for (size_t i = 0; i < ROWS; i++)
		if (spoken(rows[i], found, count))
			return rows[i];
	/* A service of which the stack tells only the characteristics, or a changed one. */
	for (size_t i = 0; i < count; i++) {
		if (found[i].service && dialects_of_service(found[i].service) != 0)
			return &dialect_foreign;
		for (size_t k = 0; k < GATT_CHRS && !found[i].service; k++)
			if (session_full.chrs[k].uuid &&
			    same_uuid(session_full.chrs[k].uuid, found[i].uuid))
				return &dialect_foreign;
	}
	return NULL;
}

size_t dialect_map(const struct dialect *d, enum gatt_chr chr, const struct gatt_found *found,
		   size_t count)
{
	const char *own = d && dialect_is_driven(d) ? d->chrs[chr].uuid : NULL;
	size_t i = 0;

	if (own)
		while (i < count && !is_its(d, &found[i], own))
			i++;
	else if (information[chr])
		while (i < count && !same_uuid(found[i].uuid, information[chr]))
			i++;
	else
		i = count;
	return i;
}

size_t dialect_map_events(const struct dialect *d, const struct gatt_found *found, size_t count)
{
	size_t i = 0;

	if (!d || !dialect_is_driven(d) || !d->events.uuid)
		return dialect_map(d, GATT_CONTROL, found, count);
	while (i < count && !is_its(d, &found[i], d->events.uuid))
		i++;
	return i;
}

bool dialect_is_shared(const struct dialect *d)
{
	return d->chrs[GATT_CONTROL].uuid && d->chrs[GATT_CONTROL].uuid == d->chrs[GATT_DATA].uuid;
}

bool dialect_is_driven(const struct dialect *dialect)
{
	return dialect->tool[0] == '\0';
}

bool dialect_tells_received(const struct dialect *dialect, enum gatt_write mode)
{
	return dialect->has_acknowledgements || mode == GATT_REQUEST;
}

uint32_t dialects_of_service(const char *uuid)
{
	uint32_t set = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i] != &dialect_foreign && has_service(rows[i], uuid))
			set |= UINT32_C(1) << rows[i]->id;
	return set;
}

const struct dialect *dialects_only(uint32_t set)
{
	for (size_t i = 0; i < ROWS && (set & (set - 1u)) == 0; i++)
		if (set == UINT32_C(1) << rows[i]->id)
			return rows[i];
	return NULL;
}

bool dialects_driven(uint32_t set)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((set & UINT32_C(1) << rows[i]->id) && dialect_is_driven(rows[i]))
			return true;
	return false;
}
