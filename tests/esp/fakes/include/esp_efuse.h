/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_EFUSE_H
#define FAKE_ESP_EFUSE_H

#include <stdint.h>

uint32_t esp_efuse_read_secure_version(void);

#endif
