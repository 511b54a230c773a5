/* SPDX-License-Identifier: Apache-2.0 */
/* The differences of two texts, line by line, as 'diff -u' shows them. */
#ifndef OTABENCH_PROFILE_TEXT_DIFF_H
#define OTABENCH_PROFILE_TEXT_DIFF_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints "@@ -1,3 +1,4 @@" and lines that begin with ' ', '-' or '+', with so many
 * unchanged lines around; nothing when the texts are the same.  Lines are made
 * harmless (output.h); tabs stay.  Returns the number of lines that differ, or -OTA_ENOMEM.
 */
int text_diff(const char *old, size_t old_len, const char *new, size_t new_len,
	      unsigned int context, FILE *out);

#endif
