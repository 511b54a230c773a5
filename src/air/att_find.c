/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests by which a client discovers the table (Core Vol 3 Part F 3.4.3,
 * 3.4.4.1, 3.4.4.9).  All answer with a list of entries of one length, as many
 * as fit the MTU, and the client asks on from where the list ended.
 */
#include "air/att_priv.h"

#include <string.h>

#define ENTRY_MAX 255u /* the length field of a list has one octet */

/* A request for a range of handles. */
struct range {
	uint8_t opcode;
	uint16_t start, end;
};

/* A response that is being filled. */
struct list {
	uint8_t pdu[ATT_MTU_MAX];
	size_t len, mtu;
	size_t entry; /* octets of each; 0: none yet */
};

/* False after the error was sent. */
static bool range_read(struct att_server *server, const uint8_t *pdu, size_t len, size_t least,
		       struct range *ret)
{
	struct range range;

	if (len < least) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return false;
	}
	range.opcode = pdu[0];
	range.start = bytes_get16(pdu + 1);
	range.end = bytes_get16(pdu + 3);
	if (range.start == 0 || range.start > range.end) {
		att_reply_error(server, pdu[0], range.start, ATT_ERR_HANDLE);
		return false;
	}
	*ret = range;
	return true;
}

/* False when it is none. */
static bool uuid_read(const uint8_t *bytes, size_t len, struct att_uuid *ret)
{
	/* A 128-bit form of an assigned number is that number (Part F 3.2.1). */
	static const uint8_t base[12] = {0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00,
					 0x00, 0x80, 0x00, 0x10, 0x00, 0x00};

	if (len != 2 && len != 16)
		return false;
	*ret = (struct att_uuid){.len = (uint8_t)len};
	memcpy(ret->bytes, bytes, len);
	if (len == 16 && memcmp(bytes, base, sizeof(base)) == 0 && bytes[14] == 0 && bytes[15] == 0)
		*ret = att_uuid16(bytes_get16(bytes + sizeof(base)));
	return true;
}

/* The type that a request asks for; false after the error was sent. */
static bool type_read(struct att_server *server, const uint8_t *pdu, size_t len,
		      struct att_uuid *ret)
{
	if (uuid_read(pdu + 5, len - 5, ret))
		return true;
	att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
	return false;
}

/* False when it is full or the entry has another length than those before. */
static bool list_add(struct list *list, uint16_t handle, const uint8_t *bytes, size_t len)
{
	size_t entry = 2u + len;

	if ((list->entry && entry != list->entry) || list->len + entry > list->mtu)
		return false;
	list->entry = entry;
	bytes_put16(list->pdu + list->len, handle);
	memcpy(list->pdu + list->len + 2, bytes, len);
	list->len += entry;
	return true;
}

static void list_send(struct att_server *server, const struct list *list, const struct range *range)
{
	if (list->entry)
		att_reply(server, list->pdu, list->len);
	else
		att_reply_error(server, range->opcode, range->start, ATT_ERR_NOT_FOUND);
}

/* The table's attributes from start to end, in order. */
static const struct att_attribute *next_in(const struct att_server *server,
					   const struct range *range,
					   const struct att_attribute *previous)
{
	uint32_t handle = previous ? previous->handle + 1u : range->start;

	if (handle > range->end)
		return NULL;
	return att_db_find(&server->db, (uint16_t)handle);
}

void att_find_information(struct att_server *server, const uint8_t *pdu, size_t len)
{
	struct list list = {.pdu = {ATT_FIND_INFO_RSP}, .len = 2, .mtu = server->mtu};
	const struct att_attribute *a = NULL;
	struct range range;

	if (!range_read(server, pdu, len, 5, &range))
		return;
	while ((a = next_in(server, &range, a)) != NULL)
		if (!list_add(&list, a->handle, a->type.bytes, a->type.len))
			break;
	list.pdu[1] = list.entry == 4 ? 0x01 : 0x02; /* 16-bit or 128-bit UUIDs */
	list_send(server, &list, &range);
}

void att_find_by_type_value(struct att_server *server, const uint8_t *pdu, size_t len)
{
	struct list list = {.pdu = {ATT_FIND_BY_TYPE_RSP}, .len = 1, .mtu = server->mtu};
	const struct att_attribute *a = NULL;
	struct att_uuid type, value;
	struct range range;
	uint8_t end[2];
	bool is_uuid;

	if (!range_read(server, pdu, len, 7, &range))
		return;
	type = att_uuid16(bytes_get16(pdu + 5));
	is_uuid = uuid_read(pdu + 7, len - 7, &value);
	while ((a = next_in(server, &range, a)) != NULL) {
		/* Discover Primary Service by Service UUID is all that it is used for. */
		if (!is_uuid || a->kind != ATT_KIND_SERVICE || !att_uuid_equal(&a->type, &type) ||
		    !att_uuid_equal(&a->uuid, &value))
			continue;
		bytes_put16(end, a->group_end);
		if (!list_add(&list, a->handle, end, sizeof(end)))
			break;
	}
	list_send(server, &list, &range);
}

/* The value of any attribute of which Read By Type may tell. */
static int attribute_read(struct att_server *server, const struct att_attribute *a, uint8_t *buf)
{
	switch (a->kind) {
	case ATT_KIND_SERVICE:
	case ATT_KIND_CHARACTERISTIC:
		return (int)att_db_declaration(a, buf);
	case ATT_KIND_CCC:
	case ATT_KIND_VALUE:
		break;
	}
	return att_value_read(server, a, buf);
}

void att_read_by_type(struct att_server *server, const uint8_t *pdu, size_t len)
{
	struct list list = {.pdu = {ATT_READ_BY_TYPE_RSP}, .len = 2, .mtu = server->mtu};
	const struct att_attribute *a = NULL;
	uint8_t value[ATT_VALUE_MAX];
	struct att_uuid type;
	struct range range;

	if (!range_read(server, pdu, len, 7, &range) || !type_read(server, pdu, len, &type))
		return;
	while ((a = next_in(server, &range, a)) != NULL) {
		int n;

		if (!att_uuid_equal(&a->type, &type))
			continue;
		n = attribute_read(server, a, value);
		if (n < 0 && list.entry == 0) {
			att_reply_error(server, range.opcode, a->handle, -n);
			return;
		}
		/* Longer values are cut here, and read on with Read Blob (3.4.4.2). */
		if (n > (int)ENTRY_MAX - 2)
			n = (int)ENTRY_MAX - 2;
		if (n > server->mtu - 4)
			n = server->mtu - 4;
		if (n < 0 || !list_add(&list, a->handle, value, (size_t)n))
			break;
	}
	list.pdu[1] = (uint8_t)list.entry;
	list_send(server, &list, &range);
}

void att_read_by_group_type(struct att_server *server, const uint8_t *pdu, size_t len)
{
	const struct att_uuid primary = att_uuid16(ATT_UUID_PRIMARY_SERVICE);
	const struct att_uuid secondary = att_uuid16(ATT_UUID_SECONDARY_SERVICE);
	struct list list = {.pdu = {ATT_READ_BY_GROUP_RSP}, .len = 2, .mtu = server->mtu};
	const struct att_attribute *a = NULL;
	uint8_t entry[2u + ATT_DECLARATION_MAX];
	struct att_uuid type;
	struct range range;

	if (!range_read(server, pdu, len, 7, &range) || !type_read(server, pdu, len, &type))
		return;
	if (!att_uuid_equal(&type, &primary) && !att_uuid_equal(&type, &secondary)) {
		att_reply_error(server, range.opcode, range.start, ATT_ERR_GROUP_TYPE);
		return;
	}
	while ((a = next_in(server, &range, a)) != NULL) {
		if (!att_uuid_equal(&a->type, &type))
			continue;
		bytes_put16(entry, a->group_end);
		if (!list_add(&list, a->handle, entry, 2u + att_db_declaration(a, entry + 2)))
			break;
	}
	list.pdu[1] = (uint8_t)list.entry;
	list_send(server, &list, &range);
}
