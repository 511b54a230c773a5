/* SPDX-License-Identifier: Apache-2.0 */
/* For several test programs: files, and where the real images are. */
#ifndef OTABENCH_TESTLIB_H
#define OTABENCH_TESTLIB_H

#include <stddef.h>
#include <stdint.h>

/* A whole file in memory, to be freed; NULL when it cannot be read. */
uint8_t *test_load_file(const char *path, size_t *ret_size);

/* An image from the directory that OTABENCH_IMAGES names, to be freed.  NULL after printing
 * why (tests/tools/tap takes the line as the reason) when it is not there: then skip(). */
uint8_t *test_load_image(const char *name, size_t *ret_size);

/* The name of a file in the source tree, to be freed. */
char *test_source_path(const char *name);

/* The size bytes of the fenced block of docs/protocol.md whose info string is name.  -1: there is
 * no such block, or it has another number of bytes. */
int test_doc_block(const char *name, uint8_t *ret, size_t size);

#endif
