/* SPDX-License-Identifier: Apache-2.0 */
/* The history view in its states: runs made by hand, with a course of their own. */
#include "config.h" /* system extensions: setenv() */

#include "screenlib_priv.h"

#include "view/view_history.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 6
#define SAMPLES 160
#define STARTED 1763812800000 /* 2025-11-22 12:00 UTC */

static struct history_run run_of(int64_t id, const char *device, const char *profile,
				 enum session_outcome outcome, uint32_t goodput)
{
	struct history_run run = {
		.id = id,
		.state = HISTORY_ENDED,
		.started_ms = STARTED - (12 - id) * 1500000,
		.size = 1180672,
		.received = 1180672,
		.goal = SESSION_UPDATE,
		.rssi_median = (int8_t)(-56 - (int)id % 4 * 9),
		.rssi_min = (int8_t)(-61 - (int)id % 4 * 9),
		.version = "1.5.0",
		.project = "gw-app",
		.image = "/home/me/gw-app/build/app.bin",
		.address = "24:6F:28:AA:10:02",
		.program = "otabench 0.1.0",
		.start_us = 2000000,
		.result = {.outcome = outcome,
			   .dialect = DIALECT_FULL,
			   .what = "The device runs the new image, and has confirmed it.",
			   .link_known = true,
			   .link = {.phy = OTA_PHY_2M, .data_length = 251, .interval_us = 15000},
			   .mtu = 256,
			   .chunk = 244,
			   .mode = GATT_COMMAND,
			   .window = 3904,
			   .goodput = goodput,
			   .ceiling = 49000,
			   .ratio = goodput / 49000.0},
	};

	(void)snprintf(run.device, sizeof(run.device), "%s", device);
	(void)snprintf(run.profile, sizeof(run.profile), "%s", profile);
	if (goodput > 0)
		run.result.seconds_us = 1180672ull * 1000000u / goodput;
	memset(run.sha256, 0x9f, sizeof(run.sha256));
	return run;
}

static void make_runs(struct history_run runs[RUNS])
{
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	runs[0] = run_of(13, "esp-gw-07", "fast-wnr", SESSION_NO_OUTCOME, 24100);
	runs[0].state = HISTORY_RUNNING;
	runs[0].received = 400000;
	runs[1] = run_of(12, "esp-gw-07", "fast-wnr", SESSION_CONFIRMED, 29800);
	runs[1].profile_changed = true;
	runs[1].result.window = 131072;
	runs[1].result.gaps = 4;
	runs[1].result.limit = (struct limit){.cause = LIMIT_GAPS,
					      .share_ppm = 210000,
					      .link_best = 49000,
					      .flash = 151000,
					      .possible = 49000};
	(void)snprintf(runs[1].kernel, sizeof(runs[1].kernel), "6.12.38+deb13-amd64");
	(void)snprintf(runs[1].bluetoothd, sizeof(runs[1].bluetoothd), "5.82");
	(void)snprintf(runs[1].adapter, sizeof(runs[1].adapter), "00:1A:7D:DA:71:13");
	(void)snprintf(runs[1].maker, sizeof(runs[1].maker), "0x0002");
	(void)snprintf(runs[1].firmware, sizeof(runs[1].firmware), "2a1b.3c4d");
	(void)snprintf(runs[1].chip, sizeof(runs[1].chip), "ESP32-C3");
	(void)snprintf(runs[1].device_version, sizeof(runs[1].device_version), "1.4.2");
	runs[1].result.stalls = 1;
	runs[1].result.longest_stall_ms = 1416;
	runs[2] = run_of(9, "esp-gw-07", "safe", SESSION_CONFIRMED, 8900);
	runs[2].result.mode = GATT_REQUEST;
	runs[2].result.window = 244;
	runs[2].result.link.interval_us = 45000;
	runs[2].result.link.phy = OTA_PHY_1M;
	runs[2].result.limit = (struct limit){.cause = LIMIT_WRITE_MODE,
					      .share_ppm = 780000,
					      .link_best = 49000,
					      .possible = 49000};
	(void)snprintf(runs[2].kernel, sizeof(runs[2].kernel), "6.1.0-37-amd64");
	runs[3] = run_of(8, "esp-gw-09", "fast-wnr", SESSION_LINK_LOST, 3100);
	runs[3].received = 640000;
	runs[3].result.stalls = 9;
	runs[4] =
		run_of(7, "esp-gw-09 \xe8\xb6\x85\x1b[2J", "max-throughput", SESSION_CANCELLED, 0);
	runs[4].state = HISTORY_KILLED;
	runs[4].received = 90000;
	runs[4].rssi_median = 127;
	runs[5] = run_of(6, "esp-sim-01", "default", SESSION_MEASURED, 97300);
	runs[5].goal = SESSION_MEASURE;
	runs[5].result.virtual_clock = true;
}

static struct history_key keys_a[] = {{"chunk", "auto", "244"},
				      {"write_mode", "command", "command"},
				      {"window", "3904", "3904"},
				      {"pacing_us", "0", "0"}};
static struct history_key keys_b[] = {{"chunk", "auto", "244"},
				      {"write_mode", "request", "request"},
				      {"window", "512", "512"},
				      {"pacing_us", "0", "0"}};
static struct history_mark marks[] = {
	{900000, HISTORY_STATE, 0, "connecting"},
	{2100000, HISTORY_STATE, 0, "preparing"},
	{2900000, HISTORY_STATE, 0, "sending"},
	{21500000, HISTORY_STALL, 634880, "stall at byte 634880"},
	{22916000, HISTORY_MOVING, 1416, "moving again after 1416 ms"},
	{30000000, HISTORY_TUNING, 500, "pacing 500 us"},
	{33000000, HISTORY_GAP, 1000000, "gap: back to 1000000"},
	{41700000, HISTORY_STATE, 0, "verifying"},
};

/* Samples of a run that received evenly, except for a stall in the middle if it had one. */
static struct history_detail detail_of(const struct history_run *run,
				       struct history_sample *samples, struct history_key *keys)
{
	const uint64_t step = run->result.seconds_us / (SAMPLES - 1);
	const bool stalls = run->result.stalls > 0;
	struct history_detail d = {.run = *run,
				   .samples = samples,
				   .sample_count = SAMPLES,
				   .keys = keys,
				   .key_count = 4};
	uint64_t received = 0;

	for (unsigned int i = 0; i < SAMPLES; i++) {
		const bool still = i < 3 || (stalls && i >= 76 && i < 86);

		samples[i] = (struct history_sample){.at_us = run->start_us + i * step,
						     .received = (uint32_t)received,
						     .rssi = -58};
		if (!still)
			received += (run->size - received) / (SAMPLES - i) * (7 + i % 4) / 8;
	}
	if (stalls) {
		d.marks = marks;
		d.mark_count = sizeof(marks) / sizeof(marks[0]);
	}
	return d;
}

#define KEYS "Enter open  Space mark  c compare  t trend  r run again  E export  / search  ? help"

void screenlib_history(struct cells *cells)
{
	static const int64_t marked[VIEW_MARKED_MAX] = {9, 0};
	struct history_run runs[RUNS];
	const struct view_history v = {.runs = runs,
				       .count = RUNS,
				       .selected = 1,
				       .marked = marked,
				       .error = "",
				       .search = "gw-09",
				       .filter = "",
				       .tier = PLOT_BLOCKS};

	make_runs(runs);
	view_history_draw(&v, cells, screenlib_frame(cells, VIEW_HISTORY, "", KEYS));
}

void screenlib_history_empty(struct cells *cells)
{
	static const int64_t none[VIEW_MARKED_MAX] = {0};
	const struct view_history v = {.marked = none, .error = "", .search = "", .filter = ""};

	view_history_draw(&v, cells, screenlib_frame(cells, VIEW_HISTORY, "", KEYS));
}

void screenlib_history_compare(struct cells *cells)
{
	static const int64_t marked[VIEW_MARKED_MAX] = {9, 12};
	struct history_sample samples[2][SAMPLES];
	struct history_run runs[RUNS];
	struct history_detail a, b;
	struct view_history v = {.runs = runs,
				 .count = RUNS,
				 .selected = 2,
				 .marked = marked,
				 .error = "",
				 .search = "",
				 .filter = "",
				 .tier = PLOT_BLOCKS};

	make_runs(runs);
	a = detail_of(&runs[1], samples[0], keys_a);
	b = detail_of(&runs[2], samples[1], keys_b);
	v.compare[0] = &a;
	v.compare[1] = &b;
	view_history_draw(&v, cells, screenlib_frame(cells, VIEW_HISTORY, "", KEYS));
}

void screenlib_history_run(struct cells *cells)
{
	static const int64_t none[VIEW_MARKED_MAX] = {0};
	struct history_sample samples[SAMPLES];
	struct history_run runs[RUNS];
	struct history_detail d;
	struct view_history v = {.runs = runs,
				 .count = RUNS,
				 .marked = none,
				 .error = "",
				 .search = "",
				 .filter = "",
				 .tier = PLOT_BLOCKS};

	make_runs(runs);
	d = detail_of(&runs[1], samples, keys_a);
	v.shown = &d;
	view_history_draw(&v, cells,
			  screenlib_frame(cells, VIEW_HISTORY, "",
					  "q back  r run again  E export  j k scroll  ? help"));
}

void screenlib_history_killed(struct cells *cells)
{
	static const int64_t none[VIEW_MARKED_MAX] = {0};
	struct history_run runs[RUNS];
	struct history_detail d = {.keys = keys_a, .key_count = 4};
	struct view_history v = {.runs = runs,
				 .count = RUNS,
				 .marked = none,
				 .error = "",
				 .search = "",
				 .filter = "",
				 .tier = PLOT_BLOCKS};

	make_runs(runs);
	d.run = runs[4];
	v.shown = &d;
	view_history_draw(&v, cells,
			  screenlib_frame(cells, VIEW_HISTORY, "",
					  "q back  r run again  E export  j k scroll  ? help"));
}

#define TREND_RUNS 14

/* Ten updates that are alike, a single bad one among them, then a new kernel. */
void screenlib_history_trend(struct cells *cells)
{
	static const uint32_t rates[TREND_RUNS] = {96400, 97100, 95800, 96900, 97300, 61200, 96200,
						   96700, 97000, 96100, 78300, 77900, 78600, 78200};
	struct history_run runs[TREND_RUNS];
	struct history_point points[TREND_RUNS];
	struct history_turn turns[2] = {
		{.point = 5,
		 .changes = {{"signal", "-56 dBm", "-84 dBm"}, {"gaps", "0", "31"}},
		 .change_count = 2},
		{.point = 10,
		 .changes = {{"kernel", "6.1.0-37-amd64", "6.12.38+deb13-amd64"},
			     {"limited by", "air", "adapter-buffers"}},
		 .change_count = 2}};
	struct history_trend trend = {
		.runs = runs, .points = points, .turns = turns, .turn_count = 2};
	struct view_history v = {.error = "",
				 .search = "",
				 .filter = "",
				 .trend = &trend,
				 .device = "esp-gw-07",
				 .tier = PLOT_BLOCKS};

	(void)setenv("TZ", "UTC0", 1);
	tzset();
	for (int i = 0; i < TREND_RUNS; i++) /* newest first */
		runs[i] = run_of(TREND_RUNS - i, "esp-gw-07", "default", SESSION_CONFIRMED,
				 rates[TREND_RUNS - 1 - i]);
	for (int i = 0; i < TREND_RUNS; i++)
		runs[i].result.bytes = runs[i].size;
	trend.count = history_trend_pick(runs, TREND_RUNS, "esp-gw-07", points, TREND_RUNS,
					 &trend.others);
	trend.others = 2;
	history_trend_judge(points, trend.count);
	view_history_draw(
		&v, cells,
		screenlib_frame(cells, VIEW_HISTORY, "", "t trend  j k scroll  ? help  q back"));
}

#define TREND_LEVELS 14
#define TREND_LONG (TREND_LEVELS * 3)

/* Two settings in turn: the latest falls are told, and the earlier ones counted. */
void screenlib_history_trend_long(struct cells *cells)
{
	struct history_run runs[TREND_LONG];
	struct history_point points[TREND_LONG];
	struct history_turn turns[TREND_LEVELS];
	struct history_trend trend = {.runs = runs, .points = points, .turns = turns};
	struct view_history v = {.error = "",
				 .search = "",
				 .filter = "",
				 .trend = &trend,
				 .device = "esp-gw-07",
				 .tier = PLOT_BLOCKS};

	(void)setenv("TZ", "UTC0", 1);
	tzset();
	for (int i = 0; i < TREND_LONG; i++) { /* newest first */
		const int at = TREND_LONG - 1 - i;

		runs[i] = run_of(at + 1, "esp-gw-07", "default", SESSION_CONFIRMED,
				 (at / 3 % 2 ? 51000u : 96000u) + 100u * (uint32_t)(at % 3));
		runs[i].result.bytes = runs[i].size;
	}
	trend.count = history_trend_pick(runs, TREND_LONG, "esp-gw-07", points, TREND_LONG,
					 &trend.others);
	history_trend_judge(points, trend.count);
	for (size_t i = 0; i < trend.count; i++) {
		struct history_turn *turn = &turns[trend.turn_count];

		if (points[i].move != HISTORY_FALL && points[i].move != HISTORY_RISE)
			continue;
		*turn = (struct history_turn){.point = i, .change_count = 8};
		for (size_t c = 0; c < turn->change_count; c++)
			(void)snprintf(turn->changes[c].what, sizeof(turn->changes[c].what),
				       "change %zu", c + 1u);
		trend.turn_count++;
	}
	view_history_draw(
		&v, cells,
		screenlib_frame(cells, VIEW_HISTORY, "", "t trend  j k scroll  ? help  q back"));
}
