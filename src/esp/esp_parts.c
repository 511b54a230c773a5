/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 with fbiego's firmware, as its sources have it (src/core/session_parts.c names
 * them): FBIEGO is the sketch with a fast file system, FBIEGO_COMPACT the library with a slow one.
 * Quirks included:
 *
 * - The sketch tells its mode before an update only; once PARTS came it is in update mode until it
 *   is reset.  A part that ends while the one before is still being written is lost: the flag that
 *   asks for it is taken back at the end of the write.  Then it waits for the rest for ever.
 * - The library writes within the callback, so that NimBLE's task stands still meanwhile, and then
 *   asks for the next part.
 * - Values are put where their number says, unchecked; what is beyond the buffer is counted.
 * - EF formats the file system.
 */
#include "esp/esp_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 4096u
#define BLOCK 65536u
#define ALIGN 16u
#define BUFFER 16384u /* of the sketch; the library has ESP_PARTS_BUFFER: UPDATER_SIZE */
#define FAST_NS 8000u /* for a byte of a file: FFat, 125 kB/s ... */
#define SLOW_NS 20000u /* ... SPIFFS, 50 kB/s */
#define LATER_US 5000000u /* delay(5000) before the sketch installs, and behind the result */
#define REBOOT_MS 6000u

enum {
	RESULT = 0x0f,
	MODE = 0xaa,
	FORMAT = 0xef,
	WANT = 0xf1,
	INSTALLING = 0xf2,
	VALUE = 0xfb,
	PART_END = 0xfc,
	BEGIN = 0xfd,
	LENGTH = 0xfe,
	PARTS = 0xff,
};

static bool is_sketch(const struct esp *esp)
{
	return esp->config.foreign == DIALECT_FBIEGO;
}

static uint32_t buffer_size(const struct esp *esp)
{
	return is_sketch(esp) ? BUFFER : ESP_PARTS_BUFFER;
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* Notifies as a stack does: the value is cut off by the MTU. */
static void tell(struct esp *esp, const uint8_t *buf, size_t len)
{
	struct esp_conn *conn = esp_conn_by_id(esp, esp->parts.conn);
	const enum att_value_id id = is_sketch(esp) ? ATT_FOREIGN_1 : ATT_FOREIGN_2;

	if (!conn)
		return;
	if (len > esp_conn_mtu(conn) - 3u)
		len = esp_conn_mtu(conn) - 3u;
	(void)att_server_notify(&conn->att, id, buf, len);
}

static void tell_part(struct esp *esp, uint8_t opcode)
{
	const uint16_t next = (uint16_t)(esp->parts.current + 1u);
	const uint8_t buf[3] = {opcode, (uint8_t)(next >> 8), (uint8_t)next};

	tell(esp, buf, sizeof(buf));
}

static void tell_mode(struct esp *esp)
{
	const uint8_t buf[2] = {MODE, is_sketch(esp) ? 1 : 0};

	tell(esp, buf, sizeof(buf));
}

/* --- installing from the file */

static void result(struct esp *esp, const char *end)
{
	char text[80];

	text[0] = (char)RESULT;
	(void)snprintf(text + 1, sizeof(text) - 1, "Written : %u/%u [100%%] \n%s",
		       esp->parts.file_len, esp->parts.file_len, end);
	tell(esp, (const uint8_t *)text, 1 + strlen(text + 1));
	esp->parts.step = ESP_PARTS_OVER;
	esp_restart(esp, REBOOT_MS);
}

static void started(struct esp *esp, int rc)
{
	if (rc < 0)
		result(esp, "Error #: 1");
	else
		esp_hold(esp);
}

static void install_next(struct esp *esp)
{
	struct esp_parts *u = &esp->parts;
	const uint32_t left = u->file_len - u->installed;
	const uint32_t len = left < SECTOR ? (left + ALIGN - 1u) / ALIGN * ALIGN : SECTOR;

	if (u->installed >= u->file_len) {
		u->step = ESP_PARTS_CHECKING;
		started(esp, board_image_check(esp->board, u->file_len));
	} else if (u->erased <= u->installed) {
		u->step = ESP_PARTS_FLASHING;
		u->erased += SECTOR;
		started(esp, board_flash_erase(esp->board, u->installed, SECTOR));
	} else {
		(void)board_hash_update(esp->board, u->file + u->installed,
					left < SECTOR ? left : SECTOR);
		u->installed += SECTOR;
		started(esp, board_flash_write(esp->board, u->installed - SECTOR,
					       u->file + u->installed - SECTOR, len));
	}
}

static void install(struct esp *esp)
{
	struct esp_parts *u = &esp->parts;

	u->installed = u->erased = 0;
	if (u->file_len > board_slot_size(esp->board, board_update_slot(esp->board)) ||
	    u->file_len == 0 || board_hash_init(esp->board) < 0)
		result(esp, "Not enough space for OTA");
	else
		install_next(esp);
}

static void op_done(struct esp *esp, int rc)
{
	struct esp_parts *u = &esp->parts;
	uint8_t hash[OTA_SHA256_SIZE] = {0};

	switch (u->step) {
	case ESP_PARTS_FLASHING:
		if (rc < 0)
			result(esp, "Error #: 1");
		else
			install_next(esp);
		break;
	case ESP_PARTS_CHECKING:
		u->step = ESP_PARTS_INSTALLING;
		(void)board_hash_peek(esp->board, hash);
		if (rc < 0)
			result(esp, "Error #: 9");
		else
			started(esp, board_set_boot(esp->board, u->file_len, hash));
		break;
	case ESP_PARTS_INSTALLING:
		result(esp, rc < 0 ? "Error #: 10" : "OTA Done: Success!\n");
		break;
	case ESP_PARTS_NORMAL:
	case ESP_PARTS_RECEIVING:
	case ESP_PARTS_ALL:
	case ESP_PARTS_OVER:
		break;
	}
}

/* --- the file */

static void file_append(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_parts *u = &esp->parts;

	if (u->file_len + len > ESP_PARTS_FILE)
		return; /* the file system is full */
	memcpy(u->file + u->file_len, buf, len);
	u->file_len += len;
	u->received += len;
}

static void all_there(struct esp *esp, uint64_t us)
{
	struct esp_parts *u = &esp->parts;

	tell_part(esp, INSTALLING);
	u->step = ESP_PARTS_ALL;
	if (u->received == u->expected)
		sched_at(esp->config.sched, &u->later, sched_now(esp->config.sched) + us);
	else
		esp_log(esp, "Incomplete");
}

/* The library asks for the next part when it has written one, from the same callback. */
static void written_by_callback(struct esp *esp)
{
	struct esp_parts *u = &esp->parts;

	if (u->current + 1u < u->parts)
		tell_part(esp, WANT);
	else if (u->current + 1u == u->parts)
		all_there(esp, LATER_US / 10u);
}

/* The sketch's loop: a part is in the file, or five seconds have passed behind the last one. */
static void later(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;
	struct esp_parts *u = &esp->parts;

	(void)now_us;
	if (u->step == ESP_PARTS_ALL) {
		install(esp);
		return;
	}
	if (!is_sketch(esp)) {
		written_by_callback(esp);
		return;
	}
	if (u->writing_len == 0)
		return;
	file_append(esp, u->buffers[u->writing], u->writing_len);
	u->writing_len = 0;
	if (u->current + 1u == u->parts)
		all_there(esp, LATER_US);
}

static uint64_t write_us(const struct esp *esp, uint32_t len)
{
	return (uint64_t)len * (is_sketch(esp) ? FAST_NS : SLOW_NS) / 1000u;
}

static void part_end(struct esp *esp, uint32_t len, uint16_t part)
{
	struct esp_parts *u = &esp->parts;
	const unsigned int from = u->filling;

	if (u->step != ESP_PARTS_RECEIVING || len > buffer_size(esp))
		return;
	u->filling = 1u - u->filling;
	u->current = part;
	if (!is_sketch(esp)) {
		file_append(esp, u->buffers[from], len);
		esp_block(esp, (uint32_t)(write_us(esp, len) / 1000u) + 1u);
		sched_at(esp->config.sched, &u->later,
			 sched_now(esp->config.sched) + write_us(esp, len));
		return;
	}
	if (u->writing_len != 0) {
		u->lost++;
		esp_log(esp, "loses part %u: the one before is being written", part);
		return;
	}
	u->writing = from;
	u->writing_len = len;
	sched_at(esp->config.sched, &u->later, sched_now(esp->config.sched) + write_us(esp, len));
}

static void value(struct esp *esp, const uint8_t *buf, size_t len)
{
	struct esp_parts *u = &esp->parts;
	const size_t at = (size_t)buf[1] * u->chunk;

	if (at + len - 2u > buffer_size(esp))
		u->overruns++;
	else
		memcpy(u->buffers[u->filling] + at, buf + 2, len - 2u);
}

/* --- what the host writes */

static void written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	struct esp_parts *u = &esp->parts;

	(void)id;
	if (len == 0)
		return;
	u->conn = c->id;
	if (buf[0] == BEGIN) {
		u->file_len = 0;
		if (!is_sketch(esp) || u->step == ESP_PARTS_NORMAL)
			tell_mode(esp);
	} else if (buf[0] == FORMAT) {
		u->formats++;
		u->file_len = 0;
	} else if (buf[0] == LENGTH && len >= 5) {
		u->received = 0;
		u->expected = get16(buf + 1) << 16 | get16(buf + 3);
	} else if (buf[0] == PARTS && len >= 5 && u->step <= ESP_PARTS_RECEIVING) {
		u->parts = get16(buf + 1);
		u->chunk = get16(buf + 3);
		u->step = ESP_PARTS_RECEIVING;
	} else if (buf[0] == VALUE && len >= 2) {
		value(esp, buf, len);
	} else if (buf[0] == PART_END && len >= 5) {
		part_end(esp, get16(buf + 1), (uint16_t)get16(buf + 3));
	}
}

static void start_firmware(struct esp *esp)
{
	struct esp_parts *u = &esp->parts;

	esp_parts_stop(esp);
	u->file_len = u->received = u->writing_len = 0;
	u->step = ESP_PARTS_NORMAL;
	u->later = (struct sched_event){.fn = later, .ctx = esp};
	if (!u->file)
		u->file = malloc(ESP_PARTS_FILE + SECTOR);
	if (!u->file)
		u->step = ESP_PARTS_OVER; /* it takes nothing */
	/* Arduino's start confirms what runs. */
	if (board_running(esp->board)->pending_verify)
		started(esp, board_confirm(esp->board));
}

void esp_parts_stop(struct esp *esp)
{
	sched_cancel(esp->config.sched, &esp->parts.later);
}

void esp_parts_finish(struct esp *esp)
{
	free(esp->parts.file);
	esp->parts.file = NULL;
}

uint32_t esp_parts_formats(const struct esp *esp)
{
	return esp->parts.formats;
}

uint32_t esp_parts_overruns(const struct esp *esp)
{
	return esp->parts.overruns + esp->parts.lost;
}

const struct esp_firmware esp_parts_firmware = {start_firmware, written, op_done};
