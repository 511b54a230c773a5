/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench sample-image FILE: a valid image to try things with, where no real
 * one is at hand, or a relative of one that is.  It passes every check of the boot
 * loader and runs nowhere.
 */
#include "cli/cli.h"

#include "base/file_save.h"
#include "base/output.h"
#include "base/sha256.h"
#include "base/text.h"
#include "host/image_file.h"
#include "image/image_build.h"
#include "image/image_edit.h"
#include "image/lint.h"
#include "image/mcuboot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SIZE 600000u
#define KEPT 31u /* bytes of a text in the application descriptor */

static const char *const only_built[] = {"kind", "chip", "size", "project"};
static const char *const only_esp[] = {"chip", "project"};

static int size_asked(struct cli *cli, uint32_t *ret)
{
	const char *size = cli_value(cli, "size");
	unsigned long bytes = DEFAULT_SIZE;
	char *end = NULL;

	errno = 0;
	if (size)
		bytes = strtoul(size, &end, 10);
	if (errno || (end && (*end || end == size)) || bytes < IMAGE_BUILD_MIN ||
	    bytes > IMAGE_BUILD_MAX)
		return cli_fail(cli, CLI_USAGE, "--size: expected %u to %u bytes", IMAGE_BUILD_MIN,
				IMAGE_BUILD_MAX);
	*ret = (uint32_t)bytes;
	return CLI_OK;
}

static int cmd_sample_image_fill(struct cli *cli, struct image_build *build)
{
	const char *chip = cli_value(cli, "chip");
	const struct image_chip *known = image_chip_by_name(chip ? chip : "esp32");
	int code;

	if (!known)
		return cli_fail(cli, CLI_USAGE,
				"--chip: expected a chip of the ESP32 family such as esp32c3");
	code = size_asked(cli, &build->size);
	if (code != CLI_OK)
		return code;
	build->chip_id = known->id;
	build->version = cli_value(cli, "version-text");
	build->project = cli_value(cli, "project");
	if (!build->version)
		build->version = "2.0.0";
	build->seed = build->size ^ known->id;
	if (strlen(build->version) > KEPT)
		return cli_fail(cli, CLI_USAGE, "--version-text: expected at most %u bytes", KEPT);
	if (build->project && strlen(build->project) > KEPT)
		return cli_fail(cli, CLI_USAGE, "--project: expected at most %u bytes", KEPT);
	return CLI_OK;
}

/* Writes what was made, and says so. */
static int finish_sample(struct cli *cli, const char *path, const char *what, const char *version,
			 const uint8_t *bytes, size_t size)
{
	char why[512];
	const int r = file_save_as(path, cli->overwrite ? FILE_SAVE_REPLACE : 0, bytes, size, why,
				   sizeof(why));

	if (r < 0)
		return cli_fail_write(cli, r, path, why);
	if (!cli->json && !cli->quiet) {
		output_put_safe(cli->out, path);
		(void)fprintf(cli->out, ": %zu bytes for %s, version ", size, what);
		output_put_safe(cli->out, version);
		(void)fputc('\n', cli->out);
	}
	return cli_succeed(cli);
}

static int build_sample(struct cli *cli, const char *path)
{
	struct image_build build = {.chip_id = 0};
	uint8_t *bytes;
	size_t size = 0;
	int code = cmd_sample_image_fill(cli, &build);

	if (code != CLI_OK)
		return code;
	bytes = malloc(image_build_size(build.size));
	if (!bytes ||
	    image_build(&build, sha256_buffer, bytes, image_build_size(build.size), &size) < 0)
		code = cli_fail(cli, CLI_DEFECT, "out of memory");
	else
		code = finish_sample(cli, path, image_chip_by_id(build.chip_id)->name,
				     build.version, bytes, size);
	free(bytes);
	return code;
}

static int build_mcuboot(struct cli *cli, const char *path)
{
	const char *version = cli_value(cli, "version-text");
	struct mcuboot_build build = {.seed = 0};
	uint8_t *bytes;
	int code = size_asked(cli, &build.size);

	for (size_t i = 0; code == CLI_OK && i < sizeof(only_esp) / sizeof(only_esp[0]); i++)
		if (cli_value(cli, only_esp[i]))
			code = cli_fail(cli, CLI_USAGE, "--%s: an MCUboot image names none",
					only_esp[i]);
	if (!version)
		version = "2.0.0";
	if (code == CLI_OK && mcuboot_version_parse(version, &build) < 0)
		code = cli_fail(
			cli, CLI_USAGE,
			"--version-text: expected 1.2.3 or 1.2.3+4, of which the parts are at "
			"most 255, 255, 65535 and 4294967295");
	if (code != CLI_OK)
		return code;
	build.seed = build.size ^ build.revision;
	bytes = malloc(build.size);
	if (!bytes || mcuboot_build(&build, sha256_buffer, bytes, build.size) < 0)
		code = cli_fail(cli, CLI_DEFECT, "out of memory");
	else
		code = finish_sample(cli, path, "MCUboot", version, bytes, build.size);
	free(bytes);
	return code;
}

static int fill_edit(struct cli *cli, struct image_edit *edit)
{
	const char *percent = cli_value(cli, "edit"), *seed = cli_value(cli, "seed");
	int64_t ppm = IMAGE_EDIT_PPM / 100;

	for (size_t i = 0; i < sizeof(only_built) / sizeof(only_built[0]); i++)
		if (cli_value(cli, only_built[i]))
			return cli_fail(cli, CLI_USAGE, "--%s: --like takes it from the image",
					only_built[i]);
	if (percent && (text_parse_decimal(percent, strlen(percent), 4, &ppm) < 0 || ppm < 0 ||
			ppm > (int64_t)IMAGE_EDIT_PPM))
		return cli_fail(cli, CLI_USAGE,
				"--edit: expected a number, 0..100 %%, with 4 decimals at most");
	if (seed && text_parse_unsigned(seed, strlen(seed), &edit->seed) < 0)
		return cli_fail(cli, CLI_USAGE, "--seed: expected a whole number");
	edit->ppm = (uint32_t)ppm;
	edit->version = cli_value(cli, "version-text");
	if (edit->version && strlen(edit->version) > KEPT)
		return cli_fail(cli, CLI_USAGE, "--version-text: expected at most %u bytes", KEPT);
	return CLI_OK;
}

static int edit_image(struct cli *cli, const char *path, const struct image *image,
		      const struct image_edit *asked)
{
	struct image_edit edit = *asked;
	char version[KEPT + 1];
	uint8_t *bytes = malloc(image->size + IMAGE_EDIT_GROWTH);
	size_t size = 0;
	int code;

	image_edit_version(image->version, version);
	if (!edit.version)
		edit.version = version;
	if (!bytes || image_edit(image, &edit, sha256_buffer, bytes,
				 image->size + IMAGE_EDIT_GROWTH, &size) < 0)
		code = cli_fail(cli, CLI_DEFECT, "out of memory");
	else
		code = finish_sample(cli, path, image_chip_by_id(image->chip_id)->name,
				     edit.version, bytes, size);
	free(bytes);
	return code;
}

static int edit_sample(struct cli *cli, const char *path, const char *like)
{
	struct image_edit edit = {.ppm = 0};
	struct lint_report report;
	struct image_file file;
	struct image image;
	char error[512];
	int r, code = fill_edit(cli, &edit);

	if (code != CLI_OK)
		return code;
	r = image_file_init(&file, like, error, sizeof(error));
	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	if (image_read(file.data, file.size, sha256_buffer, &image, &report) < 0)
		code = cli_fail(cli, CLI_REFUSED,
				"%s: not an image that boots; 'otabench inspect' says why", like);
	else if (image.kind != IMAGE_APPLICATION)
		code = cli_fail(cli, CLI_REFUSED, "%s: only ESP-IDF's images have relatives made",
				like);
	else
		code = edit_image(cli, path, &image, &edit);
	image_file_finish(&file);
	return code;
}

int cmd_sample_image(struct cli *cli, int argc, char **argv)
{
	const char *like = cli_value(cli, "like"), *kind = cli_value(cli, "kind");

	(void)argc;
	if (like)
		return edit_sample(cli, argv[1], like);
	if (cli_value(cli, "edit") || cli_value(cli, "seed"))
		return cli_fail(cli, CLI_USAGE, "--edit and --seed go with --like=IMAGE");
	if (kind && strcmp(kind, "mcuboot") == 0)
		return build_mcuboot(cli, argv[1]);
	if (kind && strcmp(kind, "esp") != 0)
		return cli_fail(cli, CLI_USAGE, "--kind: expected esp or mcuboot");
	return build_sample(cli, argv[1]);
}
