/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that bluetoothd reads and calls: services, characteristics, the advertisement. */
#include "serve/serve_bluez_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ERROR(name) "org.bluez.Error." name
/* bluetoothd refuses a request of more than 510 bytes, and drops a command of that size without a
 * word: check_length() of its src/shared/gatt-server.c counts the handle, too [5.66].  So the
 * device is told of an ATT MTU in which no such value fits. */
#define MTU_MAX (OTA_VALUE_MAX - 2u + OTA_ATT_HEADER)

/* --- what a call says beside its value */

struct call_options {
	uint16_t offset, mtu;
	bool authorize; /* no write yet: may it be prepared? */
	const char *device; /* "": not told */
};

static int read_option(sd_bus_message *m, const char *name, struct call_options *ret)
{
	int authorize = 0, rc;

	if (strcmp(name, "offset") == 0)
		return sd_bus_message_read(m, "v", "q", &ret->offset);
	if (strcmp(name, "mtu") == 0) {
		rc = sd_bus_message_read(m, "v", "q", &ret->mtu);
		if (ret->mtu > MTU_MAX)
			ret->mtu = MTU_MAX;
		return rc;
	}
	if (strcmp(name, "device") == 0)
		return sd_bus_message_read(m, "v", "o", &ret->device);
	if (strcmp(name, "prepare-authorize") != 0)
		return sd_bus_message_skip(m, "v");
	rc = sd_bus_message_read(m, "v", "b", &authorize);
	ret->authorize = authorize != 0;
	return rc;
}

static int read_options(sd_bus_message *m, struct call_options *ret)
{
	const char *name;
	int rc;

	*ret = (struct call_options){.device = ""};
	rc = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (rc > 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc > 0)
			rc = read_option(m, name, ret);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
		if (rc >= 0)
			rc = 1;
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* --- reads and writes */

/* A call that waits for the device. */
struct token {
	sd_bus_message *m;
	uint16_t offset; /* of a read */
	bool read;
};

static struct token *keep(sd_bus_message *m, bool read, uint16_t offset)
{
	struct token *t = malloc(sizeof(*t));

	if (t)
		*t = (struct token){sd_bus_message_ref(m), offset, read};
	return t;
}

static const char *error_name(int status)
{
	switch (status) {
	case -OTA_EPERM:
		return ERROR("NotPermitted");
	case -OTA_ENOTSUP:
		return ERROR("NotSupported");
	case -OTA_EMSGSIZE:
		return ERROR("InvalidValueLength");
	default:
		return ERROR("Failed");
	}
}

/* bluetoothd makes an ATT error of this text: 0x80 is the first of an application's own. */
int serve_objects_refuse(sd_bus_message *m, int status)
{
	return sd_bus_reply_method_errorf(m, error_name(status), "0x80");
}

static int reply_value(struct token *t, const uint8_t *buf, size_t len)
{
	sd_bus_message *reply = NULL;
	int rc;

	if (t->offset > len)
		return sd_bus_reply_method_errorf(t->m, ERROR("InvalidOffset"), "beyond the end");
	rc = sd_bus_message_new_method_return(t->m, &reply);
	if (rc >= 0)
		rc = sd_bus_message_append_array(reply, 'y', buf + t->offset, len - t->offset);
	if (rc >= 0)
		rc = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return rc;
}

void serve_objects_answer(void *token, int status, const uint8_t *buf, size_t len)
{
	struct token *t = token;

	if (status < 0)
		(void)serve_objects_refuse(t->m, status);
	else if (t->read)
		(void)reply_value(t, buf, len);
	else
		(void)sd_bus_reply_method_return(t->m, "");
	sd_bus_message_unref(t->m);
	free(t);
}

static int on_read(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_object *o = userdata;
	struct call_options options;
	struct token *token;

	(void)ret_error;
	if (!serve_bluez_is_owner(o->b, m))
		return 1;
	if (read_options(m, &options) < 0)
		return serve_objects_refuse(m, -OTA_EPERM);
	if (serve_bluez_is_lost(o->b, options.device)) {
		serve_bluez_ignore(o->b, m);
		return 1;
	}
	if (!serve_bluez_client(o->b, options.device))
		return serve_objects_refuse(m, -OTA_EPERM);
	token = keep(m, true, options.offset);
	if (!token)
		return serve_objects_refuse(m, -OTA_ENOMEM);
	serve_client_read(o->b->serve, o->entry.handle, options.mtu, token);
	return 1;
}

/* The way, where the characteristic takes but one. */
static enum grade_mode mode_of(const struct serve_object *o)
{
	const bool request = o->entry.properties & GATT_PROP_WRITE;
	const bool command = o->entry.properties & GATT_PROP_WRITE_COMMAND;

	if (request == command)
		return GRADE_UNTOLD;
	/* bluetoothd passes on a command to what takes requests, too, and does not say so. */
	return request ? GRADE_UNTOLD : GRADE_COMMAND;
}

static int on_write(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_object *o = userdata;
	struct call_options options;
	struct token *token;
	const void *buf = NULL;
	size_t len = 0;

	(void)ret_error;
	if (!serve_bluez_is_owner(o->b, m))
		return 1;
	if (sd_bus_message_read_array(m, 'y', &buf, &len) < 0 || read_options(m, &options) < 0)
		return serve_objects_refuse(m, -OTA_EPERM);
	if (serve_bluez_is_lost(o->b, options.device)) {
		serve_bluez_ignore(o->b, m);
		return 1;
	}
	if (!serve_bluez_client(o->b, options.device))
		return serve_objects_refuse(m, -OTA_EPERM);
	if (options.authorize)
		return sd_bus_reply_method_return(m, "");
	/* bluetoothd gives a value that was prepared in parts as one, from 0 on. */
	if (options.offset != 0)
		return sd_bus_reply_method_errorf(m, ERROR("InvalidOffset"), "not from its start");
	token = keep(m, false, 0);
	if (!token)
		return serve_objects_refuse(m, -OTA_ENOMEM);
	serve_client_wrote(o->b->serve, o->entry.handle, options.mtu, mode_of(o), buf, len, token);
	return 1;
}

static int subscribed(struct serve_object *o, sd_bus_message *m, bool on)
{
	if (!serve_bluez_is_owner(o->b, m))
		return 1;
	if (serve_bluez_client(o->b, ""))
		serve_client_subscribed(o->b->serve, o->entry.handle, on);
	return sd_bus_reply_method_return(m, "");
}

static int on_start_notify(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	return subscribed(userdata, m, true);
}

static int on_stop_notify(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	return subscribed(userdata, m, false);
}

void serve_objects_notify(struct serve_bluez *b, uint16_t handle, const uint8_t *buf, size_t len)
{
	const struct serve_object *o = NULL;
	sd_bus_message *m = NULL;
	int rc;

	for (size_t i = 0; i < b->count; i++)
		if (!b->objects[i].entry.service && b->objects[i].entry.handle == handle)
			o = &b->objects[i];
	if (!o)
		return;
	/* A signal for each value: what a property holds when it is asked would be the last. */
	rc = sd_bus_message_new_signal(b->bus, &m, o->path, PROPERTIES, "PropertiesChanged");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "s", BLUEZ_CHR);
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "{sv}");
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'e', "sv");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "s", "Value");
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'v', "ay");
	if (rc >= 0)
		rc = sd_bus_message_append_array(m, 'y', buf, len);
	for (int i = 0; i < 3 && rc >= 0; i++)
		rc = sd_bus_message_close_container(m);
	if (rc >= 0)
		rc = sd_bus_message_append(m, "as", 0);
	if (rc >= 0)
		rc = sd_bus_send(b->bus, m, NULL);
	sd_bus_message_unref(m);
	if (rc < 0)
		serve_bluez_log(b, "a notification was not sent: %s", strerror(-rc));
}

/* --- properties */

static int get_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct serve_object *o = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)ret_error;
	return sd_bus_message_append(reply, "s", o->entry.uuid);
}

static int get_primary(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
	return sd_bus_message_append(reply, "b", 1);
}

static int get_service(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct serve_object *o = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)ret_error;
	return sd_bus_message_append(reply, "o", o->service);
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	static const struct {
		uint8_t property;
		const char *flag;
	} flags[] = {
		{GATT_PROP_READ, "read"},
		{GATT_PROP_WRITE, "write"},
		{GATT_PROP_WRITE_COMMAND, "write-without-response"},
		{GATT_PROP_NOTIFY, "notify"},
		{GATT_PROP_INDICATE, "indicate"},
	};
	const struct serve_object *o = userdata;
	const uint8_t writes = GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND;
	int rc = sd_bus_message_open_container(reply, 'a', "s");

	(void)bus, (void)path, (void)interface, (void)property, (void)ret_error;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && rc >= 0; i++)
		if (o->entry.properties & flags[i].property)
			rc = sd_bus_message_append(reply, "s", flags[i].flag);
	if (rc >= 0 && o->entry.properties & writes && o->b->security[0])
		rc = sd_bus_message_append(reply, "s", o->b->security);
	return rc < 0 ? rc : sd_bus_message_close_container(reply);
}

static const sd_bus_vtable service_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Primary", "b", get_primary, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable chr_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Service", "o", get_service, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Flags", "as", get_flags, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_read, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("WriteValue", "aya{sv}", "", on_write, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StartNotify", "", "", on_start_notify, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StopNotify", "", "", on_stop_notify, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* --- the services */

void serve_objects_drop(struct serve_bluez *b)
{
	for (size_t i = 0; i < b->count; i++)
		b->objects[i].slot = sd_bus_slot_unref(b->objects[i].slot);
	b->count = 0;
}

/* GAP and GATT are bluetoothd's own. */
static bool is_generic(const char *uuid)
{
	return strcmp(uuid, GATT_UUID16("1800")) == 0 || strcmp(uuid, GATT_UUID16("1801")) == 0;
}

static int export_entry(struct serve_bluez *b, const struct gatt_entry *e, const char *service)
{
	struct serve_object *o = &b->objects[b->count];
	int rc;

	*o = (struct serve_object){.b = b, .entry = *e};
	if (e->service)
		(void)snprintf(o->path, sizeof(o->path), SERVE_ROOT "/service%04x", e->handle);
	else
		(void)snprintf(o->path, sizeof(o->path), "%.100s/char%04x", service, e->handle);
	(void)snprintf(o->service, sizeof(o->service), "%s", service);
	rc = sd_bus_add_object_vtable(b->bus, &o->slot, o->path,
				      e->service ? "org.bluez.GattService1" : BLUEZ_CHR,
				      e->service ? service_vtable : chr_vtable, o);
	if (rc >= 0)
		b->count++;
	return rc;
}

int serve_objects_export(struct serve_bluez *b, const struct gatt_table *table)
{
	const char *service = NULL;
	int rc = 0;

	serve_objects_drop(b);
	for (size_t i = 0; i < table->count && rc >= 0; i++) {
		const struct gatt_entry *e = &table->entries[i];

		if (e->service && is_generic(e->uuid))
			service = NULL;
		else if (e->service) {
			rc = export_entry(b, e, "");
			service = b->objects[b->count - (rc >= 0)].path;
		} else if (service)
			rc = export_entry(b, e, service);
	}
	return rc < 0 ? rc : 0;
}

/* --- the advertisement */

static int get_type(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)ret_error;
	return sd_bus_message_append(reply, "s", "peripheral");
}

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct serve_bluez *b = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)ret_error;
	return b->uuid[0] ? sd_bus_message_append(reply, "as", 1, b->uuid)
			  : sd_bus_message_append(reply, "as", 0);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct serve_bluez *b = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)ret_error;
	return sd_bus_message_append(reply, "s", b->name);
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;

	(void)ret_error;
	if (serve_bluez_is_owner(b, m))
		b->advertised = false;
	return 1;
}

static const sd_bus_vtable advertisement_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Type", "s", get_type, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("ServiceUUIDs", "as", get_uuids, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("LocalName", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Discoverable", "b", get_primary, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD("Release", "", "", on_release,
		      SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_METHOD_NO_REPLY),
	SD_BUS_VTABLE_END,
};

int serve_objects_advertisement(struct serve_bluez *b)
{
	return sd_bus_add_object_vtable(b->bus, &b->advertisement, SERVE_ADVERTISEMENT,
					"org.bluez.LEAdvertisement1", advertisement_vtable, b);
}
