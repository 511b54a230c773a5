/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of virtual ESP32s that want an encrypted link, from pairing to proof. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "testlib.h"
#include "updatelib.h"

#define PASSKEY 42
#define SIZE 60000u

static uint8_t image[SIZE + 1000u];
static size_t image_size;

static const enum esp_security securities[] = {
	ESP_JUST_WORKS,
	ESP_PASSKEY,
	ESP_LEGACY_JUST_WORKS,
	ESP_LEGACY_PASSKEY,
};
#define SECURITIES (sizeof(securities) / sizeof(securities[0]))

static bool has_passkey(enum esp_security security)
{
	return security == ESP_PASSKEY || security == ESP_LEGACY_PASSKEY;
}

static void begin_with(struct update *u, enum esp_security security)
{
	update_init(u, image, image_size);
	u->sim.kind.security = security;
	u->sim.kind.passkey = u->typed = PASSKEY;
}

static bool encrypted(const struct update *u)
{
	struct transport_link link;

	u->simulator->ops->link_state(u->simulator, &link);
	return link.encrypted;
}

/* The bond is made once: after the reboot the link is encrypted with it, unasked. */
static void test_updates(void **state)
{
	(void)state;
	for (size_t i = 0; i < SECURITIES; i++) {
		struct update u;
		bool while_sending = true, afterwards = false;

		begin_with(&u, securities[i]);
		update_begin(&u);
		while (!session_finished(&u.s)) {
			assert_true(update_step(&u));
			if (u.s.state == SESSION_SENDING)
				while_sending &= encrypted(&u);
			if (u.s.state == SESSION_CONFIRMING)
				afterwards |= encrypted(&u);
		}
		assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
		assert_true(while_sending);
		assert_true(afterwards);
		assert_int_equal(u.paired, 1);
		assert_int_equal(u.asked, has_passkey(securities[i]));
		assert_int_equal(esp_bonds(update_device(&u)), 1);
		assert_int_equal(esp_boots(update_device(&u)), 2);
		update_end(&u);
	}
}

/* An encrypted link, with four octets of MIC a PDU, is a little slower and not faster. */
static void test_costs_the_mic(void **state)
{
	uint64_t us[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct update u;

		begin_with(&u, i ? ESP_JUST_WORKS : ESP_OPEN);
		u.sim.kind.flash_speed = FLASH_IDEAL;
		assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
		us[i] = u.s.stats.done_us - u.s.stats.start_us;
		update_end(&u);
	}
	assert_true(us[1] > us[0]);
}

static void assert_nothing_happened(struct update *u)
{
	struct board_counters counters;
	struct ota_status status;

	board_counters(esp_board(update_device(u)), &counters);
	esp_status(update_device(u), &status);
	assert_int_equal(status.state, OTA_STATE_IDLE);
	assert_int_equal(u->s.stats.received, 0);
	assert_int_equal(counters.boots, 1);
	assert_int_equal(esp_bonds(update_device(u)), 0);
	assert_false(update_check_boots(u));
}

static void test_wrong_passkey(void **state)
{
	static const int32_t typed[] = {PASSKEY + 1, -1};

	(void)state;
	for (size_t i = 0; i < SECURITIES; i++) {
		for (size_t k = 0; k < 2 && has_passkey(securities[i]); k++) {
			struct update u;

			begin_with(&u, securities[i]);
			u.typed = typed[k];
			assert_int_equal(update_run(&u, 60), SESSION_NOT_PAIRED);
			assert_int_equal(u.s.status, -OTA_EPERM);
			assert_int_equal(u.s.stats.retries, 0);
			assert_nothing_happened(&u);
			update_end(&u);
		}
	}
}

/* Links are lost, the device is reset and loses power: the bond is still there. */
static void test_faults(void **state)
{
	static const char *const faults[] = {"disconnect@20000", "reboot@30000", "power-cut@5",
					     "terminate@40000"};

	(void)state;
	for (size_t i = 0; i < SECURITIES; i++) {
		for (size_t k = 0; k < sizeof(faults) / sizeof(faults[0]); k++) {
			struct update u;

			begin_with(&u, securities[i]);
			update_fault(&u, faults[k]);
			assert_int_equal(update_run(&u, 120), SESSION_CONFIRMED);
			assert_int_equal(u.losses, 1);
			assert_int_equal(u.paired, 1);
			assert_int_equal(esp_bonds(update_device(&u)), 1);
			update_end(&u);
		}
	}
}

/* A user who thinks for twenty seconds is not a device that does not answer. */
static void test_slow_user(void **state)
{
	struct update u;

	(void)state;
	begin_with(&u, ESP_PASSKEY);
	update_begin(&u);
	while (u.asked == 0)
		assert_true(update_step(&u));
	u.to_answer = false;
	update_wait(&u, 20000000);
	assert_false(session_finished(&u.s));
	assert_int_equal(u.s.stats.retries, 0);
	assert_int_equal(transport_passkey(u.transport, PASSKEY), 0);
	assert_int_equal(transport_passkey(u.transport, PASSKEY), -OTA_EINVAL);
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_int_equal(u.s.stats.retries, 0);
	update_end(&u);
}

static void test_no_user(void **state)
{
	struct update u;

	(void)state;
	begin_with(&u, ESP_PASSKEY);
	update_begin(&u);
	while (u.asked == 0)
		assert_true(update_step(&u));
	u.to_answer = false;
	update_wait(&u, 31000000);
	assert_int_equal(u.s.outcome, SESSION_NOT_PAIRED);
	assert_int_equal(u.s.status, -OTA_ETIMEDOUT);
	update_end(&u);
}

static void test_cancel_while_asked(void **state)
{
	struct update u;

	(void)state;
	begin_with(&u, ESP_PASSKEY);
	update_begin(&u);
	while (u.asked == 0)
		assert_true(update_step(&u));
	u.to_answer = false;
	session_cancel(&u.s, update_now(&u));
	assert_int_equal(u.s.outcome, SESSION_CANCELLED);
	assert_int_equal(u.s.status, 0);
	update_wait(&u, 1000000);
	assert_nothing_happened(&u);
	update_end(&u);
}

/* The device has a bond, this host none (it is another run of the program). */
static void test_host_forgot(void **state)
{
	char dir[] = "/tmp/otabench-security-XXXXXX", file[64];
	struct update u;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (unsigned int i = 0; i < 2; i++) {
		begin_with(&u, ESP_PASSKEY);
		u.sim.kind.state = dir;
		u.session.goal = SESSION_LOOK;
		assert_int_equal(update_run(&u, 60), SESSION_ANSWERED);
		assert_int_equal(u.asked, 1);
		assert_int_equal(esp_bonds(update_device(&u)), 1);
		update_end(&u);
	}
	snprintf(file, sizeof(file), "%s/esp-sim-01.flash", dir);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
}

/*
 * This host has a bond, the device none any more: its flash was erased.  Nobody is paired
 * with in its place before the user says so.
 */
static void test_device_forgot(void **state)
{
	struct update u;

	(void)state;
	for (size_t i = 0; i < SECURITIES; i++) {
		begin_with(&u, securities[i]);
		update_begin(&u);
		while (u.s.state != SESSION_REBOOTING)
			assert_true(update_step(&u));
		assert_int_equal(board_write_bond(esp_board(update_device(&u)), 0, NULL, 0), 0);
		update_finish(&u, 60);
		assert_int_equal(u.s.outcome, SESSION_NOT_PAIRED);
		assert_true(u.s.key_missing);
		assert_int_equal(u.s.status, -OTA_EPERM);
		assert_int_equal(u.s.stats.retries, 0);
		assert_int_equal(u.paired, 1);
		assert_int_equal(esp_bonds(update_device(&u)), 0);
		update_end(&u);
	}
}

/* Returns the last octet of the bond in NVS, its flags; 0: there is no bond. */
static uint8_t bond_flags(struct update *u)
{
	uint8_t bond[BOARD_BOND_MAX];
	const int len = board_read_bond(esp_board(update_device(u)), 0, bond);

	return len > 0 ? bond[len - 1] : 0;
}

/* A host that had subscribed to Service Changed is told once, when the new image has started
 * and the bond encrypts the link; until it has confirmed that, NVS remembers it. */
static void test_service_changed(void **state)
{
	enum { SUBSCRIBED = 0x02, CHANGED = 0x04 };
	uint8_t bond[BOARD_BOND_MAX];
	bool due = false;
	struct update u;
	int len;

	(void)state;
	begin_with(&u, ESP_JUST_WORKS);
	update_begin(&u);
	while (u.s.state != SESSION_REBOOTING)
		assert_true(update_step(&u));
	/* The simulated host does not subscribe by itself. */
	len = board_read_bond(esp_board(update_device(&u)), 0, bond);
	assert_true(len > 0);
	bond[len - 1] |= SUBSCRIBED;
	assert_int_equal(board_write_bond(esp_board(update_device(&u)), 0, bond, (unsigned int)len),
			 0);
	while (!session_finished(&u.s)) {
		assert_true(update_step(&u));
		due |= bond_flags(&u) & CHANGED;
		if (u.s.state == SESSION_CONFIRMING)
			assert_int_equal(bond_flags(&u) & (SUBSCRIBED | CHANGED), SUBSCRIBED);
	}
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_true(due);
	assert_int_equal(bond_flags(&u) & (SUBSCRIBED | CHANGED), SUBSCRIBED);
	update_end(&u);
}

/* NVS has room for so many bonds; if there are more, the oldest goes. */
static void test_bonds_are_few(void **state)
{
	uint8_t bond[BOARD_BOND_MAX];
	struct update u;

	(void)state;
	begin_with(&u, ESP_JUST_WORKS);
	update_begin(&u);
	update_finish(&u, 60);
	assert_true(board_read_bond(esp_board(update_device(&u)), 0, bond) > 0);
	assert_int_equal(board_read_bond(esp_board(update_device(&u)), BOARD_BONDS, bond),
			 -OTA_ENOENT);
	assert_int_equal(board_write_bond(esp_board(update_device(&u)), BOARD_BONDS, bond, 1),
			 -OTA_EIO);
	update_end(&u);
}

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = SIZE, .seed = 99};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_costs_the_mic),
		cmocka_unit_test(test_wrong_passkey),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_slow_user),
		cmocka_unit_test(test_no_user),
		cmocka_unit_test(test_cancel_while_asked),
		cmocka_unit_test(test_host_forgot),
		cmocka_unit_test(test_device_forgot),
		cmocka_unit_test(test_service_changed),
		cmocka_unit_test(test_bonds_are_few),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
