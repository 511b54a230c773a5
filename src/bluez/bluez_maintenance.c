/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps for an operator when a link or a memory of bluetoothd's stands in the
 * way: Device1.Disconnect of whoever holds the device, Adapter1.RemoveDevice,
 * and Adapter1.Powered off and on again; and the look past its memory.
 */
#include "config.h" /* system extensions: strcasecmp() */

#include "bluez/bluez_priv.h"

#include <string.h>
#include <strings.h>

void bluez_maintenance_end(struct bluez *b, int status)
{
	const struct transport_event event = {.kind = TRANSPORT_MAINTENANCE, .status = status};

	if (!b->maintenance)
		return;
	if (b->cycled_on)
		bluez_timer_stop(&b->patience);
	b->maintenance = b->cycled_on = false;
	if (b->cycled[0]) {
		b->cycled[0] = '\0';
		bluez_adapter_cycled(b, status);
	}
	bluez_emit(b, &event);
}

static void bluez_maintenance_on_done(struct bluez_request *call, sd_bus_message *reply,
				      const sd_bus_error *error)
{
	(void)reply;
	if (error)
		bluez_log(call->b, "%s: %s", error->name, error->message ? error->message : "");
	bluez_maintenance_end(call->b, error ? bluez_error_status(error) : 0);
}

/* The device by its address, or by its name where no other has it. */
static int bluez_maintenance_find(const struct bluez *b, const char *what,
				  const struct bluez_object **ret)
{
	const struct bluez_object *found = bluez_find_address(b, what);

	for (const struct bluez_object *o = b->objects; o; o = o->next) {
		if (o->kind != BLUEZ_IS_DEVICE || strcmp(o->name, what) != 0 ||
		    !bluez_below(o->path, b->adapter) || o == found)
			continue;
		if (found)
			return -OTA_EINVAL;
		found = o;
	}
	if (!found)
		return -OTA_ENOENT;
	*ret = found;
	return 0;
}

static int hang_up(struct bluez *b, const struct bluez_object *o)
{
	return bluez_request(b, BLUEZ_FOR_EVER, o->path, BLUEZ_DEVICE, "Disconnect",
			     bluez_maintenance_on_done);
}

static int forget(struct bluez *b, const struct bluez_object *o)
{
	sd_bus_message *m = NULL;
	int rc;

	rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, b->adapter, BLUEZ_ADAPTER,
					    "RemoveDevice");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "o", o->path);
	return bluez_send(b, BLUEZ_FOR_EVER, GATT_CHRS, m, rc, bluez_maintenance_on_done);
}

static void not_on(struct bluez *b)
{
	bluez_maintenance_end(b, -OTA_ETIMEDOUT);
}

void bluez_maintenance_powered(struct bluez *b, const struct bluez_object *o)
{
	if (!b->cycled_on || !o->powered || strcmp(o->path, b->cycled) != 0)
		return;
	bluez_maintenance_end(b, 0);
}

void bluez_maintenance_removed(struct bluez *b, const struct bluez_object *o)
{
	if (b->cycled_on && strcmp(o->path, b->cycled) == 0)
		bluez_maintenance_end(b, -OTA_ENODEV);
}

/* bluetoothd may answer before it tells of the change. */
static void on_on(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;
	const struct bluez_object *o = bluez_find(b, BLUEZ_IS_ADAPTER, b->cycled);

	if (error) {
		bluez_maintenance_on_done(call, reply, error);
		return;
	}
	if (!o) {
		bluez_maintenance_end(b, -OTA_ENODEV);
		return;
	}
	b->cycled_on = true;
	bluez_after(b, &b->patience, BLUEZ_HANG_UP_US, not_on);
	bluez_maintenance_powered(b, o);
}

static void on_off(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	if (error)
		bluez_maintenance_on_done(call, reply, error);
	else if (bluez_adapter_power(b, b->cycled, true, on_on) < 0)
		bluez_maintenance_end(b, -OTA_ENOMEM);
}

static int power_cycle(struct bluez *b)
{
	if (!bluez_adapter_path(b, b->cycled, sizeof(b->cycled)))
		return -OTA_ENODEV;
	return bluez_adapter_power(b, b->cycled, false, on_off);
}

int bluez_maintenance(struct transport *t, enum transport_maintenance what, const char *device)
{
	struct bluez *b = (struct bluez *)t;
	const struct bluez_object *o = NULL;
	int rc = 0;

	if (b->maintenance || b->phase != BLUEZ_IDLE)
		return -OTA_EBUSY;
	if (what != TRANSPORT_POWER_CYCLE)
		rc = b->present ? bluez_maintenance_find(b, device, &o) : -OTA_ENODEV;
	if (rc < 0)
		return rc;
	b->maintenance = true;
	switch (what) {
	case TRANSPORT_HANG_UP:
		rc = hang_up(b, o);
		break;
	case TRANSPORT_FORGET:
		rc = forget(b, o);
		break;
	case TRANSPORT_POWER_CYCLE:
		rc = power_cycle(b);
		break;
	case TRANSPORT_READ_TABLE:
		rc = bluez_table_look(b, o);
		break;
	}
	if (rc < 0) {
		b->maintenance = false;
		b->cycled[0] = '\0';
	}
	return rc;
}
