/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet from the raw HCI socket: two octets of connection handle, then the
 * packet.  In memory of its own, so that a sanitizer sees what is read past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "transport/bluez_hci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bluez_hci_figures f = {.rssi = 127};
	uint8_t *packet;
	bool told;

	if (size < 2)
		return 0;
	packet = malloc(size > 2 ? size - 2 : 1);
	if (!packet)
		return 0;
	memcpy(packet, data + 2, size - 2);
	told = bluez_hci_decode(packet, size - 2, (uint16_t)(data[0] | data[1] << 8), &f);
	/* What it takes for true says something, and nothing else does. */
	if (told != (f.rssi != 127 || f.buffer_octets != 0 || f.ended))
		abort();
	free(packet);
	return 0;
}
