/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparison of the services that the stack remembers of a device with those that it has, and
 * how the stack is made to ask again.
 *
 * bluetoothd reads /var/lib/bluetooth/ADAPTER/cache/DEV when it starts (load_gatt_db() of BlueZ's
 * src/device.c); the bond is in ADAPTER/DEV/info, another file.  Over D-Bus only RemoveDevice drops
 * the services, and that drops the bond as well.
 */
#include "doctor/doctor_priv.h"

#include <stdio.h>
#include <string.h>

#define GATT_CACHE "GATT cache"
#define RELEASE_FORGETS (5u << 8 | 62u) /* device_remove_stored() drops [Attributes] [5.62] */

static const char *thing(const char *uuid, char *buf)
{
	return uuid[0] ? gatt_uuid_name(uuid, buf) : "nothing";
}

static bool has_characteristic(const struct gatt_table *t, const char *uuid)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->entries[i].service && strcmp(t->entries[i].uuid, uuid) == 0)
			return true;
	return false;
}

static void put_cure(const struct doctor_table *t, char *buf, size_t size)
{
	if (t->simulated)
		(void)snprintf(buf, size, "the simulated stack forgets it with this program");
	else if (!t->bonded && (t->release == 0 || t->release >= RELEASE_FORGETS))
		(void)snprintf(buf, size, "otabench forget %s", t->address);
	else
		(void)snprintf(buf, size,
			       "sudo sh -c 'systemctl stop bluetooth; rm "
			       "/var/lib/bluetooth/%s/cache/%s; systemctl start bluetooth'%s",
			       t->adapter, t->address, t->bonded ? " (keeps the bond)" : "");
}

static void tell_difference(struct doctor *d, const struct doctor_table *t,
			    const struct gatt_difference *diff)
{
	char cure[DOCTOR_TEXT], was[GATT_UUID_TEXT], is[GATT_UUID_TEXT];

	d->stale = true;
	put_cure(t, cure, sizeof(cure));
	doctor_add(
		d, DOCTOR_BAD, GATT_CACHE, cure,
		"stale: at 0x%04x the stack remembers %s and the device has %s%s; %zu difference%s",
		diff->handle, thing(diff->remembered, was), thing(diff->own, is),
		strcmp(diff->remembered, diff->own) == 0 ? ", with other properties" : "",
		diff->count, diff->count == 1 ? "" : "s");
}

/* Tells which of the two ways of Core Vol 3 Part G shows a stack a change. */
static void tell_ways(struct doctor *d, const struct gatt_table *device)
{
	if (device->hashed)
		doctor_add(d, DOCTOR_GOOD, "Database Hash", "",
			   "the device has one: a stack that asks for it notices a change");
	else
		doctor_add(d, DOCTOR_NOTE, "Database Hash",
			   "NimBLE in ESP-IDF has one with CONFIG_BT_NIMBLE_GATT_CACHING",
			   "the device has none: only Service Changed tells of a change");
	if (!has_characteristic(device, "00002a05-0000-1000-8000-00805f9b34fb"))
		doctor_add(d, DOCTOR_NOTE, "Service Changed",
			   "the firmware should have it, and indicate it after an update",
			   "the device cannot tell a bonded host that its services changed");
}

void doctor_tell_table(struct doctor *d, const struct doctor_table *t)
{
	struct gatt_difference diff;

	if (!t->device) {
		doctor_add(d, DOCTOR_NOTE, GATT_CACHE, t->advice,
			   "cannot be compared: the device's own services were not read: %s",
			   t->why);
		return;
	}
	if (!t->stack)
		doctor_add(d, DOCTOR_GOOD, GATT_CACHE, "",
			   "the stack remembers no services of the device");
	else if (gatt_table_differ(t->stack, t->device, &diff))
		tell_difference(d, t, &diff);
	else
		doctor_add(d, DOCTOR_GOOD, GATT_CACHE, "",
			   "fits: all %zu services and characteristics that the stack goes by are "
			   "the device's",
			   t->stack->count);
	tell_ways(d, t->device);
}
