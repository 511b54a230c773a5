/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery as GATT prescribes it (Core Vol 3 Part G 4.4.1, 4.6.1, 4.7.1): all
 * primary services, then each one's characteristics, then the descriptors of
 * each characteristic that leaves room for any.  A list ends with Attribute Not
 * Found or at the end of its range.
 */
#include "air/attc_priv.h"

#include <string.h>

static void ask_range(struct attc *c, uint8_t request, uint16_t type)
{
	uint8_t pdu[7] = {request};

	bytes_put16(pdu + 1, c->start);
	bytes_put16(pdu + 3, c->end);
	bytes_put16(pdu + 5, type);
	/* A response's number is its request's plus one. */
	attc_ask(c, pdu, request == ATT_FIND_INFO_REQ ? 5 : 7, (uint8_t)(request + 1));
}

static bool uuid_set(struct att_uuid *uuid, const uint8_t *bytes, size_t len)
{
	if (len != 2 && len != 16)
		return false;
	*uuid = (struct att_uuid){.len = (uint8_t)len};
	memcpy(uuid->bytes, bytes, len);
	return true;
}

static void discovered(struct attc *c);

static void next_descriptors(struct attc *c)
{
	for (; c->index < c->chr_count; c->index++) {
		const struct attc_chr *chr = &c->chrs[c->index];

		if (chr->value_handle >= chr->end_handle)
			continue;
		c->start = (uint16_t)(chr->value_handle + 1u);
		c->end = chr->end_handle;
		ask_range(c, ATT_FIND_INFO_REQ, 0);
		return;
	}
	discovered(c);
}

/* Goes on with service c->index, or with descriptors after the last one. */
static void next_characteristics(struct attc *c)
{
	if (c->index < c->service_count) {
		c->start = c->services[c->index].start;
		c->end = c->services[c->index].end;
		ask_range(c, ATT_READ_BY_TYPE_REQ, ATT_UUID_CHARACTERISTIC);
		return;
	}
	c->index = 0;
	next_descriptors(c);
}

static void discover_all(struct attc *c)
{
	c->service_count = 0;
	c->chr_count = 0;
	c->index = 0;
	c->start = 0x0001;
	c->end = 0xffff;
	ask_range(c, ATT_READ_BY_GROUP_REQ, ATT_UUID_PRIMARY_SERVICE);
}

void attc_discover_begin(struct attc *c)
{
	c->hashed = false;
	c->hashing = c->config.table != NULL;
	if (!c->hashing) {
		discover_all(c);
		return;
	}
	c->start = 0x0001;
	c->end = 0xffff;
	ask_range(c, ATT_READ_BY_TYPE_REQ, ATT_UUID_DATABASE_HASH);
}

static void take_table(struct attc *c)
{
	const struct attc_table *t = c->config.table;

	c->service_count = t->service_count;
	c->chr_count = t->chr_count;
	memcpy(c->services, t->services, sizeof(c->services));
	memcpy(c->chrs, t->chrs, sizeof(c->chrs));
	attc_done(c, 0, 0);
}

/* The server told its hash, or that it has none. */
static void hash_told(struct attc *c, const uint8_t *hash)
{
	const struct attc_table *t = c->config.table;

	c->hashing = false;
	c->hashed = hash != NULL;
	if (hash)
		memcpy(c->hash, hash, sizeof(c->hash));
	if (t->kept || (hash && t->known && memcmp(t->hash, hash, sizeof(t->hash)) == 0))
		take_table(c);
	else
		discover_all(c);
}

/* All was discovered. */
static void discovered(struct attc *c)
{
	struct attc_table *t = c->config.table;

	if (t) {
		t->known = c->hashed;
		memcpy(t->hash, c->hash, sizeof(t->hash));
		t->service_count = c->service_count;
		t->chr_count = c->chr_count;
		memcpy(t->services, c->services, sizeof(t->services));
		memcpy(t->chrs, c->chrs, sizeof(t->chrs));
	}
	attc_done(c, 0, 0);
}

/* The list under way is complete. */
static void list_end(struct attc *c)
{
	switch (c->asked) {
	case ATT_READ_BY_GROUP_REQ:
		c->index = 0;
		next_characteristics(c);
		break;
	case ATT_READ_BY_TYPE_REQ:
		c->index++;
		next_characteristics(c);
		break;
	default:
		c->index++;
		next_descriptors(c);
		break;
	}
}

/* Asks on behind the last handle that was told. */
static void list_go_on(struct attc *c, uint16_t last)
{
	if (last >= c->end) {
		list_end(c);
		return;
	}
	c->start = (uint16_t)(last + 1u);
	switch (c->asked) {
	case ATT_READ_BY_GROUP_REQ:
		ask_range(c, ATT_READ_BY_GROUP_REQ, ATT_UUID_PRIMARY_SERVICE);
		break;
	case ATT_READ_BY_TYPE_REQ:
		ask_range(c, ATT_READ_BY_TYPE_REQ, ATT_UUID_CHARACTERISTIC);
		break;
	default:
		ask_range(c, ATT_FIND_INFO_REQ, 0);
		break;
	}
}

/* Each of these takes one entry, and returns the last handle that it speaks for, or 0
 * when it makes no sense: handles must ascend, or discovery would not end. */
static uint16_t service_entry(struct attc *c, uint16_t from, const uint8_t *p, size_t len)
{
	struct attc_service service = {.start = bytes_get16(p), .end = bytes_get16(p + 2)};

	if (service.start < from || service.end < service.start || service.end > c->end ||
	    !uuid_set(&service.uuid, p + 4, len - 4) || c->service_count == ATTC_SERVICES_MAX)
		return 0;
	c->services[c->service_count++] = service;
	return service.end;
}

static uint16_t characteristic_entry(struct attc *c, uint16_t from, const uint8_t *p, size_t len)
{
	const struct attc_service *service = &c->services[c->index];
	uint16_t handle = bytes_get16(p);
	struct attc_chr chr = {
		.service = service->uuid,
		.handle = handle,
		.properties = p[2],
		.value_handle = bytes_get16(p + 3),
		.end_handle = service->end,
	};

	if (handle < from || chr.value_handle <= handle || chr.value_handle > c->end ||
	    !uuid_set(&chr.uuid, p + 5, len - 5) || c->chr_count == ATTC_CHRS_MAX)
		return 0;
	/* The one before in this service ends in front of this declaration. */
	if (c->chr_count > 0 && c->chrs[c->chr_count - 1].end_handle == service->end &&
	    c->chrs[c->chr_count - 1].value_handle >= service->start)
		c->chrs[c->chr_count - 1].end_handle = (uint16_t)(handle - 1u);
	c->chrs[c->chr_count++] = chr;
	return chr.value_handle;
}

static uint16_t descriptor_entry(struct attc *c, uint16_t from, const uint8_t *p, size_t len)
{
	uint16_t handle = bytes_get16(p);

	if (handle < from || handle > c->end)
		return 0;
	if (len == 4 && bytes_get16(p + 2) == ATT_UUID_CCC)
		c->chrs[c->index].ccc_handle = handle;
	return handle;
}

void attc_discover_response(struct attc *c, const uint8_t *pdu, size_t len)
{
	uint16_t (*take)(struct attc * c, uint16_t from, const uint8_t *p, size_t len);
	size_t entry = len > 1 ? pdu[1] : 0, least;
	uint16_t last = 0, from = c->start;

	if (c->hashing) {
		hash_told(c, len >= 4u + ATTC_HASH_SIZE && entry == 2u + ATTC_HASH_SIZE ? pdu + 4
											: NULL);
		return;
	}
	switch (c->asked) {
	case ATT_READ_BY_GROUP_REQ:
		take = service_entry;
		least = 6;
		break;
	case ATT_READ_BY_TYPE_REQ:
		take = characteristic_entry;
		least = 7;
		break;
	default:
		take = descriptor_entry;
		least = 4;
		entry = entry == 1 ? 4 : entry == 2 ? 18 : 0;
		break;
	}
	if (entry < least || len < 2 + entry || (len - 2) % entry != 0) {
		attc_done(c, -OTA_EPROTO, 0);
		return;
	}
	for (const uint8_t *p = pdu + 2; p < pdu + len; p += entry) {
		last = take(c, from, p, entry);
		if (last == 0) {
			attc_done(c, -OTA_EPROTO, 0);
			return;
		}
		from = last < 0xffff ? (uint16_t)(last + 1u) : last;
	}
	list_go_on(c, last);
}

void attc_discover_error(struct attc *c, int error)
{
	if (c->hashing)
		hash_told(c, NULL);
	else if (error == ATT_ERR_NOT_FOUND)
		list_end(c);
	else
		attc_done(c, error, 0);
}
