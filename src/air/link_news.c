/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of what came through the air for a host: it waits until the host's latency is over,
 * while its processor stands still, and while its task is blocked.  In the last case the host's
 * pool fills first, then the controller, which waits for a buffer for so long and then drops a PDU.
 */
#include "air/link_priv.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* A stopped host cannot be told; it is when it goes on. */
static bool writable_due(const struct link_side *side)
{
	return side->refused && !side->held && !side->gone &&
	       side->host_frames < side->config.queue_frames;
}

static void tell_writable(struct link_side *side)
{
	const struct link_ops *ops = side->config.ops;

	side->refused = false;
	if (ops && ops->writable)
		ops->writable(side->config.ctx);
}

void link_news_writable(struct link_side *side)
{
	if (writable_due(side))
		tell_writable(side);
}

/* --- a blocked task */

/* PDUs move from the controller into the pool as far as it has room.  The first that has
 * none waits, for drop_us in which the controller's own task runs. */
static void pool(struct link_side *side)
{
	const uint32_t room = side->config.host_pdus;
	struct sched *sched = side->link->sched;

	if (!side->blocked || side->held)
		return;
	side->pooled = side->news_pdus < room ? side->news_pdus : room;
	if (side->news_pdus > room && side->config.drop_us > 0 && !sched_armed(&side->drop_event))
		sched_at(sched, &side->drop_event, sched_now(sched) + side->drop_left_us);
}

/* Drops the first PDU that the pool has no room for. */
void link_news_drop(void *ctx, uint64_t now_us)
{
	struct link_side *side = ctx;
	uint32_t before = side->pooled;
	struct link_news news;
	size_t at = 0;

	(void)now_us;
	side->drop_left_us = side->config.drop_us;
	while (at < side->news.len) {
		memcpy(&news, fifo_peek(&side->news) + at, sizeof(news));
		if (news.kind == LINK_NEWS_PDU && before-- == 0) {
			fifo_cut(&side->news, at, sizeof(news) + news.len);
			side->news_pdus--;
			side->stats.dropped++;
			break;
		}
		at += sizeof(news) + news.len;
	}
	pool(side);
}

/* --- news */

/* Arms the event for the news that the host hears next. */
static void news_arm(struct link_side *side)
{
	struct link_news news;

	if (side->held || side->blocked || side->news.len == 0)
		return;
	memcpy(&news, fifo_peek(&side->news), sizeof(news));
	sched_at(side->link->sched, &side->news_event, news.at_us);
}

static bool news_push(struct link_side *side, const struct link_news *news, const uint8_t *bytes)
{
	uint8_t *p = fifo_push(&side->news, sizeof(*news) + news->len);

	if (!p)
		return false;
	memcpy(p, news, sizeof(*news));
	if (news->len > 0)
		memcpy(p + sizeof(*news), bytes, news->len);
	if (!sched_armed(&side->news_event))
		news_arm(side);
	return true;
}

/* False when there is no room: the PDU is then not acknowledged. */
bool link_news_pdu(struct link_side *side, const struct link_pdu *pdu, const uint8_t *bytes)
{
	const struct link_ops *ops = side->config.ops;
	struct link_news news = {
		.at_us = sched_now(side->link->sched) + side->config.host_latency_us,
		.kind = LINK_NEWS_PDU,
		.len = pdu->len,
		.start = pdu->start,
	};

	if (side->config.receive_pdus > 0 &&
	    side->news_pdus - side->pooled >= side->config.receive_pdus)
		return false;
	if (ops && ops->can_take && !ops->can_take(side->config.ctx, pdu->len))
		return false;
	if (!news_push(side, &news, bytes))
		return false;
	side->news_pdus++;
	pool(side);
	return true;
}

void link_news_tell(struct link_side *side, enum link_news_kind kind, uint8_t procedure,
		    uint8_t code)
{
	struct link_news news = {
		.at_us = sched_now(side->link->sched) + side->config.host_latency_us,
		.kind = kind,
		.procedure = procedure,
		.code = code,
	};

	(void)news_push(side, &news, NULL);
}

static bool frame_reserve(struct link_side *side, size_t size)
{
	uint8_t *frame;

	if (size <= side->frame_size)
		return true;
	frame = realloc(side->frame, size);
	if (!frame)
		return false;
	side->frame = frame;
	side->frame_size = size;
	return true;
}

/* Vol 3 Part A 7.2.2: what does not add up to the length in its header is dropped. */
static void reassemble(struct link_side *side, bool start, const uint8_t *bytes, size_t len)
{
	size_t whole;

	if (start) {
		side->frame_open = true;
		side->frame_len = 0;
	}
	if (!side->frame_open)
		return;
	if (!frame_reserve(side, side->frame_len + len)) {
		side->frame_open = false;
		return;
	}
	memcpy(side->frame + side->frame_len, bytes, len);
	side->frame_len += len;
	if (side->frame_len < LINK_HEADER)
		return;
	whole = LINK_HEADER + bytes_get16(side->frame);
	if (side->frame_len < whole)
		return;
	side->frame_open = false;
	if (side->frame_len == whole && side->config.ops->frame)
		side->config.ops->frame(side->config.ctx, bytes_get16(side->frame + 2),
					side->frame + LINK_HEADER, whole - LINK_HEADER);
}

static void news_deliver(struct link_side *side, const struct link_news *news, const uint8_t *bytes)
{
	const struct link_ops *ops = side->config.ops;

	if (!ops)
		return;
	switch (news->kind) {
	case LINK_NEWS_PDU:
		if (ops->fragment)
			ops->fragment(side->config.ctx, news->start, bytes, news->len);
		else
			reassemble(side, news->start, bytes, news->len);
		break;
	case LINK_NEWS_KEY_WANTED:
		link_ll_ask_key(side);
		break;
	case LINK_NEWS_CHANGED:
		if (ops->changed)
			ops->changed(side->config.ctx, (enum link_procedure)news->procedure,
				     news->code);
		break;
	case LINK_NEWS_DISCONNECTED:
		if (ops->disconnected)
			ops->disconnected(side->config.ctx, news->code);
		break;
	}
}

/* Tells the host one thing.  The next one is armed before, because after the last
 * one the link may be no more. */
void link_news_run(void *ctx, uint64_t now_us)
{
	struct link_side *side = ctx;
	uint8_t bytes[UINT8_MAX];
	struct link_news news;

	if (side->held)
		return;
	if (writable_due(side)) {
		news_arm(side);
		tell_writable(side);
		return;
	}
	if (side->blocked || side->news.len == 0)
		return;
	memcpy(&news, fifo_peek(&side->news), sizeof(news));
	if (news.at_us > now_us) {
		news_arm(side);
		return;
	}
	memcpy(bytes, fifo_peek(&side->news) + sizeof(news), news.len);
	fifo_pop(&side->news, sizeof(news) + news.len);
	if (news.kind == LINK_NEWS_PDU)
		side->news_pdus--;
	news_arm(side);
	news_deliver(side, &news, bytes);
}

/* Delivers the news that is due, once the host may be told again. */
static void news_resume(struct link_side *side)
{
	if (writable_due(side))
		sched_at(side->link->sched, &side->news_event, sched_now(side->link->sched));
	else if (!sched_armed(&side->news_event))
		news_arm(side);
}

void link_hold(struct link *link, enum link_role role, bool on)
{
	struct link_side *side = &link->sides[role];

	if (on == side->held)
		return;
	side->held = on;
	if (!on) {
		pool(side);
		news_resume(side);
		return;
	}
	sched_cancel(link->sched, &side->news_event);
	if (sched_armed(&side->drop_event))
		side->drop_left_us = (uint32_t)(side->drop_event.at_us - sched_now(link->sched));
	sched_cancel(link->sched, &side->drop_event);
}

void link_block(struct link *link, enum link_role role, bool on)
{
	struct link_side *side = &link->sides[role];

	if (on == side->blocked)
		return;
	side->blocked = on;
	side->pooled = 0;
	side->drop_left_us = side->config.drop_us;
	sched_cancel(link->sched, &side->drop_event);
	if (on)
		sched_cancel(link->sched, &side->news_event);
	pool(side);
	if (!on && !side->held)
		news_resume(side);
}
