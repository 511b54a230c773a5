/* SPDX-License-Identifier: Apache-2.0 */
/* otabench history: recorded runs, in words as the workbench draws them, or as JSON. */
#include "config.h" /* system extensions: open_memstream() */

#include "cli/cli.h"

#include "cli/history.h"
#include "base/text.h"
#include "history/history_compare.h"
#include "history/history_export.h"
#include "view/view_history.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#define LAST_STANDARD 50u
#define WORDS_MAX 250u /* rows that can be drawn at once */
#define WIDTH_MIN 60
#define WIDTH_MAX 160
#define IDS_MAX 1000

int history_fail(struct cli *cli, const struct history *history, int error)
{
	return cli_fail(cli, error == -OTA_ENOENT ? CLI_NO_FILE : cli_exit_of(error), "%s",
			history_error(history));
}

int history_parse_id(struct cli *cli, struct history *history, const char *text, int64_t *ret)
{
	const int r = history_number(history, text, ret);

	if (r == -OTA_EINVAL)
		return cli_fail(cli, CLI_USAGE, "history: %s", history_error(history));
	return r < 0 ? history_fail(cli, history, r) : CLI_OK;
}

/* --- words: what the workbench shows, as text */

int history_words_begin(struct cli *cli, struct cells *cells, int height)
{
	int width = (int)output_width(cli->out);

	width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
	if (cells_init(cells, width, height, strcmp(nl_langinfo(CODESET), "UTF-8") != 0) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_DEFECT, "out of memory");
}

/* Without the empty lines at its end. */
int history_words_end(struct cli *cli, struct cells *cells)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		cells_dump(cells, out);
		(void)fclose(out);
	}
	cells_finish(cells);
	if (!text)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	while (size > 1 && text[size - 1] == '\n' && text[size - 2] == '\n')
		size--;
	(void)fwrite(text, 1, size, cli->out);
	free(text);
	return CLI_OK;
}

/* --- list */

static void emit_run(struct cli *cli, const struct history_run *run, json_t *more)
{
	json_t *event = cli_event(cli, "run"), *figures = history_run_json(run);

	if (event && figures)
		(void)json_object_update(event, figures);
	if (event && more)
		(void)json_object_update(event, more);
	json_decref(figures);
	json_decref(more);
	cli_emit(cli, event);
}

/* --sort=COLUMN, --reverse, --filter=TERMS, --last=N. */
struct listing {
	uint64_t last;
	enum view_history_sort sort;
	const char *filter;
	bool reversed;
};

static int print_list(struct cli *cli, const struct history_run *runs, size_t count, size_t hidden,
		      const struct listing *how)
{
	static const int64_t none[VIEW_MARKED_MAX] = {0};
	struct view_history v = {
		.runs = runs,
		.count = count < WORDS_MAX ? count : WORDS_MAX,
		.selected = SIZE_MAX,
		.marked = none,
		.error = "",
		.search = "",
		.filter = "",
		.hidden = hidden,
		.sort = how->sort,
		.plain = true,
	};
	struct cells cells;
	int code = history_words_begin(cli, &cells, (int)v.count + 3);

	if (code != CLI_OK)
		return code;
	view_history_draw(&v, &cells, cells_area(&cells));
	return history_words_end(cli, &cells);
}

static int parse_listing(struct cli *cli, struct listing *ret)
{
	const char *last = cli_value(cli, "last"), *sort = cli_value(cli, "sort"), *wrong;

	*ret = (struct listing){.last = LAST_STANDARD, .sort = VIEW_RUNS_NUMBER};
	ret->filter = cli_value(cli, "filter") ? cli_value(cli, "filter") : "";
	ret->reversed = cli_value(cli, "reverse") != NULL;
	if (last && (text_parse_unsigned(last, strlen(last), &ret->last) < 0 || ret->last < 1 ||
		     ret->last > HISTORY_RUNS_KEPT))
		return cli_fail(cli, CLI_USAGE, "--last: expected 1 to %u", HISTORY_RUNS_KEPT);
	wrong = view_history_filter_error(ret->filter);
	if (wrong)
		return cli_fail(cli, CLI_USAGE, "--filter: %s", wrong);
	if (!sort)
		return CLI_OK;
	while (ret->sort < VIEW_RUNS_SORTS && strcmp(view_history_sort_name(ret->sort), sort) != 0)
		ret->sort++;
	if (ret->sort < VIEW_RUNS_SORTS)
		return CLI_OK;
	return cli_fail(
		cli, CLI_USAGE,
		"--sort: expected number, device, profile, image, chunk, mode, window, "
		"rate, possible, time, link, stream, gaps, stalls, rssi or result, found \"%s\"",
		sort);
}

static int cmd_history_list(struct cli *cli, struct history *history)
{
	struct listing how;
	struct history_run *runs;
	size_t count, all;
	int r, code = parse_listing(cli, &how);

	if (code != CLI_OK)
		return code;
	/* The newest of those that pass, in the order that is asked for. */
	r = history_list(history, how.filter[0] ? HISTORY_RUNS_KEPT : (size_t)how.last, &runs,
			 &all);
	if (r < 0)
		return history_fail(cli, history, r);
	count = view_history_filter(runs, all, how.filter);
	all -= count;
	if (count > how.last)
		count = (size_t)how.last;
	view_history_sort(runs, count, how.sort, how.reversed);
	for (size_t i = 0; i < count && cli->json; i++)
		emit_run(cli, &runs[i], NULL);
	if (!cli->json)
		code = print_list(cli, runs, count, all, &how);
	free(runs);
	return code == CLI_OK ? cli_succeed(cli) : code;
}

/* --- show */

static void emit_detail(struct cli *cli, const struct history_detail *d)
{
	json_t *more = json_object(), *marks = json_array();

	for (size_t i = 0; marks && i < d->mark_count; i++) {
		const struct history_mark *m = &d->marks[i];
		json_t *mark = json_object();

		if (!mark)
			continue;
		(void)json_object_set_new(mark, "t", output_json_seconds(m->at_us));
		(void)json_object_set_new(mark, "mark", json_string(history_mark_name(m->kind)));
		(void)json_object_set_new(mark, "value", json_integer(m->value));
		(void)json_object_set_new(mark, "text", output_json_text(m->text, strlen(m->text)));
		(void)json_array_append_new(marks, mark);
	}
	if (more) {
		(void)json_object_set_new(more, "keys", history_keys_json(d));
		(void)json_object_set_new(more, "samples",
					  json_integer((json_int_t)d->sample_count));
		(void)json_object_set_new(more, "marks", marks);
	} else {
		json_decref(marks);
	}
	emit_run(cli, &d->run, more);
}

#define GRAPH_HEIGHT 12 /* with its rule */

static int cmd_history_show(struct cli *cli, struct history *history, const char *text)
{
	struct history_detail detail;
	struct cells cells;
	int64_t id = 0;
	int r, code = history_parse_id(cli, history, text, &id);

	if (code != CLI_OK)
		return code;
	r = history_load(history, id, &detail);
	if (r < 0)
		return history_fail(cli, history, r);
	if (cli->json)
		emit_detail(cli, &detail);
	else
		code = history_words_begin(cli, &cells,
					   (int)view_run_lines(&detail) + GRAPH_HEIGHT);
	if (code == CLI_OK && !cli->json) {
		(void)view_run_draw(&detail, PLOT_BLOCKS, 0, &cells, cells_area(&cells));
		code = history_words_end(cli, &cells);
	}
	history_detail_finish(&detail);
	return code == CLI_OK ? cli_succeed(cli) : code;
}

/* --- compare */

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? output_json_text(text, strlen(text)) : json_null();
}

static json_t *pair_json(const char *a, const char *b)
{
	return json_pack("{s:o, s:o}", "a", text_or_null(a), "b", text_or_null(b));
}

static void emit_comparison(struct cli *cli, const struct history_detail *a,
			    const struct history_detail *b)
{
	json_t *event = cli_event(cli, "comparison"), *rows = json_object(), *keys = json_object();
	struct history_comparison c;
	char name[4 * HISTORY_CELL_MAX];

	history_compare(a, b, &c);
	for (size_t i = 0; i < c.row_count; i++) {
		json_t *row = pair_json(c.rows[i].a, c.rows[i].b);

		(void)json_object_set_new(row, "label", json_string(c.rows[i].label));
		(void)json_object_set_new(row, "delta", text_or_null(c.rows[i].delta));
		(void)json_object_set_new(rows, c.rows[i].key, row);
	}
	for (size_t i = 0; i < c.change_count; i++) {
		(void)output_safe_text(c.changes[i].key, strlen(c.changes[i].key), name,
				       sizeof(name));
		(void)json_object_set_new(keys, name, pair_json(c.changes[i].a, c.changes[i].b));
	}
	if (event) {
		(void)json_object_set_new(event, "a", history_run_json(&a->run));
		(void)json_object_set_new(event, "b", history_run_json(&b->run));
		(void)json_object_set_new(event, "rows", rows);
		(void)json_object_set_new(event, "keys", keys);
	} else {
		json_decref(rows);
		json_decref(keys);
	}
	cli_emit(cli, event);
}

static int print_comparison(struct cli *cli, const struct history_detail *a,
			    const struct history_detail *b)
{
	struct cells cells;
	int code = history_words_begin(cli, &cells, view_compare_height(a, b));

	if (code != CLI_OK)
		return code;
	(void)view_compare_draw(a, b, &cells, cells_area(&cells));
	return history_words_end(cli, &cells);
}

static int cmd_history_compare(struct cli *cli, struct history *history, const char *first,
			       const char *second)
{
	struct history_detail a, b;
	int64_t ids[2] = {0, 0};
	int r, code = history_parse_id(cli, history, first, &ids[0]);

	if (code == CLI_OK)
		code = history_parse_id(cli, history, second, &ids[1]);
	if (code != CLI_OK)
		return code;
	r = history_load(history, ids[0], &a);
	if (r < 0)
		return history_fail(cli, history, r);
	r = history_load(history, ids[1], &b);
	if (r < 0) {
		history_detail_finish(&a);
		return history_fail(cli, history, r);
	}
	if (cli->json)
		emit_comparison(cli, &a, &b);
	else
		code = print_comparison(cli, &a, &b);
	history_detail_finish(&a);
	history_detail_finish(&b);
	return code == CLI_OK ? cli_succeed(cli) : code;
}

/* --- export */

static int parse_ids(struct cli *cli, struct history *history, int count, char **words,
		     int64_t *ret)
{
	int code = CLI_OK;

	if (count > IDS_MAX)
		return cli_fail(cli, CLI_USAGE, "history: expected at most %d runs", IDS_MAX);
	for (int i = 0; i < count && code == CLI_OK; i++)
		code = history_parse_id(cli, history, words[i], &ret[i]);
	return code;
}

static int export_to_output(struct cli *cli, struct history *history, const int64_t *ids, int count,
			    enum history_format format)
{
	struct history_detail detail;
	int r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		r = history_load(history, ids[i], &detail);
		if (r < 0)
			return history_fail(cli, history, r);
		r = history_export(cli->out, format, &detail, i == 0);
		history_detail_finish(&detail);
	}
	cli->schema_told |= cli->json; /* by each run */
	/* An output that cannot be written is told at the end of the program. */
	return cli->json ? cli_succeed(cli) : CLI_OK;
}

/* With --json standard output is NDJSON with a result at its end; a file is what was asked. */
static int cmd_history_export(struct cli *cli, struct history *history, int count, char **words)
{
	const char *name = cli_value(cli, "format"), *path = cli_value(cli, "output");
	enum history_format format = HISTORY_CSV_SERIES;
	int64_t ids[IDS_MAX] = {0};
	char why[512];
	int r, code = parse_ids(cli, history, count, words, ids);

	if (code != CLI_OK)
		return code;
	if (cli->json && !path)
		format = HISTORY_NDJSON;
	if (!name && path && strrchr(path, '.'))
		(void)history_format_by_name(strrchr(path, '.') + 1, &format);
	if (name && history_format_by_name(name, &format) < 0)
		return cli_fail(cli, CLI_USAGE,
				"--format: expected csv, csv-runs or ndjson, found \"%s\"", name);
	if (cli->json && !path && format != HISTORY_NDJSON)
		return cli_fail(cli, CLI_USAGE,
				"--format=%s is not JSON: use --output=FILE with it", name);
	if (!path)
		return export_to_output(cli, history, ids, count, format);
	r = history_export_file(history, ids, (size_t)count, format, path, cli->overwrite, why,
				sizeof(why));
	if (r < 0)
		return cli_fail_write(cli, r, path, why);
	return cli_succeed(cli);
}

/* --- delete */

static int delete (struct cli *cli, struct history *history, int count, char **words)
{
	int64_t ids[IDS_MAX] = {0};
	int r, code = parse_ids(cli, history, count, words, ids);

	for (int i = 0; i < count && code == CLI_OK; i++) {
		r = history_delete(history, ids[i]);
		if (r == -OTA_ENOENT)
			return cli_fail(cli, CLI_NO_FILE, "no run %" PRId64, ids[i]);
		if (r < 0)
			return history_fail(cli, history, r);
	}
	return code == CLI_OK ? cli_succeed(cli) : code;
}

/* --- which of them */

static int run_verb(struct cli *cli, struct history *history, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "list";

	if (strcmp(verb, "list") == 0 && argc <= 2)
		return cmd_history_list(cli, history);
	if (strcmp(verb, "show") == 0 && argc == 3)
		return cmd_history_show(cli, history, argv[2]);
	if (strcmp(verb, "trend") == 0 && argc == 3)
		return history_trend_command(cli, history, argv[2]);
	if (strcmp(verb, "compare") == 0 && argc == 4)
		return cmd_history_compare(cli, history, argv[2], argv[3]);
	if (strcmp(verb, "export") == 0 && argc >= 3)
		return cmd_history_export(cli, history, argc - 2, argv + 2);
	if (strcmp(verb, "delete") == 0 && argc >= 3)
		return delete (cli, history, argc - 2, argv + 2);
	if (strcmp(verb, "rerun") == 0 && argc == 3)
		return history_rerun_command(cli, history, argv[2]);
	return cli_fail(cli, CLI_USAGE, "history: expected %s", cli->command->usage);
}

int cmd_history(struct cli *cli, int argc, char **argv)
{
	struct history *history = NULL;
	char why[512];
	int r, code;

	r = history_open(NULL, &history, why, sizeof(why));
	/* A history without a file is an empty list, and no mistake. */
	if (r == -OTA_ENOENT && (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0))) {
		log_write(&cli->log, LOG_LEVEL_WARNING, "%s", why);
		return cli_succeed(cli);
	}
	if (r < 0)
		return cli_fail(cli, cli_exit_of(r), "%s", why);
	code = run_verb(cli, history, argc, argv);
	history_close(history);
	return code;
}
