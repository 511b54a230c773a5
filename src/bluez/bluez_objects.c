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
	o->rssi = BLUEZ_UNHEARD;
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

/* --- what bluetoothd answers */

/* The interfaces of one object, "a{sa{sv}}". */
static int read_interfaces(struct bluez *b, sd_bus_message *m, const char *path, bool tell)
{
	const char *interface;
	enum bluez_kind kind;
	int rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		struct bluez_change c = {.b = b};

		rc = sd_bus_message_read(m, "s", &interface);
		if (rc < 0)
			break;
		c.o = bluez_objects_kind_of(interface, &kind) ? object_get(b, kind, path) : NULL;
		rc = c.o ? bluez_read_properties(&c, m) : sd_bus_message_skip(m, "a{sv}");
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
			o->rssi = BLUEZ_UNHEARD; /* discovery ended */
}

static int bluez_objects_on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez_change c = {.b = userdata, .signalled = true};
	const char *path = sd_bus_message_get_path(m), *interface;
	enum bluez_kind kind;

	(void)ret_error;
	bluez_stack_log_changed(c.b, m);
	if (!path || sd_bus_message_read(m, "s", &interface) <= 0 ||
	    !bluez_objects_kind_of(interface, &kind))
		return 0;
	c.o = bluez_find(c.b, kind, path);
	if (!c.o || bluez_read_properties(&c, m) < 0)
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
