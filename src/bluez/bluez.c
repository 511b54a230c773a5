/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport over bluetoothd: its table of operations, its timers, its
 * creation and its end.  bluez_priv.h tells which file has what.
 */
#include "config.h" /* system extensions: CLOCK_MONOTONIC */

#include "bluez/bluez_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

uint64_t bluez_now(struct transport *t)
{
	struct timespec ts;

	(void)t;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void set_timer(sd_event_source *source, uint64_t at_us)
{
	if (!source)
		return;
	(void)sd_event_source_set_time(source, at_us);
	(void)sd_event_source_set_enabled(source,
					  at_us == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int bluez_on_alarm(sd_event_source *source, uint64_t usec, void *userdata)
{
	const struct transport_event event = {.kind = TRANSPORT_ALARM};

	(void)source;
	(void)usec;
	bluez_emit(userdata, &event);
	return 0;
}

static int bluez_set_alarm(struct transport *t, uint64_t at_us)
{
	set_timer(bluez_of(t)->alarm, at_us);
	return 0;
}

static int bluez_on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bluez_timer *timer = userdata;

	(void)source;
	(void)usec;
	timer->fn(timer->b);
	return 0;
}

void bluez_after(struct bluez *b, struct bluez_timer *timer, uint64_t us,
		 void (*fn)(struct bluez *b))
{
	timer->fn = fn;
	set_timer(timer->source, bluez_now(&b->base) + us);
}

void bluez_timer_stop(struct bluez_timer *timer)
{
	set_timer(timer->source, UINT64_MAX);
}

/* --- what bluetoothd tells */

void bluez_object_changed(struct bluez *b, struct bluez_object *o, unsigned int told)
{
	switch (o->kind) {
	case BLUEZ_IS_ADAPTER:
		bluez_adapter_changed(b, o);
		break;
	case BLUEZ_IS_DEVICE:
		if (told & BLUEZ_TOLD_HEARD)
			o->heard_us = bluez_now(&b->base);
		bluez_device_changed(b, o, told);
		break;
	case BLUEZ_IS_CHR:
		bluez_gatt_chr_changed(b, o, told);
		break;
	case BLUEZ_IS_SERVICE: /* its UUID counts once its characteristics are there */
	case BLUEZ_KINDS:
		break;
	}
}

void bluez_object_gone(struct bluez *b, const struct bluez_object *o)
{
	switch (o->kind) {
	case BLUEZ_IS_ADAPTER:
		bluez_adapter_removed(b, o);
		break;
	case BLUEZ_IS_DEVICE:
		if (strcmp(o->address, b->misremembered) == 0)
			b->misremembered[0] = '\0';
		if (b->device[0] && strcmp(o->path, b->device) == 0)
			bluez_ended(b, b->phase == BLUEZ_UP ? b->reason : GATT_NOT_FOUND);
		break;
	case BLUEZ_IS_CHR:
		bluez_gatt_chr_gone(b, o);
		break;
	case BLUEZ_IS_SERVICE: /* its UUID counts once its characteristics are there */
	case BLUEZ_KINDS:
		break;
	}
}

/* BlueZ: "usb:v1D6Bp0246d0552" is its own vendor and product, and release 5.82. */
static void release_of(const char *modalias, char *buf, size_t size)
{
	unsigned int major, minor;

	/* Two numbers of two digits cannot be out of range.  NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(modalias, "usb:v1D6Bp0246d%2x%2x", &major, &minor) == 2)
		(void)snprintf(buf, size, "%u.%u", major, minor);
}

static void bluez_link_state(struct transport *t, struct transport_link *ret)
{
	struct bluez *b = bluez_of(t);
	const struct bluez_object *adapter = bluez_find(b, BLUEZ_IS_ADAPTER, b->adapter), *device;

	memset(ret, 0, sizeof(*ret));
	if (adapter) {
		memcpy(ret->adapter, adapter->address, sizeof(ret->adapter));
		release_of(adapter->modalias, b->release, sizeof(b->release));
	}
	memcpy(ret->bluetoothd, b->release, sizeof(ret->bluetoothd)); /* it outlives the daemon */
	ret->host = bluez_adapter_host(b);
	ret->pairing = b->pairing;
	/* Device1.RSSI is the advertisements': never shown as the link's. */
	ret->rssi = BLUEZ_RSSI_NONE;
	ret->link.mtu = b->mtu;
	ret->mtu_source = b->mtu_source;
	ret->refill = true; /* what most controllers do; nothing tells */
	ret->data_held = bluez_data_held(b);
	ret->misremembered = b->misremembered[0] && strcmp(b->misremembered, b->address) == 0;
	device = bluez_find_address(b, b->address);
	ret->bonded = device && device->paired;
	bluez_hci_state(b, ret);
}

/* --- creation and end */

static int fail_text(char *ret_text, size_t size, int code, const char *text)
{
	if (ret_text)
		snprintf(ret_text, size, "%s", text);
	return code;
}

static int open_bus(struct bluez *b, char *ret_text, size_t size)
{
	int rc;

	if (b->config.bus) {
		b->bus = sd_bus_ref(b->config.bus);
		return 0;
	}
	rc = sd_bus_open_system(&b->bus);
	if (rc == -EACCES || rc == -EPERM)
		return fail_text(ret_text, size, -OTA_EPERM, "the system D-Bus refuses this user");
	if (rc < 0)
		return fail_text(ret_text, size, -OTA_ENODEV,
				 "there is no system D-Bus, and so no bluetoothd");
	return sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
}

static int add_timer(struct bluez *b, struct bluez_timer *timer)
{
	timer->b = b;
	return sd_event_add_time(b->event, &timer->source, CLOCK_MONOTONIC, UINT64_MAX, 1,
				 bluez_on_timer, timer);
}

static int add_timers(struct bluez *b)
{
	struct bluez_timer *const timers[] = {&b->patience, &b->rescan, &b->released,
					      &b->refused,  &b->reload, &b->pulse};
	int rc = sd_event_add_time(b->event, &b->alarm, CLOCK_MONOTONIC, UINT64_MAX, 1,
				   bluez_on_alarm, b);

	for (size_t i = 0; rc >= 0 && i < sizeof(timers) / sizeof(timers[0]); i++)
		rc = add_timer(b, timers[i]);
	/* Armed once they have something to do. */
	set_timer(b->alarm, UINT64_MAX);
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		bluez_timer_stop(timers[i]);
	return rc;
}

static void bluez_destroy(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	b->base.handler = NULL;
	if (b->phase == BLUEZ_CONNECTING || (b->phase == BLUEZ_UP && !bluez_data_held(b)))
		bluez_request_last(b, b->device, BLUEZ_DEVICE, "Disconnect");
	if (b->present && (b->discovery == BLUEZ_STARTING || b->discovery == BLUEZ_DISCOVERING))
		bluez_request_last(b, b->adapter, BLUEZ_ADAPTER, "StopDiscovery");
	b->present = false; /* nothing begins any more */
	b->discovery = BLUEZ_QUIET;
	bluez_ended(b, GATT_BY_HOST);
	bluez_table_stop(b);
	bluez_cancel(b, BLUEZ_FOR_EVER);
	for (size_t i = 0; i < sizeof(b->matches) / sizeof(b->matches[0]); i++)
		sd_bus_slot_unref(b->matches[i]);
	bluez_owner_unwatch(b);
	sd_event_source_disable_unref(b->alarm);
	sd_event_source_disable_unref(b->patience.source);
	sd_event_source_disable_unref(b->rescan.source);
	sd_event_source_disable_unref(b->released.source);
	sd_event_source_disable_unref(b->refused.source);
	sd_event_source_disable_unref(b->reload.source);
	sd_event_source_disable_unref(b->pulse.source);
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
	.write = bluez_write,
	.passkey = bluez_passkey,
	.link_state = bluez_link_state,
	.maintenance = bluez_maintenance,
	.table = bluez_table,
	.destroy = bluez_destroy,
};

int bluez_create(sd_event *event, const struct bluez_config *config, struct transport **ret,
		 char *ret_text, size_t size)
{
	struct bluez *b;
	int rc;

	if (config->adapter && strlen(config->adapter) >= sizeof(b->wanted_adapter))
		return fail_text(ret_text, size, -OTA_ENODEV, "there is no adapter of that name");
	b = calloc(1, sizeof(*b));
	if (!b)
		return fail_text(ret_text, size, -OTA_ENOMEM, "out of memory");
	b->config = *config;
	if (config->adapter)
		snprintf(b->wanted_adapter, sizeof(b->wanted_adapter), "%s", config->adapter);
	snprintf(b->sysfs, sizeof(b->sysfs), "%s", config->sysfs ? config->sysfs : "/sys");
	if (b->config.find_ms == 0)
		b->config.find_ms = BLUEZ_FIND_MS;
	if (b->config.pulse_ms == 0)
		b->config.pulse_ms = BLUEZ_PULSE_MS;
	b->event = b->base.event = event;
	b->base.ops = &bluez_ops;
	b->fd = -1;
	bluez_gatt_reset(b);
	(void)fail_text(ret_text, size, 0, "D-Bus or the event loop failed");
	rc = open_bus(b, ret_text, size);
	if (rc >= 0)
		rc = add_timers(b);
	/* The owner of org.bluez first, then signals, then objects: no signal is missed. */
	if (rc >= 0)
		rc = bluez_owner_watch(b);
	if (rc >= 0)
		rc = bluez_objects_watch(b);
	if (rc >= 0)
		rc = bluez_adapter_load(b);
	if (rc < 0) {
		bluez_destroy(&b->base);
		return rc;
	}
	*ret = &b->base;
	return 0;
}

int bluez_open(sd_event *event, const struct bluez_config *config, struct transport **ret,
	       enum gatt_host *ret_host, char *ret_text, size_t size)
{
	struct transport *t;
	uint64_t now, until;
	int rc = bluez_create(event, config, &t, ret_text, size);

	if (rc < 0) {
		*ret_host = rc == -OTA_EPERM	? GATT_HOST_REFUSED
			    : rc == -OTA_ENODEV ? GATT_HOST_NO_BUS
						: GATT_HOST_UNTOLD;
		return rc;
	}
	now = bluez_now(t);
	until = now + BLUEZ_LOAD_US;
	while ((rc = bluez_ready(t, ret_text, size)) == -OTA_EAGAIN && now < until) {
		rc = sd_bus_process(bluez_of(t)->bus, NULL);
		if (rc == 0)
			rc = sd_bus_wait(bluez_of(t)->bus, until - now);
		if (rc < 0) {
			rc = fail_text(ret_text, size, -OTA_ENODEV,
				       "the system D-Bus closed this program's connection");
			break;
		}
		now = bluez_now(t);
	}
	if (rc == -OTA_EAGAIN)
		rc = -OTA_ENODEV;
	if (rc < 0) {
		*ret_host = bluez_of(t)->problem == BLUEZ_LOADING ? GATT_HOST_DAEMON_SILENT
								  : bluez_adapter_host(bluez_of(t));
		t->ops->destroy(t);
		return rc;
	}
	*ret = t;
	return 0;
}
