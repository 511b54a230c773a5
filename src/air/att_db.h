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
	/* Tables of other projects, not to be written to; att_others.c. */
	ATT_TABLE_FOREIGN, /* the same service UUID, and characteristics of no project known */
	ATT_TABLE_FBIEGO,
	ATT_TABLE_FBIEGO_COMPACT,
	ATT_TABLE_BLE_OTA,
	ATT_TABLE_BLE_OTA_RAW,
	ATT_TABLE_BLEOTA,
	ATT_TABLE_NIMBLEOTA,
	ATT_TABLE_ANGERER,
	ATT_TABLE_ARDUINO_BLE_OTA,
	ATT_TABLE_ARDUINO_BLE_OTA_1,
	ATT_TABLE_SMP,
	ATT_TABLE_NORDIC_DFU,
	ATT_TABLE_NORDIC_LEGACY_DFU,
	ATT_TABLE_MESHTASTIC,
	ATT_TABLE_MATTER,
	ATT_TABLE_SILABS,
	ATT_TABLE_TI_OAD,
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
	/* Characteristics of the other projects' services, in their order. */
	ATT_FOREIGN_1,
	ATT_FOREIGN_2,
	ATT_FOREIGN_3,
	ATT_FOREIGN_4,
	ATT_FOREIGN_5,
	ATT_FOREIGN_6,
	ATT_FOREIGN_7,
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

#define ATT_ATTRIBUTES_MAX 40u
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

/* Appends a service's declaration; its end moves with what is appended behind it. */
struct att_attribute *att_db_service(struct att_db *db, const struct att_uuid *uuid);
/* Appends a characteristic to that service: declaration, value and, where it notifies, a CCC. */
void att_db_characteristic(struct att_db *db, struct att_attribute *service,
			   const struct att_uuid *uuid, uint8_t properties, enum att_value_id id);
/* The services that all tables have: GAP, GATT with the Database Hash; and Device Information. */
void att_db_generic(struct att_db *db);
void att_db_information(struct att_db *db);
/* att_others.c: appends the table of another project, table being FOREIGN or behind it. */
void att_others_add(struct att_db *db, enum att_table table);

#endif
