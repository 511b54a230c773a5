/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rate of the modelled link: endless streams against the arithmetic of airtime.h, losses
 * against known rates, and the published figures again - here they come out of connection events
 * that are run one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "air/link.h"

#define WARM_UP_US 1000000u

struct stream {
	struct sched sched;
	struct link *link;
	uint16_t value; /* octets */
	bool with_response;
	uint64_t bytes; /* values' octets that arrived */
	uint8_t frame[OTA_VALUE_MAX + OTA_ATT_HEADER];
};

static struct stream s;

static void send_value(void)
{
	assert_int_equal(link_send(s.link, LINK_CENTRAL, LINK_CID_ATT, s.frame,
				   (size_t)s.value + OTA_ATT_HEADER),
			 0);
}

/* Keeps a few values in front of the controller. */
static void top_up(void)
{
	while (link_queued(s.link, LINK_CENTRAL) + link_in_controller(s.link, LINK_CENTRAL) <
	       8u * (s.value + 7u))
		send_value();
}

static void central_completed(void *ctx, unsigned int count)
{
	(void)ctx;
	assert_true(count > 0);
	if (!s.with_response)
		top_up();
}

static void central_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	(void)ctx;
	(void)buf;
	assert_int_equal(cid, LINK_CID_ATT);
	assert_int_equal(len, 1);
	send_value();
}

static void peripheral_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	static const uint8_t response = 0x13;

	(void)ctx;
	assert_int_equal(cid, LINK_CID_ATT);
	assert_int_equal(len, s.value + OTA_ATT_HEADER);
	assert_memory_equal(buf, s.frame, len);
	s.bytes += s.value;
	if (s.with_response)
		assert_int_equal(link_send(s.link, LINK_PERIPHERAL, LINK_CID_ATT, &response, 1), 0);
}

static const struct link_ops central_ops = {
	.frame = central_frame,
	.completed = central_completed,
};
static const struct link_ops peripheral_ops = {.frame = peripheral_frame};

/* A link of these parameters from the start, both sides able to keep them. */
static struct link_config make_config(const struct airtime_link *air)
{
	struct link_config config = {
		.params = {.interval_min = 6, .latency = 0, .supervision_timeout = 3200},
		.phy = air->phy,
		.data_length = air->data_length,
		.encrypted = air->encrypted,
		.seed = 7,
		.first_anchor_us = 1250,
	};

	config.params.interval_max = (uint16_t)(air->interval_us / 1250u);
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		config.sides[i].phys = OTA_PHYS_1M | OTA_PHYS_2M;
		config.sides[i].data_length = 251;
		config.sides[i].host_latency_us = 500;
	}
	config.sides[LINK_CENTRAL].ops = &central_ops;
	config.sides[LINK_CENTRAL].buffers = air->buffers;
	config.sides[LINK_CENTRAL].buffer_octets = air->buffer_octets;
	config.sides[LINK_CENTRAL].refill = air->refill;
	config.sides[LINK_PERIPHERAL].ops = &peripheral_ops;
	return config;
}

/* Bytes a second that arrive, over whole intervals after a second's warming up. */
static uint32_t measure(const struct link_config *config, uint16_t value, bool with_response,
			uint64_t us)
{
	uint64_t interval_us = config->params.interval_max * 1250u;

	us -= us % interval_us;
	memset(&s, 0, sizeof(s));
	sched_init(&s.sched, 0);
	s.value = value;
	s.with_response = with_response;
	for (size_t i = 0; i < sizeof(s.frame); i++)
		s.frame[i] = (uint8_t)(i * 7u);
	assert_int_equal(link_create(&s.sched, config, &s.link), 0);
	if (with_response)
		send_value();
	else
		top_up();
	sched_advance(&s.sched, WARM_UP_US);
	s.bytes = 0;
	sched_advance(&s.sched, WARM_UP_US + us);
	link_destroy(s.link);
	return (uint32_t)(s.bytes * 1000000u / us);
}

static void check_ceiling(const struct airtime_link *air, uint16_t value, bool with_response)
{
	struct link_config config = make_config(air);
	uint32_t ceiling = airtime_ceiling(air, value, with_response);
	uint32_t got = measure(&config, value, with_response, 400u * (uint64_t)air->interval_us);

	assert_in_range(got, ceiling - ceiling / 100u, ceiling + ceiling / 100u);
}

static const uint32_t intervals[] = {7500, 10000, 15000, 30000, 50000};

static void test_ceilings(void **state)
{
	static const struct {
		enum ota_phy phy;
		uint16_t value, data_length;
	} rows[] = {
		{OTA_PHY_1M, 20, 27},	{OTA_PHY_1M, 182, 251}, {OTA_PHY_1M, 244, 251},
		{OTA_PHY_1M, 495, 251}, {OTA_PHY_2M, 244, 251}, {OTA_PHY_2M, 495, 251},
		{OTA_PHY_2M, 495, 27},	{OTA_PHY_1M, 512, 251}, {OTA_PHY_2M, 512, 251},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < sizeof(intervals) / sizeof(intervals[0]); k++) {
			struct airtime_link air = {.phy = rows[i].phy,
						   .data_length = rows[i].data_length,
						   .interval_us = intervals[k]};

			check_ceiling(&air, rows[i].value, false);
			check_ceiling(&air, rows[i].value, true);
			air.encrypted = true;
			check_ceiling(&air, rows[i].value, false);
		}
	}
}

static void test_buffers(void **state)
{
	static const uint16_t buffers[][2] = {{3, 251}, {7, 251}, {8, 27}, {4, 64}, {2, 512}};

	(void)state;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		for (size_t k = 0; k < sizeof(intervals) / sizeof(intervals[0]); k++) {
			struct airtime_link air = {.phy = OTA_PHY_2M,
						   .data_length = 251,
						   .interval_us = intervals[k],
						   .buffers = buffers[i][0],
						   .buffer_octets = buffers[i][1]};

			check_ceiling(&air, 495, false);
			air.refill = true;
			check_ceiling(&air, 495, false);
			air.data_length = 27;
			check_ceiling(&air, 495, false);
		}
	}
}

/*
 * Published of a USB adapter with 8 buffers of 251 octets on 2M: bytes a second by interval.
 * Values of 495 octets carry 493 bytes of payload each.
 */
static void test_late(void **state)
{
	static const struct {
		uint32_t interval_us, rate;
	} rows[] = {{7500, 66000}, {10000, 73700}, {11250, 77100}, {15000, 128000}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct airtime_link air = {.phy = OTA_PHY_2M,
						 .data_length = 251,
						 .interval_us = rows[i].interval_us,
						 .buffers = 8,
						 .buffer_octets = 251};
		struct link_config config = make_config(&air);
		uint32_t got;

		config.sides[LINK_CENTRAL].late = true;
		got = measure(&config, 495, false, 400u * (uint64_t)air.interval_us) / 495u * 493u;
		assert_in_range(got, rows[i].rate - rows[i].rate * 3u / 100u,
				rows[i].rate + rows[i].rate * 3u / 100u);
	}
}

static void test_long_intervals(void **state)
{
	struct airtime_link air = {
		.phy = OTA_PHY_2M, .data_length = 251, .interval_us = 4000000, .refill = true};

	(void)state;
	check_ceiling(&air, 495, false);
	air.interval_us = 1000000;
	air.buffers = 3;
	air.buffer_octets = 251;
	air.refill = false;
	check_ceiling(&air, 495, false);
}

/* E(n) of an event of at most n pairs that ends at the first of which a PDU is
 * lost, times what a pair carries; q = (1 - loss)^2 is a pair's luck. */
static double lossy_rate(double loss, unsigned int pairs, double interval_us)
{
	double luck = (1 - loss) * (1 - loss), chance = 1, sum = 0;

	for (unsigned int i = 0; i < pairs; i++) {
		chance *= luck;
		sum += chance;
	}
	return sum * 247.5 * 1e6 / interval_us;
}

/*
 * Known rates within 4 %, except for 2M at 50 ms and 1 %, where the known 117 kB/s are 5 % under
 * what events of at most 35 pairs come to (6 % here).  All agree with the sum above within 1.5 %.
 */
static void test_loss(void **state)
{
	static const struct {
		enum ota_phy phy;
		uint32_t interval_us, loss_ppm;
		unsigned int pairs;
		uint32_t known, percent;
	} rows[] = {
		{OTA_PHY_1M, 15000, 10000, 6, 92000, 4},   {OTA_PHY_1M, 15000, 50000, 6, 69000, 4},
		{OTA_PHY_2M, 7500, 10000, 5, 155000, 4},   {OTA_PHY_2M, 7500, 50000, 5, 120000, 4},
		{OTA_PHY_2M, 15000, 10000, 10, 147000, 4}, {OTA_PHY_2M, 15000, 50000, 10, 95000, 4},
		{OTA_PHY_2M, 50000, 10000, 35, 117000, 6}, {OTA_PHY_2M, 50000, 50000, 35, 43000, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct airtime_link air = {
			.phy = rows[i].phy, .data_length = 251, .interval_us = rows[i].interval_us};
		struct link_config config = make_config(&air);
		double sum = lossy_rate(rows[i].loss_ppm / 1e6, rows[i].pairs, air.interval_us);
		uint32_t slack = rows[i].known * rows[i].percent / 100u, got;

		config.sides[LINK_CENTRAL].loss_ppm = rows[i].loss_ppm;
		config.sides[LINK_PERIPHERAL].loss_ppm = rows[i].loss_ppm;
		got = measure(&config, 495, false, 40000u * (uint64_t)air.interval_us);
		print_message("# %uM %u us %u ppm: known %u, sum %.0f, link %u\n",
			      (unsigned int)air.phy, air.interval_us, rows[i].loss_ppm,
			      rows[i].known, sum, got);
		assert_in_range(got, rows[i].known - slack, rows[i].known + slack);
		assert_true(got > 0.985 * sum && got < 1.015 * sum);
	}
}

/* The same figures and set-ups as in test_airtime, through the model. */
static void test_published(void **state)
{
	static const struct {
		const char *source;
		enum ota_phy phy;
		uint16_t value;
		uint32_t interval_us;
		bool with_response;
		uint32_t published, percent;
	} points[] = {
		{"sdk-nrf throughput, nRF52840", OTA_PHY_2M, 495, 400000, false, 176900, 5},
		{"esp-idf ble50_throughput", OTA_PHY_2M, 490, 30000, false, 175100, 5},
		{"esp-idf ble_throughput", OTA_PHY_1M, 490, 15000, false, 95900, 5},
		{"esp-idf throughput_app", OTA_PHY_1M, 509, 7500, false, 62500, 12},
		{"bleak issue 338", OTA_PHY_1M, 241, 50000, true, 2410, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct airtime_link air = {.phy = points[i].phy,
					   .data_length = 251,
					   .interval_us = points[i].interval_us};
		struct link_config config = make_config(&air);
		uint32_t slack = points[i].published * points[i].percent / 100u;
		uint32_t got = measure(&config, points[i].value, points[i].with_response, 60000000);

		print_message("# %s: published %u, link %u\n", points[i].source,
			      points[i].published, got);
		assert_in_range(got, points[i].published - slack, points[i].published + slack);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ceilings), cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_late),	 cmocka_unit_test(test_long_intervals),
		cmocka_unit_test(test_loss),	 cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
