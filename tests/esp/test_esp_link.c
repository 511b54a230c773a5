/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, link parameters, telemetry, and what else the air brings. */
#define IMAGE 200000u
#include "espfixture.h"

static struct host other;

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
	assert_int_equal(fake_write(host.conn, CONTROL, zeros, OTA_CONTROL_MAX + 1), 0x0d);
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

/* PREPARE is treated as a START: the link is fit for erases before the first. */
static void link_is_prepared_for_prepare(void **state)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_prepare_encode(0, buf, sizeof(buf));

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_write(host.conn, CONTROL, buf, (size_t)len);
	assert_int_equal(fake_board.erases, 0);
	assert_true(fake_run_until(erasing, NULL, 1000));
	assert_int_equal(fake_link(host.conn)->timeout, 500);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 20000));
	assert_int_equal(host.result.code, OTA_OK);
	assert_int_equal(fake_board.erases, FAKE_SLOT_SIZE / OTA_BLOCK_SIZE);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	assert_int_equal(fake_board.erases, FAKE_SLOT_SIZE / OTA_BLOCK_SIZE);
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
	assert_in_range(fake_wakeups() - before, 0, esphost_looks(60000));
}

/* --- rest */

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
		ESP_TEST(second_connection_is_told_busy),
		ESP_TEST(the_place_of_one_that_left_is_free),
		ESP_TEST(a_link_the_application_made_is_not_for_updates),
		ESP_TEST(nothing_is_notified_without_subscription),
		ESP_TEST(host_reset),
		ESP_TEST(too_long_a_write),
		ESP_TEST(link_is_prepared_before_anything_is_erased),
		ESP_TEST(link_is_prepared_for_prepare),
		ESP_TEST(central_does_not_answer),
		ESP_TEST(central_refuses),
		ESP_TEST(another_command_does_not_overtake_start),
		ESP_TEST(start_of_a_lost_link_is_forgotten),
		ESP_TEST(link_request),
		ESP_TEST(link_request_refused),
		ESP_TEST(link_request_without_answer),
		ESP_TEST(telemetry),
		ESP_TEST(lost_report_leaves_nothing_to_do),
		ESP_TEST(stalled_update_is_suspended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
