/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what a user named, without waiting for ever: a FIFO that nobody
 * writes to, a terminal, a device that never ends.
 */
#ifndef OTABENCH_BASE_FILE_READ_H
#define OTABENCH_BASE_FILE_READ_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Returns a descriptor, or a negative errno: -EISDIR; -ENODEV if it is no regular file and, with
 * streams, neither a pipe nor a character device, of which the caller reads no more than it has
 * room for.
 */
int file_read_open(const char *path, bool streams);
/*
 * Does what read() does, with a negative errno; -ETIMEDOUT if a stream stays silent for two
 * seconds.
 */
ssize_t file_read_some(int fd, void *buf, size_t size);
/* A regular file; NULL with errno as above. */
FILE *file_read_stream(const char *path);
/* Words for such an errno. */
const char *file_read_why(int error);

#endif
