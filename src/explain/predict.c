/* SPDX-License-Identifier: Apache-2.0 */
/* See predict.h.  Here: the link layer, packet by packet. */
#include "explain/predict_priv.h"

#include <string.h>

#define PPM 1000000u
#define SECTOR 4096u
#define PLAYED_MAX                                                                                 \
	(4u * PREDICT_BLOCK) /* of a longer transfer; its second half goes for the rest */
#define DEVICE_HEARS_US 300u /* from the controller to the application */
#define HOST_HEARS_US 200u
#define REACT_US 2000000u /* a value lost with nothing behind it: the host asks */
#define L2CAP_HEADER 4u
#define NOTE_OCTETS (L2CAP_HEADER + OTA_ATT_HEADER + 13u) /* of the longest */
#define RESPONSE_OCTETS (L2CAP_HEADER + 1u)
#define STEPS_MAX 200000u
#define GOLDEN_PPM 618034u /* multiples of it, without their whole part, lie evenly */

/* --- the link layer */

static uint32_t frame_octets(const struct play *s, uint32_t len)
{
	return len + s->p->header + OTA_ATT_HEADER + L2CAP_HEADER;
}

static bool to_carry(const struct play *s)
{
	return s->left > 0 || s->stale > 0 || s->carried < s->queued;
}

static bool to_notify(const struct play *s, uint64_t t)
{
	return s->count > s->sent && s->notes[s->sent].at <= t;
}

/* Returns true if the adapter has sent all that it had for this event. */
static bool all_used(const struct play *s)
{
	const struct airtime_link *l = &s->p->link;

	return l->buffers > 0 && !l->refill && s->in_event >= l->buffers && s->buffer == 0;
}

/* A value fills as many buffers as it needs; each goes out in packets of the data length. */
static uint32_t buffer_left(const struct play *s)
{
	const uint32_t octets = s->p->link.buffer_octets;

	if (s->buffer > 0)
		return s->buffer;
	return octets > 0 ? min_u32(octets, s->left) : s->left;
}

/* The next value, or what is left of the one on the air. */
static uint32_t next_packet(struct play *s)
{
	if (s->unprepared || all_used(s))
		return 0;
	if (s->left == 0 && to_carry(s)) {
		s->left_stale = s->stale > 0;
		s->left_len = min_u32(s->payload, s->stale > 0 ? s->stale : s->queued - s->carried);
		s->left = frame_octets(s, s->left_len);
		if (s->left_stale)
			s->stale -= s->left_len;
	}
	return min_u32(buffer_left(s), s->p->link.data_length);
}

/* Returns true if the controller has another packet ready behind it. */
static bool more_behind(const struct play *s, uint32_t octets)
{
	const struct airtime_link *l = &s->p->link;
	const uint32_t len = s->left_stale ? 0 : s->left_len;

	if (s->unprepared)
		return false;
	if (buffer_left(s) > octets)
		return true;
	if (l->buffers > 0 && !l->refill && s->in_event + (s->buffer == 0 ? 1u : 0u) >= l->buffers)
		return false;
	return s->left > octets || s->stale > 0 || s->queued > s->carried + len;
}

/* Lost pairs come as seldom or often as chance has it, but evenly drawn. */
static bool pair_lost(struct play *s)
{
	if (s->keep_ppm == PPM)
		return false;
	s->survives = (uint32_t)((uint64_t)s->survives * s->keep_ppm / PPM);
	if (s->survives > s->draw)
		return false;
	s->survives = PPM;
	s->draw = (s->draw + GOLDEN_PPM) % PPM;
	return true;
}

/*
 * The time of a stall: so many values are under way behind the lost one, and all of them may be
 * lost as well.
 */
static uint64_t stall_us(const struct play *s)
{
	const uint32_t behind = s->p->window > s->payload ? s->p->window / s->payload - 1u : 0;
	uint64_t us = REACT_US;

	for (uint32_t i = 0; i < behind && us > 0; i++)
		us = us * s->p->drop_ppm / PPM;
	return us;
}

static void value_done(struct play *s, uint64_t at)
{
	const uint32_t len = s->left_len;
	const uint64_t told = play_still(s) ? s->still_end : at;

	if (s->left_stale)
		return;
	s->carried += len;
	if (s->lost) {
		/* Values behind a gap are thrown away, and the first one tells of it. */
		if (!s->gap) {
			s->gap_apart = s->received - s->gap_at;
			s->gap_at = s->received;
		}
		if (!s->gap || s->p->request)
			play_notify(s, told, !s->gap, s->p->request);
		s->gap = true;
		return;
	}
	s->drops += s->p->drop_ppm;
	/* The last one's loss would cost once what is scaled here. */
	if (s->drops >= PPM && s->carried < s->size) {
		s->drops -= PPM;
		s->drop_stall_us += s->queued > s->carried ? stall_us(s) : 0;
		s->lost = true;
		if (s->p->request)
			play_notify(s, told, false, true);
		return;
	}
	play_take(s, len, at);
}

/* The controller is full: the packet is refused, and sent again until there is room. */
static void refused(struct play *s, bool more)
{
	const uint32_t interval = s->p->link.interval_us;

	s->pair = s->op == PLAY_ERASE ? PREDICT_ERASE : PREDICT_WRITE;
	s->t = s->still_end;
	s->open = more;
	if (s->t < s->event_end)
		return;
	s->event_end += (s->t - s->event_end) / interval * interval + interval;
	s->in_event = s->buffer > 0 ? 1u : 0u;
}

static void sent(struct play *s, uint32_t octets, uint64_t down_end)
{
	if (octets == 0)
		return;
	if (s->buffer == 0)
		s->in_event++;
	s->buffer = buffer_left(s) - octets;
	s->data_us = s->t;
	s->left -= octets;
	if (play_still(s))
		s->held++;
	if (s->left == 0)
		value_done(s, down_end + DEVICE_HEARS_US);
}

/* All that has come until the host's turn is heard in it. */
static void heard(struct play *s)
{
	struct play_note *note = &s->notes[s->sent];

	note->at = s->sent > 0 && s->p->host_us > 0 ? s->notes[0].at
						    : s->t + HOST_HEARS_US + s->p->host_us;
	s->sent++;
}

/* The reason why nothing is on the air. */
static enum predict_spent idle(const struct play *s)
{
	static const enum predict_spent ops[] = {
		[PLAY_NONE] = PREDICT_TASK,
		[PLAY_ERASE] = PREDICT_ERASE,
		[PLAY_WRITE] = PREDICT_WRITE,
		[PLAY_READ] = PREDICT_READ,
	};
	const uint32_t bound = min_u32(s->limit, s->size);
	const bool late = s->op != PLAY_NONE && s->t >= s->still_end;

	if (s->lost)
		return PREDICT_GAPS;
	if (play_still(s))
		return ops[s->op];
	if (s->queued == s->size)
		return PREDICT_END;
	if (s->waiting)
		return PREDICT_RESPONSE;
	if (s->queued + min_u32(s->payload, s->size - s->queued) > bound)
		return late ? PREDICT_TASK : ops[s->op];
	if (s->t < s->stack_free)
		return PREDICT_STACK;
	return s->paced ? PREDICT_PACING : PREDICT_WINDOW;
}

/* Why an event with something left to carry is over. */
static enum predict_spent over(const struct play *s, bool lost)
{
	if (!to_carry(s))
		return PREDICT_SPENT;
	if (lost)
		return PREDICT_LOSS;
	return all_used(s) ? PREDICT_BUFFERS : PREDICT_AIR;
}

/* A packet of the host's and the device's answer. */
static void pair(struct play *s)
{
	const struct airtime_link *l = &s->p->link;
	const uint32_t empty = airtime_pdu_us(l->phy, 0, l->encrypted);
	const uint32_t octets = next_packet(s);
	const uint64_t down_end = s->t + airtime_pdu_us(l->phy, (uint16_t)octets, l->encrypted);
	const uint64_t answer = down_end + AIRTIME_T_IFS_US;
	bool more = more_behind(s, octets), note, lost;
	uint32_t up = empty, size;

	if (answer + empty + AIRTIME_T_IFS_US + (l->late ? AIRTIME_LATE_END_US : 0) >
	    s->event_end) {
		s->open = false;
		s->rest = over(s, false);
		return;
	}
	s->pair = octets > 0 ? PREDICT_AIR : idle(s);
	play_device(s, down_end);
	if (octets > 0 && play_still(s) && s->held >= s->p->held_pdus) {
		refused(s, more);
		return;
	}
	lost = pair_lost(s);
	note = to_notify(s, down_end);
	if (note) {
		size = s->notes[s->sent].response && !s->notes[s->sent].gap ? RESPONSE_OCTETS
									    : NOTE_OCTETS;
		up = airtime_pdu_us(l->phy, (uint16_t)size, l->encrypted);
		if (answer + up + AIRTIME_T_IFS_US > s->event_end) {
			note = false;
			more = true;
			up = empty;
		}
	}
	if (lost) {
		s->open = false;
		s->rest = over(s, true);
		return;
	}
	s->t = answer + up + AIRTIME_T_IFS_US;
	if (note) {
		heard(s);
		more = more || to_notify(s, down_end);
	}
	sent(s, octets, down_end);
	s->open = more;
	if (!more)
		s->rest = over(s, false) == PREDICT_BUFFERS ? PREDICT_BUFFERS : PREDICT_SPENT;
}

/* --- all of it */

/* When something happens that is not on the air. */
static uint64_t next_at(const struct play *s)
{
	uint64_t at = play_device_next(s);

	if (s->sent > 0 && s->notes[0].at < at)
		at = s->notes[0].at;
	if (s->count > s->sent && s->notes[s->sent].at > s->t && s->notes[s->sent].at < at)
		at = s->notes[s->sent].at;
	if (!s->waiting && play_host_next(s) > s->t && play_host_next(s) < at)
		at = play_host_next(s);
	return at;
}

/* Passes the time in which nothing is on the air, and neither side has anything for it. */
static bool wait(struct play *s)
{
	uint64_t at = next_at(s);

	if (at == PREDICT_NEVER && s->lost) {
		at = s->t + REACT_US;
		play_notify(s, at, true, s->p->request);
	}
	if (at == PREDICT_NEVER)
		return false;
	if (at > s->t)
		s->t = at;
	return true;
}

/* At the next anchor, if nothing happens before it. */
static void open_event(struct play *s)
{
	const uint64_t i = s->p->link.interval_us, at = next_at(s);
	uint64_t anchor = (s->t + i - 1) / i * i;

	if (anchor < s->event_end)
		anchor = s->event_end;
	if (at > s->t && at < anchor) {
		s->t = at;
		return;
	}
	s->t = anchor;
	s->rest = PREDICT_SPENT;
	s->event_end = anchor + i;
	s->in_event = s->buffer > 0 ? 1u : 0u;
	s->unprepared =
		s->p->link.late && s->data_us > 0 && s->data_us + AIRTIME_LATE_PREPARE_US > anchor;
	s->open = true;
}

/* Packets of full length that an event carries beside so many acknowledgements. */
static uint32_t beside(const struct airtime_link *l, uint32_t acks)
{
	const uint32_t ack = airtime_pdu_us(l->phy, NOTE_OCTETS, l->encrypted) -
			     airtime_pdu_us(l->phy, 0, l->encrypted);
	const uint32_t left = l->interval_us > acks * ack ? l->interval_us - acks * ack : 0;
	const uint32_t n = left / airtime_pair_us(l, airtime_fragment(l), 0);
	const uint32_t each = l->buffer_octets > l->data_length
				      ? (l->buffer_octets + l->data_length - 1u) / l->data_length
				      : 1u;

	return l->buffers > 0 && !l->refill ? min_u32(n, l->buffers * each) : n;
}

uint64_t predict_beside_acks(const struct airtime_link *link, uint64_t us, uint64_t each_us)
{
	const uint64_t alone = beside(link, 0);
	/* The acknowledgements in an event, in thousandths. */
	const uint64_t acks = each_us == 0 ? 0 : (uint64_t)link->interval_us * 1000u / each_us;
	const uint64_t few = beside(link, (uint32_t)(acks / 1000u));
	const uint64_t more = beside(link, (uint32_t)(acks / 1000u) + 1u);
	const uint64_t both = few * (1000u - acks % 1000u) + more * (acks % 1000u);

	return both == 0 ? us : us * alone * 1000u / both;
}

static bool play_init(struct play *s, const struct predict *p)
{
	const uint64_t keep = (uint64_t)(PPM - p->loss_ppm) * (PPM - p->loss_ppm) / PPM;

	memset(s, 0, sizeof(*s));
	if (airtime_ceiling(&p->link, p->value, p->request) == 0 || p->value <= p->header ||
	    p->size == 0)
		return false;
	s->p = p;
	s->size = p->size;
	s->image = p->image > 0 ? p->image : p->size;
	s->played = min_u32(p->size, PLAYED_MAX);
	s->payload = (uint32_t)p->value - p->header;
	s->gap_apart = UINT32_MAX;
	s->write_size = p->write_size > 0 && p->write_size < SECTOR ? p->write_size : SECTOR;
	s->keep_ppm = (uint32_t)keep;
	s->survives = PPM;
	s->draw = PPM / 2u;
	s->limit = s->acked_limit = p->ring == 0 ? s->size : min_u32(p->ring, s->size);
	return true;
}

/* Of flash alone: one operation after the other, each of which the task goes on from. */
static uint64_t block_us(const struct play *s)
{
	const struct predict *p = s->p;
	const uint64_t operations = PREDICT_BLOCK / s->write_size + PREDICT_BLOCK / SECTOR + 1u;

	return (uint64_t)p->erase_us + p->write_us + p->read_us + operations * p->late_us;
}

/* The ring is emptied, the image is looked at once more, and a sector is erased to have it boot. */
static uint64_t end_us(const struct play *s)
{
	const struct predict *p = s->p;
	const uint64_t left = play_image(s, s->received) - s->hashed;

	if (p->ring == 0)
		return 0;
	return left * (block_us(s) - p->erase_us) / PREDICT_BLOCK + p->erase_us / 4u +
	       (uint64_t)p->read_us * s->image / PREDICT_BLOCK / 4u;
}

/* The rest behind the blocks that were played takes as long as the last of these. */
static uint64_t scaled(const struct play *s, uint64_t first_us)
{
	const uint64_t rest = s->size - s->played;

	if (rest == 0)
		return s->t + s->drop_stall_us;
	return s->t + (s->t - first_us) * rest / (s->played - PREDICT_BLOCK) +
	       s->drop_stall_us * s->size / s->played;
}

static bool done(const struct play *s)
{
	if (s->played < s->size)
		return s->received >= s->played;
	return s->received == s->size && (s->p->ring == 0 || s->hashed == s->image);
}

/* One step, and what its time goes to; false where nothing can follow. */
static bool step(struct play *s, enum predict_spent *ret)
{
	play_device(s, s->t);
	play_host(s);
	if (s->open) {
		pair(s);
		*ret = s->pair;
	} else if (to_carry(s) || to_notify(s, s->t)) {
		/* Data that comes behind an event waits for the next for the same reason, unless
		 * that was the device's work, which may be over. */
		if (!to_carry(s) || (s->rest >= PREDICT_ERASE && s->rest <= PREDICT_TASK))
			s->rest = PREDICT_SPENT;
		*ret = s->rest == PREDICT_SPENT ? idle(s) : s->rest;
		open_event(s);
	} else {
		*ret = s->rest = idle(s);
		return wait(s);
	}
	return true;
}

uint64_t predict_spent(const struct predict *p, uint64_t ret[PREDICT_SPENT])
{
	enum predict_spent spent = PREDICT_AIR;
	uint64_t us, flash, from, first_us = 0;
	struct play s;

	memset(ret, 0, PREDICT_SPENT * sizeof(ret[0]));
	if (!play_init(&s, p))
		return 0;
	s.erased = p->ahead ? PREDICT_BLOCK : 0;
	play_device(&s, 0);
	for (uint32_t steps = 0; !done(&s) && steps < STEPS_MAX; steps++) {
		from = s.t;
		if (!step(&s, &spent))
			break;
		ret[spent] += s.t - from;
		if (first_us == 0 && s.received >= PREDICT_BLOCK)
			first_us = s.t;
	}
	us = scaled(&s, first_us);
	flash = p->ring == 0 ? 0 : block_us(&s) * s.image / PREDICT_BLOCK;
	return (us > flash ? us : flash) + end_us(&s);
}

uint64_t predict_us(const struct predict *p)
{
	uint64_t spent[PREDICT_SPENT];

	return predict_spent(p, spent);
}
