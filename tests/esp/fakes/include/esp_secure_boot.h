/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_SECURE_BOOT_H
#define FAKE_ESP_SECURE_BOOT_H

#include <stdbool.h>

bool esp_secure_boot_enabled(void);

#endif
