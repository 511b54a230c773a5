/* SPDX-License-Identifier: Apache-2.0 */
/* See cbor.h. */
#include "core/cbor.h"

#include <string.h>

#define DEPTH_MOST 8u /* SMP's messages have three */
#define OPEN 31u /* additional information of an indefinite length, or of a break */

void cbor_read(struct cbor_reader *r, const uint8_t *buf, size_t len)
{
	*r = (struct cbor_reader){.at = buf, .end = buf + len};
}

static bool fail(struct cbor_reader *r)
{
	r->bad = true;
	return false;
}

/* The argument of a head, RFC 8949 section 3. */
static bool take_argument(struct cbor_reader *r, unsigned int info, uint64_t *ret)
{
	const size_t size = info < 24 ? 0 : (size_t)1 << (info - 24u);

	if (info > 27 || (size_t)(r->end - r->at) < size)
		return fail(r);
	*ret = info < 24 ? info : 0;
	for (size_t i = 0; i < size; i++)
		*ret = *ret << 8 | *r->at++;
	return true;
}

bool cbor_next(struct cbor_reader *r, struct cbor_item *ret)
{
	unsigned int info;

	if (r->bad || r->at == r->end)
		return false;
	*ret = (struct cbor_item){.type = (enum cbor_type)(*r->at >> 5)};
	info = *r->at++ & 31u;
	if (info == OPEN) {
		ret->open = ret->type == CBOR_ARRAY || ret->type == CBOR_MAP;
		ret->value = CBOR_BREAK;
		/* Octets and texts in pieces are never sent. */
		return ret->open || ret->type == CBOR_SIMPLE || fail(r);
	}
	if (!take_argument(r, info, &ret->value))
		return false;
	/* A value of one octet, or a float, is none of those that are asked for. */
	if (ret->type == CBOR_SIMPLE && info >= 24)
		ret->value = 0;
	if (ret->type != CBOR_BYTES && ret->type != CBOR_TEXT)
		return true;
	if (ret->value > (size_t)(r->end - r->at))
		return fail(r);
	ret->bytes = r->at;
	r->at += ret->value;
	return true;
}

static bool is_break(const struct cbor_item *item)
{
	return item->type == CBOR_SIMPLE && item->value == CBOR_BREAK;
}

static uint64_t items_in(const struct cbor_item *item)
{
	if (item->open)
		return UINT64_MAX; /* a break ends them */
	switch (item->type) {
	case CBOR_ARRAY:
		return item->value;
	case CBOR_MAP:
		return item->value > UINT32_MAX ? UINT32_MAX : 2u * item->value;
	case CBOR_TAG:
		return 1;
	case CBOR_UINT:
	case CBOR_NEGATIVE:
	case CBOR_BYTES:
	case CBOR_TEXT:
	case CBOR_SIMPLE:
		break;
	}
	return 0;
}

/* Counts what is left at each depth, so that no depth takes a stack. */
void cbor_skip(struct cbor_reader *r, const struct cbor_item *item)
{
	uint64_t left[DEPTH_MOST];
	unsigned int depth = 0;
	struct cbor_item in;

	left[0] = items_in(item);
	for (;;) {
		while (left[depth] == 0) {
			if (depth == 0)
				return;
			depth--;
		}
		if (!cbor_next(r, &in)) {
			(void)fail(r);
			return;
		}
		if (is_break(&in)) {
			if (left[depth] != UINT64_MAX) {
				(void)fail(r);
				return;
			}
			left[depth] = 0;
			continue;
		}
		left[depth] -= left[depth] != UINT64_MAX;
		if (items_in(&in) == 0)
			continue;
		if (++depth == DEPTH_MOST) {
			(void)fail(r);
			return;
		}
		left[depth] = items_in(&in);
	}
}

bool cbor_enter_item(const struct cbor_item *item, enum cbor_type type, struct cbor_walk *ret)
{
	*ret = (struct cbor_walk){.left = item->value, .open = item->open};
	return item->type == type;
}

bool cbor_enter(struct cbor_reader *r, enum cbor_type type, struct cbor_walk *ret)
{
	struct cbor_item item;

	return cbor_next(r, &item) && (cbor_enter_item(&item, type, ret) || fail(r));
}

bool cbor_element(struct cbor_reader *r, struct cbor_walk *w, struct cbor_item *ret)
{
	if (!w->open && w->left == 0)
		return false;
	if (!cbor_next(r, ret))
		return fail(r);
	if (is_break(ret)) {
		if (!w->open)
			return fail(r);
		*w = (struct cbor_walk){.left = 0};
		return false;
	}
	w->left -= !w->open;
	return true;
}

bool cbor_pair(struct cbor_reader *r, struct cbor_walk *w, struct cbor_item *ret_key,
	       struct cbor_item *ret_value)
{
	if (!cbor_element(r, w, ret_key))
		return false;
	cbor_skip(r, ret_key);
	return (cbor_next(r, ret_value) && !is_break(ret_value)) || fail(r);
}

bool cbor_is_text(const struct cbor_item *item, const char *text)
{
	const size_t len = strlen(text);

	return item->type == CBOR_TEXT && item->value == len && memcmp(item->bytes, text, len) == 0;
}

/* --- writing */

size_t cbor_head_size(uint64_t value)
{
	return value < 24	     ? 1
	       : value <= UINT8_MAX  ? 2
	       : value <= UINT16_MAX ? 3
	       : value <= UINT32_MAX ? 5
				     : 9;
}

static void put_octets(struct cbor_writer *w, const uint8_t *buf, size_t len)
{
	if (w->at <= w->size && len <= w->size - w->at && len > 0)
		memcpy(w->buf + w->at, buf, len);
	w->at += len;
}

void cbor_put(struct cbor_writer *w, enum cbor_type type, uint64_t value)
{
	const size_t size = cbor_head_size(value);
	uint8_t head[9];

	head[0] = (uint8_t)((unsigned int)type << 5 | (size == 1   ? (unsigned int)value
						       : size == 2 ? 24u
						       : size == 3 ? 25u
						       : size == 5 ? 26u
								   : 27u));
	for (size_t i = 1; i < size; i++)
		head[i] = (uint8_t)(value >> (8u * (size - 1u - i)));
	put_octets(w, head, size);
}

void cbor_put_open(struct cbor_writer *w, enum cbor_type type)
{
	const uint8_t head = (uint8_t)((unsigned int)type << 5 | OPEN);

	put_octets(w, &head, 1);
}

void cbor_put_end(struct cbor_writer *w)
{
	const uint8_t end = CBOR_BREAK;

	put_octets(w, &end, 1);
}

void cbor_put_bytes(struct cbor_writer *w, const uint8_t *buf, size_t len)
{
	cbor_put(w, CBOR_BYTES, len);
	put_octets(w, buf, len);
}

void cbor_put_text(struct cbor_writer *w, const char *text)
{
	const size_t len = strlen(text);

	cbor_put(w, CBOR_TEXT, len);
	put_octets(w, (const uint8_t *)text, len);
}

void cbor_put_bool(struct cbor_writer *w, bool value)
{
	cbor_put(w, CBOR_SIMPLE, value ? CBOR_TRUE : CBOR_FALSE);
}
