/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate for messages: only those of the connection that owns org.bluez, and of the bus itself,
 * are believed.
 *
 * sender='org.bluez' in a match is a filter of the bus for what is broadcast.  A signal sent to
 * this connection alone comes whatever its matches say, from any program of any user (the system
 * bus's policy lets signals by), and sd-bus cannot tell a well-known name by a message's sender,
 * which is a unique one.  So every message passes this gate before any match or object sees it.
 */
#include "bluez/bluez_priv.h"

#include <stdio.h>
#include <string.h>

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define LOCAL BUS ".Local" /* sd-bus, of the connection itself; the bus lets nobody say that */

static bool is_from_bus(sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	/* The bus itself writes down who sent a message. */
	return sender && (strcmp(sender, BUS) == 0 || strcmp(sender, LOCAL) == 0);
}

bool bluez_owner_sent(const struct bluez *b, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	if (is_from_bus(m))
		return true; /* of a call without an answer, or one that the bus refuses */
	return sender && b->owner[0] && strcmp(sender, b->owner) == 0;
}

void bluez_owner_foreign(struct bluez *b, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	if (b->foreign_told)
		return;
	b->foreign_told = true; /* one who sends one message sends many */
	bluez_log(b,
		  "%s is not bluetoothd and sent a message that only bluetoothd may send: ignored",
		  sender ? sender : "a nameless program");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	uint8_t type = 0;

	if (bluez_owner_sent(b, m) || sd_bus_message_get_type(m, &type) < 0)
		return 0;
	/* Answers went to the requests they belong to: bluez_request.c. */
	if (type != SD_BUS_MESSAGE_SIGNAL && type != SD_BUS_MESSAGE_METHOD_CALL)
		return 0;
	bluez_owner_foreign(b, m);
	if (type == SD_BUS_MESSAGE_METHOD_CALL)
		return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
					"only bluetoothd may call this");
	return 1;
}

static void set_owner(struct bluez *b, const char *name)
{
	(void)snprintf(b->owner, sizeof(b->owner), "%s", name);
	b->foreign_told = false;
}

static int bluez_owner_on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *name, *from, *to;

	(void)ret_error;
	if (!is_from_bus(m) || sd_bus_message_read(m, "sss", &name, &from, &to) <= 0 ||
	    strcmp(name, BLUEZ) != 0)
		return 0;
	set_owner(b, to);
	if (*from)
		bluez_daemon_gone(b, BLUEZ_NO_DAEMON);
	if (*to)
		bluez_daemon_back(b);
	return 0;
}

/* If the name has no owner yet, NameOwnerChanged tells when it has one. */
static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const char *name;

	(void)ret_error;
	if (is_from_bus(reply) && !sd_bus_message_is_method_error(reply, NULL) &&
	    sd_bus_message_read(reply, "s", &name) > 0)
		set_owner(userdata, name);
	return 0;
}

int bluez_owner_watch(struct bluez *b)
{
	sd_bus_message *m = NULL;
	int rc = sd_bus_add_filter(b->bus, &b->gate, on_message, b);

	if (rc >= 0)
		rc = sd_bus_add_match_async(b->bus, &b->owner_match,
					    "type='signal',sender='" BUS "',interface='" BUS "',"
					    "member='NameOwnerChanged',arg0='" BLUEZ "'",
					    bluez_owner_on_changed, NULL, b);
	if (rc >= 0)
		rc = sd_bus_message_new_method_call(b->bus, &m, BUS, BUS_PATH, BUS, "GetNameOwner");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "s", BLUEZ);
	/* The bus answers in order, so before bluetoothd answers what is asked next; for ever,
	 * because without it nothing would be believed. */
	if (rc >= 0)
		rc = sd_bus_call_async(b->bus, &b->owner_call, m, on_owner, b, UINT64_MAX);
	sd_bus_message_unref(m);
	return rc < 0 ? rc : 0;
}

void bluez_owner_unwatch(struct bluez *b)
{
	b->gate = sd_bus_slot_unref(b->gate);
	b->owner_match = sd_bus_slot_unref(b->owner_match);
	b->owner_call = sd_bus_slot_unref(b->owner_call);
}
