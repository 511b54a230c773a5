/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware as a careful product configures it, on a chip with 2M PHY and an
 * ESP-IDF with PSA: passkey, the application confirms, no downgrade, no
 * telemetry (tests/esp/fakes/include/sdkconfig.h, FAKE_PRODUCT).
 */
#define IMAGE 200000u
#include "espfixture.h"

static uint32_t shown;

static void connect_paired(void)
{
	host = (struct host){.conn = fake_connect(), .image = image.bytes, .size = image.size};
	assert_int_not_equal(host.conn, 0xffff);
	fake_link(host.conn)->encrypted = fake_link(host.conn)->authenticated = true;
	fake_subscribe(host.conn, true);
	fake_run_ms(200); /* 2M PHY is on its way */
}

static bool update(const struct esphost_image *what)
{
	connect_paired();
	host.image = what->bytes;
	host.size = what->size;
	return esphost_start(&host, 0) && esphost_send(&host, host.size) && esphost_end(&host);
}

static void strangers_write_nothing(void **state)
{
	static const uint8_t start = OTA_CMD_START;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(fake_write(host.conn, CONTROL, &start, 1), 0x05);
	assert_int_equal(fake_write(host.conn, DATA, &start, 1), 0x05);
	fake_link(host.conn)->encrypted = true; /* Just Works is not enough */
	assert_int_equal(fake_write(host.conn, CONTROL, &start, 1), 0x05);
	fake_run_ms(5000);
	assert_int_equal(fake_board.erases, 0);
}

/* A product with more than two: one updates, the others are told so, and another place opens
 * where somebody leaves. */
static void three_connections(void **state)
{
	struct host third[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		connect_paired();
		third[i] = host;
	}
	assert_true(fake_radio.advertising);
	connect_paired();
	assert_false(fake_radio.advertising);
	assert_true(esphost_start(&host, 0));
	for (int i = 0; i < 2; i++) {
		assert_false(esphost_start(&third[i], 0));
		assert_int_equal(third[i].error.code, OTA_ERR_BUSY);
	}
	fake_disconnect(third[1].conn);
	assert_true(fake_radio.advertising);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

/* ESP-IDF drops without a word what arrives while the host task stands still for long: a value that
 * finds no room in time ends the session instead (fake_host.c). */
static void basic_host_is_refused_before_values_are_dropped(void **state)
{
	static const uint8_t start = OTA_CMD_START;

	(void)state;
	fake_board.write_us = 500000;
	connect_paired();
	fake_write(host.conn, CONTROL, &start, 1);
	assert_true(esphost_wait(&host, OTA_EVT_READY, 60000));
	for (uint32_t sent = 0; sent + 495 <= image.size; sent += 495)
		fake_write_command(host.conn, DATA, image.bytes + sent, 495);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 60000));
	fake_run_ms(1000);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
}

/* The same for who does not wait for `01`, which comes when the slot is erased. */
static void basic_host_is_refused_before_ready(void **state)
{
	static const uint8_t start = OTA_CMD_START;

	(void)state;
	connect_paired();
	fake_write(host.conn, CONTROL, &start, 1);
	fake_write_command(host.conn, DATA, image.bytes, 495);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 1000));
}

/* 10 ms is refused, with the supervision timeout beside it; so 15 ms is asked for. */
static void apple_grants_the_second_request(void **state)
{
	(void)state;
	fake_radio.apple = true;
	connect_paired();
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_link(host.conn)->interval, 12);
	assert_int_equal(fake_link(host.conn)->timeout, 500);
}

/* The PHY that this side asked for at the subscription is on its way. */
static void link_asks_for_a_phy_right_after_subscribing(void **state)
{
	const struct ota_link_request request = {.phys = OTA_PHYS_1M};
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_link_request_encode(&request, buf, sizeof(buf));

	(void)state;
	host = (struct host){.conn = fake_connect(), .image = image.bytes, .size = image.size};
	fake_link(host.conn)->encrypted = fake_link(host.conn)->authenticated = true;
	fake_subscribe(host.conn, true);
	fake_write(host.conn, CONTROL, buf, (size_t)len);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 2000));
	assert_int_equal(host.link.code, OTA_OK);
	assert_int_equal(host.link.tx_phy, OTA_PHY_1M);
	assert_int_equal(fake_radio.phy_requests, 2);
}

/* A link that is not encrypted is of no use here, so it is closed, room or not. */
static void silent_link_is_closed(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_run_ms(44000);
	assert_true(fake_link(host.conn)->up);
	fake_run_ms(2000);
	assert_false(fake_link(host.conn)->up);
	connect_paired();
	esphost_command(&host, OTA_CMD_STATUS);
	fake_run_ms(600000);
	assert_true(fake_link(host.conn)->up);
}

static void show(uint32_t passkey, void *arg)
{
	(void)arg;
	shown = passkey;
}

static void passkey(void **state)
{
	(void)state;
	ota_esp.config.show_passkey = show;
	esphost_connect(&host, image.bytes, image.size);
	fake_pair_event(host.conn, false);
	assert_in_range(shown, 1, 999999);
	assert_int_equal(fake_radio.passkey_injected, shown);
	assert_int_equal(ble_hs_cfg.sm_io_cap, BLE_HS_IO_DISPLAY_ONLY);
	assert_int_equal(ble_hs_cfg.sm_mitm, 1);
	assert_int_equal(ble_hs_cfg.sm_sc, 1);
	assert_int_equal(ble_hs_cfg.sm_bonding, 1);
	ota_esp.config.show_passkey = NULL;
	fake_pair_event(host.conn, false);
	assert_non_null(strstr(fake_board.log, "passkey "));
}

/* A stranger with the owner's address takes nothing from the owner by pairing badly. */
static void bond_outlives_a_failed_pairing(void **state)
{
	struct host other;

	(void)state;
	fake_radio.bond = 7;
	esphost_connect(&host, image.bytes, image.size);
	esphost_connect(&other, image.bytes, image.size);
	fake_pair_event(host.conn, true);
	assert_int_equal(fake_radio.bond, 0); /* now NimBLE pairs */
	fake_pairing_ends(host.conn, 0); /* a wrong passkey */
	assert_int_equal(fake_radio.bond, 7);
	fake_pair_event(host.conn, true);
	fake_pairing_ends(other.conn, 0); /* another connection's end is not this one's */
	assert_int_equal(fake_radio.bond, 0);
	fake_disconnect(host.conn); /* it went away in the middle */
	fake_run_ms(100);
	assert_int_equal(fake_radio.bond, 7);
	/* An owner who did lose his keys proves himself, and has new ones. */
	esphost_connect(&host, image.bytes, image.size);
	fake_pair_event(host.conn, true);
	fake_pairing_ends(host.conn, 9);
	assert_int_equal(fake_radio.bond, 9);
	fake_disconnect(host.conn);
	fake_run_ms(100);
	assert_int_equal(fake_radio.bond, 9);
}

static void link_goes_to_2m_and_10_ms(void **state)
{
	struct ota_info info;

	(void)state;
	connect_paired();
	assert_int_equal(fake_link(host.conn)->phy, 2);
	esphost_info(&host, &info);
	assert_int_equal(info.phys, OTA_PHYS_1M | OTA_PHYS_2M);
	assert_int_equal(info.block_revision, 103);
	assert_false(info.features & OTA_FEATURE_TELEMETRY);
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_link(host.conn)->interval, 8);
	assert_int_equal(fake_link(host.conn)->timeout, 500);
}

static void link_request_with_phy(void **state)
{
	const struct ota_link_request request = {.interval_min = 24,
						 .interval_max = 24,
						 .supervision_timeout = 600,
						 .phys = OTA_PHYS_1M,
						 .data_length = 100};
	uint8_t buf[OTA_CONTROL_MAX];
	int len;

	(void)state;
	connect_paired();
	len = ota_link_request_encode(&request, buf, sizeof(buf));
	fake_write(host.conn, CONTROL, buf, (size_t)len);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 2000));
	assert_int_equal(host.link.code, OTA_OK);
	assert_int_equal(host.link.interval, 24);
	assert_int_equal(host.link.tx_phy, OTA_PHY_1M);
	assert_int_equal(host.link.rx_octets, 100);
}

static void telemetry_is_not_offered(void **state)
{
	uint8_t buf[OTA_CONTROL_MAX];
	int len;

	(void)state;
	connect_paired();
	len = ota_telemetry_request_encode(250, buf, sizeof(buf));
	fake_write(host.conn, CONTROL, buf, (size_t)len);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 1000));
	assert_int_equal(host.error.code, OTA_ERR_UNSUPPORTED);
	assert_int_equal(host.error.opcode, OTA_CMD_TELEMETRY);
}

static void application_has_the_last_word(void **state)
{
	struct ota_info info;

	(void)state;
	assert_true(update(&image));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
	connect_paired();
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_ERR_STATE);
	assert_int_equal(fake_board.confirms, 0);
	assert_int_equal(ota_esp_confirm(), ESP_OK);
	fake_run_ms(500);
	assert_int_equal(fake_board.confirms, 1);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_OK);
	esphost_info(&host, &info);
	assert_false(info.flags & OTA_INFO_PENDING_VERIFY);
}

static void refuse(const char *project, const char *version, uint32_t secure_version, uint8_t code,
		   uint32_t detail)
{
	struct esphost_image other = esphost_image(project, version, IMAGE, secure_version, 7);

	assert_false(update(&other));
	assert_int_equal(host.error.code, code);
	assert_int_equal(host.error.detail, detail);
	assert_int_equal(fake_board.boot, 0);
	/* Refused by its first bytes: nothing was erased for it. */
	assert_int_equal(fake_board.erases, 0);
	assert_true(host.sent < 10000);
	fake_disconnect(host.conn);
	free(other.bytes);
}

static void downgrade_is_refused(void **state)
{
	(void)state;
	refuse("otabench-sim", "0.9.9", 1, OTA_ERR_VERSION, 48);
	refuse("otabench-sim", "1.1.0", 0, OTA_ERR_VERSION, 36);
}

static void other_project_is_refused(void **state)
{
	(void)state;
	refuse("something-else", "1.1.0", 1, OTA_ERR_IMAGE, 80);
}

/* A secure version that the eFuse has meanwhile outgrown, found by the first bytes too. */
static void anti_rollback_is_asked_of_the_efuse(void **state)
{
	(void)state;
	fake_board.efuse_version = 4;
	refuse("otabench-sim", "1.1.0", 3, OTA_ERR_VERSION, 36);
}

/* The confirmed image's predecessor is older than the policy allows: no command boots it. */
static void rollback_is_no_downgrade(void **state)
{
	struct ota_info info;

	(void)state;
	assert_true(update(&image));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	connect_paired();
	esphost_info(&host, &info);
	assert_true(info.flags & OTA_INFO_CAN_ROLLBACK); /* of an image on trial */
	assert_int_equal(ota_esp_confirm(), ESP_OK);
	fake_run_ms(2000);
	esphost_info(&host, &info);
	assert_false(info.flags & OTA_INFO_CAN_ROLLBACK);
	esphost_command(&host, OTA_CMD_ROLLBACK);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_ERR_NO_ROLLBACK);
	assert_true(esphost_boot());
	connect_paired();
	esphost_info(&host, &info);
	assert_false(info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_int_equal(fake_board.running, 1);
}

static void demo_task(void *arg)
{
	(void)arg;
	app_main();
}

/* The demo's third call. */
static void demo_confirms(void **state)
{
	(void)state;
	assert_true(update(&image));
	assert_true(esphost_restarts(5000));
	fake_boot();
	fake_board.log[0] = '\0';
	fake_task(demo_task, NULL);
	fake_run_ms(5000);
	assert_int_equal(fake_board.confirms, 0);
	assert_non_null(strstr(fake_board.log, "beat 1, not confirmed"));
	fake_run_ms(20000);
	assert_int_equal(fake_board.confirms, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(strangers_write_nothing),
		ESP_TEST(silent_link_is_closed),
		ESP_TEST(three_connections),
		ESP_TEST(basic_host_is_refused_before_values_are_dropped),
		ESP_TEST(basic_host_is_refused_before_ready),
		ESP_TEST(apple_grants_the_second_request),
		ESP_TEST(link_asks_for_a_phy_right_after_subscribing),
		ESP_TEST(passkey),
		ESP_TEST(bond_outlives_a_failed_pairing),
		ESP_TEST(link_goes_to_2m_and_10_ms),
		ESP_TEST(link_request_with_phy),
		ESP_TEST(telemetry_is_not_offered),
		ESP_TEST(application_has_the_last_word),
		ESP_TEST(downgrade_is_refused),
		ESP_TEST(other_project_is_refused),
		ESP_TEST(anti_rollback_is_asked_of_the_efuse),
		ESP_TEST(rollback_is_no_downgrade),
		ESP_TEST(demo_confirms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
