/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a few hundred bytes: keys and signatures. */
#ifndef OTABENCH_SIGN_SIGN_FILE_H
#define OTABENCH_SIGN_SIGN_FILE_H

#include <stddef.h>

#define SIGN_FILE_MOST 16384u /* bytes */

/*
 * All of path, a file, pipe or terminal, into buf; a longer one gives size bytes.  The length;
 * -OTA_ENOENT, -OTA_EPERM, -OTA_EIO ... as image_file_init(), with a sentence that names path.
 */
int sign_file_read(const char *path, void *buf, size_t size, char *error, size_t error_size);

#endif
