/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps between a write to Control and ota_core: the product's decision, and
 * the link.
 *
 * A START is kept back while the central is asked for a supervision timeout of
 * seconds.  Linux starts with 420 ms, which two block erases in a row can
 * outlast, and the first erase begins the moment ota_core sees the START.
 */
#include "ota_esp_priv.h"

#include <string.h>

static int refuse(uint16_t conn, uint8_t opcode, uint8_t code, bool basic)
{
	const struct ota_error_event m = {.code = code, .opcode = opcode};
	uint8_t buf[OTA_NOTIFY_MAX];
	const int len = ota_error_encode(&m, buf, sizeof(buf));

	return ota_esp_gatt_notify(conn, buf, basic ? 1 : (size_t)len);
}

/* Returns true if this command is answered here, not by ota_core; *ret_rc is the result. */
static bool refused(const struct ota_esp *s, uint16_t conn, uint8_t opcode, size_t len, int *ret_rc)
{
	if (opcode == OTA_CMD_START && s->config.permit && !s->config.permit(conn, s->config.arg)) {
		*ret_rc = refuse(conn, opcode, OTA_ERR_PERMISSION, len == 1);
		return true;
	}
#ifndef CONFIG_OTA_ESP_TELEMETRY
	if (opcode == OTA_CMD_TELEMETRY) {
		*ret_rc = refuse(conn, opcode, OTA_ERR_UNSUPPORTED, false);
		return true;
	}
#endif
	return false;
}

void ota_esp_release_start(void)
{
	struct ota_esp *s = &ota_esp;
	const uint16_t conn = s->start.conn;

	if (conn == BLE_HS_CONN_HANDLE_NONE)
		return;
	s->start.conn = BLE_HS_CONN_HANDLE_NONE;
	ota_device_control(&s->device, conn, s->start.bytes, s->start.len, s->now);
}

/* Keeps a START until the link's answer, or OTA_ESP_START_WAIT_MS. */
static void hold(struct ota_esp *s, uint16_t conn, const uint8_t *buf, size_t len)
{
	s->start.len = (uint8_t)len;
	memcpy(s->start.bytes, buf, len);
	s->start.since = s->now;
	s->start.conn = conn;
}

int ota_esp_control(uint16_t conn, const uint8_t *buf, size_t len)
{
	struct ota_esp *s = &ota_esp;
	bool wait = false;
	int rc = 0;

	if (len > 0 && refused(s, conn, buf[0], len, &rc))
		return rc;
	if (len > 0 && len <= OTA_CONTROL_MAX && buf[0] == OTA_CMD_START)
		wait = ota_esp_link_prepare(conn);
	ota_esp_enter();
	ota_esp_release_start(); /* what came first goes first */
	if (wait)
		hold(s, conn, buf, len);
	else
		ota_device_control(&s->device, conn, buf, len, s->now);
	ota_esp_leave();
	return 0;
}
