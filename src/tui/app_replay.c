/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording on the dashboard.  The run's own job plays it, so that the views
 * need not know; here is what stands for a device and for time: speed, pause,
 * single steps, and going to another place, which backwards means from the
 * beginning.
 */
#include "tui/app_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SEEK_US 5000000u
#define SLICES_MAX 20000u /* a file may claim that it waited for a million years */
#define FAST_LINES 2000u /* of the recording, played in one frame at full speed */

/* Hundredths; 0: as fast as it goes. */
static const unsigned int speeds[] = {25, 50, 100, 200, 400, 800, 1600, 6400, 0};
#define SPEEDS (sizeof(speeds) / sizeof(speeds[0]))
#define SPEED_REAL 2u

static const struct replay_run *run_of(const struct app *app)
{
	return replay_run(app->replay.is, replay_current(app->replay.is));
}

/* --- a run on the screen */

/* What the operator did then stands in the log as it did then. */
static void on_acted(void *userdata, const char *text)
{
	static const struct {
		const char *word, *key;
	} tuned[] = {{"pacing ", "pacing_us"}, {"window ", "window"}, {"chunk ", "chunk"}};
	struct app *app = userdata;
	char note[64];

	if (strcmp(text, "pause") == 0)
		app_note(app, "pause");
	else if (strcmp(text, "resume") == 0)
		app_note(app, "go on");
	for (size_t i = 0; i < sizeof(tuned) / sizeof(tuned[0]); i++) {
		const size_t len = strlen(tuned[i].word);

		if (strncmp(text, tuned[i].word, len) != 0)
			continue;
		(void)snprintf(note, sizeof(note), "%s=%s", tuned[i].key,
			       strcmp(text + len, "0") == 0 && i > 0 ? "auto" : text + len);
		app_note(app, note);
	}
	if (strncmp(text, "mode ", 5) == 0 && text[5] >= '0' && text[5] - '0' <= GATT_ACQUIRE) {
		(void)snprintf(note, sizeof(note), "write_mode=%s",
			       gatt_write_name((enum gatt_write)(text[5] - '0')));
		app_note(app, note);
	}
}

/* What the reader looks for stays; where he was is no more. */
static void clear(struct loglist *log)
{
	log->count = 0;
	loglist_follow(log);
}

static bool begin(struct app *app, size_t run)
{
	const struct job_listener listener = app_listener(app);
	struct replay *r = app->replay.is;
	const struct replay_run *what = replay_run(r, run);

	app->job = NULL;
	clear(&app->log);
	clear(&app->calls);
	if (replay_begin(r, run, &listener) < 0) {
		app_say(app, CELLS_BAD, "line %u: what this run was to do cannot be used",
			what->first_line);
		return false;
	}
	replay_on_act(r, on_acted, app);
	app->transport = replay_transport(r);
	app->job = replay_job(r);
	app_log_watch(app);
	app->goal = what->config.goal;
	app->command = what->config.command;
	app->profile = app->edit.saved = app->edit.running = what->profile;
	(void)snprintf(app->edit.source.path, sizeof(app->edit.source.path), "%s",
		       "in the recording");
	app->job_finished = app->have_result = false;
	app->linked_since = app->sampled_us = 0;
	app->rssi_count = 0;
	app->message[0] = '\0';
	app_refresh(app);
	/* What was typed stands for it until it is found. */
	(void)snprintf(app->address, sizeof(app->address), "%.*s", (int)sizeof(app->address) - 1,
		       app->snapshot.device);
	(void)snprintf(app->name, sizeof(app->name), "%s", app->snapshot.device);
	app->have_snapshot = app->changed = true;
	return true;
}

int app_replay_open(struct app *app)
{
	app->replay.is = app->config.replay;
	app->replay.speed = SPEED_REAL;
	if (!begin(app, app->config.replay_run))
		return -OTA_EBADMSG;
	app->log_offset_us = replay_day_offset(app->replay.is);
	app->view = VIEW_DEVICE;
	return 0;
}

/* --- time */

static void tell_end(struct app *app)
{
	char why[VIEW_TEXT];

	replay_explain(app->replay.is, why, sizeof(why));
	if (why[0] != '\0')
		app_say(app, CELLS_WARNING, "%s", why);
}

/* In slices, so that the graphs get their samples at any speed. */
static void play_until(struct app *app, uint64_t us, size_t max)
{
	struct replay *r = app->replay.is;
	size_t slices = 0;

	while (replay_state(r) == REPLAY_PLAYING) {
		const uint64_t next = app->sampled_us + APP_SAMPLE_US;
		const bool last = us < next || max > 0 || slices++ == SLICES_MAX;
		const uint64_t slice = last ? us : next;

		(void)replay_until(r, slice, max);
		app_tick(app);
		if (last)
			break;
	}
	if (app->snapshot.address[0] != '\0') { /* it was found */
		(void)snprintf(app->address, sizeof(app->address), "%s", app->snapshot.address);
		(void)snprintf(app->name, sizeof(app->name), "%s", app->snapshot.device);
	}
	app->changed = true;
	if (replay_state(r) != REPLAY_PLAYING)
		tell_end(app);
}

void app_advance(struct app *app, uint64_t us)
{
	struct app_replay *p = &app->replay;

	if (!p->is || p->paused || replay_state(p->is) != REPLAY_PLAYING)
		return;
	if (speeds[p->speed] == 0)
		play_until(app, UINT64_MAX, FAST_LINES);
	else
		play_until(app, replay_now(p->is) + us * speeds[p->speed] / 100u, 0);
}

static void seek(struct app *app, uint64_t us)
{
	struct replay *r = app->replay.is;

	if (us < run_of(app)->start_us)
		us = run_of(app)->start_us;
	if (us < replay_now(r) && !begin(app, replay_current(r)))
		return;
	play_until(app, us, 0);
}

static void seek_by(struct app *app, int64_t us)
{
	const uint64_t now = replay_now(app->replay.is);

	if (us < 0 && now < (uint64_t)-us)
		seek(app, 0);
	else
		seek(app, (uint64_t)((int64_t)now + us));
}

/* The mark after, or before, the place that is shown. */
static void seek_mark(struct app *app, int direction)
{
	struct replay *r = app->replay.is;
	const uint64_t now = replay_now(r);
	const struct replay_mark *m, *found = NULL;

	for (size_t i = 0; (m = replay_mark(r, i)) != NULL; i++) {
		if (direction > 0 && m->at_us > now) {
			found = m;
			break;
		}
		if (direction < 0 && m->at_us < now)
			found = m;
	}
	if (!found) {
		app_say(app, CELLS_DIM, direction > 0 ? "no mark after this" : "none before this");
		return;
	}
	app->replay.paused = true;
	seek(app, found->at_us);
	if (replay_state(r) == REPLAY_PLAYING)
		app_say(app, CELLS_TITLE, "%s", found->text);
}

static void step_back(struct app *app)
{
	struct replay *r = app->replay.is;
	const uint64_t now = replay_now(r);
	const uint64_t before = replay_before(r, now);

	if (before < now)
		seek(app, before);
}

static void step(struct app *app)
{
	(void)replay_step(app->replay.is);
	play_until(app, replay_now(app->replay.is), 0);
}

static void other_run(struct app *app, int direction)
{
	const size_t now = replay_current(app->replay.is), count = replay_runs(app->replay.is);

	if (direction < 0 ? now == 0 : now + 1 == count) {
		app_say(app, CELLS_DIM, "this is run %zu of %zu", now + 1, count);
		return;
	}
	(void)begin(app, direction < 0 ? now - 1 : now + 1);
}

/* --- keys */

static void change_speed(struct app *app, int direction)
{
	struct app_replay *p = &app->replay;

	if (direction > 0)
		p->speed += p->speed + 1 < SPEEDS;
	else
		p->speed -= p->speed > 0;
	p->paused = false;
}

static void toggle_pause(struct app *app)
{
	struct app_replay *p = &app->replay;

	if (replay_state(p->is) == REPLAY_PLAYING)
		p->paused = !p->paused;
	else if (begin(app, replay_current(p->is))) /* at its end: once more */
		p->paused = false;
}

static bool time_key(struct app *app, int32_t key)
{
	switch (key) {
	case ' ':
	case 'p':
		toggle_pause(app);
		return true;
	case '+':
	case '>':
		change_speed(app, 1);
		return true;
	case '-':
	case '<':
		change_speed(app, -1);
		return true;
	case '=':
		app->replay.speed = SPEED_REAL;
		return true;
	case '.':
		app->replay.paused = true;
		step(app);
		return true;
	case ',':
		app->replay.paused = true;
		step_back(app);
		return true;
	case TUI_KEY_RIGHT:
		seek_by(app, SEEK_US);
		return true;
	case TUI_KEY_LEFT:
		seek_by(app, -(int64_t)SEEK_US);
		return true;
	case TUI_KEY_HOME:
		(void)begin(app, replay_current(app->replay.is));
		return true;
	case TUI_KEY_END:
		seek(app, UINT64_MAX);
		return true;
	case '{':
	case '}':
		seek_mark(app, key == '}' ? 1 : -1);
		return true;
	case '(':
	case ')':
		other_run(app, key == ')' ? 1 : -1);
		return true;
	default:
		return false;
	}
}

static bool look_key(struct app *app, int32_t key)
{
	switch (key) {
	case '2':
		app->view = VIEW_DEVICE;
		return true;
	case '3':
		app->view = VIEW_PROFILE;
		return true;
	case TUI_KEY_TAB:
	case TUI_KEY_BACK_TAB:
		app->view = app->view == VIEW_DEVICE ? VIEW_PROFILE : VIEW_DEVICE;
		return true;
	case '?':
	case TUI_KEY_HELP:
		app->help = true;
		app->help_scroll = 0;
		return true;
	case 'T':
		app->config.tier = (enum plot_tier)((app->config.tier + 1) % PLOT_TIERS);
		return true;
	case 'q':
	case TUI_KEY_ESCAPE:
		if (app->view == VIEW_DEVICE)
			app->ended = true;
		app->view = VIEW_DEVICE;
		return true;
	default:
		return false;
	}
}

/* Keys that move in the list of the profile's keys, and change nothing. */
static bool is_move(int32_t key)
{
	static const int32_t moves[] = {'j',
					'k',
					'g',
					'G',
					TUI_KEY_UP,
					TUI_KEY_DOWN,
					TUI_KEY_HOME,
					TUI_KEY_PAGE_UP,
					TUI_KEY_PAGE_DOWN,
					TUI_KEY_END};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i] == key)
			return true;
	return false;
}

void app_replay_key(struct app *app, int32_t key)
{
	if (app->view == VIEW_PROFILE && is_move(key))
		app_profile_key(app, key);
	else if (!time_key(app, key) && !look_key(app, key) &&
		 (app->view != VIEW_DEVICE || !app_log_key(app, key)))
		app_say(app, CELLS_WARNING, "this is a recording: there is no device to do it to");
}

/* --- what is drawn */

const char *app_replay_badge(const struct app *app, char *buf, size_t size)
{
	const struct app_replay *p = &app->replay;
	const struct replay_run *run = run_of(app);
	const uint64_t now = replay_now(p->is);
	char at[24], end[24], speed[16];

	if (speeds[p->speed] == 0)
		(void)snprintf(speed, sizeof(speed), "max");
	else
		(void)snprintf(speed, sizeof(speed), "%gx", speeds[p->speed] / 100.0);
	(void)snprintf(buf, size, "REPLAY %s %s/%s",
		       replay_state(p->is) != REPLAY_PLAYING ? "end"
		       : p->paused			     ? "paused"
							     : speed,
		       view_duration(now - run->start_us, at, sizeof(at)),
		       view_duration(run->end_us - run->start_us, end, sizeof(end)));
	return buf;
}

const char *app_replay_text(const struct app *app, char *buf, size_t size)
{
	const struct replay *r = app->replay.is;
	char run[48] = "", damaged[64] = "";

	if (replay_runs(r) > 1)
		(void)snprintf(run, sizeof(run), ", run %zu of %zu ( )", replay_current(r) + 1,
			       replay_runs(r));
	if (replay_damaged_line(r) > 0)
		(void)snprintf(damaged, sizeof(damaged), ", readable up to line %u",
			       replay_damaged_line(r) - 1);
	(void)snprintf(buf, size, "recorded %s on %s%s%s%s",
		       replay_recorded(r)[0] != '\0' ? replay_recorded(r) : "at an unknown time",
		       replay_source(r)[0] != '\0' ? replay_source(r) : "an unknown adapter",
		       replay_simulated(r) ? ", simulated" : "", run, damaged);
	return buf;
}

const char *app_replay_image(const struct app *app, char *buf, size_t size)
{
	const struct replay_run *run = run_of(app);

	(void)snprintf(buf, size, "%s%s%s", run->image.project,
		       run->image.version[0] != '\0' ? " " : "", run->image.version);
	return buf;
}
