/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a profile's file the way a person would: only the values that differ
 * are touched, so that comments, order and layout stay the author's; and the
 * file is replaced whole or not at all.
 */
#ifndef OTABENCH_PROFILE_PROFILE_EDIT_H
#define OTABENCH_PROFILE_PROFILE_EDIT_H

#include "profile/profile.h"

/*
 * The text of a source, a file or a built-in one, with a NUL behind it; to be
 * freed.  0; -OTA_ENOENT, -OTA_EPERM, -OTA_EIO, -OTA_ENOMEM, -OTA_EINVAL (larger
 * than PROFILE_FILE_MAX) with *errors.
 */
int profile_read_text(const struct profile_source *source, char **ret_text, size_t *ret_len,
		      struct setting_errors *errors);

/*
 * text, which must be a profile that can be used, with the values of wanted: a
 * value that differs is replaced in its place, a key that is not there is added
 * at the end.  The result is read back and compared before it is returned, in
 * memory of its own with a NUL behind it, to be freed.  name is what messages
 * call the text.  0; -OTA_EINVAL with *errors (the text cannot be used, or wanted
 * is no profile that a file can hold), -OTA_ENOMEM.
 */
int profile_edit_text(const char *name, const char *text, size_t len, const struct profile *wanted,
		      char **ret_text, size_t *ret_len, struct setting_errors *errors);

/*
 * The target of a changed profile: the file it was read from; for one that belongs
 * to the installation or the program, the user's file of that name, which from
 * then on goes before it.  0; -OTA_EINVAL as profile_user_path().
 */
int profile_save_path(const struct profile_source *source, const char *name, char *buf,
		      size_t size);
/* The same for what a user typed: a path as profile_find() knows one, else a plain name. */
int profile_save_path_as(const char *typed, char *buf, size_t size);

/* Returns true if two profiles differ in a key. */
bool profile_differs(const struct profile *a, const struct profile *b, enum profile_key key);

#endif
