/* SPDX-License-Identifier: Apache-2.0 */
/* Screens as text files: compared with, or with UPDATE_PICTURES=1 written anew. */
#ifndef OTABENCH_PICTURELIB_H
#define OTABENCH_PICTURELIB_H

#include <stdio.h>

/* All of a file; fails the test when it cannot be read.  To be freed. */
char *picture_read(const char *path);
char *picture_read_all(FILE *in);
/* Fails the test with the first line that differs; name: of the picture. */
void picture_compare(const char *name, const char *is, const char *expected);
/* The file at path holds this text; or does from now on. */
void picture_check(const char *path, const char *is);

#endif
