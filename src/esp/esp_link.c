/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's connections: from the link's frames through the ATT
 * server to ota_core, and back.
 */
#include "esp/esp_priv.h"

#include "image/image.h"

#include <stdio.h>
#include <string.h>

/* ATT application errors, Core Vol 3 Part F 3.4.1.1: 0x80..0x9f are the profile's. */
#define ATT_APP_REFUSED 0x80

struct esp_conn *esp_conn_by_id(struct esp *esp, uint16_t conn)
{
	return conn < ESP_CONNS && esp->conns[conn].link ? &esp->conns[conn] : NULL;
}

uint16_t esp_conn_mtu(const struct esp_conn *conn)
{
	return att_server_mtu(&conn->att);
}

bool esp_has_links(const struct esp *esp)
{
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (esp->conns[i].link)
			return true;
	return false;
}

/* --- ATT: values */

static int text_value(const char *text, uint8_t *buf, size_t size)
{
	const size_t len = strlen(text);

	if (len > size)
		return -ATT_ERR_UNLIKELY;
	memcpy(buf, text, len);
	return (int)len;
}

static int esp_link_on_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	struct esp_conn *c = ctx;
	const struct image_chip *chip = image_chip_by_id(c->esp->config.chip_id);
	int rc;

	switch (id) {
	case ATT_DEVICE_NAME:
		return text_value(c->esp->name, buf, size);
	case ATT_APPEARANCE:
		buf[0] = buf[1] = 0; /* unknown */
		return 2;
	case ATT_FIRMWARE_REVISION:
		return text_value(board_running(c->esp->board)->version, buf, size);
	case ATT_MODEL:
		return text_value(chip ? chip->title : "ESP32", buf, size);
	case ATT_MANUFACTURER:
		return text_value("otabench (simulated)", buf, size);
	case ATT_BATTERY_LEVEL:
		buf[0] = 100; /* percent */
		return 1;
	case ATT_INFO:
		rc = ota_device_read_info(&c->esp->device, buf, size);
		return rc < 0 ? -ATT_ERR_UNLIKELY : rc;
	case ATT_SERVICE_CHANGED:
	case ATT_DATABASE_HASH:
	case ATT_CONTROL:
	case ATT_DATA:
	case ATT_FOREIGN_1:
	case ATT_FOREIGN_2:
	case ATT_FOREIGN_3:
	case ATT_FOREIGN_4:
	case ATT_FOREIGN_5:
	case ATT_FOREIGN_6:
	case ATT_FOREIGN_7:
	case ATT_VALUES:
		break;
	}
	return -ATT_ERR_READ_NOT_PERMITTED;
}

int esp_link_data_written(struct esp_conn *c, const uint8_t *buf, size_t len, bool command,
			  bool can_wait)
{
	const int rc =
		ota_device_data(&c->esp->device, c->id, buf, len, can_wait, esp_now_ms(c->esp));

	if (rc == -OTA_EAGAIN && len <= OTA_VALUE_MAX)
		return esp_task_wait(c, buf, len, command);
	return rc < 0 ? ATT_APP_REFUSED : ATT_OK;
}

static int on_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len, bool command)
{
	struct esp_conn *c = ctx;
	struct esp *esp = c->esp;
	int answer = ATT_OK;

	if (!esp->device_up)
		return ATT_ERR_UNLIKELY;
	if (id >= ATT_FOREIGN_1 && esp_firmware(esp)) {
		esp_firmware(esp)->written(c, id, buf, len);
		esp_hold(esp);
		return ATT_OK;
	}
	if (id >= ATT_FOREIGN_1)
		return ATT_ERR_WRITE_NOT_PERMITTED;
	if (id == ATT_CONTROL)
		answer = esp_security_permits_command(c, buf, len);
	if (answer != ATT_OK)
		return answer;
	c->wrote = c->wrote || id == ATT_CONTROL;
	if (id == ATT_CONTROL)
		esp_control(esp, c->id, buf, len);
	else if (id == ATT_DATA)
		answer = esp_link_data_written(c, buf, len, command, true);
	if (c->id == ota_device_owner(&esp->device))
		c->used = esp_now_ms(esp);
	esp_hold(esp);
	esp_rearm(esp);
	return answer;
}

static int esp_link_on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct esp_conn *c = ctx;

	return c->link ? link_send(c->link, LINK_PERIPHERAL, LINK_CID_ATT, pdu, len)
		       : -OTA_ENOTCONN;
}

static int on_permits(void *ctx, enum att_value_id id)
{
	return esp_security_permits(ctx, id);
}

static const struct att_server_ops att_ops = {
	.send = esp_link_on_send,
	.read = esp_link_on_read,
	.write = on_write,
	.permits = on_permits,
	.subscribed = esp_security_subscribed,
	.confirmed = esp_security_confirmed,
};

int esp_notify(struct esp_conn *conn, const uint8_t *buf, size_t len)
{
	return att_server_notify(&conn->att, ATT_CONTROL, buf, len);
}

/* --- idle links */

/* When a connection has been idle for too long; false: it may last. */
static bool idle_at(const struct esp *esp, const struct esp_conn *c, uint32_t *ret_ms)
{
	const bool silent = esp->config.security != ESP_OPEN && !c->wrote;

	*ret_ms = c->used + ESP_LINK_IDLE_MS;
	return c->link && c->id != ota_device_owner(&esp->device) &&
	       (silent || !esp_advertising(esp));
}

bool esp_idle_deadline(const struct esp *esp, uint32_t *ret_ms)
{
	bool any = false;
	uint32_t at;

	for (unsigned int i = 0; i < ESP_CONNS && esp->power == ESP_RUNNING; i++) {
		if (!idle_at(esp, &esp->conns[i], &at) || (any && (int32_t)(at - *ret_ms) >= 0))
			continue;
		any = true;
		*ret_ms = at;
	}
	return any;
}

/* The one that is idle for longest: then there is room again. */
void esp_close_idle(struct esp *esp)
{
	uint32_t due, at;

	if (!esp_idle_deadline(esp, &due) || (int32_t)(due - esp_now_ms(esp)) > 0)
		return;
	for (unsigned int i = 0; i < ESP_CONNS; i++) {
		if (!idle_at(esp, &esp->conns[i], &at) || at != due)
			continue;
		esp->conns[i].used = esp_now_ms(esp); /* once more where it stays */
		esp_log(esp, "closes an idle link");
		(void)link_terminate(esp->conns[i].link, LINK_PERIPHERAL, LINK_REASON_REMOTE_USER);
		break;
	}
}

/* --- the link */

static void esp_link_release(struct esp_conn *c)
{
	void (*const released)(void *ctx) = c->released;

	esp_security_end(c);
	c->link = NULL;
	c->accepted = false;
	c->waiting_len = 0;
	c->waited = 0;
	c->procedures = 0;
	c->signal_id = 0;
	c->released = NULL;
	if (released)
		released(c->released_ctx);
}

/*
 * Counts any PDU that is to write, whatever its result: a device of another dialect may not be
 * written to.
 */
static void watch_writes(struct esp *esp, const uint8_t *pdu, size_t len)
{
	if (esp->config.dialect != ESP_FOREIGN || len == 0 ||
	    (pdu[0] != ATT_WRITE_REQ && pdu[0] != ATT_WRITE_CMD && pdu[0] != ATT_PREPARE_REQ))
		return;
	esp->foreign_writes++;
	esp_log(esp, "REFUSES A WRITE of %zu bytes: its dialect is %s", len,
		dialect_get(esp->config.foreign)->name);
}

static void esp_link_on_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct esp_conn *c = ctx;

	if (!c->link)
		return;
	if (cid == LINK_CID_ATT) {
		watch_writes(c->esp, buf, len);
		att_server_input(&c->att, buf, len);
	} else {
		esp_l2cap_input(c, cid, buf, len);
	}
}

static void on_writable(void *ctx)
{
	struct esp_conn *c = ctx;

	if (!c->link || !c->esp->device_up)
		return;
	att_server_writable(&c->att);
	if (c->esp->config.dialect == ESP_MCUMGR)
		esp_mcumgr_writable(c->esp);
	esp_tick(c->esp);
	esp_hold(c->esp);
	esp_rearm(c->esp);
}

void esp_procedure_done(struct esp_conn *c, enum link_procedure procedure, uint8_t code)
{
	if (c->procedures & 1u << procedure) {
		c->refused |= code != 0;
		c->procedures &= ~(1u << procedure);
	}
	if (c->procedures != 0)
		return;
	ota_device_link_changed(&c->esp->device, c->id, c->refused ? OTA_ERR_LINK : OTA_OK,
				esp_now_ms(c->esp));
	c->refused = false;
	esp_rearm(c->esp);
}

static void esp_link_on_changed(void *ctx, enum link_procedure procedure, uint8_t code)
{
	struct esp_conn *c = ctx;

	if (!c->link || !c->esp->device_up)
		return;
	if (procedure == LINK_ENCRYPTION) {
		esp_security_changed(c, code);
		return;
	}
	/* A central of 4.0 has no such procedure: its host is asked instead, as NimBLE's
	 * ble_gap_update_params() does. */
	if (procedure == LINK_PARAMS && code == LINK_CODE_UNSUPPORTED &&
	    c->procedures & 1u << LINK_PARAMS && esp_l2cap_ask_params(c, &c->wish) == 0)
		return;
	esp_procedure_done(c, procedure, code);
}

static void esp_link_on_disconnected(void *ctx, uint8_t reason)
{
	struct esp_conn *c = ctx;
	struct esp *esp = c->esp;

	esp_log(esp, "link closed, reason 0x%02x", reason);
	esp_link_release(c);
	if (!esp->device_up)
		return;
	esp_gone(esp, c->id);
	if (esp->config.dialect == ESP_MCUMGR)
		esp_mcumgr_gone(esp, c->id);
	esp_hold(esp);
	esp_rearm(esp);
}

static const struct link_ops link_side_ops = {
	.frame = esp_link_on_frame,
	.writable = on_writable,
	.key_wanted = esp_security_key,
	.changed = esp_link_on_changed,
	.disconnected = esp_link_on_disconnected,
};

/* The factory firmware is in slot 0, so that what runs from another was sent. */
static enum att_table full_table(const struct esp *esp)
{
	const bool sent = board_running(esp->board)->slot != 0;

	switch (esp->config.update_table) {
	case ESP_TABLE_SAME:
		break;
	case ESP_TABLE_MOVED:
		return sent ? ATT_TABLE_MOVED : ATT_TABLE_FULL;
	case ESP_TABLE_SHUFFLED:
		return sent ? ATT_TABLE_SHUFFLED : ATT_TABLE_HASHLESS;
	}
	return ATT_TABLE_FULL;
}

static enum att_table foreign_table(const struct esp *esp)
{
	static const enum att_table tables[DIALECTS] = {
		[DIALECT_FBIEGO] = ATT_TABLE_FBIEGO,
		[DIALECT_FBIEGO_COMPACT] = ATT_TABLE_FBIEGO_COMPACT,
		[DIALECT_BLE_OTA] = ATT_TABLE_BLE_OTA,
		[DIALECT_BLE_OTA_RAW] = ATT_TABLE_BLE_OTA_RAW,
		[DIALECT_BLEOTA] = ATT_TABLE_BLEOTA,
		[DIALECT_NIMBLEOTA] = ATT_TABLE_NIMBLEOTA,
		[DIALECT_ANGERER] = ATT_TABLE_ANGERER,
		[DIALECT_ARDUINO_BLE_OTA] = ATT_TABLE_ARDUINO_BLE_OTA,
		[DIALECT_ARDUINO_BLE_OTA_1] = ATT_TABLE_ARDUINO_BLE_OTA_1,
		[DIALECT_SMP] = ATT_TABLE_SMP,
		[DIALECT_NORDIC_DFU] = ATT_TABLE_NORDIC_DFU,
		[DIALECT_NORDIC_LEGACY_DFU] = ATT_TABLE_NORDIC_LEGACY_DFU,
		[DIALECT_MESHTASTIC] = ATT_TABLE_MESHTASTIC,
		[DIALECT_MATTER] = ATT_TABLE_MATTER,
		[DIALECT_SILABS] = ATT_TABLE_SILABS,
		[DIALECT_TI_OAD] = ATT_TABLE_TI_OAD,
	};
	const enum att_table table = tables[esp->config.foreign];

	return table > ATT_TABLE_FOREIGN ? table : ATT_TABLE_FOREIGN;
}

static enum att_table table_of(const struct esp *esp)
{
	switch (esp->config.dialect) {
	case ESP_FULL:
		return full_table(esp);
	case ESP_BASIC:
		return ATT_TABLE_BASIC;
	case ESP_FOREIGN:
	case ESP_SECTORS:
	case ESP_PARTS:
	case ESP_MCUMGR:
	case ESP_ANGERER:
	case ESP_ARDUINO:
		break;
	}
	return foreign_table(esp);
}

int esp_accept(struct esp *esp, struct link_side_config *ret_side, uint16_t *ret_conn)
{
	struct esp_conn *c = esp->conns;
	int rc;

	if (!esp_advertising(esp))
		return esp->power == ESP_RUNNING ? -OTA_EBUSY : -OTA_ENODEV;
	rc = esp_wake(esp);
	if (rc < 0)
		return rc;
	while (c->link || c->accepted)
		c++; /* one is free, since it advertises */
	c->accepted = true;
	*ret_side = (struct link_side_config){
		.ops = &link_side_ops,
		.ctx = c,
		.refill = true,
		.queue_frames = ESP_TX_FRAMES,
		.receive_pdus = esp_receive_pdus(esp),
		.host_pdus = ESP_ACL_BUFFERS,
		.drop_us = esp_acl_wait_us(esp),
		.host_latency_us = ESP_HOST_LATENCY,
		.phys = esp->phys,
		.data_length = esp->config.data_length,
		.loss_ppm = esp->config.loss_ppm,
		.rssi = esp->config.rssi,
		.rssi_spread = 6,
	};
	*ret_conn = c->id;
	return 0;
}

void esp_not_connected(struct esp *esp, uint16_t conn)
{
	esp->conns[conn].accepted = false;
}

void esp_connected(struct esp *esp, uint16_t conn, const uint8_t peer[ESP_PEER], struct link *link,
		   void (*released)(void *ctx), void *ctx)
{
	struct esp_conn *c = &esp->conns[conn];
	const struct att_server_config config = {
		.ops = &att_ops,
		.ctx = c,
		.table = table_of(esp),
		.mtu = esp->config.mtu,
	};

	c->accepted = false;
	c->link = link;
	c->released = released;
	c->released_ctx = ctx;
	c->waiting_len = 0;
	c->waited = 0;
	c->procedures = 0;
	c->used = esp_now_ms(esp);
	c->wrote = false;
	memcpy(c->peer, peer, sizeof(c->peer));
	esp_security_begin(c);
	(void)att_server_init(&c->att, &config); /* config is in range, by esp_create() */
	link_hold(link, LINK_PERIPHERAL, esp->held);
	link_block(link, LINK_PERIPHERAL, esp->blocked);
	ota_device_connected(&esp->device, conn, esp_now_ms(esp));
	esp_hold(esp);
	esp_rearm(esp);
}

void esp_terminate(struct esp *esp)
{
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (esp->conns[i].link)
			(void)link_terminate(esp->conns[i].link, LINK_PERIPHERAL,
					     LINK_REASON_REMOTE_USER);
}

void esp_drop_links(struct esp *esp)
{
	for (unsigned int i = 0; i < ESP_CONNS; i++) {
		struct esp_conn *c = &esp->conns[i];

		if (!c->link)
			continue;
		link_vanish(c->link, LINK_PERIPHERAL);
		esp_link_release(c);
	}
}
