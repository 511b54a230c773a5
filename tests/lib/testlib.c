/* SPDX-License-Identifier: Apache-2.0 */
/* See testlib.h. */
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size, "%s/%s", directory, name);
	return path;
}

uint8_t *test_load_file(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *buf = NULL;
	long size;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		buf = malloc((size_t)size + 1);
		if (buf != NULL && fread(buf, 1, (size_t)size, f) == (size_t)size) {
			*ret_size = (size_t)size;
		} else {
			free(buf);
			buf = NULL;
		}
	}
	fclose(f);
	return buf;
}

uint8_t *test_load_image(const char *name, size_t *ret_size)
{
	const char *directory = getenv("OTABENCH_IMAGES");
	char *path;
	uint8_t *buf;

	if (directory == NULL) {
		printf("OTABENCH_IMAGES is not set: no %s to test with\n", name);
		return NULL;
	}
	path = join(directory, name);
	buf = path != NULL ? test_load_file(path, ret_size) : NULL;
	if (buf == NULL)
		printf("OTABENCH_IMAGES has no readable %s\n", name);
	free(path);
	return buf;
}

char *test_source_path(const char *name)
{
	const char *directory = getenv("OTABENCH_SRCDIR");

	return join(directory != NULL ? directory : ".", name);
}

int test_doc_block(const char *name, uint8_t *ret, size_t size)
{
	char *path = test_source_path("docs/protocol.md"), fence[32], *end, *doc, *at;
	size_t len = 0, count = 0;
	uint8_t *bytes = path ? test_load_file(path, &len) : NULL;

	free(path);
	doc = bytes ? realloc(bytes, len + 1) : NULL;
	if (!doc)
		return -1;
	doc[len] = '\0';
	(void)snprintf(fence, sizeof(fence), "```%s\n", name);
	at = strstr(doc, fence);
	at = at ? at + strlen(fence) : NULL;
	for (; at && count < size; at = end) {
		ret[count] = (uint8_t)strtoul(at, &end, 16);
		if (end == at)
			break;
		count++;
	}
	count = at && strncmp(at + strspn(at, "\n"), "```", 3) == 0 ? count : size + 1;
	free(doc);
	return count == size ? 0 : -1;
}
