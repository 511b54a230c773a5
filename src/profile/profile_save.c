/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's text from the disk, and where it belongs. */
#include "config.h" /* system extensions: PATH_MAX */

#include "profile/profile_edit.h"

#include "profile/profile_priv.h"
#include "ota/error.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int profile_read_text(const struct profile_source *source, char **ret_text, size_t *ret_len,
		      struct setting_errors *errors)
{
	/* One more byte than allowed tells that there is more; and the NUL. */
	char *text = calloc(1, PROFILE_FILE_MAX + 2);
	size_t len = source->len;
	int r = 0;

	setting_errors_init(errors, source->path);
	if (!text) {
		setting_errors_add(errors, 0, 0, "", "out of memory");
		return -OTA_ENOMEM;
	}
	if (source->text)
		memcpy(text, source->text, len <= PROFILE_FILE_MAX ? len : 0);
	else
		r = profile_read_file(source->path, text, PROFILE_FILE_MAX + 1, &len, errors);
	if (r == 0 && len > PROFILE_FILE_MAX) {
		setting_errors_add(errors, 0, 0, "", "expected at most %u bytes, found more",
				   PROFILE_FILE_MAX);
		r = -OTA_EINVAL;
	}
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* The user's file for a profile of this plain name: $XDG_CONFIG_HOME/otabench/profiles.
 * 0; -OTA_EINVAL: not a plain name, or neither XDG_CONFIG_HOME nor HOME says where. */
static int profile_user_path(const char *name, char *buf, size_t size)
{
	char folder[PATH_MAX];
	int n;

	if (!profile_is_plain_name(name) || !profile_user_directory(folder, sizeof(folder)))
		return -OTA_EINVAL;
	n = snprintf(buf, size, "%s/%s.yaml", folder, name);
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

int profile_save_path(const struct profile_source *source, const char *name, char *buf, size_t size)
{
	int n;

	switch (source->origin) {
	case PROFILE_PATH:
	case PROFILE_USER:
		n = snprintf(buf, size, "%s", source->path);
		return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
	case PROFILE_SYSTEM:
	case PROFILE_BUILTIN:
		break;
	}
	return profile_user_path(name, buf, size);
}

int profile_save_path_as(const char *typed, char *buf, size_t size)
{
	struct profile_source source;
	const int r = profile_find(typed, &source);

	if (r == 0 && source.origin == PROFILE_PATH)
		return profile_save_path(&source, typed, buf, size);
	return r == -OTA_EINVAL ? r : profile_user_path(typed, buf, size);
}
