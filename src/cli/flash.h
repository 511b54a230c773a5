/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by flash, resume, bench and history rerun. */
#ifndef OTABENCH_CLI_FLASH_H
#define OTABENCH_CLI_FLASH_H

#include "cli/cli.h"
#include "history/history.h"
#include "host/job.h"
#include "host/image_file.h"
#include "image/image.h"
#include "image/lint.h"

/* Reads and checks the image to be sent.  A damaged one is refused before a device is looked for,
 * and cannot be forced; what else the file alone tells can.  CLI_OK: image_file_finish() when
 * the update is over; else an exit code after cli_fail(). */
int flash_read_image(struct cli *cli, const char *path, struct image_file *file,
		     struct image *image, struct lint_report *report);
/* given without the image; sha256: the only one that is meant, or NULL. */
int flash_with_image(struct cli *cli, const struct job_config *given, const char *path,
		     const uint8_t *sha256);
/* The update of a recorded run, from the same file, which must not have changed. */
int flash_again(struct cli *cli, const struct history_run *run, const struct profile *profile);
/* The interrupted update of a device, from its journal. */
int flash_resume(struct cli *cli, const char *device);
int flash_run(struct cli *cli, const char *device, const char *path, bool resume_only);

#endif
