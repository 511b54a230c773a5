/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of transport.h over bluetoothd: adapter, discovery, connection.
 * Objects are kept in bluez_objects.c, GATT is in bluez_gatt.c.
 */
#include "config.h" /* system extensions: CLOCK_MONOTONIC */

#include "transport/bluez_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct bluez *bluez_of(struct transport *t)
{
	return (struct bluez *)t;
}

void bluez_log(struct bluez *b, const char *format, ...)
{
	char text[300];
	va_list ap;

	if (!b->config.log)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	b->config.log(b->config.log_ctx, text);
}

void bluez_emit(struct bluez *b, const struct transport_event *event)
{
	if (b->base.handler)
		b->base.handler(b->base.userdata, event);
}

/* --- time */

static uint64_t bluez_now(struct transport *t)
{
	struct timespec ts;

	(void)t;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static int on_alarm(sd_event_source *source, uint64_t usec, void *userdata)
{
	const struct transport_event event = {.kind = TRANSPORT_ALARM};

	(void)source;
	(void)usec;
	bluez_emit(userdata, &event);
	return 0;
}

static void set_timer(sd_event_source *source, uint64_t at_us)
{
	(void)sd_event_source_set_time(source, at_us);
	(void)sd_event_source_set_enabled(source,
					  at_us == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int bluez_set_alarm(struct transport *t, uint64_t at_us)
{
	set_timer(bluez_of(t)->alarm, at_us);
	return 0;
}

void bluez_patience(struct bluez *b, uint64_t us)
{
	set_timer(b->patience, us ? bluez_now(&b->base) + us : UINT64_MAX);
}

/* --- discovery */

static int on_ignored(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	(void)ret_error;
	if (error)
		bluez_log(b, "%s: %s", error->name, error->message ? error->message : "");
	return 0;
}

static void adapter_call(struct bluez *b, const char *member)
{
	(void)sd_bus_call_method_async(b->bus, NULL, BLUEZ, b->adapter, BLUEZ_ADAPTER, member,
				       on_ignored, b, NULL);
}

/* Discovery runs for a scan, and for a connect() to a device not heard yet. */
static void update_discovery(struct bluez *b)
{
	const bool wanted = b->present && (b->scanning || b->phase == BLUEZ_FINDING);

	if (wanted == b->discovering)
		return;
	b->discovering = wanted;
	if (!b->present)
		return;
	if (wanted)
		(void)sd_bus_call_method_async(b->bus, NULL, BLUEZ, b->adapter, BLUEZ_ADAPTER,
					       "SetDiscoveryFilter", on_ignored, b, "a{sv}", 2,
					       "Transport", "s", "le", "DuplicateData", "b", 1);
	adapter_call(b, wanted ? "StartDiscovery" : "StopDiscovery");
}

static int bluez_scan_start(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	if (!b->present)
		return -OTA_ENODEV;
	if (b->phase != BLUEZ_IDLE)
		return -OTA_EBUSY;
	b->scanning = true;
	update_discovery(b);
	return 0;
}

static int bluez_scan_stop(struct transport *t)
{
	bluez_of(t)->scanning = false;
	update_discovery(bluez_of(t));
	return 0;
}

static void advertised(struct bluez *b, const struct bluez_object *o)
{
	const struct transport_advertisement adv = {
		.address = o->address,
		.name = o->name,
		.rssi = (int8_t)(o->rssi < -127 || o->rssi > 20 ? 127 : o->rssi),
		.ota_service = o->ota,
		.connectable = true,
	};
	const struct transport_event event = {.kind = TRANSPORT_ADVERTISEMENT, .adv = &adv};

	bluez_emit(b, &event);
}

/* --- connection */

static void device_call(struct bluez *b, const char *member)
{
	(void)sd_bus_call_method_async(b->bus, NULL, BLUEZ, b->device, BLUEZ_DEVICE, member,
				       on_ignored, b, NULL);
}

void bluez_ended(struct bluez *b, enum gatt_reason reason)
{
	struct transport_event event = {.kind = TRANSPORT_DISCONNECTED};

	if (b->phase == BLUEZ_IDLE)
		return;
	event.reason = b->hanging_up ? GATT_BY_HOST : reason;
	b->phase = BLUEZ_IDLE;
	b->hanging_up = false;
	b->reason = GATT_UNKNOWN;
	b->connect_call = sd_bus_slot_unref(b->connect_call);
	b->device_match = sd_bus_slot_unref(b->device_match);
	bluez_patience(b, 0);
	bluez_gatt_reset(b);
	update_discovery(b);
	bluez_emit(b, &event);
}

static void link_up(struct bluez *b)
{
	struct transport_event event = {.kind = TRANSPORT_CONNECTED, .mtu = OTA_ATT_MTU_MIN};

	b->phase = BLUEZ_UP;
	b->acquire_refused = false;
	bluez_patience(b, 0);
	bluez_emit(b, &event);
}

static int on_connected(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	(void)ret_error;
	b->connect_call = sd_bus_slot_unref(b->connect_call);
	if (b->phase != BLUEZ_CONNECTING)
		return 0;
	if (error) {
		bluez_log(b, "Connect: %s: %s", error->name, error->message ? error->message : "");
		bluez_ended(b, bluez_error_reason(error));
		return 0;
	}
	link_up(b);
	return 0;
}

/* Device1.Disconnected(reason, message) [5.83]; comes before Connected turns false. */
static int on_reason(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *name;

	(void)ret_error;
	if (sd_bus_message_read(m, "s", &name) > 0)
		b->reason = bluez_disconnect_reason(name);
	return 0;
}

static void connect_to(struct bluez *b, const struct bluez_object *o)
{
	b->phase = BLUEZ_CONNECTING;
	snprintf(b->device, sizeof(b->device), "%s", o->path);
	bluez_patience(b, 0);
	/* Scanning and connecting share the radio: discovery stops first. */
	b->scanning = false;
	update_discovery(b);
	(void)sd_bus_match_signal_async(b->bus, &b->device_match, BLUEZ, b->device, BLUEZ_DEVICE,
					"Disconnected", on_reason, NULL, b);
	if (sd_bus_call_method_async(b->bus, &b->connect_call, BLUEZ, b->device, BLUEZ_DEVICE,
				     "Connect", on_connected, b, NULL) < 0)
		bluez_patience(b, 1000); /* told from the event loop */
}

static int bluez_connect(struct transport *t, const char *address)
{
	struct bluez *b = bluez_of(t);
	const struct bluez_object *o;

	if (!b->present)
		return -OTA_ENODEV;
	if (b->phase != BLUEZ_IDLE)
		return -OTA_EBUSY;
	if (strlen(address) >= sizeof(b->address))
		return -OTA_EINVAL;
	strcpy(b->address, address);
	b->hanging_up = false;
	bluez_gatt_reset(b);
	o = bluez_find_address(b, address);
	if (o) {
		connect_to(b, o);
		return 0;
	}
	b->phase = BLUEZ_FINDING;
	update_discovery(b);
	bluez_patience(b, BLUEZ_FIND_US);
	return 0;
}

static int bluez_disconnect(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	if (b->phase == BLUEZ_IDLE)
		return -OTA_ENOTCONN;
	b->hanging_up = true;
	if (b->phase == BLUEZ_FINDING) {
		bluez_patience(b, 1000); /* nothing to end: told from the event loop */
		return 0;
	}
	device_call(b, "Disconnect"); /* also cancels a Connect() under way */
	bluez_patience(b, 5000000u);
	return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bluez *b = userdata;

	(void)source;
	(void)usec;
	if (b->hanging_up) {
		bluez_ended(b, GATT_BY_HOST);
		return 0;
	}
	switch (b->phase) {
	case BLUEZ_IDLE:
		break;
	case BLUEZ_FINDING:
		bluez_ended(b, GATT_NOT_FOUND);
		break;
	case BLUEZ_CONNECTING:
		bluez_ended(b, GATT_CONNECT_FAILED);
		break;
	case BLUEZ_UP:
		bluez_gatt_resolved(b, b->resolved_once);
		if (b->discover_wanted) {
			b->resolved_once = true;
			bluez_patience(b, BLUEZ_OBJECTS_US);
		}
		break;
	}
	return 0;
}

/* --- what bluetoothd tells */

static bool is_mine(const struct bluez *b, const struct bluez_object *o)
{
	return o->kind == BLUEZ_IS_DEVICE && b->device[0] && strcmp(o->path, b->device) == 0;
}

static void device_changed(struct bluez *b, struct bluez_object *o, bool rssi_told)
{
	if (rssi_told && b->discovering && b->scanning)
		advertised(b, o);
	if (b->phase == BLUEZ_FINDING && strcasecmp(o->address, b->address) == 0 &&
	    bluez_below(o->path, b->adapter) && !b->hanging_up) {
		connect_to(b, o);
		return;
	}
	if (!is_mine(b, o))
		return;
	if (b->phase == BLUEZ_UP && !o->connected) {
		bluez_ended(b, b->reason);
	} else if (b->phase == BLUEZ_UP && o->resolved && b->discover_wanted) {
		b->resolved_once = false;
		bluez_gatt_resolved(b, false);
		if (b->discover_wanted) {
			b->resolved_once = true;
			bluez_patience(b, BLUEZ_OBJECTS_US);
		}
	}
}

static void pick_adapter(struct bluez *b);

void bluez_object_changed(struct bluez *b, struct bluez_object *o, bool rssi_told)
{
	switch (o->kind) {
	case BLUEZ_IS_ADAPTER:
		if (b->present && !o->powered && strcmp(o->path, b->adapter) == 0)
			bluez_gone(b);
		else if (!b->present)
			bluez_back(b);
		break;
	case BLUEZ_IS_DEVICE:
		device_changed(b, o, rssi_told);
		break;
	case BLUEZ_IS_CHR:
		if (b->phase == BLUEZ_UP && b->resolved_once && bluez_below(o->path, b->device))
			bluez_gatt_resolved(b, false);
		break;
	case BLUEZ_KINDS:
		break;
	}
}

void bluez_object_gone(struct bluez *b, const struct bluez_object *o)
{
	if (o->kind == BLUEZ_IS_ADAPTER && strcmp(o->path, b->adapter) == 0)
		bluez_gone(b);
	else if (is_mine(b, o) && b->phase != BLUEZ_FINDING)
		bluez_ended(b, GATT_UNKNOWN);
}

/* Adapter or daemon is gone. */
void bluez_gone(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_ADAPTER, .status = -OTA_ENODEV};

	if (!b->present)
		return;
	b->present = false;
	b->discovering = false;
	bluez_log(b, "the adapter or bluetoothd is gone");
	bluez_emit(b, &event);
	b->hanging_up = false;
	bluez_ended(b, GATT_NO_ADAPTER);
}

void bluez_back(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_ADAPTER};
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (b->present)
		return;
	if (!b->objects && bluez_objects_load(b, &error) < 0) {
		sd_bus_error_free(&error);
		return; /* not ready yet: its objects' signals follow */
	}
	pick_adapter(b);
	if (!b->adapter[0])
		return;
	b->present = true;
	bluez_log(b, "the adapter is back");
	bluez_emit(b, &event);
	update_discovery(b);
}

/* --- creation */

/* The wanted one, else one that is powered, else any; "" when there is none to use. */
static void pick_adapter(struct bluez *b)
{
	const struct bluez_object *best = NULL;
	const char *name;

	for (const struct bluez_object *o = b->objects; o; o = o->next) {
		if (o->kind != BLUEZ_IS_ADAPTER)
			continue;
		name = strrchr(o->path, '/') + 1;
		if (b->config.adapter && strcmp(name, b->config.adapter) != 0)
			continue;
		if (!best || (o->powered && !best->powered) ||
		    (o->powered == best->powered && strcmp(o->path, best->path) < 0))
			best = o;
	}
	b->adapter[0] = '\0';
	if (!best)
		return;
	snprintf(b->adapter, sizeof(b->adapter), "%s", best->path);
	if (best->powered)
		return;
	if (b->config.power_on && sd_bus_set_property(b->bus, BLUEZ, best->path, BLUEZ_ADAPTER,
						      "Powered", NULL, "b", 1) >= 0)
		return;
	b->adapter[0] = '\0';
	b->adapter_off = true;
}

static int fail_text(char *ret_text, size_t size, int code, const char *text)
{
	if (ret_text)
		snprintf(ret_text, size, "%s", text);
	return code;
}

static int no_daemon(const sd_bus_error *error, char *ret_text, size_t size)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return fail_text(ret_text, size, -OTA_EPERM,
				 "the D-Bus policy does not let this user talk to bluetoothd; "
				 "see 'otabench doctor'");
	return fail_text(ret_text, size, -OTA_ENODEV,
			 "bluetoothd is not running: start it ('systemctl start bluetooth'), or "
			 "try a virtual ESP32 with --sim");
}

static int no_adapter(const struct bluez *b, char *ret_text, size_t size)
{
	if (b->adapter_off)
		return fail_text(ret_text, size, -OTA_ENODEV,
				 "the Bluetooth adapter is off and cannot be switched on: look at "
				 "'rfkill list' and 'bluetoothctl power on'");
	if (b->config.adapter)
		return fail_text(
			ret_text, size, -OTA_ENODEV,
			"there is no adapter of that name: 'bluetoothctl list' shows them");
	return fail_text(ret_text, size, -OTA_ENODEV,
			 "there is no Bluetooth adapter: plug one in, or try a virtual ESP32 with "
			 "--sim");
}

static int open_bus(struct bluez *b, char *ret_text, size_t size)
{
	int rc;

	if (b->config.bus) {
		b->bus = sd_bus_ref(b->config.bus);
		return 0;
	}
	rc = sd_bus_open_system(&b->bus);
	if (rc < 0)
		return fail_text(ret_text, size, -OTA_ENODEV,
				 "there is no system D-Bus, and so no bluetoothd; --sim works "
				 "without");
	return sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
}

static int add_timers(struct bluez *b)
{
	int rc =
		sd_event_add_time(b->event, &b->alarm, CLOCK_MONOTONIC, UINT64_MAX, 1, on_alarm, b);

	if (rc >= 0)
		rc = sd_event_add_time(b->event, &b->patience, CLOCK_MONOTONIC, UINT64_MAX, 1,
				       on_patience, b);
	if (rc >= 0)
		rc = sd_bus_set_method_call_timeout(b->bus, BLUEZ_CALL_US);
	return rc;
}

static void bluez_link_state(struct transport *t, struct transport_link *ret)
{
	const struct bluez *b = bluez_of(t);

	memset(ret, 0, sizeof(*ret));
	/* Device1.RSSI is the advertisements': never shown as the link's. */
	ret->rssi = 127;
	ret->link.mtu = b->mtu;
	ret->mtu_source = b->mtu_source;
	ret->refill = true;
}

static void bluez_destroy(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	b->base.handler = NULL;
	if (b->phase == BLUEZ_CONNECTING || b->phase == BLUEZ_UP)
		device_call(b, "Disconnect");
	if (b->discovering && b->present)
		adapter_call(b, "StopDiscovery");
	bluez_gatt_reset(b);
	b->connect_call = sd_bus_slot_unref(b->connect_call);
	b->device_match = sd_bus_slot_unref(b->device_match);
	for (size_t i = 0; i < sizeof(b->matches) / sizeof(b->matches[0]); i++)
		sd_bus_slot_unref(b->matches[i]);
	sd_event_source_disable_unref(b->alarm);
	sd_event_source_disable_unref(b->patience);
	bluez_objects_clear(b);
	if (b->bus && !b->config.bus) {
		(void)sd_bus_flush(b->bus);
		sd_bus_detach_event(b->bus);
		sd_bus_close(b->bus);
	}
	sd_bus_unref(b->bus);
	free(b);
}

static const struct transport_ops bluez_ops = {
	.name = "bluez",
	.now_us = bluez_now,
	.set_alarm = bluez_set_alarm,
	.scan_start = bluez_scan_start,
	.scan_stop = bluez_scan_stop,
	.connect = bluez_connect,
	.disconnect = bluez_disconnect,
	.discover = bluez_gatt_discover,
	.subscribe = bluez_gatt_subscribe,
	.read = bluez_gatt_read,
	.write = bluez_gatt_write,
	.link_state = bluez_link_state,
	.destroy = bluez_destroy,
};

int bluez_create(sd_event *event, const struct bluez_config *config, struct transport **ret,
		 char *ret_text, size_t size)
{
	struct bluez *b = calloc(1, sizeof(*b));
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int rc;

	if (!b)
		return fail_text(ret_text, size, -OTA_ENOMEM, "out of memory");
	b->config = *config;
	b->event = event;
	b->base.ops = &bluez_ops;
	b->acquired = -1;
	b->reason = GATT_UNKNOWN;
	bluez_gatt_reset(b);
	rc = open_bus(b, ret_text, size);
	if (rc >= 0)
		rc = add_timers(b);
	/* Signals first, so that nothing is missed between the two. */
	if (rc >= 0)
		rc = bluez_objects_watch(b);
	if (rc >= 0) {
		rc = bluez_objects_load(b, &error);
		if (rc < 0)
			rc = no_daemon(&error, ret_text, size);
	}
	sd_bus_error_free(&error);
	if (rc >= 0) {
		pick_adapter(b);
		rc = b->adapter[0] ? 0 : no_adapter(b, ret_text, size);
	}
	if (rc < 0) {
		bluez_destroy(&b->base);
		return rc;
	}
	b->present = true;
	*ret = &b->base;
	return 0;
}
