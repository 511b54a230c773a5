/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader for ESP32-family application images, as esptool writes and ESP-IDF's
 * boot loader loads them (esp_app_format.h, esp_image_format.c,
 * esp_app_desc.h, secure boot signature block formats).
 *
 * Reads from memory, allocates nothing, and accepts any bytes: what cannot be
 * read is reported by name in a report (lint.h), never by a crash.
 */
#ifndef OTABENCH_IMAGE_IMAGE_H
#define OTABENCH_IMAGE_IMAGE_H

#include "ota/error.h"
#include "ota/proto.h"

#define IMAGE_SEGMENTS_MAX 16u /* ESP_IMAGE_MAX_SEGMENTS */

/* Hash of a whole buffer; supplied by the caller, so that core needs no library. */
typedef void image_sha256_fn(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE]);

struct image_segment {
	uint32_t address; /* load address */
	uint32_t size; /* bytes */
	uint32_t offset; /* of its data in the file */
	const char *memory; /* "DROM", "IROM", "DRAM", "IRAM", "RTC", "PADDING", "unknown" ... */
};

enum image_signature { IMAGE_SIGNATURE_NONE, IMAGE_SIGNATURE_V1, IMAGE_SIGNATURE_V2 };

/* The kind of file.  Only IMAGE_APPLICATION, or IMAGE_MCUBOOT, goes into an update slot. */
enum image_kind {
	IMAGE_APPLICATION,
	IMAGE_BOOT_LOADER,
	IMAGE_MERGED, /* boot loader, partition table and application in one */
	IMAGE_PARTITION_TABLE,
	IMAGE_ESP8266,
	IMAGE_CIPHERTEXT,
	IMAGE_EMPTY, /* no bytes, or only FF or 00 */
	IMAGE_OTHER, /* another format, named in the report, or an unknown one */
	IMAGE_MCUBOOT, /* for the boot loader of that name: mcuboot.h */
};

/* IMAGE_MCUBOOT: its header and TLVs.  Its version is struct image's, has_hash and hash_ok are of
 * the SHA-256 behind the code. */
struct image_mcuboot {
	uint16_t header_size, protected_size; /* bytes; of the protected TLVs */
	uint32_t body_size; /* bytes of the code */
	uint32_t load_address, flags; /* raw fields of the header */
	unsigned int tlvs, hashes; /* that were read */
	uint8_t hash[OTA_SHA256_SIZE]; /* by which a device tells what it runs */
	const char *signature; /* "ECDSA"; NULL: none */
	bool has_counter;
	uint32_t counter; /* security counter */
};

struct image {
	const uint8_t *data; /* the caller's */
	size_t size; /* bytes of the file */
	size_t image_size; /* bytes up to and with checksum and appended hash; <= size; 0 when the
			      * file ends before, or is no image */
	enum image_kind kind;
	/* header; meaningful for IMAGE_APPLICATION and IMAGE_BOOT_LOADER */
	uint16_t chip_id;
	uint16_t min_revision, max_revision; /* major * 100 + minor; max 0xffff: none */
	uint32_t entry;
	uint8_t flash_mode, flash_size, flash_frequency; /* raw fields of the header */
	uint8_t segments_claimed; /* by the header */
	uint8_t segment_count; /* read, <= IMAGE_SEGMENTS_MAX; the last may reach past the end */
	struct image_segment segments[IMAGE_SEGMENTS_MAX];
	bool checksum_ok;
	uint8_t checksum, checksum_stored; /* over the segments; in the file */
	bool has_hash, hash_ok; /* appended SHA-256 */
	enum image_signature signature;
	size_t signature_offset, signature_size; /* bytes; 0 when there is none */
	uint8_t signature_blocks; /* keys that signed: 1, or up to 3 with v2 */
	size_t trailing; /* bytes after image and signature */
	/* application descriptor; strings are NUL terminated and hold only printable ASCII */
	bool has_descriptor;
	bool text_damaged; /* a string held other bytes, shown as '?' */
	uint32_t secure_version;
	uint32_t page_size; /* bytes of a flash page, 8..256 KiB */
	uint16_t min_block, max_block; /* eFuse block revisions, major * 100 + minor; 0: any */
	char project[33], version[33], idf[33], date[17], time[17];
	uint8_t elf_sha256[OTA_SHA256_SIZE];
	uint8_t sha256[OTA_SHA256_SIZE]; /* of the whole file: what START carries */
	struct image_mcuboot mcuboot;
};

/* The boot loader's treatment of a segment (esp_image_format.c, should_map and should_load). */
enum image_use {
	IMAGE_USE_MAP, /* stays in flash, mapped through the cache */
	IMAGE_USE_LOAD, /* copied to RAM */
	IMAGE_USE_SKIP, /* padding: neither */
};

/* Load addresses from low up to, not including, high. */
struct image_region {
	uint32_t low, high;
	const char *name; /* as struct image_segment's memory */
	enum image_use use;
};

#define IMAGE_REGIONS_MAX 10u

/*
 * A chip of the ESP32 family.  Sources: ESP-IDF's esp_app_format.h (ids),
 * soc/soc.h (addresses) and soc_caps.h (Bluetooth); esptool's targets (names,
 * flash clocks, boot loader offsets, the ESP32-E22, which ESP-IDF lacks).
 */
struct image_chip {
	uint16_t id; /* esp_chip_id_t */
	const char *name; /* esptool's and idf.py's name: "esp32c3" */
	const char *title; /* "ESP32-C3" */
	bool bluetooth_le; /* of its own, or hosted */
	bool hosted; /* its radio is a second chip's (ESP-Hosted) */
	bool phy_2m; /* has the LE 2M PHY */
	bool riscv; /* else Xtensa */
	bool page_sizes; /* the image may choose its flash page size; else 64 KiB */
	uint16_t revision; /* that many of them have, major * 100 + minor */
	uint16_t block_revision; /* of the eFuse, likewise */
	uint16_t loader_offset; /* of the boot loader in flash, bytes */
	uint8_t flash_mhz[4]; /* for header values 0, 1, 2 and 15; 0 = not defined */
	/* First match counts; unused entries have high == 0. */
	struct image_region regions[IMAGE_REGIONS_MAX];
};
/* NULL when unknown. */
const struct image_chip *image_chip_by_id(uint16_t id);
const struct image_chip *image_chip_by_name(const char *name); /* also "ESP32-C3", any case */
/* The table itself, for help texts; *ret_count entries. */
const struct image_chip *image_chips(size_t *ret_count);
/* The region that holds address; NULL when the chip has no such memory. */
const struct image_region *image_chip_region(const struct image_chip *chip, uint32_t address);

/* "application", "boot loader", "merged flash image" ... */
const char *image_kind_name(enum image_kind kind);

#endif
