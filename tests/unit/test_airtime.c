/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of LE air time against figures that were worked out or
 * measured by others: the table of ceilings, adapters with few or short
 * buffers, and five published throughput figures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/airtime.h"

static struct airtime_link make_link(enum ota_phy phy, uint32_t interval_us)
{
	return (struct airtime_link){
		.phy = phy, .data_length = 251, .interval_us = interval_us, .refill = true};
}

static void test_air_times(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 7500);

	(void)state;
	assert_int_equal(airtime_pdu_us(OTA_PHY_1M, 0, false), 80);
	assert_int_equal(airtime_pdu_us(OTA_PHY_1M, 0, true), 80);
	assert_int_equal(airtime_pdu_us(OTA_PHY_1M, 27, false), 296);
	assert_int_equal(airtime_pdu_us(OTA_PHY_1M, 251, false), 2088);
	assert_int_equal(airtime_pdu_us(OTA_PHY_1M, 251, true), 2120);
	assert_int_equal(airtime_pdu_us(OTA_PHY_2M, 0, false), 44);
	assert_int_equal(airtime_pdu_us(OTA_PHY_2M, 251, false), 1048);
	assert_int_equal(airtime_pdu_us(OTA_PHY_2M, 251, true), 1064);
	assert_int_equal(airtime_pair_us(&link, 251, 0), 2468);
	link.encrypted = true;
	assert_int_equal(airtime_pair_us(&link, 251, 0), 2500);
	link.phy = OTA_PHY_2M;
	assert_int_equal(airtime_pair_us(&link, 251, 0), 1408);
	link.encrypted = false;
	assert_int_equal(airtime_pair_us(&link, 251, 0), 1392);
	assert_int_equal(airtime_pair_us(&link, 0, 251), 1392);
}

/* kB/s times ten, as the table is printed; 502-octet frames have runt PDUs in the last row. */
static void test_ceilings(void **state)
{
	static const uint32_t intervals[] = {7500, 10000, 15000, 30000, 50000};
	static const struct {
		enum ota_phy phy;
		uint16_t value, data_length;
		uint32_t expected[5];
	} rows[] = {
		{OTA_PHY_1M, 20, 251, {293, 280, 293, 293, 292}},
		{OTA_PHY_1M, 20, 27, {293, 280, 293, 293, 292}},
		{OTA_PHY_1M, 182, 251, {728, 910, 849, 910, 910}},
		{OTA_PHY_1M, 244, 251, {976, 976, 976, 976, 976}},
		{OTA_PHY_1M, 495, 251, {990, 990, 990, 990, 990}},
		{OTA_PHY_2M, 244, 251, {1627, 1708, 1627, 1708, 1708}},
		{OTA_PHY_2M, 495, 251, {1650, 1732, 1650, 1732, 1732}},
		{OTA_PHY_2M, 495, 27, {521, 521, 521, 521, 526}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < 5; k++) {
			struct airtime_link link = make_link(rows[i].phy, intervals[k]);
			uint32_t got;

			link.data_length = rows[i].data_length;
			got = airtime_ceiling(&link, rows[i].value, false);
			/* Half a unit of the last printed digit, and one for 173.25. */
			assert_in_range(got, rows[i].expected[k] * 100u - 50u,
					rows[i].expected[k] * 100u + 50u);
		}
	}
}

static void test_encryption(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 7500);

	(void)state;
	/* 3 x 2500 us fill the interval to the last microsecond. */
	link.encrypted = true;
	assert_int_equal(airtime_ceiling(&link, 495, false), 99000);
	link.interval_us = 10000;
	assert_int_equal(airtime_ceiling(&link, 495, false), 99000);
	link.interval_us = 8750;
	assert_int_equal(airtime_ceiling(&link, 495, false), 84857);
}

static void test_runts(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 7500);

	(void)state;
	/* 512 is 251 + 251 + 17 octets: 31 % less than 495 where the runt takes a third of an
	 * event, 7 % less where it costs nothing but its air time. */
	assert_int_equal(airtime_ceiling(&link, 512, false), 68267);
	link = make_link(OTA_PHY_1M, 50000);
	assert_in_range(airtime_ceiling(&link, 512, false), 91000, 93100);
	/* One octet over a PDU. */
	link = make_link(OTA_PHY_2M, 7500);
	assert_true(airtime_ceiling(&link, 245, false) < airtime_ceiling(&link, 244, false));
}

static void test_buffers(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_2M, 7500);

	(void)state;
	link.refill = false;
	link.buffers = 3;
	link.buffer_octets = 251;
	assert_int_equal(airtime_ceiling(&link, 495, false), 99000);
	link.interval_us = 50000;
	assert_int_equal(airtime_ceiling(&link, 495, false), 14850);
	link.buffers = 7;
	assert_int_equal(airtime_ceiling(&link, 495, false), 34650);
	/* Refilled inside an event, buffers cost nothing. */
	link.refill = true;
	assert_int_equal(airtime_ceiling(&link, 495, false), 173250);
	/* Short buffers cut PDUs whatever the data length is. */
	link.buffer_octets = 27;
	assert_int_equal(airtime_fragment(&link), 27);
	assert_in_range(airtime_ceiling(&link, 495, false), 52550, 52650);
	link.refill = false;
	link.buffers = 8;
	link.interval_us = 7500;
	assert_int_equal(airtime_ceiling(&link, 495, false), 8u * 495u * 1000u * 10u / 19u / 75u);
	/* One long buffer is cut into PDUs by the data length and given back whole. */
	link.buffer_octets = 502;
	link.buffers = 1;
	link.data_length = 27;
	assert_int_equal(airtime_fragment(&link), 27);
	link.interval_us = 50000;
	assert_int_equal(airtime_ceiling(&link, 495, false), 9900);
	/* An event that ends in the middle of a buffer goes on with it: 19 PDUs in two events. */
	link.interval_us = 7500;
	assert_int_equal(airtime_ceiling(&link, 495, false), 33000);
}

static void test_with_response(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 50000);

	(void)state;
	assert_int_equal(airtime_ceiling(&link, 495, true), 4950);
	assert_int_equal(airtime_ceiling(&link, 20, true), 200);
	/* 20 PDUs of 676 us do not fit 7.5 ms: two events for the request. */
	link = make_link(OTA_PHY_1M, 7500);
	link.data_length = 27;
	assert_int_equal(airtime_ceiling(&link, 512, true), 22756);
}

static void test_out_of_range(void **state)
{
	struct airtime_link good = make_link(OTA_PHY_2M, 7500), link;

	(void)state;
	assert_int_equal(airtime_ceiling(&good, 0, false), 0);
	assert_int_equal(airtime_ceiling(&good, 513, false), 0);
	link = good;
	link.phy = OTA_PHY_CODED;
	assert_int_equal(airtime_ceiling(&link, 495, false), 0);
	link = good;
	link.data_length = 26;
	assert_int_equal(airtime_ceiling(&link, 495, false), 0);
	link.data_length = 252;
	assert_int_equal(airtime_ceiling(&link, 495, false), 0);
	assert_int_equal(airtime_best_value(&link, 517, 512, 2, false), 0);
	link = good;
	link.interval_us = 7499;
	assert_int_equal(airtime_ceiling(&link, 495, true), 0);
	link.interval_us = 4000001;
	assert_int_equal(airtime_ceiling(&link, 495, false), 0);
	link.interval_us = 4000000;
	assert_in_range(airtime_ceiling(&link, 495, false), 177000, 178000);
	link = good;
	link.buffer_octets = 26;
	assert_int_equal(airtime_ceiling(&link, 495, false), 0);
}

static void test_best_value(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 15000);

	(void)state;
	for (uint16_t overhead = 0; overhead <= 2; overhead++) {
		link.phy = OTA_PHY_1M;
		assert_int_equal(airtime_best_value(&link, 517, 512, overhead, false), 495);
		assert_int_equal(airtime_best_value(&link, 498, 512, overhead, false), 495);
		assert_int_equal(airtime_best_value(&link, 247, 512, overhead, false), 244);
		assert_int_equal(airtime_best_value(&link, 185, 512, overhead, false), 169);
		assert_int_equal(airtime_best_value(&link, 23, 512, overhead, false), 20);
		assert_int_equal(airtime_best_value(&link, 517, 244, overhead, false), 244);
		link.phy = OTA_PHY_2M;
		assert_int_equal(airtime_best_value(&link, 498, 495, overhead, false),
				 overhead < 2 ? 236 : 479); /* 11 PDUs in an event, not 10 */
	}
	assert_int_equal(airtime_best_value(&link, 23, 512, 20, false), 0);
	assert_int_equal(airtime_best_value(&link, 3, 512, 0, false), 0);
	assert_int_equal(airtime_best_value(&link, 0, 512, 0, false), 0);
	assert_int_equal(airtime_best_value(&link, 517, 0, 0, false), 0);
}

/* Values that end with a full PDU: 27 k - 7. */
static void test_best_value_short_pdus(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_2M, 15000);

	(void)state;
	link.data_length = 27;
	assert_int_equal(airtime_best_value(&link, 517, 512, 2, false), 19 * 27 - 7);
	assert_int_equal(airtime_best_value(&link, 247, 512, 2, false), 9 * 27 - 7);
	assert_int_equal(airtime_best_value(&link, 23, 512, 2, false), 20);
	link.data_length = 251;
	link.buffers = 8;
	link.buffer_octets = 27;
	assert_int_equal(airtime_best_value(&link, 517, 512, 2, false), 19 * 27 - 7);
}

static uint64_t payload(const struct airtime_link *link, uint16_t value)
{
	return (uint64_t)airtime_ceiling(link, value, false) * (value - OTA_DATA_HEADER) / value;
}

/* No value carries more payload, by the ceiling of each: which takes far too long to do so. */
static void test_best_value_by_search(void **state)
{
	static const uint32_t intervals[] = {7500, 10000, 11250, 12500, 15000, 30000, 50000};
	static const uint16_t mtus[] = {23, 100, 185, 247, 517};
	struct airtime_link link;

	(void)state;
	for (unsigned int i = 0; i < 7u * 5u * 4u * 3u; i++) {
		const uint16_t mtu = mtus[i / 7u % 5u];
		uint64_t most = 0, chosen;

		link = make_link(i / 35u % 2u ? OTA_PHY_2M : OTA_PHY_1M, intervals[i % 7u]);
		link.encrypted = i / 70u % 2u;
		link.buffers = i / 140u == 1 ? 3 : 0;
		link.refill = link.buffers == 0;
		link.buffer_octets = link.buffers ? 251 : 0;
		link.data_length = i / 140u == 2 ? 27 : 251;
		for (uint16_t value = 20; value <= 512 && value <= mtu - 3; value++)
			if (payload(&link, value) > most)
				most = payload(&link, value);
		chosen =
			payload(&link, airtime_best_value(&link, mtu, 512, OTA_DATA_HEADER, false));
		if (chosen * 100 < most * 97)
			fail_msg("MTU %u, %u us, set-up %u: %llu of %llu", mtu, link.interval_us, i,
				 (unsigned long long)chosen, (unsigned long long)most);
	}
}

static void test_best_value_bounds(void **state)
{
	struct airtime_link link = make_link(OTA_PHY_1M, 7500);

	(void)state;
	for (uint16_t length = 27; length <= 251; length += 32) {
		link.data_length = length;
		for (uint16_t mtu = 23; mtu < 600; mtu++) {
			uint16_t best = airtime_best_value(&link, mtu, 512, 2, false);

			assert_in_range(best, 3, mtu - 3 < 512 ? mtu - 3 : 512);
		}
	}
}

/*
 * Published figures in bytes per second, and what they were taken with.  The
 * fourth has 509-octet values: the example then wrote MTU - 3 (its README).
 */
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
		struct airtime_link link = make_link(points[i].phy, points[i].interval_us);
		uint32_t got = airtime_ceiling(&link, points[i].value, points[i].with_response);
		uint32_t slack = points[i].published * points[i].percent / 100u;

		print_message("# %s: published %u, arithmetic %u\n", points[i].source,
			      points[i].published, got);
		assert_in_range(got, points[i].published - slack, points[i].published + slack);
	}
}

/* Published of a USB adapter with 8 buffers, which prepares its events late; see airtime.h. */
static void test_late(void **state)
{
	static const struct {
		uint32_t interval_us, published;
	} rows[] = {{7500, 66000}, {10000, 73700}, {11250, 77100}, {15000, 128000}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct airtime_link link = {.phy = OTA_PHY_2M,
						  .data_length = 251,
						  .interval_us = rows[i].interval_us,
						  .buffers = 8,
						  .buffer_octets = 251,
						  .late = true};
		const uint32_t slack = rows[i].published / 40u;

		assert_in_range(airtime_ceiling(&link, 244, false), rows[i].published - slack,
				rows[i].published + slack);
	}
}

/* With answers in the same event: never more values than without, and no less carried. */
static void test_answered_value(void **state)
{
	static const uint16_t mtus[] = {23, 100, 185, 247, 498, 517};

	(void)state;
	for (uint32_t interval = 7500; interval <= 50000; interval += 1250) {
		for (size_t m = 0; m < sizeof(mtus) / sizeof(mtus[0]); m++) {
			for (unsigned int kind = 0; kind < 4; kind++) {
				struct airtime_link link = {.phy = kind & 1 ? OTA_PHY_2M
									    : OTA_PHY_1M,
							    .interval_us = interval,
							    .data_length = 251,
							    .encrypted = kind & 2};
				const uint16_t like =
					airtime_best_value(&link, mtus[m], 512, 2, false);
				const uint32_t us = 2u * airtime_notification_us(&link, 13);
				const uint16_t value =
					airtime_answered_value(&link, mtus[m], 512, 2, us);

				link.interval_us -= us;
				if (link.interval_us < 7500)
					continue;
				assert_true(value > 0);
				assert_true((value + 7u + 250u) / 251u >=
					    (like + 7u + 250u) / 251u);
				/* Rounding, and the part of a value at the sample's end. */
				assert_true(airtime_ceiling(&link, value, false) * 51ull >=
					    airtime_ceiling(&link, like, false) * 50ull);
			}
		}
	}
}

/* Six PDUs of 15 ms beside three ACKs, where PDUs of 251 octets leave no room for one. */
static void test_answered_value_room(void **state)
{
	struct airtime_link link = {.phy = OTA_PHY_1M, .interval_us = 15000, .data_length = 251};

	(void)state;
	assert_int_equal(airtime_answered_value(&link, 517, 512, 2, 0), 495);
	assert_int_equal(
		airtime_answered_value(&link, 517, 512, 2, 3u * airtime_notification_us(&link, 13)),
		483);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_air_times),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_encryption),
		cmocka_unit_test(test_runts),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_with_response),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_best_value),
		cmocka_unit_test(test_best_value_short_pdus),
		cmocka_unit_test(test_best_value_by_search),
		cmocka_unit_test(test_best_value_bounds),
		cmocka_unit_test(test_answered_value),
		cmocka_unit_test(test_answered_value_room),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
