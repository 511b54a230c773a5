/* SPDX-License-Identifier: Apache-2.0 */
/* otabench delta OLD NEW: the patch that makes one image out of another, in a file. */
#include "cli/cli.h"

#include "base/file_save.h"
#include "base/output.h"
#include "base/sha256.h"
#include "cli/patch_report.h"
#include "host/image_file.h"
#include "host/image_store.h"
#include "image/lint.h"

#include <stdlib.h>
#include <string.h>

/* Reads an image and refuses what the boot loader would. */
static int delta_read(struct cli *cli, const char *path, struct image_file *file)
{
	struct lint_report report;
	struct image image;
	char error[512];
	const int r = image_file_init(file, path, error, sizeof(error));

	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", error);
	if (image_read(file->data, file->size, sha256_buffer, &image, &report) == 0 &&
	    image.kind == IMAGE_APPLICATION) {
		image_store_keep(&image, &cli->log);
		return CLI_OK;
	}
	image_file_finish(file);
	return cli_fail(cli, CLI_REFUSED,
			"%s: not an image that boots; 'otabench inspect' says why", path);
}

static int delta_save(struct cli *cli, const char *path, const struct patch_file *file)
{
	size_t size = 0;
	uint8_t *bytes = patch_file_format(file, &size);
	char why[512];
	int r;

	if (!bytes)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	r = file_save_as(path, cli->overwrite ? FILE_SAVE_REPLACE : 0, bytes, size, why,
			 sizeof(why));
	free(bytes);
	if (r < 0)
		return cli_fail_write(cli, r, path, why);
	patch_report_print(cli, path, file, size);
	return CLI_OK;
}

/* Progress on a terminal: images of some MB take seconds. */
struct delta_shown {
	FILE *out; /* NULL: nobody looks */
	uint64_t units, all;
	unsigned int percent;
};

static bool delta_show(void *ctx, uint32_t units)
{
	struct delta_shown *s = ctx;
	unsigned int percent;

	s->units += units;
	percent = s->units < s->all ? (unsigned int)(s->units * 100u / s->all) : 100;
	if (s->out && percent != s->percent) {
		(void)fprintf(s->out, "\rcomparing %u %%\033[K", percent);
		(void)fflush(s->out);
		s->percent = percent;
	}
	return true;
}

/* Nobody catches SIGINT here: it ends the program at once, before anything is written. */
static int delta_compare(struct cli *cli, const struct image_file *old,
			 const struct image_file *new, struct patch *ret)
{
	struct delta_shown s = {.all = PATCH_UNITS(old->size, new->size), .percent = 101};
	const struct steps steps = {.done = delta_show, .ctx = &s};
	int r;

	if (!cli->json && !cli->quiet && output_is_terminal(cli->err))
		s.out = cli->err;
	(void)delta_show(&s, 0);
	r = patch_make_steps(ret, old->data, old->size, new->data, new->size, &steps);
	if (s.out) {
		(void)fprintf(s.out, "\r\033[K");
		(void)fflush(s.out);
	}
	return r;
}

static int delta_make(struct cli *cli, const struct image_file *old, const struct image_file *new,
		      const char *path)
{
	struct patch_file file;
	struct patch patch;
	int r = delta_compare(cli, old, new, &patch);

	if (r < 0)
		return cli_fail(cli, CLI_DEFECT,
				"out of memory: comparing takes six times the image");
	patch_file_init(&file, &patch, new->data);
	r = delta_save(cli, path, &file);
	patch_file_finish(&file);
	return r;
}

int cmd_delta(struct cli *cli, int argc, char **argv)
{
	const char *path = cli_value(cli, "output");
	struct image_file old, new;
	int code;

	(void)argc;
	if (!path)
		return cli_fail(cli, CLI_USAGE, "delta: expected --output=FILE, or -o FILE");
	if (file_is_same(path, argv[1]) || file_is_same(path, argv[2]))
		return cli_fail(cli, CLI_USAGE, "%s: this file is one of the two images", path);
	code = delta_read(cli, argv[1], &old);
	if (code != CLI_OK)
		return code;
	code = delta_read(cli, argv[2], &new);
	if (code == CLI_OK) {
		code = delta_make(cli, &old, &new, path);
		image_file_finish(&new);
	}
	image_file_finish(&old);
	return code;
}
