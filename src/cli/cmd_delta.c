/* SPDX-License-Identifier: Apache-2.0 */
/* otabench delta OLD NEW: the patch that makes one image out of another, in a file. */
#include "cli/cli.h"

#include "base/file_save.h"
#include "base/output.h"
#include "base/sha256.h"
#include "base/worker.h"
#include "cli/patch_report.h"
#include "cli/signals.h"
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

/* Compares on a thread: the loop has the signals.  Sorting the older image is one step of seconds, so
 * that who gives up leaves the thread behind; what it works on is its own. */
struct delta_work {
	struct image_file old, new;
	struct patch patch;
	int made; /* 0: patch is */
};

static void delta_compare(void *ctx, const struct steps *steps)
{
	struct delta_work *w = ctx;

	w->made = patch_make_steps(&w->patch, w->old.data, w->old.size, w->new.data, w->new.size,
				   steps);
}

static void delta_work_finish(void *ctx)
{
	struct delta_work *w = ctx;

	if (w->made == 0)
		patch_finish(&w->patch);
	image_file_finish(&w->old);
	image_file_finish(&w->new);
	free(w);
}

struct delta {
	struct cli *cli;
	struct worker *worker;
	FILE *line; /* where progress is drawn; NULL: nobody looks */
	unsigned int tenths; /* told of, and one */
	bool cancelled;
};

/* A script is told of each tenth at most. */
static void delta_show(struct delta *d)
{
	const unsigned int percent = worker_percent(d->worker);
	json_t *event;

	if (d->line) {
		(void)fprintf(d->line, "\rcomparing %u %%\033[K", percent);
		(void)fflush(d->line);
	}
	if (!d->cli->json || percent / 10 < d->tenths)
		return;
	d->tenths = percent / 10 + 1;
	event = cli_event(d->cli, "progress");
	if (event) {
		(void)json_object_set_new(event, "phase", json_string("comparing"));
		(void)json_object_set_new(event, "phase_done", json_integer(percent));
		(void)json_object_set_new(event, "phase_total", json_integer(100));
	}
	cli_emit(d->cli, event);
}

static void delta_told(void *ctx)
{
	delta_show(ctx);
}

static int delta_on_signal(sd_event_source *source, const struct signalfd_siginfo *si,
			   void *userdata)
{
	struct delta *d = userdata;

	(void)source;
	(void)si;
	d->cancelled = true;
	return 0;
}

/* Starts the thread, which has work from then on, and waits for it or for Ctrl-C. */
static int delta_wait(struct delta *d, sd_event *event, struct delta_work *work)
{
	const struct worker_task task = {
		.ctx = work,
		.work = delta_compare,
		.finish = delta_work_finish,
		.told = delta_told,
		.told_ctx = d,
		.units = PATCH_UNITS(work->old.size, work->new.size),
	};
	int r = worker_start(event, &task, &d->worker);

	if (r < 0)
		return r;
	delta_show(d);
	while (r >= 0 && !d->cancelled && !worker_done(d->worker))
		r = sd_event_run(event, UINT64_MAX);
	if (d->line) {
		(void)fprintf(d->line, "\r\033[K");
		(void)fflush(d->line);
	}
	return r < 0 ? r : 0;
}

static int delta_end(struct cli *cli, struct delta_work *work, const char *path)
{
	struct patch_file file;
	int code;

	if (work->made < 0)
		return cli_fail(cli, CLI_DEFECT,
				"out of memory: comparing takes six times the image");
	patch_file_init(&file, &work->patch, work->new.data);
	work->made = -OTA_ENOENT; /* the file's now */
	code = delta_save(cli, path, &file);
	patch_file_finish(&file);
	return code;
}

/* Signals stay blocked while the file is written, so that there is a whole one or none. */
static int delta_make(struct cli *cli, struct delta_work *work, const char *path)
{
	struct delta d = {.cli = cli};
	sd_event *event = NULL;
	int code, r = sd_event_new(&event);

	if (!cli->json && !cli->quiet && output_is_terminal(cli->err))
		d.line = cli->err;
	if (r >= 0)
		r = cli_catch_signals(event, delta_on_signal, &d);
	if (r >= 0)
		r = delta_wait(&d, event, work);
	if (r < 0)
		code = cli_fail(cli, CLI_DEFECT, "comparing: %s", strerror(-r));
	else if (d.cancelled)
		code = cli_fail(cli, CLI_CANCELLED, "cancelled: no patch was written");
	else
		code = delta_end(cli, work, path);
	if (d.worker)
		worker_destroy(d.worker); /* the work with it */
	else
		delta_work_finish(work);
	sd_event_unref(event);
	return code;
}

int cmd_delta(struct cli *cli, int argc, char **argv)
{
	const char *path = cli_value(cli, "output");
	struct delta_work *work;
	int code;

	(void)argc;
	if (!path)
		return cli_fail(cli, CLI_USAGE, "delta: expected --output=FILE, or -o FILE");
	if (file_is_same(path, argv[1]) || file_is_same(path, argv[2]))
		return cli_fail(cli, CLI_USAGE, "%s: this file is one of the two images", path);
	work = calloc(1, sizeof(*work));
	if (!work)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	work->made = -OTA_ENOENT;
	code = delta_read(cli, argv[1], &work->old);
	if (code == CLI_OK)
		code = delta_read(cli, argv[2], &work->new);
	if (code == CLI_OK)
		return delta_make(cli, work, path);
	delta_work_finish(work);
	return code;
}
