/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps between a write to Control and ota_core: the product's decision, and
 * the link; and which connections are worth their place.
 *
 * A START is kept back while the central is asked for a supervision timeout of
 * seconds.  Linux starts with 420 ms, which two block erases in a row can
 * outlast, and the first erase begins the moment ota_core sees the START.
 */
#include "ota_esp_priv.h"

#include <string.h>

/* A basic host, whose START is its opcode alone, reads no more of an ERROR. */
static int refuse(uint16_t conn, uint8_t opcode, uint8_t code, bool basic)
{
	const struct ota_error_event m = {.code = code, .opcode = opcode};
	uint8_t buf[OTA_NOTIFY_MAX];
	const int len = ota_error_encode(&m, buf, sizeof(buf));
	int rc;

	ota_esp_enter();
	rc = ota_esp_gatt_post(&ota_esp, conn, buf, basic ? 1 : (size_t)len);
	ota_esp_leave();
	return rc;
}

/* Commands that may erase flash, which the link has to survive. */
static bool erases(uint8_t opcode)
{
	return opcode == OTA_CMD_START || opcode == OTA_CMD_PREPARE;
}

/* The hook is the application's, so it is asked before the lock is taken, and ota_core is
 * told its answer. */
static bool permitted(const struct ota_esp *s, uint16_t conn, uint8_t opcode)
{
	switch (opcode) {
	case OTA_CMD_START:
	case OTA_CMD_ABORT:
	case OTA_CMD_CONFIRM:
	case OTA_CMD_ROLLBACK:
	case OTA_CMD_REBOOT:
	case OTA_CMD_PREPARE:
		return !s->config.permit ||
		       s->config.permit(conn, (enum ota_esp_request)opcode, s->config.arg);
	default:
		return false; /* nobody asks */
	}
}

void ota_esp_release_start(void)
{
	struct ota_esp *s = &ota_esp;
	const uint16_t conn = s->start.conn;

	if (conn == BLE_HS_CONN_HANDLE_NONE)
		return;
	s->start.conn = BLE_HS_CONN_HANDLE_NONE;
	if (!ota_esp_conn_find(conn))
		return;
	s->permitted = true; /* or it had not been kept */
	ota_esp_core_control(s, conn, s->start.bytes, s->start.len);
}

/* Keeps a START or PREPARE until the link's answer, or OTA_ESP_START_WAIT_MS. */
static void hold(struct ota_esp *s, uint16_t conn, const uint8_t *buf, size_t len)
{
	s->start.len = (uint8_t)len;
	memcpy(s->start.bytes, buf, len);
	s->start.until = s->now + OTA_ESP_START_WAIT_MS;
	s->start.conn = conn;
}

/*
 * A link that dies fails its update first, and is said to be gone in the next event: a
 * START that came by it stays where it is meanwhile.
 */
void ota_esp_control_updated(uint16_t conn, int status)
{
	struct ota_esp *s = &ota_esp;
	bool waits;

	ota_esp_enter();
	waits = s->start.conn == conn;
	ota_esp_leave_quickly();
	if (!waits || ota_esp_link_prepare(conn, true))
		return;
	ota_esp_enter();
	if (s->start.conn == conn && status == 0)
		ota_esp_release_start();
	else if (s->start.conn == conn)
		s->start.until = s->now + OTA_ESP_DYING_MS;
	ota_esp_leave();
}

/* --- idle connections */

/* Any write got past the security that Control demands. */
static void note_use(const struct ota_esp *s, struct ota_esp_conn *c, const uint8_t *buf,
		     size_t len, bool allowed)
{
#ifdef CONFIG_OTA_ESP_TELEMETRY
	uint16_t period;

	if (ota_telemetry_request_decode(buf, len, &period) == 0)
		c->reports = period > 0;
#else
	(void)buf;
	(void)len;
#endif
	c->wrote = true;
	if (allowed || c->handle == ota_device_owner(&s->device))
		c->used = s->now;
}

#if CONFIG_OTA_ESP_LINK_IDLE_S > 0

#define LINK_IDLE_MS (CONFIG_OTA_ESP_LINK_IDLE_S * 1000u)

/*
 * Connections are few, and two that do nothing would keep everybody out.  Only one that
 * owns an update, or was permitted something lately, is worth that.  A connection that
 * never got past the security demanded is of no use to anybody.
 */
static struct ota_esp_conn *idlest(struct ota_esp *s, uint32_t *ret_idle)
{
	struct ota_esp_conn *idle = NULL;
	bool full = true;

	*ret_idle = 0;
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		full = full && s->conns[i].handle != BLE_HS_CONN_HANDLE_NONE &&
		       !(s->conns[i].closing && s->now - s->conns[i].used < LINK_IDLE_MS);
	for (int i = 0; i < OTA_ESP_CONNECTIONS && s->owns_nimble; i++) {
		struct ota_esp_conn *c = &s->conns[i];
#ifdef CONFIG_OTA_ESP_SECURITY_NONE
		const bool silent = false;
#else
		const bool silent = !c->wrote;
#endif

		if (c->handle == BLE_HS_CONN_HANDLE_NONE || (!full && !silent) ||
		    c->handle == ota_device_owner(&s->device) || s->now - c->used < *ret_idle)
			continue;
		*ret_idle = s->now - c->used;
		idle = c;
	}
	return idle;
}

uint32_t ota_esp_idle_in(struct ota_esp *s)
{
	uint32_t idle;

	if (!idlest(s, &idle))
		return UINT32_MAX;
	return idle < LINK_IDLE_MS ? LINK_IDLE_MS - idle : 0;
}

uint16_t ota_esp_idle_take(struct ota_esp *s)
{
	uint32_t idle;
	struct ota_esp_conn *c = idlest(s, &idle);

	if (!c || idle < LINK_IDLE_MS)
		return BLE_HS_CONN_HANDLE_NONE;
	c->closing = true;
	c->used = s->now; /* once more where it stays */
	return c->handle;
}

#else

uint32_t ota_esp_idle_in(struct ota_esp *s)
{
	(void)s;
	return UINT32_MAX;
}

uint16_t ota_esp_idle_take(struct ota_esp *s)
{
	(void)s;
	return BLE_HS_CONN_HANDLE_NONE;
}

#endif

/* Returns true if another host's START is kept back: it came first, and nobody hurries it. */
static bool another_waits(struct ota_esp *s, uint16_t conn)
{
	bool waits;

	ota_esp_enter();
	waits = s->start.conn != BLE_HS_CONN_HANDLE_NONE && s->start.conn != conn;
	ota_esp_leave_quickly();
	return waits;
}

int ota_esp_control(uint16_t conn, const uint8_t *buf, size_t len)
{
	struct ota_esp *s = &ota_esp;
	const uint8_t opcode = len > 0 ? buf[0] : 0;
	const bool allowed = permitted(s, conn, opcode);
	struct ota_esp_conn *c;
	bool wait = false;

	ota_esp_conn_seen(conn); /* no event may have come yet */

#ifndef CONFIG_OTA_ESP_TELEMETRY
	if (opcode == OTA_CMD_TELEMETRY)
		return refuse(conn, opcode, OTA_ERR_UNSUPPORTED, false);
#endif
	if (allowed && erases(opcode)) {
		if (another_waits(s, conn))
			return refuse(conn, opcode, OTA_ERR_BUSY, len == 1);
		wait = len <= OTA_CONTROL_MAX && ota_esp_link_prepare(conn, false);
	}
	c = ota_esp_conn_enter(conn);
	if (c)
		note_use(s, c, buf, len, allowed);
	if (s->start.conn == conn)
		ota_esp_release_start(); /* what came first goes first */
	s->permitted = allowed;
	if (wait)
		hold(s, conn, buf, len);
	else
		ota_esp_core_control(s, conn, buf, len);
	ota_esp_leave();
	return 0;
}
