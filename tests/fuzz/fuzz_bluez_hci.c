/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet from the raw HCI socket, or from that of the kernel's management: two
 * octets of connection handle or adapter, then the packet.  In memory of its own, so
 * that a sanitizer sees what is read past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor_priv.h"
#include "bluez/bluez_hci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bluez_hci_figures f = {.rssi = 127};
	struct doctor_phys phys = {.supported = 0};
	struct doctor d = {.count = 0};
	uint16_t number;
	uint8_t *packet;
	bool told;

	if (size < 2)
		return 0;
	packet = malloc(size > 2 ? size - 2 : 1);
	if (!packet)
		return 0;
	memcpy(packet, data + 2, size - 2);
	number = (uint16_t)(data[0] | data[1] << 8);
	told = bluez_hci_decode(packet, size - 2, number, &f);
	/* The decoder returns true exactly when it has decoded something. */
	if (told != (f.rssi != 127 || f.controller.buffer_octets != 0 ||
		     f.controller.version_known || f.controller.features_known || f.key_missing ||
		     f.ended))
		abort();
	if (doctor_phys_parse(packet, size - 2, number, &phys) > 0)
		doctor_phys_tell(&d, number, &phys);
	free(packet);
	return 0;
}
