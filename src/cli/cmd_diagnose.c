/* SPDX-License-Identifier: Apache-2.0 */
/* otabench diagnose DEV | --trace FILE: why an update does not go on. */
#include "cli/run.h"

#include "replay/replay.h"

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)fprintf(cli->out, "%s %s\n\n", now->device, now->address);
	if (result->diagnosis_count == 0)
		run_print_field(cli->out, "Diagnosis", "%s", diagnosis_text(DIAGNOSIS_NONE));
	for (size_t i = 0; i < result->diagnosis_count; i++) {
		const struct diagnosis *d = &result->diagnoses[i];

		run_print_field(cli->out, i == 0 ? "Diagnosis" : "Or", "%s (%s, %u %% certain)",
				diagnosis_text(d->cause), diagnosis_name(d->cause), d->certainty);
		run_print_field(cli->out, "Evidence", "%s", d->evidence);
		if (diagnosis_cure(d->cause)[0])
			run_print_field(cli->out, "Cure", "%s", diagnosis_cure(d->cause));
	}
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

int cmd_diagnose(struct cli *cli, int argc, char **argv)
{
	const struct job_config config = {
		.goal = SESSION_LOOK,
		.device = argc > 1 ? argv[1] : NULL,
	};

	if (argc > 1)
		return run_job(cli, &config, &report);
	if (!cli->trace)
		return cli_fail(cli, CLI_USAGE,
				"diagnose: expected a device, or --trace=FILE of a recorded run");
	return afterwards(cli, cli->trace);
}
