/* SPDX-License-Identifier: Apache-2.0 */
/* The process around cli_main(): standard streams and the exit status. */
#include "config.h" /* system extensions: fcntl() */

#include "cli/cli.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/* A stream that is closed would lend its number to the next file that is opened, and what is
 * printed would be written into that. */
static void hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
	}
}

int main(int argc, char **argv)
{
	hold_streams();
	/* A reader that went away shows as a failed write, and must not end an update. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* Nor must a limit of the size of files, which shows in the same way. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* The terminal's character set is needed; numbers stay as in C. */
	(void)setlocale(LC_CTYPE, "");
	return cli_main(argc, argv, cli_commands, stdout, stderr);
}
