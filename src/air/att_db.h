/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute tables that a virtual ESP32 can offer, given as data.
 *
 * Handles count from 1 without gaps.  Values are not in here: the server asks
 * its host for them (att.h).
 */
#ifndef OTABENCH_AIR_ATT_DB_H
#define OTABENCH_AIR_ATT_DB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/gatt.h"
#include "air/att_proto.h"

enum att_table {
	ATT_TABLE_FULL, /* GAP, GATT, Device Information, Control, Data, Info */
	ATT_TABLE_BASIC, /* the same without Info: speaks only the basic dialect */
	ATT_TABLE_MOVED, /* FULL in another firmware: a service before the OTA service moves it */
	ATT_TABLE_HASHLESS, /* FULL without a Database Hash, as many firmwares have it */
	/* HASHLESS with the OTA characteristics in another order: each service is where it was */
	ATT_TABLE_SHUFFLED,
	ATT_TABLE_FOREIGN, /* same service UUID, but ...4002 write and ...4003 notify: another
			    * project's protocol, not to be written to */
	ATT_TABLES
};

enum att_value_id {
	ATT_DEVICE_NAME,
	ATT_APPEARANCE,
	ATT_SERVICE_CHANGED, /* indicated only */
	ATT_DATABASE_HASH, /* the server's own */
	ATT_FIRMWARE_REVISION,
	ATT_MODEL,
	ATT_MANUFACTURER,
	ATT_BATTERY_LEVEL,
	ATT_CONTROL,
	ATT_DATA,
	ATT_INFO,
	ATT_FOREIGN_RX,
	ATT_FOREIGN_TX,
	ATT_VALUES
};

enum att_kind { ATT_KIND_SERVICE, ATT_KIND_CHARACTERISTIC, ATT_KIND_VALUE, ATT_KIND_CCC };

struct att_attribute {
	uint16_t handle;
	uint16_t group_end; /* last handle of the service; service declarations only */
	enum att_kind kind;
	struct att_uuid type; /* what Find Information tells */
	struct att_uuid uuid; /* of the service or characteristic that is declared */
	uint8_t properties; /* GATT_PROP_*, of the characteristic that it belongs to */
	enum att_value_id id; /* of the same; not for services */
};

#define ATT_ATTRIBUTES_MAX 32u
#define ATT_DECLARATION_MAX 19u /* properties, handle, UUID of 16 octets */
#define ATT_HASH_SIZE 16u

struct att_db {
	size_t count;
	struct att_attribute attributes[ATT_ATTRIBUTES_MAX];
	uint8_t hash[ATT_HASH_SIZE]; /* Database Hash, as on the air */
};

void att_db_init(struct att_db *db, enum att_table table);
/* NULL when there is none. */
const struct att_attribute *att_db_find(const struct att_db *db, uint16_t handle);
/* Attribute of that kind that belongs to id, or NULL. */
const struct att_attribute *att_db_find_id(const struct att_db *db, enum att_kind kind,
					   enum att_value_id id);
/* Value of a service or characteristic declaration; returns its length. */
size_t att_db_declaration(const struct att_attribute *attribute, uint8_t ret[ATT_DECLARATION_MAX]);
struct att_uuid att_uuid16(uint16_t uuid);
bool att_uuid_equal(const struct att_uuid *a, const struct att_uuid *b);

#endif
