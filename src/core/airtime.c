/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceilings are counted rather than solved: a stream of equal values is cut into
 * data PDUs, these are laid into connection events one pair after the other,
 * and the position inside a value at which events start soon repeats.  Over one
 * such cycle the rate is exact, runt PDUs and unused tails of events included.
 */
#include "core/airtime.h"

#define EMPTY_OCTETS 0u
#define MIC_OCTETS 4u /* Core Vol 6 Part B 2.4 */
#define OVERHEAD_1M 10u /* preamble 1, access address 4, header 2, CRC 3 */
#define OVERHEAD_2M 11u /* preamble 2 */
#define L2CAP_HEADER 4u /* Core Vol 3 Part A 3.1 */
#define DATA_LENGTH_MIN 27u /* Core Vol 6 Part B 4.5.10 */
#define DATA_LENGTH_MAX 251u
#define INTERVAL_MIN_US 7500u
#define INTERVAL_MAX_US 4000000u
#define SAMPLE_PDUS 64u /* of a candidate that are laid into events */
#define RATE_SCALE 1000u
#define MORE_PDUS 4u /* than fill an event; shorter ones waste too much of them */
#define FILLED_GAIN 50u /* 2 %, below which a value that fills PDUs is safer */
#define MANY_PDUS 32u /* an event of that many has no end worth to be filled */
#define MAX_START_STATES 64u /* more than the PDUs that one value can be cut into */

/* A place in an endless stream of L2CAP frames of the same length. */
struct cursor {
	uint32_t frame; /* octets of each frame */
	uint32_t offset; /* of the next PDU in its frame */
	uint32_t fragment; /* octets left of the ACL fragment it belongs to; 0: begins one */
	bool unprepared; /* the event before was used up to an end that leaves a late central no time */
};

uint32_t airtime_pdu_us(enum ota_phy phy, uint16_t octets, bool encrypted)
{
	uint32_t payload = octets;

	if (encrypted && octets > 0)
		payload += MIC_OCTETS;
	return phy == OTA_PHY_2M ? (OVERHEAD_2M + payload) * 4u : (OVERHEAD_1M + payload) * 8u;
}

uint32_t airtime_pair_us(const struct airtime_link *link, uint16_t down, uint16_t up)
{
	return airtime_pdu_us(link->phy, down, link->encrypted) +
	       airtime_pdu_us(link->phy, up, link->encrypted) + 2u * AIRTIME_T_IFS_US;
}

uint16_t airtime_fragment(const struct airtime_link *link)
{
	if (link->buffer_octets > 0 && link->buffer_octets < link->data_length)
		return link->buffer_octets;
	return link->data_length;
}

static bool link_valid(const struct airtime_link *link)
{
	return (link->phy == OTA_PHY_1M || link->phy == OTA_PHY_2M) &&
	       link->data_length >= DATA_LENGTH_MIN && link->data_length <= DATA_LENGTH_MAX &&
	       link->interval_us >= INTERVAL_MIN_US && link->interval_us <= INTERVAL_MAX_US &&
	       (link->buffer_octets == 0 || link->buffer_octets >= DATA_LENGTH_MIN);
}

/* Octets of the PDU at the cursor. */
static uint16_t cursor_pdu(const struct airtime_link *link, const struct cursor *c)
{
	uint32_t octets = c->fragment;

	if (octets == 0) {
		octets = c->frame - c->offset;
		if (link->buffer_octets > 0 && octets > link->buffer_octets)
			octets = link->buffer_octets;
	}
	return (uint16_t)(octets < link->data_length ? octets : link->data_length);
}

static void cursor_advance(const struct airtime_link *link, struct cursor *c)
{
	uint16_t octets = cursor_pdu(link, c);

	if (c->fragment == 0) {
		c->fragment = c->frame - c->offset;
		if (link->buffer_octets > 0 && c->fragment > link->buffer_octets)
			c->fragment = link->buffer_octets;
	}
	c->fragment -= octets;
	c->offset += octets;
	if (c->offset == c->frame)
		c->offset = 0;
}

/*
 * Lays one connection event; returns how many frames ended in it.  A controller
 * that is not refilled holds N fragments when the event begins, the one that it
 * is in the middle of included.
 */
static uint32_t cursor_event(const struct airtime_link *link, struct cursor *c, bool once)
{
	bool limited = link->buffers > 0 && !link->refill;
	const uint32_t early = link->late ? AIRTIME_LATE_END_US : 0;
	uint32_t left = link->interval_us, fragments = 0, frames = 0, pair;

	if (c->unprepared) {
		c->unprepared = false;
		return 0;
	}
	for (;;) {
		pair = airtime_pair_us(link, cursor_pdu(link, c), EMPTY_OCTETS);
		if (pair + early > left)
			break;
		if (c->fragment == 0 || fragments == 0)
			fragments++;
		if (limited && fragments > link->buffers)
			break;
		left -= pair;
		cursor_advance(link, c);
		if (c->offset > 0)
			continue;
		frames++;
		if (once)
			break;
	}
	c->unprepared = link->late && left < AIRTIME_LATE_PREPARE_US;
	return frames;
}

uint32_t airtime_notification_us(const struct airtime_link *link, uint16_t value)
{
	const uint16_t octets = (uint16_t)(value + OTA_ATT_HEADER + L2CAP_HEADER);

	return airtime_pdu_us(link->phy, octets, link->encrypted) -
	       airtime_pdu_us(link->phy, EMPTY_OCTETS, link->encrypted);
}

static uint32_t rate(uint64_t bytes, uint64_t us)
{
	return (uint32_t)((bytes * 1000000u + us / 2u) / us);
}

static struct cursor cursor_start(uint16_t value)
{
	return (struct cursor){.frame = (uint32_t)value + OTA_ATT_HEADER + L2CAP_HEADER};
}

/*
 * The request takes as many events as its PDUs need, the response comes with
 * the first PDU of the next one, and by then it is too late for another request.
 */
static uint32_t ceiling_request(const struct airtime_link *link, uint16_t value)
{
	struct cursor c = cursor_start(value);
	uint64_t events = 2;

	while (cursor_event(link, &c, true) == 0)
		events++;
	return rate(value, events * link->interval_us);
}

/* Events repeat as soon as one begins at the same place of a frame as an earlier one. */
static uint32_t ceiling_stream(const struct airtime_link *link, uint16_t value)
{
	struct cursor c = cursor_start(value);
	uint32_t offset[MAX_START_STATES] = {0}, done[MAX_START_STATES] = {0}, frames = 0, state, i;

	for (uint32_t events = 0;; events++) {
		state = 2u * c.offset + c.unprepared;
		for (i = 0; i < events && offset[i] != state; i++)
			;
		if (i < events || events == MAX_START_STATES)
			return rate((uint64_t)(frames - done[i % events]) * value,
				    (uint64_t)(events - i % events) * link->interval_us);
		offset[events] = state;
		done[events] = frames;
		frames += cursor_event(link, &c, false);
	}
}

uint32_t airtime_ceiling(const struct airtime_link *link, uint16_t value, bool with_response)
{
	if (!link_valid(link) || value == 0 || value > OTA_VALUE_MAX)
		return 0;
	return with_response ? ceiling_request(link, value) : ceiling_stream(link, value);
}

/* --- the best value */

/* A candidate, and how much payload it carries. */
struct best {
	const struct airtime_link *link;
	uint16_t overhead, limit;
	bool with_response;
	uint16_t value;
	uint64_t rate, whole; /* whole: of the best that fills its PDUs */
};

/* Payload in so many microseconds, of a stream that has begun a while ago. */
static uint64_t payload_rate(const struct airtime_link *link, uint16_t value, uint16_t overhead)
{
	const uint32_t full = airtime_pair_us(link, airtime_fragment(link), EMPTY_OCTETS);
	const uint32_t wanted = SAMPLE_PDUS / (link->interval_us / full + 1u);
	struct cursor c = cursor_start(value);
	uint64_t octets = 0;
	uint32_t events = 0;

	do {
		octets += (uint64_t)cursor_event(link, &c, false) * c.frame;
		events++;
	} while (events < wanted);
	octets += c.offset;
	return octets * (value - overhead) * RATE_SCALE / c.frame / events;
}

static void consider(struct best *b, uint32_t frame, bool filled)
{
	const uint32_t around = OTA_ATT_HEADER + L2CAP_HEADER;
	uint64_t carried;
	uint16_t value;

	if (frame <= around + b->overhead || frame - around > b->limit)
		return;
	value = (uint16_t)(frame - around);
	if (b->with_response)
		carried = (uint64_t)ceiling_request(b->link, value) * (value - b->overhead) / value;
	else
		carried = payload_rate(b->link, value, b->overhead);
	/* On a tie the longer one: fewer values for the host to handle. */
	if (carried > b->rate + (filled ? b->whole / FILLED_GAIN : 0) ||
	    (carried == b->rate && value > b->value)) {
		b->rate = carried;
		b->value = value;
	}
}

/* Values of so many PDUs, of which so many PDUs just fill an event. */
static void consider_event(struct best *b, uint32_t pdus, uint32_t event)
{
	const struct airtime_link *link = b->link;
	const uint32_t fragment = airtime_fragment(link);
	const uint32_t full = airtime_pair_us(link, (uint16_t)fragment, EMPTY_OCTETS);
	const uint32_t octet =
		full - airtime_pair_us(link, (uint16_t)(fragment - 1u), EMPTY_OCTETS);
	const uint32_t least = airtime_pair_us(link, 1, EMPTY_OCTETS);
	const uint32_t last = event / pdus; /* PDUs of them that end a value */
	const uint32_t whole = (event - last) * full;
	uint32_t octets;

	if (last == 0 || whole >= link->interval_us || (link->interval_us - whole) / last < least)
		return;
	octets = ((link->interval_us - whole) / last - least) / octet + 1u;
	consider(b, (pdus - 1u) * fragment + octets, true);
}

/* The link is valid, though an event may have lost some of its time; least: PDUs of a value */
static uint16_t best_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
			   uint16_t overhead, bool with_response, bool whole, uint32_t least)
{
	struct best b = {.link = link, .overhead = overhead, .with_response = with_response};
	uint32_t frame, fragment, pdus, fit;

	b.limit = max_value < OTA_VALUE_MAX ? max_value : OTA_VALUE_MAX;
	if (mtu <= OTA_ATT_HEADER)
		return 0;
	if (b.limit > mtu - OTA_ATT_HEADER)
		b.limit = (uint16_t)(mtu - OTA_ATT_HEADER);
	fragment = airtime_fragment(link);
	frame = (uint32_t)b.limit + OTA_ATT_HEADER + L2CAP_HEADER;
	pdus = (frame + fragment - 1u) / fragment;
	fit = link->interval_us /
	      airtime_pair_us(link, (uint16_t)(frame < fragment ? frame : fragment), EMPTY_OCTETS);
	consider(&b, frame, false);
	for (uint32_t n = least; n <= pdus; n++)
		consider(&b, n * fragment, false);
	b.whole = b.rate;
	/* One PDU more an event, if each value ends in a shorter one. */
	for (uint32_t n = least; n <= pdus && fit < MANY_PDUS && !with_response && !whole; n++)
		for (uint32_t more = 1; more <= MORE_PDUS; more++)
			consider_event(&b, n, fit + more);
	return b.value;
}

uint16_t airtime_best_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
			    uint16_t overhead, bool with_response)
{
	return link_valid(link)
		       ? best_value(link, mtu, max_value, overhead, with_response, false, 1)
		       : 0;
}

uint16_t airtime_whole_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
			     uint16_t overhead)
{
	return link_valid(link) ? best_value(link, mtu, max_value, overhead, false, true, 1) : 0;
}

uint16_t airtime_answered_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
				uint16_t overhead, uint32_t answers_us)
{
	const uint16_t like = airtime_best_value(link, mtu, max_value, overhead, false);
	const uint32_t frame = (uint32_t)like + OTA_ATT_HEADER + L2CAP_HEADER;
	struct airtime_link rest = *link;
	uint32_t fragment;

	if (like == 0 || answers_us >= link->interval_us / 2u)
		return like;
	fragment = airtime_fragment(link);
	rest.interval_us -= answers_us;
	return best_value(&rest, mtu, max_value, overhead, false, false,
			  (frame + fragment - 1u) / fragment);
}
