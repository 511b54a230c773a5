/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 with ArduinoBleOTA over NimBLE, built with BLE_OTA_NO_COMPRESSION, as its source
 * has it (src/core/session_arduino.c names it).  Quirks included:
 *
 * - BEGIN while an update runs ends that one, and the buffer is used no more until a restart.
 * - A value that does not fit ends the update, and says so only at the next one that asks.
 * - END is answered whatever Update.end() says of the image, and the device restarts.
 * - Arduino's start confirms what runs.
 *
 * While the flash works NimBLE's task stands still; a host that sends nevertheless loses it.
 */
#include "esp/esp_priv.h"

#include <string.h>

#define REBOOT_MS 250u /* handleInstall() */
#define BEGIN_SIZE 18u

enum {
	INIT = 0x01,
	INIT_ANSWER = 0x02,
	BEGIN = 0x03,
	BEGIN_ANSWER = 0x04,
	VALUE = 0x05,
	VALUE_ASKS = 0x06,
	VALUE_ANSWER = 0x07,
	END = 0x08,
	END_ANSWER = 0x09,
	ERROR = 0x10,
};
enum { HAS_CHECKSUM = 0x02, HAS_UPLOAD = 0x04 };
enum { WITH_COMPRESSION = 0x01, WITH_CHECKSUM = 0x02 };
enum {
	OK = 0x00,
	WRONG_MESSAGE_SIZE = 0x01,
	UNKNOWN_MESSAGE = 0x02,
	WRONG_SIZE = 0x03,
	NO_ROOM = 0x04,
	STOPPED = 0x12,
	INSTALLING = 0x13,
	NO_BUFFER = 0x20,
	BUFFER_FULL = 0x21,
	NO_COMPRESSION = 0x30,
	WRONG_CHECKSUM = 0x41,
};

static void tell(struct esp *esp, const uint8_t *buf, size_t len)
{
	struct esp_conn *conn = esp_conn_by_id(esp, esp->arduino.conn);

	if (conn)
		(void)att_server_notify(&conn->att, ATT_FOREIGN_2, buf, len);
}

static void answer(struct esp *esp, uint8_t message)
{
	tell(esp, &message, 1);
}

static void refuse(struct esp *esp, uint8_t code)
{
	const uint8_t buf[2] = {ERROR, code};

	tell(esp, buf, sizeof(buf));
}

static void terminate(struct esp *esp, uint8_t code)
{
	struct esp_arduino *u = &esp->arduino;

	u->state = ESP_ARDUINO_TERMINATED;
	u->code = code;
	u->unbuffered = true;
	u->fill = 0;
}

static void end_with(struct esp *esp, uint8_t code)
{
	terminate(esp, code);
	refuse(esp, code);
}

/* Says what there is to say when the flash has ended. */
static void settle(struct esp *esp, enum esp_written how)
{
	struct esp_arduino *u = &esp->arduino;
	const uint8_t owed = u->owed;

	if (how == ESP_WRITTEN_LATER)
		return;
	u->owed = 0;
	if (owed != 0)
		answer(esp, owed);
	if (owed == END_ANSWER)
		esp_restart(esp, REBOOT_MS);
}

static void op_done(struct esp *esp, int rc)
{
	settle(esp, esp_writer_op_done(esp, rc));
}

static uint32_t crc32_more(uint32_t crc, const uint8_t *buf, size_t len)
{
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= buf[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc & 1u ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

/* pushFirmware(); false: the update has ended. */
static bool push(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_arduino *u = &esp->arduino;

	if (u->received + len > u->size) {
		end_with(esp, WRONG_SIZE);
		return false;
	}
	u->received += len;
	u->crc = crc32_more(u->crc, buf, len);
	return true;
}

static void begin(struct esp *esp, const uint8_t *buf)
{
	struct esp_arduino *u = &esp->arduino;
	const uint32_t slot = board_slot_size(esp->board, board_update_slot(esp->board));
	const uint32_t value = bytes_get32(buf + 5), buffer = bytes_get32(buf + 9);
	uint8_t told[9] = {BEGIN_ANSWER};

	if (u->state == ESP_ARDUINO_UPLOAD)
		terminate(esp, OK);
	if (buf[17] & WITH_COMPRESSION) {
		refuse(esp, NO_COMPRESSION);
		return;
	}
	u->size = bytes_get32(buf + 1);
	if (u->size == 0 || u->size > slot || esp_writer_begin(esp) < 0) {
		refuse(esp, NO_ROOM);
		return;
	}
	u->state = ESP_ARDUINO_UPLOAD;
	u->checksum = (buf[17] & WITH_CHECKSUM) != 0;
	u->received = u->crc = u->fill = 0;
	bytes_put32(told + 1, value < ESP_ARDUINO_VALUE ? value : ESP_ARDUINO_VALUE);
	u->capacity = buffer < ESP_ARDUINO_BUFFER ? buffer : ESP_ARDUINO_BUFFER;
	u->unbuffered |= u->capacity < bytes_get32(told + 1);
	bytes_put32(told + 5, u->unbuffered ? 0 : u->capacity);
	tell(esp, told, sizeof(told));
}

/* Returns true if an update runs; else it has said that none does. */
static bool is_uploading(struct esp *esp)
{
	const struct esp_arduino *u = &esp->arduino;

	if (u->state != ESP_ARDUINO_UPLOAD)
		refuse(esp, u->state == ESP_ARDUINO_TERMINATED ? u->code : STOPPED);
	return u->state == ESP_ARDUINO_UPLOAD;
}

static void value_as_it_is(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_arduino *u = &esp->arduino;

	if (u->state != ESP_ARDUINO_UPLOAD)
		return;
	if (u->unbuffered) {
		terminate(esp, NO_BUFFER);
	} else if (u->fill + len > u->capacity) {
		terminate(esp, BUFFER_FULL);
	} else {
		memcpy(u->buf + u->fill, buf, len);
		u->fill += len;
	}
}

static void value_that_asks(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_arduino *u = &esp->arduino;
	enum esp_written how = ESP_WRITTEN_ALL;

	if (!is_uploading(esp))
		return;
	if (u->unbuffered ? !push(esp, buf, len) : !push(esp, u->buf, u->fill))
		return;
	u->owed = VALUE_ANSWER;
	if (u->unbuffered) {
		how = esp_writer_put(esp, buf, len);
	} else {
		how = esp_writer_put(esp, u->buf, u->fill);
		memcpy(u->buf, buf, len);
		u->fill = len;
	}
	settle(esp, how);
}

static void end(struct esp *esp, uint32_t checksum)
{
	struct esp_arduino *u = &esp->arduino;

	if (!is_uploading(esp) || !push(esp, u->buf, u->fill))
		return;
	if (u->received != u->size) {
		end_with(esp, WRONG_SIZE);
		return;
	}
	if (u->checksum && u->crc != checksum) {
		end_with(esp, WRONG_CHECKSUM);
		return;
	}
	u->state = ESP_ARDUINO_INSTALL;
	u->owed = END_ANSWER;
	settle(esp, esp_writer_last(esp, u->buf, u->fill));
}

static bool fits(const uint8_t *buf, size_t len)
{
	if (len == 0)
		return false;
	switch (buf[0]) {
	case INIT:
		return len == 1;
	case BEGIN:
		return len == BEGIN_SIZE;
	case END:
		return len == 5;
	default:
		return len <= ESP_ARDUINO_VALUE + 1u;
	}
}

static void written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	struct esp_arduino *u = &esp->arduino;
	const uint8_t told[2] = {INIT_ANSWER, HAS_CHECKSUM | HAS_UPLOAD};

	if (id != ATT_FOREIGN_1)
		return;
	if (!esp_writer_is_idle(esp)) {
		u->lost++;
		esp_log(esp, "loses %zu bytes that came while its flash worked", len);
		return;
	}
	u->conn = c->id;
	if (u->state == ESP_ARDUINO_INSTALL)
		refuse(esp, INSTALLING);
	else if (!fits(buf, len))
		refuse(esp, WRONG_MESSAGE_SIZE);
	else if (buf[0] == VALUE)
		value_as_it_is(esp, buf + 1, (uint32_t)len - 1u);
	else if (buf[0] == VALUE_ASKS)
		value_that_asks(esp, buf + 1, (uint32_t)len - 1u);
	else if (buf[0] == INIT)
		tell(esp, told, sizeof(told));
	else if (buf[0] == BEGIN)
		begin(esp, buf);
	else if (buf[0] == END)
		end(esp, bytes_get32(buf + 1));
	else
		refuse(esp, UNKNOWN_MESSAGE);
}

static void start(struct esp *esp)
{
	const uint32_t lost = esp->arduino.lost;

	memset(&esp->arduino, 0, sizeof(esp->arduino));
	esp->arduino.lost = lost;
	esp_writer_start(esp, true);
}

const struct esp_firmware esp_arduino_firmware = {start, written, op_done};

uint32_t esp_arduino_losses(const struct esp *esp)
{
	return esp->arduino.lost;
}
