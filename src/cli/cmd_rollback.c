/* SPDX-License-Identifier: Apache-2.0 */
/* otabench rollback DEV: goes back to the image in the other slot. */
#include "cli/run.h"

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	(void)fprintf(cli->out, "%s %s: rolls back to the other slot and reboots\n", now->device,
		      now->address);
}

int cmd_rollback(struct cli *cli, int argc, char **argv)
{
	static const struct run_report how = {.words = words};

	(void)argc;
	return run_write_command(cli, argv[1], OTA_CMD_ROLLBACK, &how);
}
