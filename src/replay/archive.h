/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles as one file: zip, tar or compressed tar, by libarchive.  What is read comes from
 * strangers: nothing is ever written to the disk, and links, names that lead out of the archive, and
 * sizes that no bundle has are refused.
 */
#ifndef OTABENCH_REPLAY_ARCHIVE_H
#define OTABENCH_REPLAY_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ARCHIVE_ENTRIES_MAX 64u
#define ARCHIVE_BYTES_MAX (256u << 20) /* of all entries, unpacked */

/* "libarchive 3.6.2 zlib/1.2.13 ...": for a record of the circumstances. */
const char *archive_libraries(void);
/* Returns true for an archive by its ending: .zip, .tar, .tar.gz, .tgz. */
bool archive_is_named(const char *path);
/* Returns true for an archive by its first bytes; the stream is where it was. */
bool archive_is(FILE *in);

struct archive_out;

/*
 * A new private file; one that is there is refused unless it is to be replaced.  Negative
 * OTA_E* with a sentence in ret_why.
 */
int archive_create(const char *path, bool replace, struct archive_out **ret, char *ret_why,
		   size_t size);
/* A file of the folder that the archive holds.  0 or negative. */
int archive_add(struct archive_out *out, const char *folder, const char *name, const void *bytes,
		size_t len, char *ret_why, size_t size);
/* Frees it in any case; where it was not whole the file goes. */
int archive_close(struct archive_out *out, bool whole, char *ret_why, size_t size);

/*
 * The file of that name in the archive's one folder, in heap memory that ends in a NUL.
 * -OTA_ENOENT: there is none; -OTA_EBADMSG: no archive, damaged, cut, or none of a bundle, with a
 * sentence in ret_why; -OTA_ENOMEM.
 */
int archive_take(FILE *file, const char *name, char **ret, size_t *ret_len, char *ret_why,
		 size_t size);

#endif
