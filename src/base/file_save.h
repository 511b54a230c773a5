/* SPDX-License-Identifier: Apache-2.0 */
/* A small file replaced whole or not at all. */
#ifndef OTABENCH_BASE_FILE_SAVE_H
#define OTABENCH_BASE_FILE_SAVE_H

#include <stddef.h>

/*
 * Replaces path, or makes it and its folders: written beside it, brought to the
 * disk, then renamed, so that whatever fails leaves the old file as it was.  A
 * symbolic link stays one, and permissions stay.  0; -OTA_EPERM, -OTA_EIO,
 * -OTA_ENOENT, -OTA_ENOMEM with a sentence in error that names path.
 */
int file_save(const char *path, const char *text, size_t len, char *error, size_t error_size);

#endif
