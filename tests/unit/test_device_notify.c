/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link that takes no notification for a while: nothing that a host waits for
 * is lost, whatever else piled up meanwhile.
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
#define OTHER 2
#define SIZE (2u * OTA_BLOCK_SIZE + 777u)

static uint8_t image[SIZE];
static struct dut dut;
static struct host host;

static int set_up(void **state)
{
	(void)state;
	if (talk_set_up(&dut, &(struct dut_options){0}, CONN, image, sizeof(image), 7) < 0)
		return -1;
	dut_connect(&dut, OTHER);
	host_init(&host, &dut, CONN, image, SIZE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

/* Every notification of a whole update finds no buffer the first count times. */
static void update_deaf(uint32_t count)
{
	uint32_t stuck = 0;

	assert_true(host_start(&host, 0));
	while (host.phase != HOST_DONE && stuck < 20) {
		const uint64_t before = host.sent;

		dut.deaf = count;
		while (host_write(&host, 200)) {
			host_deliver(&host, false);
			dut.deaf += dut.note_count == 0 ? 0 : count;
			host_hear(&host);
		}
		while (host_deliver(&host, false))
			;
		dut_wait(&dut, 200 + 50 * count);
		host_hear(&host);
		assert_int_not_equal(host.phase, HOST_REFUSED);
		stuck = host.sent == before ? stuck + 1 : 0;
	}
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_int_equal(dut.reboots, 1);
	assert_memory_equal(dut.slots[1], image, SIZE);
}

static void test_update(void **state)
{
	(void)state;
	update_deaf(1);
}

static void test_update_very_deaf(void **state)
{
	(void)state;
	update_deaf(10);
}

/* The retry does not wait for traffic to pause. */
static void test_retry_under_load(void **state)
{
	(void)state;
	dut.deaf = 2;
	start_full(&dut, CONN, image, SIZE, 0);
	silent(&dut);
	assert_int_equal(dut.dev.state, OTA_STATE_RECEIVING);
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t at;

		dut.now += 10;
		value(&dut, CONN, "00 00");
		assert_true(ota_device_deadline(&dut.dev, &at));
		if (at <= dut.now)
			dut_wait(&dut, 0);
	}
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &(struct dut_note){0}));
}

/* Re-hashing many blocks reports them, but READY has its place. */
static void test_ready_after_progress(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	dut_forget_notes(&dut);
	dut.deaf = DUT_FOREVER;
	start_full(&dut, CONN, image, SIZE, 0);
	dut.deaf = 0;
	dut_wait(&dut, 50);
	says(&dut, CONN, "01 00 00 02 00 09 03 02 00 00 02 00 08 01 00 00");
	silent(&dut);
}

/* A host that asks and asks: its own READY and the owner's DONE come through. */
static void test_flood(void **state)
{
	struct dut_note note;

	(void)state;
	start_full(&dut, CONN, image, SIZE, 0);
	send_rest(&dut, CONN, 0, image, 0, SIZE);
	dut_forget_notes(&dut);
	dut.deaf = DUT_FOREVER;
	for (int i = 0; i < 100; i++)
		tell(&dut, OTHER, "7f");
	for (int i = 0; i < 100; i++)
		tell(&dut, CONN, "08"); /* RESULT: not now */
	tell(&dut, CONN, "04");
	assert_int_equal(dut.dev.state, OTA_STATE_REBOOTING);
	assert_int_equal(dut.reboots, 0); /* not before it was said */
	dut.deaf = 0;
	dut_wait(&dut, 50);
	assert_int_equal(dut.reboots, 1);
	assert_true(dut_take_event(&dut, OTA_EVT_DONE, &note));
	assert_int_equal(note.conn, CONN);
}

static void test_flood_of_errors(void **state)
{
	struct dut_note note;

	(void)state;
	dut.deaf = DUT_FOREVER;
	for (int i = 0; i < 100; i++)
		tell(&dut, OTHER, "7f");
	start_full(&dut, CONN, image, SIZE, 0);
	for (int i = 0; i < 100; i++)
		tell(&dut, CONN, "05");
	send_value(&dut, CONN, 0, image, 0, 100);
	value(&dut, CONN, "01"); /* too short: ends the session */
	dut.deaf = 0;
	dut_wait(&dut, 50);
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
	assert_int_equal(note.conn, CONN);
	assert_true(dut_take_event(&dut, OTA_EVT_ERROR, &note));
	assert_int_equal(note.bytes[1], OTA_ERR_LENGTH);
	assert_int_equal(note.conn, CONN);
}

/* A host that is not there any more does not keep the device from rebooting. */
static void test_reboot_without_listener(void **state)
{
	(void)state;
	dut.deaf = DUT_FOREVER;
	tell(&dut, CONN, "08");
	dut_wait(&dut, 1999);
	assert_int_equal(dut.reboots, 0);
	dut_wait(&dut, 1);
	assert_int_equal(dut.reboots, 1);
	dut_wait(&dut, 10000);
	assert_int_equal(dut.reboots, 1);
}

/* Of several GAPs, STATUS and LINK the latest is kept, in its place. */
static void test_latest_counts(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 8000, 0);
	dut_forget_notes(&dut);
	dut.deaf = DUT_FOREVER;
	send_value(&dut, CONN, 5, image, 0, 100);
	tell(&dut, CONN, "05");
	tell(&dut, CONN, "0b");
	tell(&dut, CONN, "0b");
	tell(&dut, CONN, "05");
	dut.deaf = 0;
	dut_wait(&dut, 50);
	says(&dut, CONN, "08 00 60 00 00 00 00 03");
	assert_int_equal(dut.notes[dut.note_head].bytes[0], OTA_EVT_STATUS);
	dut_forget_notes(&dut);
	/* READY of a START that replaced the last one, with no GAP of that behind it. */
	dut.deaf = DUT_FOREVER;
	start_full(&dut, CONN, image, 8000, 0);
	tell(&dut, CONN, "0b");
	start_full(&dut, CONN, image, 8000, 0);
	dut.deaf = 0;
	dut_wait(&dut, 50);
	assert_int_equal(dut.notes[dut.note_head].bytes[0], OTA_EVT_GAP);
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &(struct dut_note){0}));
	silent(&dut);
}

/* Notifications for a connection that ended go to nobody. */
static void test_handle_reused(void **state)
{
	(void)state;
	dut.manual = true;
	start_full(&dut, CONN, image, SIZE, 0);
	dut.deaf = DUT_FOREVER;
	tell(&dut, CONN, "7f");
	tell(&dut, CONN, "0a e8 03");
	tell(&dut, CONN, "09 0c 00 0c 00 00 00 00 00 00 00 00");
	tell(&dut, CONN, "02");
	dut.deaf = 0;
	dut_disconnect(&dut, CONN);
	dut_connect(&dut, CONN); /* somebody else, by chance with the same handle */
	dut_forget_notes(&dut);
	dut_settle(&dut);
	ota_device_link_changed(&dut.dev, CONN, OTA_OK, dut.now);
	dut_wait(&dut, 10000);
	silent(&dut);
}

static void test_handle_reused_by_confirm(void **state)
{
	(void)state;
	dut.manual = true;
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	tell(&dut, CONN, "06");
	dut_disconnect(&dut, CONN);
	dut_connect(&dut, CONN);
	dut_settle(&dut);
	assert_int_equal(dut.confirms, 1);
	silent(&dut);
}

/* An ACK that waits for a buffer when its session ends keeps no timer alive. */
static void test_ack_of_ended_session(void **state)
{
	uint32_t at;

	(void)state;
	start_full(&dut, CONN, image, 4000, OTA_START_SINK);
	send_value(&dut, CONN, 0, image, 0, 100);
	dut.deaf = DUT_FOREVER;
	dut_wait(&dut, 100); /* the ACK finds no buffer */
	tell(&dut, CONN, "02");
	dut.deaf = 0;
	dut_wait(&dut, 100);
	dut_forget_notes(&dut);
	assert_false(ota_device_deadline(&dut.dev, &at));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_update),
		TEST(test_update_very_deaf),
		TEST(test_retry_under_load),
		TEST(test_ready_after_progress),
		TEST(test_flood),
		TEST(test_flood_of_errors),
		TEST(test_reboot_without_listener),
		TEST(test_latest_counts),
		TEST(test_handle_reused),
		TEST(test_handle_reused_by_confirm),
		TEST(test_ack_of_ended_session),
	};

	return cmocka_run_group_tests_name("device_notify", tests, NULL, NULL);
}
