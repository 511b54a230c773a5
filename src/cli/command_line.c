/* SPDX-License-Identifier: Apache-2.0 */
/* See command_line.h. */
#include "cli/command_line.h"

#include "base/command.h"
#include "image/lint.h"

#include <string.h>

static void put_option(struct command *c, const char *name, const char *value)
{
	char option[COMMAND_LINE_OPTIONS];

	(void)snprintf(option, sizeof(option), "%s%s", name, value);
	command_word(c, option);
}

char *command_line_reach(const struct cli *cli, char *buf, size_t size)
{
	char given[COMMAND_LINE_OPTIONS - sizeof("--sim=")];
	struct sim_options sim = cli->sim;
	struct command c;

	command_begin_part(&c, buf, size);
	sim.fault_count = 0;
	if (cli->sim_given && simopts_format(&sim, given, sizeof(given))[0] != '\0')
		put_option(&c, "--sim=", given);
	else if (cli->sim_given)
		command_add(&c, "--sim");
	else if (cli->adapter)
		put_option(&c, "--adapter=", cli->adapter);
	if (cli->passkey_file && strcmp(cli->passkey_file, "-") != 0)
		put_option(&c, "--passkey-file=", cli->passkey_file);
	if (cli->no_history)
		command_add(&c, "--no-history");
	(void)command_end(&c);
	return buf;
}

char *command_line_sending(const struct cli *cli, char *buf, size_t size)
{
	struct command c;

	command_begin_part(&c, buf, size);
	for (int check = 0; check < LINT_CHECKS; check++) {
		if (cli->force & 1u << check)
			put_option(&c, "--force=", lint_check_name((enum lint_check)check));
	}
	if (cli->profile) {
		command_add(&c, "-p");
		command_word(&c, cli->profile);
	}
	for (size_t i = 0; i < cli->set_count; i++) {
		command_add(&c, "-s");
		command_word(&c, cli->set[i]);
	}
	(void)command_end(&c);
	return buf;
}

bool command_line_is_vain(const struct cli *cli)
{
	return cli->sim_given && cli->sim.state[0] == '\0';
}
