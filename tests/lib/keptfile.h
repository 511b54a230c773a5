/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a test's own folder: kept, compared, put back, removed. */
#ifndef OTABENCH_KEPTFILE_H
#define OTABENCH_KEPTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPTFILE_LINE 2048u
#define KEPTFILE_WORDS 16

struct keptfile {
	uint8_t *data; /* to be freed; NULL: no such file */
	size_t len;
};

struct keptfile keptfile_read(const char *folder, const char *name);
/* The file as it was, which may be: not there. */
void keptfile_put_back(const char *folder, const char *name, const struct keptfile *kept);
bool keptfile_equal(const struct keptfile *a, const struct keptfile *b);
/* A file, or a folder with all that is in it; nothing where it is not there. */
void keptfile_remove(const char *path);
/*
 * The program's arguments from a line in which % is the folder; words are split at blanks.
 * argv[0] is "otabench", argv[*ret_argc] NULL.
 */
void keptfile_arguments(const char *line, const char *folder, char buf[KEPTFILE_LINE],
			char *argv[KEPTFILE_WORDS], int *ret_argc);

#endif
