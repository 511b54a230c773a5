/* SPDX-License-Identifier: Apache-2.0 */
/* The table that a stack remembers of a device, compared with the device's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/gatt_table.h"

#define SIG(number) "0000" number "-0000-1000-8000-00805f9b34fb"

static void add(struct gatt_table *t, uint16_t handle, const char *uuid, uint8_t properties)
{
	struct gatt_entry e = {
		.handle = handle, .service = properties == 0, .properties = properties};

	(void)snprintf(e.uuid, sizeof(e.uuid), "%s", uuid);
	gatt_table_add(t, &e);
}

/* The firmware's table: GAP, Device Information, the OTA service. */
static struct gatt_table device(void)
{
	struct gatt_table t = {.count = 0};

	add(&t, 0x13, OTA_UUID_SERVICE, 0);
	add(&t, 0x14, OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY);
	add(&t, 0x17, OTA_UUID_DATA, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND);
	add(&t, 0x19, OTA_UUID_INFO, GATT_PROP_READ);
	add(&t, 0x01, SIG("1800"), 0);
	add(&t, 0x02, SIG("2a00"), GATT_PROP_READ);
	add(&t, 0x0c, SIG("180a"), 0);
	add(&t, 0x0d, SIG("2a26"), GATT_PROP_READ);
	return t;
}

/* bluetoothd uses GAP itself, and does not show it. */
static struct gatt_table shown(void)
{
	struct gatt_table t = device();

	memmove(&t.entries[0], &t.entries[2], (t.count - 2) * sizeof(t.entries[0]));
	t.count -= 2;
	return t;
}

static void test_order(void **state)
{
	struct gatt_table t = device();

	(void)state;
	assert_int_equal(t.count, 8);
	for (size_t i = 1; i < t.count; i++)
		assert_true(t.entries[i - 1].handle < t.entries[i].handle);
	add(&t, 0x0d, SIG("2a24"), GATT_PROP_READ);
	assert_int_equal(t.count, 8);
	assert_string_equal(gatt_table_find(&t, 0x0d)->uuid, SIG("2a24"));
	assert_null(gatt_table_find(&t, 0x0e));
	for (uint16_t handle = 0x100; handle < 0x100 + GATT_TABLE_MAX; handle++)
		add(&t, handle, SIG("2a24"), GATT_PROP_READ);
	assert_int_equal(t.count, GATT_TABLE_MAX);
	assert_true(t.cut);
}

static void differ(const struct gatt_table *remembered, const struct gatt_table *own, size_t count,
		   uint16_t handle, const char *was, const char *is)
{
	struct gatt_difference d = {.count = 99};

	assert_int_equal(gatt_table_differ(remembered, own, &d), count > 0);
	assert_int_equal(d.count, count);
	assert_int_equal(d.handle, handle);
	assert_string_equal(d.remembered, was);
	assert_string_equal(d.own, is);
}

static void test_differences(void **state)
{
	const struct gatt_table own = device();
	struct gatt_table t = shown();

	(void)state;
	differ(&own, &own, 0, 0, "", "");
	differ(&t, &own, 0, 0, "", ""); /* a service of the SIG's may be kept back */
	/* Two characteristics have changed places. */
	add(&t, 0x17, OTA_UUID_INFO, GATT_PROP_READ);
	add(&t, 0x19, OTA_UUID_DATA, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND);
	differ(&t, &own, 2, 0x17, OTA_UUID_INFO, OTA_UUID_DATA);
	/* Other properties alone; bits that no stack tells do not count. */
	t = shown();
	add(&t, 0x14, OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY | 0x80u);
	differ(&t, &own, 0, 0, "", "");
	add(&t, 0x14, OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_INDICATE);
	differ(&t, &own, 1, 0x14, OTA_UUID_CONTROL, OTA_UUID_CONTROL);
	/* A characteristic that the device has no more. */
	t = shown();
	add(&t, 0x20, OTA_UUID_INFO, GATT_PROP_READ);
	differ(&t, &own, 1, 0x20, OTA_UUID_INFO, "");
	/* ... and what it has since, also in a service of the SIG's that is shown. */
	t = shown();
	t.count--;
	differ(&t, &own, 1, 0x19, "", OTA_UUID_INFO);
	t = shown();
	memmove(&t.entries[1], &t.entries[2], (t.count - 2) * sizeof(t.entries[0]));
	t.count--;
	differ(&t, &own, 1, 0x0d, "", SIG("2a26"));
	/* If nothing is remembered, everything that has to be shown is missing. */
	t.count = 0;
	differ(&t, &own, 4, 0x13, "", OTA_UUID_SERVICE);
}

/* A list that had no room for all proves nothing by what is not in it. */
static void test_cut(void **state)
{
	struct gatt_table own = device(), t = shown();

	(void)state;
	own.count--;
	own.cut = true;
	differ(&t, &own, 0, 0, "", "");
	own = device();
	t.count--;
	t.cut = true;
	differ(&t, &own, 0, 0, "", "");
}

static void test_uuids(void **state)
{
	static const uint8_t control[16] = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f,
					    0x28, 0x4a, 0xae, 0x54, 0x02, 0x40, 0x1e, 0xfb};
	char text[GATT_UUID_TEXT], buf[GATT_UUID_TEXT];

	(void)state;
	gatt_uuid_text((const uint8_t[]){0x24, 0x2a}, 2, text);
	assert_string_equal(text, SIG("2a24"));
	assert_string_equal(gatt_uuid_name(text, buf), "2a24");
	gatt_uuid_text(control, 16, text);
	assert_string_equal(text, OTA_UUID_CONTROL);
	assert_string_equal(gatt_uuid_name(text, buf), "Control");
	assert_string_equal(gatt_uuid_name("6e400001-b5a3-f393-e0a9-e50e24dcca9e", buf),
			    "6e400001-b5a3-f393-e0a9-e50e24dcca9e");
	assert_string_equal(gatt_uuid_name("", buf), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_uuids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
