/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual LE controller, as a host sees it: HCI packets in, HCI packets out.
 *
 * It is the central's end of the modelled air.  What it knows of time is the
 * world's queue of events, what it knows of devices is what it hears; so it runs
 * the same in a unit test and behind /dev/vhci.  References are to the Bluetooth
 * Core Specification 5.4, Vol 4 Part E (HCI) where nothing else is said.
 *
 * Its features: scan, legacy and extended; connect, up to HCI_CONNS links;
 * change parameters, PHY and data length; carry ACL data through N buffers of L
 * octets, which come back when the air has carried them.  It takes commands to
 * advertise, but nobody in this air scans.  It has no BR/EDR, no privacy (the host
 * resolves addresses), no isochronous channels and no periodic advertising: their
 * commands are unknown to it and their feature bits are clear.
 */
#ifndef OTABENCH_RADIOD_HCI_H
#define OTABENCH_RADIOD_HCI_H

#include "esp/esp.h"

#define HCI_CONNS 8u
#define HCI_PACKET_MAX 65540u /* an ACL packet with its header and its type */

/* Packet types of the UART transport, Vol 4 Part A 2, which also /dev/vhci uses. */
#define HCI_TYPE_COMMAND 0x01u
#define HCI_TYPE_ACL 0x02u
#define HCI_TYPE_SCO 0x03u
#define HCI_TYPE_EVENT 0x04u
#define HCI_TYPE_ISO 0x05u

enum hci_version {
	HCI_4_0, /* no data length extension, 27-octet PDUs; parameter requests by L2CAP */
	HCI_4_2, /* data length extension, connection parameter request */
	HCI_5_2, /* 2M PHY, extended advertising and scanning */
	HCI_VERSIONS
};

struct hci_config {
	struct sched *sched; /* must outlive the controller */
	enum hci_version version;
	uint8_t address[6]; /* public device address, most significant octet first */
	uint16_t buffers; /* ACL buffers, 1..255, shared by all links */
	uint16_t buffer_octets; /* of each, 27..65535 */
	bool refill; /* they are free again inside a connection event */
	bool late; /* it prepares its events late (air/link.h), whatever refill says */
	uint16_t data_length; /* longest it supports, 27..251; 0 = the version's */
	uint8_t phys; /* OTA_PHYS_*; 0 = the version's */
	uint32_t loss_ppm; /* of the PDUs that it sends, advertisements included */
	uint64_t seed;
	/* A packet for the host, its type first; valid during the call. */
	void (*send)(void *ctx, const uint8_t *packet, size_t len);
	/* Switches listening on or off: hci_heard() is only called while on.  May be NULL. */
	void (*listen)(void *ctx, bool on);
	/* Something worth a line in a log, or NULL. */
	void (*log)(void *ctx, const char *text);
	void *ctx;
};

struct hci;

/* -OTA_EINVAL on a configuration out of range, -OTA_ENOMEM. */
int hci_create(const struct hci_config *config, struct hci **ret);
/* After the devices that it has links to, which let go of those when they end. */
void hci_destroy(struct hci *hci);
/* A packet from the host, its type first; any bytes.  Not from within send(). */
void hci_input(struct hci *hci, const uint8_t *packet, size_t len);
/* A device advertises, now. */
void hci_heard(struct hci *hci, struct esp *esp);

/* Loses power and is as new; its links are lost without a word to anyone. */
void hci_power_cycle(struct hci *hci);

/* The link to a device, or NULL; for tests and faults. */
struct link *hci_link(struct hci *hci, const struct esp *esp);

#endif
