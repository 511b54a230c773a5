/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery: for a scan, and for a connect() to a device that is not known to be
 * in the air.  bluetoothd takes one step at a time (src/adapter.c:
 * start_discovery(), stop_discovery()), so the next waits for the answer.
 */
#include "bluez/bluez_priv.h"

#define RETRY_US 500000u

static bool wanted(const struct bluez *b)
{
	return b->present && (b->scanning || b->phase == BLUEZ_FINDING);
}

static void advertised(struct bluez *b, const struct bluez_object *o)
{
	const struct transport_advertisement adv = {
		.address = o->address,
		.name = o->name,
		.rssi = (int8_t)(o->rssi < -127 || o->rssi > 20 ? 127 : o->rssi),
		.dialects = o->dialects | o->by_data,
		.connectable = true, /* bluetoothd does not tell */
	};
	const struct transport_event event = {.kind = TRANSPORT_ADVERTISEMENT, .adv = &adv};

	bluez_emit(b, &event);
}

void bluez_heard(struct bluez *b, const struct bluez_object *o)
{
	if (b->scanning && b->present && bluez_below(o->path, b->adapter) && o->address[0])
		advertised(b, o);
}

static void on_started(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	b->discovery = error ? BLUEZ_QUIET : BLUEZ_DISCOVERING;
	if (error && !b->discovery_failed)
		bluez_log(b, "StartDiscovery: %s: %s", error->name,
			  error->message ? error->message : "");
	b->discovery_failed = error != NULL;
	if (error && wanted(b)) {
		bluez_after(b, &b->rescan, RETRY_US, bluez_discovery_update);
		return;
	}
	/* Heard in a discovery that another program runs already.  Most devices do not advertise
	 * while they have a link; one to this host can be shared. */
	for (struct bluez_object *o = b->objects; o; o = o->next)
		if (o->kind == BLUEZ_IS_DEVICE && o->rssi != BLUEZ_UNHEARD)
			bluez_object_changed(b, o, BLUEZ_TOLD_HEARD);
		else if (o->kind == BLUEZ_IS_DEVICE && o->connected)
			bluez_heard(b, o);
	bluez_discovery_update(b);
}

static void on_stopped(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	if (error)
		bluez_log(b, "StopDiscovery: %s: %s", error->name,
			  error->message ? error->message : "");
	b->discovery = BLUEZ_QUIET;
	bluez_discovery_update(b);
}

static void start(struct bluez *b)
{
	sd_bus_message *m = NULL;
	int rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, b->adapter, BLUEZ_ADAPTER,
						"SetDiscoveryFilter");

	if (rc >= 0)
		rc = sd_bus_message_append(m, "a{sv}", 2, "Transport", "s", "le", "DuplicateData",
					   "b", 1);
	(void)bluez_send(b, BLUEZ_FOR_ADAPTER, GATT_CHRS, m, rc, NULL);
	if (bluez_request(b, BLUEZ_FOR_ADAPTER, b->adapter, BLUEZ_ADAPTER, "StartDiscovery",
			  on_started) == 0)
		b->discovery = BLUEZ_STARTING;
}

void bluez_discovery_update(struct bluez *b)
{
	switch (b->discovery) {
	case BLUEZ_QUIET:
		bluez_timer_stop(&b->rescan);
		if (wanted(b))
			start(b);
		else if (b->phase == BLUEZ_QUIETING)
			bluez_connect_quiet(b);
		break;
	case BLUEZ_DISCOVERING:
		if (wanted(b))
			break;
		b->discovery = BLUEZ_STOPPING;
		if (bluez_request(b, BLUEZ_FOR_ADAPTER, b->adapter, BLUEZ_ADAPTER, "StopDiscovery",
				  on_stopped) < 0)
			b->discovery = BLUEZ_DISCOVERING;
		break;
	case BLUEZ_STARTING:
	case BLUEZ_STOPPING:
		break; /* the answer brings it back here */
	}
}

void bluez_discovery_forget(struct bluez *b)
{
	bluez_cancel(b, BLUEZ_FOR_ADAPTER);
	bluez_timer_stop(&b->rescan);
	b->discovery = BLUEZ_QUIET;
	b->discovery_failed = false;
	for (struct bluez_object *o = b->objects; o; o = o->next) {
		o->heard_us = 0;
		o->rssi = BLUEZ_UNHEARD;
	}
}

int bluez_scan_start(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	if (!b->present)
		return -OTA_ENODEV;
	if (b->phase != BLUEZ_IDLE)
		return -OTA_EBUSY;
	b->scanning = true;
	bluez_discovery_update(b);
	return 0;
}

int bluez_scan_stop(struct transport *t)
{
	bluez_of(t)->scanning = false;
	bluez_discovery_update(bluez_of(t));
	return 0;
}
