/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fbiego's parts, of ESP32_BLE_OTA_Arduino and of its compact library: the image goes into a file
 * of the device part by part, and is installed from there.  Commands, values and their opcodes go
 * to one characteristic, notifications come from another.  All numbers are big-endian.
 *
 * Nothing has a checksum, and a value that comes while both of the device's buffers are in use is
 * lost without a word.  So values are paced, unless the device asks for each part when it has a
 * buffer for it; each part is closed by a request, whose answer shows that what was before it has
 * arrived; and its format command, EF, is never written.  There is no
 * abort either: what was received stays in the file, which the next update removes.
 */
#include "core/session_priv.h"

#define HEADER 2u /* VALUE, and the number in its part */
#define PART_MOST 16384u /* the device's buffer */
#define VALUES_MOST 256u /* of a part: their number is a byte */
#define WANT_MS 3000u /* until a part is asked for, besides an ACK's time-out */

enum {
	RESULT = 0x0f, /* notified, with words */
	MODE = 0xaa, /* notified: 1 all parts at once, 0 each when it is asked for */
	WANT = 0xf1, /* notified: the next part */
	INSTALLING = 0xf2, /* notified */
	VALUE = 0xfb,
	PART_END = 0xfc,
	BEGIN = 0xfd, /* removes the file of before */
	LENGTH = 0xfe,
	PARTS = 0xff,
};

static uint32_t part_size(const struct session *s)
{
	return s->parts.size;
}

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* --- the handshake */

static void write_length(struct session *s)
{
	uint8_t buf[5] = {LENGTH};

	put16(buf + 1, s->config.image_size >> 16);
	put16(buf + 3, s->config.image_size);
	session_command(s, buf, sizeof(buf));
}

static void write_parts(struct session *s)
{
	const uint32_t parts = (s->config.image_size - 1u) / s->parts.size + 1u;
	uint8_t buf[5] = {PARTS};

	put16(buf + 1, parts);
	put16(buf + 3, s->told_payload);
	session_command(s, buf, sizeof(buf));
}

/* The payload of a value is told, so that it stays as it is. */
static void choose_parts(struct session *s)
{
	uint32_t values;

	s->told_payload = 0;
	session_choose(s);
	s->told_payload = (uint16_t)(s->chunk - HEADER);
	values = PART_MOST / s->told_payload;
	s->parts.size = (values < VALUES_MOST ? values : VALUES_MOST) * s->told_payload;
}

static void begin(struct session *s)
{
	static const uint8_t first = BEGIN;

	if (!session_plain_begin(s))
		return;
	s->parts.waiting = s->parts.wanted = false;
	s->parts.rest_us = 0;
	choose_parts(s);
	session_wait_work(s, SESSION_STEP_READY, s->config.ready_timeout_ms);
	session_command(s, &first, 1);
	write_length(s);
	/* A device that is in the middle of an update tells its mode no more. */
	if (s->parts.mode_known)
		write_parts(s);
}

static uint32_t part_end(const struct session *s, uint32_t from)
{
	const uint32_t left = s->config.image_size - from;

	return from + (left < s->parts.size ? left : s->parts.size);
}

static void part_accepted(struct session *s)
{
	const uint32_t reached = s->stats.queued;

	s->parts.waiting = s->parts.wanted = false;
	s->parts.rest_us = 0;
	s->stats.limit = part_end(s, reached);
	session_moved(s, reached);
}

static bool unpaced(const struct session *s)
{
	return s->parts.mode_known && s->parts.mode == 0;
}

/*
 * A device that takes all parts at once loses one that ends while the part before is still being
 * written to its file.  A part takes its values' pacing, which a short last one does not have: it
 * begins as much later.
 */
static uint64_t rest_before(const struct session *s)
{
	const uint32_t len = part_end(s, s->stats.queued) - s->stats.queued;
	const uint32_t values = (len + s->told_payload - 1u) / s->told_payload;

	return (uint64_t)(s->parts.size / s->told_payload - values) * session_pacing(s);
}

static void control_written(struct session *s, uint8_t opcode)
{
	if (opcode == PARTS && s->state == SESSION_PREPARING)
		session_begin_sending(s, 0, part_end(s, 0), 0);
	if (opcode != PART_END || (s->state != SESSION_SENDING && s->state != SESSION_PAUSED))
		return;
	if (s->parts.mode != 0 && s->stats.queued < s->config.image_size)
		s->parts.rest_us = rest_before(s);
	if (s->parts.rest_us == 0 &&
	    (s->parts.mode != 0 || s->parts.wanted || s->stats.queued == s->config.image_size)) {
		part_accepted(s);
		return;
	}
	s->parts.waiting = true;
	s->parts.since = s->now;
}

/* --- what the device says */

/* Words that may be cut off by the MTU. */
static bool says(const uint8_t *buf, size_t len, const char *word)
{
	const size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (memcmp(buf + i, word, n) == 0)
			return true;
	return false;
}

static void on_result(struct session *s, const uint8_t *buf, size_t len)
{
	if (s->state != SESSION_VERIFYING)
		return;
	if (says(buf, len, "Not enough")) {
		session_device_error(s, OTA_ERR_SIZE, OTA_CMD_END, 0);
	} else if (says(buf, len, "Error") || says(buf, len, "Failed")) {
		session_device_error(s, OTA_ERR_IMAGE, OTA_CMD_END, 0);
	} else if (says(buf, len, "Success")) {
		session_plain_done(s); /* it reboots some ten seconds later */
	}
}

static void rx(struct session *s, const uint8_t *buf, size_t len)
{
	switch (buf[0]) {
	case MODE:
		if (len < 2 || s->state != SESSION_PREPARING || s->parts.mode_known)
			break;
		s->parts.mode_known = true;
		s->parts.mode = buf[1];
		write_parts(s);
		break;
	case WANT:
		if (len < 3 || s->stats.queued != s->stats.limit ||
		    ((uint32_t)buf[1] << 8 | buf[2]) * s->parts.size != s->stats.queued)
			break;
		/* WANT may come before the answer to the request that it follows. */
		if (s->parts.waiting)
			part_accepted(s);
		else
			s->parts.wanted = true;
		break;
	case INSTALLING: /* from its file, which takes long, and it says nothing meanwhile */
		if (s->state == SESSION_VERIFYING)
			session_works(s, s->config.basic_ready_timeout_ms);
		break;
	case RESULT:
		on_result(s, buf, len);
		break;
	default:
		break; /* a device may say more than this dialect knows */
	}
}

/* --- parts */

static void header_put(struct session *s, uint8_t *buf, uint32_t len)
{
	(void)len;
	buf[0] = VALUE;
	buf[1] = (uint8_t)(s->stats.queued % s->parts.size / s->told_payload);
}

static void value_sent(struct session *s, uint32_t header)
{
	const uint32_t part = (s->stats.queued - 1u) / s->parts.size;
	uint8_t buf[5] = {PART_END};

	(void)header;
	if (!session_ends_sector(s, 0))
		return;
	put16(buf + 1, s->stats.queued - part * s->parts.size);
	put16(buf + 3, part);
	session_command(s, buf, sizeof(buf));
	s->stall_at = s->now;
}

/* Within a part it is the host that takes its time. */
static bool has_sent_part(const struct session *s)
{
	return s->stats.queued == s->stats.limit && s->parts.rest_us == 0;
}

static uint64_t want_due(const struct session *s)
{
	if (!s->parts.waiting || s->state != SESSION_SENDING)
		return NEVER;
	return s->parts.since + (s->parts.rest_us > 0 ? s->parts.rest_us
						      : (s->config.ack_timeout_ms + WANT_MS) * MS);
}

/* By now the part is in its file; only the request for the next one was not heard. */
static void watch(struct session *s)
{
	if (has_sent_part(s))
		session_watch_stall(s);
	if (s->now < want_due(s))
		return;
	if (s->parts.rest_us == 0) {
		session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
		s->stats.resyncs++;
	}
	part_accepted(s);
}

static uint64_t watch_at(const struct session *s)
{
	return session_sooner(has_sent_part(s) ? session_stall_deadline(s) : NEVER, want_due(s));
}

/* --- the end */

/* The device begins the update's end by itself when it has all parts. */
static void end(struct session *s)
{
	s->ended = s->end_answered = true;
}

static const struct dialect_ops ops = {
	.begin = begin,
	.rx = rx,
	.control_written = control_written,
	.sector = part_size,
	.header_put = header_put,
	.value_sent = value_sent,
	.unpaced = unpaced,
	.data_written = session_nothing,
	.watch = watch,
	.watch_at = watch_at,
	.end = end,
	.abort = session_plain_stop,
	.abort_written = session_nothing,
};

#define WRITES (GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND)
/* clang-format off */
#define PARTS_OF(service, rx_uuid, tx_uuid) \
	.tool = "", \
	.lacks = "no checksums, no resume, no abort, no version, no hash", \
	.family = DIALECT_PARTS, \
	.services = {service}, \
	.advertised = true, \
	.chrs = { \
		[GATT_CONTROL] = {rx_uuid, .all = WRITES, .none = GATT_PROP_NOTIFY}, \
		[GATT_DATA] = {rx_uuid, .all = WRITES, .none = GATT_PROP_NOTIFY}, \
	}, \
	.events = {tx_uuid, .all = GATT_PROP_NOTIFY, .none = WRITES}, \
	.header = HEADER, \
	.write_mode = GATT_COMMAND, \
	.paced = true, \
	.has_acknowledgements = true, \
	.ops = &ops
/* clang-format on */

/* fbiego's sketches have RX and TX readable, or not. */
const struct dialect session_fbiego = {
	.id = DIALECT_FBIEGO,
	.name = "fbiego",
	.title = "protocol of fbiego's ESP32_BLE_OTA_Arduino",
	.not_offered = "not offered: it speaks fbiego",
	PARTS_OF(OTA_UUID_SERVICE, OTA_UUID_CONTROL, OTA_UUID_DATA),
};

const struct dialect session_fbiego_compact = {
	.id = DIALECT_FBIEGO_COMPACT,
	.name = "fbiego-compact",
	.title = "protocol of fbiego's compact library",
	.not_offered = "not offered: it speaks fbiego-compact",
	PARTS_OF("fe590001-54ae-4a28-9f74-dfccb248601d", "fe590002-54ae-4a28-9f74-dfccb248601d",
		 "fe590003-54ae-4a28-9f74-dfccb248601d"),
};
