/* SPDX-License-Identifier: Apache-2.0 */
/* The kind of adapter, by the files of its driver, and what in this computer is in its way. */
#include "config.h" /* system extensions: glob() */

#include "doctor/doctor_priv.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 256u
#define CAP_NET_RAW 13

/*
 * Families of USB adapters with something that an update meets; product "" is every one of
 * that vendor.  Each is said by Linux's own drivers:
 * - CSR: drivers/bluetooth/btusb.c, btusb_setup_csr().  Real ones end with Bluetooth 4.0, which
 *   has neither 2M (5.0) nor Data Length Extension (4.2); copies announce what they cannot do,
 *   and the driver logs "CSR: Unbranded CSR clone detected".
 * - Realtek: btrtl.c, btrtl_initialize().  The setup fails without the file, and the log has
 *   "RTL: firmware file ... not found".
 * - Broadcom: btbcm.c, btbcm_initialize().  Without a file it logs "BCM: firmware Patch file not
 *   found" and leaves the adapter with what its ROM has.
 * - Intel: the driver of the same module's Wi-Fi, iwlwifi/mvm/coex.c, iwl_get_coex_type(): Wi-Fi
 *   is restrained for Bluetooth's sake where it is on 2.4 GHz, and nowhere else.
 */
static const struct family {
	const char *vendor, *product, *text, *advice;
} families[] = {
	{"0a12", "0001",
	 "CSR8510, or one of its many copies: Bluetooth 4.0, so 1M and short packets",
	 "an adapter of Bluetooth 5 is several times as fast; 'dmesg | grep CSR' names a copy"},
	{"0bda", "", "Realtek: it does not start without its firmware file",
	 "where it is missing, 'dmesg | grep RTL' says so (package firmware-realtek)"},
	{"0a5c", "", "Broadcom: without its patch file it runs what is in its ROM",
	 "'dmesg | grep BCM' shows whether brcm/*.hcd was loaded"},
	{"8087", "", "Intel: on 2.4 GHz it takes turns with the Wi-Fi of the same module",
	 "in mid update use Wi-Fi on 5 GHz, or none ('nmcli radio wifi off')"},
};

static void tell_family(struct doctor *d, unsigned int index, const char *vendor,
			const char *product)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *f = &families[i];

		if (strcmp(f->vendor, vendor) != 0 ||
		    (f->product[0] && strcmp(f->product, product) != 0))
			continue;
		doctor_add(d, DOCTOR_NOTE, "adapter's chip", f->advice, "hci%u is %s:%s, %s", index,
			   vendor, product, f->text);
		return;
	}
	doctor_add(d, DOCTOR_GOOD, "adapter's chip", "", "hci%u is %s:%s on USB", index, vendor,
		   product);
}

void doctor_check_adapter(struct doctor *d, const char *root, unsigned int index)
{
	char base[PATH_SIZE], path[PATH_SIZE + 32], vendor[8], product[8], control[16];

	/* hciN/device is the USB interface; the device that it is of lies above. */
	(void)snprintf(base, sizeof(base), "/sys/class/bluetooth/hci%u/device/..", index);
	(void)snprintf(path, sizeof(path), "%s/idVendor", base);
	doctor_line(root, path, vendor, sizeof(vendor));
	(void)snprintf(path, sizeof(path), "%s/idProduct", base);
	doctor_line(root, path, product, sizeof(product));
	if (!vendor[0])
		return; /* a UART, or no hardware at all */
	tell_family(d, index, vendor, product);
	(void)snprintf(path, sizeof(path), "%s/power/control", base);
	doctor_line(root, path, control, sizeof(control));
	/* btusb_setup_csr() of btusb.c tells of adapters that stay asleep then. */
	if (strcmp(control, "auto") == 0) {
		doctor_add(d, DOCTOR_NOTE, "USB autosuspend",
			   "otabench doctor --fix, or: echo on | sudo tee the adapter's "
			   "power/control; "
			   "for good: btusb.enable_autosuspend=0 on the kernel's command line",
			   "hci%u may be put to sleep while nothing is sent, and some do not wake "
			   "for what they receive",
			   index);
		doctor_offer(d, DOCTOR_FIX_AWAKE, "%s%s", root, path);
	} else if (control[0]) {
		doctor_add(d, DOCTOR_GOOD, "USB autosuspend", "", "hci%u stays awake", index);
	}
}

static void check_release(struct doctor *d, const char *root, bool adapter)
{
	unsigned int major = 0, minor = 0;
	char text[64];

	doctor_line(root, "/proc/sys/kernel/osrelease", text, sizeof(text));
	/* NOLINTNEXTLINE(cert-err34-c): what is no release is compared with none */
	if (sscanf(text, "%3u.%3u", &major, &minor) != 2)
		return;
	/* Get and Set PHY Configuration came with Linux 4.19 (net/bluetooth/mgmt.c). */
	if (major < 4 || (major == 4 && minor < 19))
		doctor_add(d, DOCTOR_NOTE, "kernel", "update the kernel",
			   "Linux %s cannot allow an adapter LE 2M: 4.19 can", text);
	else
		doctor_add(d, DOCTOR_GOOD, "kernel", "", "Linux %s", text);
	/*
	 * hci_le_remote_conn_param_req_evt() of net/bluetooth/hci_event.c refuses what is longer than
	 * the upper bound that the connection was made with (Linux 6.8; 5.10 to 6.6 got it later, in
	 * stable releases), and makes what it grants the bound of the device's next connection.
	 */
	if (adapter && (major > 5 || (major == 5 && minor >= 10)))
		doctor_add(d, DOCTOR_NOTE, "interval",
			   "for longer ones: otabench forget DEV, then plug the adapter in again",
			   "Linux grants a device no connection interval longer than its last one");
}

/* Files of a pattern below the root. */
static size_t count(const char *root, const char *pattern)
{
	char full[PATH_SIZE + 64];
	size_t n = 0;
	glob_t found;

	(void)snprintf(full, sizeof(full), "%s%s", root, pattern);
	if (glob(full, GLOB_NOSORT, NULL, &found) == 0) {
		n = found.gl_pathc;
		globfree(&found);
	}
	return n;
}

static void check_policy(struct doctor *d, const char *root)
{
	if (count(root, "/etc/dbus-1/system.d/bluetooth.conf") +
		    count(root, "/usr/share/dbus-1/system.d/bluetooth.conf") >
	    0)
		doctor_add(d, DOCTOR_GOOD, "D-Bus policy", "", "bluetooth.conf is there");
	else
		doctor_add(d, DOCTOR_NOTE, "D-Bus policy",
			   "apt install --reinstall bluez, then systemctl reload dbus",
			   "there is no bluetooth.conf: the bus lets nobody talk to bluetoothd");
}

static void check_capture(struct doctor *d, const char *root)
{
	char path[PATH_SIZE], line[128];
	unsigned long long effective = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/proc/self/status", root);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "CapEff:", 7) == 0)
			effective = strtoull(line + 7, NULL, 16);
	(void)fclose(file);
	if (effective >> CAP_NET_RAW & 1u)
		doctor_add(d, DOCTOR_GOOD, "capture", "",
			   "this user may record the adapter's packets (--btsnoop)");
	else
		doctor_add(d, DOCTOR_NOTE, "capture",
			   "sudo, or: setcap cap_net_raw+ep on the program",
			   "without CAP_NET_RAW --btsnoop has the attribute protocol alone");
}

/* bluetoothd keeps its memory of devices' services apart from their bonds. */
static void check_cache(struct doctor *d, const char *root)
{
	const size_t n = count(root, "/var/lib/bluetooth/*:*/cache/*:*");

	if (n > 0)
		doctor_add(d, DOCTOR_GOOD, "GATT cache",
			   "'otabench doctor DEV' compares them with what the device has",
			   "bluetoothd remembers the services or names of %zu device%s", n,
			   n == 1 ? "" : "s");
}

void doctor_check_system(struct doctor *d, const char *root, bool adapter)
{
	const size_t wireless = count(root, "/sys/class/ieee80211/*");

	check_release(d, root, adapter);
	check_policy(d, root);
	check_capture(d, root);
	check_cache(d, root);
	if (adapter && wireless > 0)
		doctor_add(
			d, DOCTOR_NOTE, "coexistence",
			"in mid update use Wi-Fi on 5 GHz ('iw dev' shows the channel), and keep "
			"the adapter off USB 3 ports, or on an extension cable",
			"there is Wi-Fi beside Bluetooth: on 2.4 GHz they disturb each other");
}
