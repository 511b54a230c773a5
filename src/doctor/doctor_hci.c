/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a controller says of itself on a raw HCI socket: its maker and firmware to everybody,
 * its LE features and buffers with CAP_NET_RAW (hci_sec_filter of net/bluetooth/hci_sock.c).
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "base/bytes.h"
#include "doctor/doctor_priv.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef AF_BLUETOOTH
#define AF_BLUETOOTH 31
#endif
#define BTPROTO_HCI 1
#define SOL_HCI 0
#define HCI_FILTER 2
#define READ_LOCAL_VERSION 0x1001u /* Core Vol 4 Part E 7.4.1 */
#define LE_READ_BUFFER_SIZE 0x2002u /* 7.8.2 */
#define LE_READ_FEATURES 0x2003u /* 7.8.3 */
#define ANSWER_MS 1000
#define PACKETS_MAX 32 /* of others, before the answer */
#define DATA_LENGTH (1u << 5) /* Core Vol 6 Part B 4.6 */
#define BUFFERS_FEW 4u /* a connection event carries more packets than that */

struct sockaddr_hci {
	unsigned short family, dev, channel;
};

struct hci_filter {
	uint32_t type_mask, event_mask[2];
	uint16_t opcode;
};

/* Command Complete: packet type, event, length, packets, opcode, status, and what was asked. */
int doctor_controller_parse(const uint8_t *p, size_t len, struct doctor_controller *c)
{
	if (len < 7 || p[0] != 0x04 || p[1] != 0x0e || p[2] != len - 3)
		return 0;
	switch (bytes_get16(p + 4)) {
	case READ_LOCAL_VERSION:
		if (p[6] != 0 || len < 15)
			return -1;
		c->version_known = true;
		c->version = p[7];
		c->revision = bytes_get16(p + 8);
		c->maker = bytes_get16(p + 11);
		return 1;
	case LE_READ_BUFFER_SIZE:
		if (p[6] != 0 || len < 10)
			return -1;
		c->buffer_octets = bytes_get16(p + 7);
		c->buffers = c->buffer_octets > 0 ? p[9] : 0; /* 0: shared with BR/EDR */
		return 1;
	case LE_READ_FEATURES:
		if (p[6] != 0 || len < 15)
			return -1;
		c->features_known = true;
		c->features = 0;
		for (unsigned int i = 0; i < 8; i++)
			c->features |= (uint64_t)p[7 + i] << (8 * i);
		return 1;
	default:
		return 0;
	}
}

void doctor_controller_tell(struct doctor *d, unsigned int index, const struct doctor_controller *c)
{
	/* Assigned Numbers 2.1: from 1.0b on. */
	static const char *const versions[] = {"1.0b", "1.1", "1.2", "2.0", "2.1",
					       "3.0",  "4.0", "4.1", "4.2", "5.0",
					       "5.1",  "5.2", "5.3", "5.4", "6.0"};
	const size_t known = sizeof(versions) / sizeof(versions[0]);

	if (c->version_known)
		doctor_add(d, DOCTOR_GOOD, "controller", "",
			   "hci%u: Bluetooth %s, maker 0x%04x, firmware %04x", index,
			   c->version < known ? versions[c->version] : "newer than 6.0", c->maker,
			   c->revision);
	if (c->features_known && !(c->features & DATA_LENGTH))
		doctor_add(d, DOCTOR_NOTE, "data length",
			   "an adapter of Bluetooth 4.2 or later has it",
			   "hci%u has no Data Length Extension: packets of 27 bytes", index);
	else if (c->features_known)
		doctor_add(d, DOCTOR_GOOD, "data length", "",
			   "hci%u has packets of up to 251 bytes", index);
	if (c->buffers > 0 && c->buffers < BUFFERS_FEW)
		doctor_add(d, DOCTOR_NOTE, "buffers", "another adapter may be faster",
			   "hci%u has %u LE buffers of %u bytes: few fill a connection event",
			   index, c->buffers, c->buffer_octets);
	else if (c->buffers > 0)
		doctor_add(d, DOCTOR_GOOD, "buffers", "", "hci%u has %u LE buffers of %u bytes",
			   index, c->buffers, c->buffer_octets);
}

static void ask(int fd, uint16_t opcode, struct doctor_controller *c)
{
	const uint8_t command[4] = {0x01, (uint8_t)opcode, (uint8_t)(opcode >> 8), 0};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t packet[300];
	int rc = 0;

	if (send(fd, command, sizeof(command), MSG_NOSIGNAL) < 0)
		return; /* the filter does not let this user ask */
	for (int i = 0; rc == 0 && i < PACKETS_MAX && poll(&p, 1, ANSWER_MS) > 0; i++) {
		const ssize_t n = recv(fd, packet, sizeof(packet), 0);

		if (n <= 0)
			return;
		rc = doctor_controller_parse(packet, (size_t)n, c);
	}
}

void doctor_check_controller(struct doctor *d, unsigned int index)
{
	const struct sockaddr_hci to = {AF_BLUETOOTH, (unsigned short)index, 0};
	const struct hci_filter filter = {.type_mask = 1u << 4, .event_mask = {1u << 0x0e}};
	const int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	struct doctor_controller c;

	memset(&c, 0, sizeof(c));
	if (fd < 0)
		return;
	if (setsockopt(fd, SOL_HCI, HCI_FILTER, &filter, sizeof(filter)) == 0 &&
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
		ask(fd, READ_LOCAL_VERSION, &c);
		ask(fd, LE_READ_FEATURES, &c);
		ask(fd, LE_READ_BUFFER_SIZE, &c);
	}
	(void)close(fd);
	doctor_controller_tell(d, index, &c);
}
