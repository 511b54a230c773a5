/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables are rows of constants: a host tells devices apart by exactly these
 * characteristics and properties, so they should be readable at a glance.
 */
#include "air/att_db.h"
#include "base/crypto.h"

#include <gcrypt.h>
#include <string.h>

#define READ GATT_PROP_READ
#define WRITE GATT_PROP_WRITE
#define WRITE_COMMAND GATT_PROP_WRITE_COMMAND
#define NOTIFY GATT_PROP_NOTIFY
#define INDICATE GATT_PROP_INDICATE
#define OTA_SHORT(n) (0x4000u + (n)) /* what differs in the OTA UUIDs */
#define OTA_SHORT_AT 12u
#define IS_OTA_SHORT(u) ((u) >= 0x4001u && (u) <= 0x4004u)

/* fb1e0000-54ae-4a28-9f74-dfccb248601d */
static const uint8_t ota_base[16] = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f,
				     0x28, 0x4a, 0xae, 0x54, 0x00, 0x00, 0x1e, 0xfb};

/* A service (properties 0) or a characteristic of the service above it; a CCC
 * descriptor goes with what can be notified or indicated. */
struct row {
	uint16_t uuid; /* assigned number, or OTA_SHORT() */
	uint8_t properties;
	enum att_value_id id;
};

#define ROW_HASH                                                                                   \
	{                                                                                          \
		ATT_UUID_DATABASE_HASH, READ, ATT_DATABASE_HASH                                    \
	}
#define ROW_OTA                                                                                    \
	{                                                                                          \
		OTA_SHORT(1), 0, ATT_VALUES                                                        \
	}
#define ROW_CONTROL                                                                                \
	{                                                                                          \
		OTA_SHORT(2), WRITE | NOTIFY, ATT_CONTROL                                          \
	}
#define ROW_DATA                                                                                   \
	{                                                                                          \
		OTA_SHORT(3), WRITE | WRITE_COMMAND, ATT_DATA                                      \
	}
#define ROW_INFO                                                                                   \
	{                                                                                          \
		OTA_SHORT(4), READ, ATT_INFO                                                       \
	}

#define ROWS_GENERIC                                                                               \
	{ATT_UUID_GAP, 0, ATT_VALUES}, {ATT_UUID_DEVICE_NAME, READ, ATT_DEVICE_NAME},              \
		{ATT_UUID_APPEARANCE, READ, ATT_APPEARANCE}, {ATT_UUID_GATT, 0, ATT_VALUES},       \
	{                                                                                          \
		ATT_UUID_SERVICE_CHANGED, INDICATE, ATT_SERVICE_CHANGED                            \
	}
#define ROWS_INFORMATION                                                                           \
	{ATT_UUID_DEVICE_INFORMATION, 0, ATT_VALUES},                                              \
		{ATT_UUID_FIRMWARE_REVISION, READ, ATT_FIRMWARE_REVISION},                         \
		{ATT_UUID_MODEL, READ, ATT_MODEL},                                                 \
	{                                                                                          \
		ATT_UUID_MANUFACTURER, READ, ATT_MANUFACTURER                                      \
	}
#define ROWS_COMMON ROWS_GENERIC, ROW_HASH, ROWS_INFORMATION, ROW_OTA

static const struct row rows_full[] = {ROWS_COMMON, ROW_CONTROL, ROW_DATA, ROW_INFO};

static const struct row rows_moved[] = {
	ROWS_GENERIC,
	ROW_HASH,
	ROWS_INFORMATION,
	{ATT_UUID_BATTERY, 0, ATT_VALUES},
	{ATT_UUID_BATTERY_LEVEL, READ, ATT_BATTERY_LEVEL},
	ROW_OTA,
	ROW_CONTROL,
	ROW_DATA,
	ROW_INFO,
};

static const struct row rows_hashless[] = {
	ROWS_GENERIC, ROWS_INFORMATION, ROW_OTA, ROW_CONTROL, ROW_DATA, ROW_INFO,
};

static const struct row rows_shuffled[] = {
	ROWS_GENERIC, ROWS_INFORMATION, ROW_OTA, ROW_INFO, ROW_DATA, ROW_CONTROL,
};

static const struct row rows_basic[] = {ROWS_COMMON, ROW_CONTROL, ROW_DATA};

struct att_uuid att_uuid16(uint16_t uuid)
{
	struct att_uuid ret = {.len = 2};

	bytes_put16(ret.bytes, uuid);
	return ret;
}

bool att_uuid_equal(const struct att_uuid *a, const struct att_uuid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static struct att_uuid row_uuid(const struct row *row)
{
	struct att_uuid ret = {.len = 16};

	if (!IS_OTA_SHORT(row->uuid))
		return att_uuid16(row->uuid);
	memcpy(ret.bytes, ota_base, sizeof(ota_base));
	bytes_put16(ret.bytes + OTA_SHORT_AT, row->uuid);
	return ret;
}

static struct att_attribute *add(struct att_db *db, enum att_kind kind, const struct att_uuid *uuid,
				 uint8_t properties, enum att_value_id id)
{
	struct att_attribute *a = &db->attributes[db->count++];

	*a = (struct att_attribute){
		.handle = (uint16_t)db->count,
		.kind = kind,
		.uuid = *uuid,
		.properties = properties,
		.id = id,
	};
	switch (kind) {
	case ATT_KIND_SERVICE:
		a->type = att_uuid16(ATT_UUID_PRIMARY_SERVICE);
		a->group_end = a->handle;
		break;
	case ATT_KIND_CHARACTERISTIC:
		a->type = att_uuid16(ATT_UUID_CHARACTERISTIC);
		break;
	case ATT_KIND_VALUE:
		a->type = a->uuid;
		break;
	case ATT_KIND_CCC:
		a->type = att_uuid16(ATT_UUID_CCC);
		break;
	}
	return a;
}

struct att_attribute *att_db_service(struct att_db *db, const struct att_uuid *uuid)
{
	return add(db, ATT_KIND_SERVICE, uuid, 0, ATT_VALUES);
}

void att_db_characteristic(struct att_db *db, struct att_attribute *service,
			   const struct att_uuid *uuid, uint8_t properties, enum att_value_id id)
{
	(void)add(db, ATT_KIND_CHARACTERISTIC, uuid, properties, id);
	(void)add(db, ATT_KIND_VALUE, uuid, properties, id);
	if (properties & (NOTIFY | INDICATE))
		(void)add(db, ATT_KIND_CCC, uuid, properties, id);
	service->group_end = (uint16_t)db->count;
}

static void add_rows(struct att_db *db, const struct row *rows, size_t count)
{
	struct att_attribute *service = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct att_uuid uuid = row_uuid(&rows[i]);

		if (rows[i].properties == 0)
			service = att_db_service(db, &uuid);
		else if (service)
			att_db_characteristic(db, service, &uuid, rows[i].properties, rows[i].id);
	}
}

void att_db_generic(struct att_db *db)
{
	static const struct row rows[] = {ROWS_GENERIC, ROW_HASH};

	add_rows(db, rows, sizeof(rows) / sizeof(rows[0]));
}

void att_db_information(struct att_db *db)
{
	static const struct row rows[] = {ROWS_INFORMATION};

	add_rows(db, rows, sizeof(rows) / sizeof(rows[0]));
}

size_t att_db_declaration(const struct att_attribute *attribute, uint8_t ret[ATT_DECLARATION_MAX])
{
	uint8_t *p = ret;

	if (attribute->kind == ATT_KIND_CHARACTERISTIC) {
		*p++ = attribute->properties;
		bytes_put16(p, (uint16_t)(attribute->handle + 1u)); /* its value comes next */
		p += 2;
	}
	memcpy(p, attribute->uuid.bytes, attribute->uuid.len);
	return (size_t)(p - ret) + attribute->uuid.len;
}

/* The part of one attribute that Part G 7.3.1 hashes; returns its length. */
static size_t hash_input(const struct att_attribute *a, uint8_t ret[4u + ATT_DECLARATION_MAX])
{
	bytes_put16(ret, a->handle);
	memcpy(ret + 2, a->type.bytes, 2);
	switch (a->kind) {
	case ATT_KIND_SERVICE:
	case ATT_KIND_CHARACTERISTIC:
		return 4u + att_db_declaration(a, ret + 4);
	case ATT_KIND_CCC:
		return 4u;
	case ATT_KIND_VALUE:
		break;
	}
	return 0;
}

/* AES-CMAC with a key of zeros, sent like every number with its last octet first. */
static void hash_table(struct att_db *db)
{
	static const uint8_t key[16];
	uint8_t input[4u + ATT_DECLARATION_MAX], mac[ATT_HASH_SIZE];
	size_t len = sizeof(mac);
	gcry_mac_hd_t h;

	crypto_prepare();
	if (gcry_mac_open(&h, GCRY_MAC_CMAC_AES, 0, NULL))
		return;
	if (!gcry_mac_setkey(h, key, sizeof(key))) {
		for (size_t i = 0; i < db->count; i++)
			(void)gcry_mac_write(h, input, hash_input(&db->attributes[i], input));
		if (!gcry_mac_read(h, mac, &len))
			for (size_t i = 0; i < sizeof(mac); i++)
				db->hash[i] = mac[sizeof(mac) - 1u - i];
	}
	gcry_mac_close(h);
}

void att_db_init(struct att_db *db, enum att_table table)
{
	*db = (struct att_db){0};
	switch (table) {
	case ATT_TABLE_FULL:
		add_rows(db, rows_full, sizeof(rows_full) / sizeof(rows_full[0]));
		break;
	case ATT_TABLE_MOVED:
		add_rows(db, rows_moved, sizeof(rows_moved) / sizeof(rows_moved[0]));
		break;
	case ATT_TABLE_HASHLESS:
		add_rows(db, rows_hashless, sizeof(rows_hashless) / sizeof(rows_hashless[0]));
		break;
	case ATT_TABLE_SHUFFLED:
		add_rows(db, rows_shuffled, sizeof(rows_shuffled) / sizeof(rows_shuffled[0]));
		break;
	case ATT_TABLE_BASIC:
		add_rows(db, rows_basic, sizeof(rows_basic) / sizeof(rows_basic[0]));
		break;
	case ATT_TABLE_FOREIGN:
	case ATT_TABLE_FBIEGO:
	case ATT_TABLE_FBIEGO_COMPACT:
	case ATT_TABLE_BLE_OTA:
	case ATT_TABLE_BLE_OTA_RAW:
	case ATT_TABLE_BLEOTA:
	case ATT_TABLE_NIMBLEOTA:
	case ATT_TABLE_ANGERER:
	case ATT_TABLE_ARDUINO_BLE_OTA:
	case ATT_TABLE_ARDUINO_BLE_OTA_1:
	case ATT_TABLE_SMP:
	case ATT_TABLE_NORDIC_DFU:
	case ATT_TABLE_NORDIC_LEGACY_DFU:
	case ATT_TABLE_MESHTASTIC:
	case ATT_TABLE_MATTER:
	case ATT_TABLE_SILABS:
	case ATT_TABLE_TI_OAD:
		att_others_add(db, table);
		break;
	case ATT_TABLES:
		break;
	}
	hash_table(db);
}

const struct att_attribute *att_db_find(const struct att_db *db, uint16_t handle)
{
	return handle >= 1 && handle <= db->count ? &db->attributes[handle - 1u] : NULL;
}

const struct att_attribute *att_db_find_id(const struct att_db *db, enum att_kind kind,
					   enum att_value_id id)
{
	for (size_t i = 0; i < db->count; i++)
		if (db->attributes[i].kind == kind && db->attributes[i].id == id)
			return &db->attributes[i];
	return NULL;
}
