/* SPDX-License-Identifier: Apache-2.0 */
/* Values that a client sends, and what the device tells of them; see grade.h. */
#include "serve/grade_priv.h"
#include "base/bytes.h"
#include "ota/error.h"

#include <string.h>

#define REPEATS_MAX 2u /* of a GAP; 500 ms and more between them: it was heard by then */
#define STREAM_LENGTH 4u /* a compressed session begins with its length, section 16.1 */

/* --- values */

static void outside(struct grade *g, enum grade_mode mode)
{
	switch (g->state) {
	case GRADE_IDLE:
		if (!g->failed)
			grade_broke(g, GRADE_READY, "START was not written");
		break;
	case GRADE_STARTED:
		/* A basic device holds a request back until it is ready, section 2.1. */
		if (!g->earlier && !(g->basic && mode == GRADE_REQUEST))
			grade_broke(g, GRADE_READY, "START was not answered yet");
		break;
	case GRADE_ENDED:
		grade_broke(g, GRADE_END, "a value after END");
		break;
	case GRADE_SENDING:
		break;
	}
}

static void fits(struct grade *g, size_t len)
{
	size_t most = g->mtu - OTA_ATT_HEADER;

	if (most > OTA_VALUE_MAX)
		most = OTA_VALUE_MAX;
	if (!g->basic && most > g->largest)
		most = g->largest;
	if (len > most || (!g->basic && len < OTA_DATA_HEADER))
		grade_broke(g, GRADE_VALUE, "%zu bytes, where %zu are allowed", len, most);
	else
		grade_kept(g, GRADE_VALUE);
}

/* A value with a wrong number counts as sent: so it is to the client. */
static void number(struct grade *g, uint16_t sequence)
{
	if (g->jump && sequence == g->jump_next) {
		g->jump = g->must_jump = false;
		g->sent = g->jump_offset;
		grade_kept(g, GRADE_GAP);
	} else if (sequence != g->next) {
		grade_broke(g, GRADE_SEQUENCE, "number %u where %u comes next", sequence,
			    g->jump ? g->jump_next : g->next);
	} else {
		grade_kept(g, GRADE_SEQUENCE);
	}
	if (g->resyncing || g->must_jump)
		grade_broke(g, GRADE_RESYNC, "a value of number %u", sequence);
	g->stale += g->jump;
	g->next = (uint16_t)(sequence + 1u);
}

/* The image's first bytes, where it should go on: the client began anew. */
static void look_at_first(struct grade *g, const uint8_t *payload, size_t n)
{
	const size_t most = sizeof(g->head);

	if (g->resumed && g->resumed_first && g->head_len == most && n >= most &&
	    memcmp(payload, g->head, most) == 0)
		grade_broke(g, GRADE_RESUME, "the image's first bytes came at offset %lu",
			    (unsigned long)g->sent);
	g->resumed_first = false;
	/* A stream that is decoded tells its own length, and each session's is another. */
	if (g->flags & OTA_START_DECODED) {
		if (g->sent == 0 && n >= STREAM_LENGTH)
			g->stream_size = bytes_get32(payload);
		return;
	}
	if (g->sent > 0 || g->resumed)
		return;
	g->head_len = n < most ? n : most;
	memcpy(g->head, payload, g->head_len);
}

static void payload(struct grade *g, const uint8_t *buf, size_t n)
{
	look_at_first(g, buf, n);
	if (n > g->stream_size - g->sent) {
		/* The rest would have fitted: it is the image from its beginning. */
		grade_broke(g, g->resumed ? GRADE_RESUME : GRADE_END_OF_IMAGE,
			    "%lu bytes beyond %lu", (unsigned long)(n - (g->stream_size - g->sent)),
			    (unsigned long)g->stream_size);
		g->sent = g->stream_size;
		return;
	}
	if (g->sent + n > g->limit)
		grade_broke(g, GRADE_LIMIT, "up to %lu where %lu is the limit",
			    (unsigned long)(g->sent + n), (unsigned long)g->limit);
	else
		grade_kept(g, GRADE_LIMIT);
	g->sent += (uint32_t)n;
}

void grade_data(struct grade *g, enum grade_mode mode, const uint8_t *buf, size_t len)
{
	g->judged = true;
	if (g->state != GRADE_SENDING) {
		outside(g, mode);
		return;
	}
	grade_kept(g, GRADE_READY);
	fits(g, len);
	if (g->basic) {
		g->sent += (uint32_t)len;
	} else if (len >= OTA_DATA_HEADER) {
		number(g, bytes_get16(buf));
		payload(g, buf + OTA_DATA_HEADER, len - OTA_DATA_HEADER);
	}
}

/* --- notifications */

static void ready(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_ready r;

	if (g->starts == 0)
		return;
	g->starts--;
	grade_kept(g, GRADE_ONE_START);
	g->state = GRADE_SENDING;
	if (g->basic || ota_ready_decode(buf, len, &r) < 0)
		return;
	if (!g->blamed) {
		grade_kept(g, GRADE_VERSION);
		grade_kept(g, GRADE_SIZE);
	}
	g->sent = r.offset;
	g->limit = r.limit;
	g->largest = r.max_value;
	g->next = r.sequence;
	g->resumed = r.flags & OTA_READY_RESUMED;
	g->resumed_first = g->resumed;
}

static void gap(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_gap m;

	if (g->state != GRADE_SENDING || ota_gap_decode(buf, len, &m) < 0)
		return;
	if (m.reason == OTA_GAP_ASKED) {
		g->resyncing = false;
		g->must_jump = true;
		grade_kept(g, GRADE_RESYNC);
	}
	if (g->jump && m.sequence == g->jump_next) {
		g->repeats += g->stale > 0;
		if (g->repeats == REPEATS_MAX)
			grade_broke(g, GRADE_GAP, "values go on as before, though it was repeated");
	} else {
		g->repeats = 0;
	}
	g->jump = m.sequence != g->next || m.offset != g->sent;
	g->jump_next = m.sequence;
	g->jump_offset = m.offset;
	g->stale = 0;
}

static void done(struct grade *g)
{
	const bool measured = g->flags & (OTA_START_SINK | OTA_START_PATTERN);

	if (g->state == GRADE_IDLE)
		return;
	grade_kept(g, GRADE_STAY);
	g->state = GRADE_IDLE;
	if (g->basic || measured)
		return;
	grade_kept(g, GRADE_HASH);
	grade_kept(g, GRADE_END_OF_IMAGE);
	/* A device that has no trial asks for no confirmation. */
	g->done = g->features == 0 || g->features & OTA_FEATURE_ROLLBACK;
}

/* Judges the refusal of a command that the session survives. */
static void refused(struct grade *g, const struct ota_error_event *e)
{
	const char *what = ota_command_name(e->opcode);

	if (e->code == OTA_ERR_OPCODE)
		grade_broke(g, GRADE_OPCODE, "%s is not offered", what);
	/* If the running image awaits CONFIRM, the client could not be sure of the state. */
	else if (e->code == OTA_ERR_STATE && !(e->detail & OTA_DETAIL_PENDING) && !g->failed)
		grade_broke(g, GRADE_STATE, "%s while %s", what, ota_state_name(e->detail & 0xffu));
	/* Values that were lost on their way may still be sent, so that only jumped ones break
	 * the rule. */
	else if (e->code == OTA_ERR_INCOMPLETE && g->jump && g->stale > 0)
		grade_broke(g, GRADE_GAP, "END without sending again what was missing");
	if (e->code == OTA_ERR_INCOMPLETE)
		g->state = GRADE_SENDING;
}

/* Others are the flash's or the product's, or were found when the value came. */
static void judge_error(struct grade *g, const struct ota_error_event *e)
{
	if (e->code == OTA_ERR_UNSUPPORTED && !g->blamed)
		grade_broke(g, GRADE_VERSION, "0x%lx is offered", (unsigned long)e->detail);
	else if (e->code == OTA_ERR_SIZE && !g->blamed)
		grade_broke(g, GRADE_SIZE, "%lu bytes for a slot of %lu",
			    (unsigned long)g->image_size, (unsigned long)e->detail);
	else if (e->code == OTA_ERR_HASH)
		grade_broke(g, GRADE_HASH, "what was flashed has another one");
	else if (e->code == OTA_ERR_TIMEOUT)
		grade_broke(g, GRADE_ALIVE, "at %lu bytes", (unsigned long)e->detail);
}

static void error(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_error_event e;
	bool goes_on;

	if (g->basic) {
		grade_leave(g);
		return;
	}
	if (ota_error_decode(buf, len, &e) < 0)
		return;
	if (e.code == OTA_ERR_OPCODE || e.code == OTA_ERR_INCOMPLETE ||
	    (e.code == OTA_ERR_STATE && e.opcode != 0)) {
		refused(g, &e);
		if (e.opcode == OTA_CMD_START)
			grade_leave(g);
		return;
	}
	judge_error(g, &e);
	/* A command that was too short leaves the session alone, as do values without one. */
	goes_on = e.code == OTA_ERR_STATE || (e.code == OTA_ERR_LENGTH && e.opcode != 0);
	if (!goes_on || e.opcode == OTA_CMD_START)
		grade_leave(g);
}

void grade_notified(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_ack ack;

	if (len == 0)
		return;
	switch ((enum ota_event)buf[0]) {
	case OTA_EVT_READY:
		ready(g, buf, len);
		break;
	case OTA_EVT_ERROR:
		error(g, buf, len);
		break;
	case OTA_EVT_DONE:
		done(g);
		break;
	case OTA_EVT_ACK:
		if (ota_ack_decode(buf, len, &ack) == 0 && ack.limit > g->limit)
			g->limit = ack.limit;
		break;
	case OTA_EVT_GAP:
		gap(g, buf, len);
		break;
	case OTA_EVT_PROGRESS:
	case OTA_EVT_STATUS:
	case OTA_EVT_RESULT:
	case OTA_EVT_LINK:
	case OTA_EVT_TELEMETRY:
	case OTA_EVT_TIMES:
	case OTA_EVT_BLOCKS:
		break;
	}
}
