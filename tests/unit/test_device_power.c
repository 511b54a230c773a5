/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cut at every flash operation of a whole update, link lost and abort at
 * every one as well: the device always starts, the slot that runs is never
 * touched, the next try completes, and what is sent again is bounded.
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
#define SIZE (2u * OTA_BLOCK_SIZE + 5003u)

static uint8_t image[SIZE];
static struct dut dut;
static struct host host;

static int set_up(void)
{
	dut_image(image, sizeof(image), 8);
	if (dut_init(&dut, &(struct dut_options){.ring_size = RING, .manual = true}) < 0)
		return -1;
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
	return 0;
}

static void tear_down(void)
{
	sound(&dut);
	assert_null(host.complaint);
	dut_finish(&dut);
}

/* The board boots a whole image: the old one, untouched, or all of the new one. */
static void assert_boots(void)
{
	const unsigned int slot = dut.info.running_slot;

	for (uint32_t i = 0; i < dut.info.slot_size && slot == 0; i++)
		assert_int_equal(dut.slots[0][i], 0xa5);
	if (slot == 1)
		assert_memory_equal(dut.slots[1], image, SIZE);
}

/* Resumes where something is left to do; returns the offset gone on from. */
static uint32_t complete(void)
{
	host.air_count = 0;
	host.phase = HOST_IDLE;
	dut_forget_notes(&dut);
	assert_true(host_start(&host, 0));
	host_run(&host, 250);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[1], image, SIZE);
	assert_memory_equal(dut.image_hash[1], host.sha256, OTA_SHA256_SIZE);
	return host.ready.offset;
}

/* False: the update was over before operation number cut. */
static bool power_cut(uint64_t cut, bool keeps)
{
	uint32_t sent;

	assert_int_equal(set_up(), 0);
	dut.cut_at = cut;
	dut.cut_keeps = keeps;
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	if (!dut.off) {
		assert_int_equal(host.phase, HOST_DONE);
		tear_down();
		return false;
	}
	sent = host.furthest;
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	assert_boots();
	if (dut.info.running_slot == 0)
		assert_true(complete() + OTA_BLOCK_SIZE + RING >= sent);
	tear_down();
	return true;
}

static void test_power_cut(void **state)
{
	uint64_t cut = 1;

	(void)state;
	for (int keeps = 0; keeps < 2; keeps++)
		for (cut = 1; power_cut(cut, keeps != 0); cut++)
			;
	assert_true(cut > 2 * SIZE / OTA_SECTOR_SIZE);
	print_message("# %u operations\n", (unsigned int)cut - 1);
}

/* Cut again and again, each time a little later. */
static void test_power_cut_repeatedly(void **state)
{
	unsigned int cuts = 0;

	(void)state;
	for (uint32_t step = 25; step < 60; step += 7) {
		assert_int_equal(set_up(), 0);
		for (;;) {
			dut.cut_at = dut.ops + step;
			host.phase = HOST_IDLE;
			host.air_count = 0;
			dut_forget_notes(&dut);
			assert_true(host_start(&host, 0));
			if (host_run(&host, 500))
				break;
			assert_true(dut.off);
			assert_boots();
			dut_boot(&dut);
			dut_connect(&dut, CONN);
			/* Longer runs between the cuts: else none reaches the next record. */
			step += 3;
			assert_true(++cuts < 1000);
		}
		assert_memory_equal(dut.slots[1], image, SIZE);
		tear_down();
	}
	assert_true(cuts > 5);
}

/* After a link loss no more is sent again than was on its way, and a unit. */
static bool link_lost(uint64_t at)
{
	uint32_t received;
	bool lost;

	assert_int_equal(set_up(), 0);
	assert_true(host_start(&host, 0));
	while (dut.ops < at && host.phase != HOST_DONE) {
		while (host_write(&host, 244) && host_deliver(&host, false))
			;
		while (host_deliver(&host, false))
			;
		if (!dut_op_end(&dut))
			dut_wait(&dut, 100);
		host_hear(&host);
	}
	lost = host.phase != HOST_DONE;
	received = dut.dev.rx.received;
	host_link_lost(&host);
	if (lost && dut.dev.state == OTA_STATE_VERIFYING) {
		dut_settle(&dut); /* END was given: it needs nobody */
		assert_int_equal(dut.reboots, 1);
		assert_memory_equal(dut.slots[1], image, SIZE);
	} else if (lost) {
		assert_true(complete() + OTA_WRITE_ALIGN > received);
	}
	tear_down();
	return lost;
}

static void test_link_lost(void **state)
{
	uint64_t at = 0;

	(void)state;
	while (link_lost(at))
		at++;
	assert_true(at > 2 * SIZE / OTA_SECTOR_SIZE);
}

/* ABORT is over as soon as the operation under way is, or comes too late. */
static bool aborted(uint64_t at)
{
	struct dut_note note;
	bool in_time;

	assert_int_equal(set_up(), 0);
	assert_true(host_start(&host, 0));
	while (dut.ops < at && dut.reboots == 0) {
		while (host_write(&host, 244))
			;
		while (host_deliver(&host, false))
			;
		if (!dut_op_end(&dut))
			dut_wait(&dut, 100);
		host_hear(&host);
	}
	dut_forget_notes(&dut);
	tell(&dut, CONN, "02");
	if (dut.op != OTA_OP_NONE && dut.note_count == 0)
		dut_op_end(&dut);
	assert_true(dut_take_event(&dut, OTA_EVT_RESULT, &note));
	in_time = note.bytes[2] == OTA_OK;
	if (!in_time) {
		assert_int_equal(note.bytes[2], OTA_ERR_STATE);
		dut_settle(&dut);
		assert_int_equal(dut.reboots, 1);
		assert_memory_equal(dut.slots[1], image, SIZE);
	} else {
		assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
		dut_settle(&dut);
		assert_int_equal(dut.record.offset, 0);
		assert_int_equal(dut.set_boots, 0);
		assert_boots();
		assert_int_equal(complete(), 0);
	}
	tear_down();
	return in_time;
}

static void test_abort(void **state)
{
	uint64_t at = 0;

	(void)state;
	while (aborted(at))
		at++;
	assert_true(at > 2 * SIZE / OTA_SECTOR_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_power_cut_repeatedly),
		cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_abort),
	};

	return cmocka_run_group_tests_name("device_power", tests, NULL, NULL);
}
