/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that a fleet has: names, addresses, when they come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "esp/fleet.h"

static struct sched sched;

static void on_heard(void *ctx, struct esp *esp)
{
	(void)ctx;
	(void)esp;
}

static struct fleet *make(const struct fleet_kind *kind)
{
	const struct fleet_config config = {.sched = &sched, .kind = *kind, .heard = on_heard};
	struct fleet *fleet;

	sched_init(&sched, 0);
	assert_int_equal(fleet_create(&config, &fleet, NULL, 0), 0);
	return fleet;
}

/* Until the device advertises; the time that took. */
static uint64_t until_up(struct esp *esp)
{
	const uint64_t since = sched_now(&sched);
	uint64_t at_us;

	while (!esp_advertising(esp)) {
		assert_true(sched_next(&sched, &at_us));
		sched_advance(&sched, at_us);
	}
	return sched_now(&sched) - since;
}

static void test_names(void **state)
{
	const struct fleet_kind kinds[FLEET_NAMES] = {
		[FLEET_NAMES_NUMBERED] = {.devices = 2, .names = FLEET_NAMES_NUMBERED},
		[FLEET_NAMES_TWINS] = {.devices = 2, .names = FLEET_NAMES_TWINS},
		[FLEET_NAMES_NONE] = {.devices = 2, .names = FLEET_NAMES_NONE},
	};
	static const char *const names[FLEET_NAMES][2] = {
		[FLEET_NAMES_NUMBERED] = {"esp-sim-01", "esp-sim-02"},
		[FLEET_NAMES_TWINS] = {"esp-sim-01", "esp-sim-01"},
		[FLEET_NAMES_NONE] = {"", ""},
	};
	uint8_t response[ESP_ADV_MAX];

	(void)state;
	for (unsigned int n = 0; n < FLEET_NAMES; n++) {
		struct fleet *fleet = make(&kinds[n]);

		for (unsigned int i = 0; i < 2; i++) {
			struct esp *esp = fleet_device(fleet, i);
			const size_t name = strlen(names[n][i]);

			assert_string_equal(esp_name(esp), names[n][i]);
			/* No name is no structure, rather than an empty one. */
			assert_int_equal(esp_scan_response(esp, response), name ? name + 2 : 0);
		}
		fleet_destroy(fleet);
	}
}

/* Core Vol 6 Part B 1.3.2.1: a static random address begins with two ones. */
static void test_addresses(void **state)
{
	const struct fleet_kind public = {.devices = 1},
				random = {.devices = 1, .random_addresses = true};
	struct fleet *fleet = make(&public);

	(void)state;
	assert_string_equal(esp_address(fleet_device(fleet, 0)), "24:6F:28:AA:10:01");
	assert_int_equal(esp_address_type(fleet_device(fleet, 0)), 0);
	fleet_destroy(fleet);
	fleet = make(&random);
	assert_int_equal(esp_address_octets(fleet_device(fleet, 0))[0] & 0xc0, 0xc0);
	assert_int_equal(esp_address_type(fleet_device(fleet, 0)), 1);
	assert_non_null(fleet_find(fleet, "E4:6F:28:AA:10:01"));
	fleet_destroy(fleet);
}

/* A device that is there has been up before: only a restart takes the delay. */
static void test_boot_delay(void **state)
{
	const struct fleet_kind usual = {.devices = 1},
				late = {.devices = 1, .boot_delay_ms = 90000};
	struct fleet *fleet = make(&usual);
	uint64_t first, again;

	(void)state;
	first = until_up(fleet_device(fleet, 0));
	esp_reset(fleet_device(fleet, 0));
	again = until_up(fleet_device(fleet, 0));
	fleet_destroy(fleet);
	fleet = make(&late);
	assert_true(until_up(fleet_device(fleet, 0)) == first);
	esp_reset(fleet_device(fleet, 0));
	assert_true(until_up(fleet_device(fleet, 0)) == again + 90000000u);
	fleet_destroy(fleet);
}

/* Anti-rollback keeps out what is older; what the device was made with is not. */
static void test_secure_version(void **state)
{
	const struct fleet_kind kind = {.devices = 2, .secure_version = 3};
	struct fleet *fleet = make(&kind);

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		(void)until_up(fleet_device(fleet, i));
	fleet_destroy(fleet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_boot_delay),
		cmocka_unit_test(test_secure_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
