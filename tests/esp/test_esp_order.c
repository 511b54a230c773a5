/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections in every order in which releases of NimBLE tell of them: CONNECT first, after
 * all else, or never; a link that dies; and what is asked of NimBLE while it does the same.
 */
#define IMAGE 200000u
#include "espfixture.h"

#define SEEDS 300
#define STEPS 40

static struct host other;

/* Makes a host whose link is up; it has sent nothing yet. */
static void come(struct host *who)
{
	*who = (struct host){.image = image.bytes, .size = image.size};
	who->conn = fake_link_up();
	assert_int_not_equal(who->conn, 0xffff);
}

static void look_passes(void)
{
	fake_run_ms(2 * OTA_ESP_LOOK_MS);
}

static void finish_update(struct host *who)
{
	assert_true(esphost_start(who, 0));
	assert_true(esphost_send(who, who->size));
	assert_true(esphost_end(who));
	assert_true(esphost_restarts(5000));
}

/* --- CONNECT */

static void connect_comes_late(void **state)
{
	(void)state;
	come(&host);
	fake_event(host.conn, FAKE_MTU);
	fake_subscribe(host.conn, true);
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 50000));
	fake_connect_event(host.conn);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void connect_never_comes(void **state)
{
	(void)state;
	come(&host);
	fake_subscribe(host.conn, true);
	finish_update(&host);
}

static void a_write_comes_first(void **state)
{
	(void)state;
	come(&host);
	esphost_command(&host, OTA_CMD_STATUS); /* nobody listens: no answer, and no harm */
	assert_false(esphost_wait(&host, OTA_EVT_STATUS, 100));
	fake_subscribe(host.conn, true);
	finish_update(&host);
}

/* No event tells of it, and NimBLE has stopped to advertise. */
static void gone_before_connect(void **state)
{
	(void)state;
	come(&host);
	fake_vanish(host.conn);
	assert_false(fake_radio.advertising);
	look_passes();
	assert_true(fake_radio.advertising);
	assert_true(esphost_update(&other, &image));
}

/* The same in 5.5.5: CONNECT says so, with the link still in NimBLE's list. */
static void gone_before_connect_and_said(void **state)
{
	(void)state;
	come(&host);
	fake_leave(host.conn);
	look_passes();
	assert_int_equal(ota_esp.conns[0].handle, BLE_HS_CONN_HANDLE_NONE);
	assert_true(fake_radio.advertising);
	assert_true(esphost_update(&other, &image));
}

/* BT_NIMBLE_ENABLE_CONN_REATTEMPT: NimBLE advertises again by itself, and says nothing. */
static void gone_and_advertised_by_nimble(void **state)
{
	(void)state;
	come(&host);
	fake_subscribe(host.conn, true);
	assert_true(esphost_start(&host, 0));
	fake_vanish(host.conn);
	fake_radio.advertising = true;
	look_passes();
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	assert_true(esphost_update(&other, &image));
}

/* A central of Bluetooth 4.0: CONNECT has a status, and the link lives. */
static void connect_with_a_status(void **state)
{
	(void)state;
	come(&host);
	fake_connect_event_with(host.conn, 0x21a);
	fake_subscribe(host.conn, true);
	finish_update(&host);
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
}

/* Two of these that do nothing else are known, and make room. */
static void silent_with_a_status(void **state)
{
	(void)state;
	come(&host);
	fake_connect_event_with(host.conn, 0x21a);
	come(&other);
	fake_connect_event_with(other.conn, 0x21a);
	assert_false(fake_radio.advertising);
	fake_run_ms(CONFIG_OTA_ESP_LINK_IDLE_S * 1000u + 2 * OTA_ESP_LOOK_MS);
	assert_int_equal(fake_radio.terminated, 1);
	assert_true(fake_radio.advertising);
}

static void gone_after_subscribing(void **state)
{
	(void)state;
	come(&host);
	fake_subscribe(host.conn, true);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 70000));
	fake_vanish(host.conn);
	look_passes();
	assert_int_equal(ota_esp.conns[0].handle, BLE_HS_CONN_HANDLE_NONE);
	/* Whoever has the handle next owns nothing of it, and may go on. */
	esphost_connect(&other, image.bytes, image.size);
	assert_int_equal(other.conn, host.conn);
	esphost_command(&other, OTA_CMD_STATUS);
	assert_true(esphost_wait(&other, OTA_EVT_STATUS, 1000));
	assert_int_equal(other.status.state, OTA_STATE_SUSPENDED);
	finish_update(&other);
}

/* The same before the task looks: the handle is another peer's. */
static void handle_is_used_again_at_once(void **state)
{
	(void)state;
	come(&host);
	fake_subscribe(host.conn, true);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 70000));
	fake_vanish(host.conn);
	fake_radio.advertising = true;
	come(&other);
	assert_int_equal(other.conn, host.conn);
	fake_subscribe(other.conn, true);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	finish_update(&other);
}

/* ble_sm_persist_keys(), for a peer that connected by another address of its own. */
static void identity_becomes_known(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 50000));
	fake_identity(host.conn);
	look_passes();
	esphost_command(&host, OTA_CMD_STATUS);
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

/*
 * A connection that failed to be established (0x3e): 5.3 to 5.3.4 and 5.4 have said CONNECT,
 * and say nothing more.  The next with its handle is another; and it goes as idle ones do.
 */
static void never_established_on_air(void **state)
{
	(void)state;
	esphost_connect(&other, image.bytes, image.size);
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0)); /* as no such link can: to see that it is let go */
	fake_vanish(host.conn);
	fake_radio.advertising = true; /* by NimBLE */
	esphost_connect(&host, image.bytes, image.size);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 50000));
	fake_vanish(other.conn);
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	esphost_connect(&other, image.bytes, image.size);
	esphost_connect(&host, image.bytes, image.size);
	fake_vanish(other.conn);
	fake_run_ms(CONFIG_OTA_ESP_LINK_IDLE_S * 1000u + 1000u);
	assert_int_equal(ota_esp.conns[0].handle, BLE_HS_CONN_HANDLE_NONE);
	assert_true(fake_radio.advertising);
}

static void advertising_fails_to_start(void **state)
{
	(void)state;
	fake_radio.fail_advertise = 3;
	esphost_connect(&host, image.bytes, image.size);
	fake_disconnect(host.conn);
	assert_false(fake_radio.advertising);
	fake_run_ms(4 * OTA_ESP_LOOK_MS);
	assert_true(fake_radio.advertising);
	assert_string_equal(strstr(fake_board.log, "cannot advertise") ? "told" : "", "told");
}

static void host_resets_in_mid_update(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 70000));
	fake_radio_off();
	fake_reset_host();
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	assert_true(esphost_update(&other, &image));
}

/* --- a link that dies */

/* A basic START erases as soon as ota_core has it: the way back must survive the link. */
static void start_of_a_dying_link_erases_nothing(void **state)
{
	static const uint8_t basic = OTA_CMD_START;

	(void)state;
	fake_radio.mute = true; /* the central is gone already */
	esphost_connect(&host, image.bytes, image.size);
	fake_write(host.conn, CONTROL, &basic, 1);
	assert_int_equal(fake_radio.updates, 1);
	fake_die(host.conn);
	fake_run_ms(5000);
	assert_int_equal(fake_board.erases, 0);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
}

/* But one that was refused, and lives, is served. */
static void start_of_a_refusing_central_is_served(void **state)
{
	const uint32_t began = fake_now_ms();

	(void)state;
	fake_radio.grant = false;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_radio.updates, 2); /* as wished, and as every central takes it */
	assert_in_range(fake_now_ms() - began, 2 * fake_radio.answer_ms,
			2 * fake_radio.answer_ms + OTA_ESP_DYING_MS + 100);
}

/* NimBLE ends a link whose central answers no request in 30 s; the update goes on then. */
static void central_that_never_answers_is_dropped(void **state)
{
	(void)state;
	fake_radio.mute = true;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 150000));
	fake_run_ms(31000);
	assert_false(fake_link(host.conn)->up);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	fake_radio.mute = false;
	esphost_connect(&other, image.bytes, image.size);
	assert_true(esphost_start(&other, 0));
	assert_true(other.offset > 100000);
	assert_true(esphost_send(&other, other.size));
	assert_true(esphost_end(&other));
}

/* --- what is under way already */

static void link_right_after_a_session(void **state)
{
	const struct ota_link_request request = {
		.interval_min = 16, .interval_max = 16, .supervision_timeout = 400};
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_link_request_encode(&request, buf, sizeof(buf));

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(fake_radio.updates, 2); /* slower again */
	fake_write(host.conn, CONTROL, buf, (size_t)len);
	assert_true(esphost_wait(&host, OTA_EVT_LINK, 2000));
	assert_int_equal(host.link.code, OTA_OK);
	assert_int_equal(host.link.interval, 16);
	assert_int_equal(host.link.supervision_timeout, 400);
}

static void start_right_after_a_session(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(esphost_start(&host, 0));
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_true(esphost_start(&host, 0));
	assert_int_equal(fake_link(host.conn)->interval, 12); /* fast once more */
	assert_int_equal(fake_link(host.conn)->latency, 0);
}

/* --- buffers */

/* A notification is given an mbuf of the smallest that fit, or none. */
static void the_other_pool_is_no_reserve(void **state)
{
	const uint32_t before = fake_notifies();

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	fake_radio.msys_large = 24;
	fake_radio.msys_free = 4;
	esphost_command(&host, OTA_CMD_STATUS);
	fake_run_ms(200);
	assert_int_equal(fake_notifies(), before);
	assert_int_equal(fake_radio.msys_free, 4);
	fake_radio.msys_free = 5;
	assert_true(esphost_wait(&host, OTA_EVT_STATUS, 200));
}

/* --- random orders */

static uint32_t seed_state;

static uint32_t draw(uint32_t below)
{
	seed_state = seed_state * 1664525u + 1013904223u;
	return (seed_state >> 8) % below;
}

static void random_write(struct host *who)
{
	static const enum ota_command commands[] = {OTA_CMD_STATUS, OTA_CMD_ABORT, OTA_CMD_RESYNC,
						    OTA_CMD_END, OTA_CMD_CONFIRM};

	if (draw(3) == 0)
		esphost_write_start(who, draw(2) ? OTA_START_SINK : 0);
	else
		esphost_command(who, commands[draw(sizeof(commands) / sizeof(commands[0]))]);
}

static void random_end(struct host *who)
{
	if (fake_connected(who->conn))
		draw(2) ? fake_disconnect(who->conn) : fake_die(who->conn);
	else if (draw(2))
		fake_leave(who->conn);
	else
		fake_vanish(who->conn);
	who->conn = 0xffff;
}

static void random_step(struct host *who)
{
	if (who->conn == 0xffff) {
		who->conn = fake_link_up();
		return;
	}
	switch (draw(8)) {
	case 0:
		fake_connected(who->conn) ? fake_run_ms(draw(300))
					  : fake_connect_event_with(who->conn, draw(3) ? 0 : 0x21a);
		break;
	case 1:
		fake_subscribe(who->conn, draw(4) > 0);
		break;
	case 2:
	case 3:
		fake_event(who->conn, (enum fake_event)draw(FAKE_EVENTS));
		break;
	case 4:
		random_end(who);
		break;
	case 5:
		fake_radio.msys_free = (int)draw(37);
		break;
	case 6:
		fake_run_ms(draw(1500));
		break;
	default:
		random_write(who);
		break;
	}
}

/* Whatever came before, once everybody is gone the device is found, and is updated. */
static void random_orders(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		seed_state = seed;
		esphost_power_on();
		host = other =
			(struct host){.conn = 0xffff, .image = image.bytes, .size = image.size};
		for (int i = 0; i < STEPS; i++)
			random_step(draw(2) ? &host : &other);
		if (host.conn != 0xffff)
			random_end(&host);
		if (other.conn != 0xffff)
			random_end(&other);
		fake_radio.msys_free = 36;
		look_passes();
		if (!fake_radio.advertising || fake_breach || esphost_owner() != OTA_NO_CONN)
			fail_msg("seed %u: %s", (unsigned int)seed,
				 fake_breach ? fake_breach : "lost");
		esphost_connect(&host, image.bytes, image.size);
		esphost_command(&host, OTA_CMD_ABORT);
		esphost_wait(&host, OTA_EVT_RESULT, 5000);
		if (!esphost_start(&host, 0) || !esphost_send(&host, host.size) ||
		    !esphost_end(&host))
			fail_msg("seed %u: no update", (unsigned int)seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(connect_comes_late),
		ESP_TEST(connect_never_comes),
		ESP_TEST(a_write_comes_first),
		ESP_TEST(gone_before_connect),
		ESP_TEST(gone_before_connect_and_said),
		ESP_TEST(gone_and_advertised_by_nimble),
		ESP_TEST(connect_with_a_status),
		ESP_TEST(silent_with_a_status),
		ESP_TEST(gone_after_subscribing),
		ESP_TEST(handle_is_used_again_at_once),
		ESP_TEST(identity_becomes_known),
		ESP_TEST(never_established_on_air),
		ESP_TEST(advertising_fails_to_start),
		ESP_TEST(host_resets_in_mid_update),
		ESP_TEST(start_of_a_dying_link_erases_nothing),
		ESP_TEST(start_of_a_refusing_central_is_served),
		ESP_TEST(central_that_never_answers_is_dropped),
		ESP_TEST(link_right_after_a_session),
		ESP_TEST(start_right_after_a_session),
		ESP_TEST(the_other_pool_is_no_reserve),
		ESP_TEST(random_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
