/* SPDX-License-Identifier: Apache-2.0 */
/* The device in what is played: its ring, its flash, and when it acknowledges. */
#include "explain/predict_priv.h"

#define SECTOR 4096u
#define ACK_DELAY_US 100000u /* it acknowledges a smaller rest after that long */

void play_notify(struct play *s, uint64_t at, bool gap, bool response)
{
	const struct play_note note = {
		.at = at,
		.received = s->received,
		.limit = s->acked_limit,
		.gap = gap,
		.response = response,
	};
	struct play_note *last;

	if (s->count < PREDICT_NOTES) {
		s->notes[s->count++] = note;
		return;
	}
	last = &s->notes[PREDICT_NOTES - 1u];
	last->received = note.received;
	last->limit = note.limit;
	last->gap |= gap;
	last->response |= response;
}

uint32_t play_image(const struct play *s, uint32_t air)
{
	return (uint32_t)((uint64_t)air * s->image / s->size);
}

uint32_t play_air(const struct play *s, uint32_t image)
{
	return (uint32_t)((uint64_t)image * s->size / s->image);
}

/* Bytes of the air that left the ring: what is decoded leaves it a sector before the flash has it. */
static uint32_t taken(const struct play *s)
{
	const uint32_t ahead = s->image == s->size ? 0 : SECTOR;

	if (s->p->ring == 0)
		return s->received;
	return min_u32(play_air(s, min_u32(s->flushed + ahead, s->image)), s->received);
}

static void ack(struct play *s, uint64_t at, bool force)
{
	const struct predict *p = s->p;
	const uint32_t from = taken(s);
	const uint32_t ring = p->ring == 0 ? s->size : p->ring;
	const uint32_t limit = min_u32(s->size - from, ring) + from;
	const uint32_t opened = limit - s->acked_limit, moved = s->received - s->acked_received;
	const bool dry = opened > 0 && s->acked_limit - s->received < ring / 2u;
	const uint32_t step = ota_ack_step(p->ack_interval, s->gap_apart, s->received - s->gap_at);

	if (opened + moved == 0 ||
	    (!force && !dry && s->received < s->size && moved < step && opened < step))
		return;
	s->acked_received = s->received;
	s->acked_limit = limit;
	play_notify(s, at, false, false);
}

bool play_still(const struct play *s)
{
	return s->p->held_pdus > 0 && !s->awake && (s->op == PLAY_ERASE || s->op == PLAY_WRITE);
}

static void begin(struct play *s, enum play_op op, uint64_t at, uint64_t us)
{
	s->op = op;
	s->awake = false;
	s->still_end = at + us;
	s->op_end = at + us + s->p->late_us;
}

/* The next flash operation, as ota_core chooses it. */
static enum play_op next_op(const struct play *s)
{
	const uint32_t made = play_image(s, s->received), fill = made - s->flushed;

	if (s->flushed / PREDICT_BLOCK > s->hashed / PREDICT_BLOCK)
		return PLAY_READ;
	if (fill >= s->write_size || (s->received == s->size && fill > 0))
		return s->erased < min_u32(s->flushed + s->write_size, s->image) ? PLAY_ERASE
										 : PLAY_WRITE;
	if (s->erased < s->image && s->erased < made + PREDICT_BLOCK)
		return PLAY_ERASE;
	if (s->flushed - s->hashed >= SECTOR || (s->flushed == s->image && s->hashed < s->image))
		return PLAY_READ;
	return PLAY_NONE;
}

static void work(struct play *s, uint64_t at)
{
	const struct predict *p = s->p;

	if (p->ring == 0 || s->op != PLAY_NONE)
		return;
	switch (next_op(s)) {
	case PLAY_ERASE:
		begin(s, PLAY_ERASE, at, p->erase_us);
		ack(s, at, true);
		break;
	case PLAY_WRITE:
		begin(s, PLAY_WRITE, at, (uint64_t)p->write_us * s->write_size / PREDICT_BLOCK);
		break;
	case PLAY_READ:
		begin(s, PLAY_READ, at, p->read_us / 16u);
		break;
	case PLAY_NONE:
		break;
	}
}

static void op_ended(struct play *s)
{
	const enum play_op op = s->op;

	s->op = PLAY_NONE;
	switch (op) {
	case PLAY_ERASE:
		s->erased += PREDICT_BLOCK;
		ack(s, s->op_end, false);
		break;
	case PLAY_WRITE:
		s->flushed = min_u32(s->flushed + s->write_size, play_image(s, s->received));
		ack(s, s->op_end, false);
		break;
	case PLAY_READ:
		s->hashed = min_u32(s->hashed + SECTOR, s->image);
		break;
	case PLAY_NONE:
		break;
	}
	work(s, s->op_end);
}

static void answer(struct play *s, uint64_t at)
{
	if (s->unanswered)
		play_notify(s, at, false, true);
	s->unanswered = false;
}

/* A task that takes values which arrived meanwhile comes before the next operation. */
static void wake(struct play *s, uint64_t t)
{
	if (!play_still(s) || s->still_end > t)
		return;
	s->awake = true;
	s->held = 0;
	s->received = s->arrived;
	ack(s, s->still_end, false);
	answer(s, s->still_end);
}

static bool rest_is_due(const struct play *s, uint64_t t)
{
	return s->received > s->acked_received && t >= s->last_data + ACK_DELAY_US &&
	       !play_still(s);
}

void play_device(struct play *s, uint64_t t)
{
	wake(s, t);
	while (s->op != PLAY_NONE && s->op_end <= t) {
		op_ended(s);
		wake(s, t);
	}
	if (rest_is_due(s, t))
		ack(s, s->last_data + ACK_DELAY_US, true);
}

void play_take(struct play *s, uint32_t len, uint64_t at)
{
	play_device(s, at);
	s->arrived += len;
	s->last_data = at;
	s->unanswered = s->p->request;
	if (play_still(s))
		return;
	s->received = s->arrived;
	ack(s, at, false);
	answer(s, at);
	work(s, at);
}

uint64_t play_device_next(const struct play *s)
{
	uint64_t at = PREDICT_NEVER;

	if (play_still(s))
		return s->still_end;
	if (s->op != PLAY_NONE)
		at = s->op_end;
	if (s->received > s->acked_received && s->last_data + ACK_DELAY_US < at)
		at = s->last_data + ACK_DELAY_US;
	return at;
}
