/* SPDX-License-Identifier: Apache-2.0 */
/* See imagelib.h. */
#include "imagelib.h"

#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testlib.h"

uint8_t *imagelib_build(const struct image_build *build, size_t *ret_size)
{
	size_t size = image_build_size(build->size);
	uint8_t *buf = malloc(size);

	assert_non_null(buf);
	assert_int_equal(image_build(build, sha256_buffer, buf, size, ret_size), 0);
	assert_int_equal(*ret_size, size);
	return buf;
}

const struct lint_finding *imagelib_find(const struct lint_report *report, enum lint_check check)
{
	const struct lint_finding *worst = NULL;

	for (size_t i = 0; i < report->count; i++) {
		const struct lint_finding *f = &report->findings[i];

		if (f->check == check && (worst == NULL || f->severity > worst->severity))
			worst = f;
	}
	return worst;
}

void imagelib_expect(const struct lint_report *report, int line, enum lint_check check,
		     enum lint_severity severity, const char *words)
{
	const struct lint_finding *f = imagelib_find(report, check);

	if (f == NULL || f->severity != severity ||
	    (words != NULL && strstr(f->text, words) == NULL))
		fail_msg("line %d: %s is %s: %s", line, lint_check_name(check),
			 f != NULL ? lint_severity_name(f->severity) : "not there",
			 f != NULL ? f->text : "");
}

void imagelib_check_texts(const struct lint_report *report)
{
	assert_in_range(report->count, 1, LINT_FINDINGS_MAX);
	for (size_t i = 0; i < report->count; i++) {
		const char *t = report->findings[i].text;

		assert_non_null(memchr(t, '\0', LINT_TEXT_SIZE - 1));
		assert_in_range(strlen(t), 10, LINT_TEXT_SIZE - 2);
		for (; *t != '\0'; t++)
			assert_in_range(*t, 0x20, 0x7e);
	}
}
