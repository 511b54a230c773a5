/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams in place of the image, of a device of the full dialect: what the device counts from a
 * session's first byte, and in bytes of the image, becomes places in the stream; and blocks that
 * its slot holds already are found out and left out, docs/protocol.md, section 18.
 */
#include "core/session_priv.h"

/* --- places */

/* The device does not know the stream's end, so that its limit may lie behind it. */
uint32_t session_place(const struct session *s, uint32_t offset)
{
	return !s->stream			      ? offset
	       : offset < UINT32_MAX - s->stream_base ? offset + s->stream_base
						      : UINT32_MAX;
}

static uint32_t place_limit(const struct session *s, uint32_t limit)
{
	const uint32_t at = session_place(s, limit);

	return at < s->stream->size ? at : s->stream->size;
}

void session_place_status(const struct session *s, struct ota_status *status)
{
	const bool streams =
		status->state == OTA_STATE_RECEIVING || status->state == OTA_STATE_VERIFYING;

	if (!s->stream)
		return;
	status->flushed = stream_place_of(s->stream, status->flushed);
	status->received = streams ? session_place(s, status->received)
				   : stream_place_of(s->stream, status->received);
}

static void place_ready(struct session *s, struct ota_ready *m)
{
	s->stream_base = stream_block_at(s->stream, s->skip.image) - s->stream->at[0];
	m->offset = s->stream_base;
	m->limit = place_limit(s, s->skip.limit);
}

bool session_stream_ready(struct session *s, struct ota_ready *m, uint32_t image)
{
	if (m->offset != 0 || image > s->config.image_size || image % OTA_BLOCK_SIZE != 0)
		return false;
	s->skip.image = image;
	s->skip.limit = m->limit;
	place_ready(s, m);
	return true;
}

void session_stream_ack(const struct session *s, struct ota_ack *m)
{
	const uint32_t flushed = stream_place_of(s->stream, m->flushed);

	m->received = session_place(s, m->received);
	m->flushed = flushed < m->received ? flushed : m->received;
	m->limit = place_limit(s, m->limit);
}

/* --- what the slot holds */

/* Blocks that are left out stay so however often the link is lost: otherwise the rest would not be
 * what the device lacks. */
static void ask_skip(struct session *s)
{
	struct session_skip *skip = &s->skip;

	if (!s->config.image || !s->ops->digests || !(s->info.features & OTA_FEATURE_SKIP) ||
	    s->config.image_size > OTA_SKIP_BLOCKS * OTA_BLOCK_SIZE)
		return;
	skip->crc = s->ops->digests(s->ctx, &s->info);
	if (!skip->crc)
		return;
	stream_keep_begin(&skip->kept, s->stream, s->config.image, s->config.image_size);
	s->stream = &skip->kept.stream;
}

bool session_stream_ask(struct session *s)
{
	if (s->stream_asked || s->config.goal != SESSION_UPDATE)
		return true;
	if (s->ops->stream && (s->info.features & OTA_FEATURE_COMPRESSED) &&
	    s->ops->stream(s->ctx, &s->info, &s->stream) == -OTA_EAGAIN) {
		s->step = SESSION_STEP_STREAM;
		s->step_deadline = NEVER; /* the owner's to end */
		return false;
	}
	s->stream_asked = true;
	ask_skip(s);
	return true;
}

void session_stream_made(struct session *s, uint64_t now_us)
{
	s->now = now_us;
	if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_STREAM && session_live(s))
		session_full_start(s);
}

uint32_t session_kept(const struct session *s)
{
	return s->skip.crc ? s->skip.kept.bytes : 0;
}

bool session_skip_ask(struct session *s)
{
	struct session_skip *skip = &s->skip;
	const uint32_t first = skip->image / OTA_BLOCK_SIZE;
	uint8_t buf[OTA_CONTROL_MAX];
	struct ota_blocks_request m;

	if (!skip->crc || skip->known || first >= s->stream->count)
		return false;
	skip->next = first;
	m.first = (uint16_t)first;
	m.count = (uint16_t)(s->stream->count - first);
	session_wait(s, SESSION_STEP_BLOCKS, ANSWER_MS);
	session_command(s, buf, ota_blocks_request_encode(&m, buf, sizeof(buf)));
	return true;
}

void session_skip_known(struct session *s)
{
	struct session_skip *skip = &s->skip;

	skip->known = true;
	stream_keep(&skip->kept);
	place_ready(s, &s->ready);
	session_note(s, SESSION_NOTE_KEPT, skip->kept.bytes);
	session_ready_known(s);
}

void session_skip_blocks(struct session *s, const struct ota_blocks *m)
{
	struct session_skip *skip = &s->skip;

	if (s->step != SESSION_STEP_BLOCKS || m->first != skip->next)
		return; /* a repetition, or one that was not asked for */
	for (uint32_t i = 0; i < m->count && skip->next < s->stream->count; i++, skip->next++)
		if (m->crc[i] == skip->crc[skip->next])
			skip->kept.map[skip->next / 8u] |= (uint8_t)(1u << skip->next % 8u);
	if (skip->next == s->stream->count)
		session_skip_known(s);
	else
		session_wait(s, SESSION_STEP_BLOCKS, ANSWER_MS);
}

/* --- what a device cannot do with */

static void forget_places(struct session *s)
{
	s->stream_base = 0;
	s->begun = false; /* what was counted were places in it */
	s->stats.queued = s->stats.received = s->stats.flushed = 0;
}

/*
 * Digests that were the same of other bytes, or a lie, show in the image's hash: all of it is sent
 * then.  A stream with a map that is refused is sent without.
 */
static bool skip_refused(struct session *s, const struct ota_error_event *m)
{
	const bool hash = m->code == OTA_ERR_HASH && s->skip.kept.bytes > 0;

	if (!s->skip.crc || !(hash || m->code == OTA_ERR_STREAM ||
			      (m->code == OTA_ERR_UNSUPPORTED && m->opcode == OTA_CMD_START)))
		return false;
	s->skip.crc = NULL;
	s->stream = s->skip.kept.whole;
	forget_places(s);
	session_note(s, SESSION_NOTE_KEPT_NOT, 0);
	return true;
}

bool session_stream_refused(struct session *s, const struct ota_error_event *m)
{
	if (skip_refused(s, m))
		return true;
	if (!s->stream || s->config.stream_only ||
	    (m->code != OTA_ERR_STREAM && m->code != OTA_ERR_BASE &&
	     !(m->code == OTA_ERR_UNSUPPORTED && m->opcode == OTA_CMD_START)))
		return false;
	s->skip.crc = NULL;
	s->stream = NULL;
	forget_places(s);
	session_note(s, SESSION_NOTE_STREAM_RAW, 0);
	return true;
}
