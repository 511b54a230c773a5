/* SPDX-License-Identifier: Apache-2.0 */
/* otabench, and otabench workbench [IMAGE]: the screen. */
#include "cli/cli.h"
#include "cli/command_line.h"
#include "cli/open.h"
#include "cli/workbench.h"

#include "history/history.h"
#include "host/journal.h"
#include "tui/app.h"

#include <string.h>
#include <unistd.h>

#define SPEED_REAL 1000 /* thousandths of real time */

/* Without an adapter there is still everything to try: virtual ESP32s. */
static bool wants_virtual(struct cli *cli)
{
	char answer[16] = "";

	if (cli->script || !isatty(STDIN_FILENO))
		return false;
	(void)fprintf(cli->err, "Open it on virtual ESP32s instead? [y/N] ");
	(void)fflush(cli->err);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int open_transport(struct cli *cli, sd_event *event, struct transport **ret)
{
	int code;

	if (!cli->script && !simopts_given(&cli->sim, SIM_SPEED))
		cli->sim.speed = SPEED_REAL;
	code = cli_open(cli, event, ret);
	if (code != CLI_NO_ADAPTER || cli->sim_given || !wants_virtual(cli))
		return code;
	cli->sim_given = true;
	return cli_open(cli, event, ret);
}

int workbench_show(struct cli *cli, const struct app_config *config)
{
	const struct log log = cli->log;
	char why[256] = "";
	int r;

	/* Lines on standard error would go across the screen. */
	cli->log.fn = NULL;
	r = cli->script ? app_script(config, cli->script, cli->out, why, sizeof(why))
			: app_run(config, why, sizeof(why));
	cli->log = log;
	if (r >= 0)
		return r;
	return cli_fail(cli, cli->script ? cli_exit_of(r) : CLI_USAGE, "%s",
			why[0] != '\0' ? why : strerror(-r));
}

int cmd_workbench(struct cli *cli, int argc, char **argv)
{
	struct app_config config = {
		.source = "virtual ESP32s",
		.left = cli->out,
		.force = cli->force,
		.readonly = cli->readonly,
		.trace = cli->trace,
		.no_history = cli->no_history,
		.no_mouse = cli->no_mouse,
		.tier = PLOT_BLOCKS,
	};
	char reach[HISTORY_OPTIONS_MAX], options[COMMAND_LINE_OPTIONS], place[JOURNAL_PLACE_MAX];
	struct profile_source source;
	int r;

	config.image = argc > 1 ? argv[1] : NULL;
	r = cli_load_profile(cli, NULL, &config.profile, &source);
	if (r != CLI_OK)
		return r;
	config.profile_source = &source;
	config.profile_named = cli->profile != NULL;
	if (sd_event_new(&config.event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop");
	r = open_transport(cli, config.event, &config.transport);
	if (r == CLI_OK) {
		config.reach = cli_reach(cli, reach, sizeof(reach));
		if (!cli->sim_given)
			config.source = cli->adapter ? cli->adapter : "Bluetooth";
		config.options = command_line_reach(cli, options, sizeof(options));
		config.place = cli_place(cli, place);
		config.vain = command_line_is_vain(cli);
		r = workbench_show(cli, &config);
		r = cli_close(cli, config.transport, r);
	}
	sd_event_unref(config.event);
	return r;
}
