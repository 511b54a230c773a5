/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second program on the bus, which sends to the transport's own connection what
 * bluetoothd would tell: none of it may be believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezfake_priv.h"
#include "bluezrig.h"

static sd_bus *stranger;

static int setup(void **state)
{
	const int rc = bluez_rig_setup(state);

	stranger = private_bus_open(NULL);
	return rc;
}

static int teardown(void **state)
{
	private_bus_close(stranger);
	return bluez_rig_teardown(state);
}

/* Waits until the bus has routed or refused everything that the stranger sent. */
static void flush_stranger(void)
{
	must(sd_bus_call_method(stranger, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				"org.freedesktop.DBus", "GetId", NULL, NULL, ""));
}

/* The signals of fn(), from the stranger; what the fake bluetoothd knows stays. */
static void forge(struct rig *r, void (*fn)(struct fake *f))
{
	static struct fake honest;

	honest = r->fake;
	r->fake.server = stranger;
	r->fake.to = fake_client_name(&r->fake);
	fn(&r->fake);
	r->fake = honest;
	flush_stranger();
}

static void send_signal(struct fake *f, const char *path, const char *interface, const char *member,
			const char *a, const char *b, const char *c)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_signal(f->server, &m, path, interface, member));
	must(sd_bus_message_append(m, "ss", a, b));
	if (c)
		must(sd_bus_message_append(m, "s", c));
	must(sd_bus_message_set_destination(m, f->to));
	must(sd_bus_send(f->server, m, NULL));
	sd_bus_message_unref(m);
}

/* --- what it says of the link */

static void hang_up(struct fake *f)
{
	fake_resolved(f, 0, false);
	fake_connected(f, 0, false);
}

static void give_reason(struct fake *f)
{
	send_signal(f, FAKE_DEVICE, FAKE_IS_DEVICE, "Disconnected", "org.bluez.Reason.Timeout",
		    "in words", NULL);
}

static void switch_off(struct fake *f)
{
	fake_adapter_powered(f, 0, false);
}

static void unplug(struct fake *f)
{
	fake_adapter_there(f, 0, false);
}

static void remove_device(struct fake *f)
{
	fake_remove_device(f, 0);
}

static void notify(struct fake *f)
{
	fake_notify(f, 0, "\3\1\2\3", 4);
}

static void hold_data(struct fake *f)
{
	fake_write_acquired(f, true);
}

static void lose_owner(struct fake *f)
{
	send_signal(f, "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
		    "org.bluez", ":1.1", "");
}

static void take_owner(struct fake *f)
{
	const char *name;

	must(sd_bus_get_unique_name(f->server, &name));
	send_signal(f, "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
		    "org.bluez", "", name);
	hang_up(f);
}

static void test_signals(void **state)
{
	static void (*const lies[])(struct fake * f) = {
		hang_up,       switch_off, unplug,     notify,	    hold_data,
		remove_device, lose_owner, take_owner, give_reason,
	};
	struct rig *r = *state;

	rig_connect(r);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct transport_link link;

		forge(r, lies[i]);
		rig_expect(r, "");
		rig_expect_calls(r, "");
		r->t->ops->link_state(r->t, &link);
		assert_false(link.data_held);
	}
	/* The real one is still heard. */
	fake_notify(&r->fake, 0, "\4", 1);
	rig_expect(r, "notified control 0 04\n");
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
}

/* One line a stranger, not one a message. */
static void test_told_once(void **state)
{
	struct rig *r = *state;
	const char *said;

	rig_connect(r);
	forge(r, notify);
	forge(r, notify);
	rig_expect(r, "");
	said = strstr(rig_log(r), "is not bluetoothd");
	assert_non_null(said);
	assert_null(strstr(said + 1, "is not bluetoothd"));
}

/* --- what it says of devices in the air */

static void advertise(struct fake *f)
{
	fake_advertise(f, 0);
	fake_advertise(f, 1);
}

static void test_devices(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_int_equal(r->t->ops->scan_start(r->t), 0);
	rig_expect(r, "advertisement " FAKE_ADDRESS " 'esp' -60 ota\n");
	r->fake.devices[1].audible = true;
	forge(r, advertise);
	rig_expect(r, "");
	fake_advertise(&r->fake, 1);
	rig_expect(r, "advertisement 24:6F:28:AA:10:02 'esp' -70 ota\n");
}

/* --- what it asks */

struct answer {
	bool came, ok;
};

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct answer *a = userdata;

	(void)ret_error;
	a->came = true;
	a->ok = !sd_bus_message_is_method_error(m, NULL);
	return 0;
}

static bool asks(struct rig *r, sd_bus *bus, const char *member, const char *types,
		 const char *device)
{
	struct answer a = {.came = false};
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_method_call(bus, &m, fake_client_name(&r->fake),
					    "/org/otabench/agent", "org.bluez.Agent1", member));
	if (*types)
		must(sd_bus_message_append(m, types, device));
	must(sd_bus_call_async(bus, NULL, m, on_answer, &a, 0));
	sd_bus_message_unref(m);
	while (!a.came) {
		must(sd_bus_process(bus, NULL));
		must(sd_event_run(r->event, 1000));
	}
	return a.ok;
}

static void test_agent(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_false(asks(r, stranger, "RequestPasskey", "o", FAKE_DEVICE));
	assert_false(asks(r, stranger, "RequestAuthorization", "o", FAKE_DEVICE));
	rig_expect(r, "");
	/* bluetoothd's question stays open whatever the stranger calls. */
	must(sd_bus_call_method_async(r->fake.server, NULL, fake_client_name(&r->fake),
				      "/org/otabench/agent", "org.bluez.Agent1", "RequestPasskey",
				      NULL, NULL, "o", FAKE_DEVICE));
	rig_expect(r, "passkey -1\n");
	assert_false(asks(r, stranger, "Cancel", "", NULL));
	assert_false(asks(r, stranger, "Release", "", NULL));
	rig_expect(r, "");
	assert_int_equal(r->t->ops->passkey(r->t, 123456), 0);
}

/* --- what it answers */

/* Any number of a call that the transport may have open. */
static void answer_all(struct rig *r)
{
	for (uint64_t cookie = 1; cookie < 100; cookie++) {
		sd_bus_message *call = NULL, *reply = NULL;

		must(sd_bus_message_new_method_call(stranger, &call, "org.bluez", "/", "a.b", "C"));
		must(sd_bus_message_set_sender(call, fake_client_name(&r->fake)));
		must(sd_bus_message_seal(call, cookie, 0));
		must(sd_bus_message_new_method_return(call, &reply));
		must(sd_bus_send(stranger, reply, NULL));
		sd_bus_message_unref(reply);
		sd_bus_message_unref(call);
	}
	flush_stranger();
}

/* A bus that lets by what nobody asked for: it is no success. */
static void test_answers(void **state)
{
	const uint8_t value[] = {5};
	struct rig *r = *state;

	rig_connect(r);
	r->fake.hold = "WriteValue";
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	fake_settle(&r->fake);
	answer_all(r);
	rig_expect(r, "written control -5\n");
}

/* --- bluetoothd itself changes */

/* Another connection takes the name: it is the one that is heard from then on. */
static void test_next_owner(void **state)
{
	struct rig *r = *state;
	sd_bus *before;

	rig_connect(r);
	before = stranger;
	stranger = r->fake.server;
	r->fake.server = before;
	fake_serve(&r->fake);
	must(sd_bus_attach_event(r->fake.server, r->event, SD_EVENT_PRIORITY_NORMAL));
	must(sd_bus_detach_event(stranger));
	r->fake.devices[0].connected = r->fake.devices[0].resolved = r->fake.devices[0].there =
		r->fake.devices[0].exported = r->fake.discovering = false;
	must(sd_bus_release_name(stranger, "org.bluez"));
	fake_owner(&r->fake, true);
	rig_expect(r, "adapter -19\ndisconnected no-adapter\nadapter 0\n");
	forge(r, switch_off);
	rig_expect(r, "");
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	fake_adapter_powered(&r->fake, 0, false);
	rig_expect(r, "adapter -19\ndisconnected no-adapter\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_signals), TEST(test_told_once), TEST(test_devices),
		TEST(test_agent),   TEST(test_answers),	  TEST(test_next_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
