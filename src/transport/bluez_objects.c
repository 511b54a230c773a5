/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bluetoothd has, kept in step with its signals: adapters, devices and
 * characteristics, each with the few properties that matter here.
 *
 * Every message is from a daemon that relays what strangers send, so that names
 * and lengths are bounded and a type that is not the documented one is skipped.
 */
#include "config.h" /* system extensions: strcasecmp() */

#include "transport/bluez_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_US 5000000u

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
	o->rssi = 127;
	strcpy(o->path, path);
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

static bool kind_of(const char *interface, enum bluez_kind *ret)
{
	if (strcmp(interface, BLUEZ_ADAPTER) == 0)
		*ret = BLUEZ_IS_ADAPTER;
	else if (strcmp(interface, BLUEZ_DEVICE) == 0)
		*ret = BLUEZ_IS_DEVICE;
	else if (strcmp(interface, BLUEZ_CHR) == 0)
		*ret = BLUEZ_IS_CHR;
	else
		return false;
	return true;
}

/* --- values: the reader stands before a variant and is left behind it */

static int read_string(sd_bus_message *m, char *to, size_t size)
{
	const char *text;
	int rc = sd_bus_message_enter_container(m, 'v', "s");

	if (rc <= 0)
		return rc < 0 ? rc : -OTA_EBADMSG;
	rc = sd_bus_message_read(m, "s", &text);
	if (rc > 0)
		snprintf(to, size, "%s", text);
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static int read_bool(sd_bus_message *m, bool *ret)
{
	int value = 0;
	const int rc = sd_bus_message_read(m, "v", "b", &value);

	if (rc > 0)
		*ret = value != 0;
	return rc;
}

static void add_flag(const char *text, uint8_t *properties)
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
			*properties |= known[i].property;
}

/* Each string of an array; fn may be NULL. */
static int read_strings(sd_bus_message *m, void (*fn)(const char *text, void *ctx), void *ctx)
{
	const char *text;
	int rc = sd_bus_message_enter_container(m, 'v', "as");

	if (rc > 0)
		rc = sd_bus_message_enter_container(m, 'a', "s");
	if (rc <= 0)
		return rc < 0 ? rc : -OTA_EBADMSG;
	while ((rc = sd_bus_message_read(m, "s", &text)) > 0)
		fn(text, ctx);
	if (rc == 0)
		rc = sd_bus_message_exit_container(m);
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static void on_flag(const char *text, void *ctx)
{
	add_flag(text, ctx);
}

static void on_uuid(const char *text, void *ctx)
{
	bool *ota = ctx;

	*ota |= strcasecmp(text, OTA_UUID_SERVICE) == 0;
}

static int read_value(struct bluez *b, sd_bus_message *m, const char *path)
{
	const void *bytes;
	size_t len;
	int rc = sd_bus_message_enter_container(m, 'v', "ay");

	if (rc <= 0)
		return rc < 0 ? rc : -OTA_EBADMSG;
	rc = sd_bus_message_read_array(m, 'y', &bytes, &len);
	if (rc < 0)
		return rc;
	bluez_gatt_value(b, path, bytes, len);
	return sd_bus_message_exit_container(m);
}

struct change {
	struct bluez *b;
	struct bluez_object *o;
	bool rssi;
};

static int adapter_property(struct change *c, const char *name, sd_bus_message *m)
{
	if (strcmp(name, "Powered") == 0)
		return read_bool(m, &c->o->powered);
	return sd_bus_message_skip(m, "v");
}

static int device_property(struct change *c, const char *name, sd_bus_message *m)
{
	struct bluez_object *o = c->o;

	if (strcmp(name, "Address") == 0)
		return read_string(m, o->address, sizeof(o->address));
	if (strcmp(name, "Name") == 0)
		return read_string(m, o->name, sizeof(o->name));
	if (strcmp(name, "Connected") == 0)
		return read_bool(m, &o->connected);
	if (strcmp(name, "ServicesResolved") == 0)
		return read_bool(m, &o->resolved);
	if (strcmp(name, "UUIDs") == 0)
		return read_strings(m, on_uuid, &o->ota);
	if (strcmp(name, "RSSI") == 0) {
		c->rssi = true;
		return sd_bus_message_read(m, "v", "n", &o->rssi);
	}
	return sd_bus_message_skip(m, "v");
}

static int chr_property(struct change *c, const char *name, sd_bus_message *m)
{
	struct bluez_object *o = c->o;
	int rc;

	if (strcmp(name, "UUID") == 0) {
		rc = read_string(m, o->uuid, sizeof(o->uuid));
		for (char *p = o->uuid; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		return rc;
	}
	if (strcmp(name, "Flags") == 0)
		return read_strings(m, on_flag, &o->properties);
	if (strcmp(name, "MTU") == 0)
		return sd_bus_message_read(m, "v", "q", &o->mtu);
	if (strcmp(name, "Value") == 0)
		return read_value(c->b, m, o->path);
	return sd_bus_message_skip(m, "v");
}

/* The properties of one interface, "a{sv}". */
static int read_properties(struct change *c, sd_bus_message *m)
{
	static int (*const property[BLUEZ_KINDS])(struct change * c, const char *name,
						  sd_bus_message *m) = {
		[BLUEZ_IS_ADAPTER] = adapter_property,
		[BLUEZ_IS_DEVICE] = device_property,
		[BLUEZ_IS_CHR] = chr_property,
	};
	const char *name;
	int rc = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc >= 0)
			rc = property[c->o->kind](c, name, m);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* The interfaces of one object, "a{sa{sv}}". */
static int read_interfaces(struct bluez *b, sd_bus_message *m, const char *path, bool tell)
{
	struct change c = {.b = b};
	const char *interface;
	enum bluez_kind kind;
	int rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		rc = sd_bus_message_read(m, "s", &interface);
		if (rc < 0)
			break;
		c.rssi = false;
		c.o = kind_of(interface, &kind) ? object_get(b, kind, path) : NULL;
		rc = c.o ? read_properties(&c, m) : sd_bus_message_skip(m, "a{sv}");
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
		if (rc >= 0 && c.o && tell)
			bluez_object_changed(b, c.o, c.rssi);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

int bluez_objects_load(struct bluez *b, sd_bus_error *ret_error)
{
	sd_bus_message *call = NULL, *reply = NULL;
	const char *path;
	int rc = sd_bus_message_new_method_call(b->bus, &call, BLUEZ, "/",
						"org.freedesktop.DBus.ObjectManager",
						"GetManagedObjects");

	bluez_objects_clear(b);
	if (rc >= 0)
		rc = sd_bus_call(b->bus, call, LOAD_US, ret_error, &reply);
	if (rc >= 0)
		rc = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
	while (rc >= 0 && (rc = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
		rc = sd_bus_message_read(reply, "o", &path);
		if (rc >= 0)
			rc = read_interfaces(b, reply, path, false);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(reply);
	}
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
	return rc < 0 ? rc : 0;
}

/* --- signals */

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *path;

	(void)ret_error;
	if (sd_bus_message_read(m, "o", &path) > 0 && read_interfaces(b, m, path, true) < 0)
		bluez_log(b, "bluetoothd added %s in a form that is not the documented one", path);
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
	while (sd_bus_message_read(m, "s", &interface) > 0)
		if (kind_of(interface, &kind))
			object_remove(b, kind, path);
	return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	struct change c = {.b = b};
	const char *path = sd_bus_message_get_path(m), *interface;
	enum bluez_kind kind;

	(void)ret_error;
	if (!path || sd_bus_message_read(m, "s", &interface) <= 0 || !kind_of(interface, &kind))
		return 0;
	c.o = bluez_find(b, kind, path);
	if (c.o && read_properties(&c, m) >= 0)
		bluez_object_changed(b, c.o, c.rssi);
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *name, *from, *to;

	(void)ret_error;
	if (sd_bus_message_read(m, "sss", &name, &from, &to) <= 0)
		return 0;
	if (!*to)
		bluez_gone(b);
	else
		bluez_back(b);
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
		rc = sd_bus_match_signal_async(b->bus, &b->matches[2], BLUEZ, NULL,
					       "org.freedesktop.DBus.Properties",
					       "PropertiesChanged", on_changed, NULL, b);
	if (rc >= 0)
		rc = sd_bus_add_match_async(b->bus, &b->matches[3],
					    "type='signal',sender='org.freedesktop.DBus',"
					    "interface='org.freedesktop.DBus',"
					    "member='NameOwnerChanged',arg0='" BLUEZ "'",
					    on_owner, NULL, b);
	return rc < 0 ? rc : 0;
}
