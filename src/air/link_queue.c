/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of the link model: what a host hands over waits here for the air,
 * and what came through the air waits here for the host.
 *
 * On the way out there are two queues, as in a computer: the host's own, without
 * a bound (BlueZ has none), and the controller's ACL buffers behind it, which is
 * where back-pressure comes from.
 */
#include "air/link_priv.h"
#include "base/bytes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Space for a chunk's bytes behind its header, or NULL. */
static uint8_t *chunk_push(struct fifo *fifo, size_t len, bool start)
{
	struct link_chunk chunk = {.len = (uint32_t)len, .start = start};
	uint8_t *p = fifo_push(fifo, sizeof(chunk) + len);

	if (!p)
		return NULL;
	memcpy(p, &chunk, sizeof(chunk));
	return p + sizeof(chunk);
}

/* The first chunk's header, and its bytes. */
static struct link_chunk chunk_peek(const struct fifo *fifo, const uint8_t **ret_bytes)
{
	struct link_chunk chunk;
	const uint8_t *p = fifo_peek(fifo);

	memcpy(&chunk, p, sizeof(chunk));
	*ret_bytes = p + sizeof(chunk);
	return chunk;
}

bool link_ctrl_push(struct link_ctrl_queue *queue, const uint8_t *bytes, size_t len)
{
	struct link_ctrl *ctrl = &queue->ctrl[(queue->first + queue->count) % LINK_CTRL_QUEUE];

	if (queue->count == LINK_CTRL_QUEUE || len > LINK_CTRL_OCTETS)
		return false;
	queue->count++;
	ctrl->len = (uint8_t)len;
	memcpy(ctrl->bytes, bytes, len);
	return true;
}

void link_ctrl_pop(struct link_ctrl_queue *queue)
{
	queue->first = (queue->first + 1u) % LINK_CTRL_QUEUE;
	queue->count--;
}

unsigned int link_credits(const struct link *link, enum link_role role)
{
	const struct link_side *side = &link->sides[role];

	if (side->config.buffers == 0)
		return UINT_MAX;
	/* There may have been more of them a while ago. */
	return side->used < side->config.buffers ? side->config.buffers - side->used : 0;
}

size_t link_queued(const struct link *link, enum link_role role)
{
	const struct link_side *side = &link->sides[role];

	return side->host.len - side->host_frames * sizeof(struct link_chunk) - side->host_offset;
}

size_t link_in_controller(const struct link *link, enum link_role role)
{
	const struct link_side *side = &link->sides[role];
	unsigned int chunks = side->used - side->done;

	return side->buffers.len - chunks * sizeof(struct link_chunk) - side->buffer_offset;
}

/* Moves the host's frames on, in fragments, while there are buffers. */
static void link_queue_pump(struct link_side *side)
{
	const uint8_t *bytes;
	struct link_chunk frame;
	uint32_t len;
	uint8_t *p;

	while (side->host.len > 0 && link_credits(side->link, side->role) > 0) {
		frame = chunk_peek(&side->host, &bytes);
		len = frame.len - side->host_offset;
		if (side->config.buffer_octets > 0 && len > side->config.buffer_octets)
			len = side->config.buffer_octets;
		p = chunk_push(&side->buffers, len, side->host_offset == 0);
		if (!p)
			return;
		memcpy(p, bytes + side->host_offset, len);
		side->used++;
		side->host_offset += len;
		if (side->host_offset < frame.len)
			continue;
		fifo_pop(&side->host, sizeof(frame) + frame.len);
		side->host_frames--;
		side->host_offset = 0;
	}
}

int link_send(struct link *link, enum link_role role, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct link_side *side = &link->sides[role];
	uint8_t *p;

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	if (len > LINK_FRAME_MAX)
		return -OTA_EMSGSIZE;
	if (side->config.queue_frames > 0 && side->host_frames >= side->config.queue_frames) {
		side->refused = true;
		return -OTA_EAGAIN;
	}
	p = chunk_push(&side->host, LINK_HEADER + len, true);
	if (!p)
		return -OTA_ENOMEM;
	bytes_put16(p, (uint16_t)len);
	bytes_put16(p + 2, cid);
	if (len > 0)
		memcpy(p + LINK_HEADER, buf, len);
	side->host_frames++;
	link_queue_pump(side);
	link_air_wake(link);
	return 0;
}

int link_send_fragment(struct link *link, enum link_role role, bool start, const uint8_t *buf,
		       size_t len)
{
	struct link_side *side = &link->sides[role];
	uint8_t *p;

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	if (len == 0 || len > LINK_FRAME_MAX + LINK_HEADER ||
	    (side->config.buffer_octets > 0 && len > side->config.buffer_octets))
		return -OTA_EMSGSIZE;
	if (link_credits(link, role) == 0)
		return -OTA_EAGAIN;
	p = chunk_push(&side->buffers, len, start);
	if (!p)
		return -OTA_ENOMEM;
	memcpy(p, buf, len);
	side->used++;
	link_air_wake(link);
	return 0;
}

bool link_queue_empty(const struct link_side *side)
{
	return side->host.len == 0 && side->buffers.len == 0 && side->ctrl_out.count == 0 &&
	       side->wanted == 0;
}

static bool data_may_go(const struct link_side *side)
{
	return side->buffers.len > 0 && !side->terminating && !side->paused;
}

bool link_queue_more(const struct link_side *side, const struct link_pdu *pdu)
{
	const unsigned int ctrls = side->ctrl_out.count;
	struct link_chunk chunk;
	const uint8_t *bytes;

	switch (pdu->kind) {
	case LINK_PDU_NONE:
	case LINK_PDU_EMPTY:
		return !side->leaving && (ctrls > 0 || data_may_go(side));
	case LINK_PDU_CTRL:
		return !side->terminating && (ctrls > 1 || data_may_go(side));
	case LINK_PDU_DATA:
		break;
	}
	chunk = chunk_peek(&side->buffers, &bytes);
	return ctrls > 0 || chunk.len - side->buffer_offset > pdu->len ||
	       side->buffers.len > sizeof(chunk) + chunk.len;
}

struct link_pdu link_queue_next(const struct link_side *side)
{
	const struct link_ctrl_queue *ctrl = &side->ctrl_out;
	struct link_pdu pdu = {.kind = LINK_PDU_EMPTY};
	struct link_chunk chunk;
	const uint8_t *bytes;
	uint32_t left;

	if (side->leaving)
		return pdu;
	if (ctrl->count > 0) {
		pdu.kind = LINK_PDU_CTRL;
		pdu.len = ctrl->ctrl[ctrl->first].len;
	} else if (data_may_go(side)) {
		chunk = chunk_peek(&side->buffers, &bytes);
		left = chunk.len - side->buffer_offset;
		pdu.kind = LINK_PDU_DATA;
		pdu.start = chunk.start && side->buffer_offset == 0;
		pdu.len = (uint16_t)(left < side->link->state.data_length
					     ? left
					     : side->link->state.data_length);
	}
	if (pdu.kind != LINK_PDU_EMPTY)
		pdu.md = link_queue_more(side, &pdu);
	return pdu;
}

const uint8_t *link_queue_bytes(const struct link_side *side)
{
	const uint8_t *bytes = NULL;

	switch (side->out.kind) {
	case LINK_PDU_NONE:
	case LINK_PDU_EMPTY:
		break;
	case LINK_PDU_DATA:
		(void)chunk_peek(&side->buffers, &bytes);
		bytes += side->buffer_offset;
		break;
	case LINK_PDU_CTRL:
		bytes = side->ctrl_out.ctrl[side->ctrl_out.first].bytes;
		break;
	}
	return bytes;
}

static void buffer_acked(struct link_side *side)
{
	const uint8_t *bytes;
	struct link_chunk chunk = chunk_peek(&side->buffers, &bytes);

	side->buffer_offset += side->out.len;
	if (side->buffer_offset < chunk.len)
		return;
	fifo_pop(&side->buffers, sizeof(chunk) + chunk.len);
	side->buffer_offset = 0;
	side->done++;
	if (side->config.refill || side->config.buffers == 0)
		link_queue_give_back(side);
}

void link_queue_acked(struct link_side *side)
{
	enum link_pdu_kind kind = side->out.kind;
	struct link_ctrl ctrl;

	side->out.kind = LINK_PDU_NONE;
	switch (kind) {
	case LINK_PDU_NONE:
	case LINK_PDU_EMPTY:
		break;
	case LINK_PDU_DATA:
		buffer_acked(side);
		break;
	case LINK_PDU_CTRL:
		ctrl = side->ctrl_out.ctrl[side->ctrl_out.first];
		link_ctrl_pop(&side->ctrl_out);
		link_ll_acked(side, &ctrl);
		break;
	}
}

void link_queue_give_back(struct link_side *side)
{
	const struct link_ops *ops = side->config.ops;
	unsigned int count = side->done;

	if (count == 0 || side->gone)
		return;
	side->used -= count;
	side->done = 0;
	link_queue_pump(side);
	if (ops && ops->completed)
		ops->completed(side->config.ctx, count);
	link_news_writable(side);
}
