/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that takes images signed with the product's key only, and none of a lower secure
 * version than the one that runs.  Before a new image is kept it has to find itself healthy.
 */
#include "esp_err.h"
#include "esp_log.h"
#include "nvs_flash.h"
#include "ota_esp.h"

/*
 * Called in the update's task, seconds are all right.  A product reads its sensors here,
 * whatever a bad update could break: false rolls back.
 */
static bool self_test(void *arg)
{
	(void)arg;
	ESP_LOGI("signed", "self-test passed");
	return true;
}

void app_main(void)
{
	const struct ota_esp_config config = {.self_test = self_test};

	ESP_ERROR_CHECK(nvs_flash_init());
	ESP_ERROR_CHECK(ota_esp_init(&config));
	ESP_ERROR_CHECK(ota_esp_start());
}
