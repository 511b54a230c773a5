/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_APP_DESC_H
#define FAKE_ESP_APP_DESC_H

#include <stdint.h>

#define ESP_APP_DESC_MAGIC_WORD 0xABCD5432

typedef struct {
	uint32_t magic_word; /* 0xABCD5432 */
	uint32_t secure_version;
	uint32_t reserv1[2];
	char version[32];
	char project_name[32];
	char time[16];
	char date[16];
	char idf_ver[32];
	uint8_t app_elf_sha256[32];
	uint32_t reserv2[20];
} esp_app_desc_t;

const esp_app_desc_t *esp_app_get_description(void);

#endif
