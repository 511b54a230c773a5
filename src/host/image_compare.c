/* SPDX-License-Identifier: Apache-2.0 */
/* See image_compare.h. */
#include "config.h" /* system extensions: strnlen() */

#include "host/image_compare.h"

#include "base/hex.h"
#include "base/output.h"

#include <string.h>

struct comparison {
	const struct image *image;
	const struct lint_device *device;
	struct image_compare_row *rows;
	size_t count;
	const char *word;
	enum lint_severity severity;
};

static struct image_compare_row *add(struct comparison *c, const char *name)
{
	struct image_compare_row *row = &c->rows[c->count++];

	*row = (struct image_compare_row){.name = name, .verdict = ""};
	return row;
}

/* The weightiest word stays: rows are compared with the heaviest first. */
static void judge(struct comparison *c, struct image_compare_row *row, enum lint_severity severity,
		  const char *verdict, const char *word)
{
	row->verdict = verdict;
	row->severity = severity;
	if (word[0] == '\0' || c->word[0] != '\0')
		return;
	c->word = word;
	c->severity = severity;
}

static void compare_chip(struct comparison *c)
{
	const struct image_chip *mine = image_chip_by_id(c->image->chip_id), *its;
	const struct ota_info *info = c->device->info;
	struct image_compare_row *row = add(c, "chip");

	(void)snprintf(row->image, sizeof(row->image), "%s", mine ? mine->title : "unknown");
	if (!info) {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	its = image_chip_by_id(info->chip_id);
	(void)snprintf(row->device, sizeof(row->device), "%s v%u.%u", its ? its->title : "unknown",
		       info->chip_revision / 100u, info->chip_revision % 100u);
	if (info->chip_id != c->image->chip_id)
		judge(c, row, LINT_ERROR, "would not start", "for another chip");
	else
		judge(c, row, LINT_OK, "same", "");
}

static void compare_hash(struct comparison *c)
{
	const struct ota_info *info = c->device->info;
	struct image_compare_row *row = add(c, "sha256");
	char hex[OTA_SHA256_SIZE * 2 + 1];

	hex_encode(c->image->sha256, OTA_SHA256_SIZE, hex);
	(void)snprintf(row->image, sizeof(row->image), "%.12s...", hex);
	if (!info) {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	hex_encode(info->running_sha256, OTA_SHA256_SIZE, hex);
	(void)snprintf(row->device, sizeof(row->device), "%.12s...", hex);
	if (memcmp(c->image->sha256, info->running_sha256, OTA_SHA256_SIZE) == 0)
		judge(c, row, LINT_NOTE, "same image", "same image");
	else
		judge(c, row, LINT_OK, "other bytes", "");
}

/* Compares MCUboot's hashes: a device with MCUboot tells that of the image that it runs. */
static void compare_image_hash(struct comparison *c)
{
	const uint8_t *mine = c->image->mcuboot.hash, *its = c->device->running_hash;
	struct image_compare_row *row = add(c, "image hash");
	char hex[OTA_SHA256_SIZE * 2 + 1];

	hex_encode(mine, OTA_SHA256_SIZE, hex);
	(void)snprintf(row->image, sizeof(row->image), "%.12s...", hex);
	(void)snprintf(row->device, sizeof(row->device), "unknown");
	if (!its)
		return;
	hex_encode(its, OTA_SHA256_SIZE, hex);
	(void)snprintf(row->device, sizeof(row->device), "%.12s...", hex);
	if (memcmp(mine, its, OTA_SHA256_SIZE) == 0)
		judge(c, row, LINT_NOTE, "same image", "same image");
	else
		judge(c, row, LINT_OK, "other bytes", "");
}

static void compare_project(struct comparison *c)
{
	const struct ota_info *info = c->device->info;
	struct image_compare_row *row = add(c, "project");
	char project[sizeof(info->project) + 1] = "";

	(void)snprintf(row->image, sizeof(row->image), "%s", c->image->project);
	if (!info) {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	memcpy(project, info->project, strnlen(info->project, sizeof(info->project)));
	(void)output_safe_text(project, strlen(project), row->device, sizeof(row->device));
	if (strcmp(project, c->image->project) == 0)
		judge(c, row, LINT_OK, "same", "");
	else
		judge(c, row, LINT_WARNING, "another one", "another project");
}

static void compare_version(struct comparison *c)
{
	const char *its = c->device->version ? c->device->version : "";
	struct image_compare_row *row = add(c, "version");
	bool comparable = false;
	int order;

	(void)snprintf(row->image, sizeof(row->image), "%s", c->image->version);
	(void)output_safe_text(its, strlen(its), row->device, sizeof(row->device));
	if (its[0] == '\0') {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	order = lint_compare_versions(c->image->version, its, &comparable);
	if (!comparable)
		judge(c, row, LINT_NOTE, "cannot be ordered", "another version");
	else if (order > 0)
		judge(c, row, LINT_OK, "upgrade", "upgrade");
	else if (order < 0)
		judge(c, row, LINT_WARNING, "downgrade", "downgrade");
	else
		judge(c, row, LINT_NOTE, "same", "same version");
}

static void compare_secure(struct comparison *c)
{
	const struct ota_info *info = c->device->info;
	struct image_compare_row *row = add(c, "secure version");

	(void)snprintf(row->image, sizeof(row->image), "%u", c->image->secure_version);
	if (!info) {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	(void)snprintf(row->device, sizeof(row->device), "%u", info->secure_version);
	if (c->image->secure_version < info->secure_version)
		judge(c, row, LINT_ERROR, "boot refuses it", "");
	else if (c->image->secure_version > info->secure_version)
		judge(c, row, LINT_NOTE, "prevents rollback", "");
	else
		judge(c, row, LINT_OK, "same", "");
}

static void compare_size(struct comparison *c)
{
	const struct ota_info *info = c->device->info;
	char text[OUTPUT_FIGURE_MAX], slot[OUTPUT_FIGURE_MAX];
	struct image_compare_row *row = add(c, "size");

	(void)snprintf(row->image, sizeof(row->image), "%s",
		       output_bytes(c->image->size, text, sizeof(text)));
	if (!info) {
		(void)snprintf(row->device, sizeof(row->device), "unknown");
		return;
	}
	(void)snprintf(row->device, sizeof(row->device), "%s of %s",
		       output_bytes(info->running_size, text, sizeof(text)),
		       output_bytes(info->slot_size, slot, sizeof(slot)));
	if (info->slot_size > 0 && c->image->size > info->slot_size)
		judge(c, row, LINT_ERROR, "does not fit", "");
	else
		judge(c, row, LINT_OK, "fits", "");
}

/* Only where there is something to say: most devices roll back. */
static void compare_rollback(struct comparison *c)
{
	const struct ota_info *info = c->device->info;
	struct image_compare_row *row;

	if (!info || !(info->abilities & OTA_ABILITY_NO_ROLLBACK))
		return;
	row = add(c, "roll back");
	(void)snprintf(row->device, sizeof(row->device), "no");
	judge(c, row, LINT_WARNING, "stays if it fails", "no way back");
}

struct lint_device image_compare_device(const struct job_snapshot *now)
{
	return (struct lint_device){
		.info = now->have_info ? &now->info : NULL,
		.version = now->version,
		.mcuboot = dialect_get(now->dialect)->mcuboot,
		.running_hash =
			now->running.known && now->running.boot_hash ? now->running.sha256 : NULL,
	};
}

size_t image_compare(const struct image *image, const struct lint_device *device,
		     struct image_compare_row rows[IMAGE_COMPARE_ROWS], const char **ret_word,
		     enum lint_severity *ret_severity)
{
	struct comparison c = {
		.image = image, .device = device, .rows = rows, .word = "", .severity = LINT_OK};

	if (image->kind == IMAGE_MCUBOOT) {
		compare_image_hash(&c);
		compare_version(&c);
		*ret_word = c.word;
		*ret_severity = c.severity;
		return c.count;
	}
	compare_chip(&c);
	compare_hash(&c);
	compare_project(&c);
	compare_version(&c);
	compare_secure(&c);
	compare_size(&c);
	compare_rollback(&c);
	*ret_word = c.word;
	*ret_severity = c.severity;
	return c.count;
}
