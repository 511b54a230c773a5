/* SPDX-License-Identifier: Apache-2.0 */
/* See btsnoop_read.h; the format is RFC 1761's with Bluetooth's data links. */
#include "capture/btsnoop_read.h"

#include "capture/btsnoop_file.h"
#include "ota/error.h"

#include <string.h>

#define LINK_H1 1001u
#define LINK_H4 1002u
#define LINK_MONITOR 2001u
#define HEADER 16u
#define RECORD_HEADER 24u
#define RECEIVED 1u /* flags of 1001 and 1002 */
#define CONTROL 2u /* ... a command or an event */

static uint64_t get_be(const uint8_t *p, unsigned int octets)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < octets; i++)
		value = value << 8 | p[i];
	return value;
}

int btsnoop_read_begin(struct btsnoop_reader *r, FILE *in)
{
	uint8_t header[HEADER];

	r->in = in;
	r->begun = false;
	r->first_us = 0;
	if (fread(header, 1, sizeof(header), in) != sizeof(header) ||
	    memcmp(header, "btsnoop", 8) != 0)
		return -OTA_EBADMSG;
	r->link = (uint32_t)get_be(header + 12, 4);
	return get_be(header + 8, 4) == 1 &&
			       (r->link == LINK_H1 || r->link == LINK_H4 || r->link == LINK_MONITOR)
		       ? 0
		       : -OTA_EBADMSG;
}

static void of_monitor(uint32_t flags, struct btsnoop_record *ret)
{
	ret->index = (uint16_t)(flags >> 16);
	switch (flags & 0xffffu) {
	case BTSNOOP_COMMAND:
		ret->packet = BTSNOOP_IS_COMMAND;
		ret->sent = true;
		break;
	case BTSNOOP_EVENT:
		ret->packet = BTSNOOP_IS_EVENT;
		break;
	case BTSNOOP_ACL_TX:
	case BTSNOOP_ACL_RX:
		ret->packet = BTSNOOP_IS_ACL;
		ret->sent = (flags & 0xffffu) == BTSNOOP_ACL_TX;
		break;
	default:
		break;
	}
}

/* The first octet says what it is; where there is none the flags do. */
static void of_phone(uint32_t link, uint32_t flags, struct btsnoop_record *ret)
{
	uint8_t type;

	ret->sent = (flags & RECEIVED) == 0;
	if (link == LINK_H1) {
		ret->packet = !(flags & CONTROL) ? BTSNOOP_IS_ACL
			      : ret->sent	 ? BTSNOOP_IS_COMMAND
						 : BTSNOOP_IS_EVENT;
		return;
	}
	if (ret->len == 0)
		return;
	type = ret->data[0];
	ret->data++;
	ret->len--;
	ret->packet = type == 1	  ? BTSNOOP_IS_COMMAND
		      : type == 2 ? BTSNOOP_IS_ACL
		      : type == 4 ? BTSNOOP_IS_EVENT
				  : BTSNOOP_IS_OTHER;
}

int btsnoop_read(struct btsnoop_reader *r, struct btsnoop_record *ret)
{
	uint8_t header[RECORD_HEADER];
	const size_t n = fread(header, 1, sizeof(header), r->in);
	const uint64_t whole = get_be(header, 4), len = get_be(header + 4, 4);
	uint64_t at;

	if (n == 0)
		return 0;
	if (n != sizeof(header) || len > sizeof(r->data) || len > whole ||
	    fread(r->data, 1, (size_t)len, r->in) != len)
		return -OTA_EBADMSG;
	at = get_be(header + 16, 8);
	if (!r->begun)
		r->first_us = at;
	r->begun = true;
	*ret = (struct btsnoop_record){
		.at_us = at > r->first_us ? at - r->first_us : 0,
		.data = r->data,
		.len = (size_t)len,
		.cut = len < whole,
	};
	if (r->link == LINK_MONITOR)
		of_monitor((uint32_t)get_be(header + 8, 4), ret);
	else
		of_phone(r->link, (uint32_t)get_be(header + 8, 4), ret);
	return 1;
}
