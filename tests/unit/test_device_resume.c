/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a link loss the device goes on at the byte, after a power loss at the
 * last record that the flash still bears out; after an abort, a fault of the
 * image or another image's START not at all.
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

/* 5010 bytes: one sector flushed, 914 in the ring, of which 912 are whole units. */
static void test_link_loss(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	assert_int_equal(dut.dev.rx.flushed, 4096);
	dut_disconnect(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
	assert_int_equal(talk_status(&dut).flushed, 5008);
	assert_int_equal(talk_status(&dut).received, 5008);
	assert_int_equal(talk_status(&dut).flags, OTA_INFO_RESUMABLE);
	assert_memory_equal(talk_status(&dut).hash, host.sha256, OTA_HASH_PREFIX);
	dut_connect(&dut, CONN);
	finish_from(5008);
}

static void test_link_loss_often(void **state)
{
	uint32_t offset = 0, lost = 0;

	(void)state;
	while (offset < SIZE) {
		host.phase = HOST_IDLE;
		assert_true(host_start(&host, 0));
		while (host_deliver(&host, false))
			;
		host_hear(&host);
		assert_int_equal(host.phase, HOST_SENDING);
		assert_true(host.ready.offset + OTA_WRITE_ALIGN > offset);
		lost += offset - host.ready.offset;
		for (uint32_t i = 0; i < 40 && host.offset < SIZE; i++) {
			assert_true(host_write(&host, 100 + i));
			host_deliver(&host, false);
			host_hear(&host);
		}
		offset = host.offset;
		host_link_lost(&host);
	}
	assert_true(lost > 0);
	assert_null(host.complaint);
	assert_true(host_start(&host, 0));
	assert_true(host_run(&host, 244));
	assert_memory_equal(dut.slots[1], image, SIZE);
}

/* The link goes before READY was sent: what was there before still is. */
static void test_link_loss_while_preparing(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	talk_lose_power(&dut, CONN);
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE, 0);
	dut_op_end(&dut);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_PREPARING);
	dut_disconnect(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
	dut_settle(&dut);
	dut_connect(&dut, CONN);
	finish_from(OTA_BLOCK_SIZE);
}

/* START while the ring is still on its way to flash waits for it. */
static void test_start_while_draining(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	dut.manual = true;
	dut_disconnect(&dut, CONN);
	assert_int_equal(dut.op, OTA_OP_WRITE);
	dut_connect(&dut, CONN);
	start_full(&dut, CONN, image, SIZE, 0);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_PREPARING);
	silent(&dut);
	dut_op_end(&dut);
	says(&dut, CONN, "01 90 13 00 00 90 33 00 00 00 02 00 08 01 00 00"); /* at 5008 */
}

/* A START in mid session, say of a host that came back to life, goes on as well. */
static void test_start_again(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	finish_from(5008);
}

static void test_power_loss(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	assert_int_equal(dut.record.offset, 2u * OTA_BLOCK_SIZE);
	talk_lose_power(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
	assert_int_equal(talk_status(&dut).flushed, 2u * OTA_BLOCK_SIZE);
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE, 0);
	/* The recorded bytes are not believed before they were read back. */
	says(&dut, CONN, "04 02 00 00 00 00 00 00 02 00");
	for (uint32_t i = 0; i < 2u * OTA_BLOCK_SIZE / OTA_SECTOR_SIZE; i++) {
		assert_int_equal(dut.op, OTA_OP_READ);
		assert_int_equal(dut.op_at, i * OTA_SECTOR_SIZE);
		dut_op_end(&dut);
	}
	says(&dut, CONN, "04 02 00 00 01 00 00 00 02 00");
	says(&dut, CONN, "04 02 00 00 02 00 00 00 02 00");
	says(&dut, CONN, "01 00 00 02 00 00 20 02 00 00 02 00 08 01 00 00");
	dut.manual = false;
	finish_from(2u * OTA_BLOCK_SIZE);
}

/* Below the first record there is nothing to come back to. */
static void test_power_loss_early(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE - 1);
	talk_lose_power(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	finish_from(0);
}

/* The prefix in flash is not what it was: from the start, and the record goes first. */
static void test_prefix_changed(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	dut.slots[1][70000] ^= 0x10;
	talk_lose_power(&dut, CONN);
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE, 0);
	while (dut.op == OTA_OP_READ)
		dut_op_end(&dut);
	assert_int_equal(dut.op, OTA_OP_PERSIST);
	dut_op_end(&dut);
	assert_int_equal(dut.record.offset, 0);
	dut.manual = false;
	dut_forget_notes(&dut);
	finish_from(0);
}

static void test_another_image(void **state)
{
	static uint8_t another[SIZE];
	struct host second;

	(void)state;
	dut_image(another, SIZE, 5);
	talk_receive(&dut, CONN, image, SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	talk_lose_link(&dut, CONN);
	host_init(&second, &dut, CONN, another, SIZE);
	assert_true(host_start(&second, 0));
	while (host_deliver(&second, false))
		;
	host_hear(&second);
	assert_int_equal(second.ready.offset, 0);
	assert_int_equal(dut.record.offset, 0);
	assert_memory_equal(talk_status(&dut).hash, second.sha256, OTA_HASH_PREFIX);
	assert_true(host_run(&second, 244));
	assert_memory_equal(dut.slots[1], another, SIZE);
}

/* Same size, one bit of the hash. */
static void test_almost_the_same_image(void **state)
{
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX];

	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	talk_lose_power(&dut, CONN);
	dut_start(&m, image, SIZE);
	m.sha256[31] ^= 1;
	dut_control(&dut, CONN, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
	says(&dut, CONN, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00");
}

static void test_restart_flag(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	talk_lose_link(&dut, CONN);
	start_full(&dut, CONN, image, SIZE, OTA_START_RESTART);
	says(&dut, CONN, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00");
	assert_int_equal(dut.record.offset, 0);
	talk_lose_power(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
}

/* An aborted update leaves nothing behind, wherever its record just was. */
static void test_abort_forgets(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	tell(&dut, CONN, "02");
	says(&dut, CONN, "06 02 00");
	assert_int_equal(dut.record.offset, 0);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	assert_int_equal(talk_status(&dut).flags, 0);
	talk_lose_power(&dut, CONN);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	finish_from(0);
}

/* The first record is being stored when the abort comes. */
static void test_abort_while_storing(void **state)
{
	(void)state;
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE, 0);
	for (uint32_t at = 0; dut.op != OTA_OP_PERSIST;) {
		if (dut.op == OTA_OP_NONE || at + 128 <= dut.dev.rx.flushed + RING) {
			assert_int_equal(
				send_value(&dut, CONN, (uint16_t)(at / 128), image, at, 128), 0);
			at += 128;
		} else {
			dut_op_end(&dut);
		}
	}
	dut_forget_notes(&dut);
	tell(&dut, CONN, "02");
	silent(&dut);
	dut_op_end(&dut);
	assert_int_equal(dut.record.offset, OTA_BLOCK_SIZE); /* stored, and cleared next */
	says(&dut, CONN, "06 02 00");
	assert_int_equal(talk_status(&dut).flags, 0);
	/* A START in between does not find it either. */
	start_full(&dut, CONN, image, SIZE, 0);
	dut_settle(&dut);
	says(&dut, CONN, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 40 22");
	assert_int_equal(dut.record.offset, 0);
	dut_forget_notes(&dut);
}

/* A measurement leaves the suspended update alone, except for what only RAM knew. */
static void test_sink_between(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	talk_lose_link(&dut, CONN);
	for (int way = 0; way < 3; way++) {
		start_full(&dut, CONN, image, 1000, OTA_START_SINK);
		send_value(&dut, CONN, dut.dev.expected, image, 0, 500);
		if (way == 0) {
			send_value(&dut, CONN, dut.dev.expected, image, 0, 500);
			tell(&dut, CONN, "04"); /* ends well */
		} else if (way == 1) {
			send_value(&dut, CONN, dut.dev.expected, image, 0, 501); /* fails */
		} else {
			talk_lose_link(&dut, CONN);
		}
		assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
		assert_int_equal(talk_status(&dut).flushed, OTA_BLOCK_SIZE);
	}
	dut_forget_notes(&dut);
	finish_from(OTA_BLOCK_SIZE);
}

/* Records that storage made up. */
static void test_bad_records(void **state)
{
	static const struct ota_record records[] = {
		{.offset = OTA_BLOCK_SIZE + 1, .image_size = SIZE},
		{.offset = 4u * OTA_BLOCK_SIZE, .image_size = SIZE},
		{.offset = UINT32_MAX, .image_size = UINT32_MAX, .flags = UINT32_MAX},
		{.offset = OTA_BLOCK_SIZE, .image_size = 0},
	};

	(void)state;
	dut.have_record = true;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		dut.record = records[i];
		talk_lose_power(&dut, CONN);
		assert_int_equal(talk_status(&dut).state, OTA_STATE_IDLE);
	}
	/* Plausible, for an image larger than this slot: offered, but nobody can ask for it. */
	dut.record = (struct ota_record){.offset = 1u << 24, .image_size = 1u << 24};
	talk_lose_power(&dut, CONN);
	finish_from(0);
}

/* STATUS says the same as Info. */
static struct ota_info told(void)
{
	const struct ota_status s = talk_status(&dut);
	uint8_t buf[OTA_INFO_SIZE];
	struct ota_info info;

	assert_int_equal(ota_device_read_info(&dut.dev, buf, sizeof(buf)), OTA_INFO_SIZE);
	assert_int_equal(ota_info_decode(buf, sizeof(buf), &info), 0);
	assert_int_equal(s.reset_reason, info.reset_reason);
	assert_int_equal(s.resets, info.resets);
	assert_int_equal(s.panics, info.panics);
	return info;
}

static unsigned int resets(void)
{
	return told().resets;
}

/* Each start with something to resume counts, also those in which nobody connects. */
static void test_resets_counted(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE - 1);
	talk_lose_power(&dut, CONN);
	assert_int_equal(resets(), 0); /* no record was left */
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	assert_int_equal(resets(), 0);
	for (unsigned int i = 1; i <= 300; i++) {
		dut_boot(&dut);
		assert_int_equal(resets(), i < 255 ? i : 255);
		dut_wait(&dut, 1);
		assert_int_equal(dut.record.offset, OTA_BLOCK_SIZE);
	}
	dut_connect(&dut, CONN);
	finish_from(OTA_BLOCK_SIZE);
	talk_lose_power(&dut, CONN);
	assert_int_equal(resets(), 0);
}

/* Of the resets those count in which the firmware failed or hung, and a lost supply is none. */
static void test_panics_counted(void **state)
{
	unsigned int panics = 0;

	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	for (unsigned int reason = OTA_RESET_POWER_ON; reason <= OTA_RESET_CPU_LOCKUP; reason++) {
		dut.reset_reason = (enum ota_reset)reason;
		dut_boot(&dut);
		dut_wait(&dut, 1);
		panics += reason == 4 || reason == 5 || reason == 6 || reason == 7 || reason == 15;
		assert_int_equal(told().reset_reason, reason);
		assert_int_equal(told().resets, reason);
		assert_int_equal(told().panics, panics);
	}
	for (unsigned int i = 0; i < 300; i++) {
		dut_boot(&dut);
		dut_wait(&dut, 1);
	}
	assert_int_equal(resets(), 255);
	assert_int_equal(told().panics, 255 - (OTA_RESET_CPU_LOCKUP - panics));
	dut_connect(&dut, CONN);
	tell(&dut, CONN, "02");
	dut_settle(&dut);
	assert_int_equal(told().resets, 0);
	assert_int_equal(told().panics, 0);
	assert_int_equal(told().reset_reason, OTA_RESET_CPU_LOCKUP);
	dut_forget_notes(&dut);
}

/* Firmware that counted resets alone left the rest of these bits 0. */
static void test_older_record(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	dut.record.flags = 0x0700;
	dut.reset_reason = OTA_RESET_PANIC;
	dut_boot(&dut);
	assert_int_equal(resets(), 8);
	assert_int_equal(told().panics, 1);
	dut_wait(&dut, 1);
	assert_int_equal(dut.record.flags, 0x010800);
	dut_connect(&dut, CONN);
	finish_from(OTA_BLOCK_SIZE);
}

/* Later records keep the counts; another image begins anew. */
static void test_resets_kept(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, OTA_BLOCK_SIZE + 5000);
	dut.reset_reason = OTA_RESET_TASK_WATCHDOG;
	talk_lose_power(&dut, CONN);
	start_full(&dut, CONN, image, SIZE, 0);
	dut_settle(&dut);
	send_rest(&dut, CONN, 0, image, OTA_BLOCK_SIZE, 2u * OTA_BLOCK_SIZE + 5000);
	assert_int_equal(dut.record.offset, 2u * OTA_BLOCK_SIZE);
	assert_int_equal(resets(), 1);
	assert_int_equal(told().panics, 1);
	dut.reset_reason = OTA_RESET_BROWN_OUT;
	talk_lose_power(&dut, CONN);
	assert_int_equal(resets(), 2);
	assert_int_equal(told().panics, 1);
	start_full(&dut, CONN, image, SIZE, OTA_START_RESTART);
	dut_settle(&dut);
	assert_int_equal(resets(), 0);
	dut_forget_notes(&dut);
}

/* All was received, the link goes before END: nothing is sent twice. */
static void test_all_received(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, SIZE);
	talk_lose_link(&dut, CONN);
	finish_from(SIZE);
}

/* Errors that are not the image's fault can be gone on from. */
static void test_idle_timeout(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	dut_wait(&dut, 59999);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_RECEIVING);
	dut_forget_notes(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "02 11 00 92 13 00 00");
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
	assert_int_equal(talk_status(&dut).last_error, OTA_ERR_TIMEOUT);
	finish_from(4096);
}

/* ... but commands of the owner, and data, keep it alive. */
static void test_keep_alive(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	for (int i = 0; i < 5; i++) {
		dut_wait(&dut, 50000);
		tell(&dut, CONN, "05");
	}
	assert_int_equal(talk_status(&dut).state, OTA_STATE_RECEIVING);
	dut_connect(&dut, 9);
	dut_wait(&dut, 50000);
	tell(&dut, 9, "05");
	dut_wait(&dut, 10000);
	assert_int_equal(talk_status(&dut).state, OTA_STATE_SUSPENDED);
}

/* Another connection may take over what nobody owns, and not before. */
static void test_take_over(void **state)
{
	(void)state;
	talk_receive(&dut, CONN, image, SIZE, 5010);
	dut_connect(&dut, 2);
	start_full(&dut, 2, image, SIZE, 0);
	says(&dut, 2, "02 04 01 00 00 00 00");
	dut_disconnect(&dut, CONN);
	start_full(&dut, 2, image, SIZE, 0);
	says(&dut, 2, "01 90 13 00 00 90 33 00 00 00 02 00 08 01 00 00");
	assert_int_equal(send_value(&dut, CONN, 0, image, 5008, 10), -OTA_EPROTO);
	assert_int_equal(send_value(&dut, 2, 0, image, 5008, 10), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_link_loss),
		TEST(test_link_loss_often),
		TEST(test_link_loss_while_preparing),
		TEST(test_start_while_draining),
		TEST(test_start_again),
		TEST(test_power_loss),
		TEST(test_power_loss_early),
		TEST(test_prefix_changed),
		TEST(test_another_image),
		TEST(test_almost_the_same_image),
		TEST(test_restart_flag),
		TEST(test_abort_forgets),
		TEST(test_abort_while_storing),
		TEST(test_sink_between),
		TEST(test_bad_records),
		TEST(test_resets_counted),
		TEST(test_panics_counted),
		TEST(test_older_record),
		TEST(test_resets_kept),
		TEST(test_all_received),
		TEST(test_idle_timeout),
		TEST(test_keep_alive),
		TEST(test_take_over),
	};

	return cmocka_run_group_tests_name("device_resume", tests, NULL, NULL);
}
