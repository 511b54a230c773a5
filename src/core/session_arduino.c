/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ArduinoBleOTA since its release 2.0.0 (doc/PROTOCOL.md and BleOtaUploader.cpp of
 * vovagorodok/ArduinoBleOTA): INIT and what the device is built with; BEGIN and the lengths of its
 * values and of its buffer; values; END with a CRC-32.  All numbers are little-endian, and nothing
 * is written with a request, since the device takes none.
 *
 * Values fill the device's buffer.  One that finds it full asks for an answer: the buffer goes to
 * the flash first, during which the device hears nothing, so that nothing else is under way then.
 * Values have no numbers: one that was lost shows at END, by the length.  An answer that does not
 * come is not repeated either; INIT is answered at any time, behind all that came before it.
 *
 * There is no abort.  An update that is begun while another one runs, as after a lost link, has
 * no buffer until the device is reset: then each value asks for an answer.
 */
#include "base/bytes.h"
#include "core/session_priv.h"

#define HEADER 1u
#define BEGIN_SIZE 18u
#define ANY UINT32_MAX /* bytes of the buffer: as many as the device has */

enum {
	INIT = 0x01,
	INIT_ANSWER = 0x02,
	BEGIN = 0x03,
	BEGIN_ANSWER = 0x04,
	VALUE = 0x05, /* into the buffer */
	VALUE_ASKS = 0x06, /* the buffer goes to the flash before it */
	VALUE_ANSWER = 0x07,
	END = 0x08,
	END_ANSWER = 0x09,
	FAILED = 0x10,
};
enum { HAS_CHECKSUM = 0x02, HAS_UPLOAD = 0x04, WANTS_SIGNATURE = 0x08 }; /* INIT_ANSWER's */
enum { WITH_CHECKSUM = 0x02 }; /* BEGIN's */

/* BleOtaStatus.h: what an update ends with, and not the next one, too. */
enum { TOO_LARGE = 0x03, NO_ROOM = 0x04, DISABLED = 0x10, INSTALLING = 0x13, WRONG_SUM = 0x41 };
enum { SIGNATURE_FIRST = 0x50, SIGNATURE_LAST = 0x52 };

/* --- the handshake */

static void write_init(struct session *s)
{
	static const uint8_t init = INIT;

	session_command(s, &init, 1);
}

static void begin(struct session *s)
{
	if (!session_plain_begin(s))
		return;
	s->packages = (struct session_packages){0};
	session_wait_work(s, SESSION_STEP_READY, s->config.basic_ready_timeout_ms);
	write_init(s);
}

static void write_begin(struct session *s)
{
	uint8_t buf[BEGIN_SIZE] = {BEGIN};

	s->packages.asked = true;
	s->told_payload = 0;
	session_choose(s);
	s->told_payload = (uint16_t)(s->chunk - HEADER);
	bytes_put32(buf + 1, s->config.image_size);
	bytes_put32(buf + 5, s->told_payload);
	bytes_put32(buf + 9, ANY);
	bytes_put32(buf + 13, s->config.image_size); /* compressed, which it is not */
	buf[17] = s->packages.checksum ? WITH_CHECKSUM : 0;
	session_command(s, buf, sizeof(buf));
}

static void on_init(struct session *s, uint8_t has)
{
	if (s->packages.asked)
		return;
	s->packages.checksum = (has & HAS_CHECKSUM) != 0;
	if (!(has & HAS_UPLOAD))
		session_device_error(s, OTA_ERR_PERMISSION, OTA_CMD_START, 0);
	else if (has & WANTS_SIGNATURE)
		session_device_error(s, OTA_ERR_SIGNATURE, OTA_CMD_START, 0);
	else
		write_begin(s);
}

/* --- values */

/* Returns true if the value that has this byte is one that asks for an answer. */
static bool asks(const struct session *s, uint32_t offset, uint32_t len)
{
	const uint32_t value = offset / s->told_payload, every = s->packages.every;

	return every == 0 || (value > 0 && value % every == 0) ||
	       offset + len == s->config.image_size;
}

/* Behind the next value from offset on that asks for an answer. */
static uint32_t answered_up_to(const struct session *s, uint32_t offset)
{
	const uint32_t values = (s->config.image_size - 1u) / s->told_payload + 1u;
	const uint32_t every = s->packages.every, value = offset / s->told_payload;
	uint32_t last = value;

	if (every > 0)
		last = value == 0 ? every : (value + every - 1u) / every * every;
	return last + 1u < values ? (last + 1u) * s->told_payload : s->config.image_size;
}

static void on_begun(struct session *s, uint32_t value, uint32_t buffer)
{
	if (!s->packages.asked)
		return;
	if (value == 0 || value > s->told_payload || (buffer != 0 && buffer < value)) {
		session_broken(s, "it begins with values or a buffer of a length that cannot be");
		return;
	}
	s->told_payload = (uint16_t)value;
	s->packages.every = buffer / value;
	s->packages.awaiting = false;
	session_begin_sending(s, 0, answered_up_to(s, 0), 0);
}

static uint32_t buffer_bytes(const struct session *s)
{
	return (s->packages.every + 1u) * s->told_payload;
}

static void header_put(struct session *s, uint8_t *buf, uint32_t len)
{
	buf[0] = asks(s, s->stats.queued, len) ? VALUE_ASKS : VALUE;
}

static void value_sent(struct session *s, uint32_t header)
{
	struct session_packages *p = &s->packages;

	(void)header;
	if (!asks(s, s->stats.queued - 1u, 1))
		return;
	p->awaiting = true;
	p->probed = false;
	p->since = s->now;
}

static void accepted(struct session *s)
{
	const uint32_t reached = s->stats.queued;

	s->packages.awaiting = false;
	if (reached < s->config.image_size)
		s->stats.limit = answered_up_to(s, reached);
	session_moved(s, reached);
}

static uint64_t answer_due(const struct session *s)
{
	return s->packages.awaiting ? session_answer_due(s, s->packages.since, buffer_bytes(s))
				    : NEVER;
}

static void watch(struct session *s)
{
	session_watch_stall(s);
	if (s->state != SESSION_SENDING || s->now < answer_due(s))
		return;
	if (!session_may_ask(s)) {
		session_retry(s, SESSION_STALLED);
		return;
	}
	session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
	s->stats.resyncs++;
	s->packages.probed = true;
	s->packages.since = s->now;
	write_init(s);
}

static uint64_t watch_at(const struct session *s)
{
	return session_sooner(session_stall_deadline(s), answer_due(s));
}

/* --- the end */

/* As zlib has it; four bits at a time. */
static uint32_t crc32(const uint8_t *buf, size_t len)
{
	uint32_t table[16], crc = UINT32_MAX;

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (unsigned int bit = 0; bit < 4; bit++)
			table[i] = table[i] & 1u ? table[i] >> 1 ^ 0xedb88320u : table[i] >> 1;
	}
	for (size_t i = 0; i < len; i++) {
		crc ^= buf[i];
		crc = crc >> 4 ^ table[crc & 0xfu];
		crc = crc >> 4 ^ table[crc & 0xfu];
	}
	return ~crc;
}

static void end(struct session *s)
{
	const bool sums = s->packages.checksum;
	uint8_t buf[5] = {END};

	bytes_put32(buf + 1, sums ? crc32(s->config.image, s->config.image_size) : 0);
	s->ended = s->end_answered = true; /* a write command has no other answer than END's own */
	session_command(s, buf, sizeof(buf));
}

static void failed(struct session *s, uint8_t code)
{
	const bool begins = s->state == SESSION_PREPARING && s->packages.asked;
	const bool moves = s->state == SESSION_SENDING || s->state == SESSION_PAUSED ||
			   s->state == SESSION_VERIFYING;

	if (!begins && !moves)
		return;
	if (code == DISABLED)
		session_device_error(s, OTA_ERR_PERMISSION, OTA_CMD_START, 0);
	else if (code >= SIGNATURE_FIRST && code <= SIGNATURE_LAST)
		session_device_error(s, OTA_ERR_SIGNATURE, OTA_CMD_END, code);
	else if (begins && (code == TOO_LARGE || code == NO_ROOM))
		session_device_error(s, OTA_ERR_SIZE, OTA_CMD_START, 0);
	else if (moves || code == INSTALLING) {
		s->code = code == INSTALLING  ? OTA_ERR_BUSY
			  : code == WRONG_SUM ? OTA_ERR_HASH
					      : OTA_ERR_STATE;
		s->opcode = begins ? OTA_CMD_START : OTA_CMD_END;
		session_note(s, SESSION_NOTE_ERROR, s->code);
		session_retry_start(s, SESSION_DEVICE_ERROR);
	}
}

static void rx(struct session *s, const uint8_t *buf, size_t len)
{
	const bool prepares = s->state == SESSION_PREPARING && s->step == SESSION_STEP_READY;
	const bool sends = s->state == SESSION_SENDING || s->state == SESSION_PAUSED;
	const struct session_packages *p = &s->packages;

	if (len == 1 && prepares && !p->asked && buf[0] != VALUE_ANSWER)
		/* Releases 1.1 and 1.2 have these UUIDs, too, and answer with one byte. */
		session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_START, 0);
	else if (len == 2 && buf[0] == INIT_ANSWER && prepares)
		on_init(s, buf[1]);
	else if (len == 9 && buf[0] == BEGIN_ANSWER && prepares)
		on_begun(s, bytes_get32(buf + 1), bytes_get32(buf + 5));
	/* One that is there when the value has just been given to the stack is a copy of the last. */
	else if (sends && p->awaiting && s->now > p->since &&
		 ((len == 1 && buf[0] == VALUE_ANSWER) ||
		  (len == 2 && buf[0] == INIT_ANSWER && p->probed)))
		accepted(s);
	else if (len == 1 && buf[0] == END_ANSWER && s->state == SESSION_VERIFYING && s->ended)
		session_plain_done(s); /* it reboots a quarter of a second later */
	else if (len == 2 && buf[0] == FAILED)
		failed(s, buf[1]);
}

static const struct dialect_ops ops = {
	.begin = begin,
	.rx = rx,
	.sector = buffer_bytes,
	.unit_end = session_size,
	.header_put = header_put,
	.value_sent = value_sent,
	.data_written = session_nothing,
	.watch = watch,
	.watch_at = watch_at,
	.end = end,
	.abort = session_plain_stop,
	.abort_written = session_nothing,
};

/* BleOtaUuids.h, and its service in BleOtaLibNimBleArduino.cpp, ...ESP32.cpp and ...ArduinoBle.cpp. */
static const char receives[] = "dac89194-35a1-11ef-aba1-b37714ad9a54";
#define TAKES                                                                                      \
	{                                                                                          \
		receives, .all = GATT_PROP_WRITE_COMMAND, .none = GATT_PROP_NOTIFY                 \
	}

const struct dialect session_arduino_ble_ota = {
	.id = DIALECT_ARDUINO_BLE_OTA,
	.name = "arduino-ble-ota",
	.title = "protocol of ArduinoBleOTA",
	.lacks = "no resume, no abort, no hash",
	.not_offered = "not offered: it speaks arduino-ble-ota",
	.tool = "",
	.family = DIALECT_PACKAGES,
	.services = {"dac890c2-35a1-11ef-aba0-9b95565f4ffb"},
	.advertised = true,
	.chrs = {[GATT_CONTROL] = TAKES, [GATT_DATA] = TAKES},
	.events = {"dac89266-35a1-11ef-aba2-0f0127bce478", .all = GATT_PROP_NOTIFY},
	.header = HEADER,
	.write_mode = GATT_COMMAND,
	.has_acknowledgements = true,
	.ops = &ops,
};
