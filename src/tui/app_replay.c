/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording on the dashboard.  The run's own job plays it, so that the views
 * need not know; here is what stands for a device and for time: speed, pause,
 * single steps, and going to another place, which backwards means from the
 * beginning.
 */
#include "tui/app_replay.h"

#include "replay/replay.h"
#include "tui/app_device.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"

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

struct replay_shown {
	struct replay *is; /* NULL: a device, and no recording; else the job is its */
	unsigned int speed; /* place in the table above */
	bool paused;
};

static struct replay_shown *mine(const struct app *app)
{
	return app_part(app, PART_REPLAY);
}

const struct app_part_ops replay_part = {.size = sizeof(struct replay_shown)};

static const struct replay_run *run_of(const struct app *app)
{
	return replay_run(mine(app)->is, replay_current(mine(app)->is));
}

/* --- a run on the screen */

/* The log shows an operator's action of the recording as it was shown live. */
static void on_acted(void *userdata, const char *text)
{
	static const struct {
		const char *word, *key;
	} tuned[] = {{"pacing ", "pacing_us"}, {"window ", "window"}, {"chunk ", "chunk"}};
	struct app *app = userdata;
	char note[64];

	if (strcmp(text, "pause") == 0)
		app_log_note(app, "pause");
	else if (strcmp(text, "resume") == 0)
		app_log_note(app, "continue");
	for (size_t i = 0; i < sizeof(tuned) / sizeof(tuned[0]); i++) {
		const size_t len = strlen(tuned[i].word);

		if (strncmp(text, tuned[i].word, len) != 0)
			continue;
		(void)snprintf(note, sizeof(note), "%s=%s", tuned[i].key,
			       strcmp(text + len, "0") == 0 && i > 0 ? "auto" : text + len);
		app_log_note(app, note);
	}
	if (strncmp(text, "mode ", 5) == 0 && text[5] >= '0' && text[5] - '0' <= GATT_ACQUIRE) {
		(void)snprintf(note, sizeof(note), "write_mode=%s",
			       gatt_write_name((enum gatt_write)(text[5] - '0')));
		app_log_note(app, note);
	}
}

static bool app_replay_begin(struct app *app, size_t run)
{
	const struct job_listener listener = app_device_listener(app);
	struct replay *r = mine(app)->is;
	const struct replay_run *what = replay_run(r, run);

	app_device_replay_end(app);
	app_log_clear(app);
	if (replay_begin(r, run, &listener) < 0) {
		app_say(app, CELLS_BAD, "line %u: the settings of this run cannot be used",
			what->first_line);
		return false;
	}
	replay_on_act(r, on_acted, app);
	app_use_transport(app, replay_transport(r));
	app_log_watch(app);
	app_profile_replay(app, &what->profile);
	app_device_replay_begin(app, replay_job(r), &what->config);
	app_touch(app);
	return true;
}

int app_replay_open(struct app *app)
{
	mine(app)->is = app_config(app)->replay;
	mine(app)->speed = SPEED_REAL;
	if (!app_replay_begin(app, app_config(app)->replay_run))
		return -OTA_EBADMSG;
	app_log_set_offset(app, replay_day_offset(mine(app)->is));
	app_show(app, VIEW_DEVICE);
	return 0;
}

/* --- time */

static void tell_end(struct app *app)
{
	char why[VIEW_TEXT];

	replay_explain(mine(app)->is, why, sizeof(why));
	if (why[0] != '\0')
		app_say(app, CELLS_WARNING, "%s", why);
}

/* In slices, so that the graphs get their samples at any speed. */
static void play_until(struct app *app, uint64_t us, size_t max)
{
	struct replay *r = mine(app)->is;
	size_t slices = 0;

	while (replay_state(r) == REPLAY_PLAYING) {
		const uint64_t next = app_device(app)->sampled_us + DEVICE_SAMPLE_US;
		const bool last = us < next || max > 0 || slices++ == SLICES_MAX;
		const uint64_t slice = last ? us : next;

		(void)replay_until(r, slice, max);
		app_tick(app);
		if (last)
			break;
	}
	app_device_replay_found(app);
	app_touch(app);
	if (replay_state(r) != REPLAY_PLAYING)
		tell_end(app);
}

void app_advance(struct app *app, uint64_t us)
{
	struct replay_shown *p = mine(app);

	if (!p->is || p->paused || replay_state(p->is) != REPLAY_PLAYING)
		return;
	if (speeds[p->speed] == 0)
		play_until(app, UINT64_MAX, FAST_LINES);
	else
		play_until(app, replay_now(p->is) + us * speeds[p->speed] / 100u, 0);
}

static void replay_seek(struct app *app, uint64_t us)
{
	struct replay *r = mine(app)->is;

	if (us < run_of(app)->start_us)
		us = run_of(app)->start_us;
	if (us < replay_now(r) && !app_replay_begin(app, replay_current(r)))
		return;
	play_until(app, us, 0);
}

static void seek_by(struct app *app, int64_t us)
{
	const uint64_t now = replay_now(mine(app)->is);

	if (us < 0 && now < (uint64_t)-us)
		replay_seek(app, 0);
	else
		replay_seek(app, (uint64_t)((int64_t)now + us));
}

/* The mark after, or before, the place that is shown. */
static void seek_mark(struct app *app, int direction)
{
	struct replay *r = mine(app)->is;
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
	mine(app)->paused = true;
	replay_seek(app, found->at_us);
	if (replay_state(r) == REPLAY_PLAYING)
		app_say(app, CELLS_TITLE, "%s", found->text);
}

static void step_back(struct app *app)
{
	struct replay *r = mine(app)->is;
	const uint64_t now = replay_now(r);
	const uint64_t before = replay_before(r, now);

	if (before < now)
		replay_seek(app, before);
}

static void app_replay_step(struct app *app)
{
	(void)replay_step(mine(app)->is);
	play_until(app, replay_now(mine(app)->is), 0);
}

static void other_run(struct app *app, int direction)
{
	const size_t now = replay_current(mine(app)->is), count = replay_runs(mine(app)->is);

	if (direction < 0 ? now == 0 : now + 1 == count) {
		app_say(app, CELLS_DIM, "this is run %zu of %zu", now + 1, count);
		return;
	}
	(void)app_replay_begin(app, direction < 0 ? now - 1 : now + 1);
}

/* --- keys */

static void change_speed(struct app *app, int direction)
{
	struct replay_shown *p = mine(app);

	if (direction > 0)
		p->speed += p->speed + 1 < SPEEDS;
	else
		p->speed -= p->speed > 0;
	p->paused = false;
}

static void toggle_pause(struct app *app)
{
	struct replay_shown *p = mine(app);

	if (replay_state(p->is) == REPLAY_PLAYING)
		p->paused = !p->paused;
	else if (app_replay_begin(app, replay_current(p->is))) /* at its end: once more */
		p->paused = false;
}

/* Time: true, it was one of these. */
static bool time_act(struct app *app, enum action action)
{
	struct replay_shown *p = mine(app);

	if (action == ACTION_PLAY) {
		toggle_pause(app);
	} else if (action == ACTION_FASTER || action == ACTION_SLOWER) {
		change_speed(app, action == ACTION_FASTER ? 1 : -1);
	} else if (action == ACTION_REAL_TIME) {
		p->speed = SPEED_REAL;
	} else if (action == ACTION_STEP || action == ACTION_STEP_BACK) {
		p->paused = true;
		if (action == ACTION_STEP)
			app_replay_step(app);
		else
			step_back(app);
	} else if (action == ACTION_SECONDS_ON || action == ACTION_SECONDS_BACK) {
		seek_by(app, action == ACTION_SECONDS_ON ? SEEK_US : -(int64_t)SEEK_US);
	} else if (action == ACTION_BEGINNING) {
		(void)app_replay_begin(app, replay_current(p->is));
	} else if (action == ACTION_END) {
		replay_seek(app, UINT64_MAX);
	} else if (action == ACTION_MARK_BEFORE || action == ACTION_MARK_AFTER) {
		seek_mark(app, action == ACTION_MARK_AFTER ? 1 : -1);
	} else if (action == ACTION_RUN_BEFORE || action == ACTION_RUN_AFTER) {
		other_run(app, action == ACTION_RUN_AFTER ? 1 : -1);
	} else {
		return false;
	}
	return true;
}

bool app_replay_act(struct app *app, enum action action, int32_t key)
{
	const enum view view = action == ACTION_VIEW ? (enum view)(key - '1') : app_view(app);

	if (time_act(app, action))
		return true;
	if (action != ACTION_NONE && (view == VIEW_DEVICE || view == VIEW_PROFILE))
		return false;
	app_say(app, CELLS_WARNING, "this is a recording: it has no device");
	return true;
}

/* --- what is drawn */

const char *app_replay_badge(const struct app *app, char *buf, size_t size)
{
	const struct replay_shown *p = mine(app);
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
	const struct replay *r = mine(app)->is;
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
