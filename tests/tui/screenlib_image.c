/* SPDX-License-Identifier: Apache-2.0 */
/* The image inspector in its states. */
#include "screenlib_priv.h"

#include "view/layout.h"

#include <string.h>

#define KEYS "o open  u upload  c compare with device  y copy sha  j k scroll  ? help"

static struct lint_report report;

static const struct image image = {
	.size = 1180672,
	.kind = IMAGE_APPLICATION,
	.chip_id = 9,
	.min_revision = 1,
	.segment_count = 4,
	.segments = {{0x3c0c0020, 214000, 0x18, "DROM"},
		     {0x3fc98000, 41000, 0x35a10, "DRAM"},
		     {0x42000020, 812000, 0x40018, "IROM"},
		     {0x40374000, 86000, 0x10b010, "IRAM"}},
	.has_descriptor = true,
	.signature = IMAGE_SIGNATURE_V2,
	.secure_version = 3,
	.project = "gw-app",
	.version = "1.5.0",
	.idf = "v5.2.1",
	.date = "Nov 20 2026",
	.time = "14:02:11",
};

static struct view_image good(void)
{
	memset(&report, 0, sizeof(report));
	lint_add(&report, LINT_CHECKSUM, LINT_OK, false, "the checksum byte is right");
	lint_add(&report, LINT_DESCRIPTOR, LINT_WARNING, true, "the project's name is damaged");
	return (struct view_image){
		.path = "build/app.bin",
		.error = "",
		.image = &image,
		.report = &report,
		.estimate = "0:50 with fast-wnr (5 runs); at least 0:24 (49.0 kB/s)",
		.device = "",
	};
}

static void draw(const struct view_image *v, const char *message, struct cells *cells)
{
	view_image_draw(v, cells, screenlib_frame(cells, VIEW_IMAGE, message, KEYS));
}

void screenlib_image(struct cells *cells)
{
	struct view_image v = good();

	v.device = "esp-gw-07 runs 1.4.2: upgrade";
	v.device_style = CELLS_GOOD;
	lint_add(&report, LINT_DOWNGRADE, LINT_OK, true, "1.5.0 is newer than 1.4.2, which runs");
	draw(&v, "image read; u uploads it", cells);
}

/* No device chosen, nothing in the history. */
void screenlib_image_alone(struct cells *cells)
{
	struct view_image v = good();

	v.estimate = "at least 0:07 (171.5 kB/s, assumed)";
	draw(&v, "", cells);
}

void screenlib_image_none(struct cells *cells)
{
	struct view_image v = good();

	v.path = "";
	draw(&v, "", cells);
}

void screenlib_image_error(struct cells *cells)
{
	struct view_image v = good();

	v.path = "build/app.bin";
	v.error = "build/app.bin: is being written; wait for its build to end.";
	draw(&v, "build/app.bin: is being written; wait for its build to end.", cells);
}

/* Another chip. */
void screenlib_image_refused(struct cells *cells)
{
	struct view_image v = good();

	v.refused = true;
	v.device = "esp-gw-07 runs 1.4.2: for another chip";
	v.device_style = CELLS_BAD;
	lint_add(&report, LINT_CHIP, LINT_ERROR, true,
		 "the image is for the ESP32-S3, the device is an ESP32-C3: choose the image that "
		 "was built for it");
	draw(&v, "this image is refused: see the checks", cells);
}

void screenlib_image_downgrade(struct cells *cells)
{
	struct view_image v = good();

	v.refused = true;
	v.device = "esp-gw-07 runs 1.6.0: downgrade";
	v.device_style = CELLS_WARNING;
	lint_add(&report, LINT_DOWNGRADE, LINT_ERROR, true,
		 "Version 1.5.0 is older than 1.6.0, which the device runs. Choose a newer image, "
		 "or force the downgrade.");
	draw(&v, "changed on disk, read again: gw-app 1.5.0", cells);
}

static void panel(const struct view_panel *v, struct cells *cells)
{
	screenlib_image(cells);
	view_panel_draw(v, cells, layout_frame(cells_area(cells)).body);
}

void screenlib_image_compare(struct cells *cells)
{
	static const struct view_row rows[] = {
		{" ", "                 IMAGE            DEVICE", CELLS_DIM},
		{"chip", "would not start  ESP32-S3         ESP32-C3 v0.4", CELLS_BAD},
		{"sha256", "other bytes      9f5f4915311a...  6a7bb8099d85...", CELLS_GOOD},
		{"version", "downgrade        1.5.0            1.6.0", CELLS_WARNING},
		{"size", "fits             1.2 MB           1.1 MB of 1.9 MB", CELLS_GOOD},
	};
	const struct view_panel v = {.title = "Image and esp-gw-07: for another chip",
				     .empty = "",
				     .rows = rows,
				     .count = sizeof(rows) / sizeof(rows[0])};

	panel(&v, cells);
}

/* The line for a path, with what was opened last above it. */
void screenlib_image_chooser(struct cells *cells)
{
	static const struct view_row rows[] = {
		{"/home/somebody/esp/gateway/build/gateway.bin", "gw-app 1.5.0  ESP32-S3  1.2 MB",
		 CELLS_NORMAL},
		{"build/\xe6\xb8\xa9\xe5\xae\xa4.bin", "greenhouse 0.1  ESP32-C3  803.2 kB",
		 CELLS_NORMAL},
	};
	const struct view_panel v = {.title = "Built here, and opened last",
				     .empty = "",
				     .rows = rows,
				     .count = 2,
				     .selected = 1,
				     .choose = true};
	const struct view_frame f = {
		.view = VIEW_IMAGE,
		.source = "hci0",
		.prompt = "image file: ",
		.input = "build/\xe6\xb8\xa9\xe5\xae\xa4.bin",
		.input_cursor = 16,
		.keys = "Enter ok  Up Down from the list  Tab complete  Esc cancel",
	};

	const struct area body = layout_frame(cells_area(cells)).body;
	const struct view_image under = good();

	view_image_draw(&under, cells, body);
	view_panel_draw(&v, cells, body);
	view_frame_draw(&f, cells);
}
