/* SPDX-License-Identifier: Apache-2.0 */
/* See recent_images.h. */
#include "config.h" /* system extensions: getline(), realpath() */

#include "host/recent_images.h"

#include "base/file_read.h"
#include "base/file_save.h"
#include "ota/error.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int state_path(char *buf, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && state[0] == '/')
		n = snprintf(buf, size, "%s/otabench/recent-images", state);
	else if (home && home[0] == '/')
		n = snprintf(buf, size, "%s/.local/state/otabench/recent-images", home);
	else
		return -OTA_EINVAL;
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

/* A line of the file; what is no absolute path is not ours. */
static void recent_images_take(struct recent_images *r, const char *path)
{
	const size_t len = strlen(path);

	if (r->count == RECENT_IMAGES_MAX || path[0] != '/' || len >= RECENT_IMAGES_PATH_MAX)
		return;
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->paths[i], path) == 0)
			return;
	}
	memcpy(r->paths[r->count++], path, len + 1);
}

static void load(const char *file, struct recent_images *r)
{
	FILE *in = file_read_stream(file);
	char *line = NULL;
	size_t size = 0;

	while (in && r->count < RECENT_IMAGES_MAX && getline(&line, &size, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		recent_images_take(r, line);
	}
	free(line);
	if (in)
		(void)fclose(in);
}

void recent_images_load(struct recent_images *ret)
{
	char file[PATH_MAX];

	ret->count = 0;
	if (state_path(file, sizeof(file)) == 0)
		load(file, ret);
}

int recent_images_add(const char *path)
{
	char file[PATH_MAX], whole[PATH_MAX], error[PATH_MAX + 128];
	struct recent_images *r;
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int result;

	/* A line each: a name with a line feed in it cannot be kept. */
	if (!realpath(path, whole) || strchr(whole, '\n') ||
	    strlen(whole) >= RECENT_IMAGES_PATH_MAX)
		return -OTA_EINVAL;
	result = state_path(file, sizeof(file));
	if (result < 0)
		return result;
	r = calloc(1, sizeof(*r));
	out = open_memstream(&text, &len);
	if (!r || !out) {
		free(r);
		if (out)
			(void)fclose(out);
		free(text);
		return -OTA_ENOMEM;
	}
	recent_images_take(r, whole);
	load(file, r);
	for (size_t i = 0; i < r->count; i++)
		(void)fprintf(out, "%s\n", r->paths[i]);
	free(r);
	result = fclose(out) == 0 ? file_save(file, text, len, error, sizeof(error)) : -OTA_ENOMEM;
	free(text);
	return result;
}
