/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flash that fails, hosts that do not listen, images that are not what they
 * say: every one ends in its named error, and what can be gone on from is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_host.h"
#include "device_talk.h"

#include <string.h>

#define CONN 1
#define SIZE (OTA_BLOCK_SIZE + 9999u)

static uint8_t image[SIZE];
static struct dut dut;
static struct host host;

static void set_up_dut(bool manual)
{
	dut_image(image, sizeof(image), 6);
	assert_int_equal(dut_init(&dut, &(struct dut_options){.manual = manual}), 0);
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
}

static int set_up(void **state)
{
	(void)state;
	set_up_dut(false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static void fail_next(enum ota_op op, uint32_t count, int code, bool at_once)
{
	dut.fail_op = op;
	dut.fail_count = count;
	dut.fail_code = code;
	dut.fail_at_once = at_once;
}

static void assert_updated(void)
{
	assert_int_equal(host.phase, HOST_DONE);
	assert_null(host.complaint);
	assert_memory_equal(dut.slots[1], image, SIZE);
	assert_memory_equal(dut.image_hash[1], host.sha256, OTA_SHA256_SIZE);
	sound(&dut);
}

/* The count'th operation of a kind fails; false: there are not so many. */
static bool fails_once(enum ota_op op, uint32_t count, bool at_once, uint8_t code)
{
	bool failed;

	set_up_dut(false);
	fail_next(op, count, -OTA_EIO, at_once);
	assert_true(host_start(&host, 0));
	host_run(&host, 200);
	failed = dut.fail_count == 0;
	if (failed && code != OTA_OK) {
		assert_int_equal(host.phase, HOST_REFUSED);
		assert_int_equal(host.error.code, code);
		assert_int_equal(dut.dev.last_error, code);
		assert_int_equal(dut.dev.state, OTA_STATE_SUSPENDED);
		assert_int_equal(dut.set_boots, 0);
		/* The next try goes on where the flash is sound. */
		assert_true(host_start(&host, 0));
		host_run(&host, 300);
		if (op != OTA_OP_ERASE && op != OTA_OP_READ && op != OTA_OP_WRITE)
			assert_int_equal(host.ready.offset, SIZE);
		assert_true(host.sent <= SIZE + dut.config.ring_size + OTA_SECTOR_SIZE);
	}
	assert_updated();
	dut_finish(&dut);
	return failed;
}

static void each_fails_once(enum ota_op op, uint8_t code)
{
	for (int at_once = 0; at_once < 2; at_once++) {
		uint32_t count = 1;

		while (fails_once(op, count, at_once != 0 && count == 1, code) &&
		       (at_once == 0 || count == 1))
			count++;
		assert_true(count > 1);
	}
}

static void test_erase_fails(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_ERASE, OTA_ERR_ERASE);
}

static void test_write_fails(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_WRITE, OTA_ERR_WRITE);
}

static void test_read_fails(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_READ, OTA_ERR_READ);
}

static void test_check_cannot_read(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_CHECK, OTA_ERR_READ);
}

static void test_set_boot_fails(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_SET_BOOT, OTA_ERR_BOOT_SLOT);
}

/* Records are a convenience: their loss is said in STATUS, and no more. */
static void test_persist_fails(void **state)
{
	(void)state;
	each_fails_once(OTA_OP_PERSIST, OTA_OK);
	set_up_dut(false);
	fail_next(OTA_OP_PERSIST, 1, -OTA_EIO, false);
	start_full(&dut, CONN, image, SIZE, 0);
	send_rest(&dut, CONN, 0, image, 0, OTA_BLOCK_SIZE + 4096);
	assert_int_equal(dut.dev.last_error, OTA_ERR_PERSIST);
	assert_int_equal(dut.dev.state, OTA_STATE_RECEIVING);
	dut_finish(&dut);
}

/* The literal error, with the offset as its detail. */
static void test_error_bytes(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	fail_next(OTA_OP_WRITE, 2, -OTA_EIO, false);
	send_rest(&dut, CONN, 0, image, 0, 8160);
	dut_forget_notes(&dut);
	send_value(&dut, CONN, 34, image, 8160, 240);
	while (dut.note_count > 1)
		dut_take(&dut, &(struct dut_note){0});
	says(&dut, CONN, "02 08 00 00 10 00 00"); /* WRITE at 4096 */
	/* The values that were on their way are not worth an answer. */
	send_value(&dut, CONN, 35, image, 8400, 240);
	silent(&dut);
	tell(&dut, CONN, "05");
	assert_true(dut.notes[dut.note_head].bytes[15] == OTA_ERR_WRITE);
}

/* A sector whose write failed half way is erased before it is written again. */
static void test_torn_sector(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	fail_next(OTA_OP_WRITE, 1, -OTA_EIO, false);
	send_rest(&dut, CONN, 0, image, 0, 4080);
	send_value(&dut, CONN, 17, image, 4080, 240);
	assert_int_equal(dut.dev.state, OTA_STATE_SUSPENDED);
	assert_memory_not_equal(dut.slots[1], image, 4096);
	dut_forget_notes(&dut);
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_updated();
}

/* A late failure of an ended session does not fail the next one. */
static void test_failure_after_abort(void **state)
{
	static const enum ota_op ops[] = {OTA_OP_ERASE, OTA_OP_WRITE, OTA_OP_READ};

	(void)state;
	dut_finish(&dut);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		set_up_dut(true);
		assert_true(host_start(&host, 0));
		while (dut.op != ops[i]) {
			while (host_write(&host, 244))
				;
			while (host_deliver(&host, false))
				;
			host_hear(&host);
			if (dut.op != ops[i])
				dut_op_end(&dut);
		}
		dut_forget_notes(&dut);
		fail_next(ops[i], 1, -OTA_EIO, false);
		tell(&dut, CONN, "02");
		silent(&dut);
		dut_op_end(&dut);
		says(&dut, CONN, "06 02 00");
		silent(&dut);
		assert_int_equal(dut.dev.last_error, OTA_OK);
		dut_settle(&dut);
		host.phase = HOST_IDLE;
		assert_true(host_start(&host, 0));
		host_run(&host, 244);
		assert_int_equal(host.errors, 0);
		assert_updated();
		dut_finish(&dut);
	}
	set_up_dut(false);
}

/* The same with another image's START instead of an abort. */
static void test_failure_after_start(void **state)
{
	struct host second;

	(void)state;
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE - 1, 0);
	send_value(&dut, CONN, 0, image, 0, 300);
	assert_int_equal(dut.op, OTA_OP_ERASE);
	dut_forget_notes(&dut);
	fail_next(OTA_OP_ERASE, 1, -OTA_EIO, false);
	host_init(&second, &dut, CONN, image, SIZE);
	assert_true(host_start(&second, 0));
	host_run(&second, 244);
	assert_int_equal(second.phase, HOST_DONE);
	assert_int_equal(second.errors, 0);
}

static void test_hash_fails(void **state)
{
	(void)state;
	dut.hash_fails = true;
	start_full(&dut, CONN, image, SIZE, 0);
	says(&dut, CONN, "02 16 01 00 00 00 00");
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	dut.hash_fails = false;
	start_full(&dut, CONN, image, SIZE, 0);
	dut.hash_fails = true;
	dut_forget_notes(&dut);
	send_rest(&dut, CONN, 0, image, 0, 4080);
	send_value(&dut, CONN, 17, image, 4080, 240);
	while (dut.note_count > 1)
		dut_take(&dut, &(struct dut_note){0});
	says(&dut, CONN, "02 16 00 00 00 00 00");
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
}

/* ... nor may the hash fail at the last moment, or while a lost link's rest is read back. */
static void test_hash_fails_late(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	dut.manual = true;
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	assert_int_equal(dut.op, OTA_OP_READ);
	while (dut.op == OTA_OP_READ && dut.dev.rx.hashed + dut.op_len < SIZE)
		dut_op_end(&dut);
	assert_true(dut.op == OTA_OP_READ);
	dut.hash_fails = true;
	dut_op_end(&dut);
	assert_true(dut_take_event(&dut, OTA_EVT_ERROR, &(struct dut_note){0}));
	assert_int_equal(dut.dev.last_error, OTA_ERR_INTERNAL);
	dut.hash_fails = false;
	dut_settle(&dut);

	start_full(&dut, CONN, image, SIZE, 0);
	dut_settle(&dut);
	send_rest(&dut, CONN, dut.dev.expected, image, 0, 4080);
	send_value(&dut, CONN, dut.dev.expected, image, 4080, 240);
	assert_int_equal(dut.op, OTA_OP_WRITE);
	while (dut.op == OTA_OP_WRITE || dut.op == OTA_OP_ERASE)
		dut_op_end(&dut);
	assert_int_equal(dut.op, OTA_OP_READ);
	value(&dut, CONN, "00"); /* fails the session, the read is left over */
	dut_disconnect(&dut, CONN);
	dut.hash_fails = true;
	dut_op_end(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	dut.hash_fails = false;
	dut_settle(&dut);
}

/* The check under way refuses when it was aborted already. */
static void test_check_fails_while_aborting(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	dut.manual = true;
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	while (dut.op != OTA_OP_CHECK)
		dut_op_end(&dut);
	fail_next(OTA_OP_CHECK, 1, -OTA_EBADMSG, false);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "02");
	dut_op_end(&dut);
	says(&dut, CONN, "06 02 00");
	silent(&dut);
	assert_int_equal(dut.dev.last_error, OTA_OK);
	dut_settle(&dut);
}

/* An image whose hash is not the one in START is dropped, with its resume record. */
static void test_wrong_hash(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	image[SIZE - 1] ^= 1;
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	assert_int_equal(dut.record.offset, OTA_BLOCK_SIZE);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "04 04 00 20 01 00 0f 27 01 00");
	says(&dut, CONN, "02 0a 04 0f 27 01 00"); /* HASH, detail: the size */
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.set_boots, 0);
	assert_int_equal(dut.record.offset, 0);
}

/* The flash does not keep what was written to it: only reading back finds out. */
static void test_bad_flash(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	dut.manual = true;
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	dut.slots[1][SIZE - 1] ^= 1; /* the last sector was not read back yet */
	dut.manual = false;
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	assert_true(dut_take_event(&dut, OTA_EVT_ERROR, &(struct dut_note){0}));
	assert_int_equal(dut.dev.last_error, OTA_ERR_HASH);
}

static void test_check_codes(void **state)
{
	static const struct {
		enum ota_op op;
		int result;
		uint8_t code;
		enum ota_state next;
	} cases[] = {
		{OTA_OP_CHECK, -OTA_EBADMSG, OTA_ERR_IMAGE, OTA_STATE_IDLE},
		{OTA_OP_CHECK, -OTA_EPERM, OTA_ERR_VERSION, OTA_STATE_IDLE},
		{OTA_OP_CHECK, -OTA_EIO, OTA_ERR_READ, OTA_STATE_SUSPENDED},
		{OTA_OP_SET_BOOT, -OTA_EBADMSG, OTA_ERR_IMAGE, OTA_STATE_IDLE},
		{OTA_OP_SET_BOOT, -OTA_EIO, OTA_ERR_BOOT_SLOT, OTA_STATE_SUSPENDED},
	};

	(void)state;
	dut_finish(&dut);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up_dut(false);
		fail_next(cases[i].op, 1, cases[i].result, false);
		assert_true(host_start(&host, 0));
		host_run(&host, 244);
		assert_int_equal(host.error.code, cases[i].code);
		assert_int_equal(host.error.opcode, OTA_CMD_END);
		assert_int_equal(dut.dev.state, cases[i].next);
		assert_int_equal(dut.set_boots, 0);
		dut_finish(&dut);
	}
	set_up_dut(false);
}

static void test_confirm_and_rollback_fail(void **state)
{
	(void)state;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	fail_next(OTA_OP_CONFIRM, 1, -OTA_EIO, false);
	tell(&dut, CONN, "06");
	says(&dut, CONN, "06 06 0c");
	fail_next(OTA_OP_ROLLBACK, 1, -OTA_EIO, false);
	tell(&dut, CONN, "07");
	says(&dut, CONN, "06 07 0c");
	fail_next(OTA_OP_ROLLBACK, 1, -OTA_ENOENT, true);
	tell(&dut, CONN, "07");
	says(&dut, CONN, "06 07 0f");
	assert_int_equal(dut.reboots, 0);
	tell(&dut, CONN, "06");
	says(&dut, CONN, "06 06 00");
}

/* ABORT while the other slot is being made to boot cannot be promised. */
static void test_abort_during_rollback(void **state)
{
	(void)state;
	dut.manual = true;
	tell(&dut, CONN, "07");
	tell(&dut, CONN, "02");
	says(&dut, CONN, "06 02 03");
	dut_op_end(&dut);
	says(&dut, CONN, "06 07 00");
	assert_int_equal(dut.reboots, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_erase_fails),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_check_cannot_read),
		cmocka_unit_test(test_set_boot_fails),
		cmocka_unit_test(test_persist_fails),
		TEST(test_error_bytes),
		TEST(test_torn_sector),
		TEST(test_failure_after_abort),
		TEST(test_failure_after_start),
		TEST(test_hash_fails),
		TEST(test_hash_fails_late),
		TEST(test_check_fails_while_aborting),
		TEST(test_wrong_hash),
		TEST(test_bad_flash),
		TEST(test_check_codes),
		TEST(test_confirm_and_rollback_fail),
		TEST(test_abort_during_rollback),
	};

	return cmocka_run_group_tests_name("device_faults", tests, NULL, NULL);
}
