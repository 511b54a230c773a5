/* SPDX-License-Identifier: Apache-2.0 */
/* The calls an application makes, and what has to be ready before the others work. */
#include "ota_esp_priv.h"

#include <string.h>

#include "esp_attr.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_system.h"

/* The guard's margin over ota_core's own roll back, which tells the host. */
#define GUARD_MARGIN_US (15 * 1000 * 1000ull)

#ifdef CONFIG_OTA_ESP_RING_IN_PSRAM
#define RING_MEMORY MALLOC_CAP_SPIRAM
#else
#define RING_MEMORY (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#endif
#define RING_SIZE (CONFIG_OTA_ESP_RING_SIZE_KB * 1024u)
/* If the processor stops for a write, the controller's buffers bridge a short one: 1 KiB takes
 * some 4 ms. */
#if defined(CONFIG_SPI_FLASH_AUTO_SUSPEND) || defined(CONFIG_SPIRAM_XIP_FROM_PSRAM)
#define WRITE_SIZE OTA_SECTOR_SIZE
#else
#define WRITE_SIZE 1024u
#endif

struct ota_esp ota_esp;

/* RTC memory keeps it over esp_restart(), so that REBOOT is no way to erase more often. */
#ifdef CONFIG_SOC_RTC_MEM_SUPPORTED
RTC_NOINIT_ATTR
#endif
uint32_t ota_esp_wear;

static const char tag[] = "ota_esp";

void ota_esp_warn(const char *what)
{
	ESP_LOGW(tag, "%s", what);
}

void ota_esp_error(const char *what, int code)
{
	ESP_LOGE(tag, "cannot %s: 0x%x", what, (unsigned int)code);
}

#if CONFIG_OTA_ESP_CONFIRM_TIMEOUT_S > 0
/* The image has confirmed nothing and does not even roll itself back: the boot
 * loader does that when it finds it still pending after a restart. */
static void guard_fired(void *arg)
{
	(void)arg;
	ota_esp_warn("not confirmed: back to the old image");
	esp_restart();
}

static esp_err_t guard_start(struct ota_esp *s)
{
	const esp_timer_create_args_t args = {.callback = guard_fired, .name = "ota_guard"};
	const uint64_t us = CONFIG_OTA_ESP_CONFIRM_TIMEOUT_S * 1000000ull + GUARD_MARGIN_US;
	const esp_err_t err = esp_timer_create(&args, &s->guard);

	return err == ESP_OK ? esp_timer_start_once(s->guard, us) : err;
}
#endif

static int device_init(struct ota_esp *s)
{
	const struct ota_device_config config = {
		.ops = &ota_esp_ops,
		.ctx = s,
		.ring = s->ring,
		.ring_size = RING_SIZE,
		.scratch = s->scratch,
		.write_size = WRITE_SIZE,
		.max_value = CONFIG_OTA_ESP_MTU - OTA_ATT_HEADER < OTA_VALUE_MAX
				     ? CONFIG_OTA_ESP_MTU - OTA_ATT_HEADER
				     : OTA_VALUE_MAX,
		.idle_timeout_ms = CONFIG_OTA_ESP_IDLE_TIMEOUT_S * 1000u,
		.reboot_delay_ms = CONFIG_OTA_ESP_REBOOT_DELAY_MS,
		.wear = &ota_esp_wear,
		.confirm_timeout_ms = CONFIG_OTA_ESP_CONFIRM_TIMEOUT_S * 1000u,
	};
	struct ota_record record;
	const bool stored = ota_esp_record_load(&record) == 0;

	return ota_device_init(&s->device, &config, stored ? &record : NULL, s->now);
}

esp_err_t ota_esp_init(const struct ota_esp_config *config)
{
	struct ota_esp *s = &ota_esp;

	if (s->task)
		return ESP_ERR_INVALID_STATE;
	if (config)
		s->config = *config;
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		s->conns[i].handle = BLE_HS_CONN_HANDLE_NONE;
	s->start.conn = BLE_HS_CONN_HANDLE_NONE;
	s->pairing_conn = BLE_HS_CONN_HANDLE_NONE;
	s->last_us = (uint32_t)esp_timer_get_time();
	if (!ota_esp_image_slots())
		return ESP_ERR_NOT_FOUND;
	s->info.ring_size = RING_SIZE;
	if (!s->ring) /* of a call that failed later */
		s->ring = heap_caps_malloc(RING_SIZE, RING_MEMORY);
	if (!s->ring)
		return ESP_ERR_NO_MEM;
	s->lock = xSemaphoreCreateMutexStatic(&s->lock_memory);
	s->wake = xSemaphoreCreateBinaryStatic(&s->wake_memory);
	if (device_init(s) < 0)
		return ESP_ERR_INVALID_SIZE; /* CONFIG_OTA_ESP_RING_SIZE_KB is no multiple of 4 */
#ifdef CONFIG_OTA_ESP_DEFLATE
	if (!ota_esp_stream_init(s))
		return ESP_ERR_NO_MEM;
#endif
#ifdef CONFIG_OTA_ESP_SIGNED
	if (!ota_esp_signed_init(s))
		return ESP_ERR_INVALID_ARG;
#endif
#if CONFIG_OTA_ESP_CONFIRM_TIMEOUT_S > 0
	if (s->info.flags & OTA_INFO_PENDING_VERIFY && guard_start(s) != ESP_OK)
		ota_esp_warn("no timer guards the new image");
#endif
	s->task = xTaskCreateStatic(ota_esp_task, "ota", sizeof(s->stack), NULL,
				    CONFIG_OTA_ESP_TASK_PRIORITY, s->stack, &s->task_memory);
	return s->task ? ESP_OK : ESP_FAIL;
}

esp_err_t ota_esp_register(void)
{
	if (!ota_esp.task)
		return ESP_ERR_INVALID_STATE;
	return ota_esp_gatt_register() == 0 && ota_esp_conn_listen() == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t ota_esp_start(void)
{
	if (!ota_esp.task || ota_esp.owns_nimble)
		return ESP_ERR_INVALID_STATE;
	return ota_esp_gap_start();
}

esp_err_t ota_esp_confirm(void)
{
	if (!ota_esp.task)
		return ESP_ERR_INVALID_STATE;
	ota_esp_enter();
	ota_esp.vouched = true;
	ota_esp.confirm_wanted = true;
	ota_esp_leave();
	return ESP_OK;
}

bool ota_esp_pending(void)
{
	bool pending;

	if (!ota_esp.task)
		return false;
	ota_esp_enter();
	pending = (ota_esp.info.flags & OTA_INFO_PENDING_VERIFY) != 0;
	ota_esp_leave_quickly();
	return pending;
}
