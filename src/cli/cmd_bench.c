/* SPDX-License-Identifier: Apache-2.0 */
/* otabench bench DEV: the same run several times, and what the runs say together. */
#include "cli/bench.h"

#include "base/text.h"
#include "cli/flash.h"
#include "cli/open.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int number(struct cli *cli, const char *option, uint32_t least, uint32_t most, uint32_t *ret)
{
	const char *text = cli_value(cli, option);
	uint64_t value;

	if (!text)
		return CLI_OK;
	if (text_parse_unsigned(text, strlen(text), &value) < 0 || value < least || value > most)
		return cli_fail(cli, CLI_USAGE, "--%s: expected %u to %u", option, least, most);
	*ret = (uint32_t)value;
	return CLI_OK;
}

/* One line of the terminal, of which the first letter counts. */
static bool answer_is_yes(void)
{
	char line[64];

	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int read_plan(struct cli *cli, struct bench_plan *plan)
{
	const char *parts = cli_value(cli, "parts");
	const bool image = cli_value(cli, "image") != NULL;
	int code = number(cli, "runs", 1, BENCH_RUNS_MAX, &plan->runs);

	if (code == CLI_OK)
		code = number(cli, "warm-up", 0, BENCH_WARM_UP_MAX, &plan->warm_up);
	if (code == CLI_OK)
		code = number(cli, "bytes", BENCH_BYTES_MIN, BENCH_BYTES_MAX, &plan->bytes);
	if (code == CLI_OK)
		code = number(cli, "flash-bytes", BENCH_BYTES_MIN, BENCH_BYTES_MAX,
			      &plan->flash_bytes);
	if (code != CLI_OK)
		return code;
	plan->parts = parts ? bench_parts_by_name(parts)
			    : 1u << BENCH_LINK | (uint32_t)image << BENCH_UPDATE;
	if (plan->parts == 0)
		return cli_fail(cli, CLI_USAGE,
				"--parts: expected link, flash or update, found \"%s\"", parts);
	if ((plan->parts & 1u << BENCH_UPDATE) && !image)
		return cli_fail(cli, CLI_USAGE, "--parts=update: --image=FILE is missing");
	if (image && !(plan->parts & 1u << BENCH_UPDATE))
		return cli_fail(cli, CLI_USAGE, "--image: --parts leaves the update out");
	if (cli->readonly && plan->parts != 1u << BENCH_LINK)
		return cli_fail(cli, CLI_USAGE, "--readonly: only the link can be measured");
	return CLI_OK;
}

int bench_agree(struct cli *cli, const char *device)
{
	static const char what[] =
		"measuring the flash erases the image in the other slot, and with it the way back";

	if (cli_value(cli, "yes"))
		return CLI_OK;
	if (cli->json || !isatty(STDIN_FILENO) || !output_is_terminal(cli->err))
		return cli_fail(cli, CLI_USAGE, "%s; --yes agrees to it", what);
	(void)fputs("otabench: ", cli->err);
	output_put_safe(cli->err, device);
	(void)fprintf(cli->err, ": %s. Go on? y/n ", what);
	(void)fflush(cli->err);
	return answer_is_yes() ? CLI_OK : cli_fail(cli, CLI_CANCELLED, "nothing was done");
}

/* Returns true if another run is to follow. */
static bool take_run(struct bench_run *b, enum cli_exit code)
{
	const bool counts = code == CLI_OK && bench_counts(b->turn.part, &b->run.result);

	job_snapshot(b->run.job, &b->now);
	b->now.now_us = b->run.ended_us;
	if (counts)
		bench_add(&b->bench, &b->run.result);
	bench_tell_run(b, code, counts);
	return counts && b->run.interrupts == 0;
}

static int bench_loop(struct bench_run *b, const struct job_config *base)
{
	const char *bundle = cli_value(b->cli, "bundle");
	bool more = bench_next(&b->bench, &b->turn);
	int code = CLI_OK;

	while (more) {
		struct job_config config = *base;

		bench_configure(&b->bench, &b->turn, &config);
		(void)snprintf(b->run.turn, sizeof(b->run.turn), "%s%u/%u ",
			       b->turn.warm_up ? "warm-up " : "", b->turn.number,
			       b->turn.warm_up ? b->bench.plan.warm_up : b->bench.plan.runs);
		code = run_once(&b->run, &config);
		if (!b->run.ended) {
			run_release(&b->run);
			return code;
		}
		more = take_run(b, (enum cli_exit)code) && bench_next(&b->bench, &b->turn);
		if (!more) {
			if (b->run.interrupts > 0)
				code = CLI_CANCELLED;
			if (bundle)
				code = run_bundle(&b->run, bundle, config.profile, code);
			code = cli_recorded(b->cli, b->run.transport, code);
			bench_tell_end(b, (enum cli_exit)code);
		}
		run_release(&b->run);
	}
	return code;
}

static int bench_run(struct bench_run *b, struct job_config *config)
{
	struct run_settings settings;
	int code = run_settle(b->cli, &settings, config);

	if (code == CLI_OK)
		code = run_open(&b->run, b->cli);
	if (code == CLI_OK)
		code = run_close(&b->run, bench_loop(b, config));
	for (size_t i = 0; i < BENCH_PARTS; i++) {
		for (size_t k = 0; k < BENCH_RUNS_MAX; k++)
			json_decref(b->told[i][k]);
	}
	return code;
}

int cmd_bench(struct cli *cli, int argc, char **argv)
{
	struct bench_plan plan = {
		.runs = 1, .bytes = BENCH_BYTES, .flash_bytes = BENCH_FLASH_BYTES};
	struct job_config config = {.device = argv[1], .image_name = cli_value(cli, "image")};
	struct bench_run *b = calloc(1, sizeof(*b));
	struct image_file file = {.data = NULL};
	struct lint_report report;
	struct image image;
	int code;

	(void)argc;
	if (!b)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	b->cli = cli;
	code = read_plan(cli, &plan);
	if (code == CLI_OK && (plan.parts & 1u << BENCH_FLASH))
		code = bench_agree(cli, argv[1]);
	if (code == CLI_OK && config.image_name) {
		code = flash_read_image(cli, config.image_name, &file, &image, &report);
		config.image = &image;
		config.report = &report;
	}
	if (code == CLI_OK && bench_init(&b->bench, &plan) < 0)
		code = cli_fail(cli, CLI_DEFECT, "out of memory");
	if (code == CLI_OK)
		code = bench_run(b, &config);
	bench_finish(&b->bench);
	if (file.data)
		image_file_finish(&file);
	free(b);
	return code;
}
