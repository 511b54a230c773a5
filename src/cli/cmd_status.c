/* SPDX-License-Identifier: Apache-2.0 */
/* otabench status DEV: what the device's update is at. */
#include "cli/run.h"

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	(void)fprintf(cli->out, "%s %s\n\n", now->device, now->address);
	run_print_status(cli->out, &now->stats.status);
}

static void json(json_t *object, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	if (now->stats.status_known)
		run_json_status(object, &now->stats.status);
}

const struct run_report run_report_status = {.words = words, .json = json, .asked = true};

int cmd_status(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return run_command(cli, argv[1], OTA_CMD_STATUS, &run_report_status);
}
