/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 with Angerer's esp32_ble_ota, as its source has it (src/core/session_angerer.c
 * names it).  Quirks included:
 *
 * - Of each value as many bytes go to the flash as were told, those of the value before it
 *   included where it is shorter: what the length was told with goes there, too, as long as an
 *   update is under way.
 * - A write that fails is not told; the image's validation shows it.
 * - REQUEST begins anew at any time; there is no abort.
 * - The new image confirms itself when it starts (app_main() of main.c).
 */
#include "esp/esp_priv.h"

#include <string.h>

#define SECTOR ESP_SECTOR
#define REBOOT_MS 500u /* REBOOT_DEEP_SLEEP_TIMEOUT */
#define UNIT 16u /* of a write */

enum { REQUEST = 1, REQUEST_ACK, REQUEST_NAK, DONE, DONE_ACK, DONE_NAK };

static void next(struct esp *esp);

static void tell(struct esp *esp, uint8_t value)
{
	struct esp_conn *conn = esp_conn_by_id(esp, esp->angerer.conn);

	if (conn)
		(void)att_server_notify(&conn->att, ATT_FOREIGN_1, &value, 1);
}

static void work(struct esp *esp, enum esp_angerer_step step, int rc)
{
	esp->angerer.step = rc < 0 ? ESP_ANGERER_IDLE : step;
	esp->angerer.failed |= rc < 0;
	if (rc == 0)
		esp_hold(esp);
}

/* esp_ota_write() with OTA_WITH_SEQUENTIAL_WRITES: each sector is erased as it is reached. */
static void write_some(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;
	const uint32_t len = u->filled - u->filled % UNIT;

	if (u->written + len > u->erased) {
		u->erased += SECTOR;
		work(esp, ESP_ANGERER_ERASING,
		     board_flash_erase(esp->board, u->erased - SECTOR, SECTOR));
	} else if (len > 0) {
		work(esp, ESP_ANGERER_WRITING,
		     board_flash_write(esp->board, u->written, u->buf, len));
		(void)board_hash_update(esp->board, u->buf, len);
		u->written += len;
		u->filled -= len;
		memmove(u->buf, u->buf + len, u->filled);
	}
}

static void take_value(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->waiting = false;
	memcpy(u->buf + u->filled, u->value, u->packet);
	u->filled += u->packet;
	write_some(esp);
}

static void finish(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->updating = u->done = false;
	if (u->filled > 0) {
		memset(u->buf + u->filled, 0xff, UNIT - u->filled);
		(void)board_hash_update(esp->board, u->buf, UNIT);
		work(esp, ESP_ANGERER_ENDING,
		     board_flash_write(esp->board, u->written, u->buf, UNIT));
		u->written += UNIT;
		u->filled = 0;
	} else {
		work(esp, ESP_ANGERER_CHECKING, board_image_check(esp->board, u->written));
	}
	if (u->step == ESP_ANGERER_IDLE)
		tell(esp, DONE_NAK);
}

/* Takes what came while the flash worked. */
static void next(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->step = ESP_ANGERER_IDLE;
	if (u->filled >= UNIT && !u->failed)
		write_some(esp);
	else if (u->waiting)
		take_value(esp);
	else if (u->done)
		finish(esp);
}

void esp_angerer_op_done(struct esp *esp, int rc)
{
	struct esp_angerer *u = &esp->angerer;
	uint8_t hash[OTA_SHA256_SIZE] = {0};

	switch (u->step) {
	case ESP_ANGERER_ERASING:
	case ESP_ANGERER_WRITING:
		u->failed |= rc < 0;
		next(esp);
		break;
	case ESP_ANGERER_ENDING:
		work(esp, ESP_ANGERER_CHECKING, board_image_check(esp->board, u->written));
		break;
	case ESP_ANGERER_CHECKING:
		(void)board_hash_peek(esp->board, hash);
		if (rc == 0)
			work(esp, ESP_ANGERER_INSTALLING,
			     board_set_boot(esp->board, u->written, hash));
		else
			u->step = ESP_ANGERER_IDLE;
		if (u->step == ESP_ANGERER_IDLE)
			tell(esp, DONE_NAK);
		break;
	case ESP_ANGERER_INSTALLING:
		u->step = rc < 0 ? ESP_ANGERER_IDLE : ESP_ANGERER_OVER;
		tell(esp, rc < 0 ? DONE_NAK : DONE_ACK);
		if (rc == 0)
			esp_restart(esp, REBOOT_MS);
		break;
	case ESP_ANGERER_IDLE:
	case ESP_ANGERER_OVER:
		u->step = ESP_ANGERER_IDLE; /* it confirmed what runs */
		break;
	}
}

static void request(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->packet = bytes_get16(u->value);
	u->updating =
		u->packet > 0 && u->packet <= sizeof(u->value) && board_hash_init(esp->board) == 0;
	u->written = u->erased = u->filled = 0;
	u->failed = u->waiting = false;
	tell(esp, u->updating ? REQUEST_ACK : REQUEST_NAK);
}

void esp_angerer_written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	struct esp_angerer *u = &esp->angerer;
	const bool idle = u->step == ESP_ANGERER_IDLE;

	u->conn = c->id;
	if (id == ATT_FOREIGN_1 && len == 1 && buf[0] == REQUEST) {
		request(esp);
	} else if (id == ATT_FOREIGN_1 && len == 1 && buf[0] == DONE) {
		u->done = true;
		if (idle)
			finish(esp);
	} else if (id != ATT_FOREIGN_1 && len > 0 && len <= sizeof(u->value)) {
		memcpy(u->value, buf, len);
		if (!u->updating)
			return;
		u->waiting = true; /* its response came before the flash had it */
		if (idle)
			take_value(esp);
	}
}

void esp_angerer_start(struct esp *esp)
{
	memset(&esp->angerer, 0, sizeof(esp->angerer));
	if (board_running(esp->board)->pending_verify)
		work(esp, ESP_ANGERER_OVER, board_confirm(esp->board));
}
