/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of one made-up adapter with one link, for capture_att.c. */
#ifndef OTABENCH_CAPTURE_CAPTURE_PDU_H
#define OTABENCH_CAPTURE_CAPTURE_PDU_H

#include "capture/btsnoop_file.h"
#include "core/gatt.h"
#include "ota/proto.h"

#include <stdbool.h>

struct capture_pdu {
	struct btsnoop_file file;
	uint64_t now_us; /* of what is written next, since 1970 */
};

/* Attribute handles. */
uint16_t capture_handle(enum gatt_chr chr);
uint16_t capture_ccc(enum gatt_chr chr);

void capture_adapter(struct capture_pdu *p);
/* address: "24:6F:28:AA:10:02"; another text is taken for 00:00:00:00:00:00. */
void capture_connected(struct capture_pdu *p, const char *address, const struct ota_link *link);
void capture_disconnected(struct capture_pdu *p, enum gatt_reason reason);
/* Tells what differs between the two; zero fields are unknown and tell nothing. */
void capture_link(struct capture_pdu *p, const struct ota_link *before, const struct ota_link *now);
/* An attribute PDU without a value, or with one. */
void capture_att_pdu(struct capture_pdu *p, bool sent, const uint8_t *head, size_t head_len,
		     const uint8_t *value, size_t len);
/* Services, characteristics and descriptors, of those that have properties. */
void capture_discovered(struct capture_pdu *p, const uint8_t properties[GATT_CHRS]);

#endif
