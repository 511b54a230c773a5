/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that were sent or given, kept by their hash: a delta update needs the image that the device
 * runs, and whoever has the new one has rarely kept the old one.
 *
 * They are otabench/images/SHA256.bin in $XDG_CACHE_HOME (default ~/.cache), and may be deleted at
 * any time; with OTABENCH_IMAGE_STORE=no none are kept.  A file's time of change is when it was used last.  Files are written whole or not at
 * all, and what is read is compared with its name, so that programs may share the folder and anybody
 * may write to it.
 */
#ifndef OTABENCH_HOST_IMAGE_STORE_H
#define OTABENCH_HOST_IMAGE_STORE_H

#include "base/log.h"
#include "host/image_file.h"
#include "image/image.h"

#include <stdint.h>

#define IMAGE_STORE_COUNT 32u /* images that are kept */
#define IMAGE_STORE_BYTES 0x8000000u /* of them all: 128 MiB */
#define IMAGE_STORE_TEXT_MAX 512u /* a sentence on what failed */

struct image_stored {
	uint8_t sha256[OTA_SHA256_SIZE]; /* as its name says */
	uint64_t size; /* bytes */
	int64_t used; /* s since 1970 */
};

struct image_store_list {
	struct image_stored *items; /* the one used last is first */
	size_t count;
	uint64_t bytes;
};

/* The folder.  -OTA_ENOENT: neither XDG_CACHE_HOME nor HOME says where, or none are to be
 * kept. */
int image_store_folder(char *buf, size_t size);

/*
 * Keeps an image, or makes it the one that was used last, and removes what is too much then.
 * 0; -OTA_ENOENT: there is no folder for it; or another negative code, with a sentence in error:
 * to be said, and no reason to stop.
 */
int image_store_put(const uint8_t *data, size_t size, const uint8_t sha256[OTA_SHA256_SIZE],
		    char *error, size_t error_size);

/* The same of an image that is sent or given: a failure is a warning. */
void image_store_keep(const struct image *image, const struct log *log);

/*
 * The image of this hash, which the caller ends with image_file_finish().  -OTA_ENOENT: it is
 * not there, and where a file of its name holds something else, that is removed; other codes with a
 * sentence.
 */
int image_store_get(const uint8_t sha256[OTA_SHA256_SIZE], struct image_file *ret, char *error,
		    size_t error_size);
/* Makes the image the one used last: it was of use. */
void image_store_used(const uint8_t sha256[OTA_SHA256_SIZE]);
/* Returns true if there is a file of its name. */
bool image_store_has(const uint8_t sha256[OTA_SHA256_SIZE]);

/* 0, also where there is no folder; -OTA_ENOMEM; -OTA_EPERM and others with a sentence. */
int image_store_list(struct image_store_list *ret, char *error, size_t error_size);
void image_store_list_finish(struct image_store_list *list);

/*
 * Removes the images that were used longest ago until at most count images and bytes bytes
 * are left, and what a program that was killed left behind.  *ret_count and *ret_bytes: what was removed.
 */
int image_store_prune(size_t count, uint64_t bytes, size_t *ret_count, uint64_t *ret_bytes,
		      char *error, size_t error_size);

#endif
