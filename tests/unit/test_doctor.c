/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor on machines made of files, with a fake org.bluez in a process of its
 * own, because the doctor waits for the answer.
 */
#include "config.h" /* system extensions: mkdtemp(), pipe2() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bluezanswer.h"
#include "doctor/doctor_priv.h"
#include "privatebus.h"

static char root[64];

static int make_root(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/otabench-doctor-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command); /* NOLINT(cert-env33-c): a directory of our own */
}

/* A file below the root with its folders; no text: a folder. */
static void place(const char *path, const char *text)
{
	char full[200];
	FILE *file;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(full, 0700);
		*p = '/';
	}
	if (!text) {
		(void)mkdir(full, 0700);
		return;
	}
	file = fopen(full, "we");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

static void collect(struct doctor *d, struct bluez_answer *a)
{
	struct doctor_config config = {.root = root, .bus = private_bus_open(NULL)};
	pid_t pid = bluez_answer_start(a);

	doctor_collect(d, &config);
	private_bus_close(config.bus);
	bluez_answer_stop(pid);
}

static void expect(const struct doctor *d, enum doctor_level level, const char *check,
		   const char *text)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->findings[i].level == level && strcmp(d->findings[i].check, check) == 0 &&
		    strstr(d->findings[i].found, text))
			return;
	for (size_t i = 0; i < d->count; i++)
		print_message("%s: %s: %s\n", doctor_level_name(d->findings[i].level),
			      d->findings[i].check, d->findings[i].found);
	fail_msg("no finding of '%s' says '%s'", check, text);
}

/* --- tests */

static void test_bare_machine(void **state)
{
	struct bluez_answer a = {.error = SD_BUS_ERROR_SERVICE_UNKNOWN};
	struct doctor d;

	(void)state;
	collect(&d, &a);
	expect(&d, DOCTOR_BAD, "kernel", "no Bluetooth in the kernel");
	expect(&d, DOCTOR_BAD, "bluetoothd", "is not running");
	expect(&d, DOCTOR_NOTE, "virtual adapter", "no /dev/vhci");
	assert_false(d.ready);
	assert_false(d.refused);
}

static void test_good_machine(void **state)
{
	struct bluez_answer a = {
		.adapter = true, .powered = true, .modalias = "usb:v1D6Bp0246d0542"};
	struct doctor d;

	(void)state;
	place("/sys/class/bluetooth/hci0", NULL);
	place("/sys/class/bluetooth/hci0:64", NULL);
	place("/sys/class/rfkill/rfkill0/type", "bluetooth\n");
	place("/sys/class/rfkill/rfkill0/soft", "0\n");
	place("/sys/class/rfkill/rfkill0/hard", "0\n");
	place("/dev/vhci", "");
	collect(&d, &a);
	assert_true(d.ready);
	expect(&d, DOCTOR_GOOD, "kernel", "1 Bluetooth adapter");
	expect(&d, DOCTOR_GOOD, "rfkill", "rfkill0 is not blocked");
	expect(&d, DOCTOR_GOOD, "bluetoothd", "release 5.66");
	expect(&d, DOCTOR_NOTE, "bluetoothd", "why a link ended");
	expect(&d, DOCTOR_NOTE, "bluetoothd", "several bearers");
	expect(&d, DOCTOR_GOOD, "adapter", "hci0 (00:AA:01:00:00:23) is on");
	expect(&d, DOCTOR_GOOD, "virtual adapter", "otabench-radio works");
}

/* A later release does things that an earlier one did not. */
static void test_later_release(void **state)
{
	struct bluez_answer a = {
		.adapter = true, .powered = true, .modalias = "usb:v1D6Bp0246d0557"};
	struct doctor d;

	(void)state;
	place("/sys/class/bluetooth/hci0", NULL);
	collect(&d, &a);
	expect(&d, DOCTOR_GOOD, "bluetoothd", "release 5.87");
	expect(&d, DOCTOR_NOTE, "bluetoothd", "a pairing which failed");
	for (size_t i = 0; i < d.count; i++)
		assert_null(strstr(d.findings[i].found, "bearers"));
}

/* --- what the computer and the adapter are */

static void expect_fix(const struct doctor *d, enum doctor_fix fix, const char *target)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->findings[i].fix == fix && strstr(d->findings[i].target, target))
			return;
	fail_msg("no finding is mended by %u on '%s'", (unsigned int)fix, target);
}

/* Of a file below the root. */
static const char *text_of(const char *path)
{
	static char text[64];
	char full[200];
	FILE *file;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	return text;
}

static void test_hardware(void **state)
{
	static const struct {
		const char *vendor, *product, *text;
		enum doctor_level level;
	} chips[] = {
		{"0a12\n", "0001\n", "CSR8510", DOCTOR_NOTE},
		{"0bda\n", "8771\n", "does not start without", DOCTOR_NOTE},
		{"8087\n", "0029\n", "takes turns", DOCTOR_NOTE},
		{"0a5c\n", "21e8\n", "in its ROM", DOCTOR_NOTE},
		{"0a12\n", "0002\n", "0a12:0002 on USB", DOCTOR_GOOD},
	};
	static const char control[] = "/sys/class/bluetooth/hci0/power/control";
	struct bluez_answer a = {.adapter = true, .modalias = "usb:v1D6Bp0246d0557"};
	const struct doctor_config config = {.root = root};
	struct doctor d;

	(void)state;
	place("/sys/class/bluetooth/hci0/device/uevent", "");
	place("/sys/class/bluetooth/hci0/power/control", "auto\n");
	place("/sys/class/ieee80211/phy0", NULL);
	place("/sys/class/rfkill/rfkill0/type", "bluetooth\n");
	place("/sys/class/rfkill/rfkill0/soft", "1\n");
	place("/proc/sys/kernel/osrelease", "4.18.0-9-amd64\n");
	place("/proc/self/status", "Name:\tx\nCapEff:\t0000000000002000\n");
	place("/etc/dbus-1/system.d/bluetooth.conf", "");
	place("/var/lib/bluetooth/00:AA:01:00:00:23/cache/24:6F:28:AA:10:01", "[General]\n");
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		place("/sys/class/bluetooth/hci0/idVendor", chips[i].vendor);
		place("/sys/class/bluetooth/hci0/idProduct", chips[i].product);
		collect(&d, &a);
		expect(&d, chips[i].level, "adapter's chip", chips[i].text);
	}
	expect(&d, DOCTOR_NOTE, "USB autosuspend", "put to sleep");
	expect(&d, DOCTOR_NOTE, "kernel", "4.19 can");
	expect(&d, DOCTOR_NOTE, "coexistence", "Wi-Fi");
	expect(&d, DOCTOR_GOOD, "capture", "packets");
	expect(&d, DOCTOR_GOOD, "D-Bus policy", "is there");
	expect(&d, DOCTOR_GOOD, "GATT cache", "of 1 device");
	expect_fix(&d, DOCTOR_FIX_POWER, "/org/bluez/hci0");
	/* Each repair that is offered mends its finding, and no other is offered. */
	for (size_t i = 0; i < d.count; i++)
		if (d.findings[i].fix == DOCTOR_FIX_UNBLOCK ||
		    d.findings[i].fix == DOCTOR_FIX_AWAKE)
			assert_int_equal(doctor_mend(&d.findings[i], &config), 0);
		else if (d.findings[i].fix == DOCTOR_FIX_NONE)
			assert_int_equal(doctor_mend(&d.findings[i], &config), -EINVAL);
	assert_string_equal(text_of("/sys/class/rfkill/rfkill0/soft"), "0\n");
	assert_int_equal(strncmp(text_of(control), "on", 2), 0);
	place(control, "on\n");
	place("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	place("/proc/self/status", "CapEff:\t0000000000000000\n");
	collect(&d, &a);
	expect(&d, DOCTOR_GOOD, "USB autosuspend", "stays awake");
	expect(&d, DOCTOR_GOOD, "rfkill", "is not blocked");
	expect(&d, DOCTOR_GOOD, "kernel", "Linux 6.1.0");
	expect(&d, DOCTOR_NOTE, "interval", "no connection interval longer than its last");
	expect(&d, DOCTOR_NOTE, "capture", "CAP_NET_RAW");
}

static void test_controller(void **state)
{
	static const uint8_t version[] = {0x04, 0x0e, 12,   1,	  0x01, 0x10, 0, 0x09,
					  0x34, 0x12, 0x09, 0x0f, 0x00, 1,    0};
	static const uint8_t features[] = {0x04, 0x0e, 12, 1, 0x03, 0x20, 0, 0x21,
					   1,	 0,    0,  0, 0,    0,	  0};
	static const uint8_t buffers[] = {0x04, 0x0e, 7, 1, 0x02, 0x20, 0, 0xfb, 0x00, 3};
	static const uint8_t refused[] = {0x04, 0x0e, 4, 1, 0x02, 0x20, 0x01};
	uint8_t longer[sizeof(version) + 1] = {0}; /* than it says */
	struct hci_controller c;
	struct doctor d = {.count = 0};

	(void)state;
	memset(&c, 0, sizeof(c));
	for (size_t len = 0; len < sizeof(version); len++)
		assert_int_equal(hci_controller_take(&c, version, len), 0);
	assert_int_equal(hci_controller_take(&c, refused, sizeof(refused)), -1);
	memcpy(longer, version, sizeof(version));
	assert_int_equal(hci_controller_take(&c, longer, sizeof(longer)), 0);
	assert_false(c.version_known);
	doctor_controller_tell(&d, 0, &c);
	assert_int_equal(d.count, 0); /* nothing is known, nothing is told */
	assert_int_equal(hci_controller_take(&c, version, sizeof(version)), HCI_READ_LOCAL_VERSION);
	assert_int_equal(hci_controller_take(&c, features, sizeof(features)), HCI_LE_READ_FEATURES);
	assert_int_equal(hci_controller_take(&c, buffers, sizeof(buffers)),
			 HCI_LE_READ_BUFFER_SIZE);
	doctor_controller_tell(&d, 0, &c);
	expect(&d, DOCTOR_GOOD, "controller", "Bluetooth 5.0, maker 0x000f, firmware 1234");
	expect(&d, DOCTOR_GOOD, "data length", "251");
	expect(&d, DOCTOR_NOTE, "buffers", "3 LE buffers of 251 bytes");
	c.features = 0x01;
	c.buffers = 8;
	d.count = 0;
	doctor_controller_tell(&d, 0, &c);
	expect(&d, DOCTOR_NOTE, "data length", "27 bytes");
	expect(&d, DOCTOR_GOOD, "buffers", "8 LE buffers");
}

/* --- what the stack remembers of a device */

static void expect_advice(const struct doctor *d, const char *check, const char *text)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->findings[i].check, check) == 0 &&
		    strcmp(d->findings[i].advice, text) == 0)
			return;
	for (size_t i = 0; i < d->count; i++)
		print_message("%s: %s\n", d->findings[i].check, d->findings[i].advice);
	fail_msg("no advice about '%s' is '%s'", check, text);
}

static void put(struct gatt_table *t, uint16_t handle, const char *uuid, uint8_t properties)
{
	struct gatt_entry e = {
		.handle = handle, .service = properties == 0, .properties = properties};

	(void)snprintf(e.uuid, sizeof(e.uuid), "%s", uuid);
	gatt_table_add(t, &e);
}

static void test_table(void **state)
{
	struct gatt_table own = {.hashed = true}, stack;
	struct doctor_table t = {.stack = &stack,
				 .device = &own,
				 .address = "24:6F:28:AA:10:01",
				 .adapter = "00:AA:01:00:00:23",
				 .release = 5u << 8 | 66u};
	struct doctor d = {.count = 0};

	(void)state;
	put(&own, 6, "00001801-0000-1000-8000-00805f9b34fb", 0);
	put(&own, 7, "00002a05-0000-1000-8000-00805f9b34fb", GATT_PROP_INDICATE);
	put(&own, 0x13, OTA_UUID_SERVICE, 0);
	put(&own, 0x14, OTA_UUID_DATA, GATT_PROP_WRITE);
	stack = own;
	doctor_tell_table(&d, &t);
	assert_int_equal(d.count, 2);
	expect(&d, DOCTOR_GOOD, "GATT cache", "all 4 services");
	expect(&d, DOCTOR_GOOD, "Database Hash", "");
	assert_false(d.stale);
	/* Without a bond, forgetting the device loses nothing else. */
	put(&stack, 0x14, OTA_UUID_INFO, GATT_PROP_READ);
	d.count = 0;
	doctor_tell_table(&d, &t);
	assert_true(d.stale);
	expect(&d, DOCTOR_BAD, "GATT cache",
	       "at 0x0014 the stack remembers Info and the device has Data; 1 difference");
	expect_advice(&d, "GATT cache", "otabench forget 24:6F:28:AA:10:01");
	t.release = 5u << 8 | 61u; /* which keeps the services of a device that it forgets */
	d.count = 0;
	doctor_tell_table(&d, &t);
	expect_advice(&d, "GATT cache",
		      "sudo sh -c 'systemctl stop bluetooth; rm /var/lib/bluetooth/"
		      "00:AA:01:00:00:23/cache/24:6F:28:AA:10:01; systemctl start bluetooth'");
	t.bonded = true;
	d.count = 0;
	doctor_tell_table(&d, &t);
	expect_advice(&d, "GATT cache",
		      "sudo sh -c 'systemctl stop bluetooth; rm /var/lib/bluetooth/"
		      "00:AA:01:00:00:23/cache/24:6F:28:AA:10:01; systemctl start bluetooth' "
		      "(keeps the bond)");
	/* A firmware that tells of no change. */
	own = (struct gatt_table){.count = 0};
	t.stack = NULL;
	d = (struct doctor){.count = 0};
	doctor_tell_table(&d, &t);
	expect(&d, DOCTOR_GOOD, "GATT cache", "remembers no services");
	expect(&d, DOCTOR_NOTE, "Database Hash", "has none");
	expect(&d, DOCTOR_NOTE, "Service Changed", "cannot tell");
	t.device = NULL;
	t.why = "the link failed";
	t.advice = "ask again";
	d = (struct doctor){.count = 0};
	doctor_tell_table(&d, &t);
	assert_int_equal(d.count, 1);
	expect(&d, DOCTOR_NOTE, "GATT cache", "the link failed");
	assert_false(d.stale);
}

/* --- LE 2M */

#define SELECTED_1M 0xff, 0x07, 0, 0 /* all of BR/EDR, LE 1M: what Linux begins with */

static void test_phys_parse(void **state)
{
	static const uint8_t good[] = {0x01, 0x00, 0x02, 0x00, 0x0f, 0x00, 0x44, 0x00, 0x00,
				       0xff, 0x7f, 0,	 0,    0xfe, 0x79, 0,	 0,    SELECTED_1M};
	static const uint8_t refused[] = {0x02, 0, 0x02, 0, 0x03, 0, 0x44, 0, 0x14};
	struct doctor_phys phys = {.supported = 7};
	uint8_t packet[sizeof(good)];

	(void)state;
	for (size_t len = 0; len < sizeof(good); len++) {
		assert_true(doctor_phys_parse(good, len, 2, &phys) <= 0);
		assert_int_equal(phys.supported, 7);
	}
	assert_int_equal(doctor_phys_parse(good, sizeof(good), 1, &phys), 0);
	assert_int_equal(doctor_phys_parse(refused, sizeof(refused), 2, &phys), -EPERM);
	assert_int_equal(doctor_phys_parse(refused, sizeof(refused), 0, &phys), 0);
	memcpy(packet, good, sizeof(good));
	packet[8] = 0x01; /* unknown command: a kernel before 4.19 */
	assert_int_equal(doctor_phys_parse(packet, sizeof(packet), 2, &phys), -EIO);
	packet[6] = 0x05; /* the answer to another command */
	assert_int_equal(doctor_phys_parse(packet, sizeof(packet), 2, &phys), 0);
	packet[0] = 0x06; /* an event that is no answer */
	packet[6] = 0x44;
	assert_int_equal(doctor_phys_parse(packet, sizeof(packet), 2, &phys), 0);
	assert_int_equal(phys.supported, 7);
	assert_int_equal(doctor_phys_parse(good, sizeof(good), 2, &phys), 1);
	assert_int_equal(phys.supported, 0x7fff);
	assert_int_equal(phys.selected, 0x07ff);
}

static void test_phys(void **state)
{
	struct doctor_phys phys = {.supported = 0x7fff, .selected = 0x07ff};
	struct doctor d = {.count = 0};

	(void)state;
	doctor_phys_tell(&d, 1, &phys);
	expect(&d, DOCTOR_NOTE, "LE 2M", "hci1 has the 2M PHY, but the kernel allows 1M only");
	assert_string_equal(d.findings[0].advice,
			    "as root: btmgmt --index 1 phy BR1M1SLOT BR1M3SLOT BR1M5SLOT "
			    "EDR2M1SLOT EDR2M3SLOT EDR2M5SLOT EDR3M1SLOT EDR3M3SLOT EDR3M5SLOT "
			    "LE1MTX LE1MRX LE2MTX LE2MRX");
	phys.selected = 0x6600; /* LE 1M and Coded */
	d.count = 0;
	doctor_phys_tell(&d, 0, &phys);
	assert_string_equal(d.findings[0].advice,
			    "as root: btmgmt --index 0 phy LE1MTX LE1MRX LE2MTX LE2MRX LECODEDTX "
			    "LECODEDRX");
	phys.selected = 0x7fff;
	doctor_phys_tell(&d, 0, &phys);
	expect(&d, DOCTOR_GOOD, "LE 2M", "hci0 may use the 2M PHY");
	phys.supported = 0x07ff;
	doctor_phys_tell(&d, 0, &phys);
	expect(&d, DOCTOR_NOTE, "LE 2M", "hci0 has no 2M PHY");
}

static void test_blocked(void **state)
{
	struct bluez_answer a = {.adapter = true, .modalias = "usb:v1D6Bp0246d053E"};
	struct doctor d;

	(void)state;
	place("/sys/class/bluetooth", NULL);
	place("/sys/class/rfkill/rfkill0/type", "bluetooth\n");
	place("/sys/class/rfkill/rfkill0/soft", "1\n");
	place("/sys/class/rfkill/rfkill1/type", "wlan\n");
	place("/sys/class/rfkill/rfkill1/hard", "1\n");
	place("/sys/class/rfkill/rfkill2/type", "bluetooth\n");
	place("/sys/class/rfkill/rfkill2/hard", "1\n");
	collect(&d, &a);
	assert_false(d.ready);
	expect(&d, DOCTOR_BAD, "kernel", "but there is no adapter");
	expect(&d, DOCTOR_BAD, "rfkill", "rfkill0 is blocked by software");
	expect(&d, DOCTOR_BAD, "rfkill", "rfkill2 is blocked by hardware");
	expect(&d, DOCTOR_NOTE, "adapter", "is off");
	expect(&d, DOCTOR_NOTE, "bluetoothd", "5.62 can crash");
	for (size_t i = 0; i < d.count; i++)
		assert_null(strstr(d.findings[i].found, "rfkill1"));
}

static void test_refused(void **state)
{
	struct bluez_answer a = {.error = SD_BUS_ERROR_ACCESS_DENIED};
	struct doctor d;

	(void)state;
	collect(&d, &a);
	assert_true(d.refused);
	expect(&d, DOCTOR_BAD, "permission", "policy");
}

static void test_other_error(void **state)
{
	struct bluez_answer a = {.error = SD_BUS_ERROR_NO_MEMORY};
	struct doctor d;

	(void)state;
	collect(&d, &a);
	expect(&d, DOCTOR_BAD, "bluetoothd", "cannot be asked: no");
	a.error = SD_BUS_ERROR_NO_REPLY;
	collect(&d, &a);
	expect(&d, DOCTOR_BAD, "bluetoothd", "does not answer");
}

static void test_no_adapter(void **state)
{
	struct bluez_answer a = {.adapter = false};
	struct doctor d;

	(void)state;
	collect(&d, &a);
	assert_false(d.ready);
	expect(&d, DOCTOR_BAD, "adapter", "has no adapter");
	expect(&d, DOCTOR_NOTE, "bluetoothd", "release is unknown");
}

/* A bus that lets anybody answer. */
static void test_foreign_answer(void **state)
{
	struct bluez_answer a = {.adapter = true,
				 .powered = true,
				 .modalias = "usb:v1D6Bp0246d0542",
				 .foreign = true};
	struct doctor d;

	(void)state;
	collect(&d, &a);
	assert_false(d.ready);
	expect(&d, DOCTOR_BAD, "bluetoothd", "another program answers");
}

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(doctor_version("usb:v1D6Bp0246d0542"), 5 << 8 | 66);
	assert_int_equal(doctor_version("usb:v1D6Bp0246d0557"), 5 << 8 | 87);
	assert_int_equal(doctor_version("usb:v1D6Bp0246d05"), 0);
	assert_int_equal(doctor_version("usb:v1D6Bp0246dxyzw"), 0);
	assert_int_equal(doctor_version("bluetooth:v000Dp0000d0110"), 0);
	assert_int_equal(doctor_version(""), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bare_machine),
		TEST(test_good_machine),
		TEST(test_later_release),
		TEST(test_blocked),
		TEST(test_hardware),
		cmocka_unit_test(test_controller),
		cmocka_unit_test(test_table),
		TEST(test_refused),
		TEST(test_other_error),
		TEST(test_no_adapter),
		TEST(test_foreign_answer),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_phys_parse),
		cmocka_unit_test(test_phys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
