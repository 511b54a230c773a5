/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute tables of other projects' firmware, as the examples of each have them: what
 * a host tells them apart by.  The dialects' rows in core say where each was read.
 */
#include "air/att_db.h"

#include <string.h>

#define READ GATT_PROP_READ
#define WRITE GATT_PROP_WRITE
#define COMMAND GATT_PROP_WRITE_COMMAND
#define NOTIFY GATT_PROP_NOTIFY
#define INDICATE GATT_PROP_INDICATE

#define CHRS_MAX ((size_t)(ATT_FOREIGN_7 - ATT_FOREIGN_1) + 1u)

struct other {
	bool information; /* it has the Device Information Service */
	const char *service;
	struct {
		const char *uuid; /* NULL: no more */
		uint8_t properties;
	} chrs[CHRS_MAX];
};

#define OTABENCH(n) "fb1e400" n "-54ae-4a28-9f74-dfccb248601d"
#define COMPACT(n) "fe59000" n "-54ae-4a28-9f74-dfccb248601d"
#define ALL_WAYS (WRITE | COMMAND | NOTIFY | INDICATE)

static const struct other others[] = {
	[ATT_TABLE_FOREIGN] = {true,
			       OTABENCH("1"),
			       {{OTABENCH("2"), WRITE}, {OTABENCH("3"), INDICATE}}},
	[ATT_TABLE_FBIEGO] = {false,
			      OTABENCH("1"),
			      {{OTABENCH("3"), NOTIFY}, {OTABENCH("2"), WRITE | COMMAND}}},
	[ATT_TABLE_FBIEGO_COMPACT] = {false,
				      COMPACT("1"),
				      {{COMPACT("2"), WRITE | COMMAND}, {COMPACT("3"), NOTIFY}}},
	[ATT_TABLE_BLE_OTA] = {false,
			       GATT_UUID16("8018"),
			       {{GATT_UUID16("8020"), INDICATE | WRITE},
				{GATT_UUID16("8021"), INDICATE | READ},
				{GATT_UUID16("8022"), INDICATE | WRITE},
				{GATT_UUID16("8023"), INDICATE | WRITE}}},
	[ATT_TABLE_BLE_OTA_RAW] = {true,
				   GATT_UUID16("8018"),
				   {{GATT_UUID16("8020"), ALL_WAYS},
				    {GATT_UUID16("8021"), WRITE | READ | NOTIFY | INDICATE},
				    {GATT_UUID16("8022"), ALL_WAYS},
				    {GATT_UUID16("8023"), ALL_WAYS}}},
	[ATT_TABLE_BLEOTA] = {true,
			      GATT_UUID16("8018"),
			      {{GATT_UUID16("8020"), ALL_WAYS}, {GATT_UUID16("8022"), ALL_WAYS}}},
	[ATT_TABLE_NIMBLEOTA] = {true,
				 GATT_UUID16("8018"),
				 {{GATT_UUID16("8020"), WRITE | COMMAND | INDICATE},
				  {GATT_UUID16("8022"), WRITE | COMMAND | INDICATE}}},
	[ATT_TABLE_ANGERER] = {false,
			       "d6f1d96d-594c-4c53-b1c6-144a1dfde6d8",
			       {{"7ad671aa-21c0-46a4-b722-270e3ae3d830", READ | WRITE | NOTIFY},
				{"23408888-1f40-4cd8-9b89-ca8d45f8a5b0", WRITE}}},
	[ATT_TABLE_ARDUINO_BLE_OTA] = {false,
				       "dac890c2-35a1-11ef-aba0-9b95565f4ffb",
				       {{"dac89194-35a1-11ef-aba1-b37714ad9a54", COMMAND},
					{"dac89266-35a1-11ef-aba2-0f0127bce478", READ | NOTIFY},
					{"dac89338-35a1-11ef-aba3-8746a2fdea8c", READ},
					{"dac89414-35a1-11ef-aba4-7fa301ad5c49", READ},
					{"dac894e6-35a1-11ef-aba5-0fcd13588409", READ},
					{"dac895b8-35a1-11ef-aba6-63ebb073a878", READ},
					{"dac89694-35a1-11ef-aba7-bf64db99d724", READ}}},
	[ATT_TABLE_ARDUINO_BLE_OTA_1] = {false,
					 "15c155ca-36c5-11ed-adc0-9741d6a72f04",
					 {{"15c1564c-36c5-11ed-adc1-a3d6cf5cc2a4", COMMAND},
					  {"15c156e2-36c5-11ed-adc2-7396d4fd413a", READ | NOTIFY}}},
	[ATT_TABLE_SMP] = {true,
			   "8d53dc1d-1db7-4cd3-868b-8a527460aa84",
			   {{"da2e7828-fbce-4e01-ae9e-261174997c48", COMMAND | NOTIFY}}},
	[ATT_TABLE_NORDIC_DFU] = {false,
				  GATT_UUID16("fe59"),
				  {{"8ec90002-f315-4f60-9fb8-838830daea50", COMMAND},
				   {"8ec90001-f315-4f60-9fb8-838830daea50", WRITE | NOTIFY}}},
	[ATT_TABLE_NORDIC_LEGACY_DFU] = {false,
					 "00001530-1212-efde-1523-785feabcd123",
					 {{"00001532-1212-efde-1523-785feabcd123", COMMAND},
					  {"00001531-1212-efde-1523-785feabcd123", WRITE | NOTIFY},
					  {"00001534-1212-efde-1523-785feabcd123", READ}}},
	[ATT_TABLE_MESHTASTIC] = {false,
				  "4fafc201-1fb5-459e-8fcc-c5c9c331914b",
				  {{"62ec0272-3ec5-11eb-b378-0242ac130003", NOTIFY},
				   {"62ec0272-3ec5-11eb-b378-0242ac130005", WRITE | COMMAND}}},
	[ATT_TABLE_MATTER] = {false,
			      GATT_UUID16("fff6"),
			      {{"18ee2ef5-263d-4559-959f-4f9c429f9d11", WRITE},
			       {"18ee2ef5-263d-4559-959f-4f9c429f9d12", INDICATE}}},
	[ATT_TABLE_SILABS] = {true,
			      "1d14d6ee-fd63-4fa1-bfa4-8f47b42119f0",
			      {{"f7bf3564-fb6d-4e53-88a4-5e37e0326063", WRITE},
			       {"984227f3-34fc-4045-a5d0-2c581f81a153", WRITE | COMMAND}}},
	[ATT_TABLE_TI_OAD] = {true,
			      "f000ffc0-0451-4000-b000-000000000000",
			      {{"f000ffc1-0451-4000-b000-000000000000", WRITE | COMMAND | NOTIFY},
			       {"f000ffc2-0451-4000-b000-000000000000", WRITE | COMMAND | NOTIFY},
			       {"f000ffc5-0451-4000-b000-000000000000", WRITE | COMMAND | NOTIFY}}},
};

static struct att_uuid uuid_of(const char *text)
{
	struct att_uuid ret = {.len = 0};

	ret.len = (uint8_t)gatt_uuid_octets(text, ret.bytes);
	return ret;
}

void att_others_add(struct att_db *db, enum att_table table)
{
	const struct other *o = &others[table];
	struct att_attribute *service;
	struct att_uuid uuid;

	att_db_generic(db);
	if (o->information)
		att_db_information(db);
	uuid = uuid_of(o->service);
	service = att_db_service(db, &uuid);
	for (size_t i = 0; i < CHRS_MAX && o->chrs[i].uuid; i++) {
		uuid = uuid_of(o->chrs[i].uuid);
		att_db_characteristic(db, service, &uuid, o->chrs[i].properties,
				      (enum att_value_id)(ATT_FOREIGN_1 + i));
	}
}
