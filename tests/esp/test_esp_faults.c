/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the firmware when its platform fails. */
#define IMAGE 300000u
#include "espfixture.h"
#include "nvs.h"

static void expect_old_image_runs(void)
{
	assert_false(fake_restarted());
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
	assert_int_equal(fake_board.rollbacks, 0);
}

/* --- flash */

/* A basic START erases the whole slot: 20 blocks, 6.4 s without a pause. */
static void watchdog_is_fed_during_a_6_s_erase(void **state)
{
	static const uint8_t start = OTA_CMD_START;
	uint32_t began;

	(void)state;
	fake_board.erase_block_ms = 320;
	esphost_connect(&host, image.bytes, image.size);
	began = fake_now_ms();
	fake_write(host.conn, CONTROL, &start, 1);
	assert_true(esphost_wait(&host, OTA_EVT_READY, 30000));
	assert_true(fake_now_ms() - began > 6000);
	assert_int_equal(fake_board.erases, 20);
	assert_null(fake_breach);
}

/* The driver gives a block 4.1 s; the watchdog has 5. */
static void watchdog_survives_the_slowest_block(void **state)
{
	(void)state;
	fake_board.erase_block_ms = 4100;
	assert_true(esphost_update(&host, &image));
	esphost_command(&host, OTA_CMD_STATUS);
	assert_null(fake_breach);
}

/* The other direction: the fake does notice a task that is not fed. */
static void watchdog_notices(void **state)
{
	(void)state;
	fake_board.erase_block_ms = 5100;
	esphost_connect(&host, image.bytes, image.size);
	esphost_start(&host, 0);
	esphost_send(&host, 1000);
	fake_run_ms(20000);
	assert_non_null(fake_breach);
	fake_breach = NULL;
}

static void expect_error(uint8_t code)
{
	assert_int_equal(host.error.code, code);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 2000));
	assert_int_equal(host.status.last_error, code);
	assert_int_equal(fake_board.boot, 0);
}

static void failing_erase(void **state)
{
	(void)state;
	fake_board.fail_erase = 2;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_ERASE);
	/* The fault struck once only: the bytes received before are not lost. */
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void failing_write(void **state)
{
	(void)state;
	fake_board.fail_write = 20;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_WRITE);
	expect_old_image_runs();
}

static void failing_read(void **state)
{
	(void)state;
	fake_board.fail_read = 40;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_READ);
	expect_old_image_runs();
}

static void encrypted_flash_gets_whole_units(void **state)
{
	(void)state;
	fake_board.encrypted = true;
	assert_true(esphost_boot());
	image.size -= 3; /* its last unit is not whole, and it is no image */
	assert_false(esphost_update(&host, &image));
	assert_int_equal(host.error.code, OTA_ERR_IMAGE);
	image.size += 3;
	fake_disconnect(host.conn);
	assert_true(esphost_update(&host, &image));
}

/* --- the image */

static void corrupt_image(void **state)
{
	(void)state;
	image.bytes[1000] ^= 1; /* as the host sends it, so SHA-256 agrees */
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_IMAGE);
	expect_old_image_runs();
}

static void cut_image(void **state)
{
	(void)state;
	image.size -= 4096;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_IMAGE);
}

/* The rest of it is still in flash from before, so that the boot loader is content. */
static void cut_image_over_itself(void **state)
{
	(void)state;
	fake_flash_image(1, image.bytes, image.size);
	image.size = 4 * OTA_BLOCK_SIZE;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_IMAGE);
}

static void unreadable_image(void **state)
{
	(void)state;
	fake_board.fail_verify_io = true;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_IMAGE);
}

static void failing_set_boot(void **state)
{
	(void)state;
	fake_board.fail_set_boot = true;
	assert_false(esphost_update(&host, &image));
	expect_error(OTA_ERR_BOOT_SLOT);
	fake_run_ms(10000);
	expect_old_image_runs();
}

/* --- NVS */

static void full_nvs(void **state)
{
	(void)state;
	fake_board.nvs_full = true;
	assert_true(esphost_update(&host, &image));
	esphost_drain(&host);
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
}

static void full_nvs_costs_the_resume_only(void **state)
{
	(void)state;
	fake_board.nvs_full = true;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 200000));
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_int_equal(host.status.last_error, OTA_ERR_PERSIST);
	assert_true(esphost_boot()); /* power cut */
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_int_equal(host.offset, 0);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

/* A record of a firmware that had another idea of it. */
static void foreign_record(void **state)
{
	static const uint8_t short_one[20] = {0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0, 0, 0, 1};

	(void)state;
	nvs_set_blob(1, "record", short_one, sizeof(short_one));
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_int_equal(host.status.state, OTA_STATE_IDLE);
}

static void no_nvs_at_all(void **state)
{
	(void)state;
	fake_board.nvs_gone = true;
	assert_true(esphost_boot());
	assert_true(esphost_update(&host, &image));
}

static void watchdog_was_not_started(void **state)
{
	(void)state;
	fake_board.no_watchdog = true;
	assert_true(esphost_update(&host, &image));
	assert_int_equal(fake_board.watchdog_refusals, 1); /* once in a session, not each step */
}

/* --- notification buffers */

static void ready_finds_no_buffer(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_radio.fail_notify = 5;
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void done_finds_no_buffer(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	fake_run_ms(1000);
	esphost_drain(&host);
	esphost_command(&host, OTA_CMD_END);
	fake_radio.fail_notify = 25; /* PROGRESS, DONE and their repetitions */
	assert_true(esphost_wait(&host, OTA_EVT_DONE, 10000));
	assert_false(fake_restarted());
	assert_true(esphost_restarts(5000));
	assert_true(fake_now_ms() >= host.done_at);
}

/* Not one buffer for 400 ms in the middle of the stream: the host's limit stands
 * still, and then everything goes on with nothing lost. */
static void give_back(void *arg)
{
	fake_radio.msys_free += *(int *)arg;
	*(int *)arg = 0;
}

static void no_buffers_for_a_while(void **state)
{
	int taken;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 100000));
	taken = fake_radio.msys_free;
	fake_radio.msys_free = 0;
	fake_at(400, give_back, &taken);
	assert_true(esphost_send(&host, host.size));
	assert_int_equal(taken, 0);
	assert_int_equal(host.seen[OTA_EVT_GAP], 0);
	assert_true(esphost_end(&host));
	assert_true(esphost_restarts(5000));
}

/* ota_esp leaves NimBLE buffers for its own answers. */
static void reserve_is_kept(void **state)
{
	const uint32_t before = fake_notifies();

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_radio.msys_free = 3;
	esphost_command(&host, OTA_CMD_STATUS);
	fake_run_ms(200);
	assert_int_equal(fake_radio.msys_free, 3);
	assert_int_equal(fake_notifies(), before);
	fake_radio.msys_free = 30;
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 200));
}

/* A slow air: DONE is accepted, but needs 1.5 s to go out. */
static void reboot_waits_for_the_notification(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	fake_run_ms(500);
	fake_radio.air_ms = 1500;
	assert_true(esphost_end(&host));
	assert_false(fake_restarted());
	assert_true(esphost_restarts(5000));
}

/* But not for ever. */
static void reboot_does_not_wait_for_ever(void **state)
{
	uint32_t began;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	fake_run_ms(500);
	esphost_drain(&host);
	fake_radio.air_ms = 60000;
	esphost_command(&host, OTA_CMD_END);
	began = fake_now_ms();
	assert_true(esphost_restarts(20000));
	assert_true(fake_now_ms() - began < 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(watchdog_is_fed_during_a_6_s_erase),
		ESP_TEST(watchdog_survives_the_slowest_block),
		ESP_TEST(watchdog_notices),
		ESP_TEST(failing_erase),
		ESP_TEST(failing_write),
		ESP_TEST(failing_read),
		ESP_TEST(encrypted_flash_gets_whole_units),
		ESP_TEST(corrupt_image),
		ESP_TEST(cut_image),
		ESP_TEST(cut_image_over_itself),
		ESP_TEST(unreadable_image),
		ESP_TEST(failing_set_boot),
		ESP_TEST(full_nvs),
		ESP_TEST(full_nvs_costs_the_resume_only),
		ESP_TEST(foreign_record),
		ESP_TEST(no_nvs_at_all),
		ESP_TEST(watchdog_was_not_started),
		ESP_TEST(ready_finds_no_buffer),
		ESP_TEST(done_finds_no_buffer),
		ESP_TEST(no_buffers_for_a_while),
		ESP_TEST(reserve_is_kept),
		ESP_TEST(reboot_waits_for_the_notification),
		ESP_TEST(reboot_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
