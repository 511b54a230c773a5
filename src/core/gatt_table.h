/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's services and characteristics, as somebody knows them, and where two such lists
 * differ: what a host's stack remembers of a device may be another firmware's.
 */
#ifndef OTABENCH_CORE_GATT_TABLE_H
#define OTABENCH_CORE_GATT_TABLE_H

#include "core/gatt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATT_TABLE_MAX 96u
#define GATT_HASH_SIZE 16u

struct gatt_entry {
	uint16_t handle; /* of the declaration, from 1 */
	bool service; /* else a characteristic, of the service before it */
	uint8_t properties; /* of a characteristic: GATT_PROP_*, others are not looked at */
	char uuid[GATT_UUID_TEXT]; /* lower case, "0000180a-0000-1000-8000-00805f9b34fb" */
};

struct gatt_table {
	size_t count;
	bool cut; /* there were more than fit, and nothing follows from their absence */
	bool hashed; /* it came with a Database Hash, Core Vol 3 Part G 7.3 */
	uint8_t hash[GATT_HASH_SIZE]; /* as on the air */
	struct gatt_entry entries[GATT_TABLE_MAX]; /* by handle; gatt_table_add() keeps that */
};

/* The first difference of two tables, and the number of them. */
struct gatt_difference {
	size_t count;
	uint16_t handle;
	char remembered[GATT_UUID_TEXT], own[GATT_UUID_TEXT]; /* "": nothing there */
};

/* One of the same handle is replaced. */
void gatt_table_add(struct gatt_table *t, const struct gatt_entry *entry);
/* A service or characteristic of that handle, or NULL. */
const struct gatt_entry *gatt_table_find(const struct gatt_table *t, uint16_t handle);
/*
 * Compares the table that a stack remembers with that of the device.  A stack need not show
 * services of the Bluetooth SIG's that it uses itself (bluetoothd keeps GAP and others back), so
 * that such a service is not missed.  False: they agree, as far as both are known.
 */
bool gatt_table_differ(const struct gatt_table *remembered, const struct gatt_table *own,
		       struct gatt_difference *ret);

/* "Control", "2a24" for one of the SIG's, else the UUID itself; buf has GATT_UUID_TEXT. */
const char *gatt_uuid_name(const char *uuid, char *buf);

#endif
