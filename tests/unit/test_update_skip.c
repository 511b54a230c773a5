/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of a virtual ESP32 whose free slot holds the image, or most of it: what is sent, power
 * cut at flash operations, the link lost, a device that lies, and one that knows nothing of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "image/image_build.h"
#include "testlib.h"
#include "updatelib.h"

#define BLOCKS 4u
#define HEAD (OTA_STREAM_HEAD + 1u)
#define CUTS 100u /* more than such an update has operations */

static uint8_t image[300000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {
		.version = "2.0.0", .size = 3u * OTA_BLOCK_SIZE + 20000u, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static void begin(struct update *u)
{
	update_init(u, image, image_size);
	u->asks = u->sim.kind.skip = true;
}

/* The free slot holds the image, except for the blocks of changed (bits). */
static void fill_slot(const struct update *u, unsigned int changed)
{
	struct board *board = esp_board(update_device(u));
	const uint8_t *map = board_slot_map(board, board_update_slot(board), sizeof(image));
	uint8_t *slot = (uint8_t *)(uintptr_t)map; /* what was programmed there by cable */

	assert_non_null(slot);
	memcpy(slot, image, image_size);
	for (uint32_t i = 0; i < BLOCKS; i++)
		if (changed >> i & 1u)
			slot[i * OTA_BLOCK_SIZE + 1000u] ^= 4;
}

static struct flash_counters counters(const struct update *u)
{
	struct flash_counters c;

	board_flash_counters(esp_board(update_device(u)), &c);
	return c;
}

static void start(struct update *u, unsigned int changed)
{
	update_begin(u);
	fill_slot(u, changed);
}

/* Sent again, it takes a map of bytes and the proof; nothing is erased. */
static void test_same(void **state)
{
	struct flash_counters before, after;
	struct update u;

	(void)state;
	begin(&u);
	start(&u, 0);
	before = counters(&u);
	update_finish(&u, 30);
	after = counters(&u);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_int_equal(u.s.stats.sent_bytes, HEAD);
	assert_int_equal(session_kept(&u.s), image_size);
	assert_int_equal(after.block_erases, before.block_erases);
	/* Only the device's reading is left: twice, and the boot loader's check. */
	assert_true(u.s.stats.flash.erase_ms == 0 && u.s.stats.flash.write_ms == 0);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

static uint32_t block_bytes(unsigned int block)
{
	const uint32_t at = block * OTA_BLOCK_SIZE;

	return (uint32_t)image_size - at < OTA_BLOCK_SIZE ? (uint32_t)image_size - at
							  : OTA_BLOCK_SIZE;
}

/* Each block that differs is sent, and no other; stored, and compressed. */
static void test_one_changed(void **state)
{
	(void)state;
	for (unsigned int block = 0; block < BLOCKS; block++) {
		for (unsigned int window = 0; window <= 12; window += 12) {
			const uint32_t most = HEAD + OTA_BLOCK_HEAD + block_bytes(block);
			struct update u;

			begin(&u);
			u.window = window;
			start(&u, 1u << block);
			update_finish(&u, 30);
			assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
			assert_int_equal(session_kept(&u.s), image_size - block_bytes(block));
			if (window == 0)
				assert_int_equal(u.s.stats.sent_bytes, most);
			else
				assert_true(u.s.stats.sent_bytes <= most);
			assert_true(update_check_boots(&u));
			update_end(&u);
		}
	}
}

/* A device that says that it holds what it does not: the hash says otherwise, and all is sent. */
static void test_deceived(void **state)
{
	struct update u;

	(void)state;
	for (unsigned int changed = 1; changed < 1u << BLOCKS; changed += 2u) {
		begin(&u);
		u.deceived = true;
		start(&u, changed);
		update_finish(&u, 60);
		assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
		assert_int_equal(session_kept(&u.s), 0);
		assert_int_equal(u.s.stats.sent_bytes, HEAD + image_size);
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
}

/* Wherever power or the link is lost the device boots a whole image, and the update completes. */
static void lose(const char *kind, uint32_t at, unsigned int window)
{
	char spec[40];
	struct update u;

	(void)snprintf(spec, sizeof(spec), "%s@%u", kind, at);
	begin(&u);
	u.window = window;
	u.sim.kind.seed = at;
	update_fault(&u, spec);
	start(&u, 0x5);
	update_finish(&u, 300);
	if (u.s.outcome == SESSION_ROLLED_BACK && u.s.stats.done_us != 0) {
		update_wait(&u, 2000000u);
		assert_int_equal(pump_init(&u.pump, &u.session), 0);
		session_start(&u.s, update_now(&u));
		update_finish(&u, 60);
	}
	if (u.s.outcome != SESSION_CONFIRMED)
		fail_msg("%s: %s", spec, session_outcome_name(u.s.outcome));
	assert_true(update_check_boots(&u));
	update_end(&u);
}

static void test_power_cuts(void **state)
{
	(void)state;
	for (uint32_t op = 1; op <= CUTS; op++)
		lose("power-cut", op, op % 2u ? 12 : 0);
}

static void test_disconnects(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		lose("disconnect", 1u + i * 2500u, i % 2u ? 12 : 0);
}

/* Digests that get lost cost what they would have saved. */
static void test_digests_lost(void **state)
{
	struct update u;

	(void)state;
	begin(&u);
	update_fault(&u, "drop-notify@3");
	update_fault(&u, "drop-notify@4");
	start(&u, 0);
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

/* A device without the feature is asked nothing. */
static void test_without(void **state)
{
	struct update u;

	(void)state;
	begin(&u);
	u.sim.kind.skip = false;
	start(&u, 0);
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_null(u.s.stream);
	assert_int_equal(u.s.stats.sent_bytes, image_size);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),	    cmocka_unit_test(test_one_changed),
		cmocka_unit_test(test_deceived),    cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_disconnects), cmocka_unit_test(test_digests_lost),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
