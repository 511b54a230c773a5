/* SPDX-License-Identifier: Apache-2.0 */
/* Records survive: after a power cut at any operation, old or new is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "board/nvs.h"

#define OFFSET 0x9000u
#define SIZE 0x5000u

static struct flash flash;
static struct nvs nvs;

static void start(uint64_t seed)
{
	const struct flash_config config = {.size = 0x10000, .speed = FLASH_TYPICAL, .seed = seed};

	flash_finish(&flash);
	assert_int_equal(flash_init(&flash, &config, NULL, 0), 0);
	assert_int_equal(nvs_mount(&nvs, &flash, OFFSET, SIZE), 0);
}

static int setup(void **state)
{
	(void)state;
	start(1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flash_finish(&flash);
	return 0;
}

/* Records of a key differ in length as well as in content. */
static size_t make(uint8_t buf[NVS_PAYLOAD_MAX], uint16_t key, unsigned int version)
{
	size_t len = 1 + (key * 31u + version * 7u) % NVS_PAYLOAD_MAX;

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)(key + version + i);
	return len;
}

static int put(uint16_t key, unsigned int version)
{
	uint8_t buf[NVS_PAYLOAD_MAX];
	size_t len = make(buf, key, version);

	return nvs_write(&nvs, key, buf, len);
}

static bool holds(uint16_t key, unsigned int version)
{
	uint8_t expected[NVS_PAYLOAD_MAX], buf[NVS_PAYLOAD_MAX];
	size_t len = make(expected, key, version);
	int r = nvs_read(&nvs, key, buf, sizeof(buf));

	return r == (int)len && memcmp(buf, expected, len) == 0;
}

static void remount(void)
{
	assert_int_equal(nvs_mount(&nvs, &flash, OFFSET, SIZE), 0);
}

static void test_empty(void **state)
{
	struct flash_counters c;
	uint8_t buf[4];

	(void)state;
	assert_int_equal(nvs_read(&nvs, 1, buf, sizeof(buf)), -OTA_ENOENT);
	assert_int_equal(nvs_erase(&nvs, 1), 0);
	flash_counters(&flash, &c);
	assert_int_equal(c.operations, 0);
}

static void test_arguments(void **state)
{
	uint8_t buf[NVS_PAYLOAD_MAX + 1] = {0};
	struct nvs other;

	(void)state;
	assert_int_equal(nvs_mount(&other, &flash, OFFSET, FLASH_SECTOR_SIZE), -OTA_EINVAL);
	assert_int_equal(nvs_write(&nvs, 0, buf, 1), -OTA_EINVAL);
	assert_int_equal(nvs_write(&nvs, 0xffff, buf, 1), -OTA_EINVAL);
	assert_int_equal(nvs_write(&nvs, 1, buf, 0), -OTA_EINVAL);
	assert_int_equal(nvs_write(&nvs, 1, buf, sizeof(buf)), -OTA_EINVAL);
	assert_int_equal(nvs_write(&nvs, 1, buf, NVS_PAYLOAD_MAX), 0);
	assert_int_equal(nvs_read(&nvs, 1, buf, NVS_PAYLOAD_MAX - 1), -OTA_ENOSPC);
	assert_int_equal(nvs_read(&nvs, 1, buf, NVS_PAYLOAD_MAX), NVS_PAYLOAD_MAX);
}

static void test_many_writes_over_all_sectors(void **state)
{
	struct flash_counters c;

	(void)state;
	for (unsigned int version = 0; version < 500; version++) {
		for (uint16_t key = 1; key <= 3; key++)
			assert_int_equal(put(key, version), 0);
		if (version % 7 == 0)
			remount();
		for (uint16_t key = 1; key <= 3; key++)
			assert_true(holds(key, version));
	}
	flash_counters(&flash, &c);
	assert_int_equal(c.overwrites, 0);
	/* about one erase each 28 writes */
	assert_in_range(c.sector_erases, 1500 / 31, 1500 / 27);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(*flash_map(&flash, OFFSET + i * FLASH_SECTOR_SIZE, 1), 0x6f);
	assert_int_equal(*flash_map(&flash, OFFSET - 1, 1), 0xff);
	assert_int_equal(*flash_map(&flash, OFFSET + SIZE, 1), 0xff);
}

static void test_erase(void **state)
{
	uint8_t buf[NVS_PAYLOAD_MAX];

	(void)state;
	assert_int_equal(put(1, 1), 0);
	assert_int_equal(put(2, 1), 0);
	assert_int_equal(nvs_erase(&nvs, 1), 0);
	assert_int_equal(nvs_read(&nvs, 1, buf, sizeof(buf)), -OTA_ENOENT);
	for (unsigned int version = 0; version < 100; version++)
		assert_int_equal(put(3, version), 0);
	remount();
	assert_int_equal(nvs_read(&nvs, 1, buf, sizeof(buf)), -OTA_ENOENT);
	assert_true(holds(2, 1));
	/* erasing that has to move to another sector */
	for (unsigned int round = 0; round < 100; round++) {
		assert_int_equal(put(4, round), 0);
		assert_int_equal(nvs_erase(&nvs, 4), 0);
		assert_int_equal(nvs_read(&nvs, 4, buf, sizeof(buf)), -OTA_ENOENT);
	}
	assert_true(holds(2, 1));
	assert_true(holds(3, 99));
}

static void test_key_limit(void **state)
{
	uint16_t key;

	(void)state;
	for (unsigned int version = 0; version < 5; version++) {
		for (key = 1; key <= NVS_KEYS_MAX; key++)
			assert_int_equal(put(key, version), 0);
	}
	remount();
	for (key = 1; key <= NVS_KEYS_MAX; key++)
		assert_true(holds(key, 4));
	assert_int_equal(put(NVS_KEYS_MAX + 1, 0), 0); /* the unit that was free */
	assert_int_equal(put(NVS_KEYS_MAX + 2, 0), -OTA_ENOSPC);
	for (key = 1; key <= NVS_KEYS_MAX + 1; key++)
		assert_true(holds(key, key <= NVS_KEYS_MAX ? 4 : 0));
}

static void test_write_failure_keeps_the_old(void **state)
{
	unsigned int version = 0, failures = 0;

	(void)state;
	assert_int_equal(put(1, version), 0);
	/* One byte of each unit of all sectors in turn: the write that goes there fails. */
	for (uint32_t at = 64; at < SIZE; at += 128) {
		int r = 0;

		flash_fail_program(&flash, OFFSET + at);
		for (unsigned int i = 0; i < 200 && r == 0; i++)
			r = put(1, ++version);
		assert_int_equal(r, -OTA_EIO);
		failures++;
		remount();
		assert_true(holds(1, version - 1) || holds(1, version));
		assert_int_equal(put(1, ++version), 0);
		assert_true(holds(1, version));
	}
	assert_int_equal(failures, SIZE / 128);
}

/* Keys 1 and 2 written in turn; returns how many writes succeeded before the cut. */
static unsigned int write_until_cut(unsigned int writes)
{
	for (unsigned int i = 0; i < writes; i++) {
		int r = put((uint16_t)(1 + i % 2), i / 2);

		if (r < 0) {
			assert_int_equal(r, -OTA_EIO);
			return i;
		}
	}
	return writes;
}

static void assert_state_after(unsigned int done)
{
	uint8_t buf[NVS_PAYLOAD_MAX];

	for (uint16_t key = 1; key <= 2; key++) {
		/* versions 0 .. count - 1 of this key were written; perhaps the next too */
		unsigned int count = (done + (key == 1 ? 1 : 0)) / 2;
		bool under_way = done % 2 == (key == 1 ? 0 : 1);

		if (under_way && holds(key, count))
			continue;
		if (count == 0)
			assert_int_equal(nvs_read(&nvs, key, buf, sizeof(buf)), -OTA_ENOENT);
		else
			assert_true(holds(key, count - 1));
	}
}

static void test_power_cut_at_every_operation(void **state)
{
	const unsigned int writes = 130; /* four times round a sector */
	struct flash_counters c;

	(void)state;
	start(0);
	assert_int_equal(write_until_cut(writes), writes);
	flash_counters(&flash, &c);
	assert_true(c.sector_erases >= 5);
	for (uint64_t seed = 0; seed < 12; seed++) {
		for (uint64_t k = 1; k <= c.operations; k++) {
			unsigned int done;

			start(seed);
			flash_cut_power_at(&flash, k);
			done = write_until_cut(writes);
			assert_true(done < writes);
			flash_power_on(&flash);
			remount();
			assert_state_after(done);
			/* and life goes on */
			assert_int_equal(put(1, 1000), 0);
			assert_int_equal(put(2, 1001), 0);
			remount();
			assert_true(holds(1, 1000));
			assert_true(holds(2, 1001));
		}
	}
}

/* Cuts again and again, so that sectors pile up half erased and half written. */
static void test_power_cuts_in_a_row(void **state)
{
	struct rng rng;
	unsigned int settled = 0, version = 0;

	(void)state;
	start(7);
	rng_init(&rng, 7);
	assert_int_equal(put(9, 0), 0);
	for (unsigned int round = 0; round < 3000; round++) {
		struct flash_counters c;

		flash_counters(&flash, &c);
		flash_cut_power_at(&flash, c.operations + 1 + rng_below(&rng, 40));
		do {
			version++;
			if (put(9, version) == 0)
				settled = version;
		} while (flash_powered(&flash));
		flash_power_on(&flash);
		remount();
		if (holds(9, version))
			settled = version;
		assert_true(holds(9, settled));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_writes_over_all_sectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_failure_keeps_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cut_at_every_operation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power_cuts_in_a_row, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
