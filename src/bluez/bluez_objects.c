/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluetoothd's objects, kept in step with its signals: adapters, devices, services
 * and characteristics, each with the few properties that matter here.
 *
 * Every message is from a daemon that relays what strangers send, so that names
 * and lengths are bounded and a value whose type is not the documented one is
 * skipped.
 */
#include "config.h" /* system extensions: strcasecmp() */

#include "bluez/bluez_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the list */

struct bluez_object *bluez_find(const struct bluez *b, enum bluez_kind kind, const char *path)
{
	struct bluez_object *o = b->objects;

	while (o && (o->kind != kind || strcmp(o->path, path) != 0))
		o = o->next;
	return o;
}

struct bluez_object *bluez_find_address(const struct bluez *b, const char *address)
{
	struct bluez_object *o = b->objects;

	while (o && (o->kind != BLUEZ_IS_DEVICE || strcasecmp(o->address, address) != 0 ||
		     !bluez_below(o->path, b->adapter)))
		o = o->next;
	return o;
}

bool bluez_below(const char *path, const char *parent)
{
	const size_t n = strlen(parent);

	return n > 0 && strncmp(path, parent, n) == 0 && path[n] == '/';
}

static struct bluez_object *object_get(struct bluez *b, enum bluez_kind kind, const char *path)
{
	struct bluez_object *o = bluez_find(b, kind, path);

	if (o || strlen(path) >= sizeof(o->path))
		return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->kind = kind;
	o->rssi = BLUEZ_RSSI_NONE;
	snprintf(o->path, sizeof(o->path), "%s", path);
	o->next = b->objects;
	b->objects = o;
	return o;
}

static void object_remove(struct bluez *b, enum bluez_kind kind, const char *path)
{
	struct bluez_object **at = &b->objects, *o;

	while (*at && ((*at)->kind != kind || strcmp((*at)->path, path) != 0))
		at = &(*at)->next;
	o = *at;
	if (!o)
		return;
	*at = o->next;
	bluez_object_gone(b, o);
	free(o);
}

void bluez_objects_clear(struct bluez *b)
{
	struct bluez_object *next;

	for (struct bluez_object *o = b->objects; o; o = next) {
		next = o->next;
		free(o);
	}
	b->objects = NULL;
}

static bool bluez_objects_kind_of(const char *interface, enum bluez_kind *ret)
{
	static const char *const names[BLUEZ_KINDS] = {
		[BLUEZ_IS_ADAPTER] = BLUEZ_ADAPTER,
		[BLUEZ_IS_DEVICE] = BLUEZ_DEVICE,
		[BLUEZ_IS_SERVICE] = BLUEZ_SERVICE,
		[BLUEZ_IS_CHR] = BLUEZ_CHR,
	};

	for (enum bluez_kind kind = BLUEZ_IS_ADAPTER; kind < BLUEZ_KINDS; kind++) {
		if (strcmp(interface, names[kind]) != 0)
			continue;
		*ret = kind;
		return true;
	}
	return false;
}

/* --- values: the reader stands before a variant of the right type and is left behind it */

struct change {
	struct bluez *b;
	struct bluez_object *o;
	unsigned int told;
	bool signalled; /* PropertiesChanged, so that a Value is news */
};

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
static int get_powered(struct change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->powered);
}

static int get_power_state(struct change *c, sd_bus_message *m)
{
	char text[16] = "";
	const int rc = read_string(m, text, sizeof(text));

	c->o->blocked = strcmp(text, "off-blocked") == 0;
	return rc;
}

static int get_address(struct change *c, sd_bus_message *m)
{
	return read_string(m, c->o->address, sizeof(c->o->address));
}

static int get_address_type(struct change *c, sd_bus_message *m)
{
	char text[16] = "";
	const int rc = read_string(m, text, sizeof(text));

	c->o->random = strcmp(text, "random") == 0;
	return rc;
}

static int get_modalias(struct change *c, sd_bus_message *m)
{
	return read_string(m, c->o->modalias, sizeof(c->o->modalias));
}

static int get_name(struct change *c, sd_bus_message *m)
{
	return read_string(m, c->o->name, sizeof(c->o->name));
}

static int get_connected(struct change *c, sd_bus_message *m)
{
	const int rc = read_bool(m, &c->o->connected);

	if (!c->o->connected)
		c->o->resolved = false;
	return rc;
}

static int get_paired(struct change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->paired);
}

static int get_resolved(struct change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->resolved);
}

static int get_uuids(struct change *c, sd_bus_message *m)
{
	c->o->dialects = 0;
	return read_strings(m, add_uuid, c->o);
}

/* The services that an advertisement has data of; what the data says is not for this program. */
static int get_service_data(struct change *c, sd_bus_message *m)
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

static int get_rssi(struct change *c, sd_bus_message *m)
{
	return sd_bus_message_read(m, "v", "n", &c->o->rssi);
}

static int get_uuid(struct change *c, sd_bus_message *m)
{
	const int rc = read_string(m, c->o->uuid, sizeof(c->o->uuid));

	for (char *p = c->o->uuid; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return rc;
}

static int get_flags(struct change *c, sd_bus_message *m)
{
	c->o->properties = 0;
	return read_strings(m, add_flag, c->o);
}

static int get_mtu(struct change *c, sd_bus_message *m)
{
	return sd_bus_message_read(m, "v", "q", &c->o->mtu);
}

static int get_acquired(struct change *c, sd_bus_message *m)
{
	return read_bool(m, &c->o->acquired);
}

static int get_value(struct change *c, sd_bus_message *m)
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
	int (*get)(struct change *c, sd_bus_message *m);
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

static int read_property(struct change *c, const char *name, sd_bus_message *m)
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

/* The properties of one interface, "a{sv}". */
static int read_properties(struct change *c, sd_bus_message *m)
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
	if (c->o->rssi == BLUEZ_RSSI_NONE)
		c->told &= ~(unsigned int)BLUEZ_TOLD_HEARD;
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* The interfaces of one object, "a{sa{sv}}". */
static int read_interfaces(struct bluez *b, sd_bus_message *m, const char *path, bool tell)
{
	const char *interface;
	enum bluez_kind kind;
	int rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		struct change c = {.b = b};

		rc = sd_bus_message_read(m, "s", &interface);
		if (rc < 0)
			break;
		c.o = bluez_objects_kind_of(interface, &kind) ? object_get(b, kind, path) : NULL;
		rc = c.o ? read_properties(&c, m) : sd_bus_message_skip(m, "a{sv}");
		if (rc < 0)
			break;
		rc = sd_bus_message_exit_container(m);
		if (!c.o)
			continue;
		c.o->stale = false;
		if (tell)
			bluez_object_changed(b, c.o, c.told);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* Objects that the answer does not name have gone without a signal. */
static void remove_stale(struct bluez *b)
{
	struct bluez_object **at = &b->objects, *o;

	while (*at) {
		o = *at;
		if (!o->stale) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		bluez_object_gone(b, o);
		free(o);
	}
}

int bluez_objects_read(struct bluez *b, sd_bus_message *reply)
{
	const char *path;
	int rc = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");

	for (struct bluez_object *o = b->objects; o; o = o->next)
		o->stale = true;
	while (rc >= 0 && (rc = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
		rc = sd_bus_message_read(reply, "o", &path);
		if (rc >= 0)
			rc = read_interfaces(b, reply, path, false);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(reply);
	}
	if (rc < 0)
		return rc;
	remove_stale(b);
	return 0;
}

/* --- signals */

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *path;

	(void)ret_error;
	if (sd_bus_message_read(m, "o", &path) <= 0)
		return 0;
	bluez_stack_log_object(b, path, true);
	if (read_interfaces(b, m, path, true) < 0)
		bluez_log(b, "bluetoothd added %s with an undocumented form", path);
	return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *path, *interface;
	enum bluez_kind kind;

	(void)ret_error;
	if (sd_bus_message_read(m, "o", &path) <= 0 ||
	    sd_bus_message_enter_container(m, 'a', "s") < 0)
		return 0;
	bluez_stack_log_object(b, path, false);
	while (sd_bus_message_read(m, "s", &interface) > 0)
		if (bluez_objects_kind_of(interface, &kind))
			object_remove(b, kind, path);
	return 0;
}

/* Names of properties that have no value any more. */
static void read_invalidated(struct bluez_object *o, sd_bus_message *m)
{
	const char *name;

	if (sd_bus_message_enter_container(m, 'a', "s") <= 0)
		return;
	while (sd_bus_message_read(m, "s", &name) > 0)
		if (o->kind == BLUEZ_IS_DEVICE && strcmp(name, "RSSI") == 0)
			o->rssi = BLUEZ_RSSI_NONE; /* discovery ended */
}

static int bluez_objects_on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct change c = {.b = userdata, .signalled = true};
	const char *path = sd_bus_message_get_path(m), *interface;
	enum bluez_kind kind;

	(void)ret_error;
	bluez_stack_log_changed(c.b, m);
	if (!path || sd_bus_message_read(m, "s", &interface) <= 0 ||
	    !bluez_objects_kind_of(interface, &kind))
		return 0;
	c.o = bluez_find(c.b, kind, path);
	if (!c.o || read_properties(&c, m) < 0)
		return 0;
	read_invalidated(c.o, m);
	bluez_object_changed(c.b, c.o, c.told);
	return 0;
}

static int on_bus_lost(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m;
	(void)ret_error;
	bluez_daemon_gone(userdata, BLUEZ_NO_BUS);
	return 0;
}

int bluez_objects_watch(struct bluez *b)
{
	int rc;

	rc = sd_bus_match_signal_async(b->bus, &b->matches[0], BLUEZ, "/",
				       "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
				       on_added, NULL, b);
	if (rc >= 0)
		rc = sd_bus_match_signal_async(b->bus, &b->matches[1], BLUEZ, "/",
					       "org.freedesktop.DBus.ObjectManager",
					       "InterfacesRemoved", on_removed, NULL, b);
	if (rc >= 0)
		rc = sd_bus_match_signal_async(
			b->bus, &b->matches[2], BLUEZ, NULL, "org.freedesktop.DBus.Properties",
			"PropertiesChanged", bluez_objects_on_changed, NULL, b);
	if (rc >= 0)
		rc = sd_bus_match_signal_async(b->bus, &b->matches[3], "org.freedesktop.DBus.Local",
					       "/org/freedesktop/DBus/Local",
					       "org.freedesktop.DBus.Local", "Disconnected",
					       on_bus_lost, NULL, b);
	return rc < 0 ? rc : 0;
}
