/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delta updates at the device: whole ones, what goes on after a lost link or power, and patches
 * that are damaged or of another image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "device_host.h"
#include "device_talk.h"

#include <string.h>

#define CONN 1
#define SIZE (3u * OTA_BLOCK_SIZE + 4321u)

static uint8_t base[4u * OTA_BLOCK_SIZE], image[4u * OTA_BLOCK_SIZE];
static struct dut dut;
static struct host host;
static struct patch patch;

/* The image is the base, with bytes of its own here and there and all behind them moved. */
static void make_image(void)
{
	dut_image(base, sizeof(base), 4);
	dut_image(image, sizeof(image), 9);
	memcpy(image, base, OTA_HEAD_SIZE);
	for (uint32_t at = OTA_HEAD_SIZE; at < SIZE; at += 20000u) {
		const uint32_t room = SIZE - at < 19000u ? SIZE - at : 19000u;
		const uint32_t from = at + at / 20000u * 12u;

		memcpy(image + at, base + from, room);
	}
}

static int set_up(void **state)
{
	const struct dut_options options = {.window = 12, .base = base, .base_size = sizeof(base)};

	(void)state;
	make_image();
	if (dut_init(&dut, &options) < 0 || patch_make(&patch, base, sizeof(base), image, SIZE) < 0)
		return -1;
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
	host_compress(&host, 12);
	host.patch = &patch;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	patch_finish(&patch);
	host_finish(&host);
	return talk_tear_down(&dut);
}

static void test_whole(void **state)
{
	(void)state;
	for (uint32_t chunk = 20; chunk <= 500; chunk += 120) {
		tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
		assert_true(host_start(&host, 0));
		host_run(&host, chunk);
		assert_null(host.complaint);
		assert_int_equal(host.phase, HOST_DONE);
		assert_memory_equal(dut.slots[1], image, SIZE);
		/* The new bytes are 1000 in 20,000. */
		assert_true(host.sent < SIZE / 10u);
	}
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
	} while (host.offset < sent && host_write(&host, 100));
	assert_int_equal(host.phase, HOST_SENDING);
}

/* From the border that the flash has all bytes before of: at most a block goes twice. */
static void resume(uint32_t made)
{
	host.air_count = 0;
	host.phase = HOST_IDLE;
	dut_forget_notes(&dut);
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[1], image, SIZE);
	assert_int_equal(host.begins, made - made % OTA_BLOCK_SIZE);
}

static void test_link_loss(void **state)
{

	(void)state;
	for (uint32_t part = 1; part < 50; part++) {
		struct ota_status s;

		tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
		receive(part * 200u);
		host_link_lost(&host);
		dut_settle(&dut);
		ota_device_status(&dut.dev, &s);
		assert_int_equal(s.state, OTA_STATE_SUSPENDED);
		assert_true(s.flushed > 0);
		resume(s.flushed);
	}
}

static void test_power_loss(void **state)
{
	(void)state;
	for (uint32_t part = 1; part < 20; part++) {
		uint32_t made;

		tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
		receive(part * 500u);
		made = dut.record.offset;
		dut_boot(&dut);
		dut_connect(&dut, CONN);
		resume(made);
	}
}

/* A patch of another base erases nothing, and the host may send the image next. */
static void test_other_base(void **state)
{
	(void)state;
	base[sizeof(base) - 1] ^= 1;
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	dut.slots[1][0] = 0x42;
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_int_equal(host.phase, HOST_REFUSED);
	assert_int_equal(host.error.code, OTA_ERR_BASE);
	assert_int_equal(dut.slots[1][0], 0x42);
	host.patch = NULL;
	host.air_count = 0;
	host.phase = HOST_IDLE;
	dut_forget_notes(&dut);
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[1], image, SIZE);
}

/* A byte changed anywhere: refused, by the stream or by the hash in the end. */
static void test_damaged(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	for (int i = 0; i < 60; i++) {
		tear_down(NULL);
		assert_int_equal(set_up(NULL), 0);
		patch.data[i < 20 ? 48u + (uint32_t)i : rng_below(&rng, patch.size)] ^=
			(uint8_t)(1 + rng_below(&rng, 255));
		assert_true(host_start(&host, 0));
		host_run(&host, 244);
		assert_int_equal(host.phase, HOST_REFUSED);
		assert_int_not_equal(dut.boot_slot, 1);
	}
}

/* A device without a base knows no such flag. */
static void test_not_offered(void **state)
{
	const struct dut_options options = {.window = 12};

	(void)state;
	tear_down(NULL);
	assert_int_equal(patch_make(&patch, base, sizeof(base), image, SIZE), 0);
	assert_int_equal(dut_init(&dut, &options), 0);
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
	host_compress(&host, 12);
	host.patch = &patch;
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_int_equal(host.phase, HOST_REFUSED);
	assert_int_equal(host.error.code, OTA_ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_link_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_power_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_base, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_offered, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
