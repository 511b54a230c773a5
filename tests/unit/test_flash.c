/* SPDX-License-Identifier: Apache-2.0 */
/* NOR rules, times, faults and the damage of power cuts. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "board/flash.h"

#define SIZE 0x40000u

static struct flash flash;

static int setup_speed(enum flash_speed speed)
{
	const struct flash_config config = {.size = SIZE, .speed = speed, .seed = 1};

	return flash_init(&flash, &config, NULL, 0);
}

static int setup(void **state)
{
	(void)state;
	return setup_speed(FLASH_TYPICAL);
}

static int teardown(void **state)
{
	(void)state;
	flash_finish(&flash);
	return 0;
}

static void assert_filled(uint32_t offset, uint32_t len, uint8_t value)
{
	const uint8_t *data = flash_map(&flash, offset, len);

	assert_non_null(data);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(data[i], value);
}

static void test_nor_rules(void **state)
{
	const uint8_t first[3] = {0xf0, 0x55, 0xff}, second[3] = {0x3c, 0x55, 0x00};
	const uint8_t both[3] = {0x30, 0x55, 0x00};
	struct flash_counters counters;
	uint8_t buf[3];

	(void)state;
	assert_true(flash_is_new(&flash));
	assert_filled(0, SIZE, 0xff);
	assert_int_equal(flash_program(&flash, 0x1ffe, first, 3), 0);
	flash_counters(&flash, &counters);
	assert_int_equal(counters.overwrites, 0);
	assert_int_equal(flash_program(&flash, 0x1ffe, second, 3), 0);
	assert_int_equal(flash_read(&flash, 0x1ffe, buf, 3), 0);
	assert_memory_equal(buf, both, 3);
	flash_counters(&flash, &counters);
	assert_int_equal(counters.overwrites, 1);
	assert_int_equal(flash_erase(&flash, 0x1000, 0x1000), 0);
	assert_filled(0x1000, 0x1000, 0xff);
	assert_filled(0x2000, 1, 0x00);
}

static void test_range_and_alignment(void **state)
{
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(flash_erase(&flash, 0x800, 0x1000), -OTA_EINVAL);
	assert_int_equal(flash_erase(&flash, 0x1000, 0x800), -OTA_EINVAL);
	assert_int_equal(flash_erase(&flash, SIZE, 0x1000), -OTA_ERANGE);
	assert_int_equal(flash_erase(&flash, 0x1000, 0xfffff000u), -OTA_ERANGE);
	assert_int_equal(flash_program(&flash, SIZE, &byte, 1), -OTA_ERANGE);
	assert_int_equal(flash_program(&flash, 0xffffffffu, &byte, 1), -OTA_ERANGE);
	assert_int_equal(flash_program(&flash, SIZE - 1, &byte, 1), 0);
	assert_int_equal(flash_read(&flash, SIZE, &byte, 1), -OTA_ERANGE);
	assert_null(flash_map(&flash, 1, SIZE));
}

static void test_config_refused(void **state)
{
	struct flash other;
	char text[200];

	(void)state;
	assert_int_equal(flash_init(&other, &(struct flash_config){.size = 0}, NULL, 0),
			 -OTA_EINVAL);
	assert_int_equal(flash_init(&other, &(struct flash_config){.size = 4096}, text, 200),
			 -OTA_EINVAL);
	assert_non_null(strstr(text, "4096"));
}

static void test_times(void **state)
{
	uint64_t before;
	uint8_t buf[4096] = {0};

	(void)state;
	assert_int_equal(flash_erase_us(&flash, 0, 0x10000), 200000);
	assert_int_equal(flash_erase_us(&flash, 0x1000, 0x1000), 50000);
	/* 15 sectors up to the block, the block, one sector after it */
	assert_int_equal(flash_erase_us(&flash, 0x1000, 0x20000), 15 * 50000 + 200000 + 50000);
	assert_int_equal(flash_program_us(&flash, 280000), 1000000);
	assert_int_equal(flash_program_us(&flash, 4096), 14629);
	assert_int_equal(flash_read_us(&flash, 8000), 1000);

	before = flash_time_us(&flash);
	assert_int_equal(flash_erase(&flash, 0x10000, 0x11000), 0);
	assert_int_equal(flash_time_us(&flash) - before, 250000);
	before = flash_time_us(&flash);
	assert_int_equal(flash_program(&flash, 0x10000, buf, 4096), 0);
	assert_int_equal(flash_read(&flash, 0x10000, buf, 4096), 0);
	assert_int_equal(flash_time_us(&flash) - before, 14629 + 512);

	flash_slow_erase(&flash, 10);
	assert_int_equal(flash_erase_us(&flash, 0, 0x1000), 500000);
	assert_int_equal(flash_program_us(&flash, 280000), 1000000);
}

static void test_times_of_other_speeds(void **state)
{
	(void)state;
	flash_finish(&flash);
	assert_int_equal(setup_speed(FLASH_SLOW), 0);
	assert_int_equal(flash_erase_us(&flash, 0, 0x10000), 600000);
	assert_int_equal(flash_program_us(&flash, 280000), 3000000);
	assert_int_equal(flash_read_us(&flash, 8000), 3000);
	flash_finish(&flash);
	assert_int_equal(setup_speed(FLASH_IDEAL), 0);
	assert_int_equal(flash_erase(&flash, 0, SIZE), 0);
	assert_non_null(flash_map(&flash, 0, SIZE));
	assert_int_equal(flash_time_us(&flash), 0);
}

static void test_counters(void **state)
{
	struct flash_counters c;
	uint8_t buf[10] = {0};

	(void)state;
	assert_int_equal(flash_erase(&flash, 0x10000, 0x12000), 0);
	assert_int_equal(flash_program(&flash, 0, buf, 10), 0);
	assert_int_equal(flash_program(&flash, 0, buf, 0), 0);
	assert_int_equal(flash_read(&flash, 0, buf, 7), 0);
	flash_counters(&flash, &c);
	assert_int_equal(c.operations, 4);
	assert_int_equal(c.block_erases, 1);
	assert_int_equal(c.sector_erases, 2);
	assert_int_equal(c.bytes_erased, 0x12000);
	assert_int_equal(c.programs, 1);
	assert_int_equal(c.bytes_programmed, 10);
	assert_int_equal(c.bytes_read, 7);
}

static void test_dead_without_power(void **state)
{
	uint8_t buf[16];

	(void)state;
	memset(buf, 0xff, sizeof(buf));
	flash_cut_power_at(&flash, 1);
	assert_int_equal(flash_program(&flash, 0, buf, 16), -OTA_EIO);
	assert_false(flash_powered(&flash));
	assert_int_equal(flash_erase(&flash, 0, 0x1000), -OTA_EIO);
	assert_int_equal(flash_program(&flash, 0, buf, 16), -OTA_EIO);
	assert_int_equal(flash_read(&flash, 0, buf, 16), -OTA_EIO);
	assert_null(flash_map(&flash, 0, 16));
	flash_power_on(&flash);
	assert_filled(0, 16, 0xff);
}

static void test_cut_in_program(void **state)
{
	uint8_t pattern[256], torn = 0;
	const uint8_t *data;
	unsigned int n;

	(void)state;
	for (unsigned int i = 0; i < 256; i++)
		pattern[i] = (uint8_t)(i * 37u & 0x7fu);
	for (unsigned int round = 0; round < 400; round++) {
		const uint32_t at = 0x1000;

		assert_int_equal(flash_erase(&flash, at, 0x1000), 0);
		flash_cut_power_at(&flash, flash.counters.operations + 2);
		assert_int_equal(flash_program(&flash, at, pattern, 16), 0);
		assert_int_equal(flash_program(&flash, at + 16, pattern, 256), -OTA_EIO);
		assert_int_equal(flash_program(&flash, at + 16, pattern, 256), -OTA_EIO);
		flash_power_on(&flash);
		data = flash_map(&flash, at, 0x1000);
		assert_memory_equal(data, pattern, 16);
		for (n = 0; n < 256 && data[16 + n] == pattern[n]; n++)
			;
		if (n < 256 && data[16 + n] != 0xff) {
			/* torn: no bit cleared that was not to be */
			assert_int_equal(data[16 + n] & pattern[n], pattern[n]);
			torn = 1;
			n++;
		}
		for (; n < 256; n++)
			assert_int_equal(data[16 + n], 0xff);
	}
	assert_true(torn);
}

static void test_cut_in_erase(void **state)
{
	unsigned int zeros = 0, noise = 0, blank = 0;

	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		uint8_t fill[0x3000];
		const uint8_t *data;
		unsigned int old = 0, ff = 0;

		assert_int_equal(flash_erase(&flash, 0x1000, 0x3000), 0);
		memset(fill, 0x5a, sizeof(fill));
		assert_int_equal(flash_program(&flash, 0x1000, fill, 0x3000), 0);
		flash_cut_power_at(&flash, flash.counters.operations + 2);
		assert_int_equal(flash_erase(&flash, 0x1000, 0x3000), -OTA_EIO);
		flash_power_on(&flash);
		assert_filled(0x1000, 0x1000, 0xff); /* the first of three operations */
		assert_filled(0x3000, 0x1000, 0x5a); /* the third never began */
		data = flash_map(&flash, 0x2000, 0x1000);
		for (unsigned int i = 0; i < 0x1000; i++) {
			old += data[i] == 0x5a;
			ff += data[i] == 0xff;
		}
		if (ff >= 0x1000 - 8)
			blank++;
		else if (data[0] == 0 && data[1] == 0)
			zeros++;
		else if (old < 0x100)
			noise++;
	}
	assert_true(zeros > 5);
	assert_true(noise > 5);
	assert_true(blank > 5);
}

static void test_cut_is_numbered_and_seeded(void **state)
{
	uint8_t first[0x1000];
	const uint8_t zeros[64] = {0};
	struct flash_counters c;

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		flash_finish(&flash);
		assert_int_equal(setup_speed(FLASH_IDEAL), 0);
		flash_cut_power_at(&flash, 3);
		assert_int_equal(flash_program(&flash, 0, zeros, 64), 0);
		assert_int_equal(flash_erase(&flash, 0x10000, 0x10000), 0);
		assert_int_equal(flash_erase(&flash, 0, 0x1000), -OTA_EIO);
		flash_counters(&flash, &c);
		assert_int_equal(c.operations, 3);
		assert_int_equal(c.power_cuts, 1);
		flash_power_on(&flash);
		if (round == 0)
			assert_int_equal(flash_read(&flash, 0, first, sizeof(first)), 0);
		else
			assert_memory_equal(first, flash_map(&flash, 0, 0x1000), 0x1000);
		/* One cut only. */
		assert_int_equal(flash_erase(&flash, 0, 0x1000), 0);
	}
}

static void test_write_failure(void **state)
{
	uint8_t pattern[64];

	(void)state;
	memset(pattern, 0x11, sizeof(pattern));
	flash_fail_program(&flash, 0x1040);
	assert_int_equal(flash_program(&flash, 0x1000, pattern, 64), 0);
	assert_int_equal(flash_program(&flash, 0x1041, pattern, 64), 0);
	assert_int_equal(flash_program(&flash, 0x1020, pattern, 64), -OTA_EIO);
	assert_true(flash_powered(&flash));
	assert_int_equal(flash_program(&flash, 0x1020, pattern, 64), 0);
	assert_filled(0x1020, 64, 0x11);
}

static void test_preset_is_free(void **state)
{
	const uint8_t pattern[4] = {1, 2, 3, 4};
	struct flash_counters c;

	(void)state;
	flash_cut_power_at(&flash, 1);
	assert_int_equal(flash_preset(&flash, 8, pattern, 4), 0);
	assert_int_equal(flash_preset(&flash, SIZE - 3, pattern, 4), -OTA_ERANGE);
	flash_counters(&flash, &c);
	assert_int_equal(c.operations, 0);
	assert_int_equal(flash_time_us(&flash), 0);
	assert_memory_equal(flash_map(&flash, 8, 4), pattern, 4);
}

/* --- files --- */

static char directory[40];
static char path[64];

static int setup_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/otabench-flash-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/chip.bin", directory);
	return 0;
}

static int teardown_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static const uint8_t mark[4] = {1, 2, 3, 4};

static const struct flash_config *kept(void)
{
	static struct flash_config config;

	config = (struct flash_config){.size = SIZE, .path = path};
	return &config;
}

/* A process opens the chip, programs it, and is killed: by flash_program() where it is known as
 * a chip, by flash_preset() where it is new. */
static void killed(bool is_new)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (flash_init(&flash, kept(), NULL, 0) == 0 && flash_is_new(&flash) == is_new &&
		    (is_new ? flash_preset(&flash, 100, mark, 4)
			    : flash_program(&flash, 100, mark, 4)) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
}

static void make_kept(void)
{
	char text[300];

	assert_int_equal(flash_init(&flash, kept(), text, sizeof(text)), 0);
	assert_true(flash_is_new(&flash));
	assert_filled(0, SIZE, 0xff);
}

/* Dying is a power cut: what was written stays written. */
static void test_file(void **state)
{
	struct flash other;
	char text[300];

	(void)state;
	make_kept();
	assert_int_equal(flash_init(&other, kept(), text, sizeof(text)), -OTA_EBUSY);
	flash_finish(&flash);
	killed(false);
	assert_int_equal(flash_init(&flash, kept(), NULL, 0), 0);
	assert_false(flash_is_new(&flash));
	assert_memory_equal(flash_map(&flash, 100, 4), mark, 4);
	flash_finish(&flash);
	assert_int_equal(unlink(path), 0);
}

/* Cut off while it is in use: no signal, a flash that fails, and nothing written. */
static void test_file_cut_off(void **state)
{
	uint8_t byte[4];
	char text[300];

	(void)state;
	make_kept();
	flash_finish(&flash);
	assert_int_equal(flash_init(&flash, kept(), NULL, 0), 0);
	assert_int_equal(truncate(path, 5000), 0);
	assert_int_equal(flash_program(&flash, 70000, mark, 4), -OTA_EIO);
	assert_int_equal(flash_erase(&flash, 65536, 4096), -OTA_EIO);
	assert_int_equal(flash_read(&flash, SIZE - 4, byte, 4), 0);
	flash_finish(&flash);
	assert_int_equal(flash_init(&flash, kept(), text, sizeof(text)), -OTA_EBADMSG);
	assert_non_null(strstr(text, "5000"));
	assert_int_equal(unlink(path), 0);
}

/* Killed before it is what it should be: the next one begins anew. */
static void test_file_unpublished(void **state)
{
	(void)state;
	killed(true);
	assert_int_equal(access(path, F_OK), -1);
	make_kept();
	assert_int_equal(flash_publish(&flash), 0);
	assert_int_equal(access(path, F_OK), 0);
	flash_finish(&flash);
	assert_int_equal(unlink(path), 0);
}

static void test_file_refused(void **state)
{
	const struct flash_config wrong = {.size = 2 * SIZE, .path = path};
	struct flash_config nowhere = {.size = SIZE};
	char text[300], missing[300];

	(void)state;
	make_kept();
	assert_int_equal(flash_publish(&flash), 0);
	flash_finish(&flash);
	assert_int_equal(flash_init(&flash, &wrong, text, sizeof(text)), -OTA_EBADMSG);
	assert_non_null(strstr(text, path));
	assert_non_null(strstr(text, "524288"));
	(void)snprintf(missing, sizeof(missing), "%s/missing/chip.bin", directory);
	nowhere.path = missing;
	assert_int_equal(flash_init(&flash, &nowhere, text, sizeof(text)), -OTA_EIO);
	assert_non_null(strstr(text, missing));
	assert_int_equal(unlink(path), 0);
}

#define FILE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nor_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_range_and_alignment, setup, teardown),
		cmocka_unit_test(test_config_refused),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times_of_other_speeds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_without_power, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_in_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_in_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_is_numbered_and_seeded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preset_is_free, setup, teardown),
		FILE_TEST(test_file),
		FILE_TEST(test_file_cut_off),
		FILE_TEST(test_file_unpublished),
		FILE_TEST(test_file_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
