/* SPDX-License-Identifier: Apache-2.0 */
/* The Device Information service; left out without CONFIG_OTA_ESP_DEVICE_INFORMATION. */
#include "ota_esp_priv.h"

#include <string.h>

#include "esp_app_desc.h"

#ifdef CONFIG_OTA_ESP_DEVICE_INFORMATION

const ble_uuid16_t ota_esp_information = BLE_UUID16_INIT(0x180a);
static const ble_uuid16_t firmware_revision = BLE_UUID16_INIT(0x2a26);
static const ble_uuid16_t model_number = BLE_UUID16_INIT(0x2a24);
static const ble_uuid16_t manufacturer_name = BLE_UUID16_INIT(0x2a29);

static int access_information(uint16_t conn, uint16_t attr, struct ble_gatt_access_ctxt *ctxt,
			      void *arg)
{
	const esp_app_desc_t *app = esp_app_get_description();
	const char *text = CONFIG_OTA_ESP_MODEL;
	size_t size = sizeof(CONFIG_OTA_ESP_MODEL);

	(void)conn;
	(void)attr;
	(void)arg;
	if (ctxt->chr->uuid == &firmware_revision.u) {
		text = app->version;
		size = sizeof(app->version);
	} else if (ctxt->chr->uuid == &manufacturer_name.u) {
		text = CONFIG_OTA_ESP_MANUFACTURER;
		size = sizeof(CONFIG_OTA_ESP_MANUFACTURER);
	} else if (text[0] == '\0') {
		text = app->project_name;
		size = sizeof(app->project_name);
	}
	return os_mbuf_append(ctxt->om, text, (uint16_t)strnlen(text, size)) == 0
		       ? 0
		       : BLE_ATT_ERR_INSUFFICIENT_RES;
}

const struct ble_gatt_chr_def ota_esp_information_table[] = {
	{.uuid = &firmware_revision.u,
	 .access_cb = access_information,
	 .flags = BLE_GATT_CHR_F_READ},
	{.uuid = &model_number.u, .access_cb = access_information, .flags = BLE_GATT_CHR_F_READ},
	{.uuid = &manufacturer_name.u,
	 .access_cb = access_information,
	 .flags = BLE_GATT_CHR_F_READ},
	{.uuid = NULL},
};

#endif
