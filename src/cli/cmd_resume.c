/* SPDX-License-Identifier: Apache-2.0 */
/* otabench resume DEV [IMAGE]: resumes an interrupted update; never starts one. */
#include "cli/flash.h"

int cmd_resume(struct cli *cli, int argc, char **argv)
{
	if (argc < 3)
		return flash_resume(cli, argv[1]);
	if (cli_value(cli, "give-up"))
		return cli_fail(cli, CLI_USAGE, "--give-up: with DEV alone");
	return flash_run(cli, argv[1], argv[2], true);
}
