/* SPDX-License-Identifier: Apache-2.0 */
/* Pairing over a fake org.bluez: who asks, and what is told of how it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"

#define DENIED "org.bluez.Error.NotPermitted"

struct answer {
	bool came;
	char error[100];
	uint32_t passkey;
};

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct answer *a = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(m);

	(void)ret_error;
	a->came = true;
	(void)snprintf(a->error, sizeof(a->error), "%s", error ? error->name : "");
	if (!error)
		(void)sd_bus_message_read(m, "u", &a->passkey);
	return 0;
}

/* bluetoothd asks the agent about a device. */
static void ask_agent(struct rig *r, const char *member, const char *device, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	assert_true(sd_bus_call_method_async(r->fake.server, NULL, fake_client_name(&r->fake),
					     "/org/otabench/agent", "org.bluez.Agent1", member,
					     on_answer, a, "o", device) >= 0);
	fake_settle(&r->fake);
}

static int passkey(struct rig *r, int32_t digits)
{
	return r->t->ops->passkey(r->t, digits);
}

static void test_pairing(void **state)
{
	struct rig *r = *state;
	struct answer a;

	rig_ready(r);
	assert_int_equal(passkey(r, 1), -OTA_EINVAL);
	ask_agent(r, "RequestAuthorization", FAKE_DEVICE, &a);
	assert_string_not_equal(a.error, ""); /* nobody there while nothing is connected */
	(void)fake_calls(&r->fake);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	rig_expect_calls(r, "SetDiscoveryFilter\nStartDiscovery\nStopDiscovery\n"
			    "RegisterAgent\nRequestDefaultAgent\nConnect\n");
	ask_agent(r, "RequestAuthorization", FAKE_DEVICE, &a);
	assert_string_equal(a.error, "");
	ask_agent(r, "RequestAuthorization", FAKE_ADAPTER "/dev_another", &a);
	assert_string_equal(a.error, "org.bluez.Error.Rejected");
	ask_agent(r, "RequestPinCode", FAKE_DEVICE, &a);
	assert_string_equal(a.error, "org.bluez.Error.Rejected");

	ask_agent(r, "RequestPasskey", FAKE_ADAPTER "/dev_another", &a);
	assert_string_equal(a.error, "org.bluez.Error.Rejected");
	rig_expect(r, "");
	ask_agent(r, "RequestPasskey", FAKE_DEVICE, &a);
	rig_expect(r, "passkey -1\n");
	assert_false(a.came);
	assert_int_equal(passkey(r, 1000000), -OTA_EINVAL);
	assert_int_equal(passkey(r, 123456), 0);
	fake_settle(&r->fake);
	assert_int_equal(a.passkey, 123456);
	assert_int_equal(passkey(r, 123456), -OTA_EINVAL);

	ask_agent(r, "RequestPasskey", FAKE_DEVICE, &a);
	assert_int_equal(passkey(r, -1), 0);
	fake_settle(&r->fake);
	assert_string_equal(a.error, "org.bluez.Error.Rejected");
	rig_expect(r, "passkey -1\npaired -1\n"); /* once for both questions */
	/* With a wrong one the kernel hangs up, and that is all. */
	ask_agent(r, "RequestPasskey", FAKE_DEVICE, &a);
	assert_int_equal(passkey(r, 0), 0);
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "passkey -1\npaired -1\ndisconnected unknown\n");
	rig_expect_calls(r, "UnregisterAgent\n");
}

static enum gatt_pairing told_of_pairing(struct rig *r)
{
	struct transport_link link;

	r->t->ops->link_state(r->t, &link);
	return link.pairing;
}

/* One error of D-Bus for three ATT errors, and for a bond that only this side has. */
static void test_refusals(void **state)
{
	static const struct {
		bool bonded;
		const char *name, *text;
		enum gatt_pairing pairing;
	} refusals[] = {
		{false, DENIED, "Not paired", GATT_PAIRING_WANTED},
		{true, DENIED, "Not paired", GATT_PAIRING_BOND_LOST},
		{true, "org.bluez.Error.NotAuthorized", "no", GATT_PAIRING_UNAUTHORIZED},
		{true, SD_BUS_ERROR_ACCESS_DENIED, "policy", GATT_PAIRING_UNTOLD},
		{false, DENIED, "Write acquired", GATT_PAIRING_UNTOLD},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		r->fake.devices[0].paired = refusals[i].bonded;
		rig_connect(r);
		r->fake.error =
			(struct fake_error){"ReadValue", refusals[i].name, refusals[i].text};
		assert_int_equal(r->t->ops->read(r->t, GATT_MODEL), 0);
		(void)rig_events(r);
		assert_int_equal(told_of_pairing(r), refusals[i].pairing);
		rig_finish(r);
		rig_init(r);
	}
	rig_ready(r);
}

/*
 * One reason for a lost bond and for a failed pairing [5.83]: a device that there is no bond
 * with has lost none.
 */
static void test_authentication(void **state)
{
	struct rig *r = *state;
	struct answer a;

	r->fake.devices[0].paired = true;
	rig_connect(r);
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Authentication");
	rig_expect(r, "disconnected key-missing\n");
	assert_int_equal(told_of_pairing(r), GATT_PAIRING_BOND_LOST);

	rig_finish(r);
	rig_init(r);
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Authentication");
	rig_expect(r, "paired -1\ndisconnected unknown\n");
	assert_int_equal(told_of_pairing(r), GATT_PAIRING_REFUSED);

	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	ask_agent(r, "RequestPasskey", FAKE_DEVICE, &a);
	assert_int_equal(passkey(r, 1), 0);
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Authentication");
	rig_expect(r, "passkey -1\npaired -1\ndisconnected unknown\n");
	assert_int_equal(told_of_pairing(r), GATT_PAIRING_REFUSED);

	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	ask_agent(r, "RequestPasskey", FAKE_DEVICE, &a);
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Authentication");
	rig_expect(r, "passkey -1\npaired -110\ndisconnected unknown\n");
	assert_int_equal(told_of_pairing(r), GATT_PAIRING_LATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pairing),
		TEST(test_refusals),
		TEST(test_authentication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
