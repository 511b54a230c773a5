/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest application that can be updated: a heartbeat on the console, and
 * the three calls, marked 1 to 3.
 */
#include "esp_app_desc.h"
#include "esp_err.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "ota_esp.h"
#include "sdkconfig.h"

static const char tag[] = "demo";

/* Erasing flash stops the application for up to 0.2 s at a time. */
static void on_session(bool active, void *arg)
{
	(void)arg;
	ESP_LOGI(tag, "update %s", active ? "began" : "ended");
}

/* A product puts this on its display. */
static void on_passkey(uint32_t passkey, void *arg)
{
	(void)arg;
	ESP_LOGI(tag, "passkey %06u", (unsigned int)passkey);
}

/* Keys, calibration and the resume record live there. */
static void init_nvs(void)
{
	esp_err_t err = nvs_flash_init();

	if (err == ESP_ERR_NVS_NO_FREE_PAGES || err == ESP_ERR_NVS_NEW_VERSION_FOUND) {
		ESP_ERROR_CHECK(nvs_flash_erase());
		err = nvs_flash_init();
	}
	ESP_ERROR_CHECK(err);
}

void app_main(void)
{
	const struct ota_esp_config config = {
		.session = on_session,
		.show_passkey = on_passkey,
	};

	init_nvs();
	ESP_ERROR_CHECK(ota_esp_init(&config)); /* 1 */
	ESP_ERROR_CHECK(ota_esp_start()); /* 2 */
	for (int beat = 1;; beat++) {
		ESP_LOGI(tag, "version %s, beat %d%s", esp_app_get_description()->version, beat,
			 ota_esp_pending() ? ", not confirmed" : "");
#ifdef CONFIG_OTA_ESP_CONFIRM_APPLICATION
		if (beat == CONFIG_DEMO_HEALTHY_AFTER)
			ESP_ERROR_CHECK(ota_esp_confirm()); /* 3 */
#endif
		vTaskDelay(pdMS_TO_TICKS(CONFIG_DEMO_HEARTBEAT_S * 1000));
	}
}
