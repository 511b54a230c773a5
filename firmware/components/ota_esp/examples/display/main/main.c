/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update that only someone in front of the device can make: the central has to pair with
 * the passkey that the display shows.  Messages stand in for a display here.
 */
#include "esp_err.h"
#include "esp_log.h"
#include "nvs_flash.h"
#include "ota_esp.h"

static const char tag[] = "display";

/* Called in NimBLE's host task: hand it to the task that draws, and return. */
static void show_passkey(uint32_t passkey, void *arg)
{
	(void)arg;
	ESP_LOGI(tag, "passkey %06u", (unsigned int)passkey);
}

/* The flash's erases stop this application for up to 0.2 s each while an update runs. */
static void show_session(bool active, void *arg)
{
	(void)arg;
	ESP_LOGI(tag, "%s", active ? "updating, do not switch off" : "ready");
}

static void show_progress(unsigned int percent, void *arg)
{
	(void)arg;
	ESP_LOGI(tag, "%u %%", percent);
}

void app_main(void)
{
	const struct ota_esp_config config = {
		.show_passkey = show_passkey,
		.session = show_session,
		.progress = show_progress,
	};

	ESP_ERROR_CHECK(nvs_flash_init());
	ESP_ERROR_CHECK(ota_esp_init(&config));
	ESP_ERROR_CHECK(ota_esp_start());
}
