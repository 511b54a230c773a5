/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about a link that a raw HCI socket tells and bluetoothd does not: the RSSI of
 * the connection, whether it is encrypted, the controller's LE buffers, and, before
 * 5.83, why the link ended.
 *
 * Who may ask what is said in base/hci_socket.h; the events of an encryption that fails and
 * of a link's end come to everybody.  Where there is no such socket (containers, other network namespaces)
 * nothing is known, and that is what is told.
 *
 * Structures and numbers are those of the kernel's
 * include/net/bluetooth/hci_sock.h and hci.h.
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "bluez/bluez_hci.h"
#include "base/bytes.h"
#include "bluez/bluez_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HCIGETDEVINFO _IOR('H', 211, int)
#define HCIGETCONNLIST _IOR('H', 212, int)
#define HCI_LE_LINK 0x80
#define CONNECTIONS_MAX 16u
#define NO_HANDLE 0xffffu /* handles end at 0x0eff */
#define NO_BREDR 0x20u /* features[4], Core Vol 2 Part C 3.3 */
#define PERIOD_US 1000000u
#define FRESH_US 3000000u /* older is not shown */
#define LOOK_US 100000u /* the kernel's list of links is read that often at most */
#define LINK_MODE_ENCRYPTED 0x0004u /* HCI_LM_ENCRYPT */

struct hci_connection {
	uint16_t handle;
	uint8_t address[6]; /* least significant byte first */
	uint8_t type, out;
	uint16_t state;
	uint32_t link_mode;
};

struct hci_connections {
	uint16_t dev, count;
	struct hci_connection list[CONNECTIONS_MAX];
};

struct hci_device {
	uint16_t dev;
	char name[8];
	uint8_t address[6];
	uint32_t flags;
	uint8_t type, features[8];
	uint32_t packet_type, link_policy, link_mode;
	uint16_t acl_mtu, acl_packets, sco_mtu, sco_packets;
	uint32_t statistics[10];
};

struct bluez_hci {
	struct bluez *b;
	int fd;
	sd_event_source *io, *timer;
	uint16_t dev, handle; /* NO_HANDLE: no link was found yet */
	bool gone; /* the adapter is */
	struct bluez_hci_figures figures;
	uint64_t rssi_us; /* when it was read; 0: never */
	bool encrypted;
	uint64_t look_us; /* when that was read; 0: never */
};

/* --- packets */

/* Error codes of Core Vol 1 Part F 1.3, as a reason. */
static enum gatt_reason reason_of(uint8_t code)
{
	switch (code) {
	case 0x08: /* connection timeout */
		return GATT_SUPERVISION;
	case 0x13: /* remote user terminated, for low resources, to power off */
	case 0x14:
	case 0x15:
		return GATT_BY_DEVICE;
	case 0x16: /* by local host */
		return GATT_BY_HOST;
	case 0x3e: /* failed to be established */
		return GATT_CONNECT_FAILED;
	default:
		return GATT_UNKNOWN;
	}
}

/* Disconnection Complete (7.7.5): packet type, event, length, status, handle, reason. */
static bool decode_end(const uint8_t *buf, size_t len, uint16_t handle,
		       struct bluez_hci_figures *figures)
{
	if (len != 7 || buf[0] != 0x04 || buf[1] != 0x05 || buf[2] != 4 || buf[3] != 0 ||
	    bytes_get16(buf + 4) != handle)
		return false;
	figures->ended = true;
	figures->reason = reason_of(buf[6]);
	return true;
}

/*
 * Encryption Change (7.7.8), failed: packet type, event, length, status, handle, enabled.
 * The kernel hangs up then, which says less.
 */
static bool decode_encryption(const uint8_t *buf, size_t len, uint16_t handle,
			      struct bluez_hci_figures *figures)
{
	if (len != 7 || buf[0] != 0x04 || buf[1] != 0x08 || buf[2] != 4 ||
	    bytes_get16(buf + 4) != handle ||
	    (buf[3] != 0x05 && buf[3] != 0x06)) /* authentication failure, key missing */
		return false;
	figures->key_missing = true;
	return true;
}

bool bluez_hci_decode(const uint8_t *buf, size_t len, uint16_t handle,
		      struct bluez_hci_figures *figures)
{
	if (decode_end(buf, len, handle, figures) || decode_encryption(buf, len, handle, figures) ||
	    hci_controller_take(&figures->controller, buf, len) > 0)
		return true;
	/* Command Complete: packet type, event, length, packets, opcode, status, handle, RSSI. */
	if (len < 10 || buf[0] != 0x04 || buf[1] != HCI_COMMAND_COMPLETE || buf[2] != len - 3 ||
	    buf[6] != 0 || bytes_get16(buf + 4) != HCI_READ_RSSI ||
	    bytes_get16(buf + 7) != handle || (int8_t)buf[9] == BLUEZ_RSSI_NONE)
		return false;
	figures->rssi = (int8_t)buf[9];
	return true;
}

static void ask_rssi(const struct bluez_hci *h)
{
	const uint8_t handle[2] = {(uint8_t)h->handle, (uint8_t)(h->handle >> 8)};

	(void)hci_socket_command(h->fd, HCI_READ_RSSI, handle, sizeof(handle));
}

/* False when there is no more. */
static bool read_packet(struct bluez_hci *h)
{
	uint8_t buf[HCI_PACKET_MAX];
	const ssize_t n = recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && errno == EPIPE) /* told once: hci_sock_dev_event() */
		h->gone = true;
	if (n <= 0)
		return false;
	if (!bluez_hci_decode(buf, (size_t)n, h->handle, &h->figures))
		return true;
	if (buf[1] == 0x0e && bytes_get16(buf + 4) == HCI_READ_RSSI)
		h->rssi_us = bluez_now(&h->b->base);
	else if (buf[1] == 0x08)
		bluez_log(h->b, "encryption failed: status 0x%02x", buf[3]);
	return true;
}

static int bluez_hci_on_packet(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)fd;
	if (!read_packet(userdata) && (events & (EPOLLHUP | EPOLLERR)))
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

enum gatt_reason bluez_hci_reason(struct bluez *b)
{
	struct bluez_hci *h = b->hci;

	if (!h)
		return GATT_UNKNOWN;
	/* The kernel told this socket before bluetoothd told its clients. */
	while (read_packet(h))
		;
	if (h->figures.key_missing)
		return GATT_KEY_MISSING;
	if (h->figures.ended)
		return h->figures.reason;
	return h->gone ? GATT_NO_ADAPTER : GATT_UNKNOWN;
}

static int on_period(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)usec;
	ask_rssi(userdata);
	(void)sd_event_source_set_time_relative(source, PERIOD_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* --- the socket */

static bool same_address(const uint8_t address[6], const char *text)
{
	char buf[18];

	(void)snprintf(buf, sizeof(buf), "%02X:%02X:%02X:%02X:%02X:%02X", address[5], address[4],
		       address[3], address[2], address[1], address[0]);
	return strcasecmp(buf, text) == 0;
}

static bool find_link(struct bluez_hci *h)
{
	struct hci_connections all = {.dev = h->dev, .count = CONNECTIONS_MAX};

	if (ioctl(h->fd, HCIGETCONNLIST, &all) < 0)
		return false;
	for (size_t i = 0; i < all.count && i < CONNECTIONS_MAX; i++) {
		if (all.list[i].type != HCI_LE_LINK ||
		    !same_address(all.list[i].address, h->b->address))
			continue;
		h->handle = all.list[i].handle;
		h->encrypted = (all.list[i].link_mode & LINK_MODE_ENCRYPTED) != 0;
		return true;
	}
	return false;
}

/* An LE-only controller's ACL buffers are its LE buffers: hci_get_dev_info() of hci_core.c. */
static void find_buffers(struct bluez_hci *h)
{
	struct hci_device device = {.dev = h->dev};

	if (ioctl(h->fd, HCIGETDEVINFO, &device) == 0 && (device.features[4] & NO_BREDR) &&
	    device.acl_mtu > 0) {
		h->figures.controller.buffers =
			(uint8_t)(device.acl_packets < UINT8_MAX ? device.acl_packets : UINT8_MAX);
		h->figures.controller.buffer_octets = device.acl_mtu;
		return;
	}
	(void)hci_socket_command(h->fd, HCI_LE_READ_BUFFER_SIZE, NULL, 0);
}

static bool open_socket(struct bluez_hci *h)
{
	h->fd = hci_socket(HCI_CHANNEL_RAW, h->dev, false);
	return h->fd >= 0 &&
	       hci_socket_listen(h->fd, 1u << HCI_DISCONNECTION | 1u << HCI_ENCRYPTION_CHANGE |
						1u << HCI_COMMAND_COMPLETE) == 0;
}

static struct bluez_hci *bluez_hci_begin(struct bluez *b)
{
	const char *name = strrchr(b->adapter, '/');
	struct bluez_hci *h;
	unsigned long dev;

	if (!name || strncmp(name, "/hci", 4) != 0)
		return NULL;
	dev = strtoul(name + 4, NULL, 10);
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	*h = (struct bluez_hci){
		.b = b, .dev = (uint16_t)dev, .handle = NO_HANDLE, .figures.rssi = BLUEZ_RSSI_NONE};
	b->hci = h;
	if (!open_socket(h) ||
	    sd_event_add_io(b->event, &h->io, h->fd, EPOLLIN, bluez_hci_on_packet, h) < 0) {
		bluez_hci_stop(b);
		return NULL;
	}
	find_buffers(h);
	(void)hci_socket_command(h->fd, HCI_READ_LOCAL_VERSION, NULL, 0);
	return h;
}

void bluez_hci_start(struct bluez *b)
{
	struct bluez_hci *h = b->hci ? b->hci : bluez_hci_begin(b);

	if (h && !h->timer && find_link(h))
		(void)sd_event_add_time_relative(b->event, &h->timer, CLOCK_MONOTONIC, 0, 1,
						 on_period, h);
}

void bluez_hci_stop(struct bluez *b)
{
	struct bluez_hci *h = b->hci;

	if (!h)
		return;
	b->hci = NULL;
	sd_event_source_disable_unref(h->io);
	sd_event_source_disable_unref(h->timer);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}

void bluez_hci_state(const struct bluez *b, struct transport_link *ret)
{
	const uint64_t now = bluez_now((struct transport *)b);
	struct bluez_hci *h = b->hci;

	if (!h)
		return;
	if (now >= h->look_us + LOOK_US) {
		h->look_us = now;
		(void)find_link(h);
	}
	ret->encrypted = h->encrypted;
	ret->keeps_bonds = h->handle != NO_HANDLE;
	if (h->rssi_us && h->rssi_us + FRESH_US > now) {
		ret->rssi = h->figures.rssi;
		ret->rssi_source = TRANSPORT_SOURCE_HCI;
	}
	if (h->figures.controller.buffers) {
		ret->buffers = h->figures.controller.buffers;
		ret->buffer_octets = h->figures.controller.buffer_octets;
		ret->buffer_source = TRANSPORT_SOURCE_HCI;
	}
	if (h->figures.controller.version_known) {
		(void)snprintf(ret->maker, sizeof(ret->maker), "0x%04x",
			       h->figures.controller.maker);
		(void)snprintf(ret->firmware, sizeof(ret->firmware), "%04x.%04x",
			       h->figures.controller.revision, h->figures.controller.subversion);
	}
}
