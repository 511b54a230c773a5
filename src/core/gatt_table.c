/* SPDX-License-Identifier: Apache-2.0 */
/* See gatt_table.h. */
#include "core/gatt_table.h"

#include <string.h>

#define PROPERTIES                                                                                 \
	(GATT_PROP_READ | GATT_PROP_WRITE_COMMAND | GATT_PROP_WRITE | GATT_PROP_NOTIFY |           \
	 GATT_PROP_INDICATE)
#define SHORT_AT 4u /* of the four digits of a UUID of the SIG's */
#define SHORT_LEN 4u

/* The Bluetooth Base UUID, Core Vol 3 Part B 2.5.1, with 0 for the number. */
static const char base_uuid[] = "00000000-0000-1000-8000-00805f9b34fb";

void gatt_table_add(struct gatt_table *t, const struct gatt_entry *entry)
{
	size_t at = t->count;

	while (at > 0 && t->entries[at - 1].handle >= entry->handle)
		at--;
	if (at < t->count && t->entries[at].handle == entry->handle) {
		t->entries[at] = *entry;
		return;
	}
	if (t->count == GATT_TABLE_MAX) {
		t->cut = true;
		return;
	}
	memmove(&t->entries[at + 1], &t->entries[at], (t->count - at) * sizeof(*entry));
	t->entries[at] = *entry;
	t->count++;
}

const struct gatt_entry *gatt_table_find(const struct gatt_table *t, uint16_t handle)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->entries[i].handle == handle)
			return &t->entries[i];
	return NULL;
}

static bool same(const struct gatt_entry *a, const struct gatt_entry *b)
{
	return a->service == b->service && strcmp(a->uuid, b->uuid) == 0 &&
	       (a->service || ((a->properties ^ b->properties) & PROPERTIES) == 0);
}

static bool of_the_sig(const char *uuid)
{
	return strncmp(uuid, base_uuid, SHORT_AT) == 0 &&
	       strcmp(uuid + SHORT_AT + SHORT_LEN, base_uuid + SHORT_AT + SHORT_LEN) == 0;
}

static void count_difference(struct gatt_difference *d, const struct gatt_entry *remembered,
			     const struct gatt_entry *own)
{
	if (d->count++ > 0)
		return;
	d->handle = remembered ? remembered->handle : own ? own->handle : 0;
	if (remembered)
		memcpy(d->remembered, remembered->uuid, sizeof(d->remembered));
	if (own)
		memcpy(d->own, own->uuid, sizeof(d->own));
}

/* Counts the entries that the device has and that are not remembered. */
static void count_unknown(struct gatt_difference *d, const struct gatt_table *remembered,
			  const struct gatt_table *own)
{
	bool hidden = false;

	for (size_t i = 0; i < own->count; i++) {
		const struct gatt_entry *e = &own->entries[i];
		const struct gatt_entry *r = gatt_table_find(remembered, e->handle);

		if (e->service)
			hidden = !r && of_the_sig(e->uuid);
		if (!r && !hidden)
			count_difference(d, NULL, e);
	}
}

bool gatt_table_differ(const struct gatt_table *remembered, const struct gatt_table *own,
		       struct gatt_difference *ret)
{
	struct gatt_difference d = {.count = 0};

	for (size_t i = 0; i < remembered->count; i++) {
		const struct gatt_entry *r = &remembered->entries[i];
		const struct gatt_entry *e = gatt_table_find(own, r->handle);

		if (e ? !same(r, e) : !own->cut)
			count_difference(&d, r, e);
	}
	if (!remembered->cut)
		count_unknown(&d, remembered, own);
	*ret = d;
	return d.count > 0;
}

const char *gatt_uuid_name(const char *uuid, char *buf)
{
	static const struct {
		const char *uuid, *name;
	} known[] = {
		{OTA_UUID_SERVICE, "the OTA service"},
		{OTA_UUID_CONTROL, "Control"},
		{OTA_UUID_DATA, "Data"},
		{OTA_UUID_INFO, "Info"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(uuid, known[i].uuid) == 0)
			return known[i].name;
	if (!of_the_sig(uuid))
		return uuid;
	memcpy(buf, uuid + SHORT_AT, SHORT_LEN);
	buf[SHORT_LEN] = '\0';
	return buf;
}
