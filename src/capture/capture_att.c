/* SPDX-License-Identifier: Apache-2.0 */
/* The attribute protocol as the program sees it; see capture.h. */
#include "capture/capture.h"

#include "air/att_proto.h"
#include "base/bytes.h"
#include "capture/capture_pdu.h"
#include "transport/wrap.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS_MAX 18u

struct capture {
	struct wrap wrap;
	struct capture_pdu pdu;
	uint64_t unix_us; /* of now_us() 0 */
	char address[ADDRESS_MAX];
	struct ota_link link; /* as written last */
	uint16_t mtu;
	/* The request to which WRITTEN is the answer; 0: none. */
	uint8_t asked[GATT_CHRS];
};

static struct capture *capture_of(struct transport *t)
{
	return (struct capture *)t;
}

static struct capture_pdu *capture_at_now(struct capture *c)
{
	c->pdu.now_us = c->unix_us + c->wrap.inner->ops->now_us(c->wrap.inner);
	return &c->pdu;
}

/* An opcode and a handle, with a value or without. */
static void put(struct capture *c, bool sent, uint8_t opcode, uint16_t handle, const uint8_t *value,
		size_t len)
{
	uint8_t head[3] = {opcode};

	bytes_put16(head + 1, handle);
	capture_att_pdu(capture_at_now(c), sent, head, sizeof(head), value, len);
}

/* An answer: an opcode and what belongs to it. */
static void put_answer(struct capture *c, uint8_t opcode, const uint8_t *value, size_t len)
{
	capture_att_pdu(capture_at_now(c), false, &opcode, 1, value, len);
}

static void put_error(struct capture *c, uint8_t request, uint16_t handle, int status)
{
	uint8_t pdu[4] = {request};

	bytes_put16(pdu + 1, handle);
	pdu[3] = status == -OTA_EPERM	  ? ATT_ERR_WRITE_NOT_PERMITTED
		 : status == -OTA_ENOTSUP ? ATT_ERR_NOT_SUPPORTED
					  : ATT_ERR_UNLIKELY;
	put_answer(c, ATT_ERROR_RSP, pdu, sizeof(pdu));
}

static void put_mtu(struct capture *c, uint16_t mtu)
{
	uint8_t pdu[2];

	if (mtu == c->mtu || mtu < ATT_MTU_MIN)
		return;
	c->mtu = mtu;
	if (mtu == ATT_MTU_MIN) /* what a link begins with: nothing was exchanged */
		return;
	bytes_put16(pdu, ATT_MTU_MAX);
	capture_att_pdu(capture_at_now(c), true, &(uint8_t){ATT_MTU_REQ}, 1, pdu, sizeof(pdu));
	bytes_put16(pdu, mtu);
	put_answer(c, ATT_MTU_RSP, pdu, sizeof(pdu));
}

static void put_read(struct capture *c, const struct transport_event *e)
{
	const uint16_t handle = capture_handle(e->chr);
	size_t part = c->mtu - 1u, at = 0;

	if (e->status < 0) {
		put_error(c, ATT_READ_REQ, handle, e->status);
		return;
	}
	part = part < e->len ? part : e->len;
	put_answer(c, ATT_READ_RSP, e->data, part);
	for (at = part; at < e->len && part == c->mtu - 1u; at += part) {
		uint8_t offset[2];

		bytes_put16(offset, at);
		put(c, true, ATT_READ_BLOB_REQ, handle, offset, sizeof(offset));
		part = e->len - at < part ? e->len - at : part;
		put_answer(c, ATT_READ_BLOB_RSP, e->data + at, part);
	}
}

static void put_written(struct capture *c, const struct transport_event *e)
{
	const uint8_t request = c->asked[e->chr];

	if (!request) /* a command that was refused later: nothing was on the air */
		return;
	c->asked[e->chr] = 0;
	if (e->status < 0)
		put_error(c, request, capture_handle(e->chr), e->status);
	else
		put_answer(c, (uint8_t)(request + 1u), NULL, 0);
}

static void look_at_link(struct capture *c, bool connected)
{
	struct transport_link now;

	c->wrap.inner->ops->link_state(c->wrap.inner, &now);
	if (connected)
		capture_connected(capture_at_now(c), c->address, &now.link);
	else
		capture_link(capture_at_now(c), &c->link, &now.link);
	c->link = now.link;
}

static void put_connected(struct capture *c, uint16_t mtu)
{
	memset(c->asked, 0, sizeof(c->asked));
	c->mtu = ATT_MTU_MIN;
	look_at_link(c, true);
	put_mtu(c, mtu);
}

static void capture_put_event(struct capture *c, const struct transport_event *e)
{
	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		put_connected(c, e->mtu);
		break;
	case TRANSPORT_DISCONNECTED:
		capture_disconnected(capture_at_now(c), e->reason);
		break;
	case TRANSPORT_MTU:
		put_mtu(c, e->mtu);
		break;
	case TRANSPORT_LINK:
		look_at_link(c, false);
		break;
	case TRANSPORT_DISCOVERED:
		if (e->status == 0)
			capture_discovered(capture_at_now(c), e->properties);
		break;
	case TRANSPORT_SUBSCRIBED:
		if (e->status < 0)
			put_error(c, ATT_WRITE_REQ, capture_ccc(e->chr), e->status);
		else
			put_answer(c, ATT_WRITE_RSP, NULL, 0);
		break;
	case TRANSPORT_READ:
		put_read(c, e);
		break;
	case TRANSPORT_WRITTEN:
		put_written(c, e);
		break;
	case TRANSPORT_NOTIFIED:
		put(c, false, ATT_NOTIFICATION, capture_handle(e->chr), e->data, e->len);
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_MAINTENANCE:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
}

static void capture_event(void *userdata, const struct transport_event *event)
{
	struct capture *c = userdata;

	capture_put_event(c, event);
	wrap_emit(&c->wrap, event);
}

static int capture_connect(struct transport *t, const char *address)
{
	struct capture *c = capture_of(t);

	(void)snprintf(c->address, sizeof(c->address), "%s", address);
	return wrap_inner(t)->ops->connect(wrap_inner(t), address);
}

static int capture_subscribe(struct transport *t, enum gatt_chr chr)
{
	static const uint8_t notify[2] = {ATT_CCC_NOTIFY};
	const int rc = wrap_inner(t)->ops->subscribe(wrap_inner(t), chr);

	if (rc == 0)
		put(capture_of(t), true, ATT_WRITE_REQ, capture_ccc(chr), notify, sizeof(notify));
	return rc;
}

static int capture_read(struct transport *t, enum gatt_chr chr)
{
	const int rc = wrap_inner(t)->ops->read(wrap_inner(t), chr);

	if (rc == 0)
		put(capture_of(t), true, ATT_READ_REQ, capture_handle(chr), NULL, 0);
	return rc;
}

/* A request longer than the ATT MTU lets one be; Core Vol 3 Part F 3.4.6. */
static void put_long_write(struct capture *c, uint16_t handle, const uint8_t *buf, size_t len)
{
	const size_t part = c->mtu - 5u;

	for (size_t at = 0; at < len; at += part) {
		uint8_t head[5] = {ATT_PREPARE_REQ};
		const size_t n = len - at < part ? len - at : part;

		bytes_put16(head + 1, handle);
		bytes_put16(head + 3, at);
		capture_att_pdu(capture_at_now(c), true, head, sizeof(head), buf + at, n);
		head[0] = ATT_PREPARE_RSP;
		capture_att_pdu(&c->pdu, false, head, sizeof(head), buf + at, n);
	}
	capture_att_pdu(&c->pdu, true, (const uint8_t[]){ATT_EXECUTE_REQ, 1}, 2, NULL, 0);
}

static int capture_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			 const uint8_t *buf, size_t len)
{
	struct capture *c = capture_of(t);
	const uint16_t handle = capture_handle(chr);
	const int rc = wrap_inner(t)->ops->write(wrap_inner(t), chr, mode, buf, len);

	if (rc < 0)
		return rc;
	if (mode != GATT_REQUEST) {
		put(c, true, ATT_WRITE_CMD, handle, buf, len);
	} else if (len + 3 > c->mtu) {
		put_long_write(c, handle, buf, len);
		c->asked[chr] = ATT_EXECUTE_REQ;
	} else {
		put(c, true, ATT_WRITE_REQ, handle, buf, len);
		c->asked[chr] = ATT_WRITE_REQ;
	}
	return rc;
}

static void capture_destroy(struct transport *t)
{
	struct capture *c = capture_of(t);

	wrap_inner(t)->ops->destroy(wrap_inner(t));
	(void)fclose(c->pdu.file.out);
	free(c);
}

static const struct transport_ops capture_ops = {
	.name = "capture",
	.connect = capture_connect,
	.subscribe = capture_subscribe,
	.read = capture_read,
	.write = capture_write,
	.destroy = capture_destroy,
};

int capture_att(struct transport *inner, FILE *out, uint64_t unix_us, const char *note,
		struct transport **ret)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)fclose(out);
		return -OTA_ENOMEM;
	}
	c->unix_us = unix_us;
	c->mtu = ATT_MTU_MIN;
	wrap_init(&c->wrap, inner, &capture_ops, capture_event);
	btsnoop_begin(&c->pdu.file, out);
	btsnoop_note(&c->pdu.file, capture_at_now(c)->now_us, note);
	capture_adapter(&c->pdu);
	*ret = &c->wrap.base;
	return 0;
}

int capture_att_error(struct transport *t)
{
	return btsnoop_flush(&capture_of(t)->pdu.file);
}
