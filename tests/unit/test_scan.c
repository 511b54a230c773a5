/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the list of devices in the air, and finding the one that a user means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "host/scan.h"

static struct scan scan;

static const struct scan_device *see(const char *address, const char *name, int8_t rssi,
				     bool service, uint64_t at)
{
	const struct transport_advertisement adv = {
		.address = address,
		.name = name,
		.rssi = rssi,
		.dialects = service ? dialects_of_service(OTA_UUID_SERVICE) : 0,
		.connectable = true};

	return scan_add(&scan, &adv, at);
}

static void test_collects(void **state)
{
	const struct scan_device *d;

	(void)state;
	scan_init(&scan);
	see("24:6F:28:AA:10:02", "gw", -60, false, 100);
	see("24:6F:28:AA:10:03", "", -80, true, 200);
	see("24:6f:28:aa:10:02", "", -50, true, 300); /* the same, as another stack writes it */
	d = see("24:6F:28:AA:10:02", "", 127, false, 400);
	assert_int_equal(scan.count, 2);
	assert_ptr_equal(d, &scan.devices[0]);
	assert_string_equal(d->name, "gw"); /* kept though later ones brought none */
	assert_int_equal(d->dialects, dialects_of_service(OTA_UUID_SERVICE));
	assert_int_equal(d->rssi, -50);
	assert_int_equal(d->rssi_min, -60);
	assert_int_equal(d->rssi_max, -50);
	assert_int_equal(d->history_count, 2);
	assert_int_equal(scan_rssi(d, 0), -50);
	assert_int_equal(scan_rssi(d, 1), -60);
	assert_int_equal(scan_rssi(d, 2), 127);
	assert_int_equal(d->first_us, 100);
	assert_int_equal(d->last_us, 400);
	assert_int_equal(d->seen, 3);
}

static void test_history_is_a_ring(void **state)
{
	const struct scan_device *d = NULL;

	(void)state;
	scan_init(&scan);
	for (int i = 0; i < 100; i++)
		d = see("24:6F:28:AA:10:02", "gw", (int8_t)-i, true, 0);
	assert_non_null(d);
	assert_int_equal(scan_rssi(d, 0), -99);
	assert_int_equal(scan_rssi(d, SCAN_HISTORY - 1), -99 + (int)SCAN_HISTORY - 1);
	assert_int_equal(scan_rssi(d, SCAN_HISTORY), 127);
	assert_int_equal(d->rssi_max, 0);
}

static void test_names_cannot_harm(void **state)
{
	char name[300];
	const struct scan_device *d;

	(void)state;
	scan_init(&scan);
	d = see("24:6F:28:AA:10:02", "a\033[2J\nb", -60, true, 0);
	assert_string_equal(d->name, "a\\x1b[2J\\x0ab");
	memset(name, '\001', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	d = see("24:6F:28:AA:10:03", name, -60, true, 0);
	assert_int_equal(strlen(d->name), SCAN_NAME_SIZE - 1);
	assert_null(see("24:6F:28:AA:10", "x", -60, true, 0));
	assert_null(see("24:6F:28:AA:10:0G", "x", -60, true, 0));
	assert_null(see("", "x", -60, true, 0));
	assert_int_equal(scan.count, 2);
}

static void test_lookup(void **state)
{
	const struct scan_device *d = NULL;
	char text[100] = "";

	(void)state;
	scan_init(&scan);
	see("24:6F:28:AA:10:02", "gw", -60, true, 0);
	see("24:6F:28:AA:10:03", "twin", -60, true, 0);
	see("24:6F:28:AA:10:04", "twin", -60, true, 0);
	see("24:6F:28:AA:10:05", "", -60, true, 0);
	see("24:6F:28:AA:10:06", "24:6F:28:AA:10:02", -60, true, 0); /* pretends to be another */
	assert_int_equal(scan_find(&scan, "gw", &d, text, sizeof(text)), 0);
	assert_string_equal(d->address, "24:6F:28:AA:10:02");
	assert_int_equal(scan_find(&scan, "24:6f:28:aA:10:03", &d, text, sizeof(text)), 0);
	assert_string_equal(d->address, "24:6F:28:AA:10:03");
	assert_int_equal(scan_find(&scan, "24:6F:28:AA:10:02", &d, text, sizeof(text)), 0);
	assert_string_equal(d->name, "gw");
	assert_int_equal(scan_find(&scan, "GW", &d, text, sizeof(text)), -OTA_ENOENT);
	assert_int_equal(scan_find(&scan, "", &d, text, sizeof(text)), -OTA_ENOENT);
	assert_int_equal(scan_find(&scan, "twin", &d, text, sizeof(text)), -OTA_EINVAL);
	assert_string_equal(text, "24:6F:28:AA:10:03, 24:6F:28:AA:10:04");
	assert_string_equal(d->name, "gw"); /* untouched */
	assert_int_equal(scan_find(&scan, "twin", &d, text, 10), -OTA_EINVAL);
	assert_string_equal(text, "24:6F:28:");
}

static void test_room(void **state)
{
	char address[SCAN_ADDRESS_SIZE];
	const struct scan_device *d = NULL;

	(void)state;
	scan_init(&scan);
	see("24:6F:28:AA:10:02", "ota", -60, true, 0); /* oldest of all, but what is looked for */
	for (unsigned int i = 0; i < SCAN_DEVICES_MAX + 44; i++) {
		(void)snprintf(address, sizeof(address), "00:00:00:00:%02X:%02X", i >> 8, i & 255u);
		see(address, "", -60, false, i + 1);
	}
	assert_int_equal(scan.count, SCAN_DEVICES_MAX);
	assert_int_equal(scan.dropped, 45);
	assert_int_equal(scan_find(&scan, "ota", &d, NULL, 0), 0);
	assert_int_equal(scan_find(&scan, "00:00:00:00:00:00", &d, NULL, 0), -OTA_ENOENT);
	assert_int_equal(scan_find(&scan, address, &d, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_collects),
		cmocka_unit_test(test_history_is_a_ring),
		cmocka_unit_test(test_names_cannot_harm),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
