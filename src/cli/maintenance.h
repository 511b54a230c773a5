/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by disconnect, forget and adapter. */
#ifndef OTABENCH_CLI_MAINTENANCE_H
#define OTABENCH_CLI_MAINTENANCE_H

#include "cli/cli.h"
#include "transport/transport.h"

#include <systemd/sd-event.h>

/* Opens the transport, does it, tells.  device is NULL with POWER_CYCLE. */
int cli_maintenance(struct cli *cli, enum transport_maintenance what, const char *device);
/* The same over a transport that is open, with nothing told: the result in one sentence. */
int cli_maintain(struct transport *t, sd_event *event, enum transport_maintenance what,
		 const char *device, char *text, size_t size);

#endif
