/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's keys: run, tune, pause, cancel, and reading the Control log. */
#include "tui/app_priv.h"

#include <string.h>

static const uint32_t pacings[] = {0, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
static const int32_t chunks[] = {20, 64, 128, 182, 244, 495, 512};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool allowed(struct app *app)
{
	if (!app->config.readonly)
		return true;
	app_say(app, CELLS_WARNING, "not with --readonly: this changes a device");
	return false;
}

static struct job_config base_config(const struct app *app, enum session_goal goal)
{
	return (struct job_config){
		.goal = goal,
		.device = app->address,
		.profile = &app->profile,
		.forced = app->config.force,
	};
}

void app_look(struct app *app)
{
	const struct job_config config = base_config(app, SESSION_LOOK);

	(void)app_start(app, &config);
}

void app_command_device(struct app *app, enum ota_command command)
{
	struct job_config config = base_config(app, SESSION_COMMAND);

	if (command != OTA_CMD_STATUS && !allowed(app))
		return;
	config.command = command;
	(void)app_start(app, &config);
}

void app_upload_now(struct app *app, bool restart, bool resume_only)
{
	struct job_config config = base_config(app, SESSION_UPDATE);
	const bool same = app->send_same;

	app->send_same = false;
	if (!allowed(app))
		return;
	config.image = &app->image;
	config.report = &app->report;
	config.restart = restart;
	config.resume_only = resume_only;
	if (same) /* the operator was asked, and answered */
		config.forced |= 1u << LINT_SAME;
	if (app_start(app, &config) == 0)
		app->view = VIEW_DEVICE;
}

void app_upload(struct app *app)
{
	if (!allowed(app))
		return;
	if (app->address[0] == '\0') {
		app_say(app, CELLS_WARNING, "no device chosen: 1 opens the list");
	} else if (app->job) {
		app_say(app, CELLS_WARNING, "wait, or cancel (x): the device is busy");
	} else if (!app->have_image) {
		app_image_ask(app, APP_ASK_IMAGE_UPLOAD);
	} else if (app_image_outdated(app)) {
		app->view = VIEW_IMAGE;
		app_image_reread(app);
	} else if (app_image_refused(app)) {
		app->view = VIEW_IMAGE;
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	} else {
		app_confirm(app, APP_CONFIRM_UPLOAD);
	}
}

void app_pause(struct app *app)
{
	if (!app_runs(app)) {
		app_say(app, CELLS_WARNING, "nothing runs");
		return;
	}
	app_refresh(app);
	if (app->snapshot.hold) {
		job_resume(app->job);
		app_note(app, "go on");
	} else {
		job_pause(app->job);
		app_note(app, "pause");
	}
}

void app_ask_cancel(struct app *app)
{
	if (app_runs(app))
		app_confirm(app, APP_CONFIRM_CANCEL);
	else
		app_say(app, CELLS_WARNING, "nothing runs that could be cancelled");
}

/* --- tuning */

/* The profile's key for the next run; says what is wrong with the value. */
static bool set_profile(struct app *app, const char *assignment)
{
	struct profile changed = app->profile;
	struct setting_errors errors;
	char line[VIEW_TEXT * 4];

	if (profile_set(&changed, &assignment, 1, "set", &errors) == 0) {
		if (memcmp(&changed, &app->profile, sizeof(changed)) != 0)
			app_profile_remember(app);
		app->profile = changed;
		return true;
	}
	app_say(app, CELLS_BAD, "%s", setting_error_format(&errors, 0, line, sizeof(line)));
	return false;
}

/* What the job's answer means to the operator; text is "pacing 500 us". */
static void tell_tuned(struct app *app, int r, const char *text)
{
	char note[VIEW_TEXT];

	if (r == 0) {
		(void)snprintf(note, sizeof(note), "%s", text);
		app_note(app, note);
		app_say(app, CELLS_TITLE, "%s: in force now", text);
	} else {
		app_say(app, CELLS_TITLE, "%s: with the next upload", text);
	}
}

int app_tune(struct app *app, enum profile_key key)
{
	const struct profile *p = &app->profile;
	int r = -OTA_EBUSY;

	if (!app_runs(app))
		return r;
	if (key == PROFILE_KEY_PACING)
		r = job_tune_pacing(app->job, (uint32_t)p->pacing_us);
	else if (key == PROFILE_KEY_WINDOW)
		r = job_tune_window(app->job, p->window > 0 ? (uint32_t)p->window : 0);
	else if (key == PROFILE_KEY_CHUNK)
		r = job_tune_chunk(app->job, p->chunk > 0 ? (uint16_t)p->chunk : 0);
	else if (key == PROFILE_KEY_WRITE_MODE)
		r = job_tune_mode(app->job, profile_write_mode(p));
	if (r == 0)
		setting_put(&profile_settings()[key], &app->edit.running,
			    setting_get(&profile_settings()[key], p));
	return r;
}

void app_set(struct app *app, const char *assignment)
{
	char name[SETTING_TEXT_MAX];
	int key;

	if (!set_profile(app, assignment))
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(assignment, "="), assignment);
	key = setting_find(profile_settings(), PROFILE_KEYS, name);
	tell_tuned(app, key < 0 ? -OTA_EINVAL : app_tune(app, (enum profile_key)key), assignment);
}

static void step_pacing(struct app *app, int direction)
{
	char text[64];
	uint32_t now = (uint32_t)app->profile.pacing_us;
	size_t i = 0;

	while (i + 1 < COUNT(pacings) && pacings[i] < now)
		i++;
	if (direction > 0 && i + 1 < COUNT(pacings) && pacings[i] <= now)
		i++;
	else if (direction < 0 && i > 0)
		i--;
	(void)snprintf(text, sizeof(text), "pacing_us=%u", pacings[i]);
	app_set(app, text);
}

static void step_chunk(struct app *app, int direction)
{
	char text[64];
	int32_t now = app->profile.chunk;
	size_t i = 0;

	app_refresh(app);
	if (now <= 0)
		now = app->have_snapshot && app->snapshot.chunk > 0 ? app->snapshot.chunk : 244;
	if (direction > 0) {
		while (i + 1 < COUNT(chunks) && chunks[i] <= now)
			i++;
	} else {
		i = COUNT(chunks) - 1;
		while (i > 0 && chunks[i] >= now)
			i--;
	}
	(void)snprintf(text, sizeof(text), "chunk=%d", chunks[i]);
	app_set(app, text);
}

static void step_window(struct app *app, int direction)
{
	char text[64];
	uint32_t now = app->profile.window > 0 ? (uint32_t)app->profile.window : 0;

	app_refresh(app);
	if (now == 0 && app->have_snapshot)
		now = job_window_in_force(&app->snapshot);
	if (now == 0)
		now = 8192;
	now = direction > 0 ? now * 2 : now / 2;
	now = now < 512 ? 512 : now > 1048576 ? 1048576 : now;
	(void)snprintf(text, sizeof(text), "window=%u", now);
	app_set(app, text);
}

static void toggle_mode(struct app *app)
{
	bool request = app->profile.write_mode == GATT_REQUEST;

	app_refresh(app);
	if (app_runs(app) && app->snapshot.chunk > 0)
		request = app->snapshot.mode == GATT_REQUEST;
	app_set(app, request ? "write_mode=command" : "write_mode=request");
}

static bool tune_key(struct app *app, int32_t key)
{
	switch (key) {
	case '[':
	case ']':
		step_pacing(app, key == ']' ? 1 : -1);
		return true;
	case '+':
	case '-':
		step_chunk(app, key == '+' ? 1 : -1);
		return true;
	case '{':
	case '}':
		step_window(app, key == '}' ? 1 : -1);
		return true;
	case 'm':
		toggle_mode(app);
		return true;
	default:
		return false;
	}
}

/* --- keys */

void app_device_key(struct app *app, int32_t key)
{
	if (app_log_key(app, key) || tune_key(app, key))
		return;
	switch (key) {
	case 'u':
		app_upload(app);
		break;
	case 'p':
		app_pause(app);
		break;
	case 'x':
		app_ask_cancel(app);
		break;
	case 'c':
		app_look(app);
		break;
	case 'R':
		app_recover_open(app);
		break;
	case 'T':
		app->config.tier = (enum plot_tier)((app->config.tier + 1) % PLOT_TIERS);
		break;
	default: /* means nothing here */
		break;
	}
}
