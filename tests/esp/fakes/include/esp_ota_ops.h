/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_OTA_OPS_H
#define FAKE_ESP_OTA_OPS_H

#include "esp_app_desc.h"
#include "esp_partition.h"

typedef enum { /* esp_flash_partitions.h */
	       ESP_OTA_IMG_NEW = 0x0,
	       ESP_OTA_IMG_PENDING_VERIFY = 0x1,
	       ESP_OTA_IMG_VALID = 0x2,
	       ESP_OTA_IMG_INVALID = 0x3,
	       ESP_OTA_IMG_ABORTED = 0x4,
	       ESP_OTA_IMG_UNDEFINED = -1,
} esp_ota_img_states_t;

#define ESP_ERR_OTA_VALIDATE_FAILED 0x1503 /* image_validate() failed, for whatever reason */

const esp_partition_t *esp_ota_get_running_partition(void);
const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from);
esp_err_t esp_ota_get_state_partition(const esp_partition_t *partition,
				      esp_ota_img_states_t *ota_state);
esp_err_t esp_ota_get_partition_description(const esp_partition_t *partition,
					    esp_app_desc_t *app_desc);
uint8_t esp_ota_get_app_partition_count(void);
esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition);
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void);
bool esp_ota_check_rollback_is_possible(void);

#endif
