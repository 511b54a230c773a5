/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by disconnect, forget and adapter. */
#ifndef OTABENCH_CLI_MAINTENANCE_H
#define OTABENCH_CLI_MAINTENANCE_H

#include "cli/cli.h"
#include "transport/transport.h"

/* Opens the transport, does it, tells.  device is NULL with POWER_CYCLE. */
int cli_maintenance(struct cli *cli, enum transport_maintenance what, const char *device);

#endif
