/* SPDX-License-Identifier: Apache-2.0 */
/* An image file in memory, with a sentence for the user when it cannot be had. */
#ifndef OTABENCH_HOST_IMAGE_FILE_H
#define OTABENCH_HOST_IMAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

#define IMAGE_FILE_MAX 0x1000000u /* bytes; what a chip can map, ESP_IMAGE_MAX_FLASH_ADDR_SIZE */

struct image_file {
	uint8_t *data;
	size_t size; /* 1..IMAGE_FILE_MAX */
};

/*
 * Reads the whole of path, which may be a pipe or device that something comes from.  It is read rather than mapped,
 * so that a build that overwrites the file cannot change it in mid update.
 *
 * -OTA_ENOENT: no such file.  -OTA_EPERM: not readable.  -OTA_EINVAL: a
 * directory.  -OTA_EBADMSG: empty, or larger than IMAGE_FILE_MAX.  -OTA_EBUSY: it
 * was written to while it was read.  -OTA_EIO, -OTA_ENOMEM.  Then error, if not NULL, holds a sentence that names path.
 * On success the caller owns *ret and ends with image_file_finish().
 */
int image_file_init(struct image_file *ret, const char *path, char *error, size_t error_size);
/* The same of a regular file only: a screen does not wait for a pipe. */
int image_file_init_regular(struct image_file *ret, const char *path, char *error,
			    size_t error_size);
void image_file_finish(struct image_file *file);

#endif
