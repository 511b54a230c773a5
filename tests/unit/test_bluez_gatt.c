/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characteristics over a fake org.bluez: discovery, the MTU, requests, and a cache
 * that does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"
#include "bluez/bluez_hci.h"

#define FAILED "org.bluez.Error.Failed"
#define DENIED "org.bluez.Error.NotPermitted"
#define ALL "discovered 18 0c 02 02 02 02\n"

static const uint8_t value[600] = {0xa5};

static int write_data(struct rig *r, enum gatt_write mode, size_t len)
{
	return r->t->ops->write(r->t, GATT_DATA, mode, value, len);
}

/* Connected; services when the test says so. */
static void link_up(struct rig *r)
{
	r->fake.connects_by_itself = false;
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	fake_connected(&r->fake, 0, true);
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "");
	(void)fake_calls(&r->fake);
}

static void expect_mtu(struct rig *r, uint16_t mtu, enum transport_source source)
{
	struct transport_link link;

	r->t->ops->link_state(r->t, &link);
	assert_int_equal(link.link.mtu, mtu);
	assert_int_equal(link.mtu_source, source);
	assert_int_equal(link.rssi, 127); /* an advertisement's is not the link's */
	assert_int_equal(link.rssi_source, TRANSPORT_SOURCE_NONE);
}

/* --- discovery */

/* BlueZ tells its release where a USB device would tell its own. */
static void test_release(void **state)
{
	struct transport_link link;
	struct rig *r = *state;

	link_up(r);
	r->t->ops->link_state(r->t, &link);
	assert_string_equal(link.bluetoothd, "5.66"); /* 0x0542 */
}

static void test_discover(void **state)
{
	struct rig *r = *state;

	link_up(r);
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), -OTA_ENOENT);
	expect_mtu(r, 23, TRANSPORT_SOURCE_NONE);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_CHRS);
	rig_expect(r, "");
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "mtu 517\n" ALL);
	expect_mtu(r, 517, TRANSPORT_SOURCE_STACK);
	rig_expect_calls(r, "GetManagedObjects\n");
}

/*
 * ServicesResolved first, and the signals of the objects are still on their way:
 * taken by them alone, the device would be one without Info.
 */
static void test_resolved_before_objects(void **state)
{
	struct rig *r = *state;

	link_up(r);
	fake_resolved(&r->fake, 0, true);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_INFO);
	rig_expect(r, "mtu 517\n" ALL);
}

/* Resolved, and really not there yet. */
static void test_objects_late(void **state)
{
	struct rig *r = *state;

	link_up(r);
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "");
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_DATA);
	rig_expect(r, "");
	fake_export(&r->fake, 0, GATT_DATA, GATT_CHRS);
	rig_expect(r, "mtu 517\n" ALL);
}

static void test_no_service(void **state)
{
	struct rig *r = *state;

	for (enum gatt_chr chr = GATT_CONTROL; chr < GATT_FIRMWARE_REVISION; chr++)
		r->fake.devices[0].absent[chr] = true;
	link_up(r);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_CHRS);
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "");
	rig_until(r, "discovered");
	rig_expect(r, "mtu 517\ndiscovered 00 00 00 02 02 02\n");
}

static void test_discover_ends_with_the_link(void **state)
{
	struct rig *r = *state;

	link_up(r);
	r->fake.hold = "GetManagedObjects";
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "");
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
	fake_refuse(&r->fake, 0, FAILED, "late");
	rig_expect(r, "");
}

/* Before 5.62: the MTU from AcquireWrite, whose socket is given back before the first write. */
static void test_mtu_by_acquire(void **state)
{
	struct rig *r = *state;

	r->fake.tells_mtu = false;
	link_up(r);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_CHRS);
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "mtu 517\n" ALL);
	expect_mtu(r, 517, TRANSPORT_SOURCE_STACK);
	assert_int_equal(write_data(r, GATT_COMMAND, 495), 0);
	rig_expect(r, "");
	rig_expect_calls(r, "GetManagedObjects\nAcquireWrite\nWriteValue command 495\n");
}

static void test_mtu_not_told(void **state)
{
	struct rig *r = *state;

	r->fake.tells_mtu = false;
	r->fake.error = (struct fake_error){"AcquireWrite", "org.bluez.Error.NotSupported", "no"};
	link_up(r);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_CHRS);
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, ALL);
	expect_mtu(r, 23, TRANSPORT_SOURCE_NONE);
	assert_int_equal(write_data(r, GATT_COMMAND, 21), -OTA_EMSGSIZE);
	assert_int_equal(write_data(r, GATT_COMMAND, 20), 0);
}

/* Given up while the MTU was being asked for: nothing is discovered any more. */
static void test_mtu_no_longer_asked(void **state)
{
	struct rig *r = *state;

	r->fake.tells_mtu = false;
	link_up(r);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_CHRS);
	r->fake.hold = "AcquireWrite";
	fake_resolved(&r->fake, 0, true);
	rig_expect(r, "");
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	fake_refuse(&r->fake, 0, "org.bluez.Error.Failed", "Not connected");
	rig_expect(r, "disconnected by-host\n");
}

static void test_table_changes_under_the_link(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_unexport(&r->fake, 0, GATT_DATA);
	rig_expect(r, "");
	assert_int_equal(write_data(r, GATT_COMMAND, 20), -OTA_ENOENT);
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "read info 0 763221\n");
}

/* --- a cache that does not fit */

static void expect_misremembered(struct rig *r, bool expected)
{
	struct transport_link link;

	r->t->ops->link_state(r->t, &link);
	assert_int_equal(link.misremembered, expected);
}

static void test_cache_dropped(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.error =
		(struct fake_error){"ReadValue", FAILED, "Operation failed with ATT error: 0x0a"};
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "disconnected connect-failed\n");
	rig_expect_calls(r, "ReadValue\nRemoveDevice\nUnregisterAgent\n");
	/* Once is enough. */
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "mtu 517\n" ALL);
	r->fake.error =
		(struct fake_error){"ReadValue", FAILED, "Operation failed with ATT error: 0x01"};
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "read info -5\n");
	assert_non_null(strstr(rig_log(r), "otabench forget " FAKE_ADDRESS));
	expect_misremembered(r, true);
}

/*
 * Characteristics in another order, each service where it was: what bluetoothd takes for
 * the CCC is a declaration.
 */
static void test_cache_of_another_order(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	for (int i = 0; i < 2; i++) {
		r->fake.error = (struct fake_error){"StartNotify", DENIED, "Write not permitted"};
		assert_int_equal(r->t->ops->subscribe(r->t, GATT_CONTROL), 0);
		rig_expect(r, "disconnected connect-failed\n");
		rig_expect_calls(r, "StartNotify\nRemoveDevice\nUnregisterAgent\n");
		assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
		rig_expect(r, "connected 23\n");
		assert_int_equal(r->t->ops->discover(r->t), 0);
		rig_expect(r, "mtu 517\n" ALL);
		/* The cache fits now, so that another update may change it again. */
		assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
		rig_expect(r, "read info 0 763221\n");
		(void)fake_calls(&r->fake);
	}
	expect_misremembered(r, false);
}

/* The table that bluetoothd has lacks what was there before the reboot. */
static void test_cache_of_another_table(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_disconnected(&r->fake, 0, NULL);
	rig_expect(r, "disconnected unknown\n");
	for (enum gatt_chr chr = GATT_CONTROL; chr < GATT_CHRS; chr++)
		fake_unexport(&r->fake, 0, chr);
	r->fake.devices[0].absent[GATT_DATA] = true;
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_until(r, "disconnected");
	rig_expect(r, "disconnected connect-failed\n");
	assert_non_null(strstr(fake_calls(&r->fake), "RemoveDevice\n"));
}

/* A bond is the user's: it is not thrown away unasked. */
static void test_cache_of_a_paired_device(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].paired = true;
	rig_connect(r);
	r->fake.error =
		(struct fake_error){"ReadValue", FAILED, "Operation failed with ATT error: 0x01"};
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "read info -5\n");
	rig_expect_calls(r, "ReadValue\n");
	expect_misremembered(r, true);
	r->fake.error = (struct fake_error){"ReadValue", DENIED, "Read not permitted"};
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_expect(r, "read info -95\n"); /* not the -OTA_EPERM of a link without a pairing */
	fake_remove_device(&r->fake, 0);
	rig_expect(r, "disconnected unknown\n");
	expect_misremembered(r, false);
}

/* An answer that bluetoothd still waits for goes with the device, once; a bond is kept. */
static void test_stuck_write(void **state)
{
	const struct fake_error stuck = {"WriteValue", "org.bluez.Error.InProgress", "In Progress"};
	struct rig *r = *state;

	rig_connect(r);
	r->fake.error = stuck;
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	rig_expect(r, "disconnected connect-failed\n");
	assert_non_null(strstr(fake_calls(&r->fake), "RemoveDevice\n"));
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_expect(r, "mtu 517\n" ALL);
	r->fake.error = stuck;
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	rig_expect(r, "written control -16\n");
}

static void test_stuck_write_of_a_paired_device(void **state)
{
	struct rig *r = *state;

	r->fake.devices[0].paired = true;
	rig_connect(r);
	r->fake.error =
		(struct fake_error){"WriteValue", "org.bluez.Error.InProgress", "In Progress"};
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
	rig_expect(r, "written control -16\n");
	assert_null(strstr(fake_calls(&r->fake), "RemoveDevice\n"));
}

/* --- reading, notifications, requests */

static void test_errors(void **state)
{
	static const struct {
		const char *name, *text;
		int status;
	} errors[] = {
		{DENIED, "Not paired", -OTA_EPERM},
		{DENIED, "Not authorized", -OTA_EPERM},
		{DENIED, "Write acquired", -OTA_EBUSY},
		{"org.bluez.Error.NotAuthorized", "no", -OTA_EPERM},
		{"org.bluez.Error.NotSupported", "no", -OTA_ENOTSUP},
		{"org.bluez.Error.InvalidArguments", "Invalid Length", -OTA_EMSGSIZE},
		{"org.bluez.Error.InvalidArguments", "Invalid offset", -OTA_EINVAL},
		{FAILED, "Not connected", -OTA_ENOTCONN},
		{FAILED, "Operation failed with ATT error: 0x80", -OTA_EIO},
		{SD_BUS_ERROR_NO_REPLY, "Method call timed out", -OTA_ETIMEDOUT},
		{"com.example.Unheard", "of", -OTA_EIO},
	};
	struct rig *r = *state;
	char expected[100];

	rig_connect(r);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		r->fake.error = (struct fake_error){"ReadValue", errors[i].name, errors[i].text};
		assert_int_equal(r->t->ops->read(r->t, GATT_MODEL), 0);
		(void)snprintf(expected, sizeof(expected), "read model %d\n", errors[i].status);
		rig_expect(r, expected);
		r->fake.error = (struct fake_error){"WriteValue", errors[i].name, errors[i].text};
		assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
		(void)snprintf(expected, sizeof(expected), "written control %d\n",
			       errors[i].status);
		rig_expect(r, expected);
	}
	r->fake.error = (struct fake_error){"StartNotify", DENIED, "Notify acquired"};
	assert_int_equal(r->t->ops->subscribe(r->t, GATT_CONTROL), 0);
	rig_expect(r, "subscribed control -16\n");
}

static void test_requests(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	r->fake.hold = "WriteValue";
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 20), 0);
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), -OTA_EBUSY);
	assert_int_equal(write_data(r, GATT_REQUEST, 512), 0);
	assert_int_equal(write_data(r, GATT_COMMAND, 20), -OTA_EAGAIN);
	assert_int_equal(write_data(r, GATT_REQUEST, 513), -OTA_EMSGSIZE);
	rig_expect(r, "");
	/* A notification that the write caused is told before the write's answer. */
	fake_notify(&r->fake, 0, "\1\0\2", 3);
	rig_expect(r, "notified control 0 010002\n");
	fake_answer(&r->fake, 0);
	rig_expect(r, "written control 0\nwritable\n");
	fake_answer(&r->fake, 1);
	rig_expect(r, "written data 0\n");
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, 1), 0);
}

/* A value that was remembered, or read, is no notification. */
static void test_values_that_are_no_notifications(void **state)
{
	struct rig *r = *state;

	rig_connect(r);
	fake_export(&r->fake, 0, GATT_CONTROL, GATT_DATA);
	rig_expect(r, "");
	fake_notify(&r->fake, 0, "", 0);
	rig_expect(r, "notified control 0\n");
}

/* --- answers of a controller */

static void test_hci(void **state)
{
	static const uint8_t rssi[] = {4, 0x0e, 7, 1, 0x05, 0x14, 0, 0x40, 0, 0xc4};
	static const uint8_t buffers[] = {4, 0x0e, 7, 1, 0x02, 0x20, 0, 251, 0, 8};
	static const uint8_t shared[] = {4, 0x0e, 7, 1, 0x02, 0x20, 0, 0, 0, 0};
	/* HCI 5.3 (0x0c), revision 0x2a1b, LMP 5.3, maker 0x0002, subversion 0x3c4d */
	static const uint8_t version[] = {4,	0x0e, 12,   1, 0x01, 0x10, 0,	0x0c,
					  0x1b, 0x2a, 0x0c, 2, 0,    0x4d, 0x3c};
	struct bluez_hci_figures f = {.rssi = 127};
	uint8_t bad[sizeof(rssi)];

	(void)state;
	assert_true(bluez_hci_decode(rssi, sizeof(rssi), 0x40, &f));
	assert_int_equal(f.rssi, -60);
	assert_false(bluez_hci_decode(rssi, sizeof(rssi), 0x41, &f)); /* another link's */
	assert_true(bluez_hci_decode(buffers, sizeof(buffers), 0x40, &f));
	assert_int_equal(f.controller.buffers, 8);
	assert_int_equal(f.controller.buffer_octets, 251);
	assert_false(bluez_hci_decode(shared, sizeof(shared), 0x40, &f));
	for (size_t n = 0; n < sizeof(version); n++)
		assert_false(bluez_hci_decode(version, n, 0x40, &f));
	assert_false(f.controller.version_known);
	assert_true(bluez_hci_decode(version, sizeof(version), 0x40, &f));
	assert_true(f.controller.version_known);
	assert_int_equal(f.controller.maker, 0x0002);
	assert_int_equal(f.controller.revision, 0x2a1b);
	assert_int_equal(f.controller.subversion, 0x3c4d);
	f.rssi = 127;
	for (size_t n = 0; n < sizeof(rssi); n++)
		assert_false(bluez_hci_decode(rssi, n, 0x40, &f));
	for (size_t i = 0; i < sizeof(rssi) - 1; i++) {
		memcpy(bad, rssi, sizeof(bad));
		bad[i] ^= 0x08;
		if (i != 3 && bluez_hci_decode(bad, sizeof(bad), 0x40, &f))
			fail_msg("byte %zu is not looked at", i);
	}
	assert_int_equal(f.rssi, 127);
}

static void test_hci_key_missing(void **state)
{
	uint8_t change[] = {4, 0x08, 4, 0x06, 0x40, 0, 0};
	struct bluez_hci_figures f = {.rssi = 127};

	(void)state;
	for (size_t n = 0; n < sizeof(change); n++)
		assert_false(bluez_hci_decode(change, n, 0x40, &f));
	assert_false(bluez_hci_decode(change, sizeof(change), 0x41, &f));
	change[3] = 0; /* encrypted */
	assert_false(bluez_hci_decode(change, sizeof(change), 0x40, &f));
	assert_false(f.key_missing);
	for (uint8_t status = 0x05; status <= 0x06; status++) {
		f = (struct bluez_hci_figures){.rssi = 127};
		change[3] = status;
		assert_true(bluez_hci_decode(change, sizeof(change), 0x40, &f));
		assert_true(f.key_missing);
		assert_false(f.ended);
	}
}

static void test_hci_reason(void **state)
{
	static const struct {
		uint8_t code;
		enum gatt_reason reason;
	} ends[] = {
		{0x08, GATT_SUPERVISION}, {0x13, GATT_BY_DEVICE}, {0x14, GATT_BY_DEVICE},
		{0x15, GATT_BY_DEVICE},	  {0x16, GATT_BY_HOST},	  {0x3e, GATT_CONNECT_FAILED},
		{0x3d, GATT_UNKNOWN},	  {0x00, GATT_UNKNOWN},
	};
	uint8_t end[] = {4, 0x05, 4, 0, 0x40, 0, 0};
	struct bluez_hci_figures f = {.rssi = 127};
	uint8_t bad[sizeof(end)];

	(void)state;
	for (size_t n = 0; n < sizeof(end); n++)
		assert_false(bluez_hci_decode(end, n, 0x40, &f));
	for (size_t i = 0; i < sizeof(end) - 1; i++) {
		memcpy(bad, end, sizeof(bad));
		bad[i] ^= 0x08;
		assert_false(bluez_hci_decode(bad, sizeof(bad), 0x40, &f));
	}
	assert_false(f.ended);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		f = (struct bluez_hci_figures){.rssi = 127};
		end[6] = ends[i].code;
		assert_true(bluez_hci_decode(end, sizeof(end), 0x40, &f));
		assert_true(f.ended);
		assert_int_equal(f.reason, ends[i].reason);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, bluez_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_release),
		TEST(test_discover),
		TEST(test_resolved_before_objects),
		TEST(test_objects_late),
		TEST(test_no_service),
		TEST(test_discover_ends_with_the_link),
		TEST(test_mtu_by_acquire),
		TEST(test_mtu_not_told),
		TEST(test_mtu_no_longer_asked),
		TEST(test_table_changes_under_the_link),
		TEST(test_cache_dropped),
		TEST(test_cache_of_another_table),
		TEST(test_cache_of_another_order),
		TEST(test_cache_of_a_paired_device),
		TEST(test_stuck_write),
		TEST(test_stuck_write_of_a_paired_device),
		TEST(test_errors),
		TEST(test_requests),
		TEST(test_values_that_are_no_notifications),
		cmocka_unit_test(test_hci),
		cmocka_unit_test(test_hci_key_missing),
		cmocka_unit_test(test_hci_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
