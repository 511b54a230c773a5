/* SPDX-License-Identifier: Apache-2.0 */
/* Connections over a fake org.bluez, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"

#define FAILED "org.bluez.Error.Failed"
#define FIND_MS 300u /* of rig_ready() */

static void test_connect(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, "24:6f:28:aa:10:01"), 0);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), -OTA_EBUSY);
	assert_int_equal(r->t->ops->scan_start(r->t), -OTA_EBUSY);
	rig_expect(r, "connected 23\n");
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\nStopDiscovery\n"
			    "RegisterAgent\nRequestDefaultAgent\nConnect\n");
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	rig_expect_calls(r, "Disconnect\nUnregisterAgent\n");
}

/* Just heard: no discovery of its own. */
static void test_connect_from_scan(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	(void)rig_events(r);
	(void)fake_calls(&r->fake);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	rig_expect_calls(r, "StopDiscovery\nRegisterAgent\nRequestDefaultAgent\nConnect\n");
}

/* bluetoothd remembers it, but it is not in the air. */
static void test_not_heard(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = true;
	r->fake.devices[0].audible = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_until(r, "disconnected");
	rig_expect(r, "disconnected not-found\n");
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\nStopDiscovery\n");
}

/* Another program is connecting, and the controller does not listen meanwhile. */
static void test_not_listened(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.error = (struct fake_error){"StartDiscovery", FAILED, "Busy"};
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_until(r, "disconnected");
	rig_expect(r, "disconnected connect-failed\n");
	assert_non_null(strstr(rig_log(r), "StartDiscovery: " FAILED ": Busy"));
	r->fake.hold = "StartDiscovery";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_until(r, "disconnected");
	rig_expect(r, "disconnected connect-failed\n");
}

static void test_not_heard_cancelled(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].audible = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	fake_advertise(&r->fake, 0);
	rig_until(r, "disconnected");
	rig_expect(r, "disconnected by-host\n");
}

/* Held by another program: it does not advertise, and Connect() succeeds at once. */
static void test_connected_already(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = r->fake.devices[0].connected = r->fake.devices[0].resolved =
		r->fake.devices[0].exported = true;
	r->fake.connects_by_itself = r->fake.devices[0].audible = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "mtu 517\ndiscovered 18 0c 02 02 02 02\n");
}

/* The same while it is waited for: nothing will be heard of it any more. */
static void test_connected_by_another(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].there = true;
	r->fake.devices[0].audible = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, false); /* what ended is no link */
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true);
	rig_expect(r, "connected 23\n");
}

static void test_connect_fails(void **state)
{
	static const struct {
		const char *name, *text, *reason;
	} errors[] = {
		{FAILED, "le-connection-abort-by-local", "disconnected connect-failed\n"},
		{FAILED, "Operation already in progress", "disconnected connect-failed\n"},
		{"org.bluez.Error.InProgress", "In Progress", "disconnected connect-failed\n"},
		{SD_BUS_ERROR_NO_REPLY, "Method call timed out", "disconnected connect-failed\n"},
		{"org.bluez.Error.NotReady", "Resource Not Ready", "disconnected no-adapter\n"},
		{SD_BUS_ERROR_UNKNOWN_OBJECT, "no", "disconnected not-found\n"},
		{SD_BUS_ERROR_UNKNOWN_METHOD, "no", "disconnected not-found\n"},
	};
	struct rig *r = *state;

	rig_ready(r);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		r->fake.error = (struct fake_error){"Connect", errors[i].name, errors[i].text};
		assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
		rig_expect(r, errors[i].reason);
	}
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
}

static void test_disconnect_while_connecting(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "Connect";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
}

/* A connection keeps the capability that there was when it began. */
static void test_agent_first(void **state)
{
	struct rig *r = *state;

	for (unsigned int give_up = 0; give_up < 2; give_up++) {
		if (give_up == 0)
			rig_ready(r);
		r->fake.hold = "RequestDefaultAgent";
		assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
		rig_expect(r, "");
		assert_null(strstr(fake_calls(&r->fake), "\nConnect\n"));
		r->fake.hold = NULL;
		if (give_up) {
			assert_int_equal(r->t->ops->disconnect(r->t), 0);
			fake_answer(&r->fake, 0);
			rig_expect(r, "disconnected by-host\n");
			assert_null(strstr(fake_calls(&r->fake), "Connect\n"));
		} else {
			fake_answer(&r->fake, 0);
			rig_expect(r, "connected 23\n");
			rig_expect_calls(r, "Connect\n");
			assert_int_equal(r->t->ops->disconnect(r->t), 0);
			rig_expect(r, "disconnected by-host\n");
			(void)fake_calls(&r->fake);
		}
		fake_forget_held(&r->fake);
	}
}

/* The success was on its way already when the link was given up. */
static void test_disconnect_crosses_success(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "Connect";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true);
	fake_answer(&r->fake, 0);
	fake_forget_held(&r->fake);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	assert_false(r->fake.devices[0].connected);
}

static void test_dropped_before_the_answer(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "Connect";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true);
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Timeout");
	rig_expect(r, "");
	fake_answer(&r->fake, 0);
	rig_expect(r, "disconnected supervision-timeout\n");
}

/* The drop concerns the link that existed when Connect() was called, not the new one. */
static void test_dropped_is_the_link_before(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	r->fake.hold = "Connect";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true);
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Timeout");
	fake_connected(&r->fake, 0, true);
	fake_answer(&r->fake, 0);
	rig_expect(r, "connected 23\n");
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
}

/* The device was heard in time; that discovery is slow to stop is not its silence. */
static void test_heard_and_slow_to_stop(void **state)
{
	struct rig *r = *state;
	uint64_t now;

	rig_ready(r);
	r->fake.hold = "StopDiscovery";
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "");
	now = r->t->ops->now_us(r->t);
	assert_int_equal(r->t->ops->set_alarm(r->t, now + 2 * FIND_MS * 1000u), 0);
	rig_until(r, "alarm");
	rig_expect(r, "alarm\n");
	fake_answer(&r->fake, 0);
	rig_expect(r, "connected 23\n");
}

/* Both answers of the first connection come while the second is being made. */
static void test_late_answers(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.hold = "ReadValue";
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	fake_settle(&r->fake);
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
	r->fake.hold = NULL;
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "mtu 517\ndiscovered 18 0c 02 02 02 02\n");
	fake_refuse(&r->fake, 0, FAILED, "Operation failed with ATT error: 0x0e");
	rig_expect(r, "");
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "read info 0 763221\n");
}

static void test_reasons(void **state)
{
	static const struct {
		const char *reason, *event;
	} reasons[] = {
		{"org.bluez.Reason.Timeout", "disconnected supervision-timeout\n"},
		{"org.bluez.Reason.Remote", "disconnected by-device\n"},
		{"org.bluez.Reason.Local", "disconnected by-host\n"},
		{"org.bluez.Reason.Authentication", "disconnected key-missing\n"},
		{"org.bluez.Reason.Unknown", "disconnected unknown\n"},
		{"something new", "disconnected unknown\n"},
		{NULL, "disconnected unknown\n"},
	};
	struct rig *r = *state;

	r->fake.devices[0].paired = true; /* what was never paired has no key to miss */
	rig_ready(r);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
		rig_expect(r, "connected 23\n");
		fake_disconnected(&r->fake, 0, reasons[i].reason);
		rig_expect(r, reasons[i].event);
	}
}

static void test_device_removed(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_remove_device(&r->fake, 0);
	rig_expect(r, "disconnected unknown\n");
}

/* A shared connection: nobody may come back to what is gone. */
static void test_destroyed_in_mid_call(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.hold = "ReadValue";
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	fake_settle(&r->fake);
	r->t->ops->destroy(r->t);
	r->t = NULL;
	fake_refuse(&r->fake, 0, FAILED, "late");
	fake_notify(&r->fake, 0, "\1", 1);
	rig_expect(r, "");
	rig_expect_calls(r, "ReadValue\nDisconnect\nUnregisterAgent\n");
}

static void test_alarm(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->set_alarm(r->t, r->t->ops->now_us(r->t) + 1000), 0);
	rig_until(r, "alarm");
	assert_int_equal(r->t->ops->set_alarm(r->t, 0), 0);
	assert_int_equal(r->t->ops->set_alarm(r->t, UINT64_MAX), 0);
	rig_expect(r, "alarm\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connect),
		TEST(test_connect_from_scan),
		TEST(test_not_heard),
		TEST(test_not_listened),
		TEST(test_not_heard_cancelled),
		TEST(test_connected_already),
		TEST(test_connected_by_another),
		TEST(test_connect_fails),
		TEST(test_agent_first),
		TEST(test_disconnect_while_connecting),
		TEST(test_disconnect_crosses_success),
		TEST(test_dropped_before_the_answer),
		TEST(test_dropped_is_the_link_before),
		TEST(test_heard_and_slow_to_stop),
		TEST(test_late_answers),
		TEST(test_reasons),
		TEST(test_device_removed),
		TEST(test_destroyed_in_mid_call),
		TEST(test_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
