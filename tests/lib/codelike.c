/* SPDX-License-Identifier: Apache-2.0 */
/* See codelike.h. */
#include "codelike.h"

#include "base/sha256.h"
#include "image/image_build.h"
#include "image/lint.h"

#define KEPT 256u /* esp_app_desc_t */
#define BITS 0x1du

size_t code_like(uint8_t *image, size_t size)
{
	struct lint_report report;
	struct image read;

	(void)image_read(image, size, sha256_buffer, &read, &report);
	for (size_t i = 0; i < read.segment_count; i++)
		for (uint32_t at = i == 0 ? KEPT : 0; at < read.segments[i].size; at++)
			image[read.segments[i].offset + at] &= BITS;
	return image_seal(image, sha256_buffer);
}
