/* SPDX-License-Identifier: Apache-2.0 */
/* otabench inspect IMAGE [DEV]: what an image is, all that speaks against it, and what it would
 * change on a device. */
#include "cli/run.h"

#include "base/sha256.h"
#include "host/image_compare.h"
#include "host/image_file.h"
#include "host/image_report.h"

#include <string.h>

/* A report's functions are given no more than the run's: there is one image a process. */
static const struct image *inspected;

static size_t cmd_inspect_compare(const struct job_snapshot *now,
				  struct image_compare_row rows[IMAGE_COMPARE_ROWS],
				  const char **ret_word)
{
	const struct lint_device device = {.info = now->have_info ? &now->info : NULL,
					   .version = now->version};
	enum lint_severity severity;

	return image_compare(inspected, &device, rows, ret_word, &severity);
}

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	const char *word;
	const size_t count = cmd_inspect_compare(now, rows, &word);

	(void)result;
	(void)fprintf(cli->out, "\n%s %s: %s\n\n  %-14s  %-20s  %s\n", now->device, now->address,
		      word[0] != '\0' ? word : "nothing differs", "", "image", "device");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(cli->out, "  %-14s  %-20s  %-20s  %s\n", rows[i].name, rows[i].image,
			      rows[i].device, rows[i].verdict);
}

static void json(json_t *object, const struct job_snapshot *now, const struct job_result *result)
{
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	json_t *all = json_object();
	const char *word;
	const size_t count = cmd_inspect_compare(now, rows, &word);

	(void)result;
	for (size_t i = 0; all && i < count; i++) {
		json_t *row = json_object();

		if (!row)
			break;
		(void)json_object_set_new(row, "image", json_string(rows[i].image));
		(void)json_object_set_new(row, "device", json_string(rows[i].device));
		(void)json_object_set_new(row, "verdict", json_string(rows[i].verdict));
		(void)json_object_set_new(all, rows[i].name, row);
	}
	(void)json_object_set_new(object, "update", json_string(word));
	(void)json_object_set_new(object, "compare", all);
}

/* name of the event: "result", or "image" where a device's result follows. */
static void cmd_inspect_tell(struct cli *cli, const char *name, const char *path,
			     const struct image *image, const struct lint_report *report, bool ok)
{
	json_t *event;

	if (!cli->json) {
		image_report_print(cli->out, path, image, report);
		return;
	}
	event = cli_event(cli, name);
	if (event) {
		(void)json_object_set_new(event, "ok", json_boolean(ok));
		(void)json_object_set_new(event, "outcome",
					  json_string(ok ? "readable" : "refused"));
		(void)json_object_set_new(event, "exit", json_integer(ok ? CLI_OK : CLI_REFUSED));
		(void)json_object_set_new(event, "file", output_json_text(path, strlen(path)));
		(void)json_object_update_missing_new(event, image_report_json(image, report));
	}
	cli_emit(cli, event);
}

int cmd_inspect(struct cli *cli, int argc, char **argv)
{
	static const struct run_report device = {.words = words, .json = json, .asked = true};
	const struct job_config look = {.goal = SESSION_LOOK, .device = argc > 2 ? argv[2] : NULL};
	struct lint_report report;
	struct image_file file;
	struct image image;
	char error[256];
	int rc;

	rc = image_file_init(&file, argv[1], error, sizeof(error));
	if (rc < 0)
		return cli_fail(cli, rc == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(rc), "%s",
				error);
	rc = image_read(file.data, file.size, sha256_buffer, &image, &report);
	/* Only an image can be compared with one. */
	cmd_inspect_tell(cli, rc == 0 && look.device ? "image" : "result", argv[1], &image, &report,
			 rc == 0);
	inspected = &image;
	rc = rc < 0 ? CLI_REFUSED : look.device ? run_job(cli, &look, &device) : CLI_OK;
	image_file_finish(&file);
	return rc;
}
