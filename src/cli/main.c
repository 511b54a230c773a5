/* SPDX-License-Identifier: Apache-2.0 */
/* The process around cli_main(): standard streams and the exit status. */
#include "cli/cli.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
	/* A reader that went away shows as a failed write, and must not end an update. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* Nor must a limit of the size of files, which shows in the same way. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* For the terminal's character set; numbers stay as in C. */
	(void)setlocale(LC_CTYPE, "");
	return cli_main(argc, argv, cli_commands, stdout, stderr);
}
