/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of every shape: as a user types them, and boards that have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "board/partition.h"
#include "board/slots.h"
#include "boardlib.h"
#include "updatelib.h"

static void test_text(void **state)
{
	static const char *const good[] = {
		"64K",
		"1M",
		"1280K+1280K",
		"factory:1M+2M+2M",
		"1M+16M",
		"factory:64K+64K",
		"1M+1M+1M+1M+1M+1M+1M+1M",
	};
	static const char *const bad[] = {
		"",
		"1",
		"0K",
		"32K",
		"100K",
		"17M",
		"16448K",
		"1M+",
		"+1M",
		"1M,1M",
		"factory:1M",
		"factory:+1M",
		"factory:1M+",
		"1M+factory:1M",
		"-1M",
		" 1M",
		"1m",
		"99999999999999M",
		"1M+1M+1M+1M+1M+1M+1M+1M+1M",
		"1M 1M",
	};
	struct slots slots;
	char text[SLOTS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(slots_parse(good[i], &slots), 0);
		assert_string_equal(slots_format(&slots, text, sizeof(text)),
				    strcmp(good[i], "1280K+1280K") == 0 ? "1280K+1280K" : good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (slots_parse(bad[i], &slots) != -OTA_EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
}

/* The table that is made of the most slots of the longest sizes is read back whole. */
static void test_table(void **state)
{
	struct slots slots = {.factory = SLOTS_SIZE_MAX, .count = SLOTS_MAX};
	char csv[SLOTS_CSV_MAX], why[200] = "";
	struct partition_table *table = calloc(1, sizeof(*table));

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		slots.sizes[i] = SLOTS_SIZE_MAX - SLOTS_SIZE_MIN * (uint32_t)i;
	assert_int_equal(partition_parse(slots_csv(&slots, csv, sizeof(csv)), "made", table, why,
					 sizeof(why)),
			 0);
	assert_int_equal(partition_ota_count(table), SLOTS_MAX);
	for (unsigned int i = 0; i < SLOTS_MAX; i++)
		assert_int_equal(
			partition_find(table, PARTITION_APP, (uint8_t)(PARTITION_APP_OTA_0 + i))
				->size,
			slots.sizes[i]);
	assert_int_equal(partition_find(table, PARTITION_APP, PARTITION_APP_FACTORY)->size,
			 SLOTS_SIZE_MAX);
	free(table);
}

static void start_board(const char *slots_text)
{
	struct slots slots;
	char csv[SLOTS_CSV_MAX];
	const struct board_config config = {
		.chip_id = RIG_CHIP, .chip_revision = 100, .partitions = csv};

	assert_int_equal(slots_parse(slots_text, &slots), 0);
	(void)slots_csv(&slots, csv, sizeof(csv));
	rig_start_with(&config);
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
}

/* bootloader_utility.c: the factory partition boots where otadata names none, an update goes
 * to ota_0, and the factory partition is the way back. */
static void test_factory(void **state)
{
	struct ota_info info = {.version = 1};

	(void)state;
	start_board("factory:256K+256K+256K");
	rig_assert_runs("1.0.0", BOARD_FACTORY);
	assert_false(board_running(rig.board)->can_rollback);
	assert_int_equal(board_update_slot(rig.board), 0);
	board_info(rig.board, &info);
	assert_int_equal(info.running_slot, 0xff);
	assert_int_equal(info.slot_count, 2);
	assert_int_equal(info.slot_size, 256u << 10);

	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 0);
	assert_true(board_running(rig.board)->pending_verify);
	assert_true(board_running(rig.board)->can_rollback);
	/* The image is not confirmed: the next boot is the factory's. */
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", BOARD_FACTORY);

	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(rig_run(board_confirm(rig.board)), 0);
	/* The next update goes to ota_1, and leaves the factory partition as it is. */
	assert_int_equal(board_update_slot(rig.board), 1);
	assert_int_equal(rig_run(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE)), 0);
	assert_true(board_running(rig.board)->can_rollback);
	assert_int_equal(rig_run(board_rollback(rig.board)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", BOARD_FACTORY);
}

/* With one slot there is nowhere to put an update. */
static void test_single(void **state)
{
	struct ota_info info = {.version = 1};
	uint8_t byte = 0;

	(void)state;
	start_board("256K");
	rig_assert_runs("1.0.0", 0);
	board_info(rig.board, &info);
	assert_int_equal(info.slot_count, 1);
	assert_int_equal(info.slot_size, 0);
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE), -OTA_ERANGE);
	assert_int_equal(board_flash_write(rig.board, 0, &byte, 0), -OTA_ERANGE);
	assert_int_equal(board_flash_read(rig.board, 0, &byte, 1), -OTA_ERANGE);
}

/* A whole update over the air, of images of which one only fits the larger slot. */
static void update_into(const char *slots_text, size_t size, enum session_outcome expected)
{
	const struct image_build how = {.version = "9.0.0", .size = (uint32_t)size};
	const size_t len = image_build_size((uint32_t)size);
	uint8_t *image = malloc(len);
	char csv[SLOTS_CSV_MAX];
	struct slots slots;
	struct update u;
	size_t built;

	assert_non_null(image);
	assert_int_equal(image_build(&how, sha256_buffer, image, len, &built), 0);
	assert_int_equal(slots_parse(slots_text, &slots), 0);
	update_init(&u, image, built);
	u.sim.kind.flash_speed = FLASH_IDEAL;
	u.sim.kind.partitions = slots_csv(&slots, csv, sizeof(csv));
	assert_int_equal(update_run(&u, 600), expected);
	if (expected == SESSION_CONFIRMED)
		assert_true(update_check_boots(&u));
	update_end(&u);
	free(image);
}

static void test_updates(void **state)
{
	(void)state;
	update_into("1M+4M", 2u << 20, SESSION_CONFIRMED);
	update_into("2M+1M", 1500u << 10, SESSION_DEVICE_ERROR);
	update_into("factory:512K+512K", 300u << 10, SESSION_CONFIRMED);
	update_into("1M", 300u << 10, SESSION_DEVICE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_factory, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_single, rig_setup, rig_teardown),
		cmocka_unit_test(test_updates),
	};

	return cmocka_run_group_tests(tests, rig_setup_images, rig_teardown_images);
}
