/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standstill while the flash works, against sums of the times that flash.h and
 * the air have: a chip whose code runs from flash receives nothing during an erase but
 * what its controller's buffers hold, one that suspends the erase goes on receiving.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "programlib.h"

#define SIZE 600000.0
#define BLOCKS 9.0 /* of 64 KiB, erased as such; the rest goes by sectors */
#define REST 3.0 /* sectors */
#define BLOCK_ERASE 0.2 /* s: flash.h */
#define SECTOR_ERASE 0.05
#define PROGRAM (4096.0 / 280000.0)
#define LINK_2M 173200.0 /* bytes/s at 2M, 10 ms, 495 octets: airtime.h */
#define PAIR_2M 0.001392 /* s: 251 octets and an empty PDU on 2M */
#define PDU_BYTES 247.0 /* of a value, in one of its two PDUs */

static char folder[] = "/tmp/otabench-flash-mode.XXXXXX";
static const char *const chips[] = {"esp32", "esp32c3", "esp32s3", "esp32c6", "esp32h2"};

#define CHIPS (sizeof(chips) / sizeof(chips[0]))

static int build(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (size_t i = 0; i < CHIPS; i++) {
		struct program_ran r = program_run("sample-image --chip=%s --size=600000 %s/%s",
						   chips[i], folder, chips[i]);

		if (r.exit != 0)
			return -1;
		program_done(&r);
	}
	return 0;
}

static int clean(void **state)
{
	char path[80];

	(void)state;
	for (size_t i = 0; i < CHIPS; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, chips[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

static double chip_goodput(const char *chip, const char *more)
{
	struct program_ran r = program_run("--sim=devices=1,chip=%s,phy=2M,interval=10%s "
					   "--json flash esp-sim-01 %s/%s",
					   chip, more, folder, chip);
	double rate;

	assert_int_equal(r.exit, 0);
	assert_non_null(r.last);
	rate = json_number_value(json_object_get(r.last, "goodput"));
	program_done(&r);
	return rate;
}

static double goodput(const char *more)
{
	return chip_goodput("esp32c3", more);
}

/* Seconds of a transfer in which nothing can arrive: erases, less what the buffers hold. */
static double stopped(double buffers)
{
	const double held = buffers * PAIR_2M;

	return BLOCKS * (BLOCK_ERASE - held) +
	       REST * (SECTOR_ERASE > held ? SECTOR_ERASE - held : 0);
}

/* At the least, the writes' stops are hidden; at the most, none of them is. */
static void test_usual_stands_still(void **state)
{
	const double most = SIZE / (SIZE / LINK_2M + stopped(8));
	const double least =
		SIZE / (SIZE / LINK_2M + BLOCKS * BLOCK_ERASE + REST * SECTOR_ERASE +
			SIZE / 4096.0 * PROGRAM + 0.5 /* START, END, the check, otadata */);
	const double rate = goodput(",flash_mode=usual");

	(void)state;
	assert_true(rate < most);
	assert_true(rate > least);
}

/* Six more buffers bring at most six more packets across each erase and write. */
static void test_buffers_bridge(void **state)
{
	const double two = goodput(",flash_mode=usual,rx_buffers=2");
	const double eight = goodput(",flash_mode=usual,rx_buffers=8");
	const double many = goodput(",flash_mode=usual,rx_buffers=24");
	const double writes = SIZE / 4096.0 + BLOCKS + REST;

	(void)state;
	assert_true(two < eight && eight < many);
	assert_true(goodput(",flash_mode=usual") == eight);
	assert_true(SIZE / two - SIZE / eight < writes * 6.0 * PDU_BYTES / LINK_2M);
	/* 24 packets bridge each write: what is left is the erases. */
	assert_true(many > 0.9 * SIZE / (SIZE / LINK_2M + stopped(24)));
}

/* esp_receive_pdus(): 8 of the Riviera Waves link layer, 24 of Espressif's own. */
static void test_chips(void **state)
{
	const double eight = goodput(",rx_buffers=8");
	const double many = goodput(",rx_buffers=24");

	(void)state;
	for (size_t i = 0; i < CHIPS; i++)
		assert_true(chip_goodput(chips[i], "") == (i < 3 ? eight : many));
}

/* Whoever names no mode measures a chip, not what is kinder than any. */
static void test_default(void **state)
{
	const double usual = goodput(",flash_mode=usual");

	(void)state;
	assert_true(goodput("") == usual);
	assert_true(goodput(",flash_mode=lenient") > usual);
}

static void test_suspended_goes_on(void **state)
{
	const double flash = 65536.0 / (BLOCK_ERASE + 16.0 * PROGRAM + 65536.0 / 8e6);
	const double suspend = goodput(",flash_mode=auto-suspend");

	(void)state;
	assert_true(suspend == goodput(",flash_mode=psram"));
	/* The rest of the flash's rate: the last block by sectors, the check, otadata. */
	assert_in_range((uintmax_t)suspend, (uintmax_t)(0.9 * flash), (uintmax_t)flash);
}

static json_int_t abilities(const char *more)
{
	struct program_ran r = program_run("--sim=devices=1%s --json info esp-sim-01", more);
	const json_t *info = r.last, *inner = json_object_get(info, "info");
	json_int_t bits;

	assert_int_equal(r.exit, 0);
	assert_non_null(info);
	if (inner)
		info = inner;
	assert_non_null(json_object_get(info, "abilities"));
	bits = json_integer_value(json_object_get(info, "abilities"));
	program_done(&r);
	return bits;
}

static void test_info_tells(void **state)
{
	(void)state;
	assert_int_equal(abilities(",flash_mode=usual"), 0);
	assert_int_equal(abilities(",flash_mode=auto-suspend"), 2);
	assert_int_equal(abilities(",flash_mode=psram"), 4);
	assert_int_equal(abilities(",flash_mode=lenient"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_stands_still),
		cmocka_unit_test(test_buffers_bridge),
		cmocka_unit_test(test_chips),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_suspended_goes_on),
		cmocka_unit_test(test_info_tells),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
