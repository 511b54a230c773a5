/* SPDX-License-Identifier: Apache-2.0 */
/* The image files that were opened last, kept across runs: otabench/recent-images in
 * $XDG_STATE_HOME (default ~/.local/state), a path a line, the latest first. */
#ifndef OTABENCH_HOST_RECENT_IMAGES_H
#define OTABENCH_HOST_RECENT_IMAGES_H

#include <stddef.h>

#define RECENT_IMAGES_MAX 20u
#define RECENT_IMAGES_PATH_MAX 1024u

struct recent_images {
	size_t count;
	char paths[RECENT_IMAGES_MAX]
		  [RECENT_IMAGES_PATH_MAX]; /* absolute; as stored, not yet safe to print */
};

/* The stored list; empty if it cannot be read. */
void recent_images_load(struct recent_images *ret);
/* Puts path, made absolute, first.  0; -OTA_EINVAL: too long, or no folder for it; the codes of
 * file_save(): not being able to remember is no reason to stop. */
int recent_images_add(const char *path);

#endif
