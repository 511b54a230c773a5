/* SPDX-License-Identifier: Apache-2.0 */
/* otabench history rerun RUN: what a recorded run did, once more. */
#include "cli/history.h"

#include "cli/bench.h"
#include "cli/flash.h"
#include "cli/run.h"

#include <inttypes.h>
#include <string.h>

/* On the virtual world, or the adapter, of then, unless the command line names one. */
static int reach_as_then(struct cli *cli, const struct history_run *run)
{
	struct setting_errors errors;
	const char *options = run->options;

	if (cli->sim_given || cli->adapter)
		return CLI_OK;
	if (strncmp(options, "--adapter=", 10) == 0) {
		cli->adapter = options + 10; /* the run outlives the command */
		return CLI_OK;
	}
	if (!run->result.virtual_clock)
		return CLI_OK;
	cli->sim_given = true;
	if (strncmp(options, "--sim=", 6) != 0 ||
	    simopts_parse(&cli->sim, options + 6, &errors) == 0)
		return CLI_OK;
	cli_tell_errors(cli, &errors);
	return cli_fail(cli, CLI_USAGE, "run %" PRId64 ": this version does not accept its --sim",
			run->id);
}

static int profile_as_then(struct cli *cli, const struct history_detail *d, struct profile *ret)
{
	struct setting_errors errors, unread;
	int r;

	if (cli->profile)
		return cli_load_profile(cli, NULL, ret, NULL);
	r = history_profile(d, ret, &errors);
	cli->saved_known = profile_open(d->run.profile, &cli->saved, NULL, &unread) == 0;
	if (r == 0)
		r = profile_set(ret, cli->set, cli->set_count, "--set", &errors);
	if (r == 0)
		return CLI_OK;
	cli_tell_errors(cli, &errors);
	return cli_fail(cli, CLI_USAGE, "the profile cannot be used");
}

static int again(struct cli *cli, const struct history_detail *d)
{
	struct job_config config = {
		.goal = SESSION_MEASURE, .bytes = d->run.size, .pattern = d->run.pattern};
	struct profile profile;
	int code = reach_as_then(cli, &d->run);

	if (code == CLI_OK)
		code = profile_as_then(cli, d, &profile);
	if (code != CLI_OK)
		return code;
	if (d->run.goal == SESSION_UPDATE)
		return flash_again(cli, &d->run, &profile);
	config.device = d->run.address[0] != '\0' ? d->run.address : d->run.device;
	config.profile = &profile;
	if (d->run.pattern)
		code = bench_agree(cli, config.device);
	return code == CLI_OK ? run_job(cli, &config,
					bench_report(d->run.pattern ? BENCH_FLASH : BENCH_LINK))
			      : code;
}

int history_rerun_command(struct cli *cli, struct history *history, const char *text)
{
	struct history_detail detail;
	int64_t id = 0;
	int r, code = history_parse_id(cli, history, text, &id);

	if (code != CLI_OK)
		return code;
	r = history_load(history, id, &detail);
	if (r < 0)
		return history_fail(cli, history, r);
	code = again(cli, &detail);
	history_detail_finish(&detail);
	return code;
}
