/* SPDX-License-Identifier: Apache-2.0 */
/* bluetoothd and its adapter: whether they are there, and if not, what to do. */
#include "config.h" /* system extensions */

#include "base/bus_error.h"
#include "serve/serve_bluez_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ADAPTER "org.bluez.Adapter1"

int serve_adapter_say(char *text, size_t size, int code, const char *format, ...)
{
	va_list ap;

	if (!text)
		return code;
	va_start(ap, format);
	(void)vsnprintf(text, size, format, ap);
	va_end(ap);
	return code;
}

/* The interfaces of one object, as bits of what matters; its address. */
enum { IS_ADAPTER = 1, HAS_GATT = 2, HAS_ADVERTISING = 4, IS_OFF = 8 };

static int read_adapter(sd_bus_message *m, unsigned int *found, char address[18])
{
	const char *name, *text;
	int powered, rc = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (rc > 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc > 0 && strcmp(name, "Address") == 0) {
			rc = sd_bus_message_read(m, "v", "s", &text);
			if (rc > 0)
				(void)snprintf(address, 18, "%s", text);
		} else if (rc > 0 && strcmp(name, "Powered") == 0) {
			rc = sd_bus_message_read(m, "v", "b", &powered);
			*found |= rc > 0 && !powered ? IS_OFF : 0u;
		} else if (rc > 0) {
			rc = sd_bus_message_skip(m, "v");
		}
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m) < 0 ? -1 : 1;
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static int read_interfaces(sd_bus_message *m, unsigned int *found, char address[18])
{
	const char *name;
	int rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	*found = 0;
	while (rc > 0 && (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc > 0 && strcmp(name, ADAPTER) == 0) {
			*found |= IS_ADAPTER;
			rc = read_adapter(m, found, address);
		} else if (rc > 0) {
			*found |= strcmp(name, BLUEZ_GATT) == 0 ? HAS_GATT : 0u;
			*found |= strcmp(name, BLUEZ_ADVERTISING) == 0 ? HAS_ADVERTISING : 0u;
			rc = sd_bus_message_skip(m, "a{sv}");
		}
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m) < 0 ? -1 : 1;
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static bool is_wanted(const struct serve_bluez *b, const char *path)
{
	const char *last = strrchr(path, '/');

	return !b->config.adapter || (last && strcmp(last + 1, b->config.adapter) == 0);
}

/* The best of what bluetoothd has: *ret_found are its bits. */
static int choose(struct serve_bluez *b, sd_bus_message *m, unsigned int *ret_found)
{
	const unsigned int all = IS_ADAPTER | HAS_GATT | HAS_ADVERTISING;
	unsigned int found = 0;
	char address[18];
	const char *path;
	int rc = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

	*ret_found = 0;
	while (rc > 0 && (rc = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		address[0] = '\0';
		rc = sd_bus_message_read(m, "o", &path);
		if (rc > 0)
			rc = read_interfaces(m, &found, address);
		if (rc >= 0 && found & IS_ADAPTER && is_wanted(b, path) &&
		    ((*ret_found & all) == 0 ||
		     ((found & all) == all && (*ret_found & all) != all))) {
			*ret_found = found;
			(void)snprintf(b->adapter, sizeof(b->adapter), "%s", path);
			(void)snprintf(b->address, sizeof(b->address), "%s", address);
		}
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m) < 0 ? -1 : 1;
	}
	return rc < 0 ? rc : 0;
}

/* --- bluetoothd */

int serve_adapter_no_bus(int rc, char *text, size_t size)
{
	if (rc == -EACCES || rc == -EPERM)
		return serve_adapter_say(text, size, -OTA_EPERM,
					 "the system D-Bus refuses this user: try as root");
	return serve_adapter_say(text, size, -OTA_ENODEV,
				 "there is no system D-Bus, and so no bluetoothd: install and "
				 "start it (package dbus)");
}

static int no_answer(const sd_bus_error *error, char *text, size_t size)
{
	const char *said = error->message && error->message[0] ? error->message : error->name;

	switch (bus_error_failure(error->name)) {
	case BUS_REFUSED:
		return serve_adapter_say(text, size, -OTA_EPERM,
					 "the D-Bus policy does not let this user talk to "
					 "bluetoothd: try as root; the policy file bluetooth.conf "
					 "says who is allowed");
	case BUS_NOT_RUNNING:
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "bluetoothd is not running: start it ('systemctl start "
					 "bluetooth')");
	case BUS_NO_ANSWER:
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "bluetoothd does not answer: restart it ('systemctl "
					 "restart bluetooth')");
	case BUS_LOST:
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "the system D-Bus ended the connection (%s): it was "
					 "stopped, or cannot look this user up",
					 said);
	case BUS_OTHER:
		break;
	}
	return serve_adapter_say(text, size, -OTA_ENODEV, "bluetoothd cannot be asked: %s", said);
}

/* sd-bus knows an answer by its number alone, and not every bus keeps others from sending one. */
static bool is_bluetoothds(struct serve_bluez *b)
{
	sd_bus_message *reply = NULL;
	const char *owner;
	bool is;

	is = sd_bus_call_method(b->bus, SERVE_BUS, "/org/freedesktop/DBus", SERVE_BUS,
				"GetNameOwner", NULL, &reply, "s", BLUEZ) >= 0 &&
	     sd_bus_message_read(reply, "s", &owner) > 0 && strcmp(owner, b->owner) == 0;
	sd_bus_message_unref(reply);
	return is;
}

static int read_answer(struct serve_bluez *b, sd_bus_message *reply, unsigned int *ret_found,
		       char *text, size_t size)
{
	const char *sender = sd_bus_message_get_sender(reply);

	(void)snprintf(b->owner, sizeof(b->owner), "%s", sender ? sender : "");
	if (!is_bluetoothds(b))
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "another program answers in bluetoothd's place: 'busctl "
					 "list' shows the programs on the bus");
	if (choose(b, reply, ret_found) < 0)
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "bluetoothd's D-Bus objects do not have the documented "
					 "form: update it");
	return 0;
}

static int find(struct serve_bluez *b, unsigned int *ret_found, char *text, size_t size)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int rc;

	rc = sd_bus_call_method(b->bus, BLUEZ, "/", SERVE_BUS ".ObjectManager", "GetManagedObjects",
				&error, &reply, "");
	rc = rc < 0 ? no_answer(&error, text, size) : read_answer(b, reply, ret_found, text, size);
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return rc;
}

static int switch_on(struct serve_bluez *b, char *text, size_t size)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int rc;

	rc = sd_bus_set_property(b->bus, BLUEZ, b->adapter, ADAPTER, "Powered", &error, "b", 1);
	if (rc < 0)
		rc = serve_adapter_say(text, size, -OTA_ENODEV,
				       "the adapter is off and cannot be switched on (%s): 'rfkill "
				       "list' may tell",
				       error.message ? error.message : error.name);
	sd_bus_error_free(&error);
	return rc;
}

int serve_adapter_use(struct serve_bluez *b, char *text, size_t size)
{
	unsigned int found = 0;
	int rc = find(b, &found, text, size);

	if (rc < 0)
		return rc;
	if (!(found & IS_ADAPTER) && b->config.adapter)
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "there is no adapter %s: 'bluetoothctl list' shows them",
					 b->config.adapter);
	if (!(found & IS_ADAPTER))
		return serve_adapter_say(text, size, -OTA_ENODEV,
					 "bluetoothd has no Bluetooth adapter: 'bluetoothctl list' "
					 "should show one");
	/* bluetoothd offers them also while the adapter is off. */
	if (!(found & HAS_GATT) || !(found & HAS_ADVERTISING))
		return serve_adapter_say(text, size, -OTA_ENOTSUP,
					 "this adapter cannot be a peripheral, or bluetoothd is "
					 "older than 5.48");
	return found & IS_OFF ? switch_on(b, text, size) : 0;
}
