/* SPDX-License-Identifier: Apache-2.0 */
/* The links of clients, as bluetoothd's signals tell of them. */
#include "config.h" /* system extensions: CLOCK_MONOTONIC */

#include "serve/serve_bluez_priv.h"

#include "ota/error.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* bluetoothd ends a link two seconds after Disconnect() (DISCONNECT_TIMER of its src/device.c), up
 * to a quarter of one earlier, as g_timeout_add_seconds() groups timers. */
#define SILENCE_US 1500000u
#define PROPERTIES SERVE_BUS ".Properties"
#define MANAGER SERVE_BUS ".ObjectManager"

/* "/org/bluez/hci0/dev_24_6F_28_AA_10_01" as an address. */
static void client_name(const char *path, char *buf, size_t size)
{
	const char *last = strstr(path, "/dev_");

	(void)snprintf(buf, size, "%s", last ? last + 5 : path);
	for (char *c = buf; *c; c++)
		if (*c == '_')
			*c = ':';
}

bool serve_bluez_is_lost(const struct serve_bluez *b, const char *device)
{
	return b->hanging_up && (!device[0] || strcmp(b->client, device) == 0);
}

bool serve_bluez_client(struct serve_bluez *b, const char *device)
{
	char name[SERVE_PATH];

	if (!device[0]) /* not told: the one that is there, or came last */
		device = b->client[0] ? b->client : b->connected;
	if (!device[0] || !b->serve)
		return false;
	if (b->client[0])
		return strcmp(b->client, device) == 0 && !b->hanging_up;
	(void)snprintf(b->client, sizeof(b->client), "%s", device);
	client_name(device, name, sizeof(name));
	serve_client_joined(b->serve, name);
	return true;
}

/* --- a link that is lost, but not ended */

/*
 * What is written counts as written: the answer may be the last thing that reaches a client before
 * its link is lost, while after an error some would try again over a link that is about to end.
 */
static void answer(sd_bus_message *m)
{
	if (sd_bus_message_is_method_call(m, BLUEZ_CHR, "WriteValue") > 0)
		(void)sd_bus_reply_method_return(m, "");
	else
		(void)serve_objects_refuse(m, -OTA_ENOTCONN);
}

static void answer_all(struct serve_bluez *b)
{
	for (size_t i = 0; i < b->unanswered_count; i++) {
		answer(b->unanswered[i]);
		sd_bus_message_unref(b->unanswered[i]);
	}
	b->unanswered_count = 0;
}

static int on_silence_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct serve_bluez *b = userdata;

	(void)source;
	(void)usec;
	b->silence_over = true;
	answer_all(b);
	return 0;
}

void serve_bluez_silence(struct serve_bluez *b)
{
	b->hanging_up = true;
	/* Without a timer each call is answered at once. */
	b->silence_over =
		sd_event_add_time_relative(sd_bus_get_event(b->bus), &b->silence, CLOCK_MONOTONIC,
					   SILENCE_US, 0, on_silence_over, b) < 0;
}

void serve_bluez_ignore(struct serve_bluez *b, sd_bus_message *m)
{
	if (sd_bus_message_get_expect_reply(m) <= 0)
		return;
	if (b->silence_over || b->unanswered_count == SERVE_UNANSWERED)
		answer(m);
	else
		b->unanswered[b->unanswered_count++] = sd_bus_message_ref(m);
}

void serve_bluez_end_silence(struct serve_bluez *b)
{
	answer_all(b);
	b->silence = sd_event_source_disable_unref(b->silence);
	b->hanging_up = false;
}

static void client_gone(struct serve_bluez *b, const char *path)
{
	if (strcmp(path, b->connected) == 0)
		b->connected[0] = '\0';
	if (strcmp(path, b->client) != 0)
		return;
	b->client[0] = '\0';
	serve_bluez_end_silence(b);
	serve_client_left(b->serve);
}

/* Returns 1 or 0 for the Connected among the properties that follow, -1 where it is not. */
static int read_connected(sd_bus_message *m)
{
	const char *name;
	int value = -1, rc = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (rc > 0 && (rc = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		rc = sd_bus_message_read(m, "s", &name);
		if (rc > 0 && strcmp(name, "Connected") == 0)
			rc = sd_bus_message_read(m, "v", "b", &value);
		else if (rc > 0)
			rc = sd_bus_message_skip(m, "v");
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return rc < 0 || sd_bus_message_exit_container(m) < 0 ? -1 : value;
}

/* Of this adapter's devices, and from bluetoothd. */
static bool is_of_device(struct serve_bluez *b, sd_bus_message *m, const char *path)
{
	const size_t len = strlen(b->adapter);

	return strcmp(sd_bus_message_get_sender(m), b->owner) == 0 && path &&
	       strncmp(path, b->adapter, len) == 0 && path[len] == '/';
}

static void changed(struct serve_bluez *b, const char *path, int connected)
{
	if (connected == 1)
		(void)snprintf(b->connected, sizeof(b->connected), "%s", path);
	else if (connected == 0)
		client_gone(b, path);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;
	const char *path = sd_bus_message_get_path(m), *interface;

	(void)ret_error;
	if (is_of_device(b, m, path) && sd_bus_message_read(m, "s", &interface) > 0 &&
	    strcmp(interface, BLUEZ_DEVICE) == 0)
		changed(b, path, read_connected(m));
	return 0;
}

/* A client that was never here before comes as an object that is connected already. */
static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;
	const char *path, *interface;
	int rc;

	(void)ret_error;
	if (sd_bus_message_read(m, "o", &path) <= 0 || !is_of_device(b, m, path))
		return 0;
	rc = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	while (rc > 0 && sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
		rc = sd_bus_message_read(m, "s", &interface);
		if (rc > 0 && strcmp(interface, BLUEZ_DEVICE) == 0)
			changed(b, path, read_connected(m));
		else if (rc > 0)
			rc = sd_bus_message_skip(m, "a{sv}");
		if (rc >= 0)
			rc = sd_bus_message_exit_container(m);
	}
	return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;
	const char *path;

	(void)ret_error;
	if (strcmp(sd_bus_message_get_sender(m), b->owner) != 0 ||
	    sd_bus_message_read(m, "o", &path) <= 0)
		return 0;
	client_gone(b, path);
	if (strcmp(path, b->adapter) == 0)
		serve_bluez_gone(b, "the adapter is gone");
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;
	const char *name, *from, *to;

	(void)ret_error;
	if (sd_bus_message_read(m, "sss", &name, &from, &to) > 0 && strcmp(from, b->owner) == 0)
		serve_bluez_gone(b, "bluetoothd is gone");
	return 0;
}

int serve_clients_watch(struct serve_bluez *b)
{
	const struct {
		const char *path, *interface, *member;
		sd_bus_message_handler_t handler;
	} signals[] = {
		{NULL, PROPERTIES, "PropertiesChanged", on_changed},
		{"/", MANAGER, "InterfacesAdded", on_added},
		{"/", MANAGER, "InterfacesRemoved", on_removed},
	};
	const size_t count = sizeof(signals) / sizeof(signals[0]);
	int rc = 0;

	_Static_assert(sizeof(signals) / sizeof(signals[0]) < SERVE_MATCHES, "and the bus's own");
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = sd_bus_match_signal(b->bus, &b->matches[i], BLUEZ, signals[i].path,
					 signals[i].interface, signals[i].member,
					 signals[i].handler, b);
	if (rc >= 0)
		rc = sd_bus_add_match(b->bus, &b->matches[count],
				      "type='signal',sender='" SERVE_BUS "',interface='" SERVE_BUS
				      "',member='NameOwnerChanged',arg0='" BLUEZ "'",
				      on_owner, b);
	return rc;
}
