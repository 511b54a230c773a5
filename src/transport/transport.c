/* SPDX-License-Identifier: Apache-2.0 */
/* Words for transport.h's enumerations, for logs, traces and JSON. */
#include "transport.h"

const char *transport_event_name(enum transport_event_kind kind)
{
	static const char *const names[] = {
		[TRANSPORT_ADVERTISEMENT] = "advertisement",
		[TRANSPORT_CONNECTED] = "connected",
		[TRANSPORT_DISCONNECTED] = "disconnected",
		[TRANSPORT_MTU] = "mtu",
		[TRANSPORT_DISCOVERED] = "discovered",
		[TRANSPORT_SUBSCRIBED] = "subscribed",
		[TRANSPORT_READ] = "read",
		[TRANSPORT_WRITTEN] = "written",
		[TRANSPORT_NOTIFIED] = "notified",
		[TRANSPORT_WRITABLE] = "writable",
		[TRANSPORT_ALARM] = "alarm",
		[TRANSPORT_ADAPTER] = "adapter",
		[TRANSPORT_LINK] = "link",
		[TRANSPORT_UPKEEP] = "upkeep",
	};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

const char *transport_source_name(enum transport_source source)
{
	switch (source) {
	case TRANSPORT_SOURCE_NONE:
		return "n/a";
	case TRANSPORT_SOURCE_STACK:
		return "stack";
	case TRANSPORT_SOURCE_DEVICE:
		return "device";
	case TRANSPORT_SOURCE_HCI:
		return "hci";
	case TRANSPORT_SOURCE_MODEL:
		return "model";
	}
	return "n/a";
}
