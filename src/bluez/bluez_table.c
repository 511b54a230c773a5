/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's services: as bluetoothd shows them, which may be out of its cache, and as the
 * device itself tells them.
 *
 * The kernel gives any user an L2CAP socket on the channel of the attribute protocol
 * (l2cap_sock_bind() and l2cap_sock_connect() of net/bluetooth/l2cap_sock.c let nothing else
 * pass on LE), and makes a link for it; -EBUSY where somebody has that channel of the link,
 * as bluetoothd has while it is connected (l2cap_chan_connect()).  The link is not
 * encrypted, and an indication is left without an answer, so that the device tells what it
 * owes to a bond when bluetoothd is connected again.
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "air/attc.h"
#include "bluez/bluez_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef AF_BLUETOOTH
#define AF_BLUETOOTH 31
#endif
#define BTPROTO_L2CAP 0
#define CID_ATT 4u
#define LE_PUBLIC 1u /* bdaddr types of include/net/bluetooth/bluetooth.h */
#define LE_RANDOM 2u
#define LOOK_US 30000000u /* to hear it, to connect, and for some thirty requests */

struct sockaddr_l2 {
	unsigned short family, psm;
	uint8_t address[6]; /* least significant byte first */
	unsigned short cid;
	uint8_t type;
};

struct bluez_look {
	struct bluez *b;
	char address[18];
	int fd; /* -1: closed */
	sd_event_source *io;
	bool connected;
	bool told; /* status is how it ended */
	bool over; /* ... and MAINTENANCE has told it */
	int status;
	struct attc client;
	struct attc_table table;
};

/* --- what bluetoothd shows */

/* "/org/bluez/hci0/dev_X/service0013/char0014": the handle is the last four digits. */
static uint16_t bluez_table_handle(const char *path)
{
	const char *name = strrchr(path, '/');
	char *end;
	unsigned long handle;

	if (!name || strlen(name) < 4)
		return 0;
	handle = strtoul(name + strlen(name) - 4, &end, 16);
	return *end ? 0 : (uint16_t)handle;
}

static int shown(const struct bluez *b, const char *address, struct gatt_table *ret)
{
	const struct bluez_object *device = bluez_find_address(b, address);

	*ret = (struct gatt_table){.count = 0};
	for (const struct bluez_object *o = device ? b->objects : NULL; o; o = o->next) {
		struct gatt_entry entry = {
			.handle = bluez_table_handle(o->path),
			.service = o->kind == BLUEZ_IS_SERVICE,
			.properties = o->properties,
		};

		if ((o->kind != BLUEZ_IS_SERVICE && o->kind != BLUEZ_IS_CHR) || entry.handle == 0 ||
		    !bluez_below(o->path, device->path))
			continue;
		memcpy(entry.uuid, o->uuid, sizeof(entry.uuid));
		gatt_table_add(ret, &entry);
	}
	return ret->count > 0 ? 0 : -OTA_ENOENT;
}

/* --- what the device tells */

static void look_close(struct bluez_look *look)
{
	look->io = sd_event_source_disable_unref(look->io);
	if (look->connected)
		attc_finish(&look->client);
	look->connected = false;
	if (look->fd >= 0)
		(void)close(look->fd);
	look->fd = -1;
}

bool bluez_table_looking(const struct bluez *b)
{
	return b->look && !b->look->over;
}

void bluez_table_stop(struct bluez *b)
{
	if (b->look)
		look_close(b->look);
	free(b->look);
	b->look = NULL;
}

static void look_over(struct bluez *b)
{
	if (!bluez_table_looking(b))
		return;
	b->look->over = true;
	bluez_timer_stop(&b->patience);
	bluez_maintenance_end(b, b->look->status);
}

/* The kernel keeps the link for two seconds more (HCI_DISCONN_TIMEOUT), in which bluetoothd
 * takes the device for connected and cannot connect to it. */
static void look_ended(struct bluez_look *look, int status)
{
	const struct bluez_object *device = bluez_find_address(look->b, look->address);

	look->told = true;
	look->status = status;
	look_close(look);
	if (device && device->connected)
		bluez_after(look->b, &look->b->patience, BLUEZ_HANG_UP_US, look_over);
	else
		look_over(look->b);
}

void bluez_table_left(struct bluez *b, const struct bluez_object *device)
{
	if (bluez_table_looking(b) && b->look->told && !device->connected &&
	    strcmp(device->address, b->look->address) == 0)
		look_over(b);
}

static void look_late(struct bluez *b)
{
	if (bluez_table_looking(b))
		look_ended(b->look, -OTA_ETIMEDOUT);
}

static int look_status(int error)
{
	switch (error) {
	case EBUSY:
		return -OTA_EBUSY;
	case EPERM:
	case EACCES:
		return -OTA_EPERM;
	case ETIMEDOUT:
	case EHOSTDOWN:
		return -OTA_ETIMEDOUT;
	case EAFNOSUPPORT: /* a container, or another network namespace */
	case EPROTONOSUPPORT:
		return -OTA_ENOTSUP;
	default:
		return -OTA_ENOTCONN;
	}
}

static int look_send(void *ctx, const uint8_t *pdu, size_t len)
{
	const struct bluez_look *look = ctx;

	return send(look->fd, pdu, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -OTA_ENOTCONN : 0;
}

static void look_told(void *ctx, const struct attc_event *e)
{
	struct bluez_look *look = ctx;

	if (e->kind != ATTC_DISCOVERED)
		return;
	look->told = true; /* this is called from within the client, which has to end first */
	look->status = e->status > 0 ? -OTA_EIO : e->status;
}

static void look_begin(struct bluez_look *look)
{
	const struct attc_config config = {
		.send = look_send,
		.event = look_told,
		.ctx = look,
		.mtu = ATT_MTU_MIN,
		.table = &look->table,
		.deaf = true,
	};
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(look->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0) {
		look_ended(look, look_status(error));
		return;
	}
	look->connected = attc_init(&look->client, &config) == 0;
	if (!look->connected || attc_discover(&look->client) < 0 ||
	    sd_event_source_set_io_events(look->io, EPOLLIN) < 0)
		look_ended(look, -OTA_ENOMEM);
}

static int bluez_table_on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct bluez_look *look = userdata;
	uint8_t pdu[ATT_MTU_MAX];
	ssize_t n;

	(void)source;
	(void)events;
	if (!look->connected) {
		look_begin(look);
		return 0;
	}
	n = recv(fd, pdu, sizeof(pdu), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		look_ended(look, -OTA_ENOTCONN);
		return 0;
	}
	if (n > 0)
		attc_input(&look->client, pdu, (size_t)n);
	if (look->told)
		look_ended(look, look->status);
	return 0;
}

static void to_octets(const char *text, uint8_t ret[6])
{
	for (size_t i = 0; i < 6; i++)
		ret[5 - i] =
			strlen(text) >= 3 * i + 2 ? (uint8_t)strtoul(text + 3 * i, NULL, 16) : 0;
}

static int open_bearer(const struct bluez_object *adapter, const struct bluez_object *device)
{
	struct sockaddr_l2 from = {.family = AF_BLUETOOTH, .cid = CID_ATT};
	struct sockaddr_l2 to = from;
	const int fd =
		socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, BTPROTO_L2CAP);

	if (fd < 0)
		return -errno;
	from.type = adapter->random ? LE_RANDOM : LE_PUBLIC;
	to.type = device->random ? LE_RANDOM : LE_PUBLIC;
	to_octets(adapter->address, from.address);
	to_octets(device->address, to.address);
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	const int error = errno;

	(void)close(fd);
	return -error;
}

int bluez_table_look(struct bluez *b, const struct bluez_object *device)
{
	const struct bluez_object *adapter = bluez_find(b, BLUEZ_IS_ADAPTER, b->adapter);
	struct bluez_look *look;
	int fd;

	if (device->connected)
		return -OTA_EBUSY;
	if (!adapter)
		return -OTA_ENODEV;
	bluez_table_stop(b);
	fd = b->config.bearer ? b->config.bearer(b->config.log_ctx, device->address)
			      : open_bearer(adapter, device);
	if (fd < 0)
		return look_status(-fd);
	look = calloc(1, sizeof(*look));
	if (!look ||
	    sd_event_add_io(b->event, &look->io, fd, EPOLLOUT, bluez_table_on_socket, look) < 0) {
		(void)close(fd);
		free(look);
		return -OTA_ENOMEM;
	}
	look->b = b;
	look->fd = fd;
	memcpy(look->address, device->address, sizeof(look->address));
	b->look = look;
	bluez_after(b, &b->patience, LOOK_US, look_late);
	return 0;
}

int bluez_table(struct transport *t, const char *address, enum transport_table which,
		struct gatt_table *ret)
{
	const struct bluez *b = bluez_of(t);

	if (which == TRANSPORT_TABLE_STACK)
		return shown(b, address, ret);
	if (!b->look || !b->look->over || b->look->status < 0 ||
	    strcasecmp(b->look->address, address) != 0)
		return -OTA_ENOENT;
	attc_table_export(&b->look->table, ret);
	return 0;
}
