/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front over a real adapter: bluetoothd's GattManager1 and LEAdvertisingManager1
 * (org.bluez.GattManager(5), org.bluez.LEAdvertisingManager(5)).
 *
 * What bluetoothd does not tell an application is not known here: whether a value came as a
 * request or as a command, where the characteristic takes both.  It then answers requests itself,
 * at once.  GAP, GATT and the ATT MTU are its own, too.
 */
#ifndef OTABENCH_SERVE_SERVE_BLUEZ_H
#define OTABENCH_SERVE_SERVE_BLUEZ_H

#include "serve/serve.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct serve_bluez_config {
	const char *adapter; /* "hci0"; NULL: the first that can advertise */
	const char *name; /* that is advertised; copied */
	const char *security; /* flag of the characteristics that are written, "encrypt-write";
			       * NULL: none */
	sd_bus *bus; /* instead of the system bus; referenced.  For tests. */
	/* Something worth a line in a log, or NULL. */
	void (*log)(void *ctx, const char *text);
	/* Called when the front ends: bluetoothd or the adapter is gone, or refuses. */
	void (*gone)(void *ctx, const char *why);
	void *ctx;
};

struct serve_bluez;

extern const struct serve_front_ops serve_bluez_ops; /* with the front as context */

/*
 * Finds the adapter and switches it on; waits some seconds for bluetoothd at most.
 * -OTA_ENODEV: none, or no bluetoothd; -OTA_EPERM; -OTA_ENOTSUP: it cannot advertise;
 * ret_text says what to do.
 */
int serve_bluez_create(sd_event *event, const struct serve_bluez_config *config,
		       struct serve_bluez **ret, char *ret_text, size_t size);
/* The served device; before anything is advertised. */
void serve_bluez_attach(struct serve_bluez *b, struct serve *serve);
/* "hci0", and the adapter's address. */
const char *serve_bluez_adapter(const struct serve_bluez *b);
const char *serve_bluez_address(const struct serve_bluez *b);
/* Hangs up, and takes everything back from bluetoothd; waits for that.  To be called while the
 * event loop runs: sd-bus closes its connection when that exits. */
void serve_bluez_stop(struct serve_bluez *b);
void serve_bluez_destroy(struct serve_bluez *b);

#endif
