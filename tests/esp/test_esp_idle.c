/* SPDX-License-Identifier: Apache-2.0 */
/* The limits on who keeps the device busy, and for how long; and that it sleeps otherwise. */
#define IMAGE 200000u
#include "espfixture.h"

static struct host other;

/* --- who may do what */

static uint32_t requests; /* that the hook was asked about: bits by number */

static bool ask(uint16_t conn, enum ota_esp_request request, void *arg)
{
	(void)conn;
	requests |= 1u << request;
	return *(bool *)arg;
}

static int write_prepare(void)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_prepare_encode(0, buf, sizeof(buf));

	return fake_write(host.conn, CONTROL, buf, (size_t)len);
}

static void expect_refusal(enum ota_command command)
{
	esphost_command(&host, command);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.opcode, command);
	assert_int_equal(host.result.code, OTA_ERR_PERMISSION);
}

static void permit_hook(void **state)
{
	static const uint8_t basic = OTA_CMD_START;
	static bool permitted;

	(void)state;
	permitted = false;
	requests = 0;
	esphost_config.permit = ask;
	esphost_config.arg = &permitted;
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	assert_false(esphost_start(&host, 0));
	assert_int_equal(host.error.code, OTA_ERR_PERMISSION);
	assert_int_equal(host.error.opcode, OTA_CMD_START);
	fake_write(host.conn, CONTROL, &basic, 1);
	assert_false(esphost_wait(&host, OTA_EVT_READY, 100));
	assert_int_equal(host.error.code, 0xff);
	assert_int_equal(fake_board.erases, 0);
	expect_refusal(OTA_CMD_ABORT);
	expect_refusal(OTA_CMD_CONFIRM);
	expect_refusal(OTA_CMD_ROLLBACK);
	expect_refusal(OTA_CMD_REBOOT);
	write_prepare();
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 1000));
	assert_int_equal(host.error.code, OTA_ERR_PERMISSION);
	assert_int_equal(requests, 1u << OTA_ESP_START | 1u << OTA_ESP_ABORT |
					   1u << OTA_ESP_CONFIRM | 1u << OTA_ESP_ROLLBACK |
					   1u << OTA_ESP_REBOOT | 1u << OTA_ESP_PREPARE);
	assert_int_equal(fake_board.erases, 0);
	assert_false(fake_restarted());
	permitted = true;
	host.error.code = OTA_OK;
	assert_true(esphost_start(&host, 0));
	permitted = false; /* the minute is over: the update goes on, and may be ended */
	assert_true(esphost_send(&host, 5000));
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.code, OTA_OK);
}

static bool waits_and_permits(uint16_t conn, enum ota_esp_request request, void *arg)
{
	(void)conn;
	(void)request;
	vTaskDelay(2);
	*(uint32_t *)arg += 1;
	return true;
}

static void waits(bool active, void *arg)
{
	(void)active;
	vTaskDelay(2);
	*(uint32_t *)arg += 1;
}

/* Hooks may wait, and look at the device: no lock is held.  The fakes see it if one is. */
static void hooks_are_called_without_the_lock(void **state)
{
	static uint32_t calls;

	(void)state;
	calls = 0;
	esphost_config.permit = waits_and_permits;
	esphost_config.session = waits;
	esphost_config.arg = &calls;
	assert_true(esphost_boot());
	assert_true(esphost_update(&host, &image));
	assert_int_equal(calls, 2); /* START, and that an update began */
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_OK);
	assert_int_equal(calls, 3);
}

/* Two connections that do nothing keep nobody out for ever. */
static void idle_connections_make_room(void **state)
{
	struct host third;
	uint32_t began;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_run_ms(20000);
	esphost_connect(&other, image.bytes, image.size);
	assert_int_equal(fake_connect(), 0xffff);
	began = fake_now_ms();
	/* Looking is no work, however often. */
	for (int i = 0; i < 24; i++) {
		esphost_command(&host, OTA_CMD_STATUS);
		fake_run_ms(1000);
	}
	assert_int_equal(fake_radio.terminated, 0);
	fake_run_ms(2000);
	assert_int_equal(fake_radio.terminated, 1);
	assert_false(fake_link(host.conn)->up); /* the one that is idle for longer */
	assert_true(fake_link(other.conn)->up);
	esphost_connect(&third, image.bytes, image.size);
	assert_int_not_equal(third.conn, 0xffff);
	assert_true(fake_now_ms() - began < 30000);
	/* The connection that updates stays, though it came first and writes seldom. */
	assert_true(esphost_start(&third, 0));
	assert_true(esphost_send(&third, 5000));
	for (int i = 0; i < 4; i++) {
		fake_run_ms(40000);
		esphost_command(&third, OTA_CMD_STATUS);
	}
	assert_true(fake_link(third.conn)->up);
	assert_false(fake_link(other.conn)->up);
	/* And with a place free nobody is closed. */
	esphost_command(&third, OTA_CMD_ABORT);
	fake_run_ms(600000);
	assert_true(fake_link(third.conn)->up);
}

/* Two that come first after a reboot, and do nothing, force no roll back. */
static void idle_connections_end_no_trial(void **state)
{
	struct host second;

	(void)state;
	assert_true(esphost_update(&host, &image));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	esphost_connect(&other, image.bytes, image.size);
	esphost_connect(&second, image.bytes, image.size);
	/* The wait is as long as a host looks for its device after an update. */
	for (int i = 0; i < 150 && !fake_radio.advertising; i++)
		fake_run_ms(400);
	esphost_connect(&host, image.bytes, image.size);
	assert_int_not_equal(host.conn, 0xffff);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_OK);
	fake_run_ms(120000);
	assert_int_equal(fake_board.running, 1);
	assert_int_equal(fake_board.rollbacks, 0);
	assert_false(fake_restarted());
}

/* Erases as fast as START and ABORT go, with a restart now and then. */
static void strangers_cannot_wear_out_the_flash(void **state)
{
	const uint32_t began = fake_now_ms();
	uint32_t most = 0;

	(void)state;
	fake_board.restarts = 0;
	while (fake_now_ms() - began < 600000) {
		esphost_connect(&host, image.bytes, image.size);
		for (int i = 0; i < 100 && esphost_start(&host, 0); i++) {
			esphost_send(&host, OTA_SECTOR_SIZE + 1000); /* or nothing was written */
			esphost_command(&host, OTA_CMD_ABORT);
			esphost_wait(&host, OTA_EVT_RESULT, 2000);
		}
		assert_int_equal(host.error.code, OTA_ERR_BUSY);
		esphost_command(&host, OTA_CMD_REBOOT);
		assert_true(esphost_restarts(5000));
		assert_true(esphost_boot());
		fake_run_ms(10000);
	}
	assert_true(fake_board.restarts > 20);
	for (size_t i = 0; i < FAKE_SLOT_SIZE / 4096; i++)
		if (fake_board.wear[i] > most)
			most = fake_board.wear[i];
	/* An ABORT's erase of what was written counts as well. */
	assert_in_range(most, OTA_WEAR_BURST / 2, OTA_WEAR_BURST + 600000 / OTA_WEAR_MS);
}

/* An idle device sleeps, except for a look now and then at whether it advertises. */
static void idle_device_does_not_wake_up(void **state)
{
	uint32_t before;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_run_ms(1000);
	before = fake_wakeups();
	fake_run_ms(3600000);
	assert_in_range(fake_wakeups() - before, 0, esphost_looks(3600000));
	assert_true(OTA_ESP_LOOK_MS >= 10u * CONFIG_OTA_ESP_ADV_INTERVAL_MS);
	/* And it is back at work at once. */
	assert_true(esphost_update(&other, &image));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(permit_hook),
		ESP_TEST(hooks_are_called_without_the_lock),
		ESP_TEST(idle_connections_make_room),
		ESP_TEST(idle_connections_end_no_trial),
		ESP_TEST(strangers_cannot_wear_out_the_flash),
		ESP_TEST(idle_device_does_not_wake_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
