/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed streams at the device: whole updates, what is left of them after a lost link or
 * power, streams that are damaged or of another length, and starts that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/deflate.h"
#include "device_host.h"
#include "device_talk.h"

#include <stdlib.h>
#include <string.h>

#define CONN 1
#define RING 8192u
#define SIZE (3u * OTA_BLOCK_SIZE + 12345u)

static uint8_t image[4u * OTA_BLOCK_SIZE];
static struct dut dut;
static struct host host;

/* Noise of which half of the bits are the same: about as compressible as code. */
static void make_image(void)
{
	dut_image(image, sizeof(image), 4);
	for (uint32_t i = 16; i < sizeof(image); i++)
		image[i] &= 0x1du;
}

static int set_up_with(const struct dut_options *options)
{
	make_image();
	if (dut_init(&dut, options) < 0)
		return -1;
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
	host_compress(&host, 12);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.ring_size = RING, .window = 12});
}

static int tear_down(void **state)
{
	(void)state;
	host_finish(&host);
	return talk_tear_down(&dut);
}

static struct ota_status status(void)
{
	struct ota_status s;

	ota_device_status(&dut.dev, &s);
	return s;
}

static void run_whole(uint32_t size, uint32_t chunk)
{
	host_finish(&host);
	host_init(&host, &dut, CONN, image, size);
	host_compress(&host, 12);
	assert_true(host_start(&host, OTA_START_RESTART));
	host_run(&host, chunk);
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[dut_update_slot(&dut)], image, size);
	dut.boot_slot = 0;
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	dut_forget_notes(&dut);
}

static void test_sizes(void **state)
{
	static const uint32_t sizes[] = {
		16,
		287,
		288,
		289,
		4095,
		4096,
		4097,
		OTA_BLOCK_SIZE - 1u,
		OTA_BLOCK_SIZE,
		OTA_BLOCK_SIZE + 1u,
		SIZE,
		4u * OTA_BLOCK_SIZE,
		2u * OTA_BLOCK_SIZE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		run_whole(sizes[i], 244);
		if (sizes[i] > 1000)
			assert_true(host.sent < sizes[i] * 3u / 4u);
	}
	run_whole(SIZE, 20);
	run_whole(5000, 3); /* one byte a value */
}

static void test_small_writes(void **state)
{
	(void)state;
	tear_down(NULL);
	assert_int_equal(set_up_with(&(struct dut_options){
				 .ring_size = RING, .window = 12, .write_size = 256}),
			 0);
	run_whole(SIZE, 244);
}

/* Blocks that cannot be compressed go as they are, with four bytes for each. */
static void test_noise(void **state)
{
	(void)state;
	dut_image(image, sizeof(image), 4);
	run_whole(SIZE, 244);
	assert_int_equal(host.sent, SIZE + OTA_STREAM_HEAD + 4u * OTA_BLOCK_HEAD);
}

/* Sends until so many bytes of the stream were accepted. */
static void receive(uint32_t sent)
{
	dut_forget_notes(&dut);
	host.phase = HOST_IDLE;
	assert_true(host_start(&host, 0));
	do {
		while (host_deliver(&host, false))
			;
		dut_settle(&dut);
		host_hear(&host);
	} while (host.offset < sent && host_write(&host, 244));
	assert_int_equal(host.phase, HOST_SENDING);
}

static uint32_t resume(void)
{
	const uint64_t before = host.sent;

	host.air_count = 0;
	host.phase = HOST_IDLE;
	dut_forget_notes(&dut);
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[1], image, SIZE);
	assert_int_equal(host.sent - before, host.to_send);
	return host.begins;
}

/* All that came is in flash, in units of 16; less than a block of it is sent again. */
static void test_link_loss(void **state)
{
	(void)state;
	for (uint32_t part = 1; part < 50; part++) {
		uint32_t made, begins;

		tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
		receive(part * 2000u);
		host_link_lost(&host);
		dut_settle(&dut);
		assert_int_equal(status().state, OTA_STATE_SUSPENDED);
		assert_int_equal(dut.stream.taken, dut.stream.received);
		made = status().flushed;
		assert_true(made > part * 2000u);
		begins = resume();
		assert_int_equal(begins, made - made % OTA_BLOCK_SIZE);
	}
}

static void test_power_loss(void **state)
{
	(void)state;
	receive(60000);
	assert_int_equal(dut.record.offset, OTA_BLOCK_SIZE);
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	assert_int_equal(resume(), OTA_BLOCK_SIZE);
}

/* The record is of the image: either kind of stream goes on where the other was cut off. */
static void test_kinds_change(void **state)
{
	(void)state;
	receive(50000);
	host_link_lost(&host);
	dut_settle(&dut);
	host_compress(&host, 0);
	assert_true(host_start(&host, 0));
	host_deliver(&host, false);
	dut_settle(&dut);
	host_hear(&host);
	assert_true(host.ready.offset > OTA_BLOCK_SIZE);
	assert_int_equal(host.ready.offset % OTA_WRITE_ALIGN, 0);
	for (int i = 0; i < 30; i++) {
		assert_true(host_write(&host, 244));
		host_deliver(&host, false);
		dut_settle(&dut);
		host_hear(&host);
	}
	host_link_lost(&host);
	dut_settle(&dut);
	host_compress(&host, 15);
	host.window = 12;
	assert_int_equal(resume(), OTA_BLOCK_SIZE);
}

/* READY came, and the host's stream is there to be changed. */
static void ready(void)
{
	tear_down(NULL);
	assert_int_equal(set_up(NULL), 0);
	assert_true(host_start(&host, 0));
	host_deliver(&host, false);
	dut_settle(&dut);
	host_hear(&host);
	assert_int_equal(host.phase, HOST_SENDING);
}

/* ERROR stream, where it happened in the image; what runs is as it was, and there is nothing to go on
 * with, so that the same host brings the image over by a stream that is whole. */
static void assert_refused(uint32_t from, uint32_t to)
{
	host_run(&host, 244);
	assert_int_equal(host.phase, HOST_REFUSED);
	assert_int_equal(host.error.code, OTA_ERR_STREAM);
	assert_in_range(host.error.detail, from, to);
	assert_false(status().flags & OTA_INFO_RESUMABLE);
	assert_int_equal(status().state, OTA_STATE_IDLE);
	assert_null(dut.violation);
	assert_int_equal(dut.set_boots, 0);
	for (uint32_t i = 0; i < sizeof(image); i++)
		assert_int_equal(dut.slots[0][i], 0xa5);
	assert_int_equal(resume(), 0);
}

/* A block that makes more than its 64 KiB: the image's first, and the next. */
static void test_bomb(void **state)
{
	static uint8_t more[OTA_BLOCK_MOST];
	uint8_t block[OTA_BLOCK_HEAD + OTA_BLOCK_MOST];
	uint32_t len;

	(void)state;
	for (uint32_t nth = 0; nth < 2; nth++) {
		uint32_t at = OTA_STREAM_HEAD;

		ready();
		if (nth > 0)
			at += OTA_BLOCK_HEAD +
			      (host.stream[at] | (uint32_t)host.stream[at + 1] << 8);
		memcpy(more, image, OTA_HEAD_SIZE);
		memset(more + OTA_HEAD_SIZE, 0, sizeof(more) - OTA_HEAD_SIZE);
		len = (uint32_t)deflate_block(more, sizeof(more), 12, block, sizeof(block));
		assert_in_range(len, 5, 2000); /* a small stream with a large end */
		memcpy(host.stream + at, block, len);
		assert_refused(OTA_BLOCK_SIZE * nth, OTA_BLOCK_SIZE * (nth + 1));
	}
}

/* Every kind of damage by its name, where it is found. */
static void test_damaged(void **state)
{
	static const struct {
		uint32_t at; /* behind the first block's head */
		uint8_t to;
	} damages[] = {
		{0, 0x05}, /* a dynamic block whose code is none */
		{0, 0x07}, /* no such block */
		{3000, 0xff}, {20000, 0}, {30000, 0x77},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		ready();
		memset(host.stream + OTA_STREAM_HEAD + OTA_BLOCK_HEAD + damages[i].at,
		       damages[i].to, 8);
		assert_refused(0, OTA_BLOCK_SIZE);
	}
	ready();
	host.stream[OTA_STREAM_HEAD + 3] = 2; /* a kind of block that there is not */
	assert_refused(0, 0);
	ready();
	host.stream[OTA_STREAM_HEAD + 2] = 2; /* longer than a block can be */
	assert_refused(0, 0);
	ready();
	host.stream[OTA_STREAM_HEAD + 1] -= 1; /* ends before its end */
	assert_refused(0, OTA_BLOCK_SIZE);
	ready();
	host.stream[OTA_STREAM_HEAD + 1] += 1; /* goes on after it */
	assert_refused(0, OTA_BLOCK_SIZE);
	ready();
	host.stream[0] ^= 1; /* of another length than START said */
	assert_refused(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_small_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_noise, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_link_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_power_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kinds_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bomb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
