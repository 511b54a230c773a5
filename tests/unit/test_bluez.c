/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance and discovery over a fake org.bluez: what bluetoothd
 * cannot easily be brought to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"

#define BLUEZ_NOT_CONNECTED "org.bluez.Error.NotConnected"

/* --- maintenance */

static int maintenance(struct rig *r, enum transport_maintenance what, const char *device)
{
	return r->t->ops->maintenance(r->t, what, device);
}

/* Somebody else's link, by the device's address and by its name. */
static void test_hang_up(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = true;
	r->fake.devices[0].connected = true;
	rig_ready(r);
	(void)fake_calls(&r->fake);
	assert_int_equal(maintenance(r, TRANSPORT_HANG_UP, "24:6f:28:aa:10:01"), 0);
	assert_int_equal(maintenance(r, TRANSPORT_FORGET, FAKE_ADDRESS), -OTA_EBUSY);
	rig_expect(r, "upkeep 0\n");
	rig_expect_calls(r, "Disconnect\n");
	r->fake.error = (struct fake_error){"Disconnect", BLUEZ_NOT_CONNECTED, "Not Connected"};
	assert_int_equal(maintenance(r, TRANSPORT_HANG_UP, "esp"), 0);
	rig_expect(r, "upkeep -107\n");
	assert_int_equal(maintenance(r, TRANSPORT_HANG_UP, "nobody"), -OTA_ENOENT);
	fake_advertise(&r->fake, 1);
	(void)rig_events(r);
	assert_int_equal(maintenance(r, TRANSPORT_HANG_UP, "esp"), -OTA_EINVAL);
}

static void test_forget(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = r->fake.devices[0].paired = true;
	rig_ready(r);
	(void)fake_calls(&r->fake);
	assert_int_equal(maintenance(r, TRANSPORT_FORGET, FAKE_ADDRESS), 0);
	rig_expect(r, "upkeep 0\n");
	rig_expect_calls(r, "RemoveDevice\n");
	assert_int_equal(maintenance(r, TRANSPORT_FORGET, FAKE_ADDRESS), -OTA_ENOENT);
}

/* The adapter comes back by the same transport; with a link up it is left alone. */
static void test_power_cycle(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(maintenance(r, TRANSPORT_POWER_CYCLE, NULL), -OTA_EBUSY);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	(void)fake_calls(&r->fake);
	assert_int_equal(maintenance(r, TRANSPORT_POWER_CYCLE, NULL), 0);
	rig_expect(r, "adapter -19\nadapter 0\nupkeep 0\n");
	rig_expect_calls(r, "Set\nSet\n");
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
}

/* A second adapter does not take over meanwhile; one that stays off makes way for it. */
static void test_power_cycle_fails(void **state)
{
	struct rig *r = *state;

	r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
	rig_ready(r);
	r->fake.hold = "Set";
	assert_int_equal(maintenance(r, TRANSPORT_POWER_CYCLE, NULL), 0);
	fake_settle(&r->fake);
	fake_adapter_powered(&r->fake, 0, false);
	rig_expect(r, "adapter -19\n");
	fake_answer(&r->fake, 0);
	fake_settle(&r->fake);
	fake_refuse(&r->fake, 1, "org.bluez.Error.Blocked", "Blocked");
	rig_until(r, "upkeep");
	assert_non_null(strstr(rig_events(r), "adapter 0\nupkeep -"));
	assert_non_null(strstr(rig_log(r), "using /org/bluez/hci1"));
}

/* The adapter was told to come back, and is unplugged before it does. */
static void test_power_cycle_unplugged(void **state)
{
	struct rig *r = *state;
	char why[200] = "";

	rig_ready(r);
	r->fake.hold = "Set";
	assert_int_equal(maintenance(r, TRANSPORT_POWER_CYCLE, NULL), 0);
	fake_settle(&r->fake);
	fake_adapter_powered(&r->fake, 0, false);
	fake_answer(&r->fake, 0);
	fake_settle(&r->fake);
	fake_answer(&r->fake, 1);
	rig_expect(r, "adapter -19\n");
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "upkeep -19\n");
	assert_int_equal(bluez_ready(r->t, why, sizeof(why)), -OTA_ENODEV);
	assert_non_null(strstr(why, "no Bluetooth adapter"));
	fake_adapter_there(&r->fake, 0, true);
	r->fake.hold = NULL;
	fake_adapter_powered(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
}

static void test_power_cycle_daemon_dies(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "Set";
	assert_int_equal(maintenance(r, TRANSPORT_POWER_CYCLE, NULL), 0);
	fake_settle(&r->fake);
	fake_owner(&r->fake, false);
	rig_expect(r, "adapter -19\nupkeep -19\n");
}

/* --- discovery */

static void test_scan(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' -60 ota\n");
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\n");
	r->fake.devices[0].rssi = -71;
	fake_advertise(&r->fake, 0);
	r->fake.devices[1].audible = true;
	fake_advertise(&r->fake, 1);
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' -71 ota\n"
		      "advertisement 24:6F:28:AA:10:02 'esp' -70 ota\n");
	assert_int_equal(r->t->ops->scan_stop(r->t), 0);
	rig_expect(r, "");
	rig_expect_calls(r, "StopDiscovery\n");
	fake_advertise(&r->fake, 0); /* another program scans on */
	rig_expect(r, "");
}

/* 127 is what a controller says that does not measure it: such a device was heard all the same. */
static void test_scan_unmeasured(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.devices[0].rssi = 127;
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' 127 ota\n");
}

/* Heard in another program's discovery already; a strange name stays as it is. */
static void test_scan_beside_another(void **state)
{
	struct rig *r = *state;

	r->fake.discovering = r->fake.devices[0].there = true;
	r->fake.devices[0].name = "\033[2Jesp";
	rig_ready(r);
	r->fake.hold = "StartDiscovery";
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_expect(r, "");
	fake_answer(&r->fake, 0);
	rig_expect(r, "advertisement " FAKE_ADDRESS " '\033[2Jesp' -60 ota\n");
}

/* The device has a link to this host, and does not advertise. */
static void test_scan_connected(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = r->fake.devices[0].connected = true;
	r->fake.devices[0].audible = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' 127 ota\n");
	fake_connected(&r->fake, 0, false);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true); /* another program */
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' 127 ota\n");
}

/* Start and stop are never asked for at once: bluetoothd would refuse the second. */
static void test_scan_steps(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "StartDiscovery";
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	assert_int_equal(r->t->ops->scan_stop(r->t), 0);
	fake_settle(&r->fake);
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\n");
	r->fake.hold = "StopDiscovery";
	fake_answer(&r->fake, 0);
	fake_settle(&r->fake);
	rig_expect_calls(r, "StopDiscovery\n");
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	fake_settle(&r->fake);
	rig_expect_calls(r, "");
	fake_answer(&r->fake, 1);
	fake_settle(&r->fake);
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\n");
}

static void test_scan_refused_once(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.error = (struct fake_error){"StartDiscovery", "org.bluez.Error.InProgress", "no"};
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_until(r, "advertisement");
}

static void test_scan_through_restart(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	(void)rig_events(r);
	fake_owner(&r->fake, false);
	r->fake.discovering = r->fake.devices[0].there = false;
	fake_owner(&r->fake, true);
	rig_expect(r, "adapter -19\nadapter 0\nadvertisement " FAKE_ADDRESS " 'esp' -60 ota\n");
}

static void test_malformed(void **state)
{
	static const char *const device[] = {
		"Address", "Name", "Connected", "Paired", "RSSI", "ServicesResolved", "UUIDs"};
	static const char *const chr[] = {"UUID", "Flags", "MTU", "WriteAcquired", "Value"};
	struct rig *r = *state;

	rig_connect(r);
	for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
		fake_malformed(&r->fake, 0, "org.bluez.Device1", device[i]);
	for (size_t i = 0; i < sizeof(chr) / sizeof(chr[0]); i++)
		fake_malformed(&r->fake, 0, "org.bluez.GattCharacteristic1", chr[i]);
	fake_malformed(&r->fake, 0, "org.bluez.Adapter1", "Powered");
	rig_expect(r, "");
	fake_notify(&r->fake, 0, "\1", 1);
	rig_expect(r, "notified control 0 01\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hang_up),
		TEST(test_forget),
		TEST(test_power_cycle),
		TEST(test_power_cycle_fails),
		TEST(test_power_cycle_daemon_dies),
		TEST(test_power_cycle_unplugged),
		TEST(test_scan),
		TEST(test_scan_unmeasured),
		TEST(test_scan_beside_another),
		TEST(test_scan_connected),
		TEST(test_scan_steps),
		TEST(test_scan_refused_once),
		TEST(test_scan_through_restart),
		TEST(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
