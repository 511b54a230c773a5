/* SPDX-License-Identifier: Apache-2.0 */
/* otabench images list|prune: the images that are kept as bases of delta updates. */
#include "cli/cli.h"

#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "base/text.h"
#include "host/image_store.h"
#include "image/lint.h"

#include <limits.h>
#include <string.h>
#include <time.h>

/* Reads the headers of a stored image; false: it is damaged or gone. */
static bool describe(const struct image_stored *item, struct image *ret)
{
	struct lint_report report;
	struct image_file file;
	char error[IMAGE_STORE_TEXT_MAX];

	if (image_store_get(item->sha256, &file, error, sizeof(error)) < 0)
		return false;
	(void)image_read(file.data, file.size, sha256_buffer, ret, &report);
	image_file_finish(&file);
	ret->data = NULL;
	return true;
}

static json_t *item_json(const struct image_stored *item, const struct image *image)
{
	const struct image_chip *chip = image ? image_chip_by_id(image->chip_id) : NULL;
	char digits[2 * OTA_SHA256_SIZE + 1];
	json_t *o = json_object();

	(void)json_object_set_new(o, "sha256",
				  json_string(hex_encode(item->sha256, OTA_SHA256_SIZE, digits)));
	(void)json_object_set_new(o, "size", json_integer((json_int_t)item->size));
	(void)json_object_set_new(o, "used", json_integer((json_int_t)item->used));
	if (image) {
		(void)json_object_set_new(o, "chip", json_string(chip ? chip->name : "unknown"));
		(void)json_object_set_new(o, "project", json_string(image->project));
		(void)json_object_set_new(o, "version", json_string(image->version));
	}
	return o;
}

static void item_words(struct cli *cli, const struct image_stored *item, const struct image *image)
{
	char digits[2 * OTA_SHA256_SIZE + 1], day[32] = "";
	const time_t used = (time_t)item->used;
	struct tm tm;

	if (localtime_r(&used, &tm))
		(void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
	(void)fprintf(cli->out, "%s  %9llu  %-16s  %s %s\n",
		      hex_encode(item->sha256, OTA_SHA256_SIZE, digits),
		      (unsigned long long)item->size, day, image ? image->project : "damaged",
		      image ? image->version : "");
}

static int images_list(struct cli *cli)
{
	struct image_store_list list;
	char error[IMAGE_STORE_TEXT_MAX] = "", folder[PATH_MAX] = "";
	json_t *result, *all;
	int r = image_store_list(&list, error, sizeof(error));

	if (r < 0)
		return cli_fail(cli, cli_exit_of(r), "%s", error[0] ? error : "out of memory");
	(void)image_store_folder(folder, sizeof(folder));
	result = cli_result(cli, CLI_OK);
	all = json_array();
	for (size_t i = 0; i < list.count; i++) {
		const struct image_stored *item = &list.items[i];
		struct image image;
		const bool good = describe(item, &image);

		if (!cli->json)
			item_words(cli, item, good ? &image : NULL);
		(void)json_array_append_new(all, item_json(item, good ? &image : NULL));
	}
	if (!cli->json && !cli->quiet)
		(void)fprintf(cli->out, "%zu of %u images, %.1f of %u MB, in %s\n", list.count,
			      IMAGE_STORE_COUNT, (double)list.bytes / 1e6,
			      IMAGE_STORE_BYTES / 1000000u, folder);
	(void)json_object_set_new(result, "folder", output_json_text(folder, strlen(folder)));
	(void)json_object_set_new(result, "bytes", json_integer((json_int_t)list.bytes));
	(void)json_object_set_new(result, "images", all);
	cli_emit(cli, result);
	image_store_list_finish(&list);
	return CLI_OK;
}

static int images_prune(struct cli *cli)
{
	const char *keep = cli_value(cli, "keep");
	char error[IMAGE_STORE_TEXT_MAX] = "";
	uint64_t count = 0, bytes = 0;
	size_t removed = 0;
	json_t *result;
	int r;

	if (keep &&
	    (text_parse_unsigned(keep, strlen(keep), &count) < 0 || count > IMAGE_STORE_COUNT))
		return cli_fail(cli, CLI_USAGE, "--keep: expected a whole number, 0..%u",
				IMAGE_STORE_COUNT);
	r = image_store_prune((size_t)count, IMAGE_STORE_BYTES, &removed, &bytes, error,
			      sizeof(error));
	if (r < 0)
		return cli_fail(cli, cli_exit_of(r), "%s", error[0] ? error : "out of memory");
	if (!cli->json && !cli->quiet) {
		char text[TEXT_COUNT_MAX];

		(void)fprintf(cli->out, "%s removed, %.1f MB\n",
			      text_count(removed, "image", text, sizeof(text)),
			      (double)bytes / 1e6);
	}
	result = cli_result(cli, CLI_OK);
	(void)json_object_set_new(result, "removed", json_integer((json_int_t)removed));
	(void)json_object_set_new(result, "bytes", json_integer((json_int_t)bytes));
	cli_emit(cli, result);
	return CLI_OK;
}

int cmd_images(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "list") == 0 && !cli_value(cli, "keep"))
		return images_list(cli);
	if (strcmp(argv[1], "prune") == 0)
		return images_prune(cli);
	return cli_fail(cli, CLI_USAGE, "images: expected list, or prune [--keep=COUNT]");
}
