/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter that is used, and whether there is one: bluetoothd and adapters come and go, and are
 * switched off, while the program runs.
 */
#include "base/bus_error.h"
#include "bluez/bluez_priv.h"

#include <stdio.h>
#include <string.h>

#define RELOAD_US 1000000u

/* The wanted one, else one that is powered, else any. */
static const struct bluez_object *best_adapter(const struct bluez *b)
{
	const struct bluez_object *best = NULL;

	for (const struct bluez_object *o = b->objects; o; o = o->next) {
		const char *slash = strrchr(o->path, '/');

		if (o->kind != BLUEZ_IS_ADAPTER || !slash)
			continue;
		if (b->wanted_adapter[0] && strcmp(slash + 1, b->wanted_adapter) != 0)
			continue;
		if (!best || (o->powered && !best->powered) ||
		    (o->powered == best->powered && strcmp(o->path, best->path) < 0))
			best = o;
	}
	return best;
}

static void on_powered(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;
	const struct bluez_object *o = best_adapter(b);

	(void)reply;
	if (!error || b->present || b->problem != BLUEZ_POWERING)
		return; /* Powered is told by a signal */
	bluez_log(b, "the adapter cannot be switched on: %s", error->name);
	/* BlueZ: property_set_mode_complete() of src/adapter.c */
	b->problem = sd_bus_error_has_name(error, BLUEZ ".Error.Blocked") ||
				     (o && bluez_rfkill_blocks(b, o->path))
			     ? BLUEZ_ADAPTER_BLOCKED
			     : BLUEZ_ADAPTER_OFF;
}

int bluez_adapter_power(struct bluez *b, const char *path, bool on,
			void (*done)(struct bluez_request *call, sd_bus_message *reply,
				     const sd_bus_error *error))
{
	sd_bus_message *m = NULL;
	int rc;

	rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, path,
					    "org.freedesktop.DBus.Properties", "Set");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "ssv", BLUEZ_ADAPTER, "Powered", "b", on ? 1 : 0);
	return bluez_send(b, BLUEZ_FOR_EVER, GATT_CHRS, m, rc, done);
}

static void power_on(struct bluez *b, const char *path)
{
	b->problem = BLUEZ_ADAPTER_OFF;
	if (b->config.power_on && bluez_adapter_power(b, path, true, on_powered) == 0)
		b->problem = BLUEZ_POWERING;
}

bool bluez_adapter_path(const struct bluez *b, char *buf, size_t size)
{
	const struct bluez_object *o = best_adapter(b);

	if (b->present)
		(void)snprintf(buf, size, "%s", b->adapter);
	else if (o)
		(void)snprintf(buf, size, "%s", o->path);
	return b->present || o;
}

static void bluez_adapter_choose(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_ADAPTER};
	const struct bluez_object *o = best_adapter(b);

	if (b->present || !b->loaded || b->cycled[0])
		return;
	if (!o) {
		b->problem = b->wanted_adapter[0] ? BLUEZ_NO_SUCH_ADAPTER : BLUEZ_NO_ADAPTER;
		return;
	}
	if (!o->powered) {
		if (b->problem != BLUEZ_POWERING)
			power_on(b, o->path);
		return;
	}
	snprintf(b->adapter, sizeof(b->adapter), "%s", o->path);
	b->present = true;
	bluez_log(b, "using %s", b->adapter);
	bluez_discovery_update(b);
	bluez_emit(b, &event);
}

static enum bluez_problem load_problem(const sd_bus_error *error)
{
	switch (bus_error_failure(error->name)) {
	case BUS_REFUSED:
		return BLUEZ_NO_PERMISSION;
	case BUS_NO_ANSWER:
	case BUS_OTHER: /* such as a lack of memory, which passes */
		return BLUEZ_NO_ANSWER;
	case BUS_NOT_RUNNING:
	case BUS_LOST:
		break;
	}
	return BLUEZ_NO_DAEMON;
}

/*
 * Asks again a bluetoothd that did not answer: it was stopped or busy, and keeps its name, so that
 * no signal tells that it goes on.
 */
static void load_again(struct bluez *b)
{
	if (b->loaded || b->problem != BLUEZ_NO_ANSWER)
		return;
	(void)bluez_adapter_load(b);
	b->problem = BLUEZ_NO_ANSWER; /* as far as is known */
}

static void on_loaded(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	if (error) {
		bluez_log(b, "bluetoothd: %s: %s", error->name,
			  error->message ? error->message : "");
		b->problem = load_problem(error);
		if (b->problem == BLUEZ_NO_ANSWER)
			bluez_after(b, &b->reload, RELOAD_US, load_again);
		return;
	}
	if (bluez_objects_read(b, reply) < 0) {
		bluez_log(b, "bluetoothd's objects do not have the documented form");
		b->problem = BLUEZ_NO_ANSWER;
		return;
	}
	b->loaded = true;
	bluez_adapter_choose(b);
}

int bluez_adapter_load(struct bluez *b)
{
	b->problem = BLUEZ_LOADING;
	b->denied = false;
	return bluez_request(b, BLUEZ_FOR_ADAPTER, "/", "org.freedesktop.DBus.ObjectManager",
			     "GetManagedObjects", on_loaded);
}

/* The adapter in use is gone, or bluetoothd with all its objects, and why. */
static void bluez_adapter_gone(struct bluez *b, enum bluez_problem problem)
{
	const struct transport_event event = {.kind = TRANSPORT_ADAPTER, .status = -OTA_ENODEV};
	const struct bluez_object *o;

	b->problem = problem;
	if (!b->present)
		return;
	b->present = false;
	b->host = GATT_HOST_UNTOLD;
	b->host = bluez_adapter_host(b);
	bluez_log(b, "%s is gone", b->adapter);
	bluez_discovery_forget(b);
	b->hanging_up = false;
	bluez_emit(b, &event);
	bluez_ended(b, GATT_NO_ADAPTER);
	o = best_adapter(b);
	/* There is another; one that is off where this one was unplugged, not where somebody
	 * switched this one off. */
	if (problem == BLUEZ_NO_ADAPTER || (o && o->powered))
		bluez_adapter_choose(b);
}

void bluez_adapter_changed(struct bluez *b, const struct bluez_object *o)
{
	if (b->present && !o->powered && strcmp(o->path, b->adapter) == 0) {
		bluez_adapter_gone(b, BLUEZ_ADAPTER_OFF);
		return;
	}
	if (b->cycled[0]) {
		bluez_maintenance_powered(b, o);
		return;
	}
	/* Switched off by someone who will know why: it is not switched on again here. */
	if (!b->present && b->problem == BLUEZ_ADAPTER_OFF && !o->powered)
		return;
	bluez_adapter_choose(b);
}

void bluez_adapter_removed(struct bluez *b, const struct bluez_object *o)
{
	bluez_maintenance_removed(b, o);
	if (b->present && strcmp(o->path, b->adapter) == 0)
		bluez_adapter_gone(b, BLUEZ_NO_ADAPTER);
	else if (!best_adapter(b))
		bluez_adapter_choose(
			b); /* what ailed it is no word on the next that is plugged in */
}

void bluez_adapter_cycled(struct bluez *b, int status)
{
	const struct bluez_object *o = best_adapter(b);

	/* Powered may be told after the answer; where it failed, not a second time. */
	if (status == 0)
		b->problem = BLUEZ_POWERING;
	if (status == 0 || (o && o->powered))
		bluez_adapter_choose(b);
}

void bluez_daemon_gone(struct bluez *b, enum bluez_problem problem)
{
	b->loaded = false;
	bluez_pulse_forget(b);
	bluez_cancel(b, BLUEZ_FOR_ADAPTER);
	bluez_adapter_gone(b, problem);
	bluez_objects_clear(b);
	bluez_maintenance_end(b, -OTA_ENODEV);
}

void bluez_daemon_back(struct bluez *b)
{
	bluez_log(b, "bluetoothd is back");
	bluez_cancel(b, BLUEZ_FOR_ADAPTER);
	(void)bluez_adapter_load(b);
}

enum gatt_host bluez_adapter_host(struct bluez *b)
{
	const struct bluez_object *o = best_adapter(b);

	if (b->present)
		return b->silent   ? GATT_HOST_DAEMON_SILENT
		       : b->denied ? GATT_HOST_REFUSED
				   : GATT_HOST_UNTOLD;
	switch (b->problem) {
	case BLUEZ_NO_DAEMON:
		return GATT_HOST_DAEMON_GONE;
	case BLUEZ_NO_ANSWER:
		return GATT_HOST_DAEMON_SILENT;
	case BLUEZ_NO_PERMISSION:
		return GATT_HOST_REFUSED;
	case BLUEZ_NO_BUS:
		return GATT_HOST_NO_BUS;
	case BLUEZ_NO_ADAPTER:
	case BLUEZ_NO_SUCH_ADAPTER:
		return GATT_HOST_ADAPTER_GONE;
	case BLUEZ_ADAPTER_BLOCKED:
		return GATT_HOST_ADAPTER_BLOCKED;
	case BLUEZ_ADAPTER_OFF:
		/* A switch that is pressed in mid run is told as no more than that. */
		return o && (o->blocked || bluez_rfkill_blocks(b, o->path))
			       ? GATT_HOST_ADAPTER_BLOCKED
			       : GATT_HOST_ADAPTER_OFF;
	case BLUEZ_LOADING:
	case BLUEZ_POWERING:
		break;
	}
	return b->host; /* it comes back, and is not there yet */
}

static int say(char *ret_text, size_t size, int code, const char *text)
{
	if (ret_text)
		snprintf(ret_text, size, "%s", text);
	return code;
}

int bluez_ready(struct transport *t, char *ret_text, size_t size)
{
	const struct bluez *b = (const struct bluez *)t;

	if (b->present)
		return 0;
	switch (b->problem) {
	case BLUEZ_LOADING:
	case BLUEZ_POWERING:
		return say(ret_text, size, -OTA_EAGAIN, "bluetoothd has not answered yet");
	case BLUEZ_NO_DAEMON:
		return say(ret_text, size, -OTA_ENODEV,
			   "bluetoothd is not running: start it ('systemctl start bluetooth')");
	case BLUEZ_NO_ANSWER:
		return say(ret_text, size, -OTA_ENODEV,
			   "bluetoothd does not answer: restart it ('systemctl restart "
			   "bluetooth')");
	case BLUEZ_NO_PERMISSION:
		return say(ret_text, size, -OTA_EPERM,
			   "the D-Bus policy does not let this user talk to bluetoothd: try as "
			   "root; the policy file bluetooth.conf says who is allowed");
	case BLUEZ_NO_ADAPTER:
		return say(ret_text, size, -OTA_ENODEV, "there is no Bluetooth adapter");
	case BLUEZ_NO_SUCH_ADAPTER:
		return say(ret_text, size, -OTA_ENODEV,
			   "there is no adapter of that name: 'bluetoothctl list' shows them");
	case BLUEZ_ADAPTER_OFF:
		return say(ret_text, size, -OTA_ENODEV,
			   "the Bluetooth adapter is off: 'bluetoothctl power on'");
	case BLUEZ_ADAPTER_BLOCKED:
		return say(ret_text, size, -OTA_ENODEV,
			   "the Bluetooth adapter is blocked by rfkill: 'rfkill unblock "
			   "bluetooth', or use the computer's wireless switch or key");
	case BLUEZ_NO_BUS:
		break;
	}
	return say(ret_text, size, -OTA_ENODEV, "there is no system D-Bus, and so no bluetoothd");
}
