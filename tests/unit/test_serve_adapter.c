/* SPDX-License-Identifier: Apache-2.0 */
/* 'otabench serve' without a bluetoothd or an adapter that it can use: the words for each case. */
#include "config.h" /* system extensions */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bus_error.h"
#include "bluezanswer.h"
#include "ota/error.h"
#include "privatebus.h"
#include "serve/serve_bluez_priv.h"

static const struct bluez_answer good = {.adapter = true, .powered = true, .peripheral = true};

static void expect(sd_bus *bus, const char *adapter, int code, const char *text)
{
	const struct serve_bluez_config config = {.adapter = adapter, .name = "x", .bus = bus};
	struct serve_bluez *b = NULL;
	sd_event *event = NULL;
	char why[256] = "";

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(serve_bluez_create(event, &config, &b, why, sizeof(why)), code);
	if (!strstr(why, text))
		fail_msg("'%s' does not say '%s'", why, text);
	serve_bluez_destroy(b);
	sd_event_unref(event);
}

/* One that answers so. */
static void answered(struct bluez_answer a, const char *adapter, int code, const char *text)
{
	sd_bus *bus = private_bus_open(NULL);
	pid_t pid = bluez_answer_start(&a);

	expect(bus, adapter, code, text);
	bluez_answer_stop(pid);
	private_bus_close(bus);
}

/* --- tests */

static void test_good(void **state)
{
	(void)state;
	answered(good, NULL, 0, "");
	answered(good, "hci0", 0, "");
}

static void test_errors(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
	} errors[] = {
		{"org.freedesktop.DBus.Error.AccessDenied", "bluetooth.conf says who is allowed",
		 -OTA_EPERM},
		{"org.freedesktop.DBus.Error.ServiceUnknown", "systemctl start bluetooth",
		 -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.TimedOut", "is not running", -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.Spawn.ChildExited", "is not running", -OTA_ENODEV},
		{"org.freedesktop.systemd1.NoSuchUnit", "is not running", -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.NoReply", "does not answer: restart it", -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.Timeout", "does not answer", -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.NoMemory", "cannot be asked: no", -OTA_ENODEV},
		{"org.freedesktop.DBus.Error.Spawned", "cannot be asked: no", -OTA_ENODEV},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		answered((struct bluez_answer){.error = errors[i].name}, NULL, errors[i].code,
			 errors[i].text);
	assert_int_equal(bus_error_failure(NULL), BUS_OTHER);
}

static void test_nobody(void **state)
{
	sd_bus *bus = private_bus_open(NULL);

	(void)state;
	expect(bus, NULL, -OTA_ENODEV, "bluetoothd is not running");
	private_bus_close(bus);
}

/* It ends while it is asked. */
static void test_dies(void **state)
{
	(void)state;
	answered((struct bluez_answer){.dies = true}, NULL, -OTA_ENODEV, "does not answer");
}

static void test_bus_ends(void **state)
{
	sd_bus *bus = private_bus_open(NULL);

	(void)state;
	private_bus_stop();
	expect(bus, NULL, -OTA_ENODEV, "ended the connection");
	private_bus_close(bus);
}

static void test_no_bus(void **state)
{
	(void)state;
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1), 0);
	expect(NULL, NULL, -OTA_ENODEV, "there is no system D-Bus");
	assert_int_equal(unsetenv("DBUS_SYSTEM_BUS_ADDRESS"), 0);
}

static void test_adapters(void **state)
{
	struct bluez_answer a = good;

	(void)state;
	answered(a, "hci7", -OTA_ENODEV, "there is no adapter hci7");
	a.peripheral = false;
	answered(a, NULL, -OTA_ENOTSUP, "cannot be a peripheral");
	a = (struct bluez_answer){.adapter = false};
	answered(a, NULL, -OTA_ENODEV, "bluetoothd has no Bluetooth adapter");
	a = good;
	a.powered = false; /* and there is no property that could be set */
	answered(a, NULL, -OTA_ENODEV, "cannot be switched on");
}

static void test_strange_answers(void **state)
{
	struct bluez_answer a = good;

	(void)state;
	a.foreign = true;
	answered(a, NULL, -OTA_ENODEV, "another program answers");
	a.foreign = false;
	a.malformed = true;
	answered(a, NULL, -OTA_ENODEV, "documented form");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nobody),	 cmocka_unit_test(test_dies),
		cmocka_unit_test(test_bus_ends), cmocka_unit_test(test_no_bus),
		cmocka_unit_test(test_adapters), cmocka_unit_test(test_strange_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
