/* SPDX-License-Identifier: Apache-2.0 */
/* See patch_report.h. */
#include "cli/patch_report.h"

#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "image/lint.h"

#include <string.h>

/*
 * Reads chip, project and version from the image's first bytes.  Its findings do not count: such an
 * image ends early.
 */
static void read_head(const struct patch_file *file, struct image *ret)
{
	struct lint_report report;

	(void)image_read(file->head, sizeof(file->head), sha256_buffer, ret, &report);
}

static const char *chip_name(const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	return chip ? chip->name : "unknown";
}

static void patch_report_words(struct cli *cli, const char *path, const struct patch_file *file,
			       size_t size)
{
	const struct patch *p = &file->patch;
	char base[2 * OTA_SHA256_SIZE + 1], image[2 * OTA_SHA256_SIZE + 1];
	struct image head;

	read_head(file, &head);
	output_put_safe(cli->out, path);
	(void)fprintf(cli->out, ": a patch, %zu bytes, %.1f %% of its image\n\n", size,
		      100.0 * (double)size / (double)p->image_size);
	(void)fprintf(cli->out, "  Makes       %u bytes for %s", p->image_size, chip_name(&head));
	if (head.has_descriptor)
		(void)fprintf(cli->out, ", project %s, version %s", head.project, head.version);
	(void)fprintf(cli->out, "\n  SHA-256     %s\n",
		      hex_encode(file->image_sha256, OTA_SHA256_SIZE, image));
	(void)fprintf(cli->out, "  Out of      %u bytes\n  SHA-256     %s\n", p->base_size,
		      hex_encode(p->base_sha256, OTA_SHA256_SIZE, base));
	(void)fprintf(cli->out, "  Blocks      %zu, from each of which an update can go on\n",
		      p->border_count - 1);
	(void)fprintf(cli->out,
		      "  Compressed  from %zu bytes; on the air it is again, by the "
		      "device's window\n",
		      p->size);
}

static json_t *side_json(uint32_t size, const uint8_t hash[OTA_SHA256_SIZE])
{
	char digits[2 * OTA_SHA256_SIZE + 1];
	json_t *o = json_object();

	(void)json_object_set_new(o, "size", json_integer(size));
	(void)json_object_set_new(o, "sha256",
				  json_string(hex_encode(hash, OTA_SHA256_SIZE, digits)));
	return o;
}

void patch_report_print(struct cli *cli, const char *path, const struct patch_file *file,
			size_t size)
{
	const struct patch *p = &file->patch;
	struct image head;
	json_t *event, *image;

	if (!cli->json) {
		if (!cli->quiet)
			patch_report_words(cli, path, file, size);
		return;
	}
	event = cli_result(cli, CLI_OK);
	image = side_json(p->image_size, file->image_sha256);
	read_head(file, &head);
	(void)json_object_set_new(image, "chip", json_string(chip_name(&head)));
	(void)json_object_set_new(image, "project", json_string(head.project));
	(void)json_object_set_new(image, "version", json_string(head.version));
	(void)json_object_set_new(event, "file", output_json_text(path, strlen(path)));
	(void)json_object_set_new(event, "kind", json_string("patch"));
	(void)json_object_set_new(event, "size", json_integer((json_int_t)size));
	(void)json_object_set_new(event, "patch_bytes", json_integer((json_int_t)p->size));
	(void)json_object_set_new(event, "blocks", json_integer((json_int_t)p->border_count - 1));
	(void)json_object_set_new(event, "image", image);
	(void)json_object_set_new(event, "base", side_json(p->base_size, p->base_sha256));
	cli_emit(cli, event);
}
