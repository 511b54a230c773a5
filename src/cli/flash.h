/* SPDX-License-Identifier: Apache-2.0 */
/* What flash and resume share. */
#ifndef OTABENCH_CLI_FLASH_H
#define OTABENCH_CLI_FLASH_H

#include "cli/cli.h"

int flash_run(struct cli *cli, const char *device, const char *path, bool resume_only);

#endif
