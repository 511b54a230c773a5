/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a modelled link: parameters, PHY, data length, latency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linklib.h"

/* Both queues of the world stream, and the rates that follow a change are the new ones. */
static void start_streams(void)
{
	link_rig_connect();
	central()->stream = true;
	for (unsigned int i = 0; i < 4; i++)
		link_rig_send(LINK_CENTRAL, 247);
	sched_advance(&w.sched, 1000000);
}

static void check_rate(uint16_t value)
{
	struct airtime_link air;
	uint64_t bytes, us;
	uint32_t ceiling;

	link_get_airtime(w.link, LINK_CENTRAL, &air);
	ceiling = airtime_ceiling(&air, value, false);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	bytes = peripheral()->bytes;
	us = 400u * (uint64_t)air.interval_us;
	sched_advance(&w.sched, sched_now(&w.sched) + us);
	/* Counted in octets of frames, of which three are the ATT header. */
	bytes = (peripheral()->bytes - bytes) / (value + 3u) * value;
	assert_in_range(bytes * 1000000u / us, ceiling - ceiling / 100u, ceiling + ceiling / 100u);
}

static void test_update_params_by_central(void **state)
{
	struct link_params params = {
		.interval_min = 24, .interval_max = 40, .latency = 2, .supervision_timeout = 600};
	struct link_state now;
	uint64_t asked;

	(void)state;
	start_streams();
	check_rate(244);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &params), 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 12);
	asked = sched_now(&w.sched);
	sched_advance(&w.sched, asked + 10u * INTERVAL_US);
	/* Begun when the event closes, and in force six events later. */
	assert_in_range(central()->changed_us, asked + 5u * INTERVAL_US, asked + 7u * INTERVAL_US);
	assert_int_equal(central()->changed_us, peripheral()->changed_us);
	assert_int_equal(central()->changed[LINK_PARAMS], 1);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 1);
	assert_int_equal(central()->changed_code, 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 40);
	assert_int_equal(now.latency, 2);
	assert_int_equal(now.supervision_timeout, 600);
	check_rate(244);
}

static void test_update_params_by_peripheral(void **state)
{
	struct link_params params = {
		.interval_min = 6, .interval_max = 6, .supervision_timeout = 400};
	struct link_state now;

	(void)state;
	start_streams();
	central()->refuse_params = true;
	assert_int_equal(link_update_params(w.link, LINK_PERIPHERAL, &params), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 1);
	assert_int_equal(peripheral()->changed_code, LINK_CODE_UNACCEPTABLE);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 12);
	central()->refuse_params = false;
	assert_int_equal(link_update_params(w.link, LINK_PERIPHERAL, &params), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 1000000);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 2);
	assert_int_equal(peripheral()->changed_code, 0);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 6);
	check_rate(244);
}

static void test_update_params_limits(void **state)
{
	static const struct link_params bad[] = {
		{5, 6, 0, 100}, {6, 3201, 0, 3200}, {8, 6, 0, 100},   {6, 6, 500, 3200},
		{6, 6, 0, 9},	{6, 6, 0, 3201},    {80, 80, 4, 100}, {800, 800, 0, 200},
	};
	struct link_params slow = {3200, 3200, 0, 3200};

	(void)state;
	link_rig_connect();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &bad[i]), -OTA_EINVAL);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &slow), 0);
	sched_advance(&w.sched, 1000000);
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 10000000);
	assert_int_equal(peripheral()->frames, 1);
	assert_in_range(peripheral()->last_us, 2000000, 6000000);
	assert_int_equal(central()->disconnected, 0);
}

/* A side's last PHY preference binds it when the other side asks. */
static void test_update_phy(void **state)
{
	static const struct {
		enum link_role role;
		uint8_t phys;
		enum ota_phy expected;
	} rows[] = {
		{LINK_CENTRAL, OTA_PHYS_1M | OTA_PHYS_2M, OTA_PHY_2M},
		{LINK_PERIPHERAL, OTA_PHYS_1M, OTA_PHY_1M},
		{LINK_CENTRAL, OTA_PHYS_2M, OTA_PHY_1M},
		{LINK_PERIPHERAL, OTA_PHYS_1M | OTA_PHYS_2M, OTA_PHY_2M},
		{LINK_PERIPHERAL, OTA_PHYS_2M, OTA_PHY_2M},
	};
	struct link_state now;

	(void)state;
	start_streams();
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(link_update_phy(w.link, rows[i].role, rows[i].phys), 0);
		sched_advance(&w.sched, sched_now(&w.sched) + 200000);
		link_get_state(w.link, &now);
		assert_int_equal(now.phy, rows[i].expected);
		assert_int_equal(central()->changed[LINK_PHY], i + 1);
		assert_int_equal(peripheral()->changed[LINK_PHY], i + 1);
		check_rate(244);
	}
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, 0), -OTA_EINVAL);
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, OTA_PHYS_CODED), -OTA_EINVAL);
}

static void test_update_phy_unsupported(void **state)
{
	struct link_state now;

	(void)state;
	w.config.sides[LINK_PERIPHERAL].phys = OTA_PHYS_1M;
	link_rig_connect();
	assert_int_equal(link_update_phy(w.link, LINK_PERIPHERAL, OTA_PHYS_2M), -OTA_EINVAL);
	assert_int_equal(link_update_phy(w.link, LINK_CENTRAL, OTA_PHYS_2M), 0);
	sched_advance(&w.sched, 1000000);
	link_get_state(w.link, &now);
	assert_int_equal(now.phy, OTA_PHY_1M);
	assert_int_equal(central()->changed[LINK_PHY], 1);
	assert_int_equal(peripheral()->changed[LINK_PHY], 1);
}

static void test_update_data_length(void **state)
{
	struct link_state now;

	(void)state;
	w.config.data_length = 27;
	w.config.sides[LINK_PERIPHERAL].data_length = 200;
	start_streams();
	check_rate(244);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 26), -OTA_EINVAL);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 252), -OTA_EINVAL);
	assert_int_equal(link_update_data_length(w.link, LINK_CENTRAL, 251), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 100000);
	link_get_state(w.link, &now);
	assert_int_equal(now.data_length, 200);
	check_rate(244);
	assert_int_equal(link_update_data_length(w.link, LINK_PERIPHERAL, 100), 0);
	sched_advance(&w.sched, sched_now(&w.sched) + 100000);
	link_get_state(w.link, &now);
	assert_int_equal(now.data_length, 100);
	check_rate(244);
	assert_int_equal(central()->changed[LINK_DATA_LENGTH], 2);
	assert_int_equal(peripheral()->changed[LINK_DATA_LENGTH], 2);
}

/* All of them at once, from both sides, with losses and traffic: one after the other. */
static void test_updates_under_loss(void **state)
{
	struct link_params params[2] = {{24, 24, 0, 3200}, {8, 8, 0, 3200}};
	struct link_state now;

	(void)state;
	w.config.params.supervision_timeout = 3200;
	w.config.data_length = 27;
	w.config.sides[0].loss_ppm = w.config.sides[1].loss_ppm = 100000;
	start_streams();
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		enum link_role role = (enum link_role)i;

		assert_int_equal(link_update_params(w.link, role, &params[i]), 0);
		assert_int_equal(link_update_phy(w.link, role, OTA_PHYS_2M), 0);
		assert_int_equal(link_update_data_length(w.link, role, 251), 0);
	}
	sched_advance(&w.sched, 10000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++)
		for (unsigned int k = 0; k <= LINK_DATA_LENGTH; k++)
			assert_int_equal(w.host[i].changed[k], 2);
	link_get_state(w.link, &now);
	assert_int_equal(now.interval, 8);
	assert_int_equal(now.phy, OTA_PHY_2M);
	assert_int_equal(now.data_length, 251);
}

/* A peripheral that did not hear of a change stays behind at its instant. */
static void test_missed_instant(void **state)
{
	struct link_params params = {24, 24, 0, 200};

	(void)state;
	w.config.params.supervision_timeout = 200;
	link_rig_connect();
	sched_advance(&w.sched, 1000000);
	link_set_loss(w.link, LINK_CENTRAL, 1000000);
	assert_int_equal(link_update_params(w.link, LINK_CENTRAL, &params), 0);
	sched_advance(&w.sched, 1000000 + 12 * INTERVAL_US);
	link_set_loss(w.link, LINK_CENTRAL, 0);
	sched_advance(&w.sched, 10000000);
	assert_int_equal(central()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->reason, LINK_REASON_TIMEOUT);
	assert_int_equal(peripheral()->changed[LINK_PARAMS], 0);
	assert_in_range(peripheral()->disconnected_us, 3000000 - INTERVAL_US, 3000000 + 5000);
}

/* The first event carries nothing, so the peripheral sleeps through the nine after it,
 * also when the central learns of something to send just then. */
static void test_sleep(void **state)
{
	(void)state;
	w.config.params.latency = 9;
	w.config.params.supervision_timeout = 200;
	link_rig_connect();
	sched_advance(&w.sched, 5000);
	link_rig_send(LINK_CENTRAL, 20);
	sched_advance(&w.sched, 1250 + 20 * INTERVAL_US);
	assert_int_equal(peripheral()->frames, 1);
	assert_int_equal(interval_of(peripheral()->last_us), 10);
}

static void test_latency(void **state)
{
	uint64_t waited = 0;

	(void)state;
	w.config.params.latency = 9;
	w.config.params.supervision_timeout = 200;
	link_rig_connect();
	/* The central's frames wait for an event that the peripheral attends, its own do not. */
	for (unsigned int i = 0; i < 40; i++) {
		uint64_t now = 10000000u + i * 1000000u + i * i * 1103u % 150000u;

		sched_advance(&w.sched, now);
		link_rig_send(LINK_CENTRAL, 20);
		sched_advance(&w.sched, now + 11 * INTERVAL_US);
		assert_int_equal(peripheral()->frames, i + 1);
		if (peripheral()->last_us - now > waited)
			waited = peripheral()->last_us - now;
		sched_advance(&w.sched, now + 700000);
		link_rig_send(LINK_PERIPHERAL, 20);
		sched_advance(&w.sched, now + 700000 + INTERVAL_US + 500);
		assert_int_equal(central()->frames, i + 1);
	}
	assert_in_range(waited, 5 * INTERVAL_US, 11 * INTERVAL_US);
	/* And the last PDU it heard may be ten events old when silence begins. */
	sched_advance(&w.sched, 200000000);
	link_set_silent(w.link, true);
	sched_advance(&w.sched, 210000000);
	for (unsigned int i = 0; i < LINK_ROLES; i++)
		assert_in_range(w.host[i].disconnected_us, 202000000 - 10 * INTERVAL_US,
				202000000 + 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_update_params_by_central),
		LINK_TEST(test_update_params_by_peripheral),
		LINK_TEST(test_update_params_limits),
		LINK_TEST(test_update_phy),
		LINK_TEST(test_update_phy_unsupported),
		LINK_TEST(test_update_data_length),
		LINK_TEST(test_updates_under_loss),
		LINK_TEST(test_missed_instant),
		LINK_TEST(test_sleep),
		LINK_TEST(test_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
