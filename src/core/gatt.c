/* SPDX-License-Identifier: Apache-2.0 */
/* Words for gatt.h's enumerations, for logs and JSON. */
#include "core/gatt.h"

const char *gatt_reason_name(enum gatt_reason reason)
{
	switch (reason) {
	case GATT_BY_HOST:
		return "by-host";
	case GATT_BY_DEVICE:
		return "by-device";
	case GATT_SUPERVISION:
		return "supervision-timeout";
	case GATT_NOT_FOUND:
		return "not-found";
	case GATT_CONNECT_FAILED:
		return "connect-failed";
	case GATT_NO_ADAPTER:
		return "no-adapter";
	case GATT_KEY_MISSING:
		return "key-missing";
	case GATT_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *gatt_write_name(enum gatt_write mode)
{
	switch (mode) {
	case GATT_REQUEST:
		return "request";
	case GATT_COMMAND:
		return "command";
	case GATT_ACQUIRE:
		return "acquire";
	}
	return "unknown";
}
