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

#define REBOOT_MS 500u /* REBOOT_DEEP_SLEEP_TIMEOUT */

enum { REQUEST = 1, REQUEST_ACK, REQUEST_NAK, DONE, DONE_ACK, DONE_NAK };

static void settle(struct esp *esp, enum esp_written written);

static void tell(struct esp *esp, uint8_t value)
{
	struct esp_conn *conn = esp_conn_by_id(esp, esp->angerer.conn);

	if (conn)
		(void)att_server_notify(&conn->att, ATT_FOREIGN_1, &value, 1);
}

static void take_value(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->waiting = false;
	settle(esp, esp_writer_put(esp, u->value, u->packet));
}

static void finish(struct esp *esp)
{
	esp->angerer.updating = esp->angerer.done = false;
	settle(esp, esp_writer_end(esp));
}

/* Goes on with what came while the flash worked. */
static void settle(struct esp *esp, enum esp_written written)
{
	struct esp_angerer *u = &esp->angerer;

	switch (written) {
	case ESP_WRITTEN_LATER:
		break;
	case ESP_WRITTEN_ALL:
		if (u->waiting)
			take_value(esp);
		else if (u->done)
			finish(esp);
		break;
	case ESP_WRITTEN_INSTALLED:
		tell(esp, DONE_ACK);
		esp_restart(esp, REBOOT_MS);
		break;
	case ESP_WRITTEN_REFUSED:
		tell(esp, DONE_NAK);
		break;
	}
}

static void op_done(struct esp *esp, int rc)
{
	settle(esp, esp_writer_op_done(esp, rc));
}

static void request(struct esp *esp)
{
	struct esp_angerer *u = &esp->angerer;

	u->packet = bytes_get16(u->value);
	u->updating = u->packet > 0 && u->packet <= sizeof(u->value) && esp_writer_begin(esp) == 0;
	u->waiting = u->done = false;
	tell(esp, u->updating ? REQUEST_ACK : REQUEST_NAK);
}

static void written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	struct esp_angerer *u = &esp->angerer;
	const bool idle = esp_writer_is_idle(esp);

	u->conn = c->id;
	if (id == ATT_FOREIGN_1 && len == 1 && buf[0] == REQUEST) {
		request(esp);
	} else if (id == ATT_FOREIGN_1 && len == 1 && buf[0] == DONE) {
		u->done = u->updating;
		if (!u->updating)
			tell(esp, DONE_NAK);
		else if (idle)
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

static void start(struct esp *esp)
{
	memset(&esp->angerer, 0, sizeof(esp->angerer));
	esp_writer_start(esp, true);
}

const struct esp_firmware esp_angerer_firmware = {start, written, op_done};
