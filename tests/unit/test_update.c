/* SPDX-License-Identifier: Apache-2.0 */
/* Tests whole updates of virtual ESP32s, from connecting to the proof, in each dialect and mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "testlib.h"
#include "updatelib.h"

static uint8_t image[200000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 180000, .seed = 99};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static void assert_updated(struct update *u)
{
	const struct board_running *running = board_running(esp_board(update_device(u)));

	assert_memory_equal(running->sha256, u->session.sha256, OTA_SHA256_SIZE);
	assert_memory_equal(
		board_slot_map(esp_board(update_device(u)), running->slot, (uint32_t)image_size),
		image, image_size);
	assert_string_equal(running->version, "2.0.0");
}

static void test_full(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_updated(&u);
	assert_int_equal(u.s.stats.received, image_size);
	assert_int_equal(u.s.stats.flushed, image_size);
	assert_int_equal(u.s.stats.sent_bytes, image_size);
	assert_int_equal(u.s.chunk, 495);
	assert_false(board_running(esp_board(update_device(&u)))->pending_verify);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

static void test_modes_and_mtus(void **state)
{
	static const enum gatt_write modes[] = {GATT_REQUEST, GATT_COMMAND, GATT_ACQUIRE};
	static const uint16_t mtus[] = {23, 48, 185, 247, 517};
	struct update u;

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
			update_init(&u, image, image_size);
			u.session.mode_auto = false;
			u.session.mode = modes[m];
			u.sim.kind.mtu = mtus[i];
			assert_int_equal(update_run(&u, 900), SESSION_CONFIRMED);
			assert_true(u.s.chunk <= mtus[i] - 3);
			assert_updated(&u);
			update_end(&u);
		}
	}
}

static void test_odd_settings(void **state)
{
	static const struct {
		uint16_t chunk, data_length, interval;
		uint32_t window, pacing_us;
		bool encrypted;
	} rows[] = {
		{20, 27, 12, 512, 0, false}, {21, 251, 6, 0, 1000, true},
		{512, 251, 12, 0, 0, false}, {333, 100, 24, 5000, 0, true},
		{0, 27, 40, 700, 0, false},  {509, 123, 3200, 0, 0, false},
	};
	struct update u;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		update_init(&u, image, image_size);
		u.session.chunk = rows[i].chunk;
		u.session.window = rows[i].window;
		u.session.pacing_us = rows[i].pacing_us;
		u.session.ack_timeout_ms = 30000; /* four seconds an interval */
		u.session.connect_timeout_ms = 120000;
		u.sim.kind.data_length = rows[i].data_length;
		u.sim.interval = rows[i].interval;
		u.sim.supervision = 3200;
		u.sim.encrypted = rows[i].encrypted;
		assert_int_equal(update_run(&u, 3600), SESSION_CONFIRMED);
		assert_updated(&u);
		update_end(&u);
	}
}

static void test_real_image(void **state)
{
	size_t size;
	uint8_t *real = test_load_image("esp32-nimble-ota.bin", &size);
	struct update u;

	(void)state;
	if (!real)
		skip();
	update_init(&u, real, size);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_memory_equal(u.s.info.running_sha256, u.session.sha256, OTA_SHA256_SIZE);
	assert_string_equal(u.s.version, "9036908-dirty");
	update_end(&u);
	free(real);
}

/* The flash by itself: what it took is what the model says of it, and nothing boots. */
static void test_pattern(void **state)
{
	const uint32_t size = 4u * FLASH_BLOCK_SIZE, sectors = size / FLASH_SECTOR_SIZE;
	const struct flash typical = {
		.speed = FLASH_TYPICAL, .erase_factor = 1, .program_factor = 1};
	const uint64_t erase_us = flash_erase_us(&typical, 0, size);
	const uint64_t write_us = sectors * flash_program_us(&typical, FLASH_SECTOR_SIZE);
	struct flash_counters counters;
	struct update u;
	struct board *board;

	(void)state;
	update_init(&u, image, image_size);
	u.session.goal = SESSION_MEASURE;
	u.session.pattern = true;
	u.session.telemetry_ms = 500;
	u.session.image_size = size;
	assert_int_equal(update_run(&u, 60), SESSION_MEASURED);
	/* Each operation begins and ends within a millisecond of what the device takes for it. */
	assert_in_range(u.s.stats.flash.erase_ms, erase_us / 1000u - 4u, erase_us / 1000u + 4u);
	assert_in_range(u.s.stats.flash.write_ms, write_us / 1000u - sectors,
			write_us / 1000u + sectors);
	assert_in_range(u.s.stats.flash.read_ms, 1, sectors);
	board = esp_board(update_device(&u));
	board_flash_counters(board, &counters);
	assert_int_equal(counters.block_erases, 4);
	assert_int_equal(board_running(board)->slot, 0);
	assert_false(board_running(board)->can_rollback);
	assert_false(update_check_boots(&u)); /* the factory's image, as before */
	update_end(&u);
}

static void test_basic(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.sim.kind.dialect = ESP_BASIC;
	assert_int_equal(update_run(&u, 120), SESSION_DELIVERED);
	assert_int_equal(u.s.mode, GATT_REQUEST);
	assert_int_equal(u.s.stats.received, image_size);
	assert_updated(&u);
	/* The first connection to the new image confirmed it: nobody else would. */
	assert_true(update_check_boots(&u));
	update_end(&u);
}

static void test_basic_commands(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.sim.kind.dialect = ESP_BASIC;
	u.session.mode_auto = false;
	u.session.mode = GATT_COMMAND;
	assert_int_equal(update_run(&u, 120), SESSION_DELIVERED);
	assert_false(u.s.stats.received_known);
	assert_updated(&u);
	update_end(&u);
}

static void test_foreign(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.sim.kind.dialect = ESP_FOREIGN;
	assert_int_equal(update_run(&u, 60), SESSION_OTHER_DIALECT);
	assert_int_equal(u.s.stats.values, 0);
	assert_int_equal(esp_foreign_writes(update_device(&u)), 0);
	update_end(&u);
}

static void test_already_running(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	/* The same session again, against the same world. */
	update_wait(&u, 1000000u);
	assert_int_equal(pump_init(&u.pump, &u.session), 0);
	session_start(&u.s, update_now(&u));
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_ALREADY_RUNNING);
	assert_int_equal(u.s.stats.values, 0);
	update_end(&u);
}

static void test_refused(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.refuse = true;
	assert_int_equal(update_run(&u, 60), SESSION_REFUSED);
	assert_int_equal(u.s.stats.values, 0);
	update_wait(&u, 1000000u);
	assert_false(update_check_boots(&u));
	update_end(&u);
}

static void test_measure(void **state)
{
	struct flash_counters before, after;
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.session.goal = SESSION_MEASURE;
	u.session.image = NULL;
	u.session.image_size = 300000;
	update_begin(&u);
	board_flash_counters(esp_board(update_device(&u)), &before);
	update_finish(&u, 60);
	board_flash_counters(esp_board(update_device(&u)), &after);
	assert_int_equal(u.s.outcome, SESSION_MEASURED);
	assert_int_equal(u.s.stats.done.size, 300000);
	after.bytes_read = before.bytes_read; /* records and bonds are looked up */
	assert_memory_equal(&before, &after, sizeof(before));
	update_end(&u);
}

static void test_new_image_does_not_boot(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	update_fault(&u, "no-boot");
	assert_int_equal(update_run(&u, 120), SESSION_ROLLED_BACK);
	assert_false(update_check_boots(&u));
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),	     cmocka_unit_test(test_modes_and_mtus),
		cmocka_unit_test(test_odd_settings), cmocka_unit_test(test_real_image),
		cmocka_unit_test(test_basic),	     cmocka_unit_test(test_basic_commands),
		cmocka_unit_test(test_foreign),	     cmocka_unit_test(test_already_running),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_measure),
		cmocka_unit_test(test_pattern),	     cmocka_unit_test(test_new_image_does_not_boot),
	};

	return cmocka_run_group_tests_name("update", tests, build, NULL);
}
