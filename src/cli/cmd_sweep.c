/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench sweep DEV: the settings that suit a device and an adapter, found by measuring the
 * link with one after another, and kept as a profile that flash uses.
 */
#include "cli/run.h"

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/open.h"
#include "cli/passkey.h"
#include "cli/signals.h"
#include "cli/sweep_table.h"
#include "history/history.h"
#include "history/recorder.h"
#include "host/sweep_run.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define RUNS_MAX 1000u

struct sweep_cli {
	struct cli *cli;
	sd_event *event;
	struct transport *transport;
	struct sweep_run *run;
	struct passkey passkey;
	struct sweep_screen screen;
	unsigned int interrupts;
	bool ended, save;
	enum sweep_end end;
};

static json_t *sweep_event(const struct sweep_cli *c, const char *name)
{
	return cli_event_at(c->transport->ops->now_us(c->transport), name);
}

/* Numbers as numbers: a profile takes them as text. */
static json_t *setting_json(const struct sweep *s, enum sweep_axis axis,
			    const struct sweep_point *point)
{
	char text[SETTING_TEXT_MAX];
	json_t *number;

	(void)sweep_value_text(s, axis, point->at[axis], text, sizeof(text));
	number = json_loads(text, JSON_DECODE_ANY, NULL);
	if (json_is_number(number))
		return number;
	json_decref(number);
	return json_string(text);
}

static json_t *point_json(const struct sweep *s, const struct sweep_point *point)
{
	json_t *object = json_object();

	for (enum sweep_axis a = 0; object && a < SWEEP_AXES; a++)
		(void)json_object_set_new(object, profile_settings()[sweep_axis_key(a)].name,
					  setting_json(s, a, point));
	return object;
}

/* --- what the sweep tells */

static void on_known(void *userdata, size_t taken_up)
{
	struct sweep_cli *c = userdata;
	const struct sweep_pair *pair = sweep_run_pair(c->run);
	json_t *event;

	if (!c->cli->json) {
		sweep_screen_clear(&c->screen);
		log_write(&c->cli->log, LOG_LEVEL_INFO, "found %s %s%s", pair->name, pair->device,
			  pair->simulated ? ", simulated" : "");
		if (taken_up > 0)
			log_write(&c->cli->log, LOG_LEVEL_WARNING,
				  "going on with an earlier sweep: %zu measured; --restart begins "
				  "anew",
				  taken_up);
		return;
	}
	event = sweep_event(c, "known");
	if (event) {
		(void)json_object_set_new(event, "device",
					  output_json_text(pair->name, strlen(pair->name)));
		(void)json_object_set_new(event, "address", json_string(pair->device));
		(void)json_object_set_new(event, "adapter",
					  pair->adapter[0] ? json_string(pair->adapter)
							   : json_null());
		(void)json_object_set_new(event, "simulated", json_boolean(pair->simulated));
		(void)json_object_set_new(event, "taken_up", json_integer((json_int_t)taken_up));
	}
	cli_emit(c->cli, event);
}

static void on_measuring(void *userdata, const struct sweep_request *request)
{
	struct sweep_cli *c = userdata;

	sweep_screen_draw(&c->screen, sweep_run_sweep(c->run), request);
}

static void measured_json(struct sweep_cli *c, const struct sweep_sample *x, uint32_t rate)
{
	const struct sweep *s = sweep_run_sweep(c->run);
	json_t *event = sweep_event(c, "measured");
	struct sweep_result best;

	if (event) {
		(void)json_object_set_new(event, "number", json_integer((json_int_t)s->count));
		(void)json_object_set_new(event, "stage", json_string(sweep_stage_name(x->stage)));
		(void)json_object_set_new(event, "settings", point_json(s, &x->point));
		(void)json_object_set_new(event, "goodput", json_integer(rate));
		(void)json_object_set_new(event, "bytes", json_integer(x->bytes));
		(void)json_object_set_new(event, "gaps", json_integer(x->gaps));
		(void)json_object_set_new(event, "not_had", json_boolean(x->not_had));
		if (sweep_best(s, &best))
			(void)json_object_set_new(event, "best_goodput",
						  json_integer(best.best.rate));
	}
	cli_emit(c->cli, event);
}

static void on_measured(void *userdata, const struct sweep_sample *x)
{
	struct sweep_cli *c = userdata;
	const struct sweep *s = sweep_run_sweep(c->run);
	char text[SWEEP_TABLE_LINE], figure[OUTPUT_FIGURE_MAX];
	const uint32_t rate = sweep_sample_rate(x);

	if (c->cli->json)
		measured_json(c, x, rate);
	else if (!c->screen.out)
		log_write(&c->cli->log, LOG_LEVEL_INFO, "%3zu  %10s  %s%s", s->count,
			  rate > 0 ? output_rate(rate, figure, sizeof(figure)) : "failed",
			  sweep_point_text(s, &x->point, text, sizeof(text)),
			  x->not_had ? " (not had)" : "");
}

static void on_passkey(void *userdata, int32_t shown)
{
	struct sweep_cli *c = userdata;
	struct job_snapshot now;

	sweep_screen_clear(&c->screen);
	job_snapshot(sweep_run_job(c->run), &now);
	passkey_ask(&c->passkey, sweep_run_job(c->run), now.device, shown);
}

static void on_warn(void *userdata, const char *text)
{
	struct sweep_cli *c = userdata;

	sweep_screen_clear(&c->screen);
	log_write(&c->cli->log, LOG_LEVEL_WARNING, "%s", text);
}

static void on_finished(void *userdata, enum sweep_end end)
{
	struct sweep_cli *c = userdata;

	c->ended = true;
	c->end = end;
	(void)sd_event_exit(c->event, 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct sweep_cli *c = userdata;

	(void)source;
	if (si->ssi_signo == SIGHUP || c->interrupts++ > 0)
		return sd_event_exit(c->event, 0);
	sweep_screen_clear(&c->screen);
	sweep_run_stop(c->run);
	return 0;
}

/* --- the end */

static void print_result(struct sweep_cli *c, const struct sweep_result *r, const char *path)
{
	const struct sweep *s = sweep_run_sweep(c->run);
	const bool simulated = sweep_run_pair(c->run)->simulated != NULL;
	char text[SWEEP_TABLE_LINE], rate[OUTPUT_FIGURE_MAX];
	FILE *out = c->cli->out;

	run_print_field(out, "Best", "%s", sweep_point_text(s, &r->best.point, text, sizeof(text)));
	run_print_field(out, "Rate", "%s +-%.1f %%%s",
			output_rate(r->best.rate, rate, sizeof(rate)),
			100.0 * r->best.error / r->best.rate,
			simulated ? " (simulated, on the virtual clock)" : "");
	run_print_field(out, "Before", "%s", output_rate(r->first_rate, rate, sizeof(rate)));
	if (r->second.runs > 0) {
		run_print_field(out, "Runner-up", "%s: %s",
				output_rate(r->second.rate, rate, sizeof(rate)),
				sweep_point_text(s, &r->second.point, text, sizeof(text)));
		run_print_field(out, "Confidence", "%.0f %% %s", r->sure_ppm / 10000.0,
				SWEEP_SURE_TEXT);
	}
	if (!r->met)
		run_print_field(out, "Objective",
				"not met: %" PRIu32 " of %" PRIu32 " values were lost",
				r->best.gaps, r->best.values);
	run_print_field(out, "Measured", "%zu runs in a grid of %" PRIu32 " settings", s->count,
			sweep_grid(s));
	if (path)
		run_print_field(out, "Profile", "%s", path);
	else if (!r->met)
		run_print_field(out, "Profile", "none written: no setting meets the objective");
}

static int tell_result(struct sweep_cli *c)
{
	const struct sweep *s = sweep_run_sweep(c->run);
	char path[4096], error[4096 + 128];
	struct sweep_result r;
	int rc = 0;
	json_t *event;

	if (!sweep_best(s, &r))
		return cli_fail(c->cli, CLI_LINK_LOST, "nothing was measured");
	/* A profile that gives up the rate and keeps no promise would be used by itself. */
	c->save = c->save && r.met;
	if (c->save)
		rc = sweep_work_save(sweep_run_work(c->run),
				     (time_t)(recorder_date_ms(c->transport) / 1000),
				     c->cli->overwrite, path, error, sizeof(error));
	if (!c->cli->json && !(rc < 0))
		print_result(c, &r, c->save ? path : NULL);
	if (rc < 0)
		return cli_fail_write(c->cli, rc, path, error);
	event = cli_event(c->cli, "result");
	if (event) {
		(void)json_object_set_new(event, "ok", json_true());
		(void)json_object_set_new(event, "outcome", json_string("swept"));
		(void)json_object_set_new(event, "exit", json_integer(CLI_OK));
		(void)json_object_set_new(event, "objective",
					  json_string(sweep_objective_name(s->objective)));
		(void)json_object_set_new(event, "objective_met", json_boolean(r.met));
		(void)json_object_set_new(event, "simulated",
					  json_boolean(sweep_run_pair(c->run)->simulated));
		(void)json_object_set_new(event, "best", point_json(s, &r.best.point));
		(void)json_object_set_new(event, "goodput", json_integer(r.best.rate));
		(void)json_object_set_new(event, "error", json_integer(r.best.error));
		(void)json_object_set_new(event, "gaps", json_integer(r.best.gaps));
		(void)json_object_set_new(event, "before", json_integer(r.first_rate));
		(void)json_object_set_new(event, "runner_up",
					  r.second.runs > 0 ? point_json(s, &r.second.point)
							    : json_null());
		(void)json_object_set_new(event, "runner_up_goodput",
					  r.second.runs > 0 ? json_integer(r.second.rate)
							    : json_null());
		(void)json_object_set_new(event, "confidence", json_real(r.sure_ppm / 1e6));
		(void)json_object_set_new(event, "runs", json_integer((json_int_t)s->count));
		(void)json_object_set_new(event, "grid", json_integer(sweep_grid(s)));
		(void)json_object_set_new(event, "profile",
					  c->save ? json_string(path) : json_null());
	}
	cli_emit(c->cli, event);
	return CLI_OK;
}

static void print_paused(const struct sweep_cli *c)
{
	const struct sweep *s = sweep_run_sweep(c->run);
	char text[SWEEP_TABLE_LINE], rate[OUTPUT_FIGURE_MAX];
	struct sweep_result r;

	if (sweep_best(s, &r))
		run_print_field(c->cli->out, "So far", "%s: %s",
				output_rate(r.best.rate, rate, sizeof(rate)),
				sweep_point_text(s, &r.best.point, text, sizeof(text)));
	run_print_field(c->cli->out, "Measured",
			"%zu runs in a grid of %" PRIu32 " settings; the same command goes on",
			s->count, sweep_grid(s));
}

static int tell_end(struct sweep_cli *c)
{
	const struct job_result *result = sweep_run_result(c->run);
	const struct sweep *s = sweep_run_sweep(c->run);

	sweep_screen_clear(&c->screen);
	if (!c->ended || (c->end == SWEEP_END_PAUSED && c->interrupts > 0))
		return cli_fail(c->cli, CLI_CANCELLED,
				"interrupted after %zu measurements; the same command goes on",
				s->count);
	if (c->end == SWEEP_END_DONE)
		return tell_result(c);
	if (c->end == SWEEP_END_PAUSED) {
		if (!c->cli->json)
			print_paused(c);
		return cli_succeed(c->cli);
	}
	if (sweep_run_work(c->run)->error[0])
		return cli_fail(c->cli, CLI_FILE, "%s; --restart begins anew and replaces it",
				sweep_run_work(c->run)->error);
	if (result->advice[0])
		log_write(&c->cli->log, LOG_LEVEL_ERROR, "%s", result->advice);
	return cli_fail(c->cli, run_exit(result) == CLI_OK ? CLI_DEVICE_ERROR : run_exit(result),
			"%s%s", result->what,
			s->count > 0 ? " What was measured is kept: the same command goes on."
				     : "");
}

static int loop(struct sweep_cli *c, const struct sweep_run_config *config)
{
	const struct sweep_listener listener = {
		.userdata = c,
		.known = on_known,
		.measuring = on_measuring,
		.measured = on_measured,
		.passkey = on_passkey,
		.warn = on_warn,
		.finished = on_finished,
	};
	int code, rc = sweep_run_create(c->event, c->transport, config, &listener, &c->run);

	if (rc < 0)
		return cli_fail(c->cli, CLI_DEFECT, "%s", strerror(-rc));
	passkey_init(&c->passkey, c->cli, c->event);
	rc = cli_catch_signals(c->event, on_signal, c);
	if (rc >= 0)
		rc = sweep_run_start(c->run);
	if (rc >= 0)
		rc = sd_event_loop(c->event);
	passkey_forget(&c->passkey);
	code = rc < 0 ? cli_fail(c->cli, CLI_DEFECT, "%s", strerror(-rc)) : tell_end(c);
	sweep_run_destroy(c->run);
	return code;
}

static int read_options(struct cli *cli, struct sweep_run_config *config)
{
	const char *objective = cli_value(cli, "objective"), *runs = cli_value(cli, "runs");
	const char *look = cli_value(cli, "device-timeout");
	uint64_t n;

	if (objective && !sweep_objective_of(objective, &config->work.objective))
		return cli_fail(cli, CLI_USAGE,
				"--objective: expected fastest, no-gaps or small-window");
	if (runs && (text_parse_unsigned(runs, strlen(runs), &n) < 0 || n < 1 || n > RUNS_MAX))
		return cli_fail(cli, CLI_USAGE, "--runs: expected 1 to %u", RUNS_MAX);
	if (runs)
		config->work.runs = (uint32_t)n;
	if (look && (text_parse_unsigned(look, strlen(look), &n) < 0 || n < 1 || n > 86400))
		return cli_fail(cli, CLI_USAGE, "--device-timeout: expected 1 to 86400 seconds");
	if (look)
		config->scan_timeout_ms = (uint32_t)n * 1000u;
	config->work.restart = cli_value(cli, "restart") != NULL;
	return CLI_OK;
}

int cmd_sweep(struct cli *cli, int argc, char **argv)
{
	char options[COMMAND_LINE_OPTIONS], reach[HISTORY_OPTIONS_MAX];
	struct sweep_cli c = {.cli = cli, .save = !cli_value(cli, "no-save")};
	struct sweep_run_config config = {.device = argv[1]};
	struct profile bounds;
	int code = read_options(cli, &config);

	(void)argc;
	if (code == CLI_OK)
		code = cli_load_profile(cli, NULL, &bounds, NULL);
	if (code != CLI_OK)
		return code;
	config.work.bounds = &bounds;
	config.options = command_line_reach(cli, options, sizeof(options));
	config.work.simulated = cli->sim_given ? cli_reach(cli, reach, sizeof(reach)) : NULL;
	if (!cli->json && !cli->quiet && output_is_terminal(cli->err))
		c.screen.out = cli->err;
	if (sd_event_new(&c.event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop: out of memory or descriptors");
	code = cli_open(cli, c.event, &c.transport);
	if (code == CLI_OK) {
		code = loop(&c, &config);
		code = cli_close(cli, c.transport, code);
	}
	sd_event_unref(c.event);
	return code;
}
