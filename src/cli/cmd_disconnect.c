/* SPDX-License-Identifier: Apache-2.0 */
/* otabench disconnect DEV: ends the host's link to a device, whichever program holds it. */
#include "cli/maintenance.h"

int cmd_disconnect(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return cli_maintenance(cli, TRANSPORT_HANG_UP, argv[1]);
}
