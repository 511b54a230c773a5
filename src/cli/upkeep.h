/* SPDX-License-Identifier: Apache-2.0 */
/* What disconnect, forget and adapter have in common. */
#ifndef OTABENCH_CLI_UPKEEP_H
#define OTABENCH_CLI_UPKEEP_H

#include "cli/cli.h"
#include "transport/transport.h"

/* Opens the transport, does it, tells.  device is NULL with POWER_CYCLE. */
int cli_upkeep(struct cli *cli, enum transport_upkeep what, const char *device);

#endif
