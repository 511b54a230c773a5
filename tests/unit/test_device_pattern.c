/* SPDX-License-Identifier: Apache-2.0 */
/*
 * START's flag *pattern*: the device writes bytes of its own to the slot, to measure its
 * flash.  What it says, what it refuses, and that nothing of it is ever left to boot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define OWNER 3
#define SIZE 150000u /* two blocks, and more than 3 sectors of a third */
#define BURST 4u

static uint8_t image[SIZE];
static struct dut dut;

static int set_up_with(const struct dut_options *options)
{
	return talk_set_up(&dut, options, OWNER, image, sizeof(image), 8);
}

static int automatic(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.ring_size = 0});
}

static int manual(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.manual = true});
}

static int limited(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.wear_burst = BURST});
}

static int small_writes(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.write_size = 1024, .manual = true});
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static bool all_erased(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] != 0xff)
			return false;
	return true;
}

static void sector_is_spoiled(void)
{
	assert_true(all_erased(dut.slots[1], OTA_SECTOR_SIZE));
	assert_int_equal(dut.boot_slot, 0);
	assert_int_equal(dut.set_boots, 0);
	assert_int_equal(dut.reboots, 0);
}

static void test_conversation(void **state)
{
	uint8_t status[] = {OTA_CMD_STATUS};

	(void)state;
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	/* all is there: offset and limit are the size */
	says(&dut, OWNER, "01 f0 49 02 00 f0 49 02 00 00 02 00 08 00 00 00");
	says(&dut, OWNER, "04 01 00 00 00 00 00 50 02 00");
	assert_int_equal(dut.op, OTA_OP_ERASE);
	assert_int_equal(dut.op_len, OTA_BLOCK_SIZE);
	tell(&dut, OWNER, "04");
	says(&dut, OWNER, "04 03 00 00 00 00 f0 49 02 00");
	while (dut.reads == 0)
		assert_true(dut_op_end(&dut));
	assert_int_equal(dut.erases, 3);
	assert_int_equal(dut.block_erases, 3);
	assert_int_equal(dut.writes, (SIZE + OTA_SECTOR_SIZE - 1) / OTA_SECTOR_SIZE);
	/* The slot repeats the ring, up to the last byte. */
	for (uint32_t at = 0; at < SIZE; at++)
		assert_int_equal(dut.slots[1][at], dut.config.ring[at % dut.config.ring_size]);
	assert_int_not_equal(dut.slots[1][0], 0xe9);
	assert_true(all_erased(dut.slots[1] + SIZE, 3u * OTA_BLOCK_SIZE - SIZE));
	dut_forget_notes(&dut);
	while (dut.note_count == 0)
		assert_true(dut_op_end(&dut));
	/* DONE: no slot, no reboot, no hash; and before anything else the first sector goes. */
	says(&dut, OWNER, "03 f0 49 02 00 ff ff ff 00 00 00 00 00 00 00 00");
	assert_int_equal(dut.op, OTA_OP_ERASE);
	assert_int_equal(dut.op_at, 0);
	assert_int_equal(dut.op_len, OTA_SECTOR_SIZE);
	dut_settle(&dut);
	sector_is_spoiled();
	assert_int_equal(dut.persists, 0);
	dut_control(&dut, OWNER, status, sizeof(status));
	says(&dut, OWNER, "05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00");
}

/* The last TIMES comes right before DONE and tells all that was done. */
static void test_times(void **state)
{
	struct ota_times times = {0};
	struct dut_note note, last = {0};
	uint32_t erases = 0, writes = 0, reads = 0;

	(void)state;
	tell(&dut, OWNER, "0a f4 01");
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	tell(&dut, OWNER, "04");
	while (dut.dev.state == OTA_STATE_VERIFYING) {
		const uint32_t ms = dut.op == OTA_OP_ERASE ? 40 : dut.op == OTA_OP_WRITE ? 15 : 1;

		*(dut.op == OTA_OP_ERASE   ? &erases
		  : dut.op == OTA_OP_WRITE ? &writes
					   : &reads) += ms;
		dut_wait(&dut, ms);
		assert_true(dut_op_end(&dut));
	}
	while (dut_take(&dut, &note) && note.bytes[0] != OTA_EVT_DONE)
		last = note;
	assert_int_equal(note.bytes[0], OTA_EVT_DONE);
	assert_int_equal(ota_times_decode(last.bytes, last.len, &times), 0);
	assert_int_equal(times.erase_ms, erases);
	assert_int_equal(times.write_ms, writes);
	assert_int_equal(times.read_ms, reads);
	dut_settle(&dut);
}

static void test_refused(void **state)
{
	const struct ota_start large = {
		.version = OTA_PROTOCOL_VERSION,
		.flags = OTA_START_PATTERN,
		.image_size = dut.info.slot_size + 1,
		.stream_size = dut.info.slot_size + 1,
	};
	uint8_t buf[OTA_CONTROL_MAX];

	(void)state;
	dut_control(&dut, OWNER, buf, (size_t)ota_start_encode(&large, buf, sizeof(buf)));
	says(&dut, OWNER, "02 06 01 00 00 04 00");
	dut.info.flags |= OTA_INFO_PENDING_VERIFY; /* the other slot is the way back */
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	says(&dut, OWNER, "02 03 01 00 01 00 00");
	dut.info.flags = 0;
	dut.forbids = true;
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	says(&dut, OWNER, "02 12 01 00 00 00 00");
	silent(&dut);
	assert_int_equal(dut.ops, 0);
}

static void test_wears(void **state)
{
	struct dut_note note;
	uint32_t done = 0;

	(void)state;
	for (uint32_t i = 0; i < BURST; i++) {
		start_full(&dut, OWNER, image, 5000, OTA_START_PATTERN);
		tell(&dut, OWNER, "04");
		while (dut_take(&dut, &note))
			done += note.bytes[0] == OTA_EVT_DONE;
	}
	/* The erase at the end is one of block 0, too. */
	assert_int_equal(done, BURST / 2u);
	assert_int_equal(dut.first_erases, BURST);
	start_full(&dut, OWNER, image, 5000, OTA_START_PATTERN);
	says(&dut, OWNER, "02 04 01 79 00 00 00"); /* busy, for two minutes */
}

/* A cell that does not keep what was written. */
static void test_read_back(void **state)
{
	(void)state;
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	tell(&dut, OWNER, "04");
	while (dut.reads == 0)
		assert_true(dut_op_end(&dut));
	dut.slots[1][70000] ^= 1;
	dut_forget_notes(&dut);
	dut_settle(&dut);
	says(&dut, OWNER, "02 0a 00 00 10 01 00"); /* hash, in the sector at 0x11000 */
	silent(&dut);
	sector_is_spoiled();
}

static void begin(void)
{
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	while (dut.writes < 3)
		assert_true(dut_op_end(&dut));
	dut_forget_notes(&dut);
}

/* However it ends, nothing of it can be resumed or boots; and the next update is as ever. */
static void test_ends(void **state)
{
	(void)state;
	begin();
	tell(&dut, OWNER, "02");
	dut_settle(&dut);
	says(&dut, OWNER, "06 02 00");
	sector_is_spoiled();
	dut.writes = 0;
	begin();
	dut_disconnect(&dut, OWNER);
	dut_settle(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	sector_is_spoiled();
	dut_connect(&dut, OWNER);
	dut.writes = 0;
	begin();
	dut_settle(&dut);
	dut_wait(&dut, 60000); /* END never comes */
	dut_settle(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	sector_is_spoiled();
	dut_forget_notes(&dut);
	start_full(&dut, OWNER, image, SIZE, 0);
	dut_settle(&dut);
	send_rest(&dut, OWNER, (uint16_t)(dut.dev.expected), image, 0, SIZE);
	tell(&dut, OWNER, "04");
	dut_settle(&dut);
	assert_int_equal(dut.set_boots, 1);
	assert_memory_equal(dut.slots[1], image, SIZE);
}

/* A value is one too many. */
static void test_data(void **state)
{
	(void)state;
	start_full(&dut, OWNER, image, SIZE, OTA_START_PATTERN);
	dut_forget_notes(&dut);
	assert_int_equal(send_value(&dut, OWNER, 0, image, 0, 200), -OTA_EPROTO);
	says(&dut, OWNER, "02 0e 00 f0 49 02 00");
	sector_is_spoiled();
}

/* If code stands still during a write, no more than so much is written at once. */
static void test_write_size(void **state)
{
	struct ota_device_config config = dut.config;
	struct ota_device dev;

	(void)state;
	start_full(&dut, OWNER, image, SIZE, 0);
	dut_settle(&dut);
	send_value(&dut, OWNER, 0, image, 0, 500);
	dut_settle(&dut); /* erases */
	send_value(&dut, OWNER, 1, image, 500, 500);
	send_value(&dut, OWNER, 2, image, 1000, 500);
	assert_int_equal(dut.op, OTA_OP_WRITE);
	assert_int_equal(dut.op_len, 1024);
	dut_settle(&dut);
	send_rest(&dut, OWNER, 3, image, 1500, SIZE);
	tell(&dut, OWNER, "04");
	dut_settle(&dut);
	assert_int_equal(dut.set_boots, 1);
	assert_int_equal(dut.writes, (SIZE + 1023) / 1024);
	config.write_size = 3000;
	assert_int_equal(ota_device_init(&dev, &config, NULL, 0), -OTA_EINVAL);
	config.write_size = 8;
	assert_int_equal(ota_device_init(&dev, &config, NULL, 0), -OTA_EINVAL);
	config.write_size = 8192;
	assert_int_equal(ota_device_init(&dev, &config, NULL, 0), -OTA_EINVAL);
	config.write_size = OTA_WRITE_ALIGN;
	assert_int_equal(ota_device_init(&dev, &config, NULL, 0), 0);
}

#define TEST(f, set_up) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_conversation, manual), TEST(test_times, manual),
		TEST(test_refused, automatic),	 TEST(test_wears, limited),
		TEST(test_read_back, manual),	 TEST(test_ends, manual),
		TEST(test_data, automatic),	 TEST(test_write_size, small_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
