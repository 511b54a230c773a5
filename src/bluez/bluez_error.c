/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluetoothd's errors and reasons in this program's terms (BlueZ: src/error.c,
 * create_gatt_dbus_error() of src/gatt-client.c, device_disconnected() of
 * src/device.c).
 */
#include "bluez/bluez_priv.h"

#include <string.h>

static bool is(const sd_bus_error *error, const char *name)
{
	return error && error->name && strcmp(error->name, name) == 0;
}

static bool says(const sd_bus_error *error, const char *text)
{
	return error && error->message && strstr(error->message, text) != NULL;
}

/* ATT errors 0x02 and 0x03; those of a link that is not encrypted have another text. */
static bool is_not_allowed(const sd_bus_error *error)
{
	return is(error, BLUEZ ".Error.NotPermitted") &&
	       (says(error, "Read not permitted") || says(error, "Write not permitted"));
}

int bluez_error_status(const sd_bus_error *error)
{
	static const struct {
		const char *name;
		int status;
	} known[] = {
		{BLUEZ ".Error.InProgress", -OTA_EBUSY},
		{BLUEZ ".Error.NotPermitted", -OTA_EPERM},
		{BLUEZ ".Error.NotAuthorized", -OTA_EPERM},
		{BLUEZ ".Error.AuthenticationFailed", -OTA_EPERM},
		{BLUEZ ".Error.AuthenticationCanceled", -OTA_EPERM},
		{BLUEZ ".Error.AuthenticationRejected", -OTA_EPERM},
		{BLUEZ ".Error.AuthenticationTimeout", -OTA_EPERM},
		{BLUEZ ".Error.NotSupported", -OTA_ENOTSUP},
		{BLUEZ ".Error.NotConnected", -OTA_ENOTCONN},
		{BLUEZ ".Error.DoesNotExist", -OTA_ENOENT},
		{BLUEZ ".Error.NotReady", -OTA_ENODEV},
		{BLUEZ ".Error.InvalidValueLength", -OTA_EMSGSIZE},
		{BLUEZ ".Error.InvalidArguments", -OTA_EINVAL},
		{SD_BUS_ERROR_ACCESS_DENIED, -OTA_EPERM},
		{SD_BUS_ERROR_SERVICE_UNKNOWN, -OTA_ENODEV},
		{SD_BUS_ERROR_NAME_HAS_NO_OWNER, -OTA_ENODEV},
		{SD_BUS_ERROR_UNKNOWN_OBJECT, -OTA_ENOTCONN},
		{SD_BUS_ERROR_UNKNOWN_INTERFACE, -OTA_ENOTCONN},
		{SD_BUS_ERROR_UNKNOWN_METHOD, -OTA_ENOTSUP},
		{SD_BUS_ERROR_NO_REPLY, -OTA_ETIMEDOUT},
		{SD_BUS_ERROR_TIMEOUT, -OTA_ETIMEDOUT},
		{SD_BUS_ERROR_NO_MEMORY, -OTA_ENOMEM},
		{SD_BUS_ERROR_LIMITS_EXCEEDED, -OTA_EBUSY},
	};

	if (bluez_error_is_held(error))
		return -OTA_EBUSY;
	if (is_not_allowed(error))
		return -OTA_ENOTSUP;
	if (is(error, BLUEZ ".Error.Failed") && says(error, "Not connected"))
		return -OTA_ENOTCONN;
	if (is(error, BLUEZ ".Error.InvalidArguments") && says(error, "Invalid Length"))
		return -OTA_EMSGSIZE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is(error, known[i].name))
			return known[i].status;
	return -OTA_EIO;
}

enum gatt_reason bluez_error_reason(const sd_bus_error *error)
{
	const int status = bluez_error_status(error);

	if (status == -OTA_ENODEV || says(error, "adapter-not-powered"))
		return GATT_NO_ADAPTER;
	/* A device that bluetoothd has dropped was not heard for half a minute; libdbus says
	 * UnknownMethod where the path still has children. */
	if (status == -OTA_ENOENT || status == -OTA_ENOTCONN ||
	    is(error, SD_BUS_ERROR_UNKNOWN_METHOD))
		return GATT_NOT_FOUND;
	/* le-connection-abort-by-local, InProgress, Timeout ...: all are worth a retry. */
	return GATT_CONNECT_FAILED;
}

/* dbus-daemon: "Message recipient disconnected ...", dbus-broker: "Remote peer disconnected". */
bool bluez_error_is_loss(const sd_bus_error *error)
{
	return is(error, SD_BUS_ERROR_NO_REPLY) && says(error, "disconnected");
}

bool bluez_error_is_held(const sd_bus_error *error)
{
	return is(error, BLUEZ ".Error.NotPermitted") && says(error, "acquired");
}

bool bluez_error_is_stale(const sd_bus_error *error)
{
	if (is_not_allowed(error))
		return true;
	return is(error, BLUEZ ".Error.Failed") &&
	       (says(error, "ATT error: 0x01") || says(error, "ATT error: 0x0a"));
}

bool bluez_error_is_in_progress(const sd_bus_error *error)
{
	return is(error, BLUEZ ".Error.InProgress");
}

bool bluez_error_is_applications(const sd_bus_error *error)
{
	return is(error, BLUEZ ".Error.Failed") &&
	       (says(error, "ATT error: 0x8") || says(error, "ATT error: 0x9"));
}

enum gatt_pairing bluez_error_pairing(const sd_bus_error *error)
{
	if (is(error, BLUEZ ".Error.NotPermitted") && says(error, "Not paired"))
		return GATT_PAIRING_WANTED; /* ATT errors 0x05, 0x0c, 0x0f */
	if (is(error, BLUEZ ".Error.NotAuthorized")) /* 0x08 */
		return GATT_PAIRING_UNAUTHORIZED;
	return GATT_PAIRING_UNTOLD;
}

enum gatt_reason bluez_disconnect_reason(const char *name)
{
	static const struct {
		const char *name;
		enum gatt_reason reason;
	} known[] = {
		{BLUEZ ".Reason.Timeout", GATT_SUPERVISION},
		{BLUEZ ".Reason.Local", GATT_BY_HOST},
		{BLUEZ ".Reason.Suspend", GATT_BY_HOST},
		{BLUEZ ".Reason.Remote", GATT_BY_DEVICE},
		{BLUEZ ".Reason.Authentication", GATT_KEY_MISSING},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].reason;
	return GATT_UNKNOWN;
}
