/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACL data, 5.4.2 and 4.1.1: N buffers of L octets, shared by all links.  One is
 * the host's again when the modelled air has carried what was in it, and not
 * before: that is the only thing that slows a host down, as with a real adapter.
 */
#include "radiod/hci_priv.h"

#include <string.h>

#define BOUNDARY_START 0x0u /* first, not flushable: what a host sends on LE */
#define BOUNDARY_MORE 0x1u
#define BOUNDARY_TO_HOST 0x2u /* first, as a controller gives it */
#define HEADER 5u /* packet type, handle and flags, length */

static unsigned int buffers_used(const struct hci *hci)
{
	unsigned int used = 0;

	for (const struct hci_conn *conn = hci->conns; conn; conn = conn->next)
		used += conn->open ? conn->used : 0;
	return used;
}

static void completed(struct hci_conn *conn, unsigned int count)
{
	uint8_t params[5] = {1}; /* handles */

	bytes_put16(params + 1, conn->handle);
	bytes_put16(params + 3, count);
	hci_event(conn->hci, HCI_EV_COMPLETED_PACKETS, params, sizeof(params));
}

/* A packet that is not sent: its buffer is free at once. */
static void refuse(struct hci_conn *conn, const char *why)
{
	hci_log(conn->hci, "data for 0x%04x dropped: %s", conn->handle, why);
	completed(conn, 1);
}

void hci_acl_input(struct hci *hci, const uint8_t *packet, size_t len)
{
	const uint8_t overflow = 1; /* of ACL buffers, 7.7.26 */
	struct hci_conn *conn;
	unsigned int boundary;
	int rc;

	if (len < 4 || bytes_get16(packet + 2) != len - 4) {
		hci_log(hci, "an ACL packet whose length is wrong: dropped");
		return;
	}
	conn = hci_conn_find(hci, bytes_get16(packet) & 0x0fffu);
	if (!conn) {
		/* Not an error of the host's: it may not have heard of the disconnection yet. */
		hci_log(hci, "data for a handle that is not connected: dropped");
		return;
	}
	if (buffers_used(hci) >= hci->config.buffers) {
		hci_log(hci, "more data than there are buffers");
		hci_event(hci, HCI_EV_BUFFER_OVERFLOW, &overflow, 1);
		return;
	}
	boundary = packet[1] >> 4 & 3u;
	if (boundary != BOUNDARY_START && boundary != BOUNDARY_MORE) {
		refuse(conn, "boundary flag");
		return;
	}
	conn->used++;
	rc = link_send_fragment(conn->link, LINK_CENTRAL, boundary == BOUNDARY_START, packet + 4,
				len - 4);
	if (rc == 0)
		return;
	conn->used--;
	/* A link that is being disconnected gives its buffers back with the event, 4.1.1. */
	if (rc != -OTA_ENOTCONN)
		refuse(conn, "length");
}

void hci_acl_completed(void *ctx, unsigned int count)
{
	struct hci_conn *conn = ctx;

	conn->used -= count < conn->used ? count : conn->used;
	completed(conn, count);
}

void hci_acl_fragment(void *ctx, bool start, const uint8_t *buf, size_t len)
{
	struct hci_conn *conn = ctx;
	uint8_t packet[HEADER + 251u] = {HCI_TYPE_ACL};

	if (len > sizeof(packet) - HEADER)
		return;
	bytes_put16(packet + 1, conn->handle | (start ? BOUNDARY_TO_HOST : BOUNDARY_MORE) << 12);
	bytes_put16(packet + 3, (unsigned int)len);
	memcpy(packet + HEADER, buf, len);
	conn->hci->config.send(conn->hci->config.ctx, packet, HEADER + len);
}
