/* SPDX-License-Identifier: Apache-2.0 */
/* otabench resume DEV IMAGE: resumes an interrupted update; never starts one. */
#include "cli/flash.h"

int cmd_resume(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return flash_run(cli, argv[1], argv[2], true);
}
