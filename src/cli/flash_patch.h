/* SPDX-License-Identifier: Apache-2.0 */
/* A file of otabench delta in place of an image. */
#ifndef OTABENCH_CLI_FLASH_PATCH_H
#define OTABENCH_CLI_FLASH_PATCH_H

#include "cli/cli.h"
#include "host/image_file.h"
#include "image/lint.h"
#include "patch/patch_file.h"

struct flash_patch {
	struct patch_file file;
	bool used; /* the base is not kept here: the patch itself is sent */
};

/*
 * If file holds a patch, its base is looked for in the store of images, and file holds then the
 * image that it makes.  If the base is not there, ret->used is set, and *ret_image is as much of
 * the image as the patch tells, without its bytes.  CLI_OK, also if it is no patch; else an exit
 * code after cli_fail().  The caller ends with flash_patch_finish().
 */
int flash_patch_open(struct cli *cli, const char *path, struct image_file *file,
		     struct flash_patch *ret, struct image *ret_image);
void flash_patch_finish(struct flash_patch *patch);

#endif
