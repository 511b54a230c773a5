/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers at the virtual ESP32: connections that do nothing, and how long they last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "esp/fleet.h"

#define CENTRALS 3u
#define WRITE_REQUEST 0x12u /* Core Vol 3 Part F 3.4.5.1 */

static struct sched sched;
static struct fleet *fleet;
static struct esp *device;
static struct central {
	struct link *link;
	bool up;
} centrals[CENTRALS];

static void on_heard(void *ctx, struct esp *esp)
{
	(void)ctx;
	(void)esp;
}

static void on_closed(void *ctx, uint8_t reason)
{
	struct central *central = ctx;

	assert_int_equal(reason, LINK_REASON_REMOTE_USER);
	central->up = false;
}

static const struct link_ops central_ops = {.disconnected = on_closed};

static void pass(uint32_t ms)
{
	sched_advance(&sched, sched_now(&sched) + ms * 1000ull);
}

static void set_up_with(enum esp_security security)
{
	const struct fleet_config config = {
		.sched = &sched,
		.kind = {.devices = 1, .security = security, .passkey = -1},
		.heard = on_heard,
	};

	sched_init(&sched, 0);
	assert_int_equal(fleet_create(&config, &fleet, NULL, 0), 0);
	device = fleet_device(fleet, 0);
	pass(5000);
	assert_true(esp_advertising(device));
}

static int tear_down(void **state)
{
	(void)state;
	fleet_destroy(fleet);
	for (unsigned int i = 0; i < CENTRALS; i++)
		if (centrals[i].link)
			link_destroy(centrals[i].link);
	memset(centrals, 0, sizeof(centrals));
	sched_finish(&sched);
	return 0;
}

/* false: all places are taken. */
static bool comes(unsigned int i)
{
	static const uint8_t peer[ESP_PEER] = {1, 2, 3, 4, 5, 6, 0};
	struct link_config config = {
		.params = {.interval_min = 24, .interval_max = 24, .supervision_timeout = 500},
		.phy = OTA_PHY_1M,
		.data_length = 27,
		.first_anchor_us = 1250,
		.sides[LINK_CENTRAL] = {.ops = &central_ops,
					.ctx = &centrals[i],
					.phys = OTA_PHYS_1M,
					.data_length = 27},
	};
	uint16_t conn;

	if (esp_accept(device, &config.sides[LINK_PERIPHERAL], &conn) < 0)
		return false;
	assert_int_equal(link_create(&sched, &config, &centrals[i].link), 0);
	centrals[i].up = true;
	esp_connected(device, conn, peer, centrals[i].link, NULL, NULL);
	return true;
}

/* A write request to every attribute there could be: Control is among them. */
static void writes(unsigned int i, uint8_t opcode)
{
	for (uint8_t handle = 1; handle < 40; handle++) {
		const uint8_t pdu[] = {WRITE_REQUEST, handle, 0, opcode};

		assert_int_equal(
			link_send(centrals[i].link, LINK_CENTRAL, LINK_CID_ATT, pdu, sizeof(pdu)),
			0);
		pass(100);
	}
}

static void test_two_that_do_nothing(void **state)
{
	(void)state;
	set_up_with(ESP_OPEN);
	assert_true(comes(0));
	pass(20000);
	assert_true(comes(1));
	assert_false(comes(2));
	pass(24000);
	assert_true(centrals[0].up);
	writes(1, OTA_CMD_STATUS); /* looking is no reason to stay, but he came later */
	assert_false(centrals[0].up);
	assert_true(centrals[1].up);
	assert_true(comes(2));
	pass(60000);
	assert_false(centrals[1].up);
	assert_true(centrals[2].up);
	/* With a place free nobody is closed. */
	pass(3600000);
	assert_true(centrals[2].up);
}

static void test_who_updates_stays(void **state)
{
	struct ota_status status;

	(void)state;
	set_up_with(ESP_OPEN);
	assert_true(comes(0));
	writes(0, OTA_CMD_START); /* a basic one: the slot is erased */
	pass(5000);
	esp_status(device, &status);
	assert_int_equal(status.state, OTA_STATE_RECEIVING);
	assert_true(comes(1));
	pass(50000);
	assert_true(centrals[0].up);
	assert_false(centrals[1].up);
}

static void test_silent_where_security_is_demanded(void **state)
{
	(void)state;
	set_up_with(ESP_JUST_WORKS);
	assert_true(comes(0));
	writes(0, OTA_CMD_STATUS); /* refused: the link is not encrypted */
	pass(ESP_LINK_IDLE_MS - 5000u);
	assert_true(centrals[0].up);
	pass(2000);
	assert_false(centrals[0].up);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_that_do_nothing),
		TEST(test_who_updates_stays),
		TEST(test_silent_where_security_is_demanded),
	};

	return cmocka_run_group_tests_name("esp_stranger", tests, NULL, NULL);
}
