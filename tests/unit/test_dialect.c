/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that each dialect is told apart, by its service and by its characteristics, and that
 * nothing is written to a device of one that this program leaves alone, whatever is asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sim/sim_priv.h"
#include "updatelib.h"

#define IMAGE_SIZE 40000u
#define SECONDS 120u

#define R GATT_PROP_READ
#define W GATT_PROP_WRITE
#define C GATT_PROP_WRITE_COMMAND
#define N GATT_PROP_NOTIFY
#define I GATT_PROP_INDICATE

#define OTABENCH(n) "fb1e400" n "-54ae-4a28-9f74-dfccb248601d"
#define ESPRESSIF GATT_UUID16("8018")

static uint8_t image[IMAGE_SIZE];

/* --- UUIDs */

static void test_uuids(void **state)
{
	static const uint8_t service[16] = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f,
					    0x28, 0x4a, 0xae, 0x54, 0x01, 0x40, 0x1e, 0xfb};
	static const uint8_t number[2] = {0x18, 0x80};
	static const char *const bad[] = {
		"",
		"8018",
		"fb1e4001-54ae-4a28-9f74-dfccb248601",
		"fb1e4001-54ae-4a28-9f74-dfccb248601dd",
		"fb1e4001-54ae-4a28-9f74-dfccb248601g",
		"fb1e4001+54ae-4a28-9f74-dfccb248601d",
	};
	char text[GATT_UUID_TEXT];
	uint8_t octets[16];

	(void)state;
	gatt_uuid_text(service, 16, text);
	assert_string_equal(text, OTA_UUID_SERVICE);
	assert_int_equal(gatt_uuid_octets(text, octets), 16);
	assert_memory_equal(octets, service, 16);
	gatt_uuid_text(number, 2, text);
	assert_string_equal(text, "00008018-0000-1000-8000-00805f9b34fb");
	assert_int_equal(gatt_uuid_octets(text, octets), 2);
	assert_memory_equal(octets, number, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(gatt_uuid_octets(bad[i], octets), 0);
}

/* --- rows */

static void test_rows(void **state)
{
	uint8_t octets[16];

	(void)state;
	for (unsigned int i = 1; i < DIALECTS; i++) {
		const struct dialect *d = dialect_get((enum dialect_id)i);

		assert_int_equal(d->id, i);
		assert_true(d->name[0] != '\0' && d->title[0] != '\0');
		assert_true(dialect_is_driven(d) || d->tool[0] != '\0');
		for (unsigned int k = 1; k < i; k++)
			assert_string_not_equal(d->name, dialect_get((enum dialect_id)k)->name);
		for (size_t k = 0; k < DIALECT_SERVICES && d->services[k]; k++)
			assert_int_not_equal(gatt_uuid_octets(d->services[k], octets), 0);
		for (size_t k = 0; k < GATT_CHRS; k++)
			if (d->chrs[k].uuid)
				assert_int_not_equal(gatt_uuid_octets(d->chrs[k].uuid, octets), 0);
	}
	assert_int_equal(dialect_get((enum dialect_id)DIALECTS)->id, DIALECT_UNKNOWN);
}

static void test_services(void **state)
{
	const uint32_t shared = dialects_of_service("FB1E4001-54AE-4A28-9F74-DFCCB248601D");
	const uint32_t espressif = dialects_of_service(ESPRESSIF);

	(void)state;
	assert_int_equal(shared, 1u << DIALECT_BASIC | 1u << DIALECT_FULL | 1u << DIALECT_FBIEGO);
	assert_null(dialects_only(shared));
	assert_true(dialects_driven(shared));
	assert_int_equal(espressif, 1u << DIALECT_BLE_OTA | 1u << DIALECT_BLE_OTA_RAW |
					    1u << DIALECT_BLEOTA | 1u << DIALECT_NIMBLEOTA);
	assert_null(dialects_only(espressif));
	assert_true(dialects_driven(espressif));
	assert_true(dialects_driven(1u << DIALECT_BLE_OTA));
	assert_false(dialects_driven(1u << DIALECT_NORDIC_DFU));
	assert_int_equal(dialects_only(dialects_of_service(GATT_UUID16("fe59")))->id,
			 DIALECT_NORDIC_DFU);
	assert_int_equal(dialects_of_service(GATT_UUID16("180d")), 0);
	assert_int_equal(dialects_of_service(""), 0);
	assert_null(dialects_only(0));
	assert_false(dialects_driven(0));
}

/* --- characteristics; the names of the projects' sources are in the rows */

#define CHRS 4u

static const struct {
	enum dialect_id is; /* UNKNOWN: none */
	const char *service; /* NULL: not told */
	struct gatt_found chrs[CHRS]; /* the service is filled in */
} tables[] = {
	{DIALECT_FULL,
	 OTA_UUID_SERVICE,
	 {{.uuid = OTABENCH("2"), .properties = W | N},
	  {.uuid = OTABENCH("3"), .properties = W | C},
	  {.uuid = OTABENCH("4"), .properties = R}}},
	{DIALECT_FULL,
	 NULL,
	 {{.uuid = OTABENCH("4"), .properties = R},
	  {.uuid = OTABENCH("3"), .properties = C},
	  {.uuid = OTABENCH("2"), .properties = W | N | R}}},
	/* Without an Info that can be read it speaks basic at most. */
	{DIALECT_BASIC,
	 OTA_UUID_SERVICE,
	 {{.uuid = OTABENCH("2"), .properties = W | N},
	  {.uuid = OTABENCH("3"), .properties = W},
	  {.uuid = OTABENCH("4"), .properties = N}}},
	{DIALECT_FBIEGO,
	 OTA_UUID_SERVICE,
	 {{.uuid = OTABENCH("2"), .properties = W | C}, {.uuid = OTABENCH("3"), .properties = N}}},
	{DIALECT_FBIEGO, /* esp32_nim_ble_ota.ino */
	 OTA_UUID_SERVICE,
	 {{.uuid = OTABENCH("3"), .properties = N | R},
	  {.uuid = OTABENCH("2"), .properties = W | C | R}}},
	/* Everything notifies: neither. */
	{DIALECT_FOREIGN,
	 OTA_UUID_SERVICE,
	 {{.uuid = OTABENCH("2"), .properties = W | C | N},
	  {.uuid = OTABENCH("3"), .properties = W | C | N}}},
	{DIALECT_FOREIGN, OTA_UUID_SERVICE, {{.uuid = OTABENCH("2"), .properties = W | N}}},
	{DIALECT_FOREIGN, NULL, {{.uuid = OTABENCH("3"), .properties = W}}},
	/* The characteristics are in a service that is not theirs. */
	{DIALECT_UNKNOWN,
	 GATT_UUID16("180d"),
	 {{.uuid = OTABENCH("2"), .properties = W | N},
	  {.uuid = OTABENCH("3"), .properties = W | C}}},
	{DIALECT_BLE_OTA,
	 ESPRESSIF,
	 {{.uuid = GATT_UUID16("8020"), .properties = W | I},
	  {.uuid = GATT_UUID16("8021"), .properties = R | I},
	  {.uuid = GATT_UUID16("8022"), .properties = W | I}}},
	{DIALECT_BLE_OTA_RAW,
	 ESPRESSIF,
	 {{.uuid = GATT_UUID16("8020"), .properties = W | C | N | I},
	  {.uuid = GATT_UUID16("8021"), .properties = W | R | N | I},
	  {.uuid = GATT_UUID16("8022"), .properties = W | C | N | I}}},
	{DIALECT_BLEOTA,
	 ESPRESSIF,
	 {{.uuid = GATT_UUID16("8020"), .properties = W | C | N | I},
	  {.uuid = GATT_UUID16("8022"), .properties = W | C | N | I}}},
	{DIALECT_NIMBLEOTA,
	 ESPRESSIF,
	 {{.uuid = GATT_UUID16("8020"), .properties = W | C | I},
	  {.uuid = GATT_UUID16("8022"), .properties = W | C | I}}},
	{DIALECT_FOREIGN, ESPRESSIF, {{.uuid = GATT_UUID16("8020"), .properties = W | N}}},
	/* 16-bit numbers that anybody may use, in another service. */
	{DIALECT_UNKNOWN,
	 GATT_UUID16("1811"),
	 {{.uuid = GATT_UUID16("8020"), .properties = W | I},
	  {.uuid = GATT_UUID16("8022"), .properties = W | I}}},
	{DIALECT_NORDIC_DFU, /* buttonless, with bonds */
	 GATT_UUID16("fe59"),
	 {{.uuid = "8ec90004-f315-4f60-9fb8-838830daea50", .properties = W | I}}},
	{DIALECT_ARDUINO_BLE_OTA,
	 "dac890c2-35a1-11ef-aba0-9b95565f4ffb",
	 {{.uuid = "dac89194-35a1-11ef-aba1-b37714ad9a54", .properties = C},
	  {.uuid = "dac89266-35a1-11ef-aba2-0f0127bce478", .properties = R | N}}},
	{DIALECT_FOREIGN, /* nothing tells what became of a value */
	 "dac890c2-35a1-11ef-aba0-9b95565f4ffb",
	 {{.uuid = "dac89194-35a1-11ef-aba1-b37714ad9a54", .properties = C}}},
	{DIALECT_ARDUINO_BLE_OTA_1, /* its first UUIDs */
	 "15c155ca-36c5-11ed-adc0-9741d6a72f04",
	 {{.uuid = "15c1564c-36c5-11ed-adc1-a3d6cf5cc2a4", .properties = C}}},
	/* The service of an Arduino example, without Meshtastic's characteristics. */
	{DIALECT_FOREIGN,
	 "4fafc201-1fb5-459e-8fcc-c5c9c331914b",
	 {{.uuid = "beb5483e-36e1-4688-b7f5-ea07361b26a8", .properties = R | W}}},
	{DIALECT_UNKNOWN, GATT_UUID16("180a"), {{.uuid = GATT_UUID16("2a26"), .properties = R}}},
};

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct gatt_found found[CHRS];
		const struct dialect *d;
		size_t count = 0;

		for (; count < CHRS && tables[i].chrs[count].uuid; count++) {
			found[count] = tables[i].chrs[count];
			found[count].service = tables[i].service;
		}
		d = dialect_find(found, count);
		if ((d ? d->id : DIALECT_UNKNOWN) != tables[i].is)
			fail_msg("table %zu: %s", i, d ? d->name : "none");
		/* A dialect that is left alone has no characteristic that could be written to. */
		if (d && !dialect_is_driven(d)) {
			assert_int_equal(dialect_map(d, GATT_CONTROL, found, count), count);
			assert_int_equal(dialect_map(d, GATT_DATA, found, count), count);
		}
	}
	assert_null(dialect_find(NULL, 0));
}

/* --- devices */

/* The next dialect that is left alone, DIALECTS behind the last. */
static enum dialect_id next_alone(enum dialect_id id)
{
	do
		id++;
	while (id < DIALECTS && dialect_is_driven(dialect_get(id)));
	return id;
}

static void init(struct update *u, enum dialect_id id)
{
	update_init(u, image, sizeof(image));
	u->sim.kind.dialect = ESP_FOREIGN;
	u->sim.kind.foreign = id;
}

/* Returns true if the virtual device's advertisement leaves that dialect, or says nothing. */
static bool is_heard(const struct update *u, enum dialect_id id)
{
	const uint32_t heard = esp_advertised_dialects(update_device(u));
	const struct dialect *d = dialect_get(id);

	if (id == DIALECT_FOREIGN) /* it has another project's service */
		return heard == dialects_of_service(OTA_UUID_SERVICE);
	return d->advertised ? (heard & 1u << id) != 0 : heard == 0;
}

static void test_devices(void **state)
{
	static const struct {
		enum session_goal goal;
		enum ota_command command;
		enum session_outcome outcome;
	} runs[] = {
		{SESSION_UPDATE, OTA_CMD_START, SESSION_OTHER_DIALECT},
		{SESSION_MEASURE, OTA_CMD_START, SESSION_OTHER_DIALECT},
		{SESSION_LOOK, OTA_CMD_START, SESSION_OTHER_DIALECT},
		{SESSION_COMMAND, OTA_CMD_ABORT, SESSION_OTHER_DIALECT},
		{SESSION_COMMAND, OTA_CMD_REBOOT, SESSION_OTHER_DIALECT},
	};

	(void)state;
	for (enum dialect_id id = DIALECT_FOREIGN; id < DIALECTS; id = next_alone(id)) {
		for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
			struct update u;

			init(&u, id);
			u.session.goal = runs[i].goal;
			u.session.command = runs[i].command;
			assert_int_equal(update_run(&u, SECONDS), runs[i].outcome);
			assert_int_equal(u.pump.session->stats.values, 0);
			assert_true(is_heard(&u, id));
			assert_int_equal(esp_foreign_writes(update_device(&u)), 0);
			update_end(&u);
		}
	}
}

/* The name that a session tells. */
static void test_names(void **state)
{
	(void)state;
	for (enum dialect_id id = DIALECT_FOREIGN; id < DIALECTS; id = next_alone(id)) {
		struct update u;

		init(&u, id);
		u.session.goal = SESSION_LOOK;
		update_begin(&u);
		while (!u.s.dialect && update_step(&u))
			;
		assert_non_null(u.s.dialect);
		assert_int_equal(u.s.dialect->id, id);
		assert_false(dialect_is_driven(u.s.dialect));
		/* A cancel by the user writes nothing, either. */
		session_cancel(&u.s, update_now(&u));
		update_finish(&u, SECONDS);
		assert_int_equal(esp_foreign_writes(update_device(&u)), 0);
		update_end(&u);
	}
}

/* A write would have been counted. */
static void test_writes_count(void **state)
{
	static const uint8_t value[] = {0x01};
	struct update u;
	struct sim *sim;
	size_t count;

	(void)state;
	init(&u, DIALECT_TI_OAD);
	u.session.goal = SESSION_LOOK;
	update_begin(&u);
	sim = sim_of(u.simulator);
	while (!u.s.dialect && update_step(&u))
		;
	(void)attc_chrs(&sim->client, &count);
	assert_int_not_equal(count, 0);
	for (size_t i = 0; i < count; i++) {
		const struct attc_chr *chr = &attc_chrs(&sim->client, &count)[i];

		if (!(chr->properties & GATT_PROP_WRITE_COMMAND))
			continue;
		assert_int_equal(attc_write_command(&sim->client, chr->value_handle, value, 1), 0);
		assert_int_equal(attc_subscribe(&sim->client, chr), 0);
	}
	update_wait(&u, 1000000u);
	assert_int_equal(esp_foreign_writes(update_device(&u)), 2 * 3);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuids),	     cmocka_unit_test(test_rows),
		cmocka_unit_test(test_services),     cmocka_unit_test(test_tables),
		cmocka_unit_test(test_devices),	     cmocka_unit_test(test_names),
		cmocka_unit_test(test_writes_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
