/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters and bluetoothd come, go and are off, over a fake org.bluez. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bluezrig.h"

static void test_ready(void **state)
{
	struct rig *r = *state;

	rig_ready(r);
	assert_string_equal(r->t->ops->name, "bluez");
	assert_int_equal(r->t->ops->connect(r->t, "a text that is no address"), -OTA_EINVAL);
	assert_int_equal(r->t->ops->disconnect(r->t), -OTA_ENOTCONN);
	assert_int_equal(r->t->ops->discover(r->t), -OTA_ENOTCONN);
	assert_int_equal(r->t->ops->write(r->t, GATT_DATA, GATT_COMMAND, NULL, 0), -OTA_ENOTCONN);
}

static enum gatt_host host(struct rig *r)
{
	struct transport_link link;

	r->t->ops->link_state(r->t, &link);
	return link.host;
}

static void not_ready(struct rig *r, const struct bluez_config *config, int code, const char *text)
{
	char why[200] = "";

	assert_int_equal(rig_open(r, config), code);
	assert_int_equal(bluez_ready(r->t, why, sizeof(why)), code);
	if (!strstr(why, text))
		fail_msg("'%s' is not in '%s'", text, why);
	assert_int_equal(r->t->ops->scan_start(r->t), -OTA_ENODEV);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), -OTA_ENODEV);
}

static void test_no_adapter(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.adapter = NULL};

	r->fake.adapters[0].there = false;
	not_ready(r, &config, -OTA_ENODEV, "no Bluetooth adapter");
	assert_int_equal(host(r), GATT_HOST_ADAPTER_GONE);
	fake_adapter_there(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
	assert_int_equal(host(r), GATT_HOST_UNTOLD);
	assert_int_equal(bluez_ready(r->t, NULL, 0), 0);
}

static void test_no_such_adapter(void **state)
{
	const struct bluez_config config = {.adapter = "hci7"};

	not_ready(*state, &config, -OTA_ENODEV, "of that name");
}

static void test_chosen_adapter(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.adapter = "hci1"};

	r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
	assert_int_equal(rig_open(r, &config), 0);
	assert_non_null(strstr(rig_log(r), "using /org/bluez/hci1"));
}

static void test_powered_adapter_first(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = true};

	r->fake.adapters[0].powered = false;
	r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
	assert_int_equal(rig_open(r, &config), 0);
	assert_non_null(strstr(rig_log(r), "using /org/bluez/hci1"));
	rig_expect_calls(r, "GetManagedObjects\n");
}

static void test_adapter_off(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = false};

	r->fake.adapters[0].powered = false;
	not_ready(r, &config, -OTA_ENODEV, "power on");
	assert_int_equal(host(r), GATT_HOST_ADAPTER_OFF);
	fake_adapter_powered(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
}

static void test_power_on(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = true};

	r->fake.adapters[0].powered = false;
	assert_int_equal(rig_open(r, &config), 0);
	rig_expect_calls(r, "GetManagedObjects\nSet\n");
	/* Somebody switches it off: that is respected. */
	fake_adapter_powered(&r->fake, 0, false);
	rig_expect(r, "adapter 0\nadapter -19\n");
	rig_expect_calls(r, "");
}

static void test_rfkill(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = true};

	r->fake.adapters[0].powered = false;
	r->fake.error = (struct fake_error){"Set", "org.bluez.Error.Blocked", "Blocked"};
	not_ready(r, &config, -OTA_ENODEV, "rfkill unblock");
	assert_int_equal(host(r), GATT_HOST_ADAPTER_BLOCKED);
}

/* Linux 6.1 does not tell why; its files do. */
static void test_rfkill_untold(void **state)
{
	static const struct {
		const char *file, *value, *text;
		enum gatt_host host;
	} switches[] = {
		{"soft", "0\n", "'bluetoothctl power on'", GATT_HOST_ADAPTER_OFF},
		{"soft", "1\n", "rfkill unblock", GATT_HOST_ADAPTER_BLOCKED},
		{"hard", "1\n", "rfkill unblock", GATT_HOST_ADAPTER_BLOCKED},
		{"state", "1\n", "'bluetoothctl power on'", GATT_HOST_ADAPTER_OFF},
		{"soft", "", "'bluetoothctl power on'", GATT_HOST_ADAPTER_OFF},
	};
	struct rig *r = *state;
	char sysfs[] = "/tmp/test_bluez.XXXXXX", path[128];
	const struct bluez_config config = {.power_on = true, .sysfs = sysfs};
	static const char *const folders[] = {"/class", "/class/bluetooth", "/class/bluetooth/hci0",
					      "/class/bluetooth/hci0/rfkill3"};

	assert_non_null(mkdtemp(sysfs));
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", sysfs, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s%s/%s", sysfs, folders[3], switches[i].file);
		file = fopen(path, "we");
		assert_non_null(file);
		(void)fputs(switches[i].value, file);
		(void)fclose(file);
		r->fake.adapters[0].powered = false;
		r->fake.error = (struct fake_error){"Set", "org.bluez.Error.Failed", "Failed"};
		not_ready(r, &config, -OTA_ENODEV, switches[i].text);
		assert_int_equal(host(r), switches[i].host);
		/* The same switch in mid run, of which bluetoothd says no more than "off". */
		fake_adapter_powered(&r->fake, 0, true);
		rig_expect(r, "adapter 0\n");
		assert_int_equal(host(r), GATT_HOST_UNTOLD);
		fake_adapter_powered(&r->fake, 0, false);
		rig_expect(r, "adapter -19\n");
		assert_int_equal(host(r), switches[i].host);
		r->t->ops->destroy(r->t);
		r->t = NULL;
		(void)unlink(path);
	}
	for (size_t i = 4; i-- > 0;) {
		snprintf(path, sizeof(path), "%s%s", sysfs, folders[i]);
		(void)rmdir(path);
	}
	assert_int_equal(rmdir(sysfs), 0);
}

static void test_no_answers(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
		enum gatt_host host;
	} answers[] = {
		{"org.freedesktop.DBus.Error.ServiceUnknown", "is not running", -OTA_ENODEV,
		 GATT_HOST_DAEMON_GONE},
		{"org.freedesktop.systemd1.NoSuchUnit", "is not running", -OTA_ENODEV,
		 GATT_HOST_DAEMON_GONE},
		{"org.freedesktop.DBus.Error.AccessDenied", "policy", -OTA_EPERM,
		 GATT_HOST_REFUSED},
		{"org.freedesktop.DBus.Error.NoReply", "does not answer", -OTA_ENODEV,
		 GATT_HOST_DAEMON_SILENT},
	};
	struct rig *r = *state;
	const struct bluez_config config = {.adapter = NULL};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		r->fake.error = (struct fake_error){"GetManagedObjects", answers[i].name, "no"};
		not_ready(r, &config, answers[i].code, answers[i].text);
		assert_int_equal(host(r), answers[i].host);
		r->t->ops->destroy(r->t);
		r->t = NULL;
	}
	/* bluetoothd is started after all. */
	fake_owner(&r->fake, false);
	not_ready(r, &config, -OTA_ENODEV, "is not running");
	fake_owner(&r->fake, true);
	rig_expect(r, "adapter 0\n");
}

static void says(struct rig *r, int code, const char *text)
{
	char why[200] = "";

	assert_int_equal(bluez_ready(r->t, why, sizeof(why)), code);
	if (!strstr(why, text))
		fail_msg("'%s' does not say '%s'", why, text);
}

/* bluetoothd was stopped for longer than an answer is waited for, and goes on. */
static void test_answers_late(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.adapter = NULL};

	r->fake.hold = "GetManagedObjects";
	assert_int_equal(rig_open(r, &config), -OTA_EAGAIN);
	r->fake.hold = NULL;
	fake_refuse(&r->fake, 0, SD_BUS_ERROR_NO_REPLY, "Method call timed out");
	rig_expect(r, "");
	says(r, -OTA_ENODEV, "does not answer");
	rig_until(r, "adapter");
	rig_expect(r, "adapter 0\n");
	assert_int_equal(bluez_ready(r->t, NULL, 0), 0);
}

static void test_adapter_removed(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "adapter -19\ndisconnected no-adapter\n");
	assert_int_equal(host(r), GATT_HOST_ADAPTER_GONE);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), -OTA_ENODEV);
	fake_adapter_there(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
}

static void test_other_adapter_takes_over(void **state)
{
	struct rig *r = *state;

	r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
	rig_ready(r);
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "adapter -19\nadapter 0\n");
}

/* There is another, but not of the name that was asked for. */
static void test_chosen_adapter_removed(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.adapter = "hci0", .power_on = true};

	r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
	assert_int_equal(rig_open(r, &config), 0);
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "adapter 0\nadapter -19\n");
	says(r, -OTA_ENODEV, "of that name");
}

/* The remaining adapter is off. */
static void test_other_adapter_is_off(void **state)
{
	struct rig *r = *state;

	for (unsigned int power_on = 0; power_on < 2; power_on++) {
		const struct bluez_config config = {.power_on = power_on != 0};

		r->fake.adapters[0].powered = false;
		r->fake.adapters[1] = (struct fake_adapter){.there = true, .powered = true};
		assert_int_equal(rig_open(r, &config), 0);
		fake_adapter_there(&r->fake, 1, false);
		if (power_on) {
			rig_expect(r, "adapter 0\nadapter -19\nadapter 0\n");
		} else {
			rig_expect(r, "adapter 0\nadapter -19\n");
			says(r, -OTA_ENODEV, "power on");
		}
		r->t->ops->destroy(r->t);
		r->t = NULL;
		fake_settle(&r->fake);
	}
}

/* One that cannot be switched on is unplugged: the next is another matter. */
static void test_replugged(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = true};

	r->fake.adapters[0].powered = false;
	r->fake.error = (struct fake_error){"Set", "org.bluez.Error.Failed", "Failed"};
	not_ready(r, &config, -OTA_ENODEV, "power on");
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "");
	says(r, -OTA_ENODEV, "no Bluetooth adapter");
	fake_adapter_there(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
	assert_int_equal(bluez_ready(r->t, NULL, 0), 0);
}

/* Unplugged while it is being switched on: the answer comes late and is about nothing. */
static void test_unplugged_while_powering(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.power_on = true};

	r->fake.adapters[0].powered = false;
	r->fake.hold = "Set";
	assert_int_equal(rig_open(r, &config), -OTA_EAGAIN);
	fake_adapter_there(&r->fake, 0, false);
	rig_expect(r, "");
	says(r, -OTA_ENODEV, "no Bluetooth adapter");
	fake_refuse(&r->fake, 0, SD_BUS_ERROR_UNKNOWN_OBJECT, "gone");
	rig_expect(r, "");
	says(r, -OTA_ENODEV, "no Bluetooth adapter");
}

static void test_daemon_restarts(void **state)
{
	struct rig *r = *state;
	uint8_t value[4] = {4};

	rig_connect(r);
	r->fake.hold = "WriteValue";
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	fake_settle(&r->fake);
	/* The bus answers for the daemon that died, before it tells of the death. */
	fake_refuse(&r->fake, 0, SD_BUS_ERROR_NO_REPLY,
		    "Message recipient disconnected from message bus without replying");
	rig_expect(r, "adapter -19\ndisconnected no-adapter\n");
	r->fake.hold = NULL;
	r->fake.devices[0].connected = r->fake.devices[0].resolved = r->fake.devices[0].there =
		r->fake.devices[0].exported = r->fake.discovering = false;
	r->fake.adapters[0].powered = false;
	fake_owner(&r->fake, false);
	rig_expect(r, "");
	assert_int_equal(host(r), GATT_HOST_DAEMON_GONE);
	/* bluetoothd comes back, and powers the adapter a little later. */
	fake_owner(&r->fake, true);
	rig_expect(r, "");
	fake_adapter_powered(&r->fake, 0, true);
	rig_expect(r, "adapter 0\n");
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
}

static void test_daemon_killed(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_owner(&r->fake, false);
	rig_expect(r, "adapter -19\ndisconnected no-adapter\n");
	/* Signals of the killed daemon that were still in flight are dropped. */
	fake_notify(&r->fake, 0, "\3", 1);
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "");
}

static void until_host(struct rig *r, enum gatt_host wanted)
{
	while (host(r) != wanted)
		assert_true(sd_event_run(r->event, UINT64_MAX) >= 0);
}

/* A daemon that is stopped keeps its name: only the ping tells it from a device that is silent. */
static void test_daemon_stopped(void **state)
{
	struct rig *r = *state;
	const struct bluez_config config = {.find_ms = 300, .pulse_ms = 1};

	assert_int_equal(rig_open(r, &config), 0);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_until(r, "connected");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_until(r, "discovered");
	r->fake.hold = "ReadValue";
	assert_int_equal(r->t->ops->read(r->t, GATT_MODEL), 0);
	fake_settle(&r->fake);
	assert_int_equal(r->fake.held_count, 1);
	/* The device owes the answer, and bluetoothd is well. */
	(void)fake_calls(&r->fake);
	while (!strstr(fake_calls(&r->fake), "Ping\n"))
		assert_true(sd_event_run(r->event, UINT64_MAX) >= 0);
	fake_settle(&r->fake);
	assert_int_equal(host(r), GATT_HOST_UNTOLD);
	r->fake.hold = "Ping";
	until_host(r, GATT_HOST_DAEMON_SILENT);
	assert_non_null(strstr(rig_log(r), "does not answer a ping"));
	r->fake.hold = NULL;
	fake_answer(&r->fake, 1);
	until_host(r, GATT_HOST_UNTOLD);
	fake_owner(&r->fake, false);
	rig_until(r, "disconnected");
	assert_int_equal(host(r), GATT_HOST_DAEMON_GONE);
}

/* The policy lets the objects be read, and not the call. */
static void test_bus_refuses(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.error = (struct fake_error){"ReadValue", SD_BUS_ERROR_ACCESS_DENIED, "policy"};
	assert_int_equal(r->t->ops->read(r->t, GATT_MODEL), 0);
	rig_expect(r, "read model -1\n");
	assert_int_equal(host(r), GATT_HOST_REFUSED);
}

static void test_bus_lost(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	private_bus_stop();
	rig_until(r, "disconnected");
	rig_expect(r, "adapter -19\ndisconnected no-adapter\n");
	assert_int_equal(host(r), GATT_HOST_NO_BUS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ready),
		TEST(test_no_adapter),
		TEST(test_no_such_adapter),
		TEST(test_chosen_adapter),
		TEST(test_powered_adapter_first),
		TEST(test_adapter_off),
		TEST(test_power_on),
		TEST(test_rfkill),
		TEST(test_rfkill_untold),
		TEST(test_no_answers),
		TEST(test_answers_late),
		TEST(test_adapter_removed),
		TEST(test_other_adapter_takes_over),
		TEST(test_chosen_adapter_removed),
		TEST(test_other_adapter_is_off),
		TEST(test_replugged),
		TEST(test_unplugged_while_powering),
		TEST(test_daemon_restarts),
		TEST(test_daemon_killed),
		TEST(test_daemon_stopped),
		TEST(test_bus_refuses),
		TEST(test_bus_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
