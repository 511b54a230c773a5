/* SPDX-License-Identifier: Apache-2.0 */
/* otabench doctor: what this machine offers, what it lacks, and what to do. */
#include "cli/cli.h"

#include "doctor/doctor.h"

#include <string.h>
#include <unistd.h>

static void print_finding(struct cli *cli, const struct doctor_finding *f)
{
	char found[4 * sizeof(f->found) + 1], advice[4 * sizeof(f->advice) + 1];
	char fix[DOCTOR_TEXT + 64];
	json_t *event;

	if (!cli->json) {
		/* Some of it is what the bus and its daemons said. */
		(void)output_safe_text(f->found, strlen(f->found), found, sizeof(found));
		(void)fprintf(cli->out, "%-4s  %-16s %s\n", doctor_level_name(f->level), f->check,
			      found);
		(void)output_safe_text(f->advice, strlen(f->advice), advice, sizeof(advice));
		if (advice[0])
			(void)fprintf(cli->out, "%-22s -> %s\n", "", advice);
		return;
	}
	event = cli_event(cli, "finding");
	if (event) {
		(void)json_object_set_new(event, "level", json_string(doctor_level_name(f->level)));
		(void)json_object_set_new(event, "check", json_string(f->check));
		(void)json_object_set_new(event, "found",
					  output_json_text(f->found, strlen(f->found)));
		(void)json_object_set_new(event, "advice",
					  output_json_text(f->advice, strlen(f->advice)));
		(void)doctor_fix_text(f, fix, sizeof(fix));
		(void)json_object_set_new(
			event, "fix", fix[0] ? output_json_text(fix, strlen(fix)) : json_null());
	}
	cli_emit(cli, event);
}

/* Returns true if it may be done. */
static bool agreed(struct cli *cli, const char *what)
{
	char line[16] = "";

	if (cli_value(cli, "yes"))
		return true;
	if (cli->json || !isatty(STDIN_FILENO)) {
		log_write(&cli->log, LOG_LEVEL_WARNING, "not done without --yes: %s", what);
		return false;
	}
	(void)fprintf(stderr, "%s? [y/N] ", what);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* Returns how many were mended. */
static unsigned int fix_all(struct cli *cli, const struct doctor *d,
			    const struct doctor_config *config)
{
	char what[DOCTOR_TEXT + 64];
	unsigned int mended = 0;

	for (size_t i = 0; i < d->count; i++) {
		json_t *event;
		int rc;

		if (d->findings[i].fix == DOCTOR_FIX_NONE ||
		    !agreed(cli, doctor_fix_text(&d->findings[i], what, sizeof(what))))
			continue;
		rc = doctor_mend(&d->findings[i], config);
		mended += rc == 0;
		if (rc < 0)
			log_write(&cli->log, LOG_LEVEL_ERROR, "%s: %s", what, strerror(-rc));
		else
			log_write(&cli->log, LOG_LEVEL_INFO, "done: %s", what);
		event = cli_event(cli, "fix");
		if (event) {
			(void)json_object_set_new(event, "fix",
						  output_json_text(what, strlen(what)));
			(void)json_object_set_new(event, "done", json_boolean(rc == 0));
			(void)json_object_set_new(
				event, "error", rc < 0 ? json_string(strerror(-rc)) : json_null());
		}
		cli_emit(cli, event);
	}
	return mended;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	const struct doctor_config config = {.root = NULL};
	struct doctor d;

	(void)argc;
	(void)argv;
	doctor_collect(&d, &config);
	if (cli_value(cli, "fix") && fix_all(cli, &d, &config) > 0)
		doctor_collect(&d, &config);
	for (size_t i = 0; i < d.count; i++)
		print_finding(cli, &d.findings[i]);
	if (d.refused)
		return cli_fail(cli, CLI_NO_PERMISSION, "this user may not use Bluetooth");
	if (!d.ready)
		return cli_fail(cli, CLI_NO_ADAPTER, "no Bluetooth adapter is ready");
	return cli_succeed(cli);
}
