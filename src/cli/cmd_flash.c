/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench flash DEV IMAGE: the whole update, from the file to the proof; and
 * the same for resume, which needs a part of the image on the device.
 */
#include "cli/flash.h"

#include "cli/flash_patch.h"
#include "cli/run.h"
#include "base/file_save.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "host/image_file.h"
#include "host/image_report.h"
#include "host/image_store.h"

#include <string.h>

static int check_image(struct cli *cli, const char *path, struct image_file *file,
		       struct image *image, struct lint_report *report)
{
	json_t *result;

	(void)image_read(file->data, file->size, sha256_buffer, image, report);
	if (!lint_refused(report, cli->force))
		return CLI_OK;
	if (!cli->json) {
		image_report_print_checks(cli->err, report, LINT_WARNING);
		image_file_finish(file);
		return cli_fail(cli, CLI_REFUSED,
				"%s is refused: it is damaged, or not an application", path);
	}
	result = cli_result(cli, CLI_REFUSED);
	if (result) {
		(void)json_object_set_new(result, "checks", image_report_checks_json(report));
	}
	cli_emit(cli, result);
	image_file_finish(file);
	return CLI_REFUSED;
}

static int read_any(struct cli *cli, const char *path, struct image_file *file,
		    struct flash_patch *patch, struct image *image, struct lint_report *report)
{
	char error[256];
	const int rc = image_file_init(file, path, error, sizeof(error));
	int code;

	patch->used = false;
	if (rc < 0)
		return cli_fail(cli, rc == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(rc), "%s",
				error);
	code = flash_patch_open(cli, path, file, patch, image);
	if (code != CLI_OK)
		image_file_finish(file);
	else if (patch->used)
		memset(report, 0, sizeof(*report)); /* all checks but those of its head */
	else
		code = check_image(cli, path, file, image, report);
	return code;
}

int flash_read_image(struct cli *cli, const char *path, struct image_file *file,
		     struct image *image, struct lint_report *report)
{
	struct flash_patch patch = {.used = false};
	char digits[2 * OTA_SHA256_SIZE + 1];
	int code = read_any(cli, path, file, &patch, image, report);

	if (code != CLI_OK || !patch.used)
		return code;
	code = cli_fail(
		cli, CLI_REFUSED,
		"%s is a patch of an image that is not kept here: SHA-256 %s; here the image "
		"itself is needed",
		path, hex_encode(patch.file.patch.base_sha256, OTA_SHA256_SIZE, digits));
	flash_patch_finish(&patch);
	image_file_finish(file);
	return code;
}

/* The image is kept, since it may be the base of the next update. */
static int keep_and_run(struct cli *cli, const struct job_config *config,
			const struct run_report *how)
{
	if (config->image->data)
		image_store_keep(config->image, &cli->log);
	return run_job(cli, config, how);
}

int flash_with_image(struct cli *cli, const struct job_config *given, const char *path,
		     const uint8_t *sha256)
{
	struct lint_report report;
	struct flash_patch patch;
	struct image_file file;
	struct image image = {.data = NULL};
	const struct run_report how = {.words = run_summary, .image = &image};
	struct job_config config = *given;
	int code;

	if (cli->readonly)
		return cli_fail(cli, CLI_USAGE, "--readonly: this command writes to the device");
	code = read_any(cli, path, &file, &patch, &image, &report);
	if (code != CLI_OK)
		return code;
	config.image = &image;
	config.patch = patch.used ? &patch.file.patch : NULL;
	config.image_name = path;
	config.report = &report;
	if (cli->trace && file_is_same(cli->trace, path))
		code = cli_fail(cli, CLI_USAGE, "%s: this file is the image that is sent", path);
	else if (sha256 && memcmp(sha256, image.sha256, sizeof(image.sha256)) != 0)
		code = cli_fail(cli, CLI_REFUSED,
				"%s is not the image that this run sent; 'otabench flash' sends it",
				path);
	else
		code = keep_and_run(cli, &config, &how);
	flash_patch_finish(&patch);
	image_file_finish(&file);
	return code;
}

int flash_run(struct cli *cli, const char *device, const char *path, bool resume_only)
{
	const struct job_config config = {
		.goal = SESSION_UPDATE,
		.device = device,
		.restart = cli_value(cli, "restart") != NULL,
		.no_confirm = cli_value(cli, "no-confirm") != NULL,
		.resume_only = resume_only,
	};

	return flash_with_image(cli, &config, path, NULL);
}

int flash_again(struct cli *cli, const struct history_run *run, const struct profile *profile)
{
	const struct job_config config = {
		.goal = SESSION_UPDATE,
		.device = run->address[0] != '\0' ? run->address : run->device,
		.profile = profile,
		.restart = run->restart,
		.no_confirm = run->no_confirm,
	};

	if (run->image[0] == '\0')
		return cli_fail(cli, CLI_NO_FILE, "run %lld: its image file is unknown",
				(long long)run->id);
	cli->force |= run->forced;
	return flash_with_image(cli, &config, run->image, run->sha256);
}

int cmd_flash(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return flash_run(cli, argv[1], argv[2], false);
}
