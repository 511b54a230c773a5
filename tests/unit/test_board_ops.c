/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the platform operations of ota_core on the virtual board: results, times, refusals. */
#include "config.h" /* system extensions: mkdtemp() */

#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "boardlib.h"
#include "testlib.h"

static void test_image_check(void **state)
{
	const struct image_build other_chip = {.chip_id = 5, .size = 8000};
	const struct image_build too_new = {.chip_id = RIG_CHIP, .size = 8000, .min_revision = 101};
	const struct image_build too_old = {.chip_id = RIG_CHIP, .size = 8000, .max_revision = 99};
	const struct image_build no_hash = {.chip_id = RIG_CHIP, .size = 8000, .no_hash = true};
	const struct {
		const struct image_build *how;
		int result;
	} cases[] = {
		{&other_chip, -OTA_ENOTSUP},
		{&too_new, -OTA_ENOTSUP},
		{&too_old, -OTA_ENOTSUP},
		{&no_hash, 0},
	};
	uint64_t before;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size;
		uint8_t *image = rig_build(cases[i].how, &size);

		assert_int_equal(rig_write_image(image, size), 0);
		assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)size)),
				 cases[i].result);
		/* shorter than its headers say */
		if (cases[i].result == 0)
			assert_int_equal(rig_run(board_image_check(rig.board, (uint32_t)size - 16)),
					 -OTA_EBADMSG);
		free(image);
	}
	assert_int_equal(rig_run(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE)), 0);
	assert_int_equal(rig_run(board_image_check(rig.board, 8000)), -OTA_EBADMSG);
	assert_int_equal(rig_run(board_image_check(rig.board, 3)), -OTA_EBADMSG);
	/* reads all of it, at 8 MB/s */
	assert_int_equal(rig_write_image(rig.update.data, rig.update.size), 0);
	before = sched_now(&rig.sched);
	assert_int_equal(board_image_check(rig.board, (uint32_t)rig.update.size), 0);
	assert_false(board_stalled(rig.board));
	assert_int_equal(rig_run(0), 0);
	assert_int_equal(sched_now(&rig.sched) - before, (rig.update.size + 7) / 8);
}

static void test_times_and_stalls(void **state)
{
	uint64_t before = sched_now(&rig.sched);
	uint8_t buf[4096];

	(void)state;
	memset(buf, 0x5a, sizeof(buf));
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(rig.done, 0);
	assert_true(board_stalled(rig.board));
	assert_true(board_erasing(rig.board));
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE), -OTA_EBUSY);
	assert_int_equal(board_persist(rig.board, &(struct ota_record){.offset = 1}), -OTA_EBUSY);
	assert_int_equal(rig_run(0), 0);
	assert_int_equal(sched_now(&rig.sched) - before, 200000 + 8); /* and a look at otadata */
	assert_int_equal(rig.resumed, 1);
	assert_false(rig.stalled_in_done);

	before = sched_now(&rig.sched);
	assert_int_equal(board_flash_write(rig.board, 4096, buf, 4096), 0);
	assert_true(board_stalled(rig.board));
	assert_false(board_erasing(rig.board));
	assert_int_equal(rig_run(0), 0);
	assert_int_equal(sched_now(&rig.sched) - before, 14629);
	assert_int_equal(rig.resumed, 2);

	before = sched_now(&rig.sched);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(board_flash_read(rig.board, 4096, buf, 4096), 0);
	assert_false(board_stalled(rig.board));
	assert_int_equal(rig_run(0), 0);
	assert_int_equal(sched_now(&rig.sched) - before, 512);
	assert_int_equal(rig.resumed, 2);
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0x5a);
	assert_int_equal(board_slot_map(rig.board, 1, 4097)[4096], 0x5a);

	/* otadata: a sector erased, 32 bytes programmed, and a record of what it is about */
	before = sched_now(&rig.sched);
	assert_int_equal(board_set_boot(rig.board, 1, rig.update.sha256), 0);
	assert_true(board_erasing(rig.board));
	assert_int_equal(rig_run(0), 0);
	assert_in_range(sched_now(&rig.sched) - before, 50000, 53000);

	board_slow_erase(rig.board, 10);
	before = sched_now(&rig.sched);
	assert_int_equal(rig_run(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE)), 0);
	/* The entry just written is about this slot: it goes first. */
	assert_int_equal(sched_now(&rig.sched) - before, 500000 + 500000 + 8);
}

static void test_ideal_flash_still_answers_later(void **state)
{
	(void)state;
	rig_start(FLASH_IDEAL, 1);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(rig.done, 0);
	assert_int_equal(rig_run(0), 0);
	assert_int_equal(sched_now(&rig.sched), 1000);
}

static void test_arguments(void **state)
{
	uint8_t buf[16] = {0};

	(void)state;
	assert_int_equal(board_flash_erase(rig.board, 100, 4096), -OTA_EINVAL);
	assert_int_equal(board_flash_erase(rig.board, RIG_SLOT, 4096), -OTA_ERANGE);
	assert_int_equal(board_flash_erase(rig.board, 0xfffff000u, 0x2000), -OTA_ERANGE);
	assert_int_equal(board_flash_write(rig.board, RIG_SLOT - 8, buf, 16), -OTA_ERANGE);
	assert_int_equal(board_flash_read(rig.board, RIG_SLOT - 8, buf, 16), -OTA_ERANGE);
	assert_int_equal(rig.done, 0);
	assert_null(board_slot_map(rig.board, 0, RIG_SLOT + 1));
	assert_null(board_slot_map(rig.board, 9, 1));
}

static void test_records(void **state)
{
	struct ota_record record = {.flags = OTA_RECORD_SELF_CONFIRM,
				    .image_size = 0x123456,
				    .offset = 0x20000},
			  read = {.flags = 0};
	const struct ota_record none = {.flags = 0};

	(void)state;
	memset(record.sha256, 0xaa, sizeof(record.sha256));
	memset(record.prefix, 0xbb, sizeof(record.prefix));
	assert_int_equal(board_record(rig.board, &read), -OTA_ENOENT);
	assert_int_equal(rig_run(board_persist(rig.board, &record)), 0);
	assert_int_equal(board_record(rig.board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	assert_int_equal(board_boot(rig.board, NULL), 0);
	memset(&read, 0, sizeof(read));
	assert_int_equal(board_record(rig.board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	/* the flag alone is kept too */
	record = (struct ota_record){.flags = OTA_RECORD_SELF_CONFIRM};
	assert_int_equal(rig_run(board_persist(rig.board, &record)), 0);
	assert_int_equal(board_record(rig.board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	assert_int_equal(rig_run(board_persist(rig.board, &none)), 0);
	assert_int_equal(board_record(rig.board, &read), -OTA_ENOENT);
}

static void test_hash(void **state)
{
	uint8_t digest[OTA_SHA256_SIZE], expected[OTA_SHA256_SIZE];

	(void)state;
	assert_int_equal(board_hash_update(rig.board, rig.update.data, 1), -OTA_EINVAL);
	assert_int_equal(board_hash_peek(rig.board, digest), -OTA_EINVAL);
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(board_hash_init(rig.board), 0);
		assert_int_equal(board_hash_update(rig.board, rig.update.data, 1000), 0);
		assert_int_equal(board_hash_peek(rig.board, digest), 0);
		sha256_buffer(rig.update.data, 1000, expected);
		assert_memory_equal(digest, expected, sizeof(digest));
		assert_int_equal(board_hash_update(rig.board, rig.update.data + 1000, 234), 0);
		assert_int_equal(board_hash_peek(rig.board, digest), 0);
		sha256_buffer(rig.update.data, 1234, expected);
		assert_memory_equal(digest, expected, sizeof(digest));
	}
}

static void test_write_failure(void **state)
{
	uint8_t buf[4096] = {0};

	(void)state;
	board_fail_write(rig.board, 5000);
	assert_int_equal(rig_run(board_flash_write(rig.board, 0, buf, 4096)), 0);
	assert_int_equal(rig_run(board_flash_write(rig.board, 4096, buf, 4096)), -OTA_EIO);
	assert_int_equal(board_state(rig.board), BOARD_RUNNING);
	assert_int_equal(rig_run(board_flash_write(rig.board, 4096, buf, 4096)), 0);
}

static void test_reset_drops_the_operation(void **state)
{
	uint64_t at_us;

	(void)state;
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_false(sched_next(&rig.sched, &at_us));
	assert_false(board_stalled(rig.board));
	assert_int_equal(rig.done + rig.lost, 0);
}

static void assert_refused(const struct board_config *with, int code, const char *words)
{
	struct board_config c = *with;
	struct board *other = NULL;
	char text[300] = "";

	c.sched = &rig.sched;
	assert_int_equal(board_create(&c, &other, text, sizeof(text)), code);
	assert_null(other);
	if (!strstr(text, words))
		fail_msg("'%s' lacks '%s'", text, words);
	assert_int_equal(board_create(&c, &other, NULL, 0), code);
}

static void test_configurations_refused(void **state)
{
	(void)state;
	assert_refused(&(struct board_config){.partitions = "a,data,nvs,,0x5000,x"}, -OTA_EBADMSG,
		       "partitions.csv:1: flag 'x'");
	assert_refused(&(struct board_config){.partitions = "a,data,nvs,,0x5000",
					      .partitions_name = "my.csv"},
		       -OTA_ENOTSUP, "my.csv: ");
	assert_refused(&(struct board_config){.partitions = "n,data,nvs,,0x5000\n"
							    "o,data,ota,,0x2000\n"
							    "f,app,factory,,1M\n"},
		       -OTA_ENOTSUP, "ota_0");
	assert_refused(&(struct board_config){.flash_path = "/nonexistent/x"}, -OTA_EIO,
		       "/nonexistent/x");
	board_destroy(NULL);
}

static void test_state_survives_in_a_file(void **state)
{
	char directory[] = "/tmp/otabench-board-XXXXXX", path[64];
	struct board_config file = {.chip_id = RIG_CHIP, .chip_revision = 100, .flash_path = path};
	struct ota_record record = {.image_size = 5, .offset = 65536};

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/chip.bin", directory);
	rig_start_with(&file);
	assert_true(board_is_new(rig.board));
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	assert_int_equal(rig_install_update(), 0);
	assert_int_equal(rig_run(board_persist(rig.board, &record)), 0);
	rig_start_with(&file);
	assert_false(board_is_new(rig.board));
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("2.0.0", 1);
	assert_true(board_running(rig.board)->recorded);
	assert_int_equal(board_record(rig.board, &record), 0);
	assert_int_equal(record.image_size, 5);
	rig_stop();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_image_check, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_times_and_stalls, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_ideal_flash_still_answers_later, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_arguments, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_records, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_hash, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_write_failure, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_reset_drops_the_operation, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_configurations_refused, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_state_survives_in_a_file, rig_setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, rig_setup_images, rig_teardown_images);
}
