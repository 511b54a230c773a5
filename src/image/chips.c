/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chips of the ESP32 family: what the reader, the lint and the builder of
 * images must know to tell one chip's image from another's.
 *
 * A table and three look-ups, so that a new chip is one more entry.  Where one
 * address range serves code and data alike (RISC-V chips since the C6), flash
 * is called FLASH and RAM is called RAM: the address does not tell which it is.
 */
#include "image/image.h"

#include <string.h>

/* A table to be read as one: */
/* clang-format off */
#define MAP(lo, hi, n) {(lo), (hi), (n), IMAGE_USE_MAP}
#define LOAD(lo, hi, n) {(lo), (hi), (n), IMAGE_USE_LOAD}
/* Below 0x10000000 nothing is loaded; 0 marks padding (esp_image_format.c, should_load). */
#define SKIP {0, 0x10000000, "PADDING", IMAGE_USE_SKIP}

/* Header values 0, 1, 2 and 15 divide the flash clock by 2, 3, 4 and 1. */
#define CLOCK_80_MHZ {40, 26, 20, 80}
/* The C6's ROM sets a wrong divider, so esptool writes 0 for 80 and for 40 MHz (ESP32C6ROM's
 * FLASH_FREQUENCY); the flash runs at 80. */
#define CLOCK_80_MHZ_C6 {80, 0, 20, 80}
#define CLOCK_60_MHZ {30, 20, 15, 60}
#define CLOCK_48_MHZ {24, 16, 12, 48}

static const struct image_chip chips[] = {
	{
		.id = 0, .name = "esp32", .title = "ESP32",
		.bluetooth_le = true,
		.revision = 301,
		.loader_offset = 0x1000, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			MAP(0x3f400000, 0x3f800000, "DROM"),
			LOAD(0x3ff80000, 0x3ff82000, "RTC_DRAM"),
			LOAD(0x3ffae000, 0x40000000, "DRAM"),
			LOAD(0x40070000, 0x40080000, "CACHE"),
			LOAD(0x40080000, 0x400c0000, "IRAM"),
			LOAD(0x400c0000, 0x400c2000, "RTC_IRAM"),
			MAP(0x400d0000, 0x40400000, "IROM"),
			LOAD(0x50000000, 0x50002000, "RTC_DATA"),
		},
	},
	{
		.id = 2, .name = "esp32s2", .title = "ESP32-S2",
		.revision = 100,
		.loader_offset = 0x1000, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			MAP(0x3f000000, 0x3ff80000, "DROM"),
			LOAD(0x3ff9e000, 0x3ffa0000, "RTC_DRAM"),
			LOAD(0x3ffb0000, 0x40000000, "DRAM"),
			LOAD(0x40020000, 0x40070000, "IRAM"),
			LOAD(0x40070000, 0x40072000, "RTC_IRAM"),
			MAP(0x40080000, 0x40800000, "IROM"),
			LOAD(0x50000000, 0x50002000, "RTC_DATA"),
		},
	},
	{
		.id = 5, .name = "esp32c3", .title = "ESP32-C3",
		.bluetooth_le = true, .phy_2m = true, .riscv = true,
		.revision = 4, .block_revision = 103,
		.loader_offset = 0x0, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			MAP(0x3c000000, 0x3c800000, "DROM"),
			LOAD(0x3fc80000, 0x3fce0000, "DRAM"),
			LOAD(0x4037c000, 0x403e0000, "IRAM"),
			MAP(0x42000000, 0x42800000, "IROM"),
			LOAD(0x50000000, 0x50002000, "RTC"),
		},
	},
	{
		.id = 9, .name = "esp32s3", .title = "ESP32-S3",
		.bluetooth_le = true, .phy_2m = true,
		.revision = 2, .block_revision = 103,
		.loader_offset = 0x0, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			MAP(0x3c000000, 0x3e000000, "DROM"),
			LOAD(0x3fc88000, 0x3fd00000, "DRAM"),
			LOAD(0x40370000, 0x403e0000, "IRAM"),
			MAP(0x42000000, 0x44000000, "IROM"),
			LOAD(0x50000000, 0x50002000, "RTC_DATA"),
			LOAD(0x600fe000, 0x60100000, "RTC_FAST"),
		},
	},
	{
		.id = 12, .name = "esp32c2", .title = "ESP32-C2",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.revision = 100, .block_revision = 1,
		.loader_offset = 0x0, .flash_mhz = CLOCK_60_MHZ,
		.regions = {
			SKIP,
			MAP(0x3c000000, 0x3c400000, "DROM"),
			LOAD(0x3fca0000, 0x3fce0000, "DRAM"),
			LOAD(0x4037c000, 0x403c0000, "IRAM"),
			MAP(0x42000000, 0x42400000, "IROM"),
		},
	},
	{
		.id = 13, .name = "esp32c6", .title = "ESP32-C6",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.revision = 1, .block_revision = 3,
		.loader_offset = 0x0, .flash_mhz = CLOCK_80_MHZ_C6,
		.regions = {
			SKIP,
			LOAD(0x40800000, 0x40880000, "RAM"),
			MAP(0x42000000, 0x43000000, "FLASH"),
			LOAD(0x50000000, 0x50004000, "RTC"),
		},
	},
	{
		.id = 16, .name = "esp32h2", .title = "ESP32-H2",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.revision = 1, .block_revision = 3,
		.loader_offset = 0x0, .flash_mhz = CLOCK_48_MHZ,
		.regions = {
			SKIP,
			LOAD(0x40800000, 0x40850000, "RAM"),
			MAP(0x42000000, 0x43000000, "FLASH"),
			LOAD(0x50000000, 0x50001000, "RTC"),
		},
	},
	{
		.id = 18, .name = "esp32p4", .title = "ESP32-P4",
		.bluetooth_le = true, .hosted = true, .riscv = true,
		.revision = 100, .block_revision = 3,
		.loader_offset = 0x2000, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			LOAD(0x30100000, 0x30102000, "TCM"),
			MAP(0x40000000, 0x44000000, "FLASH"),
			MAP(0x48000000, 0x4c000000, "PSRAM"),
			LOAD(0x4ff00000, 0x4ffc0000, "RAM"),
			LOAD(0x50108000, 0x50110000, "RTC"),
		},
	},
	{
		.id = 20, .name = "esp32c61", .title = "ESP32-C61",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.revision = 100, .block_revision = 3,
		.loader_offset = 0x0, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			LOAD(0x40800000, 0x40850000, "RAM"),
			MAP(0x42000000, 0x44000000, "FLASH"),
		},
	},
	{
		.id = 23, .name = "esp32c5", .title = "ESP32-C5",
		.bluetooth_le = true, .phy_2m = true, .riscv = true,
		.revision = 100, .block_revision = 3,
		.loader_offset = 0x2000, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			LOAD(0x40800000, 0x40860000, "RAM"),
			MAP(0x42000000, 0x44000000, "FLASH"),
			LOAD(0x50000000, 0x50004000, "RTC"),
		},
	},
	{
		.id = 25, .name = "esp32h21", .title = "ESP32-H21",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.loader_offset = 0x0, .flash_mhz = CLOCK_48_MHZ,
		.regions = {
			SKIP,
			LOAD(0x40800000, 0x40850000, "RAM"),
			MAP(0x42000000, 0x43000000, "FLASH"),
			LOAD(0x50000000, 0x50001000, "RTC"),
		},
	},
	{
		.id = 28, .name = "esp32h4", .title = "ESP32-H4",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.loader_offset = 0x2000, .flash_mhz = CLOCK_48_MHZ,
		.regions = {
			SKIP,
			LOAD(0x40810000, 0x40860000, "RAM"),
			MAP(0x42000000, 0x44000000, "FLASH"),
			LOAD(0x50000000, 0x50004000, "RTC"),
		},
	},
	{
		.id = 31, .name = "esp32e22", .title = "ESP32-E22",
		.bluetooth_le = true, .phy_2m = true, .riscv = true,
		.loader_offset = 0x0, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			LOAD(0x30fe0000, 0x31200000, "RAM"),
			MAP(0x3c000000, 0x40000000, "FLASH"),
			LOAD(0xc0000000, 0xc0008000, "RTC"),
		},
	},
	{
		.id = 32, .name = "esp32s31", .title = "ESP32-S31",
		.bluetooth_le = true, .phy_2m = true, .riscv = true, .page_sizes = true,
		.loader_offset = 0x2000, .flash_mhz = CLOCK_80_MHZ,
		.regions = {
			SKIP,
			LOAD(0x2e000000, 0x2e008000, "RTC"),
			LOAD(0x2f000000, 0x2f080000, "RAM"),
			MAP(0x40000000, 0x44000000, "FLASH"),
			MAP(0x50000000, 0x54000000, "PSRAM"),
		},
	},
};
/* clang-format on */

#define CHIPS (sizeof(chips) / sizeof(chips[0]))

const struct image_chip *image_chips(size_t *ret_count)
{
	*ret_count = CHIPS;
	return chips;
}

const struct image_chip *image_chip_by_id(uint16_t id)
{
	for (size_t i = 0; i < CHIPS; i++) {
		if (chips[i].id == id)
			return &chips[i];
	}
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Compares without case and dashes: "ESP32-C3", "esp32-c3" and "esp32c3" are one chip. */
static bool same_name(const char *name, const char *given)
{
	for (; *given != '\0'; given++) {
		if (*given == '-')
			continue;
		if (*name == '\0' || *name != lower(*given))
			return false;
		name++;
	}
	return *name == '\0';
}

const struct image_chip *image_chip_by_name(const char *name)
{
	for (size_t i = 0; i < CHIPS; i++) {
		if (same_name(chips[i].name, name))
			return &chips[i];
	}
	return NULL;
}

const struct image_region *image_chip_region(const struct image_chip *chip, uint32_t address)
{
	for (size_t i = 0; i < IMAGE_REGIONS_MAX && chip->regions[i].high != 0; i++) {
		const struct image_region *r = &chip->regions[i];

		if (address >= r->low && address < r->high)
			return r;
	}
	return NULL;
}
