/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the commands that open the screen. */
#ifndef OTABENCH_CLI_WORKBENCH_H
#define OTABENCH_CLI_WORKBENCH_H

#include "cli/cli.h"
#include "tui/app.h"

/* On the terminal, or as --script says; returns an exit status. */
int workbench_show(struct cli *cli, const struct app_config *config);

#endif
