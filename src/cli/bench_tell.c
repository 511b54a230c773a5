/* SPDX-License-Identifier: Apache-2.0 */
/* Output of a bench: in words, each run as it ends, and as JSON. */
#include "cli/bench.h"

#include "base/text.h"

static void set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

/* One run alone is told as a run is, without a table around it. */
static bool bench_is_single(const struct bench_run *b)
{
	const struct bench_plan *plan = &b->bench.plan;

	return plan->runs == 1 && plan->warm_up == 0 && (plan->parts & (plan->parts - 1u)) == 0;
}

/* --- the flash: rates that the device told */

static uint32_t rate_of(uint32_t bytes, uint32_t ms)
{
	return ms == 0 ? 0 : (uint32_t)((uint64_t)bytes * 1000u / ms);
}

static void add_flash(json_t *o, const struct job_result *r)
{
	set(o, "erase_rate", json_integer(rate_of(r->bytes, r->flash.erase_ms)));
	set(o, "write_rate", json_integer(rate_of(r->bytes, r->flash.write_ms)));
	set(o, "read_rate", json_integer(rate_of(r->bytes, r->flash.read_ms)));
}

static void print_flash_rate(FILE *out, const char *label, uint32_t bytes, uint32_t ms)
{
	char rate[OUTPUT_FIGURE_MAX];

	if (ms > 0)
		run_print_field(out, label, "%s, %.1f s",
				output_rate(rate_of(bytes, ms), rate, sizeof(rate)), ms / 1e3);
}

static void flash_words(struct cli *cli, const struct job_snapshot *now, const struct job_result *r)
{
	char rate[OUTPUT_FIGURE_MAX], bytes[OUTPUT_FIGURE_MAX], time[OUTPUT_FIGURE_MAX];
	FILE *out = cli->out;

	(void)fprintf(out, "%s\n\n", r->what);
	run_print_field(out, "Device", "%s %s", now->device, now->address);
	run_print_field(out, "Flash", "%s in %s%s", output_bytes(r->bytes, bytes, sizeof(bytes)),
			output_duration(r->seconds_us, time, sizeof(time)),
			r->virtual_clock ? " (simulated, on the virtual clock)" : "");
	run_print_field(out, "Rate", "%s, erased, written and read back",
			output_rate(r->goodput, rate, sizeof(rate)));
	print_flash_rate(out, "Erase", r->bytes, r->flash.erase_ms);
	print_flash_rate(out, "Write", r->bytes, r->flash.write_ms);
	print_flash_rate(out, "Read back", r->bytes, r->flash.read_ms);
	if (r->limit.cause == LIMIT_NONE)
		return;
	run_print_field(out, "Limited by", "%s", r->limit_text);
	run_print_field(out, "Advice", "%s", r->limit_advice);
}

static void part_words(struct cli *cli, enum bench_part part, const struct job_snapshot *now,
		       const struct job_result *result)
{
	if (part == BENCH_FLASH)
		flash_words(cli, now, result);
	else
		run_summary(cli, now, result);
	run_print_time(cli->out, result);
}

/* --- a run */

static void bench_run_json(struct bench_run *b, enum cli_exit code, bool counts)
{
	const struct bench_turn *turn = &b->turn;
	json_t *o = run_json_result(b->cli, &b->now, &b->run.result, code);

	if (!o)
		return;
	set(o, "event", json_string("run"));
	set(o, "part", json_string(bench_part_name(turn->part)));
	set(o, "run", json_integer(turn->number));
	set(o, "warm_up", json_boolean(turn->warm_up));
	if (turn->part == BENCH_FLASH && counts)
		add_flash(o, &b->run.result);
	if (counts && !turn->warm_up)
		b->told[turn->part][turn->number - 1] = json_incref(o);
	cli_emit(b->cli, o);
}

static void print_median(const struct bench_run *b, enum bench_part part)
{
	char median[OUTPUT_FIGURE_MAX], slow[OUTPUT_FIGURE_MAX], fast[OUTPUT_FIGURE_MAX];
	struct spread s;

	bench_spread(&b->bench, part, &s);
	(void)fprintf(
		b->cli->out, "%-7s %-15s %12s  %s to %s, spread %.1f %%; run %zu is nearest\n",
		bench_part_name(part), "median", output_rate(s.median, median, sizeof(median)),
		output_rate(s.lowest, slow, sizeof(slow)),
		output_rate(s.highest, fast, sizeof(fast)), s.ppm / 1e4, s.nearest + 1);
}

static void bench_run_words(const struct bench_run *b)
{
	const struct bench_plan *plan = &b->bench.plan;
	const struct bench_turn *turn = &b->turn;
	const struct job_result *r = &b->run.result;
	char rate[OUTPUT_FIGURE_MAX], time[OUTPUT_FIGURE_MAX], bytes[OUTPUT_FIGURE_MAX],
		gaps[TEXT_COUNT_MAX], which[32];

	(void)snprintf(which, sizeof(which), "%s %u of %u", turn->warm_up ? "warm-up" : "run",
		       turn->number, turn->warm_up ? plan->warm_up : plan->runs);
	(void)fprintf(b->cli->out, "%-7s %-15s %12s  %s in %s", bench_part_name(turn->part), which,
		      output_rate(r->goodput, rate, sizeof(rate)),
		      output_bytes(r->bytes, bytes, sizeof(bytes)),
		      output_duration(r->seconds_us, time, sizeof(time)));
	if (r->gaps > 0)
		(void)fprintf(b->cli->out, ", %s", text_count(r->gaps, "gap", gaps, sizeof(gaps)));
	(void)fprintf(b->cli->out, "%s\n", r->virtual_clock ? " (simulated)" : "");
	if (!turn->warm_up && turn->number == plan->runs && plan->runs > 1)
		print_median(b, turn->part);
	(void)fflush(b->cli->out);
}

void bench_tell_run(struct bench_run *b, enum cli_exit code, bool counts)
{
	if (bench_is_single(b))
		return;
	if (b->cli->json)
		bench_run_json(b, code, counts);
	else if (counts)
		bench_run_words(b);
}

/* --- the end */

static void bench_end_words(struct bench_run *b)
{
	for (unsigned int p = 0; p < BENCH_PARTS; p++) {
		const enum bench_part part = (enum bench_part)p;
		const struct job_result *r;
		struct spread s;

		if (bench_count(&b->bench, part) == 0)
			continue;
		bench_spread(&b->bench, part, &s);
		r = bench_result(&b->bench, part, (unsigned int)s.nearest);
		(void)fprintf(b->cli->out, "\n%s, run %zu: ", bench_part_name(part), s.nearest + 1);
		part_words(b->cli, part, &b->now, r);
	}
}

/* The runs' goodputs taken together. */
static json_t *figures_json(const uint32_t *goodputs, size_t count, unsigned int warm_up)
{
	json_t *o = json_object(), *runs = json_array();
	struct spread s;

	spread_of(goodputs, count, &s);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(runs, json_integer(goodputs[i]));
	set(o, "runs", json_integer((json_int_t)s.count));
	set(o, "warm_up", json_integer(warm_up));
	set(o, "median", json_integer(s.median));
	set(o, "slowest", json_integer(s.lowest));
	set(o, "fastest", json_integer(s.highest));
	set(o, "spread", json_real(s.ppm / 1e6));
	set(o, "goodputs", runs);
	set(o, "nearest", json_integer((json_int_t)s.nearest + 1));
	return o;
}

static json_t *part_json(const struct bench_run *b, enum bench_part part)
{
	uint32_t goodputs[BENCH_RUNS_MAX];
	const unsigned int count = bench_count(&b->bench, part);

	for (unsigned int i = 0; i < count; i++)
		goodputs[i] = bench_result(&b->bench, part, i)->goodput;
	return figures_json(goodputs, count, b->bench.warmed[part]);
}

/* The result of the run nearest to the median of the main part, with what all say together. */
static void bench_end_json(struct bench_run *b, enum cli_exit code)
{
	enum bench_part part;
	const bool any = bench_main_part(&b->bench, &part);
	json_t *o = NULL, *parts = json_object();
	struct spread s;

	if (any && code == CLI_OK) {
		bench_spread(&b->bench, part, &s);
		o = json_copy(b->told[part][s.nearest]);
		set(o, "t", output_json_seconds(b->now.now_us));
		set(o, "event", json_string("result"));
		(void)json_object_del(o, "run");
		(void)json_object_del(o, "warm_up");
		(void)json_object_update_new(o, part_json(b, part));
	} else {
		o = run_json_result(b->cli, &b->now, &b->run.result, code);
	}
	for (unsigned int p = 0; p < BENCH_PARTS; p++) {
		if (bench_count(&b->bench, (enum bench_part)p) > 0)
			set(parts, bench_part_name((enum bench_part)p),
			    part_json(b, (enum bench_part)p));
	}
	set(o, "parts", parts);
	cli_emit(b->cli, o);
}

/* --- one run by itself, which a recording holds as well */

static void single_json(json_t *o, enum bench_part part, const struct job_result *result)
{
	json_t *parts;

	if (!bench_counts(part, result))
		return;
	parts = json_object();
	set(o, "part", json_string(bench_part_name(part)));
	if (part == BENCH_FLASH)
		add_flash(o, result);
	(void)json_object_update_new(o, figures_json(&result->goodput, 1, 0));
	set(parts, bench_part_name(part), figures_json(&result->goodput, 1, 0));
	set(o, "parts", parts);
}

#define SINGLE(name, part)                                                                         \
	static void name##_words(struct cli *cli, const struct job_snapshot *now,                  \
				 const struct job_result *result)                                  \
	{                                                                                          \
		part_words(cli, part, now, result);                                                \
	}                                                                                          \
	static void name##_json(json_t *o, const struct job_snapshot *now,                         \
				const struct job_result *result)                                   \
	{                                                                                          \
		(void)now;                                                                         \
		single_json(o, part, result);                                                      \
	}
SINGLE(link_alone, BENCH_LINK)
SINGLE(flash_alone, BENCH_FLASH)
SINGLE(update_alone, BENCH_UPDATE)

const struct run_report *bench_report(enum bench_part part)
{
	static const struct run_report reports[BENCH_PARTS] = {
		[BENCH_LINK] = {.words = link_alone_words, .json = link_alone_json, .asked = true},
		[BENCH_FLASH] = {.words = flash_alone_words,
				 .json = flash_alone_json,
				 .asked = true},
		[BENCH_UPDATE] = {.words = update_alone_words,
				  .json = update_alone_json,
				  .asked = true},
	};

	return &reports[part];
}

void bench_tell_end(struct bench_run *b, enum cli_exit code)
{
	if (bench_is_single(b)) {
		run_tell_end(&b->run, bench_report(b->turn.part), code);
		return;
	}
	if (b->cli->json) {
		bench_end_json(b, code);
		return;
	}
	bench_end_words(b);
	run_tell_failure(&b->run, true);
}
