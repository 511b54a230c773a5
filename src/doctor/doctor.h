/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The computer's Bluetooth, as findings: facts, what follows from each, and what to do.  No device
 * and no link are needed, except for the table that the stack remembers of a device
 * (doctor_tell_table()).
 */
#ifndef OTABENCH_DOCTOR_DOCTOR_H
#define OTABENCH_DOCTOR_DOCTOR_H

#include "core/gatt_table.h"

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-bus.h>

#define DOCTOR_FINDINGS_MAX 64u
#define DOCTOR_TEXT 200u

enum doctor_level {
	DOCTOR_GOOD,
	DOCTOR_NOTE, /* works, but something will not be visible or is slow */
	DOCTOR_BAD, /* nothing can be updated until this is mended */
};

/* The repairs that the program itself may do: none that loses anything, or is hard to undo. */
enum doctor_fix {
	DOCTOR_FIX_NONE,
	DOCTOR_FIX_UNBLOCK, /* a software switch of rfkill */
	DOCTOR_FIX_AWAKE, /* no USB autosuspend for an adapter, until it is plugged in again */
	DOCTOR_FIX_POWER, /* an adapter is switched on */
	DOCTOR_FIX_START, /* bluetoothd, by D-Bus activation */
};

struct doctor_finding {
	enum doctor_level level;
	const char *check; /* "rfkill" */
	char found[DOCTOR_TEXT];
	char advice[DOCTOR_TEXT]; /* "" when there is nothing to do */
	enum doctor_fix fix;
	char target[DOCTOR_TEXT]; /* of the fix: a file, an object of bluetoothd's */
};

struct doctor {
	struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
	size_t count;
	bool ready; /* an adapter is powered and bluetoothd serves it */
	bool stale; /* the stack remembers other services than the device has */
	bool refused; /* the bus does not let this user talk to bluetoothd */
};

struct doctor_config {
	const char *root; /* in front of /sys, /proc, /var and /dev, for tests; NULL: "" */
	sd_bus *bus; /* instead of the system bus, for tests */
};

/* Asks; waits at most a few seconds for bluetoothd. */
void doctor_collect(struct doctor *d, const struct doctor_config *config);

struct doctor_table {
	/* The table that the stack goes by, NULL: it knows none; the device's own, NULL: it was
	 * not read, why says the reason and advice what to do ("": nothing). */
	const struct gatt_table *stack, *device;
	const char *why, *advice;
	const char *address, *adapter; /* of the device, and of the adapter in the stack's files */
	bool bonded, simulated;
	unsigned int release; /* of bluetoothd as major << 8 | minor, 0 unknown */
};

/* Adds what follows from it. */
void doctor_tell_table(struct doctor *d, const struct doctor_table *t);
/* One sentence: what doctor_mend() would do; ret has DOCTOR_TEXT bytes. */
const char *doctor_fix_text(const struct doctor_finding *finding, char *ret, size_t size);
/* 0, or a negative errno value: -EACCES where that needs root, -EINVAL where nothing mends it. */
int doctor_mend(const struct doctor_finding *finding, const struct doctor_config *config);
/* "good", "note", "bad" */
const char *doctor_level_name(enum doctor_level level);
/*
 * BlueZ's version as major << 8 | minor from an adapter's Modalias, which ends in
 * it ("usb:v1D6Bp0246d0542" is 5.66; src/main.c of BlueZ); 0 when it does not.
 */
unsigned int doctor_version(const char *modalias);

#endif
