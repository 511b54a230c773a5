/* SPDX-License-Identifier: Apache-2.0 */
/* otabench replay LOG: a recorded run again, on the dashboard or in words. */
#include "cli/run.h"

#include "core/text.h"
#include "host/replay.h"
#include "tui/app.h"

#include <string.h>

/* --run=N, counted from 1; without it the last update. */
static int choose_run(struct cli *cli, const struct replay *replay, size_t *ret)
{
	const char *text = cli_value(cli, "run");
	uint64_t number;

	*ret = replay_main_run(replay);
	if (!text)
		return CLI_OK;
	if (text_parse_unsigned(text, strlen(text), &number) < 0 || number < 1 ||
	    number > replay_runs(replay))
		return cli_fail(cli, CLI_USAGE, "--run: expected 1 to %zu, found %s",
				replay_runs(replay), text);
	*ret = (size_t)number - 1;
	return CLI_OK;
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
	struct replay *replay = NULL;
	char why[512];
	size_t run;
	int r;

	(void)argc;
	r = replay_open(argv[1], &replay, why, sizeof(why));
	if (r < 0)
		return cli_fail(cli, r == -OTA_EBADMSG ? CLI_REFUSED : cli_exit_of(r), "%s", why);
	r = choose_run(cli, replay, &run);
	if (r == CLI_OK)
		r = run_replay(cli, replay, run);
	replay_close(replay);
	return r;
}
