/* SPDX-License-Identifier: Apache-2.0 */
/* Updates on the firmware's own sources, over fakes of ESP-IDF and NimBLE. */
#define IMAGE 500016u /* eight blocks and a rest, in no way a multiple of anything */
#include "espfixture.h"
#include "testlib.h"

#include "base/sha256.h"

static int sessions;

static void on_session(bool active, void *arg)
{
	(void)arg;
	sessions += active ? 1 : 100;
}

static unsigned int percents, last_percent;

static void on_progress(unsigned int percent, void *arg)
{
	(void)arg;
	assert_true(percent > last_percent && percent <= 100);
	last_percent = percent;
	percents++;
}

static void reboot_and_connect(void)
{
	assert_true(esphost_restarts(5000));
	assert_false(fake_radio.advertising); /* nobody connects to what is about to end */
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	assert_int_not_equal(host.conn, 0xffff);
}

static void expect_new_image_runs(void)
{
	struct ota_info info;
	uint8_t sha256[32];
	char version[40];

	esphost_info(&host, &info);
	sha256_buffer(image.bytes, image.size, sha256);
	assert_int_equal(info.running_slot, 1);
	assert_memory_equal(info.running_sha256, sha256, sizeof(sha256));
	assert_int_equal(info.running_size, image.size);
	assert_int_not_equal(esphost_version(&host, version, sizeof(version)), 0);
	assert_string_equal(version, "1.1.0");
}

static void whole_update(void **state)
{
	struct ota_info info;
	uint32_t disconnected;

	(void)state;
	esphost_config.session = on_session;
	esphost_config.progress = on_progress;
	percents = last_percent = 0;
	assert_true(esphost_boot());
	assert_true(esphost_update(&host, &image));
	assert_int_equal(last_percent, 100);
	assert_in_range(percents, 50,
			100); /* a sector is less than one in a hundred of this image */
	assert_int_equal(host.done.size, image.size);
	assert_int_equal(host.done.slot, 1);
	assert_int_equal(fake_board.verifies,
			 1); /* a reading of all of it, after that of the hash */
	assert_int_equal(sessions, 1);
	disconnected = fake_radio.terminated;
	reboot_and_connect();
	assert_int_equal(fake_radio.terminated, disconnected + 1);
	expect_new_image_runs();
	esphost_info(&host, &info);
	assert_true(info.flags & OTA_INFO_PENDING_VERIFY);
	assert_true(info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_true(fake_radio.changed);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.code, OTA_OK);
	assert_int_equal(fake_board.confirms, 1);
	fake_run_ms(400000); /* neither ota_core nor the guard takes it back */
	assert_false(fake_restarted());
	esphost_info(&host, &info);
	assert_false(info.flags & OTA_INFO_PENDING_VERIFY);
}

/* 01, raw chunks, 04; no credits, no sequence numbers. */
static bool basic_update(uint32_t pace_us)
{
	static const uint8_t start = OTA_CMD_START, end = OTA_CMD_END;
	uint32_t sent = 0;

	esphost_connect(&host, image.bytes, image.size);
	fake_write(host.conn, CONTROL, &start, 1);
	if (!esphost_wait(&host, OTA_EVT_READY, 30000))
		return false;
	for (uint32_t n = 0; sent < image.size; n++) {
		const uint32_t len = image.size - sent < 495 ? image.size - sent : 495;

		fake_write_command(host.conn, DATA, image.bytes + sent, len);
		sent += len;
		if (n % 4 == 3)
			fake_run_ms(pace_us * 4 / 1000);
	}
	if (fake_write(host.conn, CONTROL, &end, 1) != 0)
		return false;
	return esphost_wait(&host, OTA_EVT_DONE, 60000);
}

static void basic_host(void **state)
{
	(void)state;
	assert_true(basic_update(5000));
	reboot_and_connect();
	expect_new_image_runs();
	fake_run_ms(400000); /* the connection confirmed it */
	assert_int_equal(fake_board.confirms, 1);
	assert_false(fake_restarted());
}

/* Flash at a third of the air's pace: only the link layer can hold this host back. */
static void basic_host_outruns_flash(void **state)
{
	(void)state;
	fake_board.write_us = 125000;
	assert_true(basic_update(5000));
	reboot_and_connect();
	expect_new_image_runs();
}

static void full_ring_holds_the_host_back(void **state)
{
	(void)state;
	fake_board.write_us = 125000;
	assert_true(esphost_update(&host, &image));
	assert_int_equal(host.seen[OTA_EVT_GAP], 0);
	reboot_and_connect();
	expect_new_image_runs();
}

static void overflow_is_refused(void **state)
{
	uint32_t sent = 0;

	(void)state;
	fake_board.write_us = 500000;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	for (uint16_t n = 0; sent < 40000; n++, sent += 400) {
		uint8_t value[402] = {(uint8_t)n, (uint8_t)(n >> 8)};

		memcpy(value + 2, image.bytes + sent, 400);
		fake_write_command(host.conn, DATA, value, sizeof(value));
	}
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 5000));
	assert_int_equal(host.error.code, OTA_ERR_OVERFLOW);
}

static void abort_leaves_the_running_slot(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 200000));
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.code, OTA_OK);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_int_equal(host.status.state, OTA_STATE_IDLE);
	assert_int_equal(fake_board.boot, 0);
	/* And the next update begins at 0. */
	assert_true(esphost_start(&host, 0));
	assert_int_equal(host.offset, 0);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void disconnect_in_mid_write(void **state)
{
	uint32_t writes;

	(void)state;
	fake_board.write_us = 40000;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 200000));
	writes = fake_board.writes;
	fake_run_ms(5); /* within a write of 40 ms */
	fake_disconnect(host.conn);
	fake_run_ms(5000); /* what is in the ring goes to flash */
	assert_true(fake_board.writes > writes);
	assert_true(fake_radio.advertising);
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(host.offset >= 200000 - 16);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	reboot_and_connect();
	expect_new_image_runs();
}

/* STATUS tells of the resets since the update began, and which of them were panics. */
static void resets_are_counted(void **state)
{
	static const struct {
		enum ota_reset reason;
		uint8_t resets, panics;
	} starts[] = {
		{OTA_RESET_PANIC, 1, 1},
		{OTA_RESET_POWER_ON, 2, 1},
		{OTA_RESET_TASK_WATCHDOG, 3, 2},
	};

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 300000));
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		fake_board.reset_reason = (int)starts[i].reason;
		assert_true(esphost_boot());
		esphost_connect(&host, image.bytes, image.size);
		esphost_command(&host, OTA_CMD_STATUS);
		assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
		assert_int_equal(host.status.reset_reason, starts[i].reason);
		assert_int_equal(host.status.resets, starts[i].resets);
		assert_int_equal(host.status.panics, starts[i].panics);
	}
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_int_equal(host.status.reset_reason, OTA_RESET_TASK_WATCHDOG);
	assert_int_equal(host.status.resets, 0);
	assert_int_equal(host.status.panics, 0);
}

static void power_cut(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 300000));
	assert_true(esphost_boot()); /* no word of warning */
	assert_int_equal(fake_board.running, 0);
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(host.offset >= 131072);
	assert_int_equal(host.offset % OTA_BLOCK_SIZE, 0);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	reboot_and_connect();
	expect_new_image_runs();
}

static void another_image_starts_at_0(void **state)
{
	struct esphost_image other = esphost_image("otabench-sim", "1.2.0", IMAGE, 1, 3);

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 300000));
	fake_disconnect(host.conn);
	esphost_connect(&host, other.bytes, other.size);
	assert_true(esphost_start(&host, 0));
	assert_int_equal(host.offset, 0);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	free(other.bytes);
}

/* Trailing bytes are not of the image by its header, but were sent and are hashed. */
static void trailing_bytes_are_reported(void **state)
{
	struct ota_info info;
	uint8_t sha256[32];

	(void)state;
	image.bytes = realloc(image.bytes, image.size + 4096);
	assert_non_null(image.bytes);
	memset(image.bytes + image.size, 0x5a, 4096);
	image.size += 4096;
	assert_true(esphost_update(&host, &image));
	reboot_and_connect();
	esphost_info(&host, &info);
	sha256_buffer(image.bytes, image.size, sha256);
	assert_memory_equal(info.running_sha256, sha256, sizeof(sha256));
	/* A cable brings another image: the note is of no use any more. */
	image.size -= 4096;
	fake_flash_image(1, image.bytes, image.size);
	fake_board.state[1] = 2;
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	expect_new_image_runs();
}

static void sink_writes_nothing(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, OTA_START_SINK));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	assert_int_equal(host.done.size, image.size);
	assert_int_equal(fake_board.erases, 0);
	fake_run_ms(5000);
	assert_false(fake_restarted());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(whole_update),
		ESP_TEST(basic_host),
		ESP_TEST(basic_host_outruns_flash),
		ESP_TEST(full_ring_holds_the_host_back),
		ESP_TEST(overflow_is_refused),
		ESP_TEST(abort_leaves_the_running_slot),
		ESP_TEST(disconnect_in_mid_write),
		ESP_TEST(power_cut),
		ESP_TEST(resets_are_counted),
		ESP_TEST(another_image_starts_at_0),
		ESP_TEST(trailing_bytes_are_reported),
		ESP_TEST(sink_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
