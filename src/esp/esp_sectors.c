/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 whose firmware is updated by Espressif's sectors: ble_ota, ble_ota_raw, BLEOTA or
 * NimBLEOta, as their sources have it (src/core/session_sectors.c names them).  Quirks included:
 *
 * - NimBLEOta erases the whole slot before it answers START (esp_ota_begin()), keeps half a
 *   sector when the link is lost, goes on with it when START has the same length, and never
 *   compares the number of a value with the one before; what overruns its buffer is counted.
 * - BLEOTA takes START at any time, answers each value of a wrong sector, and tells never which
 *   one it expects; it judges the image at STOP.
 * - ble_ota takes START at any time and begins nothing anew, as NimBLE's variant did until July
 *   2026: sector, half a sector and the place in the image stay until it is reset.  It never
 *   compares a CRC, tells of a wrong sector and takes the value all the same, and judges the image
 *   behind the last sector; if that fails it writes no more.  Its answer comes before the flash has
 *   the sector, which waits in a ring there; here it comes after it, so that it is slower.
 * - ble_ota_raw refuses START while an update runs, and installs with the last sector, whether
 *   STOP comes or not; it answers STOP meanwhile.
 *
 * While the flash works NimBLE's task stands still; a host that sends nevertheless loses it.
 */
#include "esp/esp_priv.h"

#include <string.h>

#define SECTOR ESP_SECTOR
#define MESSAGE 20u
#define CRC_AT 18u
#define LAST 0xffu
#define BLOCK 65536u
#define REBOOT_MS 2000u /* onComplete() of NimBLEOta; the others take half a second */
#define REBOOT_SOON_MS 500u
#define ALIGN 16u /* of an image's length */

enum { CMD_START = 1, CMD_STOP = 2, CMD_ANSWER = 3 };
enum { STATUS_OK = 0, STATUS_CRC = 1, STATUS_INDEX = 2, STATUS_LENGTH = 3 };

static bool is(const struct esp *esp, enum dialect_id id)
{
	return esp->config.foreign == id;
}

static uint16_t crc16(const uint8_t *buf, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			const bool one = ((crc >> 15) ^ (buf[i] >> (7u - bit) & 1u)) != 0;

			crc = (uint16_t)(one ? crc << 1 ^ 0x1021 : crc << 1);
		}
	return crc;
}

static enum att_value_id command_id(const struct esp *esp)
{
	return is(esp, DIALECT_BLE_OTA_RAW) || is(esp, DIALECT_BLE_OTA) ? ATT_FOREIGN_3
									: ATT_FOREIGN_2;
}

static void tell(struct esp *esp, enum att_value_id id, uint16_t a, uint16_t b, uint16_t c)
{
	struct esp_conn *conn = esp_conn_by_id(esp, esp->sectors.conn);
	uint8_t buf[MESSAGE] = {0};

	bytes_put16(buf, a);
	bytes_put16(buf + 2, b);
	bytes_put16(buf + 4, c);
	bytes_put16(buf + CRC_AT, crc16(buf, CRC_AT));
	if (!conn)
		return;
	if (!is(esp, DIALECT_BLE_OTA_RAW))
		(void)att_server_indicate(&conn->att, id, buf, sizeof(buf));
	if (!is(esp, DIALECT_NIMBLEOTA) && !is(esp, DIALECT_BLE_OTA))
		(void)att_server_notify(&conn->att, id, buf, sizeof(buf));
}

static void answer(struct esp *esp, uint16_t command, bool accepted)
{
	tell(esp, command_id(esp), CMD_ANSWER, command, accepted ? 0 : 1);
}

static void answer_sector(struct esp *esp, uint16_t sector, uint16_t status)
{
	const bool none =
		is(esp, DIALECT_BLEOTA) || (is(esp, DIALECT_BLE_OTA) && status == STATUS_OK);
	const uint16_t expected = none ? 0 : esp->sectors.sector;

	tell(esp, ATT_FOREIGN_1, sector, status, expected);
}

static void forget(struct esp *esp)
{
	const uint16_t conn = esp->sectors.conn;
	const uint32_t overruns = esp->sectors.overruns;

	memset(&esp->sectors, 0, sizeof(esp->sectors));
	esp->sectors.conn = conn;
	esp->sectors.overruns = overruns;
}

/* --- flash */

static void failed(struct esp *esp)
{
	esp_log(esp, "the update failed");
	if ((esp->sectors.step == ESP_SECTORS_CHECKING ||
	     esp->sectors.step == ESP_SECTORS_INSTALLING) &&
	    is(esp, DIALECT_BLEOTA))
		answer(esp, CMD_STOP, false);
	if (is(esp, DIALECT_BLE_OTA)) { /* ota_task() has ended */
		esp->sectors.dead = true;
		esp->sectors.step = ESP_SECTORS_RECEIVING;
		return;
	}
	forget(esp);
}

static void start_op(struct esp *esp, enum esp_sectors_step step, int rc)
{
	esp->sectors.step = step;
	if (rc < 0)
		failed(esp);
	else
		esp_hold(esp);
}

static void erase_next(struct esp *esp)
{
	const uint32_t size = board_slot_size(esp->board, board_update_slot(esp->board));
	const uint32_t left = size - esp->sectors.erased;
	const uint32_t len = left < BLOCK ? left : BLOCK;

	esp->sectors.erased += len;
	start_op(esp, ESP_SECTORS_CLEARING,
		 board_flash_erase(esp->board, esp->sectors.erased - len, len));
}

static void install(struct esp *esp)
{
	start_op(esp, ESP_SECTORS_CHECKING, board_image_check(esp->board, esp->sectors.size));
}

static void sector_written(struct esp *esp)
{
	struct esp_sectors *u = &esp->sectors;
	const uint16_t sector = u->sector;
	bool all;

	(void)board_hash_update(esp->board, u->buf, u->fill);
	u->written += u->fill;
	all = u->written >= u->size;
	u->fill = 0;
	u->packet = 0;
	/* NimBLEOta tells the number before it counts on; its last answer comes when all is done. */
	if (is(esp, DIALECT_NIMBLEOTA)) {
		if (!all)
			answer_sector(esp, sector, STATUS_OK);
		u->sector++;
	} else {
		u->sector++;
		answer_sector(esp, sector, STATUS_OK);
	}
	u->step = ESP_SECTORS_RECEIVING;
	if (all && !is(esp, DIALECT_BLEOTA))
		install(esp);
}

static void installed(struct esp *esp)
{
	if (is(esp, DIALECT_NIMBLEOTA)) {
		esp->sectors.sector--;
		answer_sector(esp, esp->sectors.sector, STATUS_OK);
	} else if (is(esp, DIALECT_BLEOTA)) {
		answer(esp, CMD_STOP, true);
	}
	esp->sectors.step = ESP_SECTORS_OVER;
	esp_restart(esp, is(esp, DIALECT_NIMBLEOTA) ? REBOOT_MS : REBOOT_SOON_MS);
}

static void op_done(struct esp *esp, int result)
{
	struct esp_sectors *u = &esp->sectors;
	const uint32_t slot = board_slot_size(esp->board, board_update_slot(esp->board));
	uint8_t hash[OTA_SHA256_SIZE] = {0};

	if (result < 0 && u->step != ESP_SECTORS_CONFIRMING) {
		failed(esp);
		return;
	}
	switch (u->step) {
	case ESP_SECTORS_CLEARING:
		if (u->erased < slot) {
			erase_next(esp);
			break;
		}
		u->step = ESP_SECTORS_RECEIVING;
		answer(esp, CMD_START, true);
		break;
	case ESP_SECTORS_ERASING:
		start_op(esp, ESP_SECTORS_WRITING,
			 board_flash_write(esp->board, u->written, u->buf,
					   (u->fill + ALIGN - 1u) / ALIGN * ALIGN));
		break;
	case ESP_SECTORS_WRITING:
		sector_written(esp);
		break;
	case ESP_SECTORS_CHECKING:
		(void)board_hash_peek(esp->board, hash);
		start_op(esp, ESP_SECTORS_INSTALLING, board_set_boot(esp->board, u->size, hash));
		break;
	case ESP_SECTORS_INSTALLING:
		installed(esp);
		break;
	case ESP_SECTORS_CONFIRMING:
		forget(esp);
		break;
	case ESP_SECTORS_IDLE:
	case ESP_SECTORS_RECEIVING:
	case ESP_SECTORS_OVER:
		break;
	}
}

/* Arduino's start confirms what runs (initArduino() of esp32-hal-misc.c). */
static void start_firmware(struct esp *esp)
{
	forget(esp);
	if (board_running(esp->board)->pending_verify)
		start_op(esp, ESP_SECTORS_CONFIRMING, board_confirm(esp->board));
}

/* --- what the host writes */

static void start_keeping(struct esp *esp, uint32_t size)
{
	struct esp_sectors *u = &esp->sectors;

	if (u->size == 0 && board_hash_init(esp->board) < 0)
		return;
	u->size = size;
	u->step = ESP_SECTORS_RECEIVING;
	answer(esp, CMD_START, true);
}

static void start(struct esp *esp, uint32_t size)
{
	struct esp_sectors *u = &esp->sectors;
	const bool running = u->step == ESP_SECTORS_RECEIVING;

	if (running && is(esp, DIALECT_BLE_OTA_RAW)) {
		answer(esp, CMD_START, false);
		return;
	}
	if (is(esp, DIALECT_BLE_OTA)) {
		start_keeping(esp, size);
		return;
	}
	if (running && is(esp, DIALECT_NIMBLEOTA)) {
		if (size != u->size)
			forget(esp);
		answer(esp, CMD_START, u->step == ESP_SECTORS_RECEIVING);
		return;
	}
	if (size == 0 || size > board_slot_size(esp->board, board_update_slot(esp->board)) ||
	    board_hash_init(esp->board) < 0) {
		answer(esp, CMD_START, false);
		return;
	}
	forget(esp);
	u->size = size;
	u->step = ESP_SECTORS_RECEIVING;
	if (is(esp, DIALECT_NIMBLEOTA))
		erase_next(esp);
	else
		answer(esp, CMD_START, true);
}

static void stop(struct esp *esp)
{
	struct esp_sectors *u = &esp->sectors;
	const bool running = u->step == ESP_SECTORS_RECEIVING;

	if (is(esp, DIALECT_BLEOTA) && running && u->written == u->size) {
		install(esp);
		return;
	}
	if (running && is(esp, DIALECT_BLE_OTA))
		u->step = ESP_SECTORS_IDLE;
	else if (running)
		forget(esp);
	answer(esp, CMD_STOP, running && !is(esp, DIALECT_BLEOTA));
}

static bool is_whole(const uint8_t *buf, size_t len)
{
	return len == MESSAGE && crc16(buf, CRC_AT) == bytes_get16(buf + CRC_AT);
}

static void command(struct esp *esp, const uint8_t *buf, size_t len)
{
	const bool whole = is_whole(buf, len);

	if (whole && bytes_get16(buf) == CMD_START)
		start(esp, bytes_get32(buf + 2));
	else if (whole && bytes_get16(buf) == CMD_STOP)
		stop(esp);
	else if (len >= 2 && !is(esp, DIALECT_BLEOTA))
		answer(esp, bytes_get16(buf), false);
}

/* ble_ota_raw's part ends with STOP, while the application installs what it was given. */
static bool takes_stop(const struct esp *esp, const uint8_t *buf, size_t len)
{
	const enum esp_sectors_step step = esp->sectors.step;

	return is(esp, DIALECT_BLE_OTA_RAW) && !esp->sectors.stopped && is_whole(buf, len) &&
	       bytes_get16(buf) == CMD_STOP &&
	       (step == ESP_SECTORS_CHECKING || step == ESP_SECTORS_INSTALLING ||
		step == ESP_SECTORS_OVER);
}

static void sector_complete(struct esp *esp, uint16_t sector, uint16_t crc)
{
	struct esp_sectors *u = &esp->sectors;
	const bool last = u->written + u->fill == u->size;

	if (u->dead)
		return; /* the ring is full, and NimBLE's task waits for it */
	if (!is(esp, DIALECT_BLE_OTA) && crc16(u->buf, u->fill) != crc) {
		u->fill = 0;
		u->packet = 0;
		answer_sector(esp, sector, STATUS_CRC);
	} else if ((is(esp, DIALECT_NIMBLEOTA) && u->fill != SECTOR && !last) ||
		   (!is(esp, DIALECT_BLE_OTA) && u->written + u->fill > u->size) || u->fill == 0) {
		u->fill = 0;
		u->packet = 0;
		answer_sector(esp, sector, STATUS_LENGTH);
	} else if (u->erased > u->written) { /* before START was answered */
		start_op(esp, ESP_SECTORS_WRITING,
			 board_flash_write(esp->board, u->written, u->buf,
					   (u->fill + ALIGN - 1u) / ALIGN * ALIGN));
	} else {
		start_op(esp, ESP_SECTORS_ERASING,
			 board_flash_erase(esp->board, u->written, SECTOR));
	}
}

static void firmware(struct esp *esp, const uint8_t *buf, size_t len)
{
	struct esp_sectors *u = &esp->sectors;
	const uint16_t told = len >= 3 ? bytes_get16(buf) : 0;
	/* NimBLEOta takes FFFF for the one that it expects: its script sends the last one so. */
	const uint16_t sector = is(esp, DIALECT_NIMBLEOTA) && told == UINT16_MAX ? u->sector : told;
	const bool last = len >= 3 && buf[2] == LAST;
	const size_t payload = len - 3u - (last ? 2u : 0u);

	if (len < (last ? 5u : 3u) || u->step != ESP_SECTORS_RECEIVING)
		return;
	if (sector != u->sector) {
		if (!is(esp, DIALECT_NIMBLEOTA) || last)
			answer_sector(esp, sector, STATUS_INDEX);
		if (!is(esp, DIALECT_BLE_OTA))
			return;
	}
	if (is(esp, DIALECT_BLE_OTA_RAW) && !last && buf[2] != u->packet) {
		answer_sector(esp, sector, STATUS_LENGTH);
		return;
	}
	if (is(esp, DIALECT_BLEOTA) && buf[2] == 0)
		u->fill = 0;
	if (u->fill + payload > SECTOR) {
		u->overruns++;
		u->fill = 0;
		u->packet = 0;
		if (is(esp, DIALECT_BLE_OTA_RAW))
			answer_sector(esp, sector, STATUS_LENGTH);
		return;
	}
	memcpy(u->buf + u->fill, buf + 3, payload);
	u->fill += (uint32_t)payload;
	u->packet++;
	if (last)
		sector_complete(esp, sector, bytes_get16(buf + len - 2));
}

static void written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	const enum esp_sectors_step step = esp->sectors.step;

	if (id == command_id(esp) && takes_stop(esp, buf, len)) {
		esp->sectors.conn = c->id;
		esp->sectors.stopped = true;
		answer(esp, CMD_STOP, true);
		return;
	}
	if (step != ESP_SECTORS_IDLE && step != ESP_SECTORS_RECEIVING) {
		esp_log(esp, "loses %zu bytes that came while its flash worked", len);
		return;
	}
	esp->sectors.conn = c->id;
	if (id == command_id(esp))
		command(esp, buf, len);
	else if (id == ATT_FOREIGN_1)
		firmware(esp, buf, len);
}

uint32_t esp_sectors_overruns(const struct esp *esp)
{
	return esp->sectors.overruns;
}

const struct esp_firmware esp_sectors_firmware = {start_firmware, written, op_done};
