/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of SMP, written in values of the MTU and put together from notifications. */
#include "core/mcumgr.h"
#include "core/session_mcumgr_priv.h"

static const struct {
	enum mcumgr_op op;
	enum mcumgr_group group;
	uint8_t command;
} asks[] = {
	[MCUMGR_ASK_PARAMETERS] = {MCUMGR_READ, MCUMGR_OS, MCUMGR_PARAMETERS},
	[MCUMGR_ASK_STATE] = {MCUMGR_READ, MCUMGR_IMAGE, MCUMGR_STATE},
	[MCUMGR_ASK_UPLOAD] = {MCUMGR_WRITE, MCUMGR_IMAGE, MCUMGR_UPLOAD},
	[MCUMGR_ASK_TEST] = {MCUMGR_WRITE, MCUMGR_IMAGE, MCUMGR_STATE},
	[MCUMGR_ASK_RESET] = {MCUMGR_WRITE, MCUMGR_OS, MCUMGR_RESET},
	[MCUMGR_ASK_CONFIRM] = {MCUMGR_WRITE, MCUMGR_IMAGE, MCUMGR_STATE},
};

bool mcumgr_is_writing(const struct session *s)
{
	const struct session_mcumgr *m = &s->mcumgr;

	return m->head_at < m->head_len || m->from < m->to;
}

/* Writes what is left of the head, and of the image behind it. */
void mcumgr_flush(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;
	const size_t room = s->mtu - OTA_ATT_HEADER;
	uint8_t value[OTA_VALUE_MAX];

	while (session_live(s) && mcumgr_is_writing(s)) {
		const size_t most = room < sizeof(value) ? room : sizeof(value);
		size_t head = (size_t)m->head_len - m->head_at, body;
		int rc;

		head = head < most ? head : most;
		memcpy(value, m->head + m->head_at, head);
		body = m->to - m->from;
		if (head + body > most)
			body = most - head;
		session_fill(s, value + head, m->from, (uint32_t)body);
		rc = s->ops->write(s->ctx, m->from < m->to ? GATT_DATA : GATT_CONTROL, GATT_COMMAND,
				   value, head + body);
		if (rc == -OTA_EAGAIN || rc == -OTA_EBUSY) {
			s->blocked = true;
			return;
		}
		if (rc < 0) {
			session_failed(s, rc);
			return;
		}
		m->head_at = (uint8_t)(m->head_at + head);
		m->from += (uint32_t)body;
	}
}

void mcumgr_put_head(struct session *s, enum mcumgr_ask ask, const struct cbor_writer *map,
		     uint32_t rest)
{
	struct session_mcumgr *m = &s->mcumgr;
	const struct mcumgr_header h = {
		.version = m->old ? 0 : 1,
		.op = asks[ask].op,
		.length = (uint16_t)(map->at + rest),
		.group = (uint16_t)asks[ask].group,
		.sequence = m->sequence,
		.command = asks[ask].command,
	};

	mcumgr_header_put(m->head, &h);
	m->head_at = 0;
	m->head_len = (uint8_t)(MCUMGR_HEADER + map->at);
	m->sequence++;
}

struct cbor_writer mcumgr_map(struct session *s)
{
	return (struct cbor_writer){.buf = s->mcumgr.head + MCUMGR_HEADER,
				    .size = sizeof(s->mcumgr.head) - MCUMGR_HEADER};
}

/* Asks, and waits for the answer; from and to: bytes of the image behind the map. */
void mcumgr_ask_with(struct session *s, enum mcumgr_ask ask, const struct cbor_writer *map,
		     uint32_t from, uint32_t to)
{
	struct session_mcumgr *m = &s->mcumgr;

	m->ask = (uint8_t)ask;
	m->ask_sequence = m->sequence;
	mcumgr_put_head(s, ask, map, to - from);
	m->from = from;
	m->to = to;
	mcumgr_flush(s);
}

bool mcumgr_is_answer(const struct session *s, const struct mcumgr_header *h)
{
	const uint8_t what = s->mcumgr.ask;

	return what != MCUMGR_ASK_NOTHING && h->sequence == s->mcumgr.ask_sequence &&
	       h->op == (enum mcumgr_op)(asks[what].op + 1) && h->group == asks[what].group &&
	       h->command == asks[what].command;
}

/* An answer may come in several notifications; what is too long for this program is passed over. */
void mcumgr_rx(struct session *s, const uint8_t *buf, size_t len)
{
	struct session_mcumgr *m = &s->mcumgr;
	struct mcumgr_header h;

	if (m->in_skip > 0) {
		m->in_skip = len < m->in_skip ? (uint16_t)(m->in_skip - len) : 0;
		return;
	}
	if (len > sizeof(m->in) - m->in_len)
		m->in_len = 0;
	if (len > sizeof(m->in))
		return;
	memcpy(m->in + m->in_len, buf, len);
	m->in_len = (uint16_t)(m->in_len + len);
	if (m->in_len < MCUMGR_HEADER) {
		m->in_len = 0;
		return;
	}
	mcumgr_header_get(m->in, &h);
	if (h.length > sizeof(m->in) - MCUMGR_HEADER) {
		m->in_skip = (uint16_t)(MCUMGR_HEADER + h.length > m->in_len
						? MCUMGR_HEADER + h.length - m->in_len
						: 0);
		m->in_len = 0;
	} else if (m->in_len >= MCUMGR_HEADER + h.length) {
		const bool whole = m->in_len == MCUMGR_HEADER + h.length;

		m->in_len = 0;
		if (whole)
			mcumgr_on_answer(s, &h, m->in + MCUMGR_HEADER);
	}
}
