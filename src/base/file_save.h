/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are written whole or not at all, and never over what somebody
 * still needs: the new one is made beside the old one under a name that nobody
 * can foresee, brought to the disk, and renamed.
 *
 * Only a regular file is ever replaced, never a device, a FIFO, a socket or a
 * folder; its permissions stay.  A symbolic link stays one: the file that it
 * points to is replaced, where replacing was asked for.
 */
#ifndef OTABENCH_BASE_FILE_SAVE_H
#define OTABENCH_BASE_FILE_SAVE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The flags of how; or'ed. */
#define FILE_SAVE_REPLACE 1u /* else a name that is taken is refused, unless the file is empty */
#define FILE_SAVE_PRIVATE 2u /* a new file is for the user alone, 0600 */
#define FILE_SAVE_FOLDERS 4u /* make the folders, see file_make_folders() */
/* With FILE_SAVE_REPLACE: over a file, too, that came to a free name meanwhile; for names that say
 * what is in the file. */
#define FILE_SAVE_SHARED 8u

struct file_save {
	FILE *out; /* to be written to, in between; the rest is private */
	unsigned int how;
	bool exists;
	const char *path; /* the caller's */
	char target[PATH_MAX], made[PATH_MAX];
};

/*
 * Errors of all: 0, or a negative OTA_E* of os_error.h
 * (-OTA_EIO also where path is taken) with a sentence in error that
 * names path; on failure nothing is left behind, and path is as it was.
 */
int file_save_begin(struct file_save *save, const char *path, unsigned int how, char *error,
		    size_t size);
/* The end of a file that is whole: on the disk, then in its place. */
int file_save_end(struct file_save *save, char *error, size_t size);
void file_save_abandon(struct file_save *save);

/* All of it, with FILE_SAVE_REPLACE | FILE_SAVE_FOLDERS. */
int file_save(const char *path, const char *text, size_t len, char *error, size_t size);
int file_save_as(const char *path, unsigned int how, const void *bytes, size_t len, char *error,
		 size_t size);

/*
 * A file that has its name before it is whole, for what has to be there when the
 * program is killed, as a recording.  A terminal or another character
 * device is written through.
 */
int file_save_stream(const char *path, unsigned int how, FILE **ret, char *error, size_t size);

/*
 * Makes the folders above path, for the user alone if they are new (XDG Base Directory
 * Specification 0.8).  The user's home is never made, nor any folder above it, nor one above an
 * XDG_CONFIG_HOME, XDG_STATE_HOME or XDG_CACHE_HOME outside of it: a home that is missing is not
 * mounted, or not ours.
 */
void file_make_folders(const char *path);

/* Returns true if both names lead to one file, which is there. */
bool file_is_same(const char *a, const char *b);

#endif
