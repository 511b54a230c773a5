/* SPDX-License-Identifier: Apache-2.0 */
/* See snoop.h: attribute PDUs (Core Vol 3 Part F 3.4) and what goes over Control, Data and Info. */
#include "capture/snoop.h"

#include "air/att_proto.h"
#include "base/bytes.h"

#include <string.h>

/* The entry of a characteristic: handle, properties, value's handle, UUID of 16 octets. */
#define ENTRY_LONG 21u

/* --- which handle is what */

/* "fb1e4002-..." as it stands on the air, the last octet first. */
static bool is_uuid(const uint8_t *air, const char *text)
{
	size_t at = 16;

	for (const char *c = text; *c && at > 0; c++) {
		const unsigned int digit =
			*c >= 'a' ? (unsigned int)(*c - 'a') + 10u : (unsigned int)(*c - '0');
		unsigned int high = digit;

		if (*c == '-')
			continue;
		c++;
		high = high << 4 |
		       (*c >= 'a' ? (unsigned int)(*c - 'a') + 10u : (unsigned int)(*c - '0'));
		if (air[--at] != high)
			return false;
	}
	return at == 0;
}

static void entry(struct snoop *s, const uint8_t *p, size_t len)
{
	static const char *const uuids[] = {[GATT_CONTROL] = OTA_UUID_CONTROL,
					    [GATT_DATA] = OTA_UUID_DATA,
					    [GATT_INFO] = OTA_UUID_INFO};

	for (enum gatt_chr chr = GATT_CONTROL; len == ENTRY_LONG && chr <= GATT_INFO; chr++) {
		if (!is_uuid(p + 5, uuids[chr]))
			continue;
		if (!s->listed) /* of this device, whatever was guessed */
			memset(s->chrs, 0, sizeof(s->chrs));
		s->listed = true;
		s->chrs[chr] = bytes_get16(p + 3);
	}
}

static struct snoop_handle *handle_of(struct snoop *s, uint16_t handle)
{
	for (size_t i = 0; i < s->handle_count; i++)
		if (s->handles[i].handle == handle)
			return &s->handles[i];
	if (s->handle_count == SNOOP_HANDLES)
		return NULL;
	s->handles[s->handle_count] = (struct snoop_handle){.handle = handle};
	return &s->handles[s->handle_count++];
}

static bool is_info(const uint8_t *p, size_t len, struct ota_info *ret)
{
	return len >= OTA_INFO_SIZE_MIN && ota_info_decode(p, len, ret) == 0 && ret->version == 1;
}

static void learn(struct snoop *s, struct snoop_link *l, const uint8_t *p, size_t len)
{
	struct snoop_handle *h = len >= 3 ? handle_of(s, bytes_get16(p + 1)) : NULL;
	struct ota_info info;

	switch (p[0]) {
	case ATT_WRITE_REQ:
	case ATT_WRITE_CMD:
		if (!h || len < 4)
			return;
		h->values++;
		h->bytes += len - 3;
		h->started |= p[3] == OTA_CMD_START && (len == 4 || len >= 3 + OTA_START_SIZE);
		break;
	case ATT_NOTIFICATION:
		if (h)
			h->notifies = true;
		break;
	case ATT_READ_RSP:
		if (!s->listed && l->reading != 0 && is_info(p + 1, len - 1, &info))
			s->chrs[GATT_INFO] = l->reading;
		break;
	default:
		break;
	}
}

/* --- the host */

static void start(struct snoop *s, const uint8_t *p, size_t len)
{
	struct ota_start m;

	s->flushed_before = s->stats.flushed;
	memset(&s->stats, 0, sizeof(s->stats));
	s->started = true;
	s->begun = s->ended = s->done = s->aborted = s->failed = false;
	s->erase_last = s->asked = false;
	s->unheard = s->queries = s->answers = 0;
	s->chunk = 0;
	s->stats.start_us = s->now_us > 0 ? s->now_us : 1;
	s->dialect = len == 1 ? DIALECT_BASIC : DIALECT_FULL;
	if (len > 1 && ota_start_decode(p, len, &m) == 0)
		s->size = m.image_size;
	s->state = SESSION_PREPARING;
	s->state_us = s->moved_us = s->now_us;
}

static void command(struct snoop *s, const uint8_t *p, size_t len)
{
	if (len == 0)
		return;
	switch (p[0]) {
	case OTA_CMD_START:
		start(s, p, len);
		break;
	case OTA_CMD_ABORT:
		s->aborted = true;
		break;
	case OTA_CMD_END:
		s->ended = true;
		s->state = SESSION_VERIFYING;
		s->state_us = s->now_us;
		break;
	case OTA_CMD_STATUS:
	case OTA_CMD_RESYNC:
		s->queries++;
		s->asked = true;
		s->asked_at = s->stats.queued;
		break;
	default:
		break;
	}
}

static void data(struct snoop *s, size_t len, enum gatt_write mode)
{
	const size_t header = s->dialect == DIALECT_FULL ? OTA_DATA_HEADER : 0;
	const uint32_t bytes = len > header ? (uint32_t)(len - header) : 0;

	if (!s->started)
		return;
	s->stats.values++;
	s->stats.sent_bytes += bytes;
	s->stats.queued += bytes;
	s->mode = mode;
	if (bytes > s->chunk)
		s->chunk = (uint16_t)bytes;
	if (s->state == SESSION_SENDING && s->interval_first == 0)
		s->interval_first = s->link.interval;
}

static void written(struct snoop *s, const uint8_t *p, size_t len)
{
	const uint16_t handle = len >= 3 ? bytes_get16(p + 1) : 0;

	if (handle == 0)
		return;
	if (handle == s->chrs[GATT_CONTROL])
		command(s, p + 3, len - 3);
	else if (handle == s->chrs[GATT_DATA])
		data(s, len - 3, p[0] == ATT_WRITE_REQ ? GATT_REQUEST : GATT_COMMAND);
}

/* --- the device */

static void moved(struct snoop *s)
{
	s->moved_us = s->now_us;
	s->missing = s->forgot = 0;
	s->resets = s->info.resets;
	s->reset_reason = s->info.reset_reason;
}

static void progressed(struct snoop *s, uint32_t received, uint32_t flushed, uint32_t limit)
{
	if (received > s->stats.received)
		moved(s);
	s->unheard = 0;
	s->stats.received = received;
	s->stats.flushed = flushed;
	s->stats.received_known = true;
	if (limit > s->stats.limit)
		s->stats.limit = limit;
}

static void ready(struct snoop *s, const uint8_t *p, size_t len)
{
	struct ota_ready m;

	s->begun = true;
	s->state = SESSION_SENDING;
	s->state_us = s->moved_us = s->now_us;
	if (s->dialect != DIALECT_FULL || ota_ready_decode(p, len, &m) < 0)
		return;
	if (m.offset < s->flushed_before)
		s->forgot = s->flushed_before - m.offset;
	s->stats.queued = s->stats.received = s->stats.flushed = m.offset;
	s->stats.received_known = true;
	s->stats.limit = m.limit;
	s->stats.resumed = m.offset > 0;
	s->stats.resumed_from = m.offset;
}

static void error(struct snoop *s, const uint8_t *p, size_t len)
{
	struct ota_error_event m;

	s->failed = true;
	s->code = OTA_ERR_STATE;
	s->opcode = 0;
	if (ota_error_decode(p, len, &m) < 0)
		return;
	s->code = m.code;
	s->opcode = m.opcode;
	s->detail = m.detail;
}

/* A client that does not read Info again learns of a reset so. */
static void take_resets(struct snoop *s, const struct ota_status *m)
{
	if (m->reset_reason == OTA_RESET_UNKNOWN && m->resets == 0)
		return;
	s->info.reset_reason = m->reset_reason;
	s->info.resets = m->resets;
	s->info.panics = m->panics;
}

static void told_status(struct snoop *s, const uint8_t *p, size_t len)
{
	if (ota_status_decode(p, len, &s->stats.status) < 0)
		return;
	s->stats.status_known = true;
	take_resets(s, &s->stats.status);
	if (s->state == SESSION_SENDING && s->stats.status.received > s->stats.received)
		s->unheard = s->stats.status.received - s->stats.received;
	if (s->asked && s->state == SESSION_SENDING && s->stats.status.received < s->asked_at)
		s->missing = s->asked_at - s->stats.status.received;
}

static void notified(struct snoop *s, const uint8_t *p, size_t len)
{
	struct ota_ack ack;
	struct ota_gap gap;

	s->erase_last = false;
	switch (p[0]) {
	case OTA_EVT_READY:
		ready(s, p, len);
		break;
	case OTA_EVT_ERROR:
		error(s, p, len);
		break;
	case OTA_EVT_DONE:
		s->done = true;
		s->stats.done_us = s->now_us;
		s->state = SESSION_REBOOTING;
		break;
	case OTA_EVT_PROGRESS:
		s->erase_last = ota_progress_decode(p, len, &s->stats.progress) == 0 &&
				s->stats.progress.phase == OTA_PHASE_ERASE;
		break;
	case OTA_EVT_STATUS:
		told_status(s, p, len);
		break;
	case OTA_EVT_ACK:
		if (ota_ack_decode(p, len, &ack) == 0)
			progressed(s, ack.received, ack.flushed, ack.limit);
		break;
	case OTA_EVT_GAP:
		if (ota_gap_decode(p, len, &gap) == 0) {
			s->stats.gaps++;
			s->stats.queued = gap.offset;
		}
		break;
	case OTA_EVT_LINK:
		(void)ota_link_decode(p, len, &s->stats.link);
		break;
	case OTA_EVT_TELEMETRY:
		s->stats.telemetry_known |= ota_telemetry_decode(p, len, &s->stats.telemetry) == 0;
		if (s->stats.telemetry.erase_ms > s->erase_ms)
			s->erase_ms = s->stats.telemetry.erase_ms;
		break;
	default:
		break;
	}
	s->answers += s->asked;
	s->asked = false;
}

static void told_info(struct snoop *s, const uint8_t *p, size_t len)
{
	struct ota_info info;

	if (!is_info(p, len, &info))
		return;
	if (!s->info_known) {
		s->info_first = info;
		s->resets = info.resets;
		s->reset_reason = info.reset_reason;
	}
	s->info_known = true;
	s->info = info;
	/* The update is told as it stands, before the next START makes it another: a reset,
	 * another slot. */
	if (s->started && !s->done && s->stands)
		s->stands(s->userdata, s);
}

/* Error Response: opcode, the request's, handle, code (3.4.1.1). */
static void refused(struct snoop *s, const uint8_t *p, size_t len)
{
	uint16_t handle;

	if (len < 5 || (p[1] != ATT_READ_REQ && p[1] != ATT_WRITE_REQ))
		return; /* the end of a discovery is told as an error, too */
	handle = bytes_get16(p + 2);
	if (handle != s->chrs[GATT_CONTROL] && handle != s->chrs[GATT_DATA] &&
	    handle != s->chrs[GATT_INFO])
		return;
	switch (p[4]) {
	case 0x05: /* insufficient authentication, encryption, key size */
	case 0x0c:
	case 0x0f:
		s->pairing = GATT_PAIRING_WANTED;
		break;
	case 0x08:
		s->pairing = GATT_PAIRING_UNAUTHORIZED;
		break;
	case 0x01: /* invalid handle; attribute not found; database out of sync */
	case 0x0a:
	case 0x12:
		s->misremembered = true;
		break;
	case 0x0d:
		s->too_long = true;
		break;
	default:
		break;
	}
}

static void from_device(struct snoop *s, struct snoop_link *l, const uint8_t *p, size_t len)
{
	uint16_t mtu;

	s->spoke_us = s->now_us;
	switch (p[0]) {
	case ATT_ERROR_RSP:
		refused(s, p, len);
		break;
	case ATT_MTU_RSP:
		mtu = len >= 3 ? bytes_get16(p + 1) : 0;
		if (l->mtu_asked > 0 && mtu > l->mtu_asked)
			mtu = l->mtu_asked;
		if (mtu >= OTA_ATT_MTU_MIN)
			s->mtu = mtu;
		break;
	case ATT_READ_RSP:
		if (l->reading != 0 && l->reading == s->chrs[GATT_INFO])
			told_info(s, p + 1, len - 1);
		l->reading = 0;
		break;
	case ATT_NOTIFICATION:
		if (len >= 4 && bytes_get16(p + 1) == s->chrs[GATT_CONTROL])
			notified(s, p + 3, len - 3);
		break;
	default:
		break;
	}
}

static void from_host(struct snoop *s, struct snoop_link *l, const uint8_t *p, size_t len)
{
	switch (p[0]) {
	case ATT_MTU_REQ:
		l->mtu_asked = len >= 3 ? bytes_get16(p + 1) : 0;
		break;
	case ATT_READ_REQ:
		l->reading = len >= 3 ? bytes_get16(p + 1) : 0;
		break;
	case ATT_READ_BLOB_REQ: /* the rest of a long value, which is not put together here */
		l->reading = 0;
		break;
	case ATT_WRITE_REQ:
	case ATT_WRITE_CMD:
		if (!s->learning)
			written(s, p, len);
		break;
	default:
		break;
	}
}

void snoop_att(struct snoop *s, struct snoop_link *l, bool sent, const uint8_t *p, size_t len)
{
	if (len == 0)
		return;
	if (!sent && p[0] == ATT_READ_BY_TYPE_RSP && len >= 2 && p[1] == ENTRY_LONG)
		for (size_t at = 2; at + p[1] <= len; at += p[1])
			entry(s, p + at, p[1]);
	if (s->learning)
		learn(s, l, p, len);
	if (!s->connected && !s->learning) {
		s->connected = s->ever_connected = true; /* the file begins in mid link */
		s->state = SESSION_DISCOVERING;
	}
	if (sent)
		from_host(s, l, p, len);
	else if (!s->learning)
		from_device(s, l, p, len);
}
