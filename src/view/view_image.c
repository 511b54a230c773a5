/* SPDX-License-Identifier: Apache-2.0 */
/* The image inspector: what is in the file, and whether it may go to the device. */
#include "view/view.h"

#include "base/hex.h"
#include "base/output.h"
#include "view/layout.h"

enum cells_style view_severity_style(enum lint_severity severity)
{
	switch (severity) {
	case LINT_OK:
		return CELLS_GOOD;
	case LINT_NOTE:
		return CELLS_NORMAL;
	case LINT_WARNING:
		return CELLS_WARNING;
	case LINT_ERROR:
		return CELLS_BAD;
	}
	return CELLS_NORMAL;
}

static void draw_mcuboot(const struct image *image, struct cells *cells, struct area area, int y)
{
	const struct image_mcuboot *m = &image->mcuboot;
	char hash[OTA_SHA256_SIZE * 2 + 1];

	hex_encode(m->hash, sizeof(m->hash), hash);
	(void)cells_printf(cells, area, 0, y++, CELLS_DIM, "image   %.*s", area.w >= 74 ? 64 : 16,
			   m->hashes > 0 ? hash : "no hash");
	(void)cells_printf(cells, area, 0, y++, CELLS_NORMAL, "MCUboot image, version %s",
			   image->version[0] != '\0' ? image->version : "?");
	(void)cells_printf(cells, area, 0, y, CELLS_NORMAL, "header  %u bytes, %u TLVs, %s",
			   m->header_size, m->tlvs, m->signature ? m->signature : "not signed");
}

static void draw_facts(const struct view_image *v, struct cells *cells, struct area area)
{
	const struct image *i = v->image;
	const struct image_chip *chip = image_chip_by_id(i->chip_id);
	const int pad = area.w >= LAYOUT_FULL_W ? 20 : 12;
	char hash[OTA_SHA256_SIZE * 2 + 1];
	int y = 0;

	hex_encode(i->sha256, sizeof(i->sha256), hash);
	(void)cells_printf(cells, area, 0, y++, CELLS_DIM, "sha256  %.*s", area.w >= 74 ? 64 : 16,
			   hash);
	if (i->kind == IMAGE_MCUBOOT) {
		draw_mcuboot(i, cells, area, y);
		return;
	}
	if (i->kind != IMAGE_APPLICATION) {
		(void)cells_printf(cells, area, 0, y, CELLS_BAD, "this is: %s",
				   image_kind_name(i->kind));
		return;
	}
	(void)cells_printf(cells, area, 0, y++, CELLS_NORMAL, "project %-*s version %-*s IDF %s",
			   pad, i->has_descriptor ? i->project : "?", pad - 4,
			   i->has_descriptor ? i->version : "?", i->has_descriptor ? i->idf : "?");
	(void)cells_printf(
		cells, area, 0, y++, CELLS_NORMAL, "chip    %-*s from revision %u.%u   %s", pad,
		chip ? chip->title : "unknown", i->min_revision / 100u, i->min_revision % 100u,
		i->signature == IMAGE_SIGNATURE_NONE ? "not signed"
		: i->signature == IMAGE_SIGNATURE_V1 ? "signed (v1)"
						     : "signed (v2)");
	(void)cells_printf(cells, area, 0, y, CELLS_NORMAL, "built   %s %s  anti-rollback %u",
			   i->date, i->time, i->secure_version);
}

static void draw_segments(const struct image *image, struct cells *cells, struct area area)
{
	char size[OUTPUT_FIGURE_MAX];

	(void)cells_text(cells, area, 0, 0, CELLS_DIM,
			 "SEG  ADDRESS     MEMORY        SIZE  OFFSET");
	for (int i = 0; i < image->segment_count && i + 1 < area.h; i++) {
		const struct image_segment *s = &image->segments[i];

		(void)cells_printf(cells, area, 0, i + 1, CELLS_NORMAL,
				   "%3d  0x%08x  %-8s %9s  0x%05x", i, s->address, s->memory,
				   output_bytes(s->size, size, sizeof(size)), s->offset);
	}
}

/* Words of text, broken at blanks; returns the rows that it takes. */
static int draw_wrapped(const char *text, struct cells *cells, struct area area, int x, int y,
			enum cells_style style)
{
	const int room = area.w - x;
	int rows = 0;

	while (*text != '\0') {
		int len = 0, end = 0;

		while (len < room && text[len] != '\0') {
			len++;
			if (text[len] == ' ' || text[len] == '\0')
				end = len;
		}
		if (end == 0)
			end = len > 0 ? len : 1;
		(void)cells_printf(cells, area, x, y + rows++, style, "%.*s", end, text);
		text += end;
		while (*text == ' ')
			text++;
	}
	return rows;
}

#define BAR_W 2 /* right of the checks: a blank, and the scroll bar */

/* The worst come first: what blocks an update must not be below the edge. */
static void draw_checks(const struct view_image *v, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	const bool named = rest.w >= 60; /* else the text alone must tell */
	const struct area bar = rest;
	int y = -(int)v->scroll;

	rest.w -= BAR_W;
	cells_rule(cells, head, 0, v->refused ? "Checks: REFUSED" : "Checks: may be sent");
	if (v->refused)
		(void)cells_text(cells, head, 3, 0, CELLS_BAD, "Checks: REFUSED");
	for (int severity = LINT_ERROR; severity >= LINT_OK; severity--) {
		for (size_t i = 0; i < v->report->count; i++) {
			const struct lint_finding *f = &v->report->findings[i];

			if ((int)f->severity != severity)
				continue;
			if (y >= 0)
				(void)cells_printf(cells, rest, 0, y,
						   view_severity_style(f->severity), "%-7s %s",
						   lint_severity_name(f->severity),
						   named ? lint_check_name(f->check) : "");
			y += draw_wrapped(f->text, cells, rest, named ? 23 : 8, y, CELLS_NORMAL);
		}
	}
	cells_scroll_bar(cells, bar, v->scroll, (size_t)y + v->scroll);
}

static void draw_labelled(const char *label, const char *text, enum cells_style style,
			  struct cells *cells, struct area *rest)
{
	struct area row;

	if (text[0] == '\0')
		return;
	row = area_top(rest, 1);
	(void)cells_text(cells, row, 0, 0, CELLS_NORMAL, label);
	(void)cells_field(cells, row, 8, 0, row.w - 8, style, text);
}

void view_image_draw(const struct view_image *v, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	char size[OUTPUT_FIGURE_MAX];

	if (v->path[0] == '\0') {
		(void)cells_text(cells, head, 0, 0, CELLS_DIM,
				 "no image chosen: o asks for a file");
		return;
	}
	if (v->error[0] != '\0') {
		(void)draw_wrapped(v->error, cells, area, 0, 0, CELLS_BAD);
		return;
	}
	(void)cells_field(cells, head, 0, 0, head.w - 12, CELLS_TITLE, v->path);
	cells_right(cells, head, 0, CELLS_NORMAL, output_bytes(v->image->size, size, sizeof(size)));
	if (!layout_small(area)) {
		draw_facts(v, cells, area_top(&rest, 4));
		draw_labelled("device", v->device, v->device_style, cells, &rest);
		draw_labelled("time", v->estimate, CELLS_NORMAL, cells, &rest);
		if (rest.h >= v->image->segment_count + 9 && v->image->segment_count > 0)
			draw_segments(v->image, cells,
				      area_top(&rest, v->image->segment_count + 1));
	}
	draw_checks(v, cells, rest);
}
