/* SPDX-License-Identifier: Apache-2.0 */
/* See bluezfake.h.  The tree of objects and the signals; bluezfake_calls.c answers. */
#include "bluezfake_priv.h"

#include <stdio.h>
#include <string.h>

#define OBJECTS "org.freedesktop.DBus.ObjectManager"

static const struct {
	const char *uuid;
	const char *flags[4];
} chrs[GATT_CHRS] = {
	[GATT_CONTROL] = {OTA_UUID_CONTROL, {"write", "notify"}},
	[GATT_DATA] = {OTA_UUID_DATA, {"write-without-response", "write"}},
	[GATT_INFO] = {OTA_UUID_INFO, {"read"}},
	[GATT_FIRMWARE_REVISION] = {"00002A26-0000-1000-8000-00805F9B34FB", {"read"}},
	[GATT_MODEL] = {"00002a24-0000-1000-8000-00805f9b34fb", {"read"}},
	[GATT_MANUFACTURER] = {"00002a29-0000-1000-8000-00805f9b34fb", {"read"}},
};

char *fake_adapter_path(unsigned int adapter, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/org/bluez/hci%u", adapter);
	return buf;
}

char *fake_device_path(const struct fake *f, unsigned int i, char *buf, size_t size)
{
	(void)snprintf(buf, size, FAKE_ADAPTER "/dev_%s", f->devices[i].address);
	for (char *p = buf; *p; p++)
		if (*p == ':')
			*p = '_';
	return buf;
}

char *fake_chr_path(const struct fake *f, unsigned int i, enum gatt_chr chr, char *buf, size_t size)
{
	const size_t n = strlen(fake_device_path(f, i, buf, size));

	(void)snprintf(buf + n, size - n, "/service%04x/char%04x",
		       chr < GATT_FIRMWARE_REVISION ? 0x10 : 0x20, 0x11 + (unsigned int)chr * 3);
	return buf;
}

/* --- properties, "a{sv}" */

void fake_put_adapter(struct fake *f, sd_bus_message *m, unsigned int adapter)
{
	must(sd_bus_message_append(m, "a{sv}", 2, "Powered", "b", f->adapters[adapter].powered,
				   "Modalias", "s", "usb:v1D6Bp0246d0542"));
}

static void put_device(struct fake *f, sd_bus_message *m, unsigned int i)
{
	const struct fake_device *d = &f->devices[i];
	const bool heard = f->discovering && d->audible;

	must(sd_bus_message_open_container(m, 'a', "{sv}"));
	must(sd_bus_message_append(m, "{sv}", "Address", "s", d->address));
	if (d->name)
		must(sd_bus_message_append(m, "{sv}", "Name", "s", d->name));
	must(sd_bus_message_append(m, "{sv}", "Connected", "b", d->connected));
	must(sd_bus_message_append(m, "{sv}", "Paired", "b", d->paired));
	must(sd_bus_message_append(m, "{sv}", "ServicesResolved", "b", d->resolved));
	must(sd_bus_message_append(m, "{sv}", "UUIDs", "as", 1, OTA_UUID_SERVICE));
	if (heard)
		must(sd_bus_message_append(m, "{sv}", "RSSI", "n", d->rssi));
	must(sd_bus_message_close_container(m));
}

static void put_chr(struct fake *f, sd_bus_message *m, enum gatt_chr chr)
{
	must(sd_bus_message_open_container(m, 'a', "{sv}"));
	must(sd_bus_message_append(m, "{sv}", "UUID", "s", chrs[chr].uuid));
	must(sd_bus_message_append(m, "{sv}", "Flags", "as", chrs[chr].flags[1] ? 2 : 1,
				   chrs[chr].flags[0], chrs[chr].flags[1]));
	/* Remembered from an earlier connection: not a notification. */
	must(sd_bus_message_append(m, "{sv}", "Value", "ay", 2, 0x03, 0x00));
	if (f->tells_mtu)
		must(sd_bus_message_append(m, "{sv}", "MTU", "q", f->mtu));
	if (chr == GATT_DATA)
		must(sd_bus_message_append(m, "{sv}", "WriteAcquired", "b",
					   f->fd >= 0 || f->write_held));
	must(sd_bus_message_close_container(m));
}

/* --- objects */

static void put_interface(sd_bus_message *m, const char *path, const char *interface)
{
	must(sd_bus_message_open_container(m, 'e', "oa{sa{sv}}"));
	must(sd_bus_message_append(m, "o", path));
	must(sd_bus_message_open_container(m, 'a', "{sa{sv}}"));
	must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
	must(sd_bus_message_append(m, "s", interface));
}

static void end_interface(sd_bus_message *m)
{
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_close_container(m));
}

static void put_device_tree(struct fake *f, sd_bus_message *m, unsigned int i)
{
	char path[FAKE_PATH];

	put_interface(m, fake_device_path(f, i, path, sizeof(path)), FAKE_IS_DEVICE);
	put_device(f, m, i);
	end_interface(m);
	for (enum gatt_chr chr = GATT_CONTROL; f->devices[i].exported && chr < GATT_CHRS; chr++) {
		if (f->devices[i].absent[chr])
			continue;
		put_interface(m, fake_chr_path(f, i, chr, path, sizeof(path)), FAKE_IS_CHR);
		put_chr(f, m, chr);
		end_interface(m);
	}
}

/* The answer to GetManagedObjects. */
void fake_put_objects(struct fake *f, sd_bus_message *m)
{
	char path[FAKE_PATH];

	must(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}"));
	for (unsigned int i = 0; i < FAKE_ADAPTERS; i++) {
		if (!f->adapters[i].there)
			continue;
		put_interface(m, fake_adapter_path(i, path, sizeof(path)), FAKE_IS_ADAPTER);
		fake_put_adapter(f, m, i);
		end_interface(m);
	}
	for (unsigned int i = 0; i < FAKE_DEVICES; i++)
		if (f->devices[i].there)
			put_device_tree(f, m, i);
	must(sd_bus_message_close_container(m));
}

/* --- signals */

static void emit(struct fake *f, sd_bus_message *m)
{
	if (f->to)
		must(sd_bus_message_set_destination(m, f->to));
	must(sd_bus_send(f->server, m, NULL));
	sd_bus_message_unref(m);
}

static sd_bus_message *changed(struct fake *f, const char *path, const char *interface)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_signal(f->server, &m, path, "org.freedesktop.DBus.Properties",
				       "PropertiesChanged"));
	must(sd_bus_message_append(m, "s", interface));
	return m;
}

static void changed_bool(struct fake *f, const char *path, const char *interface, const char *name,
			 bool value)
{
	sd_bus_message *m = changed(f, path, interface);

	must(sd_bus_message_append(m, "a{sv}as", 1, name, "b", value, 0));
	emit(f, m);
}

static sd_bus_message *added(struct fake *f, const char *path, const char *interface)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_signal(f->server, &m, "/", OBJECTS, "InterfacesAdded"));
	must(sd_bus_message_append(m, "o", path));
	must(sd_bus_message_open_container(m, 'a', "{sa{sv}}"));
	must(sd_bus_message_open_container(m, 'e', "sa{sv}"));
	must(sd_bus_message_append(m, "s", interface));
	return m;
}

static void emit_added(struct fake *f, sd_bus_message *m)
{
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_close_container(m));
	emit(f, m);
}

static void removed(struct fake *f, const char *path, const char *interface)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_signal(f->server, &m, "/", OBJECTS, "InterfacesRemoved"));
	must(sd_bus_message_append(m, "oas", path, 1, interface));
	emit(f, m);
}

void fake_adapter_there(struct fake *f, unsigned int adapter, bool there)
{
	char path[FAKE_PATH];
	sd_bus_message *m;

	f->adapters[adapter].there = there;
	fake_adapter_path(adapter, path, sizeof(path));
	if (!there) {
		removed(f, path, FAKE_IS_ADAPTER);
		return;
	}
	m = added(f, path, FAKE_IS_ADAPTER);
	fake_put_adapter(f, m, adapter);
	emit_added(f, m);
}

void fake_adapter_powered(struct fake *f, unsigned int adapter, bool powered)
{
	char path[FAKE_PATH];

	f->adapters[adapter].powered = powered;
	changed_bool(f, fake_adapter_path(adapter, path, sizeof(path)), FAKE_IS_ADAPTER, "Powered",
		     powered);
}

void fake_advertise(struct fake *f, unsigned int i)
{
	struct fake_device *d = &f->devices[i];
	char path[FAKE_PATH];
	sd_bus_message *m;

	fake_device_path(f, i, path, sizeof(path));
	if (!d->there) {
		d->there = true;
		m = added(f, path, FAKE_IS_DEVICE);
		put_device(f, m, i);
		emit_added(f, m);
		return;
	}
	m = changed(f, path, FAKE_IS_DEVICE);
	must(sd_bus_message_append(m, "a{sv}as", 1, "RSSI", "n", d->rssi, 0));
	emit(f, m);
}

void fake_remove_device(struct fake *f, unsigned int i)
{
	char path[FAKE_PATH];

	for (enum gatt_chr chr = GATT_CONTROL; f->devices[i].exported && chr < GATT_CHRS; chr++)
		fake_unexport(f, i, chr);
	f->devices[i].there = f->devices[i].exported = false;
	removed(f, fake_device_path(f, i, path, sizeof(path)), FAKE_IS_DEVICE);
}

/* Discovery ended: nothing is in the air that bluetoothd would know of. */
void fake_forget_rssi(struct fake *f)
{
	char path[FAKE_PATH];
	sd_bus_message *m;

	for (unsigned int i = 0; i < FAKE_DEVICES; i++) {
		if (!f->devices[i].there)
			continue;
		m = changed(f, fake_device_path(f, i, path, sizeof(path)), FAKE_IS_DEVICE);
		must(sd_bus_message_append(m, "a{sv}as", 0, 1, "RSSI"));
		emit(f, m);
	}
}

void fake_connected(struct fake *f, unsigned int i, bool connected)
{
	char path[FAKE_PATH];

	f->devices[i].connected = connected;
	changed_bool(f, fake_device_path(f, i, path, sizeof(path)), FAKE_IS_DEVICE, "Connected",
		     connected);
}

void fake_resolved(struct fake *f, unsigned int i, bool resolved)
{
	char path[FAKE_PATH];

	f->devices[i].resolved = resolved;
	changed_bool(f, fake_device_path(f, i, path, sizeof(path)), FAKE_IS_DEVICE,
		     "ServicesResolved", resolved);
}

void fake_export(struct fake *f, unsigned int i, enum gatt_chr from, enum gatt_chr to)
{
	char path[FAKE_PATH];
	sd_bus_message *m;

	f->devices[i].exported = true;
	for (enum gatt_chr chr = from; chr < to; chr++) {
		if (f->devices[i].absent[chr])
			continue;
		m = added(f, fake_chr_path(f, i, chr, path, sizeof(path)), FAKE_IS_CHR);
		put_chr(f, m, chr);
		emit_added(f, m);
	}
}

void fake_unexport(struct fake *f, unsigned int i, enum gatt_chr chr)
{
	char path[FAKE_PATH];

	removed(f, fake_chr_path(f, i, chr, path, sizeof(path)), FAKE_IS_CHR);
}

/* Does what bluetoothd does: the reason [5.83], then both properties. */
void fake_disconnected(struct fake *f, unsigned int i, const char *reason)
{
	char path[FAKE_PATH];
	sd_bus_message *m = NULL;

	fake_device_path(f, i, path, sizeof(path));
	fake_close_socket(f);
	fake_resolved(f, i, false);
	if (reason) {
		must(sd_bus_message_new_signal(f->server, &m, path, FAKE_IS_DEVICE,
					       "Disconnected"));
		must(sd_bus_message_append(m, "ss", reason, "in words"));
		emit(f, m);
	}
	fake_connected(f, i, false);
}

void fake_notify(struct fake *f, unsigned int i, const void *value, size_t len)
{
	char path[FAKE_PATH];
	sd_bus_message *m =
		changed(f, fake_chr_path(f, i, GATT_CONTROL, path, sizeof(path)), FAKE_IS_CHR);

	must(sd_bus_message_open_container(m, 'a', "{sv}"));
	must(sd_bus_message_open_container(m, 'e', "sv"));
	must(sd_bus_message_append(m, "s", "Value"));
	must(sd_bus_message_open_container(m, 'v', "ay"));
	must(sd_bus_message_append_array(m, 'y', value, len));
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_close_container(m));
	must(sd_bus_message_append(m, "as", 0));
	emit(f, m);
}

void fake_write_acquired(struct fake *f, bool acquired)
{
	char path[FAKE_PATH];

	changed_bool(f, fake_chr_path(f, 0, GATT_DATA, path, sizeof(path)), FAKE_IS_CHR,
		     "WriteAcquired", acquired);
}

void fake_malformed(struct fake *f, unsigned int i, const char *interface, const char *name)
{
	char path[FAKE_PATH];
	sd_bus_message *m;

	if (strcmp(interface, FAKE_IS_ADAPTER) == 0)
		fake_adapter_path(i, path, sizeof(path));
	else if (strcmp(interface, FAKE_IS_DEVICE) == 0)
		fake_device_path(f, i, path, sizeof(path));
	else
		fake_chr_path(f, i, GATT_CONTROL, path, sizeof(path));
	m = changed(f, path, interface);
	must(sd_bus_message_append(m, "a{sv}as", 2, name, "(sb)", "no", 1, "Other", "x",
				   (int64_t)-1, 0));
	emit(f, m);
}

/* --- what was called or told, as text */

void fake_add(struct fake_text *t, const char *format, ...)
{
	va_list ap;
	int n;

	if (t->len > sizeof(t->text) / 2)
		(void)fake_take(t); /* nobody takes them */
	va_start(ap, format);
	n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, format, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(t->text) - t->len - 1);
	t->len += (size_t)n;
}

const char *fake_take(struct fake_text *t)
{
	static char taken[sizeof(t->text)];

	memcpy(taken, t->text, t->len + 1);
	t->text[0] = '\0';
	t->len = 0;
	return taken;
}
