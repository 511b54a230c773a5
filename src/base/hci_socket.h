/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's HCI sockets, and what a controller says of itself on one.
 *
 * The raw channel lets any user send what the kernel's security filter admits (hci_sec_filter of
 * net/bluetooth/hci_sock.c): Read RSSI and Read Local Version among that; LE commands need
 * CAP_NET_RAW.  Structures and numbers are those of include/net/bluetooth/hci_sock.h and hci.h.
 */
#ifndef OTABENCH_BASE_HCI_SOCKET_H
#define OTABENCH_BASE_HCI_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Commands, Core Vol 4 Part E. */
#define HCI_READ_RSSI 0x1405u /* 7.5.4 */
#define HCI_READ_LOCAL_VERSION 0x1001u /* 7.4.1 */
#define HCI_LE_READ_BUFFER_SIZE 0x2002u /* 7.8.2 */
#define HCI_LE_READ_FEATURES 0x2003u /* 7.8.3 */

/* Events, 7.7. */
#define HCI_DISCONNECTION 0x05u
#define HCI_ENCRYPTION_CHANGE 0x08u
#define HCI_COMMAND_COMPLETE 0x0eu

#define HCI_NO_DEVICE 0xffffu /* all adapters, or none */
#define HCI_PACKET_MAX 300u /* of an event with its type, and to spare */

enum hci_channel { HCI_CHANNEL_RAW, HCI_CHANNEL_MONITOR = 2, HCI_CHANNEL_CONTROL };

/* dev: N of hciN.  A descriptor, closed on exec, or a negative errno value. */
int hci_socket(enum hci_channel channel, uint16_t dev, bool blocking);
/* Chooses the events of the raw channel: events below 0x20 as bits, and nothing else is heard.
 * 0, or a negative errno value. */
int hci_socket_listen(int fd, uint32_t events);
/* At most four octets of parameters.  Returns false where the kernel does not let it pass. */
bool hci_socket_command(int fd, uint16_t opcode, const uint8_t *parameters, uint8_t len);

/* The controller's answers so far; all 0: none. */
struct hci_controller {
	bool version_known, features_known;
	uint8_t version; /* of HCI: Assigned Numbers 2.1, 0x06 is 4.0 */
	uint16_t maker; /* a company identifier */
	uint16_t revision, subversion; /* of its firmware */
	uint64_t features; /* of LE: Core Vol 6 Part B 4.6, bit by bit */
	uint16_t buffer_octets;
	uint8_t buffers; /* of LE, 0 unknown */
};

/* Takes a packet that answers one of the three questions above: its opcode; 0 when it is no such
 * answer or is malformed; -1 when the controller refused, or has no such buffers of LE's own. */
int hci_controller_take(struct hci_controller *c, const uint8_t *packet, size_t len);

#endif
