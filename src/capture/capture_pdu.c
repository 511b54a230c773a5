/* SPDX-License-Identifier: Apache-2.0 */
/* See capture_pdu.h.  Layouts: Core Vol 4 Part E 5.4 and 7.7, Vol 3 Parts A, F and G. */
#include "capture/capture_pdu.h"

#include "air/att_proto.h"
#include "base/bytes.h"
#include "base/hex.h"

#include <string.h>

#define INDEX 0u
#define CONNECTION 0x0040u
#define CID_ATT 0x0004u
#define EVENT_DISCONNECTION_COMPLETE 0x05u
#define EVENT_LE_META 0x3eu
#define SUBEVENT_CONNECTION_COMPLETE 0x01u
#define SUBEVENT_CONNECTION_UPDATE 0x03u
#define SUBEVENT_DATA_LENGTH 0x07u
#define SUBEVENT_PHY 0x0cu
#define BUS_VIRTUAL 0x00u
#define ACL_HEADER 4u
#define L2CAP_HEADER 4u
#define PDU_MAX 600u /* a value of 512 octets and what is around it */

/* Attribute handles: a declaration, a value and, where it notifies, a CCC. */
#define SERVICE_OTA 0x0010u
#define SERVICE_DIS 0x0020u

static const struct place {
	uint16_t service, declaration;
	const char *uuid; /* 128 bits, or NULL: */
	uint16_t uuid16;
} places[GATT_CHRS] = {
	[GATT_CONTROL] = {SERVICE_OTA, 0x0011, OTA_UUID_CONTROL, 0},
	[GATT_DATA] = {SERVICE_OTA, 0x0014, OTA_UUID_DATA, 0},
	[GATT_INFO] = {SERVICE_OTA, 0x0016, OTA_UUID_INFO, 0},
	[GATT_FIRMWARE_REVISION] = {SERVICE_DIS, 0x0021, NULL, ATT_UUID_FIRMWARE_REVISION},
	[GATT_MODEL] = {SERVICE_DIS, 0x0023, NULL, ATT_UUID_MODEL},
	[GATT_MANUFACTURER] = {SERVICE_DIS, 0x0025, NULL, ATT_UUID_MANUFACTURER},
};

uint16_t capture_handle(enum gatt_chr chr)
{
	return (uint16_t)(places[chr].declaration + 1);
}

uint16_t capture_ccc(enum gatt_chr chr)
{
	return (uint16_t)(places[chr].declaration + 2);
}

static void put_event(struct capture_pdu *p, uint8_t code, const uint8_t *parameters, size_t len)
{
	uint8_t event[2 + 255] = {code, (uint8_t)len};

	memcpy(event + 2, parameters, len);
	btsnoop_put(&p->file, INDEX, BTSNOOP_EVENT, p->now_us, event, 2 + len);
}

void capture_adapter(struct capture_pdu *p)
{
	const uint8_t record[16] = {[1] = BUS_VIRTUAL, [8] = 'h', 'c', 'i', '0'};

	btsnoop_put(&p->file, INDEX, BTSNOOP_NEW_INDEX, p->now_us, record, sizeof(record));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
}

/* The octets of a text, with what stands between them left out; the last one first. */
static size_t put_octets(uint8_t *to, size_t size, const char *text)
{
	char digits[2];
	size_t n = 0;

	while (*text && n < size) {
		if (*text == '-' || *text == ':') {
			text++;
			continue;
		}
		digits[0] = lower(text[0]);
		digits[1] = lower(text[1]);
		if (text[1] == '\0' || hex_decode(digits, &to[size - 1 - n], 1) < 0)
			break;
		text += 2;
		n++;
	}
	return n;
}

/* Least significant octet first, as on the air. */
static void put_address(uint8_t *to, const char *text)
{
	uint8_t a[6] = {0};

	if (strlen(text) != 17 || put_octets(a, 6, text) != 6)
		memset(a, 0, sizeof(a));
	memcpy(to, a, sizeof(a));
}

void capture_connected(struct capture_pdu *p, const char *address, const struct ota_link *link)
{
	uint8_t e[19] = {SUBEVENT_CONNECTION_COMPLETE};

	bytes_put16(e + 2, CONNECTION); /* [1] status: success; [4] role: central */
	put_address(e + 6, address); /* [5] address type: not known here, public */
	bytes_put16(e + 12, link->interval);
	bytes_put16(e + 14, link->latency);
	bytes_put16(e + 16, link->supervision_timeout);
	put_event(p, EVENT_LE_META, e, sizeof(e));
}

/* Core Vol 1 Part F 1.3. */
static uint8_t reason_code(enum gatt_reason reason)
{
	switch (reason) {
	case GATT_BY_HOST:
		return 0x16; /* connection terminated by local host */
	case GATT_BY_DEVICE:
		return 0x13; /* remote user terminated connection */
	case GATT_SUPERVISION:
		return 0x08; /* connection timeout */
	case GATT_CONNECT_FAILED:
	case GATT_NOT_FOUND:
		return 0x3e; /* connection failed to be established */
	case GATT_KEY_MISSING:
		return 0x06; /* PIN or key missing */
	case GATT_NO_ADAPTER:
		return 0x03; /* hardware failure */
	case GATT_UNKNOWN:
		break;
	}
	return 0x1f; /* unspecified error */
}

void capture_disconnected(struct capture_pdu *p, enum gatt_reason reason)
{
	uint8_t e[4] = {0};

	bytes_put16(e + 1, CONNECTION);
	e[3] = reason_code(reason);
	put_event(p, EVENT_DISCONNECTION_COMPLETE, e, sizeof(e));
}

void capture_link(struct capture_pdu *p, const struct ota_link *before, const struct ota_link *now)
{
	if (now->interval &&
	    (now->interval != before->interval || now->latency != before->latency ||
	     now->supervision_timeout != before->supervision_timeout)) {
		uint8_t e[10] = {SUBEVENT_CONNECTION_UPDATE};

		bytes_put16(e + 2, CONNECTION);
		bytes_put16(e + 4, now->interval);
		bytes_put16(e + 6, now->latency);
		bytes_put16(e + 8, now->supervision_timeout);
		put_event(p, EVENT_LE_META, e, sizeof(e));
	}
	/* The link is told as the device sees it, the events are the central's. */
	if (now->tx_phy && (now->tx_phy != before->tx_phy || now->rx_phy != before->rx_phy)) {
		uint8_t e[6] = {SUBEVENT_PHY};

		bytes_put16(e + 2, CONNECTION);
		e[4] = now->rx_phy;
		e[5] = now->tx_phy;
		put_event(p, EVENT_LE_META, e, sizeof(e));
	}
	if (now->rx_octets &&
	    (now->rx_octets != before->rx_octets || now->tx_octets != before->tx_octets)) {
		uint8_t e[11] = {SUBEVENT_DATA_LENGTH};

		bytes_put16(e + 1, CONNECTION);
		bytes_put16(e + 3, now->rx_octets); /* times are not known: 0 */
		bytes_put16(e + 7, now->tx_octets);
		put_event(p, EVENT_LE_META, e, sizeof(e));
	}
}

void capture_att_pdu(struct capture_pdu *p, bool sent, const uint8_t *head, size_t head_len,
		     const uint8_t *value, size_t len)
{
	uint8_t packet[ACL_HEADER + L2CAP_HEADER + PDU_MAX];
	const size_t pdu = head_len + len;
	/* The first fragment of a PDU: 00 from the host, 10 to it (Core Vol 4 Part E 5.4.2). */
	const uint16_t boundary = sent ? 0x0000 : 0x2000;

	if (pdu > PDU_MAX)
		return;
	bytes_put16(packet, CONNECTION | boundary);
	bytes_put16(packet + 2, L2CAP_HEADER + pdu);
	bytes_put16(packet + 4, pdu);
	bytes_put16(packet + 6, CID_ATT);
	memcpy(packet + 8, head, head_len);
	if (len > 0)
		memcpy(packet + 8 + head_len, value, len);
	btsnoop_put(&p->file, INDEX, sent ? BTSNOOP_ACL_TX : BTSNOOP_ACL_RX, p->now_us, packet,
		    8 + pdu);
}

static void put_range_request(struct capture_pdu *p, uint8_t opcode, uint16_t first, uint16_t last,
			      uint16_t type)
{
	uint8_t pdu[7] = {opcode};

	bytes_put16(pdu + 1, first);
	bytes_put16(pdu + 3, last);
	bytes_put16(pdu + 5, type);
	capture_att_pdu(p, true, pdu, type ? 7 : 5, NULL, 0);
}

static void put_service(struct capture_pdu *p, uint16_t first, uint16_t last, const char *uuid,
			uint16_t uuid16)
{
	uint8_t pdu[22] = {ATT_READ_BY_GROUP_RSP};
	size_t len = 2;

	put_range_request(p, ATT_READ_BY_GROUP_REQ, first, 0xffff, ATT_UUID_PRIMARY_SERVICE);
	bytes_put16(pdu + 2, first);
	bytes_put16(pdu + 4, last);
	if (uuid)
		len = put_octets(pdu + 6, 16, uuid);
	else
		bytes_put16(pdu + 6, uuid16);
	pdu[1] = (uint8_t)(4 + len);
	capture_att_pdu(p, false, pdu, 6 + len, NULL, 0);
}

/*
 * The type of one attribute.  A client finds characteristics by Read By Type and their
 * declarations, but btmon 5.66 crashes on that request; the types of the values tell a
 * reader of the file the same.
 */
static void put_type(struct capture_pdu *p, uint16_t handle, const char *uuid, uint16_t uuid16)
{
	uint8_t pdu[20] = {ATT_FIND_INFO_RSP, uuid ? 2 : 1};
	size_t len = 2;

	put_range_request(p, ATT_FIND_INFO_REQ, handle, handle, 0);
	bytes_put16(pdu + 2, handle);
	if (uuid)
		len = put_octets(pdu + 4, 16, uuid);
	else
		bytes_put16(pdu + 4, uuid16);
	capture_att_pdu(p, false, pdu, 4 + len, NULL, 0);
}

void capture_discovered(struct capture_pdu *p, const uint8_t properties[GATT_CHRS])
{
	bool ota = false, dis = false;

	for (unsigned int i = 0; i < GATT_CHRS; i++) {
		ota |= properties[i] && places[i].service == SERVICE_OTA;
		dis |= properties[i] && places[i].service == SERVICE_DIS;
	}
	if (ota)
		put_service(p, SERVICE_OTA, SERVICE_DIS - 1, OTA_UUID_SERVICE, 0);
	if (dis)
		put_service(p, SERVICE_DIS, 0xffff, NULL, ATT_UUID_DEVICE_INFORMATION);
	for (unsigned int i = 0; i < GATT_CHRS; i++) {
		if (!properties[i])
			continue;
		put_type(p, capture_handle((enum gatt_chr)i), places[i].uuid, places[i].uuid16);
		if (properties[i] & (GATT_PROP_NOTIFY | GATT_PROP_INDICATE))
			put_type(p, capture_ccc((enum gatt_chr)i), NULL, ATT_UUID_CCC);
	}
}
