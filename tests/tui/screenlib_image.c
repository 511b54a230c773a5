/* SPDX-License-Identifier: Apache-2.0 */
/* The image inspector in its states. */
#include "screenlib_priv.h"

#include <string.h>

static void draw_image_with(struct cells *cells, bool refused)
{
	static struct lint_report report;
	struct image image = {
		.size = 1180672,
		.kind = IMAGE_APPLICATION,
		.chip_id = 9,
		.min_revision = 1,
		.segment_count = 2,
		.segments = {{0x3c0c0020, 214000, 0x18, "DROM"},
			     {0x42000020, 812000, 0x40018, "IROM"}},
		.has_descriptor = true,
		.signature = IMAGE_SIGNATURE_V2,
		.secure_version = 3,
		.project = "gw-app",
		.version = "1.5.0",
		.idf = "v5.2.1",
		.date = "Nov 20 2026",
		.time = "14:02:11",
	};
	const struct view_image v = {
		.path = "build/app.bin",
		.error = "",
		.image = &image,
		.report = &report,
		.refused = refused,
		.estimate = "on this link at least 0:24 (49.0 kB/s)",
	};

	memset(&report, 0, sizeof(report));
	lint_add(&report, LINT_CHECKSUM, LINT_OK, false, "the checksum byte is right");
	lint_add(&report, LINT_DOWNGRADE, LINT_NOTE, true, "1.5.0 is newer than 1.4.2, which runs");
	lint_add(&report, LINT_DESCRIPTOR, LINT_WARNING, true, "the project's name is damaged");
	if (refused)
		lint_add(&report, LINT_CHIP, LINT_ERROR, true,
			 "the image is for the ESP32-S3, the device is an ESP32-C3: choose the "
			 "image "
			 "that was built for it");
	view_image_draw(&v, cells,
			screenlib_frame(cells, VIEW_IMAGE, "", "o open  u upload  ? help  q back"));
}

void screenlib_image(struct cells *cells)
{
	draw_image_with(cells, false);
}

void screenlib_image_refused(struct cells *cells)
{
	draw_image_with(cells, true);
}
