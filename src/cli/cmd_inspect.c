/* SPDX-License-Identifier: Apache-2.0 */
/* otabench inspect IMAGE: what an image is, and all that speaks against it. */
#include "cli/cli.h"

#include "host/hash.h"
#include "host/image_file.h"
#include "host/image_report.h"

#include <string.h>

static void tell(struct cli *cli, const char *path, const struct image *image,
		 const struct lint_report *report, bool ok)
{
	json_t *result;

	if (!cli->json) {
		image_report_print(cli->out, path, image, report);
		return;
	}
	result = cli_event(cli, "result");
	if (result) {
		(void)json_object_set_new(result, "ok", json_boolean(ok));
		(void)json_object_set_new(result, "outcome",
					  json_string(ok ? "readable" : "refused"));
		(void)json_object_set_new(result, "exit", json_integer(ok ? CLI_OK : CLI_REFUSED));
		(void)json_object_set_new(result, "file", output_json_text(path, strlen(path)));
		(void)json_object_update_missing_new(result, image_report_json(image, report));
	}
	cli_emit(cli, result);
}

int cmd_inspect(struct cli *cli, int argc, char **argv)
{
	struct lint_report report;
	struct image_file file;
	struct image image;
	char error[256];
	int rc;

	(void)argc;
	rc = image_file_init(&file, argv[1], error, sizeof(error));
	if (rc < 0)
		return cli_fail(cli, rc == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(rc), "%s",
				error);
	rc = image_read(file.data, file.size, hash_sha256, &image, &report);
	tell(cli, argv[1], &image, &report, rc == 0);
	image_file_finish(&file);
	return rc == 0 ? CLI_OK : CLI_REFUSED;
}
