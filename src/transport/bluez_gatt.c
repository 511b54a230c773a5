/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATT over bluetoothd: which object is which characteristic, reads,
 * notifications, and the three ways to write.
 *
 * WriteValue(command) and the socket of AcquireWrite are queued by bluetoothd
 * without end (src/shared/att.c), so that neither tells what was sent; the
 * session's credits bound what is in flight.  AcquireWrite cuts values over 512
 * octets without a word (src/gatt-client.c), so they are refused here.
 */
#include "config.h" /* system extensions: MSG_NOSIGNAL */

#include "transport/bluez_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMANDS_MAX 512u /* calls without an answer; bluetoothd answers each at once */

static struct bluez *bluez_of(struct transport *t)
{
	return (struct bluez *)t;
}

/* An answer of an earlier connection must not be taken for one of this. */
struct pending {
	struct bluez *b;
	uint64_t generation;
	enum gatt_chr chr;
};

static const char *const uuids[GATT_CHRS] = {
	[GATT_CONTROL] = OTA_UUID_CONTROL,
	[GATT_DATA] = OTA_UUID_DATA,
	[GATT_INFO] = OTA_UUID_INFO,
	[GATT_FIRMWARE_REVISION] = "00002a26-0000-1000-8000-00805f9b34fb",
	[GATT_MODEL] = "00002a24-0000-1000-8000-00805f9b34fb",
	[GATT_MANUFACTURER] = "00002a29-0000-1000-8000-00805f9b34fb",
};

/* --- the acquired socket */

static void release(struct bluez *b)
{
	sd_event_source_disable_unref(b->acquired_io);
	b->acquired_io = NULL;
	if (b->acquired >= 0)
		close(b->acquired);
	b->acquired = -1;
	b->acquiring = false;
}

void bluez_gatt_reset(struct bluez *b)
{
	release(b);
	memset(b->chrs, 0, sizeof(b->chrs));
	memset(b->writing, 0, sizeof(b->writing));
	b->discover_wanted = false;
	b->commands = 0;
	b->blocked = false;
	b->mtu = OTA_ATT_MTU_MIN;
	b->mtu_source = TRANSPORT_SOURCE_NONE;
	b->generation++;
}

static void writable(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_WRITABLE};

	if (!b->blocked)
		return;
	b->blocked = false;
	bluez_emit(b, &event);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct bluez *b = userdata;

	(void)source;
	(void)fd;
	if (events & (EPOLLHUP | EPOLLERR))
		release(b); /* the link went, or another client's write took over */
	else if (events & EPOLLOUT)
		(void)sd_event_source_set_io_events(b->acquired_io, 0);
	writable(b);
	return 0;
}

/* --- calls */

static int begin(struct bluez *b, enum gatt_chr chr, const char *member, sd_bus_message **ret_call,
		 struct pending **ret_pending)
{
	struct pending *p;
	int rc;

	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	if (!b->chrs[chr][0])
		return -OTA_ENOENT;
	p = malloc(sizeof(*p));
	if (!p)
		return -OTA_ENOMEM;
	*p = (struct pending){.b = b, .generation = b->generation, .chr = chr};
	rc = sd_bus_message_new_method_call(b->bus, ret_call, BLUEZ, b->chrs[chr], BLUEZ_CHR,
					    member);
	if (rc < 0) {
		free(p);
		return rc;
	}
	*ret_pending = p;
	return 0;
}

/* Sends the call; p is freed with its slot. */
static int finish(struct bluez *b, sd_bus_message *call, int rc, sd_bus_message_handler_t handler,
		  struct pending *p)
{
	sd_bus_slot *slot = NULL;

	if (rc >= 0)
		rc = sd_bus_call_async(b->bus, &slot, call, handler, p, BLUEZ_CALL_US);
	sd_bus_message_unref(call);
	if (rc < 0) {
		free(p);
		return rc;
	}
	(void)sd_bus_slot_set_destroy_callback(slot, free);
	(void)sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 0;
}

static bool current(const struct pending *p)
{
	return p->b->phase == BLUEZ_UP && p->generation == p->b->generation;
}

static int status_of(sd_bus_message *reply)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	return error ? bluez_error_status(error) : 0;
}

static void told(const struct pending *p, enum transport_event_kind kind, int status,
		 const uint8_t *data, size_t len)
{
	const struct transport_event event = {
		.kind = kind, .chr = p->chr, .status = status, .data = data, .len = len};

	bluez_emit(p->b, &event);
}

/* --- discovery */

static void map(struct bluez *b, uint8_t properties[GATT_CHRS])
{
	memset(properties, 0, GATT_CHRS);
	memset(b->chrs, 0, sizeof(b->chrs));
	for (const struct bluez_object *o = b->objects; o; o = o->next) {
		if (o->kind != BLUEZ_IS_CHR || !bluez_below(o->path, b->device))
			continue;
		for (enum gatt_chr chr = GATT_CONTROL; chr < GATT_CHRS; chr++) {
			if (strcmp(o->uuid, uuids[chr]) != 0)
				continue;
			snprintf(b->chrs[chr], sizeof(b->chrs[chr]), "%s", o->path);
			properties[chr] = o->properties;
			if (o->mtu > b->mtu) {
				b->mtu = o->mtu;
				b->mtu_source = TRANSPORT_SOURCE_STACK;
			}
		}
	}
}

void bluez_gatt_resolved(struct bluez *b, bool last_chance)
{
	struct transport_event event = {.kind = TRANSPORT_MTU};
	uint8_t properties[GATT_CHRS];

	if (!b->discover_wanted)
		return;
	map(b, properties);
	/* ServicesResolved can be told before the objects are [5.66]. */
	if ((!properties[GATT_CONTROL] || !properties[GATT_DATA]) && !last_chance)
		return;
	b->discover_wanted = false;
	bluez_patience(b, 0);
	event.mtu = b->mtu;
	bluez_emit(b, &event);
	event = (struct transport_event){.kind = TRANSPORT_DISCOVERED};
	memcpy(event.properties, properties, sizeof(event.properties));
	bluez_emit(b, &event);
}

int bluez_gatt_discover(struct transport *t)
{
	struct bluez *b = bluez_of(t);
	const struct bluez_object *device;

	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	b->discover_wanted = true;
	device = bluez_find(b, BLUEZ_IS_DEVICE, b->device);
	/* Told from the event loop, never from within the call. */
	bluez_patience(b, device && device->resolved ? 1000u : 0);
	return 0;
}

/* --- reading and notifications */

static int on_read(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct pending *p = userdata;
	const void *bytes = NULL;
	size_t len = 0;
	int status = status_of(reply);

	(void)ret_error;
	if (!current(p))
		return 0;
	if (status == 0 && sd_bus_message_read_array(reply, 'y', &bytes, &len) < 0)
		status = -OTA_EBADMSG;
	told(p, TRANSPORT_READ, status, bytes, len);
	return 0;
}

int bluez_gatt_read(struct transport *t, enum gatt_chr chr)
{
	struct bluez *b = bluez_of(t);
	sd_bus_message *call = NULL;
	struct pending *p;
	int rc = begin(b, chr, "ReadValue", &call, &p);

	if (rc < 0)
		return rc;
	return finish(b, call, sd_bus_message_append(call, "a{sv}", 0), on_read, p);
}

static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct pending *p = userdata;

	(void)ret_error;
	if (current(p))
		told(p, TRANSPORT_SUBSCRIBED, status_of(reply), NULL, 0);
	return 0;
}

/* StartNotify and not AcquireNotify, which loses what comes before the CCC's answer. */
int bluez_gatt_subscribe(struct transport *t, enum gatt_chr chr)
{
	struct bluez *b = bluez_of(t);
	sd_bus_message *call = NULL;
	struct pending *p;
	const int rc = begin(b, chr, "StartNotify", &call, &p);

	return rc < 0 ? rc : finish(b, call, 0, on_subscribed, p);
}

void bluez_gatt_value(struct bluez *b, const char *path, const uint8_t *buf, size_t len)
{
	const struct transport_event event = {
		.kind = TRANSPORT_NOTIFIED, .chr = GATT_CONTROL, .data = buf, .len = len};

	/* Values of the others change when they are read; only Control notifies. */
	if (b->phase == BLUEZ_UP && strcmp(path, b->chrs[GATT_CONTROL]) == 0)
		bluez_emit(b, &event);
}

/* --- writing */

static int on_written(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct pending *p = userdata;

	(void)ret_error;
	if (!current(p))
		return 0;
	p->b->writing[p->chr] = false;
	told(p, TRANSPORT_WRITTEN, status_of(reply), NULL, 0);
	return 0;
}

static int on_commanded(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct pending *p = userdata;
	struct bluez *b = p->b;

	(void)ret_error;
	if (!current(p))
		return 0;
	b->commands--;
	if (status_of(reply) < 0)
		bluez_log(b, "a write command was refused: %s",
			  sd_bus_message_get_error(reply)->message);
	if (b->commands < COMMANDS_MAX / 2)
		writable(b);
	return 0;
}

static int write_value(struct bluez *b, enum gatt_chr chr, bool request, const uint8_t *buf,
		       size_t len)
{
	sd_bus_message *call = NULL;
	struct pending *p;
	int rc = begin(b, chr, "WriteValue", &call, &p);

	if (rc < 0)
		return rc;
	rc = sd_bus_message_append_array(call, 'y', buf, len);
	if (rc >= 0)
		rc = sd_bus_message_append(call, "a{sv}", 1, "type", "s",
					   request ? "request" : "command");
	return finish(b, call, rc, request ? on_written : on_commanded, p);
}

static int on_acquired(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct pending *p = userdata;
	struct bluez *b = p->b;
	uint16_t mtu;
	int fd;

	(void)ret_error;
	if (!current(p))
		return 0;
	b->acquiring = false;
	if (status_of(reply) < 0 || sd_bus_message_read(reply, "hq", &fd, &mtu) <= 0) {
		/* NotPermitted: another client holds it.  What it would carry is lost to it. */
		bluez_log(b, "AcquireWrite was refused (%s): writing by command instead",
			  sd_bus_message_get_error(reply) ? sd_bus_message_get_error(reply)->message
							  : "malformed answer");
		b->acquire_refused = true;
		writable(b);
		return 0;
	}
	b->acquired = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (b->acquired >= 0 &&
	    sd_event_add_io(b->event, &b->acquired_io, b->acquired, 0, on_socket, b) < 0)
		release(b);
	b->acquire_refused = b->acquired < 0;
	writable(b);
	return 0;
}

static int acquire(struct bluez *b)
{
	sd_bus_message *call = NULL;
	struct pending *p;
	int rc = begin(b, GATT_DATA, "AcquireWrite", &call, &p);

	if (rc < 0)
		return rc;
	rc = finish(b, call, sd_bus_message_append(call, "a{sv}", 0), on_acquired, p);
	if (rc < 0)
		return rc;
	b->acquiring = true;
	b->blocked = true;
	return -OTA_EAGAIN;
}

static int write_socket(struct bluez *b, const uint8_t *buf, size_t len)
{
	if (send(b->acquired, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
		b->blocked = true;
		(void)sd_event_source_set_io_events(b->acquired_io, EPOLLOUT);
		return -OTA_EAGAIN;
	}
	release(b);
	return -OTA_ENOTCONN;
}

static int write_command(struct bluez *b, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	int rc;

	if (b->commands >= COMMANDS_MAX) {
		b->blocked = true;
		return -OTA_EAGAIN;
	}
	rc = write_value(b, chr, false, buf, len);
	if (rc == 0)
		b->commands++;
	return rc;
}

int bluez_gatt_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		     const uint8_t *buf, size_t len)
{
	struct bluez *b = bluez_of(t);
	int rc;

	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	if (len > OTA_VALUE_MAX || (mode != GATT_REQUEST && len + OTA_ATT_HEADER > b->mtu))
		return -OTA_EMSGSIZE;
	if (chr == GATT_DATA && mode == GATT_ACQUIRE && !b->acquire_refused) {
		if (b->acquired >= 0)
			return write_socket(b, buf, len);
		if (!b->acquiring)
			return acquire(b);
		b->blocked = true;
		return -OTA_EAGAIN;
	}
	/* While the socket is held, WriteValue on it is NotPermitted. */
	if (chr == GATT_DATA && b->acquired >= 0)
		release(b);
	if (mode != GATT_REQUEST)
		return write_command(b, chr, buf, len);
	if (b->writing[chr])
		return -OTA_EBUSY;
	rc = write_value(b, chr, true, buf, len);
	b->writing[chr] = rc == 0;
	return rc;
}
