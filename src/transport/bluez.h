/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport over BlueZ: bluetoothd's D-Bus API (org.bluez(5) and its
 * siblings, doc/org.bluez.*.rst in BlueZ's source) through sd-bus on the
 * program's own event loop.
 *
 * What differs from one release of BlueZ to the next is handled where it is
 * met, with the version that brought it in a comment.
 */
#ifndef OTABENCH_TRANSPORT_BLUEZ_H
#define OTABENCH_TRANSPORT_BLUEZ_H

#include "transport/transport.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bluez_config {
	const char *adapter; /* "hci0"; NULL: the first that is powered, else the first */
	bool power_on; /* switch it on where it is off */
	/* Something worth a line in a log, or NULL. */
	void (*log)(void *ctx, const char *text);
	void *log_ctx;
	sd_bus *bus; /* to use instead of the system bus; referenced.  For tests. */
	/*
	 * The device asks for a passkey that it displays: 0..999999, or negative to
	 * refuse.  NULL: pairing is left to the desktop's agent.
	 */
	int32_t (*passkey)(void *ctx, const char *device);
	void *passkey_ctx;
};

/*
 * Asks bluetoothd once for what there is (waits at most five seconds) and picks
 * the adapter.  On failure ret_text says what is missing and what to do:
 * -OTA_ENODEV (no bus, no bluetoothd, no adapter, adapter off), -OTA_EPERM (the
 * bus refuses this user), -OTA_ENOMEM.
 */
int bluez_create(sd_event *event, const struct bluez_config *config, struct transport **ret,
		 char *ret_text, size_t size);

#endif
