/* SPDX-License-Identifier: Apache-2.0 */
/* The process around cli_main(): standard streams and the exit status. */
#include "cli/cli.h"

#include <locale.h>

int main(int argc, char **argv)
{
	/* For the terminal's character set; numbers stay as in C. */
	(void)setlocale(LC_CTYPE, "");
	return cli_main(argc, argv, cli_commands, stdout, stderr);
}
