/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by flash, resume and history rerun. */
#ifndef OTABENCH_CLI_FLASH_H
#define OTABENCH_CLI_FLASH_H

#include "cli/cli.h"
#include "history/history.h"

/* The update of a recorded run, from the same file, which must not have changed. */
int flash_again(struct cli *cli, const struct history_run *run, const struct profile *profile);
int flash_run(struct cli *cli, const char *device, const char *path, bool resume_only);

#endif
