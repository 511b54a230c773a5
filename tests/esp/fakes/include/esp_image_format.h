/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_IMAGE_FORMAT_H
#define FAKE_ESP_IMAGE_FORMAT_H

#include "esp_err.h"

typedef struct { /* esp_flash_partitions.h */
	uint32_t offset, size;
} esp_partition_pos_t;

/* The real one also has header and segments: the padding keeps its size for
 * the measurement of stacks. */
typedef struct {
	uint32_t start_addr;
	uint8_t header_and_segments[24 + 16 * 8 + 16 * 4];
	uint32_t image_len; /* bytes, with checksum, appended hash and signature */
	uint8_t image_digest[32];
	uint32_t secure_version, mmu_page_size;
} esp_image_metadata_t;

typedef enum { ESP_IMAGE_VERIFY, ESP_IMAGE_VERIFY_SILENT } esp_image_load_mode_t;

#define ESP_ERR_IMAGE_FLASH_FAIL 0x2001
#define ESP_ERR_IMAGE_INVALID 0x2002

esp_err_t esp_image_verify(esp_image_load_mode_t mode, const esp_partition_pos_t *part,
			   esp_image_metadata_t *data);
esp_err_t esp_image_get_metadata(const esp_partition_pos_t *part, esp_image_metadata_t *metadata);

#endif
