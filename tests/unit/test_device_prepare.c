/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PREPARE: the slot is erased before an update, so that the update need not wait for it.
 * What the next START finds, who may have it, and that nothing is lost but the way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define OWNER 3
#define OTHER 4
#define SLOT (4u * OTA_BLOCK_SIZE)
#define SIZE 150000u
#define BURST 4u

static uint8_t image[SLOT];
static struct dut dut;

static int set_up_with(const struct dut_options *options)
{
	const int rc = talk_set_up(&dut, options, OWNER, image, sizeof(image), 9);

	memset(dut.slots[1], 0, SLOT);
	memset(dut.clean[1], 0, SLOT);
	return rc;
}

static int automatic(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.slot_size = SLOT});
}

static int manual(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.slot_size = SLOT, .manual = true});
}

static int limited(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.slot_size = SLOT, .wear_burst = BURST});
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static uint32_t erased(void)
{
	uint32_t at = 0;

	while (at < SLOT && dut.clean[1][at])
		at++;
	return at;
}

/* An update of size bytes, as ever; returns the number of its erases. */
static uint32_t update(uint32_t size)
{
	const uint32_t erases = dut.erases;

	start_full(&dut, OWNER, image, size, 0);
	dut_settle(&dut);
	send_rest(&dut, OWNER, dut.dev.expected, image, 0, size);
	tell(&dut, OWNER, "04");
	dut_settle(&dut);
	assert_int_equal(dut.set_boots, 1);
	assert_memory_equal(dut.slots[1], image, size);
	dut_forget_notes(&dut);
	return dut.erases - erases;
}

static void test_whole_slot(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	says(&dut, OWNER, "04 01 00 00 00 00 00 00 04 00");
	assert_int_equal(dut.dev.state, OTA_STATE_PREPARING);
	dut_op_end(&dut);
	says(&dut, OWNER, "04 01 00 00 01 00 00 00 04 00");
	dut_settle(&dut);
	says(&dut, OWNER, "04 01 00 00 02 00 00 00 04 00");
	says(&dut, OWNER, "04 01 00 00 03 00 00 00 04 00");
	says(&dut, OWNER, "06 0c 00");
	silent(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.block_erases, 4);
	assert_int_equal(erased(), SLOT);
	/* Again: there is nothing to do, and nothing that wears. */
	tell(&dut, OWNER, "0c 00 00 00 00");
	says(&dut, OWNER, "06 0c 00");
	assert_int_equal(dut.erases, 4);
	assert_int_equal(update(SIZE), 0);
}

/* The rest of an image's size is erased, by block where blocks do. */
static void test_other_sizes(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 88 13 00 00"); /* 5000 bytes: two sectors */
	dut_settle(&dut);
	assert_int_equal(dut.erases, 2);
	assert_int_equal(erased(), 2u * OTA_SECTOR_SIZE);
	tell(&dut, OWNER, "0c 10 27 00 00"); /* 10000 bytes: one more */
	dut_settle(&dut);
	assert_int_equal(dut.erases, 3);
	tell(&dut, OWNER, "0c a0 86 01 00"); /* 100000: two blocks, the first of them again */
	dut_settle(&dut);
	assert_int_equal(dut.block_erases, 2);
	assert_int_equal(erased(), 2u * OTA_BLOCK_SIZE);
	dut_forget_notes(&dut);
	assert_int_equal(update(SIZE), 1); /* the third block */
}

/* A START while it erases takes over what is done by then. */
static void test_start_takes_over(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_op_end(&dut);
	dut_forget_notes(&dut);
	assert_int_equal(dut.op, OTA_OP_ERASE); /* the second block's */
	start_full(&dut, OWNER, image, SIZE, 0);
	says(&dut, OWNER, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00");
	silent(&dut); /* no RESULT: READY answers both, and waits for no erase */
	assert_int_equal(dut.op, OTA_OP_ERASE);
	send_value(&dut, OWNER, 0, image, 0, 500);
	dut_settle(&dut);
	assert_int_equal(dut.erases, 2);
	send_rest(&dut, OWNER, 1, image, 500, SIZE);
	tell(&dut, OWNER, "04");
	dut_settle(&dut);
	assert_int_equal(dut.set_boots, 1);
	assert_int_equal(dut.erases, 3);
	assert_memory_equal(dut.slots[1], image, SIZE);
}

/* One that is another thing, or comes while the erase is another's, waits as ever. */
static void test_others_wait(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_forget_notes(&dut);
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	silent(&dut);
	dut_settle(&dut);
	says(&dut, OWNER, "01 f0 49 02 00 f0 49 02 00 00 02 00 08 00 00 00");
	tell(&dut, OWNER, "02");
	dut_forget_notes(&dut);
	assert_int_equal(dut.op, OTA_OP_ERASE); /* of the pattern's first sector */
	tell(&dut, OWNER, "0c 00 00 00 00");
	start_full(&dut, OWNER, image, SIZE, 0);
	silent(&dut);
	dut_settle(&dut);
}

static void test_ends(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_op_end(&dut);
	tell(&dut, OWNER, "02");
	dut_settle(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.erases, 2);
	dut_forget_notes(&dut);
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_disconnect(&dut, OWNER);
	dut_settle(&dut);
	assert_int_equal(dut.erases, 3);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	dut_connect(&dut, OWNER);
	dut.fail_op = OTA_OP_ERASE;
	dut.fail_count = 1;
	dut.fail_code = -OTA_EIO;
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_settle(&dut);
	dut_forget_notes(&dut);
	assert_int_equal(dut.dev.last_error, OTA_ERR_ERASE);
	assert_int_equal(update(SLOT), 1); /* three blocks are still good */
}

/* After a restart the device knows nothing of the flash; and what was begun is no image. */
static void test_forgotten(void **state)
{
	uint8_t buf[OTA_INFO_SIZE];
	struct ota_info info;

	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_boot(&dut);
	dut_connect(&dut, OWNER);
	assert_int_equal(dut.boot_slot, 0);
	assert_int_equal(ota_device_read_info(&dut.dev, buf, sizeof(buf)), OTA_INFO_SIZE);
	assert_int_equal(ota_info_decode(buf, sizeof(buf), &info), 0);
	assert_int_equal(info.flags & OTA_INFO_CAN_ROLLBACK, 0);
	dut_forget_notes(&dut);
	assert_int_equal(update(SIZE), 3);
}

/* Flash that was written since is not taken for erased. */
static void test_written(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	start_full(&dut, OWNER, image, SIZE, 0);
	send_rest(&dut, OWNER, dut.dev.expected, image, 0, 5000);
	tell(&dut, OWNER, "02");
	dut_settle(&dut);
	dut_forget_notes(&dut);
	assert_int_equal(dut.erases, 4 + 1); /* the first sector's, at the end */
	assert_int_equal(update(SIZE), 3);
	assert_int_equal(dut.erases, 4 + 1 + 3);
}

/* The flash's own measurement erases, whatever was erased before. */
static void test_pattern_erases(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00 00");
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	tell(&dut, OWNER, "04");
	assert_int_equal(dut.erases, 4 + 3 + 1);
}

/* A host that only asks for STATUS has paused: the rest is erased, which holds up nothing. */
static void test_pause(void **state)
{
	(void)state;
	start_full(&dut, OWNER, image, SLOT, 0);
	tell(&dut, OWNER, "05");
	dut_wait(&dut, 1000);
	assert_int_equal(dut.erases, 0); /* nothing came yet: it may be no image to want */
	send_rest(&dut, OWNER, dut.dev.expected, image, 0, 5000);
	assert_int_equal(dut.erases, 2); /* the block that is written, and the next */
	tell(&dut, OTHER, "05");
	dut_wait(&dut, 3000);
	assert_int_equal(dut.erases, 2);
	tell(&dut, OWNER, "05");
	assert_int_equal(dut.erases, 4);
	assert_int_equal(dut.block_erases, 4);
	send_rest(&dut, OWNER, dut.dev.expected, image, 5000, SLOT);
	tell(&dut, OWNER, "04");
	assert_int_equal(dut.set_boots, 1);
	assert_int_equal(dut.erases, 4);
}

static void test_refused(void **state)
{
	(void)state;
	tell(&dut, OWNER, "0c 00 00 00");
	says(&dut, OWNER, "02 02 0c 04 00 00 00");
	tell(&dut, OWNER, "0c 01 00 04 00"); /* more than the slot */
	says(&dut, OWNER, "02 06 0c 00 00 04 00");
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	tell(&dut, OWNER, "0c 00 00 00 00");
	says(&dut, OWNER, "02 03 0c 00 01 00 00");
	dut.info.flags = 0;
	dut.forbids = true;
	tell(&dut, OWNER, "0c 00 00 00 00");
	says(&dut, OWNER, "02 12 0c 00 00 00 00");
	silent(&dut);
	assert_int_equal(dut.ops, 0);
}

/* PREPARE counts as an update that begins; flash that was erased by then may be used. */
static void test_wears(void **state)
{
	(void)state;
	for (uint32_t i = 0; i + 1 < BURST; i++) {
		tell(&dut, OWNER, "0c 88 13 00 00");
		dut_boot(&dut);
		dut_connect(&dut, OWNER);
	}
	tell(&dut, OWNER, "0c 00 00 00 00");
	dut_forget_notes(&dut);
	assert_int_equal(dut.first_erases, BURST);
	assert_int_equal(update(SIZE), 0);
	dut_boot(&dut);
	dut_connect(&dut, OWNER);
	dut.info.flags = 0; /* it was confirmed */
	tell(&dut, OWNER, "0c 00 00 00 00");
	says(&dut, OWNER, "02 04 0c 79 00 00 00"); /* busy, for two minutes */
}

#define TEST(f, set_up) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_slot, manual),
		TEST(test_other_sizes, automatic),
		TEST(test_start_takes_over, manual),
		TEST(test_others_wait, manual),
		TEST(test_ends, manual),
		TEST(test_forgotten, manual),
		TEST(test_written, automatic),
		TEST(test_pattern_erases, automatic),
		TEST(test_pause, automatic),
		TEST(test_refused, automatic),
		TEST(test_wears, limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
