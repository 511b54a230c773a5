/* SPDX-License-Identifier: Apache-2.0 */
/* otadata holds ESP-IDF's bytes and keeps its boot loader's rules, power cuts included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "board/otadata.h"

#define OFFSET 0xe000u

static struct flash flash;
static struct otadata o;

static void start(uint32_t slots, uint64_t seed)
{
	const struct flash_config config = {.size = 0x10000, .speed = FLASH_IDEAL, .seed = seed};

	flash_finish(&flash);
	assert_int_equal(flash_init(&flash, &config, NULL, 0), 0);
	o = (struct otadata){.flash = &flash, .offset = OFFSET, .slots = slots};
}

static int setup(void **state)
{
	(void)state;
	start(2, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flash_finish(&flash);
	return 0;
}

static void preset(unsigned int index, uint32_t sequence, uint32_t state, uint32_t crc)
{
	struct otadata_entry entry = {.sequence = sequence, .state = state, .crc = crc};
	uint8_t buf[OTADATA_ENTRY_SIZE];

	memset(entry.label, 0xff, sizeof(entry.label));
	otadata_encode(&entry, buf);
	assert_int_equal(flash_preset(&flash, OFFSET + index * FLASH_SECTOR_SIZE, buf, sizeof(buf)),
			 0);
}

static void put(unsigned int index, uint32_t sequence, uint32_t state)
{
	preset(index, sequence, state, otadata_crc(sequence));
}

static void assert_entry(unsigned int index, uint32_t sequence, uint32_t state)
{
	struct otadata_entry entries[2];

	assert_int_equal(otadata_read(&o, entries), 0);
	assert_int_equal(entries[index].sequence, sequence);
	assert_int_equal(entries[index].state, state);
	assert_int_equal(entries[index].crc, otadata_crc(sequence));
}

/* One boot whose chosen image is whole. */
static int boot(bool *ret_pending)
{
	struct otadata_selection sel;
	int r = otadata_select(&o, &sel);

	if (r < 0)
		return r;
	if (sel.first < 0)
		sel.first = 0;
	if (sel.initial) {
		r = otadata_booted(&o, (unsigned int)sel.first);
		if (r < 0)
			return r;
	}
	if (ret_pending)
		*ret_pending = sel.pending;
	return sel.first;
}

static void test_crc(void **state)
{
	(void)state;
	/* binascii.crc32(struct.pack('<I', seq), 0xffffffff), as otatool.py has it */
	assert_int_equal(otadata_crc(1), 0x4743989a);
	assert_int_equal(otadata_crc(2), 0x55f63774);
	assert_int_equal(otadata_crc(3), 0xed4a5011);
}

static void test_bytes(void **state)
{
	static const uint8_t expected[32] = {
		0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x9a, 0x98, 0x43, 0x47,
	};

	(void)state;
	assert_int_equal(boot(NULL), 0);
	assert_memory_equal(flash_map(&flash, OFFSET, 32), expected, 32);
	assert_int_equal(*flash_map(&flash, OFFSET + 32, 1), 0xff);
	assert_int_equal(*flash_map(&flash, OFFSET + FLASH_SECTOR_SIZE, 1), 0xff);
}

static void test_active(void **state)
{
	struct otadata_entry e[2];

	(void)state;
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), -1);
	put(0, 5, OTADATA_VALID);
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), 0);
	put(1, 6, OTADATA_UNDEFINED);
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), 1);
	assert_int_equal(otadata_slot(&o, &e[1]), 1);
	put(1, 6, OTADATA_ABORTED);
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), 0);
	preset(1, 6, OTADATA_VALID, otadata_crc(6) ^ 1u);
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), 0);
	put(0, 5, OTADATA_INVALID);
	assert_int_equal(otadata_read(&o, e), 0);
	assert_int_equal(otadata_active(e), -1);
}

static void test_select_without_entries(void **state)
{
	struct otadata_selection sel;

	(void)state;
	assert_int_equal(otadata_select(&o, &sel), 0);
	assert_int_equal(sel.first, 0);
	assert_true(sel.initial);
	/* damaged, yet not "invalid": no active entry, all slots are tried */
	preset(0, 7, OTADATA_VALID, 0);
	assert_int_equal(otadata_select(&o, &sel), 0);
	assert_int_equal(sel.first, -1);
	assert_false(sel.initial);
	/* both given up: ota_0, and otadata stays as it is */
	put(0, 1, OTADATA_INVALID);
	put(1, 2, OTADATA_ABORTED);
	assert_int_equal(otadata_select(&o, &sel), 0);
	assert_int_equal(sel.first, 0);
	assert_false(sel.initial);
}

static void test_update_confirmed(void **state)
{
	uint32_t image = 0;
	unsigned int slot = 9;
	bool pending = true;

	(void)state;
	assert_int_equal(boot(&pending), 0);
	assert_false(pending);
	assert_entry(0, 1, OTADATA_VALID);
	assert_int_equal(otadata_fallback(&o, &slot), -OTA_ENOENT);
	assert_int_equal(otadata_set_boot(&o, 1), 0);
	assert_entry(0, 1, OTADATA_VALID);
	assert_entry(1, 2, OTADATA_NEW);
	assert_int_equal(boot(&pending), 1);
	assert_true(pending);
	assert_entry(1, 2, OTADATA_PENDING_VERIFY);
	assert_int_equal(otadata_state(&o, 1, &image), 0);
	assert_int_equal(image, OTADATA_PENDING_VERIFY);
	assert_int_equal(otadata_fallback(&o, &slot), 0);
	assert_int_equal(slot, 0);
	assert_int_equal(otadata_mark_valid(&o), 0);
	assert_entry(1, 2, OTADATA_VALID);
	assert_int_equal(boot(&pending), 1);
	assert_false(pending);
	/* and back to the other slot, in the other sector */
	assert_int_equal(otadata_set_boot(&o, 0), 0);
	assert_entry(0, 3, OTADATA_NEW);
	assert_entry(1, 2, OTADATA_VALID);
	assert_int_equal(boot(&pending), 0);
	assert_true(pending);
}

static void test_confirm_twice_writes_once(void **state)
{
	struct flash_counters before, after;

	(void)state;
	put(0, 1, OTADATA_PENDING_VERIFY);
	assert_int_equal(otadata_mark_valid(&o), 0);
	flash_counters(&flash, &before);
	assert_int_equal(otadata_mark_valid(&o), 0);
	flash_counters(&flash, &after);
	assert_int_equal(before.operations, after.operations);
}

static void test_unconfirmed_is_rolled_back(void **state)
{
	struct otadata_selection sel;
	unsigned int slot;

	(void)state;
	assert_int_equal(boot(NULL), 0);
	assert_int_equal(otadata_set_boot(&o, 1), 0);
	assert_int_equal(boot(NULL), 1);
	assert_int_equal(otadata_select(&o, &sel), 0);
	assert_int_equal(sel.first, 0);
	assert_true(sel.aborted);
	assert_false(sel.pending);
	assert_entry(1, 2, OTADATA_ABORTED);
	assert_int_equal(otadata_fallback(&o, &slot), -OTA_ENOENT);
	/* the next update takes the same number again */
	assert_int_equal(otadata_set_boot(&o, 1), 0);
	assert_entry(1, 2, OTADATA_NEW);
	assert_int_equal(boot(NULL), 1);
}

static void test_rollback_asked_for(void **state)
{
	(void)state;
	assert_int_equal(otadata_mark_invalid(&o), -OTA_ENOENT);
	assert_int_equal(otadata_mark_valid(&o), -OTA_ENOENT);
	put(0, 1, OTADATA_VALID);
	put(1, 2, OTADATA_VALID);
	assert_int_equal(otadata_mark_invalid(&o), 0);
	assert_entry(1, 2, OTADATA_INVALID);
	assert_int_equal(boot(NULL), 0);
}

static void test_set_boot_of_the_running_slot(void **state)
{
	(void)state;
	put(0, 3, OTADATA_VALID);
	put(1, 2, OTADATA_VALID);
	assert_int_equal(otadata_set_boot(&o, 0), 0);
	assert_entry(0, 3, OTADATA_NEW);
	assert_entry(1, 2, OTADATA_VALID);
	assert_int_equal(otadata_set_boot(&o, 2), -OTA_EINVAL);
}

/* compute_ota_seq_for_target_slot(), counted up by hand. */
static void test_sequences_of_many_slots(void **state)
{
	(void)state;
	for (uint32_t slots = 2; slots <= 16; slots++) {
		uint32_t current = 1;

		start(slots, 1);
		put(0, current, OTADATA_VALID);
		for (unsigned int round = 0; round < 40; round++) {
			unsigned int slot = (round * 7 + 1) % slots;
			uint32_t expected = current;
			struct otadata_entry e[2];

			while ((expected - 1) % slots != slot)
				expected++;
			assert_int_equal(otadata_set_boot(&o, slot), 0);
			assert_int_equal(otadata_read(&o, e), 0);
			current = e[otadata_active(e)].sequence;
			assert_int_equal(current, expected);
			assert_int_equal(boot(NULL), slot);
			assert_int_equal(otadata_mark_valid(&o), 0);
		}
	}
}

static void test_state_of_nothing(void **state)
{
	uint32_t image;

	(void)state;
	assert_int_equal(otadata_state(&o, 0, &image), -OTA_ENOENT);
}

/* --- power cuts --- */

static int set_boot_1(void)
{
	return otadata_set_boot(&o, 1);
}

static int confirm(void)
{
	return otadata_mark_valid(&o);
}

static int give_up(void)
{
	return otadata_mark_invalid(&o);
}

static int just_boot(void)
{
	int r = boot(NULL);

	return r < 0 ? r : 0;
}

/*
 * From entries with slot 0 settled, cuts power in the given operation of an
 * action; afterwards one of the two slots must be chosen, and a slot of which
 * nothing is known never.
 */
static void cut_each(const uint32_t states[2], int (*action)(void), unsigned int allowed,
		     unsigned int operations)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		for (unsigned int k = 1; k <= operations; k++) {
			int slot;

			start(2, seed);
			if (states[0] != OTADATA_UNDEFINED)
				put(0, 1, states[0]);
			if (states[1] != OTADATA_UNDEFINED)
				put(1, 2, states[1]);
			flash_cut_power_at(&flash, k);
			assert_int_equal(action(), -OTA_EIO);
			flash_power_on(&flash);
			slot = boot(NULL);
			assert_in_range(slot, 0, 1);
			assert_true(allowed & 1u << slot);
		}
		start(2, seed);
		if (states[0] != OTADATA_UNDEFINED)
			put(0, 1, states[0]);
		if (states[1] != OTADATA_UNDEFINED)
			put(1, 2, states[1]);
		assert_int_equal(action(), 0);
		assert_int_equal(flash.counters.operations, operations);
	}
}

static void test_power_cuts(void **state)
{
	static const uint32_t settled[2] = {OTADATA_VALID, OTADATA_UNDEFINED};
	static const uint32_t updated[2] = {OTADATA_VALID, OTADATA_NEW};
	static const uint32_t pending[2] = {OTADATA_VALID, OTADATA_PENDING_VERIFY};
	static const uint32_t aborted[2] = {OTADATA_VALID, OTADATA_ABORTED};

	(void)state;
	/* slot 1 holds a whole image by then, so either may boot */
	cut_each(settled, set_boot_1, 3, 2);
	cut_each(aborted, set_boot_1, 3, 2);
	cut_each(updated, just_boot, 3, 2);
	cut_each(pending, confirm, 3, 2);
	/* a pending image is given up, whatever happens to the entry that says so */
	cut_each(pending, just_boot, 1, 2);
	cut_each(pending, give_up, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_active, setup, teardown),
		cmocka_unit_test_setup_teardown(test_select_without_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_confirm_twice_writes_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unconfirmed_is_rolled_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rollback_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_boot_of_the_running_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sequences_of_many_slots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_of_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cuts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
