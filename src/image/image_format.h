/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offsets and magic numbers of the ESP image format, for the reader and the
 * builder alike; both go byte by byte, so no structure is laid over a file.
 *
 * Sources: ESP-IDF's esp_app_format.h (header, segments), esp_app_desc.h and
 * esp_bootloader_desc.h (descriptors), esp_image_format.c (checksum, padding,
 * hash), esp_secure_boot.h and esptool's espsecure (signature blocks).
 */
#ifndef OTABENCH_IMAGE_IMAGE_FORMAT_H
#define OTABENCH_IMAGE_IMAGE_FORMAT_H

#include "base/bytes.h"

#include <stdint.h>

#define IMAGE_MAGIC 0xe9u
#define IMAGE_CHECKSUM_SEED 0xefu
#define IMAGE_ALIGN 16u /* the checksum is the last byte of a 16-byte block */
#define IMAGE_PAGE 65536u /* flash is mapped in pages of this size by default */
#define IMAGE_MAX_BYTES 0x1000000u /* ESP_IMAGE_MAX_FLASH_ADDR_SIZE */

/* esp_image_header_t */
#define IMAGE_HEADER_SIZE 24u
#define IMAGE_AT_SEGMENTS 1u
#define IMAGE_AT_MODE 2u
#define IMAGE_AT_FLASH 3u /* frequency in the low nibble, size in the high one */
#define IMAGE_AT_ENTRY 4u
#define IMAGE_AT_WP_PIN 8u
#define IMAGE_WP_DISABLED 0xeeu
#define IMAGE_AT_CHIP 12u
#define IMAGE_CHIP_ESP32 0u
#define IMAGE_CHIP_C3 5u /* whose IMAGE_AT_MIN_REV is the minor revision */
#define IMAGE_AT_MIN_REV 14u /* one byte, major; from before the full fields came */
#define IMAGE_AT_MIN_REV_FULL 15u
#define IMAGE_AT_MAX_REV_FULL 17u
#define IMAGE_AT_RESERVED 19u
#define IMAGE_AT_HASHED 23u
#define IMAGE_SEGMENT_HEADER 8u

/* esp_app_desc_t, at the start of the first segment */
#define IMAGE_DESC_SIZE 256u
#define IMAGE_DESC_MAGIC 0xabcd5432u
#define IMAGE_DESC_SECURE 4u
#define IMAGE_DESC_VERSION 16u
#define IMAGE_DESC_PROJECT 48u
#define IMAGE_DESC_TIME 80u
#define IMAGE_DESC_DATE 96u
#define IMAGE_DESC_IDF 112u
#define IMAGE_DESC_ELF 144u
#define IMAGE_DESC_MIN_BLOCK 176u /* eFuse block revisions */
#define IMAGE_DESC_MAX_BLOCK 178u
#define IMAGE_DESC_PAGE 180u /* log2 of the flash page size; 0 = default */
#define IMAGE_PAGE_LOG_MIN 13u /* MMU_PAGE_SIZE_MIN, MMU_PAGE_SIZE_MAX */
#define IMAGE_PAGE_LOG_MAX 18u

/* esp_bootloader_desc_t, at the start of a boot loader's first segment */
#define IMAGE_LOADER_MAGIC 0x50u
#define IMAGE_LOADER_IDF 8u

/* esp_secure_boot_sig_block_t (v1) and ets_secure_boot_signature_t (v2) */
#define IMAGE_SIG_V1_SIZE 68u
#define IMAGE_SIG_V2_SIZE 4096u /* also the alignment */
#define IMAGE_SIG_V2_BLOCK 1216u
#define IMAGE_SIG_V2_MAGIC 0xe7u
#define IMAGE_SIG_V2_RSA 2u
#define IMAGE_SIG_V2_ECDSA 3u

#endif
