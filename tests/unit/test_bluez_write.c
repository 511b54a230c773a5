/* SPDX-License-Identifier: Apache-2.0 */
/* Write commands and the write socket over a fake org.bluez. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"

static const uint8_t value[600] = {0xa5};

static int write_data(struct rig *r, enum gatt_write mode, size_t len)
{
	return r->t->ops->write(r->t, GATT_DATA, mode, value, len);
}

/* --- commands */

static void test_commands(void **state)
{
	struct rig *r = *state;
	int rc;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_COMMAND, 512), 0);
	assert_int_equal(write_data(r, GATT_COMMAND, 513), -OTA_EMSGSIZE);
	rig_expect(r, "");
	rig_expect_calls(r, "WriteValue command 512\n");
	assert_int_equal(r->fake.last_len, 512);
	/* The bus keeps so many answers in mind: no more are asked for at once. */
	r->fake.hold = "WriteValue";
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(write_data(r, GATT_COMMAND, 20), 0);
	rc = write_data(r, GATT_COMMAND, 20);
	assert_int_equal(rc, -OTA_EAGAIN);
	fake_settle(&r->fake);
	assert_int_equal(r->fake.held_count, 64);
	for (size_t i = 0; i < 31; i++)
		fake_answer(&r->fake, i);
	rig_expect(r, "");
	fake_answer(&r->fake, 31);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_COMMAND, 20), 0);
}

/* Another program holds the write socket: said once, as a failed write. */
static void test_commands_refused(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.write_held = true;
	assert_int_equal(write_data(r, GATT_COMMAND, 20), 0);
	assert_int_equal(write_data(r, GATT_COMMAND, 20), 0);
	rig_expect(r, "written data -16\n");
	assert_non_null(strstr(rig_log(r), "by another program"));
}

static bool held(struct rig *r)
{
	struct transport_link link;

	r->t->ops->link_state(r->t, &link);
	return link.data_held;
}

/* --- the socket */

static void test_acquire(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 513), -OTA_EMSGSIZE);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 512), -OTA_EAGAIN);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 512), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 512), 0);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 7), 0);
	rig_expect(r, "");
	rig_expect_calls(r, "AcquireWrite\n");
	assert_int_equal(r->fake.values, 2);
	assert_int_equal(r->fake.last_len, 7);
	/* Control has no socket. */
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	rig_expect(r, "written control 0\n");
	assert_true(r->fake.fd >= 0);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
}

/* Back to WriteValue: not before bluetoothd knows that the socket is closed. */
static void test_acquire_released(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
	assert_int_equal(write_data(r, GATT_COMMAND, 20), -OTA_EAGAIN);
	assert_int_equal(write_data(r, GATT_REQUEST, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_REQUEST, 20), 0);
	rig_expect(r, "written data 0\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
	rig_expect(r, "");
	assert_int_equal(r->fake.values, 3);
}

static void test_acquire_full(void **state)
{
	struct rig *r = *state;
	unsigned int sent = 0;
	int rc;

	rig_connect(r);
	r->fake.fd_deaf = true;
	assert_int_equal(write_data(r, GATT_ACQUIRE, 500), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	while ((rc = write_data(r, GATT_ACQUIRE, 500)) == 0)
		sent++;
	assert_int_equal(rc, -OTA_EAGAIN);
	assert_true(sent > 0);
	rig_expect(r, "");
	r->fake.fd_deaf = false;
	assert_true(sd_event_source_set_enabled(r->fake.fd_io, SD_EVENT_ON) >= 0);
	rig_expect(r, "writable\n");
	assert_int_equal(r->fake.values, sent);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 500), 0);
}

/* The socket is closed: as the link goes, or as bluetoothd pleases. */
static void test_acquire_closed(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	fake_close_socket(&r->fake);
	/* Not yet noticed: */
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "");
	fake_write_acquired(&r->fake, false);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
	rig_expect(r, "");
	fake_close_socket(&r->fake);
	rig_expect(r, "");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
}

/* The socket is closed before the bus tells why: what is written meanwhile does not hide that. */
static void test_acquire_ends_with_its_reason(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
	rig_expect(r, "");
	fake_disconnected(&r->fake, 0, "org.bluez.Reason.Remote");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	assert_false(held(r));
	rig_expect(r, "disconnected by-device\n");
}

/* The socket closes without a word: it is asked for again. */
static void test_acquire_closed_in_silence(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	fake_close_socket(&r->fake);
	rig_expect(r, "");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_until(r, "writable");
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
}

static void test_acquire_held_by_another(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.write_held = true;
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "written data -16\n");
}

/* Told before anything is written; and the link is left to the one who writes. */
static void test_held_by_another(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	assert_false(held(r));
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_false(held(r)); /* by this one */
	assert_int_equal(write_data(r, GATT_REQUEST, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_false(held(r));
	r->fake.write_held = true;
	fake_write_acquired(&r->fake, true);
	rig_expect(r, "");
	assert_true(held(r));
	(void)fake_calls(&r->fake);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	rig_expect_calls(r, "UnregisterAgent\n");
	assert_false(held(r));
	/* The other program lets go of the socket. */
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "mtu 517\ndiscovered 18 0c 02 02 02 02\n");
	assert_true(held(r));
	r->fake.write_held = false;
	fake_write_acquired(&r->fake, false);
	rig_expect(r, "");
	assert_false(held(r));
	(void)fake_calls(&r->fake);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	rig_expect_calls(r, "Disconnect\nUnregisterAgent\n");
}

static void test_acquire_not_offered(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.error = (struct fake_error){"AcquireWrite", SD_BUS_ERROR_UNKNOWN_METHOD, "old"};
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), -OTA_EAGAIN);
	rig_expect(r, "writable\n");
	assert_int_equal(write_data(r, GATT_ACQUIRE, 20), 0);
	rig_expect(r, "");
	rig_expect_calls(r, "AcquireWrite\nWriteValue command 20\n");
	assert_non_null(strstr(rig_log(r), "by command instead"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commands),
		TEST(test_commands_refused),
		TEST(test_acquire),
		TEST(test_acquire_released),
		TEST(test_acquire_full),
		TEST(test_acquire_closed),
		TEST(test_acquire_ends_with_its_reason),
		TEST(test_acquire_closed_in_silence),
		TEST(test_acquire_held_by_another),
		TEST(test_held_by_another),
		TEST(test_acquire_not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
