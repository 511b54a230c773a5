/* SPDX-License-Identifier: Apache-2.0 */
/* An inspected image in words, for people (80 columns, no colour), and as JSON, for programs. */
#ifndef OTABENCH_HOST_IMAGE_REPORT_H
#define OTABENCH_HOST_IMAGE_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "image/lint.h"

/* Everything: facts, segments, checks, and a line that sums up.  name is the file's. */
void image_report_print(FILE *out, const char *name, const struct image *image,
			const struct lint_report *report);
/* The findings of at least this severity, one paragraph each. */
void image_report_print_checks(FILE *out, const struct lint_report *report,
			       enum lint_severity least);

/* The same as an object (revisions are major * 100 + minor, addresses strings in hex), and
 * the findings alone as an array.  NULL when out of memory; the caller owns the reference. */
json_t *image_report_json(const struct image *image, const struct lint_report *report);
json_t *image_report_checks_json(const struct lint_report *report);

/* "DIO"; "unknown" for a value outside the format's. */
const char *image_report_flash_mode(const struct image *image);
/* MHz and MB; 0 when unknown. */
unsigned int image_report_flash_mhz(const struct image *image);
unsigned int image_report_flash_megabytes(const struct image *image);

#endif
