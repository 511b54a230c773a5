/* SPDX-License-Identifier: Apache-2.0 */
/* See mcumgr.h. */
#include "core/mcumgr.h"

#include "ota/error.h"

#include <string.h>

#define OP 0x07u
#define VERSION_SHIFT 3u
#define VERSION 0x03u

void mcumgr_header_put(uint8_t *buf, const struct mcumgr_header *h)
{
	buf[0] = (uint8_t)(h->version << VERSION_SHIFT | (unsigned int)h->op);
	buf[1] = 0;
	buf[2] = (uint8_t)(h->length >> 8);
	buf[3] = (uint8_t)h->length;
	buf[4] = (uint8_t)(h->group >> 8);
	buf[5] = (uint8_t)h->group;
	buf[6] = h->sequence;
	buf[7] = h->command;
}

void mcumgr_header_get(const uint8_t *buf, struct mcumgr_header *ret)
{
	*ret = (struct mcumgr_header){
		.version = buf[0] >> VERSION_SHIFT & VERSION,
		.op = (enum mcumgr_op)(buf[0] & OP),
		.length = (uint16_t)(buf[2] << 8 | buf[3]),
		.group = (uint16_t)(buf[4] << 8 | buf[5]),
		.sequence = buf[6],
		.command = buf[7],
	};
}

static bool take_number(const struct cbor_item *item, uint32_t *ret)
{
	if (item->type != CBOR_UINT || item->value > UINT32_MAX)
		return false;
	*ret = (uint32_t)item->value;
	return true;
}

static bool take_bool(const struct cbor_item *item, bool *ret)
{
	*ret = item->type == CBOR_SIMPLE && item->value == CBOR_TRUE;
	return item->type == CBOR_SIMPLE;
}

static void take_version(const struct cbor_item *item, struct mcumgr_image *ret)
{
	const size_t len = item->value < MCUMGR_VERSION_TEXT - 1u ? (size_t)item->value
								  : MCUMGR_VERSION_TEXT - 1u;

	if (item->type == CBOR_TEXT && len > 0)
		memcpy(ret->version, item->bytes, len);
}

static void take_image_field(const struct cbor_item *key, const struct cbor_item *value,
			     struct mcumgr_image *ret)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"bootable", &ret->bootable},
		     {"pending", &ret->pending},
		     {"confirmed", &ret->confirmed},
		     {"active", &ret->active},
		     {"permanent", &ret->permanent}};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (cbor_is_text(key, flags[i].name))
			(void)take_bool(value, flags[i].flag);
	if (cbor_is_text(key, "image"))
		(void)take_number(value, &ret->number);
	else if (cbor_is_text(key, "slot"))
		(void)take_number(value, &ret->slot);
	else if (cbor_is_text(key, "version"))
		take_version(value, ret);
	if (!cbor_is_text(key, "hash") || value->type != CBOR_BYTES ||
	    value->value != OTA_SHA256_SIZE)
		return;
	ret->has_hash = true;
	memcpy(ret->hash, value->bytes, OTA_SHA256_SIZE);
}

static void take_images(struct cbor_reader *r, const struct cbor_item *list,
			struct mcumgr_answer *ret)
{
	struct cbor_item item, key, value;
	struct cbor_walk images, fields;

	if (!cbor_enter_item(list, CBOR_ARRAY, &images)) {
		cbor_skip(r, list);
		return;
	}
	ret->has_images = true;
	while (cbor_element(r, &images, &item)) {
		struct mcumgr_image image = {.number = 0};

		if (!cbor_enter_item(&item, CBOR_MAP, &fields)) {
			cbor_skip(r, &item);
			continue;
		}
		while (cbor_pair(r, &fields, &key, &value)) {
			take_image_field(&key, &value, &image);
			cbor_skip(r, &value);
		}
		if (ret->count < MCUMGR_IMAGES)
			ret->images[ret->count++] = image;
	}
}

/* "err": a map with the group and its rc. */
static bool take_error(struct cbor_reader *r, const struct cbor_item *map,
		       struct mcumgr_answer *ret)
{
	struct cbor_item key, value;
	struct cbor_walk fields;
	bool good = true;

	if (!cbor_enter_item(map, CBOR_MAP, &fields))
		return false;
	ret->grouped = true;
	while (cbor_pair(r, &fields, &key, &value)) {
		if (cbor_is_text(&key, "group"))
			good = good && take_number(&value, &ret->group);
		else if (cbor_is_text(&key, "rc"))
			good = good && take_number(&value, &ret->rc);
		cbor_skip(r, &value);
	}
	return good && ret->rc != 0;
}

int mcumgr_answer_decode(const uint8_t *buf, size_t len, struct mcumgr_answer *ret)
{
	struct cbor_item key, value;
	struct cbor_reader r;
	struct cbor_walk map;
	bool good = true;

	*ret = (struct mcumgr_answer){.rc = 0};
	cbor_read(&r, buf, len);
	if (!cbor_enter(&r, CBOR_MAP, &map))
		return -OTA_EBADMSG;
	while (good && cbor_pair(&r, &map, &key, &value)) {
		if (cbor_is_text(&key, "images")) {
			take_images(&r, &value, ret);
			continue;
		}
		if (cbor_is_text(&key, "err")) {
			good = take_error(&r, &value, ret);
			continue;
		}
		if (cbor_is_text(&key, "rc"))
			good = take_number(&value, &ret->rc);
		else if (cbor_is_text(&key, "off"))
			good = ret->has_off = take_number(&value, &ret->off);
		else if (cbor_is_text(&key, "match"))
			good = ret->has_match = take_bool(&value, &ret->match);
		else if (cbor_is_text(&key, "buf_size"))
			good = take_number(&value, &ret->buf_size);
		else if (cbor_is_text(&key, "buf_count"))
			good = take_number(&value, &ret->buf_count);
		cbor_skip(&r, &value);
	}
	return good && !r.bad ? 0 : -OTA_EBADMSG;
}
