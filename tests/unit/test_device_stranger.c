/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second connection beside the owner's: what it may do, what it may not disturb, and
 * how often it may have the flash erased.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define OWNER 3
#define STRANGER 4
#define SIZE 8000u
#define BIG (3u * OTA_BLOCK_SIZE)
#define HOUR_MS 3600000u

static uint8_t image[BIG];
static struct dut dut;

static void set_up_with(const struct dut_options *options)
{
	assert_int_equal(talk_set_up(&dut, options, OWNER, image, sizeof(image), 5), 0);
	dut_connect(&dut, STRANGER);
}

static int set_up(void **state)
{
	(void)state;
	set_up_with(&(struct dut_options){.slot_size = BIG});
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

/* --- permission */

static void test_forbidden(void **state)
{
	(void)state;
	dut.forbids = true;
	start_full(&dut, STRANGER, image, SIZE, 0);
	says(&dut, STRANGER, "02 12 01 00 00 00 00");
	start_full(&dut, STRANGER, image, SIZE, OTA_START_SINK);
	says(&dut, STRANGER, "02 12 01 00 00 00 00");
	tell(&dut, STRANGER, "01");
	says(&dut, STRANGER, "02");
	tell(&dut, STRANGER, "02");
	says(&dut, STRANGER, "06 02 12");
	tell(&dut, STRANGER, "06");
	says(&dut, STRANGER, "06 06 12");
	tell(&dut, STRANGER, "07");
	says(&dut, STRANGER, "06 07 12");
	tell(&dut, STRANGER, "08");
	says(&dut, STRANGER, "06 08 12");
	assert_int_equal(dut.asked, 7);
	/* Looking is free, and what is malformed is told as ever. */
	tell(&dut, STRANGER, "05");
	says(&dut, STRANGER, "05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 01 00 00");
	tell(&dut, STRANGER, "04");
	says(&dut, STRANGER, "02 03 04 00 00 00 00");
	tell(&dut, STRANGER, "7e");
	says(&dut, STRANGER, "02 01 7e 00 00 00 00");
	assert_int_equal(dut.asked, 7);
	assert_int_equal(dut.ops, 0);
	assert_int_equal(dut.reboots, 0);
}

/* Permission is for beginning; what was begun may be ended, also when the minute is over. */
static void test_owner_needs_no_more(void **state)
{
	(void)state;
	start_full(&dut, OWNER, image, SIZE, 0);
	send_rest(&dut, OWNER, 0, image, 0, 4800);
	dut.forbids = true;
	dut_forget_notes(&dut);
	tell(&dut, STRANGER, "02");
	says(&dut, STRANGER, "06 02 12");
	tell(&dut, OWNER, "02");
	says(&dut, OWNER, "06 02 00");
	/* Idle again: nobody's. */
	tell(&dut, OWNER, "02");
	says(&dut, OWNER, "06 02 12");
}

static void test_suspended_is_kept(void **state)
{
	(void)state;
	start_full(&dut, OWNER, image, SIZE, 0);
	send_rest(&dut, OWNER, 0, image, 0, 4800);
	dut_disconnect(&dut, OWNER);
	dut_settle(&dut);
	dut.forbids = true;
	dut_forget_notes(&dut);
	tell(&dut, STRANGER, "02");
	says(&dut, STRANGER, "06 02 12");
	start_full(&dut, STRANGER, image, SIZE - 1, 0);
	says(&dut, STRANGER, "02 12 01 00 00 00 00");
	dut.forbids = false;
	dut_connect(&dut, OWNER);
	start_full(&dut, OWNER, image, SIZE, 0);
	says(&dut, OWNER, "01 c0 12 00 00 40 1f 00 00 00 02 00 08 01 00 00");
}

/* ota_esp confirms by itself, with no connection to ask about. */
static void test_device_asks_itself_nothing(void **state)
{
	(void)state;
	dut.forbids = true;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	dut_boot(&dut);
	dut_command(&dut, OTA_NO_CONN, OTA_CMD_CONFIRM);
	assert_int_equal(dut.confirms, 1);
	assert_int_equal(dut.asked, 0);
}

/* --- beside a session */

/* Whoever measures on a device on trial must not have it rolled back. */
static void test_confirm_beside_a_measurement(void **state)
{
	(void)state;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	dut_boot(&dut);
	start_full(&dut, STRANGER, image, BIG, OTA_START_SINK);
	send_value(&dut, STRANGER, 0, image, 0, 240);
	dut_forget_notes(&dut);
	tell(&dut, OWNER, "06");
	says(&dut, OWNER, "06 06 00");
	assert_int_equal(dut.confirms, 1);
	assert_int_equal(dut.dev.state, OTA_STATE_RECEIVING);
	assert_int_equal(send_value(&dut, STRANGER, 1, image, 240, 240), 0);
	/* Anything that changes more than a flag has to wait for it. */
	tell(&dut, OWNER, "07");
	says(&dut, OWNER, "06 07 04");
	tell(&dut, OWNER, "08");
	says(&dut, OWNER, "06 08 04");
}

/* Nor keep it on trial for ever. */
static void test_trial_ends_beside_a_measurement(void **state)
{
	(void)state;
	dut.config.confirm_timeout_ms = 30000;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	dut_boot(&dut);
	start_full(&dut, STRANGER, image, BIG, OTA_START_SINK);
	for (uint16_t i = 0; i < 6; i++) {
		dut_wait(&dut, 5000);
		send_value(&dut, STRANGER, i, image, i * 240u, 240);
	}
	dut_wait(&dut, 1000);
	assert_int_equal(dut.rollbacks, 1);
	assert_int_equal(dut.reboots, 1);
}

static void test_telemetry(void **state)
{
	struct dut_note note;

	(void)state;
	tell(&dut, OWNER, "0a e8 03");
	says(&dut, OWNER, "06 0a 00");
	tell(&dut, STRANGER, "0a 00 00"); /* stops nothing that is not its own */
	says(&dut, STRANGER, "06 0a 00");
	dut_wait(&dut, 1000);
	assert_true(dut_take_event(&dut, OTA_EVT_TELEMETRY, &note));
	assert_int_equal(note.conn, OWNER);
	start_full(&dut, OWNER, image, SIZE, 0);
	send_rest(&dut, OWNER, 0, image, 0, 4800);
	dut_forget_notes(&dut);
	tell(&dut, STRANGER, "0a 64 00");
	says(&dut, STRANGER, "06 0a 04");
	dut_wait(&dut, 1000);
	assert_true(dut_take_event(&dut, OTA_EVT_TELEMETRY, &note));
	assert_int_equal(note.conn, OWNER);
	/* Without a session the last that asks has it, as ever. */
	tell(&dut, OWNER, "02");
	dut_forget_notes(&dut);
	tell(&dut, STRANGER, "0a e8 03");
	says(&dut, STRANGER, "06 0a 00");
	dut_wait(&dut, 1000);
	assert_true(dut_take_event(&dut, OTA_EVT_TELEMETRY, &note));
	assert_int_equal(note.conn, STRANGER);
}

static void test_link(void **state)
{
	(void)state;
	dut.link.interval = 24;
	tell(&dut, OWNER, "09 0c 00 0c 00 00 00 00 00 00 00 00");
	silent(&dut);
	/* The owner's answer stays the owner's; the stranger's comes at once. */
	tell(&dut, STRANGER, "09 06 00 06 00 00 00 00 00 00 00 00");
	says(&dut, STRANGER, "09 13 18 00 00 00 00 00 00 00 00 00 00 00 00 00");
	tell(&dut, STRANGER, "09 00 00 00 00 00 00 00 00 00 00 00");
	says(&dut, STRANGER, "09 00 18 00 00 00 00 00 00 00 00 00 00 00 00 00");
	assert_int_equal(dut.link_requests, 1);
	dut.link.interval = 12;
	ota_device_link_changed(&dut.dev, OWNER, OTA_OK, dut.now);
	says(&dut, OWNER, "09 00 0c 00 00 00 00 00 00 00 00 00 00 00 00 00");
	/* In a session the air is the owner's. */
	start_full(&dut, OWNER, image, SIZE, 0);
	dut_forget_notes(&dut);
	tell(&dut, STRANGER, "09 06 00 06 00 00 00 00 00 00 00 00");
	says(&dut, STRANGER, "09 13 0c 00 00 00 00 00 00 00 00 00 00 00 00 00");
	ota_device_link_changed(&dut.dev, OWNER, OTA_OK, dut.now);
	says(&dut, OWNER, "09 00 0c 00 00 00 00 00 00 00 00 00 00 00 00 00");
	assert_int_equal(dut.link_requests, 1);
}

/* A basic owner hears opcodes alone, whatever another connection speaks. */
static void test_basic_owner(void **state)
{
	(void)state;
	tell(&dut, OWNER, "01");
	says(&dut, OWNER, "01");
	tell(&dut, STRANGER, "01");
	says(&dut, STRANGER, "02");
	tell(&dut, OWNER, "7f");
	says(&dut, OWNER, "02");
	tell(&dut, OWNER, "02");
	silent(&dut);
}

/* --- wear */

#define SOME 300u /* has a block erased */
#define WRITTEN 4200u /* and its first sector written, so that it must be erased again */

/* START, so many bytes, ABORT; the code of START's answer. */
static uint8_t erase_once(uint16_t conn, uint32_t bytes, uint32_t *ret_detail)
{
	struct ota_error_event error = {.code = OTA_OK};
	struct dut_note note;

	dut_forget_notes(&dut);
	start_full(&dut, conn, image, BIG, 0);
	while (dut_take(&dut, &note) && note.bytes[0] != OTA_EVT_READY)
		if (note.bytes[0] == OTA_EVT_ERROR)
			assert_int_equal(ota_error_decode(note.bytes, note.len, &error), 0);
	*ret_detail = error.detail;
	if (error.code != OTA_OK)
		return error.code;
	send_rest(&dut, conn, dut.dev.expected, image, 0, bytes);
	dut_command(&dut, conn, OTA_CMD_ABORT);
	return OTA_OK;
}

/* The attack of an hour, with erases of 180 ms and links of 30 ms. */
static void test_wear_is_limited(void **state)
{
	uint32_t detail, refused = 0;

	(void)state;
	tear_down(NULL);
	set_up_with(&(struct dut_options){.slot_size = BIG, .wear_burst = OTA_WEAR_BURST});
	for (uint32_t until = dut.now + HOUR_MS; dut.now < until; dut_wait(&dut, 335)) {
		if (erase_once(STRANGER, WRITTEN, &detail) == OTA_OK)
			continue;
		assert_in_range(detail, 1, OTA_WEAR_MS / 1000u + 1u);
		assert_int_equal(dut.dev.last_error, OTA_ERR_BUSY);
		refused++;
	}
	assert_true(refused > 10000);
	assert_in_range(dut.first_erases, OTA_WEAR_BURST, OTA_WEAR_BURST + HOUR_MS / OTA_WEAR_MS);
	/* A START alone wears nothing, so nothing is counted for it. */
	dut_wait(&dut, 3u * OTA_WEAR_MS);
	for (int i = 0; i < 100; i++) {
		start_full(&dut, OWNER, image, BIG, 0);
		tell(&dut, OWNER, "02");
	}
	assert_int_equal(erase_once(OWNER, WRITTEN, &detail), OTA_OK);
	/* The erases that an interrupted session goes on with were counted. */
	start_full(&dut, OWNER, image, BIG, 0);
	send_value(&dut, OWNER, dut.dev.expected, image, 0, 300);
	assert_int_not_equal(erase_once(STRANGER, WRITTEN, &detail), OTA_OK);
	dut_disconnect(&dut, OWNER);
	dut_connect(&dut, OWNER);
	dut_forget_notes(&dut);
	start_full(&dut, OWNER, image, BIG, 0);
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &(struct dut_note){0}));
}

/* A restart forgives nothing; a loss of power leaves anything in that memory. */
static void test_wear_outlives_a_restart(void **state)
{
	uint32_t detail, i;

	(void)state;
	tear_down(NULL);
	set_up_with(&(struct dut_options){.slot_size = BIG, .wear_burst = 3});
	for (i = 0; i < 10 && erase_once(STRANGER, SOME, &detail) == OTA_OK; i++) {
		dut_command(&dut, STRANGER, OTA_CMD_REBOOT);
		dut_boot(&dut);
		dut_connect(&dut, STRANGER);
	}
	assert_int_equal(i, 3);
	assert_int_equal(detail, OTA_WEAR_MS / 1000u + 1u);
	dut.wear = 0xffffffff;
	dut_boot(&dut);
	dut_connect(&dut, STRANGER);
	assert_int_equal(erase_once(STRANGER, SOME, &detail), OTA_OK);
}

/* The same through a resume record: each reboot has the block behind it erased anew. */
static void test_wear_by_resuming(void **state)
{
	uint32_t rounds = 0;
	struct dut_note note;

	(void)state;
	tear_down(NULL);
	set_up_with(&(struct dut_options){.slot_size = BIG, .wear_burst = 4});
	start_full(&dut, STRANGER, image, BIG, 0);
	send_rest(&dut, STRANGER, 0, image, 0, OTA_BLOCK_SIZE + 4800u);
	for (; rounds < 20; rounds++) {
		dut_boot(&dut);
		dut_connect(&dut, STRANGER);
		dut_forget_notes(&dut);
		start_full(&dut, STRANGER, image, BIG, 0);
		if (!dut_take_event(&dut, OTA_EVT_READY, &note))
			break;
		send_value(&dut, STRANGER, 0, image, OTA_BLOCK_SIZE, 300);
	}
	assert_int_equal(rounds, 3);
}

/* Flash that was erased for one session serves the next, until something is written there. */
static void test_basic_wears_too(void **state)
{
	(void)state;
	tear_down(NULL);
	set_up_with(&(struct dut_options){.slot_size = BIG, .wear_burst = 2});
	for (int i = 0; i < 10; i++) {
		tell(&dut, STRANGER, "01");
		says(&dut, STRANGER, "01");
		tell(&dut, STRANGER, "02");
	}
	assert_int_equal(dut.first_erases, 1);
	tell(&dut, STRANGER, "01");
	says(&dut, STRANGER, "01");
	for (uint32_t at = 0; at < WRITTEN; at += 200)
		assert_int_equal(dut_data(&dut, STRANGER, image + at, 200, false), 0);
	tell(&dut, STRANGER, "02");
	tell(&dut, STRANGER, "01");
	says(&dut, STRANGER, "02");
	assert_int_equal(dut.dev.last_error, OTA_ERR_BUSY);
	assert_int_equal(dut.first_erases, 2); /* the second, of what was aborted */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forbidden),
		TEST(test_owner_needs_no_more),
		TEST(test_suspended_is_kept),
		TEST(test_device_asks_itself_nothing),
		TEST(test_confirm_beside_a_measurement),
		TEST(test_trial_ends_beside_a_measurement),
		TEST(test_telemetry),
		TEST(test_link),
		TEST(test_basic_owner),
		TEST(test_wear_is_limited),
		TEST(test_wear_outlives_a_restart),
		TEST(test_wear_by_resuming),
		TEST(test_basic_wears_too),
	};

	return cmocka_run_group_tests_name("device_stranger", tests, NULL, NULL);
}
