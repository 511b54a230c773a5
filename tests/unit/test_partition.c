/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables in CSV are read, filled in and refused as gen_esp32part.py does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "board/partition.h"
#include "testlib.h"

static struct partition_table table;
static char message[300];

static void assert_entry(size_t i, const char *label, uint8_t type, uint8_t subtype,
			 uint32_t offset, uint32_t size)
{
	assert_true(i < table.count);
	assert_string_equal(table.entries[i].label, label);
	assert_int_equal(table.entries[i].type, type);
	assert_int_equal(table.entries[i].subtype, subtype);
	assert_int_equal(table.entries[i].offset, offset);
	assert_int_equal(table.entries[i].size, size);
}

static void test_built_in(void **state)
{
	(void)state;
	assert_int_equal(partition_parse(partition_default_csv, "partitions.csv", &table, message,
					 sizeof(message)),
			 0);
	assert_int_equal(table.count, 5);
	assert_entry(0, "nvs", 1, 2, 0x9000, 0x5000);
	assert_entry(1, "otadata", 1, 0, 0xe000, 0x2000);
	assert_entry(2, "app0", 0, 0x10, 0x10000, 0x140000);
	assert_entry(3, "app1", 0, 0x11, 0x150000, 0x140000);
	assert_entry(4, "spiffs", 1, 0x82, 0x290000, 0x170000);
	assert_int_equal(partition_end(&table), 0x400000);
	assert_int_equal(partition_ota_count(&table), 2);
	assert_ptr_equal(partition_find(&table, PARTITION_APP, PARTITION_APP_OTA_0 + 1),
			 &table.entries[3]);
	assert_null(partition_find(&table, PARTITION_APP, PARTITION_APP_FACTORY));
}

static void test_files_of_the_tree(void **state)
{
	const char *const names[] = {"firmware/partitions.csv", "firmware/partitions-8mb.csv",
				     "firmware/partitions-secure.csv"};
	const uint32_t ends[] = {0x400000, 0x800000, 0x400000};
	const uint32_t begins[] = {0x9000, 0x9000, 0x11000}; /* behind the table's sector */

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *path = test_source_path(names[i]);
		size_t size;
		uint8_t *text = test_load_file(path, &size);

		assert_non_null(text);
		text[size] = '\0';
		assert_int_equal(
			partition_parse((char *)text, names[i], &table, message, sizeof(message)),
			0);
		assert_int_equal(partition_end(&table), ends[i]);
		assert_int_equal(table.entries[0].offset, begins[i]);
		assert_int_equal(partition_ota_count(&table), 2);
		if (i == 0)
			assert_string_equal((char *)text, partition_default_csv);
		free(text);
		free(path);
	}
}

static void test_offsets_are_filled_in(void **state)
{
	/* ESP-IDF's partitions_two_ota.csv */
	const char *text = "# Name,   Type, SubType, Offset,  Size, Flags\n"
			   "nvs,      data, nvs,     ,        0x4000,\n"
			   "otadata,  data, ota,     ,        0x2000,\n"
			   "phy_init, data, phy,     ,        0x1000,\n"
			   "factory,  app,  factory, ,        1M,\n"
			   "ota_0,    app,  ota_0,   ,        1M,\n"
			   "ota_1,    app,  ota_1,   ,        1M,\n";

	(void)state;
	assert_int_equal(partition_parse(text, "t", &table, message, sizeof(message)), 0);
	assert_int_equal(table.count, 6);
	assert_entry(0, "nvs", 1, 2, 0x9000, 0x4000);
	assert_entry(1, "otadata", 1, 0, 0xd000, 0x2000);
	assert_entry(2, "phy_init", 1, 1, 0xf000, 0x1000);
	assert_entry(3, "factory", 0, 0, 0x10000, 0x100000);
	assert_entry(4, "ota_0", 0, 0x10, 0x110000, 0x100000);
	assert_entry(5, "ota_1", 0, 0x11, 0x210000, 0x100000);
}

static void test_forms_of_fields(void **state)
{
	const char *text = "\xef\xbb\xbf\r\n"
			   "  # comment, with, commas\r\n"
			   "a,1,0x82,36K,4k\r\n"
			   "b,DATA,FAT,0xa000,0x2000,encrypted:readonly\r\n"
			   "   ,0x40,7,,100\r\n"
			   "d,app,OTA_15,,64K,encrypted\n"
			   "e,data,,,-1m";

	(void)state;
	assert_int_equal(partition_parse(text, "t", &table, message, sizeof(message)), 0);
	assert_int_equal(table.count, 5);
	assert_entry(0, "a", 1, 0x82, 0x9000, 0x1000);
	assert_entry(1, "b", 1, 0x81, 0xa000, 0x2000);
	assert_int_equal(table.entries[1].flags, PARTITION_ENCRYPTED | PARTITION_READONLY);
	assert_entry(2, "", 0x40, 7, 0xc000, 100);
	assert_entry(3, "d", 0, 0x1f, 0x10000, 0x10000);
	assert_int_equal(table.entries[3].flags, PARTITION_ENCRYPTED);
	assert_entry(4, "e", 1, 6, 0x20000, 0x100000 - 0x20000);
	assert_int_equal(table.entries[0].line, 3);
	assert_int_equal(table.entries[4].line, 7);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"a,data,nvs,0x8000,0x5000", "p.csv:1: offset 0x8000: the partition table itself"},
		{"\na,data,nvs,0x9000,0x5000\nb,data,fat,0xd000,4K", "p.csv:3: offset 0xd000"},
		{"a,data,nvs,0x9800,0x5000", "p.csv:1: offset 0x9800 is not a multiple of 0x1000"},
		{"a,app,ota_0,0x18000,1M", "p.csv:1: offset 0x18000 is not a multiple of 0x10000"},
		{"a,app,ota_0,0x10000,0x10800", "p.csv:1: size 0x10800"},
		{"a,data,nvs,,0x2000", "p.csv:1: nvs of 0x2000"},
		{"a,data,ota,,0x1000", "p.csv:1: otadata must"},
		{"a,data,ota,,0x2000\nb,data,ota,,0x2000", "p.csv:2: a partition of this type"},
		{"a,app,ota_0,,1M\nb,app,ota_0,,1M", "p.csv:2: a partition of this type"},
		{"a,data,ota,,0x2000,readonly", "p.csv:1: a partition of this subtype cannot"},
		{"a,data,fat,,4K\na,data,fat,,4K", "p.csv:2: name 'a' is already taken in line 1"},
		{"a,,fat,,4K", "p.csv:1: type is empty"},
		{"a,dta,fat,,4K", "p.csv:1: type 'dta' is unknown"},
		{"a,bootloader,ota,,4K", "p.csv:1: type 'bootloader' is not supported"},
		{"a,app,,,1M", "p.csv:1: an app partition needs a subtype"},
		{"a,app,ota_16,,1M", "p.csv:1: subtype 'ota_16' is unknown for type 'app'"},
		{"a,data,fatty,,4K", "p.csv:1: subtype 'fatty'"},
		{"a,0x40,fat,,4K", "p.csv:1: subtype 'fat'"},
		{"a,data,fat", "p.csv:1: size is empty"},
		{"a,data,fat,,4Q", "p.csv:1: size '4Q'"},
		{"a,data,fat,,0x", "p.csv:1: size '0x'"},
		{"a,data,fat,,010", "p.csv:1: size '010'"},
		{"a,data,fat,,99999999999999999999", "p.csv:1: size '9"},
		{"a,data,fat,-4K,4K", "p.csv:1: offset '-4K'"},
		{"a,data,fat,,0xffffffff", "p.csv:1: ends beyond"},
		{"a,data,fat,0x20000,-64K", "p.csv:1: ends before"},
		{"a,data,fat,,4K,hidden", "p.csv:1: flag 'hidden' is unknown"},
		{"seventeen_letters,data,fat,,4K", "p.csv:1: name 'seventeen_letters'"},
		{"a,data,"
		 "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,,4K",
		 "p.csv:1: a field is longer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&table, 0x5a, sizeof(table));
		message[0] = '\0';
		assert_int_equal(
			partition_parse(cases[i].text, "p.csv", &table, message, sizeof(message)),
			-OTA_EBADMSG);
		if (strncmp(message, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("'%s' for '%s'", message, cases[i].text);
		assert_int_equal(table.entries[0].line, 0x5a5a5a5a);
		assert_int_equal(partition_parse(cases[i].text, "p.csv", &table, NULL, 0),
				 -OTA_EBADMSG);
	}
}

static void test_too_many(void **state)
{
	char text[96 * 32], *end = text;

	(void)state;
	for (unsigned int i = 0; i < 95; i++) {
		end += snprintf(end, 32, "p%u,data,fat,,4K\n", i);
		if (i == 93)
			assert_int_equal(partition_parse(text, "p.csv", &table, NULL, 0), 0);
	}
	assert_int_equal(table.count, PARTITIONS_MAX);
	assert_int_equal(partition_parse(text, "p.csv", &table, message, sizeof(message)),
			 -OTA_EBADMSG);
	assert_string_equal(message, "p.csv:95: more than 94 partitions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_files_of_the_tree),
		cmocka_unit_test(test_offsets_are_filled_in),
		cmocka_unit_test(test_forms_of_fields),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
