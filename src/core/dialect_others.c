/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects that this program names and leaves alone: how a device of each is
 * recognised, and what serves it.  Nothing is ever written to such a device, a
 * characteristic's CCC included; its versions are read, where it tells them.
 */
#include "core/session_priv.h"

#define READ GATT_PROP_READ
#define WRITE GATT_PROP_WRITE
#define COMMAND GATT_PROP_WRITE_COMMAND
#define NOTIFY GATT_PROP_NOTIFY
#define INDICATE GATT_PROP_INDICATE

static void begin(struct session *s)
{
	session_finish(s, SESSION_OTHER_DIALECT);
}

/* The session asks for nothing here, so that nothing that the device says has a meaning. */
static void rx(struct session *s, const uint8_t *buf, size_t len)
{
	(void)s;
	(void)buf;
	(void)len;
}

static uint64_t never(const struct session *s)
{
	(void)s;
	return NEVER;
}

static const struct dialect_ops ops = {
	.begin = begin,
	.rx = rx,
	.header_put = session_no_header,
	.data_written = session_nothing,
	.watch = session_nothing,
	.watch_at = never,
	.end = session_nothing,
	.abort = session_nothing,
	.abort_written = session_nothing,
};

#define LEFT_ALONE                                                                                 \
	.lacks = "otabench leaves it alone",                                                       \
	.not_offered = "not offered: otabench leaves it alone", .ops = &ops

const struct dialect dialect_foreign = {
	.id = DIALECT_FOREIGN,
	.name = "foreign",
	.title = "protocol of an unknown project",
	.tool = "the app of the firmware's maker",
	LEFT_ALONE,
};

/* BleOtaUuids.h of its releases until June 2024, whose messages are others (BleOtaHeadCodes.h). */
const struct dialect dialect_arduino_ble_ota_1 = {
	.id = DIALECT_ARDUINO_BLE_OTA_1,
	.name = "arduino-ble-ota-1",
	.title = "protocol of ArduinoBleOTA's first releases",
	.tool = "the BLE OTA app (vovagorodok/ble_ota_app)",
	.services = {"15c155ca-36c5-11ed-adc0-9741d6a72f04"},
	.advertised = true,
	LEFT_ALONE,
};

/* nRF5 SDK: the boot loader and the buttonless service have the same UUID; the second is the
 * experimental buttonless service of SDK 12. */
const struct dialect dialect_nordic_dfu = {
	.id = DIALECT_NORDIC_DFU,
	.name = "nordic-dfu",
	.title = "Secure DFU protocol of Nordic Semiconductor",
	.tool = "the nRF Device Firmware Update app, or nrfutil",
	.services = {GATT_UUID16("fe59"), "8e400001-f315-4f60-9fb8-838830daea50"},
	.advertised = true,
	LEFT_ALONE,
};

const struct dialect dialect_nordic_legacy_dfu = {
	.id = DIALECT_NORDIC_LEGACY_DFU,
	.name = "nordic-legacy-dfu",
	.title = "legacy DFU protocol of Nordic Semiconductor",
	.tool = "the nRF Device Firmware Update app",
	.services = {"00001530-1212-efde-1523-785feabcd123"},
	.advertised = true,
	LEFT_ALONE,
};

/* github.com/meshtastic/esp32-unified-ota: ble_ota.cpp.  The service's UUID is also that of an
 * Arduino example, so that the characteristics decide. */
const struct dialect dialect_meshtastic = {
	.id = DIALECT_MESHTASTIC,
	.name = "meshtastic",
	.title = "OTA protocol of Meshtastic",
	.tool = "the Meshtastic app, or flasher.meshtastic.org",
	.services = {"4fafc201-1fb5-459e-8fcc-c5c9c331914b"},
	.advertised = true,
	.chrs =
		{
			[GATT_CONTROL] = {"62ec0272-3ec5-11eb-b378-0242ac130005",
					  .any = WRITE | COMMAND},
			[GATT_DATA] = {"62ec0272-3ec5-11eb-b378-0242ac130003", .all = NOTIFY},
		},
	LEFT_ALONE,
};

/* Matter Core Specification 5.4.3: commissioning over BLE; its OTA (BDX) runs over IP. */
const struct dialect dialect_matter = {
	.id = DIALECT_MATTER,
	.name = "matter",
	.title = "Matter protocol",
	.tool = "the Matter controller that the device belongs to (OTA provider)",
	.services = {GATT_UUID16("fff6")},
	.advertised = true,
	LEFT_ALONE,
};

const struct dialect dialect_silabs = {
	.id = DIALECT_SILABS,
	.name = "silabs",
	.title = "OTA DFU protocol of Silicon Labs",
	.tool = "Simplicity Connect (EFR Connect)",
	.services = {"1d14d6ee-fd63-4fa1-bfa4-8f47b42119f0"},
	.advertised = true,
	LEFT_ALONE,
};

const struct dialect dialect_ti_oad = {
	.id = DIALECT_TI_OAD,
	.name = "ti-oad",
	.title = "OAD protocol of Texas Instruments",
	.tool = "SimpleLink Connect, or BTool",
	.services = {"f000ffc0-0451-4000-b000-000000000000"},
	.advertised = true,
	LEFT_ALONE,
};
