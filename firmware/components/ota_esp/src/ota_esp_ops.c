/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ota_core's table of operations on an ESP32.  All are called with the lock
 * held; what takes time becomes a job for the task in ota_esp_task.c.
 */
#include "ota_esp_priv.h"

#define LINGER_MS 2000u /* a reboot waits so long for notifications to go out */

/* In the order of flash_write's arguments, which then stay in their registers. */
static int post(void *ctx, uint32_t offset, const void *in, uint32_t len,
		enum ota_esp_job_kind kind)
{
	struct ota_esp_job *job = &((struct ota_esp *)ctx)->job;

	job->kind = kind;
	job->offset = offset;
	job->len = len;
	job->in = in;
	return 0;
}

static int op_erase(void *ctx, uint32_t offset, uint32_t len)
{
	struct ota_esp *s = ctx;

	s->info.flags &= (uint8_t)~OTA_INFO_CAN_ROLLBACK; /* there goes the way back */
	return post(ctx, offset, NULL, len, OTA_ESP_JOB_ERASE);
}

static int op_write(void *ctx, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	return post(ctx, offset, buf, len, OTA_ESP_JOB_WRITE);
}

static int op_read(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	return post(ctx, offset, buf, len, OTA_ESP_JOB_READ);
}

static int op_check(void *ctx, uint32_t size)
{
	return post(ctx, 0, NULL, size, OTA_ESP_JOB_CHECK);
}

static int op_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE])
{
	return post(ctx, 0, sha256, size, OTA_ESP_JOB_SET_BOOT);
}

static int op_persist(void *ctx, const struct ota_record *record)
{
	return post(ctx, 0, record, 0, OTA_ESP_JOB_PERSIST);
}

static int op_confirm(void *ctx)
{
	return post(ctx, 0, NULL, 0, OTA_ESP_JOB_CONFIRM);
}

static int op_rollback(void *ctx)
{
	return post(ctx, 0, NULL, 0, OTA_ESP_JOB_ROLLBACK);
}

static void op_reboot(void *ctx, uint32_t delay_ms)
{
	struct ota_esp *s = ctx;

	s->reboot = true;
	s->reboot_at = s->now + delay_ms;
	s->reboot_limit = s->reboot_at + LINGER_MS;
}

static bool op_permit(void *ctx, uint16_t conn, uint8_t opcode)
{
	(void)conn;
	(void)opcode;
	return ((const struct ota_esp *)ctx)->permitted;
}

static int op_hash_init(void *ctx)
{
	return ota_esp_hash_begin(&((struct ota_esp *)ctx)->hash);
}

static int op_hash_update(void *ctx, const uint8_t *buf, uint32_t len)
{
	return ota_esp_hash_add(&((struct ota_esp *)ctx)->hash, buf, len);
}

static int op_hash_peek(void *ctx, uint8_t ret[OTA_SHA256_SIZE])
{
	return ota_esp_hash_peek(&((struct ota_esp *)ctx)->hash, ret);
}

static int op_notify(void *ctx, uint16_t conn, const uint8_t *buf, size_t len)
{
	return ota_esp_gatt_post(ctx, conn, buf, len);
}

static uint8_t op_stack_left(void *ctx)
{
	return ((const struct ota_esp *)ctx)->stack_left;
}

static void op_info(void *ctx, struct ota_info *ret)
{
	*ret = ((const struct ota_esp *)ctx)->info;
}

const struct ota_device_ops ota_esp_ops = {
	.flash_erase = op_erase,
	.flash_write = op_write,
	.flash_read = op_read,
	.head_check = ota_esp_policy_head,
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
	.link_request = ota_esp_link_note,
	.link_state = ota_esp_link_state,
	.rssi = ota_esp_link_rssi,
	.stack_left = op_stack_left,
	.info = op_info,
};
