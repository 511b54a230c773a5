/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_CHIP_INFO_H
#define FAKE_ESP_CHIP_INFO_H

#include <stdint.h>

typedef struct {
	int model;
	uint32_t features;
	uint16_t revision; /* major * 100 + minor */
	uint8_t cores;
} esp_chip_info_t;

void esp_chip_info(esp_chip_info_t *out_info);

#endif
