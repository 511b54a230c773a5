/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each request of the caller's is a short chain of PDUs, each of which waits
 * for its answer: the chain's next step is chosen by what was asked.
 */
#include "air/attc_priv.h"

#include <string.h>

#define WRITE_HEADER 3u /* opcode, handle */
#define PREPARE_HEADER 5u /* and offset */
#define CANCEL 0u
#define EXECUTE 1u

static void begin_next(struct attc *c);

static void attc_timed_out(void *ctx, uint64_t now_us)
{
	struct attc *c = ctx;
	struct attc_event event = {.kind = ATTC_TIMED_OUT, .status = -OTA_ETIMEDOUT};

	(void)now_us;
	c->dead = true;
	c->op.kind = ATTC_OP_NONE;
	c->expected = 0;
	fifo_pop(&c->queue, c->queue.len);
	c->config.event(c->config.ctx, &event);
}

int attc_init(struct attc *c, const struct attc_config *config)
{
	if (!config->send || !config->event || config->mtu < ATT_MTU_MIN ||
	    config->mtu > ATT_MTU_MAX)
		return -OTA_EINVAL;
	*c = (struct attc){.config = *config, .timeout = {.fn = attc_timed_out, .ctx = c}};
	attc_reset(c);
	return 0;
}

void attc_reset(struct attc *c)
{
	if (c->config.sched)
		sched_cancel(c->config.sched, &c->timeout);
	c->mtu = ATT_MTU_MIN;
	c->dead = false;
	c->op.kind = ATTC_OP_NONE;
	c->expected = 0;
	c->service_count = 0;
	c->chr_count = 0;
	fifo_pop(&c->queue, c->queue.len);
}

void attc_finish(struct attc *c)
{
	attc_reset(c);
	fifo_finish(&c->queue);
}

void attc_ask(struct attc *c, const uint8_t *pdu, size_t len, uint8_t response)
{
	int r;

	c->asked = pdu[0];
	c->expected = response;
	if (c->config.sched)
		sched_at(c->config.sched, &c->timeout,
			 sched_now(c->config.sched) + ATTC_TIMEOUT_US);
	r = c->config.send(c->config.ctx, pdu, len);
	if (r < 0)
		attc_done(c, r, 0);
}

void attc_done(struct attc *c, int status, size_t len)
{
	uint8_t value[ATT_VALUE_MAX];
	struct attc_event event = {
		.status = status,
		.handle = c->op.handle,
		.mtu = c->mtu,
		.data = value,
		.len = len,
	};
	enum attc_op_kind kind = c->op.kind;

	if (c->config.sched)
		sched_cancel(c->config.sched, &c->timeout);
	c->expected = 0;
	switch (kind) {
	case ATTC_OP_NONE:
		return;
	case ATTC_OP_MTU:
		event.kind = ATTC_MTU;
		break;
	case ATTC_OP_DISCOVER:
		event.kind = ATTC_DISCOVERED;
		break;
	case ATTC_OP_READ:
		event.kind = ATTC_READ;
		break;
	case ATTC_OP_WRITE:
		event.kind = ATTC_WRITTEN;
		break;
	case ATTC_OP_SUBSCRIBE:
		event.kind = ATTC_SUBSCRIBED;
		break;
	}
	/* A copy, because what the callback asks for may begin at once. */
	memcpy(value, c->value, len);
	c->op.kind = ATTC_OP_NONE;
	c->config.event(c->config.ctx, &event);
	begin_next(c);
}

static void send_prepare(struct attc *c)
{
	uint8_t pdu[ATT_MTU_MAX] = {ATT_PREPARE_REQ};

	c->part = c->op.len - c->prepared;
	if (c->part > c->mtu - PREPARE_HEADER)
		c->part = c->mtu - PREPARE_HEADER;
	bytes_put16(pdu + 1, c->op.handle);
	bytes_put16(pdu + 3, (uint16_t)c->prepared);
	memcpy(pdu + PREPARE_HEADER, c->value + c->prepared, c->part);
	attc_ask(c, pdu, PREPARE_HEADER + c->part, ATT_PREPARE_RSP);
}

static void send_execute(struct attc *c, uint8_t what)
{
	uint8_t pdu[2] = {ATT_EXECUTE_REQ, what};

	attc_ask(c, pdu, sizeof(pdu), ATT_EXECUTE_RSP);
}

static void send_write(struct attc *c, uint16_t handle)
{
	uint8_t pdu[ATT_MTU_MAX] = {ATT_WRITE_REQ};

	c->prepared = 0;
	c->prepare_error = 0;
	if (c->op.len > c->mtu - WRITE_HEADER) {
		send_prepare(c);
		return;
	}
	bytes_put16(pdu + 1, handle);
	memcpy(pdu + WRITE_HEADER, c->value, c->op.len);
	attc_ask(c, pdu, WRITE_HEADER + c->op.len, ATT_WRITE_RSP);
}

static void send_read(struct attc *c)
{
	uint8_t pdu[5] = {ATT_READ_REQ};

	bytes_put16(pdu + 1, c->op.handle);
	if (c->op.len == 0) {
		attc_ask(c, pdu, 3, ATT_READ_RSP);
		return;
	}
	pdu[0] = ATT_READ_BLOB_REQ;
	bytes_put16(pdu + 3, c->op.len);
	attc_ask(c, pdu, 5, ATT_READ_BLOB_RSP);
}

static void send_mtu(struct attc *c)
{
	uint8_t pdu[3] = {ATT_MTU_REQ};

	bytes_put16(pdu + 1, c->config.mtu);
	attc_ask(c, pdu, sizeof(pdu), ATT_MTU_RSP);
}

static void begin_next(struct attc *c)
{
	if (c->op.kind != ATTC_OP_NONE || c->queue.len == 0)
		return;
	memcpy(&c->op, fifo_peek(&c->queue), sizeof(c->op));
	fifo_pop(&c->queue, sizeof(c->op));
	if (c->op.len > 0) {
		memcpy(c->value, fifo_peek(&c->queue), c->op.len);
		fifo_pop(&c->queue, c->op.len);
	}
	switch (c->op.kind) {
	case ATTC_OP_NONE:
		break;
	case ATTC_OP_MTU:
		send_mtu(c);
		break;
	case ATTC_OP_DISCOVER:
		attc_discover_begin(c);
		break;
	case ATTC_OP_READ:
		send_read(c);
		break;
	case ATTC_OP_WRITE:
		send_write(c, c->op.handle);
		break;
	case ATTC_OP_SUBSCRIBE:
		send_write(c, c->op.ccc_handle);
		break;
	}
}

static int enqueue(struct attc *c, const struct attc_op *op, const uint8_t *buf)
{
	uint8_t *p;

	if (c->dead)
		return -OTA_ETIMEDOUT;
	p = fifo_push(&c->queue, sizeof(*op) + op->len);
	if (!p)
		return -OTA_ENOMEM;
	memcpy(p, op, sizeof(*op));
	if (op->len > 0)
		memcpy(p + sizeof(*op), buf, op->len);
	begin_next(c);
	return 0;
}

int attc_exchange_mtu(struct attc *c)
{
	return enqueue(c, &(struct attc_op){.kind = ATTC_OP_MTU}, NULL);
}

int attc_discover(struct attc *c)
{
	return enqueue(c, &(struct attc_op){.kind = ATTC_OP_DISCOVER}, NULL);
}

int attc_read(struct attc *c, uint16_t handle)
{
	return enqueue(c, &(struct attc_op){.kind = ATTC_OP_READ, .handle = handle}, NULL);
}

int attc_write(struct attc *c, uint16_t handle, const uint8_t *buf, size_t len)
{
	struct attc_op op = {.kind = ATTC_OP_WRITE, .handle = handle, .len = (uint16_t)len};

	if (len > ATT_VALUE_MAX)
		return -OTA_EMSGSIZE;
	return enqueue(c, &op, buf);
}

int attc_subscribe(struct attc *c, const struct attc_chr *chr)
{
	struct attc_op op = {.kind = ATTC_OP_SUBSCRIBE,
			     .handle = chr->value_handle,
			     .ccc_handle = chr->ccc_handle,
			     .len = 2};
	uint8_t ccc[2];

	if (chr->ccc_handle == 0 || !(chr->properties & (GATT_PROP_NOTIFY | GATT_PROP_INDICATE)))
		return -OTA_ENOTSUP;
	bytes_put16(ccc, chr->properties & GATT_PROP_NOTIFY ? ATT_CCC_NOTIFY : ATT_CCC_INDICATE);
	return enqueue(c, &op, ccc);
}

int attc_write_command(struct attc *c, uint16_t handle, const uint8_t *buf, size_t len)
{
	uint8_t pdu[ATT_MTU_MAX] = {ATT_WRITE_CMD};

	if (c->dead)
		return -OTA_ETIMEDOUT;
	if (len > c->mtu - WRITE_HEADER)
		return -OTA_EMSGSIZE;
	bytes_put16(pdu + 1, handle);
	if (len > 0)
		memcpy(pdu + WRITE_HEADER, buf, len);
	return c->config.send(c->config.ctx, pdu, WRITE_HEADER + len);
}

static void mtu_response(struct attc *c, const uint8_t *pdu, size_t len)
{
	uint16_t mtu;

	if (len != 3) {
		attc_done(c, -OTA_EPROTO, 0);
		return;
	}
	mtu = bytes_get16(pdu + 1);
	if (mtu > c->config.mtu)
		mtu = c->config.mtu;
	c->mtu = mtu < ATT_MTU_MIN ? ATT_MTU_MIN : mtu;
	attc_done(c, 0, 0);
}

/* A full PDU means that there may be more. */
static void read_response(struct attc *c, const uint8_t *pdu, size_t len)
{
	size_t got = len - 1;

	if (c->op.len + got > sizeof(c->value)) {
		attc_done(c, -OTA_EPROTO, 0);
		return;
	}
	memcpy(c->value + c->op.len, pdu + 1, got);
	c->op.len = (uint16_t)(c->op.len + got);
	if (len == c->mtu && c->op.len < sizeof(c->value))
		send_read(c);
	else
		attc_done(c, 0, c->op.len);
}

/* The server echoes each part; one that came back changed cancels all. */
static void prepare_response(struct attc *c, const uint8_t *pdu, size_t len)
{
	if (len != PREPARE_HEADER + c->part || bytes_get16(pdu + 1) != c->op.handle ||
	    bytes_get16(pdu + 3) != c->prepared ||
	    memcmp(pdu + PREPARE_HEADER, c->value + c->prepared, c->part) != 0) {
		c->prepare_error = -OTA_EPROTO;
		send_execute(c, CANCEL);
		return;
	}
	c->prepared += c->part;
	if (c->prepared < c->op.len)
		send_prepare(c);
	else
		send_execute(c, EXECUTE);
}

static void response(struct attc *c, const uint8_t *pdu, size_t len)
{
	switch ((enum att_opcode)c->expected) {
	case ATT_MTU_RSP:
		mtu_response(c, pdu, len);
		break;
	case ATT_READ_RSP:
	case ATT_READ_BLOB_RSP:
		read_response(c, pdu, len);
		break;
	case ATT_WRITE_RSP:
		attc_done(c, 0, 0);
		break;
	case ATT_PREPARE_RSP:
		prepare_response(c, pdu, len);
		break;
	case ATT_EXECUTE_RSP:
		attc_done(c, c->prepare_error, 0);
		break;
	default:
		attc_discover_response(c, pdu, len);
		break;
	}
}

static void error_response(struct attc *c, const uint8_t *pdu, size_t len)
{
	int error;

	/* The error is another request's, or malformed: the timeout will tell. */
	if (len != 5 || pdu[1] != c->asked)
		return;
	error = pdu[4] ? pdu[4] : ATT_ERR_UNLIKELY;
	if (c->op.kind == ATTC_OP_DISCOVER) {
		attc_discover_error(c, error);
	} else if (c->asked == ATT_PREPARE_REQ) {
		c->prepare_error = error;
		send_execute(c, CANCEL);
	} else if (c->asked == ATT_EXECUTE_REQ && c->prepare_error) {
		attc_done(c, c->prepare_error, 0);
	} else if (c->asked == ATT_READ_BLOB_REQ &&
		   (error == ATT_ERR_OFFSET || error == ATT_ERR_NOT_LONG)) {
		/* The value ended exactly with the PDU before. */
		attc_done(c, 0, c->op.len);
	} else {
		attc_done(c, error, 0);
	}
}

static void value_pushed(struct attc *c, const uint8_t *pdu, size_t len)
{
	static const uint8_t confirmation = ATT_CONFIRMATION;
	struct attc_event event = {.kind = ATTC_NOTIFIED};

	if (len < WRITE_HEADER)
		return;
	event.handle = bytes_get16(pdu + 1);
	event.data = pdu + WRITE_HEADER;
	event.len = len - WRITE_HEADER;
	if (pdu[0] == ATT_INDICATION && !c->config.deaf)
		(void)c->config.send(c->config.ctx, &confirmation, 1);
	c->config.event(c->config.ctx, &event);
}

void attc_input(struct attc *c, const uint8_t *pdu, size_t len)
{
	uint8_t refusal[5] = {ATT_ERROR_RSP, 0, 0, 0, ATT_ERR_NOT_SUPPORTED};

	if (len == 0 || len > c->mtu)
		return;
	if (pdu[0] == ATT_NOTIFICATION || pdu[0] == ATT_INDICATION) {
		value_pushed(c, pdu, len);
	} else if (pdu[0] & 1u) {
		if (c->expected && pdu[0] == ATT_ERROR_RSP)
			error_response(c, pdu, len);
		else if (c->expected && pdu[0] == c->expected)
			response(c, pdu, len);
	} else if (!(pdu[0] & ATT_COMMAND_FLAG) && pdu[0] != ATT_CONFIRMATION) {
		/* A client is no server: it refuses requests. */
		refusal[1] = pdu[0];
		(void)c->config.send(c->config.ctx, refusal, sizeof(refusal));
	}
}

const struct attc_chr *attc_chrs(const struct attc *c, size_t *ret_count)
{
	*ret_count = c->chr_count;
	return c->chrs;
}

uint16_t attc_mtu(const struct attc *c)
{
	return c->mtu;
}

bool attc_busy(const struct attc *c)
{
	return c->op.kind != ATTC_OP_NONE || c->queue.len > 0;
}
