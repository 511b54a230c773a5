/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual board boots as ESP-IDF's boot loader does, also after power cuts. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/image_build.h"
#include "radio/board.h"
#include "radio/partition.h"
#include "testlib.h"

#define CHIP 0u /* ESP32 */
#define SLOT 0x40000u
#define IMAGE_BYTES 20000u
#define POWER_LOST 1 /* result of run(), beside 0 and OTA_E* */

/* Small slots, so that a whole update has few operations. */
static const char partitions[] = "nvs,data,nvs,0x9000,0x5000\n"
				 "otadata,data,ota,0xe000,0x2000\n"
				 "app0,app,ota_0,0x10000,256K\n"
				 "app1,app,ota_1,0x50000,256K\n";

static struct sched sched;
static struct board *board;
static struct board_config config;

static struct {
	unsigned int done, lost, resumed;
	int result;
	bool stalled_in_op_done;
} seen;

static struct {
	uint8_t *data;
	size_t size;
	uint8_t sha256[OTA_SHA256_SIZE];
} factory, update;

static void on_done(void *ctx, int result)
{
	assert_ptr_equal(ctx, &seen);
	seen.done++;
	seen.result = result;
	seen.stalled_in_op_done = board_stalled(board);
}

static void on_power_lost(void *ctx)
{
	assert_ptr_equal(ctx, &seen);
	seen.lost++;
}

static void on_resumed(void *ctx)
{
	assert_ptr_equal(ctx, &seen);
	assert_false(board_stalled(board));
	seen.resumed++;
}

static const struct board_callbacks callbacks = {
	.ctx = &seen, .op_done = on_done, .power_lost = on_power_lost, .resumed = on_resumed};

/* Ends an operation that returned r: its result, or POWER_LOST. */
static int run(int r)
{
	unsigned int done = seen.done, lost = seen.lost;

	if (r < 0)
		return r;
	assert_int_equal(seen.done, done);
	while (seen.done == done && seen.lost == lost)
		assert_true(sched_step(&sched));
	return seen.lost > lost ? POWER_LOST : seen.result;
}

static uint8_t *build(const struct image_build *how, size_t *ret_size)
{
	size_t size = image_build_size(how->size);
	uint8_t *data = malloc(size);

	assert_non_null(data);
	assert_int_equal(image_build(how, test_sha256, data, size, ret_size), 0);
	return data;
}

static int setup_images(void **state)
{
	const struct image_build first = {
		.chip_id = CHIP, .version = "1.0.0", .size = IMAGE_BYTES, .seed = 1};
	const struct image_build second = {.chip_id = CHIP,
					   .version = "2.0.0",
					   .size = IMAGE_BYTES,
					   .seed = 2,
					   .project = "a-project-name-of-31-characters"};

	(void)state;
	factory.data = build(&first, &factory.size);
	test_sha256(factory.data, factory.size, factory.sha256);
	update.data = build(&second, &update.size);
	test_sha256(update.data, update.size, update.sha256);
	return 0;
}

static int teardown_images(void **state)
{
	(void)state;
	free(factory.data);
	free(update.data);
	return 0;
}

static void stop(void)
{
	board_destroy(board);
	board = NULL;
	sched_finish(&sched);
}

static void start_with(const struct board_config *with)
{
	stop();
	memset(&seen, 0, sizeof(seen));
	sched_init(&sched, 1000);
	config = *with;
	config.sched = &sched;
	if (!config.partitions)
		config.partitions = partitions;
	assert_int_equal(board_create(&config, &board, NULL, 0), 0);
	board_set_callbacks(board, &callbacks);
}

static void start(enum flash_speed speed, uint64_t seed)
{
	start_with(&(struct board_config){
		.chip_id = CHIP, .chip_revision = 100, .flash_speed = speed, .seed = seed});
	assert_int_equal(board_install(board, factory.data, factory.size), 0);
}

static int setup(void **state)
{
	(void)state;
	start(FLASH_TYPICAL, 1);
	assert_int_equal(board_boot(board, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop();
	return 0;
}

static int write_image(const uint8_t *data, size_t size)
{
	uint32_t total = (uint32_t)size, len;
	int r = run(board_flash_erase(board, 0, OTA_BLOCK_SIZE));

	for (uint32_t at = 0; r == 0 && at < total; at += len) {
		len = total - at < OTA_SECTOR_SIZE ? total - at : OTA_SECTOR_SIZE;
		r = run(board_flash_write(board, at, data + at, len));
	}
	return r;
}

/* All that ota_core does to the flash in one update. */
static int install_update(void)
{
	struct ota_record record = {.image_size = (uint32_t)update.size, .offset = OTA_BLOCK_SIZE};
	const struct ota_record none = {.offset = 0};
	int r = write_image(update.data, update.size);

	if (r == 0)
		r = run(board_persist(board, &record));
	if (r == 0)
		r = run(board_image_check(board, (uint32_t)update.size));
	if (r == 0)
		r = run(board_set_boot(board, (uint32_t)update.size, update.sha256));
	if (r == 0)
		r = run(board_persist(board, &none));
	return r;
}

static void assert_runs(const char *version, unsigned int slot)
{
	const struct board_running *running = board_running(board);

	assert_int_equal(board_state(board), BOARD_RUNNING);
	assert_string_equal(running->version, version);
	assert_int_equal(running->slot, slot);
}

static void test_factory_boot(void **state)
{
	const struct board_running *running = board_running(board);
	struct board_counters c;

	(void)state;
	assert_runs("1.0.0", 0);
	assert_true(board_is_new(board));
	assert_false(running->pending_verify);
	assert_false(running->can_rollback);
	assert_false(running->recorded);
	assert_string_equal(running->project, "otabench-sim");
	assert_int_equal(running->size, factory.size);
	assert_memory_equal(running->sha256, factory.sha256, OTA_SHA256_SIZE);
	assert_int_equal(board_update_slot(board), 1);
	assert_int_equal(board_slot_size(board, 1), SLOT);
	assert_int_equal(board_slot_size(board, 2), 0);
	assert_int_equal(board_install(board, factory.data, factory.size), -OTA_EBUSY);
	board_counters(board, &c);
	assert_int_equal(c.boots, 1);
	assert_int_equal(c.fallbacks, 0);
}

static void test_boot_time(void **state)
{
	const uint32_t read_twice = 2 * (uint32_t)factory.size; /* verified, then hashed */
	uint64_t us = 0;

	(void)state;
	assert_int_equal(board_boot(board, &us), 0);
	assert_in_range(us, read_twice / 8, read_twice / 8 + 200);
	start(FLASH_IDEAL, 1);
	assert_int_equal(board_boot(board, &us), 0);
	assert_int_equal(us, 0);
}

static void test_nothing_to_boot(void **state)
{
	uint8_t byte = 0;

	(void)state;
	start_with(&(struct board_config){.chip_id = CHIP});
	assert_int_equal(board_state(board), BOARD_OFF);
	assert_int_equal(board_boot(board, NULL), -OTA_ENOENT);
	assert_int_equal(board_state(board), BOARD_UNBOOTABLE);
	assert_string_equal(board_state_name(board_state(board)), "unbootable");
	assert_int_equal(board_flash_write(board, 0, &byte, 1), -OTA_EIO);
	/* for another chip */
	start_with(&(struct board_config){.chip_id = 5});
	assert_int_equal(board_install(board, factory.data, factory.size), 0);
	assert_int_equal(board_boot(board, NULL), -OTA_ENOENT);
	/* larger than the slot */
	assert_int_equal(board_install(board, factory.data, SLOT + 1), -OTA_EBUSY);
	start_with(&(struct board_config){.chip_id = CHIP});
	assert_int_equal(board_install(board, factory.data, SLOT + 1), -OTA_ENOSPC);
}

static void test_info(void **state)
{
	struct ota_info info = {.version = 7, .flags = 0xff, .phys = 3, .ring_size = 99};

	(void)state;
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	board_info(board, &info);
	assert_int_equal(info.version, 7);
	assert_int_equal(info.phys, 3);
	assert_int_equal(info.ring_size, 99);
	assert_int_equal(info.chip_id, CHIP);
	assert_int_equal(info.chip_revision, 100);
	assert_int_equal(info.slot_count, 2);
	assert_int_equal(info.running_slot, 1);
	assert_int_equal(info.flags, 0xff);
	assert_int_equal(info.slot_size, SLOT);
	assert_int_equal(info.running_size, update.size);
	assert_memory_equal(info.running_sha256, update.sha256, OTA_SHA256_SIZE);
	assert_memory_equal(info.project, "a-project-name-of-31-characters", 32);
	assert_int_equal(run(board_confirm(board)), 0);
	board_info(board, &info);
	assert_int_equal(info.flags & OTA_INFO_PENDING_VERIFY, 0);
}

static void test_update_and_confirm(void **state)
{
	const struct board_running *running = board_running(board);

	(void)state;
	assert_int_equal(install_update(), 0);
	assert_runs("1.0.0", 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_true(running->pending_verify);
	assert_true(running->can_rollback);
	assert_true(running->recorded);
	assert_int_equal(running->size, update.size);
	assert_memory_equal(running->sha256, update.sha256, OTA_SHA256_SIZE);
	assert_int_equal(board_update_slot(board), 0);

	assert_int_equal(board_confirm(board), 0);
	assert_true(running->pending_verify); /* not before it is written */
	assert_int_equal(run(0), 0);
	assert_false(running->pending_verify);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_false(running->pending_verify);
	/* and on to the slot that the factory image was in */
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 0);
	assert_true(running->pending_verify);
}

static void test_unconfirmed_is_rolled_back(void **state)
{
	struct board_counters c;

	(void)state;
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("1.0.0", 0);
	assert_false(board_running(board)->pending_verify);
	assert_false(board_running(board)->can_rollback);
	assert_memory_equal(board_running(board)->sha256, factory.sha256, OTA_SHA256_SIZE);
	board_counters(board, &c);
	assert_int_equal(c.rollbacks, 1);
	assert_int_equal(c.boots, 3);
	/* once more: the slot is free for another attempt */
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
}

static void test_rollback_asked_for(void **state)
{
	(void)state;
	assert_int_equal(run(board_rollback(board)), -OTA_ENOENT);
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(run(board_confirm(board)), 0);
	assert_true(board_running(board)->can_rollback);
	assert_int_equal(run(board_rollback(board)), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("1.0.0", 0);
	assert_int_equal(run(board_rollback(board)), -OTA_ENOENT);
}

static void test_no_rollback_once_overwritten(void **state)
{
	(void)state;
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(run(board_confirm(board)), 0);
	assert_int_equal(run(board_flash_erase(board, 0, OTA_SECTOR_SIZE)), 0);
	assert_false(board_running(board)->can_rollback);
	assert_int_equal(run(board_rollback(board)), -OTA_ENOENT);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_false(board_running(board)->can_rollback);
}

static void test_update_that_does_not_start(void **state)
{
	struct board_counters c;
	uint64_t us;

	(void)state;
	assert_int_equal(install_update(), 0);
	board_break_update(board);
	assert_int_equal(board_boot(board, &us), 0);
	assert_runs("1.0.0", 0);
	assert_true(us > 300000);
	board_counters(board, &c);
	assert_int_equal(c.crashes, 1);
	assert_int_equal(c.rollbacks, 1);
	/* that image only */
	assert_int_equal(install_update(), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
}

static void test_damaged_update_falls_back(void **state)
{
	struct board_counters c;
	uint8_t *damaged = malloc(update.size);

	(void)state;
	assert_non_null(damaged);
	memcpy(damaged, update.data, update.size);
	damaged[update.size / 2] ^= 1;
	assert_int_equal(write_image(damaged, update.size), 0);
	free(damaged);
	assert_int_equal(run(board_image_check(board, (uint32_t)update.size)), -OTA_EBADMSG);
	/* were it set nevertheless, the boot loader would still refuse it */
	assert_int_equal(run(board_set_boot(board, (uint32_t)update.size, update.sha256)), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("1.0.0", 0);
	board_counters(board, &c);
	assert_int_equal(c.fallbacks, 1);
}

static void test_image_check(void **state)
{
	const struct image_build other_chip = {.chip_id = 5, .size = 8000};
	const struct image_build too_new = {.chip_id = CHIP, .size = 8000, .min_revision = 101};
	const struct image_build too_old = {.chip_id = CHIP, .size = 8000, .max_revision = 99};
	const struct image_build no_hash = {.chip_id = CHIP, .size = 8000, .no_hash = true};
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
		uint8_t *image = build(cases[i].how, &size);

		assert_int_equal(write_image(image, size), 0);
		assert_int_equal(run(board_image_check(board, (uint32_t)size)), cases[i].result);
		/* shorter than its headers say */
		if (cases[i].result == 0)
			assert_int_equal(run(board_image_check(board, (uint32_t)size - 16)),
					 -OTA_EBADMSG);
		free(image);
	}
	assert_int_equal(run(board_flash_erase(board, 0, OTA_SECTOR_SIZE)), 0);
	assert_int_equal(run(board_image_check(board, 8000)), -OTA_EBADMSG);
	assert_int_equal(run(board_image_check(board, 3)), -OTA_EBADMSG);
	/* reads all of it, at 8 MB/s */
	assert_int_equal(write_image(update.data, update.size), 0);
	before = sched_now(&sched);
	assert_int_equal(board_image_check(board, (uint32_t)update.size), 0);
	assert_false(board_stalled(board));
	assert_int_equal(run(0), 0);
	assert_int_equal(sched_now(&sched) - before, (update.size + 7) / 8);
}

static void test_anti_rollback(void **state)
{
	struct image_build how = {
		.chip_id = CHIP, .size = 8000, .secure_version = 3, .version = "3.0.0"};
	uint8_t *image, sha256[OTA_SHA256_SIZE];
	size_t size;

	(void)state;
	start_with(&(struct board_config){
		.chip_id = CHIP, .secure_version = 3, .flash_speed = FLASH_IDEAL});
	image = build(&how, &size);
	assert_int_equal(board_install(board, image, size), 0);
	free(image);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(board_running(board)->secure_version, 3);
	how.secure_version = 2;
	how.version = "2.9.0";
	image = build(&how, &size);
	assert_int_equal(write_image(image, size), 0);
	test_sha256(image, size, sha256);
	free(image);
	assert_int_equal(run(board_image_check(board, (uint32_t)size)), -OTA_EPERM);
	assert_int_equal(run(board_set_boot(board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("3.0.0", 0);
}

static void test_trailing_bytes_count_as_image(void **state)
{
	const struct board_running *running = board_running(board);
	size_t size = update.size + 100;
	uint8_t *data = malloc(size), sha256[OTA_SHA256_SIZE];

	(void)state;
	assert_non_null(data);
	memcpy(data, update.data, update.size);
	memset(data + update.size, 0x42, 100);
	test_sha256(data, size, sha256);
	assert_int_equal(write_image(data, size), 0);
	free(data);
	assert_int_equal(run(board_image_check(board, (uint32_t)size)), 0);
	assert_int_equal(run(board_set_boot(board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_true(running->recorded);
	assert_int_equal(running->size, size);
	assert_memory_equal(running->sha256, sha256, OTA_SHA256_SIZE);
	/* a record that does not agree with the bytes is not believed */
	sha256[0] ^= 1;
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("1.0.0", 0);
	assert_int_equal(run(board_set_boot(board, (uint32_t)size, sha256)), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_false(running->recorded);
	assert_int_equal(running->size, update.size);
	assert_memory_equal(running->sha256, update.sha256, OTA_SHA256_SIZE);
}

static void test_times_and_stalls(void **state)
{
	uint64_t before = sched_now(&sched);
	uint8_t buf[4096];

	(void)state;
	memset(buf, 0x5a, sizeof(buf));
	assert_int_equal(board_flash_erase(board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(seen.done, 0);
	assert_true(board_stalled(board));
	assert_true(board_erasing(board));
	assert_int_equal(board_flash_erase(board, 0, OTA_SECTOR_SIZE), -OTA_EBUSY);
	assert_int_equal(board_persist(board, &(struct ota_record){.offset = 1}), -OTA_EBUSY);
	assert_int_equal(run(0), 0);
	assert_int_equal(sched_now(&sched) - before, 200000);
	assert_int_equal(seen.resumed, 1);
	assert_false(seen.stalled_in_op_done);

	before = sched_now(&sched);
	assert_int_equal(board_flash_write(board, 4096, buf, 4096), 0);
	assert_true(board_stalled(board));
	assert_false(board_erasing(board));
	assert_int_equal(run(0), 0);
	assert_int_equal(sched_now(&sched) - before, 14629);
	assert_int_equal(seen.resumed, 2);

	before = sched_now(&sched);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(board_flash_read(board, 4096, buf, 4096), 0);
	assert_false(board_stalled(board));
	assert_int_equal(run(0), 0);
	assert_int_equal(sched_now(&sched) - before, 512);
	assert_int_equal(seen.resumed, 2);
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0x5a);
	assert_int_equal(board_slot_map(board, 1, 4097)[4096], 0x5a);

	/* otadata: a sector erased, 32 bytes programmed, and a record of what it is about */
	before = sched_now(&sched);
	assert_int_equal(board_set_boot(board, 1, update.sha256), 0);
	assert_true(board_erasing(board));
	assert_int_equal(run(0), 0);
	assert_in_range(sched_now(&sched) - before, 100000, 103000);

	board_slow_erase(board, 10);
	before = sched_now(&sched);
	assert_int_equal(run(board_flash_erase(board, 0, OTA_SECTOR_SIZE)), 0);
	assert_int_equal(sched_now(&sched) - before, 500000);
}

static void test_ideal_flash_still_answers_later(void **state)
{
	(void)state;
	start(FLASH_IDEAL, 1);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(board_flash_erase(board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(seen.done, 0);
	assert_int_equal(run(0), 0);
	assert_int_equal(sched_now(&sched), 1000);
}

static void test_arguments(void **state)
{
	uint8_t buf[16] = {0};

	(void)state;
	assert_int_equal(board_flash_erase(board, 100, 4096), -OTA_EINVAL);
	assert_int_equal(board_flash_erase(board, SLOT, 4096), -OTA_ERANGE);
	assert_int_equal(board_flash_erase(board, 0xfffff000u, 0x2000), -OTA_ERANGE);
	assert_int_equal(board_flash_write(board, SLOT - 8, buf, 16), -OTA_ERANGE);
	assert_int_equal(board_flash_read(board, SLOT - 8, buf, 16), -OTA_ERANGE);
	assert_int_equal(seen.done, 0);
	assert_null(board_slot_map(board, 0, SLOT + 1));
	assert_null(board_slot_map(board, 9, 1));
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
	assert_int_equal(board_record(board, &read), -OTA_ENOENT);
	assert_int_equal(run(board_persist(board, &record)), 0);
	assert_int_equal(board_record(board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	assert_int_equal(board_boot(board, NULL), 0);
	memset(&read, 0, sizeof(read));
	assert_int_equal(board_record(board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	/* the flag alone is kept too */
	record = (struct ota_record){.flags = OTA_RECORD_SELF_CONFIRM};
	assert_int_equal(run(board_persist(board, &record)), 0);
	assert_int_equal(board_record(board, &read), 0);
	assert_memory_equal(&read, &record, sizeof(record));
	assert_int_equal(run(board_persist(board, &none)), 0);
	assert_int_equal(board_record(board, &read), -OTA_ENOENT);
}

static void test_hash(void **state)
{
	uint8_t digest[OTA_SHA256_SIZE], expected[OTA_SHA256_SIZE];

	(void)state;
	assert_int_equal(board_hash_update(board, update.data, 1), -OTA_EINVAL);
	assert_int_equal(board_hash_peek(board, digest), -OTA_EINVAL);
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(board_hash_init(board), 0);
		assert_int_equal(board_hash_update(board, update.data, 1000), 0);
		assert_int_equal(board_hash_peek(board, digest), 0);
		test_sha256(update.data, 1000, expected);
		assert_memory_equal(digest, expected, sizeof(digest));
		assert_int_equal(board_hash_update(board, update.data + 1000, 234), 0);
		assert_int_equal(board_hash_peek(board, digest), 0);
		test_sha256(update.data, 1234, expected);
		assert_memory_equal(digest, expected, sizeof(digest));
	}
}

static void test_write_failure(void **state)
{
	uint8_t buf[4096] = {0};

	(void)state;
	board_fail_write(board, 5000);
	assert_int_equal(run(board_flash_write(board, 0, buf, 4096)), 0);
	assert_int_equal(run(board_flash_write(board, 4096, buf, 4096)), -OTA_EIO);
	assert_int_equal(board_state(board), BOARD_RUNNING);
	assert_int_equal(run(board_flash_write(board, 4096, buf, 4096)), 0);
}

static void test_power_cut_is_told_once(void **state)
{
	uint8_t buf[16] = {0};
	uint64_t at_us;

	(void)state;
	board_cut_power_in(board, 2);
	assert_int_equal(run(board_flash_write(board, 0, buf, 16)), 0);
	assert_int_equal(run(board_flash_erase(board, 0, OTA_BLOCK_SIZE)), POWER_LOST);
	assert_int_equal(board_state(board), BOARD_OFF);
	assert_false(board_stalled(board));
	assert_int_equal(board_running(board)->size, 0);
	assert_int_equal(board_flash_erase(board, 0, OTA_SECTOR_SIZE), -OTA_EIO);
	assert_false(sched_next(&sched, &at_us));
	assert_int_equal(seen.lost, 1);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("1.0.0", 0);
	board_cut_power_in(board, 1);
	board_cut_power_in(board, 0);
	assert_int_equal(run(board_flash_write(board, 0, buf, 16)), 0);
}

static void test_reset_drops_the_operation(void **state)
{
	uint64_t at_us;

	(void)state;
	assert_int_equal(board_flash_erase(board, 0, OTA_BLOCK_SIZE), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_false(sched_next(&sched, &at_us));
	assert_false(board_stalled(board));
	assert_int_equal(board_flash_erase(board, 0, OTA_BLOCK_SIZE), 0);
	board_power_off(board);
	assert_int_equal(board_state(board), BOARD_OFF);
	assert_false(sched_next(&sched, &at_us));
	assert_int_equal(seen.done + seen.lost, 0);
	assert_int_equal(board_boot(board, NULL), 0);
}

/* --- power cut at every operation --- */

/* Boots until it does, whatever the boot's own writes meet. */
static void boot_whole(void)
{
	const struct board_running *running = board_running(board);
	uint8_t sha256[OTA_SHA256_SIZE];

	assert_int_equal(board_boot(board, NULL), 0);
	test_sha256(board_slot_map(board, running->slot, running->size), running->size, sha256);
	assert_memory_equal(sha256, running->sha256, OTA_SHA256_SIZE);
	assert_true(memcmp(sha256, factory.sha256, OTA_SHA256_SIZE) == 0 ||
		    memcmp(sha256, update.sha256, OTA_SHA256_SIZE) == 0);
}

/* Update, boot, confirm, roll back, boot: 0, or where power was lost. */
static int whole_story(void)
{
	int r;

	r = board_boot(board, NULL) == 0 ? 0 : POWER_LOST;
	if (r == 0)
		r = install_update();
	if (r == 0)
		r = board_boot(board, NULL) == 0 ? 0 : POWER_LOST;
	if (r == 0)
		r = run(board_confirm(board));
	if (r == 0)
		r = run(board_rollback(board));
	if (r == 0)
		r = board_boot(board, NULL) == 0 ? 0 : POWER_LOST;
	return r;
}

static void test_power_cut_at_every_operation(void **state)
{
	struct flash_counters c;

	(void)state;
	start(FLASH_IDEAL, 0);
	assert_int_equal(whole_story(), 0);
	assert_runs("1.0.0", 0);
	board_flash_counters(board, &c);
	assert_int_equal(c.overwrites, 0);
	assert_true(c.operations > 20);
	for (uint64_t seed = 0; seed < 8; seed++) {
		for (uint64_t k = 1; k <= c.operations; k++) {
			start(FLASH_IDEAL, seed);
			board_cut_power_in(board, k);
			assert_int_equal(whole_story(), POWER_LOST);
			assert_int_equal(board_state(board), BOARD_OFF);
			boot_whole();
			/* and an update goes through after it */
			if (board_running(board)->pending_verify)
				assert_int_equal(run(board_confirm(board)), 0);
			assert_int_equal(install_update(), 0);
			boot_whole();
			assert_memory_equal(board_running(board)->sha256, update.sha256,
					    OTA_SHA256_SIZE);
		}
	}
}

/* Cuts during the boots that follow a cut, one after the other. */
static void test_power_cuts_in_a_row(void **state)
{
	struct rng rng;
	unsigned int cuts = 0;

	(void)state;
	rng_init(&rng, 5);
	start(FLASH_IDEAL, 5);
	for (unsigned int round = 0; round < 600; round++) {
		board_cut_power_in(board, 1 + rng_below(&rng, 24));
		if (whole_story() == POWER_LOST) {
			cuts++;
			board_cut_power_in(board, 1 + rng_below(&rng, 3));
			if (board_boot(board, NULL) == -OTA_EIO)
				cuts++;
			board_cut_power_in(board, 0);
		}
		boot_whole();
		board_cut_power_in(board, 0);
	}
	assert_true(cuts > 300);
}

/* --- configuration --- */

static void assert_refused(const struct board_config *with, int code, const char *words)
{
	struct board_config c = *with;
	struct board *other = NULL;
	char text[300] = "";

	c.sched = &sched;
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
							    "f,app,factory,,1M\n"
							    "a,app,ota_0,,1M\n"
							    "b,app,ota_1,,1M\n"},
		       -OTA_ENOTSUP, "factory");
	assert_refused(&(struct board_config){.flash_path = "/nonexistent/x"}, -OTA_EIO,
		       "/nonexistent/x");
	board_destroy(NULL);
}

static void test_many_slots(void **state)
{
	struct board_config many = {.chip_id = CHIP,
				    .chip_revision = 100,
				    .flash_speed = FLASH_IDEAL,
				    .partitions = "n,data,nvs,,0x5000\no,data,ota,,0x2000\n"
						  "a,app,ota_0,,256K\nb,app,ota_1,,256K\n"
						  "c,app,ota_2,,256K\n"};

	(void)state;
	start_with(&many);
	assert_int_equal(board_install(board, factory.data, factory.size), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	for (unsigned int round = 1; round < 8; round++) {
		assert_int_equal(install_update(), 0);
		assert_int_equal(board_boot(board, NULL), 0);
		assert_runs("2.0.0", round % 3);
		assert_int_equal(run(board_confirm(board)), 0);
	}
}

static void test_state_survives_in_a_file(void **state)
{
	char directory[] = "/tmp/otabench-board-XXXXXX", path[64];
	struct board_config file = {.chip_id = CHIP, .chip_revision = 100, .flash_path = path};
	struct ota_record record = {.image_size = 5, .offset = 65536};

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/chip.bin", directory);
	start_with(&file);
	assert_true(board_is_new(board));
	assert_int_equal(board_install(board, factory.data, factory.size), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(install_update(), 0);
	assert_int_equal(run(board_persist(board, &record)), 0);
	start_with(&file);
	assert_false(board_is_new(board));
	assert_int_equal(board_boot(board, NULL), 0);
	assert_runs("2.0.0", 1);
	assert_true(board_running(board)->recorded);
	assert_int_equal(board_record(board, &record), 0);
	assert_int_equal(record.image_size, 5);
	stop();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* The built-in layout takes a real image. */
static void test_real_image(void **state)
{
	size_t size;
	uint8_t *image = test_load_image("esp32-nimble-ota.bin", &size), sha256[OTA_SHA256_SIZE];

	(void)state;
	if (!image)
		skip();
	start_with(&(struct board_config){
		.chip_id = CHIP, .chip_revision = 300, .partitions = partition_default_csv});
	assert_int_equal(board_install(board, image, size), 0);
	assert_int_equal(board_boot(board, NULL), 0);
	assert_int_equal(board_running(board)->size, size);
	test_sha256(image, size, sha256);
	assert_memory_equal(board_running(board)->sha256, sha256, OTA_SHA256_SIZE);
	assert_true(board_running(board)->version[0] != '\0');
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_factory_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_boot_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_info, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_and_confirm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unconfirmed_is_rolled_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rollback_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_rollback_once_overwritten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_that_does_not_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_update_falls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_image_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anti_rollback, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trailing_bytes_count_as_image, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_times_and_stalls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ideal_flash_still_answers_later, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cut_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_drops_the_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cut_at_every_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cuts_in_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_configurations_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_slots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_survives_in_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_real_image, setup, teardown),
	};

	return cmocka_run_group_tests(tests, setup_images, teardown_images);
}
