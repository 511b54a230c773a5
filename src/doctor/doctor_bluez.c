/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluetoothd: whether it answers, its release with what is known of it, and its
 * adapters.  Which release brought or mended what was read in BlueZ's ChangeLog
 * and source.
 */
#include "base/bus_error.h"
#include "diagnose/diagnose.h"
#include "doctor/doctor_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUS "org.freedesktop.DBus"
#define ANSWER_US 3000000u

struct adapter {
	char path[128], address[18], modalias[64];
	bool powered;
};

unsigned int doctor_version(const char *modalias)
{
	const char *d = strrchr(modalias, 'd');
	char *end;
	unsigned long version;

	/* Only BlueZ's own vendor and product mean that the rest is its version. */
	if (!d || strlen(d) != 5 || !strstr(modalias, "v1D6Bp0246"))
		return 0;
	version = strtoul(d + 1, &end, 16);
	return *end ? 0 : (unsigned int)version;
}

static void check_release(struct doctor *d, unsigned int version)
{
	const struct diagnosis_release *fault;

	if (version == 0) {
		doctor_add(d, DOCTOR_NOTE, "bluetoothd", "bluetoothd --version",
			   "answers; its release is unknown");
		return;
	}
	doctor_add(d, DOCTOR_GOOD, "bluetoothd", "", "answers; release %u.%u", version >> 8,
		   version & 0xffu);
	for (size_t i = 0; (fault = diagnosis_release_fault(i)) != NULL; i++)
		if (diagnosis_release_has(fault, version))
			doctor_add(d, DOCTOR_NOTE, "bluetoothd", fault->advice, "release %u.%u %s",
				   version >> 8, version & 0xffu, fault->text);
}

static void check_adapter(struct doctor *d, const struct adapter *a)
{
	const char *name = strrchr(a->path, '/');

	name = name ? name + 1 : a->path;
	if (a->powered) {
		d->ready = true;
		doctor_add(d, DOCTOR_GOOD, "adapter", "", "%s (%s) is on", name, a->address);
	} else {
		doctor_add(d, DOCTOR_NOTE, "adapter",
			   "bluetoothctl power on; otabench also tries to", "%s (%s) is off", name,
			   a->address);
		doctor_offer(d, DOCTOR_FIX_POWER, "%s", a->path);
	}
}

/* --- bluetoothd's objects */

static int doctor_bluez_read_text(sd_bus_message *m, char *to, size_t size)
{
	const char *text;
	const int rc = sd_bus_message_read(m, "v", "s", &text);

	if (rc > 0) {
		to[0] = '\0';
		(void)strncat(to, text, size - 1);
	}
	return rc;
}

static int read_property(struct adapter *a, const char *name, sd_bus_message *m)
{
	const char *type;
	char outer;
	int value, rc;

	rc = sd_bus_message_peek_type(m, &outer, &type);
	if (rc < 0)
		return rc;
	if (strcmp(name, "Address") == 0 && strcmp(type, "s") == 0)
		return doctor_bluez_read_text(m, a->address, sizeof(a->address));
	if (strcmp(name, "Modalias") == 0 && strcmp(type, "s") == 0)
		return doctor_bluez_read_text(m, a->modalias, sizeof(a->modalias));
	if (strcmp(name, "Powered") != 0 || strcmp(type, "b") != 0)
		return sd_bus_message_skip(m, "v");
	rc = sd_bus_message_read(m, "v", "b", &value);
	a->powered = rc > 0 && value;
	return rc;
}

static int read_adapter(struct doctor *d, const char *path, sd_bus_message *m,
			unsigned int *version)
{
	struct adapter a = {.powered = false};
	const char *name;
	int rc = sd_bus_message_enter_container(m, 'a', "{sv}");

	(void)strncat(a.path, path, sizeof(a.path) - 1);
	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc >= 0)
			rc = read_property(&a, name, m);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	if (rc < 0)
		return rc;
	if (doctor_version(a.modalias))
		*version = doctor_version(a.modalias);
	check_adapter(d, &a);
	return sd_bus_message_exit_container(m);
}

static int read_object(struct doctor *d, sd_bus_message *m, unsigned int *version)
{
	const char *path, *interface;
	int rc = sd_bus_message_read(m, "o", &path);

	if (rc >= 0)
		rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		rc = sd_bus_message_read(m, "s", &interface);
		if (rc >= 0)
			rc = strcmp(interface, "org.bluez.Adapter1") == 0
				     ? read_adapter(d, path, m, version)
				     : sd_bus_message_skip(m, "a{sv}");
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

static void read_objects(struct doctor *d, sd_bus_message *m)
{
	const size_t before = d->count;
	unsigned int version = 0;
	int rc = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

	while (rc >= 0 && (rc = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		rc = read_object(d, m, &version);
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	if (rc < 0)
		doctor_add(d, DOCTOR_BAD, "bluetoothd", "update it",
			   "its D-Bus objects do not have the documented form");
	else if (d->count == before)
		doctor_add(d, DOCTOR_BAD, "adapter", "'bluetoothctl list' should show an adapter",
			   "bluetoothd has no adapter");
	check_release(d, version);
}

/* --- the bus */

static void no_answer(struct doctor *d, const sd_bus_error *error)
{
	const char *said = error->message && error->message[0] ? error->message : error->name;

	switch (bus_error_failure(error->name)) {
	case BUS_REFUSED:
		d->refused = true;
		doctor_add(d, DOCTOR_BAD, "permission",
			   "try as root; the D-Bus policy file bluetooth.conf says who is allowed",
			   "the D-Bus policy does not let this user talk to bluetoothd");
		return;
	case BUS_NO_ANSWER:
		doctor_add(d, DOCTOR_BAD, "bluetoothd", "systemctl restart bluetooth",
			   "does not answer");
		return;
	case BUS_NOT_RUNNING:
		doctor_add(d, DOCTOR_BAD, "bluetoothd", "systemctl start bluetooth (package bluez)",
			   "is not running");
		doctor_offer(d, DOCTOR_FIX_START, "org.bluez");
		return;
	case BUS_LOST:
		doctor_add(d, DOCTOR_BAD, "D-Bus",
			   "'getent passwd $(id -u)' should find this user, and 'systemctl status "
			   "dbus' a running bus",
			   "the system bus ended the connection: %s", said);
		return;
	case BUS_OTHER:
		doctor_add(d, DOCTOR_BAD, "bluetoothd", "journalctl -u bluetooth",
			   "cannot be asked: %s", said);
		return;
	}
}

static bool is_from(sd_bus_message *reply, const char *who)
{
	const char *sender = sd_bus_message_get_sender(reply);

	return sender && strcmp(sender, who) == 0;
}

/*
 * Returns true if org.bluez's owner sent the answer.  sd-bus knows an answer by its number alone,
 * and not every bus keeps others from sending one.
 */
static bool is_bluetoothds(sd_bus *bus, sd_bus_message *answer)
{
	sd_bus_message *reply = NULL;
	const char *owner;
	bool is;

	is = sd_bus_call_method(bus, BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner", NULL,
				&reply, "s", "org.bluez") >= 0 &&
	     is_from(reply, BUS) && sd_bus_message_read(reply, "s", &owner) > 0 &&
	     is_from(answer, owner);
	sd_bus_message_unref(reply);
	return is;
}

static void doctor_bluez_ask(struct doctor *d, sd_bus *bus)
{
	sd_bus_message *call = NULL, *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int rc = sd_bus_message_new_method_call(bus, &call, "org.bluez", "/",
						"org.freedesktop.DBus.ObjectManager",
						"GetManagedObjects");

	if (rc >= 0)
		rc = sd_bus_call(bus, call, ANSWER_US, &error, &reply);
	if (rc >= 0 && !is_bluetoothds(bus, reply))
		doctor_add(d, DOCTOR_BAD, "bluetoothd",
			   "'busctl list' shows the programs on the bus",
			   "another program answers in its place");
	else if (rc >= 0)
		read_objects(d, reply);
	else
		no_answer(d, &error);
	sd_bus_error_free(&error);
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
}

void doctor_check_bluez(struct doctor *d, sd_bus *bus)
{
	sd_bus *system = NULL;
	int rc;

	if (bus) {
		doctor_bluez_ask(d, bus);
		return;
	}
	rc = sd_bus_open_system(&system);
	if (rc < 0) {
		d->refused = rc == -EACCES || rc == -EPERM;
		doctor_add(d, DOCTOR_BAD, "D-Bus",
			   d->refused ? "try as root" : "install and start it (package dbus)",
			   d->refused ? "the system bus refuses this user"
				      : "there is no system bus, and so no bluetoothd");
		return;
	}
	doctor_bluez_ask(d, system);
	sd_bus_flush_close_unref(system);
}
