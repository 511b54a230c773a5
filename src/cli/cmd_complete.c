/* SPDX-License-Identifier: Apache-2.0 */
/* otabench complete -- WORD...: what the scripts in completions/ ask at each press of Tab, so
 * that none of them can go stale. */
#include "cli/complete.h"

int cmd_complete(struct cli *cli, int argc, char **argv)
{
	complete_words(cli, cli_commands, argc - 1, argv + 1);
	return CLI_OK;
}
