/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded run without a screen: told as it was when it was recorded. */
#include "cli/run_priv.h"

#include "cli/bench.h"
#include "replay/replay.h"

#include <string.h>

static void text(json_t *object, const char *key, const char *value)
{
	(void)json_object_set_new(object, key, value[0] != '\0' ? json_string(value) : json_null());
}

/* Describes the recording before its first event. */
static void tell_head(struct cli *cli, const struct replay *replay, size_t index)
{
	const struct replay_run *run = replay_run(replay, index);
	json_t *event;

	log_write(&cli->log, LOG_LEVEL_INFO, "recorded %s by %s on %s, run %zu of %zu: %s",
		  replay_recorded(replay), replay_program(replay), replay_source(replay), index + 1,
		  replay_runs(replay), job_goal_name(run->config.goal));
	if (!cli->json)
		return;
	event = cli_event_at(run->start_us, "replay");
	if (event) {
		text(event, "recorded", replay_recorded(replay));
		text(event, "program", replay_program(replay));
		text(event, "source", replay_source(replay));
		(void)json_object_set_new(event, "simulated",
					  json_boolean(replay_simulated(replay)));
		(void)json_object_set_new(event, "run", json_integer((json_int_t)index + 1));
		(void)json_object_set_new(event, "runs",
					  json_integer((json_int_t)replay_runs(replay)));
		(void)json_object_set_new(event, "goal",
					  json_string(job_goal_name(run->config.goal)));
		(void)json_object_set_new(event, "damaged_line",
					  replay_damaged_line(replay) > 0
						  ? json_integer(replay_damaged_line(replay))
						  : json_null());
	}
	cli_emit(cli, event);
}

static struct run_report report_of(const struct replay_run *run)
{
	const struct job_config *c = &run->config;

	if (c->goal == SESSION_LOOK)
		return run_report_info;
	if (c->goal == SESSION_COMMAND && c->command == OTA_CMD_STATUS)
		return run_report_status;
	if (c->goal == SESSION_MEASURE)
		return *bench_report(c->pattern ? BENCH_FLASH : BENCH_LINK);
	return (struct run_report){
		.words = run_summary,
		.image = c->goal == SESSION_UPDATE ? &run->image : NULL,
	};
}

/* The replay does not end as recorded: tells how far it came, and why no further. */
static int tell_cut(struct run *r, const struct replay *replay)
{
	char why[256];
	struct job_snapshot now;

	job_snapshot(r->job, &now);
	replay_explain(replay, why, sizeof(why));
	return cli_fail(r->cli, CLI_REFUSED, "%s; it was %s, %u of %u bytes received", why,
			job_state_name(&now), now.stats.received, now.size);
}

int run_replay(struct cli *cli, struct replay *replay, size_t index,
	       const struct run_report *report)
{
	const struct replay_run *run = replay_run(replay, index);
	const struct run_report how = report ? *report : report_of(run);
	struct run r = {.cli = cli};
	const struct job_listener listener = run_listener(&r);
	int code;

	cli->force = run->config.forced; /* what was forced then is told as forced */
	/* The job is made and told of by replay_begin(): the listener needs it at once. */
	if (replay_begin(replay, index, &listener) < 0)
		return cli_fail(cli, CLI_REFUSED,
				"line %u: the settings of this run cannot be used",
				run->first_line);
	r.transport = replay_transport(replay);
	if (cli->verbose > 1)
		transport_watch(r.transport, run_on_call, &r);
	r.job = replay_job(replay);
	tell_head(cli, replay, index);
	if (replay_until(replay, UINT64_MAX, 0) != REPLAY_FINISHED)
		code = tell_cut(&r, replay);
	else
		run_tell_end(&r, &how, (enum cli_exit)(code = run_exit(&r.result)));
	stack_log_lines_finish(&r.calls);
	return code;
}
