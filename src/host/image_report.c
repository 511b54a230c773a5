/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inspected image in words.  Laid out for 80 columns and plain text, so
 * that it can go into a terminal, a log or a bug report as it is.
 */
#include "host/image_report.h"

#include <string.h>

#include "base/hex.h"

#define COLUMNS 80u
#define LABEL_WIDTH 12 /* a SHA-256 still fits the line */
#define CHECK_INDENT 24u /* where a finding's text starts */

const char *image_report_flash_mode(const struct image *image)
{
	static const char *const names[] = {"QIO", "QOUT", "DIO", "DOUT", "fast read", "slow read"};

	return image->flash_mode < sizeof(names) / sizeof(names[0]) ? names[image->flash_mode]
								    : "unknown";
}

unsigned int image_report_flash_mhz(const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	if (chip == NULL)
		return 0;
	if (image->flash_frequency == 15)
		return chip->flash_mhz[3];
	return image->flash_frequency < 3 ? chip->flash_mhz[image->flash_frequency] : 0;
}

unsigned int image_report_flash_megabytes(const struct image *image)
{
	return image->flash_size < 8 ? 1u << image->flash_size : 0;
}

/* "603,600" */
static const char *grouped(size_t value, char *buf, size_t size)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%zu", value), n = 0;

	for (size_t i = 0; i < len && n + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[n++] = ',';
		buf[n++] = digits[i];
	}
	buf[n] = '\0';
	return buf;
}

static void label(FILE *out, const char *name)
{
	fprintf(out, "  %-*s", LABEL_WIDTH, name);
}

static void print_hash(FILE *out, const char *name, const uint8_t *hash)
{
	static const uint8_t none[OTA_SHA256_SIZE];
	char hex[2 * OTA_SHA256_SIZE + 1];

	hex_encode(hash, OTA_SHA256_SIZE, hex);
	label(out, name);
	fprintf(out, "%s\n", memcmp(hash, none, sizeof(none)) != 0 ? hex : "not recorded");
}

static void print_chip(FILE *out, const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);
	unsigned int min = image->min_revision, max = image->max_revision;

	label(out, "Chip");
	fprintf(out, "%s (id %u), ", chip != NULL ? chip->title : "unknown", image->chip_id);
	if (min == 0 && max == 0xffff)
		fputs("any revision", out);
	else
		fprintf(out, "revision v%u.%u", min / 100, min % 100);
	if (max != 0xffff)
		fprintf(out, " to v%u.%u", max / 100, max % 100);
	else if (min != 0)
		fputs(" and later", out);
	fputc('\n', out);
}

static void print_descriptor(FILE *out, const struct image *image)
{
	if (!image->has_descriptor)
		return;
	label(out, "Project");
	fprintf(out, "%s\n", image->project);
	label(out, "Version");
	fprintf(out, "%s, secure version %u\n", image->version, image->secure_version);
	label(out, "ESP-IDF");
	fprintf(out, "%s\n", image->idf);
	label(out, "Built");
	fprintf(out, "%s %s\n", image->date, image->time);
	print_hash(out, "ELF SHA-256", image->elf_sha256);
}

static void print_mcuboot(FILE *out, const struct image *image)
{
	const struct image_mcuboot *m = &image->mcuboot;

	label(out, "Version");
	fprintf(out, "%s\n", image->version);
	label(out, "Header");
	fprintf(out, "%u bytes, flags 0x%x, load address 0x%08x\n", m->header_size, m->flags,
		m->load_address);
	label(out, "TLVs");
	fprintf(out, "%u, %u bytes protected; %s\n", m->tlvs, m->protected_size,
		m->signature ? m->signature : "no signature");
	if (m->has_counter) {
		label(out, "Counter");
		fprintf(out, "%u\n", m->counter);
	}
	print_hash(out, "Image hash", m->hash);
}

static void print_flash(FILE *out, const struct image *image)
{
	unsigned int mhz = image_report_flash_mhz(image);
	unsigned int megabytes = image_report_flash_megabytes(image);

	label(out, "Flash");
	fprintf(out, "%s, ", image_report_flash_mode(image));
	if (mhz != 0)
		fprintf(out, "%u MHz, ", mhz);
	else
		fputs("unknown frequency, ", out);
	if (megabytes != 0)
		fprintf(out, "%u MB", megabytes);
	else
		fputs("unknown size", out);
	fprintf(out, ", %u KiB pages\n", image->page_size / 1024);
}

static void print_segments(FILE *out, const struct image *image)
{
	char size[32];
	size_t total = 0;

	if (image->segment_count == 0)
		return;
	fputs("\n  Segment  Memory    Loads to                      Bytes  In the file at\n", out);
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		uint32_t last = s->address + s->size - (s->size > 0 ? 1 : 0);

		total += s->size;
		fprintf(out, "  %7u  %-8s  0x%08x-0x%08x  %11s        0x%06x%s\n", i, s->memory,
			s->address, last, grouped(s->size, size, sizeof(size)), s->offset,
			s->size > image->size - s->offset ? "  cut off" : "");
	}
	fprintf(out, "  %7s  %-8s  %-21s  %11s\n", "all", "", "",
		grouped(total, size, sizeof(size)));
}

/* Words broken at the right margin; the cursor stands at CHECK_INDENT. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = CHECK_INDENT;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > CHECK_INDENT && column + 1 + len > COLUMNS) {
			fprintf(out, "\n%*s", (int)CHECK_INDENT, "");
			column = CHECK_INDENT;
		} else if (column > CHECK_INDENT) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void image_report_print_checks(FILE *out, const struct lint_report *report,
			       enum lint_severity least)
{
	static const char *const marks[] = {[LINT_OK] = "ok",
					    [LINT_NOTE] = "note",
					    [LINT_WARNING] = "WARN",
					    [LINT_ERROR] = "FAIL"};

	for (size_t i = 0; i < report->count; i++) {
		const struct lint_finding *f = &report->findings[i];

		if (f->severity < least)
			continue;
		fprintf(out, "  %-4s  %-14s  ", marks[f->severity], lint_check_name(f->check));
		print_wrapped(out, f->text);
	}
}

static void print_verdict(FILE *out, const struct lint_report *report)
{
	unsigned int counts[LINT_ERROR + 1] = {0};

	for (size_t i = 0; i < report->count; i++)
		counts[report->findings[i].severity]++;
	fputs("\n  ", out);
	if (counts[LINT_ERROR] > 0)
		fputs(lint_refused(report, UINT32_MAX) ? "Refused" : "Refused unless forced", out);
	else
		fputs(counts[LINT_WARNING] > 0 ? "Usable, with warnings" : "Good", out);
	fprintf(out, ": %zu check%s, %u ok", report->count, report->count != 1 ? "s" : "",
		counts[LINT_OK]);
	if (counts[LINT_NOTE] > 0)
		fprintf(out, ", %u note%s", counts[LINT_NOTE], counts[LINT_NOTE] > 1 ? "s" : "");
	if (counts[LINT_WARNING] > 0)
		fprintf(out, ", %u warning%s", counts[LINT_WARNING],
			counts[LINT_WARNING] > 1 ? "s" : "");
	if (counts[LINT_ERROR] > 0)
		fprintf(out, ", %u failed", counts[LINT_ERROR]);
	fputs(".\n", out);
}

static void print_name(FILE *out, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

void image_report_print(FILE *out, const char *name, const struct image *image,
			const struct lint_report *report)
{
	bool parsed = image->segments_claimed > 0;
	char size[32];

	print_name(out, name);
	fprintf(out, ": %s, %s bytes\n\n", image_kind_name(image->kind),
		grouped(image->size, size, sizeof(size)));
	if (parsed) {
		print_chip(out, image);
		print_descriptor(out, image);
	}
	if (image->kind == IMAGE_MCUBOOT && image->mcuboot.header_size > 0)
		print_mcuboot(out, image);
	print_hash(out, "SHA-256", image->sha256);
	if (parsed) {
		label(out, "Entry point");
		fprintf(out, "0x%08x\n", image->entry);
		print_flash(out, image);
		print_segments(out, image);
	}
	fputc('\n', out);
	image_report_print_checks(out, report, LINT_OK);
	print_verdict(out, report);
}
