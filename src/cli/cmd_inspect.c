/* SPDX-License-Identifier: Apache-2.0 */
/* otabench inspect IMAGE [DEV]: what an image is, all that speaks against it, and what it would
 * change on a device; or a patch's contents. */
#include "cli/run.h"

#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "cli/patch_report.h"
#include "host/image_compare.h"
#include "host/image_file.h"
#include "host/image_report.h"
#include "sign/secure_boot.h"
#include "sign/sign_file.h"

#include <string.h>

/* A report's functions are given no more than the run's: there is one image a process. */
static const struct image *inspected;

static size_t cmd_inspect_compare(const struct job_snapshot *now,
				  struct image_compare_row rows[IMAGE_COMPARE_ROWS],
				  const char **ret_word)
{
	const struct lint_device device = image_compare_device(now);
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

struct inspection {
	const char *path;
	struct image image;
	struct lint_report report;
	const char *key; /* file; NULL: no key was given */
	struct secure_boot boot; /* compared with it */
};

static void print_boot(struct cli *cli, const struct inspection *in)
{
	char digest[2 * OTA_SHA256_SIZE + 1];

	(void)fputs("\n  Secure boot v2, against ", cli->out);
	output_put_safe(cli->out, in->key);
	(void)fputs(in->boot.count == 0 ? ": no signature\n" : ":\n", cli->out);
	for (unsigned int i = 0; i < in->boot.count; i++)
		(void)fprintf(cli->out, "  block %u       %s\n                key digest %s\n", i,
			      secure_boot_text(in->boot.blocks[i]),
			      hex_encode(in->boot.digests[i], OTA_SHA256_SIZE, digest));
}

static json_t *boot_json(const struct inspection *in)
{
	char digest[2 * OTA_SHA256_SIZE + 1];
	json_t *o = json_object(), *blocks = json_array();

	for (unsigned int i = 0; o && blocks && i < in->boot.count; i++) {
		json_t *block = json_object();

		(void)json_object_set_new(block, "verdict",
					  json_string(secure_boot_text(in->boot.blocks[i])));
		(void)json_object_set_new(
			block, "key_digest",
			json_string(hex_encode(in->boot.digests[i], OTA_SHA256_SIZE, digest)));
		(void)json_array_append_new(blocks, block);
	}
	(void)json_object_set_new(o, "signed", json_boolean(in->boot.is_signed));
	(void)json_object_set_new(o, "blocks", blocks);
	return o;
}

/* name of the event: "result", or "image" where a device's result follows. */
static void cmd_inspect_tell(struct cli *cli, const char *name, const struct inspection *in,
			     int exit)
{
	json_t *event;

	if (!cli->json) {
		image_report_print(cli->out, in->path, &in->image, &in->report);
		if (in->key)
			print_boot(cli, in);
		return;
	}
	event = cli_event(cli, name);
	if (event) {
		(void)json_object_set_new(event, "ok", json_boolean(exit == CLI_OK));
		(void)json_object_set_new(event, "outcome",
					  json_string(exit == CLI_OK ? "readable" : "refused"));
		(void)json_object_set_new(event, "exit", json_integer(exit));
		(void)json_object_set_new(event, "file",
					  output_json_text(in->path, strlen(in->path)));
		if (in->key)
			(void)json_object_set_new(event, "secure_boot_key", boot_json(in));
		(void)json_object_update_missing_new(event,
						     image_report_json(&in->image, &in->report));
	}
	cli_emit(cli, event);
}

static int check_boot(struct cli *cli, struct inspection *in)
{
	char pem[SIGN_FILE_MOST], error[512];
	int r = sign_file_read(in->key, pem, sizeof(pem), error, sizeof(error));

	if (r < 0)
		return cli_fail(cli, cli_exit_of(r), "%s", error);
	r = secure_boot_check(&in->image, pem, (size_t)r, &in->boot);
	if (r < 0)
		return cli_fail(cli, r == -OTA_ENOMEM ? CLI_DEFECT : CLI_REFUSED,
				"%s: expected an RSA or ECDSA key as PEM, not encrypted", in->key);
	return CLI_OK;
}

static int inspect(struct cli *cli, struct inspection *in, const struct image_file *file,
		   const struct job_config *look)
{
	static const struct run_report device = {.words = words, .json = json, .asked = true};
	int r, code = CLI_OK;

	r = image_read(file->data, file->size, sha256_buffer, &in->image, &in->report);
	if (in->key)
		code = check_boot(cli, in);
	if (code != CLI_OK)
		return code;
	code = r < 0 || (in->key && !in->boot.is_signed) ? CLI_REFUSED : CLI_OK;
	/* Only an image can be compared with one. */
	cmd_inspect_tell(cli, r == 0 && look->device ? "image" : "result", in, code);
	inspected = &in->image;
	if (r < 0 || !look->device)
		return code;
	r = run_job(cli, look, &device);
	return code == CLI_OK ? r : code;
}

static int inspect_patch(struct cli *cli, const char *path, const struct image_file *file)
{
	struct patch_file patch;
	char why[256];
	const int r = patch_file_parse(&patch, file->data, file->size, why, sizeof(why));

	if (r == -OTA_ENOMEM)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	if (r < 0)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path, why);
	patch_report_print(cli, path, &patch, file->size);
	patch_file_finish(&patch);
	return CLI_OK;
}

int cmd_inspect(struct cli *cli, int argc, char **argv)
{
	const struct job_config look = {.goal = SESSION_LOOK, .device = argc > 2 ? argv[2] : NULL};
	struct inspection in = {.path = argv[1], .key = cli_value(cli, "secure-boot-key")};
	struct image_file file;
	char error[256];
	int r = image_file_init(&file, argv[1], error, sizeof(error));

	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	r = patch_file_is(file.data, file.size) ? inspect_patch(cli, argv[1], &file)
						: inspect(cli, &in, &file, &look);
	image_file_finish(&file);
	return r;
}
