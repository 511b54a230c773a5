/* SPDX-License-Identifier: Apache-2.0 */
/* otabench diagnose DEV | --trace FILE | --btsnoop FILE: why an update does not go on. */
#include "cli/run.h"

#include "base/file_read.h"
#include "base/os_error.h"
#include "cli/diagnose_capture.h"
#include "replay/replay.h"

#include <errno.h>
#include <stdlib.h>

static void tell_causes(struct cli *cli, const struct diagnosis *found, size_t count)
{
	if (count == 0)
		run_print_field(cli->out, "Diagnosis", "%s", diagnosis_text(DIAGNOSIS_NONE));
	for (size_t i = 0; i < count; i++) {
		const struct diagnosis *d = &found[i];
		char cure[3u * DIAGNOSIS_TEXT];

		run_print_field(cli->out, i == 0 ? "Diagnosis" : "Or", "%s (%s, %u %% certain)",
				diagnosis_text(d->cause), diagnosis_name(d->cause), d->certainty);
		run_print_field(cli->out, "Evidence", "%s", d->evidence);
		if (diagnosis_cure(d->cause)[0])
			run_print_field(cli->out, "Cure", "%s",
					diagnosis_cure_text(d, cure, sizeof(cure)));
	}
}

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)fprintf(cli->out, "%s %s\n\n", now->device, now->address);
	tell_causes(cli, result->diagnoses, result->diagnosis_count);
	if (now->stats.status_known) {
		(void)fputc('\n', cli->out);
		run_print_status(cli->out, &now->stats.status);
	}
}

static void json(json_t *object, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	if (now->stats.status_known)
		run_json_status(object, &now->stats.status);
}

static const struct run_report report = {
	.words = words, .json = json, .asked = true, .always = true};

/* A recorded run, played to its end. */
static int afterwards(struct cli *cli, const char *path)
{
	struct replay *replay = NULL;
	char why[512];
	int r = replay_open(path, &replay, why, sizeof(why));

	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", why);
	r = run_replay(cli, replay, replay_main_run(replay), &report);
	replay_close(replay);
	return r;
}

static json_t *causes_json(const struct diagnose_capture *d)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->count; i++)
		(void)json_array_append_new(list, cli_diagnosis(&d->found[i]));
	return list;
}

static int tell_capture(struct cli *cli, const struct diagnose_capture *d, const char *path)
{
	const struct session_stats *st = &d->snoop.stats;
	json_t *event;

	if (d->damaged)
		log_write(&cli->log, LOG_LEVEL_WARNING,
			  "%s: the file is cut or damaged; what stands before that is judged",
			  path);
	if (!cli->json) {
		(void)fprintf(cli->out, "%s\n\n", path);
		if (d->snoop.started)
			run_print_field(cli->out, "Update",
					"%u values sent, %u bytes received, %u flushed, of %u",
					st->values, st->received, st->flushed, d->snoop.size);
		else
			run_print_field(cli->out, "Update", "none was begun in this file");
		tell_causes(cli, d->found, d->count);
		return CLI_OK;
	}
	event = cli_result(cli, CLI_OK);
	if (event) {
		(void)json_object_set_new(event, "update", json_boolean(d->snoop.started));
		(void)json_object_set_new(event, "dialect",
					  json_string(dialect_get(d->snoop.dialect)->name));
		(void)json_object_set_new(event, "values", json_integer(st->values));
		(void)json_object_set_new(event, "received", json_integer(st->received));
		(void)json_object_set_new(event, "flushed", json_integer(st->flushed));
		(void)json_object_set_new(event, "whole", json_boolean(!d->damaged));
		(void)json_object_set_new(event, "diagnosis", causes_json(d));
	}
	cli_emit(cli, event);
	return CLI_OK;
}

/* A capture of packets, of whichever client's update. */
static int of_capture(struct cli *cli, const char *path)
{
	struct diagnose_capture *d = malloc(sizeof(*d));
	FILE *in = file_read_stream(path);
	int rc;

	if (!d || !in) {
		rc = in ? -OTA_ENOMEM : os_error_code(errno);
		rc = cli_fail(cli, cli_exit_of(rc), "%s: %s", path,
			      in ? "out of memory" : file_read_why(errno));
	} else {
		rc = diagnose_capture(in, d);
		rc = rc == 0 ? tell_capture(cli, d, path)
			     : cli_fail(cli, CLI_REFUSED,
					"%s: not a btsnoop file of HCI packets (data links 1001, "
					"1002, 2001)",
					path);
	}
	if (in)
		(void)fclose(in);
	free(d);
	return rc;
}

int cmd_diagnose(struct cli *cli, int argc, char **argv)
{
	const struct job_config config = {
		.goal = SESSION_LOOK,
		.device = argc > 1 ? argv[1] : NULL,
	};

	if (argc > 1)
		return run_job(cli, &config, &report);
	if (cli->btsnoop)
		return of_capture(cli, cli->btsnoop);
	if (!cli->trace)
		return cli_fail(cli, CLI_USAGE,
				"diagnose: expected a device, --trace=FILE of a recorded run, or "
				"--btsnoop=FILE of a capture");
	return afterwards(cli, cli->trace);
}
