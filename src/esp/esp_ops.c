/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform that ota_core runs on here: struct ota_device_ops over the
 * modelled board and link.  components/ota_esp is its sister on real hardware.
 */
#include "esp/esp_priv.h"

#include <string.h>

static struct esp *esp_of(void *ctx)
{
	return ctx;
}

static bool stands_still(const struct esp *esp)
{
	switch (esp->config.flash_mode) {
	case ESP_FLASH_LENIENT:
		return board_erasing(esp->board);
	case ESP_FLASH_USUAL:
		return board_stalled(esp->board);
	case ESP_FLASH_AUTO_SUSPEND:
	case ESP_FLASH_PSRAM:
		break;
	}
	return false;
}

/* Code in the same flash stands still: nothing is delivered meanwhile and nothing ticks. */
void esp_hold(struct esp *esp)
{
	const bool hold = stands_still(esp);

	if (hold == esp->held)
		return;
	esp->held = hold;
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (esp->conns[i].link)
			link_hold(esp->conns[i].link, LINK_PERIPHERAL, hold);
}

static int started(struct esp *esp, int rc)
{
	if (rc == 0)
		esp_hold(esp);
	return rc;
}

static int op_erase(void *ctx, uint32_t offset, uint32_t len)
{
	return started(ctx, board_flash_erase(esp_of(ctx)->board, offset, len));
}

static int op_write(void *ctx, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	return started(ctx, board_flash_write(esp_of(ctx)->board, offset, buf, len));
}

static int op_read(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	return started(ctx, board_flash_read(esp_of(ctx)->board, offset, buf, len));
}

static int op_head_check(void *ctx, const uint8_t *head, uint32_t *ret_detail)
{
	return board_head_check(esp_of(ctx)->board, head, ret_detail);
}

static int op_check(void *ctx, uint32_t size)
{
	return started(ctx, board_image_check(esp_of(ctx)->board, size));
}

static int op_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE])
{
	return started(ctx, board_set_boot(esp_of(ctx)->board, size, sha256));
}

static int op_persist(void *ctx, const struct ota_record *record)
{
	return started(ctx, board_persist(esp_of(ctx)->board, record));
}

static int op_confirm(void *ctx)
{
	return started(ctx, board_confirm(esp_of(ctx)->board));
}

static int op_rollback(void *ctx)
{
	return started(ctx, board_rollback(esp_of(ctx)->board));
}

static void op_reboot(void *ctx, uint32_t delay_ms)
{
	esp_restart(ctx, delay_ms);
}

static bool op_permit(void *ctx, uint16_t conn, uint8_t opcode)
{
	struct esp *esp = ctx;

	(void)opcode;
	if (!esp->config.forbids)
		esp->conns[conn].used = esp_now_ms(esp);
	return !esp->config.forbids;
}

static int op_hash_init(void *ctx)
{
	return board_hash_init(esp_of(ctx)->board);
}

static int op_hash_update(void *ctx, const uint8_t *buf, uint32_t len)
{
	return board_hash_update(esp_of(ctx)->board, buf, len);
}

static int op_hash_peek(void *ctx, uint8_t ret[OTA_SHA256_SIZE])
{
	return board_hash_peek(esp_of(ctx)->board, ret);
}

static int op_notify(void *ctx, uint16_t conn, const uint8_t *buf, size_t len)
{
	struct esp_conn *c = esp_conn_by_id(ctx, conn);

	return c ? esp_notify(c, buf, len) : -OTA_ENOTCONN;
}

/* Starts the procedures asked for; which, or negative when one is out of range. */
static int begin_procedures(struct esp_conn *c, const struct ota_link_request *req)
{
	struct link_state now;
	struct link_params params;
	int rc, begun = 0;

	link_get_state(c->link, &now);
	if (req->phys) {
		rc = link_update_phy(c->link, LINK_PERIPHERAL, req->phys & c->esp->phys);
		if (rc < 0)
			return rc;
		begun |= 1 << LINK_PHY;
	}
	if (req->data_length) {
		rc = link_update_data_length(c->link, LINK_PERIPHERAL, req->data_length);
		if (rc < 0)
			return rc;
		begun |= 1 << LINK_DATA_LENGTH;
	}
	if (req->interval_min || req->supervision_timeout) {
		params = (struct link_params){
			.interval_min = req->interval_min ? req->interval_min : now.interval,
			.interval_max = req->interval_min ? req->interval_max : now.interval,
			.latency = req->latency,
			.supervision_timeout = req->supervision_timeout ? req->supervision_timeout
									: now.supervision_timeout,
		};
		c->wish = params;
		rc = link_update_params(c->link, LINK_PERIPHERAL, &params);
		if (rc < 0)
			return rc;
		begun |= 1 << LINK_PARAMS;
	}
	return begun;
}

static int op_link_request(void *ctx, uint16_t conn, const struct ota_link_request *req)
{
	struct esp_conn *c = esp_conn_by_id(ctx, conn);
	int begun;

	if (!c)
		return -OTA_ENOTCONN;
	c->refused = false;
	begun = begin_procedures(c, req);
	if (begun <= 0)
		return begun < 0 ? begun : -OTA_EINVAL;
	c->procedures = (unsigned int)begun;
	return 0;
}

static void op_link_state(void *ctx, uint16_t conn, struct ota_link *ret)
{
	struct esp_conn *c = esp_conn_by_id(ctx, conn);
	struct link_state now;

	memset(ret, 0, sizeof(*ret));
	if (!c)
		return;
	link_get_state(c->link, &now);
	ret->interval = now.interval;
	ret->latency = now.latency;
	ret->supervision_timeout = now.supervision_timeout;
	ret->tx_phy = ret->rx_phy = (uint8_t)now.phy;
	ret->tx_octets = ret->rx_octets = now.data_length;
	ret->mtu = esp_conn_mtu(c);
}

static int8_t op_rssi(void *ctx, uint16_t conn)
{
	struct esp_conn *c = esp_conn_by_id(ctx, conn);

	return c ? link_rssi(c->link, LINK_PERIPHERAL) : 127;
}

static void op_info(void *ctx, struct ota_info *ret)
{
	struct esp *esp = ctx;

	memset(ret, 0, sizeof(*ret));
	ret->version = OTA_PROTOCOL_VERSION;
	ret->min_version = OTA_PROTOCOL_VERSION;
	ret->features = OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_LINK |
			OTA_FEATURE_TELEMETRY | OTA_FEATURE_TIMES | OTA_FEATURE_PREPARE |
			OTA_FEATURE_PATTERN;
	if (!board_running(esp->board)->stays_new)
		ret->features |= OTA_FEATURE_ROLLBACK;
	ret->phys = esp->phys;
	ret->ring_size = esp->config.ring_size;
	ret->reset_reason = (uint8_t)esp->reset_reason;
	if (esp->config.flash_mode == ESP_FLASH_AUTO_SUSPEND)
		ret->abilities |= OTA_ABILITY_AUTO_SUSPEND;
	if (esp->config.flash_mode == ESP_FLASH_PSRAM)
		ret->abilities |= OTA_ABILITY_XIP_PSRAM;
	board_info(esp->board, ret);
	esp_stream_info(esp, ret);
	if (esp->gated)
		ota_signed_info(&esp->gate, ret);
}

const struct ota_device_ops esp_device_ops = {
	.flash_erase = op_erase,
	.flash_write = op_write,
	.flash_read = op_read,
	.head_check = op_head_check,
	.image_check = op_check,
	.set_boot = op_set_boot,
	.persist = op_persist,
	.confirm = op_confirm,
	.rollback = op_rollback,
	.reboot = op_reboot,
	.permit = op_permit,
	.hash_init = op_hash_init,
	.hash_update = op_hash_update,
	.hash_peek = op_hash_peek,
	.notify = op_notify,
	.link_request = op_link_request,
	.link_state = op_link_state,
	.rssi = op_rssi,
	.info = op_info,
};
