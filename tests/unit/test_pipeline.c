/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flash behind the link: an update takes hardly longer than the slower of both, by the
 * times that the models of flash and air have.  Figures are seconds of the transfer: from START to
 * DONE where the device begins to erase for it while the link changes, else from LINK to DONE.
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

#include "board/flash.h"
#include "core/airtime.h"
#include "programlib.h"

#define SHARE 0.96
#define BUSY 0.99 /* of the time in which the flash could work, it does */
#define USUAL 600000u /* bytes of an image as most are */
#define WHOLE 1310720u /* that fills its slot */
#define RX_BUFFERS 8.0 /* PDUs that an ESP32-C3's controller holds */
/* Until START, READY and the first bytes went over the air, and DONE: an event each. */
#define EVENTS 4u

static char folder[] = "/tmp/otabench-pipeline.XXXXXX";
static char usual_image[80], whole_image[80];

static const struct flash typical = {
	.speed = FLASH_TYPICAL, .erase_factor = 1, .program_factor = 1};
static const struct flash slow = {.speed = FLASH_SLOW, .erase_factor = 1, .program_factor = 1};
static const struct airtime_link air = {
	.phy = OTA_PHY_2M,
	.data_length = 251,
	.interval_us = 10000,
};

static int build_one(char *path, size_t path_size, unsigned int size)
{
	struct program_ran r;

	(void)snprintf(path, path_size, "%s/%u.bin", folder, size);
	r = program_run("sample-image --chip=esp32c3 --size=%u %s", size, path);
	program_done(&r);
	return r.exit;
}

static int build(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	return build_one(usual_image, sizeof(usual_image), USUAL) |
	       build_one(whole_image, sizeof(whole_image), WHOLE);
}

static int clean(void **state)
{
	(void)state;
	(void)unlink(usual_image);
	(void)unlink(whole_image);
	return rmdir(folder);
}

/* Seconds of an update over 2M at 10 ms; its ceiling in bytes per second to *ret_link. */
static double seconds(const char *mode, const struct flash *flash, const char *more,
		      const char *image, double *ret_link)
{
	struct program_ran r = program_run(
		"--sim=devices=1,chip=esp32c3,phy=2M,interval=10,flash_mode=%s,flash=%s "
		"%s --json flash esp-sim-01 %s",
		mode, flash == &slow ? "slow" : "typical", more, image);
	double result;

	assert_int_equal(r.exit, 0);
	assert_non_null(r.last);
	result = json_number_value(json_object_get(r.last, "seconds"));
	*ret_link = json_number_value(json_object_get(r.last, "ceiling"));
	program_done(&r);
	return result;
}

/* Seconds in which the flash erases, programs and reads back one block. */
static double block_seconds(const struct flash *f)
{
	return 1e-6 *
	       (double)(flash_erase_us(f, 0, FLASH_BLOCK_SIZE) +
			flash_program_us(f, FLASH_BLOCK_SIZE) + flash_read_us(f, FLASH_BLOCK_SIZE));
}

/* Bytes per second that the slower of link and flash has. */
static double least(double link, const struct flash *f)
{
	const double flash = FLASH_BLOCK_SIZE / block_seconds(f);

	return link < flash ? link : flash;
}

static double erase_seconds(const struct flash *f, uint32_t size)
{
	const uint32_t sectors = (size + FLASH_SECTOR_SIZE - 1u) / FLASH_SECTOR_SIZE;

	return 1e-6 * (double)flash_erase_us(f, 0, sectors * FLASH_SECTOR_SIZE);
}

/* The time after the last byte was read back: the boot loader's check, and otadata. */
static double end_seconds(const struct flash *f, uint32_t size)
{
	return 1e-6 * (double)(flash_read_us(f, size) + flash_erase_us(f, 0, FLASH_SECTOR_SIZE));
}

/* All that the flash has to do for an image. */
static double work_seconds(const struct flash *f, uint32_t size)
{
	return erase_seconds(f, size) +
	       1e-6 * (double)(flash_program_us(f, size) + flash_read_us(f, size)) +
	       end_seconds(f, size);
}

static void assert_share(const char *what, double took, double at_best, double share)
{
	print_message("%-46s %6.3f s, %5.3f of what is possible\n", what, took, at_best / took);
	assert_true(took > 0);
	assert_true(at_best / took >= share);
}

static void assert_reached(const char *what, double took, double at_best)
{
	assert_share(what, took, at_best, SHARE);
}

/* The part that the size of the image does not matter to is small beside a whole slot. */
static void test_whole_slot(void **state)
{
	double link, took;

	(void)state;
	took = seconds("auto-suspend", &typical, "", whole_image, &link);
	assert_reached("a whole slot, auto-suspend", took, WHOLE / least(link, &typical));
	took = seconds("auto-suspend", &slow, "", whole_image, &link);
	assert_reached("a whole slot, auto-suspend, slow", took, WHOLE / least(link, &slow));
	took = seconds("usual", &slow, "", whole_image, &link);
	assert_reached("a whole slot, usual, slow", took, WHOLE / least(link, &slow));
}

/*
 * Half of a slot, where the flash limits and goes on while it erases.  What it takes beside its blocks
 * is all known: the sectors behind the last of them, the end, and the events before and behind.
 */
static void half_slot(const char *what, const struct flash *f)
{
	const double events = EVENTS * 1e-6 * air.interval_us;
	double link, took, blocks;

	took = seconds("auto-suspend", f, "", usual_image, &link);
	blocks = USUAL / least(link, f);
	print_message(
		"%-46s %6.3f s: %5.3f of its blocks' rate; besides %.3f s for the last sectors, "
		"%.3f s at the end, %.3f s on the air\n",
		what, took, blocks / took, work_seconds(f, USUAL) - end_seconds(f, USUAL) - blocks,
		end_seconds(f, USUAL), events);
	assert_share(what, took, work_seconds(f, USUAL) + events, BUSY);
}

static void test_half_slot(void **state)
{
	(void)state;
	half_slot("600 kB, auto-suspend", &typical);
	half_slot("600 kB, auto-suspend, slow", &slow);
}

/* The flash is busy even if the chip stands still meanwhile, as long as it is slow. */
static void test_flash_is_busy(void **state)
{
	double link, took;

	(void)state;
	took = seconds("usual", &slow, "", usual_image, &link);
	assert_share("600 kB, usual, slow", took, work_seconds(&slow, USUAL), BUSY);
}

/* Flash that is erased during the handshake is not erased during the transfer; but a device that
 * stands still for it is left alone while the link changes. */
static void test_prepared(void **state)
{
	double link, took, without;

	(void)state;
	without = seconds("auto-suspend", &typical, "", usual_image, &link);
	took = seconds("auto-suspend", &typical, "--set=prepare=yes", usual_image, &link);
	assert_share("600 kB, auto-suspend, prepare=yes", took, work_seconds(&typical, USUAL),
		     BUSY);
	assert_true(took < without);
	without = seconds("usual", &typical, "", usual_image, &link);
	assert_true(seconds("usual", &typical, "--set=prepare=yes", usual_image, &link) == without);
}

/*
 * The link stands still for each erase except for what the controller's buffers hold; for writes it
 * does not, since they are short; and the device is alone at the end.
 */
static void test_standstill(void **state)
{
	const double held = RX_BUFFERS * airtime_pair_us(&air, 251, 0) * 1e-6;
	const unsigned int erases =
		USUAL / FLASH_BLOCK_SIZE + USUAL % FLASH_BLOCK_SIZE / FLASH_SECTOR_SIZE + 1;
	double link, took;

	(void)state;
	took = seconds("usual", &typical, "", usual_image, &link);
	assert_reached("600 kB, usual", took,
		       USUAL / link + erase_seconds(&typical, USUAL) - erases * held +
			       end_seconds(&typical, USUAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_slot),    cmocka_unit_test(test_half_slot),
		cmocka_unit_test(test_flash_is_busy), cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_standstill),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
