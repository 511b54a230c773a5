/* SPDX-License-Identifier: Apache-2.0 */
/* Images to read and findings to expect, for the tests of the image reader and the lint. */
#ifndef OTABENCH_IMAGELIB_H
#define OTABENCH_IMAGELIB_H

#include "image/image_build.h"
#include "image/lint.h"

/* An image in memory of exactly its size, to be freed; fails the test when it cannot be built. */
uint8_t *imagelib_build(const struct image_build *build, size_t *ret_size);

/* The worst finding of a check, or NULL. */
const struct lint_finding *imagelib_find(const struct lint_report *report, enum lint_check check);

/* Fails the test unless the worst finding of check has this severity and holds words (NULL: any). */
void imagelib_expect(const struct lint_report *report, int line, enum lint_check check,
		     enum lint_severity severity, const char *words);

/* Fails the test on a text that is empty, cut off, or not safe to print. */
void imagelib_check_texts(const struct lint_report *report);

#endif
