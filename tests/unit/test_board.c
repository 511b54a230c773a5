/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual board boots what ESP-IDF's boot loader would boot, and knows what runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boardlib.h"
#include "board/partition.h"
#include "base/sha256.h"
#include "testlib.h"

static void test_factory_boot(void **state)
{
	const struct board_running *running = board_running(rig.board);
	struct board_counters c;

	(void)state;
	rig_assert_runs("1.0.0", 0);
	assert_true(board_is_new(rig.board));
	assert_false(running->pending_verify);
	assert_false(running->can_rollback);
	assert_false(running->recorded);
	assert_string_equal(running->project, "otabench-sim");
	assert_int_equal(running->size, rig.factory.size);
	assert_memory_equal(running->sha256, rig.factory.sha256, OTA_SHA256_SIZE);
	assert_int_equal(board_update_slot(rig.board), 1);
	assert_int_equal(board_slot_size(rig.board, 1), RIG_SLOT);
	assert_int_equal(board_slot_size(rig.board, 2), 0);
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), -OTA_EBUSY);
	board_counters(rig.board, &c);
	assert_int_equal(c.boots, 1);
	assert_int_equal(c.fallbacks, 0);
}

static void test_boot_time(void **state)
{
	const uint32_t read_twice = 2 * (uint32_t)rig.factory.size; /* verified, then hashed */
	const uint32_t read = read_twice + OTA_SECTOR_SIZE; /* and the sector of the records */
	uint64_t us = 0;

	(void)state;
	assert_int_equal(board_boot(rig.board, &us), 0);
	assert_in_range(us, read / 8, read / 8 + 200);
	rig_start(FLASH_IDEAL, 1);
	assert_int_equal(board_boot(rig.board, &us), 0);
	assert_int_equal(us, 0);
}

static void test_nothing_to_boot(void **state)
{
	uint8_t byte = 0;

	(void)state;
	rig_start_with(&(struct board_config){.chip_id = RIG_CHIP});
	assert_int_equal(board_state(rig.board), BOARD_OFF);
	assert_int_equal(board_boot(rig.board, NULL), -OTA_ENOENT);
	assert_int_equal(board_state(rig.board), BOARD_UNBOOTABLE);
	assert_string_equal(board_state_name(board_state(rig.board)), "unbootable");
	assert_int_equal(board_flash_write(rig.board, 0, &byte, 1), -OTA_EIO);
	/* for another chip */
	rig_start_with(&(struct board_config){.chip_id = 5});
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
	assert_int_equal(board_boot(rig.board, NULL), -OTA_ENOENT);
	/* larger than the slot */
	assert_int_equal(board_install(rig.board, rig.factory.data, RIG_SLOT + 1), -OTA_EBUSY);
	rig_start_with(&(struct board_config){.chip_id = RIG_CHIP});
	assert_int_equal(board_install(rig.board, rig.factory.data, RIG_SLOT + 1), -OTA_ENOSPC);
}

static void test_info(void **state)
{
	struct ota_info info = {.version = 7, .flags = 0xff, .phys = 3, .ring_size = 99};

	(void)state;
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	board_info(rig.board, &info);
	assert_int_equal(info.version, 7);
	assert_int_equal(info.phys, 3);
	assert_int_equal(info.ring_size, 99);
	assert_int_equal(info.chip_id, RIG_CHIP);
	assert_int_equal(info.chip_revision, 100);
	assert_int_equal(info.slot_count, 2);
	assert_int_equal(info.running_slot, 1);
	/* The eFuses of this board have neither secure boot nor flash encryption. */
	assert_int_equal(info.flags, 0xff & ~(OTA_INFO_ENCRYPTED | OTA_INFO_SECURE_BOOT));
	assert_int_equal(info.slot_size, RIG_SLOT);
	assert_int_equal(info.running_size, rig.update.size);
	assert_memory_equal(info.running_sha256, rig.update.sha256, OTA_SHA256_SIZE);
	assert_memory_equal(info.project, "a-project-name-of-31-characters", 32);
	assert_int_equal(rig_run(board_confirm(rig.board)), 0);
	board_info(rig.board, &info);
	assert_int_equal(info.flags & OTA_INFO_PENDING_VERIFY, 0);
}

static void test_update_and_confirm(void **state)
{
	const struct board_running *running = board_running(rig.board);

	(void)state;
	assert_int_equal(rig_install_update(), 0);
	rig_assert_runs("1.0.0", 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_true(running->pending_verify);
	assert_true(running->can_rollback);
	assert_true(running->recorded);
	assert_int_equal(running->size, rig.update.size);
	assert_memory_equal(running->sha256, rig.update.sha256, OTA_SHA256_SIZE);
	assert_int_equal(board_update_slot(rig.board), 0);

	assert_int_equal(board_confirm(rig.board), 0);
	assert_true(running->pending_verify); /* not before it is written */
	assert_int_equal(rig_run(0), 0);
	assert_false(running->pending_verify);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_false(running->pending_verify);
	/* and on to the slot that the factory image was in */
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 0);
	assert_true(running->pending_verify);
}

static void test_unconfirmed_is_rolled_back(void **state)
{
	struct board_counters c;

	(void)state;
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	assert_false(board_running(rig.board)->pending_verify);
	assert_false(board_running(rig.board)->can_rollback);
	assert_memory_equal(board_running(rig.board)->sha256, rig.factory.sha256, OTA_SHA256_SIZE);
	board_counters(rig.board, &c);
	assert_int_equal(c.rollbacks, 1);
	assert_int_equal(c.boots, 3);
	/* once more: the slot is free for another attempt */
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
}

/* NEW stays NEW: no trial, and nothing that a second start would undo. */
static void test_boot_loader_without_rollback(void **state)
{
	struct ota_info info = {.abilities = 0};

	(void)state;
	rig_start_with(&(struct board_config){
		.chip_id = RIG_CHIP, .chip_revision = 100, .no_rollback = true, .seed = 1});
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	board_info(rig.board, &info);
	assert_int_equal(info.abilities, OTA_ABILITY_NO_ROLLBACK);
	assert_int_equal(rig_install_update(), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(board_boot(rig.board, NULL), 0);
		rig_assert_runs("2.0.0", 1);
		assert_false(board_running(rig.board)->pending_verify);
		assert_true(board_running(rig.board)->stays_new);
	}
	/* An image that was given up by a command is not booted by this one either. */
	assert_int_equal(rig_run(board_rollback(rig.board)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
}

static void test_rollback_asked_for(void **state)
{
	(void)state;
	assert_int_equal(rig_run(board_rollback(rig.board)), -OTA_ENOENT);
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(rig_run(board_confirm(rig.board)), 0);
	assert_true(board_running(rig.board)->can_rollback);
	assert_int_equal(rig_run(board_rollback(rig.board)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	assert_int_equal(rig_run(board_rollback(rig.board)), -OTA_ENOENT);
}

static void test_no_rollback_once_overwritten(void **state)
{
	(void)state;
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(rig_run(board_confirm(rig.board)), 0);
	assert_int_equal(rig_run(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE)), 0);
	assert_false(board_running(rig.board)->can_rollback);
	assert_int_equal(rig_run(board_rollback(rig.board)), -OTA_ENOENT);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_false(board_running(rig.board)->can_rollback);
}

static void test_update_that_does_not_start(void **state)
{
	struct board_counters c;
	uint64_t us;

	(void)state;
	assert_int_equal(rig_install_update(), 0);
	board_break_update(rig.board);
	assert_int_equal(board_boot(rig.board, &us), 0);
	rig_assert_runs("1.0.0", 0);
	assert_true(us > 300000);
	board_counters(rig.board, &c);
	assert_int_equal(c.crashes, 1);
	assert_int_equal(c.rollbacks, 1);
	/* that image only */
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
}

static void test_damaged_update_falls_back(void **state)
{
	struct board_counters c;
	uint8_t *damaged = malloc(rig.update.size);

	(void)state;
	assert_non_null(damaged);
	memcpy(damaged, rig.update.data, rig.update.size);
	damaged[rig.update.size / 2] ^= 1;
	assert_int_equal(rig_write_image(damaged, rig.update.size), 0);
	free(damaged);
	assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)rig.update.size)),
			 -OTA_EBADMSG);
	/* were it set nevertheless, the boot loader would still refuse it */
	assert_int_equal(
		rig_run(board_set_boot(rig.board, (uint32_t)rig.update.size, rig.update.sha256)),
		0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	board_counters(rig.board, &c);
	assert_int_equal(c.fallbacks, 1);
}

static void test_anti_rollback(void **state)
{
	struct image_build how = {
		.chip_id = RIG_CHIP, .size = 8000, .secure_version = 3, .version = "3.0.0"};
	uint8_t *image, sha256[OTA_SHA256_SIZE];
	size_t size;

	(void)state;
	rig_start_with(&(struct board_config){
		.chip_id = RIG_CHIP, .secure_version = 3, .flash_speed = FLASH_IDEAL});
	image = rig_build(&how, &size);
	assert_int_equal(board_install(rig.board, image, size), 0);
	free(image);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(board_running(rig.board)->secure_version, 3);
	how.secure_version = 2;
	how.version = "2.9.0";
	image = rig_build(&how, &size);
	assert_int_equal(rig_write_image(image, size), 0);
	sha256_buffer(image, size, sha256);
	free(image);
	assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)size)), -OTA_EPERM);
	assert_int_equal(rig_run(board_set_boot(rig.board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("3.0.0", 0);
}

/* The ESP32's boot loader does not look at it. */
static void test_block_revision(void **state)
{
	static const struct {
		uint16_t chip, min, max;
		int result;
	} cases[] = {
		{5, 104, 0, -OTA_ENOTSUP},
		{5, 0, 102, -OTA_ENOTSUP},
		{5, 103, 103, 0},
		{0, 104, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct image_build how = {.chip_id = cases[i].chip,
						.size = 8000,
						.min_block = cases[i].min,
						.max_block = cases[i].max};
		struct ota_info info = {.version = 1};
		uint8_t *image, *factory;
		size_t size, factory_size;

		rig_start_with(&(struct board_config){.chip_id = cases[i].chip,
						      .block_revision = 103,
						      .flash_speed = FLASH_IDEAL});
		factory = rig_build(&(struct image_build){.chip_id = cases[i].chip, .size = 8000},
				    &factory_size);
		assert_int_equal(board_install(rig.board, factory, factory_size), 0);
		free(factory);
		assert_int_equal(board_boot(rig.board, NULL), 0);
		board_info(rig.board, &info);
		assert_int_equal(info.block_revision, 103);
		image = rig_build(&how, &size);
		assert_int_equal(rig_write_image(image, size), 0);
		free(image);
		assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)size)),
				 cases[i].result);
	}
}

static void test_trailing_bytes_count_as_image(void **state)
{
	const struct board_running *running = board_running(rig.board);
	size_t size = rig.update.size + 100;
	uint8_t *data = malloc(size), sha256[OTA_SHA256_SIZE];

	(void)state;
	assert_non_null(data);
	memcpy(data, rig.update.data, rig.update.size);
	memset(data + rig.update.size, 0x42, 100);
	sha256_buffer(data, size, sha256);
	assert_int_equal(rig_write_image(data, size), 0);
	free(data);
	assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)size)), 0);
	assert_int_equal(rig_run(board_set_boot(rig.board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_true(running->recorded);
	assert_int_equal(running->size, size);
	assert_memory_equal(running->sha256, sha256, OTA_SHA256_SIZE);
	/* a record that does not agree with the bytes is not believed */
	sha256[0] ^= 1;
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	assert_int_equal(rig_run(board_set_boot(rig.board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_false(running->recorded);
	assert_int_equal(running->size, rig.update.size);
	assert_memory_equal(running->sha256, rig.update.sha256, OTA_SHA256_SIZE);
}

static void test_many_slots(void **state)
{
	struct board_config many = {.chip_id = RIG_CHIP,
				    .chip_revision = 100,
				    .flash_speed = FLASH_IDEAL,
				    .partitions = "n,data,nvs,,0x5000\no,data,ota,,0x2000\n"
						  "a,app,ota_0,,256K\nb,app,ota_1,,256K\n"
						  "c,app,ota_2,,256K\n"};

	(void)state;
	rig_start_with(&many);
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	for (unsigned int round = 1; round < 8; round++) {
		assert_int_equal(rig_install_update(), 0);
		assert_int_equal(board_boot(rig.board, NULL), 0);
		rig_assert_runs("2.0.0", round % 3);
		assert_int_equal(rig_run(board_confirm(rig.board)), 0);
	}
}

/* The built-in layout takes a real image. */
static void test_real_image(void **state)
{
	size_t size;
	uint8_t *image = test_load_image("esp32-nimble-ota.bin", &size), sha256[OTA_SHA256_SIZE];

	(void)state;
	if (!image)
		skip();
	rig_start_with(&(struct board_config){
		.chip_id = RIG_CHIP, .chip_revision = 300, .partitions = partition_default_csv});
	assert_int_equal(board_install(rig.board, image, size), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(board_running(rig.board)->size, size);
	sha256_buffer(image, size, sha256);
	assert_memory_equal(board_running(rig.board)->sha256, sha256, OTA_SHA256_SIZE);
	assert_true(board_running(rig.board)->version[0] != '\0');
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_factory_boot, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_boot_time, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_boot, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_info, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_block_revision, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_update_and_confirm, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_unconfirmed_is_rolled_back, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_boot_loader_without_rollback, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_rollback_asked_for, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_no_rollback_once_overwritten, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_update_that_does_not_start, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_update_falls_back, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_anti_rollback, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_trailing_bytes_count_as_image, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_many_slots, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_real_image, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, rig_setup_images, rig_teardown_images);
}
