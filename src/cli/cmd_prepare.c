/* SPDX-License-Identifier: Apache-2.0 */
/* otabench prepare DEV: erases the other slot, so that the next update need not wait for it. */
#include "cli/run.h"

#include <errno.h>
#include <stdlib.h>

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	(void)result;
	(void)fprintf(cli->out,
		      "%s %s: the other slot is erased; there is nothing to roll back to\n",
		      now->device, now->address);
}

int cmd_prepare(struct cli *cli, int argc, char **argv)
{
	static const struct run_report how = {.words = words};
	const char *text = cli_value(cli, "bytes");
	struct job_config config = {
		.goal = SESSION_COMMAND,
		.command = OTA_CMD_PREPARE,
		.device = argv[1],
	};
	char *end = NULL;
	unsigned long bytes;

	(void)argc;
	if (cli->readonly)
		return cli_fail(cli, CLI_USAGE, "--readonly: this command changes the device");
	if (text) {
		errno = 0;
		bytes = strtoul(text, &end, 10);
		if (errno || end == text || *end || bytes == 0 || bytes > UINT32_MAX)
			return cli_fail(cli, CLI_USAGE, "--bytes: expected 1 to %u", UINT32_MAX);
		config.bytes = (uint32_t)bytes;
	}
	return run_job(cli, &config, &how);
}
