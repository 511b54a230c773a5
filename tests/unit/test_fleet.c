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

static unsigned int made(struct fleet *fleet)
{
	struct esp *esp;
	unsigned int count = 0;

	for (unsigned int i = 0; (esp = fleet_device(fleet, i)) != NULL; i++)
		count += esp_is_made(esp);
	return count;
}

/* A device that nobody connects to is heard, and has no flash of megabytes. */
static void test_made_when_needed(void **state)
{
	const struct fleet_kind kind = {.devices = FLEET_DEVICES_MAX};
	struct fleet *fleet = make(&kind);
	struct link_side_config side;
	struct esp *esp;
	uint16_t conn;

	(void)state;
	fleet_listen(fleet, true);
	for (unsigned int i = 0; i < FLEET_DEVICES_MAX; i++)
		(void)until_up(fleet_device(fleet, i));
	assert_int_equal(made(fleet), 0);
	assert_int_equal(esp_boots(fleet_device(fleet, 7)), 1);

	esp = fleet_device(fleet, 7);
	assert_int_equal(esp_accept(esp, &side, &conn), 0);
	assert_int_equal(made(fleet), 1);
	assert_true(esp_advertising(esp)); /* for a second central */
	assert_int_equal(board_state(esp_board(esp)), BOARD_RUNNING);
	assert_string_equal(board_running(esp_board(esp))->version, "1.4.2");
	assert_int_equal(esp_boots(esp), 1);
	esp_not_connected(esp, conn);
	assert_int_equal(made(fleet), 1);
	fleet_destroy(fleet);
}

/* A device that could not be made later is refused at once. */
static void test_refused_at_once(void **state)
{
	const struct fleet_kind kind = {
		.devices = 2,
		.partitions = "nvs,data,nvs,0x9000,0x5000,\notadata,data,ota,0xe000,0x2000,\n"
			      "app0,app,ota_0,0x10000,0x10000,\n",
	};
	const struct fleet_config config = {.sched = &sched, .kind = kind, .heard = on_heard};
	char text[160] = "";
	struct fleet *fleet;

	(void)state;
	sched_init(&sched, 0);
	assert_int_equal(fleet_create(&config, &fleet, text, sizeof(text)), -OTA_ENOSPC);
	assert_non_null(strstr(text, "its slot is smaller"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_boot_delay),
		cmocka_unit_test(test_secure_version),
		cmocka_unit_test(test_made_when_needed),
		cmocka_unit_test(test_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
