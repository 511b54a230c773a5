/* SPDX-License-Identifier: Apache-2.0 */
/* See predict.h. */
#include "explain/predict.h"

#include <string.h>

#define US 1000000ull
#define PPM 1000000u
#define NEVER UINT64_MAX
#define BLOCK 65536u
#define SECTOR 4096u
#define PLAYED_MAX (2u * BLOCK) /* of a longer transfer so much is played, and then scaled */
#define HEARD_US 500u /* from the air to the application, on either side */
#define ACK_DELAY_US 100000u /* the device acknowledges a smaller rest after that long */
#define REACT_US 2000000u /* a value lost with nothing behind it: the host asks */
/* A device acknowledges more often if values get lost: so often from one gap to the next. */
#define ACKS_FROM_GAP_TO_GAP 16u
#define ACK_GAPS_LEAST 512u
#define ACK_GAPS_MOST 2048u
#define L2CAP_HEADER 4u
#define ACK_OCTETS (L2CAP_HEADER + OTA_ATT_HEADER + 13u) /* of the longest */
#define STEPS_MAX 200000u

enum op { OP_NONE, OP_ERASE, OP_WRITE, OP_READ };

struct play {
	const struct predict *p;
	uint32_t size, payload;
	uint32_t ack_interval, write_size;
	uint64_t value_us; /* on the air, with its part of what events leave unused */
	uint64_t held_us, held_most_us; /* on the air: what the controller keeps, and may keep */
	uint64_t t; /* the air is free */
	/* host */
	uint32_t queued, acked, limit;
	uint64_t next_send;
	/* air: bytes carried in order; those behind a gap that still wait */
	uint32_t carried, stale;
	uint64_t drops;
	bool lost, gap; /* a value is missing; and the device has seen that */
	/* device */
	uint32_t arrived, received, flushed, erased, hashed;
	uint32_t acked_received, acked_limit;
	uint64_t last_data;
	enum op op;
	uint64_t op_end, still_end; /* its task goes on; the flash is done */
	bool awake; /* its code ran since */
	/* the ACK or GAP on its way */
	uint64_t news_at;
	uint32_t news_received, news_limit;
	bool news_gap;
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint64_t least_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_anchor(const struct play *s, uint64_t t)
{
	const uint64_t i = s->p->link.interval_us;

	return (t + i - 1) / i * i;
}

/* Sent in the event that is going on, or in the next. */
static void notify(struct play *s, uint64_t at, bool gap)
{
	const uint64_t ready = at + HEARD_US;
	const bool busy = s->carried < s->queued || s->stale > 0;

	/* All that has come until then is heard in one turn. */
	if (s->p->host_us == 0 || s->news_at == NEVER)
		s->news_at = (busy ? ready : next_anchor(s, ready)) + HEARD_US + s->p->host_us;
	s->news_received = s->received;
	s->news_limit = s->acked_limit;
	s->news_gap |= gap;
}

static void device_ack(struct play *s, uint64_t at, bool force)
{
	const struct predict *p = s->p;
	const uint32_t from = p->ring == 0 ? s->received : s->flushed;
	const uint32_t ring = p->ring == 0 ? s->size : p->ring;
	const uint32_t limit = min_u32(s->size - from, ring) + from;
	const uint32_t opened = limit - s->acked_limit, moved = s->received - s->acked_received;
	const bool dry = opened > 0 && s->acked_limit - s->received < ring / 2u;

	if (opened + moved == 0 || (!force && !dry && s->received < s->size &&
				    moved < s->ack_interval && opened < s->ack_interval))
		return;
	s->acked_received = s->received;
	s->acked_limit = limit;
	notify(s, at, false);
}

static bool stands_still(const struct play *s)
{
	return s->p->held_pdus > 0 && !s->awake && (s->op == OP_ERASE || s->op == OP_WRITE);
}

static void begin(struct play *s, enum op op, uint64_t at, uint64_t us)
{
	s->op = op;
	s->awake = false;
	s->still_end = at + us;
	s->op_end = at + us + s->p->late_us;
}

/* The device's next flash operation, as ota_core chooses it. */
static enum op next_op(const struct play *s)
{
	const uint32_t fill = s->received - s->flushed;

	if (s->flushed / BLOCK > s->hashed / BLOCK)
		return OP_READ;
	if (fill >= s->write_size || (s->received == s->size && fill > 0))
		return s->erased < min_u32(s->flushed + s->write_size, s->size) ? OP_ERASE
										: OP_WRITE;
	if (s->erased < s->size && s->erased < s->received + BLOCK)
		return OP_ERASE;
	if (s->flushed - s->hashed >= SECTOR || (s->flushed == s->size && s->hashed < s->size))
		return OP_READ;
	return OP_NONE;
}

static void device_work(struct play *s, uint64_t at)
{
	const struct predict *p = s->p;

	if (p->ring == 0 || s->op != OP_NONE)
		return;
	switch (next_op(s)) {
	case OP_ERASE:
		begin(s, OP_ERASE, at, p->erase_us);
		device_ack(s, at, true);
		break;
	case OP_WRITE:
		begin(s, OP_WRITE, at, (uint64_t)p->write_us * s->write_size / BLOCK);
		break;
	case OP_READ:
		begin(s, OP_READ, at, p->read_us / 16u);
		break;
	case OP_NONE:
		break;
	}
}

static void op_ended(struct play *s)
{
	const enum op op = s->op;

	s->op = OP_NONE;
	switch (op) {
	case OP_ERASE:
		s->erased += BLOCK;
		device_ack(s, s->op_end, false);
		break;
	case OP_WRITE:
		s->flushed = min_u32(s->flushed + s->write_size, s->received);
		device_ack(s, s->op_end, false);
		break;
	case OP_READ:
		s->hashed = min_u32(s->hashed + SECTOR, s->size);
		break;
	case OP_NONE:
		break;
	}
	device_work(s, s->op_end);
}

/* Whoever takes what arrived meanwhile comes before the next operation. */
static void wake(struct play *s, uint64_t t)
{
	if (!stands_still(s) || s->still_end > t)
		return;
	s->awake = true;
	s->held_us = 0;
	s->received = s->arrived;
	device_ack(s, s->still_end, false);
}

static void device_until(struct play *s, uint64_t t)
{
	wake(s, t);
	while (s->op != OP_NONE && s->op_end <= t) {
		op_ended(s);
		wake(s, t);
	}
	if (s->received > s->acked_received && t >= s->last_data + ACK_DELAY_US && !stands_still(s))
		device_ack(s, s->last_data + ACK_DELAY_US, true);
}

static void device_take(struct play *s, uint32_t len, uint64_t at)
{
	device_until(s, at);
	s->arrived += len;
	s->last_data = at;
	if (stands_still(s))
		return;
	s->received = s->arrived;
	device_ack(s, at, false);
	device_work(s, at);
}

static void host_hear(struct play *s)
{
	if (s->news_at > s->t)
		return;
	s->news_at = NEVER;
	s->acked = s->news_received;
	if (s->news_limit > s->limit)
		s->limit = s->news_limit;
	if (!s->news_gap)
		return;
	s->news_gap = s->gap = s->lost = false;
	s->stale += s->queued - s->carried;
	s->queued = s->carried = s->arrived;
	s->acked = s->received;
}

static void host_send(struct play *s)
{
	const uint32_t bound = min_u32(s->limit, s->size);
	uint32_t len;

	while (s->queued < bound && s->t >= s->next_send) {
		len = min_u32(s->payload, s->size - s->queued);
		if (s->queued > s->acked &&
		    (s->queued + len - s->acked > s->p->window || s->queued + len > bound))
			return;
		len = min_u32(len, bound - s->queued);
		s->queued += len;
		if (s->p->pacing_us > 0)
			s->next_send = s->t + s->p->pacing_us;
		if (s->p->request)
			return;
	}
}

/* Nothing to carry: until the host hears something, may send, or the device has done. */
static bool wait(struct play *s)
{
	uint64_t at = s->news_at;

	if (s->next_send > s->t && s->next_send < at)
		at = s->next_send;
	if (s->op != OP_NONE && s->op_end < at)
		at = s->op_end;
	if (at == NEVER && s->received > s->acked_received)
		at = s->last_data + ACK_DELAY_US;
	if (at == NEVER && s->lost) {
		at = s->t + REACT_US;
		notify(s, at, true);
	}
	if (at == NEVER)
		return false;
	if (at > s->t)
		s->t = at;
	device_until(s, s->t);
	return true;
}

/* The time of a value on the air.  What finds the controller full is sent until it has room. */
static void pass(struct play *s, uint64_t us)
{
	uint64_t step;

	for (; us > 0; us -= step) {
		device_until(s, s->t);
		step = us;
		if (stands_still(s)) {
			step = least_u64(step, s->still_end - s->t);
			step = least_u64(step, s->held_most_us - s->held_us);
			s->held_us += step;
		}
		s->t = step == 0 ? s->still_end : s->t + step;
	}
}

/* The response to a value comes from code that may stand still. */
static void pass_request(struct play *s)
{
	const uint64_t sent = s->t;
	uint64_t heard;

	device_until(s, sent);
	s->t += s->value_us;
	if (!stands_still(s) || s->still_end <= sent)
		return;
	heard = next_anchor(s, s->still_end) + s->p->link.interval_us;
	if (heard > s->t)
		s->t = heard;
}

static void carry(struct play *s)
{
	const uint32_t len = min_u32(s->payload, s->queued - s->carried);

	if (s->p->request)
		pass_request(s);
	else
		pass(s, s->value_us * len / s->payload);
	s->carried += len;
	s->drops += s->p->drop_ppm;
	if (s->lost) {
		/* Behind a gap: thrown away, and the first one tells of it. */
		s->drops -= s->p->drop_ppm;
		if (!s->gap)
			notify(s, s->t, true);
		s->gap = true;
		return;
	}
	/* The last one's loss would cost once what is scaled here. */
	if (s->drops >= PPM && s->carried < s->size) {
		s->drops -= PPM;
		s->lost = true;
		return;
	}
	device_take(s, len, s->t + HEARD_US);
}

/* An event ends at its first lost packet: expected pairs of n, each of which gets through by q. */
static uint64_t stretched(const struct predict *p, uint64_t us)
{
	const uint32_t pair = airtime_pair_us(&p->link, airtime_fragment(&p->link), 0);
	const uint64_t keep = (uint64_t)(PPM - p->loss_ppm) * (PPM - p->loss_ppm) / PPM;
	uint32_t n = p->link.interval_us / pair;
	uint64_t q = PPM, sum = 0;

	if (p->link.buffers > 0 && !p->link.refill && n > p->link.buffers)
		n = p->link.buffers;
	if (p->loss_ppm == 0 || n == 0)
		return us;
	for (uint32_t i = 0; i < n && q > 100; i++) {
		q = q * keep / PPM;
		sum += q;
	}
	return sum == 0 ? us * n : us * n * PPM / sum;
}

static uint32_t ack_interval(const struct predict *p)
{
	uint64_t every;

	if (p->drop_ppm == 0)
		return p->ack_interval;
	every = (uint64_t)p->value * PPM / p->drop_ppm / ACKS_FROM_GAP_TO_GAP;
	every = every < ACK_GAPS_LEAST	? ACK_GAPS_LEAST
		: every > ACK_GAPS_MOST ? ACK_GAPS_MOST
					: every;
	return min_u32(p->ack_interval, (uint32_t)every);
}

/* Packets of full length that an event carries beside so many acknowledgements. */
static uint32_t beside(const struct airtime_link *l, uint32_t acks)
{
	const uint32_t ack = airtime_pdu_us(l->phy, ACK_OCTETS, l->encrypted) -
			     airtime_pdu_us(l->phy, 0, l->encrypted);
	const uint32_t left = l->interval_us > acks * ack ? l->interval_us - acks * ack : 0;
	const uint32_t n = left / airtime_pair_us(l, airtime_fragment(l), 0);

	return l->buffers > 0 && !l->refill && n > l->buffers ? l->buffers : n;
}

uint64_t predict_beside_acks(const struct airtime_link *link, uint64_t us, uint64_t each_us)
{
	const uint64_t alone = beside(link, 0);
	/* So many in an event, in thousandths. */
	const uint64_t acks = each_us == 0 ? 0 : (uint64_t)link->interval_us * 1000u / each_us;
	const uint64_t few = beside(link, (uint32_t)(acks / 1000u));
	const uint64_t more = beside(link, (uint32_t)(acks / 1000u) + 1u);
	const uint64_t both = few * (1000u - acks % 1000u) + more * (acks % 1000u);

	return both == 0 ? us : us * alone * 1000u / both;
}

/* Packets that a value takes. */
static uint32_t pdus(const struct predict *p)
{
	const uint32_t octets = (uint32_t)p->value + OTA_ATT_HEADER + L2CAP_HEADER;
	const uint32_t fragment = airtime_fragment(&p->link);

	return (octets + fragment - 1u) / fragment;
}

static bool play_init(struct play *s, const struct predict *p)
{
	const uint32_t rate = airtime_ceiling(&p->link, p->value, p->request);
	uint64_t us;

	memset(s, 0, sizeof(*s));
	if (rate == 0 || p->value <= p->header || p->size == 0)
		return false;
	s->p = p;
	s->size = min_u32(p->size, PLAYED_MAX);
	s->payload = (uint32_t)p->value - p->header;
	s->ack_interval = ack_interval(p);
	s->write_size = p->write_size > 0 && p->write_size < SECTOR ? p->write_size : SECTOR;
	us = (uint64_t)p->value * US / rate;
	if (!p->request)
		us = predict_beside_acks(&p->link, us,
					 us * max_u32(s->ack_interval, s->payload) / s->payload);
	s->value_us = stretched(p, us);
	s->held_most_us = s->value_us * p->held_pdus / pdus(p);
	s->limit = s->acked_limit = p->ring == 0 ? s->size : min_u32(p->ring, s->size);
	s->news_at = NEVER;
	return true;
}

static bool done(const struct play *s)
{
	return s->received == s->size && (s->p->ring == 0 || s->hashed == s->size);
}

uint64_t predict_us(const struct predict *p)
{
	struct play s;
	uint64_t us, flash;

	if (!play_init(&s, p))
		return 0;
	device_work(&s, 0);
	for (uint32_t steps = 0; !done(&s) && steps < STEPS_MAX; steps++) {
		device_until(&s, s.t);
		host_hear(&s);
		host_send(&s);
		if (s.stale > 0) {
			pass(&s, s.value_us * s.stale / s.payload);
			s.stale = 0;
		} else if (s.carried < s.queued) {
			carry(&s);
		} else if (!wait(&s)) {
			break;
		} else if (s.queued == s.carried) {
			host_hear(&s);
			host_send(&s);
			if (s.carried < s.queued && !p->request)
				s.t = next_anchor(&s, s.t);
		}
	}
	us = s.t * p->size / s.size;
	flash = p->ring == 0 ? 0
			     : ((uint64_t)p->erase_us + p->write_us + p->read_us) * p->size / BLOCK;
	return us > flash ? us : flash;
}
