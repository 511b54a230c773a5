/* SPDX-License-Identifier: Apache-2.0 */
/* otabench history trend DEV: a device's runs over time, and what changed where they fell. */
#include "cli/history.h"

#include "history/history_trend.h"
#include "view/view_history.h"

#include <string.h>

static json_t *changes_json(const struct history_turn *turn)
{
	json_t *changes = json_array();

	for (size_t i = 0; changes && i < turn->change_count; i++) {
		const struct history_changed *c = &turn->changes[i];
		json_t *change = json_object();

		if (!change)
			continue;
		(void)json_object_set_new(change, "what",
					  output_json_text(c->what, strlen(c->what)));
		(void)json_object_set_new(change, "from",
					  output_json_text(c->from, strlen(c->from)));
		(void)json_object_set_new(change, "to", output_json_text(c->to, strlen(c->to)));
		(void)json_array_append_new(changes, change);
	}
	return changes;
}

static json_t *figure(uint32_t value)
{
	return value == 0 ? json_null() : json_integer(value);
}

static void emit_point(struct cli *cli, const struct history_trend *t, size_t i,
		       const struct history_turn *turn)
{
	const struct history_point *p = &t->points[i];
	const struct history_run *run = &t->runs[p->run];
	json_t *event = cli_event(cli, "point");

	if (event) {
		(void)json_object_set_new(event, "run", json_integer(run->id));
		(void)json_object_set_new(event, "started_ms", json_integer(run->started_ms));
		(void)json_object_set_new(event, "goodput", json_integer(p->goodput));
		(void)json_object_set_new(event, "move", json_string(history_move_name(p->move)));
		(void)json_object_set_new(event, "median", figure(p->median));
		(void)json_object_set_new(event, "low", figure(p->low));
		(void)json_object_set_new(event, "high", figure(p->high));
		(void)json_object_set_new(event, "spread_runs", json_integer(p->spread_runs));
		if (turn)
			(void)json_object_set_new(event, "changed", changes_json(turn));
	}
	cli_emit(cli, event);
}

static void emit_trend(struct cli *cli, const struct history_trend *t, const char *device)
{
	json_t *event = cli_event(cli, "trend");
	size_t falls = 0;

	for (size_t i = 0; i < t->count; i++)
		falls += t->points[i].move == HISTORY_FALL;
	if (event) {
		(void)json_object_set_new(event, "device",
					  output_json_text(device, strlen(device)));
		(void)json_object_set_new(event, "runs", json_integer((json_int_t)t->count));
		(void)json_object_set_new(event, "others", json_integer((json_int_t)t->others));
		(void)json_object_set_new(event, "falls", json_integer((json_int_t)falls));
		(void)json_object_set_new(
			event, "virtual_clock",
			json_boolean(t->count > 0 &&
				     t->runs[t->points[0].run].result.virtual_clock));
	}
	cli_emit(cli, event);
}

static void emit_all(struct cli *cli, const struct history_trend *t, const char *device)
{
	size_t turn = 0;

	for (size_t i = 0; i < t->count; i++) {
		const bool turns = turn < t->turn_count && t->turns[turn].point == i;

		emit_point(cli, t, i, turns ? &t->turns[turn] : NULL);
		turn += turns;
	}
	emit_trend(cli, t, device);
}

int history_trend_command(struct cli *cli, struct history *history, const char *device)
{
	struct history_trend trend;
	struct cells cells;
	int code = CLI_OK, r = history_trend_load(history, device, &trend);

	if (r < 0)
		return history_fail(cli, history, r);
	if (trend.count == 0) {
		code = cli_fail(cli, CLI_NO_FILE, "no whole update of %s is recorded", device);
	} else if (cli->json) {
		emit_all(cli, &trend, device);
	} else {
		code = history_words_begin(cli, &cells, view_trend_height(&trend));
		if (code == CLI_OK) {
			(void)view_trend_draw(&trend, device, 0, &cells, cells_area(&cells));
			code = history_words_end(cli, &cells);
		}
	}
	history_trend_finish(&trend);
	return code == CLI_OK ? cli_succeed(cli) : code;
}
