/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending: chunk, window, pacing, and the watch over progress.
 *
 * Bytes in flight are bounded by the device's credit, by the window and by
 * the sequence numbers, whatever the stack would still take: a stack queues
 * without end and tells nothing, so bytes beyond that would only make a cancel
 * slow and a lost link expensive.
 */
#include "core/session_priv.h"
#include "base/bytes.h"
#include "ota/stream.h"

/* Sent in all, before it counts as going nowhere: a lost value costs a window, which is some
 * thirty values; an image that turns out wrong costs an image, as often as there are tries. */
#define HEADWAY_RATIO 32u /* times what the device has received */
#define HEADWAY_IMAGES 2u
#define HEADWAY_BYTES (1u << 20)

void session_link(const struct session *s, struct airtime_link *ret)
{
	const struct ota_link *told = &s->stats.link;

	s->ops->link(s->ctx, ret);
	if (told->code == 0xff)
		return;
	if (told->rx_octets >= 27 && told->rx_octets <= 251)
		ret->data_length = told->rx_octets;
	if (told->rx_phy == OTA_PHY_1M || told->rx_phy == OTA_PHY_2M)
		ret->phy = (enum ota_phy)told->rx_phy;
	if (told->interval > 0)
		ret->interval_us = told->interval * 1250u;
}

uint32_t session_size(const struct session *s)
{
	return s->stream ? s->stream->size : s->config.image_size;
}

uint32_t session_image_at(const struct session *s, uint32_t offset)
{
	return s->stream ? stream_image_at(s->stream, offset) : offset;
}

enum stream_kind session_stream_kind(const struct session *s)
{
	return s->stream ? s->stream->kind : STREAM_RAW;
}

void session_rechoose(struct session *s)
{
	const uint16_t chunk = s->chunk;

	if ((s->state != SESSION_SENDING && s->state != SESSION_PAUSED) || !session_live(s))
		return;
	session_choose(s);
	if (s->chunk != chunk)
		session_note(s, SESSION_NOTE_CHUNK, s->chunk);
	session_pump(s);
}

uint32_t session_count_stall(struct session *s)
{
	const uint32_t ms = (uint32_t)((s->now - s->stall_at) / MS);

	if (!s->stalled)
		return 0;
	s->stalled = false;
	if (ms > s->stats.longest_stall_ms)
		s->stats.longest_stall_ms = ms;
	return ms;
}

static void stall_ended(struct session *s)
{
	session_note(s, SESSION_NOTE_MOVING, session_count_stall(s));
}

void session_begin_sending(struct session *s, uint32_t offset, uint32_t limit,
			   uint32_t ack_interval)
{
	struct session_stats *st = &s->stats;
	const bool resumed = (s->stream ? s->ready.flags & OTA_READY_RESUMED : offset > 0) &&
			     !s->config.pattern; /* of which all is there */

	s->gap_seen = s->resyncing = false;
	s->blocked = false;
	if (s->stalled)
		stall_ended(s);
	s->next_send = s->now;
	s->stall_at = s->now;
	s->ended = false;
	session_progressed(s);
	st->flushed = offset;
	st->received = offset + s->ahead_received;
	st->queued = offset + s->ahead;
	st->limit = limit;
	s->burst.size = s->burst.run = 0;
	s->burst.proves = 0;
	s->burst.best = 0;
	s->burst.since = s->now;
	session_flow_begin(s, ack_interval);
	session_tune_begin(s);
	session_choose(s);
	s->end_answered = s->promised = s->looked = false;
	if (!s->begun)
		s->first = s->most = s->tried_at = s->queued_most = offset;
	/* Bytes that a lost link hid: but only what was sent can have arrived. */
	if (offset > s->most && offset <= s->queued_most)
		s->most = offset;
	if (s->ahead == 0) /* else it may erase already */
		st->progress.phase = 0;
	s->ahead = s->ahead_received = 0;
	st->received_known = dialect_tells_received(s->dialect, s->mode);
	if (!s->begun) {
		st->resumed = resumed;
		st->resumed_from = resumed ? offset : 0;
	}
	s->begun = true;
	if (resumed)
		session_note(s, SESSION_NOTE_RESUMED,
			     session_image_at(s, s->stream ? offset + s->stream->at[0] : offset));
	session_note(s, SESSION_NOTE_CHUNK, s->chunk);
	session_wait(s, SESSION_STEP_NONE, 0);
	session_enter(s, s->hold ? SESSION_PAUSED : SESSION_SENDING);
	session_pump(s);
}

void session_send_end(struct session *s)
{
	session_opcode(s, OTA_CMD_END);
}

void session_send_abort(struct session *s)
{
	session_opcode(s, OTA_CMD_ABORT);
}

uint32_t session_sector(const struct session *s)
{
	return s->dialect->ops->sector ? s->dialect->ops->sector(s) : s->dialect->sector;
}

bool session_ends_sector(const struct session *s, uint32_t len)
{
	const uint32_t at = s->stats.queued + len, sector = session_sector(s);

	return sector != 0 && (at % sector == 0 || at == session_size(s));
}

/* The offset beyond which the next value does not go. */
static uint32_t unit_end(const struct session *s)
{
	const uint32_t size = session_size(s), at = s->stats.queued, sector = session_sector(s);

	if (s->dialect->ops->unit_end)
		return s->dialect->ops->unit_end(s);
	return sector != 0 && size - at > sector - at % sector ? at + sector - at % sector : size;
}

static uint32_t header_size(const struct session *s)
{
	return s->dialect->ops->header_size ? s->dialect->ops->header_size(s) : s->dialect->header;
}

/* Payload of the next value: a sector's trailer is not apart from its last bytes. */
static uint32_t payload_wanted(const struct session *s)
{
	const uint32_t payload = (uint32_t)s->chunk - header_size(s);
	const uint32_t left = unit_end(s) - s->stats.queued;

	if (left > payload)
		return payload;
	return left + s->dialect->trailer > payload ? payload - s->dialect->trailer : left;
}

/* Returns true if the next value, of that payload, is written with a request. */
static bool is_request(const struct session *s, uint32_t len)
{
	return s->mode == GATT_REQUEST &&
	       (s->burst.run + 1u >= s->burst.size || s->stats.queued + len == session_size(s));
}

/* A request is outstanding: may another value be sent before its answer? */
static bool goes_behind_request(const struct session *s, uint32_t len)
{
	return s->mode != GATT_REQUEST || (s->burst.failures == 0 && !is_request(s, len));
}

bool session_waits_for_each(const struct session *s)
{
	return s->mode == GATT_REQUEST &&
	       !(s->dialect && s->dialect->bursts && s->config.mode_auto &&
		 (s->properties[GATT_DATA] & GATT_PROP_WRITE_COMMAND));
}

/* Returns what hinders the next Data value, with 0 in *ret_len; else its payload. */
static enum session_hindrance next_value(const struct session *s, uint32_t *ret_len)
{
	const struct session_stats *st = &s->stats;
	const uint32_t left = session_size(s) - st->queued;
	const uint32_t flight = st->received_known ? st->queued - st->received : 0;
	const uint32_t credit = st->limit - st->queued;
	const uint32_t want = payload_wanted(s);

	*ret_len = 0;
	if (left == 0)
		return SESSION_HINDERED_END;
	if (s->blocked)
		return SESSION_HINDERED_STACK;
	if (s->resyncing || (s->data_busy && !goes_behind_request(s, want)))
		return SESSION_HINDERED_RESPONSE;
	if (s->now < s->next_send)
		return SESSION_HINDERED_PACING;
	/* A sector is acknowledged as a whole, so that a window below it would wait for ever. */
	if (session_sector(s) == 0 && flight > 0 && !session_flow_allows(s, flight + want))
		return SESSION_HINDERED_WINDOW;
	if (flight > 0 && flight / s->least_payload >= OTA_SEQ_WINDOW - 2u)
		return SESSION_HINDERED_WINDOW;
	/* A short value in mid stream wastes air; it is worth it only when nothing else moves. */
	if (credit < want && (flight > 0 || credit == 0))
		return SESSION_HINDERED_CREDIT;
	if (want == 0 && header_size(s) == 0)
		return SESSION_HINDERED_CREDIT;
	*ret_len = credit < want ? credit : want;
	return SESSION_HINDERED_NOT;
}

uint64_t session_send_at(const struct session *s)
{
	const uint32_t flight = s->stats.queued - s->stats.received;
	uint64_t at;

	if (s->next_send > s->now)
		return s->next_send;
	if (!s->stats.received_known || s->stats.queued == session_size(s) || s->blocked)
		return NEVER;
	at = session_flow_allows_at(s, flight + payload_wanted(s));
	return at > s->now ? at : NEVER; /* something else is in the way */
}

enum session_hindrance session_hindrance(const struct session *s)
{
	uint32_t len;

	if (s->state != SESSION_SENDING || !s->dialect || s->chunk == 0)
		return SESSION_HINDERED_NOT;
	return next_value(s, &len);
}

/* The session's length and its map come first, whatever of the whole stream it begins with. */
static void fill_stream(const struct session *s, uint8_t *to, uint32_t offset, uint32_t len)
{
	const struct stream *stream = s->stream;
	uint8_t head[OTA_STREAM_HEAD + OTA_SKIP_MAP];

	bytes_put32(head, stream->size - s->stream_base);
	if (stream->kept)
		memcpy(head + OTA_STREAM_HEAD, stream->kept->map, OTA_SKIP_MAP);
	for (; len > 0 && offset - s->stream_base < stream->at[0]; offset++, len--)
		*to++ = head[offset - s->stream_base];
	stream_copy(stream, offset, to, len);
}

void session_fill(const struct session *s, uint8_t *to, uint32_t offset, uint32_t len)
{
	if (s->stream) {
		fill_stream(s, to, offset, len);
		return;
	}
	if (s->config.image) {
		memcpy(to, s->config.image + offset, len);
		return;
	}
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)((offset + i) & 0xffu);
}

/*
 * Returns true if sending still leads anywhere.  A device, or a stack, that asks for the same bytes
 * again and again would be sent them for ever.
 */
static bool makes_headway(const struct session *s)
{
	const uint64_t moved = s->most - s->first;

	return !s->stats.received_known ||
	       s->stats.sent_bytes <= HEADWAY_RATIO * moved +
					      HEADWAY_IMAGES * (uint64_t)session_size(s) +
					      HEADWAY_BYTES;
}

/* Returns true if values that come too fast are lost, and nothing tells. */
static bool is_paced(const struct session *s)
{
	const struct dialect *d = s->dialect;

	if (!dialect_tells_received(d, s->mode))
		return true;
	return d->paced && !(d->ops->unpaced && d->ops->unpaced(s));
}

uint32_t session_pacing(const struct session *s)
{
	const uint32_t learned = s->burst.pacing_us, asked = s->config.basic_pacing_us;

	if (!s->dialect || !is_paced(s))
		return s->config.pacing_us;
	return learned > asked ? learned : asked;
}

/* False when the stack took nothing. */
static bool send_value(struct session *s, uint32_t len)
{
	const uint32_t header = header_size(s);
	const uint32_t pacing = session_pacing(s);
	const bool request = is_request(s, len), ends = session_ends_sector(s, len);
	const enum gatt_write mode = s->mode == GATT_REQUEST && !request ? GATT_COMMAND : s->mode;
	uint8_t value[OTA_VALUE_MAX];
	size_t all = header + len;
	int rc;

	if (!makes_headway(s)) {
		session_finish(s, SESSION_NO_HEADWAY);
		return false;
	}
	s->dialect->ops->header_put(s, value, len);
	session_fill(s, value + header, s->stats.queued, len);
	if (ends && s->dialect->ops->trailer_put) {
		s->dialect->ops->trailer_put(s, value + all);
		all += s->dialect->trailer;
	}
	if (s->dialect->fills && all < s->chunk) {
		memset(value + all, 0xff, s->chunk - all);
		all = s->chunk;
	}
	rc = s->ops->write(s->ctx, GATT_DATA, mode, value, all);
	if (rc == -OTA_EAGAIN) {
		s->blocked = true;
		return false;
	}
	if (rc < 0) {
		session_failed(s, rc);
		return false;
	}
	if (s->stats.queued == s->stats.received) {
		s->progress_at = s->now; /* the clock for an answer starts now */
		s->least_payload = UINT16_MAX;
	}
	if (s->chunk - s->dialect->header < s->least_payload)
		s->least_payload = (uint16_t)(s->chunk - s->dialect->header);
	s->sequence++;
	s->stats.queued += len;
	s->burst.run++;
	/* A request from before the mode was changed may still be outstanding. */
	if (request) {
		s->data_busy = true;
		s->burst.run = 0;
		s->burst.proves = s->stats.queued;
	}
	if (s->stats.queued > s->queued_most)
		s->queued_most = s->stats.queued;
	s->stats.sent_bytes += len;
	s->stats.values++;
	s->next_send = s->now + pacing;
	if (s->dialect->ops->value_sent)
		s->dialect->ops->value_sent(s, header);
	return true;
}

/* Sends the next value if nothing hinders it. */
static bool send_next(struct session *s)
{
	uint32_t len;

	return next_value(s, &len) == SESSION_HINDERED_NOT && send_value(s, len);
}

/* Deflate's tables take half of what they save in the first bytes. */
static uint32_t head_size(const struct session *s)
{
	return s->stream ? 2u * OTA_HEAD_SIZE : OTA_HEAD_SIZE;
}

void session_send_head(struct session *s, uint32_t offset, uint32_t limit)
{
	struct session_stats *st = &s->stats;

	session_choose(s);
	st->queued = st->received = offset;
	st->limit = limit;
	/* The last value is acknowledged when there is somebody who listens. */
	while (s->mode != GATT_REQUEST && session_live(s) && s->ahead < head_size(s) &&
	       session_size(s) - st->queued > s->chunk) {
		const uint32_t before = st->queued;

		if (!send_next(s))
			return;
		s->ahead += st->queued - before;
	}
}

static bool all_there(const struct session *s)
{
	const uint32_t there = s->stats.received_known ? s->stats.received : s->stats.queued;

	return there == session_size(s) && !s->data_busy;
}

void session_pump(struct session *s)
{
	if (s->state != SESSION_SENDING || !session_live(s))
		return;
	if (all_there(s)) {
		session_enter(s, SESSION_VERIFYING);
		session_progressed(s);
		session_wait_work(s, SESSION_STEP_DONE, s->config.verify_timeout_ms);
		s->dialect->ops->end(s);
		return;
	}
	while (s->state == SESSION_SENDING && s->stats.queued < session_size(s)) {
		if (!send_next(s))
			return;
	}
	/* Without acknowledgements, END follows the last value at once. */
	if (s->state == SESSION_SENDING && !s->stats.received_known && all_there(s))
		session_pump(s);
}

/* --- stalls: seen from the user, whatever the reason */

void session_moved(struct session *s, uint32_t received)
{
	uint32_t from;

	if (received == s->stats.received)
		return;
	if (s->stalled)
		stall_ended(s);
	from = s->stats.received;
	s->stats.received = received;
	session_flow_moved(s, from);
	if (received > s->most)
		s->most = received;
	s->stall_at = s->now;
	session_progressed(s);
}

/* A slow link needs longer for the bytes of one ACK: that it comes no sooner is no stall. */
static uint64_t stall_us(const struct session *s)
{
	const struct session_flow *f = &s->flow;
	const uint64_t told_us = f->rate > 0 ? f->step * 1000000ull / f->rate : 0;
	const uint64_t least_us = s->config.stall_ms * MS;

	return 2u * told_us > least_us ? 2u * told_us : least_us;
}

uint64_t session_stall_deadline(const struct session *s)
{
	return s->stalled || s->state != SESSION_SENDING ? NEVER : s->stall_at + stall_us(s);
}

void session_watch_stall(struct session *s)
{
	if (s->now < session_stall_deadline(s))
		return;
	s->stalled = true;
	s->stats.stalls++;
	session_note(s, SESSION_NOTE_STALL, session_image_at(s, s->stats.received));
	switch (s->config.stall_action) {
	case SESSION_STALL_WARN:
		break;
	case SESSION_STALL_PAUSE:
		session_note(s, SESSION_NOTE_STALL_PAUSED, session_image_at(s, s->stats.received));
		session_pause(s, s->now);
		break;
	case SESSION_STALL_ABORT:
		session_note(s, SESSION_NOTE_STALL_ENDED, session_image_at(s, s->stats.received));
		session_finish(s, SESSION_STALLED);
		break;
	}
}
