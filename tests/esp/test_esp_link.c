/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, link parameters, telemetry, and what else the air brings. */
#include "esphost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE 200000u

static struct esphost_image image;
static struct host host, other;

static int setup(void **state)
{
	(void)state;
	esphost_set_up(&image, IMAGE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return esphost_tear_down(&image);
}

static bool erasing(void *arg)
{
	(void)arg;
	return fake_board.erases > 0;
}

/* --- connections */

static void second_connection_is_told_busy(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(fake_radio.advertising);
	esphost_connect(&other, image.bytes, image.size);
	assert_int_equal(other.conn, 1);
	assert_false(fake_radio.advertising); /* two are enough */
	assert_true(esphost_start(&host, 0));
	assert_false(esphost_start(&other, 0));
	assert_int_equal(other.error.code, OTA_ERR_BUSY);
	esphost_command(&other, OTA_CMD_ABORT);
	assert_true(esphost_wait(&other, OTA_EVT_RESULT, 1000));
	assert_int_equal(other.result.code, OTA_ERR_BUSY);
	esphost_command(&other, OTA_CMD_STATUS);
	assert_true(esphost_wait(&other, OTA_EVT_STATUS, 1000));
	assert_int_equal(other.status.state, OTA_STATE_RECEIVING);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void the_place_of_one_that_left_is_free(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	esphost_connect(&other, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	fake_disconnect(host.conn);
	assert_true(fake_radio.advertising);
	assert_true(esphost_start(&other, 0));
	assert_true(esphost_send(&other, other.size));
	assert_true(esphost_end(&other));
}

static void a_link_the_application_made_is_not_for_updates(void **state)
{
	(void)state;
	fake_connect_as_central(3);
	assert_true(fake_radio.advertising);
	esphost_connect(&host, image.bytes, image.size);
	esphost_connect(&other, image.bytes, image.size);
	assert_int_equal(other.conn, 1);
}

static void nothing_is_notified_without_subscription(void **state)
{
	(void)state;
	host = (struct host){.conn = fake_connect(), .image = image.bytes, .size = image.size};
	esphost_command(&host, OTA_CMD_STATUS);
	assert_false(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	fake_subscribe(host.conn, true);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	fake_subscribe(host.conn, false);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_false(esphost_wait(&host, OTA_EVT_STATUS, 1000));
}

static void host_reset(void **state)
{
	(void)state;
	fake_reset_host();
	assert_true(fake_radio.advertising);
	assert_true(esphost_update(&host, &image));
}

static void too_long_a_write(void **state)
{
	static const uint8_t zeros[600];

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(fake_write(host.conn, CONTROL, zeros, 65), 0x0d);
	assert_int_equal(fake_write(host.conn, DATA, zeros, 513), 0x0d);
	assert_int_equal(fake_write(host.conn, CONTROL, zeros, 0), 0);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 1000));
	assert_int_equal(host.error.code, OTA_ERR_LENGTH);
}

/* --- parameters around an update */

static void link_is_prepared_before_anything_is_erased(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(esphost_write_start(&host, 0), 0);
	assert_int_equal(fake_radio.updates, 1);
	assert_true(esphost_wait(&host, OTA_EVT_READY, 5000));
	assert_int_equal(fake_link(host.conn)->timeout, 500);
	assert_int_equal(fake_link(host.conn)->interval, 12);
	assert_int_equal(fake_board.erases, 0);
	assert_true(esphost_send(&host, 1000));
	assert_true(fake_run_until(erasing, NULL, 1000));
	/* And again what costs less, once it is over. */
	esphost_command(&host, OTA_CMD_ABORT);
	fake_run_ms(1000);
	assert_int_equal(fake_link(host.conn)->interval, 24);
	assert_int_equal(fake_link(host.conn)->latency, 4);
	assert_int_equal(fake_link(host.conn)->timeout, 500);
}

static void central_does_not_answer(void **state)
{
	uint32_t began;

	(void)state;
	fake_radio.mute = true;
	esphost_connect(&host, image.bytes, image.size);
	began = fake_now_ms();
	assert_true(esphost_start(&host, 0));
	assert_true(fake_now_ms() - began >= 1500);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void central_refuses(void **state)
{
	(void)state;
	fake_radio.grant = false;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_link(host.conn)->timeout, 42);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void another_command_does_not_overtake_start(void **state)
{
	(void)state;
	fake_radio.mute = true;
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(esphost_write_start(&host, 0), 0);
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.opcode, OTA_CMD_ABORT);
	assert_int_equal(host.result.code, OTA_OK);
	fake_run_ms(5000);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_int_equal(host.status.state, OTA_STATE_IDLE);
}

static void start_of_a_lost_link_is_forgotten(void **state)
{
	(void)state;
	fake_radio.mute = true;
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(esphost_write_start(&host, 0), 0);
	fake_disconnect(host.conn);
	fake_run_ms(5000);
	assert_int_equal(fake_board.erases, 0);
}

/* --- LINK and TELEMETRY */

static void ask_link(const struct ota_link_request *request)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_link_request_encode(request, buf, sizeof(buf));

	fake_write(host.conn, CONTROL, buf, (size_t)len);
}

static void link_request(void **state)
{
	const struct ota_link_request request = {.interval_min = 16,
						 .interval_max = 16,
						 .latency = 2,
						 .supervision_timeout = 400,
						 .data_length = 251};

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	ask_link(&request);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 2000));
	assert_int_equal(host.link.code, OTA_OK);
	assert_int_equal(host.link.interval, 16);
	assert_int_equal(host.link.latency, 2);
	assert_int_equal(host.link.supervision_timeout, 400);
	assert_int_equal(host.link.mtu, 517);
	assert_int_equal(fake_radio.dle_octets, 251);
	/* Chosen by the host: START leaves it alone, and so does the end. */
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_radio.updates, 1);
	esphost_command(&host, OTA_CMD_ABORT);
	fake_run_ms(1000);
	assert_int_equal(fake_link(host.conn)->interval, 16);
}

static void link_request_refused(void **state)
{
	const struct ota_link_request request = {.interval_min = 16, .interval_max = 16};

	(void)state;
	fake_radio.grant = false;
	esphost_connect(&host, image.bytes, image.size);
	ask_link(&request);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 2000));
	assert_int_equal(host.link.code, OTA_ERR_LINK);
	assert_int_equal(host.link.interval, 40);
}

static void link_request_without_answer(void **state)
{
	const struct ota_link_request request = {.interval_min = 16, .interval_max = 16};

	(void)state;
	fake_radio.mute = true;
	esphost_connect(&host, image.bytes, image.size);
	ask_link(&request);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 5000));
	assert_int_equal(host.link.code, OTA_ERR_LINK);
}

static void ask_telemetry(uint16_t period_ms)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_telemetry_request_encode(period_ms, buf, sizeof(buf));

	fake_write(host.conn, CONTROL, buf, (size_t)len);
}

static void telemetry(void **state)
{
	(void)state;
	fake_board.erase_block_ms = 210;
	fake_board.stack_left = 2100;
	esphost_connect(&host, image.bytes, image.size);
	ask_telemetry(250);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 150000));
	assert_true(host.seen[OTA_EVT_TELEMETRY] >= 4);
	assert_int_equal(host.telemetry.rssi, -61);
	assert_int_equal(host.telemetry.interval, 12);
	assert_int_equal(host.telemetry.tx_phy, OTA_PHY_1M);
	assert_int_equal(host.telemetry.stack_left, fake_board.stack_left / OTA_STACK_UNIT);
	host.telemetry.erase_ms = 0;
	for (int i = 0; i < 10 && host.telemetry.erase_ms < 210; i++)
		esphost_wait(&host, OTA_EVT_TELEMETRY, 1000);
	esphost_drain(&host);
}

/* --- rest */

static uint32_t requests; /* that the hook was asked about: bits by number */

static bool ask(uint16_t conn, enum ota_esp_request request, void *arg)
{
	(void)conn;
	requests |= 1u << request;
	return *(bool *)arg;
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
	assert_int_equal(requests, 1u << OTA_ESP_START | 1u << OTA_ESP_ABORT |
					   1u << OTA_ESP_CONFIRM | 1u << OTA_ESP_ROLLBACK |
					   1u << OTA_ESP_REBOOT);
	assert_false(fake_restarted());
	permitted = true;
	assert_true(esphost_start(&host, 0));
	permitted = false; /* the minute is over: the update goes on, and may be ended */
	assert_true(esphost_send(&host, 5000));
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.code, OTA_OK);
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
	/* As long as a host looks for its device after an update. */
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
			esphost_send(&host, 1000);
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
	assert_in_range(most, OTA_WEAR_BURST, OTA_WEAR_BURST + 600000 / OTA_WEAR_MS);
}

/* Looks at whether to advertise, in so many ms; the one under way counts. */
static uint32_t looks(uint32_t ms)
{
	return ms / OTA_ESP_LOOK_MS + 1;
}

/* An idle device sleeps, but for a look now and then at whether it advertises. */
static void idle_device_does_not_wake_up(void **state)
{
	uint32_t before;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_run_ms(1000);
	before = fake_wakeups();
	fake_run_ms(3600000);
	assert_in_range(fake_wakeups() - before, 0, looks(3600000));
	/* And it is back at work at once. */
	assert_true(esphost_update(&other, &image));
}

/* A report that found no buffer is dropped; nothing is left to try again. */
static void lost_report_leaves_nothing_to_do(void **state)
{
	uint32_t before;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	ask_telemetry(1000);
	fake_run_ms(500);
	fake_radio.msys_free = 0;
	fake_run_ms(800);
	fake_disconnect(host.conn);
	fake_run_ms(2000);
	before = fake_wakeups();
	fake_run_ms(60000);
	assert_in_range(fake_wakeups() - before, 0, looks(60000));
}

static void stalled_update_is_suspended(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 100000));
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 65000));
	assert_int_equal(host.error.code, OTA_ERR_TIMEOUT);
	assert_true(esphost_start(&host, 0));
	assert_true(host.offset > 90000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(second_connection_is_told_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(the_place_of_one_that_left_is_free, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_link_the_application_made_is_not_for_updates,
						setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_notified_without_subscription, setup,
						teardown),
		cmocka_unit_test_setup_teardown(host_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long_a_write, setup, teardown),
		cmocka_unit_test_setup_teardown(link_is_prepared_before_anything_is_erased, setup,
						teardown),
		cmocka_unit_test_setup_teardown(central_does_not_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(central_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(another_command_does_not_overtake_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(start_of_a_lost_link_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(link_request, setup, teardown),
		cmocka_unit_test_setup_teardown(link_request_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(link_request_without_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(telemetry, setup, teardown),
		cmocka_unit_test_setup_teardown(permit_hook, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_connections_make_room, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_connections_end_no_trial, setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_cannot_wear_out_the_flash, setup,
						teardown),
		cmocka_unit_test_setup_teardown(idle_device_does_not_wake_up, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_report_leaves_nothing_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(stalled_update_is_suspended, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
