/* SPDX-License-Identifier: Apache-2.0 */
/* Words for transport.h's enumerations, for logs, traces and JSON; what every backend may lack. */
#include "transport/transport.h"

#include <stdio.h>

unsigned int transport_release(const char *text)
{
	unsigned int major, minor;

	/* Too many digits are out of range, and so are numbers that do not fit.
	 * NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(text, "%3u.%3u", &major, &minor) != 2 || major > 255 || minor > 255)
		return 0;
	return major << 8 | minor;
}

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
		[TRANSPORT_MAINTENANCE] = "upkeep",
		[TRANSPORT_PASSKEY] = "passkey",
		[TRANSPORT_PAIRED] = "paired",
	};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

const char *transport_call_name(enum transport_call_kind kind)
{
	switch (kind) {
	case TRANSPORT_CALL:
		return "call";
	case TRANSPORT_REPLY:
		return "reply";
	case TRANSPORT_ERROR:
		return "error";
	case TRANSPORT_SIGNAL:
		return "signal";
	}
	return "call";
}

void transport_note(struct transport *t, const char *text)
{
	if (t->ops->note)
		t->ops->note(t, text);
}

void transport_act(struct transport *t, const char *text)
{
	if (t->ops->act)
		t->ops->act(t, text);
}

void transport_watch(struct transport *t, transport_watch_fn *fn, void *userdata)
{
	t->watcher = fn;
	t->watcher_userdata = userdata;
	if (t->ops->watch)
		t->ops->watch(t);
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

int transport_passkey(struct transport *t, int32_t passkey)
{
	return t->ops->passkey ? t->ops->passkey(t, passkey) : -OTA_EINVAL;
}
