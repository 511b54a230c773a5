/* SPDX-License-Identifier: Apache-2.0 */
/* otabench cancel DEV: ends an update on the device, and forgets what it has of it. */
#include "cli/run.h"

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	(void)fprintf(cli->out,
		      "%s %s: no update is in progress, the running firmware is unchanged\n",
		      now->device, now->address);
}

int cmd_cancel(struct cli *cli, int argc, char **argv)
{
	static const struct run_report how = {.words = words};

	(void)argc;
	return run_write_command(cli, argv[1], OTA_CMD_ABORT, &how);
}
