/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_BOOTLOADER_COMMON_H
#define FAKE_BOOTLOADER_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_ota_ops.h"

typedef struct { /* esp_flash_partitions.h */
	uint32_t ota_seq;
	uint8_t seq_label[20];
	uint32_t ota_state;
	uint32_t crc;
} esp_ota_select_entry_t;

bool bootloader_common_ota_select_valid(const esp_ota_select_entry_t *s);

#endif
