/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Espressif's sectors: START with the length, 4096 bytes at a time with a CRC, each acknowledged,
 * and STOP.  Four projects speak it, and differ: ble_ota (nimble_ota.c and ble_ota.c of
 * esp-iot-solution), ble_ota_raw (esp_ble_ota_raw.c there), BLEOTA (BLEOTABase.cpp of gb88/BLEOTA)
 * and NimBLEOta (NimBLEOta.cpp of h2zero/NimBLEOta).  All numbers are little-endian.
 *
 * One sector is under way at a time, and its answer counts once, when all of it was sent: a
 * sector that is begun anew in the middle is written behind the first half by NimBLEOta, beyond
 * its buffer.  For the same reason nothing is resumed: a link that was lost leaves half a sector
 * there, which only STOP takes away.
 *
 * From ble_ota nothing takes it away but a reset: its application goes on writing where it stopped
 * (ota_task() of the example's app_main.c), and most releases copy half a sector and a whole one
 * into a buffer for one.  So no byte of an image is written to it before it has shown that it was
 * reset since the last update.  It shows that by a value of a sector that cannot be, and without
 * payload, which changes nothing: while an update is under way, and only then, the device answers
 * with the sector that it expects.
 */
#include "core/session_priv.h"
#include "base/bytes.h"

#define SECTOR 4096u
#define HEADER 3u /* sector, and the value's number in it */
#define LAST 0xffu /* ... of the sector's last value */
#define TRAILER 2u /* the CRC */
#define MESSAGE 20u /* of commands and answers, with their CRC */
#define CRC_AT 18u
#define NO_SECTOR 0xfffeu /* of no image; ffff is the last one's other name */
#define AGAIN_MAX 16u /* times that a sector is refused, until the link counts as bad */

enum { CMD_START = 1, CMD_STOP = 2, CMD_ANSWER = 3 };
enum { STATUS_OK = 0, STATUS_CRC = 1, STATUS_INDEX = 2, STATUS_LENGTH = 3, STATUS_START = 5 };

/* The differences between the projects. */
static const struct traits {
	bool stop_first; /* START is refused, or goes on with what is there, unless STOP came */
	bool stop_ends; /* the update is over with STOP; else with the last sector's answer */
	bool stop_judges; /* ... and its answer says whether the image is accepted */
	bool tells_expected; /* an answer has the sector that it expects */
	/* the device refuses the length of each value behind a lost one; the last one's CRC
	 * tells, too */
	bool length_early;
	bool keeps; /* an update, until it is reset; tells which sector it expects */
} traits[DIALECTS] = {
	[DIALECT_BLE_OTA] = {.tells_expected = true, .keeps = true},
	[DIALECT_BLE_OTA_RAW] = {.stop_first = true,
				 .stop_ends = true,
				 .tells_expected = true,
				 .length_early = true},
	[DIALECT_BLEOTA] = {.stop_ends = true, .stop_judges = true},
	[DIALECT_NIMBLEOTA] = {.stop_first = true, .tells_expected = true},
};

static const struct traits *traits_of(const struct session *s)
{
	return &traits[s->dialect->id];
}

/* Polynomial 1021, from 0, not reflected. */
static uint16_t crc16(const uint8_t *buf, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc = (uint16_t)(crc ^ buf[i] << 8);
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000u ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static void write_message(struct session *s, uint16_t command, uint32_t payload)
{
	uint8_t buf[MESSAGE] = {0};

	bytes_put16(buf, command);
	bytes_put32(buf + 2, payload);
	bytes_put16(buf + CRC_AT, crc16(buf, CRC_AT));
	session_command(s, buf, sizeof(buf));
}

static bool is_whole(const uint8_t *buf, size_t len)
{
	return len == MESSAGE && bytes_get16(buf + CRC_AT) == crc16(buf, CRC_AT);
}

/* --- the handshake */

static void stop(struct session *s)
{
	write_message(s, CMD_STOP, 0);
}

/* The answer comes before the response, or soon after it. */
static void ask(struct session *s, enum session_question question)
{
	const uint8_t value[HEADER] = {NO_SECTOR & 0xffu, NO_SECTOR >> 8, 0};
	const int rc = s->ops->write(s->ctx, GATT_DATA, GATT_REQUEST, value, sizeof(value));

	if (rc < 0) {
		session_failed(s, rc);
		return;
	}
	s->data_busy = true;
	s->sectors.question = question;
}

static void kept(struct session *s)
{
	session_device_error(s, OTA_ERR_BUSY, OTA_CMD_START, 0);
}

static void run_command(struct session *s)
{
	if (s->config.command != OTA_CMD_ABORT || traits_of(s)->keeps) {
		session_device_error(s, OTA_ERR_UNSUPPORTED, (uint8_t)s->config.command, 0);
		return;
	}
	s->asked = true;
	session_enter(s, SESSION_CANCELLING);
	session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
	stop(s);
}

static void begin(struct session *s)
{
	if (!session_has_goal(s))
		return;
	if (s->config.goal == SESSION_COMMAND) {
		run_command(s);
		return;
	}
	s->started = true;
	session_wait_work(s, SESSION_STEP_READY, s->config.basic_ready_timeout_ms);
	s->sectors = (struct session_sectors){0};
	if (traits_of(s)->keeps) {
		ask(s, SESSION_ASKED_BUSY);
		return;
	}
	if (traits_of(s)->stop_first)
		stop(s);
	write_message(s, CMD_START, s->config.image_size);
}

static uint32_t sector_end(const struct session *s, uint32_t from)
{
	const uint32_t left = s->config.image_size - from;

	return from + (left < SECTOR ? left : SECTOR);
}

static void refused(struct session *s, uint8_t code)
{
	s->code = code;
	s->opcode = OTA_CMD_START;
	session_note(s, SESSION_NOTE_ERROR, code);
	session_retry_start(s, SESSION_DEVICE_ERROR);
}

static void done(struct session *s)
{
	s->ended = s->end_answered = true;
	session_plain_done(s); /* it reboots half a second to two seconds later */
}

static void stopped(struct session *s, bool accepted)
{
	if (s->state != SESSION_VERIFYING)
		return; /* it is the STOP before START, or of a cancelled update */
	if (accepted)
		done(s);
	else if (traits_of(s)->stop_judges)
		session_device_error(s, OTA_ERR_IMAGE, OTA_CMD_END, 0);
	else
		session_retry(s, SESSION_DEVICE_ERROR); /* it may have installed it already: look */
}

static void started(struct session *s, bool good)
{
	s->sectors = (struct session_sectors){0};
	if (!good && traits_of(s)->keeps)
		kept(s);
	else if (!good)
		refused(s, OTA_ERR_BUSY);
	else if (traits_of(s)->keeps && !s->data_busy)
		ask(s, SESSION_ASKED_FIRST);
	else if (!traits_of(s)->keeps)
		session_begin_sending(s, 0, sector_end(s, 0), 0);
}

/* The response to a value: where no answer to the first question came before it, none comes. */
static void data_written(struct session *s)
{
	s->stall_at = s->now; /* at a small ATT MTU a sector takes many of them */
	if (s->sectors.question != SESSION_ASKED_BUSY)
		return;
	s->sectors.question = SESSION_ASKED_NOTHING;
	write_message(s, CMD_START, s->config.image_size);
}

/* An answer whose CRC is wrong is none. */
static void rx(struct session *s, const uint8_t *buf, size_t len)
{
	bool good;

	if (!is_whole(buf, len) || bytes_get16(buf) != CMD_ANSWER)
		return;
	good = bytes_get16(buf + 4) == STATUS_OK;
	if (bytes_get16(buf + 2) == CMD_STOP) {
		stopped(s, good);
	} else if (bytes_get16(buf + 2) == CMD_START && s->state == SESSION_PREPARING &&
		   s->step == SESSION_STEP_READY) {
		started(s, good);
	}
}

/* --- sectors */

static void header_put(struct session *s, uint8_t *buf, uint32_t len)
{
	if (s->stats.queued % SECTOR == 0)
		s->sectors.packet = 0;
	s->sectors.last = (uint16_t)len;
	bytes_put16(buf, (uint16_t)(s->stats.queued / SECTOR));
	buf[2] = session_ends_sector(s, len) ? LAST : s->sectors.packet;
}

static void value_sent(struct session *s, uint32_t header)
{
	(void)header;
	s->sectors.packet++;
	if (!session_ends_sector(s, 0))
		return;
	s->sectors.awaiting = true;
	s->sectors.sent_at = s->now;
}

/* Called after header_put(), with the sector's last value. */
static void trailer_put(struct session *s, uint8_t *buf)
{
	const uint32_t from = s->stats.queued - s->stats.queued % SECTOR;

	bytes_put16(buf, crc16(s->config.image + from, sector_end(s, from) - from));
}

static void send_again(struct session *s)
{
	if (++s->sectors.again > AGAIN_MAX) {
		session_retry(s, SESSION_STALLED);
		return;
	}
	s->stats.queued = s->stats.received;
}

static void accepted(struct session *s)
{
	const uint32_t from = s->stats.limit;

	s->sectors.again = 0;
	s->sectors.question = SESSION_ASKED_NOTHING;
	s->stats.limit = sector_end(s, from);
	session_moved(s, from);
}

/* The sector was refused; expected: the one that the device waits for. */
static void wrong_index(struct session *s, uint32_t sent, uint32_t expected)
{
	if (!traits_of(s)->tells_expected || expected < sent || expected > sent + 1u ||
	    (traits_of(s)->keeps && expected > sent)) /* it took the value for the next one's */
		refused(s, OTA_ERR_STATE); /* it is somewhere else: from the beginning */
	else if (expected == sent)
		send_again(s);
	else
		accepted(s); /* only the answer was lost */
}

/* The device told which sector it expects. */
static void answered(struct session *s, uint32_t expected)
{
	const enum session_question question = s->sectors.question;

	s->sectors.question = SESSION_ASKED_NOTHING;
	if (question == SESSION_ASKED_FIRST && expected == 0) {
		session_begin_sending(s, 0, sector_end(s, 0), 0);
	} else if (question == SESSION_ASKED_REACHED &&
		   expected == s->stats.received / SECTOR + 1u) {
		s->sectors.awaiting = false; /* only the answer was lost */
		accepted(s);
	} else if (question != SESSION_ASKED_NOTHING) {
		kept(s);
	}
}

static void rx_data(struct session *s, const uint8_t *buf, size_t len)
{
	const uint32_t sent = s->stats.received / SECTOR;

	if (traits_of(s)->keeps && is_whole(buf, len) && bytes_get16(buf) == NO_SECTOR &&
	    bytes_get16(buf + 2) == STATUS_INDEX) {
		answered(s, bytes_get16(buf + 4));
		return;
	}
	if ((s->state != SESSION_SENDING && s->state != SESSION_PAUSED) || !is_whole(buf, len) ||
	    !s->sectors.awaiting || bytes_get16(buf) != sent ||
	    (traits_of(s)->length_early && bytes_get16(buf + 2) == STATUS_LENGTH))
		return;
	s->sectors.awaiting = false;
	switch (bytes_get16(buf + 2)) {
	case STATUS_OK:
		accepted(s);
		break;
	case STATUS_CRC:
	case STATUS_LENGTH:
		s->stats.gaps++;
		session_note(s, SESSION_NOTE_GAP, s->stats.received);
		send_again(s);
		break;
	case STATUS_INDEX:
		wrong_index(s, sent, bytes_get16(buf + 4));
		break;
	case STATUS_START:
		session_device_error(s, OTA_ERR_SIZE, OTA_CMD_START, 0);
		break;
	default:
		session_broken(s, "it answered a sector with a status that does not exist");
		break;
	}
}

/* --- time */

static uint64_t answer_due(const struct session *s)
{
	return s->sectors.awaiting ? session_answer_due(s, s->sectors.sent_at, SECTOR) : NEVER;
}

/*
 * The sector's last value or its answer was lost.  That value alone is sent again: it completes
 * the sector, or the device says which one it expects.  The whole sector would be written behind
 * what is there.
 */
static void ask_again(struct session *s)
{
	session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
	s->stats.resyncs++;
	s->stats.queued -= s->sectors.last;
}

/* A value more than the sector has would be taken for the next one's. */
static void ask_reached(struct session *s)
{
	session_note(s, SESSION_NOTE_RESYNC, s->stats.queued - s->stats.received);
	s->stats.resyncs++;
	s->sectors.sent_at = s->now;
	ask(s, SESSION_ASKED_REACHED);
}

static void watch(struct session *s)
{
	session_watch_stall(s);
	if (s->state != SESSION_SENDING || s->now < answer_due(s))
		return;
	if (session_may_ask(s) && traits_of(s)->keeps && !s->data_busy) {
		ask_reached(s);
		return;
	}
	s->sectors.awaiting = false;
	if (!session_may_ask(s))
		session_retry(s, SESSION_STALLED);
	else if (traits_of(s)->tells_expected && s->chunk >= HEADER + s->sectors.last + TRAILER)
		ask_again(s);
	else
		session_retry_start(s, SESSION_STALLED);
}

static uint64_t watch_at(const struct session *s)
{
	return session_sooner(session_stall_deadline(s), answer_due(s));
}

/* --- the end */

static void end(struct session *s)
{
	if (!traits_of(s)->stop_ends) {
		done(s);
		return;
	}
	/* The device may reboot before it answers.  If STOP is no more than the end of the talk,
	 * the device has all that it needs already. */
	s->ended = true;
	s->end_answered = !traits_of(s)->stop_judges;
	stop(s);
}

/* STOP would hide that an application which keeps an update is in the middle of an image. */
static void leave(struct session *s)
{
	if (traits_of(s)->keeps)
		session_plain_stop(s);
	else
		stop(s);
}

static const struct dialect_ops ops = {
	.begin = begin,
	.rx = rx,
	.rx_data = rx_data,
	.header_put = header_put,
	.trailer_put = trailer_put,
	.value_sent = value_sent,
	.data_written = data_written,
	.watch = watch,
	.watch_at = watch_at,
	.end = end,
	.abort = leave,
	.abort_written = session_plain_stopped,
};

/*
 * ble_ota_raw offers every way to write and to be told, and has the progress bar
 * (esp_ble_ota_svc.c: nu_lookup_table); BLEOTA is the same without it (BLEOTA.cpp: init());
 * NimBLEOta indicates alone (NimBLEOta.cpp: start()).
 */
#define NOTIFIES (GATT_PROP_NOTIFY | GATT_PROP_INDICATE)
#define WRITES (GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND)
/* clang-format off */
#define SECTORS(writes, has, has_not) \
	.tool = "", \
	.family = DIALECT_SECTORS, \
	.services = {GATT_UUID16("8018")}, \
	.chrs = { \
		[GATT_CONTROL] = {GATT_UUID16("8022"), .all = (writes) | (has), .none = (has_not)}, \
		[GATT_DATA] = {GATT_UUID16("8020"), .all = (writes) | (has), .none = (has_not)}, \
	}, \
	.header = HEADER, \
	.sector = SECTOR, \
	.trailer = TRAILER, \
	.write_mode = GATT_COMMAND, \
	.has_acknowledgements = true
/* clang-format on */

#define LACKS "no resume, no hash; it confirms by itself"

/* ble_ota offers neither write commands nor notifications (nimble_ota.c and ble_ota.c:
 * ota_gatt_db). */
const struct dialect session_ble_ota = {
	.id = DIALECT_BLE_OTA,
	.name = "ble-ota",
	.title = "protocol of Espressif's ble_ota",
	.lacks = "no resume, no abort, no hash; it confirms by itself",
	.not_offered = "not offered: it speaks ble-ota",
	SECTORS(GATT_PROP_WRITE, GATT_PROP_INDICATE, GATT_PROP_WRITE_COMMAND | GATT_PROP_NOTIFY),
	.keeps_update = true,
	.ops = &ops,
};

const struct dialect session_ble_ota_raw = {
	.id = DIALECT_BLE_OTA_RAW,
	.name = "ble-ota-raw",
	.title = "protocol of Espressif's ble_ota_raw",
	.not_offered = "not offered: it speaks ble-ota-raw",
	.lacks = LACKS,
	SECTORS(WRITES, NOTIFIES, 0),
	.ops = &ops,
	.with = GATT_UUID16("8021"),
};

const struct dialect session_bleota = {
	.id = DIALECT_BLEOTA,
	.name = "bleota",
	.title = "protocol of gb88's BLEOTA",
	.not_offered = "not offered: it speaks bleota",
	.advertised = true,
	.lacks = LACKS,
	SECTORS(WRITES, NOTIFIES, 0),
	.ops = &ops,
	.without = GATT_UUID16("8021"),
};

const struct dialect session_nimbleota = {
	.id = DIALECT_NIMBLEOTA,
	.name = "nimbleota",
	.title = "protocol of h2zero's NimBLEOta",
	.not_offered = "not offered: it speaks nimbleota",
	.advertised = true,
	.lacks = LACKS,
	SECTORS(WRITES, GATT_PROP_INDICATE, GATT_PROP_NOTIFY),
	.ops = &ops,
};
