/* SPDX-License-Identifier: Apache-2.0 */
/* otabench replay LOG: a recorded run again, on the dashboard or in words. */
#include "cli/run.h"
#include "cli/workbench.h"

#include "base/text.h"
#include "replay/replay.h"

#include <string.h>

/* --run=N, counted from 1; -1 or last, the one before -2 ...; without it the last update. */
static int choose_run(struct cli *cli, const struct replay *replay, size_t *ret)
{
	const char *text = cli_value(cli, "run");
	const size_t runs = replay_runs(replay);
	bool from_end;
	uint64_t number;

	*ret = replay_main_run(replay);
	if (!text)
		return CLI_OK;
	text = strcmp(text, "last") == 0 ? "-1" : text;
	from_end = text[0] == '-';
	if (text_parse_unsigned(text + from_end, strlen(text + from_end), &number) < 0 ||
	    number < 1 || number > runs)
		return cli_fail(cli, CLI_USAGE,
				"--run: expected 1 to %zu, or last, -1, -2 ..., found %s", runs,
				text);
	*ret = from_end ? runs - (size_t)number : (size_t)number - 1;
	return CLI_OK;
}

static int cmd_replay_show(struct cli *cli, struct replay *replay, size_t run)
{
	struct app_config config = {
		.source = "",
		.options = "",
		.readonly = true,
		.tier = PLOT_BLOCKS,
		.replay = replay,
		.replay_run = run,
	};
	int r;

	profile_defaults(&config.profile);
	if (sd_event_new(&config.event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop");
	r = workbench_show(cli, &config);
	sd_event_unref(config.event);
	return r;
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
	if (r == CLI_OK && !cli->json && (cli->script || output_is_terminal(cli->out)))
		r = cmd_replay_show(cli, replay, run);
	else if (r == CLI_OK)
		r = run_replay(cli, replay, run, NULL);
	replay_close(replay);
	return r;
}
