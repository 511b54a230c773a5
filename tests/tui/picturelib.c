/* SPDX-License-Identifier: Apache-2.0 */
/* See picturelib.h. */
#include "config.h" /* system extensions: open_memstream() */

#include "picturelib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *picture_read_all(FILE *in)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int c;

	assert_non_null(out);
	while ((c = fgetc(in)) != EOF)
		(void)fputc(c, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

char *picture_read(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text;

	if (!in)
		fail_msg("%s cannot be read; for pictures, UPDATE_PICTURES=1 makes it", path);
	text = picture_read_all(in);
	(void)fclose(in);
	return text;
}

void picture_compare(const char *name, const char *is, const char *expected)
{
	unsigned int line = 1;
	const char *a = is, *b = expected;

	if (strcmp(is, expected) == 0)
		return;
	while (*a != '\0' && *a == *b) {
		line += *a == '\n';
		a++;
		b++;
	}
	while (a > is && a[-1] != '\n') {
		a--;
		b--;
	}
	fail_msg("%s line %u:\n  is       %.*s\n  expected %.*s\n`make pictures` takes all "
		 "screens as they are now",
		 name, line, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

static bool updating(void)
{
	const char *update = getenv("UPDATE_PICTURES");

	return update && strcmp(update, "1") == 0;
}

void picture_check(const char *path, const char *is)
{
	const char *name = strrchr(path, '/');
	char *expected;

	if (updating()) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		(void)fputs(is, out);
		assert_int_equal(fclose(out), 0);
		return;
	}
	expected = picture_read(path);
	picture_compare(name ? name + 1 : path, is, expected);
	free(expected);
}
