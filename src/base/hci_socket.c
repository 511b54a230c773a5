/* SPDX-License-Identifier: Apache-2.0 */
/* See hci_socket.h. */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "base/hci_socket.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef AF_BLUETOOTH
#define AF_BLUETOOTH 31
#endif
#define BTPROTO_HCI 1
#define SOL_HCI 0
#define HCI_FILTER 2
#define COMMAND_PACKET 0x01u
#define EVENT_PACKET 0x04u
#define PARAMETERS_MAX 4u

struct sockaddr_hci {
	unsigned short family, dev, channel;
};

struct hci_filter {
	uint32_t type_mask, event_mask[2];
	uint16_t opcode;
};

int hci_socket(enum hci_channel channel, uint16_t dev, bool blocking)
{
	const struct sockaddr_hci address = {AF_BLUETOOTH, dev, (unsigned short)channel};
	const int fd =
		socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK),
		       BTPROTO_HCI);
	int error;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd < 0 ? -errno : fd;
	error = errno;
	(void)close(fd);
	return -error;
}

int hci_socket_listen(int fd, uint32_t events)
{
	const struct hci_filter filter = {.type_mask = 1u << EVENT_PACKET, .event_mask = {events}};

	return setsockopt(fd, SOL_HCI, HCI_FILTER, &filter, sizeof(filter)) < 0 ? -errno : 0;
}

bool hci_socket_command(int fd, uint16_t opcode, const uint8_t *parameters, uint8_t len)
{
	uint8_t packet[4 + PARAMETERS_MAX] = {COMMAND_PACKET, (uint8_t)opcode,
					      (uint8_t)(opcode >> 8), len};

	if (len > PARAMETERS_MAX)
		return false;
	if (len > 0)
		memcpy(packet + 4, parameters, len);
	return send(fd, packet, 4u + len, MSG_NOSIGNAL) >= 0;
}

/* Command Complete: packet type, event, length, packets, opcode, status, and what was asked. */
int hci_controller_take(struct hci_controller *c, const uint8_t *p, size_t len)
{
	uint16_t opcode;

	if (len < 7 || p[0] != EVENT_PACKET || p[1] != HCI_COMMAND_COMPLETE || p[2] != len - 3)
		return 0;
	opcode = bytes_get16(p + 4);
	if (opcode != HCI_READ_LOCAL_VERSION && opcode != HCI_LE_READ_BUFFER_SIZE &&
	    opcode != HCI_LE_READ_FEATURES)
		return 0;
	if (p[6] != 0)
		return -1;
	if (len < (opcode == HCI_LE_READ_BUFFER_SIZE ? 10u : 15u))
		return 0;
	if (opcode == HCI_LE_READ_BUFFER_SIZE && bytes_get16(p + 7) == 0)
		return -1; /* they are BR/EDR's, too, and that has their size */
	if (opcode == HCI_READ_LOCAL_VERSION) {
		c->version_known = true;
		c->version = p[7];
		c->revision = bytes_get16(p + 8);
		c->maker = bytes_get16(p + 11);
		c->subversion = bytes_get16(p + 13);
	} else if (opcode == HCI_LE_READ_BUFFER_SIZE) {
		c->buffer_octets = bytes_get16(p + 7);
		c->buffers = p[9];
	} else {
		c->features_known = true;
		c->features = bytes_get64(p + 7);
	}
	return opcode;
}
