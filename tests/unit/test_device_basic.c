/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The basic dialect: what a simple host writes and hears, byte for byte, from
 * a full device and from one that speaks nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define CONN 1
#define SIZE 10000u /* bytes: two whole sectors and a part of one */

static uint8_t image[2u * OTA_BLOCK_SIZE];
static struct dut dut;

static int set_up(const struct dut_options *options)
{
	return talk_set_up(&dut, options, CONN, image, sizeof(image), 1);
}

static int automatic(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.slot_size = 5u * OTA_SECTOR_SIZE});
}

static int manual(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.slot_size = 3u * OTA_SECTOR_SIZE, .manual = true});
}

static int basic_only(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.slot_size = 5u * OTA_SECTOR_SIZE, .basic_only = true});
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static int put(uint32_t offset, uint32_t len, bool can_wait)
{
	return dut_data(&dut, CONN, image + offset, len, can_wait);
}

static void put_all(uint32_t size)
{
	for (uint32_t at = 0, len; at < size; at += len) {
		len = size - at < 244 ? size - at : 244;
		assert_int_equal(put(at, len, false), 0);
	}
}

static void assert_flash(uint32_t size)
{
	assert_memory_equal(dut.slots[1], image, size);
}

static void update(void)
{
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	silent(&dut);
	put_all(SIZE);
	silent(&dut);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "03");
	silent(&dut);
	assert_flash(SIZE);
	assert_int_equal(dut.reboots, 1);
	assert_int_equal(dut.set_boots, 1);
	assert_int_equal(dut.image_size[1], SIZE);
	assert_int_equal(dut.record.flags, OTA_RECORD_SELF_CONFIRM);
}

static void test_update(void **state)
{
	(void)state;
	update();
}

static void test_update_basic_only(void **state)
{
	(void)state;
	update();
}

/* The image that a basic host installed confirms itself when somebody connects. */
static void test_self_confirm(void **state)
{
	(void)state;
	update();
	dut_disconnect(&dut, CONN);
	dut_boot(&dut);
	assert_int_equal(dut.info.running_slot, 1);
	assert_true(dut.info.flags & OTA_INFO_PENDING_VERIFY);
	dut_wait(&dut, 1000);
	assert_int_equal(dut.confirms, 0);
	dut_connect(&dut, CONN);
	assert_int_equal(dut.confirms, 1);
	assert_false(dut.info.flags & OTA_INFO_PENDING_VERIFY);
	silent(&dut);
	/* The trial is over: the next update starts as any other. */
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	assert_int_equal(dut.record.flags, 0);
}

/* A START that meets the confirmation under way waits for it. */
static void test_start_during_self_confirm(void **state)
{
	(void)state;
	update();
	dut_boot(&dut);
	dut.manual = true;
	dut_connect(&dut, CONN);
	assert_int_equal(dut.op, OTA_OP_CONFIRM);
	tell(&dut, CONN, "06"); /* and a CONFIRM joins it */
	tell(&dut, CONN, "01");
	silent(&dut);
	dut_settle(&dut);
	says(&dut, CONN, "06 06 00");
	says(&dut, CONN, "01");
	assert_int_equal(dut.confirms, 1);
}

/* If the confirmation fails, the image stays pending verify: no START, another try later. */
static void test_self_confirm_fails(void **state)
{
	(void)state;
	update();
	dut_boot(&dut);
	dut.manual = true;
	dut.fail_op = OTA_OP_CONFIRM;
	dut.fail_count = 1;
	dut.fail_code = -OTA_EIO;
	dut_connect(&dut, CONN);
	tell(&dut, CONN, "01");
	dut_settle(&dut);
	says(&dut, CONN, "02");
	silent(&dut);
	dut_disconnect(&dut, CONN);
	dut_connect(&dut, CONN);
	dut_settle(&dut);
	assert_int_equal(dut.confirms, 1);
}

/* The device does not say that it is ready before the whole slot is erased. */
static void test_erase_before_ready(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	for (uint32_t at = 0; at < 3u * OTA_SECTOR_SIZE; at += OTA_SECTOR_SIZE) {
		silent(&dut);
		assert_int_equal(dut.op, OTA_OP_ERASE);
		assert_int_equal(dut.op_at, at);
		assert_true(dut_op_end(&dut));
	}
	says(&dut, CONN, "01");
	assert_int_equal(dut.op, OTA_OP_NONE);
}

/* A host that does not wait for ready is held back where the platform can, and told else. */
static void test_early_data(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	assert_int_equal(put(0, 100, true), -OTA_EAGAIN);
	assert_true(dut_op_end(&dut));
	assert_int_equal(put(0, 100, true), -OTA_EAGAIN);
	dut_settle(&dut);
	says(&dut, CONN, "01");
	for (uint32_t at = 0; at <= OTA_SECTOR_SIZE; at += 100)
		assert_int_equal(put(at, 100, true), 0);
	dut_settle(&dut); /* a sector is written, so that the slot must be erased again */
	tell(&dut, CONN, "01");
	assert_int_equal(put(0, 100, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	silent(&dut);
	dut_settle(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
}

/* With the ring full a write request waits, a command is an error. */
static void test_ring_full(void **state)
{
	uint32_t sent = 0;

	(void)state;
	tell(&dut, CONN, "01");
	dut_settle(&dut);
	says(&dut, CONN, "01");
	while (put(sent, 256, true) == 0)
		sent += 256;
	assert_int_equal(sent, dut.config.ring_size);
	assert_int_equal(put(sent, 256, true), -OTA_EAGAIN);
	assert_int_equal(dut.op, OTA_OP_WRITE);
	dut_op_end(&dut);
	assert_int_equal(put(sent, 256, true), 0);
	silent(&dut);
	for (sent += 256; put(sent, 256, true) == 0; sent += 256)
		;
	assert_int_equal(put(sent, 256, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	silent(&dut);
	dut_settle(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(put(sent, 256, false), -OTA_EPROTO); /* was on its way: no second 02 */
	silent(&dut);
}

static void test_abort(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	put_all(5000);
	tell(&dut, CONN, "02");
	silent(&dut); /* basic knows no answer to it */
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(put(5000, 100, false), -OTA_EPROTO); /* was on its way */
	silent(&dut);
	update();
}

static void test_abort_while_erasing(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	tell(&dut, CONN, "02");
	assert_int_equal(dut.dev.state, OTA_STATE_ABORTING);
	dut_op_end(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.op, OTA_OP_NONE);
	silent(&dut);
}

static void test_link_lost(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	put_all(5000);
	dut_disconnect(&dut, CONN);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE); /* nothing to resume by */
	dut_connect(&dut, CONN);
	dut_forget_notes(&dut);
	update();
}

/* ... but once END was given the device goes on alone. */
static void test_link_lost_after_end(void **state)
{
	(void)state;
	dut.manual = true;
	tell(&dut, CONN, "01");
	dut_settle(&dut);
	for (uint32_t at = 0; at < SIZE; at += 200) {
		assert_int_equal(put(at, 200, true), 0);
		dut_settle(&dut);
	}
	tell(&dut, CONN, "04");
	dut_disconnect(&dut, CONN);
	dut_settle(&dut);
	assert_int_equal(dut.reboots, 1);
	assert_flash(SIZE);
}

static void test_errors(void **state)
{
	(void)state;
	tell(&dut, CONN, "04"); /* nothing under way; the connection's dialect is not known yet */
	says(&dut, CONN, "02 03 04 00 00 00 00");
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	tell(&dut, CONN, "04"); /* nothing sent */
	says(&dut, CONN, "02");
	tell(&dut, CONN, "7f");
	says(&dut, CONN, "02");
	assert_int_equal(dut.dev.state, OTA_STATE_RECEIVING);
	put_all(SIZE);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "03");
	tell(&dut, CONN, "01");
	says(&dut, CONN, "02");
	silent(&dut);
}

static void test_wrong_image(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	image[0] = 0x7f;
	assert_int_equal(put(0, 287, false), 0); /* not enough to tell */
	assert_int_equal(put(287, 1, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	assert_int_equal(dut.dev.last_error, OTA_ERR_IMAGE);
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	image[0] = 0xe9;
	image[12]++;
	assert_int_equal(put(0, 300, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	silent(&dut);
	assert_int_equal(dut.dev.last_error, OTA_ERR_CHIP);
	assert_int_equal(dut.head_checks, 0);
	/* Shorter than a header with its descriptor: what there is of it is looked at. */
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	assert_int_equal(put(0, 100, false), 0);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "02");
	assert_int_equal(dut.dev.last_error, OTA_ERR_CHIP);
	image[12]--;
	dut.head_code = -OTA_EPERM;
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	assert_int_equal(put(0, 300, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	assert_int_equal(dut.dev.last_error, OTA_ERR_VERSION);
	assert_int_equal(dut.writes, 0);
}

/* The boot loader's own check is all there is without a hash. */
static void test_check_refuses(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	put_all(SIZE);
	dut.fail_op = OTA_OP_CHECK;
	dut.fail_count = 1;
	dut.fail_code = -OTA_EBADMSG;
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "02");
	silent(&dut);
	assert_int_equal(dut.set_boots, 0);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.dev.last_error, OTA_ERR_IMAGE);
}

/* An image that could not be told that it may stay must not boot. */
static void test_mark_fails(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	put_all(SIZE);
	dut.fail_op = OTA_OP_PERSIST;
	dut.fail_count = 1;
	dut.fail_code = -OTA_EIO;
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "02");
	assert_int_equal(dut.set_boots, 0);
	assert_int_equal(dut.dev.last_error, OTA_ERR_PERSIST);
}

static void test_beyond_slot(void **state)
{
	(void)state;
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	put_all(dut.info.slot_size);
	assert_int_equal(put(0, 1, false), -OTA_EPROTO);
	says(&dut, CONN, "02");
	assert_int_equal(dut.dev.last_error, OTA_ERR_OVERFLOW);
}

static void test_whole_slot(void **state)
{
	const uint32_t size = dut.info.slot_size;

	(void)state;
	tell(&dut, CONN, "01");
	put_all(size);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "01");
	says(&dut, CONN, "03");
	assert_flash(size);
}

/* To a device that speaks nothing else, a START with a payload is a START. */
static void test_basic_only_commands(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	says(&dut, CONN, "01");
	put_all(100);
	tell(&dut, CONN, "05");
	says(&dut, CONN, "02");
	tell(&dut, CONN, "0b");
	says(&dut, CONN, "02");
	silent(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_RECEIVING);
	dut_wait(&dut, 61000);
	says(&dut, CONN, "02");
	silent(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.dev.last_error, OTA_ERR_TIMEOUT);
}

/* A basic START ends what could have been resumed. */
static void test_start_drops_record(void **state)
{
	struct ota_status status;

	(void)state;
	dut_finish(&dut);
	set_up(&(struct dut_options){0});
	start_full(&dut, CONN, image, sizeof(image), 0);
	send_rest(&dut, CONN, 0, image, 0, OTA_BLOCK_SIZE + 100);
	assert_int_equal(dut.record.offset, OTA_BLOCK_SIZE);
	dut_disconnect(&dut, CONN);
	assert_int_equal(dut.dev.state, OTA_STATE_SUSPENDED);
	dut_connect(&dut, CONN);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "01");
	says(&dut, CONN, "01");
	assert_int_equal(dut.record.offset, 0);
	ota_device_status(&dut.dev, &status);
	assert_int_equal(status.flags & OTA_INFO_RESUMABLE, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_update, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_update_basic_only, basic_only, tear_down),
		cmocka_unit_test_setup_teardown(test_self_confirm, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_start_during_self_confirm, automatic,
						tear_down),
		cmocka_unit_test_setup_teardown(test_self_confirm_fails, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_erase_before_ready, manual, tear_down),
		cmocka_unit_test_setup_teardown(test_early_data, manual, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_full, manual, tear_down),
		cmocka_unit_test_setup_teardown(test_abort, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_abort_while_erasing, manual, tear_down),
		cmocka_unit_test_setup_teardown(test_link_lost, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_link_lost_after_end, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_image, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_check_refuses, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_mark_fails, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_beyond_slot, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_whole_slot, automatic, tear_down),
		cmocka_unit_test_setup_teardown(test_basic_only_commands, basic_only, tear_down),
		cmocka_unit_test_setup_teardown(test_start_drops_record, automatic, tear_down),
	};

	return cmocka_run_group_tests_name("device_basic", tests, NULL, NULL);
}
