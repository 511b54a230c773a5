/* SPDX-License-Identifier: Apache-2.0 */
/* See flash_patch.h. */
#include "cli/flash_patch.h"

#include "base/sha256.h"
#include "host/image_store.h"

#include <stdlib.h>
#include <string.h>

/*
 * Makes the patch's image: whatever the base is, the hash says whether the image is the right one.
 */
static bool make_image(const struct patch_file *p, struct image_file *ret)
{
	uint8_t sha256[OTA_SHA256_SIZE], *image;
	char error[IMAGE_STORE_TEXT_MAX];
	struct image_file base;
	bool made = false;

	if (image_store_get(p->patch.base_sha256, &base, error, sizeof(error)) < 0)
		return false;
	image = malloc(p->patch.image_size);
	if (image &&
	    patch_apply(&p->patch, base.data, base.size, p->patch.base_sha256, image) == 0) {
		sha256_buffer(image, p->patch.image_size, sha256);
		made = memcmp(sha256, p->image_sha256, sizeof(sha256)) == 0;
	}
	image_file_finish(&base);
	if (!made) {
		free(image);
		return false;
	}
	image_store_used(p->patch.base_sha256);
	image_file_finish(ret);
	*ret = (struct image_file){.data = image, .size = p->patch.image_size};
	return true;
}

/* The image's first bytes are enough: by these a device judges it. */
static bool read_head(const struct patch_file *p, struct image *ret)
{
	struct lint_report report;
	const uint32_t size = p->patch.image_size;

	(void)image_read(p->head, size < OTA_HEAD_SIZE ? size : OTA_HEAD_SIZE, sha256_buffer, ret,
			 &report);
	ret->data = NULL;
	ret->size = size;
	memcpy(ret->sha256, p->image_sha256, sizeof(ret->sha256));
	return ret->kind == IMAGE_APPLICATION;
}

int flash_patch_open(struct cli *cli, const char *path, struct image_file *file,
		     struct flash_patch *ret, struct image *ret_image)
{
	char why[256];
	int r;

	ret->used = false;
	if (!patch_file_is(file->data, file->size))
		return CLI_OK;
	r = patch_file_parse(&ret->file, file->data, file->size, why, sizeof(why));
	if (r == -OTA_EBADMSG)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path, why);
	if (r < 0)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	if (make_image(&ret->file, file)) {
		patch_file_finish(&ret->file);
		return CLI_OK;
	}
	ret->used = true;
	if (read_head(&ret->file, ret_image))
		return CLI_OK;
	flash_patch_finish(ret);
	return cli_fail(cli, CLI_REFUSED, "%s: a patch of something that is no application", path);
}

void flash_patch_finish(struct flash_patch *patch)
{
	if (patch->used)
		patch_file_finish(&patch->file);
	patch->used = false;
}
