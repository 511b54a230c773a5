/* SPDX-License-Identifier: Apache-2.0 */
/* The least that an application needs to be updated over Bluetooth LE. */
#include "esp_err.h"
#include "nvs_flash.h"
#include "ota_esp.h"

void app_main(void)
{
	ESP_ERROR_CHECK(nvs_flash_init());
	ESP_ERROR_CHECK(ota_esp_init(NULL));
	ESP_ERROR_CHECK(ota_esp_start());
	/* The application goes here.  A new image runs on trial until the host has confirmed it. */
}
