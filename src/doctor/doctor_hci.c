/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller's own report on a raw HCI socket: its maker and firmware to everybody, its LE
 * features and buffers with CAP_NET_RAW (hci_sec_filter of net/bluetooth/hci_sock.c).
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "doctor/doctor_priv.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 1000
#define PACKETS_MAX 32 /* of others, before the answer */
#define DATA_LENGTH (1u << 5) /* Core Vol 6 Part B 4.6 */
#define BUFFERS_FEW 4u /* a connection event carries more packets than that */

void doctor_controller_tell(struct doctor *d, unsigned int index, const struct hci_controller *c)
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

static void ask(int fd, uint16_t opcode, struct hci_controller *c)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t packet[HCI_PACKET_MAX];
	int rc = 0;

	if (!hci_socket_command(fd, opcode, NULL, 0))
		return; /* the filter does not let this user ask */
	for (int i = 0; rc == 0 && i < PACKETS_MAX && poll(&p, 1, ANSWER_MS) > 0; i++) {
		const ssize_t n = recv(fd, packet, sizeof(packet), 0);

		if (n <= 0)
			return;
		rc = hci_controller_take(c, packet, (size_t)n);
	}
}

void doctor_check_controller(struct doctor *d, unsigned int index)
{
	const int fd = hci_socket(HCI_CHANNEL_RAW, (uint16_t)index, true);
	struct hci_controller c;

	memset(&c, 0, sizeof(c));
	if (fd < 0)
		return;
	if (hci_socket_listen(fd, 1u << HCI_COMMAND_COMPLETE) == 0) {
		ask(fd, HCI_READ_LOCAL_VERSION, &c);
		ask(fd, HCI_LE_READ_FEATURES, &c);
		ask(fd, HCI_LE_READ_BUFFER_SIZE, &c);
	}
	(void)close(fd);
	doctor_controller_tell(d, index, &c);
}
