/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from the kernel, in /sys and /dev; doctor_bluez.c asks bluetoothd. */
#include "config.h" /* system extensions: DIR */

#include "base/text.h"
#include "doctor/doctor_priv.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512u
#define ADAPTERS_MAX 8u /* more are not looked at */

const char *doctor_level_name(enum doctor_level level)
{
	switch (level) {
	case DOCTOR_GOOD:
		return "good";
	case DOCTOR_NOTE:
		return "note";
	case DOCTOR_BAD:
		return "bad";
	}
	return "bad";
}

void doctor_add(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
		const char *format, ...)
{
	struct doctor_finding *f = &d->findings[d->count];
	va_list ap;

	if (d->count == DOCTOR_FINDINGS_MAX)
		return;
	d->count++;
	f->level = level;
	f->check = check;
	(void)snprintf(f->advice, sizeof(f->advice), "%s", advice);
	va_start(ap, format);
	(void)vsnprintf(f->found, sizeof(f->found), format, ap);
	va_end(ap);
}

void doctor_offer(struct doctor *d, enum doctor_fix fix, const char *format, ...)
{
	struct doctor_finding *f = &d->findings[d->count - 1];
	va_list ap;

	if (d->count == 0)
		return;
	f->fix = fix;
	va_start(ap, format);
	(void)vsnprintf(f->target, sizeof(f->target), format, ap);
	va_end(ap);
}

void doctor_line(const char *root, const char *path, char *buf, size_t size)
{
	char full[PATH_SIZE];
	FILE *file;

	buf[0] = '\0';
	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "re");
	if (!file)
		return;
	if (!fgets(buf, (int)size, file))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	(void)fclose(file);
}

static void read_switch(const char *root, const char *entry, const char *name, char *buf,
			size_t size)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/sys/class/rfkill/%s/%s", entry, name);
	doctor_line(root, path, buf, size);
}

/* Returns true if there is an adapter. */
static bool check_kernel(struct doctor *d, const char *root)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	unsigned int count = 0, indexes[ADAPTERS_MAX];
	uint64_t index;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/sys/class/bluetooth", root);
	dir = opendir(path);
	if (!dir) {
		doctor_add(d, DOCTOR_BAD, "kernel",
			   "modprobe bluetooth; a container sees it only with its host's network",
			   "no Bluetooth in the kernel (no /sys/class/bluetooth)");
		return false;
	}
	while ((entry = readdir(dir)) && count < ADAPTERS_MAX)
		/* hci0 is an adapter, hci0:64 a connection. */
		if (strncmp(entry->d_name, "hci", 3) == 0 &&
		    text_parse_unsigned(entry->d_name + 3, strlen(entry->d_name + 3), &index) >= 0)
			indexes[count++] = (unsigned int)index;
	(void)closedir(dir);
	if (count > 0)
		doctor_add(d, DOCTOR_GOOD, "kernel", "", "%u Bluetooth adapter%s", count,
			   count == 1 ? "" : "s");
	else
		doctor_add(d, DOCTOR_BAD, "kernel",
			   "plug one in; 'dmesg' shows why a driver or firmware failed",
			   "Bluetooth is supported, but there is no adapter");
	for (unsigned int i = 0; i < count; i++) {
		doctor_check_adapter(d, root, indexes[i]);
		doctor_check_controller(d, indexes[i]);
		doctor_check_phy(d, indexes[i]);
	}
	return count > 0;
}

static void check_switch(struct doctor *d, const char *root, const char *entry)
{
	char type[32], soft[8], hard[8];

	read_switch(root, entry, "type", type, sizeof(type));
	if (strcmp(type, "bluetooth") != 0)
		return;
	read_switch(root, entry, "soft", soft, sizeof(soft));
	read_switch(root, entry, "hard", hard, sizeof(hard));
	if (strcmp(hard, "1") == 0) {
		doctor_add(d, DOCTOR_BAD, "rfkill",
			   "use the computer's wireless switch or key, or its BIOS",
			   "%s is blocked by hardware", entry);
	} else if (strcmp(soft, "1") == 0) {
		doctor_add(d, DOCTOR_BAD, "rfkill", "rfkill unblock bluetooth",
			   "%s is blocked by software", entry);
		doctor_offer(d, DOCTOR_FIX_UNBLOCK, "%s/sys/class/rfkill/%s/soft", root, entry);
	} else {
		doctor_add(d, DOCTOR_GOOD, "rfkill", "", "%s is not blocked", entry);
	}
}

static void check_rfkill(struct doctor *d, const char *root)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/sys/class/rfkill", root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			check_switch(d, root, entry->d_name);
	(void)closedir(dir);
}

/* Not needed for real devices: a note, never more. */
static void check_vhci(struct doctor *d, const char *root)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/dev/vhci", root);
	if (access(path, W_OK) == 0)
		doctor_add(d, DOCTOR_GOOD, "virtual adapter", "",
			   "this user may open /dev/vhci: otabench-radio works");
	else if (access(path, F_OK) == 0)
		doctor_add(d, DOCTOR_NOTE, "virtual adapter", "run otabench-radio as root",
			   "this user may not open /dev/vhci");
	else
		doctor_add(d, DOCTOR_NOTE, "virtual adapter",
			   "for otabench-radio: modprobe hci_vhci; --sim does not need it",
			   "no /dev/vhci");
}

static void check_visibility(struct doctor *d)
{
	const int fd = hci_socket(HCI_CHANNEL_RAW, HCI_NO_DEVICE, true);

	if (fd >= 0) {
		close(fd);
		doctor_add(d, DOCTOR_GOOD, "RSSI", "",
			   "of a connection: read from the adapter (HCI Read RSSI)");
	} else {
		doctor_add(d, DOCTOR_NOTE, "RSSI", "a device of the full dialect reports its own",
			   "of a connection: cannot be read from the adapter (no HCI socket)");
	}
	doctor_add(d, DOCTOR_NOTE, "interval, PHY",
		   "shown if the device reports them; 'btmon' as root always shows them",
		   "bluetoothd does not report interval, PHY and data length");
}

void doctor_collect(struct doctor *d, const struct doctor_config *config)
{
	const char *root = config->root ? config->root : "";
	bool adapter;

	memset(d, 0, sizeof(*d));
	adapter = check_kernel(d, root);
	doctor_check_system(d, root, adapter);
	check_rfkill(d, root);
	doctor_check_bluez(d, config->bus);
	check_visibility(d);
	check_vhci(d, root);
}
