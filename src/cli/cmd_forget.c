/* SPDX-License-Identifier: Apache-2.0 */
/* otabench forget DEV: drops what the host remembers of a device. */
#include "cli/maintenance.h"

int cmd_forget(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return cli_maintenance(cli, TRANSPORT_FORGET, argv[1]);
}
