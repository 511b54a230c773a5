/* SPDX-License-Identifier: Apache-2.0 */
/* The profile view in its states. */
#include "screenlib_priv.h"

#include "view/layout.h"

#include <string.h>

#define KEYS "Enter edit  d default  D diff  e $EDITOR  w write  W as  u undo  L load  ? help"

static struct job_snapshot run;
static struct effective keys[PROFILE_KEYS];
static char ceiling[VIEW_TEXT];

/* A link as an adapter with a mind of its own gives it. */
static void feed_run(void)
{
	memset(&run, 0, sizeof(run));
	run.dialect = DIALECT_FULL;
	run.have_info = true;
	run.info.ring_size = 32768;
	run.info.phys = OTA_PHYS_1M;
	run.mtu = 256;
	run.chunk = 244;
	run.mode = GATT_COMMAND;
	run.window = 39040;
	run.pacing_us = 500;
	run.air = (struct airtime_link){
		.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 50000, .refill = true};
	run.link.link = (struct ota_link){.interval = 40,
					  .latency = 0,
					  .supervision_timeout = 42,
					  .tx_phy = 1,
					  .rx_phy = 1,
					  .tx_octets = 251,
					  .rx_octets = 251,
					  .mtu = 256};
	run.link.refill = true;
	run.choices = (struct session_choices){
		.chunk = {244, 0, SESSION_BY_AIR_TIME},
		.mode = {GATT_COMMAND, GATT_COMMAND, SESSION_BY_DIALECT},
		.window = {32768, 0, SESSION_BY_RING},
		.ack_interval = {0, 0, SESSION_BY_DEVICE},
		.interval = {40, 12, SESSION_BY_STACK},
		.latency = {0, 0, SESSION_ASKED},
		.supervision_timeout = {42, 500, SESSION_BY_STACK},
		.phy = {OTA_PHY_1M, OTA_PHY_2M, SESSION_UNSUPPORTED},
		.data_length = {251, 251, SESSION_ASKED},
	};
}

static void draw(struct view_profile *v, const struct job_snapshot *of, const char *message,
		 struct cells *cells)
{
	for (int key = 0; key < PROFILE_KEYS; key++)
		effective(v->profile, of, (enum profile_key)key, &keys[key]);
	(void)effective_ceiling(v->profile, of, ceiling, sizeof(ceiling));
	v->in_force = keys;
	v->ceiling = ceiling;
	v->what_if = of ? "predicted 92.1 kB/s; 99.0 measured last" : "";
	v->best = of ? "best known 101.2 kB/s: run 12, fast+" : "";
	view_profile_draw(v, cells, screenlib_frame(cells, VIEW_PROFILE, message, KEYS));
}

/* The screen before anything was linked. */
void screenlib_profile(struct cells *cells)
{
	struct profile profile;
	struct view_profile v = {.profile = &profile,
				 .saved = &profile,
				 .path = "default.yaml (built in)",
				 .selected = PROFILE_KEY_PACING};

	profile_defaults(&profile);
	draw(&v, NULL, "", cells);
}

/* Changed, and other values in force than were asked for. */
void screenlib_profile_forced(struct cells *cells)
{
	struct profile saved, profile;
	struct view_profile v = {.profile = &profile,
				 .saved = &saved,
				 .path = "/home/somebody/.config/otabench/profiles/fast-wnr.yaml",
				 .selected = PROFILE_KEY_CONNECTION_INTERVAL};

	profile_defaults(&saved);
	profile = saved;
	profile.pacing_us = 500;
	profile.chunk = 495;
	profile.connection_interval = 12;
	feed_run();
	run.choices.chunk = (struct session_choice){244, 495, SESSION_BY_MTU};
	draw(&v, &run, "connection_interval_ms=15: with the next upload", cells);
}

/* The file was edited into something that cannot be used. */
void screenlib_profile_errors(struct cells *cells)
{
	static const char text[] = "# mine\nchunk: 244\nretris: 3\npacing_us: fast\n"
				   "window: 5\nphy: 3M\n";
	static struct setting_errors errors;
	struct profile profile;
	struct view_profile v = {.profile = &profile,
				 .saved = &profile,
				 .path = "~/.config/otabench/profiles/mine.yaml",
				 .errors = &errors,
				 .selected = PROFILE_KEY_CHUNK};

	profile_defaults(&profile);
	(void)profile_load_text("mine.yaml", text, sizeof(text) - 1, &profile, &errors);
	feed_run();
	draw(&v, &run, "4 mistakes: the last good values are kept; e edits again", cells);
}

static void draw_panel(const struct view_panel *panel, struct cells *cells)
{
	screenlib_profile_forced(cells);
	view_panel_draw(panel, cells, layout_frame(cells_area(cells)).body);
}

void screenlib_profile_diff(struct cells *cells)
{
	static const struct view_row rows[] = {
		{"chunk", "auto -> 495", CELLS_NORMAL},
		{"pacing_us", "0 -> 500", CELLS_NORMAL},
		{"", "", CELLS_NORMAL},
		{"@@ -12,5 +12,5 @@", "", CELLS_DIM},
		{" # byte more costs a whole packet.", "", CELLS_DIM},
		{"-chunk: auto", "", CELLS_BAD},
		{"+chunk: 495", "", CELLS_GOOD},
		{" ", "", CELLS_DIM},
		{"-pacing_us: 0  # \xe6\xb8\xa9\xe5\xae\xa4", "", CELLS_BAD},
		{"+pacing_us: 500  # \xe6\xb8\xa9\xe5\xae\xa4", "", CELLS_GOOD},
	};
	const struct view_panel panel = {.title = "Not written yet: file -> profile",
					 .empty = "",
					 .rows = rows,
					 .count = sizeof(rows) / sizeof(rows[0])};

	draw_panel(&panel, cells);
}

void screenlib_profile_chooser(struct cells *cells)
{
	static const struct view_row rows[] = {
		{"default", "built in Every key at its default, with the reason to change it",
		 CELLS_NORMAL},
		{"legacy-23", "built in Bluetooth 4.0 link: ATT MTU 23, 20-byte values",
		 CELLS_NORMAL},
		{"mine",
		 "user     unusable: mine.yaml:3:1: retris: unknown key (did you mean retries?)",
		 CELLS_BAD},
		{"reliable", "built in Weak links and unattended runs: patient, short events",
		 CELLS_NORMAL},
	};
	const struct view_panel panel = {.title = "Profiles",
					 .empty = "",
					 .rows = rows,
					 .count = sizeof(rows) / sizeof(rows[0]),
					 .selected = 3,
					 .choose = true};

	draw_panel(&panel, cells);
}
