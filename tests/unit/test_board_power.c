/* SPDX-License-Identifier: Apache-2.0 */
/* The board boots a whole image after a power cut at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boardlib.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "testlib.h"

static void test_power_cut_is_told_once(void **state)
{
	uint8_t buf[16] = {0};
	uint64_t at_us;

	(void)state;
	board_cut_power_in(rig.board, 2);
	assert_int_equal(rig_run(board_flash_write(rig.board, 0, buf, 16)), 0);
	assert_int_equal(rig_run(board_flash_erase(rig.board, 0, OTA_BLOCK_SIZE)), RIG_POWER_LOST);
	assert_int_equal(board_state(rig.board), BOARD_OFF);
	assert_false(board_stalled(rig.board));
	assert_int_equal(board_running(rig.board)->size, 0);
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE), -OTA_EIO);
	assert_false(sched_next(&rig.sched, &at_us));
	assert_int_equal(rig.lost, 1);
	assert_int_equal(board_boot(rig.board, NULL), 0);
	rig_assert_runs("1.0.0", 0);
	board_cut_power_in(rig.board, 1);
	board_cut_power_in(rig.board, 0);
	assert_int_equal(rig_run(board_flash_write(rig.board, 0, buf, 16)), 0);
}

/* The firmware goes on without its flash until the torn operation would have ended. */
static void test_power_goes_before_the_state(void **state)
{
	(void)state;
	assert_non_null(board_slot_map(rig.board, 0, 1));
	board_cut_power_in(rig.board, 1);
	assert_int_equal(board_flash_erase(rig.board, 0, OTA_SECTOR_SIZE), 0);
	assert_null(board_slot_map(rig.board, 0, 1));
	assert_int_equal(board_state(rig.board), BOARD_RUNNING);
	rig_assert_runs("1.0.0", 0);
	assert_int_equal(rig_run(0), RIG_POWER_LOST);
	assert_int_equal(board_state(rig.board), BOARD_OFF);
}

/* Boots until it does, whatever the boot's own writes meet. */
static void boot_whole(void)
{
	const struct board_running *running = board_running(rig.board);
	uint8_t sha256[OTA_SHA256_SIZE];

	assert_int_equal(board_boot(rig.board, NULL), 0);
	sha256_buffer(board_slot_map(rig.board, running->slot, running->size), running->size,
		      sha256);
	assert_memory_equal(sha256, running->sha256, OTA_SHA256_SIZE);
	assert_true(memcmp(sha256, rig.factory.sha256, OTA_SHA256_SIZE) == 0 ||
		    memcmp(sha256, rig.update.sha256, OTA_SHA256_SIZE) == 0);
}

/* Update, boot, confirm, roll back, boot: 0, or where power was lost. */
static int whole_story(void)
{
	int r;

	r = board_boot(rig.board, NULL) == 0 ? 0 : RIG_POWER_LOST;
	if (r == 0)
		r = rig_install_update();
	if (r == 0)
		r = board_boot(rig.board, NULL) == 0 ? 0 : RIG_POWER_LOST;
	if (r == 0)
		r = rig_run(board_confirm(rig.board));
	if (r == 0)
		r = rig_run(board_rollback(rig.board));
	if (r == 0)
		r = board_boot(rig.board, NULL) == 0 ? 0 : RIG_POWER_LOST;
	return r;
}

static void test_power_cut_at_every_operation(void **state)
{
	struct flash_counters c;

	(void)state;
	rig_start(FLASH_IDEAL, 0);
	assert_int_equal(whole_story(), 0);
	rig_assert_runs("1.0.0", 0);
	board_flash_counters(rig.board, &c);
	assert_int_equal(c.overwrites, 0);
	assert_true(c.operations > 15);
	for (uint64_t seed = 0; seed < 8; seed++) {
		for (uint64_t k = 1; k <= c.operations; k++) {
			rig_start(FLASH_IDEAL, seed);
			board_cut_power_in(rig.board, k);
			assert_int_equal(whole_story(), RIG_POWER_LOST);
			assert_int_equal(board_state(rig.board), BOARD_OFF);
			boot_whole();
			/* and an update goes through after it */
			if (board_running(rig.board)->pending_verify)
				assert_int_equal(rig_run(board_confirm(rig.board)), 0);
			assert_int_equal(rig_install_update(), 0);
			boot_whole();
			assert_memory_equal(board_running(rig.board)->sha256, rig.update.sha256,
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
	rig_start(FLASH_IDEAL, 5);
	for (unsigned int round = 0; round < 600; round++) {
		board_cut_power_in(rig.board, 1 + rng_below(&rng, 24));
		if (whole_story() == RIG_POWER_LOST) {
			cuts++;
			board_cut_power_in(rig.board, 1 + rng_below(&rng, 3));
			if (board_boot(rig.board, NULL) == -OTA_EIO)
				cuts++;
			board_cut_power_in(rig.board, 0);
		}
		boot_whole();
		board_cut_power_in(rig.board, 0);
	}
	assert_true(cuts > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power_cut_is_told_once, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_power_goes_before_the_state, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_power_cut_at_every_operation, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_power_cuts_in_a_row, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, rig_setup_images, rig_teardown_images);
}
