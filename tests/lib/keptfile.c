/* SPDX-License-Identifier: Apache-2.0 */
/* See keptfile.h. */
#include "config.h" /* system extensions: strtok_r() */

#include "keptfile.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "testlib.h"

#define PATH_LENGTH 4096u

struct keptfile keptfile_read(const char *folder, const char *name)
{
	char path[PATH_LENGTH];
	struct keptfile kept = {NULL, 0};

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	kept.data = test_load_file(path, &kept.len);
	return kept;
}

void keptfile_put_back(const char *folder, const char *name, const struct keptfile *kept)
{
	char path[PATH_LENGTH];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	if (!kept->data)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(kept->data, 1, kept->len, file), kept->len);
	assert_int_equal(fclose(file), 0);
}

bool keptfile_equal(const struct keptfile *a, const struct keptfile *b)
{
	if (!a->data || !b->data)
		return a->data == b->data;
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

void keptfile_remove(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char name[PATH_LENGTH];

	if (!folder) {
		(void)unlink(path);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		keptfile_remove(name);
	}
	(void)closedir(folder);
	(void)rmdir(path);
}

void keptfile_arguments(const char *line, const char *folder, char buf[KEPTFILE_LINE],
			char *argv[KEPTFILE_WORDS], int *ret_argc)
{
	char *save = NULL;
	size_t len = 0;

	for (; *line != '\0' && len + strlen(folder) + 1 < KEPTFILE_LINE; line++) {
		if (*line == '%')
			len += (size_t)snprintf(buf + len, KEPTFILE_LINE - len, "%s", folder);
		else
			buf[len++] = *line;
	}
	buf[len] = '\0';
	*ret_argc = 0;
	argv[(*ret_argc)++] = (char *)(uintptr_t) "otabench";
	for (char *word = strtok_r(buf, " ", &save); word && *ret_argc < KEPTFILE_WORDS - 1;
	     word = strtok_r(NULL, " ", &save))
		argv[(*ret_argc)++] = word;
	argv[*ret_argc] = NULL;
}
