/* SPDX-License-Identifier: Apache-2.0 */
/* The client's operations, one after the other, as over one bearer of ATT. */
#include "serve/serve_priv.h"

#include <stdlib.h>
#include <string.h>

static void answer(struct serve *s, void *token, int status, const uint8_t *buf, size_t len)
{
	if (token)
		s->config.front->answer(s->config.front_ctx, token, status, buf, len);
}

/* Takes the first off the queue. */
static void finish_op(struct serve *s, int status, const uint8_t *buf, size_t len)
{
	struct serve_op *op = s->ops;
	void *token = op->token;

	s->ops = op->next;
	if (!s->ops)
		s->last = &s->ops;
	s->waiting--;
	s->busy = false;
	free(op);
	answer(s, token, status, buf, len);
}

void serve_ops_drop(struct serve *s)
{
	while (s->ops)
		finish_op(s, -OTA_ENOTCONN, NULL, 0);
	s->hears = false;
}

/* --- to the device */

/* If the front cannot tell request from command: a dialect without acknowledgements has nothing
 * but the answer to hold a client back. */
static enum gatt_write untold(const struct serve *s, enum gatt_chr chr)
{
	const struct gatt_entry *e = gatt_table_find(&s->own, s->handles[chr]);

	if (e && !(e->properties & GATT_PROP_WRITE_COMMAND))
		return GATT_REQUEST;
	if (e && !(e->properties & GATT_PROP_WRITE))
		return GATT_COMMAND;
	if (s->config.data == SERVE_DATA_BOTH)
		return s->dialect->has_acknowledgements ? GATT_COMMAND : GATT_REQUEST;
	return s->config.data == SERVE_DATA_REQUEST ? GATT_REQUEST : GATT_COMMAND;
}

static enum gatt_write mode_of(const struct serve *s, const struct serve_op *op)
{
	switch (op->mode) {
	case GRADE_REQUEST:
		return GATT_REQUEST;
	case GRADE_COMMAND:
		return GATT_COMMAND;
	case GRADE_UNTOLD:
		break;
	}
	return untold(s, op->chr);
}

/* Longer than the device's link takes: as the device's ATT server would, it is dropped. */
static bool too_long(const struct serve *s, const struct serve_op *op)
{
	return op->chr == GATT_DATA && op->len + OTA_ATT_HEADER > s->mtu;
}

/* 0: an event follows; 1: it is done; negative: it failed. */
static int begin_write(struct serve *s, const struct serve_op *op)
{
	const enum gatt_write mode = mode_of(s, op);
	struct transport *t = s->config.t;
	int rc;

	if (too_long(s, op))
		return mode == GATT_REQUEST ? -OTA_EMSGSIZE : 1;
	rc = t->ops->write(t, op->chr, mode, op->data, op->len);
	if (rc == 0 && mode != GATT_REQUEST)
		return 1;
	return rc;
}

static int begin(struct serve *s, const struct serve_op *op)
{
	struct transport *t = s->config.t;

	switch (op->kind) {
	case SERVE_OP_READ:
		return t->ops->read(t, op->chr);
	case SERVE_OP_WRITE:
		return begin_write(s, op);
	case SERVE_OP_SUBSCRIBE:
		return t->ops->subscribe(t, op->chr);
	case SERVE_OP_UNSUBSCRIBE:
		return 1; /* the device goes on, and its notifications go nowhere */
	}
	return 1;
}

static void join(struct serve *s)
{
	struct transport *t = s->config.t;

	/* The link's MTU decides what the device tells: nothing is done before it is known. */
	if (s->mtu == 0 || !s->ops)
		return;
	if (t->ops->offer_mtu)
		(void)t->ops->offer_mtu(t, s->mtu);
	if (t->ops->connect(t, s->address) == 0)
		s->phase = SERVE_JOINING;
}

void serve_ops_pump(struct serve *s)
{
	int rc;

	if (s->phase == SERVE_AIR)
		join(s);
	while (s->phase == SERVE_UP && s->ops && !s->busy) {
		rc = begin(s, s->ops);
		s->busy = rc == 0 || rc == -OTA_EAGAIN || rc == -OTA_EBUSY;
		s->again = rc == -OTA_EAGAIN || rc == -OTA_EBUSY;
		if (!s->busy)
			finish_op(s, rc < 0 ? rc : 0, NULL, 0);
	}
}

/* --- from the device */

/* Returns true if the event ends what is under way. */
static bool is_its_answer(const struct serve *s, const struct transport_event *e)
{
	static const enum transport_event_kind answers[] = {
		[SERVE_OP_READ] = TRANSPORT_READ,
		[SERVE_OP_WRITE] = TRANSPORT_WRITTEN,
		[SERVE_OP_SUBSCRIBE] = TRANSPORT_SUBSCRIBED,
		[SERVE_OP_UNSUBSCRIBE] = TRANSPORT_SUBSCRIBED,
	};

	return s->busy && !s->again && answers[s->ops->kind] == e->kind && s->ops->chr == e->chr;
}

static void notified(struct serve *s, const struct transport_event *e)
{
	const uint16_t handle = e->chr == GATT_CONTROL ? s->events : s->handles[e->chr];

	if (e->chr == GATT_CONTROL && s->dialect->family == DIALECT_OTABENCH)
		grade_notified(&s->grade, e->data, e->len);
	if (e->chr == GATT_CONTROL && !s->hears)
		return;
	serve_tell(s,
		   (struct serve_news){
			   .kind = SERVE_NOTIFIED, .chr = e->chr, .data = e->data, .len = e->len});
	s->config.front->notify(s->config.front_ctx, handle, e->data, e->len);
}

/* Tries the write again that was refused because there was no room; there is some now. */
static void again(struct serve *s)
{
	int rc;

	if (!s->busy || !s->again)
		return;
	rc = begin(s, s->ops);
	s->again = rc == -OTA_EAGAIN || rc == -OTA_EBUSY;
	if (rc != 0 && !s->again)
		finish_op(s, rc < 0 ? rc : 0, NULL, 0);
}

void serve_ops_event(struct serve *s, const struct transport_event *e)
{
	if (s->phase != SERVE_UP)
		return;
	if (e->kind == TRANSPORT_NOTIFIED) {
		notified(s, e);
		return;
	}
	if (e->kind == TRANSPORT_WRITABLE) {
		again(s);
	} else if (is_its_answer(s, e)) {
		if (e->kind == TRANSPORT_READ && e->chr == GATT_INFO && e->status == 0)
			grade_info(&s->grade, e->data, e->len);
		finish_op(s, e->status, e->data, e->len);
	}
	serve_ops_pump(s);
}

/* --- from the client */

/* GATT_CHRS: none that the device is asked for by anybody. */
static enum gatt_chr chr_of(const struct serve *s, uint16_t handle, bool events)
{
	if (events && handle == s->events)
		return GATT_CONTROL;
	for (unsigned int i = 0; i < GATT_CHRS; i++)
		if (s->handles[i] != 0 && s->handles[i] == handle)
			return (enum gatt_chr)i;
	return GATT_CHRS;
}

static void take_mtu(struct serve *s, uint16_t mtu)
{
	struct transport *t = s->config.t;

	if (mtu < OTA_ATT_MTU_MIN || mtu == s->mtu)
		return;
	s->mtu = mtu;
	grade_mtu(&s->grade, mtu);
	if (s->phase == SERVE_UP && t->ops->offer_mtu)
		(void)t->ops->offer_mtu(t, mtu);
	serve_tell(s, (struct serve_news){.kind = SERVE_MTU, .number = mtu});
}

/*
 * Grades an operation as it comes, and not when the device gets it: the client wrote it without
 * knowing of later notifications.
 */
static void grade_op(struct serve *s, const struct serve_op *op, const uint8_t *buf)
{
	grade_at(&s->grade, s->config.t->ops->now_us(s->config.t));
	if (op->kind == SERVE_OP_SUBSCRIBE || op->kind == SERVE_OP_UNSUBSCRIBE) {
		if (op->chr != GATT_CONTROL)
			return;
		s->hears = op->kind == SERVE_OP_SUBSCRIBE;
		grade_subscribed(&s->grade, s->hears);
	}
	if (op->kind != SERVE_OP_WRITE || s->dialect->family != DIALECT_OTABENCH)
		return;
	if (op->chr == GATT_CONTROL)
		grade_control(&s->grade, op->mode, buf, op->len);
	else if (op->chr == GATT_DATA)
		grade_data(&s->grade, op->mode, buf, op->len);
}

static void add(struct serve *s, struct serve_op like, const uint8_t *buf)
{
	struct serve_op *op = NULL;

	if (!s->client)
		answer(s, like.token, -OTA_ENOTCONN, NULL, 0);
	else if (like.chr == GATT_CHRS)
		answer(s, like.token, -OTA_ENOTSUP, NULL, 0);
	else if (like.len > OTA_VALUE_MAX)
		answer(s, like.token, -OTA_EMSGSIZE, NULL, 0);
	else if (s->waiting >= SERVE_WAITING || !(op = malloc(sizeof(*op) + like.len)))
		answer(s, like.token, -OTA_ENOMEM, NULL, 0);
	if (s->client)
		grade_op(s, &like, buf);
	serve_judge(s);
	if (!op)
		return;
	*op = like;
	if (like.len > 0)
		memcpy(op->data, buf, like.len);
	*s->last = op;
	s->last = &op->next;
	s->waiting++;
	serve_ops_pump(s);
}

void serve_client_subscribed(struct serve *s, uint16_t handle, bool on)
{
	const enum gatt_chr chr = chr_of(s, handle, true);

	if (chr == GATT_CONTROL)
		serve_tell(s, (struct serve_news){.kind = SERVE_SUBSCRIBED, .number = on});
	add(s,
	    (struct serve_op){.kind = on ? SERVE_OP_SUBSCRIBE : SERVE_OP_UNSUBSCRIBE, .chr = chr},
	    NULL);
}

void serve_client_read(struct serve *s, uint16_t handle, uint16_t mtu, void *token)
{
	const enum gatt_chr chr = chr_of(s, handle, false);

	take_mtu(s, mtu);
	serve_tell(s, (struct serve_news){.kind = SERVE_READ, .chr = chr});
	add(s, (struct serve_op){.kind = SERVE_OP_READ, .chr = chr, .token = token}, NULL);
}

void serve_client_wrote(struct serve *s, uint16_t handle, uint16_t mtu, enum grade_mode mode,
			const uint8_t *buf, size_t len, void *token)
{
	const enum gatt_chr chr = chr_of(s, handle, false);

	take_mtu(s, mtu);
	if (chr == GATT_CONTROL || chr == GATT_DATA)
		serve_tell(s, (struct serve_news){.kind = chr == GATT_DATA ? SERVE_VALUE
									   : SERVE_COMMAND,
						  .chr = chr,
						  .data = buf,
						  .len = len});
	add(s,
	    (struct serve_op){
		    .kind = SERVE_OP_WRITE, .chr = chr, .mode = mode, .token = token, .len = len},
	    buf);
}
