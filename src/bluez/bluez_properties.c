/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of bluetoothd's objects that matter here: a table of names, types
 * and readers. A value whose type is not the documented one is skipped, and texts
 * are cut at what their place holds, since both come from strangers.
 */
#include "config.h" /* system extensions: strcasecmp() */

#include "bluez/bluez_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- values: the reader stands before a variant of the right type and is left behind it */

static int read_string(sd_bus_message *m, char *to, size_t size)
{
	const char *text;
	const int rc = sd_bus_message_read(m, "v", "s", &text);

	if (rc > 0)
		snprintf(to, size, "%s", text);
	return rc;
}

static int read_bool(sd_bus_message *m, bool *ret)
{
	int value = 0;
	const int rc = sd_bus_message_read(m, "v", "b", &value);

	if (rc > 0)
		*ret = value != 0;
	return rc;
}

static int read_strings(sd_bus_message *m, void (*fn)(const char *text, struct bluez_object *o),
			struct bluez_object *o)
{
	const char *text;
	int rc = sd_bus_message_enter_container(m, 'v', "as");

	if (rc > 0)
		rc = sd_bus_message_enter_container(m, 'a', "s");
	while (rc >= 0 && (rc = sd_bus_message_read(m, "s", &text)) > 0)
		fn(text, o);
	if (rc == 0)
		rc = sd_bus_message_exit_container(m);
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static void add_flag(const char *text, struct bluez_object *o)
{
	static const struct {
		const char *text;
		uint8_t property;
	} known[] = {
		{"read", GATT_PROP_READ},
		{"write-without-response", GATT_PROP_WRITE_COMMAND},
		{"write", GATT_PROP_WRITE},
		{"notify", GATT_PROP_NOTIFY},
		{"indicate", GATT_PROP_INDICATE},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].text) == 0)
			o->properties |= known[i].property;
}

static void add_uuid(const char *text, struct bluez_object *o)
{
	o->dialects |= dialects_of_service(text);
}

/* One property each: how to read it, and what its being told means. */
static int get_powered(struct bluez_change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->powered);
}

static int get_power_state(struct bluez_change *c, sd_bus_message *m)
{
	char text[16] = "";
	const int rc = read_string(m, text, sizeof(text));

	c->o->blocked = strcmp(text, "off-blocked") == 0;
	return rc;
}

static int get_address(struct bluez_change *c, sd_bus_message *m)
{
	return read_string(m, c->o->address, sizeof(c->o->address));
}

static int get_address_type(struct bluez_change *c, sd_bus_message *m)
{
	char text[16] = "";
	const int rc = read_string(m, text, sizeof(text));

	c->o->random = strcmp(text, "random") == 0;
	return rc;
}

static int get_modalias(struct bluez_change *c, sd_bus_message *m)
{
	return read_string(m, c->o->modalias, sizeof(c->o->modalias));
}

static int get_name(struct bluez_change *c, sd_bus_message *m)
{
	return read_string(m, c->o->name, sizeof(c->o->name));
}

static int get_connected(struct bluez_change *c, sd_bus_message *m)
{
	const int rc = read_bool(m, &c->o->connected);

	if (!c->o->connected)
		c->o->resolved = false;
	return rc;
}

static int get_paired(struct bluez_change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->paired);
}

static int get_resolved(struct bluez_change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->resolved);
}

static int get_uuids(struct bluez_change *c, sd_bus_message *m)
{
	c->o->dialects = 0;
	return read_strings(m, add_uuid, c->o);
}

/* Reads the services that an advertisement has data of; the data itself is not used. */
static int get_service_data(struct bluez_change *c, sd_bus_message *m)
{
	const char *uuid;
	int rc = sd_bus_message_enter_container(m, 'v', "a{sv}");

	if (rc > 0)
		rc = sd_bus_message_enter_container(m, 'a', "{sv}");
	c->o->by_data = 0;
	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &uuid);
		if (rc < 0)
			break;
		c->o->by_data |= dialects_of_service(uuid);
		rc = sd_bus_message_skip(m, "v");
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	if (rc == 0)
		rc = sd_bus_message_exit_container(m);
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static int get_rssi(struct bluez_change *c, sd_bus_message *m)
{
	return sd_bus_message_read(m, "v", "n", &c->o->rssi);
}

static int get_uuid(struct bluez_change *c, sd_bus_message *m)
{
	const int rc = read_string(m, c->o->uuid, sizeof(c->o->uuid));

	for (char *p = c->o->uuid; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return rc;
}

static int get_flags(struct bluez_change *c, sd_bus_message *m)
{
	c->o->properties = 0;
	return read_strings(m, add_flag, c->o);
}

static int get_mtu(struct bluez_change *c, sd_bus_message *m)
{
	return sd_bus_message_read(m, "v", "q", &c->o->mtu);
}

static int get_acquired(struct bluez_change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->acquired);
}

static int get_value(struct bluez_change *c, sd_bus_message *m)
{
	const void *bytes = NULL;
	size_t len = 0;
	int rc = sd_bus_message_enter_container(m, 'v', "ay");

	if (rc > 0)
		rc = sd_bus_message_read_array(m, 'y', &bytes, &len);
	if (rc < 0)
		return rc;
	if (c->signalled)
		bluez_gatt_value(c->b, c->o->path, bytes, len);
	return sd_bus_message_exit_container(m);
}

static const struct property {
	enum bluez_kind kind;
	const char *name, *type;
	int (*get)(struct bluez_change *c, sd_bus_message *m);
	unsigned int told;
} properties[] = {
	{BLUEZ_IS_ADAPTER, "Powered", "b", get_powered, 0},
	{BLUEZ_IS_ADAPTER, "PowerState", "s", get_power_state, 0}, /* [5.66] */
	{BLUEZ_IS_ADAPTER, "Address", "s", get_address, 0},
	{BLUEZ_IS_ADAPTER, "AddressType", "s", get_address_type, 0},
	{BLUEZ_IS_ADAPTER, "Modalias", "s", get_modalias, 0},
	{BLUEZ_IS_DEVICE, "Address", "s", get_address, 0},
	{BLUEZ_IS_DEVICE, "AddressType", "s", get_address_type, 0},
	{BLUEZ_IS_DEVICE, "Name", "s", get_name, 0},
	{BLUEZ_IS_DEVICE, "Connected", "b", get_connected, BLUEZ_TOLD_CONNECTED},
	{BLUEZ_IS_DEVICE, "Paired", "b", get_paired, 0},
	{BLUEZ_IS_DEVICE, "ServicesResolved", "b", get_resolved, 0},
	{BLUEZ_IS_DEVICE, "UUIDs", "as", get_uuids, 0},
	{BLUEZ_IS_DEVICE, "RSSI", "n", get_rssi, BLUEZ_TOLD_HEARD},
	/* Told with each advertisement that has them, because of DuplicateData. */
	{BLUEZ_IS_DEVICE, "ManufacturerData", NULL, NULL, BLUEZ_TOLD_HEARD},
	{BLUEZ_IS_DEVICE, "ServiceData", "a{sv}", get_service_data, BLUEZ_TOLD_HEARD},
	{BLUEZ_IS_SERVICE, "UUID", "s", get_uuid, 0},
	{BLUEZ_IS_CHR, "UUID", "s", get_uuid, 0},
	{BLUEZ_IS_CHR, "Flags", "as", get_flags, 0},
	{BLUEZ_IS_CHR, "MTU", "q", get_mtu, BLUEZ_TOLD_MTU},
	{BLUEZ_IS_CHR, "WriteAcquired", "b", get_acquired, BLUEZ_TOLD_ACQUIRED},
	{BLUEZ_IS_CHR, "Value", "ay", get_value, 0},
};

static int read_property(struct bluez_change *c, const char *name, sd_bus_message *m)
{
	const char *type;
	char outer;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		const struct property *p = &properties[i];

		if (p->kind != c->o->kind || strcmp(p->name, name) != 0)
			continue;
		if (!p->get) {
			c->told |= p->told;
			break;
		}
		if (sd_bus_message_peek_type(m, &outer, &type) <= 0 || strcmp(type, p->type) != 0)
			break;
		c->told |= p->told;
		return p->get(c, m);
	}
	return sd_bus_message_skip(m, "v");
}

int bluez_read_properties(struct bluez_change *c, sd_bus_message *m)
{
	const char *name;
	int rc = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc >= 0)
			rc = read_property(c, name, m);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	/* Without an RSSI it comes from bluetoothd's memory and not from the air. */
	if (c->o->rssi == BLUEZ_UNHEARD)
		c->told &= ~(unsigned int)BLUEZ_TOLD_HEARD;
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}
