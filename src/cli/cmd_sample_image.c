/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench sample-image FILE: a valid image to try things with, where no real
 * one is at hand.  It passes every check of the boot loader and runs nowhere.
 */
#include "cli/cli.h"

#include "base/file_save.h"
#include "base/output.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/image_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SIZE 600000u
#define KEPT 31u /* bytes of a text in the application descriptor */

static int cmd_sample_image_fill(struct cli *cli, struct image_build *build)
{
	const char *chip = cli_value(cli, "chip"), *size = cli_value(cli, "size");
	const struct image_chip *known = image_chip_by_name(chip ? chip : "esp32");
	char *end = NULL;
	unsigned long bytes = DEFAULT_SIZE;

	if (!known)
		return cli_fail(cli, CLI_USAGE,
				"--chip: expected a chip of the ESP32 family such as esp32c3");
	errno = 0;
	if (size)
		bytes = strtoul(size, &end, 10);
	if (errno || (end && (*end || end == size)) || bytes < IMAGE_BUILD_MIN ||
	    bytes > IMAGE_BUILD_MAX)
		return cli_fail(cli, CLI_USAGE, "--size: expected %u to %u bytes", IMAGE_BUILD_MIN,
				IMAGE_BUILD_MAX);
	build->chip_id = known->id;
	build->size = (uint32_t)bytes;
	build->version = cli_value(cli, "version-text");
	build->project = cli_value(cli, "project");
	if (!build->version)
		build->version = "2.0.0";
	build->seed = (uint32_t)bytes ^ known->id;
	if (strlen(build->version) > KEPT)
		return cli_fail(cli, CLI_USAGE, "--version-text: expected at most %u bytes", KEPT);
	if (build->project && strlen(build->project) > KEPT)
		return cli_fail(cli, CLI_USAGE, "--project: expected at most %u bytes", KEPT);
	return CLI_OK;
}

int cmd_sample_image(struct cli *cli, int argc, char **argv)
{
	struct image_build build = {.chip_id = 0};
	uint8_t *bytes;
	size_t size = 0;
	char why[512];
	int r, code = cmd_sample_image_fill(cli, &build);

	(void)argc;
	if (code != CLI_OK)
		return code;
	bytes = malloc(image_build_size(build.size));
	if (!bytes ||
	    image_build(&build, sha256_buffer, bytes, image_build_size(build.size), &size) < 0) {
		free(bytes);
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	}
	r = file_save_as(argv[1], cli->overwrite ? FILE_SAVE_REPLACE : 0, bytes, size, why,
			 sizeof(why));
	free(bytes);
	if (r < 0)
		return cli_fail_write(cli, r, argv[1], why);
	if (!cli->json && !cli->quiet) {
		output_put_safe(cli->out, argv[1]);
		(void)fprintf(cli->out, ": %zu bytes for %s, version ", size,
			      image_chip_by_id(build.chip_id)->name);
		output_put_safe(cli->out, build.version);
		(void)fputc('\n', cli->out);
	}
	return cli_succeed(cli);
}
