/* SPDX-License-Identifier: Apache-2.0 */
/* An image beside what a device runs: what an update would change. */
#ifndef OTABENCH_HOST_IMAGE_COMPARE_H
#define OTABENCH_HOST_IMAGE_COMPARE_H

#include "host/job_snapshot.h"
#include "image/lint.h"

#define IMAGE_COMPARE_ROWS 8u
#define IMAGE_COMPARE_TEXT 72u

struct image_compare_row {
	const char *name; /* "version" */
	char image[IMAGE_COMPARE_TEXT], device[IMAGE_COMPARE_TEXT]; /* safe to print */
	const char *verdict; /* "upgrade", "same", "boot refuses it"; "" nothing to say */
	enum lint_severity severity; /* of the verdict */
};

/* Fills rows and, in one word or two, what an update would be: "upgrade", "downgrade", "same
 * image", "another project", "for another chip", "another version".  Returns the number of rows. */
size_t image_compare(const struct image *image, const struct lint_device *device,
		     struct image_compare_row rows[IMAGE_COMPARE_ROWS], const char **ret_word,
		     enum lint_severity *ret_severity);

/* The device as *now, which must outlive what is returned, knows it. */
struct lint_device image_compare_device(const struct job_snapshot *now);

#endif
