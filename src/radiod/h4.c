/* SPDX-License-Identifier: Apache-2.0 */
/* See h4.h. */
#include "radiod/h4.h"
#include "base/bytes.h"

#include <string.h>

#define ISO_LENGTH_MASK 0x3fffu /* the two bits above are reserved, Vol 4 Part E 5.4.5 */

/* Octets between the type and the data, Vol 4 Part E 5.4; 0: no type that a host sends. */
static size_t h4_header(uint8_t type)
{
	switch (type) {
	case HCI_TYPE_COMMAND:
	case HCI_TYPE_SCO:
		return 3;
	case HCI_TYPE_ACL:
	case HCI_TYPE_ISO:
		return 4;
	default:
		return 0;
	}
}

/* Octets of the whole packet, as far as what is there tells; at most HCI_PACKET_MAX. */
static size_t h4_length(const struct h4 *h4)
{
	const size_t header = 1 + h4_header(h4->packet[0]);
	const uint8_t *p = h4->packet;

	if (h4->len < header)
		return header;
	switch (p[0]) {
	case HCI_TYPE_ACL:
		return header + bytes_get16(p + 3);
	case HCI_TYPE_ISO:
		return header + (bytes_get16(p + 3) & ISO_LENGTH_MASK);
	default:
		return header + p[3];
	}
}

void h4_init(struct h4 *h4)
{
	h4->len = 0;
}

int h4_feed(struct h4 *h4, const uint8_t *data, size_t len, h4_packet_fn *fn, void *ctx)
{
	while (len > 0) {
		size_t take;

		if (h4->len == 0 && h4_header(data[0]) == 0)
			return -OTA_EPROTO;
		take = 1;
		if (h4->len > 0)
			take = h4_length(h4) - h4->len;
		if (take > len)
			take = len;
		memcpy(h4->packet + h4->len, data, take);
		h4->len += take;
		data += take;
		len -= take;
		if (h4->len == h4_length(h4)) {
			fn(ctx, h4->packet, h4->len);
			h4->len = 0;
		}
	}
	return 0;
}
