/* SPDX-License-Identifier: Apache-2.0 */
/* otabench adapter power-cycle: switches the adapter off and on. */
#include "cli/maintenance.h"

#include <string.h>

int cmd_adapter(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "power-cycle") != 0)
		return cli_fail(cli, CLI_USAGE, "adapter: expected power-cycle, found %s", argv[1]);
	return cli_maintenance(cli, TRANSPORT_POWER_CYCLE, NULL);
}
