/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by delta and inspect: a patch's contents, in words or JSON. */
#ifndef OTABENCH_CLI_PATCH_REPORT_H
#define OTABENCH_CLI_PATCH_REPORT_H

#include "cli/cli.h"
#include "patch/patch_file.h"

/* The last line of a command that succeeded; size is the file's, bytes. */
void patch_report_print(struct cli *cli, const char *path, const struct patch_file *file,
			size_t size);

#endif
