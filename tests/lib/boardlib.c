/* SPDX-License-Identifier: Apache-2.0 */
/* See boardlib.h. */
#include "boardlib.h"

#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "testlib.h"

#define IMAGE_BYTES 20000u

static const char partitions[] = "nvs,data,nvs,0x9000,0x5000\n"
				 "otadata,data,ota,0xe000,0x2000\n"
				 "app0,app,ota_0,0x10000,256K\n"
				 "app1,app,ota_1,0x50000,256K\n";

struct rig rig;

static void on_done(void *ctx, int result)
{
	assert_ptr_equal(ctx, &rig);
	rig.done++;
	rig.result = result;
	rig.stalled_in_done = board_stalled(rig.board);
}

static void on_power_lost(void *ctx)
{
	assert_ptr_equal(ctx, &rig);
	rig.lost++;
}

static void on_resumed(void *ctx)
{
	assert_ptr_equal(ctx, &rig);
	assert_false(board_stalled(rig.board));
	rig.resumed++;
}

static const struct board_callbacks callbacks = {
	.ctx = &rig, .op_done = on_done, .power_lost = on_power_lost, .resumed = on_resumed};

int rig_run(int r)
{
	unsigned int done = rig.done, lost = rig.lost;

	if (r < 0)
		return r;
	while (rig.done == done && rig.lost == lost)
		assert_true(sched_step(&rig.sched));
	return rig.lost > lost ? RIG_POWER_LOST : rig.result;
}

uint8_t *rig_build(const struct image_build *how, size_t *ret_size)
{
	size_t size = image_build_size(how->size);
	uint8_t *data = malloc(size);

	assert_non_null(data);
	assert_int_equal(image_build(how, sha256_buffer, data, size, ret_size), 0);
	return data;
}

int rig_setup_images(void **state)
{
	const struct image_build first = {
		.chip_id = RIG_CHIP, .version = "1.0.0", .size = IMAGE_BYTES, .seed = 1};
	const struct image_build second = {.chip_id = RIG_CHIP,
					   .version = "2.0.0",
					   .size = IMAGE_BYTES,
					   .seed = 2,
					   .project = "a-project-name-of-31-characters"};

	(void)state;
	rig.factory.data = rig_build(&first, &rig.factory.size);
	sha256_buffer(rig.factory.data, rig.factory.size, rig.factory.sha256);
	rig.update.data = rig_build(&second, &rig.update.size);
	sha256_buffer(rig.update.data, rig.update.size, rig.update.sha256);
	return 0;
}

int rig_teardown_images(void **state)
{
	(void)state;
	free(rig.factory.data);
	free(rig.update.data);
	return 0;
}

void rig_stop(void)
{
	board_destroy(rig.board);
	rig.board = NULL;
	sched_finish(&rig.sched);
}

void rig_start_with(const struct board_config *with)
{
	struct board_config config = *with;

	rig_stop();
	rig.done = rig.lost = rig.resumed = 0;
	sched_init(&rig.sched, 1000);
	config.sched = &rig.sched;
	if (!config.partitions)
		config.partitions = partitions;
	assert_int_equal(board_create(&config, &rig.board, NULL, 0), 0);
	board_set_callbacks(rig.board, &callbacks);
}

void rig_start(enum flash_speed speed, uint64_t seed)
{
	rig_start_with(&(struct board_config){
		.chip_id = RIG_CHIP, .chip_revision = 100, .flash_speed = speed, .seed = seed});
	assert_int_equal(board_install(rig.board, rig.factory.data, rig.factory.size), 0);
}

int rig_setup(void **state)
{
	(void)state;
	rig_start(FLASH_TYPICAL, 1);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	return 0;
}

int rig_teardown(void **state)
{
	(void)state;
	rig_stop();
	return 0;
}

int rig_write_image(const uint8_t *data, size_t size)
{
	uint32_t total = (uint32_t)size, len;
	int r = rig_run(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE));

	for (uint32_t at = 0; r == 0 && at < total; at += len) {
		len = total - at < OTA_SECTOR_SIZE ? total - at : OTA_SECTOR_SIZE;
		r = rig_run(board_flash_write(rig.board, at, data + at, len));
	}
	return r;
}

int rig_install_update(void)
{
	struct ota_record record = {.image_size = (uint32_t)rig.update.size,
				    .offset = OTA_BLOCK_SIZE};
	const struct ota_record none = {.offset = 0};
	int r = rig_write_image(rig.update.data, rig.update.size);

	if (r == 0)
		r = rig_run(board_persist(rig.board, &record));
	if (r == 0)
		r = rig_run(board_image_check(rig.board, (uint32_t)rig.update.size));
	if (r == 0)
		r = rig_run(
			board_set_boot(rig.board, (uint32_t)rig.update.size, rig.update.sha256));
	if (r == 0)
		r = rig_run(board_persist(rig.board, &none));
	return r;
}

void rig_assert_runs(const char *version, unsigned int slot)
{
	const struct board_running *running = board_running(rig.board);

	assert_int_equal(board_state(rig.board), BOARD_RUNNING);
	assert_string_equal(running->version, version);
	assert_int_equal(running->slot, slot);
}
