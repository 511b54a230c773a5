/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport over BlueZ: bluetoothd's D-Bus API (org.bluez(5) and its
 * siblings, doc/org.bluez.*.rst in BlueZ's source) through sd-bus on the
 * program's own event loop.
 *
 * Differences between releases of BlueZ are handled where they are
 * met, with the version that brought it in a comment.
 */
#ifndef OTABENCH_BLUEZ_BLUEZ_H
#define OTABENCH_BLUEZ_BLUEZ_H

#include "transport/transport.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bluez_config {
	const char *adapter; /* "hci0"; NULL: the first that is powered, else the first */
	bool power_on; /* switch it on where it is off */
	uint32_t find_ms; /* connect() waits so long for an advertisement; 0: 10 s */
	uint32_t pulse_ms; /* that long it may owe an answer before it is pinged; 0: 2 s */
	/* Something worth a line in a log, or NULL. */
	void (*log)(void *ctx, const char *text);
	void *log_ctx;
	sd_bus *bus; /* to use instead of the system bus; referenced.  For tests. */
	/* Tests only: a connected socket to the device's attribute server, or a negative errno
	 * value, instead of one of the kernel's; called with log_ctx.  NULL: the kernel's. */
	int (*bearer)(void *ctx, const char *address);
	const char *sysfs; /* NULL: /sys.  For tests, at most 127 bytes. */
};

/*
 * Begins to ask bluetoothd what there is; TRANSPORT_ADAPTER tells when an adapter is ready.  config
 * and its strings are copied, except for the context.  On failure ret_text says why: -OTA_ENODEV
 * (no bus), -OTA_EPERM, -OTA_ENOMEM.
 */
int bluez_create(sd_event *event, const struct bluez_config *config, struct transport **ret,
		 char *ret_text, size_t size);
/*
 * Returns 0 if an adapter is ready now, -OTA_EAGAIN while bluetoothd has not answered, else what is
 * missing and, in ret_text, what to do: -OTA_ENODEV (no bluetoothd, no adapter, adapter off),
 * -OTA_EPERM (the bus refuses this user).
 */
int bluez_ready(struct transport *t, char *ret_text, size_t size);
/* Calls bluez_create(), then waits at most five seconds for bluez_ready(); not from a handler.
 * On failure *ret_host is the fault of the host's own side. */
int bluez_open(sd_event *event, const struct bluez_config *config, struct transport **ret,
	       enum gatt_host *ret_host, char *ret_text, size_t size);

#endif
