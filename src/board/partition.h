/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader for ESP-IDF's partition tables in CSV form, with the rules of
 * components/partition_table/gen_esp32part.py: the virtual board is laid out by
 * the very file that the firmware is built with.
 *
 * Not read: the binary form; types bootloader and partition_table, which say
 * where the tool is to put those two; shell variables in the text.
 */
#ifndef OTABENCH_BOARD_PARTITION_H
#define OTABENCH_BOARD_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

#define PARTITION_TABLE_OFFSET 0x8000u /* CONFIG_PARTITION_TABLE_OFFSET's default */
#define PARTITION_TABLE_SIZE 0x1000u
#define PARTITIONS_MAX 94u /* 0xc00 bytes of 32 each, less MD5 and end mark */
#define PARTITION_OTA_SLOTS 16u /* subtypes ota_0 .. ota_15 */

/* esp_partition_type_t and esp_partition_subtype_t of what the board looks for. */
#define PARTITION_APP 0x00u
#define PARTITION_DATA 0x01u
#define PARTITION_APP_FACTORY 0x00u
#define PARTITION_APP_OTA_0 0x10u
#define PARTITION_DATA_OTA 0x00u
#define PARTITION_DATA_NVS 0x02u

#define PARTITION_ENCRYPTED 0x1u
#define PARTITION_READONLY 0x2u

struct partition {
	char label[17];
	uint8_t type, subtype;
	uint32_t offset, size; /* bytes */
	uint32_t flags; /* PARTITION_ENCRYPTED, PARTITION_READONLY */
	unsigned int line; /* where it stands in the text, from 1 */
};

struct partition_table {
	size_t count;
	struct partition entries[PARTITIONS_MAX]; /* in the order of the text */
};

/* firmware/partitions.csv as it was when the program was built. */
extern const char partition_default_csv[];

/*
 * Parses NUL terminated text; name is the file's, for messages.  -OTA_EBADMSG
 * where gen_esp32part.py refuses the table; ret_text then holds
 * "name:line: reason".  It may be NULL.
 */
int partition_parse(const char *text, const char *name, struct partition_table *ret, char *ret_text,
		    size_t text_size);
/* The first of that type and subtype, or NULL. */
const struct partition *partition_find(const struct partition_table *table, uint8_t type,
				       uint8_t subtype);
/* Partitions ota_0, ota_1 ... without a gap: esp_ota_get_app_partition_count(). */
unsigned int partition_ota_count(const struct partition_table *table);
/* End of the last partition, bytes. */
uint32_t partition_end(const struct partition_table *table);

#endif
