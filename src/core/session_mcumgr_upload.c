/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The upload of an image over SMP: requests of the device's buffer, several of them under way.
 * session_mcumgr.c has the rest.
 */
#include "core/mcumgr.h"
#include "core/session_mcumgr_priv.h"

#define BUF_LEAST 128u /* bytes; a request with the image's header and hash takes less */
#define SPARED_SHARE 8u /* of a buffer: leaving more of it out would make the window small */
#define L2CAP_HEADER 4u
#define IMAGE_HEADER 32u /* bytes that the first request must have of an image */

static uint32_t buf_size(const struct session *s)
{
	const uint32_t told = s->mcumgr.buf_size, value = (uint32_t)s->mtu - OTA_ATT_HEADER;

	/* A device that does not tell may take no request in several values. */
	if (told == 0)
		return value > BUF_LEAST ? value : BUF_LEAST;
	return told > BUF_LEAST ? told : BUF_LEAST;
}

/* The upload's map up to the octets of its data, of which the last field is. */
static struct cbor_writer upload_map(struct session *s, uint32_t off)
{
	struct cbor_writer map = mcumgr_map(s);

	cbor_put(&map, CBOR_MAP, off == 0 ? 4 : 2);
	if (off == 0) {
		cbor_put_text(&map, "len");
		cbor_put(&map, CBOR_UINT, s->config.image_size);
	}
	cbor_put_text(&map, "off");
	cbor_put(&map, CBOR_UINT, off);
	if (off == 0) {
		cbor_put_text(&map, "sha");
		cbor_put_bytes(&map, s->config.sha256, OTA_SHA256_SIZE);
	}
	cbor_put_text(&map, "data");
	return map;
}

/* Payload of a request with such a map, in so many bytes. */
static uint32_t payload_of(const struct session *s, const struct cbor_writer *map, uint32_t off,
			   uint32_t bytes)
{
	const uint32_t left = s->config.image_size - off;
	const uint32_t used = MCUMGR_HEADER + (uint32_t)map->at;
	uint32_t payload = bytes > used ? bytes - used : 0;

	if (payload > UINT16_MAX - used)
		payload = UINT16_MAX - used;
	payload -= payload > 0 ? (uint32_t)cbor_head_size(payload) : 0;
	return payload < left ? payload : left;
}

/* The first request: so short that a device that goes on with an update loses little by it. */
void mcumgr_begin_upload(struct session *s)
{
	struct cbor_writer map = upload_map(s, 0);
	const uint32_t value = (uint32_t)s->mtu - OTA_ATT_HEADER, most = buf_size(s);
	uint32_t payload = payload_of(s, &map, 0, value < most ? value : most);

	if (payload < IMAGE_HEADER)
		payload = IMAGE_HEADER < s->config.image_size ? IMAGE_HEADER : s->config.image_size;
	cbor_put(&map, CBOR_BYTES, payload);
	s->mcumgr.holds = false;
	session_wait_work(s, SESSION_STEP_READY, s->config.basic_ready_timeout_ms);
	mcumgr_ask_with(s, MCUMGR_ASK_UPLOAD, &map, 0, payload);
}

/* --- requests of an upload */

static bool under_way(const struct session *s)
{
	const struct session_mcumgr *m = &s->mcumgr;

	return m->head_at < m->head_len || s->stats.queued < m->frame_end;
}

static uint32_t frames_most(const struct session *s)
{
	const uint32_t most = s->mcumgr.buf_count > 2u ? s->mcumgr.buf_count - 1u : 1u;

	return most < SESSION_FRAMES ? most : SESSION_FRAMES;
}

static uint32_t pdus(uint32_t bytes, uint32_t fragment)
{
	return (bytes + OTA_ATT_HEADER + L2CAP_HEADER + fragment - 1u) / fragment;
}

/*
 * Bytes of a request: all of the buffer, or so many whole values that a last one of a few bytes,
 * which takes a PDU as well, is not worth it.
 */
static uint32_t frame_bytes(const struct session *s)
{
	const uint32_t most = buf_size(s), values = most / s->chunk, rest = most % s->chunk;
	struct airtime_link air;
	uint32_t fragment, whole;

	if (values == 0 || rest > most / SPARED_SHARE || frames_most(s) == 1)
		return most;
	session_link(s, &air);
	fragment = airtime_fragment(&air);
	whole = values * pdus(s->chunk, fragment);
	return (uint64_t)(most - rest) * (whole + pdus(rest, fragment)) > (uint64_t)most * whole
		       ? most - rest
		       : most;
}

/* The next request, where the device has a buffer for it. */
static void open_frame(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;
	const uint32_t off = s->stats.queued;
	struct session_frame *f = &m->frame[m->frames];
	struct cbor_writer map;
	uint32_t payload;

	if (under_way(s) || off == s->config.image_size || m->frames >= frames_most(s))
		return;
	map = upload_map(s, off);
	payload = payload_of(s, &map, off, frame_bytes(s));
	cbor_put(&map, CBOR_BYTES, payload);
	*f = (struct session_frame){.sequence = m->sequence, .end = off + payload};
	m->frames++;
	mcumgr_put_head(s, MCUMGR_ASK_UPLOAD, &map, payload);
	m->frame_end = s->stats.limit = off + payload;
}

uint32_t mcumgr_frame_end(const struct session *s)
{
	return s->mcumgr.frame_end;
}

/* The most bytes that may be under way at once. */
uint32_t mcumgr_window(const struct session *s)
{
	return frames_most(s) * buf_size(s);
}

uint32_t mcumgr_frame_head(const struct session *s)
{
	const uint32_t left = (uint32_t)s->mcumgr.head_len - s->mcumgr.head_at;

	return left < s->chunk ? left : s->chunk;
}

void mcumgr_frame_put(struct session *s, uint8_t *buf, uint32_t len)
{
	(void)len;
	memcpy(buf, s->mcumgr.head + s->mcumgr.head_at, mcumgr_frame_head(s));
}

/* The device wants another offset than what comes next. */
static void turn_to(struct session *s, uint32_t off)
{
	struct session_mcumgr *m = &s->mcumgr;

	m->turned = false;
	for (unsigned int i = 0; i < m->frames; i++)
		m->frame[i].stale = true;
	s->stats.queued = s->stats.limit = m->frame_end = off;
	if (off > s->queued_most)
		s->queued_most = off;
	if (off > s->stats.received)
		session_moved(s, off);
	else
		s->stats.received = off;
	if (s->stats.flushed > off) /* where it began, of an upload that was resumed */
		s->stats.flushed = off;
}

void mcumgr_frame_sent(struct session *s, uint32_t header)
{
	struct session_mcumgr *m = &s->mcumgr;

	m->head_at = (uint8_t)(m->head_at + header);
	if (under_way(s))
		return;
	if (m->frames == 1)
		m->since = s->now;
	if (m->turned)
		turn_to(s, m->turn);
	open_frame(s);
}

/* Takes the request with that number, and those before it, off the list. */
static bool take_frame(struct session *s, uint8_t sequence, struct session_frame *ret)
{
	struct session_mcumgr *m = &s->mcumgr;

	for (unsigned int i = 0; i < m->frames; i++) {
		if (m->frame[i].sequence != sequence)
			continue;
		/* A request that is still being sent has no answer yet. */
		if (i + 1u == m->frames && under_way(s))
			return false;
		*ret = m->frame[i];
		m->frames -= i + 1u;
		memmove(m->frame, m->frame + i + 1u, m->frames * sizeof(m->frame[0]));
		return true;
	}
	return false;
}

void mcumgr_upload_refused(struct session *s, const struct mcumgr_answer *a)
{
	session_note(s, SESSION_NOTE_ERROR, OTA_ERR_WRITE);
	mcumgr_refused(s, a, OTA_CMD_START);
}

/* The image is damaged, by the device's own reading of it. */
static void mismatched(struct session *s)
{
	s->code = OTA_ERR_HASH;
	s->opcode = OTA_CMD_END;
	session_note(s, SESSION_NOTE_ERROR, OTA_ERR_HASH);
	session_retry_start(s, SESSION_DEVICE_ERROR);
}

void mcumgr_on_upload(struct session *s, uint8_t sequence, const struct mcumgr_answer *a)
{
	struct session_mcumgr *m = &s->mcumgr;
	struct session_frame f;

	if ((s->state != SESSION_SENDING && s->state != SESSION_PAUSED) ||
	    (a->rc == 0 && (!a->has_off || a->off > s->queued_most)) ||
	    !take_frame(s, sequence, &f))
		return;
	m->since = s->now;
	if (a->rc != 0) {
		mcumgr_upload_refused(s, a);
	} else if (a->has_match && !a->match) {
		mismatched(s);
	} else if (f.stale) {
		open_frame(s);
	} else if (a->off == f.end) {
		session_moved(s, a->off);
		open_frame(s);
	} else if (a->off == 0) {
		session_retry_start(s, SESSION_STALLED); /* it knows of no upload any more */
	} else {
		s->stats.gaps++;
		session_note(s, SESSION_NOTE_GAP, a->off);
		m->turned = true;
		m->turn = a->off;
		if (under_way(s))
			return; /* what was begun is sent first */
		turn_to(s, a->off);
		open_frame(s);
	}
}

/* The first one: it begins, or goes on where it stopped. */
void mcumgr_on_begun(struct session *s, const struct mcumgr_answer *a)
{
	struct session_mcumgr *m = &s->mcumgr;
	const uint32_t first = m->to;

	if (a->off == 0) {
		session_retry_start(s, SESSION_STALLED);
		return;
	}
	s->stats.sent_bytes += first;
	s->stats.values++;
	m->frame_end = a->off == first ? 0 : a->off; /* nothing goes out by itself */
	session_begin_sending(s, m->frame_end, m->frame_end, 0);
	if (s->state != SESSION_SENDING && s->state != SESSION_PAUSED)
		return;
	turn_to(s, a->off);
	open_frame(s);
}

/* --- time */

static uint64_t answer_due(const struct session *s)
{
	if (s->mcumgr.frames == 0 || under_way(s))
		return NEVER;
	return session_answer_due(s, s->mcumgr.since, mcumgr_window(s));
}

/* If an answer is overdue, the last bytes are sent again: its answer tells what the device has. */
void mcumgr_watch(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;

	session_watch_stall(s);
	if (s->state != SESSION_SENDING || s->now < answer_due(s))
		return;
	if (!session_may_ask(s)) {
		session_retry(s, SESSION_STALLED);
		return;
	}
	session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
	s->stats.resyncs++;
	m->frames = 0;
	m->in_len = m->in_skip = 0;
	turn_to(s, s->stats.received);
	open_frame(s);
}

uint64_t mcumgr_watch_at(const struct session *s)
{
	return session_sooner(session_stall_deadline(s), answer_due(s));
}
