/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_ROM_CRC_H
#define FAKE_ESP_ROM_CRC_H

#include <stdint.h>

/* CRC-32 of IEEE 802.3; crc: of the bytes before, 0 where there are none. */
uint32_t esp_rom_crc32_le(uint32_t crc, const uint8_t *buf, uint32_t len);

#endif
