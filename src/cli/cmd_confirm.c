/* SPDX-License-Identifier: Apache-2.0 */
/* otabench confirm DEV: keeps the running image: it is not rolled back at the next boot. */
#include "cli/run.h"

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	(void)fprintf(cli->out, "%s %s: the running image is confirmed\n", now->device,
		      now->address);
}

int cmd_confirm(struct cli *cli, int argc, char **argv)
{
	static const struct run_report how = {.words = words};

	(void)argc;
	return run_write_command(cli, argv[1], OTA_CMD_CONFIRM, &how);
}
