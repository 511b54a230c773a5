/* SPDX-License-Identifier: Apache-2.0 */
/* otabench doctor: what this machine offers, what it lacks, and what to do. */
#include "cli/cli.h"

#include "doctor/doctor.h"

#include <string.h>

static void print_finding(struct cli *cli, const struct doctor_finding *f)
{
	char found[4 * sizeof(f->found) + 1], advice[4 * sizeof(f->advice) + 1];
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
	}
	cli_emit(cli, event);
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	const struct doctor_config config = {.root = NULL};
	struct doctor d;

	(void)argc;
	(void)argv;
	doctor_collect(&d, &config);
	for (size_t i = 0; i < d.count; i++)
		print_finding(cli, &d.findings[i]);
	if (d.refused)
		return cli_fail(cli, CLI_NO_PERMISSION, "this user may not use Bluetooth");
	if (!d.ready)
		return cli_fail(cli, CLI_NO_ADAPTER, "no Bluetooth adapter is ready");
	return cli_succeed(cli);
}
