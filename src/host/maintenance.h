/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance of the host's side - hang up, forget, power-cycle - with its words, so
 * that the command line and the screen say the same.
 */
#ifndef OTABENCH_HOST_MAINTENANCE_H
#define OTABENCH_HOST_MAINTENANCE_H

#include "transport/transport.h"

/* See transport_ops.maintenance; -OTA_ENOTSUP where the transport has none. */
int maintenance_start(struct transport *t, enum transport_maintenance what, const char *device);
/* Returns true if nothing is left to do: done, or there was nothing to begin with. */
bool maintenance_succeeded(enum transport_maintenance what, int status);
/* The result in one sentence; device (NULL with POWER_CYCLE) as the user named it.  Returns
 * buf. */
char *maintenance_text(enum transport_maintenance what, int status, const char *device, char *buf,
		       size_t size);

#endif
