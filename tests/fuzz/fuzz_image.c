/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an image, and against any device.
 *
 * The input is the image; the device's Info and version are read from its end,
 * which a fuzzer learns to change by itself.  The hash is a weak one that a fuzzer
 * can make match.
 */
#include <stdlib.h>
#include <string.h>

#include "image/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void weak_hash(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE])
{
	memset(ret, (int)(len & 0xff), OTA_SHA256_SIZE);
	if (len > 0)
		ret[0] = buf[len - 1];
}

/* Checks the properties on which every caller relies; a violation is a defect. */
static void check(const struct image *image, const struct lint_report *report, int result)
{
	if (report->count == 0 || report->count > LINT_FINDINGS_MAX)
		abort();
	if ((result == 0) != (lint_worst(report) != LINT_ERROR))
		abort();
	if (image->image_size > image->size || image->segment_count > IMAGE_SEGMENTS_MAX)
		abort();
	if (image->image_size != 0 && image->image_size + image->trailing > image->size)
		abort();
	for (size_t i = 0; i < report->count; i++) {
		const char *text = report->findings[i].text;

		if (memchr(text, '\0', LINT_TEXT_SIZE - 1) == NULL || text[0] == '\0')
			abort();
		for (size_t j = 0; text[j] != '\0'; j++) {
			if (text[j] < 0x20 || text[j] > 0x7e)
				abort();
		}
	}
	for (unsigned int i = 0; result == 0 && i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];

		if (s->memory == NULL || s->offset > image->size ||
		    s->size > image->size - s->offset)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	struct lint_report report;
	struct ota_info info;
	char version[40] = "";
	struct lint_device device = {.info = &info, .version = version};
	int result = image_read(data, size, weak_hash, &image, &report);

	check(&image, &report, result);
	if (size < sizeof(info) + sizeof(version))
		return 0;
	memcpy(&info, data + size - sizeof(info), sizeof(info));
	memcpy(version, data + size - sizeof(info) - sizeof(version), sizeof(version) - 1);
	if (size % 2 == 0)
		device.info = NULL;
	lint_device(&image, &device, &report);
	check(&image, &report, lint_worst(&report) == LINT_ERROR ? -1 : 0);
	return 0;
}
