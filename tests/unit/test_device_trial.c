/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power is lost about the time at which the new image boots: the record outlives its trial, and
 * is worth something again only where no image is at fault.
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
#define RING 8192u
#define SIZE (3u * OTA_BLOCK_SIZE + 12345u)

static uint8_t image[4u * OTA_BLOCK_SIZE];
static struct dut dut;
static struct host host;

static int set_up(void **state)
{
	(void)state;
	if (talk_set_up(&dut, &(struct dut_options){.ring_size = RING}, CONN, image, sizeof(image),
			4) < 0)
		return -1;
	host_init(&host, &dut, CONN, image, SIZE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static void finish_from(uint32_t offset)
{
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_int_equal(host.ready.offset, offset);
	assert_int_equal(host.sent, SIZE - offset);
	assert_memory_equal(dut.slots[1], image, SIZE);
}

/* Up to the boot of the new image, which is on trial then; SIZE is three blocks and some. */
static void go_on_trial(void)
{
	talk_receive(&dut, CONN, image, SIZE, SIZE);
	tell(&dut, CONN, "04");
	dut_settle(&dut);
	assert_int_equal(dut.set_boots, 1);
	talk_lose_power(&dut, CONN);
	assert_memory_equal(dut.info.running_sha256, host.sha256, sizeof(host.sha256));
	assert_true(dut.info.flags & OTA_INFO_PENDING_VERIFY);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	assert_false(talk_status(&dut).flags & OTA_INFO_RESUMABLE);
}

/* Does what the boot loader does on a reset of an image on trial. */
static void roll_back(enum ota_reset reason)
{
	dut.boot_slot = 0;
	dut.boots_pending = false;
	dut.reset_reason = reason;
	talk_lose_power(&dut, CONN);
	assert_int_equal(dut.info.running_slot, 0);
	dut_wait(&dut, 1);
}

/* Power goes after the boot slot was changed and before the record says so. */
static void test_record_of_running_image(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, SIZE);
	dut.manual = true;
	tell(&dut, CONN, "04");
	while (dut.op != OTA_OP_PERSIST)
		dut_op_end(&dut);
	assert_int_equal(dut.set_boots, 1);
	assert_true(dut.record.offset > 0);
	talk_lose_power(&dut, CONN);
	dut.manual = false;
	assert_memory_equal(dut.info.running_sha256, host.sha256, sizeof(host.sha256));
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	dut_wait(&dut, 1);
	assert_true(dut.record.offset > 0); /* it is on trial */
	dut.info.flags = 0;
	talk_lose_power(&dut, CONN);
	dut_wait(&dut, 1);
	assert_int_equal(dut.record.offset, 0); /* it stays */
}

/* The supply fails while the image is on trial: the firmware before goes on with what it has. */
static void test_trial_without_power(void **state)
{
	static const enum ota_reset supply[] = {OTA_RESET_POWER_ON, OTA_RESET_BROWN_OUT,
						OTA_RESET_POWER_GLITCH};

	(void)state;
	go_on_trial();
	for (size_t i = 0; i < sizeof(supply) / sizeof(supply[0]); i++) {
		dut.record.flags |= OTA_RECORD_TRIED;
		roll_back(supply[i]);
		assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
		assert_int_equal(talk_status(&dut).received, SIZE - SIZE % OTA_BLOCK_SIZE);
		assert_memory_equal(talk_status(&dut).hash, host.sha256,
				    sizeof(talk_status(&dut).hash));
		assert_int_equal(talk_status(&dut).resets, i + 1);
	}
	finish_from(SIZE - SIZE % OTA_BLOCK_SIZE);
	assert_int_equal(dut.set_boots, 2);
	dut.reset_reason = OTA_RESET_SOFTWARE;
	talk_lose_power(&dut, CONN);
	assert_memory_equal(dut.info.running_sha256, host.sha256, sizeof(host.sha256));
	/* Gone on with after that, it is an update as any other: a panic ends nothing. */
	roll_back(OTA_RESET_POWER_ON);
	dut.reset_reason = OTA_RESET_PANIC;
	talk_lose_power(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
	assert_int_equal(talk_status(&dut).panics, 1);
}

/* An image that failed its trial is not offered once more, whoever gave it up. */
static void test_trial_failed(void **state)
{
	(void)state;
	for (unsigned int reason = 0; reason <= OTA_RESET_CPU_LOCKUP; reason++) {
		if (ota_reset_is_supply((uint8_t)reason))
			continue;
		dut.set_boots = 0;
		dut.reset_reason = 0;
		go_on_trial();
		roll_back((enum ota_reset)(reason ? reason : OTA_RESET_SOFTWARE));
		assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
		assert_int_equal(dut.record.offset, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_record_of_running_image),
		TEST(test_trial_without_power),
		TEST(test_trial_failed),
	};

	return cmocka_run_group_tests_name("device_trial", tests, NULL, NULL);
}
