/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a controller, as bytes: apart so that tests can feed them. */
#ifndef OTABENCH_BLUEZ_BLUEZ_HCI_H
#define OTABENCH_BLUEZ_BLUEZ_HCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hci_socket.h"
#include "core/gatt.h"

struct bluez_hci_figures {
	int8_t rssi; /* dBm, 127 unknown */
	struct hci_controller controller;
	bool key_missing; /* the two sides do not hold the same key, so there is no encryption */
	bool ended; /* the link is down ... */
	enum gatt_reason reason; /* ... for this */
};

/*
 * Takes what a packet of a raw HCI socket tells of the connection handle; false
 * when it is none of the three answers, not a failed encryption and not the link's
 * end, of another connection, or malformed.
 */
bool bluez_hci_decode(const uint8_t *buf, size_t len, uint16_t handle,
		      struct bluez_hci_figures *figures);

#endif
