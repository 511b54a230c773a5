/* SPDX-License-Identifier: Apache-2.0 */
/* --bundle=FILE: what is known of a run, kept when it has ended. */
#include "config.h" /* system extensions: PATH_MAX */

#include "cli/run_priv.h"

#include "cli/open.h"
#include "host/journal.h"
#include "replay/bundle.h"
#include "transport/trace.h"

#include <string.h>

static void control_log(void *run, FILE *out)
{
	bundle_job_log(((struct run *)run)->job, out);
}

static void calls_log(void *run, FILE *out)
{
	stack_log_lines_write(&((struct run *)run)->calls, out);
}

int run_bundle(struct run *r, const char *name, const struct profile *profile, int code)
{
	struct cli *cli = r->cli;
	struct job *job = r->job;
	struct job_snapshot now;
	struct bundle b = {
		.path = name,
		.replace = cli->overwrite,
		.anonymous = cli_value(cli, "anonymous") != NULL,
		.source = cli->sim_given ? "virtual ESP32s"
			  : cli->adapter ? cli->adapter
					 : "the machine's Bluetooth adapter",
		.profile = profile,
		.now = &now,
		.result = job_result(job),
		.report = job_report(job),
		.control_log = control_log,
		.calls_log = calls_log,
		.userdata = r,
		.trace = cli->trace,
		.recording = cli->bundle_recording,
		.doctor = !cli->sim_given,
	};
	char path[4096] = "", why[256] = "", journal[PATH_MAX], room[JOURNAL_PLACE_MAX];
	const char *place = cli_place(cli, room);
	json_t *event;

	job_snapshot(job, &now);
	if (place && now.address[0] &&
	    journal_path(place, now.address, journal, sizeof(journal)) == 0)
		b.journal = journal;
	(void)trace_error(r->transport); /* flushes; what is wrong is told at the end */
	if (bundle_write(&b, path, sizeof(path), why, sizeof(why)) < 0) {
		log_write(&cli->log, LOG_LEVEL_ERROR, "the bundle is incomplete: %s", why);
		return code == CLI_OK ? CLI_FILE : code;
	}
	log_write(&cli->log, LOG_LEVEL_INFO, "bundle written to %s", path);
	/* Writing takes time that is not the run's: the result, which is last, is not later. */
	event = cli_event_at((uint64_t)(cli->told_at * 1e6 + 0.5), "bundle");
	if (event)
		(void)json_object_set_new(event, "path", output_json_text(path, strlen(path)));
	cli_emit(cli, event);
	return code;
}
